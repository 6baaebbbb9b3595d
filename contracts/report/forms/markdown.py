"""Text to Markdown that shows it as it is, for GitHub; and parts of a page to as many as fit."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from contracts.text import printable

MAX_SIZE = 60_000
"""Characters of a page; GitHub takes 65,536 in a comment."""
MAX_TEXT = 300

_MARKUP = re.compile(r"""[!"#$%&*+:<=>?@\[\\\]^_`{|}~]|(?<=www)\.""", re.IGNORECASE)
"""What Markdown reads as markup, or GitHub as a link, within a line."""
_MENTIONS = re.compile(r"([@#])(?=\w)")


def within(parts: Iterable[list[str]], room: int, more: str) -> Iterator[str]:
    """Lines of parts as long as they fit into so many characters; a part is shown whole or not at all.

    `more` says what there is more of, and where it can be seen.
    """
    parts = list(parts)
    for index, lines in enumerate(parts):
        room -= size(lines)
        if room < 0:
            yield ""
            yield f"… and {len(parts) - index} {more}"
            return
        yield from lines


def size(lines: Iterable[str]) -> int:
    """In characters, ends of lines as well."""
    return sum(len(line) + 1 for line in lines)


def fenced(lines: list[str], language: str) -> Iterator[str]:
    longest = max((len(run) for line in lines for run in re.findall("`+", line)), default=0)
    fence = "`" * max(3, longest + 1)
    yield f"{fence}{language}"
    yield from lines
    yield fence


def text(words: str) -> str:
    """Text that is shown as it is: no markup, no link, nobody mentioned."""
    shown = _MENTIONS.sub("\\1\N{ZERO WIDTH SPACE}", printable(words))
    return _MARKUP.sub(_entity, shown)


def code(words: str) -> str:
    """A piece of code; in an element, because a code span can't hold every backtick, and cells no bar."""
    return f"<code>{_MARKUP.sub(_entity, printable(words))}</code>"


def cut(words: str, length: int = MAX_TEXT) -> str:
    return words if len(words) <= length else f"{words[:length]}…"


def _entity(found: re.Match[str]) -> str:
    return f"&#{ord(found[0])};"
