"""The ladder of what can be wrong with one value: the kinds that keywords of a schema object decide, in order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Rung:
    """Keywords that decide a kind of rule for values of some types."""

    kind: str
    types: frozenset[str]
    keywords: tuple[str, ...]

    def applies(self, keywords: dict[str, Any]) -> bool:
        """Whether these keywords assert anything: not every format does, and `uniqueItems: false` never."""
        return (
            keywords.get("format", "date") in ASSERTED_FORMATS
            and keywords.get("uniqueItems") is not False
        )


_NUMERIC = frozenset({"integer", "number"})
_STRING, _ARRAY, _OBJECT = frozenset({"string"}), frozenset({"array"}), frozenset({"object"})

RUNGS: tuple[Rung, ...] = (
    Rung("format", _STRING, ("format",)),
    Rung("pattern", _STRING, ("pattern",)),
    Rung(
        "bounds",
        _NUMERIC,
        ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"),
    ),
    Rung("bounds", _STRING, ("minLength", "maxLength")),
    Rung("bounds", _OBJECT, ("minProperties", "maxProperties")),
    Rung("items", _ARRAY, ("minItems", "maxItems", "uniqueItems")),
)
"""After required, nullability, type and enum or const."""

_TIMES = ("date-time", "date", "time", "duration")
_NAMES = ("email", "idn-email", "hostname", "idn-hostname", "ipv4", "ipv6", "uuid")
_LINKS = (
    "uri",
    "uri-reference",
    "iri",
    "iri-reference",
    "uri-template",
    "json-pointer",
    "relative-json-pointer",
)

ASSERTED_FORMATS = frozenset({*_TIMES, *_NAMES, *_LINKS, "regex"})
"""The formats that the validator asserts; any other is an annotation and gives no rule."""
