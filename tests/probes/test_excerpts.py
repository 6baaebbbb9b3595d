"""What is handed to a library of a document: an operation, and what it refers to, each in its own place."""

import json
from typing import Any

from contracts.document import load_spec
from contracts.probes.bearable import excerpt
from contracts.probes.schemathesis_cases import Cases

TREE: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {"title": "T"},
    "paths": {
        "/a/{b}": {
            "parameters": [{"name": "b"}, {"$ref": "#/components/parameters/Q"}],
            "get": {"x": [{"$ref": "#/paths/~1c/post/body/0"}], "example": {"$ref": "#/nowhere"}},
            "put": {"$ref": "#/components/schemas/Unused"},
        },
        "/c": {"post": {"body": [{"$ref": "#/components/schemas/A"}, {"y": 1}], "more": 1}},
    },
    "components": {
        "parameters": {"Q": {"name": "q"}, "R": {"name": "r"}},
        "schemas": {
            "A": {"not": {"$ref": "#/components/schemas/A/properties/z"}, "properties": {"z": {}}},
            "Unused": {},
        },
    },
}


def test_excerpt_has_what_is_referred_to_and_no_more() -> None:
    found = excerpt(TREE, ["/paths/~1a~1{b}/get", "/paths/~1a~1{b}/parameters/1"])
    assert found["paths"] == {
        "/a/{b}": {name: TREE["paths"]["/a/{b}"][name] for name in ("parameters", "get")},
        "/c": {"post": {"body": TREE["paths"]["/c"]["post"]["body"]}},
    }
    kept = {"parameters": {"Q": {"name": "q"}}, "schemas": {"A": TREE["components"]["schemas"]["A"]}}
    assert (found["components"], found["info"]) == (kept, {"title": "T"})


def test_excerpt_leaves_the_tree_as_it_is() -> None:
    before = json.dumps(TREE)
    excerpt(TREE, ["/components/schemas/A/properties/z", "/components/schemas/A", "/components/schemas/A/not"])
    excerpt(TREE, ["/components", "/components/schemas/A"])
    assert json.dumps(TREE) == before


def test_reference_to_all_takes_all() -> None:
    assert excerpt(TREE, [""]) == TREE


def test_an_operation_is_read_without_the_others() -> None:
    spec = load_spec("examples/tickets/openapi.yaml")
    cases = Cases(spec, 0)
    for operation in spec.operations:
        item = cases.schema(operation).raw_schema["paths"]
        assert {key for key in item[operation.path] if key in ("get", "post", "put", "delete", "patch")} == {
            operation.method.lower()
        }
