"""A schema that the canonical form does not model in, one that it models out: the validator sees to what it lost."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from jsonschema_rs import CanonicalSchema
from jsonschema_rs.canonical import CanonicalKind, RawView

from contracts.payloads.declared import Declared
from contracts.payloads.draws import Unsatisfiable
from contracts.schemas.algebra import schema_of
from contracts.schemas.validation import Uncompilable, canonical_of

GIVEN_UP = (
    (
        "unevaluatedProperties",
        "unevaluatedItems",
        "contentSchema",
        "contentEncoding",
        "contentMediaType",
    ),
    ("dependentSchemas", "if", "then", "else", "not"),
)
"""Keywords to do without, one group after the other."""


def modelled(view: RawView, declared: Declared, place: str) -> CanonicalSchema:
    """Give up keywords, and choices within an `allOf`, until the canonical form models the schema."""
    keywords: tuple[str, ...] = ()
    for group in GIVEN_UP:
        keywords += group
        try:
            node = simplified(view.schema, declared, keywords)
        except Uncompilable as problem:
            raise Unsatisfiable(place, f"a schema that can't be simplified: {problem}") from None
        if node.kind != CanonicalKind.RAW:
            return node
    raise Unsatisfiable(place, f"a schema outside the canonical form ({view.reason})")


def simplified(schema: Any, declared: Declared, keywords: tuple[str, ...]) -> CanonicalSchema:
    schema = simpler(schema, keywords)
    if not declared.schemas:
        return schema_of(schema)
    document = declared.schemas[0].document
    return canonical_of(schema, replace(document, tree=simpler(document.tree, keywords)))


def simpler(schema: Any, keywords: tuple[str, ...]) -> Any:
    """The schema without `keywords`, and with one branch of each union that stands in an `allOf`."""
    if isinstance(schema, list):
        return [simpler(part, keywords) for part in schema]
    if not isinstance(schema, dict):
        return schema
    parts = {name: simpler(part, keywords) for name, part in schema.items() if name not in keywords}
    if isinstance(parts.get("allOf"), list):
        parts["allOf"] = [narrowed(part) for part in parts["allOf"]]
    return parts


def narrowed(part: Any) -> Any:
    for keyword in ("anyOf", "oneOf"):
        if isinstance(part, dict) and part.get(keyword):
            rest = {name: value for name, value in part.items() if name != keyword}
            return {"allOf": [part[keyword][0], rest]} if rest else part[keyword][0]
    return part
