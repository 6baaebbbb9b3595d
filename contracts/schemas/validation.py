"""A schema as a validator (what is allowed) and in its canonical form (what it means).

Formats are asserted (our policy: JSON Schema 2020-12 Validation §7.2.1 leaves it open). Operations
on canonical schemas never fail: a looser one may come out, and cost tries: payloads are checked.
"""

import json
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import lru_cache, partial, reduce
from typing import Any
from urllib.parse import quote

import jsonschema_rs
from jsonschema_rs import CanonicalSchema, Draft202012, Registry, Validator
from jsonschema_rs.canonical import CanonicalizationError, CanonicalKind, Satisfiability

from contracts.document import Document, Schema
from contracts.messages import JSON

URI = "urn:document"

Uncompilable = (jsonschema_rs.ValidationError, jsonschema_rs.ReferencingError, ValueError)
"""What jsonschema-rs raises for a schema that it can't compile, as with an unknown pattern."""


@lru_cache(maxsize=16)
def registry(document: Document) -> Registry:
    return Registry([(URI, document.tree)], draft=Draft202012)


def reference(pointer: str) -> dict[str, str]:
    """A schema that stands for the node at `pointer` of the document."""
    return {"$ref": f"{URI}#{quote(pointer, safe='/~')}"}


@lru_cache(maxsize=4096)
def validator(schema: Schema) -> Validator:
    """The validator of a schema, compiled once; raises one of `Uncompilable`."""
    node, known = reference(schema.pointer), registry(schema.document)
    return jsonschema_rs.validator_for(node, registry=known, validate_formats=True)


@lru_cache(maxsize=4096)
def keyword_validator(keywords: str) -> Validator:
    """The validator of a few keywords given as JSON text; raises one of `Uncompilable`."""
    return jsonschema_rs.validator_for(json.loads(keywords), validate_formats=True)


@lru_cache(maxsize=4096)
def canonical(schema: Schema) -> CanonicalSchema:
    """The canonical form of a schema; raises one of `Uncompilable`."""
    return canonical_of(reference(schema.pointer), schema.document)


def canonical_of(value: dict[str, Any] | bool, document: Document) -> CanonicalSchema:
    """The canonical form of a schema written here, whose references point into `document`."""
    return schema_of(value, registry=registry(document))


schema_of = partial(jsonschema_rs.canonicalize, draft=Draft202012, validate_formats=True)
"""The canonical form of a few keywords without references."""

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
    with suppress(CanonicalizationError):
        result = operation()
        if result.kind != CanonicalKind.RAW:
            return result
    return looser


def possible(node: CanonicalSchema) -> bool:
    """False only when it is proved that no value satisfies the schema."""
    return node.satisfiability() != Satisfiability.NO


def checker(node: CanonicalSchema) -> Callable[[JSON], bool]:
    """A test of values against a schema without references."""
    return keyword_validator(jsonschema_rs.canonical.json.to_string(node.to_json_schema())).is_valid


def matches(pattern: str, text: str) -> bool:
    """Whether an ECMA-262 pattern matches in `text`; one that can't be compiled never does."""
    return _matcher(pattern)(text)


@lru_cache(maxsize=4096)
def _matcher(pattern: str) -> Callable[[str], bool]:
    try:
        return keyword_validator(json.dumps({"pattern": pattern})).is_valid
    except Uncompilable:
        return lambda _: False
