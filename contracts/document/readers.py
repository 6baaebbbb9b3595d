"""YAML or JSON text in, its value out, and the line of any node, looked up when asked.

YAML is read by 1.2's core schema, where PyYAML's loaders read 1.1: `on` and `yes` are text, dates are text, and keys
are text as written.
"""

from __future__ import annotations

import json
import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Any

import yaml
from yaml._yaml import CParser
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from contracts.errors import DocumentError
from contracts.text import shown

MAX_DEPTH = 200
"""Nesting allowed in a document; real ones stay below 60, and every later step recurses."""
MAX_ADDED_BY_ALIASES = 1_000_000
"""Nodes that aliases may add to those written; a document that needs more is an attack ("billion laughs")."""
KEPT_AS_WRITTEN = frozenset({("openapi",), ("swagger",), ("overlay",), ("info", "version")})
"""Places where a number can only be a version: an unquoted `1.10` stays that."""

Entries = dict[str, tuple[Any, Any]]
"""Key and value of each child of a container, by name: nodes of YAML, offsets in JSON."""

_PLAIN, _QUOTED = "plain", "quoted"
_TAG = "tag:yaml.org,2002:"
_TEXT_TAGS = frozenset({_QUOTED, f"{_TAG}str"})
_CORE_TAGS = frozenset({_PLAIN, f"{_TAG}null", f"{_TAG}bool", f"{_TAG}int", f"{_TAG}float"})
_COLLECTION_TAGS = frozenset({_PLAIN, f"{_TAG}map", f"{_TAG}seq"})
_WORDS: dict[str, Any] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_NUMBERS = (
    (re.compile(r"[-+]?[0-9]+"), int),
    (re.compile(r"0o[0-7]+"), lambda digits: int(digits[2:], 8)),
    (re.compile(r"0x[0-9a-fA-F]+"), lambda digits: int(digits[2:], 16)),
    (re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?"), float),
    (
        re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)"),
        lambda word: float(word.replace(".", "")),
    ),
)

_SPACE = re.compile(r"[ \t\n\r]*")
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
_TOKENS = re.compile(r'"(?:[^"\\]|\\.)*"|[\[\]{}]|[^\s,:\[\]{}"]+')


class YamlText:
    """The only YAML document in a text; its nodes stay as composed."""

    def __init__(self, content: str, file: str) -> None:
        self._file = file
        self._root = _composed(content, file)
        self._entries: dict[int, Entries] = {}
        self._sizes: dict[int, tuple[int, int] | None] = {}

    def value(self) -> Any:
        """The JSON value, or a DocumentError at the line of what has none."""
        size, _ = self._size(self._root, 1)
        if size - len(self._sizes) > MAX_ADDED_BY_ALIASES:
            problem = f"its aliases expand to {size:,} nodes"
            raise self._error(self._root, problem, "write out what the aliases stand for")
        return self._value(self._root, ())

    def locate(self, segments: Sequence[str]) -> tuple[int, int]:
        """Line of the node or of its nearest written ancestor, and how many segments led there."""
        key = node = self._root
        for depth, segment in enumerate(segments):
            if isinstance(node, MappingNode):
                children = self._mapping(node)
            elif isinstance(node, SequenceNode):
                children = self._items(node)
            else:
                children = {}
            if segment not in children:
                return _line(key), depth
            key, node = children[segment]
        return _line(key), len(segments)

    def _value(self, node: Node, path: tuple[str, ...]) -> Any:
        if isinstance(node, MappingNode):
            entries = self._mapping(node).items()
            return {name: self._value(child, (*path, name)) for name, (_, child) in entries}
        if isinstance(node, SequenceNode):
            return [self._value(child, (*path, "")) for child in node.value]
        value = self._scalar(node)
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        return node.value if is_number and path in KEPT_AS_WRITTEN else value

    def _items(self, node: SequenceNode) -> Entries:
        if id(node) not in self._entries:
            items = enumerate(node.value)
            self._entries[id(node)] = {str(index): (item, item) for index, item in items}
        return self._entries[id(node)]

    def _mapping(self, node: MappingNode) -> Entries:
        """What is written in a mapping; what `<<` brings in gives way to it."""
        if id(node) in self._entries:
            return self._entries[id(node)]
        own: Entries = {}
        merged: Entries = {}
        for key, value in node.value:
            if key.tag == _PLAIN and key.value == "<<":
                merged = {**self._merged(value), **merged}
                continue
            if not isinstance(key, ScalarNode):
                problem = "a key is a list or mapping, which JSON does not allow"
                raise self._error(key, problem, "make the key text")
            if key.value in own:
                raise _duplicate(self._file, key.value, _line(key), _line(own[key.value][0]))
            own[key.value] = key, value
        self._entries[id(node)] = {**merged, **own}
        return self._entries[id(node)]

    def _merged(self, value: Node) -> Entries:
        entries: Entries = {}
        for source in value.value if isinstance(value, SequenceNode) else [value]:
            if not isinstance(source, MappingNode):
                problem = "`<<` merges something that is no mapping"
                raise self._error(source, problem, "give it the alias of a mapping")
            entries = {**self._mapping(source), **entries}
        return entries

    def _scalar(self, node: Node) -> Any:
        if node.tag in _TEXT_TAGS:
            return node.value
        if node.tag not in _CORE_TAGS:
            raise self._unknown_tag(node)
        try:
            value = value_of_plain(node.value)
        except ValueError:
            value = float("inf")
        if isinstance(value, float) and value - value != 0:
            problem = f"{node.value[:60]} is not a JSON number"
            raise self._error(node, problem, "give a finite number, or quote it")
        return value

    def _size(self, node: Node, depth: int) -> tuple[int, int]:
        """Nodes below and with this one once aliases are written out, and the levels they take."""
        if id(node) in self._sizes:
            known = self._sizes[id(node)]
            if known is None:
                problem = "an alias stands inside the node that it repeats"
                raise self._error(node, problem, "remove the alias")
            return known
        if depth > MAX_DEPTH:
            raise _too_deep(self._file, _line(node))
        self._sizes[id(node)] = None
        count = height = 0
        for child in self._children(node):
            below, levels = self._size(child, depth + 1)
            count, height = count + below, max(height, levels)
        if height >= MAX_DEPTH:
            raise _too_deep(self._file, _line(node))
        self._sizes[id(node)] = count + 1, height + 1
        return count + 1, height + 1

    def _children(self, node: Node) -> list[Node]:
        if isinstance(node, ScalarNode):
            return []
        if node.tag not in _COLLECTION_TAGS:
            raise self._unknown_tag(node)
        if isinstance(node, MappingNode):
            return [part for pair in node.value for part in pair]
        return node.value  # type: ignore[no-any-return]

    def _unknown_tag(self, node: Node) -> DocumentError:
        tag = node.tag.replace(_TAG, "!!")
        return self._error(node, f"the tag {tag} has no meaning in JSON", "remove the tag")

    def _error(self, node: Node, problem: str, cure: str) -> DocumentError:
        return DocumentError(self._file, _line(node), problem, cure)


class _Composer(CParser):
    """libyaml's composer without PyYAML's resolver: scalars are tagged by whether they were quoted."""

    def resolve(self, *written: Any) -> str:
        _, _, implicit = (
            written  # for a scalar: whether it may be read as a plain one, as a quoted one
        )
        is_plain = implicit[0] if isinstance(implicit, tuple) else implicit
        return _PLAIN if is_plain is True else _QUOTED

    def descend_resolver(self, parent: Any, index: Any) -> None: ...

    def ascend_resolver(self) -> None: ...


def _composed(content: str, file: str) -> Node:
    try:
        _refuse_depth(content, file)
        node = _Composer(content).get_single_node()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        problem = f"this is not YAML: {', '.join(filter(None, (error.context, error.problem)))}"
        raise DocumentError(
            file, mark.line + 1 if mark else 1, problem, "mend the syntax there"
        ) from None
    except yaml.reader.ReaderError as error:
        line = content.encode()[: error.position].count(b"\n") + 1
        problem = f"this is not YAML: {error.reason}"
        raise DocumentError(file, line, problem, "remove that character") from None
    if node is None:
        raise DocumentError(
            file, 1, "the document is empty", "give an OpenAPI document in YAML or JSON"
        )
    return node


def _refuse_depth(content: str, file: str) -> None:
    """Refuse deep nesting before composing: libyaml's composer recurses in C and overflows the stack (100,000 `[`).

    The pass over the events takes as long as composing, so it is made only where nesting could be deep.
    """
    brackets = content.count("[") + content.count("{")
    if brackets < 1000 and max(map(len, content.splitlines())) < 500:
        return
    depth = 0
    for event in yaml.parse(content, Loader=yaml.CSafeLoader):
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if depth > MAX_DEPTH:
            raise _too_deep(file, event.start_mark.line + 1)  # type: ignore[union-attr]  # a parser marks its events


def value_of_plain(word: str) -> Any:
    """What an unquoted scalar means in YAML 1.2's core schema (§10.3.2); infinite and NaN floats as Python's."""
    if word in _WORDS:
        return _WORDS[word]
    if word[0] in "+-.0123456789":
        for pattern, convert in _NUMBERS:
            if pattern.fullmatch(word):
                return convert(word)
    return word


class JsonText:
    """JSON text; the children of a container are indexed when first asked for.

    Values are skipped by the C scanner of `json`, so that 13 MB cost about 0.1 s once per container on the way.
    """

    def __init__(self, content: str, file: str) -> None:
        self._content = content
        self._file = file
        self._scan = json.JSONDecoder().scan_once  # type: ignore[attr-defined]  # what raw_decode calls
        self._children: dict[int, Entries] = {}

    def value(self) -> Any:
        """The value, or a DocumentError for what JSON or RFC 7493 does not allow."""
        try:
            value = json.loads(self._content, object_pairs_hook=_object, **_STRICT)
            if _depth(value) <= MAX_DEPTH and not self._has_lone_surrogate(value):
                return value
        except json.JSONDecodeError as error:
            problem = f"this is not JSON: {error.msg}"
            raise DocumentError(
                self._file, error.lineno, problem, "mend the syntax there"
            ) from None
        except (ValueError, RecursionError):
            pass
        raise self._explained()

    def locate(self, segments: Sequence[str]) -> tuple[int, int]:
        """Line of the node or of its nearest written ancestor, and how many segments led there."""
        key = value = self._skip(0)
        for depth, segment in enumerate(segments):
            if value not in self._children:
                self._children[value] = {n: (k, v) for n, k, v in self._entries(value)}
            if segment not in self._children[value]:
                return self._line(key), depth
            key, value = self._children[value][segment]
        return self._line(key), len(segments)

    def _entries(self, offset: int) -> Iterator[tuple[str, int, int]]:
        """Name, offset of the key and offset of the value of each child of the container at `offset`."""
        content = self._content
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
            if content[offset] == ",":
                offset = self._skip(offset + 1)

    def _skip(self, offset: int) -> int:
        match = _SPACE.match(self._content, offset)
        return match.end() if match else offset

    @cached_property
    def _breaks(self) -> list[int]:
        return [match.start() for match in re.finditer("\n", self._content)]

    def _line(self, offset: int) -> int:
        return bisect_left(self._breaks, offset) + 1

    def _has_lone_surrogate(self, value: Any) -> bool:
        return bool(_SURROGATE.search(self._content)) and _is_no_unicode(value)

    def _explained(self) -> DocumentError:
        """What the fast reader refused, found again token by token."""
        opened: list[dict[str, int]] = []
        for token in _TOKENS.finditer(self._content):
            word, line = token[0], self._line(token.start())
            if word in "[{":
                opened.append({})
            elif word in "]}":
                opened.pop()
            elif word[0] != '"' and not _is_json_scalar(word):
                problem, cure = "is not a JSON number", "give a finite number of ordinary size"
                return DocumentError(self._file, line, f"{word[:60]} {problem}", cure)
            elif word[0] == '"' and _SURROGATE.search(word) and _is_no_unicode(json.loads(word)):
                problem = "holds half a surrogate pair, which is not Unicode"
                return DocumentError(self._file, line, f"{word[:60]} {problem}", "write the pair")
            elif self._content[self._skip(token.end())] == ":":
                name = json.loads(word)
                if name in opened[-1]:
                    return _duplicate(self._file, name, line, opened[-1][name])
                opened[-1][name] = line
            if len(opened) > MAX_DEPTH:
                break
        return _too_deep(self._file, line)


def _no_constant(name: str) -> None:
    raise ValueError(name)


def _finite_float(digits: str) -> float:
    value = float(digits)
    if value in (float("inf"), float("-inf")):
        raise ValueError(digits)
    return value


_STRICT: dict[str, Any] = {"parse_constant": _no_constant, "parse_float": _finite_float}


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise ValueError("duplicate key")
    return value


def _depth(value: Any) -> int:
    if isinstance(value, dict):
        return 1 + max(map(_depth, value.values()), default=0)
    return 1 + max(map(_depth, value), default=0) if isinstance(value, list) else 0


def _is_no_unicode(value: Any) -> bool:
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return True
    return False


def _is_json_scalar(word: str) -> bool:
    try:
        json.loads(word, **_STRICT)
    except ValueError:
        return False
    return True


def _line(node: Node) -> int:
    return int(node.start_mark.line) + 1


def _duplicate(file: str, name: str, line: int, first: int) -> DocumentError:
    problem = f"the key {shown(name)} is already on line {first}"
    return DocumentError(file, line, problem, "keep one of the two")


def _too_deep(file: str, line: int) -> DocumentError:
    problem = f"the nesting is deeper than {MAX_DEPTH} levels"
    return DocumentError(file, line, problem, "give a flatter document")
