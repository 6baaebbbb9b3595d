"""Where each node of a tree that was put together from several files is written."""

from __future__ import annotations

from collections.abc import Sequence

from contracts.document.document import Source
from contracts.document.written import Written
from contracts.errors import DocumentError


class Place:
    """A node of the tree and the place it is written at; its children are beside it unless put elsewhere.

    Changed only while overlays are applied and other files are embedded.
    """

    def __init__(self, written: Written, segments: tuple[str, ...] = ()) -> None:
        self.written = written
        self.segments = segments
        self._moved: dict[str, Place] = {}

    def child(self, segment: str) -> Place:
        return self._moved.get(segment) or Place(self.written, (*self.segments, segment))

    def at(self, segments: Sequence[str]) -> Place:
        place = self
        for segment in segments:
            place = place.child(segment)
        return place

    def entered(self, segment: str) -> Place:
        """The child, kept: what is put below it is found again."""
        return self._moved.setdefault(segment, self.child(segment))

    def put(self, segment: str, place: Place) -> None:
        self._moved[segment] = place

    def remove_item(self, index: int, length: int) -> None:
        """The item at `index` of a list of `length` is gone, and the later ones move up."""
        for later in range(index + 1, length):
            self._moved[str(later - 1)] = self.child(str(later))

    @property
    def source(self) -> Source:
        return self.written.source(self.segments)

    def error(self, problem: str, cure: str) -> DocumentError:
        source = self.source
        return DocumentError(source.file, source.line, problem, cure)
