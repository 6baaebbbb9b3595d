"""A schema as a tree of locations: for every place of a body, what must hold, however spelled.

It stops where a `$ref` repeats on its own path; the rest is the validator's verdict on the body.
"""

import json
import operator
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import cached_property
from itertools import chain
from typing import Any

from contracts.document import Schema, ref_target
from contracts.document.model import escape_segment
from contracts.schemas import UNIONS, only
from contracts.schemas.validation import keyword_validator, matches

ALL_TYPES = frozenset({"null", "boolean", "integer", "number", "string", "array", "object"})
_TYPES_OF = operator.attrgetter("types")
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
        if isinstance(value, bool):
            return {} if value else {"not": {}}
        return value

    @property
    def types(self) -> frozenset[str]:
        """The JSON types that it lets through."""
        declared = self.value.get("type", ALL_TYPES)
        allowed = {declared} if isinstance(declared, str) else set(declared)
        if "number" in allowed:
            allowed.add("integer")
        if self.values is not None:
            allowed.intersection_update(map(json_type, self.values))
        return frozenset() if self.value.get("not") == {} else frozenset(allowed)

    @property
    def values(self) -> tuple[Any, ...] | None:
        """The values that it lists, or None when it lists none."""
        const, listed = self.value.get("const"), self.value.get("enum")
        if "const" not in self.value:
            return None if listed is None else tuple(listed)
        return (const,) if listed is None or _among(const, listed) else ()

    @property
    def target(self) -> "Part | None":
        if not isinstance(self.value.get("$ref"), str):
            return None
        pointer = ref_target(self.value["$ref"])
        return Part(Schema(self.schema.document, pointer), self.path | {pointer})

    def child(self, *segments: str | int) -> "Part":
        return Part(self.schema.child(*segments), self.path)

    def children(self, keyword: str) -> list["Part"]:
        return [self.child(keyword, index) for index in range(len(self.value.get(keyword, ())))]

    def members(self, name: str) -> list["Part"]:
        found = []
        if name in self.value.get("properties", {}):
            found.append(self.child("properties", name))
        for pattern in self.value.get("patternProperties", {}):
            if matches(pattern, name):
                found.append(self.child("patternProperties", pattern))
        if not found and isinstance(self.value.get("additionalProperties"), dict):
            found.append(self.child("additionalProperties"))
        return found

    def item(self, index: int) -> list["Part"]:
        if index < len(self.value.get("prefixItems", ())):
            return [self.child("prefixItems", index)]
        return [self.child("items")] if isinstance(self.value.get("items"), dict) else []


@dataclass(frozen=True, eq=False)
class Union:
    """`anyOf` or `oneOf` with several branches."""

    keyword: str
    schema: Schema
    branches: tuple["Location", ...]
    discriminator: str | None = None  # for which every object branch demands other constants

    @cached_property
    def types(self) -> frozenset[str]:
        return frozenset().union(*map(_TYPES_OF, self.branches))

    @cached_property
    def shared_types(self) -> set[str]:
        """The types of values that belong to several branches."""
        seen, shared = set[str](), set[str]()
        for branch in self.branches:
            shared |= seen & branch.types
            seen |= branch.types
        return shared

    @property
    def selectable(self) -> bool:
        """Whether no value finds several branches by its type, or the discriminator."""
        return not self.shared_types or self.discriminator is not None

    @cached_property
    def objects(self) -> list["Location"]:
        return [branch for branch in self.branches if "object" in branch.types]

    def select(self, value: Any) -> "Location | None":
        """The branch that a value of an allowed type must satisfy; None when it names none."""
        kind = json_type(value)
        if kind != "object" or self.discriminator is None:
            return next((branch for branch in self.branches if kind in branch.types), None)
        tag = value.get(self.discriminator)
        for branch in self.objects:
            if isinstance(tag, str) and tag in branch.property(self.discriminator).texts:
                return branch
        return None

    @cached_property
    def values(self) -> tuple[Any, ...] | None:
        """Every value that a branch lists, if each branch lists some, or is null alone."""
        found: list[Any] = []
        for branch in self.branches:
            values = branch.values
            if values is None and branch.types <= {"null"}:
                values = (None,)
            if values is None:
                return None
            found += values
        return tuple(found)


@dataclass(frozen=True, eq=False)
class Location:
    """A place of a body and what applies there: all `parts` and all `unions`."""

    place: str  # a JSON Pointer, `*` for items and map values, `<…>` for branches and name patterns
    parts: tuple[Part, ...]
    unions: tuple[Union, ...]
    truncated: bool  # a `$ref` repeated here, so more applies
    chosen_by: str | None = None  # the property that chose this branch, judged at the union
    _children: dict[str, "Location"] = field(init=False, default_factory=dict)

    @property
    def _all(self) -> tuple[Part | Union, ...]:
        return (*self.parts, *self.unions)

    def _said(self, keyword: str) -> Iterator[tuple[Part, Any]]:
        """The parts that say something under a keyword, and what."""
        for part in self.parts:
            if keyword in part.value:
                yield part, part.value[keyword]

    def _below(self, keyword: str) -> "Location | None":
        """The location of the values that a keyword is about, if it says anything of them."""
        said = self._said(keyword)
        children = [part.child(keyword) for part, held in said if isinstance(held, dict)]
        return merge(f"{self.place}/*", children) if children else None

    @cached_property
    def types(self) -> frozenset[str]:
        """The JSON types that the document lets through here."""
        return ALL_TYPES.intersection(*map(_TYPES_OF, self._all))

    @cached_property
    def enumerations(self) -> tuple[tuple[Schema, tuple[Any, ...]], ...]:
        """Every finite list of values that applies here, with the schema that holds it."""
        found = []
        for said in self._all:
            if said.values is not None:
                found.append((said.schema, said.values))
        return tuple(found)

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
        if {*map(type, self.values or ())} != {str}:
            return frozenset()
        return frozenset(self.values or ())

    @cached_property
    def required(self) -> Mapping[str, Schema]:
        """The names that must be there, in the order of `properties`, and which schemas say so."""
        said = {name: union.schema for name, union in self._tags.items()}
        for part, names in self._said("required"):
            said |= dict.fromkeys(names, part.schema)
        return only(said, self.properties)

    @cached_property
    def properties(self) -> tuple[str, ...]:
        """The names that are declared or required here, in the order of the document."""
        said = [*self._said("properties"), *self._said("required")]
        names = dict.fromkeys(chain(*(held for _, held in said), self._tags))
        return tuple(name for name in names if name != self.chosen_by)

    @cached_property
    def _holders(self) -> Mapping[str | None, list[int]]:
        """Which parts name a property, by its name; None: which speak of those without."""
        found: dict[str | None, list[int]] = defaultdict(list)
        for index, part in enumerate(self.parts):
            for name in chain(part.value.get("properties", ()), part.value.get("required", ())):
                found[name].append(index)
            if "patternProperties" in part.value or "additionalProperties" in part.value:
                found[None].append(index)
        return found

    @cached_property
    def _tags(self) -> dict[str, Union]:
        """The discriminators of the unions here, and what they may be."""
        found = {}
        for union in self.unions:
            if name := union.discriminator:
                tags = tuple(branch.property(name) for branch in union.objects)
                found[name] = Union("anyOf", union.schema, tags)
        return found

    def property(self, name: str) -> "Location":
        """The location of the value of property `name`, declared or not."""
        if name not in self._children:
            parts: list[Part] = []
            for index in sorted({*self._holders.get(name, ()), *self._holders.get(None, ())}):
                parts += self.parts[index].members(name)
            segment = escape(name)
            if name not in self._holders and name not in self._tags and name != self.chosen_by:
                found = (escape(pattern) for pattern in self.patterns if matches(pattern, name))
                segment = next(map("<{}>".format, found), "*")
            below = merge(f"{self.place}/{segment}", parts)
            if name in self._tags:
                below = replace(below, unions=(*below.unions, self._tags[name]))
            self._children[name] = below
        return self._children[name]

    @cached_property
    def patterns(self) -> "Mapping[str, Location]":
        """The locations of values under names that match a pattern, by the pattern."""
        parts: dict[str, list[Part]] = {}
        for part, held in self._said("patternProperties"):
            for pattern in held:
                parts.setdefault(pattern, []).append(part.child("patternProperties", pattern))
        return {p: merge(f"{self.place}/<{escape(p)}>", found) for p, found in parts.items()}

    @cached_property
    def additional(self) -> "Location | None":
        """The location of values under undeclared names, if the document says anything of them."""
        return self._below("additionalProperties")

    @cached_property
    def prefix(self) -> "tuple[Location, ...]":
        """The locations of the first items, where the document tells them apart (`prefixItems`)."""
        found = []
        length = max((len(held) for _, held in self._said("prefixItems")), default=0)
        for index in range(length):
            children: list[Part] = []
            for part in self.parts:
                children += part.item(index)
            found.append(merge(f"{self.place}/{index}", children))
        return tuple(found)

    @cached_property
    def items(self) -> "Location | None":
        """The location of the items after `prefix`, when the document says anything about them."""
        return self._below("items")

    @cached_property
    def most_items(self) -> int | None:
        """How long an array may be because `items: false` ends its prefix."""
        said = self._said("items")
        lengths = [len(part.value.get("prefixItems", ())) for part, held in said if held is False]
        return min(lengths, default=None)

    def keywords(self, names: Sequence[str]) -> list[tuple[Schema, dict[str, Any]]]:
        """What each part says under the keywords `names`, if it says more than others do."""
        found = []
        for part in self.parts:
            said = only(part.value, names)
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
    union, name = Union(keyword, schema, tuple(branches)), None
    if union.shared_types == {"object"} and union.values is None:
        name = _discriminator(union.objects)
    if name is None:
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
    return re.sub("^<", "~3", escape_segment(name).replace("*", "~2"))


def _among(value: Any, values: Iterable[Any]) -> bool:
    """JSON Schema equality: true is not 1, 1.0 is 1."""
    return keyword_validator(json.dumps({"enum": list(values)})).is_valid(value)
