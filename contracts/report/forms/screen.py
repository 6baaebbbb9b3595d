"""A terminal as a summary sees it: how wide it is, which characters it has, and which words it may colour."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from rich.cells import cell_len, chop_cells, set_cell_size

from contracts.text import printable

FALLBACKS = {
    "…": "...",
    "“": '"',
    "”": '"',
    "\N{LEFT SINGLE QUOTATION MARK}": "'",
    "\N{RIGHT SINGLE QUOTATION MARK}": "'",
    "\N{EN DASH}": "-",
    "—": "-",
    "§": "section ",
}
"""What stands for characters of our own texts where an encoding lacks them; others come as escapes."""

_COLOURS = {
    "red": ("violated", "new", "still there", "FAIL"),
    "yellow": ("accepted", "note", "advisory", "not judged", "ended early", "INCONCLUSIVE"),
    "green": ("fixed", "PASS"),
}
_COLOUR = {word: colour for colour, words in _COLOURS.items() for word in words}
_MARKED = re.compile(rf"(contract: )?({'|'.join(sorted(_COLOUR, key=len, reverse=True))})(?=[: ])")


@dataclass(frozen=True, slots=True)
class Screen:
    """Text on it keeps to one line, and holds nothing that it would obey or could not show."""

    width: int = 80
    encoding: str = "utf-8"

    def text(self, text: str) -> str:
        """The text as it can be written, on one line however long."""
        return encodable(printable(text), self.encoding)

    def rows(self, line: str) -> int:
        """How many rows a line takes, which the terminal folds where it is full."""
        rows = -(-len(line) // self.width) if line.isascii() else len(chop_cells(line, self.width))
        return max(rows, 1)

    def cut(self, text: str, columns: int) -> str:
        """The text, or as much of it as fits into so many columns, with a mark that there was more."""
        text, mark = self.text(text), self.text("…")
        return (
            text
            if cell_len(text) <= columns
            else set_cell_size(text, columns - len(mark)).rstrip() + mark
        )

    def shortened(self, operation: str, columns: int) -> str:
        """An operation's method and the end of its path, which tells it from its neighbours."""
        text, mark = self.text(operation), self.text("…")
        if cell_len(text) <= columns:
            return text
        method, _, path = text.partition(" ")
        while path and cell_len(f"{method} {mark}{path}") > columns:
            path = path[1:]
        return f"{method} {mark}{path}"

    def filled(self, head: str, rest: str, least: int = 40) -> str:
        """`head`, which is never cut, and what fits of the rest into the rows that leave it so many columns."""
        rows = -(-(cell_len(self.text(head)) + least) // self.width)
        return self.cut(head + rest, rows * self.width)


def encodable(text: str, encoding: str) -> str:
    """The text in the characters of an encoding: what it lacks as ASCII, or as escapes."""
    try:
        text.encode(encoding)
        return text
    except UnicodeEncodeError:
        return "".join(_instead(character, encoding) for character in text)
    except LookupError:
        return encodable(text, "ascii")


def _instead(character: str, encoding: str) -> str:
    try:
        character.encode(encoding)
        return character
    except UnicodeEncodeError:
        return FALLBACKS.get(character) or character.encode("ascii", "backslashreplace").decode()


def marked(line: str) -> tuple[str, str, str, Mapping[str, bool]]:
    """A line of a summary in three parts, and how pytest marks the second: the word that says what the line is about.

    The word says it as well where there is no colour.
    """
    found = _MARKED.match(line)
    if found is None:
        return line, "", "", {}
    return (
        line[: found.start(2)],
        found[2],
        line[found.end(2) :],
        {_COLOUR[found[2]]: True, "bold": True},
    )
