"""Schemas as the two parties to a message read them: what a receiver takes, and what a sender sends.

Both are written out as JSON without references, except where recursion needs one. A sender sends only the names that
its own document declares, unless it spells out `additionalProperties` (a policy of the suite). A property that is
`readOnly` is not in requests, one that is `writeOnly` not in responses.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from contracts.document import Document, Schema, ref_target
from contracts.document.dialects import DIALECTS
from contracts.document.directions import is_marked
from contracts.schemas.rungs import ASSERTED_FORMATS

MAX_NODES = 20_000
"""Schemas written out in one view; a larger one is not looked at as a whole."""

Raw = dict[str, Any] | bool

_HOLDERS = DIALECTS[-1].fields["schema"]
_STRUCTURE = frozenset(
    {"$ref", "allOf", "anyOf", "oneOf", "properties", "patternProperties", "additionalProperties"}
)
_SILENT = frozenset(
    {"$ref", "title", "description", "default", "example", "examples", "deprecated", "externalDocs"}
) | {*("readOnly", "writeOnly", "discriminator", "xml", "nullable", "$comment")}
_ABOUT_OBJECTS = frozenset({"properties", "patternProperties", "additionalProperties", "required"})


class TooLarge(Exception):
    """A schema that has more than `MAX_NODES` schemas when it is written out."""


@dataclass(frozen=True, slots=True)
class Names:
    """What a sender may call the properties of one object."""

    exact: frozenset[str] = frozenset()
    patterns: frozenset[str] = frozenset()
    open: bool = False

    def __or__(self, other: Names) -> Names:
        return Names(
            self.exact | other.exact, self.patterns | other.patterns, self.open or other.open
        )

    def __bool__(self) -> bool:
        return bool(self.exact or self.patterns or self.open)

    def closure(self) -> Raw:
        """No other names."""
        exact = dict.fromkeys(sorted(self.exact), True)
        patterns = dict.fromkeys(sorted(self.patterns), True)
        return {"properties": exact, "patternProperties": patterns, "additionalProperties": False}


NO_NAMES = Names()


@dataclass(eq=False)
class View:
    """A document as one direction reads it; `mark` is what takes a property out of that direction."""

    document: Document
    mark: str
    _recursive: dict[str, bool] = field(default_factory=dict)

    def receiver(self, schemas: Iterable[Schema]) -> Raw:
        """All of `schemas` at once as a receiver takes them; raises TooLarge."""
        return _Opener(self).whole([schema.value for schema in schemas], closed=False)

    def sender(self, schemas: Iterable[Schema]) -> Raw:
        """All of `schemas` at once as a sender sends them; raises TooLarge."""
        return _Opener(self).whole([schema.value for schema in schemas], closed=True)

    def keywords(self, value: Raw) -> Raw:
        """A schema object written here, or a part of one, as a receiver takes it; raises TooLarge."""
        return _Opener(self).whole([value], closed=False)

    def is_marked(self, property_schema: Any) -> bool:
        return is_marked(self.document, property_schema, self.mark)

    def target(self, reference: str) -> Raw:
        return self.document.at(ref_target(reference))  # type: ignore[no-any-return]

    def is_recursive(self, reference: str) -> bool:
        """Whether what a reference names leads back to itself."""
        if reference not in self._recursive:
            self._recursive[reference] = self._leads_to(reference)
        return self._recursive[reference]

    def _leads_to(self, reference: str) -> bool:
        waiting, seen = [reference], set[str]()
        while waiting:
            for found in references(self.target(waiting.pop())):
                if found == reference:
                    return True
                if found not in seen:
                    seen.add(found)
                    waiting.append(found)
        return False


def references(value: Any) -> Iterator[str]:
    """Every `$ref` in a schema, at any depth."""
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for _, child in children(value):
            yield from references(child)


def children(value: dict[str, Any]) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    """The schemas directly below a schema object, with the segments that lead there."""
    for keyword, held in value.items():
        holder = _HOLDERS.get(keyword)
        if holder is None:
            continue
        if holder == "schema":
            yield (keyword,), held
        elif holder == "[schema]" and isinstance(held, list):
            yield from (((keyword, index), child) for index, child in enumerate(held))
        elif holder == "{schema}" and isinstance(held, dict):
            yield from (((keyword, name), child) for name, child in held.items())


class _Opener:
    """Writes one schema out; `definitions` collects what recursion needs, by reference and by whether it is closed."""

    def __init__(self, view: View) -> None:
        self.view = view
        self.nodes = 0
        self.pending: dict[tuple[str, bool], str] = {}
        self.definitions: dict[str, Raw] = {}

    def whole(self, values: Sequence[Raw], *, closed: bool) -> Raw:
        schema = self.closed(values) if closed else _all([self.opened(value) for value in values])
        while len(self.definitions) < len(self.pending):
            for (reference, is_closed), name in list(self.pending.items()):
                if name not in self.definitions:
                    target = self.view.target(reference)
                    self.definitions[name] = (
                        self.closed([target]) if is_closed else self.opened(target)
                    )
        return {**_as_object(schema), "$defs": self.definitions} if self.definitions else schema

    def reference(self, reference: str, *, closed: bool) -> Raw:
        name = self.pending.setdefault((reference, closed), f"schema{len(self.pending)}")
        return {"$ref": f"#/$defs/{name}"}

    def count(self) -> None:
        self.nodes += 1
        if self.nodes > MAX_NODES:
            raise TooLarge

    # What a receiver takes: the schema as written, without required properties that don't travel.

    def opened(self, value: Any) -> Raw:
        if not isinstance(value, dict):
            return bool(value)
        self.count()
        plain = {
            keyword: held
            for keyword, held in value.items()
            if keyword not in _HOLDERS and _asserts(keyword, held)
        }
        found = self._without_marked(value, plain)
        for (keyword, *rest), child in children(value):
            travels = keyword != "properties" or not self.view.is_marked(child)
            _put(found, keyword, rest, self.opened(child) if travels else True)
        if isinstance(value.get("$ref"), str):
            return _all([self._opened_reference(value["$ref"]), *([found] if found else [])])
        return found

    def _opened_reference(self, reference: str) -> Raw:
        if self.view.is_recursive(reference):
            return self.reference(reference, closed=False)
        return self.opened(self.view.target(reference))

    def _without_marked(self, value: dict[str, Any], keywords: dict[str, Any]) -> dict[str, Any]:
        properties = value.get("properties")
        if "required" in keywords and isinstance(properties, dict):
            kept = [
                name
                for name in keywords["required"]
                if not self.view.is_marked(properties.get(name))
            ]
            return {**keywords, "required": kept}
        return dict(keywords)

    # What a sender sends: `allOf` merged first, so that each object is closed once, over all the names it has.

    def closed(
        self, values: Sequence[Raw], outer: Names = NO_NAMES, *, branch: bool = False
    ) -> Raw:
        self.count()
        parts: list[dict[str, Any]] = []
        kept: list[Raw] = []
        if not self._flatten(values, parts, kept):
            return False
        names = self._names(parts, kept) | outer
        unions = [
            (keyword, part[keyword])
            for part in parts
            for keyword in ("anyOf", "oneOf")
            if keyword in part
        ]
        found = [*kept, *(self._rest(part) for part in parts), *self._structure(parts)]
        for keyword, branches in unions:
            others = [self._of_union(held) for key, held in unions if held is not branches]
            around = _union_of([names, *others])
            found.append(
                {keyword: [self.closed([value], around, branch=True) for value in branches]}
            )
        about_objects = (
            (branch and bool(outer)) or any(map(_speaks_of_objects, parts)) or bool(kept)
        )
        if about_objects and not names.open and not any(map(self._has_objects, unions)):
            found.append(names.closure())
        return _all([part for part in found if part not in ({}, True)])

    def _flatten(self, values: Sequence[Any], parts: list[dict[str, Any]], kept: list[Raw]) -> bool:
        """Collect the schema objects that all apply; recursive references are kept as they are."""
        for value in values:
            self.count()
            if value is False:
                return False
            if not isinstance(value, dict):
                continue
            parts.append(value)
            reference = value.get("$ref")
            below = [*value.get("allOf", ())]
            if isinstance(reference, str):
                if self.view.is_recursive(reference):
                    alone = len(values) == 1 and not (
                        value.keys() - {"$ref", "description", "title"}
                    )
                    kept.append(self.reference(reference, closed=alone))
                else:
                    below.append(self.view.target(reference))
            if not self._flatten(below, parts, kept):
                return False
        return True

    def _names(self, parts: Sequence[dict[str, Any]], kept: Sequence[Raw]) -> Names:
        found = NO_NAMES
        for part in parts:
            found |= self._own_names(part)
            reference = part.get("$ref")
            if kept and isinstance(reference, str) and self.view.is_recursive(reference):
                found |= self._of_target(reference, frozenset())
        return found

    def _of_target(self, reference: str, seen: frozenset[str]) -> Names:
        if reference in seen:
            return NO_NAMES
        return self._all_names(self.view.target(reference), seen | {reference})

    def _all_names(self, value: Any, seen: frozenset[str] = frozenset()) -> Names:
        """Every name that a schema may declare for an object, whatever branch holds."""
        if not isinstance(value, dict):
            return NO_NAMES
        found = self._own_names(value)
        for keyword in ("allOf", "anyOf", "oneOf"):
            for child in value.get(keyword, ()):
                found |= self._all_names(child, seen)
        if isinstance(value.get("$ref"), str):
            found |= self._of_target(value["$ref"], seen)
        return found

    def _own_names(self, part: dict[str, Any]) -> Names:
        properties = part.get("properties", {})
        sent = {name for name, schema in properties.items() if not self.view.is_marked(schema)}
        required = {name for name in part.get("required", ()) if name not in properties}
        extra = part.get("additionalProperties", part.get("unevaluatedProperties", False))
        found = Names(
            frozenset(sent | required),
            frozenset(part.get("patternProperties", ())),
            extra is not False,
        )
        for keyword in ("if", "then", "else"):
            found |= self._all_names(part.get(keyword))
        for schema in part.get("dependentSchemas", {}).values():
            found |= self._all_names(schema)
        return found

    def _of_union(self, branches: Iterable[Any]) -> Names:
        return _union_of(self._all_names(branch) for branch in branches)

    def _has_objects(self, union: tuple[str, Sequence[Any]]) -> bool:
        """Whether a branch is closed by itself."""
        return any(branch is not False for branch in union[1])

    def _rest(self, part: dict[str, Any]) -> Raw:
        """What a part says beside its structure; conditions in it are read as written."""
        rest = {
            keyword: held
            for keyword, held in part.items()
            if keyword not in (*_STRUCTURE, "items", "prefixItems")
        }
        if rest.get("unevaluatedProperties") is False:
            del rest["unevaluatedProperties"]
        if "required" in rest:
            properties = part.get("properties", {})
            rest["required"] = [
                name for name in rest["required"] if not self.view.is_marked(properties.get(name))
            ]
        return self.opened(rest)

    def _structure(self, parts: Sequence[dict[str, Any]]) -> Iterator[Raw]:
        """Properties and items of all parts, each closed once."""
        declared: dict[str, list[Any]] = {}
        for part in parts:
            for name, schema in part.get("properties", {}).items():
                declared.setdefault(name, []).append(schema)
        sent = {
            name: held for name, held in declared.items() if not any(map(self.view.is_marked, held))
        }
        if sent:
            yield {"properties": {name: self.closed(held) for name, held in sent.items()}}
        if unsent := sorted(declared.keys() - sent.keys()):
            yield {"properties": dict.fromkeys(unsent, False)}
        for part in parts:
            yield self._other_names(part)
        if any("prefixItems" in part for part in parts):
            yield from (self._items(part) for part in parts)
        elif items := [part["items"] for part in parts if "items" in part]:
            yield {"items": self.closed(items)}

    def _other_names(self, part: dict[str, Any]) -> Raw:
        patterns = {
            name: self.closed([schema])
            for name, schema in part.get("patternProperties", {}).items()
        }
        if "additionalProperties" not in part:
            return {"patternProperties": patterns} if patterns else {}
        return {
            "properties": dict.fromkeys(part.get("properties", {}), True),
            "patternProperties": patterns,
            "additionalProperties": self.closed([part["additionalProperties"]]),
        }

    def _items(self, part: dict[str, Any]) -> Raw:
        found: dict[str, Any] = {}
        if "prefixItems" in part:
            found["prefixItems"] = [self.closed([schema]) for schema in part["prefixItems"]]
        if "items" in part:
            found["items"] = self.closed([part["items"]])
        return found


def _asserts(keyword: str, held: Any) -> bool:
    return keyword not in _SILENT and (keyword != "format" or held in ASSERTED_FORMATS)


def _speaks_of_objects(part: dict[str, Any]) -> bool:
    types = part.get("type", ())
    return "object" in (
        [types] if isinstance(types, str) else types
    ) or not _ABOUT_OBJECTS.isdisjoint(part)


def _union_of(names: Iterable[Names]) -> Names:
    found = NO_NAMES
    for more in names:
        found |= more
    return found


def _put(target: dict[str, Any], keyword: Any, rest: Sequence[Any], schema: Raw) -> None:
    if not rest:
        target[keyword] = schema
    elif isinstance(rest[0], int):
        target.setdefault(keyword, []).append(schema)
    else:
        target.setdefault(keyword, {})[rest[0]] = schema


def _all(schemas: Sequence[Raw]) -> Raw:
    if not schemas:
        return True
    return schemas[0] if len(schemas) == 1 else {"allOf": list(schemas)}


def _as_object(schema: Raw) -> dict[str, Any]:
    if isinstance(schema, dict):
        return schema
    return {} if schema else {"not": {}}
