"""How many references a value of a canonical schema must open at least: infinitely many when it never ends."""

from __future__ import annotations

import math

from jsonschema_rs import CanonicalSchema
from jsonschema_rs.canonical import (
    AllOfView,
    AnyOfView,
    ArrayView,
    FalseView,
    ObjectView,
    OneOfView,
    ReferenceView,
)

from contracts.schemas.algebra import ANYTHING, matches


class Heights:
    """The least heights of references, found by a fixpoint over those that a schema reaches."""

    def __init__(self) -> None:
        self._known: dict[str, float] = {}

    def of(self, node: CanonicalSchema) -> float:
        fresh = self._reached(node)
        self._known.update(dict.fromkeys(fresh, math.inf))
        changed = bool(fresh)
        while changed:
            heights = {uri: 1 + self._height(target) for uri, target in fresh.items()}
            changed = any(self._known[uri] != height for uri, height in heights.items())
            self._known.update(heights)
        return self._height(node)

    def _reached(self, node: CanonicalSchema) -> dict[str, CanonicalSchema]:
        """The references below `node` that were not seen before, with their targets."""
        fresh: dict[str, CanonicalSchema] = {}
        waiting = [node]
        while waiting:
            node = waiting.pop()
            view = node.view()
            if isinstance(view, ReferenceView):
                target = node.definition(view.uri)
                if target is None or view.uri in fresh or view.uri in self._known:
                    continue
                fresh[view.uri] = target
                waiting.append(target)
            waiting += needed(node)
        return fresh

    def _height(self, node: CanonicalSchema) -> float:
        match node.view():
            case FalseView():
                return math.inf
            case ReferenceView(uri):
                return self._known.get(uri, math.inf)
            case AnyOfView(branches) | OneOfView(branches):
                return min(map(self._height, branches))
            case ObjectView() as view:
                return self._height_of_object(view)
            case _:
                return max(map(self._height, needed(node)), default=0)

    def _height_of_object(self, view: ObjectView) -> float:
        heights = [
            max(map(self._height, values_of(name, view)), default=0) for name in view.required
        ]
        if (view.min_properties or 0) > len(view.required):
            others = [
                schema for name, schema in view.properties.items() if name not in view.required
            ]
            others += [*view.pattern_properties.values(), view.additional_properties or ANYTHING]
            heights.append(min(map(self._height, others)))
        return max(heights, default=0)


def values_of(name: str, view: ObjectView) -> list[CanonicalSchema]:
    """The schemas that the member `name` has to satisfy."""
    schemas = [view.properties[name]] if name in view.properties else []
    schemas += [
        schema for pattern, schema in view.pattern_properties.items() if matches(pattern, name)
    ]
    return schemas or [view.additional_properties or ANYTHING]


def needed(node: CanonicalSchema) -> list[CanonicalSchema]:
    """The schemas that a value of `node`, unless it is an object, holds or may hold one of."""
    match node.view():
        case AllOfView(branches) | AnyOfView(branches) | OneOfView(branches):
            return branches
        case ArrayView(min_items=low, prefix_items=prefix, items=items, contains=contains):
            rest = [items] if items is not None and (low or 0) > len(prefix) else []
            return [
                *prefix[: low or 0],
                *rest,
                *(c.schema for c in contains if c.min_contains != 0),
            ]
        case ObjectView(
            properties=properties, pattern_properties=patterns, additional_properties=additional
        ):
            return [
                *properties.values(),
                *patterns.values(),
                *([additional] if additional is not None else []),
            ]
        case _:
            return []
