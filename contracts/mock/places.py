"""A value and its schema to the places of the schema that the value shows something of."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from contracts.schemas.locations import Location, json_type

Sight = tuple[str, str]
"""A place and what is seen there: a type, a member that is absent, or one of the values that are listed."""


def sights(location: Location, value: Any) -> Iterator[Sight]:
    """Everything that `value`, which satisfies the schema at `location`, shows of it; each perhaps more than once."""
    kind = json_type(value)
    yield location.place, kind
    if location.values is not None:
        yield location.place, repr(value)
    if kind == "object":
        yield from _members(location, value)
    elif kind == "array":
        for index, item in enumerate(value):
            child = location.prefix[index] if index < len(location.prefix) else location.items
            if child is not None:
                yield from sights(child, item)
    for union in location.unions:
        branch = union.select(value) if union.selectable and not union.finite else None
        if branch is not None:
            yield from sights(branch, value)


def _members(location: Location, value: dict[str, Any]) -> Iterator[Sight]:
    for name in location.properties:
        if name in value:
            yield from sights(location.property(name), value[name])
        else:
            yield location.place, f"no {name}"
    for name in [name for name in value if name not in location.properties]:
        if location.patterns:
            yield from sights(location.property(name), value[name])
        elif location.additional is not None:
            yield from sights(location.additional, value[name])
