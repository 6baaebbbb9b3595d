"""A schema as locations: for every place of a body, what must hold, however spelled.

They are a tree until a `$ref` repeats on its own path, or there are too many: from there on, what a
schema says has its location where it stands first, seen from above, for wherever else it stands.
"""

import operator
import re
from collections import defaultdict
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from itertools import chain
from typing import Any

from contracts.document import Schema
from contracts.document.model import escape_segment, split_pointer
from contracts.schemas import ARRAYS, OBJECTS, UNIONS, only
from contracts.schemas.alternatives import Branched
from contracts.schemas.part import ALL_TYPES as ALL_TYPES
from contracts.schemas.part import Part as Part
from contracts.schemas.part import among
from contracts.schemas.part import json_type as json_type
from contracts.schemas.validation import matches

Union = Branched["Location"]
_STRUCTURE = {*OBJECTS, *ARRAYS}
_TYPES_OF = operator.attrgetter("types")


@dataclass(frozen=True, eq=False)
class Location:
    """A place of a body and what applies there: all `parts` and all `unions`."""

    place: str  # a JSON Pointer, `*` for items and map values, `<…>` for branches and name patterns
    parts: tuple[Part, ...]
    unions: tuple[Union, ...]
    truncated: bool  # a `$ref` repeated here, so more applies
    atlas: "Atlas"
    name: str = ""  # of the schema that it stands in, the last that was referred to
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
        return self._child("*", children) if children else None

    def _child(self, segment: str | int, parts: Sequence[Part]) -> "Location":
        said = parts if self.place.count("/") < MAX_LEVELS else ()
        return self.atlas.at(f"{self.place}/{segment}", said, self.name)

    @property
    def below(self) -> "Iterator[Location]":
        """The locations below this one, and those of the branches that a value chooses from."""
        if not self.is_structured:
            return
        if "object" in self.types:
            yield from map(self.property, self.properties)
        yield from (*self.patterns.values(), *self.prefix)
        yield from filter(None, (self.additional, self.items))
        for union in self.unions:
            if union.selectable and union.values is None:
                yield from union.branches

    @cached_property
    def is_structured(self) -> bool:
        """Whether anything is said of members or items, or there are branches to choose from."""
        return bool(self.unions) or not self.words.isdisjoint(_STRUCTURE)

    @property
    def is_everywhere(self) -> bool:
        """Whether it is that of its schema at other places too."""
        return self.name in self.atlas.elsewhere

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
            found = tuple(value for value in found if among(value, other))
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
            child = self._child(segment, parts)
            if name in self._tags:
                below = merge(f"{self.place}/{segment}", parts, self.atlas, self.name)
                child = replace(below, unions=(*below.unions, self._tags[name]))
            self._children[name] = child
        return self._children[name]

    @cached_property
    def patterns(self) -> "Mapping[str, Location]":
        """The locations of values under names that match a pattern, by the pattern."""
        parts: dict[str, list[Part]] = {}
        for part, held in self._said("patternProperties"):
            for pattern in held:
                parts.setdefault(pattern, []).append(part.child("patternProperties", pattern))
        return {p: self._child(f"<{escape(p)}>", found) for p, found in parts.items()}

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
            found.append(self._child(index, children))
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

    @cached_property
    def words(self) -> set[str]:
        """The keywords of all parts."""
        return set().union(*(part.value for part in self.parts))

    def keywords(self, names: Sequence[str]) -> list[tuple[Schema, dict[str, Any]]]:
        """What each part says under the keywords `names`, if it says more than others do."""
        found = list[tuple[Schema, dict[str, Any]]]()
        if self.words.isdisjoint(names):
            return found
        for part in self.parts:
            said = only(part.value, names)
            if said.get("minProperties", len(self.required) + 1) <= len(self.required):
                del said["minProperties"]
            if said:
                found.append((part.schema, said))
        return found


MAX_PLACES = 2_000  # of a body, before each schema in it has one location for all of its places
MAX_LEVELS = 300  # of a body, below which the validator alone says what is wrong
MAX_COPIES = 4  # of a location on average, where schemas lead back to themselves


class Atlas:
    """The locations of one body, by what applies there.

    Each place has its own until a `$ref` repeats there, or from the start if it `shares`.
    """

    def __init__(self, *, shares: bool = False) -> None:
        self.shares, self.recurs = shares, False
        self.elsewhere = set[str]()  # names of schemas that stand at more places than their own
        self._known: dict[object, Location] = {}
        self._open = set[object]()

    def at(
        self, place: str, parts: Sequence[Part], name: str = "", branch: str | None = None
    ) -> Location:
        """The location for a place, perhaps that of another; of a `branch`, by what chose it."""
        said = tuple(part.schema for part in parts), branch
        if self.shares and said in self._known:
            return self._met(self._known[said])
        if said in self._open:  # a union leads back to itself at one and the same place
            return merge(place, parts, self, name, branch or None)
        self._open.add(said)
        try:  # a comparison may end here at any time
            here = None if self.shares else merge(place, parts, self, name, branch or None)
            shares = here is None or here.truncated
            if here is None or here.truncated:
                self.recurs |= not self.shares
                fresh = [Part(part.schema) for part in parts]
                here = merge(place, fresh, self, name, branch or None)
        finally:
            self._open.remove(said)
        speaking = frozenset(part.schema for part in here.parts if part.speaks)
        found = self._known.setdefault((speaking, branch), here)
        if not shares:
            return here
        self._known[said] = found
        return found if found is here else self._met(found)

    def _met(self, found: Location) -> Location:
        self.elsewhere.add(found.name)
        return found

    @property
    def is_tree(self) -> bool:
        """Whether no two ways lead to one location."""
        return not (self.shares or self.recurs)

    def settle(self) -> None:
        """All places were looked at: those of a tree are free once nobody holds its root."""
        if self.is_tree:
            self._known.clear()

    def is_whole(self, root: Location) -> bool:
        """Look at every place, those above first; whether there are few enough to have one each."""
        waiting, seen = [root], {root}
        for location in waiting:
            if len(waiting) > MAX_PLACES and not self.shares:
                return False
            for below in location.below:
                if below not in seen:
                    seen.add(below)
                    waiting.append(below)
        return self.shares or not self.recurs or len(seen) <= MAX_COPIES * len(self._known)


def locate(schema: Schema, place: str = "") -> Location:
    """The location of a whole body described by `schema`, with all locations below it."""
    return _located(schema, place)


@lru_cache(maxsize=128)
def _located(schema: Schema, place: str, name: str = "") -> Location:
    part = Part(schema, frozenset({schema.pointer}))
    if part.value.keys() == {"$ref"} and (target := part.target) is not None:
        named = "".join(split_pointer(target.schema.pointer)[-1:])  # "" of the whole document
        shared = _located(target.schema, place, named)
        if shared.atlas.is_tree:
            here = replace(shared, parts=(part, *shared.parts))
            here._children.update(shared._children)
            return here
    root = Atlas().at(place, [part], name)
    if not root.atlas.is_whole(root):
        root = Atlas(shares=True).at(place, [part], name)
        root.atlas.is_whole(root)
    root.atlas.settle()
    return root


def merge(
    place: str,
    parts: Iterable[Part],
    atlas: Atlas | None = None,
    name: str = "",
    chosen_by: str | None = None,
) -> Location:
    """The location at `place` where all of `parts` apply; `name` is that of the schema around."""
    flat: dict[tuple[Schema, int], Part] = {}
    unions: list[tuple[str, Schema, list[Part]]] = []
    atlas, truncated, named = atlas or Atlas(), False, ""
    pending = list(parts)[::-1]
    while pending:
        part = pending.pop()
        said = part.schema, id(part.schema.value)
        if said in flat:  # more than one way leads there
            continue
        flat[said], target = part, part.target
        if target and target.path == part.path:
            truncated = True
        elif target:
            pending.append(target)
            named = named or "".join(split_pointer(target.schema.pointer)[-1:])
        pending += part.children("allOf")[::-1]
        for keyword in UNIONS:
            branches = part.children(keyword)
            if len(branches) == 1:
                pending += branches
            elif branches:
                unions.append((keyword, part.schema, branches))
    here = Location(place, tuple(flat.values()), (), truncated, atlas, named or name, chosen_by)
    if unions:
        beside = replace(here, chosen_by=None)
        here = replace(here, unions=tuple(_union(beside, *union) for union in unions))
    return here


def _union(beside: Location, keyword: str, schema: Schema, parts: list[Part]) -> Union:
    """The union at a place, where what stands beside it may say the type, and what is required."""
    place, atlas = beside.place, beside.atlas
    branches = [atlas.at(place, [part], branch="") for part in parts]
    union, name = Union(keyword, schema, tuple(branches)), None
    if union.shared_types & beside.types == {"object"} and union.values is None:
        name = _discriminator(union.objects, beside.required)
    if name is None:
        return union
    for index, branch in enumerate(branches):
        if "object" in branch.types:
            tags = "|".join(sorted(branch.property(name).texts))
            chosen = f"{place}/<{escape(tags)}>"
            branches[index] = atlas.at(chosen, [parts[index]], branch=name)
    return Union(keyword, schema, tuple(branches), name)


def _discriminator(objects: list[Location], required: Container[str]) -> str | None:
    """The property for which every one of the object branches demands other constants, if any."""
    for name in objects[0].properties:
        holders = (branch for branch in objects if name in branch.required or name in required)
        values = [branch.property(name).texts for branch in holders]
        tags = frozenset().union(*values)
        if len(values) == len(objects) and all(values) and len(tags) == sum(map(len, values)):
            return name
    return None


def escape(name: str) -> str:
    """A raw name as a segment of a place: RFC 6901, and `~2` for a star, `~3` for a leading `<`."""
    return re.sub("^<", "~3", escape_segment(name).replace("*", "~2"))
