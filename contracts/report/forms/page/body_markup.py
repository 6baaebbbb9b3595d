"""A body and a place in it to lines that a person can read, with the place marked.

The tokens stay as they were sent: a parsed body would lose what may be the point, such as names
that stand twice, `1.0` against `1`, an escape.
"""

import json
import re
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass

from contracts.document import split_pointer
from contracts.text import printable

AROUND = 6  # lines shown before and after the marked ones, beside the first and the last of a body
MOST_MARKED = 30
MAX_WIDTH = 400  # characters of a token, or of a line that is no JSON

Token = tuple[int, int, str]  # where it begins and ends, and its text

_TOKEN = re.compile(r'\s*("(?:[^"\\]|\\.)*"?|[\[\]{},:]|[^\s"\[\]{},:]+)', re.DOTALL)
_OPENING: dict[str, int | None] = {"{": None, "[": 0}
"""What opens a container, and the index of its first value; the name of a member is yet to come."""
_CLOSING = "}]"


@dataclass(frozen=True, slots=True)
class Piece:
    text: str
    marked: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a body; one of `left_out` lines stands for as many that are not shown."""

    pieces: tuple[Piece, ...] = ()
    indent: int = 0
    left_out: int = 0

    @property
    def marked(self) -> bool:
        return any(piece.marked for piece in self.pieces)


@dataclass(frozen=True, slots=True)
class Marked:
    """The lines worth showing, and where in the body the marked part is (characters, from 0)."""

    lines: tuple[Line, ...]
    span: tuple[int, int] | None = None


def marked_body(
    body: str, instance: str | None, *, whole: bool = True, telling: Collection[str] = ()
) -> Marked:
    """The body as lines, marked at the JSON Pointer `instance` (`/` is the whole, None nothing).

    An object or array is marked `whole` or by its brackets, texts of `telling` wherever they stand.
    """
    tokens = [(found.start(1), found.end(1), found[1]) for found in _TOKEN.finditer(body)]
    if len(tokens) != 1 and (not tokens or tokens[0][2][0] not in '{["'):
        lines = []
        for line in body.splitlines():
            lines.append(Line((Piece(bounded(printable(line)), tells(line, telling)),)))
        return Marked(tuple(_window(lines)))
    span = None
    if instance is not None and instance[:1] in ("", "/"):  # else it is in a header
        span = _span(tokens, () if instance in ("", "/") else tuple(split_pointer(instance)))

    def marks(token: Token) -> bool:
        if tells(token[2], telling):
            return True
        if span is None or not (span[0] <= token[0] and token[1] <= span[1]):
            return False
        return whole or token[0] == span[0] or token[1] == span[1]

    return Marked(tuple(_window(list(_lines(tokens, marks)))), span)


def bounded(text: str, limit: int = MAX_WIDTH) -> str:
    """The text, or its beginning and how many characters there are more."""
    return text if len(text) <= limit else f"{text[:limit]}… ({len(text) - limit} more)"


def tells(text: str, telling: Collection[str]) -> bool:
    """Whether a text holds one of those that should not be there."""
    return any(one in text for one in telling)


def _span(tokens: Sequence[Token], wanted: tuple[str, ...]) -> tuple[int, int] | None:
    """Where the value at a path is: of several of one name the last, as most readers take it."""
    found, depth = None, len(wanted)
    # Of each open container the name or index it is at, None before a name, and where it begins.
    path: list[str | int | None] = []
    starts: list[int] = []
    for start, end, text in tokens:
        if text in _CLOSING and path:
            path.pop()
            start = starts.pop()
        elif text == "," and path:
            path[-1] = path[-1] + 1 if isinstance(path[-1], int) else None
            continue
        elif text in ":,]}":
            continue
        elif path and path[-1] is None:
            path[-1] = _name(text)
            continue
        elif text in _OPENING:
            path.append(_OPENING[text])
            starts.append(start)
            continue
        # Comparing other paths as well takes minutes where brackets are nested by the thousand.
        if len(path) == depth and tuple(map(str, path)) == wanted:
            found = start, end
    # A body may end in the middle.
    if len(path) > depth and tuple(map(str, path[:depth])) == wanted:
        return starts[depth], tokens[-1][1]
    return found


def _name(token: str) -> str:
    try:
        return str(json.loads(token))
    except ValueError:
        return token


def _lines(tokens: Sequence[Token], marks: Callable[[Token], bool]) -> Iterator[Line]:
    """A line a member or item, and one a bracket, except that empty containers stay closed."""
    pieces: list[Piece] = []
    depth = indent = 0
    before = ""
    for token in tokens:
        text = token[2]
        closes, follows_opening = text in _CLOSING, before in _OPENING
        depth -= closes
        if pieces and (before == "," or closes != follows_opening):
            yield Line(tuple(pieces), indent)
            pieces = []
        if not pieces:
            indent = depth
        pieces.append(Piece(bounded(printable(text)) + " " * (text == ":"), marks(token)))
        depth += text in _OPENING
        before = text
    yield Line(tuple(pieces), indent)


def _window(lines: Sequence[Line]) -> Iterator[Line]:
    """The marked lines with some around them, the first and the last, and how many are left out."""
    marks = [index for index, line in enumerate(lines) if line.marked][:MOST_MARKED]
    shown, skipped = {0, len(lines) - 1}, 0
    for mark in marks or [AROUND - 1]:
        shown.update(range(mark - AROUND, mark + AROUND + 1))
    for index, line in enumerate(lines):
        if index not in shown:
            skipped += 1
            continue
        if skipped:
            yield Line(left_out=skipped)
        skipped = 0
        yield line
