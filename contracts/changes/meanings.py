"""Whether two nodes of two documents mean the same, whatever is said in notes and under names.

A reference means what it names, and so does a schema of nothing but one `allOf`, `anyOf` or
`oneOf` of one. Each pair of targets is looked at once; a circle of them differs only if a way out
of it does.
"""

import json
from collections import defaultdict
from contextlib import suppress
from functools import lru_cache
from itertools import filterfalse
from typing import Any

from contracts.document import Document, join_pointer, ref_target, split_pointer
from contracts.document.dialects import DIALECTS
from contracts.document.model import is_there, schemas_by_name
from contracts.schemas import SAME_VALUE

NOTES = frozenset({"title", "description", "summary", "example", "examples", "externalDocs"})
NOTES |= {"$comment", "xml", "tags"}
"""Fields that say nothing about messages, of whatever object; nor do extensions (`x-…`)."""

_FIELDS = [field for kind in DIALECTS[-1].fields.values() for field in kind.items()]
_MAPS = frozenset(name for name, held in _FIELDS if held[0] == "{") | {"responses"}
"""Fields under which each key is a name: a property called `title` is no note."""
_UNORDERED = frozenset({"required", "type", "enum"})
_VALUES = _UNORDERED | {"const", "default", "dependentRequired", "security", "servers"}
"""Fields that hold plain values, in which nothing is a note."""

Link = tuple[Any, Any]
Keys = tuple[int, int]


class Meanings:
    """What is known of the nodes of two documents."""

    def __init__(self, base: Document, revision: Document) -> None:
        self._documents = base, revision
        self._known: dict[Keys, tuple[bool, Link]] = {}  # with the nodes, so that no id is reused

    def alike(self, base: Any, revision: Any) -> bool:
        """Whether two nodes mean the same; what they refer to is looked for in their documents."""
        links: list[Link] = []
        if not self._fits(base, revision, links):
            return False
        needed = list(map(_keys, links))
        met, ways, different = dict[Keys, Link](), dict[Keys, list[Keys]](), list[Keys]()
        while links:
            link = links.pop()
            key, below = _keys(link), list[Link]()
            if key in met or key in self._known:
                continue
            met[key] = link
            if not self._fits(*link, below):
                different.append(key)
                continue
            for way in map(_keys, below):
                ways.setdefault(way, []).append(key)
                if not self._known.get(way, (True,))[0]:
                    different.append(key)
            links += below
        found = {key: (True, link) for key, link in met.items()}
        while different:
            key = different.pop()
            if key in found and found[key][0]:
                found[key] = False, met[key]
                different += ways.get(key, ())
        self._known |= found  # at once: a comparison may end here at any time
        return all(self._known[key][0] for key in needed)

    def _fits(self, one: Any, other: Any, links: list[Link]) -> bool:
        """Whether two nodes say the same; `links` are what has to mean the same for it."""
        waiting = [(one, other)]
        while waiting:
            pair = waiting.pop()
            (one, is_far), (other, is_other_far) = map(_end, self._documents, pair)
            if isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
                waiting += zip(one, other, strict=True)
            elif not isinstance(one, dict) or not isinstance(other, dict):
                if _text(one) != _text(other):
                    return False
            elif is_far or is_other_far:
                links.append((one, other))
            else:
                below = self._below(_said(one), _said(other))
                if below is not None and "discriminator" in one:
                    base, revision = self._documents
                    below.append((_children(base, one), _children(revision, other)))
                if below is None:
                    return False
                waiting += below
        return True

    def _below(self, one: dict[str, Any], other: dict[str, Any]) -> list[Link] | None:
        """The nodes below two objects that have to mean the same; None if the objects do not."""
        if one.keys() != other.keys():
            return None
        found: list[Link] = []
        for name, held in one.items():
            against = other[name]
            if name == "discriminator":
                held, against = _named(one), _named(other)
            if not isinstance(held, (dict, list)) or name in _VALUES:
                if _plain(name, held) != _plain(name, against):
                    return None
            elif name in _MAPS and isinstance(held, dict) and isinstance(against, dict):
                if held.keys() != against.keys():
                    return None
                found += ((below, against[key]) for key, below in held.items())
            else:
                found.append((held, against))
        return found


def _keys(link: Link) -> Keys:
    return id(link[0]), id(link[1])


def _end(document: Document, node: Any) -> tuple[Any, bool]:
    """What a node stands for, and whether a reference leads there; None for a circle of them."""
    seen, is_far = set[int](), False
    while isinstance(node, dict) and len(said := _said(node)) == 1:
        ((name, held),) = said.items()
        if name == "allOf" and isinstance(node.get("$ref"), str):
            is_far, node = True, _target(document, node["$ref"])
        elif name in SAME_VALUE and isinstance(held, list) and len(held) == 1:
            node = held[0]
        else:
            break
        if id(node) in seen:
            return None, True
        seen.add(id(node))
    return node, is_far


def _target(document: Document, reference: str) -> Any:
    try:
        return document.at(ref_target(reference))
    except (KeyError, IndexError, TypeError):
        return reference


def _said(node: dict[str, Any]) -> dict[str, Any]:
    """An object without its notes; a reference is one more of what all has to hold."""
    found = {}
    for name, held in node.items():
        if name not in NOTES and not name.startswith("x-"):
            found[name] = held
    if isinstance(found.get("$ref"), str):
        reference = {"$ref": found.pop("$ref")}
        found["allOf"] = [reference, *found.get("allOf", ())]
    return found


def _named(node: dict[str, Any]) -> list[Any]:
    """Which property tells branches apart, and what each of its values stands for.

    A branch that a mapping names has no other name.
    """
    tag, names = node["discriminator"], schemas_by_name(node)
    mapping = tag.get("mapping") or {}
    branches = [*(node.get("oneOf") or ()), *(node.get("anyOf") or ())]
    targets = [ref_target(branch["$ref"]) for branch in branches if "$ref" in branch]
    mapped = [names[name] for name in mapping]
    found: list[Any] = [tag.get("propertyName")]
    for name, pointer in sorted(names.items()):
        if name in mapping or pointer not in mapped:
            stands_for = targets.index(pointer) if pointer else {"$ref": mapping[name]}
            found.append([name, stands_for])
    return found


@lru_cache(maxsize=16)
def _extended(document: Document) -> dict[int, list[str]]:
    """The components whose `allOf` names a schema, by the id of that."""
    found = defaultdict[int, list[str]](list)
    for name in document.tree.get("components", {}).get("schemas", {}):
        pointer = join_pointer("/components/schemas", name)
        with suppress(LookupError, TypeError):
            for part in document.at(pointer)["allOf"]:
                if "$ref" in part:
                    found[id(document.at(document.resolve(ref_target(part["$ref"]))))] += [pointer]
    return found


def heirs(document: Document, parent: dict[str, Any]) -> dict[str, str]:
    """The schemas that extend one with a `discriminator`, by its names (OpenAPI 3.1 §4.8.25)."""
    found, pending = dict[str, str](), [parent]
    if parent.keys() & {"oneOf", "anyOf"}:
        return found
    for name, target in (parent["discriminator"].get("mapping") or {}).items():
        bare = join_pointer("/components/schemas", target)
        pointer = ref_target(target) if target.startswith("#") else bare
        if is_there(document.tree, split_pointer(pointer)) and document.at(pointer) is not parent:
            found[name] = pointer
    mapped, seen = {*found.values()}, set[str]()
    for schema in pending:
        for pointer in filterfalse(seen.__contains__, _extended(document).get(id(schema), ())):
            seen.add(pointer)
            pending.append(document.at(pointer))
            if pointer not in mapped and pending[-1] is not parent:
                found[split_pointer(pointer)[-1]] = pointer
    return found


def _children(document: Document, node: dict[str, Any]) -> list[Any]:
    """The names of schemas that extend this one, and what each stands for."""
    named = sorted(heirs(document, node).items())
    return [[name, {"$ref": "#" + pointer.replace("%", "%25")}] for name, pointer in named]


def _plain(name: str, held: Any) -> Any:
    """A plain value as it can be compared; in some fields the order of a list says nothing."""
    if name not in _UNORDERED:
        return _text(held)
    return sorted(map(_text, held if isinstance(held, list) else [held]))


def _text(value: Any) -> str:
    return json.dumps(value, sort_keys=True, default=repr)
