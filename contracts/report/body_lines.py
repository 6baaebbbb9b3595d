"""The body of an answer to the few lines of it around a place."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

AROUND = 4
"""Lines before and after."""
MAX_WIDTH = 160
_MARK = "   ← here"


class _Raw(str):
    """A number as it was sent: reading it would change it."""


class _Members(list[tuple[str, Any]]):
    """The members of an object as they were sent, also those with the same name."""


def body_lines(body: str, place: str | None) -> list[str]:
    """The lines of a JSON body around the place, a JSON Pointer, with a mark there; else its first lines.

    What is no JSON, or was cut, is shown as it begins.
    """
    try:
        value = json.loads(body, object_pairs_hook=_Members, parse_int=_Raw, parse_float=_Raw, parse_constant=_Raw)
        lines = list(_lines(value))
    except (ValueError, RecursionError):
        return [_cut(line) for line in body.splitlines()[: 2 * AROUND + 1]]
    marked = next((index for index, (at, _) in enumerate(lines) if at is not None and at == place), None)
    centre = AROUND if marked is None else marked
    first, last = max(centre - AROUND, 0), centre + AROUND + 1
    found = [line for _, line in lines[first:last]]
    indent = min(len(line) - len(line.lstrip(" ")) for line in found)
    shown = [f"{_cut(line[indent:])}{_MARK * (first + index == marked)}" for index, line in enumerate(found)]
    return [*["…"] * (first > 0), *shown, *["…"] * (last < len(lines))]


def _lines(value: Any, place: str = "", before: str = "", after: str = "") -> Iterator[tuple[str | None, str]]:
    """A value as lines, each with the place that begins there; none does where a bracket closes."""
    if not isinstance(value, list) or not value:
        yield place, f"{before}{_scalar(value)}{after}"
        return
    is_object = isinstance(value, _Members)
    members = value if is_object else [(str(index), item) for index, item in enumerate(value)]
    yield place, f"{before}{'{' if is_object else '['}"
    for index, (name, item) in enumerate(members):
        key = f"{json.dumps(name, ensure_ascii=False)}: " if is_object else ""
        inner = f"{place}/{name.replace('~', '~0').replace('/', '~1')}"
        for at, line in _lines(item, inner, key, "," * (index < len(members) - 1)):
            yield at, f"  {line}"
    yield None, f"{'}' if is_object else ']'}{after}"


def _scalar(value: Any) -> str:
    if isinstance(value, _Raw):
        return str(value)
    if isinstance(value, _Members):
        return "{}"
    return json.dumps(value, ensure_ascii=False)


def _cut(line: str) -> str:
    return line if len(line) <= MAX_WIDTH else f"{line[:MAX_WIDTH]}…"
