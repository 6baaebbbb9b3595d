"""A tree and overlay documents in, the same tree changed as OpenAPI Overlay 1.0 says, each change keeping its place."""

from __future__ import annotations

import copy
import re
from collections.abc import Sequence
from typing import Any

from contracts.document.document import Source
from contracts.document.places import Place
from contracts.document.text import shown
from contracts.document.written import Written
from contracts.errors import DocumentError

_OVERLAY_FIELDS = frozenset({"overlay", "info", "extends", "actions"})
_ACTION_FIELDS = frozenset({"target", "description", "update", "remove"})


def apply_overlay(tree: dict[str, Any], root: Place, overlay: Written) -> None:
    """Apply every action in order; an action that is malformed or matches nothing is a DocumentError at its line."""
    origin = Place(overlay)
    _refuse_malformed(overlay.tree, origin)
    for index, action in enumerate(overlay.tree["actions"]):
        _apply(tree, root, action, origin.at(("actions", str(index))))


def _refuse_malformed(overlay: Any, origin: Place) -> None:
    if not isinstance(overlay, dict) or "overlay" not in overlay:
        raise origin.error(
            "this is no overlay: it has no `overlay` key", "begin it with `overlay: 1.0.0`"
        )
    if not re.fullmatch(r"1\.0\.\d+", str(overlay["overlay"])):
        problem = f"the overlay's version is {shown(overlay['overlay'])}, wanted 1.0.x"
        raise origin.child("overlay").error(problem, "write it as an Overlay 1.0.0 document")
    _refuse_unknown(overlay, _OVERLAY_FIELDS, origin)
    info = overlay.get("info")
    if not isinstance(info, dict) or not all(
        isinstance(info.get(name), str) for name in ("title", "version")
    ):
        raise origin.child("info").error(
            "the overlay's `info` lacks a title or a version", "give both, as text"
        )
    actions = overlay.get("actions")
    if not isinstance(actions, list) or not actions:
        raise origin.child("actions").error(
            "the overlay has no list of `actions`", "give it one action or more"
        )
    for index, action in enumerate(actions):
        _refuse_malformed_action(action, origin.at(("actions", str(index))))


def _refuse_malformed_action(action: Any, origin: Place) -> None:
    if not isinstance(action, dict) or not isinstance(action.get("target"), str):
        raise origin.error("the action has no `target`", "give it a JSONPath as text")
    _refuse_unknown(action, _ACTION_FIELDS, origin)
    if not isinstance(action.get("remove", False), bool):
        raise origin.child("remove").error(
            f"`remove` is {shown(action['remove'])}, wanted true or false", "mend it"
        )
    if "update" not in action and not action.get("remove"):
        raise origin.error(
            "the action neither updates nor removes", "give it `update` or `remove: true`"
        )


def _refuse_unknown(value: dict[str, Any], known: frozenset[str], origin: Place) -> None:
    for name in value:
        if name not in known and not name.startswith("x-"):
            problem = (
                f"Overlay 1.0 has no key {shown(name)} here; it has {', '.join(sorted(known))}"
            )
            raise origin.child(name).error(problem, "mend or remove it")


def _apply(tree: dict[str, Any], root: Place, action: dict[str, Any], origin: Place) -> None:
    matches = _matches(tree, action["target"], origin)
    if not matches:
        problem = f"the target {action['target']} matches nothing in {root.written.file}"
        raise origin.child("target").error(
            problem, "mend the target, or remove the action if it is no longer needed"
        )
    # From the last to the first, so that removing an item does not move one that is still to be removed.
    for parts in reversed(matches) if action.get("remove") else matches:
        parent_place, parent = root, tree
        for part in parts[:-1]:
            parent_place, parent = parent_place.entered(str(part)), parent[part]
        if action.get("remove"):
            _remove(parent, parts, parent_place, origin)
        else:
            target = parent[parts[-1]] if parts else tree
            _update(
                target,
                action["update"],
                parent_place.entered(str(parts[-1])) if parts else root,
                origin,
            )


def _matches(tree: dict[str, Any], target: str, origin: Place) -> list[tuple[Any, ...]]:
    import jsonpath  # takes 0.1 s to import

    try:
        found = [match.parts for match in jsonpath.finditer(target, tree)]
    except jsonpath.JSONPathError as error:
        problem = f"the target {target} is no JSONPath: {str(error).splitlines()[0]}"
        raise origin.child("target").error(problem, "write it as RFC 9535 says") from None
    return list(dict.fromkeys(found))


def _remove(parent: Any, parts: Sequence[Any], place: Place, origin: Place) -> None:
    if not parts:
        raise origin.child("target").error(
            "the action removes the whole document", "name a part of it"
        )
    if isinstance(parent, list):
        place.remove_item(parts[-1], len(parent))
    del parent[parts[-1]]


def _update(target: Any, update: Any, place: Place, origin: Place) -> None:
    written = origin.child("update")
    if isinstance(target, list):
        _append(target, [update], place, [written])
    elif isinstance(target, dict) and isinstance(update, dict):
        _merge(target, update, place, written)
    elif isinstance(target, dict):
        raise written.error(
            f"the target is an object, the update is {shown(update)}", "make the update an object"
        )
    else:
        cure = "target the object or list around it; to change its kind remove that object and add it anew"
        problem = f"the target is {shown(target)}, and Overlay 1.0 updates only objects and lists"
        raise origin.child("target").error(problem, cure)


def _append(target: list[Any], items: list[Any], place: Place, origins: list[Place]) -> None:
    for item, origin in zip(items, origins, strict=True):
        place.put(str(len(target)), origin)
        target.append(copy.deepcopy(item))


def _merge(target: dict[str, Any], update: dict[str, Any], place: Place, origin: Place) -> None:
    for name, value in update.items():
        old = target.get(name)
        written = origin.child(name)
        if isinstance(old, dict) and isinstance(value, dict):
            _merge(old, value, place.entered(name), written)
        elif isinstance(old, list) and isinstance(value, list):
            _append(
                old,
                value,
                place.entered(name),
                [written.child(str(index)) for index in range(len(value))],
            )
        elif isinstance(old, dict | list):
            raise _unlike(written, name, place.child(name).source)
        else:
            target[name] = copy.deepcopy(value)
            place.put(name, written)


def _unlike(written: Place, name: str, old: Source) -> DocumentError:
    problem = f"{shown(name)} is of another kind than the one at {old}, and can't be merged with it"
    return written.error(problem, "remove that one in an action before")
