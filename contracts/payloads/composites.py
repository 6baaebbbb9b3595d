"""Canonical arrays and objects in, drawers of them out."""

import copy
import math
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from itertools import chain, combinations, starmap
from typing import Protocol

from jsonschema_rs import CanonicalSchema
from jsonschema_rs import canonical as forms

from contracts.document.model import escape_segment
from contracts.messages import JSON
from contracts.payloads import TRIES, Branches, Draw, Drawer, Spot, Unsatisfiable, Values
from contracts.schemas import validation
from contracts.schemas.validation import ANYTHING, both, checker, matches, possible, schema_of

LONGEST = 1 << 12  # longer arrays, and objects of more members, are not made

Violation = forms.NameFailsView | forms.UndeclaredValueFailsView | forms.PatternValueFailsView
Extra = tuple[Drawer, Callable[[str], Drawer]]
"""Members whose names are drawn: where names come from, and what makes the value of a name."""


class Builder(Protocol):
    def build(self, node: CanonicalSchema, site: Spot) -> Drawer: ...
    def height(self, node: CanonicalSchema) -> float: ...


class Array:
    """An array by one of several plans: a drawer for each item, and two places of equal values."""

    def __init__(self, builder: Builder, view: forms.ArrayView, site: Spot) -> None:
        self.builder, self.view, self.site = builder, view, site
        self.distinct = view.distinctness == forms.Distinctness.ALL_DISTINCT
        self.twins = view.distinctness == forms.Distinctness.SOME_REPEATED
        self.drawers: dict[tuple[str, CanonicalSchema], Drawer] = {}
        self.variants = Counter[str]()
        self.plans: list[tuple[list[Drawer], tuple[int, int]]] = []
        self.contained: list[int] = []
        for contains in view.contains:
            self.contained.append(1 if contains.min_contains is None else contains.min_contains)
        low = max([view.min_items or 0, 2 * self.twins, *self.contained])
        high = min(low + 3 + len(view.prefix_items) + sum(self.contained), LONGEST)
        if view.max_items is not None:
            high = min(high, view.max_items)
        reason = f"no array of {low} to {high} items"
        for length in range(low, high + 1):
            try:
                self.plans.append(self.plan(length))
            except Unsatisfiable as problem:
                reason = str(problem)
        if not self.plans:
            raise Unsatisfiable(site.place, reason)
        del self.plans[1 if site.ending else 4 :]

    def plan(self, length: int) -> tuple[list[Drawer], tuple[int, int]]:
        nodes, pair = self.nodes(length), (0, 0)
        if self.twins:
            pair, shared = self.repeatable(nodes)
            for index in pair:
                nodes[index] = shared
        return [self.item(index, node) for index, node in enumerate(nodes)], pair

    def nodes(self, length: int) -> list[CanonicalSchema]:
        """The schema of each item once every `contains` got its items."""
        nodes = self.view.prefix_items[:length]
        nodes += [self.view.items or ANYTHING] * (length - len(nodes))
        taken: set[int] = set()
        for contains, least in zip(self.view.contains, self.contained, strict=True):
            schema = contains.schema
            able = [index for index, node in enumerate(nodes) if possible(both((node, schema)))]
            able.sort(key=taken.__contains__)
            if len(able) < least:
                tried = f"{length} items have no place for {least} that `contains` asks for"
                raise Unsatisfiable(self.site.place, tried)
            chosen = set(able[:least])
            for index, node in enumerate(nodes):
                if index in chosen:
                    nodes[index] = both((node, schema))
                elif contains.max_contains is not None:
                    nodes[index] = validation.without(node, schema)
            taken |= chosen
        return nodes

    def repeatable(self, nodes: list[CanonicalSchema]) -> tuple[tuple[int, int], CanonicalSchema]:
        """Two items that can be equal, and what both of them have to be."""
        for second, first in combinations(reversed(range(len(nodes))), 2):
            shared = both((nodes[first], nodes[second]))
            if possible(shared):
                return (first, second), shared
        raise Unsatisfiable(self.site.place, f"no two of {len(nodes)} items can be equal")

    def item(self, index: int, node: CanonicalSchema) -> Drawer:
        site = self.site.child("*", "items")
        if index < len(self.view.prefix_items):
            site = self.site.child(str(index), "prefixItems", index)
        key = site.place, node
        if key not in self.drawers:
            variant = self.variants[site.place]
            self.variants[site.place] += 1
            if variant:
                site = site.branch(variant)
            self.drawers[key] = self.builder.build(node, site)
        return self.drawers[key]

    def draw(self, run: Draw) -> JSON:
        plan, (first, second) = run.one_of(self.plans, self.site.at("length"))
        run.take(len(plan), self.site.place)
        if self.distinct:
            seen, left = set[object](), dict[int, list[JSON]]()
            return [another(drawer, seen, left, run, self.site.place) for drawer in plan]
        items = [drawer.draw(run) for drawer in plan]
        if second:
            items[second] = copy.deepcopy(items[first])
        return items


def another(
    drawer: Drawer, seen: set[object], left: dict[int, list[JSON]], run: Draw, at: str
) -> JSON:
    """An item that is not `seen` yet; of listed values one that is `left`, by drawer."""
    if isinstance(drawer, Values):
        values = left.setdefault(id(drawer), [*drawer.values])
        while values:
            options = range(len(values))
            item = values.pop(run.one_of(options, f"{drawer.at} of {len(values)} text"))
            if identity(item) not in seen:
                seen.add(identity(item))
                return copy.deepcopy(item)
    for _ in range(TRIES):
        item = drawer.draw(run)
        if identity(item) not in seen:
            seen.add(identity(item))
            return item
    raise Unsatisfiable(at, f"{TRIES} values for an array of distinct items, all seen before")


def identity(value: JSON) -> object:
    """Equal for equal JSON values only: `1` is `1.0`, and `true` is not `1`."""
    if isinstance(value, dict):
        return frozenset(zip(value, map(identity, value.values()), strict=True))
    if isinstance(value, list):
        return tuple(map(identity, value))
    return (value, isinstance(value, bool))


class Object:
    """Members of an object: declared ones, those that break something, then up to `more` others."""

    def __init__(self, builder: Builder, view: forms.ObjectView, site: Spot) -> None:
        self.builder, self.view, self.site = builder, view, site
        self.required = frozenset(view.required)
        self.properties = view.properties  # which the view makes anew each time
        self.low = view.min_properties or 0
        self.high = sys.maxsize if view.max_properties is None else view.max_properties
        if len(self.required) > self.high:
            tried = f"{len(self.required)} required members, at most {self.high} allowed"
            raise Unsatisfiable(site.place, tried)
        self.members = dict(self.declared())
        optional = [name for name in self.members if name not in self.required]
        if self.low > LONGEST:
            raise Unsatisfiable(site.place, f"{self.low} members are more than are made")
        if site.ending and self.low > len(self.required):  # what ends soonest reaches the number
            optional.sort(key=lambda name: builder.height(self.value(name)))
        self.presence = {name: self.member(name).at("presence") for name in optional}
        self.forced = list(starmap(self.breaking, enumerate(view.violations)))
        is_open = view.additional_properties is not None or view.pattern_properties
        self.more = 2 if not site.ending and (is_open or not self.members) else 0
        self.others: Extra | None = None
        if self.more or self.low > len(self.members) + len(self.forced):
            with suppress(Unsatisfiable):  # there is no room for others
                self.others = self.extra(self.names(), ANYTHING, "*")

    def declared(self) -> Iterator[tuple[str, Drawer]]:
        """The members that have names, in the order of the document where it is known."""
        names = self.view.property_names
        known = {*self.properties, *finite(names or ANYTHING), *self.site.declared.certain}
        if names is not None:
            known = set(filter(checker(names), known))
        wanted = known | self.required
        in_order = list(filter(wanted.__contains__, self.site.declared.names))
        for name in (*in_order, *sorted(wanted.difference(in_order))):
            try:
                yield name, self.builder.build(self.value(name), self.member(name))
            except Unsatisfiable:
                if name in self.required:
                    raise

    def member(self, name: str) -> Spot:
        return self.site.child(escape_segment(name), "properties", name)

    def value(self, name: str) -> CanonicalSchema:
        return both(schemas_of(name, self.view, self.properties))

    def names(self) -> Drawer:
        """Names of members that are not declared: those of a pattern, or made up."""
        site = Spot(self.site.child("*", "propertyNames").at("name"))
        if self.view.property_names is not None:
            return self.builder.build(both((self.view.property_names, validation.STRING)), site)
        options: list[Drawer] = [Numbered()]
        for pattern in self.view.pattern_properties:
            schema = schema_of({"type": "string", "pattern": pattern})
            options.append(self.builder.build(schema, site))
        return Branches(options, f"{site.place}s")

    def breaking(self, index: int, violation: Violation) -> Extra:
        """A member that breaks what some member has to break."""
        names, broken = ANYTHING, ANYTHING
        match violation:
            case forms.NameFailsView(schema):
                names = validation.negated(schema)
            case forms.PatternValueFailsView(pattern, schema):
                names, broken = schema_of({"pattern": pattern}), validation.negated(schema)
            case forms.UndeclaredValueFailsView(known, patterns, additional):
                declared = [{"enum": known}, *({"pattern": pattern} for pattern in patterns)]
                names = schema_of({"not": {"anyOf": declared}})
                broken = validation.negated(additional)
        wanted = both((names, validation.STRING, self.view.property_names or ANYTHING))
        site = Spot(f"{self.site.place}/*({index}) name")
        return self.extra(self.builder.build(wanted, site), broken, f"*({index})")

    def extra(self, names: Drawer, broken: CanonicalSchema, segment: str) -> Extra:
        site = self.site.child(segment, "additionalProperties")
        patterns = self.view.pattern_properties
        drawers: dict[str, Drawer] = {}

        def drawer_of(name: str) -> Drawer:
            kind = f"={name}"
            if name not in self.properties:
                kind = " ".join(pattern for pattern in patterns if matches(pattern, name))
            if kind not in drawers:
                place = site.branch(kind) if kind else site
                drawers[kind] = self.builder.build(both((self.value(name), broken)), place)
            return drawers[kind]

        if segment == "*" and self.view.property_names is None and not patterns:
            drawer_of("")  # all of them are alike, so that it is known now whether there can be one
        return names, drawer_of

    def draw(self, run: Draw) -> JSON:
        chosen: list[str] = []
        if not self.site.ending:
            chosen = [name for name, at in self.presence.items() if run.integer(0, 1, at)]
        certain = len(self.required) + len(self.forced)
        del chosen[max(0, self.high - certain) :]
        missing = max(0, self.low - certain - len(chosen))
        taken = set(chosen)
        chosen += [name for name in self.presence if name not in taken][:missing]
        present = self.required.union(chosen)
        run.take(len(present), self.site.place)
        drawn = {name: drawer.draw(run) for name, drawer in self.members.items() if name in present}
        for extra in self.forced:
            self.add(run, drawn, extra, again=True)
        if self.others:
            missing, room = max(0, self.low - len(drawn)), max(0, self.high - len(drawn))
            most = max(missing, min(room, self.more))
            for _ in range(run.integer(missing, most, self.site.at("entries"))):
                self.add(run, drawn, self.others)
        return drawn

    def add(self, run: Draw, drawn: dict[str, JSON], extra: Extra, again: bool = False) -> None:
        names, drawer_of = extra
        for _ in range(TRIES):
            name = names.draw(run)
            if again or name not in drawn:
                drawn[name] = drawer_of(name).draw(run)
                return
        tried = f"{TRIES} names for one more member, all there already"
        raise Unsatisfiable(self.site.place, tried)


class Numbered:
    """Names that no member has yet: key1, key2 and so on."""

    def draw(self, run: Draw) -> str:
        run.serial += 1
        return f"key{run.serial}"


def schemas_of(
    name: str, view: forms.ObjectView, properties: Mapping[str, CanonicalSchema]
) -> list[CanonicalSchema]:
    """The schemas that the member `name` has to satisfy; `properties` are those of the view."""
    schemas = list(filter(None, [properties.get(name)]))
    for pattern, schema in view.pattern_properties.items():
        if matches(pattern, name):
            schemas.append(schema)
    return schemas or [view.additional_properties or ANYTHING]


def finite(names: CanonicalSchema) -> list[str]:
    """The names that are listed one by one."""
    match names.view():
        case forms.ConstView(str(value)):
            return [value]
        case forms.EnumView(values):
            return [name for name in values if isinstance(name, str)]
        case forms.AnyOfView(branches):
            return list(chain(*map(finite, branches)))
    return []


def needed_items(view: forms.ArrayView) -> Iterator[CanonicalSchema]:
    """The schemas of which an array has an item at least."""
    low = view.min_items or 0
    yield from view.prefix_items[:low]
    if view.items is not None and low > len(view.prefix_items):
        yield view.items
    for contains in view.contains:
        if contains.min_contains != 0:
            yield contains.schema


class Heights:
    """How many references a value of a schema opens at least; infinite if it never ends."""

    def __init__(self) -> None:
        self._known: dict[str, float] = {}
        self._fresh: dict[str, CanonicalSchema] = {}

    def of(self, node: CanonicalSchema) -> float:
        self._height(node)
        before: list[float] = []
        # Up from the references that end: until nothing changes, and no new reference comes up.
        while before != (before := [self._known[uri] for uri in self._fresh]):
            for uri, target in list(self._fresh.items()):
                self._known[uri] = 1 + self._height(target)
        self._fresh.clear()
        return self._height(node)

    def _height(self, node: CanonicalSchema) -> float:
        match node.view():
            case forms.FalseView():
                return math.inf
            case forms.ReferenceView(uri):
                target = node.definition(uri)
                if uri not in self._known and target is not None:
                    self._fresh[uri] = target
                return self._known.setdefault(uri, math.inf)
            case forms.AnyOfView(branches) | forms.OneOfView(branches):
                return min(map(self._height, branches))
            case forms.AllOfView(branches):
                return max(map(self._height, branches))
            case forms.ArrayView() as view:
                return max(map(self._height, needed_items(view)), default=0)
            case forms.ObjectView() as view:
                return self._height_of_object(view)
        return 0

    def _height_of_object(self, view: forms.ObjectView) -> float:
        heights: list[float] = [0]
        properties = view.properties
        for name in view.required:
            heights += map(self._height, schemas_of(name, view, properties))
        if (view.min_properties or 0) > len(view.required):
            others = [*view.pattern_properties.values(), view.additional_properties or ANYTHING]
            for name in properties.keys() - set(view.required):
                others.append(properties[name])
            heights.append(min(map(self._height, others)))
        return max(heights)
