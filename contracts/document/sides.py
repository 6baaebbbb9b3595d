"""What a user names as a side of a comparison to the bytes of a document, its overlays and the files around it.

A side is a file, `GITREV:path`, an http or https URL, or `-` for standard input.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from contracts.document import FolderFiles, Neighbours, Spec, overlay_beside, read_spec
from contracts.document.git import RevisionFiles, file_of_revision
from contracts.document.written import bytes_of_file
from contracts.errors import DocumentError, UsageError

MAX_SIZE = 50 * 2**20
"""Bytes taken from standard input or the network; GitHub's description, a big one, has 7 MB."""

_URL = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+)://")
_DRIVE = re.compile(r"[A-Za-z]:[\\/]")

Overlays = tuple[tuple[str, bytes], ...]


@dataclass(frozen=True, slots=True)
class Side:
    """A document that was got and not yet read.

    Args:
        name: what people read, and what its places are called after.
        around: the files around it, None where nothing is.
        prefix: what stands before the paths of its files: `HEAD:`.
        note: what is worth knowing of how it is read.
    """

    name: str
    text: bytes
    overlays: Overlays = ()
    around: Neighbours | None = None
    prefix: str = ""
    note: str = ""

    @property
    def overlays_alone(self) -> tuple[bytes, ...]:
        """What the overlays say, wherever they come from."""
        return tuple(content for _, content in self.overlays)

    def path_of(self, file: str) -> str | None:
        """The plain path of a file that a place of this side names; None if it is no file of a project."""
        if self.around is None and file == self.name:
            return None
        return file.removeprefix(self.prefix).removeprefix("./")

    def beside(self, name: str) -> tuple[str, bytes | None] | None:
        """A file in the folder of the document, and what is in it; None if the document is in no folder."""
        return (
            (self.around.label(name), self.around.content(name))
            if self.around is not None
            else None
        )


def sides_from(
    base: str, revision: str, overlays: Sequence[str] | None = None
) -> tuple[Side, Side]:
    """Both sides, with the same overlays; None means for each side the one beside it.

    A copy of a document elsewhere (at a URL, in another folder) has none beside it: it is read with those of the other
    side, or both are read without where these don't fit.
    """
    if base == revision == "-":
        raise UsageError(
            "both sides are -, and standard input can be read once; give a file for one of them"
        )
    sides = side_from(base, overlays), side_from(revision, overlays)
    return shared(*sides) if overlays is None else sides


def shared(base: Side, revision: Side) -> tuple[Side, Side]:
    """Both sides, read with the same overlays where only one of them has any."""
    if bool(base.overlays) == bool(revision.overlays) or base.path_of(
        base.name
    ) == revision.path_of(revision.name):
        return base, revision
    bare, other = (base, revision) if revision.overlays else (revision, base)
    names = ", ".join(name for name, _ in other.overlays)
    lent = replace(
        bare, overlays=other.overlays, note=f"{bare.name} is read with {names}, as {other.name} is"
    )
    try:
        read_side(lent)
    except DocumentError as problem:
        if problem.file in {name for name, _ in other.overlays}:
            note = f"{names} does not fit {bare.name} ({problem.problem}), so both are read without overlays"
            return replace(base, overlays=(), note=note), replace(revision, overlays=())
    return (lent, other) if bare is base else (other, lent)


def side_from(
    given: str, overlays: Sequence[str] | None = None, *, folder: Path | None = None
) -> Side:
    """The side that a user names. Raises a ContractsError, one sentence, if it can't be got.

    Args:
        overlays: None means the one beside it, if there is one.
        folder: where git runs (None: here).
    """
    named = None if overlays is None else named_overlays(overlays)
    if not given:
        raise UsageError(
            "a side is empty (an unset variable?); give a file, REVISION:path, a URL, or -"
        )
    if given == "-":
        return Side("<stdin>", _standard_input(), named or ())
    if os.path.exists(given) or _DRIVE.match(given):
        return _side_of_file(given, named)
    if (scheme := _URL.match(given)) is not None:
        return _side_of_url(given, scheme[1].lower(), named)
    return _side_of_revision(given, named, folder) if ":" in given else _side_of_file(given, named)


def named_overlays(files: Sequence[str]) -> Overlays:
    """Overlays that are named by their files."""
    return tuple((file, bytes_of_file(file)) for file in files)


def overlays_of(named: Sequence[str], option: str) -> list[str] | None:
    """The overlays that a user named with an option: None is the one beside the document, `none` is none at all."""
    if "none" in named and len(named) > 1:
        raise UsageError(f"{option} none stands beside other overlays; give either none or files")
    return [] if "none" in named else list(named) or None


def specs_of(base: Side, revision: Side, read: Spec | None = None) -> tuple[Spec, Spec]:
    """Both sides, read; the same value twice where nothing can differ. `read` is the revision if that is at hand."""
    first = read_side(base)
    if is_same(base, revision, first):
        return first, first
    return first, read or read_side(revision)


def is_same(base: Side, revision: Side, read: Spec) -> bool:
    """Whether two sides are one document; `read` is either: where other files were read, these may differ."""
    return (base.text, base.overlays_alone) == (
        revision.text,
        revision.overlays_alone,
    ) and not _has_files(read)


def read_side(side: Side) -> Spec:
    return read_spec(side.text, path=side.name, overlays=side.overlays, folder=side.around)


def _has_files(spec: Spec) -> bool:
    return "x-files" in spec.document.tree


def _side_of_file(path: str, overlays: Overlays | None) -> Side:
    around = FolderFiles(Path(path).parent, path)
    text = bytes_of_file(path)
    return Side(path, text, _beside(path, around) if overlays is None else overlays, around)


def _side_of_revision(given: str, overlays: Overlays | None, folder: Path | None) -> Side:
    text = file_of_revision(given, folder)
    revision, _, path = given.partition(":")
    around = RevisionFiles(revision, path, folder)
    return Side(
        given, text, _beside(path, around) if overlays is None else overlays, around, f"{revision}:"
    )


def _beside(path: str, around: Neighbours) -> Overlays:
    name = overlay_beside(path)
    content = around.content(name)
    return () if content is None else ((around.label(name), content),)


def _side_of_url(url: str, scheme: str, overlays: Overlays | None) -> Side:
    if scheme not in ("http", "https"):
        raise UsageError(
            f"{scheme} is no scheme that is read; give an http or https URL, a file, REVISION:path, or -"
        )
    from contracts.document.fetch import address_shown, fetched  # httpx2 takes 0.1 s to import

    return Side(address_shown(url), fetched(url, MAX_SIZE), overlays or ())


def _standard_input() -> bytes:
    text = sys.stdin.buffer.read(MAX_SIZE + 1)
    if len(text) > MAX_SIZE:
        raise UsageError(
            f"standard input holds more than {MAX_SIZE // 2**20} MB; give a document that is smaller"
        )
    return text
