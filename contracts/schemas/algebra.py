"""Operations on canonical schemas that never fail: where the form has no answer, a looser schema comes out.

Payloads are validated after drawing, so a looser schema costs tries, never a wrong payload.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import lru_cache, reduce
from typing import Any

import jsonschema_rs
from jsonschema_rs import CanonicalSchema, Draft202012
from jsonschema_rs.canonical import CanonicalizationError, CanonicalKind, Satisfiability, json

from contracts.messages import JSON
from contracts.schemas.validation import keyword_validator


def schema_of(value: dict[str, Any] | bool) -> CanonicalSchema:
    """The canonical form of a few keywords without references."""
    return jsonschema_rs.canonicalize(value, draft=Draft202012, validate_formats=True)


ANYTHING = schema_of(True)
STRING = schema_of({"type": "string"})


def both(parts: Iterable[CanonicalSchema]) -> CanonicalSchema:
    return reduce(lambda left, right: attempt(lambda: left.intersect(right), left), parts)


def without(node: CanonicalSchema, other: CanonicalSchema) -> CanonicalSchema:
    if not possible(both((node, other))):
        return node
    return attempt(lambda: node.subtract(other), node)


@lru_cache(maxsize=1024)
def negated(node: CanonicalSchema) -> CanonicalSchema:
    return attempt(node.negate, ANYTHING)


def attempt(operation: Callable[[], CanonicalSchema], looser: CanonicalSchema) -> CanonicalSchema:
    try:
        result = operation()
    except CanonicalizationError:
        return looser
    return looser if result.kind == CanonicalKind.RAW else result


def possible(node: CanonicalSchema) -> bool:
    """False only when it is proved that no value satisfies the schema."""
    return node.satisfiability() != Satisfiability.NO


def checker(node: CanonicalSchema) -> Callable[[JSON], bool]:
    """A test of values against a schema without references."""
    return keyword_validator(json.to_string(node.to_json_schema())).is_valid


def matches(pattern: str, text: str) -> bool:
    """Whether an ECMA-262 pattern matches somewhere in `text`."""
    return keyword_validator(json.to_string({"pattern": pattern})).is_valid(text)
