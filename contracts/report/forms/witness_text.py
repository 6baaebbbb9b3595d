"""A witness as lines: the message as it goes over the wire, compactly, and who refuses it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from contracts.changes.change import Witness
from contracts.text import printable

MAX_WIDTH = 100
MAX_LINES = 40


def witness_lines(witness: Witness) -> Iterator[str]:
    """The message: request or status line, header fields, and the body as JSON. No line is longer than a few rows."""
    message = witness.message
    first = (
        f"HTTP {message['status']}"
        if "status" in message
        else f"{message['method']} {message['path']}"
    )
    fields = list(_fields(message.get("headers") or ()))
    yield _cut(first)
    yield from (_cut(f"{name}: {value}") for name, value in fields)
    body = message.get("body")
    if body is not None or any(name.lower() == "content-type" for name, _ in fields):
        yield ""
        yield from body_lines(body)


def verdict_line(witness: Witness) -> str:
    """Who takes the message and who does not."""
    return printable(
        f"the {witness.accepted_by} allows it, the {witness.rejected_by} refuses it: {witness.because}"
    )


def title_line(witness: Witness) -> str:
    """What the message is."""
    verb = "answers" if "status" in witness.message else "is asked"
    return printable(f"{witness.operation} {verb}")


def body_lines(body: Any) -> Iterator[str]:
    """A decoded body as JSON, on one line if that fits."""
    text = json.dumps(body, ensure_ascii=False, default=str)
    lines = (
        [text]
        if len(text) <= MAX_WIDTH
        else json.dumps(body, ensure_ascii=False, indent=1, default=str).split("\n")
    )
    yield from map(_cut, lines[:MAX_LINES])
    if len(lines) > MAX_LINES:
        yield f"… and {len(lines) - MAX_LINES} lines more"


def _fields(headers: Any) -> Iterator[tuple[str, str]]:
    """Header fields, from a mapping or from pairs."""
    pairs: Iterable[Any] = headers.items() if isinstance(headers, Mapping) else headers
    # A line that starts with a colon could be a workflow command of GitHub Actions.
    return ((re.sub(r"^\s*:", r"\\x3a", str(pair[0])), str(pair[1])) for pair in pairs)


def _cut(line: str) -> str:
    shown = printable(line[: 4 * MAX_WIDTH])
    return shown if len(line) <= 4 * MAX_WIDTH else f"{shown}…"
