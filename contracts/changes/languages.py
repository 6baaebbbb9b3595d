"""Patterns as regular languages: whether one lies inside others, and if not a text that shows it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import islice
from typing import Any

MAX_SIZE = 600
"""Characters that a pattern spells out, repeats written out, beyond which it is not compared."""

_ANY = "(.|\\n)*"
_TOP_LEVEL = re.compile(r"\\.|\[(?:\\.|[^\]\\])*\]|[()|]", re.DOTALL)
_UNREAD = re.compile(r"\\[bBkpPcxu1-9]|\(\?(?!:)|(?<![\\\[])\^|(?<!\\)\$")
"""Word boundaries, back references, lookarounds, Unicode classes, and anchors within: not compared."""


def escapes(
    patterns: Sequence[str], excluded: Sequence[str], low: int, high: int | None
) -> str | None:
    """A text of `low` to `high` characters that matches all of `patterns` and none of `excluded`.

    None when there is none: then the one language lies inside the others. ECMA-262 patterns, matched anywhere.

    Raises:
        ValueError: a pattern is beyond what can be compared.
    """
    if sum(map(_size, [*patterns, *excluded])) > MAX_SIZE or max(low, high or 0) > MAX_SIZE:
        raise ValueError("the patterns are too large to compare")
    language = (
        _language(f"(.|\\n){{{low},{'' if high is None else high}}}")
        if low or high is not None
        else None
    )
    for pattern in patterns:
        language = (
            _automaton(pattern) if language is None else language.intersection(_automaton(pattern))
        )
    language = _language(_ANY) if language is None else language
    for pattern in excluded:
        language = language.difference(_automaton(pattern))
    if language.empty():
        return None
    return next(islice((_text(found) for found in language.strings()), 1))


def _size(pattern: str) -> int:
    """How many characters a pattern spells out, with repeats written out."""
    open_groups: list[list[int]] = [[]]
    for token in _PARTS.findall(pattern):
        if token == "(":
            open_groups.append([])
        elif token == ")" and len(open_groups) > 1:
            inner = sum(open_groups.pop())
            open_groups[-1].append(inner)
        elif token[0] == "{" and len(token) > 2 and open_groups[-1]:
            open_groups[-1][-1] *= max(1, *map(int, re.findall(r"\d+", token)))
        else:
            open_groups[-1].append(1)
    return sum(map(sum, open_groups))


_PARTS = re.compile(r"\\.|\[(?:\\.|[^\]\\])*\]|\{\d+(?:,\d*)?\}|.", re.DOTALL)


def _text(symbols: Any) -> str:
    """A word of an automaton, with a plain letter for "anything else"."""
    return "".join(symbol if isinstance(symbol, str) else "~" for symbol in symbols)


def _automaton(pattern: str) -> Any:
    return _language("|".join(_anchored(part) for part in _alternatives(pattern)))


def _language(expression: str) -> Any:
    import interegular  # with the libraries behind it it takes 0.1 s to import

    try:
        return interegular.parse_pattern(expression).to_fsm()
    except (
        Exception
    ) as problem:  # its errors have no common class, and every one means the same here
        raise ValueError(f"the pattern can't be compared: {problem}") from None


def _alternatives(pattern: str) -> list[str]:
    """The pattern's alternatives at the top level."""
    parts, depth, start = [], 0, 0
    for token in _TOP_LEVEL.finditer(pattern):
        depth += {"(": 1, ")": -1}.get(token[0], 0)
        if token[0] == "|" and depth == 0:
            parts.append(pattern[start : token.start()])
            start = token.end()
    return [*parts, pattern[start:]]


def _anchored(part: str) -> str:
    """A pattern that matches the whole text where the part matches somewhere in it."""
    first, last = part.startswith("^"), bool(re.search(r"(?<!\\)(?:\\\\)*\$$", part))
    body = part[first : len(part) - last]
    if _UNREAD.search(re.sub(r"\[(?:\\.|[^\]\\])*\]", "[]", body)):
        raise ValueError(f"the pattern {part} is beyond what is compared")
    return f"{'' if first else _ANY}(?:{body}){'' if last else _ANY}"
