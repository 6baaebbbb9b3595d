"""A schema as a tree of locations: for every place of a body, what must hold there, however the document spells it.

`$ref`, `allOf`, one-branch unions, `anyOf` with null and type lists all come out the same. A location stops where a
`$ref` repeats on its own path; what it can't express is left to the validator's verdict on the whole body.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cached_property
from typing import Any

from contracts.document import Schema, ref_target
from contracts.document.model import escape_segment
from contracts.schemas.validation import Uncompilable, keyword_validator

ALL_TYPES = frozenset({"null", "boolean", "integer", "number", "string", "array", "object"})
_TYPE_SETS = {"number": frozenset({"integer", "number"})}


def json_type(value: Any) -> str:
    """The JSON Schema type of a decoded value; `number` here means a number that is no integer."""
    match value:
        case None:
            return "null"
        case bool():
            return "boolean"
        case int():
            return "integer"
        case str():
            return "string"
        case dict():
            return "object"
        case list():
            return "array"
    if isinstance(value, Decimal):  # beyond what a float holds; its digits are never written out
        whole = int(value.as_tuple().exponent) >= 0 or value == value.to_integral_value()
    else:
        whole = float(value).is_integer()
    return "integer" if whole else "number"


@dataclass(frozen=True, slots=True)
class Part:
    """One schema object that applies at a location; `path` holds the `$ref` targets passed on the way to it."""

    schema: Schema
    path: frozenset[str]

    @property
    def value(self) -> dict[str, Any]:
        value = self.schema.value
        if isinstance(value, dict):
            return value
        return {} if value else {"not": {}}

    def child(self, *segments: str | int) -> Part:
        return Part(self.schema.child(*segments), self.path)


@dataclass(frozen=True, eq=False)
class Union:
    """`anyOf` or `oneOf` with several branches.

    `discriminator` is the property for which every object branch demands other constants, if there is one.
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
        """Whether every value finds at most one branch by its type, objects by the discriminator."""
        return self.by_type or (self._shared_types == {"object"} and self.discriminator is not None)

    @cached_property
    def _shared_types(self) -> set[str]:
        names = [name for branch in self.branches for name in branch.types]
        return {name for name in names if names.count(name) > 1}

    def select(self, value: Any) -> Location | None:
        """The branch that a value of an allowed type must satisfy; None when it names none."""
        kind = json_type(value)
        found = [branch for branch in self.branches if kind in branch.types]
        if kind != "object" or self.by_type or self.discriminator is None:
            return found[0] if found else None
        tag = value.get(self.discriminator)
        texts = [tag] if isinstance(tag, str) else []
        return next(
            (
                branch
                for branch in found
                for text in texts
                if text in branch.property(self.discriminator).texts
            ),
            None,
        )

    @cached_property
    def tags(self) -> Union | None:
        """What the discriminator may be, over all branches; None when branches are told apart by type."""
        if self.by_type or self.discriminator is None:
            return None
        objects = [branch for branch in self.branches if "object" in branch.types]
        return Union(
            "anyOf", self.schema, tuple(branch.property(self.discriminator) for branch in objects)
        )

    @cached_property
    def finite(self) -> bool:
        return all(
            branch.values is not None or branch.types <= {"null"} for branch in self.branches
        )


@dataclass(frozen=True, eq=False)
class Location:
    """A place of a body and what applies there.

    Args:
        place: JSON Pointer with `*` for items and map values, `<…>` for union branches and name patterns.
        parts: schema objects that all apply.
        unions: unions that all apply.
        truncated: a `$ref` repeated here, so more applies than `parts` and `unions` say.
        chosen_by: for the branch of a union, the property that chose it, which is judged at the union.
    """

    place: str
    parts: tuple[Part, ...]
    unions: tuple[Union, ...]
    truncated: bool
    chosen_by: str | None = None

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
        found = [(part.schema, _values_of(part.value)) for part in self.parts]
        lists = [(schema, values) for schema, values in found if values is not None]
        for union in self.unions:
            if union.finite:
                values = [
                    v
                    for b in union.branches
                    for v in (b.values if b.values is not None else (None,))
                ]
                lists.append((union.schema, tuple(values)))
        return tuple(lists)

    @cached_property
    def values(self) -> tuple[Any, ...] | None:
        """The values that pass every enumeration here, or None when there is no enumeration."""
        if not self.enumerations:
            return None
        (_, first), *others = self.enumerations
        return tuple(
            v for v in first if json_type(v) in self.types and all(_among(v, o) for _, o in others)
        )

    @cached_property
    def texts(self) -> frozenset[str]:
        """`values` if all of them are strings, otherwise empty."""
        values = self.values or ()
        return frozenset(values) if all(isinstance(value, str) for value in values) else frozenset()

    @cached_property
    def required(self) -> Mapping[str, Schema]:
        """The names that must be there, each with the schema that says so, in the order of `properties`."""
        said = {name: part.schema for part in self.parts for name in part.value.get("required", ())}
        said |= {name: union.schema for name, union in self._tags.items() if name not in said}
        return {name: said[name] for name in self.properties if name in said}

    @cached_property
    def properties(self) -> tuple[str, ...]:
        """The names that are declared or required here, in the order of the document."""
        declared = [name for part in self.parts for name in part.value.get("properties", {})]
        required = [name for part in self.parts for name in part.value.get("required", ())]
        names = dict.fromkeys([*declared, *required, *self._tags])
        return tuple(name for name in names if name != self.chosen_by)

    @cached_property
    def _tags(self) -> dict[str, Union]:
        """The discriminators of the unions here."""
        return {
            union.discriminator: union
            for union in self.unions
            if union.tags and union.discriminator
        }

    def property(self, name: str) -> Location:
        """The location of the value of property `name`, declared or not."""
        cache = self._children
        if name not in cache:
            parts = [child for part in self.parts for child in _property_parts(part, name)]
            below = merge(f"{self.place}/{self._segment(name)}", parts)
            tags = self._tags[name].tags if name in self._tags else None
            cache[name] = replace(below, unions=(*below.unions, tags)) if tags else below
        return cache[name]

    def _segment(self, name: str) -> str:
        if name in self.properties or name == self.chosen_by:
            return escape(name)
        pattern = next((p for p in self.patterns if _matches(p, name)), None)
        return "*" if pattern is None else f"<{escape(pattern)}>"

    @cached_property
    def patterns(self) -> tuple[str, ...]:
        return tuple(
            dict.fromkeys(p for part in self.parts for p in part.value.get("patternProperties", {}))
        )

    @cached_property
    def additional(self) -> Location | None:
        """The location of values under undeclared names, when the document says anything about them."""
        children = [
            part.child("additionalProperties")
            for part in self.parts
            if isinstance(part.value.get("additionalProperties"), dict)
        ]
        return merge(f"{self.place}/*", children) if children else None

    def pattern(self, pattern: str) -> Location:
        """The location of values under names that match `pattern`."""
        children = [
            part.child("patternProperties", pattern)
            for part in self.parts
            if pattern in part.value.get("patternProperties", {})
        ]
        return merge(f"{self.place}/<{escape(pattern)}>", children)

    @cached_property
    def prefix(self) -> tuple[Location, ...]:
        """The locations of the first items, where the document tells them apart (`prefixItems`)."""
        length = max((len(part.value.get("prefixItems", ())) for part in self.parts), default=0)
        return tuple(self._item(index) for index in range(length))

    @cached_property
    def items(self) -> Location | None:
        """The location of the items after `prefix`, when the document says anything about them."""
        children = [
            part.child("items") for part in self.parts if isinstance(part.value.get("items"), dict)
        ]
        return merge(f"{self.place}/*", children) if children else None

    def _item(self, index: int) -> Location:
        children = [
            part.child("prefixItems", index)
            if index < len(part.value.get("prefixItems", ()))
            else part.child("items")
            for part in self.parts
            if index < len(part.value.get("prefixItems", ()))
            or isinstance(part.value.get("items"), dict)
        ]
        return merge(f"{self.place}/{index}", children)

    @cached_property
    def _children(self) -> dict[str, Location]:
        return {}

    @cached_property
    def most_items(self) -> int | None:
        """How long an array may be because `items: false` ends its prefix."""
        closed = [
            len(p.value.get("prefixItems", ())) for p in self.parts if p.value.get("items") is False
        ]
        return min(closed, default=None)

    def keywords(self, names: Iterable[str]) -> list[tuple[Schema, dict[str, Any]]]:
        """What each part says under the keywords `names`; parts that say nothing more than others do are left out."""
        wanted = tuple(names)
        found = [
            (part.schema, {k: part.value[k] for k in wanted if k in part.value})
            for part in self.parts
        ]
        for _, keywords in found:
            if keywords.get("minProperties", len(self.required) + 1) <= len(self.required):
                del keywords["minProperties"]
        return [(schema, keywords) for schema, keywords in found if keywords]


def locate(schema: Schema) -> Location:
    """The location of a whole body described by `schema`."""
    return merge("", [Part(schema, frozenset())])


def merge(place: str, parts: Iterable[Part]) -> Location:
    """The location at `place` where all of `parts` apply."""
    flat: list[Part] = []
    unions: list[Union] = []
    truncated = False
    pending = list(parts)[::-1]
    while pending:
        part = pending.pop()
        value = part.value
        if isinstance(value.get("$ref"), str):
            target = ref_target(value["$ref"])
            if target in part.path:
                truncated = True
            else:
                pending.append(Part(Schema(part.schema.document, target), part.path | {target}))
        pending.extend(
            part.child("allOf", index) for index in reversed(range(len(value.get("allOf", ()))))
        )
        for keyword in ("anyOf", "oneOf"):
            if len(value.get(keyword, ())) == 1:
                pending.append(part.child(keyword, 0))
            elif keyword in value:
                unions.append(_union(place, keyword, part))
        flat.append(part)
    return Location(place, tuple(dict.fromkeys(flat)), tuple(unions), truncated)


def _union(place: str, keyword: str, part: Part) -> Union:
    parts = [part.child(keyword, index) for index in range(len(part.value[keyword]))]
    branches = tuple(merge(place, [part]) for part in parts)
    union = Union(keyword, part.schema, branches)
    if union.by_type or union.finite:
        return union
    name = _discriminator([branch for branch in branches if "object" in branch.types])
    if name is None or not replace(union, discriminator=name).selectable:
        return union
    placed = tuple(
        replace(merge(f"{place}/<{escape(_branch_name(branch, name))}>", [part]), chosen_by=name)
        if "object" in branch.types
        else branch
        for branch, part in zip(branches, parts, strict=True)
    )
    return Union(keyword, part.schema, placed, name)


def _discriminator(objects: list[Location]) -> str | None:
    """The property for which every one of the object branches demands other constants, if there is one."""
    for name in objects[0].required if objects else ():
        values = [branch.property(name).texts for branch in objects if name in branch.required]
        if (
            len(values) == len(objects)
            and all(values)
            and len(frozenset().union(*values)) == sum(map(len, values))
        ):
            return name
    return None


def _branch_name(branch: Location, discriminator: str) -> str:
    return "|".join(sorted(branch.property(discriminator).texts))


def escape(name: str) -> str:
    """A raw name as a segment of a place: RFC 6901, a literal star as `~2`, a leading `<` as `~3`."""
    escaped = escape_segment(name).replace("*", "~2")
    return f"~3{escaped[1:]}" if escaped.startswith("<") else escaped


def _types_of(value: dict[str, Any]) -> frozenset[str]:
    declared = value.get("type")
    names = ALL_TYPES if declared is None else [declared] if isinstance(declared, str) else declared
    allowed = frozenset().union(*(_TYPE_SETS.get(name, {name}) for name in names))
    values = _values_of(value)
    if values is not None:
        allowed &= {json_type(v) for v in values}
    return allowed if value.get("not") != {} else frozenset()


def _values_of(value: dict[str, Any]) -> tuple[Any, ...] | None:
    if "const" in value:
        listed = [value["const"]]
        return tuple(v for v in listed if "enum" not in value or _among(v, value["enum"]))
    return tuple(value["enum"]) if "enum" in value else None


def _among(value: Any, values: Iterable[Any]) -> bool:
    """JSON Schema equality: true is not 1, 1.0 is 1."""
    return keyword_validator(json.dumps({"enum": list(values)})).is_valid(value)


def _property_parts(part: Part, name: str) -> list[Part]:
    found = [part.child("properties", name)] if name in part.value.get("properties", {}) else []
    found += [
        part.child("patternProperties", p)
        for p in part.value.get("patternProperties", {})
        if _matches(p, name)
    ]
    if not found and isinstance(part.value.get("additionalProperties"), dict):
        found = [part.child("additionalProperties")]
    return found


def _matches(pattern: str, name: str) -> bool:
    try:
        return keyword_validator(json.dumps({"pattern": pattern})).is_valid(name)
    except Uncompilable:
        return False
