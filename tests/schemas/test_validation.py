"""Operations on canonical schemas: exact where the form has an answer, looser where it has none."""

from __future__ import annotations

import pytest
from jsonschema_rs import CanonicalSchema

from contracts.schemas.validation import ANYTHING, STRING, both, checker, matches, negated, possible, schema_of, without

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
