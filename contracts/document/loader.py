"""A path or bytes in, a Spec out: read, overlay, check, link, normalise, build."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from contracts.document.builder import spec_from_document
from contracts.document.dialects import DIALECTS, Dialect
from contracts.document.directions import MARKS
from contracts.document.metaschemas import refuse_malformed
from contracts.document.model import Document, Source, Spec, split_pointer
from contracts.document.overlays import apply_overlay
from contracts.document.references import Linker, Neighbours
from contracts.document.written import Place, bytes_of_file, written_from_bytes
from contracts.text import shown


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


def load_spec(path: str | Path, overlays: Sequence[Path | str] | None = None) -> Spec:
    """Read an OpenAPI 3.0 or 3.1 document in YAML or JSON, or on a Markdown page.

    Args:
        path: the file; other files that it refers to must be in its folder.
        overlays: applied in this order; None means `NAME.overlay.yaml` beside `NAME.yaml`, if there is one.

    Raises:
        DocumentError: a document can't be used, with its file and line.
    """
    file = Path(path)
    if overlays is None:
        beside = file.parent / overlay_beside(path)
        overlays = [beside] if beside.is_file() else []
    return read_spec(bytes_of_file(file), path=str(path), overlays=overlays, folder=file.parent)


def overlay_beside(path: str | Path) -> str:
    """The name of the overlay that belongs to a document unless others are given."""
    name = Path(path).name
    return Path(name).with_suffix(".overlay.yaml").name if name else ""


def read_spec(
    text: bytes,
    *,
    path: str,
    overlays: Sequence[Path | str | tuple[str, bytes]] = (),
    folder: Path | Neighbours | None,
) -> Spec:
    """Like `load_spec`, from bytes at hand.

    Args:
        overlays: files, or names with the bytes at hand.
        folder: where other files are that the document refers to; without one, such references are refused.
    """
    around = FolderFiles(folder, path) if isinstance(folder, Path) else folder
    written = written_from_bytes(text, path)
    root, tree = Place(written), written.tree
    dialect = _dialect(tree, root)
    for overlay in overlays:
        if not isinstance(overlay, tuple):
            overlay = str(overlay), bytes_of_file(overlay)
        apply_overlay(tree, root, written_from_bytes(overlay[1], overlay[0]))
    refuse_malformed(dialect, "document", tree, root)
    linker = Linker(tree, root, dialect, around)
    linker.link()
    marks = set()
    for schema in linker.schemas:
        for rewrite in dialect.rewrites:
            rewrite(schema)
        marks |= schema.keys() & set(MARKS)

    def find(pointer: str) -> Source:
        return root.at(split_pointer(pointer)).source

    digest = hashlib.sha256(text).hexdigest()
    document = Document(path, digest, tree["openapi"], tree, find, frozenset(marks))
    return spec_from_document(document)


def _dialect(tree: Any, root: Place) -> Dialect:
    cure = "give an OpenAPI 3.0 or 3.1 document"
    if not isinstance(tree, dict):
        raise root.error(f"this is {shown(tree)}, wanted an object with the key `openapi`", cure)
    if "swagger" in tree:
        problem = f"this is Swagger {tree['swagger']}, wanted OpenAPI 3.0 or 3.1"
        raise root.child("swagger").error(problem, "convert it to OpenAPI 3")
    if "openapi" not in tree:
        raise root.error("this is no OpenAPI document: it has no `openapi` key", cure)
    for dialect in DIALECTS:
        if re.fullmatch(rf"{re.escape(dialect.version)}\.\d+(-.+)?", str(tree["openapi"])):
            return dialect
    problem = f"the document's OpenAPI version is {shown(tree['openapi'])}, wanted 3.0.x or 3.1.x"
    raise root.child("openapi").error(problem, 'give a version that is read, such as "3.1.0"')
