"""Texts that somebody else wrote to texts that can be shown: on one line, without control characters, bounded."""

from __future__ import annotations

MAX_TEXT = 500
"""Characters that are kept of a text which a service has a hand in: a message, a place in a body."""


def cut(text: str, limit: int = MAX_TEXT) -> str:
    """The text, or its beginning and a mark that there was more: `limit` characters at most."""
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


def printable(line: str) -> str:
    r"""The text as one line that any terminal can show: the rest as escapes (`\x1b`, `\u202e`, `\ud800`)."""
    return line if line.isprintable() else "".join(map(_escaped, line))


def _escaped(character: str) -> str:
    # Characters that turn the direction of what follows (U+202E) are not printable either: Unicode's Cf is not.
    return character if character.isprintable() else character.encode("unicode_escape").decode()
