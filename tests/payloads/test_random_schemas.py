"""Schemas that Hypothesis makes up: what is drawn from them is admitted by them."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from jsonschema_rs.canonical import Satisfiability

from contracts.document.model import Document, Schema, Source
from contracts.messages import JSON
from contracts.payloads import Choices, CoveringChoices, RandomChoices, Unsatisfiable
from contracts.payloads.compiler import generator
from contracts.schemas.validation import Uncompilable, canonical, validator

NAMES = st.sampled_from(["a", "b", "ab", "a/b", "x-1"])
PATTERNS = st.sampled_from(["^a", "b$", "[0-9]", "^x-", "^[a-z]{2,4}$", r"^\S+$", "(a|b)c?"])
FORMATS = st.sampled_from(["date-time", "date", "email", "uuid", "uri", "ipv4", "int32", "duration", "json-pointer"])
SCALARS = st.sampled_from([None, True, False, 0, 1, 2.5, -3, "", "a", "ab", "x-1"])
SMALL = st.integers(0, 4)
BOUNDS = st.sampled_from([-5, -0.5, 0, 0.1, 1, 3, 7.25, 100, 2**53, 2**63])
REFERENCES = st.sampled_from([{"$ref": f"#/components/schemas/{name}"} for name in "XY"])


def keywords(schemas: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    some = st.lists(schemas, min_size=1, max_size=3)
    named = st.dictionaries(NAMES, schemas, max_size=3)
    known = {
        "type": st.sampled_from(
            ["null", "boolean", "integer", "number", "string", "array", "object", ["null", "string"]]
        ),
        "enum": st.lists(SCALARS, min_size=1, max_size=4),
        "pattern": PATTERNS,
        "format": FORMATS,
        "multipleOf": st.sampled_from([0.1, 0.5, 1, 2, 3]),
        "required": st.lists(NAMES, max_size=2, unique=True),
        "patternProperties": st.dictionaries(PATTERNS, schemas, max_size=2),
        "uniqueItems": st.booleans(),
        "maxLength": st.integers(2, 9),
        **dict.fromkeys(("minimum", "exclusiveMinimum", "maximum", "exclusiveMaximum"), BOUNDS),
        **dict.fromkeys(("minLength", "minItems", "maxItems", "minProperties", "maxProperties"), SMALL),
        **dict.fromkeys(("minContains", "maxContains"), SMALL),
        **dict.fromkeys(("items", "contains", "additionalProperties", "propertyNames", "not"), schemas),
        **dict.fromkeys(("if", "then", "else"), schemas),
        **dict.fromkeys(("prefixItems", "anyOf", "oneOf", "allOf"), some),
        **dict.fromkeys(("properties", "dependentSchemas"), named),
    }
    return st.lists(st.sampled_from(sorted(known)), max_size=4, unique=True).flatmap(
        lambda chosen: st.fixed_dictionaries({name: known[name] for name in chosen})
    )


SCHEMAS = st.recursive(st.booleans() | keywords(st.booleans() | REFERENCES), keywords, max_leaves=6)


def schema_in(x: Any, y: Any) -> Schema:
    tree = {"openapi": "3.1.0", "components": {"schemas": {"X": x, "Y": y}}}
    document = Document("x", "", "3.1.0", tree, source=lambda pointer: Source("x", 1, pointer))
    return Schema(document, "/components/schemas/X")


def drawn(schema: Schema, choices: Choices) -> list[JSON] | None:
    """A few payloads; None where there are none."""
    try:
        payload = generator(schema)
        return [payload.draw(choices) for _ in range(4)]
    except Unsatisfiable:
        return None


QUICK = settings(deadline=None, max_examples=150, database=None, suppress_health_check=list(HealthCheck))


@QUICK
@given(SCHEMAS, SCHEMAS, st.integers(0, 9))
def test_payloads_of_a_random_schema_are_valid_and_the_same_for_a_seed(x: Any, y: Any, seed: int) -> None:
    schema = schema_in(x, y)
    assume(compiles(schema))
    values = drawn(schema, RandomChoices(seed))
    assert all(validator(schema).is_valid(value) for value in values or [])
    assert values == drawn(schema_in(x, y), RandomChoices(seed))
    assert drawn(schema, CoveringChoices(seed)) == drawn(schema_in(x, y), CoveringChoices(seed))


@settings(QUICK, derandomize=True)
@given(SCHEMAS, SCHEMAS)
def test_a_random_schema_that_is_known_to_have_values_gets_payloads(x: Any, y: Any) -> None:
    schema = schema_in(x, y)
    assume(compiles(schema) and canonical(schema).satisfiability() == Satisfiability.YES)
    assert drawn(schema, RandomChoices(1)) is not None


def compiles(schema: Schema) -> bool:
    try:
        canonical(schema), validator(schema)
    except Uncompilable:
        return False
    return True
