"""A conforming payload to one that breaks a single promise, by a family of the table of faults.

Each fault replaces the value at one location; earlier rungs of the ladder stay kept there, so that exactly one kind of
rule is broken.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from contracts.document import Schema
from contracts.payloads import Choices, Payload, Unsatisfiable
from contracts.payloads.compiler import compile_payload
from contracts.schemas import RUNGS
from contracts.schemas.locations import Location, json_type
from contracts.schemas.validation import Uncompilable, canonical_of, keyword_validator, reference, validator
from tests.power.fault_families import Family

Path = tuple[str | int, ...]
"""Where in a payload: names and indexes from the root."""

Step = tuple[str, Any]
"""How to get one location further: `property` NAME, `item`, `prefix` INDEX, `key` PATTERN or `branch` LOCATION."""

ATTEMPTS = 12
ENOUGH = 3
"""After so many payloads at which a family found nothing to break, it is taken to have nothing to break there."""


@dataclass(frozen=True, eq=False)
class Spot:
    """A location together with the way to it from the root."""

    location: Location
    steps: tuple[Step, ...] = ()
    above: tuple[Location, ...] = ()

    @property
    def is_branch(self) -> bool:
        return bool(self.steps) and self.steps[-1][0] == "branch"


@dataclass(frozen=True, slots=True)
class Fault:
    """A payload that breaks one promise: of `kind` at `place`, with the `name` of the property for `required`."""

    family: str
    kind: str
    place: str
    name: str
    payload: Any


def spots(root: Location) -> Iterator[Spot]:
    """Every location below `root`, with the way to it."""
    pending = [Spot(root)]
    while pending:
        spot = pending.pop()
        yield spot
        pending.extend(reversed(list(_below(spot))))


def _below(spot: Spot) -> Iterator[Spot]:
    location = spot.location
    above = (*spot.above, location)

    def at(child: Location, kind: str, argument: Any = None) -> Spot:
        return Spot(child, (*spot.steps, (kind, argument)), above)

    if "object" in location.types:
        yield from (at(location.property(name), "property", name) for name in location.properties)
        yield from (at(below, "key", pattern) for pattern, below in location.patterns.items())
        if location.additional is not None:
            yield at(location.additional, "key", None)
    if "array" in location.types:
        yield from (at(child, "prefix", index) for index, child in enumerate(location.prefix))
        if location.items is not None:
            yield at(location.items, "item")
    for union in location.unions:
        if union.selectable and union.values is None:
            yield from (at(branch, "branch", branch) for branch in union.branches if branch.types != {"null"})


def faults(schema: Schema, spot: Spot, family: Family, draw: Callable[[], Any], choices: Choices) -> Iterator[Fault]:
    """Payloads that break the promises of a family at a spot; none where the family has nothing to break.

    Args:
        draw: gives conforming payloads of `schema`.
    """
    if spot.is_branch and family.kind in ("nullability", "type"):
        return  # judged at the union, before a branch is chosen
    barren = 0
    for _ in range(ATTEMPTS):
        grown = grow(schema, spot, draw(), choices)
        if grown is None:
            continue
        barren += 1
        payload, path = grown
        found = list(_broken(spot, family, _value_at(payload, path)))
        for name, value in found:
            place = spot.location.place or "/"
            yield Fault(family.name, family.kind, place, name, _with_value(payload, path, value))
        if found or barren == ENOUGH:
            return


def grow(schema: Schema, spot: Spot, payload: Any, choices: Choices) -> tuple[Any, Path] | None:
    """The payload with something at the spot, and the path to it; None if this payload can't be made to have it."""
    payload = copy.deepcopy(payload)
    path: Path = ()
    locations = (*spot.above, spot.location)
    for index, (kind, argument) in enumerate(spot.steps):
        here, child = locations[index], locations[index + 1]
        value = _value_at(payload, path)
        try:
            payload, path = _step(payload, path, value, kind, argument, here, child, choices)
        except (Unsatisfiable, _Impossible):
            return None
    try:
        return (payload, path) if validator(schema).is_valid(payload) else None
    except ValueError:
        return None


class _Impossible(Exception):
    pass


def _step(
    payload: Any, path: Path, value: Any, kind: str, argument: Any, here: Location, child: Location, choices: Choices
) -> tuple[Any, Path]:
    if kind == "branch":
        if not (json_type(value) in child.types and _admits([here, child], value)):
            payload = _with_value(payload, path, _draw([here, child], choices))
        return payload, path
    wanted = "object" if kind in ("property", "key") else "array"
    if json_type(value) != wanted:
        value = _draw([here], choices, wanted)
        payload = _with_value(payload, path, value)
    if wanted == "object":
        name = argument if kind == "property" else _key(here, value, argument, choices)
        if name not in value:
            payload = _with_value(payload, (*path, name), _draw([child], choices))
        return payload, (*path, name)
    index = argument if kind == "prefix" else max(len(value) - 1, len(here.prefix))  # the last item of many
    for position in range(len(value), index + 1):
        item = here.prefix[position] if position < len(here.prefix) else child
        payload = _with_value(payload, (*path, position), _draw([item], choices))
    return payload, (*path, index)


def _key(here: Location, value: Mapping[str, Any], pattern: str | None, choices: Choices) -> str:
    """A name in the object, or for it, that no declaration claims but `pattern` (or none at all)."""
    free = [name for name in value if name not in here.properties]
    found = next((name for name in free if pattern is None or _kept({"pattern": pattern}, name)), None)
    if found is not None:
        return found
    if pattern is None:
        return "undeclared"
    drawn = compile_payload(canonical_of({"type": "string", "pattern": pattern}, here.parts[0].schema.document))
    return str(drawn.draw(choices))


def _draw(locations: list[Location], choices: Choices, kind: str | None = None) -> Any:
    """A value that satisfies all of the locations, unions included, and is of the JSON type `kind` if one is given."""
    schemas = tuple(part.schema for location in locations for part in location.parts)
    return _payload(schemas, kind).draw(choices) if schemas else None


@lru_cache(maxsize=4096)
def _payload(schemas: tuple[Schema, ...], kind: str | None) -> Payload:
    parts: list[dict[str, Any]] = [*({"type": kind} for _ in [kind] if kind), *(reference(s.pointer) for s in schemas)]
    return compile_payload(canonical_of({"allOf": parts}, schemas[0].document))


def _admits(locations: list[Location], value: Any) -> bool:
    return all(validator(part.schema).is_valid(value) for location in locations for part in location.parts)


ABOUT_NAMES = ("required", "additional properties", "undocumented properties", "write-only property")
"""Kinds that no keyword of the value at the location decides alone."""


def _broken(spot: Spot, family: Family, value: Any) -> Iterator[tuple[str, Any]]:
    location = spot.location
    for name, broken in family.make(location, value):
        if family.kind in ABOUT_NAMES or first_broken(location, broken) == family.kind:
            yield name, broken


def first_broken(location: Location, value: Any) -> str | None:
    """The kind of the first rung that a value breaks at a location, unions apart."""
    kind = json_type(value)
    if kind not in location.types:
        return "nullability" if value is None else "type"
    values = location.values
    if values is not None and not _kept({"enum": list(values)}, value):
        return "const" if len([v for v in values if v is not None]) == 1 else "enum"
    for rung in RUNGS:
        for _, keywords in location.keywords(rung.keywords):
            if kind in rung.types and rung.applies(keywords) and not _kept(keywords, value):
                return rung.kind
    if kind == "array" and location.most_items is not None and len(value) > location.most_items:
        return "items"
    if any(
        not u.selectable and u.values is None and not _in_union(u.schema, u.keyword, value) for u in location.unions
    ):
        return "union"
    return None


def _in_union(schema: Schema, keyword: str, value: Any) -> bool:
    branches = [validator(schema.child(keyword, i)) for i in range(len(schema.value[keyword]))]  # type: ignore[index]
    matching = sum(branch.is_valid(value) for branch in branches)
    return matching == 1 if keyword == "oneOf" else matching > 0


def _kept(keywords: dict[str, Any], value: Any) -> bool:
    try:
        return keyword_validator(json.dumps(keywords)).is_valid(value)
    except Uncompilable:
        return True


def _value_at(payload: Any, path: Path) -> Any:
    for segment in path:
        payload = payload[segment]
    return payload


def _with_value(payload: Any, path: Path, value: Any) -> Any:
    """A copy of the payload with `value` at `path`; the last segment may be new."""
    if not path:
        return value
    head, *rest = path
    changed: Any = dict(payload) if isinstance(payload, dict) else list(payload)
    inner = _with_value(changed[head], tuple(rest), value) if rest else value
    if isinstance(changed, list) and head == len(changed):
        changed.append(inner)
    else:
        changed[head] = inner
    return changed
