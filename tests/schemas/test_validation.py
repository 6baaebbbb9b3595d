"""Operations on canonical schemas: exact where the form has an answer, looser where it has none."""

from __future__ import annotations

from typing import Any

import pytest
from jsonschema_rs import CanonicalSchema

from contracts.document import Schema
from contracts.schemas.allowance import Allowance
from contracts.schemas.validation import (
    ANYTHING,
    STRING,
    alike_validator,
    both,
    canonical,
    checker,
    matches,
    negated,
    possible,
    schema_of,
    without,
)
from tests.documents import spec_of

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


def test_schemas_that_say_the_same_in_few_words_are_compiled_once() -> None:
    said: list[Any] = [{"type": "integer", "minimum": 1}, {"minimum": 1, "type": "integer"}, {"type": "integer"}]
    said += [{"type": "integer"}, {"$ref": "#/components/schemas/S0"}, True, {"not": {}}]
    document = spec_of({}, components={f"S{number}": one for number, one in enumerate(said)}).document
    made = [alike_validator(Schema(document, f"/components/schemas/S{number}")) for number in range(len(said))]
    assert made[2] is made[3]
    assert [check.is_valid(0) for check in made] == [False, False, True, True, False, True, False]
