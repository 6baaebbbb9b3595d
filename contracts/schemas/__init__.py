"""What a schema means. Here are its keywords: which hold schemas, which assert, and what about."""

from collections.abc import Callable, Iterable, Iterator, Sequence, Set
from typing import Any, NamedTuple

from contracts.document.dialects import DIALECTS

Raw = dict[str, Any] | bool  # a schema as JSON

UNIONS = ("anyOf", "oneOf")
SAME_VALUE = ("allOf", *UNIONS)  # what applies to the value itself, whatever its type

OBJECTS = frozenset({"properties", "patternProperties", "additionalProperties", "required"})
ARRAYS = ("prefixItems", "items")  # what says which members or items there are

ANNOTATIONS = {"title", "description", "default", "example", "examples", "deprecated", "readOnly"}
ANNOTATIONS |= {"writeOnly", "externalDocs", "discriminator", "xml", "nullable", "$comment"}
"""What asserts nothing."""

ASSERTED_FORMATS = {"date-time", "date", "time", "duration", "email", "idn-email", "hostname"}
ASSERTED_FORMATS |= {"idn-hostname", "ipv4", "ipv6", "uuid", "uri", "uri-reference", "iri", "regex"}
ASSERTED_FORMATS |= {"iri-reference", "uri-template", "json-pointer", "relative-json-pointer"}
"""The formats that the validator asserts; any other is an annotation and gives no rule."""

_FIELDS = DIALECTS[-1].fields["schema"]  # how a keyword holds schemas: one, a list or a map
_NUMBERS = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf")


class Rung(NamedTuple):
    """Keywords that decide a kind of rule for values of some types."""

    kind: str
    types: Set[str]
    keywords: Sequence[str]

    def applies(self, keywords: dict[str, Any]) -> bool:
        """Whether these keywords assert anything: not every format does."""
        return all(map(asserts, keywords, keywords.values()))


RUNGS = (
    Rung("format", {"string"}, ["format"]),
    Rung("pattern", {"string"}, ["pattern"]),
    Rung("bounds", {"integer", "number"}, _NUMBERS),
    Rung("bounds", {"string"}, ["minLength", "maxLength"]),
    Rung("bounds", {"object"}, ["minProperties", "maxProperties"]),
    Rung("items", {"array"}, ["minItems", "maxItems", "uniqueItems"]),
)
"""What can be wrong with one value, after required, nullability, type and enum or const."""


def asserts(keyword: str, held: Any) -> bool:
    """Whether a keyword that holds no schema asserts anything."""
    if keyword == "format":
        return held in ASSERTED_FORMATS
    return keyword not in ANNOTATIONS and (keyword, held) != ("uniqueItems", False)


def only(value: dict[str, Any], keywords: Iterable[str]) -> dict[str, Any]:
    """What a schema object says under some keywords."""
    return {keyword: value[keyword] for keyword in keywords if keyword in value}


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
