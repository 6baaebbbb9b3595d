"""How Notte's document really changed: each step gets the verdict of the definition, whatever its clients felt."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import pytest

from contracts.changes import compare
from contracts.changes.change import Change, Direction, Effect
from contracts.document import Spec, load_spec
from tests.changes.editing import FILES
from tests.changes.referee import Referee

FOLDER = Path(__file__).with_name("history")
OPERATION = "GET /sessions/{session_id}"


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the document.

    Args:
        base, revision: overlays of the seed document; None is the document itself.
        shows: ids of changes that have to be among those found.
        felt: what it did to clients, which is not what the gate judges: those who lost a property that they had come
            to rely on were never promised it.
    """

    when: str
    base: str | None
    revision: str | None
    effect: Effect
    shows: tuple[str, ...]
    felt: str


BREAKS, COMPATIBLE = Effect.BREAKING, Effect.COMPATIBLE
ADDED, REMOVED = ("property-added",), ("property-removed",)
BOTH = (*ADDED, *REMOVED)

HISTORY = (
    Step("2025-04 duration optional", "duration-required", None, BREAKS, ("property-optional",), "breaking"),
    Step("2025-06 cdp_url added", "no-cdp-url", None, COMPATIBLE, ADDED, "nothing"),
    Step("2025-06 cdp_url removed", None, "no-cdp-url", COMPATIBLE, REMOVED, "breaking: all used it"),
    Step("2026-01 cdp_url added again", "no-cdp-url", None, COMPATIBLE, ADDED, "nothing"),
    Step("2025-09 chrome-nightly", "no-new-browsers", "no-turbo", BREAKS, ("enum-widened",), "old SDKs reject it"),
    Step("2026-01 chrome-turbo", "no-turbo", None, BREAKS, ("enum-widened",), "old SDKs reject it"),
    Step("2026-01 two timeouts for one", "timeout-minutes-only", None, COMPATIBLE, ADDED, "nothing: done right"),
    Step("2026-04 credit_usage removed", "credit-usage", None, COMPATIBLE, REMOVED, "breaking: it was optional"),
    Step("2026-08 auth_ids added", None, "auth-ids", COMPATIBLE, ADDED, "SDK 1.6 forbids unknown keys and crashed"),
    Step("2026-08 duration of any form", None, "duration-of-any-form", BREAKS, ("format-widened",), "strict ones fail"),
    Step("1.8.40 close_reason added", None, "close-reason-only", COMPATIBLE, ADDED, "nothing"),
    Step("1.8.40 two properties removed", None, "close-reason", COMPATIBLE, BOTH, "breaking: both were optional"),
    Step("1.9.1 authenticating", None, "authenticating", BREAKS, ("enum-widened",), "every SDK up to 1.9.0 rejects it"),
)


@lru_cache
def spec(overlay: str | None) -> Spec:
    return load_spec(FILES["notte"], [FOLDER / f"{overlay}.overlay.yaml"] if overlay else [])


@lru_cache
def changes(step: Step) -> tuple[Change, ...]:
    return compare(spec(step.base), spec(step.revision))


def test_every_overlay_is_a_step() -> None:
    used = {f"{name}.overlay.yaml" for step in HISTORY for name in (step.base, step.revision) if name}
    assert {file.name for file in FOLDER.iterdir()} == used


@pytest.mark.parametrize("step", HISTORY, ids=lambda step: step.when)
def test_a_step_has_the_effect_that_the_definition_gives_it(step: Step) -> None:
    effects = {change.effect for change in changes(step)}
    assert effects <= {BREAKS, COMPATIBLE}
    assert (BREAKS in effects) == (step.effect is BREAKS)


@pytest.mark.parametrize("step", HISTORY, ids=lambda step: step.when)
def test_a_step_names_what_happened(step: Step) -> None:
    assert set(step.shows) <= {change.id for change in changes(step)}


@pytest.mark.parametrize("step", [s for s in HISTORY if s.effect is BREAKS], ids=lambda step: step.when)
def test_a_step_that_breaks_shows_an_answer_that_old_clients_refuse(step: Step) -> None:
    witnesses = [change.witness for change in changes(step) if change.effect is BREAKS]
    new = Referee(spec(step.revision), Direction.RESPONSE, "sender")
    old = Referee(spec(step.base), Direction.RESPONSE, "receiver")
    messages = [witness.message for witness in witnesses if witness]
    assert len(messages) == len(witnesses)
    assert [new.refuses(message, OPERATION) for message in messages] == [None] * len(messages)
    assert None not in [old.refuses(message, OPERATION) for message in messages]
