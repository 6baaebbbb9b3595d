"""What differs between OpenAPI 3.0, 3.1 and 3.2, as data, and what their meta-schemas refuse."""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from importlib.resources import files
from typing import Any, NamedTuple

import jsonschema_rs

from contracts.text import shown

_METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
OTHER_METHODS = "additionalOperations"  # of a path item in 3.2: operations by method, as written
ANY = "*"  # stands for every field of an object that is a map itself, extensions (`x-…`) apart

Fields = Mapping[str, str]
"""What each field of an object holds: a `kind` of object, a list `[kind]`, or a map `{kind}`."""
_SERIALISED = {"schema": "schema", "content": "{media type}", "examples": "{example}"}
_OBJECTS: dict[str, Fields] = {
    "document": {"paths": "paths", "webhooks": "{path item}", "components": "components"},
    "components": {
        "schemas": "{schema}",
        "responses": "{response}",
        "parameters": "{parameter}",
        "examples": "{example}",
        "requestBodies": "{request body}",
        "headers": "{header}",
        "securitySchemes": "{security scheme}",
        "links": "{link}",
        "callbacks": "{callback}",
        "pathItems": "{path item}",
    },
    "paths": {ANY: "path item"},
    "path item": {**dict.fromkeys(_METHODS, "operation"), "parameters": "[parameter]"},
    "operation": {
        "parameters": "[parameter]",
        "requestBody": "request body",
        "responses": "responses",
        "callbacks": "{callback}",
    },
    "callback": {ANY: "path item"},
    "parameter": _SERIALISED,
    "header": _SERIALISED,
    "request body": {"content": "{media type}"},
    "responses": {ANY: "response"},
    "response": {"headers": "{header}", "content": "{media type}", "links": "{link}"},
    "media type": {"schema": "schema", "examples": "{example}", "encoding": "{encoding}"},
    "encoding": {"headers": "{header}"},
}
_ENCODINGS = {"prefixEncoding": "[encoding]", "itemEncoding": "encoding"}
_OBJECTS_3_2: dict[str, Fields] = {
    **_OBJECTS,
    "components": {**_OBJECTS["components"], "mediaTypes": "{media type}"},
    "path item": {**_OBJECTS["path item"], "query": "operation", OTHER_METHODS: "{operation}"},
    "media type": {**_OBJECTS["media type"], "itemSchema": "schema", **_ENCODINGS},
    "encoding": {**_OBJECTS["encoding"], "encoding": "{encoding}", **_ENCODINGS},
}
_SCHEMA_3_0: Fields = {
    **dict.fromkeys(("items", "additionalProperties", "not"), "schema"),
    **dict.fromkeys(("allOf", "anyOf", "oneOf"), "[schema]"),
    "properties": "{schema}",
}
_SCHEMA_3_1: Fields = {
    **_SCHEMA_3_0,
    **dict.fromkeys(("contains", "propertyNames", "if", "then", "else"), "schema"),
    **dict.fromkeys(("unevaluatedItems", "unevaluatedProperties", "contentSchema"), "schema"),
    **dict.fromkeys(("patternProperties", "dependentSchemas", "$defs"), "{schema}"),
    "prefixItems": "[schema]",
}

_IDENTIFIERS = ("$id", "$anchor", "$schema")
NEW_IN_2020_12 = (
    *sorted(_SCHEMA_3_1.keys() - _SCHEMA_3_0.keys()),
    *("const", "dependentRequired", "minContains", "maxContains", "$dynamicRef", *_IDENTIFIERS),
    *("contentEncoding", "contentMediaType"),
)
"""Keywords that mean nothing in a 3.0 schema and would begin to bind once it is read as 2020-12."""

_GROUPS = re.compile(
    r"(?:\\k<|\(\?P=)([A-Za-z_]\w*)[>)]|\(\?P?<([A-Za-z_]\w*)>|\((?!\?)|\\.|\[(?:\\.|[^\]\\])*\]"
)
"""In a pattern: a name that is referred to, a group with its name, a group, and what is neither."""
INTEGER_BOUNDS = {"int32": (-(2**31), 2**31 - 1), "int64": (-(2**63), 2**63 - 1)}


def _drop_siblings_of_ref(schema: dict[str, Any]) -> None:
    """OpenAPI 3.0.3 §4.7.23.1: what stands beside `$ref` is ignored."""
    ref = schema.get("$ref")
    if isinstance(ref, str):
        schema.clear()
        schema["$ref"] = ref


def _drop(keywords: Sequence[str], schema: dict[str, Any]) -> None:
    for keyword in keywords:
        schema.pop(keyword, None)


def _nullable_to_type(schema: dict[str, Any]) -> None:
    """OpenAPI 3.0.3: `nullable` counts only beside `type`; an `enum` without null forbids null."""
    if schema.pop("nullable", False) is True and schema.get("type"):
        schema["type"] = list(dict.fromkeys([*_types(schema), "null"]))


def _exclusive_bounds_to_numbers(schema: dict[str, Any]) -> None:
    for exclusive, bound in (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")):
        if schema.pop(exclusive, False) is True and bound in schema:
            schema[exclusive] = schema.pop(bound)


def _integer_formats_to_bounds(schema: dict[str, Any]) -> None:
    """`int32` and `int64` are promises that no validator asserts; `format` stays."""
    name, types = schema.get("format"), _types(schema)
    if name in ("int32", "int64") and "integer" in types and {"integer", "null"}.issuperset(types):
        low, high = INTEGER_BOUNDS[name]
        schema["minimum"] = max(low, schema.get("minimum", low))
        schema["maximum"] = min(high, schema.get("maximum", high))


def _named_references_to_numbers(schema: dict[str, Any]) -> None:
    """A pattern may refer back to a group by its name; no engine that we have reads that."""
    pattern, numbers = schema.get("pattern"), dict[str, int]()
    if not isinstance(pattern, str):
        return
    groups = [found for found in _GROUPS.finditer(pattern) if found[0][0] == "(" and not found[1]]
    for number, group in enumerate(groups, 1):
        numbers.setdefault(group[2] or "", number)

    def numbered(found: re.Match[str]) -> str:
        return f"(?:\\{numbers[found[1]]})" if found[1] and found[1] in numbers else found[0]

    schema["pattern"] = _GROUPS.sub(numbered, pattern)


def _types(schema: dict[str, Any]) -> list[Any]:
    types = schema.get("type")
    return types if isinstance(types, list) else [types]


@dataclass(frozen=True, eq=False)
class Dialect:
    version: str  # its first two numbers
    definitions: Mapping[str, str]  # of what may be referred to: where in the official meta-schema
    fields: Mapping[str, Fields]  # of each kind
    ref_hides: frozenset[str]  # kinds whose other fields don't count beside a `$ref`
    has_identifiers: bool  # whether `$id` and the like mean something
    rewrites: tuple[Callable[[dict[str, Any]], None], ...]  # of a Schema Object, to 2020-12

    @property
    def methods(self) -> list[str]:
        """The fields of a path item that hold an operation each."""
        held = self.fields["path item"].items()
        return [name for name, kind in held if kind == "operation"]


_KINDS = [held[1:-1] for held in _OBJECTS["components"].values()]
_3_0 = {kind: f"#/definitions/{kind.title().replace(' ', '')}" for kind in _KINDS}
_3_1 = {kind: f"#/$defs/{kind.replace(' ', '-')}" for kind in _KINDS}
_3_1["callback"] = "#/$defs/callbacks"
_3_0["document"] = _3_1["document"] = ""
# No version lets an operation be a reference, and published documents do.
_3_0["operation"], _3_1["operation"] = "#/definitions/Operation", "#/$defs/operation"
_3_2 = _3_1 | {"media type": "#/$defs/media-type"}
_FIELDS_3_0, _FIELDS_3_1 = {**_OBJECTS, "schema": _SCHEMA_3_0}, {**_OBJECTS, "schema": _SCHEMA_3_1}
_FIELDS_3_2 = {**_OBJECTS_3_2, "schema": _SCHEMA_3_1}
_HIDING = frozenset((*_KINDS, "operation")) - {"path item", "schema"}
_FROM_3_0 = (
    _drop_siblings_of_ref,
    partial(_drop, NEW_IN_2020_12),
    _nullable_to_type,
    _exclusive_bounds_to_numbers,
    _integer_formats_to_bounds,
    _named_references_to_numbers,
)
# References are pointers by now, and an `$id` would give those below it another meaning.
_FROM_3_1 = (
    _integer_formats_to_bounds,
    _named_references_to_numbers,
    partial(_drop, (*_IDENTIFIERS, "$dynamicAnchor")),
)

DIALECTS = (
    Dialect("3.0", _3_0, _FIELDS_3_0, _HIDING | {"schema"}, False, _FROM_3_0),
    Dialect("3.1", _3_1, _FIELDS_3_1, _HIDING, True, _FROM_3_1),
    Dialect("3.2", _3_2, _FIELDS_3_2, _HIDING | {"media type"}, True, _FROM_3_1),
)

Segments = tuple[str, ...]
Found = tuple[Any, str, Segments]
"""A node, the kind that it has where it stands, and the raw segments that lead there."""
_CONTAINERS = {"{": dict, "[": list}


def walk(dialect: Dialect, found: Found) -> Iterator[Found]:
    """Every OpenAPI object at and below the one that was found; references are not followed."""
    # Only fields that hold objects are entered: no example or extension is taken for a schema.
    stack = [found]
    while stack:
        node, kind, segments = stack.pop()
        if not isinstance(node, dict):
            continue
        yield node, kind, segments
        if kind in dialect.ref_hides and isinstance(node.get("$ref"), str):
            continue
        fields = dialect.fields.get(kind, {})
        for name, value in node.items():
            held, place = fields.get(name) or fields.get(ANY, ""), (*segments, name)
            if not held or (ANY in fields and name.startswith("x-")):
                continue
            if held[0] not in _CONTAINERS:
                stack.append((value, held, place))
            elif isinstance(value, _CONTAINERS[held[0]]):
                members = value.items() if held[0] == "{" else enumerate(value)
                stack.extend((child, held[1:-1], (*place, str(at))) for at, child in members)


_CLOSED = (("additionalProperties", False), ("unevaluatedProperties", False))
_LET_PASS = (*_CLOSED, ("uniqueItems", True), ("minItems", 1), ("minProperties", 1))
_KEPT_CLOSED = ("Paths", "Responses", "paths", "responses")
_LOOSE_NAMES = {r"^[a-zA-Z0-9\.\-_]+$": "^"}
_TYPES = {"enum": ["array", "boolean", "integer", "null", "number", "object", "string"]}
_REFERENCE = {"$ref": "#/definitions/Reference"}


class Fault(NamedTuple):
    """What is wrong in a value, and where; `options` are of an enum or const."""

    path: list[str | int]
    instance: Any
    kind: str  # the keyword of the meta-schema, or `unexpected` for a key that OpenAPI doesn't know
    options: list[Any]
    said: str

    def problem(self, pointer: str) -> str:
        """What is wrong at `pointer`, where the fault stands."""
        if self.kind == "required":
            return f"{pointer}/{self.said} must not be missing"
        if self.kind == "unexpected":
            return f"{pointer} is not allowed, for OpenAPI knows no such key there"
        said = f"wanted {' or '.join(map(shown, self.options))}" if self.options else self.said
        return f"{pointer or 'the document'} is {shown(self.instance)}, {said}"


def faults_of(dialect: Dialect, kind: str, value: Any) -> list[Fault]:
    """Of each error in a value that should be of this kind the best reason, the deepest first."""
    if dialect.version == "2.0":  # which is looked into once it is converted
        return []
    validator = _validator(dialect.version, dialect.definitions[kind])
    if validator.is_valid(value):
        return []
    found = [_faults(error)[0] for error in validator.iter_errors(value)]
    return sorted(found, key=lambda fault: -len(fault.path))


@cache
def _validator(version: str, definition: str) -> jsonschema_rs.Validator:
    root = _read(version)
    parts = []
    if version == "3.0":
        _loosen_3_0(root)
    else:
        parts = [_read(f"{version}-dialect"), _read(f"{version}-vocabulary")]
        _loosen_3_1(root, parts[0]["$id"])
    root = _loosened(root)
    resources = [("urn:openapi", root), *((part["$id"], part) for part in parts)]
    return jsonschema_rs.validator_for(  # type: ignore[no-any-return, unused-ignore]
        {"$schema": root["$schema"], "$ref": f"urn:openapi{definition}"},
        registry=jsonschema_rs.Registry(resources),
        validate_formats=False,
        mask="it",
    )


def _read(name: str) -> dict[str, Any]:
    file = files(__package__).joinpath("metaschemas", f"oas-{name}.json")
    return json.loads(file.read_text("utf-8"))  # type: ignore[no-any-return]


# What the meta-schemas forbid and we let pass, because published documents do it and no promise
# depends on it: fields that OpenAPI doesn't know, without `x-` (except among paths and statuses,
# where each is a promise); repeated or absent items (`required: []`); component names with other
# characters; strings that don't have their `format` (e-mail, URI); a response without
# `description`; `example` beside `examples`; a path parameter without `required: true`, which it
# is anyhow; null and lists of types in 3.0 schemas, which can mean only what 3.1 says.


def _loosen_3_0(root: dict[str, Any]) -> None:
    del root["id"]
    root["$schema"] = "http://json-schema.org/draft-07/schema#"  # not draft 4, for the sake of `if`
    definitions = root["definitions"]
    definitions["ParameterLocation"]["oneOf"][0]["required"] = []
    definitions["Response"]["required"] = []
    definitions["ExampleXORExamples"] = {}
    keywords = definitions["Schema"]["properties"]
    keywords["type"] = {"anyOf": [_TYPES, {"type": "array", "items": _TYPES}]}
    keywords["multipleOf"] = {"type": "number", "exclusiveMinimum": 0}


def _loosen_3_1(root: dict[str, Any], dialect: str) -> None:
    del root["$id"]
    definitions = root["$defs"]
    in_path = definitions["parameter"]["dependentSchemas"]["schema"]["$defs"]["styles-for-path"]
    in_path["then"]["required"] = []
    definitions["response"]["required"] = []
    del definitions["responses"]["if"], definitions["responses"]["then"]
    definitions["components"]["patternProperties"] = {}
    # What stands beside the `$ref` of a path item counts, and is looked into.
    definitions["path-item-or-reference"] = {"$ref": "#/$defs/path-item"}
    definitions["path-item"]["properties"]["$ref"] = {"type": "string"}
    # As the official "schema-base" does: Schema Objects are looked into.
    definitions["schema"] = {"$ref": dialect}


def _loosened(node: Any, name: str = "") -> Any:
    if isinstance(node, list):
        return [_loosened(child) for child in node]
    if not isinstance(node, dict):
        return node
    if node == {"$dynamicRef": "#meta"}:
        return {"$ref": "#/$defs/schema"}
    made = {}
    for key, child in node.items():
        is_loose = (key, child) in _LET_PASS
        if not is_loose or (name in _KEPT_CLOSED and (key, child) in _CLOSED):
            made[_LOOSE_NAMES.get(key, key)] = _loosened(child, key)
    branches = made.get("oneOf")
    if not isinstance(branches, list) or _REFERENCE not in branches:
        return made
    # 3.0 says "one of these or a Reference"; told apart by `$ref`, there is one error, no choice.
    rest = [branch for branch in branches if branch != _REFERENCE]
    is_reference = {"type": "object", "required": ["$ref"]}
    return {"if": is_reference, "then": _REFERENCE, "else": {"anyOf": rest}}


def _faults(error: jsonschema_rs.ValidationError) -> list[Fault]:
    """The error itself, or for a union those of the branch that was meant."""
    facts = error.kind.as_dict()
    if not facts.get("context") or not all(facts["context"]):
        return [_fault(error, facts)]
    branches, meant, at = [], [], error.instance_path
    for context in facts["context"]:
        branches.append([fault for child in context for fault in _faults(child)])
        # A branch for other values asks for another constant, or another type altogether.
        if not any(_has_options(f) or (f.kind == "type" and f.path == at) for f in branches[-1]):
            meant.append(branches[-1])
    counts = [len(list(filter(_has_options, branch))) for branch in branches]
    if not meant and min(counts) and counts.count(min(counts)) == 1:
        return branches[counts.index(min(counts))]  # which lacks the least
    return _merged(meant or branches) or max(meant or branches, key=_depth)


def _fault(error: jsonschema_rs.ValidationError, facts: dict[str, Any]) -> Fault:
    path, kind, said = error.instance_path, error.kind.name, f"but {error.message}"
    options = facts.get("options", [])
    if kind == "const":
        options = [facts["expected_value"]]
    elif kind == "required":
        said = facts["property"]
    elif facts.get("unexpected"):
        path, kind = [*path, facts["unexpected"][0]], "unexpected"
    elif facts.get("context"):
        said = "but more than one of the alternatives for it applies"
    return Fault(path, error.instance, kind, options, said)


def _merged(branches: list[list[Fault]]) -> list[Fault]:
    """One fault for branches that differ only in the constant, or the member, that they ask for."""
    # Of each branch the first fault with options, else the first of all: `max` keeps the order.
    firsts = [max(branch, key=_has_options) for branch in branches]
    first = firsts[0]
    if len(firsts) == 1 or any((f.path, f.kind) != (first.path, first.kind) for f in firsts):
        return []
    if first.options:
        options = [option for fault in firsts for option in fault.options]
        return [first._replace(options=options)]
    if first.kind == "required":
        return [first._replace(said=" or ".join(fault.said for fault in firsts))]
    return []


def _has_options(fault: Fault) -> bool:
    return bool(fault.options)


def _depth(faults: list[Fault]) -> int:
    return max(len(fault.path) for fault in faults)
