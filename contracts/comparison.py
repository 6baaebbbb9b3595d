"""The other half of the picture: what happens to two versions of a document. Beside `flows`, which imports far more.

two specs ──> changes ──> decision ──> report
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

from contracts.changes import compare as changes_between
from contracts.decision.change_decision import (
    AcceptedChanges,
    ChangePolicy,
    accepted_changes,
    decide_changes,
)
from contracts.decision.entries import TERM
from contracts.document import Spec
from contracts.document.sides import Side, specs_of
from contracts.document.written import bytes_of_file
from contracts.report.diff import Diff

ACCEPTED = "accepted.toml"


@dataclass(frozen=True, slots=True)
class Agreed:
    """The changes that were accepted, and the file that new entries are offered for."""

    changes: AcceptedChanges
    file: str


def compare(
    base: Side, revision: Side, policy: ChangePolicy, agreed: Agreed, *, read: Spec | None = None
) -> Diff:
    """Read both sides, find what changed, decide.

    Args:
        agreed: takes the place of what the policy accepts.
        read: the revision, if it is at hand.
    """
    policy = ChangePolicy(policy.fail_on, policy.severities, agreed.changes)
    specs = specs_of(base, revision, read)
    decision = decide_changes(changes_between(*specs), policy)
    notes = [side.note for side in (base, revision) if side.note]
    decision = replace(decision, notes=(*decision.notes, *notes))
    return Diff(
        base, revision, specs, decision, policy.fail_on, agreed.file, agreed.changes.today + TERM
    )


def agreed_on(base: Side, revision: Side, *, today: date, named: str | None = None) -> Agreed:
    """What was accepted: in the file that is named, else in `accepted.toml` beside the revision, else beside the base.

    `none` is no file at all.
    """
    if named is not None and named != "none":
        return Agreed(accepted_changes(bytes_of_file(named), named, today=today), named)
    places = [
        (side, *found) for side in (revision, base) if (found := side.beside(ACCEPTED)) is not None
    ]
    offered = places[0][0].path_of(places[0][1]) if places else None
    nothing = Agreed(AcceptedChanges((), today), offered or ACCEPTED)
    if named is not None:
        return nothing
    for side, label, content in places:
        if content is not None:
            return Agreed(
                accepted_changes(content, label, today=today), side.path_of(label) or ACCEPTED
            )
    return nothing
