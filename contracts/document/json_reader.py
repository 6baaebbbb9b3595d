"""JSON text in, its value out, and the line of any node, looked up in the text when asked."""

from __future__ import annotations

import json
import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from itertools import chain
from typing import Any

from contracts.document.text import MAX_DEPTH, Text, duplicate_key
from contracts.errors import DocumentError

_SPACE = re.compile(r"[ \t\n\r]*")
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
_TOKENS = re.compile(r'"(?:[^"\\]|\\.)*"|[\[\]{}]|[^\s,:\[\]{}"]+')


def value_from_json(text: Text) -> Any:
    """The value, or a DocumentError for what JSON or RFC 7493 does not allow."""
    try:
        value = json.loads(
            text.content,
            object_pairs_hook=_object,
            parse_constant=_no_constant,
            parse_float=_finite_float,
        )
    except json.JSONDecodeError as error:
        raise text.error(
            error.lineno, f"this is not JSON: {error.msg}", "mend the syntax there"
        ) from None
    except (ValueError, RecursionError):
        raise _explained(text) from None
    if _too_deep(value) or (_SURROGATE.search(text.content) and _has_lone_surrogate(value)):
        raise _explained(text)
    return value


class JsonLines:
    """Finds nodes in JSON text: the children of a container are indexed when first asked for.

    Values are skipped by the C scanner of `json`, so that 13 MB cost about 0.1 s once per container on the way.
    """

    def __init__(self, text: Text) -> None:
        self._text = text
        self._scan = json.JSONDecoder().scan_once  # type: ignore[attr-defined]  # what raw_decode calls
        self._children: dict[int, dict[str, tuple[int, int]]] = {}
        self.start = self._skip(0)

    def locate(self, segments: Sequence[str]) -> tuple[int, int]:
        """Line of the node or of its nearest written ancestor, and how many segments led there."""
        key = value = self.start
        for depth, segment in enumerate(segments):
            children = self._children.get(value)
            if children is None:
                children = {name: (key, value) for name, key, value in self.entries(value)}
                self._children[value] = children
            if segment not in children:
                return self._line(key), depth
            key, value = children[segment]
        return self._line(key), len(segments)

    def entries(self, offset: int) -> Iterator[tuple[str, int, int]]:
        """Name, offset of the key and offset of the value of each child of the container at `offset`."""
        content = self._text.content
        is_object = content[offset] == "{"
        if not is_object and content[offset] != "[":
            return
        offset, number = self._skip(offset + 1), 0
        while content[offset] not in "}]":
            name, key = str(number), offset
            if is_object:
                name, offset = self._scan(content, offset)
                offset = self._skip(self._skip(offset) + 1)
            yield name, key, offset
            _, offset = self._scan(content, offset)
            offset, number = self._skip(offset), number + 1
            offset = self._skip(offset + 1) if content[offset] == "," else offset

    def _skip(self, offset: int) -> int:
        match = _SPACE.match(self._text.content, offset)
        return match.end() if match else offset

    @cached_property
    def _breaks(self) -> list[int]:
        return [match.start() for match in re.finditer("\n", self._text.content)]

    def _line(self, offset: int) -> int:
        return bisect_left(self._breaks, offset) + 1


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise ValueError("duplicate key")
    return value


def _no_constant(name: str) -> None:
    raise ValueError(name)


def _finite_float(digits: str) -> float:
    value = float(digits)
    if value in (float("inf"), float("-inf")):
        raise ValueError(digits)
    return value


def _too_deep(value: Any) -> bool:
    level = _containers([value])
    for _ in range(MAX_DEPTH):
        level = _containers(
            chain.from_iterable(node.values() if isinstance(node, dict) else node for node in level)
        )
        if not level:
            return False
    return True


def _containers(values: Iterable[Any]) -> list[Any]:
    return [value for value in values if isinstance(value, dict | list)]


def _has_lone_surrogate(value: Any) -> bool:
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return True
    return False


def _explained(text: Text) -> DocumentError:
    """What the fast reader refused, found again token by token."""
    depth = 0
    for token in _TOKENS.finditer(text.content):
        word = token[0]
        depth += (word in "[{") - (word in "]}")
        line = text.line(token.start())
        if depth > MAX_DEPTH:
            return text.error(
                line, f"the nesting is deeper than {MAX_DEPTH} levels", "give a flatter document"
            )
        if word[0] == '"' and _SURROGATE.search(word) and _has_lone_surrogate(json.loads(word)):
            return text.error(
                line,
                f"{word[:60]} holds half a surrogate pair, which is not Unicode",
                "write the pair",
            )
        if word[0] not in '"[]{}' and not _is_json_scalar(word):
            return text.error(
                line, f"{word[:60]} is not a JSON number", "give a finite number of ordinary size"
            )
    return _duplicate(text)


def _is_json_scalar(word: str) -> bool:
    try:
        json.loads(word, parse_constant=_no_constant, parse_float=_finite_float)
    except ValueError:
        return False
    return True


def _duplicate(text: Text) -> DocumentError:
    lines = JsonLines(text)
    waiting = [lines.start]
    while True:
        first: dict[str, int] = {}
        for name, key, value in lines.entries(waiting.pop()):
            if name in first:
                return duplicate_key(text, name, text.line(key), text.line(first[name]))
            first[name] = key
            waiting.append(value)
