"""A schema as a tree of locations: for every place of a body, what must hold, however spelled.

`$ref`, `allOf`, one-branch unions, `anyOf` with null and type lists all come out the same. It stops
where a `$ref` repeats on its own path; the rest is the validator's verdict on the whole body.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import cached_property
from typing import Any

from contracts.document import Schema, ref_target
from contracts.document.model import escape_segment
from contracts.schemas import UNIONS
from contracts.schemas.validation import keyword_validator, matches

ALL_TYPES = frozenset({"null", "boolean", "integer", "number", "string", "array", "object"})
_TYPES = {type(None): "null", bool: "boolean", str: "string", dict: "object", list: "array"}


def json_type(value: Any) -> str:
    """The JSON Schema type of a decoded value; `number` here means a number that is no integer."""
    if type(value) in _TYPES:
        return _TYPES[type(value)]
    if isinstance(value, Decimal):  # beyond what a float holds; its digits are never written out
        whole = int(value.as_tuple().exponent) >= 0 or value == value.to_integral_value()
    else:
        whole = isinstance(value, int) or value.is_integer()
    return "integer" if whole else "number"


@dataclass(frozen=True, slots=True)
class Part:
    """One schema object that applies at a location; `path` are the `$ref` targets before it."""

    schema: Schema
    path: frozenset[str] = frozenset()

    @property
    def value(self) -> dict[str, Any]:
        value = self.schema.value
        if isinstance(value, dict):
            return value
        return {True: {}, False: {"not": {}}}[value]

    @property
    def target(self) -> Part | None:
        """What it refers to."""
        if not isinstance(self.value.get("$ref"), str):
            return None
        pointer = ref_target(self.value["$ref"])
        return Part(Schema(self.schema.document, pointer), self.path | {pointer})

    def child(self, *segments: str | int) -> Part:
        return Part(self.schema.child(*segments), self.path)

    def children(self, keyword: str) -> list[Part]:
        """The schemas in a list."""
        return [self.child(keyword, index) for index in range(len(self.value.get(keyword, ())))]

    def members(self, name: str) -> list[Part]:
        """The schemas of the property `name`."""
        found = []
        if name in self.value.get("properties", {}):
            found.append(self.child("properties", name))
        for pattern in self.value.get("patternProperties", {}):
            if matches(pattern, name):
                found.append(self.child("patternProperties", pattern))
        if not found and isinstance(self.value.get("additionalProperties"), dict):
            found.append(self.child("additionalProperties"))
        return found


@dataclass(frozen=True, eq=False)
class Union:
    """`anyOf` or `oneOf` with several branches.

    `discriminator` is the property for which every object branch demands other constants, if any.
    """

    keyword: str
    schema: Schema
    branches: tuple[Location, ...]
    discriminator: str | None = None

    @cached_property
    def types(self) -> frozenset[str]:
        return frozenset().union(*(branch.types for branch in self.branches))

    @cached_property
    def by_type(self) -> bool:
        """Whether no two branches share a type."""
        return not self._shared_types

    @cached_property
    def selectable(self) -> bool:
        """Whether every value finds one branch at most by its type, or the discriminator."""
        return self.by_type or (self._shared_types == {"object"} and self.discriminator is not None)

    @cached_property
    def _shared_types(self) -> set[str]:
        seen, shared = set[str](), set[str]()
        for branch in self.branches:
            shared |= seen & branch.types
            seen |= branch.types
        return shared

    def select(self, value: Any) -> Location | None:
        """The branch that a value of an allowed type must satisfy; None when it names none."""
        kind = json_type(value)
        found = [branch for branch in self.branches if kind in branch.types]
        if kind == "object" and not self.by_type and self.discriminator is not None:
            tag = value.get(self.discriminator)
            if not isinstance(tag, str):
                return None
            found = [b for b in found if tag in b.property(self.discriminator).texts]
        return next(iter(found), None)

    @cached_property
    def tags(self) -> Union | None:
        """What the discriminator may be; None when branches are told apart by type."""
        if self.by_type or self.discriminator is None:
            return None
        objects = [branch for branch in self.branches if "object" in branch.types]
        tags = tuple(branch.property(self.discriminator) for branch in objects)
        return Union("anyOf", self.schema, tags)

    @cached_property
    def values(self) -> tuple[Any, ...] | None:
        """Every value that a branch lists, if each branch lists some, or is null alone."""
        found: list[Any] = []
        for branch in self.branches:
            if branch.values is None and not branch.types <= {"null"}:
                return None
            found += (None,) if branch.values is None else branch.values
        return tuple(found)

    @property
    def finite(self) -> bool:
        return self.values is not None


@dataclass(frozen=True, eq=False)
class Location:
    """A place of a body and what applies there.

    Args:
        place: JSON Pointer, `*` for items and map values, `<…>` for branches and name patterns.
        parts: schema objects that all apply.
        unions: unions that all apply.
        truncated: a `$ref` repeated here, so more applies than `parts` and `unions` say.
        chosen_by: for the branch of a union, the property that chose it, judged at the union.
    """

    place: str
    parts: tuple[Part, ...]
    unions: tuple[Union, ...]
    truncated: bool
    chosen_by: str | None = None
    _children: dict[str, Location] = field(init=False, default_factory=dict)

    def _said(self, keyword: str) -> list[tuple[Part, Any]]:
        """The parts that say something under a keyword, and what."""
        return [(part, part.value[keyword]) for part in self.parts if keyword in part.value]

    def _names(self, keyword: str) -> dict[str, None]:
        """The names under a keyword, in the order of the document."""
        found: dict[str, None] = {}
        for _, names in self._said(keyword):
            found |= dict.fromkeys(names)
        return found

    def _below(self, keyword: str) -> Location | None:
        """The location of the values that a keyword is about, if it says anything of them."""
        said = self._said(keyword)
        children = [part.child(keyword) for part, held in said if isinstance(held, dict)]
        return merge(f"{self.place}/*", children) if children else None

    @cached_property
    def types(self) -> frozenset[str]:
        """The JSON types that the document lets through here."""
        allowed = ALL_TYPES
        for part in self.parts:
            allowed &= _types_of(part.value)
        for union in self.unions:
            allowed &= union.types
        return allowed

    @cached_property
    def enumerations(self) -> tuple[tuple[Schema, tuple[Any, ...]], ...]:
        """Every finite list of values that applies here, with the schema that holds it."""
        lists = [(part.schema, _values_of(part.value)) for part in self.parts]
        lists += [(union.schema, union.values) for union in self.unions]
        return tuple((schema, values) for schema, values in lists if values is not None)

    @cached_property
    def values(self) -> tuple[Any, ...] | None:
        """The values that pass every enumeration here, or None when there is no enumeration."""
        if not self.enumerations:
            return None
        (_, found), *others = self.enumerations
        found = tuple(value for value in found if json_type(value) in self.types)
        for _, other in others:
            found = tuple(value for value in found if _among(value, other))
        return found

    @cached_property
    def texts(self) -> frozenset[str]:
        """`values` if all of them are strings, otherwise empty."""
        values = self.values or ()
        return frozenset(values) if {*map(type, values)} == {str} else frozenset()

    @cached_property
    def required(self) -> Mapping[str, Schema]:
        """The names that must be there, in the order of `properties`, and which schemas say so."""
        said = {name: union.schema for name, union in self._tags.items()}
        for part, names in self._said("required"):
            said |= dict.fromkeys(names, part.schema)
        return {name: said[name] for name in self.properties if name in said}

    @cached_property
    def properties(self) -> tuple[str, ...]:
        """The names that are declared or required here, in the order of the document."""
        names = self._names("properties") | self._names("required") | dict.fromkeys(self._tags)
        return tuple(name for name in names if name != self.chosen_by)

    @cached_property
    def _tags(self) -> dict[str, Union]:
        """The discriminators of the unions here, and what they may be."""
        found = {}
        for union in self.unions:
            if union.tags and union.discriminator:
                found[union.discriminator] = union.tags
        return found

    def property(self, name: str) -> Location:
        """The location of the value of property `name`, declared or not."""
        if name not in self._children:
            parts: list[Part] = []
            for part in self.parts:
                parts += part.members(name)
            below = merge(f"{self.place}/{self._segment(name)}", parts)
            if name in self._tags:
                below = replace(below, unions=(*below.unions, self._tags[name]))
            self._children[name] = below
        return self._children[name]

    def _segment(self, name: str) -> str:
        if name in self.properties or name == self.chosen_by:
            return escape(name)
        for pattern in self.patterns:
            if matches(pattern, name):
                return f"<{escape(pattern)}>"
        return "*"

    @cached_property
    def patterns(self) -> tuple[str, ...]:
        return tuple(self._names("patternProperties"))

    @cached_property
    def additional(self) -> Location | None:
        """The location of values under undeclared names, if the document says anything of them."""
        return self._below("additionalProperties")

    def pattern(self, pattern: str) -> Location:
        """The location of values under names that match `pattern`."""
        children = []
        for part, held in self._said("patternProperties"):
            if pattern in held:
                children.append(part.child("patternProperties", pattern))
        return merge(f"{self.place}/<{escape(pattern)}>", children)

    @cached_property
    def prefix(self) -> tuple[Location, ...]:
        """The locations of the first items, where the document tells them apart (`prefixItems`)."""
        length = max((len(held) for _, held in self._said("prefixItems")), default=0)
        return tuple(map(self._item, range(length)))

    @cached_property
    def items(self) -> Location | None:
        """The location of the items after `prefix`, when the document says anything about them."""
        return self._below("items")

    def _item(self, index: int) -> Location:
        children = []
        for part in self.parts:
            if index < len(part.value.get("prefixItems", ())):
                children.append(part.child("prefixItems", index))
            elif isinstance(part.value.get("items"), dict):
                children.append(part.child("items"))
        return merge(f"{self.place}/{index}", children)

    @cached_property
    def most_items(self) -> int | None:
        """How long an array may be because `items: false` ends its prefix."""
        closed = [part for part, items in self._said("items") if items is False]
        return min((len(part.value.get("prefixItems", ())) for part in closed), default=None)

    def keywords(self, names: Sequence[str]) -> list[tuple[Schema, dict[str, Any]]]:
        """What each part says under the keywords `names`, if it says more than others do."""
        found = []
        for part in self.parts:
            said = {name: part.value[name] for name in names if name in part.value}
            if said.get("minProperties", len(self.required) + 1) <= len(self.required):
                del said["minProperties"]
            if said:
                found.append((part.schema, said))
        return found


def locate(schema: Schema) -> Location:
    """The location of a whole body described by `schema`."""
    return merge("", [Part(schema)])


def merge(place: str, parts: Iterable[Part]) -> Location:
    """The location at `place` where all of `parts` apply."""
    flat: list[Part] = []
    unions: list[Union] = []
    truncated = False
    pending = list(parts)[::-1]
    while pending:
        part = pending.pop()
        target = part.target
        if target and target.path == part.path:
            truncated = True
        elif target:
            pending.append(target)
        pending += part.children("allOf")[::-1]
        for keyword in UNIONS:
            branches = part.children(keyword)
            if len(branches) == 1:
                pending += branches
            elif branches:
                unions.append(_union(place, keyword, part.schema, branches))
        flat.append(part)
    return Location(place, tuple(dict.fromkeys(flat)), tuple(unions), truncated)


def _union(place: str, keyword: str, schema: Schema, parts: list[Part]) -> Union:
    branches = [merge(place, [part]) for part in parts]
    union = Union(keyword, schema, tuple(branches))
    objects = [branch for branch in branches if "object" in branch.types]
    if union.by_type or union.finite or not objects:
        return union
    name = _discriminator(objects)
    if name is None or not replace(union, discriminator=name).selectable:
        return union
    for index, branch in enumerate(branches):
        if "object" in branch.types:
            tags = "|".join(sorted(branch.property(name).texts))
            placed = merge(f"{place}/<{escape(tags)}>", [parts[index]])
            branches[index] = replace(placed, chosen_by=name)
    return Union(keyword, schema, tuple(branches), name)


def _discriminator(objects: list[Location]) -> str | None:
    """The property for which every one of the object branches demands other constants, if any."""
    for name in objects[0].required:
        values = [branch.property(name).texts for branch in objects if name in branch.required]
        tags = frozenset().union(*values)
        if len(values) == len(objects) and all(values) and len(tags) == sum(map(len, values)):
            return name
    return None


def escape(name: str) -> str:
    """A raw name as a segment of a place: RFC 6901, and `~2` for a star, `~3` for a leading `<`."""
    escaped = escape_segment(name).replace("*", "~2")
    return f"~3{escaped[1:]}" if escaped.startswith("<") else escaped


def _types_of(value: dict[str, Any]) -> frozenset[str]:
    declared = value.get("type", ALL_TYPES)
    allowed = {declared} if isinstance(declared, str) else set(declared)
    if "number" in allowed:
        allowed.add("integer")
    values = _values_of(value)
    if values is not None:
        allowed &= set(map(json_type, values))
    return frozenset() if value.get("not") == {} else frozenset(allowed)


def _values_of(value: dict[str, Any]) -> tuple[Any, ...] | None:
    listed = value.get("enum")
    if "const" in value:
        is_listed = listed is None or _among(value["const"], listed)
        return (value["const"],) if is_listed else ()
    return None if listed is None else tuple(listed)


def _among(value: Any, values: Iterable[Any]) -> bool:
    """JSON Schema equality: true is not 1, 1.0 is 1."""
    return keyword_validator(json.dumps({"enum": list(values)})).is_valid(value)
