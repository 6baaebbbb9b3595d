"""A pair of schemas, one from each document, to the changes within it and the pairs that it refers to.

A unit is what stands between two references: a change in a shared component is found once, in the unit of that
component.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from contracts.changes.change import Direction
from contracts.changes.locals import Edge, Findings, Unit, UnitKey
from contracts.changes.pairs import Pair
from contracts.changes.shapes import Shape, pure_reference
from contracts.changes.versions import Documents
from contracts.document import Schema
from contracts.schemas.locations import Location, locate
from contracts.schemas.parties import View


@dataclass(eq=False)
class Walk:
    """Units of one direction; `sends_base` says whether the sender holds the base, as in requests."""

    documents: Documents
    direction: Direction
    base: View
    revision: View
    _units: dict[UnitKey, Unit] = field(default_factory=dict)

    @property
    def parties(self) -> tuple[View, View]:
        """The sender and the receiver."""
        return (self.base, self.revision) if self.sends_base else (self.revision, self.base)

    @property
    def sends_base(self) -> bool:
        return self.direction is Direction.REQUEST

    def unit(self, key: UnitKey) -> Unit:
        """The changes between the schemas at two pointers."""
        if key not in self._units:
            base, revision = (
                Schema(view.document, p)
                for view, p in zip((self.base, self.revision), key, strict=True)
            )
            found = (
                Findings()
                if self.documents.same(*key)
                else self._compare(locate(base), locate(revision))
            )
            self._units[key] = Unit(tuple(found.locals), tuple(found.edges))
        return self._units[key]

    def _compare(self, base: Location, revision: Location) -> Findings:
        pair = Pair(self, Shape(base, self.base), Shape(revision, self.revision))
        return pair.found()

    def below(self, base: Location, revision: Location) -> Findings:
        """Like `_compare`, for a place within a unit: two references lead to another unit."""
        if self.is_same(base, revision):
            return Findings()
        targets = pure_reference(base), pure_reference(revision)
        if targets[0] is not None and targets[1] is not None:
            return Findings(edges=[Edge((targets[0].pointer, targets[1].pointer), ())])
        return self._compare(base, revision)

    def is_same(self, base: Location, revision: Location) -> bool:
        values = [[part.schema.value for part in location.parts] for location in (base, revision)]
        return self.documents.alike(*values)
