"""A canonical integer, number or string in, a drawer of the values it admits out."""

import math
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction

from jsonschema_rs import canonical as forms

from contracts.payloads import TEXT, TRIES, Draw, Drawer, Unsatisfiable, Values, patterns

Numeric = forms.IntegerView | forms.NumberView
Amount = Fraction | float
"""A number as exact as a document writes it, or infinite."""


@dataclass(frozen=True, slots=True)
class Grid:
    """The numbers `offset + k * step`, k from `start` to `stop`, which may be the smaller one."""

    step: Amount
    start: int
    stop: int
    offset: Amount = 0

    def number(self, index: int) -> int | float:
        """One of them as JSON decoders give it: whole ones as int, beyond 64 bits too."""
        steps = index if self.stop >= self.start else -index
        number = self.offset + self.step * (self.start + steps)
        whole = int(number)
        return whole if number == whole or abs(whole) >> 1023 else float(number)  # none is as large


@dataclass(frozen=True, slots=True)
class Number:
    grids: Sequence[Grid]
    admits: Callable[[int | float], bool] | None
    at: str

    def draw(self, run: Draw) -> int | float:
        for _ in range(TRIES):
            chosen = run.one_of(range(len(self.grids)), f"{self.at} size")
            grid = self.grids[chosen]
            index = run.integer(0, abs(grid.stop - grid.start), f"{self.at} {chosen} value")
            value = grid.number(index)
            if self.admits is None or self.admits(value):
                return value
        raise Unsatisfiable(self.at, f"{TRIES} numbers, none of them allowed")


def exact(amount: float | Decimal) -> Fraction:
    """The number that a document writes, not the nearest float."""
    return Fraction(str(amount))


def common_multiple(amounts: Iterable[float | Decimal]) -> Fraction:
    """The least number that all of `amounts` divide; 1 when there are none."""
    numerator, denominator = 1, 0
    for amount in map(exact, amounts):
        numerator = math.lcm(numerator, amount.numerator)
        denominator = math.gcd(denominator, amount.denominator)
    return Fraction(numerator, denominator or 1)


def windows(low: float, high: float) -> list[tuple[float, float]]:
    """Ranges of `low` to `high` worth a choice of their own, each from its number nearest zero."""
    if low > high:
        return []
    if high < 0:
        return [(-start, -stop) for start, stop in windows(-high, -low)]
    if high < low + 16:
        return [(low, high)]
    near = max(low, 0)
    wanted = [(near, near + 100), (near + 101, max(2**31 - 1, near + 2**20)), (-1, -1001)]
    wanted += [(end, end) for end in (low, high) if abs(end) != math.inf]
    found: dict[tuple[float, float], None] = {}
    for start, stop in wanted:
        first, last = max(low, min(start, high)), max(low, min(stop, high))
        if start <= first <= stop or start >= first >= stop:
            found[first, last] = None
    return [*found]


def grid_of(step: Amount, low: Amount = -math.inf, high: Amount = math.inf) -> list[Grid]:
    """The multiples of `step` from `low` to `high`."""
    first = -math.inf if low == -math.inf else math.ceil(low / step)
    last = math.inf if high == math.inf else math.floor(high / step)
    return [Grid(step, int(start), int(stop)) for start, stop in windows(first, last)]


def numbers(view: Numeric, admits: Callable[[int | float], bool], at: str) -> Number:
    """A drawer of numbers; raises Unsatisfiable when there is none between the bounds."""
    low = -math.inf if view.minimum is None else exact(view.minimum)
    high = math.inf if view.maximum is None else exact(view.maximum)
    is_whole = isinstance(view, forms.IntegerView)
    step = common_multiple((*view.multiple_of, 1) if is_whole else view.multiple_of)
    grids = grid_of(step, low, high)
    if not is_whole and not view.multiple_of:
        grids += grid_of(Fraction(1, 100), low, high)
        if -math.inf < low <= high < math.inf:
            grids.append(Grid((high - low) / 16, 0, 16, low))
        elif low != -math.inf:
            grids.append(Grid(Fraction(1, 4), 1, 8, low))
        elif high != math.inf:
            grids.append(Grid(Fraction(1, 4), -1, -8, high))
    if not grids:
        raise Unsatisfiable(at, f"no multiple of {step} from {low} to {high}")
    is_certain = is_whole and not view.not_multiple_of
    return Number(grids, None if is_certain else admits, at)


LONGEST = 1 << 20  # longer strings are not made
URL, ENDED = "https://example.com/a?b=c", "Session closed by the user."
TEXTS = ("two words", "naïve café", "日本語 テスト", "Ünïcödé", "emoji 😀", "שלום", " padded ")
HOSTILE = ('say "hi"', "back\\slash", "tab\there", "line\nbreak", "<b>&amp;</b>")
PLAIN = (
    ("",),
    ("alpha", "bravo", "chrome", "delta", "example", "firefox", "golf", "hotel", "user", "x"),
    ("item-1", "item-2", "a1b2c3", "2f9c", "v1.4.40", "42", "user_7", URL, "a@example.com"),
    (*TEXTS, ENDED),
    (*HOSTILE, "null", "%2F", "{curly}", "/a/../b", "it's"),
)
"""Strings by their shape: none, a word, a name, a text, and what is special to somebody."""

FILLER = "abcdefghijklmnopqrstuvwxyz0123456789"
ODD = ("", *"(% \\0a-é_[\n", "/~", "A b", "x" * 300, "Z9")
"""What is tried where the plain strings are excluded: few patterns and formats match it."""


@dataclass(frozen=True, slots=True)
class Window:
    """A length from `low` to `high`; the shortest first, the longest last unless very long."""

    at: str
    low: int = 0
    high: int = patterns.ENDLESS

    def draw(self, run: Draw, least: int = 0, most: int = patterns.ENDLESS) -> int:
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
    """A believable string, or a hostile one, cut or filled if need be; covered by shapes."""

    window: Window

    def draw(self, run: Draw) -> str:
        at = self.window.at
        text = run.one_of(run.one_of(PLAIN, f"{at} shape"), at + TEXT)
        if self.window == Window(at):
            return text
        length = self.window.draw(run)
        return (text + FILLER * (1 + length // len(FILLER)))[:length]


@dataclass(frozen=True, slots=True)
class Patterned:
    """A text of one of several patterns, and something around it when it must be longer."""

    nodes: Sequence[patterns.Node]
    window: Window

    def draw(self, run: Draw) -> str:
        at = self.window.at + TEXT

        def pick(low: int, high: int) -> int:
            return run.integer(low, high, at) if high > low else low

        node = run.one_of(self.nodes, f"{self.window.at} form")
        least = length = min(node.least, self.window.high)
        if not node.most == least >= self.window.low:
            length = self.window.draw(run, least, max(node.most, self.window.low))
        text = node.text(pick, max(0, min(length, node.most) - node.least))
        missing = length - len(text)
        if missing <= 0:
            return text
        around = patterns.repeated(patterns.characters(FILLER), missing, missing).text(pick)
        if pick(0, 1):
            return around + text
        return text + around


@dataclass(frozen=True, slots=True)
class Checked:
    """The first text of `sources`, asked in turn, that is admitted."""

    sources: Sequence[Drawer]
    admits: Callable[[str], bool]
    at: str

    def draw(self, run: Draw) -> str:
        for turn in range(TRIES):
            text: str = self.sources[turn % len(self.sources)].draw(run)
            if self.admits(text):
                return text
        raise Unsatisfiable(self.at, f"{TRIES} strings, none of them allowed")


def strings(view: forms.StringView, admits: Callable[[str], bool], at: str) -> Drawer:
    """A drawer of strings: of a format or pattern, otherwise plain ones."""
    window = Window(at, view.min_length or 0)
    if view.max_length is not None:
        window = replace(window, high=view.max_length)
    if window.low > LONGEST:
        raise Unsatisfiable(at, f"no string of {window.low} characters is made")
    shapes = []
    written = [*map(patterns.FORMATS.get, view.formats), *zip(view.patterns, strict=True)]
    for alike in filter(None, written):
        with suppress(ValueError):  # a pattern that can't be read: the odd strings may do
            shapes.append(list(map(patterns.parse, alike)))
    sources: list[Drawer] = [Patterned(nodes, window) for nodes in shapes]
    if len(shapes) > 1:  # `^a` and `z$` have a text in common only one after the other
        whole = list(map(patterns.alternatives, shapes))
        orders = [patterns.sequence(whole), patterns.sequence(whole[::-1])]
        sources.append(Patterned(orders, Window(at)))
    excluded = view.excluded or view.excluded_patterns or view.excluded_formats
    if excluded or not shapes:
        sources.append(PlainString(window))
    if excluded or (view.patterns and not shapes):
        sources.append(Values(ODD, at + TEXT))
    if excluded or view.patterns or view.formats:
        return Checked(sources, admits, at)
    return sources[0]
