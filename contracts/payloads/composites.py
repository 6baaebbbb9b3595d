"""Canonical arrays and objects in, drawers of them out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from jsonschema_rs import CanonicalSchema
from jsonschema_rs.canonical import (
    AnyOfView,
    ArrayView,
    ConstView,
    ContainsView,
    Distinctness,
    EnumView,
    NameFailsView,
    ObjectView,
    PatternValueFailsView,
    UndeclaredValueFailsView,
)

from contracts.payloads.draws import (
    Array,
    Branches,
    Drawer,
    Extra,
    Map,
    Member,
    Record,
    Run,
    Unsatisfiable,
)
from contracts.payloads.regexes import ENDLESS
from contracts.payloads.sites import Builder, Site
from contracts.schemas.algebra import (
    ANYTHING,
    STRING,
    both,
    checker,
    matches,
    negated,
    possible,
    schema_of,
    without,
)

LONGEST = 1 << 16
"""Longer arrays are not made."""

Violation = NameFailsView | UndeclaredValueFailsView | PatternValueFailsView


@dataclass(frozen=True, slots=True)
class AnyArray:
    """The constraints of an array without constraints."""

    min_items: int | None = None
    max_items: int | None = None
    distinctness: Distinctness = Distinctness.UNCONSTRAINED
    prefix_items: tuple[CanonicalSchema, ...] = ()
    items: CanonicalSchema | None = None
    contains: tuple[ContainsView, ...] = ()


@dataclass(frozen=True, slots=True)
class AnyObject:
    """The constraints of an object without constraints."""

    min_properties: int | None = None
    max_properties: int | None = None
    required: tuple[str, ...] = ()
    property_names: CanonicalSchema | None = None
    properties: dict[str, CanonicalSchema] = field(default_factory=dict)
    pattern_properties: dict[str, CanonicalSchema] = field(default_factory=dict)
    additional_properties: CanonicalSchema | None = None
    violations: tuple[Violation, ...] = ()


class ArrayPlans:
    """The lengths that an array may have, the shortest first, with a drawer for each item."""

    def __init__(self, builder: Builder, view: ArrayView | AnyArray, site: Site) -> None:
        self.builder, self.site = builder, site
        self.prefix, self.rest = list(view.prefix_items), view.items or ANYTHING
        self.contains = [
            (c.schema, 1 if c.min_contains is None else c.min_contains, c.max_contains)
            for c in view.contains
        ]
        self.low = view.min_items or 0
        self.high = ENDLESS if view.max_items is None else view.max_items
        self.distinctness = view.distinctness
        self.drawers: dict[tuple[str, CanonicalSchema], Drawer] = {}

    def drawer(self) -> Array:
        twins = self.distinctness == Distinctness.SOME_REPEATED
        low = max([self.low, 2 * twins, *(least for _, least, _ in self.contains)])
        high = min(
            self.high, low + 3 + len(self.prefix) + sum(least for _, least, _ in self.contains)
        )
        plans: list[tuple[tuple[Drawer, ...], tuple[int, int]]] = []
        reason = f"no array of {low} to {high} items"
        for length in range(low, high + 1) if low <= LONGEST else ():
            try:
                plans.append(self.plan(length, twins))
            except Unsatisfiable as problem:
                reason = str(problem)
        if not plans:
            raise Unsatisfiable(self.site.place, reason)
        plans = plans[: 1 if self.site.ending else 4]
        distinct = self.distinctness == Distinctness.ALL_DISTINCT
        pairs = tuple(pair for _, pair in plans) if twins else ()
        return Array(tuple(plan for plan, _ in plans), self.site.at("length"), distinct, pairs)

    def plan(self, length: int, twins: bool) -> tuple[tuple[Drawer, ...], tuple[int, int]]:
        nodes = self.nodes(length)
        pair = (0, 0)
        if twins:
            pair, nodes = self.repeated(nodes)
        return tuple(self.item(index, node) for index, node in enumerate(nodes)), pair

    def nodes(self, length: int) -> list[CanonicalSchema]:
        """The schema of each item once every `contains` got its items."""
        nodes = (self.prefix + [self.rest] * (length - len(self.prefix)))[:length]
        taken: set[int] = set()
        for schema, least, most in self.contains:
            able = [index for index, node in enumerate(nodes) if possible(both((node, schema)))]
            chosen = sorted(able, key=lambda index: (index in taken, index))[:least]
            if len(chosen) < least:
                raise Unsatisfiable(
                    self.site.place,
                    f"{length} items have no place for {least} that `contains` asks for",
                )
            for index, node in enumerate(nodes):
                if index in chosen:
                    nodes[index] = both((node, schema))
                elif most is not None:
                    nodes[index] = without(node, schema)
            taken.update(chosen)
        return nodes

    def repeated(
        self, nodes: list[CanonicalSchema]
    ) -> tuple[tuple[int, int], list[CanonicalSchema]]:
        """Two items that can be equal, and the schemas once both have what each of them needs."""
        for second in range(len(nodes) - 1, 0, -1):
            for first in range(second - 1, -1, -1):
                shared = both((nodes[first], nodes[second]))
                if possible(shared):
                    return (first, second), [
                        shared if i in (first, second) else n for i, n in enumerate(nodes)
                    ]
        raise Unsatisfiable(self.site.place, f"no two of {len(nodes)} items can be equal")

    def item(self, index: int, node: CanonicalSchema) -> Drawer:
        segment = str(index) if index < len(self.prefix) else "*"
        if (segment, node) not in self.drawers:
            variant = sum(key[0] == segment for key in self.drawers)
            site = (
                self.site.below(segment, "items")
                if segment == "*"
                else self.site.below(segment, "prefixItems")
            )
            self.drawers[segment, node] = self.builder.build(
                node, site.branch(variant) if variant else site
            )
        return self.drawers[segment, node]


class Numbered:
    """Names that no member has yet: key1, key2 and so on."""

    def draw(self, run: Run) -> str:
        run.serial += 1
        return f"key{run.serial}"


class Members:
    """The members that an object may have, declared ones and others."""

    def __init__(self, builder: Builder, view: ObjectView | AnyObject, site: Site) -> None:
        self.builder, self.view, self.site = builder, view, site
        self.properties, self.additional = view.properties, view.additional_properties
        self.patterns = view.pattern_properties
        self.names = view.property_names
        self.required = frozenset(view.required)

    def drawer(self) -> Drawer:
        low = self.view.min_properties or 0
        high = ENDLESS if self.view.max_properties is None else self.view.max_properties
        members = tuple(self.members())
        if self.site.ending and low > len(self.required):
            members = tuple(
                sorted(members, key=lambda member: self.builder.height(self.value(member.name)))
            )
        if len(self.required) > high:
            raise Unsatisfiable(
                self.site.place, f"{len(self.required)} required members, at most {high} allowed"
            )
        forced = tuple(
            self.forced(index, violation) for index, violation in enumerate(self.view.violations)
        )
        more = (
            2
            if not self.site.ending
            and (not members or self.additional is not None or self.patterns)
            else 0
        )
        others = self.others() if more or low > len(members) + len(forced) else None
        if forced or others or low > len(self.required) or high < len(members):
            return Map(
                members, low, high, forced, others, more, self.site.place, hasty=self.site.ending
            )
        return Record(tuple(m for m in members if m.at is None) if self.site.ending else members)

    def members(self) -> Iterator[Member]:
        for name in self.ordered():
            site = self.site.member(name)
            try:
                drawer = self.builder.build(self.value(name), site)
            except Unsatisfiable:
                if name in self.required:
                    raise
                continue
            yield Member(name, drawer, None if name in self.required else site.at("presence"))

    def ordered(self) -> list[str]:
        """The declared names, in the order of the document where it is known."""
        known = [*self.properties, *finite(self.names), *self.site.declared.certain]
        allowed = checker(self.names) if self.names is not None else lambda name: True
        names = {name for name in known if allowed(name)} | self.required
        ranks = {name: rank for rank, name in enumerate(self.site.declared.names)}
        return sorted(names, key=lambda name: (ranks.get(name, len(ranks)), name))

    def value(self, name: str) -> CanonicalSchema:
        """The schema of the member `name`."""
        parts = [self.properties[name]] if name in self.properties else []
        parts += [schema for pattern, schema in self.patterns.items() if matches(pattern, name)]
        return both(parts or [self.additional or ANYTHING])

    def others(self) -> Extra | None:
        """Members that are not declared; None when there is no room for them."""
        try:
            return self.extra(self.name_drawer(), ANYTHING, "*")
        except Unsatisfiable:
            return None

    def name_drawer(self) -> Drawer:
        site = self.site.below("*", "propertyNames")
        names = Site(f"{site.place} name")
        if self.names is not None:
            return self.builder.build(both((self.names, STRING)), names)
        patterns = [
            self.builder.build(schema_of({"type": "string", "pattern": p}), names)
            for p in self.patterns
        ]
        return Branches((Numbered(), *patterns), f"{site.place} names") if patterns else Numbered()

    def forced(self, index: int, violation: Violation) -> Extra:
        """A member that breaks what some member has to break."""
        names, broken = ANYTHING, ANYTHING
        match violation:
            case NameFailsView(schema):
                names = negated(schema)
            case PatternValueFailsView(pattern, schema):
                names, broken = schema_of({"pattern": pattern}), negated(schema)
            case UndeclaredValueFailsView(known, patterns, additional):
                declared = [{"enum": known}, *({"pattern": pattern} for pattern in patterns)]
                names, broken = schema_of({"not": {"anyOf": declared}}), negated(additional)
        wanted = both((names, STRING, *((self.names,) if self.names is not None else ())))
        return self.extra(
            self.builder.build(wanted, Site(f"{self.site.place}/*({index}) name")),
            broken,
            f"*({index})",
        )

    def extra(self, names: Drawer, broken: CanonicalSchema, segment: str) -> Extra:
        site = self.site.below(segment, "additionalProperties")
        drawers: dict[str, Drawer] = {}

        def drawer_of(name: str) -> Drawer:
            matched = [pattern for pattern in self.patterns if matches(pattern, name)]
            kind = f"={name}" if name in self.properties else " ".join(matched)
            if kind not in drawers:
                place = site.branch(kind) if kind else site
                drawers[kind] = self.builder.build(both((self.value(name), broken)), place)
            return drawers[kind]

        if segment == "*" and self.names is None and not self.patterns:
            self.builder.build(self.value(""), site)
        return Extra(names, drawer_of)


def finite(names: CanonicalSchema | None) -> list[str]:
    """The names that are listed one by one."""
    match names.view() if names is not None else None:
        case ConstView(value):
            return [value] if isinstance(value, str) else []
        case EnumView(values):
            return [value for value in values if isinstance(value, str)]
        case AnyOfView(branches):
            return [name for branch in branches for name in finite(branch)]
        case _:
            return []
