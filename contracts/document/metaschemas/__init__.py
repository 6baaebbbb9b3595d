"""A tree in, the most telling complaint of OpenAPI's official meta-schema out."""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple

import jsonschema_rs

from contracts.document.dialects import Dialect
from contracts.document.pointers import join_pointer
from contracts.document.text import shown

# What the meta-schemas forbid and we let pass, because published documents do it and no promise depends on it:
# fields that OpenAPI doesn't know, without `x-` (except among paths and statuses, where each is a promise);
# repeated or absent items (`required: []`); component names with other characters; strings that don't have their
# `format` (e-mail, URI); a response without `description`; `example` beside `examples`; a path parameter without
# `required: true`, which it is anyhow; null and lists of types in 3.0 schemas, which can mean only what 3.1 says.
_PASSED_KEYWORDS = {
    "additionalProperties": False,
    "unevaluatedProperties": False,
    "uniqueItems": True,
    "minItems": 1,
}
_KEPT_CLOSED = frozenset({"Paths", "Responses", "paths", "responses"})
_COMPONENT_NAMES = r"^[a-zA-Z0-9\.\-_]+$"
_DIALECT_3_1 = "https://spec.openapis.org/oas/3.1/dialect/base"

_TYPES = {"enum": ["array", "boolean", "integer", "null", "number", "object", "string"]}
_STYLES_FOR_PATH = ("$defs", "parameter", "dependentSchemas", "schema", "$defs", "styles-for-path")

_PATCHES: dict[str, dict[tuple[str | int, ...], Any]] = {
    "oas-3.0.json": {
        ("definitions", "ParameterLocation", "oneOf", 0, "required"): [],
        ("definitions", "Schema", "properties", "type"): {
            "anyOf": [_TYPES, {"type": "array", "items": _TYPES}]
        },
        ("definitions", "Response", "required"): [],
        ("definitions", "ExampleXORExamples"): {},
        # written in draft 4, read as draft 7 for the sake of `if`
        ("$schema",): "http://json-schema.org/draft-07/schema#",
        ("definitions", "Schema", "properties", "multipleOf"): {
            "type": "number",
            "exclusiveMinimum": 0,
        },
    },
    "oas-3.1.json": {
        (*_STYLES_FOR_PATH, "then", "required"): [],
        ("$defs", "response", "required"): [],
        ("$defs", "components", "patternProperties"): {},
        # as the official "schema-base" does: Schema Objects are looked into
        ("$defs", "schema"): {"$ref": _DIALECT_3_1},
    },
}


class Complaint(NamedTuple):
    """`segments` lead to the node that is wrong, or to the one that lacks something."""

    segments: tuple[str, ...]
    text: str


def complaint(dialect: Dialect, kind: str, value: Any, at: Iterable[str] = ()) -> Complaint | None:
    """The most specific reason why `value`, which stands at `at`, is no OpenAPI object of this kind, or None."""
    validator = _validator(dialect.metaschema, dialect.definitions[kind])
    if validator.is_valid(value):
        return None
    worst = max((_faults(error) for error in validator.iter_errors(value)), key=_depth)[0]
    segments = (*at, *map(str, worst.path))
    return Complaint(segments, _sentence(worst, join_pointer("", *segments)))


@cache
def _validator(name: str, definition: str) -> jsonschema_rs.Validator:
    root = _patched(name)
    others = [_read("oas-3.1-dialect.json"), _read("oas-3.1-vocabulary.json")]
    registry = jsonschema_rs.Registry(
        [("urn:openapi", root), *((other["$id"], other) for other in others)]
    )
    schema = {"$schema": root["$schema"], "$ref": f"urn:openapi{definition}"}
    return jsonschema_rs.validator_for(schema, registry=registry, validate_formats=False, mask="it")  # type: ignore[no-any-return, unused-ignore]


def _read(name: str) -> dict[str, Any]:
    return json.loads(files(__name__).joinpath(name).read_text("utf-8"))  # type: ignore[no-any-return]


def _patched(name: str) -> dict[str, Any]:
    root = _read(name)
    del root["id" if "id" in root else "$id"]
    for path, replacement in _PATCHES[name].items():
        parent: Any = root
        for segment in path[:-1]:
            parent = parent[segment]
        parent[path[-1]] = replacement
    return _loosened(root)  # type: ignore[no-any-return]


def _loosened(node: Any, name: str = "") -> Any:
    if isinstance(node, list):
        return [_loosened(child) for child in node]
    if not isinstance(node, dict):
        return node
    if node == {"$dynamicRef": "#meta"}:
        return {"$ref": "#/$defs/schema"}
    passed = {} if name in _KEPT_CLOSED else _PASSED_KEYWORDS
    kept = {key: child for key, child in node.items() if key not in passed or child != passed[key]}
    return _told_by_ref(
        {
            "^" if key == _COMPONENT_NAMES else key: _loosened(child, key)
            for key, child in kept.items()
        }
    )


def _told_by_ref(schema: dict[str, Any]) -> dict[str, Any]:
    """3.0 says "one of these or a Reference"; telling them apart by `$ref` gives one error instead of a choice."""
    reference = {"$ref": "#/definitions/Reference"}
    branches = schema.get("oneOf")
    if not isinstance(branches, list) or reference not in branches:
        return schema
    rest = [branch for branch in branches if branch != reference]
    return {
        "if": {"type": "object", "required": ["$ref"]},
        "then": reference,
        "else": {"anyOf": rest},
    }


class _Fault(NamedTuple):
    """An error, with what the choice between branches of a union needs; `options` are those of an enum or const."""

    path: list[str | int]
    instance: Any
    kind: str
    options: list[Any]
    said: str


def _faults(error: jsonschema_rs.ValidationError) -> list[_Fault]:
    """The error itself, or for a union those of the branch that was meant."""
    facts = error.kind.as_dict()
    path = error.instance_path
    if not facts.get("context") or not all(facts["context"]):
        return [_fault(error, facts)]
    branches = [
        [fault for child in branch for fault in _faults(child)] for branch in facts["context"]
    ]
    meant = [branch for branch in branches if not any(_rules_out(fault, path) for fault in branch)]
    return _merged(meant or branches) or max(meant or branches, key=_depth)


def _fault(error: jsonschema_rs.ValidationError, facts: dict[str, Any]) -> _Fault:
    path, kind, options = error.instance_path, error.kind.name, facts.get("options", [])
    said = f"but {error.message}"
    if kind == "const":
        options = [facts["expected_value"]]
    elif kind == "required":
        said = facts["property"]
    elif facts.get("unexpected"):
        path, kind = [*path, facts["unexpected"][0]], "unexpected"
    elif facts.get("context"):
        said = "but more than one of the alternatives for it applies"
    return _Fault(
        path, error.instance, kind, options, f"wanted {_choice(options)}" if options else said
    )


def _choice(options: list[Any]) -> str:
    return " or ".join(map(shown, options))


def _rules_out(fault: _Fault, path: list[str | int]) -> bool:
    """Whether the branch is one for other values: another constant, or another type altogether."""
    return bool(fault.options) or (fault.kind == "type" and fault.path == path)


def _merged(branches: list[list[_Fault]]) -> list[_Fault]:
    """One fault for branches that differ only in the constant, or the member, that they ask for."""
    firsts = [next((fault for fault in branch if fault.options), branch[0]) for branch in branches]
    first = firsts[0]
    if len(firsts) > 1 and all(
        fault.path == first.path and fault.kind == first.kind for fault in firsts
    ):
        if first.options:
            options = [option for fault in firsts for option in fault.options]
            return [first._replace(options=options, said=f"wanted {_choice(options)}")]
        if first.kind == "required":
            return [first._replace(said=" or ".join(fault.said for fault in firsts))]
    return []


def _depth(faults: list[_Fault]) -> int:
    return max(len(fault.path) for fault in faults)


def _sentence(fault: _Fault, pointer: str) -> str:
    if fault.kind == "required":
        return f"{pointer}/{fault.said} must not be missing"
    if fault.kind == "unexpected":
        return f"{pointer} is not allowed, for OpenAPI knows no such key there"
    return f"{pointer or 'the document'} is {shown(fault.instance)}, {fault.said}"
