"""A document in, what a sender writes and what a receiver takes of it: naive, and by other means than the gate."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from typing import Any

from contracts.changes.change import Direction
from contracts.document import Document, ref_target, split_pointer

Tree = dict[str, Any]

HIDDEN = {Direction.REQUEST: "readOnly", Direction.RESPONSE: "writeOnly"}
INPLACE = ("allOf", "anyOf", "oneOf")
INPLACE_ONE = ("then", "else")
ABOUT_NAMES = frozenset({"properties", "required", "patternProperties", "propertyNames", "additionalProperties"})
ABOUT_OBJECTS = ABOUT_NAMES | {"minProperties", "maxProperties", "dependentRequired", "dependentSchemas"}


def taken(document: Document, direction: Direction) -> Tree:
    """The document as a receiver reads it: what does not travel that way is neither required nor looked at."""
    tree: Tree = pickle.loads(pickle.dumps(document.tree, pickle.HIGHEST_PROTOCOL))  # as deepcopy, but at once
    marked = HIDDEN[direction]
    doomed = [
        (node, name)
        for node in _dicts(tree)
        if isinstance(node.get("properties"), dict)
        for name, schema in node["properties"].items()
        if any(part.get(marked) is True for part in _chain(tree, schema))
    ]
    for node, name in doomed:
        del node["properties"][name]
        if name in node.get("required", ()):
            node["required"] = [other for other in node["required"] if other != name]
    return tree


def sent(document: Document, direction: Direction) -> Tree:
    """The document as its sender reads it: closed by `unevaluatedProperties`, wherever it speaks of objects."""
    tree = taken(document, direction)
    for holder, key in list(_roots(tree)):
        holder[key] = _closed(tree, holder[key])
    for schema in tree.get("components", {}).get("schemas", {}).values():
        _close_below(tree, schema)
    return tree


def _roots(tree: Tree) -> Iterator[tuple[Any, str]]:
    """Where schemas of bodies, parameters and headers stand, components of schemas apart."""
    outside = {name: value for name, value in tree.get("components", {}).items() if name != "schemas"}
    for node in _dicts([tree["paths"], outside]):
        if isinstance(node.get("schema"), dict):
            yield node, "schema"


def _closed(tree: Tree, schema: Any) -> Any:
    """A schema of a value of its own; what stands below it is closed in place."""
    if not isinstance(schema, dict):
        return schema
    _close_below(tree, schema)
    speaks = any(_about_objects(part) for part in _reach(tree, schema))
    return {**schema, "unevaluatedProperties": False} if speaks and "unevaluatedProperties" not in schema else schema


def _close_below(tree: Tree, schema: Any) -> None:
    if not isinstance(schema, dict):
        return
    for keyword in ("properties", "patternProperties"):
        for name, child in schema.get(keyword, {}).items():
            schema[keyword][name] = _closed(tree, child)
    for keyword in ("items", "additionalProperties"):
        if keyword in schema:
            schema[keyword] = _closed(tree, schema[keyword])
    if "prefixItems" in schema:
        schema["prefixItems"] = [_closed(tree, child) for child in schema["prefixItems"]]
    for part in _parts(schema):
        _close_below(tree, part)
    for defined in schema.get("$defs", {}).values():
        _close_below(tree, defined)


def _about_objects(schema: Tree) -> bool:
    types = schema.get("type")
    return types == "object" or (isinstance(types, list) and "object" in types) or not ABOUT_OBJECTS.isdisjoint(schema)


def _parts(schema: Tree) -> Iterator[Any]:
    for keyword in INPLACE:
        yield from schema.get(keyword, ())
    for keyword in INPLACE_ONE:
        yield schema.get(keyword)
    yield from schema.get("dependentSchemas", {}).values()


def _reach(tree: Tree, schema: Any) -> Iterator[Tree]:
    """What applies to the same value."""
    waiting, seen = [schema], set()
    while waiting:
        schema = waiting.pop()
        if isinstance(schema, dict) and id(schema) not in seen:
            seen.add(id(schema))
            yield schema
            waiting += [*_parts(schema), *_chain(tree, schema)]


def _chain(tree: Tree, schema: Any) -> Iterator[Tree]:
    """A schema and what its `$ref` leads to."""
    seen = set()
    while isinstance(schema, dict) and id(schema) not in seen:
        seen.add(id(schema))
        yield schema
        schema = _at(tree, ref_target(schema["$ref"])) if isinstance(schema.get("$ref"), str) else None


def _at(tree: Any, pointer: str) -> Any:
    for segment in split_pointer(pointer):
        tree = tree[int(segment)] if isinstance(tree, list) else tree[segment]
    return tree


def _dicts(node: Any) -> Iterator[Tree]:
    if isinstance(node, dict):
        yield node
    for child in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from _dicts(child)
