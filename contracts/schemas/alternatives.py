"""What stands side by side in a union, of which a value chooses one branch."""

from dataclasses import dataclass
from functools import cached_property
from operator import attrgetter
from typing import Any, Generic, Protocol, TypeVar

from contracts.document import Schema
from contracts.schemas.part import json_type


class _Branch(Protocol):
    """What has to be known of a branch."""

    @property
    def types(self) -> frozenset[str]: ...

    @property
    def values(self) -> tuple[Any, ...] | None: ...

    @property
    def texts(self) -> frozenset[str]: ...

    def property(self, name: str) -> "_Branch": ...


_TYPES_OF = attrgetter("types")
L = TypeVar("L", bound=_Branch)


@dataclass(frozen=True, eq=False)
class Branched(Generic[L]):
    """`anyOf` or `oneOf` with several branches."""

    keyword: str
    schema: Schema
    branches: tuple[L, ...]
    discriminator: str | None = None  # for which every object branch demands other constants

    @cached_property
    def types(self) -> frozenset[str]:
        return frozenset().union(*map(_TYPES_OF, self.branches))

    @cached_property
    def shared_types(self) -> set[str]:
        """The types of values that belong to several branches."""
        seen, shared = set[str](), set[str]()
        for branch in self.branches:
            shared |= seen & branch.types
            seen |= branch.types
        return shared

    @property
    def selectable(self) -> bool:
        """Whether no value finds several branches by its type, or the discriminator."""
        return not self.shared_types or self.discriminator is not None

    @cached_property
    def objects(self) -> list[L]:
        return [branch for branch in self.branches if "object" in branch.types]

    def select(self, value: Any) -> L | None:
        """The branch that a value of an allowed type must satisfy; None when it names none."""
        kind = json_type(value)
        if kind != "object" or self.discriminator is None:
            return next((branch for branch in self.branches if kind in branch.types), None)
        tag = value.get(self.discriminator)
        for branch in self.objects:
            if isinstance(tag, str) and tag in branch.property(self.discriminator).texts:
                return branch
        return None

    @cached_property
    def values(self) -> tuple[Any, ...] | None:
        """Every value that a branch lists, if each branch lists some, or is null alone."""
        found: list[Any] = []
        for branch in self.branches:
            values = branch.values
            if values is None and branch.types <= {"null"}:
                values = (None,)
            if values is None:
                return None
            found += values
        return tuple(found)
