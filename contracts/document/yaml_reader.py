"""YAML text in, the JSON value it has in YAML 1.2's core schema out, and the line of any node.

Differs from PyYAML's loaders where they read YAML 1.1: `on` and `yes` are text, dates are text, and keys are text
as written.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import yaml
from yaml._yaml import CParser
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from contracts.document.text import MAX_DEPTH, Text, duplicate_key
from contracts.errors import DocumentError

MAX_ADDED_BY_ALIASES = 1_000_000
"""Nodes that aliases may add to those written; a document that needs more is an attack ("billion laughs")."""

KEPT_AS_WRITTEN = frozenset({("openapi",), ("swagger",), ("overlay",), ("info", "version")})
"""Places where a number can only be a version: an unquoted `1.10` stays that."""

_PLAIN, _QUOTED = "plain", "quoted"
_TAG = "tag:yaml.org,2002:"
_TEXT_TAGS = frozenset({_QUOTED, f"{_TAG}str"})
_CORE_TAGS = frozenset({_PLAIN, *(f"{_TAG}{name}" for name in ("null", "bool", "int", "float"))})
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
        lambda digits: float(digits.replace(".", "")),
    ),
)


def node_from_yaml(text: Text) -> Node:
    """The root node of the only YAML document in the text."""
    try:
        _refuse_depth(text)
        node = _Composer(text.content).get_single_node()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        said = ", ".join(part for part in (error.context, error.problem) if part)
        raise text.error(
            (mark.line if mark else 0) + 1, f"this is not YAML: {said}", "mend the syntax there"
        ) from None
    except yaml.reader.ReaderError as error:
        line = text.content.encode()[: error.position].count(b"\n") + 1
        raise text.error(
            line, f"this is not YAML: {error.reason}", "remove that character"
        ) from None
    if node is None:
        raise text.error(1, "the document is empty", "give an OpenAPI document in YAML or JSON")
    return node


class YamlReader:
    """The value of a node and the line of everything in it; nodes stay as composed."""

    def __init__(self, text: Text, root: Node) -> None:
        self._text = text
        self._root = root
        self._entries: dict[int, dict[str, tuple[Node, Node]]] = {}
        self._sizes: dict[int, tuple[int, int] | None] = {}

    def value(self) -> Any:
        """The JSON value, or a DocumentError at the line of what has none."""
        size, _ = self._size(self._root, 1)
        if size - len(self._sizes) > MAX_ADDED_BY_ALIASES:
            raise self._error(
                self._root,
                f"its aliases expand to {size:,} nodes",
                "write out what the aliases stand for",
            )
        return self._value(self._root, ())

    def locate(self, segments: Sequence[str]) -> tuple[int, int]:
        """Line of the node or of its nearest written ancestor, and how many segments led there."""
        key = node = self._root
        for depth, segment in enumerate(segments):
            child = self._child(node, segment)
            if child is None:
                return key.start_mark.line + 1, depth
            key, node = child
        return key.start_mark.line + 1, len(segments)

    def _child(self, node: Node, segment: str) -> tuple[Node, Node] | None:
        if isinstance(node, MappingNode):
            return self._mapping(node).get(segment)
        if (
            isinstance(node, SequenceNode)
            and segment.isdecimal()
            and int(segment) < len(node.value)
        ):
            return node.value[int(segment)], node.value[int(segment)]
        return None

    def _value(self, node: Node, path: tuple[str, ...]) -> Any:
        if isinstance(node, MappingNode):
            return {
                name: self._value(child, (*path, name))
                for name, (_, child) in self._mapping(node).items()
            }
        if isinstance(node, SequenceNode):
            return [self._value(child, (*path, "")) for child in node.value]
        value = self._scalar(node)
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        return node.value if is_number and path in KEPT_AS_WRITTEN else value

    def _mapping(self, node: MappingNode) -> dict[str, tuple[Node, Node]]:
        """Key and value nodes by name; what `<<` brings in gives way to what is written here."""
        known = self._entries.get(id(node))
        if known is not None:
            return known
        own: dict[str, tuple[Node, Node]] = {}
        merged: dict[str, tuple[Node, Node]] = {}
        for key, value in node.value:
            if key.tag == _PLAIN and key.value == "<<":
                merged = {**self._merged(value), **merged}
                continue
            name = self._key(key)
            if name in own:
                first = own[name][0].start_mark.line + 1
                raise duplicate_key(self._text, name, key.start_mark.line + 1, first)
            own[name] = (key, value)
        entries = self._entries[id(node)] = {**merged, **own}
        return entries

    def _merged(self, value: Node) -> dict[str, tuple[Node, Node]]:
        entries: dict[str, tuple[Node, Node]] = {}
        for source in value.value if isinstance(value, SequenceNode) else [value]:
            if not isinstance(source, MappingNode):
                raise self._error(
                    source,
                    "`<<` merges something that is no mapping",
                    "give it the alias of a mapping",
                )
            entries = {**self._mapping(source), **entries}
        return entries

    def _key(self, key: Node) -> str:
        if not isinstance(key, ScalarNode):
            raise self._error(
                key, "a key is a list or mapping, which JSON does not allow", "make the key text"
            )
        return str(key.value)

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
            raise self._error(
                node, f"{node.value[:60]} is not a JSON number", "give a finite number, or quote it"
            )
        return value

    def _size(self, node: Node, depth: int) -> tuple[int, int]:
        """Nodes below and with this one once aliases are written out, and the levels they take."""
        if id(node) in self._sizes:
            known = self._sizes[id(node)]
            if known is None:
                raise self._error(
                    node, "an alias stands inside the node that it repeats", "remove the alias"
                )
            return known
        if depth > MAX_DEPTH:
            raise _too_deep(self._text, node.start_mark.line + 1)
        self._sizes[id(node)] = None
        count = height = 0
        for child in self._children(node):
            below, levels = self._size(child, depth + 1)
            count, height = count + below, max(height, levels)
        if height >= MAX_DEPTH:
            raise _too_deep(self._text, node.start_mark.line + 1)
        self._sizes[id(node)] = count + 1, height + 1
        return count + 1, height + 1

    def _children(self, node: Node) -> list[Node]:
        if isinstance(node, ScalarNode):
            return []
        if node.tag not in _COLLECTION_TAGS:
            raise self._unknown_tag(node)
        return (
            [part for pair in node.value for part in pair]
            if isinstance(node, MappingNode)
            else node.value
        )

    def _unknown_tag(self, node: Node) -> DocumentError:
        tag = node.tag.replace(_TAG, "!!")
        return self._error(node, f"the tag {tag} has no meaning in JSON", "remove the tag")

    def _error(self, node: Node, problem: str, cure: str) -> DocumentError:
        return self._text.error(node.start_mark.line + 1, problem, cure)


def value_of_plain(word: str) -> Any:
    """What an unquoted scalar means in YAML 1.2's core schema (§10.3.2); infinite and NaN floats as Python's."""
    if word in _WORDS:
        return _WORDS[word]
    if word[0] in "+-.0123456789":
        for pattern, convert in _NUMBERS:
            if pattern.fullmatch(word):
                return convert(word)
    return word


class _Composer(CParser):
    """libyaml's composer without PyYAML's resolver: scalars are tagged by whether they were quoted."""

    def resolve(self, kind: Any, value: Any, implicit: Any) -> str:
        return (
            _PLAIN if implicit is True or (isinstance(implicit, tuple) and implicit[0]) else _QUOTED
        )

    def descend_resolver(self, parent: Any, index: Any) -> None: ...

    def ascend_resolver(self) -> None: ...


def _refuse_depth(text: Text) -> None:
    """Refuse deep nesting before composing: libyaml's composer recurses in C and overflows the stack (100,000 `[`).

    The pass over the events takes as long as composing, so it is made only where nesting could be deep.
    """
    brackets = text.content.count("[") + text.content.count("{")
    if brackets < 1000 and max(map(len, text.content.splitlines())) < 500:
        return
    depth = 0
    for event in yaml.parse(text.content, Loader=yaml.CSafeLoader):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(
            event, yaml.CollectionEndEvent
        )
        if depth > MAX_DEPTH:
            raise _too_deep(text, event.start_mark.line + 1)  # type: ignore[union-attr]  # a parser marks its events


def _too_deep(text: Text, line: int) -> DocumentError:
    return text.error(
        line, f"the nesting is deeper than {MAX_DEPTH} levels", "give a flatter document"
    )
