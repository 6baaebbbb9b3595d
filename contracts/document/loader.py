"""A path or bytes in, a Spec out: read, overlay, check, link, normalise, build."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from contracts.document.builder import spec_from_document
from contracts.document.dialects import DIALECTS, Dialect
from contracts.document.directions import MARKS
from contracts.document.document import Document, Source
from contracts.document.metaschemas import complaint
from contracts.document.model import Spec
from contracts.document.neighbours import FolderFiles, Neighbours
from contracts.document.overlays import apply_overlay
from contracts.document.places import Place
from contracts.document.pointers import split_pointer
from contracts.document.references import Linker
from contracts.document.text import shown
from contracts.document.written import bytes_of_file, written_from_bytes


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
        beside = file.with_name(overlay_beside(path)) if file.name else file
        overlays = [beside] if beside.is_file() else []
    return read_spec(bytes_of_file(file), path=str(path), overlays=overlays, folder=file.parent)


def overlay_beside(path: str | Path) -> str:
    """The name of the overlay that belongs to a document unless others are given."""
    return Path(Path(path).name).with_suffix(".overlay.yaml").name


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
        name, content = (
            overlay if isinstance(overlay, tuple) else (str(overlay), bytes_of_file(overlay))
        )
        apply_overlay(tree, root, written_from_bytes(content, name))
    _check(tree, root, dialect)
    linker = Linker(tree, root, dialect, around)
    linker.link()
    for schema in linker.schemas:
        for rewrite in dialect.rewrites:
            rewrite(schema)

    def find(pointer: str) -> Source:
        return root.at(split_pointer(pointer)).source

    marks = frozenset(mark for mark in MARKS if any(mark in schema for schema in linker.schemas))
    digest = hashlib.sha256(text).hexdigest()
    return spec_from_document(Document(path, digest, tree["openapi"], tree, find, marks))


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


def _check(tree: dict[str, Any], root: Place, dialect: Dialect) -> None:
    found = complaint(dialect, "document", tree)
    if found:
        raise root.at(found.segments).error(
            found.text, f"write it as OpenAPI {dialect.version} says"
        )
