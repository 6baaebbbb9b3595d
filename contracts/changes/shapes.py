"""One place of a body as a document describes it, with what stands in `allOf` and behind `$ref`.

The branches of a union that no two types share are read as conditions on the type, so that `anyOf`
with null and a list of types have the same shape.
"""

import json
from collections.abc import Collection, Container, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from itertools import filterfalse
from typing import Any

from contracts.changes.change import Said
from contracts.changes.meanings import heirs
from contracts.document import Document, Schema
from contracts.document.dialects import INTEGER_BOUNDS
from contracts.document.directions import is_left_out
from contracts.schemas import Raw, only, readings
from contracts.schemas.locations import ALL_TYPES, Location, Part, Union, merge
from contracts.schemas.readings import TooLarge, checked_form, is_recursive, sent_form, taken_form
from contracts.schemas.validation import matches

LARGE = 4_000  # characters of a schema, from which on it is decided by its parts where it can be


@dataclass(frozen=True, slots=True)
class Facet:
    """What a schema object says here, or a part of it, of values of some types."""

    part: Part
    value: Mapping[str, Any]
    types: frozenset[str] = ALL_TYPES

    def only(self, *keywords: str) -> "Facet":
        """What is said under some keywords; the bounds that a format implies are the format's."""
        held = {keyword: self.value[keyword] for keyword in keywords if keyword in self.value}
        implied = INTEGER_BOUNDS.get(str(self.value.get("format")), ())
        for bound, limit in zip(("minimum", "maximum"), implied, strict=False):
            if self.value.get(bound) == limit:
                held.pop(bound, None)
                held |= {bound: limit} if "format" in keywords else {}
        return Facet(self.part, held, self.types)

    @property
    def guarded(self) -> dict[str, Any]:
        """The same said of all values."""
        if self.types == ALL_TYPES:
            return dict(self.value)
        return {"anyOf": [{"not": {"type": type_names(self.types)}}, dict(self.value)]}


_OPENING = {"additionalProperties", "unevaluatedProperties", "patternProperties"}
_OPENING |= {"if", "then", "else", "dependentSchemas"}
"""Keywords with which a sender may send names that are not declared at the place itself."""


def _opens(said: Mapping[str, Any]) -> bool:
    return any(held is not False for held in said.values())


def type_names(types: Iterable[str]) -> list[str]:
    """JSON Schema's names for types among which `number` means a number that is no integer."""
    found = set(types)
    if "number" in found:
        found.discard("integer")
    return sorted(found)


@dataclass(frozen=True, eq=False)
class Shape:
    """What all of `parts` say together, as one side of a comparison reads it."""

    parts: tuple[Part, ...]
    document: Document

    @cached_property
    def location(self) -> Location:
        return merge("", self.parts)

    @cached_property
    def values(self) -> list[Raw]:
        return [part.schema.value for part in self.parts]

    @cached_property
    def sent(self) -> Raw:
        return sent_form(self.document, *self.values)

    @cached_property
    def taken(self) -> Raw:
        return taken_form(self.document, *self.values)

    @cached_property
    def checked(self) -> Raw:
        """What is taken, only to validate with."""
        return checked_form(self.document, *self.values)

    @cached_property
    def is_large(self) -> bool:
        """Whether all that is said here is too much to be looked at as a whole at every change."""
        if self.location.types.isdisjoint(("array", "object")):
            return False  # nothing of it could be left out
        try:
            return len(as_text(self.taken)) > LARGE
        except TooLarge:
            return True

    def outlined(self, kept: Container[str], plain: Mapping[str, Raw] | None = None) -> Raw:
        """What is sent as its `outline` says it."""
        said = (readings.outline(self.document, value, kept, plain) for value in self.values)
        return sent_form(self.document, *said)

    @property
    def target(self) -> str:
        """The pointer of what the parts refer to, if they are one reference and nothing else."""
        first, target = self.parts[0], self.parts[0].target
        beside = first.value.keys() - {"$ref", "description", "title", "summary"}
        if len(self.parts) > 1 or beside or target is None or target.schema.pointer in first.path:
            return ""
        return target.schema.pointer

    @cached_property
    def unit(self) -> str:
        """The pointer under which the place is compared once: its `target`, or its own.

        Its own where it leads back to itself through unions and the like, on ways without number.
        """
        pointer = self.parts[0].schema.pointer
        if self.target or len(self.parts) > 1 or not _leads_back(self.document, pointer):
            return self.target
        return pointer

    @property
    def at(self) -> str:
        """The pointer of what describes the place, if it is one schema as it is written."""
        first = self.parts[0].schema
        return "" if len(self.parts) > 1 or isinstance(first, Spoken) else first.pointer

    @cached_property
    def _levels(self) -> list[tuple[Location, frozenset[str]]]:
        return list(_levels(self.location, ALL_TYPES))

    @cached_property
    def facets(self) -> list[Facet]:
        found = []
        for location, types in self._levels:
            found += [Facet(part, part.value, types) for part in location.parts]
        return found

    @cached_property
    def unions(self) -> list[tuple[Union, frozenset[str]]]:
        """The unions whose branches are not told apart by type, and for which types they count."""
        found = []
        for location, types in self._levels:
            for union in location.unions:
                if union.shared_types and union.values is None:
                    found.append((union, types))
        return found

    @cached_property
    def sendable(self) -> frozenset[str] | None:
        """The names that a sender may give to properties; None if they are any, or not known."""
        opened = [facet.value for facet in self.having(*_OPENING)]
        if self.location.unions or self.location.truncated or any(map(_opens, opened)):
            return None
        said = [*self.having("properties", "required"), *self.having("type")]
        is_object = any("object" in facet.value.get("type", ("object",)) for facet in said)
        return frozenset(filterfalse(self.is_unsent, self.names)) if is_object else None

    def having(self, *keywords: str) -> list[Facet]:
        """What is said under some keywords."""
        said = (facet.only(*keywords) for facet in self.facets)
        return [facet for facet in said if facet.value]

    def source(self, *keywords: str) -> Schema:
        """The schema that says something under `keywords`, or the one that describes the place."""
        return (self.having(*keywords) or self.facets)[0].part.schema

    def annotation(self, keyword: str) -> Any:
        return next((facet.value[keyword] for facet in self.having(keyword)), None)

    @cached_property
    def beyond(self) -> str:
        """What is too much here to be compared, as each is held against all; empty if nothing."""
        said = (readings.beyond(facet.value) for facet in self.facets)
        together = {"allOf": self.facets, "properties": self.names}
        return next(filter(None, said), "") or readings.beyond(together)

    @cached_property
    def heirs(self) -> dict[str, str]:
        """Whom a discriminator names here, unless the place is one of them: see `heirs`."""
        document, found = self.document.written, dict[str, str]()
        if "discriminator" in document.marks:
            here = {facet.part.schema.pointer for facet in self.facets}
            for facet in self.having("discriminator"):
                with suppress(LookupError, TypeError):
                    named = heirs(document, document.at(facet.part.schema.pointer))
                    if here.isdisjoint(named.values()):
                        found |= named
        return found

    # Properties

    @cached_property
    def names(self) -> list[str]:
        """The names that are declared or required here."""
        if "object" not in self.location.types:
            return []
        declared = self._names_under("properties")
        return list(dict.fromkeys((*declared, *sorted(self.required))))

    @cached_property
    def patterns(self) -> list[str]:
        return self._names_under("patternProperties")

    def _names_under(self, keyword: str) -> list[str]:
        found: dict[str, None] = {}
        for facet in self.having(keyword):
            found |= dict.fromkeys(facet.value[keyword])
        return list(found)

    @cached_property
    def required(self) -> set[str]:
        found: set[str] = set()
        if "object" in self.location.types:
            for facet in self.having("required"):
                found.update(facet.value["required"])
        return found

    def member(self, name: str) -> Schema | None:
        """The schema of the property `name`, if it is declared."""
        for facet in self.having("properties"):
            if name in facet.value["properties"]:
                return facet.part.schema.child("properties", name)
        return None

    def is_unsent(self, name: str) -> bool:
        """Whether a property does not travel in this direction."""
        declared = (facet.value["properties"] for facet in self.having("properties"))
        return any(is_left_out(self.document, held.get(name)) for held in declared)

    def child(self, keyword: str, name: str | None = None) -> "Shape":
        """What is said of the values below a keyword: they may be anything where nothing is."""
        names = () if name is None else (name,)
        parts: dict[str, Part] = {}  # by pointer, as more than one way may lead to a schema
        for facet in self.having(keyword):
            held = facet.value[keyword]
            if isinstance(held, dict) and held.keys() >= {*names}:
                part = facet.part.child(keyword, *names)
                parts.setdefault(part.schema.pointer, part)
        found = tuple(parts.values()) or (Part(Spoken(self.source(), True)),)
        return Shape(found, self.document)

    def without(self, names: Collection[str]) -> "Shape":
        """The same with no word on the values of some properties; references are followed."""
        parts = []
        for part in self.location.parts:
            rest = only(part.value, [*part.value.keys() - {"$ref", "allOf"}])
            if "properties" in rest:
                rest["properties"] = {**rest["properties"]}
                for name in rest["properties"].keys() & {*names}:
                    rest["properties"][name] = True
            parts.append(Part(Spoken(part.schema, rest)))
        return Shape(tuple(parts), self.document)

    @cached_property
    def is_map(self) -> bool:
        """Whether a schema describes the values under other names."""
        keyword = "additionalProperties"
        said = [facet.value[keyword] for facet in self.having(keyword)]
        return bool(said) and all(isinstance(schema, dict) for schema in said)

    @cached_property
    def has_tuples(self) -> bool:
        """Whether items are told apart."""
        said = [facet.value.get("items", True) for facet in self.having("prefixItems", "items")]
        return bool(self.having("prefixItems")) or any(isinstance(schema, bool) for schema in said)

    # Only what is said here of one aspect, as a receiver takes it; all raise TooLarge

    def projection(self, *keywords: str) -> Raw:
        """What is said under some keywords."""
        return self._taken([facet.guarded for facet in self.having(*keywords)])

    def only_member(self, name: str) -> Raw:
        """What is said of the property `name`: whether it must be there, and what it may be."""
        said: list[Raw] = [{"required": [name]}] if name in self.required else []
        for facet in self.facets:
            for schema in _schemas_of(facet.value, name):
                said.append(replace(facet, value={"properties": {name: schema}}).guarded)
        return self._taken(said)

    def other_names(self, known: Iterable[str]) -> Raw:
        """What a schema says of properties that it does not declare itself, and are not `known`."""
        said = []
        for facet in self.having("additionalProperties"):
            names = dict.fromkeys((*known, *facet.part.value.get("properties", ())), True)
            patterns = dict.fromkeys(facet.part.value.get("patternProperties", ()), True)
            value = {**facet.value, "properties": names, "patternProperties": patterns}
            said.append(replace(facet, value=value).guarded)
        return self._taken(said)

    def enumeration(self) -> Raw:
        """The lists of values, unions of such lists among them."""
        lists = []
        for union in self.location.unions:
            if union.shared_types and union.values is not None:
                lists.append(_spelled(union))
        return self._taken([*lists, self.projection("enum", "const")])

    def union(self) -> Raw:
        """What the unions say."""
        return self._taken([_spelled(*union) for union in self.unions])

    def _taken(self, said: list[Any]) -> Raw:
        return not said or taken_form(self.document, {"allOf": said})

    def type(self) -> Raw:
        names = type_names(self.location.types)
        return bool(names) and {"type": names}

    # As texts for people

    def type_text(self) -> str:
        return " or ".join(type_names(self.location.types))

    def values_said(self) -> Said:
        values, listed = self.location.values, self.having("enum", "const")
        if values is None and len(listed) == 1:  # for some types alone, such as beside null
            values = listed[0].value.get("enum")
        return self.text("enum", "const") if values is None else tuple(map(brief, values))

    def text(self, *keywords: str) -> str:
        texts = []
        for facet in self.having(*keywords):
            is_one = len(keywords) == 1
            texts.append(brief(facet.value[keywords[0]]) if is_one else brief(facet.value)[1:-1])
        return " and ".join(dict.fromkeys(texts)) or "nothing"


def shape_at(document: Document, pointer: str) -> Shape:
    return Shape((Part(Schema(document, pointer)),), document)


@lru_cache(maxsize=1 << 14)
def _leads_back(document: Document, pointer: str) -> bool:
    """Whether a schema behind what is said at a place has a way back to itself."""
    said = (facet.value.get("$ref") for facet in shape_at(document, pointer).facets)
    return any(isinstance(name, str) and is_recursive(document, name) for name in said)


class Spoken(Schema):
    """What is said at the place of a schema, and not written there so."""

    def __init__(self, around: Schema, value: Raw) -> None:
        super().__init__(around.document, around.pointer)
        object.__setattr__(self, "value", value)


def as_text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)


def brief(value: Any) -> str:
    text = as_text(value)
    return text if len(text) <= 120 else f"{text[:100]}… ({len(text)} characters)"


def _levels(location: Location, types: frozenset[str]) -> Iterator[tuple[Location, frozenset[str]]]:
    """The location and the branches of unions by type below it, with the types of each."""
    yield location, types
    for union in location.unions:
        if not union.shared_types:
            for branch in union.branches:
                yield from _levels(branch, branch.types & types)


def _spelled(union: Union, types: frozenset[str] = ALL_TYPES) -> Raw:
    return Facet(Part(union.schema), Part(union.schema).value, types).only(union.keyword).guarded


def _schemas_of(value: Mapping[str, Any], name: str) -> list[Any]:
    """The schemas that one schema object gives the property `name`."""
    properties = value.get("properties", {})
    found = [properties[name]] if name in properties else []
    for pattern, schema in value.get("patternProperties", {}).items():
        if matches(pattern, name):
            found.append(schema)
    if not found and "additionalProperties" in value:
        return [value["additionalProperties"]]
    return found
