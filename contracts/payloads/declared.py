"""The names that a schema declares, in the order of the document, which the canonical form sorts and partly drops."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

from contracts.document.model import Schema, ref_target

T = TypeVar("T")

TOGETHER = ("allOf",)
APART = ("anyOf", "oneOf")


@dataclass(frozen=True)
class Declared:
    """What the document writes about one place of a payload: the schemas that describe it."""

    schemas: tuple[Schema, ...] = ()

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Every declared name, branches of unions included."""
        return unique(name for schema in self._all for name in properties(schema))

    @cached_property
    def certain(self) -> tuple[str, ...]:
        """The names declared whatever branch of a union holds."""
        return unique(
            name
            for root in self.schemas
            for schema in reached(root, TOGETHER)
            for name in properties(schema)
        )

    def member(self, name: str) -> Declared:
        return Declared(
            tuple(s.child("properties", name) for s in self._all if name in properties(s))
        )

    def keyword(self, name: str) -> Declared:
        """What stands under `items` or `additionalProperties`."""
        return Declared(
            tuple(s.child(name) for s in self._all if isinstance(s.value, dict) and name in s.value)
        )

    def target(self, pointer: str) -> Declared:
        """What the document writes at the target of a reference."""
        return Declared((Schema(self.schemas[0].document, pointer),)) if self.schemas else self

    @cached_property
    def _all(self) -> tuple[Schema, ...]:
        return unique(schema for root in self.schemas for schema in reached(root, TOGETHER + APART))


def properties(schema: Schema) -> Iterable[str]:
    value = schema.value
    found = value.get("properties") if isinstance(value, dict) else None
    return found if isinstance(found, dict) else ()


def reached(root: Schema, keywords: tuple[str, ...]) -> Iterator[Schema]:
    """`root` and what applies to the same value through `$ref` and `keywords`."""
    waiting, seen = [root], set()
    while waiting:
        schema = waiting.pop(0)
        value = schema.value
        if schema in seen or not isinstance(value, dict):
            continue
        seen.add(schema)
        yield schema
        below = [
            schema.child(keyword, index)
            for keyword in keywords
            for index in range(len(value.get(keyword, ())))
        ]
        ref = value.get("$ref")
        waiting = [
            *([Schema(schema.document, ref_target(ref))] if isinstance(ref, str) else []),
            *below,
            *waiting,
        ]


def unique(values: Iterable[T]) -> tuple[T, ...]:
    return tuple(dict.fromkeys(values))
