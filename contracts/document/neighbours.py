"""The files around a document: which one a reference names, and what is in it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Protocol

from contracts.document.written import bytes_of_file


class Neighbours(Protocol):
    """Files by their names as seen from the folder of a document (`schemas/pet.yaml`); itself it is `""`."""

    def named(self, reference: str, home: str) -> str | None:
        """The file that a relative path written in the file `home` leads to; None if that is out of the folder."""

    def label(self, name: str) -> str:
        """What a person reads of a file."""

    def content(self, name: str) -> bytes | None:
        """What is in a file; None if there is none of that name."""


@dataclass(frozen=True, slots=True)
class FolderFiles:
    """The files in a folder of this machine; `document` is the path of the document itself."""

    folder: Path
    document: str

    def named(self, reference: str, home: str) -> str | None:
        folder = self.folder.resolve()
        path = _resolved(folder / PurePosixPath(home).parent / reference)
        if path is None or not path.is_relative_to(folder):
            return None
        return "" if path == _resolved(Path(self.document)) else path.relative_to(folder).as_posix()

    def label(self, name: str) -> str:
        return str(self.folder / name)

    def content(self, name: str) -> bytes | None:
        path = self.folder / name
        return bytes_of_file(path) if path.is_file() else None


def _resolved(path: Path) -> Path | None:
    """The path without links and dots; None when the system can't tell."""
    try:
        return path.resolve()
    except (OSError, ValueError, RuntimeError):
        return None
