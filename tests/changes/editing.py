"""A base and a few edits in, two document trees out: one row of the table of revisions."""

from __future__ import annotations

import copy
import json
import pickle
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from contracts.changes.change import Direction
from contracts.document import Spec, read_spec, split_pointer

Tree = dict[str, Any]
Edit = Callable[[Tree], None]
Message = dict[str, Any]
Place = tuple[str, Direction]
"""An operation and a direction whose messages are looked at."""


class Truth(StrEnum):
    """What the definition says of a revision; `equal` is compatible, and nothing to be loud about."""

    BREAKING = "breaking"
    COMPATIBLE = "compatible"
    EQUAL = "equal"


BREAKING, COMPATIBLE, EQUAL = Truth
FILES = {
    "shop": Path(__file__).with_name("shop.yaml"),
    "notte": Path(__file__).parents[2] / "spec" / "notte.yaml",
}


@dataclass(frozen=True, slots=True, eq=False)
class Revision:
    """One row.

    Args:
        truth: `equal` for a rewrite that changes nothing.
        edits: make the revision from the base.
        before: made to both first.
        where: the operation and direction that the row is about; None for all of them.
        message: one that the sender allows and the receiver refuses, if the row breaks and drawing may not find it.
        shown: whether a message can show the change; scopes, policies and the like leave no trace on the wire.
    """

    id: str
    document: str
    truth: Truth
    edits: tuple[Edit, ...]
    before: tuple[Edit, ...] = ()
    where: Place | None = None
    message: Message | None = None
    shown: bool = True

    def trees(self) -> tuple[Tree, Tree]:
        base = original(self.document)
        for edit in self.before:
            edit(base)
        revision: Tree = pickle.loads(pickle.dumps(base, pickle.HIGHEST_PROTOCOL))  # as deepcopy, but at once
        for edit in self.edits:
            edit(revision)
        return base, revision

    def specs(self) -> tuple[Spec, Spec]:
        base, revision = self.trees()
        return spec_from(base, "base.json"), spec_from(revision, "revision.json")


@lru_cache
def _text(document: str) -> str:
    return json.dumps(yaml.load(FILES[document].read_text("utf-8"), yaml.CSafeLoader))


def original(document: str) -> Tree:
    tree: Tree = json.loads(_text(document))
    return tree


def spec_from(tree: Tree, path: str) -> Spec:
    return _spec(json.dumps(tree), path)


@lru_cache(maxsize=32)
def _spec(text: str, path: str) -> Spec:
    return read_spec(text.encode(), path=path, folder=None)


def found(tree: Any, pointer: str) -> Any:
    for segment in split_pointer(pointer):
        tree = tree[int(segment)] if isinstance(tree, list) else tree[segment]
    return tree


def _parent(tree: Tree, pointer: str) -> tuple[Any, Any]:
    owner, _, last = pointer.rpartition("/")
    parent = found(tree, owner)
    segment = split_pointer("/" + last)[0]
    return parent, int(segment) if isinstance(parent, list) else segment


def put(pointer: str, value: Any) -> Edit:
    """Set what is at `pointer`, there before or not."""

    def edit(tree: Tree) -> None:
        parent, key = _parent(tree, pointer)
        parent[key] = copy.deepcopy(value)

    return edit


def drop(pointer: str) -> Edit:
    def edit(tree: Tree) -> None:
        parent, key = _parent(tree, pointer)
        del parent[key]

    return edit


def append(pointer: str, value: Any) -> Edit:
    return lambda tree: found(tree, pointer).append(copy.deepcopy(value))


def take(pointer: str, value: Any) -> Edit:
    """Remove `value` from the list at `pointer`."""
    return lambda tree: found(tree, pointer).remove(value)


def merge(pointer: str, **members: Any) -> Edit:
    return lambda tree: found(tree, pointer).update(copy.deepcopy(members))


def move(pointer: str, target: str) -> Edit:
    def edit(tree: Tree) -> None:
        parent, key = _parent(tree, pointer)
        put(target, parent.pop(key))(tree)

    return edit


def change(pointer: str, rewrite: Callable[[Any], Any]) -> Edit:
    """Replace what is at `pointer` by what `rewrite` makes of it."""

    def edit(tree: Tree) -> None:
        parent, key = _parent(tree, pointer)
        parent[key] = rewrite(parent[key])

    return edit


def text(rewrite: Callable[[str], str]) -> Edit:
    """Rewrite the whole document as JSON text: for renamed components."""

    def edit(tree: Tree) -> None:
        rewritten = json.loads(rewrite(json.dumps(tree)))
        tree.clear()
        tree.update(rewritten)

    return edit


def ref(name: str, kind: str = "schemas") -> dict[str, str]:
    return {"$ref": f"#/components/{kind}/{name}"}
