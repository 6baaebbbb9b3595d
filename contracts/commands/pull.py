"""The document as somebody published it, compared with ours, and written in its place if that breaks nothing."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from contracts.comparison import agreed_on, compare
from contracts.decision.change_decision import ChangePolicy
from contracts.document import FolderFiles, Spec
from contracts.document.sides import Overlays, Side, named_overlays, read_side, side_from
from contracts.errors import UsageError
from contracts.report.diff import Diff
from contracts.text import printable, write_whole


@dataclass(frozen=True)
class Pulled:
    """What was got and what it changes.

    Args:
        spec: as it will be read at `path`.
        diff: None if there is nothing to compare it with.
        is_new: the bytes are others than those that are there.
        reason: why it may break.
    """

    path: Path
    text: bytes
    spec: Spec
    diff: Diff | None
    is_new: bool
    reason: str | None = None

    @property
    def breaks(self) -> bool:
        return self.diff is not None and self.diff.decision.exit_code != 0

    @property
    def is_written(self) -> bool:
        return self.is_new and (not self.breaks or self.reason is not None)

    @property
    def exit_code(self) -> int:
        return (
            self.diff.decision.exit_code
            if self.diff is not None and self.is_new and not self.is_written
            else 0
        )

    def write(self) -> None:
        """Put it in its place, if it may."""
        if self.is_written:
            write_document(self.path, self.text)

    def lines(self) -> Iterator[str]:
        """What became of the document, for people, and what to do next."""
        path = printable(str(self.path))
        if not self.is_new:
            yield f"{path}: the same, nothing written"
        elif not self.is_written:
            yield f"{path}: nothing written; --accept REASON writes it all the same"
        else:
            yield f"{path}: written, {printable(self.spec.title)} {printable(self.spec.version)}"
        if self.is_written and self.breaks and self.diff is not None and self.reason is not None:
            file = printable(self.diff.accepted_in)
            yield f"accepted: {printable(self.reason)}; until this is committed, the contract run wants in {file}:"
            yield from self.diff.entries


def pull(
    source: str, path: Path, overlays: Sequence[str] | None, *, reason: str | None, today: date
) -> Pulled:
    """Get the document and compare it, as it will be read at `path`, with what is there. Writes nothing."""
    got = side_from(source, [])
    if not os.path.lexists(path):
        spec = read_side(_placed(got, path, named_overlays(overlays or ())))
        return Pulled(path, got.text, spec, None, is_new=True, reason=reason)
    present = side_from(str(path), overlays)
    revision = _placed(got, path, present.overlays)
    diff = compare(present, revision, ChangePolicy(), agreed_on(present, revision, today=today))
    offered = replace(diff, reason=reason or diff.reason)
    return Pulled(
        path, got.text, diff.specs[1], offered, is_new=got.text != present.text, reason=reason
    )


def _placed(got: Side, path: Path, overlays: Overlays) -> Side:
    """The document that was got, among the files around `path`."""
    return Side(got.name, got.text, overlays, FolderFiles(path.parent, str(path)))


def write_document(path: Path, text: bytes) -> None:
    """Put the document at `path`, whole or not at all; a link stays a link. UsageError if that can't be done."""
    try:
        write_whole(path, text)
    except OSError as error:
        raise UsageError(
            f"{path} can't be written ({error.strerror}) and is as it was; mend that, or give another --spec"
        ) from None
