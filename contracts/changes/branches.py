"""A union as one side has it: its branches, each with what stands beside the union."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from itertools import repeat
from operator import attrgetter
from typing import Any

from contracts.changes.shapes import Shape, Spoken, shape_at, type_names
from contracts.document import ref_target
from contracts.document.model import schemas_by_name
from contracts.schemas import UNIONS, only
from contracts.schemas.locations import Location, Part, Union, merge
from contracts.schemas.part import among


@dataclass(frozen=True, eq=False)
class Branch:
    """One branch, with what stands beside the union, or a place that is no union."""

    shape: Shape
    own: tuple[Part, ...]
    turn: int = 1
    named: tuple[str, frozenset[str]] | None = None  # by the discriminator: a property, its values

    @cached_property
    def identity(self) -> str:
        """What the document calls it: by reference or title; empty if it does not."""
        for part in self.own:
            if part.target:
                return part.target.schema.pointer.rpartition("/")[2]
        return str(self.own[0].value.get("title", ""))

    @property
    def key(self) -> str | int:
        """By what it is looked for on the other side first."""
        return self.identity or self.turn

    @property
    def name(self) -> str:
        """What people call it."""
        types = " or ".join(type_names(self.shape.location.types))
        return self.identity or f"{types} {self.turn}"

    @cached_property
    def tags(self) -> dict[str, frozenset[str]]:
        """The constants that it demands under names."""
        found = dict([self.named] if self.named else [])
        for name in self.shape.required:
            if texts := self.shape.location.property(name).texts:
                found[name] = texts
        return found

    def has_tags_of(self, other: "Branch") -> bool:
        for name in (common := self.tags.keys() & other.tags.keys()):
            if self.tags[name].isdisjoint(other.tags[name]):
                return False
        return bool(common)

    def likeness(self, other: "Branch") -> float:
        """From 0 to 1: the share of properties, or whether the types are the same."""
        mine, yours = {*self.shape.names}, {*other.shape.names}
        if mine | yours:
            return len(mine & yours) / len(mine | yours)
        return float(self.shape.location.types == other.shape.location.types)


@dataclass(frozen=True, eq=False)
class Alternatives:
    """A union as one side has it; what is none has one branch."""

    keyword: str
    all: tuple[Branch, ...]
    is_alone: bool = True  # whether nothing is said beside it

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(map(attrgetter("name"), self.all))


def branch_names(shape: Shape) -> tuple[str, ...]:
    """What the branches of all unions at a place are called."""
    found: list[str] = []
    for union, _ in shape.unions:
        found += branches_of(shape, union, union.keyword).names
    return tuple(found)


def branches_of(
    shape: Shape, union: Union | None, keyword: str, opened: frozenset[str] = frozenset()
) -> Alternatives:
    """The branches of a union at a place, or the place itself as the only one.

    What leads back to the unions `opened` says nothing more: a value of a branch is of them.
    """
    if union is None:
        return Alternatives(keyword, (Branch(shape, shape.parts),))
    way = _way_to(union, shape.location)
    beside, types = _beside(way), shape.location.types
    for place, _ in way:
        types &= place.types
    says_types = all(part.value.keys() <= {"type"} or not part.speaks for part in beside)
    whole, named, found = Part(union.schema).value, dict[str, set[str]](), list[Branch]()
    if "discriminator" in whole:
        for name, pointer in schemas_by_name(whole).items():
            named.setdefault(pointer, set()).add(name)
    for turn, location in enumerate(union.branches, 1):
        own, given = location.parts[0], None
        parts = _without(opened, own)
        if not (says_types and location.types <= types):
            parts += beside
        if own.target and own.target.schema.pointer in named:
            names = frozenset(named[own.target.schema.pointer])
            given = (str(whole["discriminator"].get("propertyName")), names)
        found.append(Branch(Shape(tuple(parts), shape.document), (own,), turn, given))
    return Alternatives(union.keyword, tuple(found), says_types and len(way) == 1)


def _without(unions: frozenset[str], part: Part) -> list[Part]:
    """A schema, or all that it says beside some unions if these are among it."""
    found, parts = list[Part](), merge("", [Part(part.schema)]).parts
    if unions.isdisjoint(map(attrgetter("schema.pointer"), parts)):
        return [part]
    for one in parts:
        dropped = {"$ref", "allOf", *UNIONS * (one.schema.pointer in unions)}
        if rest := only(one.value, one.value.keys() - dropped):
            found.append(Part(Spoken(one.schema, rest)))
    return found or [Part(Spoken(part.schema, True))]


def _way_to(union: Union, location: Location) -> list[tuple[Location, Union]]:
    """The union and those by type above it, of which a value of its types is in one branch alone.

    Each is with the location that it stands at.
    """
    for one in location.unions:
        if one is union:
            return [(location, one)]
        if not one.shared_types:
            for way in filter(None, map(partial(_way_to, union), one.branches)):
                return [(location, one), *way]
    return []


def _beside(way: Sequence[tuple[Location, Union]]) -> list[Part]:
    """What is said on the way to a union, and is no part of the unions on it."""
    found = []
    for location, chosen in way:
        for part in location.parts:
            rest = dict(part.value)
            for name in ("$ref", "allOf", *([chosen.keyword] * (part.schema == chosen.schema))):
                rest.pop(name, None)
            if rest:
                found.append(Part(Spoken(part.schema, rest)))
    return found


def are_apart(sent: Shape, taken: Shape) -> bool:
    """Whether no value that is sent is taken, as types, constants and names show."""
    common = sent.location.types & taken.location.types
    values, listed = sent.location.values, taken.location.values
    if values is not None and listed is not None:
        return not any(map(among, values, repeat(listed)))
    if common != {"object"}:
        return not common
    for name in sent.required | taken.required:
        one, other = sent.location.property(name).texts, taken.location.property(name).texts
        if one and other and one.isdisjoint(other):
            return True
    return sent.sendable is not None and not taken.required <= sent.sendable


def may_take_all(sent: Shape, taken: Shape) -> bool:
    """Whether types and required names leave it possible that all that is sent is taken."""
    return sent.location.types <= taken.location.types and taken.required <= sent.required


def tags_of(shape: Shape) -> tuple[str, dict[str, list[str]]]:
    """The property that tells schemas apart, and the values that stand for each of them.

    A schema that lists its own values, or that a mapping names, has no name but these.
    """
    said = shape.having("discriminator")
    if not said or not isinstance(value := said[0].part.schema.value, dict):
        return "", {}
    named = value["discriminator"]
    tag, mapping = named.get("propertyName", ""), named.get("mapping")
    found: dict[str, list[str]] = {}
    by_name = schemas_by_name(value)
    for name, target in sorted((mapping or {}).items()):
        found.setdefault(by_name[name] or ref_target(target), []).append(name)
    for name, pointer in by_name.items():
        if pointer and pointer not in found and listed_under(shape, pointer, tag) is None:
            found[pointer] = [name]
    return tag, found


def listed_under(shape: Shape, pointer: str, tag: str) -> tuple[Any, ...] | None:
    """The values that a schema of its own lists for a property."""
    return shape_at(shape.document, pointer).child("properties", tag).location.values
