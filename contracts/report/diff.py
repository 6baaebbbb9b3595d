"""A comparison as one value, from which every form of its report is made."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from operator import attrgetter

from contracts.changes import compare as changes_between
from contracts.changes.change import ChangeSeverity, Direction, Effect, Reach
from contracts.decision import change_decision
from contracts.decision.change_decision import ChangeDecision, ChangePolicy, FailOn, Judged
from contracts.decision.entries import ACCEPTED, TERM, Accepted, accept_command
from contracts.document import Spec
from contracts.document.sides import Side, specs_of
from contracts.report.run import Drift
from contracts.text import cut, few

_ORDER = (Effect.BREAKING, Effect.UNDECIDED, Effect.COMPATIBLE)
WHOLE = "in contracts diff --format json"
MAX_CHANGES = 500  # of what is published that a report of a run names
MAX_VERSION = 100  # characters of what is published as a version


@dataclass(frozen=True, eq=False)
class Diff:
    """What was compared and decided; `accepted_in` is the file for the entries that are offered."""

    base: Side
    revision: Side
    specs: tuple[Spec, Spec]  # both read; the same value twice if they can't differ
    decision: ChangeDecision
    fail_on: FailOn = FailOn.BREAKING
    accepted_in: str = ACCEPTED
    until: date = date.max
    reason: str = "…"

    @cached_property
    def ordered(self) -> list[Judged]:
        """What is accepted last, those that break first, the louder first."""
        return sorted(self.decision.judged, key=_place)

    @property
    def groups(self) -> Iterable[tuple[str, Sequence[Judged]]]:
        """The changes in that order, by what became of them."""
        groups: dict[str, list[Judged]] = {}
        for judged in self.ordered:
            title = judged.change.effect.value if judged.counts else "accepted"
            groups.setdefault(title, []).append(judged)
        return groups.items()

    @property
    def needed(self) -> tuple[str, ...]:
        """What names the changes that open the gate if they are accepted, each once."""
        needed = filter(attrgetter("needs_acceptance"), self.ordered)
        return tuple(dict.fromkeys(change_decision.name_of(judged.change) for judged in needed))

    def command(self, *names: str) -> str:
        """The command that accepts changes with these names."""
        where = "--accepted", self.accepted_in
        return accept_command(names, *where, until=self.until, reason=self.reason)

    def cure(self, judged: Judged) -> str:
        """How to let a change pass: the command, or what to do about an entry that is past."""
        command = self.command(change_decision.name_of(judged.change))
        return judged.lapsed or f"to let it pass: {command}"


def _place(judged: Judged) -> tuple[bool, int, int]:
    loudness = list(ChangeSeverity).index(judged.severity)
    return not judged.counts, _ORDER.index(judged.change.effect), loudness


def diff_of(
    base: Side, revision: Side, policy: ChangePolicy, accepted: Accepted, read: Spec | None = None
) -> Diff:
    """Read both sides (`read` is the revision, if it is at hand), find what changed, decide."""
    specs = specs_of(base, revision, read)
    changes, policy = changes_between(*specs), replace(policy, accepted=accepted)
    decision = change_decision.decide_changes(changes, policy)
    notes = (*decision.notes, *filter(None, (base.note, revision.note)))
    decision, until = replace(decision, notes=notes), accepted.today + TERM
    return Diff(base, revision, specs, decision, policy.fail_on, accepted.file, until)


def decision_text(diff: Diff) -> str:
    """The decision, the counts, and what is odd about the exit code, if anything."""
    decision, counts = diff.decision, []
    for effect in _ORDER:
        if count := decision.count[effect]:
            counts.append(f"{count} {effect.value}")
    if decision.accepted:
        counts.append(f"{decision.accepted} accepted")
    text = f"{decision.result.value.upper()} ({', '.join(counts) or 'nothing changed'})"
    if decision.result is not Effect.COMPATIBLE and not decision.exit_code:
        if diff.fail_on is FailOn.NEVER:
            return f"{text}; passes: --fail-on never"
        return f"{text}; passes: the severity of what breaks was lowered"
    if decision.result is not Effect.BREAKING and decision.exit_code == 1:
        failing = sum(map(attrgetter("fails"), decision.judged))
        severity = "warning" if diff.fail_on is FailOn.WARNING else "error"
        return f"{text}; fails: {failing} of severity {severity}"
    return text


def drift_of(diff: Diff, command: str) -> Drift:
    """What a comparison of ours with what is published comes to."""
    ours, published = diff.specs[0].version, diff.specs[1].version
    short = cut(published, MAX_VERSION)
    if not diff.decision.judged and diff.base.text == diff.revision.text:
        return Drift(ours, short)
    changes = []
    for judged in diff.ordered:
        change = judged.change
        if judged.counts and change.effect is not Effect.COMPATIBLE:
            changes.append(
                cut(f"{change.effect.value} {change.id} {change.where}: {change.message}")
            )
    is_same = not diff.decision.judged and ours == published
    result = "same" if is_same else diff.decision.result.value
    if (more := len(changes) - MAX_CHANGES) > 0:
        changes[MAX_CHANGES:] = [f"… and {more} more"]
    counts, notes = decision_text(diff), tuple(map(cut, diff.decision.notes))
    return Drift(ours, short, result, "", counts, tuple(changes), notes, command=command)


def reach_text(reaches: Sequence[Reach], most: int) -> str:
    """Whom a change reaches, `most` operations a direction by name, and how many others."""
    texts = []
    for direction in Direction:
        names = list(dict.fromkeys(r.operation for r in reaches if r.direction is direction))
        if names:
            noun = f"{direction.value}s of " * (direction is not Direction.OPERATION)
            texts.append(noun + few(names, most, WHOLE))
    return "; ".join(texts) or "no operation"
