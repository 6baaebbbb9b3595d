"""An object with faults in, the same as it was meant out, and what is said of it.

What was meant is certain for some faults (`_meant`). Any other keyword is read as absent and kept
on record as unread, for nobody can tell what hangs on it.
"""

import copy
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import reduce
from typing import Any

from contracts.document.dialects import ANY, NEW_IN_2020_12, Dialect, Fault, Segments, faults_of
from contracts.document.model import Notice, Source, is_there, join_pointer, value_at
from contracts.document.written import Position
from contracts.errors import DocumentError
from contracts.text import shown

MALFORMED, NULLABLE = "malformed", "nullable"  # kinds of notices
UNREAD = "unread"  # the name of a security scheme that can't be read
MAX_PASSES = 100  # in each of which every fault is mended that shows
STRUCTURE = ("paths", "webhooks", "components")  # without all of which a document is none
ABSENT, ANYTHING, LEFT_OUT = "read as absent", "read as if anything may stand there", "left out"

_BOUNDS = {"exclusiveMinimum": "minimum", "exclusiveMaximum": "maximum"}
_SAY_NOTHING = {"title", "description", "summary", "operationId", "tags", "externalDocs", "links"}
_SAY_NOTHING |= {"example", "examples", "xml", "$comment", "default", "deprecated"}
"""What no message depends on: without it, all the rest is read for certain."""
_HELD = {"info", "servers", "server", "variables", "security", "parameters", "discriminator"}
_HELD |= {"flows", "value", "enum", "const", *_SAY_NOTHING}
"""What an object may have beside those objects that a walk enters."""
_TYPES = {"str": "string", "file": "string", "bool": "boolean", "int": "integer"}
_TYPES |= {"long": "integer", "float": "number", "double": "number"}
INSTEAD: dict[str, Any] = {
    "schema": {},
    "response": {"description": ""},
    "media type": {},
    "path item": {},
    "header": {"schema": {}},
    "request body": {"content": {}},
    "link": {"operationRef": ""},
    # A header parameter of this name is ignored (OpenAPI 3.1 §4.8.12.2).
    "parameter": {"name": "accept", "in": "header", "schema": {}},
    "security scheme": {"type": "http", "scheme": UNREAD},
}
"""What stands in place of an object that can't be read at all, by its kind."""
WORDS_OF_PARAMETERS = (
    *("type", "format", "items", "enum", "pattern", "uniqueItems", "default", "multipleOf"),
    *("minLength", "maxLength", "minItems", "maxItems", *_BOUNDS, *_BOUNDS.values()),
)
"""What a parameter of 2.0 says itself, and one of 3.x in its schema."""
_ASSERTING = {*WORDS_OF_PARAMETERS, "nullable", "allOf", "anyOf", "oneOf", "not", "properties"}
_ASSERTING |= {"required", "additionalProperties", "readOnly", "writeOnly"}
_HOLDERS = {"allOf", "anyOf", "oneOf", "enum"}
"""What decides on null by itself where no `type` does."""
_NO_PROMISE = {"$defs", "$id", "$anchor", "$schema", "contentEncoding", "contentMediaType"}
"""What is new in 2020-12 and promises nothing by itself."""

Node = dict[str, Any]


def put(node: Any, key: Any, value: Any) -> str:
    node[key] = value
    return f"read as `{key}: {shown(value)}`"


def _as_json(value: Any) -> Any:
    """What a text says as JSON, in any case; the text itself if it is none."""
    try:
        found = json.loads(value.lower()) if isinstance(value, str) else value
        json.dumps(found, allow_nan=False)
    except ValueError:
        return value
    return found


def _meant(key: str, value: Any) -> Iterator[Any]:
    """What a value that may not stand under a keyword can mean, if it may stand there."""
    yield _as_json(value)
    if isinstance(value, str):
        word = value.lower()
        yield from (
            word,
            _TYPES.get(word),
            {"propertyName": value} if key == "discriminator" else None,
        )
    elif isinstance(value, list):
        words = []
        for item in value:
            is_text = isinstance(item, str) and key != "type"
            words.append(item if is_text else json.dumps(item).strip('"').lower())
        yield list(dict.fromkeys(words))
    elif isinstance(value, bool | int | float):
        yield from (json.dumps(value), True)


def _exclusive(dialect: Dialect, node: Node, key: str) -> str:
    """True, as in 3.0, makes the bound beside it exclusive; a number, as in 3.1, is one itself."""
    bound = _BOUNDS[key]
    value, beside = _as_json(node[key]), _as_json(node.get(bound))
    is_bounded = type(beside) in (int, float)
    if value is False or (value is True and not is_bounded):
        del node[key]  # which says nothing in 3.0
        return ABSENT
    value = beside if value is True else value
    if type(value) not in (int, float):
        return ""
    if dialect.version != "3.0":
        if value == beside:
            del node[bound]
        return put(node, key, value)
    sign = 1 if key == "exclusiveMinimum" else -1
    if is_bounded and sign * value < sign * beside:
        del node[key]
        return ABSENT
    node[key] = True
    return f"{put(node, bound, value)}, exclusive"


@dataclass(eq=False)
class Repairs:
    """What was mended in a document: notices, and what is unread, by the pointer to it."""

    dialect: Dialect
    root: Position
    notices: list[Notice] = field(default_factory=list)
    unread: dict[str, Any] = field(default_factory=dict)

    def note(self, place: Segments, problem: str, reading: str, kind: str = MALFORMED) -> None:
        cure = f"write it as OpenAPI {self.dialect.version} says"
        source = self.root.at(place).source
        self.notices.append(Notice(kind, source, f"{problem}: {reading}", cure))

    def note_text(self, faults: Iterable[DocumentError]) -> None:
        for fault in faults:
            source = Source(fault.file, fault.line, "")
            self.notices.append(Notice(MALFORMED, source, fault.problem, fault.cure))

    def leave(self, place: Segments, raw: Any) -> None:
        """Put on record that what stands at a place can't be read."""
        self.unread[join_pointer("", *place)] = copy.deepcopy(raw)

    def mend(self, kind: str, value: Any, at: Segments) -> None:
        """Mend a value that should be of a kind; a DocumentError if it can't be one at all."""
        for _ in range(MAX_PASSES):
            faults = faults_of(self.dialect, kind, value)
            if not faults:
                return
            mended: set[tuple[str, ...]] = set()
            for fault in faults:
                path = tuple(map(str, fault.path))
                if kind == "document" and _is_structure(path, fault):
                    raise self._refusal(fault, (*at, *path))
                if is_there(value, path):
                    found = _Place(self.dialect, kind, value, fault)
                    if found.slot not in mended:
                        mended.add(found.slot)
                        self._mend(found, at)
        raise self._refusal(faults[0], (*at, *map(str, faults[0].path)))

    def _refusal(self, fault: Fault, place: Segments) -> DocumentError:
        problem = fault.problem(join_pointer("", *place))
        cure = f"write it as OpenAPI {self.dialect.version} says"
        return self.root.at(place).error(problem, cure)

    def _mend(self, found: "_Place", at: Segments) -> None:
        place = (*at, *found.path[: found.length])
        problem = found.fault.problem(join_pointer("", *at, *found.path))
        self.note((*at, *found.path), problem, found.mended())
        position = reduce(Position.entered, place, self.root)
        for key, there in found.moved.items():
            reduce(Position.entered, there[:-1], position).moved[there[-1]] = position.child(key)
        if not found.is_certain:
            self.leave((*place, *found.key), found.raw)


def _is_structure(path: Segments, fault: Fault) -> bool:
    """Whether it leaves nothing of a document."""
    return path[0] in STRUCTURE and len(path) == 1 if path else fault.said != "info"


def is_described(dialect: Dialect, tree: Any, kinds: Mapping[int, str], at: Segments) -> bool:
    """Whether OpenAPI says what stands at a place, by the `kinds` of objects on the way there.

    It is no place then for an object of another kind, which would be read as both.
    """
    kind = name = ""
    for segment in at:
        if id(tree) in kinds:
            kind, name = kinds[id(tree)], segment
        tree = tree[int(segment)] if isinstance(tree, list) else tree[segment]
    fields = dialect.fields.get(kind, {})
    return not name.startswith("x-") and (name in fields or ANY in fields or name in _HELD)


class _Place:
    """A fault, and the innermost object that it is in."""

    def __init__(self, dialect: Dialect, kind: str, value: Any, fault: Fault) -> None:
        self.dialect, self.fault, self.path = dialect, fault, tuple(map(str, fault.path))
        self.kind, self.length, self.node = kind, 0, value
        self.key: Segments = ()  # what of the object is mended; nothing is all of it
        self.is_certain, self.is_member = True, False
        self.raw: Any = None
        self.moved: dict[str, Segments] = {}  # what stands elsewhere now, and where
        limit = len(self.path) - (fault.kind == "unexpected")
        while self.length < limit:
            held, size = self._held(self.path[self.length])
            child = None
            if held and self.length + size <= limit:
                child = value_at(value, self.path[: self.length + size])
            if not isinstance(child, dict):
                break
            self.length, self.kind, self.node = self.length + size, held.strip("[]{}"), child
        rest = self.path[self.length :]
        if rest and self.kind != "security scheme":
            held, size = self._held(rest[0])
            is_full = bool(held) and len(rest) >= size
            self.is_member = is_full and fault.kind != "unexpected"
            self.key = rest[:size] if self.is_member else rest[:1]
        self.slot = (*self.path[: self.length], *self.key)

    def _held(self, key: str) -> tuple[str, int]:
        """What a field of the object holds, and how many segments lead to one of these."""
        fields = self.dialect.fields.get(self.kind, {})
        held = fields.get(key) or fields.get(ANY, "")
        return held, 1 + (held[:1] in ("[", "{"))

    def mended(self) -> str:
        """Mend it, and say as what it is read."""
        rest = self.path[self.length :]
        if not self.key:
            return self._object()
        self.raw = copy.deepcopy(value_at(self.node, self.key))
        if self.fault.kind == "unexpected":
            return self._unexpected(rest[0])
        if self.is_member:
            return self._member(rest[0])
        if self.kind == "document" and rest[0] == "info":
            return self._info(rest)
        return self._keyword(rest[0])

    def _unsure(self, reading: str) -> str:
        self.is_certain = False
        return reading

    def _object(self) -> str:
        """One that lacks something, or has two things of which there may be one."""
        node, lacks = self.node, self.fault.said if self.fault.kind == "required" else ""
        if lacks == "info":
            return put(node, lacks, {"title": "untitled", "version": ""})
        if "schema" in lacks:
            self.moved = {key: ("schema", key) for key in WORDS_OF_PARAMETERS if key in node}
            return put(node, "schema", {key: node.pop(key) for key in self.moved})
        if lacks in ("responses", "content"):
            put(node, lacks, {})
            return "read as what its `$ref` names" if "$ref" in node else "read as empty"
        if {"schema", "content"} <= node.keys():
            self.key, self.raw = ("content",), node.pop("content")
            return self._unsure(f"its `content` is {ABSENT}")
        self.raw = dict(node)
        node.clear()
        node |= copy.deepcopy(INSTEAD.get(self.kind, {}))
        return self._unsure(ANYTHING if self.kind in ("schema", "response") else LEFT_OUT)

    def _unexpected(self, name: str) -> str:
        """A name that is no path, or no status: `2xx` is one."""
        held, meant = self.node.pop(name), name.upper()
        if re.fullmatch("[1-5]XX", meant) and meant not in self.node:
            self.moved = {name: (meant,)}
            return put(self.node, meant, held)
        return self._unsure(LEFT_OUT)

    def _member(self, field: str) -> str:
        """What should be an object and is none; null says nothing, as if it were not there."""
        held, _ = self._held(field)
        kind = held.strip("[]{}")
        holder, name = value_at(self.node, self.key[:-1]), self.key[-1]
        at: Any = int(name) if isinstance(holder, list) else name
        raw = holder[at]
        word = str(raw).lower()
        if kind == "schema" and word in ("true", "false"):
            is_object = self.dialect.version == "3.0" and name != "additionalProperties"
            anything, nothing = ({}, {"not": {}}) if is_object else (True, False)
            return put(holder, at, anything if word == "true" else nothing)
        is_null, has_another = raw is None, kind in INSTEAD or isinstance(holder, list)
        if (held == kind and is_null) or name == "$ref" or not has_another:
            del holder[at]
            self.is_certain = is_null or kind == "example"
            return ABSENT
        holder[at] = copy.deepcopy(INSTEAD.get(kind, {}))
        self.is_certain = is_null and kind in ("response", "media type", "path item")
        return ANYTHING

    def _info(self, rest: Segments) -> str:
        """Of which nothing depends on anything."""
        said, info = self.node["info"], {"title": "untitled", "version": ""}
        if len(rest) > 1 and rest[1] not in info:
            del said[rest[1]]
            return ABSENT
        for name in info:
            if isinstance(said, dict) and isinstance(said.get(name), str | int | float):
                info[name] = str(said[name])
        return put(self.node, "info", info)

    def _keyword(self, key: str) -> str:
        node, value = self.node, self.node[key]
        if key in _BOUNDS and (reading := _exclusive(self.dialect, node, key)):
            return reading
        is_text = isinstance(value, str)
        if key == "type" and is_text and value.lower() == "any":
            del node[key]
            return ABSENT
        if key == "type" and value is None and self._is_branch():
            return put(node, key, "null")
        if key == "type" and is_text and value.lower() == "file":
            node.setdefault("format", "binary")
        for found in _meant(key, value) if key != "$ref" else ():
            if found is not None and self._may_be(key, found):
                return put(node, key, found)
        if self.kind == "parameter" and key in ("in", "name"):
            self.key = ()
            return self._object()
        del node[key]
        self.is_certain = key in _SAY_NOTHING or (value is None and key != "type")
        return ABSENT

    def _may_be(self, key: str, value: Any) -> bool:
        """Whether a value may stand under a keyword of the object."""
        if self.kind not in self.dialect.definitions or self.kind == "document":
            return False
        faults = faults_of(self.dialect, self.kind, {**self.node, key: value})
        return all(fault.path[:1] != [key] for fault in faults)

    def _is_branch(self) -> bool:
        """Whether a schema that says nothing but its type is a branch of a union."""
        above = self.path[max(self.length - 2, 0) : self.length]
        is_bare = self.node.keys() <= {"type", "title", "description"}
        return is_bare and not {"anyOf", "oneOf"}.isdisjoint(above)


def read_foreign(repairs: Repairs, schema: Node, place: Segments) -> None:
    """Say what a schema has of another version, and read it as it was meant; else as absent."""
    for key, problem, reading in _of_other_versions(repairs.dialect, schema):
        repairs.note((*place, key), problem, reading)
        if reading == ABSENT:
            repairs.leave((*place, key), schema.pop(key))
    is_bare = not schema.get("type") and not _HOLDERS.isdisjoint(schema)
    if is_bare and schema.get("nullable") is True and not repairs.dialect.has_identifiers:
        problem = f"{join_pointer('', *place)} has `nullable` without a `type` beside it"
        reading = "null is allowed no more than without it (OpenAPI 3.0.3, Schema Object)"
        repairs.note((*place, "nullable"), problem, reading, NULLABLE)


def _of_other_versions(dialect: Dialect, schema: Node) -> Iterator[tuple[str, str, str]]:
    """What a schema has of another version: the keyword, what is wrong, and as what it is read."""
    if dialect.has_identifiers:
        if schema.get("nullable") is True:
            types = schema.get("type")
            problem = f"`nullable` means nothing in OpenAPI {dialect.version}"
            if not types:
                yield "nullable", problem, ABSENT
                return
            names = types if isinstance(types, list) else [types]
            yield "nullable", problem, put(schema, "type", list(dict.fromkeys([*names, "null"])))
            del schema["nullable"]
        return
    if isinstance(schema.get("$ref"), str):
        beside = [key for key in schema if key in _ASSERTING]
        if beside:
            problem = f"`{'`, `'.join(beside)}` beside a `$ref`, which hides it in OpenAPI 3.0"
            yield "$ref", problem, "read as hidden"
        return
    types = schema.get("type")
    if isinstance(types, list) or types == "null":
        yield "type", f"`type: {shown(types)}` is no type of OpenAPI 3.0", "read as in 3.1"
    if types == "array" and "items" not in schema:
        yield "items", "`items` must not be missing in OpenAPI 3.0", "read as items of any kind"
    if "const" in schema and "enum" not in schema:
        reading = put(schema, "enum", [schema.pop("const")])
        yield "const", "`const` means nothing in OpenAPI 3.0", reading
    for key in [key for key in NEW_IN_2020_12 if key in schema and key not in _NO_PROMISE]:
        yield key, f"`{key}` means nothing in OpenAPI 3.0", ABSENT
