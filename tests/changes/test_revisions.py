"""The gate gives every revision of the table its truth, and each break a message that the referee judges as it does."""

from __future__ import annotations

from functools import lru_cache

import pytest

from contracts.changes import compare
from contracts.changes.change import Change, Direction, Effect, Severity
from tests.changes.editing import Revision, Truth
from tests.changes.referee import Referee
from tests.changes.revisions import REVISIONS

EQUAL = [row for row in REVISIONS if row.truth is Truth.EQUAL]
BREAKING = [row for row in REVISIONS if row.truth is Truth.BREAKING]
SHOWN = [row for row in BREAKING if row.shown]


@lru_cache(maxsize=4)
def compared(row: Revision) -> tuple[Change, ...]:
    return compare(*row.specs())


def breaks(row: Revision) -> list[Change]:
    return [change for change in compared(row) if change.effect is Effect.BREAKING]


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
    sends = Referee(sender, direction, "sender", whole).refuses(witness.message, witness.operation)
    takes = Referee(receiver, direction, "receiver", whole).refuses(witness.message, witness.operation)
    return sends, takes


@pytest.mark.parametrize("row", REVISIONS, ids=lambda row: row.id)
def test_a_revision_has_the_effect_that_the_table_gives_it(row: Revision) -> None:
    assert effect(compared(row)) == (Effect.BREAKING if row.truth is Truth.BREAKING else Effect.COMPATIBLE)


@pytest.mark.parametrize("row", EQUAL, ids=lambda row: row.id)
def test_a_rewrite_is_nothing_to_be_loud_about(row: Revision) -> None:
    assert [change for change in compared(row) if change.severity is not Severity.INFO] == []


@pytest.mark.parametrize("row", SHOWN, ids=lambda row: row.id)
def test_every_break_comes_with_a_message(row: Revision) -> None:
    assert [change.id for change in breaks(row) if change.witness is None] == []


@pytest.mark.parametrize("row", SHOWN, ids=lambda row: row.id)
def test_the_referee_lets_the_message_out_and_refuses_it(row: Revision) -> None:
    verdicts = [judged(row, change) for change in breaks(row) if change.witness is not None]
    assert [(sent, refused) for sent, refused in verdicts if sent is not None or refused is None] == []


@pytest.mark.parametrize("row", REVISIONS[::7], ids=lambda row: row.id)
def test_what_is_compatible_says_why(row: Revision) -> None:
    assert [change.id for change in compared(row) if change.effect is Effect.COMPATIBLE and not change.proof] == []
