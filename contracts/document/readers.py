"""YAML or JSON text in, its value out, and the line of any node, looked up when asked.

YAML is read by 1.2's core schema: `on`, `yes`, dates and all keys are text, unlike in PyYAML.
"""

import copy
import json
import math
import re
import sys
from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import yaml

from contracts.errors import DocumentError
from contracts.text import shown

MAX_DEPTH = 200
"""Nesting allowed in a document; real ones stay below 60, and every later step recurses."""
MAX_ADDED_BY_ALIASES = 1_000_000
"""Nodes that aliases may add to those written; more are an attack ("billion laughs")."""
VERSIONS = ("openapi", "swagger", "overlay")
"""Keys whose value can only be a version, as `version` of `info`: an unquoted `1.10` stays that."""

_PLAIN, _QUOTED, _MAPPING, _SEQUENCE = "plain", "quoted", "mapping", "sequence"
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # where PyYAML has no libyaml
_TAG = "tag:yaml.org,2002:"
_SCALAR_TAGS = {None, *map(_TAG.__add__, ("str", "null", "bool", "int", "float"))}
_COLLECTIONS = {yaml.MappingStartEvent: _MAPPING, yaml.SequenceStartEvent: _SEQUENCE}
_COLLECTION_TAGS = {None, f"{_TAG}map", f"{_TAG}seq"}
_NOT_YAML, _SYNTAX = "this is not YAML:", "mend the syntax there"
_WORDS: dict[str, Any] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_NUMBERS: tuple[tuple[re.Pattern[str], Callable[[str], float | str]], ...] = (
    (re.compile(r"[-+]?[0-9]+"), int),
    (re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+"), lambda digits: int(digits, 0)),
    (re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?"), float),
    (re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)"), lambda _: float("nan")),
)

_WIDE = re.compile(r"[^\x00-\xff]+")
_SPACE = re.compile(r"[ \t\n\r]*")
_TOKENS = re.compile(r'"(?:[^"\\]|\\.)*"|[\[\]{}]|[^\s,:\[\]{}"]+')


@dataclass(slots=True, eq=False)
class _Node:
    line: int
    kind: str
    word: str = ""  # the text of a scalar
    value: Any = None
    entries: "dict[str, tuple[int, _Node]]" = field(default_factory=lambda: _NONE)
    size: int = 1  # with all aliases written out, as `height`
    height: int = 1
    is_open: bool = False


_NONE: dict[str, tuple[int, _Node]] = {}  # of all scalars, of which there are many


class YamlText:
    """The only YAML document in a text, put together from libyaml's events: nothing recurses."""

    def __init__(self, content: str, file: str) -> None:
        self.file = file
        self.faults: list[DocumentError] = []  # what is read all the same: keys that stand twice
        self._anchors: dict[str, _Node] = {}
        self._added = 0
        root = self._composed(content)
        self.root, self.tree = (root.line, root), root.value  # of entries as well: line and node
        # What can only be a version is text, as it is written.
        kept = [(root, root.value, name) for name in VERSIONS]
        if "info" in root.entries:
            kept.append((root.entries["info"][1], root.value["info"], "version"))
        for node, value, name in kept:
            if name in node.entries and type(value[name]) in (int, float):
                value[name] = node.entries[name][1].word

    def entry(self, node: Any, segment: str) -> tuple[int, Any] | None:
        """The line and node of what stands below a node."""
        return node.entries.get(segment)  # type: ignore[no-any-return]

    def _composed(self, content: str) -> _Node:
        found = list[_Node]()
        opened = [(_Node(1, "stream"), found)]  # each with what is directly below it
        try:
            for event in yaml.parse(content, Loader=_LOADER):
                if isinstance(event, yaml.CollectionEndEvent):
                    self._close(*opened.pop())
                elif isinstance(event, yaml.NodeEvent):
                    node = self._node(event)
                    if len(opened) > MAX_DEPTH:
                        raise _too_deep(self.file, node.line)
                    opened[-1][1].append(node)
                    if isinstance(event, yaml.CollectionStartEvent):
                        opened.append((node, []))
                elif isinstance(event, yaml.DocumentStartEvent) and found:
                    problem = f"{_NOT_YAML} expected a single document, but found more"
                    raise self._error(_line(event), problem, _SYNTAX)
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            problem = f"{_NOT_YAML} {', '.join(filter(None, (error.context, error.problem)))}"
            raise self._error(mark.line + 1 if mark else 1, problem, _SYNTAX) from None
        except yaml.reader.ReaderError as error:
            line = content.encode()[: error.position].count(b"\n") + 1
            problem = f"{_NOT_YAML} {error.reason}"
            raise self._error(line, problem, "remove that character") from None
        if not found:
            cure = "give an OpenAPI document in YAML or JSON"
            raise self._error(1, "the document is empty", cure)
        return found[0]

    def _node(self, event: Any) -> _Node:
        line = _line(event)
        if isinstance(event, yaml.AliasEvent):
            return self._repeated(str(event.anchor), line)
        is_scalar = isinstance(event, yaml.ScalarEvent)
        if event.tag not in (_SCALAR_TAGS if is_scalar else _COLLECTION_TAGS):
            problem = f"the tag {event.tag.replace(_TAG, '!!')} has no meaning in JSON"
            raise self._error(line, problem, "remove the tag")
        if not is_scalar:
            node = _Node(line, _COLLECTIONS[type(event)], is_open=True)
        elif event.implicit[0] or event.tag not in (None, f"{_TAG}str"):
            node = _Node(line, _PLAIN, event.value, self._value_of(event.value, line))
        else:
            node = _Node(line, _QUOTED, event.value, event.value)
        if event.anchor is not None:
            self._anchors[event.anchor] = node
        return node

    def _repeated(self, anchor: str, line: int) -> _Node:
        node = self._anchors.get(anchor)
        if node is None:
            raise self._error(line, f"{_NOT_YAML} found undefined alias", _SYNTAX)
        if node.is_open:
            problem = "an alias stands inside the node that it repeats"
            raise self._error(node.line, problem, "remove the alias")
        self._added += node.size
        if self._added > MAX_ADDED_BY_ALIASES:
            problem = f"its aliases expand to more than {MAX_ADDED_BY_ALIASES:,} nodes"
            raise self._error(1, problem, "write out what the aliases stand for")
        return replace(node, value=copy.deepcopy(node.value))

    def _close(self, node: _Node, children: list[_Node]) -> None:
        for child in children:
            node.size, node.height = node.size + child.size, max(node.height, child.height + 1)
        if node.height > MAX_DEPTH:
            raise _too_deep(self.file, node.line)
        node.is_open = False
        if node.kind == _MAPPING:
            self._close_mapping(node, children)
        else:
            node.value = [child.value for child in children]
            node.entries = {str(at): (item.line, item) for at, item in enumerate(children)}

    def _close_mapping(self, node: _Node, children: list[_Node]) -> None:
        """What `<<` brings in gives way to what is written here."""
        own: dict[str, int] = {}
        node.value, node.entries = {}, {}
        for key, child in zip(children[::2], children[1::2], strict=True):
            if key.kind == _PLAIN and key.word == "<<":
                items = [item for _, item in child.entries.values()]
                for source in items if child.kind == _SEQUENCE else [child]:
                    if source.kind != _MAPPING:
                        problem = "`<<` merges something that is no mapping"
                        raise self._error(source.line, problem, "give it the alias of a mapping")
                    node.entries = {**source.entries, **node.entries}
                    node.value = {**source.value, **node.value}
                continue
            if key.kind in (_MAPPING, _SEQUENCE):
                problem = "a key is a list or mapping, which JSON does not allow"
                raise self._error(key.line, problem, "make the key text")
            if key.word in own:
                self.faults.append(_duplicate(self.file, key.word, key.line, own[key.word]))
            own[key.word] = key.line
            node.entries[key.word], node.value[key.word] = (key.line, child), child.value

    def _value_of(self, word: str, line: int) -> Any:
        """What an unquoted scalar means in YAML 1.2's core schema (§10.3.2)."""
        if word in _WORDS or word[0] not in "+-.0123456789":
            return _WORDS.get(word, word)
        convert = next((convert for pattern, convert in _NUMBERS if pattern.fullmatch(word)), str)
        try:
            value = convert(word)
            _ = str(value)
        except ValueError:  # Python reads or writes no integer of so many digits
            value = math.inf
        if isinstance(value, float) and not math.isfinite(value):
            problem = f"{word[:60]} is not a JSON number"
            raise self._error(line, problem, "give a finite number, or quote it")
        return value

    def _error(self, line: int, problem: str, cure: str) -> DocumentError:
        return DocumentError(self.file, line, problem, cure)


class JsonText:
    """JSON text, like `YamlText`; its nodes are offsets, and indexed when first asked for."""

    def __init__(self, content: str, file: str) -> None:
        self.file, self._content = file, content
        self.faults: list[DocumentError] = []
        # What raw_decode calls.
        self._scan = json.JSONDecoder().scan_once  # type: ignore[attr-defined]
        self._known: dict[int, dict[str, int]] = {}
        self.tree = self._value()
        # What is kept, for the lines of nodes, has a byte a character: an emoji would make it four.
        self._content = _WIDE.sub(lambda found: json.dumps(found[0])[1:-1], content)
        self._breaks = array("I", (match.start() for match in re.finditer("\n", self._content)))
        offset = self._skip(0)
        self.root = self._line(offset), offset

    def _value(self) -> Any:
        """The value, or a DocumentError for what JSON or RFC 7493 does not allow."""
        try:
            try:
                value = _json_value(self._content)
                if _depth(value) <= MAX_DEPTH:
                    return value
            except (ValueError, RecursionError) as problem:
                if isinstance(problem, json.JSONDecodeError):
                    raise
            if (error := self._explained()) is not None:
                raise error
            return json.loads(self._content)
        except json.JSONDecodeError as invalid:
            said = f"this is not JSON: {invalid.msg}"
            raise DocumentError(self.file, invalid.lineno, said, _SYNTAX) from None

    def entry(self, offset: Any, segment: str) -> tuple[int, Any] | None:
        """The line and node of what stands below a node."""
        if offset not in self._known:
            self._known[offset] = dict(self._entries(offset))
        begin = self._known[offset].get(segment)
        if begin is None:
            return None
        return self._line(begin), self._named(begin)[1] if self._content[offset] == "{" else begin

    def _named(self, offset: int) -> tuple[str, int]:
        """The name at the beginning of a member, and the offset of its value."""
        name, end = self._scan(self._content, offset)
        return sys.intern(name), self._skip(self._skip(end) + 1)

    def _entries(self, offset: int) -> Iterator[tuple[str, int]]:
        """The offset of each member or item."""
        content = self._content
        is_object = content[offset] == "{"
        if not is_object and content[offset] != "[":
            return
        offset, number = self._skip(offset + 1), 0
        while content[offset] not in "}]":
            name, begin = str(number), offset
            if is_object:
                name, offset = self._named(offset)
            yield name, begin
            # By the C scanner of `json`: 13 MB cost 0.1 s once a container on the way.
            _, offset = self._scan(content, offset)
            offset, number = self._skip(offset), number + 1
            if content[offset] == ",":
                offset = self._skip(offset + 1)

    def _skip(self, offset: int) -> int:
        return _SPACE.match(self._content, offset).end()  # type: ignore[union-attr]  # it may be empty

    def _line(self, offset: int) -> int:
        return bisect_left(self._breaks, offset) + 1

    def _explained(self) -> DocumentError | None:
        """What was refused as a whole, found again token by token; None if that is in `faults`."""
        opened: list[dict[str, int]] = []
        line, before = 1, 0
        for token in _TOKENS.finditer(self._content):
            word, start = token[0], token.start()
            line, before = line + self._content.count("\n", before, start), start
            if word in "[{":
                opened.append({})
            elif word in "]}":
                opened.pop()
            else:
                try:
                    name = _json_value(word)
                except ValueError:
                    # JSON's grammar, or Python's reading of it, allows it.
                    problem, cure = "is not a JSON number", "give a finite number of ordinary size"
                    if word[0] == '"':
                        problem = "holds half a surrogate pair, which is not Unicode"
                        cure = "write the pair"
                    return DocumentError(self.file, line, f"{word[:60]} {problem}", cure)
                if self._content[self._skip(token.end())] == ":":
                    if name in opened[-1]:
                        twice = _duplicate(self.file, name, line, opened[-1][name])
                        self.faults.append(twice)
                    opened[-1][name] = line
            if len(opened) > MAX_DEPTH:
                return _too_deep(self.file, line)
        return None


def _json_value(text: str) -> Any:
    """The value of JSON text; ValueError if some of it is not I-JSON (RFC 7493)."""
    value = json.loads(text, object_pairs_hook=_object)
    json.dumps(value, ensure_ascii=False, allow_nan=False).encode()
    return value


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise ValueError("duplicate key")
    return value


def _depth(value: Any) -> int:
    if isinstance(value, dict):
        return 1 + max(map(_depth, value.values()), default=0)
    return 1 + max(map(_depth, value), default=0) if isinstance(value, list) else 0


def _line(event: Any) -> int:
    return int(event.start_mark.line) + 1


def _duplicate(file: str, name: str, line: int, first: int) -> DocumentError:
    problem = f"the key {shown(name)} is already on line {first}: this one is read"
    return DocumentError(file, line, problem, "keep one of the two")


def _too_deep(file: str, line: int) -> DocumentError:
    problem = f"the nesting is deeper than {MAX_DEPTH} levels"
    return DocumentError(file, line, problem, "give a flatter document")
