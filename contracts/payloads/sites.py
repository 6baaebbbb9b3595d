"""Where in a payload a schema is compiled, and how it got there."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Protocol

from jsonschema_rs import CanonicalSchema

from contracts.document.model import join_pointer
from contracts.payloads.declared import Declared
from contracts.payloads.draws import Drawer


@dataclass(frozen=True, slots=True)
class Site:
    """A place in a payload: `*` for items and map values, `(n)` for a branch of a union.

    `path` holds the references opened on the way; at an `ending` site the payload has to finish soon.
    """

    place: str = ""
    path: tuple[str, ...] = ()
    declared: Declared = field(default_factory=Declared)
    ending: bool = False

    def at(self, label: str) -> str:
        return f"{self.place} {label}"

    def member(self, name: str) -> Site:
        return replace(
            self, place=join_pointer(self.place, name), declared=self.declared.member(name)
        )

    def below(self, segment: str, keyword: str) -> Site:
        return replace(
            self, place=f"{self.place}/{segment}", declared=self.declared.keyword(keyword)
        )

    def branch(self, name: int | str) -> Site:
        return replace(self, place=f"{self.place}({name})")


class Builder(Protocol):
    """What compiles the parts of an array or object."""

    def build(self, node: CanonicalSchema, site: Site) -> Drawer:
        """The drawer of a schema at a site; raises Unsatisfiable when no value is possible there."""
        ...

    def height(self, node: CanonicalSchema) -> float:
        """How many references a value of the schema opens at least."""
        ...
