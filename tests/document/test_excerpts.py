"""What is handed to a library of a document: an operation, and what it refers to, each in its own place."""

import json
from contextlib import nullcontext
from typing import Any

import jsonschema_rs
import pytest

from contracts.document import Document, load_spec
from contracts.document.excerpts import MANY_PLACES, excerpt, reference, registry
from contracts.probes.schemathesis_cases import Cases
from contracts.schemas import validation
from contracts.schemas.validation import Uncompilable, canonical_of, validator_of
from tests.documents import spec_of

TEXT = {"type": "string"}

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
    assert found["components"] == kept
    assert found.keys() == {"paths", "components"}


def test_excerpt_leaves_the_tree_as_it_is() -> None:
    before = json.dumps(TREE)
    excerpt(TREE, ["/components/schemas/A/properties/z", "/components/schemas/A", "/components/schemas/A/not"])
    excerpt(TREE, ["/components", "/components/schemas/A"])
    assert json.dumps(TREE) == before


def test_reference_to_all_takes_all() -> None:
    assert excerpt(TREE, [""]) == TREE


def test_what_leads_to_too_much_is_the_tree_itself() -> None:
    """One place refers to another, which refers to its own part; of a list, only the item is there."""
    pointer = "/paths/~1c/post/body/0"
    found = excerpt(TREE, [pointer], 3)
    assert found.pop("paths") == {"/c": {"post": {"body": {"0": TREE["paths"]["/c"]["post"]["body"][0]}}}}
    assert found == {"components": excerpt(TREE, [pointer])["components"]}
    assert excerpt(TREE, [pointer], 2) is TREE


def chain(length: int) -> Document:
    schemas: dict[str, Any] = {f"S{n}": {"$ref": f"#/components/schemas/S{n + 1}"} for n in range(length - 1)}
    schemas |= {f"S{length - 1}": TEXT, "Other": TEXT}
    return spec_of({}, components=schemas).document


@pytest.mark.parametrize(("length", "knows_all"), [(MANY_PLACES, False), (MANY_PLACES + 1, True)])
def test_a_schema_is_compiled_beside_what_it_refers_to(length: int, *, knows_all: bool) -> None:
    document = chain(length)
    first, other = (reference(f"/components/schemas/{name}") for name in ("S0", "Other"))
    assert not validator_of(first, document).is_valid(1)
    assert validator_of(first, document).is_valid("a")
    known = registry(document, "/components/schemas/S0")
    with nullcontext() if knows_all else pytest.raises(Uncompilable):
        assert jsonschema_rs.validator_for(other, registry=known).is_valid("a")


def test_what_refers_to_nothing_is_compiled_beside_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(validation, "registry")
    document = spec_of({}).document
    assert not validator_of(TEXT, document).is_valid(1)
    assert canonical_of(TEXT, document) == canonical_of({"type": ["string"]}, document)
    with pytest.raises(NameError):
        validator_of(reference("/info"), document)


def test_an_operation_is_read_without_the_others() -> None:
    spec = load_spec("examples/tickets/openapi.yaml")
    cases = Cases(spec, 0)
    for operation in spec.operations:
        item = cases.schema(operation).raw_schema["paths"]
        assert {key for key in item[operation.path] if key in ("get", "post", "put", "delete", "patch")} == {
            operation.method.lower()
        }
