"""What is given up so that the canonical form models a schema."""

from __future__ import annotations

from typing import Any

import pytest

from contracts.payloads import Unsatisfiable
from contracts.payloads.compiler import compile_payload, simpler
from contracts.schemas.validation import schema_of

RAW = {"unevaluatedItems": False, "anyOf": [{"prefixItems": [True]}, {"contains": {"const": 1}}]}


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        ({"not": {}, "type": "null"}, {"type": "null"}),
        ({"anyOf": [{"not": {}}, True]}, {"anyOf": [{}, True]}),
        ({"allOf": [{"anyOf": [{"minLength": 1}, {}]}]}, {"allOf": [{"minLength": 1}]}),
        ({"allOf": [{"oneOf": [{"minLength": 1}], "x": 1}]}, {"allOf": [{"allOf": [{"minLength": 1}, {"x": 1}]}]}),
        ({"allOf": [{"type": "null"}, True]}, {"allOf": [{"type": "null"}, True]}),
    ],
    ids=["a keyword", "deep inside", "branches in an allOf", "branches with more", "nothing"],
)
def test_simpler(schema: Any, expected: Any) -> None:
    assert simpler(schema, ("not",)) == expected


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("GIVEN_UP", (), "outside the canonical form"),
        ("schema_of", lambda schema: int("no number"), "can't be simplified"),
    ],
    ids=["nothing to give up", "not a schema any more"],
)
def test_what_stays_outside_is_unsatisfiable(
    monkeypatch: pytest.MonkeyPatch, name: str, value: object, reason: str
) -> None:
    node = schema_of(RAW)
    monkeypatch.setattr(f"contracts.payloads.compiler.{name}", value)
    with pytest.raises(Unsatisfiable, match=reason):
        compile_payload(node)
