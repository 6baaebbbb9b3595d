"""A canonical integer, number or string in, a drawer of the values it admits out."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from jsonschema_rs.canonical import IntegerView, NumberView, StringView

from contracts.payloads import TEXT, TRIES, Drawer, Run, Unsatisfiable, Values
from contracts.payloads.patterns import ENDLESS, FORMATS, Node, parse

Amount = int | float | Decimal | Fraction


@dataclass(frozen=True, slots=True)
class Grid:
    """The numbers `offset + k * step` for k from `start` to `stop`, which may be the smaller one."""

    step: int | Fraction
    start: int
    stop: int
    offset: int | Fraction = 0

    def number(self, index: int) -> int | Fraction:
        steps = index if self.stop >= self.start else -index
        return self.offset + self.step * (self.start + steps)


@dataclass(frozen=True, slots=True)
class Number:
    """A number of one of several grids."""

    grids: Sequence[Grid]
    admits: Callable[[int | float], bool] | None
    at: str

    def draw(self, run: Run) -> int | float:
        for _ in range(TRIES):
            chosen = run.one_of(range(len(self.grids)), f"{self.at} size")
            grid = self.grids[chosen]
            index = run.integer(0, abs(grid.stop - grid.start), f"{self.at} {chosen} value")
            value = plain(grid.number(index))
            if self.admits is None or self.admits(value):
                return value
        raise Unsatisfiable(self.at, f"{TRIES} numbers, none of them allowed")


def exact(amount: Amount) -> Fraction:
    """The number that a document writes, not the nearest float."""
    return Fraction(repr(amount)) if isinstance(amount, float) else Fraction(amount)


def plain(number: int | Fraction) -> int | float:
    """The number as JSON decoders give it: whole ones as int, those beyond 64 bits included."""
    return number.numerator if number.denominator == 1 else float(number)


def common_multiple(amounts: Iterable[Amount]) -> Fraction:
    """The least number that all of `amounts` divide; 0 when there are none."""
    fractions = [exact(amount) for amount in amounts]
    if not fractions:
        return Fraction(0)
    over = math.lcm(*(fraction.numerator for fraction in fractions))
    return Fraction(over, math.gcd(*(fraction.denominator for fraction in fractions)))


def windows(low: int | None, high: int | None) -> list[tuple[int, int]]:
    """Ranges of `low` to `high` worth a choice of their own: near zero, large, negative, both ends.

    The number nearest to zero comes first, in ranges below zero too: they run downwards.
    """
    near = max(low or 0, 0)
    if high is not None and high < 0:
        near = high
    if low is not None and high is not None and high - low < 16:
        return [(low, high) if near >= 0 else (high, low)]
    if near >= 0:
        below = min(-1, near - 1)
        wanted = [(near, near + 100), (near + 101, max(2**31 - 1, near + 2**20))]
        wanted.append((below, below - 1000))
    else:
        wanted = [(near, near - 100), (near - 101, near - 2**20)]
    wanted += [(end, end) for end in (low, high) if end is not None]
    found: dict[tuple[int, int], None] = {}
    for start, stop in wanted:
        first, last = clip(start, low, high), clip(stop, low, high)
        if start <= first <= stop or start >= first >= stop:
            found[first, last] = None
    return [*found]


def clip(number: int, low: int | None, high: int | None) -> int:
    """The number from `low` to `high` that is nearest to `number`."""
    if low is not None and number < low:
        return low
    return number if high is None else min(number, high)


def grid_of(step: int | Fraction, low: Fraction | None, high: Fraction | None) -> list[Grid]:
    """The multiples of `step` from `low` to `high`."""
    first = None if low is None else math.ceil(low / step)
    last = None if high is None else math.floor(high / step)
    if first is not None and last is not None and first > last:
        return []
    return [Grid(step, start, stop) for start, stop in windows(first, last)]


def numbers(
    view: IntegerView | NumberView, admits: Callable[[int | float], bool], at: str
) -> Number:
    """A drawer of numbers; raises Unsatisfiable when there is none between the bounds."""
    low = None if view.minimum is None else exact(view.minimum)
    high = None if view.maximum is None else exact(view.maximum)
    step: int | Fraction = common_multiple(view.multiple_of)
    if isinstance(view, IntegerView):
        step = common_multiple((step or 1, 1)).numerator
    grids = grid_of(step or 1, low, high)
    if not step:
        grids += grid_of(Fraction(1, 100), low, high)
        if low is not None and high is not None:
            grids.append(Grid((high - low) / 16, 0, 16, low))
        elif low is not None:
            grids.append(Grid(Fraction(1, 4), 1, 8, low))
        elif high is not None:
            grids.append(Grid(Fraction(1, 4), -1, -8, high))
    if not grids:
        raise Unsatisfiable(at, f"no multiple of {step} from {low} to {high}")
    is_certain = isinstance(view, IntegerView) and not view.not_multiple_of
    return Number(grids, None if is_certain else admits, at)


LONGEST = 1 << 20
"""Longer strings are not made."""

PLAIN = (
    ("",),
    ("alpha", "bravo", "chrome", "delta", "example", "firefox", "golf", "hotel", "user", "x"),
    (
        *("item-1", "item-2", "a1b2c3", "2f9c", "v1.4.40", "42", "user_7"),
        *("https://example.com/a?b=c", "a@example.com"),
    ),
    (
        *("two words", "naïve café", "日本語 テスト", "Ünïcödé", "emoji 😀", "שלום", " padded "),
        "Session closed by the user.",
    ),
    (
        *('say "hi"', "back\\slash", "tab\there", "line\nbreak", "<b>&amp;</b>", "null", "%2F"),
        *("{curly}", "/a/../b", "it's"),
    ),
)
"""Strings by their shape: none, a word, a name, a text, and what is special to somebody."""

FILLER = "abcdefghijklmnopqrstuvwxyz0123456789"
ODD = (
    "",
    "(",
    "%",
    " ",
    "/~",
    "\\",
    "0",
    "a",
    "A b",
    "-",
    "x" * 300,
    "\u00e9",
    "_",
    "[",
    "Z9",
    "\n",
)
"""What is tried where the plain strings are excluded: few patterns and formats match it."""


@dataclass(frozen=True, slots=True)
class Window:
    """A length from `low` to `high`; the shortest first, the longest last unless that is very long."""

    low: int
    high: int
    at: str

    def draw(self, run: Run, least: int = 0, most: int = ENDLESS) -> int:
        low, high = max(self.low, least), min(self.high, most)
        options = list(range(low, min(low + 8, high + 1)))
        if low + 8 <= high <= 256:
            options.append(high)
        if not options:
            raise Unsatisfiable(self.at, f"no string of {low} to {high} characters")
        chosen: int = options[run.integer(0, len(options) - 1, f"{self.at} length")]
        return chosen


@dataclass(frozen=True, slots=True)
class PlainString:
    """A believable string, or a hostile one, cut or filled to a length if need be; shapes are covered one by one."""

    at: str
    window: Window | None = None

    def draw(self, run: Run) -> str:
        length = self.window.draw(run) if self.window else None
        text = run.one_of(run.one_of(PLAIN, f"{self.at} shape"), self.at + TEXT)
        if length is None or length <= len(text):
            return text[:length]
        return (text + FILLER * (1 + length // len(FILLER)))[:length]


@dataclass(frozen=True, slots=True)
class Patterned:
    """A text of one of several patterns, with something around it when it must be longer than they allow."""

    nodes: Sequence[Node]
    window: Window
    at: str

    def draw(self, run: Run) -> str:
        def pick(low: int, high: int) -> int:
            return run.integer(low, high, at) if high > low else low

        at = self.at + TEXT
        node = run.one_of(self.nodes, f"{self.at} form")
        least = length = min(node.least, self.window.high)
        if not node.most == least >= self.window.low:
            length = self.window.draw(run, least, max(node.most, self.window.low))
        text = node.text(pick, max(0, min(length, node.most) - node.least))
        missing = "".join(FILLER[pick(0, len(FILLER) - 1)] for _ in range(length - len(text)))
        return text + missing if not missing or pick(0, 1) else missing + text


@dataclass(frozen=True, slots=True)
class Checked:
    """The first text of `sources`, asked in turn, that is admitted."""

    sources: Sequence[Drawer]
    admits: Callable[[str], bool]
    at: str

    def draw(self, run: Run) -> str:
        for turn in range(TRIES):
            text: str = self.sources[turn % len(self.sources)].draw(run)
            if self.admits(text):
                return text
        raise Unsatisfiable(self.at, f"{TRIES} strings, none of them allowed")


@dataclass(frozen=True, slots=True)
class Joined:
    """A text of each source, one after the other: `^a` and `z$` have one in common only so."""

    sources: Sequence[Drawer]

    def draw(self, run: Run) -> str:
        return "".join(source.draw(run) for source in self.sources)


def strings(view: StringView, admits: Callable[[str], bool], at: str) -> Drawer:
    """A drawer of strings: of a format or pattern, otherwise plain ones."""
    low, high = view.min_length or 0, view.max_length
    window = Window(low, ENDLESS if high is None else high, at)
    if low > LONGEST:
        raise Unsatisfiable(at, f"no string of {low} characters is made")
    excluded = view.excluded or view.excluded_patterns or view.excluded_formats
    shapes = [FORMATS[name] for name in view.formats if name in FORMATS]
    unread = False
    for pattern in view.patterns:
        try:
            shapes.append((parse(pattern),))
        except ValueError:
            unread = True
    sources: list[Drawer] = [Patterned(nodes, window, at) for nodes in shapes]
    if len(sources) > 1:
        short = [Patterned(nodes, Window(0, ENDLESS, at), at) for nodes in shapes]
        sources += [Joined(short), Joined(short[::-1])]
    if not sources:
        sources = [PlainString(at, window if low or high is not None else None)]
    if excluded or (unread and not shapes):
        sources += [Values(ODD, at + TEXT), PlainString(at, window)]
    if excluded or view.patterns or view.formats:
        return Checked(sources, admits, at)
    return sources[0]
