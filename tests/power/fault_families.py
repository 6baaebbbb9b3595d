"""The table of faults: one row a family, each with what it makes of a conforming value to break one kind of rule."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from contracts.schemas.locations import Location


@dataclass(frozen=True, slots=True)
class Family:
    """A row of the table: faults of one sort.

    `make` turns the kept value at a location into broken ones, each with the name that the rule's id ends with
    (the property for `required`, otherwise "").
    """

    name: str
    kind: str
    make: Callable[[Location, Any], Iterable[tuple[str, Any]]]


SAMPLES: Mapping[str, tuple[Any, ...]] = {
    "string": ("text", "3", "true", "null", ""),
    "integer": (3, 0),
    "number": (3.5,),
    "boolean": (True, False),
    "array": ([], [None], ["text"]),
    "object": ({}, {"value": 1}),
}


def _missing(location: Location, value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for name in location.required.keys() & value.keys():
            yield name, {key: kept for key, kept in value.items() if key != name}


def _null(location: Location, value: Any) -> Iterator[tuple[str, Any]]:
    yield "", None


def _of_type(name: str) -> Callable[[Location, Any], Iterable[tuple[str, Any]]]:
    return lambda location, value: (("", sample) for sample in SAMPLES[name])


def _as_text(location: Location, value: Any) -> Iterator[tuple[str, Any]]:
    if value is not None and not isinstance(value, str):
        yield "", json.dumps(value, default=float)


def _wrapped(location: Location, value: Any) -> Iterator[tuple[str, Any]]:
    yield "", [value]
    yield "", {"value": value}


def _outside(location: Location, value: Any) -> Iterator[tuple[str, Any]]:
    yield from (
        ("", candidate) for candidate in ("unheard_of", "", 987654321, 0.5, True, False, ["unheard_of"], {"a": 1})
    )


def _other_case(location: Location, value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, str):
        yield from (("", changed) for changed in (value.upper(), value.title(), value.lower()))


def _nearly(location: Location, value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, str):
        yield from (
            ("", changed) for changed in (f"{value} ", f" {value}", f"{value}\n", value[:-1], f"{value}x", f"x{value}")
        )


def _misformatted(location: Location, value: Any) -> Iterator[tuple[str, Any]]:
    yield from (
        ("", text) for text in ("not-a-\x00format", "", "1732406400", "2026-13-45", "2026-11-24 10:00:00", "\\")
    )


def _without_parts(location: Location, value: Any) -> Iterator[tuple[str, Any]]:
    """What is left of a formatted text when its offset, its second half or a separator goes."""
    if isinstance(value, str):
        yield from (
            ("", text) for text in (value.rstrip("Zz"), value[:10], value.replace("-", ""), value.replace(":", ""))
        )


def _beyond(location: Location, value: Any) -> Iterator[tuple[str, Any]]:
    for _, keywords in location.keywords(("minimum", "exclusiveMinimum", "maximum", "exclusiveMaximum", "multipleOf")):
        for name, limit in keywords.items():
            step = {"minimum": -1, "exclusiveMinimum": 0, "maximum": 1, "exclusiveMaximum": 0}.get(name)
            yield "", limit + step if step is not None else value + limit / 2
            yield "", limit + 1000 * (step or 0)


def _too_long_or_short(location: Location, value: Any) -> Iterator[tuple[str, Any]]:
    for _, keywords in location.keywords(("minLength", "maxLength")):
        if isinstance(value, str):
            if keywords.get("minLength", 0) > 0:
                yield "", value[: keywords["minLength"] - 1]
            if "maxLength" in keywords:
                last = value[-1:] or "a"
                yield "", value + last * (keywords["maxLength"] + 1 - len(value))


def _too_many_or_few_properties(location: Location, value: Any) -> Iterator[tuple[str, Any]]:
    for _, keywords in location.keywords(("minProperties", "maxProperties")):
        if isinstance(value, dict):
            spare = [name for name in value if name not in location.required]
            kept = keywords.get("minProperties", 0) - 1
            if kept >= 0:
                yield "", {name: v for name, v in value.items() if name not in spare[: max(0, len(value) - kept)]}
            more = keywords.get("maxProperties", -1) + 1 - len(value)
            pattern = next(iter(value.values()), "text")
            if more > 0:
                yield "", {**value, **{f"extra{i}": pattern for i in range(more)}}


def _too_many_or_few_items(location: Location, value: Any) -> Iterator[tuple[str, Any]]:
    for _, keywords in location.keywords(("minItems", "maxItems", "uniqueItems")):
        if isinstance(value, list):
            if keywords.get("minItems", 0) > 0:
                yield "", value[: keywords["minItems"] - 1]
            if value and "maxItems" in keywords:
                yield "", value + value[-1:] * (keywords["maxItems"] + 1 - len(value))
            if value and keywords.get("uniqueItems"):
                yield "", [*value, value[-1]]
                yield "", [value[-1]] * max(2, len(value))
    if isinstance(value, list) and len(value) == location.most_items:
        yield "", [*value, None]


def _undeclared(location: Location, value: Any) -> Iterator[tuple[str, Any]]:
    closed = any(part.value.get("additionalProperties") is False for part in location.parts)
    if closed and isinstance(value, dict):
        yield "", {**value, "undeclared_by_anyone": 1}


def _undocumented(location: Location, value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        yield "", {**value, "undocumented_by_anyone": 1}


def _given_back(location: Location, value: Any) -> Iterator[tuple[str, Any]]:
    for name in location.properties if isinstance(value, dict) else ():
        if any(part.value.get("writeOnly") is True for part in location.property(name).parts):
            yield name, {**value, name: "given back"}


def _off_branch(location: Location, value: Any) -> Iterator[tuple[str, Any]]:
    for candidates in SAMPLES.values():
        yield from (("", candidate) for candidate in candidates)
    if isinstance(value, dict):
        yield from (("", {key: kept for key, kept in value.items() if key != name}) for name in value)
        yield from (("", {**value, name: {"undeclared": None}}) for name in value)


FAMILIES: tuple[Family, ...] = (
    Family("missing", "required", _missing),
    Family("null", "nullability", _null),
    *(Family(f"{name} instead", "type", _of_type(name)) for name in SAMPLES),
    Family("as text", "type", _as_text),
    Family("wrapped", "type", _wrapped),
    Family("unheard of", "enum", _outside),
    Family("other case", "enum", _other_case),
    Family("nearly", "enum", _nearly),
    Family("another value", "const", _outside),
    Family("nearly", "const", _nearly),
    Family("no such format", "format", _misformatted),
    Family("half a format", "format", _without_parts),
    Family("beside the pattern", "pattern", _nearly),
    Family("far from the pattern", "pattern", _misformatted),
    Family("beyond a bound", "bounds", _beyond),
    Family("too long or short", "bounds", _too_long_or_short),
    Family("too many or few properties", "bounds", _too_many_or_few_properties),
    Family("too many or few items", "items", _too_many_or_few_items),
    Family("undeclared property", "additional properties", _undeclared),
    Family("given back", "write-only property", _given_back),
    Family("off every branch", "union", _off_branch),
    Family("undocumented property", "undocumented properties", _undocumented),
)
