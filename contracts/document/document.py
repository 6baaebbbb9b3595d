"""A read document: its tree, and the file and line of every node in it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from contracts.document.pointers import ref_target, split_pointer


@dataclass(frozen=True, slots=True)
class Source:
    """Where a node is written: the path as the user gave it, the 1-based line, and the pointer in that file."""

    file: str
    line: int
    pointer: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


@dataclass(frozen=True, eq=False)
class Document:
    """An OpenAPI document after overlays, with every schema in JSON Schema 2020-12.

    Other files that it refers to stand under `x-files` of `tree`, and the `$ref`s point there, so that every `$ref` is
    a pointer into `tree`. Pointers of what the author wrote are kept.

    Args:
        path: as the user gave it.
        sha256: of the bytes as read, overlays apart.
        openapi: the version that the document declares.
        tree: the JSON value of the whole document.
        find: answers `source`; called on demand.
        marks: which of `readOnly` and `writeOnly` any schema says.
    """

    path: str
    sha256: str
    openapi: str
    tree: dict[str, Any]
    find: Callable[[str], Source] = field(repr=False)
    marks: frozenset[str] = frozenset()

    @property
    def written(self) -> Document:
        """The document in which both directions are; what is no schema stands there at the same pointers."""
        return self

    def at(self, pointer: str) -> Any:
        """The value at an RFC 6901 pointer; KeyError or IndexError when there is none."""
        node: Any = self.tree
        for segment in split_pointer(pointer):
            node = node[int(segment)] if isinstance(node, list) else node[segment]
        return node

    def source(self, pointer: str) -> Source:
        """File and line of the node at `pointer`, or of its nearest written ancestor."""
        return self.find(pointer)

    def resolve(self, pointer: str) -> str:
        """Follow `$ref`s from `pointer` until a node that is no reference; returns that node's pointer."""
        seen = set()
        while (
            isinstance(node := self.at(pointer), dict)
            and isinstance(node.get("$ref"), str)
            and pointer not in seen
        ):
            seen.add(pointer)
            pointer = ref_target(node["$ref"])
        return pointer
