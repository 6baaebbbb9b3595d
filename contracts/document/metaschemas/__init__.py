"""A tree and OpenAPI's official meta-schema in, its most telling complaint out."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple

import jsonschema_rs

from contracts.document.dialects import Dialect
from contracts.document.model import join_pointer
from contracts.document.written import Place
from contracts.text import shown

_LET_PASS = (
    *(("additionalProperties", False), ("unevaluatedProperties", False)),
    *(("uniqueItems", True), ("minItems", 1)),
)
_KEPT_CLOSED = ("Paths", "Responses", "paths", "responses")
_COMPONENT_NAMES = r"^[a-zA-Z0-9\.\-_]+$"
_TYPES = {"enum": ["array", "boolean", "integer", "null", "number", "object", "string"]}
_REFERENCE = {"$ref": "#/definitions/Reference"}
_ONE_OF_SEVERAL = "but more than one of the alternatives for it applies"


class _Fault(NamedTuple):
    """An error, with what the choice between branches of a union needs; `options` are those of an enum or const."""

    path: list[str | int]
    instance: Any
    kind: str
    options: list[Any]
    said: str


def refuse_malformed(
    dialect: Dialect, kind: str, value: Any, root: Place, at: Sequence[str] = ()
) -> None:
    """A DocumentError with the most specific reason why `value`, which stands at `at`, is no object of this kind."""
    validator = _validator(dialect.metaschema, dialect.definitions[kind])
    if validator.is_valid(value):
        return
    worst = max((_faults(error) for error in validator.iter_errors(value)), key=_depth)[0]
    place = (*at, *map(str, worst.path))
    pointer = join_pointer("", *place)
    if worst.kind == "required":
        problem = f"{pointer}/{worst.said} must not be missing"
    elif worst.kind == "unexpected":
        problem = f"{pointer} is not allowed, for OpenAPI knows no such key there"
    else:
        problem = f"{pointer or 'the document'} is {shown(worst.instance)}, {worst.said}"
    raise root.at(place).error(problem, f"write it as OpenAPI {dialect.version} says")


@cache
def _validator(name: str, definition: str) -> jsonschema_rs.Validator:
    root = _read(name)
    if name == "oas-3.0.json":
        _loosen_3_0(root)
    else:
        _loosen_3_1(root)
    root = _loosened(root)
    parts = [_read("oas-3.1-dialect.json"), _read("oas-3.1-vocabulary.json")]
    resources = [("urn:openapi", root), *((part["$id"], part) for part in parts)]
    return jsonschema_rs.validator_for(  # type: ignore[no-any-return, unused-ignore]
        {"$schema": root["$schema"], "$ref": f"urn:openapi{definition}"},
        registry=jsonschema_rs.Registry(resources),
        validate_formats=False,
        mask="it",
    )


def _read(name: str) -> dict[str, Any]:
    return json.loads(files(__name__).joinpath(name).read_text("utf-8"))  # type: ignore[no-any-return]


# What the meta-schemas forbid and we let pass, because published documents do it and no promise depends on it:
# fields that OpenAPI doesn't know, without `x-` (except among paths and statuses, where each is a promise);
# repeated or absent items (`required: []`); component names with other characters; strings that don't have their
# `format` (e-mail, URI); a response without `description`; `example` beside `examples`; a path parameter without
# `required: true`, which it is anyhow; null and lists of types in 3.0 schemas, which can mean only what 3.1 says.


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


def _loosen_3_1(root: dict[str, Any]) -> None:
    del root["$id"]
    definitions = root["$defs"]
    in_path = definitions["parameter"]["dependentSchemas"]["schema"]["$defs"]["styles-for-path"]
    in_path["then"]["required"] = []
    definitions["response"]["required"] = []
    definitions["components"]["patternProperties"] = {}
    # As the official "schema-base" does: Schema Objects are looked into.
    definitions["schema"] = {"$ref": "https://spec.openapis.org/oas/3.1/dialect/base"}


def _loosened(node: Any, name: str = "") -> Any:
    if isinstance(node, list):
        return [_loosened(child) for child in node]
    if not isinstance(node, dict):
        return node
    if node == {"$dynamicRef": "#meta"}:
        return {"$ref": "#/$defs/schema"}
    made = {}
    for key, child in node.items():
        if name in _KEPT_CLOSED or (key, child) not in _LET_PASS:
            made["^" if key == _COMPONENT_NAMES else key] = _loosened(child, key)
    branches = made.get("oneOf")
    if not isinstance(branches, list) or _REFERENCE not in branches:
        return made
    # 3.0 says "one of these or a Reference"; telling them apart by `$ref` gives one error instead of a choice.
    rest = [branch for branch in branches if branch != _REFERENCE]
    is_reference = {"type": "object", "required": ["$ref"]}
    return {"if": is_reference, "then": _REFERENCE, "else": {"anyOf": rest}}


def _faults(error: jsonschema_rs.ValidationError) -> list[_Fault]:
    """The error itself, or for a union those of the branch that was meant."""
    facts = error.kind.as_dict()
    if not facts.get("context") or not all(facts["context"]):
        return [_fault(error, facts)]
    branches = []
    for context in facts["context"]:
        branches.append([fault for child in context for fault in _faults(child)])
    meant = [b for b in branches if not any(_rules_out(fault, error) for fault in b)] or branches
    return _merged(meant) or max(meant, key=_depth)


def _fault(error: jsonschema_rs.ValidationError, facts: dict[str, Any]) -> _Fault:
    path, kind, said = error.instance_path, error.kind.name, f"but {error.message}"
    options = facts.get("options", [])
    if kind == "const":
        options = [facts["expected_value"]]
    elif kind == "required":
        said = facts["property"]
    elif facts.get("unexpected"):
        path, kind = [*path, facts["unexpected"][0]], "unexpected"
    elif facts.get("context"):
        said = _ONE_OF_SEVERAL
    return _Fault(path, error.instance, kind, options, _wanted(options) or said)


def _wanted(options: list[Any]) -> str:
    return f"wanted {' or '.join(map(shown, options))}" if options else ""


def _rules_out(fault: _Fault, error: jsonschema_rs.ValidationError) -> bool:
    """Whether the branch is one for other values: another constant, or another type altogether."""
    return bool(fault.options) or (fault.kind == "type" and fault.path == error.instance_path)


def _merged(branches: list[list[_Fault]]) -> list[_Fault]:
    """One fault for branches that differ only in the constant, or the member, that they ask for."""
    firsts = [next((fault for fault in branch if fault.options), branch[0]) for branch in branches]
    first = firsts[0]
    if len(firsts) == 1 or any((f.path, f.kind) != (first.path, first.kind) for f in firsts):
        return []
    if first.options:
        options = [option for fault in firsts for option in fault.options]
        return [first._replace(options=options, said=_wanted(options))]
    if first.kind == "required":
        return [first._replace(said=" or ".join(fault.said for fault in firsts))]
    return []


def _depth(faults: list[_Fault]) -> int:
    return max(len(fault.path) for fault in faults)
