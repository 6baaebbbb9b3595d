"""The gate gives every revision of the table its truth, and each break a message that the referee judges as it does."""

from __future__ import annotations

import pytest

from contracts.changes import compare
from contracts.changes.change import Change, ChangeSeverity, Direction, Effect
from tests.changes.editing import Revision, Truth
from tests.changes.referee import holding
from tests.changes.revisions import REVISIONS

EQUAL = [row for row in REVISIONS if row.truth is Truth.EQUAL]
COMPATIBLE = [row for row in REVISIONS if row.truth is Truth.COMPATIBLE]
BREAKING = [row for row in REVISIONS if row.truth is Truth.BREAKING]


def breaks(changes: tuple[Change, ...]) -> list[Change]:
    return [change for change in changes if change.effect is Effect.BREAKING]


def effect(changes: tuple[Change, ...]) -> Effect:
    """Of a whole revision: one break breaks it, and one undecided change leaves it undecided."""
    effects = {change.effect for change in changes}
    return next((e for e in (Effect.BREAKING, Effect.UNDECIDED) if e in effects), Effect.COMPATIBLE)


def judged(row: Revision, change: Change) -> tuple[str | None, str | None]:
    """What the referee says of a witness: why its sender may not send it, why its receiver refuses it."""
    base, revision = row.specs()
    witness = change.witness
    assert witness is not None
    direction = Direction.RESPONSE if "status" in witness.message else Direction.REQUEST
    sender, receiver = (base, revision) if direction is Direction.REQUEST else (revision, base)
    whole = change.id.startswith("server-")
    sends = holding(sender, direction, "sender", whole).refuses(witness.message, witness.operation)
    takes = holding(receiver, direction, "receiver", whole).refuses(witness.message, witness.operation)
    return sends, takes


@pytest.mark.parametrize("row", BREAKING, ids=lambda row: row.id)
def test_a_break_is_found_and_shown_by_a_message_that_the_referee_judges_alike(row: Revision) -> None:
    changes = compare(*row.specs())
    assert effect(changes) == Effect.BREAKING
    assert [change.id for change in breaks(changes) if change.witness is None and row.shown] == []
    verdicts = [judged(row, change) for change in breaks(changes) if change.witness is not None and row.shown]
    assert [(sent, refused) for sent, refused in verdicts if sent is not None or refused is None] == []


@pytest.mark.parametrize("row", COMPATIBLE, ids=lambda row: row.id)
def test_what_breaks_nothing_is_proved(row: Revision) -> None:
    changes = compare(*row.specs())
    assert effect(changes) == Effect.COMPATIBLE
    assert [change.id for change in changes if not change.proof] == []


@pytest.mark.parametrize("row", EQUAL, ids=lambda row: row.id)
def test_a_rewrite_is_nothing_to_be_loud_about(row: Revision) -> None:
    changes = compare(*row.specs())
    assert effect(changes) == Effect.COMPATIBLE
    assert [change for change in changes if change.severity is not ChangeSeverity.INFO] == []
