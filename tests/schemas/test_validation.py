"""Operations on canonical schemas: exact where the form has an answer, looser where it has none."""

from __future__ import annotations

import pytest
from jsonschema_rs import CanonicalSchema

from contracts.document import Schema
from contracts.messages import Request
from contracts.schemas.allowance import Allowance
from contracts.schemas.claims import claim_of
from contracts.schemas.validation import (
    ANYTHING,
    STRING,
    both,
    canonical,
    checker,
    keyword_validator,
    matches,
    negated,
    possible,
    schema_of,
    validator,
    without,
)
from tests.documents import document, spec_from, spec_of

INTEGER = schema_of({"type": "integer"})
RAW = schema_of({"unevaluatedItems": False, "anyOf": [{"prefixItems": [True]}, {"contains": {"const": 1}}]})


@pytest.mark.parametrize(
    ("result", "expected"),
    [
        (both((ANYTHING, STRING)), STRING),
        (both((STRING, RAW)), STRING),
        (without(STRING, INTEGER), STRING),
        (without(schema_of({"type": ["integer", "string"]}), INTEGER), STRING),
        (negated(negated(STRING)), STRING),
        (negated(RAW), ANYTHING),
    ],
    ids=["and", "and unknown", "without what it has not", "without", "not not", "not unknown"],
)
def test_operations(result: CanonicalSchema, expected: CanonicalSchema) -> None:
    assert result == expected


def test_only_what_is_proved_empty_is_impossible() -> None:
    assert (possible(both((STRING, INTEGER))), possible(RAW), possible(STRING)) == (False, True, True)


def test_checks_keep_decimals() -> None:
    admits = checker(schema_of({"type": "number", "multipleOf": 0.1}))
    assert (admits(0.3), admits(0.25)) == (True, False)


def test_patterns_are_those_of_ecmascript() -> None:
    assert (matches(r"^\d$", "1"), matches(r"^\d$", "٣"), matches("a$", "a\n")) == (True, False, False)


def test_a_long_chain_of_references_does_not_end_the_process() -> None:
    links = {f"C{n}": {"allOf": [{"$ref": f"#/components/schemas/C{n + 1}"}]} for n in range(4_000)}
    document = spec_of({"$ref": "#/components/schemas/C0"}, components={**links, "C4000": {"type": "string"}}).document

    def kind() -> str:
        return str(canonical(Schema(document, "/components/schemas/C0")).kind)

    assert Allowance().spend(kind, apart=True)  # where a crash ends a process of its own


def test_parameters_that_say_the_same_are_compiled_once() -> None:
    named = [{"name": f"q{number}", "in": "query", "schema": {"type": "integer"}} for number in range(3)]
    described = document({"type": "string"})
    described["paths"]["/things/{id}"]["get"]["parameters"] += named
    (operation,) = spec_from(described).operations
    before = keyword_validator.cache_info().misses, validator.cache_info().misses
    assert not claim_of(operation, Request("GET", "/things/1?q0=1&q1=2&q2=x")).allowed
    assert keyword_validator.cache_info().misses + validator.cache_info().misses <= sum(before) + 3
