"""The schema of one documented body to a plan: a tree of places, each with its rules and their checks."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import jsonschema_rs

from contracts.document import Operation, Schema, join_pointer
from contracts.rules.kinds import (
    ADDITIONAL,
    BY_NAME,
    CONST,
    ENUM,
    ITEMS,
    NULLABILITY,
    REQUIRED,
    SCHEMA,
    TYPE,
    UNDOCUMENTED,
    UNION,
)
from contracts.rules.rule import Rule, RuleKind, member_text, rule_id, rule_of, shown
from contracts.schemas.locations import ALL_TYPES, Location, Union, locate
from contracts.schemas.rungs import RUNGS
from contracts.schemas.validation import (
    Uncompilable,
    keyword_validator,
    reference,
    registry,
    validator,
)

SAYS_MORE_NAMES = (
    "additionalProperties",
    "unevaluatedProperties",
    "patternProperties",
    "propertyNames",
    "if",
    "dependentSchemas",
)
"""Keywords beside which an undeclared name is not simply undocumented."""


@dataclass(frozen=True, slots=True)
class Body:
    """Whose body it is: what the ids of its rules start with."""

    operation: Operation
    status: str
    media: str | None

    @property
    def prefix(self) -> str:
        return rule_id(self.operation.key, self.status, f";{self.media}" if self.media else None)

    def rule(
        self,
        kind: RuleKind,
        place: str,
        pointer: str,
        promise: str,
        name: str | None = None,
        members: tuple[str, ...] = (),
    ) -> Rule:
        return rule_of(
            self.operation,
            kind,
            promise,
            status=self.status,
            media=self.media,
            place=place or "/",
            name=name,
            pointer=pointer,
            members=members,
        )


@dataclass(frozen=True, slots=True)
class Leaf:
    """A rule that keywords decide for values of `types`; `check` is None when they can't be compiled, `why` says so."""

    rule: Rule
    types: frozenset[str]
    check: Callable[[Any], bool] | None
    why: str = ""


@dataclass(frozen=True, eq=False)
class Place:
    """A location with its rules, and the places below it, made when first asked for.

    `outer` is set for the branch of a union: nullability and type were judged before the branch was chosen;
    `names_above` then says that the union's own location declares properties.
    """

    body: Body
    location: Location
    outer: bool = False
    names_above: bool = False

    @cached_property
    def types(self) -> frozenset[str]:
        return ALL_TYPES if self.outer else self.location.types

    @cached_property
    def nullability(self) -> Rule | None:
        allowed = self.location.types
        if self.outer or "null" in allowed or not allowed:
            return None
        return self._rule(NULLABILITY, self._type_pointer, "is never null")

    @cached_property
    def type(self) -> Rule | None:
        allowed = self.location.types
        if self.outer or allowed == ALL_TYPES or not allowed:
            return None
        names = sorted(allowed - {"integer"} if "number" in allowed else allowed)
        members = tuple(
            m for m, there in (("null", "null" in names), ("value", names != ["null"])) if there
        )
        return self._rule(
            TYPE, self._type_pointer, f"is of type {' or '.join(names)}", members=members
        )

    @cached_property
    def required(self) -> tuple[tuple[str, Rule], ...]:
        if "object" not in self.location.types:
            return ()
        return tuple(
            (
                name,
                self._rule(
                    REQUIRED,
                    join_pointer(schema.pointer, "required"),
                    f"has a property {name}",
                    name,
                ),
            )
            for name, schema in self.location.required.items()
        )

    @cached_property
    def undocumented(self) -> Rule | None:
        """The rule about names that nothing here declares; None where the document says what other names hold."""
        location = self.location
        silent = not any(key in part.value for part in location.parts for key in SAYS_MORE_NAMES)
        branches = any("object" in union.types for union in location.unions)
        declared = any("properties" in part.value for part in location.parts)
        if (
            not declared
            or "object" not in location.types
            or branches
            or location.truncated
            or not silent
        ):
            return None
        if self.outer and (location.chosen_by or self.names_above):
            return None
        promise = "has no properties but the documented ones"
        return self._rule(UNDOCUMENTED, location.parts[0].schema.pointer, promise)

    @cached_property
    def leaves(self) -> tuple[Leaf, ...]:
        """The rules that keywords decide, in the order of judging."""
        return (*self._enumerations(), *self._rungs(), *self._closed(), *self._opaque_unions())

    @cached_property
    def leaves_of(self) -> Mapping[str, tuple[Leaf, ...]]:
        """`leaves` by the type of value that they apply to."""
        return {
            kind: tuple(leaf for leaf in self.leaves if kind in leaf.types) for kind in ALL_TYPES
        }

    @cached_property
    def branches(self) -> tuple[tuple[Union, Mapping[Location, Place]], ...]:
        """The unions whose branch a value selects, each with the places of its branches."""
        chosen = [union for union in self.location.unions if union.selectable and not union.finite]
        above = bool(self.location.properties)
        return tuple(
            (union, {b: Place(self.body, b, True, above) for b in union.branches})
            for union in chosen
        )

    @cached_property
    def properties(self) -> Mapping[str, Place]:
        if "object" not in self.location.types:
            return {}
        return {
            name: self._place(self.location.property(name)) for name in self.location.properties
        }

    @cached_property
    def patterns(self) -> Mapping[str, Place]:
        return {p: self._place(self.location.pattern(p)) for p in self.location.patterns}

    @cached_property
    def additional(self) -> Place | None:
        child = self.location.additional
        return self._place(child) if child is not None else None

    @cached_property
    def prefix(self) -> tuple[Place, ...]:
        return tuple(self._place(child) for child in self.location.prefix)

    @cached_property
    def items(self) -> Place | None:
        child = self.location.items
        return self._place(child) if child is not None else None

    def undeclared(self, name: str) -> Place | None:
        """The place of the value under an undeclared name."""
        for pattern, place in self.patterns.items():
            if keyword_validator(json.dumps({"pattern": pattern})).is_valid(name):
                return place
        return self.additional

    @cached_property
    def children(self) -> tuple[Place, ...]:
        optional = (self.additional, self.items)
        branches = (place for _, places in self.branches for place in places.values())
        return (
            *self.properties.values(),
            *self.patterns.values(),
            *self.prefix,
            *(place for place in optional if place is not None),
            *branches,
        )

    @property
    def rules(self) -> Iterable[Rule]:
        """The rules at this place and below, each id perhaps more than once."""
        yield from (rule for rule in (self.nullability, self.type) if rule is not None)
        yield from (leaf.rule for leaf in self.leaves)
        yield from (rule for _, rule in self.required)
        yield from (rule for rule in (self.undocumented,) if rule is not None)
        for child in self.children:
            yield from child.rules

    def _place(self, location: Location) -> Place:
        return Place(self.body, location)

    @property
    def _type_pointer(self) -> str:
        declaring = [schema for schema, _ in self.location.keywords(("type", "enum", "const"))]
        unions = [union.schema for union in self.location.unions]
        everywhere = [part.schema for part in self.location.parts]
        return [*declaring, *unions, *everywhere][0].pointer

    def _rule(
        self,
        kind: RuleKind,
        pointer: str,
        promise: str,
        name: str | None = None,
        members: tuple[str, ...] = (),
    ) -> Rule:
        return self.body.rule(kind, self.location.place, pointer, promise, name, members)

    def _leaf(
        self,
        kind: RuleKind,
        types: frozenset[str],
        pointer: str,
        keywords: dict[str, Any],
        says: str,
        members: tuple[str, ...] = (),
    ) -> Leaf:
        rule = self._rule(kind, pointer, says, members=members)
        try:
            return Leaf(rule, types, keyword_validator(json.dumps(keywords)).is_valid)
        except Uncompilable as error:
            return Leaf(rule, types, None, str(error).splitlines()[0])

    def _enumerations(self) -> Iterable[Leaf]:
        values = self.location.values
        if values is None or not (self.location.types - {"null"}):
            return
        named = [value for value in values if value is not None]
        if {type(value) for value in named} == {bool} and len(named) == 2:
            return
        kind = CONST if len(named) == 1 else ENUM
        says = (
            f"is one of {', '.join(shown(value) for value in named)}"
            if len(named) != 1
            else f"is {shown(named[0])}"
        )
        members = tuple(member_text(value) for value in values)
        for schema, allowed in self.location.enumerations:
            yield self._leaf(
                kind, self.location.types, schema.pointer, {"enum": list(allowed)}, says, members
            )

    def _rungs(self) -> Iterable[Leaf]:
        for rung in RUNGS:
            types = rung.types & self.location.types
            for schema, keywords in self.location.keywords(rung.keywords):
                if types and rung.applies(keywords):
                    says = f"has {', '.join(f'{name} {shown(value)}' for name, value in keywords.items())}"
                    yield self._leaf(BY_NAME[rung.kind], types, schema.pointer, keywords, says)

    def _closed(self) -> Iterable[Leaf]:
        for part in self.location.parts:
            value = part.value
            if value.get("additionalProperties") is False and "object" in self.location.types:
                names = dict.fromkeys(value.get("properties", {}), True)
                patterns = dict.fromkeys(value.get("patternProperties", {}), True)
                keywords = {
                    "properties": names,
                    "patternProperties": patterns,
                    "additionalProperties": False,
                }
                says = "has no properties but the declared ones"
                yield self._leaf(
                    ADDITIONAL, frozenset({"object"}), part.schema.pointer, keywords, says
                )
        most = self.location.most_items
        if most is not None and "array" in self.location.types:
            pointer = self.location.parts[0].schema.pointer
            yield self._leaf(
                ITEMS,
                frozenset({"array"}),
                pointer,
                {"maxItems": most},
                f"has at most {most} items",
            )

    def _opaque_unions(self) -> Iterable[Leaf]:
        for union in self.location.unions:
            if union.finite or union.selectable:
                continue
            quantity = "exactly one" if union.keyword == "oneOf" else "at least one"
            rule = self._rule(
                UNION,
                union.schema.pointer,
                f"satisfies {quantity} of {len(union.branches)} schemas",
            )
            types = self.location.types
            try:
                yield Leaf(rule, types, _union_check(union))
            except Uncompilable as error:
                yield Leaf(rule, types, None, str(error).splitlines()[0])


def _union_check(union: Union) -> Callable[[Any], bool]:
    pointers = [
        union.schema.child(union.keyword, index).pointer for index in range(len(union.branches))
    ]
    schema = {union.keyword: [reference(pointer) for pointer in pointers]}
    where = registry(union.schema.document)
    return jsonschema_rs.validator_for(schema, registry=where, validate_formats=True).is_valid


@dataclass(frozen=True, eq=False)
class Plan:
    """Everything a body of one media type promises."""

    body: Body
    schema: Schema

    @cached_property
    def root(self) -> Place:
        return Place(self.body, locate(self.schema))

    @cached_property
    def verdict(self) -> Leaf:
        """`/ schema`: the validator's own verdict on the whole body."""
        rule = self.body.rule(SCHEMA, "", self.schema.pointer, "satisfies its schema as a whole")
        try:
            return Leaf(rule, ALL_TYPES, validator(self.schema).is_valid)
        except Uncompilable as error:
            return Leaf(rule, ALL_TYPES, None, str(error).splitlines()[0])

    @cached_property
    def rules(self) -> tuple[Rule, ...]:
        """Each rule once, in the order of the document; `/ schema` last."""
        return tuple({rule.id: rule for rule in (*self.root.rules, self.verdict.rule)}.values())
