"""The other half of the picture: what happens to two versions of a document.

two specs ──> changes ──> decision ──> report
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

from contracts.decision.change_decision import ChangePolicy, accepted_for
from contracts.document import FolderFiles
from contracts.document.sides import Side, named_overlays, read_side, side_from, sides_from
from contracts.report.diff import Diff, Pulled, diff_of

Overlays = Sequence[str] | None
"""Files; None is the one beside a document, if there is one."""


def compare(
    base: str,
    revision: str,
    overlays: Overlays,
    policy: ChangePolicy,
    *,
    accepted: str | None,
    today: date,
) -> Diff:
    """What changed from one side to the other, and what of it breaks; or a ContractsError.

    Args:
        base, revision: files, `GITREV:path`, URLs, or `-` for one.
        accepted: a file of accepted changes, `none` for none; None is the one beside a side.
    """
    sides = sides_from(base, revision, overlays)
    return diff_of(*sides, policy, accepted_for(*sides, today=today, named=accepted))


def pull(source: str, path: Path, overlays: Overlays, *, reason: str | None, today: date) -> Pulled:
    """Compare a published document, as read at `path`, with what is there. Writes nothing."""
    got = side_from(source, [])
    around = FolderFiles(path.parent, str(path))
    if not os.path.lexists(path):
        placed = Side(got.name, got.text, named_overlays(overlays or ()), around)
        return Pulled(path, got.text, read_side(placed), reason=reason)
    present = side_from(str(path), overlays)
    placed = Side(got.name, got.text, present.overlays, around)
    diff = diff_of(present, placed, ChangePolicy(), accepted_for(present, placed, today=today))
    offered = replace(diff, reason=reason or diff.reason)
    return Pulled(path, got.text, diff.specs[1], offered, got.text != present.text, reason)


def drift(
    source: str,
    path: str,
    overlays: Overlays,
    policy: ChangePolicy,
    *,
    accepted: str | None,
    today: date,
) -> Diff:
    """Our document at `path` against the one that `source` publishes; no credential is sent."""
    return compare(path, source, overlays, policy, accepted=accepted, today=today)
