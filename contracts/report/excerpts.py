"""A place of a document to the lines around it, as a reader wants to see them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from contracts.document import Source

BEFORE, AFTER = 3, 8
"""Lines before a place and after it, where the members of an enum and the like stand."""
MAX_WIDTH = 200


@dataclass(frozen=True, slots=True)
class Excerpts:
    """Reads each file once; one that is not there (any more) has no lines."""

    _files: dict[str, Sequence[str]] = field(default_factory=dict)

    def around(self, source: Source) -> list[list[int | str]]:
        """The lines around a place, each with its number."""
        lines = self._lines(source.file)
        first = max(source.line - BEFORE, 1)
        return [
            [number, text if len(text) <= MAX_WIDTH else f"{text[:MAX_WIDTH]}…"]
            for number, text in enumerate(lines[first - 1 : source.line + AFTER], start=first)
        ]

    def _lines(self, file: str) -> Sequence[str]:
        if file not in self._files:
            try:
                self._files[file] = (
                    Path(file).read_text(encoding="utf-8", errors="replace").splitlines()
                )
            except (OSError, ValueError):
                self._files[file] = ()
        return self._files[file]
