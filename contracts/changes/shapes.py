"""One place of a body as a document describes it: what stands in `allOf`, behind `$ref`, and beside null, all together.

The branches of a union that no two types share are read as conditions on the type, so that `anyOf` with null and a list
of types have the same shape.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from contracts.document import Schema, ref_target
from contracts.schemas.algebra import matches
from contracts.schemas.locations import Location, Part, Union, merge
from contracts.schemas.parties import Raw, View
from contracts.schemas.validation import Uncompilable


@dataclass(frozen=True, slots=True)
class Facet:
    """A schema object that applies here, to values of some types only if `types` says so."""

    part: Part
    types: frozenset[str] | None = None

    @property
    def value(self) -> Mapping[str, Any]:
        return self.part.value

    def guarded(self, keywords: dict[str, Any]) -> dict[str, Any]:
        if self.types is None:
            return keywords
        return {"anyOf": [{"not": {"type": type_names(self.types)}}, keywords]}


def type_names(types: Iterable[str]) -> list[str]:
    """JSON Schema's names for a set of types in which `number` means a number that is no integer."""
    found = set(types)
    return sorted(found - {"integer"} if {"integer", "number"} <= found else found)


@dataclass(frozen=True, eq=False)
class Shape:
    """A location as one side of a comparison reads it."""

    location: Location
    view: View

    @cached_property
    def schemas(self) -> tuple[Schema, ...]:
        """The schemas that were merged here, without those that their references and `allOf`s lead to."""
        tops = self.location.parts
        inner = {part.schema for top in tops for part in _held(top)}
        return tuple(part.schema for part in tops if part.schema not in inner)

    @cached_property
    def sent(self) -> Raw:
        return self.view.sender(self.schemas)

    @cached_property
    def taken(self) -> Raw:
        return self.view.receiver(self.schemas)

    @cached_property
    def facets(self) -> tuple[Facet, ...]:
        return tuple(_facets(self.location, None))

    @cached_property
    def unions(self) -> tuple[tuple[Union, frozenset[str] | None], ...]:
        """The unions whose branches are not told apart by type, and for which types they count."""
        return tuple(_unions(self.location, None))

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The names that are declared or required here."""
        if "object" not in self.location.types:
            return ()
        declared = [name for facet in self.facets for name in facet.value.get("properties", {})]
        return tuple(dict.fromkeys([*declared, *sorted(self.required)]))

    def is_unsent(self, name: str) -> bool:
        """Whether a property does not travel in this direction."""
        return any(
            self.view.is_marked(f.value["properties"][name]) for f in self.having_property(name)
        )

    def having_property(self, name: str) -> list[Facet]:
        return [facet for facet in self.facets if name in facet.value.get("properties", {})]

    @cached_property
    def required(self) -> frozenset[str]:
        if "object" not in self.location.types:
            return frozenset()
        return frozenset(
            name
            for facet in self.facets
            for name in facet.value.get("required", ())
            if not self.view.is_marked(facet.value.get("properties", {}).get(name))
        )

    @cached_property
    def patterns(self) -> tuple[str, ...]:
        return tuple(
            dict.fromkeys(
                p for facet in self.facets for p in facet.value.get("patternProperties", {})
            )
        )

    def having(self, *keywords: str) -> list[Facet]:
        return [
            facet for facet in self.facets if any(keyword in facet.value for keyword in keywords)
        ]

    def source(self, *keywords: str) -> Schema:
        """The schema that says something under `keywords`, or the one that describes the place."""
        found = self.having(*keywords) or list(self.facets)
        return found[0].part.schema

    def projection(self, *keywords: str) -> Raw:
        """Only what is said here under some keywords, as a receiver takes it."""
        said = [
            facet.guarded(
                {keyword: facet.value[keyword] for keyword in keywords if keyword in facet.value}
            )
            for facet in self.having(*keywords)
        ]
        return self.view.keywords({"allOf": said}) if said else True

    def member(self, name: str) -> Raw:
        """Only what is said here of the property `name`: whether it must be there, and what it may be."""
        said: list[dict[str, Any]] = [{"required": [name]}] if name in self.required else []
        for facet in self.facets:
            said += [
                facet.guarded({"properties": {name: schema}})
                for schema in _schemas_of(facet.value, name)
            ]
        return self.view.keywords({"allOf": said}) if said else True

    def other_names(self, known: Iterable[str]) -> Raw:
        """Only what is said of properties that neither side declares."""
        said = []
        for facet in self.having("additionalProperties"):
            keywords = {
                "properties": dict.fromkeys(known, True),
                "patternProperties": dict.fromkeys(facet.value.get("patternProperties", {}), True),
                "additionalProperties": facet.value["additionalProperties"],
            }
            said.append(facet.guarded(keywords))
        return self.view.keywords({"allOf": said}) if said else True

    def enumeration(self) -> Raw:
        """Only the lists of values, unions of such lists among them."""
        lists = [
            _spelled(union, None)
            for union in self.location.unions
            if union.finite and not union.by_type
        ]
        return self.view.keywords({"allOf": [*lists, self.projection("enum", "const")]})

    def union(self) -> Raw:
        """Only what the unions say."""
        said = [_spelled(union, types) for union, types in self.unions]
        return self.view.keywords({"allOf": said}) if said else True

    def child(self, keyword: str, name: str | None = None) -> Location:
        """What is said of the values below a keyword, all of it merged."""
        segments = (keyword,) if name is None else (keyword, name)
        parts = [
            facet.part.child(*segments) for facet in self.facets if _has(facet.value, keyword, name)
        ]
        return merge("", parts)

    def annotation(self, keyword: str) -> Any:
        return next((facet.value[keyword] for facet in self.facets if keyword in facet.value), None)


def _has(value: Mapping[str, Any], keyword: str, name: str | None) -> bool:
    held = value.get(keyword)
    return isinstance(held, dict) and name in held if name is not None else isinstance(held, dict)


def _held(part: Part) -> Iterator[Part]:
    """What `merge` adds for a part: the target of its reference, its `allOf`, its only branches."""
    document, value = part.schema.document, part.value
    if isinstance(value.get("$ref"), str):
        yield Part(Schema(document, ref_target(value["$ref"])), frozenset())
    for keyword in ("allOf", "anyOf", "oneOf"):
        if keyword == "allOf" or len(value.get(keyword, ())) == 1:
            yield from (part.child(keyword, index) for index in range(len(value.get(keyword, ()))))


def _facets(location: Location, types: frozenset[str] | None) -> Iterator[Facet]:
    yield from (Facet(part, types) for part in location.parts)
    for union in location.unions:
        if union.by_type:
            for branch in union.branches:
                yield from _facets(branch, branch.types if types is None else branch.types & types)


def _unions(
    location: Location, types: frozenset[str] | None
) -> Iterator[tuple[Union, frozenset[str] | None]]:
    for union in location.unions:
        if union.by_type:
            for branch in union.branches:
                yield from _unions(branch, branch.types if types is None else branch.types & types)
        elif not union.finite:
            yield union, types


def _spelled(union: Union, types: frozenset[str] | None) -> dict[str, Any]:
    facet = Facet(Part(union.schema, frozenset()), types)
    return facet.guarded({union.keyword: facet.value[union.keyword]})


def _schemas_of(value: Mapping[str, Any], name: str) -> Sequence[Any]:
    """The schemas that one schema object gives the property `name`."""
    found = [value["properties"][name]] if name in value.get("properties", {}) else []
    found += [
        schema
        for pattern, schema in value.get("patternProperties", {}).items()
        if _matches(pattern, name)
    ]
    if not found and "additionalProperties" in value:
        return [value["additionalProperties"]]
    return found


def _matches(pattern: str, name: str) -> bool:
    try:
        return matches(pattern, name)
    except Uncompilable:
        return False


def pure_reference(location: Location) -> Schema | None:
    """The target, if the location is one reference and says nothing beside it."""
    first = location.parts[0] if location.parts else None
    if first is None or not isinstance(first.value.get("$ref"), str):
        return None
    if first.value.keys() - {"$ref", "description", "title", "summary"} or location.truncated:
        return None
    return Schema(first.schema.document, ref_target(first.value["$ref"]))
