"""A schema of one side with one change of the other: so a change is told from those beside it."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from contracts.changes.change import Change, ChangeSeverity, Effect
from contracts.changes.pairs import Aspect, Local, Pair
from contracts.changes.places import place_below
from contracts.changes.shapes import Shape
from contracts.document import Schema
from contracts.schemas import UNIONS, Raw, only
from contracts.schemas.locations import ALL_TYPES, escape
from contracts.schemas.readings import Swaps, TooLarge, checked_form, taken_form

BY_NAME = "those who choose a schema by its name, which may refuse it, are not seen in messages"
DEFINED = "#/$defs/"
_OF_NAMES = ("properties", "additionalProperties", "unevaluatedProperties")


def by_name(change: Change) -> Change:
    """A change that only those see who choose a schema by a name, which is a warning."""
    row = replace(change.kind, severity=ChangeSeverity.WARNING)
    return replace(change, kind=row, effect=Effect.COMPATIBLE, proof=BY_NAME)


def heirs_alone(pair: Pair) -> Iterator[Local]:
    """The changes that schemas are which a discriminator names on one side alone."""
    base, revision = pair.base.heirs, pair.revision.heirs
    kinds = ("branch-removed", base, revision), ("branch-added", revision, base)
    for kind, here, there in kinds:
        for name in here.keys() - there.keys():
            if there and here[name] not in there.values():
                local = pair.local(kind, ("discriminator",), said=lambda _: True, subject=name)
                where = place_below(local.change.where, f"<{escape(name)}>")
                yield replace(local, change=replace(by_name(local.change), where=where))


def hybrid(root: Shape, aspects: Iterable[Aspect], *, inlines: bool = False) -> Raw:
    """What a side takes at `root` if it said of some aspects what the other side says.

    With references, to validate with, or written out if it `inlines`. Raises TooLarge.
    """
    nodes: dict[int, tuple[dict[str, Any], Raw]] = {}
    definitions: dict[str, Raw] = {}
    for number, aspect in enumerate(aspects):
        own, other = aspect.pair.base, aspect.pair.revision
        if root.document is not own.document:
            own, other = other, own
        said = said_of(aspect, other)
        if isinstance(said, dict) and "$defs" in said:
            said = json.loads(json.dumps(said).replace(DEFINED, f"{DEFINED}{number} "))
            definitions |= {f"{number} {name}": held for name, held in said["$defs"].items()}
            said = {"allOf": said["allOf"]}
        for schema, keywords in _holders(own, aspect):
            value = schema.value
            if isinstance(value, dict):
                now, more = nodes.get(id(value), (value, True))
                nodes[id(value)] = _without(now, keywords, aspect.name), more
        place = own.parts[0].schema.value
        if not isinstance(place, dict):
            continue  # of what may be anything, and says nothing
        now, more = nodes.get(id(place), (place, True))
        if _is_by_branch(own, aspect):
            now = {"anyOf": [dict(now), {"allOf": [said, {"not": own.type()}]}]}
        nodes[id(place)] = now, {"allOf": [more, said]}
    form = taken_form if inlines else checked_form
    return form(root.document, *root.values, swaps=Swaps(nodes, definitions))


def said_of(aspect: Aspect, shape: Shape) -> Raw:
    """What a side says of an aspect; anything, where that is too large to be written out."""
    try:
        return aspect.said(shape)
    except TooLarge:
        return True


def _holders(own: Shape, aspect: Aspect) -> Iterator[tuple[Schema, set[str]]]:
    """The schemas that say something of the aspect, and under which keywords."""
    unions = [union for union, _ in own.unions if aspect.keywords == UNIONS]
    if "enum" in aspect.keywords:
        lists = (union for union in own.location.unions if union.shared_types)
        unions = [union for union in lists if union.values is not None]
    for union in unions:
        yield union.schema, {union.keyword}
    if aspect.keywords == UNIONS:
        return
    for part in own.parts if not aspect.keywords else ():
        yield part.schema, set(part.value)
    if _is_by_branch(own, aspect):
        return
    for facet in own.facets:
        keywords = set(aspect.keywords)
        if facet.types != ALL_TYPES:  # a branch that these tell from the others
            keywords -= {"enum", "const"}
        yield facet.part.schema, keywords


def _is_by_branch(own: Shape, aspect: Aspect) -> bool:
    """Whether the aspect is the type, and branches say what it is: they stay as they are."""
    return "type" in aspect.keywords and any(facet.types != ALL_TYPES for facet in own.facets)


def _without(value: Any, keywords: set[str], name: str | None) -> dict[str, Any]:
    """A schema object that says nothing under the keywords, or of the property `name`."""
    if name is None:
        return only(value, value.keys() - keywords)
    found = dict(value)
    if "required" in found:
        found["required"] = [required for required in value["required"] if required != name]
    if "properties" in keywords and not found.keys().isdisjoint(_OF_NAMES):
        found["properties"] = {**value.get("properties", {}), name: True}
    return found
