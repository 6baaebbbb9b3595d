"""A canonical string in, a drawer of strings it admits out: plain ones, of a length, of a pattern, of a format."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from jsonschema_rs.canonical import StringView

from contracts.payloads.choices import TEXT
from contracts.payloads.draws import TRIES, Drawer, Run, Unsatisfiable
from contracts.payloads.formats import FORMATS
from contracts.payloads.regexes import ENDLESS, Node, parse

LONGEST = 1 << 20
"""Longer strings are not made."""

PLAIN = (
    ("",),
    (
        "alpha",
        "bravo",
        "chrome",
        "delta",
        "example",
        "firefox",
        "golf",
        "hotel",
        "india",
        "kilo",
        "user",
        "x",
    ),
    (
        "item-1",
        "item-2",
        "a1b2c3",
        "2f9c",
        "v1.4.40",
        "42",
        "user_7",
        "https://example.com/a?b=c",
        "a@example.com",
    ),
    (
        "two words",
        "naïve café",
        "日本語 テスト",
        "Ünïcödé",
        "emoji 😀",
        "שלום",
        " padded ",
        "Session closed by the user.",
    ),
    (
        'say "hi"',
        "back\\slash",
        "tab\there",
        "line\nbreak",
        "<b>&amp;</b>",
        "null",
        "%2F",
        "{curly}",
        "/a/../b",
        "it's",
    ),
)
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
"""What is tried where the plain strings are excluded."""


@dataclass(frozen=True, slots=True)
class PlainString:
    """A believable string, or a hostile one; shapes are covered one by one."""

    at: str

    def draw(self, run: Run) -> str:
        shape = PLAIN[run.integer(0, len(PLAIN) - 1, f"{self.at} shape")]
        return shape[run.integer(0, len(shape) - 1, self.at + TEXT)]


@dataclass(frozen=True, slots=True)
class Window:
    """A length from `low` to `high`; the shortest first, the longest last unless that is very long."""

    low: int
    high: int
    at: str

    def draw(self, run: Run, least: int = 0, most: int = ENDLESS) -> int:
        low, high = max(self.low, least), min(self.high, most)
        options = [*range(low, min(low + 8, high + 1)), *([high] if low + 8 <= high <= 256 else ())]
        if not options:
            raise Unsatisfiable(self.at, f"no string of {low} to {high} characters")
        chosen: int = options[run.integer(0, len(options) - 1, f"{self.at} length")]
        return chosen


@dataclass(frozen=True, slots=True)
class Sized:
    """A plain string cut or filled to a length."""

    plain: PlainString
    window: Window

    def draw(self, run: Run) -> str:
        length = self.window.draw(run)
        text = self.plain.draw(run)
        return (text + FILLER * (1 + length // len(FILLER)))[:length]


@dataclass(frozen=True, slots=True)
class Patterned:
    """A text of one of several patterns, with something around it when it must be longer than they allow."""

    nodes: tuple[Node, ...]
    window: Window
    at: str

    def draw(self, run: Run) -> str:
        def pick(low: int, high: int) -> int:
            return run.integer(low, high, at) if high > low else low

        at = self.at + TEXT
        node = self.nodes[
            run.integer(0, len(self.nodes) - 1, f"{self.at} form") if len(self.nodes) > 1 else 0
        ]
        least = min(node.least, self.window.high)
        fixed = node.most == least >= self.window.low
        length = least if fixed else self.window.draw(run, least, max(node.most, self.window.low))
        text = node.draw(pick, max(0, min(length, node.most) - node.least), {})
        missing = "".join(FILLER[pick(0, len(FILLER) - 1)] for _ in range(length - len(text)))
        return text + missing if not missing or pick(0, 1) else missing + text


@dataclass(frozen=True, slots=True)
class Checked:
    """The first text of `sources`, asked in turn, that is admitted."""

    sources: tuple[Drawer, ...]
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

    sources: tuple[Drawer, ...]

    def draw(self, run: Run) -> str:
        return "".join(source.draw(run) for source in self.sources)


@dataclass(frozen=True, slots=True)
class Odd:
    """A string that few patterns and formats match."""

    at: str

    def draw(self, run: Run) -> str:
        return ODD[run.integer(0, len(ODD) - 1, self.at + TEXT)]


def strings(view: StringView, admits: Callable[[str], bool], at: str) -> Drawer:
    window = Window(
        view.min_length or 0, ENDLESS if view.max_length is None else view.max_length, at
    )
    if window.low > LONGEST:
        raise Unsatisfiable(at, f"no string of {window.low} characters is made")
    shapes = [nodes for nodes in shapes_of(view) if nodes]
    sources: list[Drawer] = [Patterned(nodes, window, at) for nodes in shapes]
    if len(sources) > 1:
        short = [Patterned(nodes, Window(0, ENDLESS, at), at) for nodes in shapes]
        sources += [Joined(tuple(short)), Joined(tuple(reversed(short)))]
    bounded = view.min_length is not None or view.max_length is not None
    if not sources:
        sources = [Sized(PlainString(at), window) if bounded else PlainString(at)]
    unread = view.patterns and not shapes
    if unread or view.excluded or view.excluded_patterns or view.excluded_formats:
        sources += [Odd(at), Sized(PlainString(at), window)]
    asserted = (
        view.patterns
        or view.excluded
        or view.excluded_patterns
        or view.excluded_formats
        or view.formats
    )
    return Checked(tuple(sources), admits, at) if asserted else sources[0]


def shapes_of(view: StringView) -> list[tuple[Node, ...]]:
    """The nodes to draw from: one tuple per format and pattern."""
    formats = [FORMATS.get(name, ()) for name in view.formats]
    return [*formats, *(readable(pattern) for pattern in view.patterns)]


def readable(pattern: str) -> tuple[Node, ...]:
    try:
        return (parse(pattern),)
    except ValueError:
        return ()
