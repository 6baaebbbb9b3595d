"""A comparison as one value, from which every form of its report is made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from contracts.changes.change import Direction, Effect, Reach, Severity
from contracts.decision.change_decision import ChangeDecision, FailOn, Judged, entry_for_change
from contracts.document import Spec
from contracts.document.sides import Side

_ORDER = {Effect.BREAKING: 0, Effect.UNDECIDED: 1, Effect.COMPATIBLE: 2}
_LOUDNESS = {
    severity: index
    for index, severity in enumerate((Severity.ERROR, Severity.WARNING, Severity.INFO))
}
_NOUNS = {
    Direction.REQUEST: "requests of ",
    Direction.RESPONSE: "responses of ",
    Direction.OPERATION: "",
}


@dataclass(frozen=True, eq=False)
class Diff:
    """What was compared and decided.

    Args:
        specs: both sides, read; the same value twice if they can't differ.
        accepted_in: the file that entries are offered for.
        until: the last day of the entries that are offered.
        reason: of the entries that are offered.
    """

    base: Side
    revision: Side
    specs: tuple[Spec, Spec]
    decision: ChangeDecision
    fail_on: FailOn = FailOn.BREAKING
    accepted_in: str = "accepted.toml"
    until: date = date.max
    reason: str = "…"

    @property
    def groups(self) -> tuple[tuple[str, tuple[Judged, ...]], ...]:
        """The changes by what became of them, those that break first, the louder first in each group."""
        judged = sorted(
            self.decision.judged, key=lambda j: (_ORDER[j.change.effect], _LOUDNESS[j.severity])
        )
        groups = [
            (effect.value, tuple(j for j in judged if j.counts and j.change.effect is effect))
            for effect in _ORDER
        ]
        groups.append(("accepted", tuple(j for j in judged if not j.counts)))
        return tuple((title, members) for title, members in groups if members)

    @property
    def ordered(self) -> tuple[Judged, ...]:
        return tuple(judged for _, members in self.groups for judged in members)

    def entry(self, judged: Judged) -> str:
        """The line that accepts a change."""
        return entry_for_change(judged.change, until=self.until, reason=self.reason)

    @property
    def entries(self) -> tuple[str, ...]:
        """The lines that open the gate, each once."""
        return tuple(
            dict.fromkeys(self.entry(judged) for judged in self.ordered if judged.needs_acceptance)
        )


def decision_text(diff: Diff) -> str:
    """The decision, the counts, and what is odd about the exit code if it is."""
    decision = diff.decision
    counts = [f"{count} {effect.value}" for effect in _ORDER if (count := decision.count(effect))]
    counts += [f"{decision.accepted} accepted"] if decision.accepted else []
    text = f"{decision.result.value.upper()} ({', '.join(counts) or 'nothing changed'})"
    if decision.result is not Effect.COMPATIBLE and not decision.exit_code:
        why = (
            "--fail-on never"
            if diff.fail_on is FailOn.NEVER
            else "the severity of what breaks was lowered"
        )
        return f"{text}; passes: {why}"
    if decision.result is not Effect.BREAKING and decision.exit_code == 1:
        failing = sum(judged.fails for judged in decision.judged)
        return f"{text}; fails: {failing} of severity {'error' if diff.fail_on is not FailOn.WARNING else 'warning'}"
    return text


def reach_text(reaches: Sequence[Reach], most: int) -> str:
    """Whom a change reaches, `most` operations a direction by name."""
    texts = []
    for direction, noun in _NOUNS.items():
        names = list(
            dict.fromkeys(reach.operation for reach in reaches if reach.direction is direction)
        )
        more = f" and {len(names) - most} more" if len(names) > most else ""
        texts += [f"{noun}{', '.join(names[:most])}{more}"] if names else []
    return "; ".join(texts) or "no operation"
