"""What a schema means. Here are its keywords: which hold schemas, which assert, and what about.

How a keyword holds schemas (one, a list, a map) stands in the table of the dialects, in `document`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from contracts.document.dialects import DIALECTS

Raw = dict[str, Any] | bool
"""A schema as JSON."""

UNIONS = ("anyOf", "oneOf")
SAME_VALUE = ("allOf", *UNIONS)
"""What applies to the value itself, whatever its type."""

OBJECTS = frozenset({"properties", "patternProperties", "additionalProperties", "required"})
ARRAYS = ("prefixItems", "items")
"""What says which members or items there are."""

ANNOTATIONS = frozenset(
    {"title", "description", "default", "example", "examples", "deprecated", "externalDocs"}
) | {*("readOnly", "writeOnly", "discriminator", "xml", "nullable", "$comment")}
"""What asserts nothing."""

ASSERTED_FORMATS = frozenset(
    {"date-time", "date", "time", "duration", "email", "idn-email", "hostname", "idn-hostname"}
    | {"ipv4", "ipv6", "uuid", "uri", "uri-reference", "iri", "iri-reference", "uri-template"}
    | {"json-pointer", "relative-json-pointer", "regex"}
)
"""The formats that the validator asserts; any other is an annotation and gives no rule."""

_FIELDS = DIALECTS[-1].fields["schema"]


@dataclass(frozen=True, slots=True)
class Rung:
    """Keywords that decide a kind of rule for values of some types."""

    kind: str
    types: frozenset[str]
    keywords: tuple[str, ...]

    def applies(self, keywords: dict[str, Any]) -> bool:
        """Whether these keywords assert anything: not every format does."""
        return all(asserts(keyword, held) for keyword, held in keywords.items())


def _rung(kind: str, types: str, keywords: str) -> Rung:
    return Rung(kind, frozenset(types.split()), tuple(keywords.split()))


RUNGS = (
    _rung("format", "string", "format"),
    _rung("pattern", "string", "pattern"),
    _rung(
        "bounds", "integer number", "minimum maximum exclusiveMinimum exclusiveMaximum multipleOf"
    ),
    _rung("bounds", "string", "minLength maxLength"),
    _rung("bounds", "object", "minProperties maxProperties"),
    _rung("items", "array", "minItems maxItems uniqueItems"),
)
"""What can be wrong with one value, after required, nullability, type and enum or const."""


def asserts(keyword: str, held: Any) -> bool:
    """Whether a keyword that holds no schema asserts anything."""
    if keyword == "format":
        return held in ASSERTED_FORMATS
    return keyword not in ANNOTATIONS and (keyword, held) != ("uniqueItems", False)


def mapped(value: dict[str, Any], change: Callable[[Any], Any]) -> dict[str, Any]:
    """A schema object with each schema directly below it changed."""
    found = dict(value)
    for keyword, held in value.items():
        field = _FIELDS.get(keyword)
        if field == "schema":
            found[keyword] = change(held)
        elif field == "[schema]" and isinstance(held, list):
            found[keyword] = list(map(change, held))
        elif field == "{schema}" and isinstance(held, dict):
            found[keyword] = dict(zip(held, map(change, held.values()), strict=True))
    return found


def references(value: Any) -> Iterator[str]:
    """Every `$ref` in a schema, at any depth."""
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        below: list[Any] = []
        mapped(value, below.append)
        for child in below:
            yield from references(child)
