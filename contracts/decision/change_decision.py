"""Changes between two documents to one decision: breaking, compatible or undecided."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from difflib import get_close_matches
from enum import StrEnum

from contracts.changes.change import KINDS, Change, ChangeSeverity, Effect
from contracts.decision.entries import ACCEPTED, CHANGES, Acceptance, Accepted, accepted_from
from contracts.document.sides import Side
from contracts.document.written import bytes_of_file
from contracts.errors import UsageError


class FailOn(StrEnum):
    """From where on changes fail; what is undecided never passes, except where nothing fails."""

    BREAKING = "breaking"
    WARNING = "warning"
    UNDECIDED = "undecided"
    NEVER = "never"


_ERROR, _WARNING = ChangeSeverity.ERROR, ChangeSeverity.WARNING
AUDIENCES: Mapping[str, Mapping[str, ChangeSeverity]] = {
    "sdk": {
        "enum-names-changed": _ERROR,
        "operation-id-changed": _ERROR,
        "parameter-order-changed": _ERROR,
        "parameter-removed": _ERROR,
        "tag-changed": _ERROR,
        "title-changed": _ERROR,
        "branch-removed": _WARNING,
        "default-changed": _WARNING,
        "enum-narrowed": _WARNING,
        "enum-order-changed": _WARNING,
        "format-changed": _WARNING,
        "format-narrowed": _WARNING,
        "format-renamed": _WARNING,
        "format-widened": _WARNING,
        "parameter-optional": _WARNING,
        "parameter-required": _WARNING,
        "property-optional": _WARNING,
        "property-removed": _WARNING,
        "property-required": _WARNING,
        "response-header-optional": _WARNING,
        "type-changed": _WARNING,
        "type-narrowed": _WARNING,
        "type-widened": _WARNING,
    },
}
"""For whom a kind of change is this loud at least; `sdk` is source code that was generated."""


@dataclass(frozen=True, slots=True)
class Judged:
    """A change as the gate sees it."""

    change: Change
    severity: ChangeSeverity
    acceptance: Acceptance | None
    fails: bool
    lapsed: str = ""  # which entry no longer accepts it, and what to do

    @property
    def counts(self) -> bool:
        return self.acceptance is None

    @property
    def standing(self) -> str:
        """What became of it: its effect, or that it was accepted."""
        return self.change.effect.value if self.counts else "accepted"

    @property
    def needs_acceptance(self) -> bool:
        """Whether the gate does not open unless somebody accepts the change."""
        return self.fails or (self.counts and self.change.effect is Effect.UNDECIDED)


@dataclass(frozen=True, slots=True)
class ChangePolicy:
    """What fails a comparison; `severities` are by the id of a kind, in place of the default.

    `audience` is one of `AUDIENCES`, or none of them.
    """

    fail_on: FailOn = FailOn.BREAKING
    severities: Mapping[str, ChangeSeverity] = field(default_factory=dict)
    accepted: Accepted = field(default_factory=Accepted)
    audience: str | None = None

    def severity_of(self, change: Change) -> ChangeSeverity:
        """What was said of its kind, else the louder of its default and that for the audience."""
        if change.id in self.severities:
            return self.severities[change.id]
        raised = AUDIENCES.get(self.audience or "", {}).get(change.id, change.severity)
        return min(change.severity, raised, key=list(ChangeSeverity).index)

    def judged(self, change: Change) -> Judged:
        severity = self.severity_of(change)
        acceptance = self.accepted.of(name_of(change))
        fails = severity is ChangeSeverity.ERROR and self.fail_on is not FailOn.NEVER
        if self.fail_on is FailOn.WARNING and change.effect is not Effect.UNDECIDED:
            fails = severity is not ChangeSeverity.INFO
        lapsed = "" if acceptance else self.accepted.lapsed(name_of(change))
        return Judged(change, severity, acceptance, fails and acceptance is None, lapsed)


@dataclass(frozen=True, slots=True)
class ChangeDecision:
    """What was decided of the changes that nobody accepted; `notes` fail nothing.

    The exit code is 1 if a change fails, 3 if none does and one is undecided; `count` is by effect.
    """

    result: Effect
    exit_code: int
    judged: tuple[Judged, ...]
    notes: tuple[str, ...]
    count: Counter[Effect]

    @property
    def accepted(self) -> int:
        return len(self.judged) - self.count.total()


def decide_changes(changes: Sequence[Change], policy: ChangePolicy) -> ChangeDecision:
    """The decision over the changes between two documents."""
    judged = tuple(map(policy.judged, changes))
    count = Counter(each.change.effect for each in judged if each.counts)
    result = next(filter(count.get, (Effect.BREAKING, Effect.UNDECIDED)), Effect.COMPATIBLE)
    code = 3 if count[Effect.UNDECIDED] and policy.fail_on is not FailOn.NEVER else 0
    if any(each.fails for each in judged):
        code = 1
    said = "nothing that changed is named", "a change that is made needs no entry"
    idle, past = policy.accepted.out_of_use(list(map(name_of, changes)), *said)
    return ChangeDecision(result, code, judged, (*past, *idle), count)


def name_of(change: Change) -> str:
    """What names a change in `accepted.toml`: its kind and its place, never what is said of it."""
    return f"{change.id} {change.where}".strip()


def accepted_for(base: Side, revision: Side, *, today: date, named: str | None = None) -> Accepted:
    """What a named file accepts (`none`: no file at all), else that beside revision or base."""
    if named is not None and named != "none":
        return accepted_from(bytes_of_file(named), named, CHANGES, today=today)
    offered = ""
    for side in (revision, base):
        if side.around is not None:
            label, content = side.around.label(ACCEPTED), side.around.content(ACCEPTED)
            file = side.path_of(label) or ACCEPTED
            if content is not None and named is None:
                return replace(accepted_from(content, label, CHANGES, today=today), file=file)
            offered = offered or file
    return Accepted((), today, offered or ACCEPTED)


def severities_from(entries: Sequence[str]) -> dict[str, ChangeSeverity]:
    """What `--severity ID=error|warning|info` says; UsageError for what is not that."""
    found = {}
    for entry in entries:
        identity, equals, level = entry.partition("=")
        if not equals or level not in list(ChangeSeverity):
            said = f"--severity {entry} is not ID={'|'.join(ChangeSeverity)}"
            raise UsageError(f"{said}; give a kind of change and a severity")
        if identity not in KINDS:
            hint = "`contracts diff --list` has them"
            if near := get_close_matches(identity, KINDS, cutoff=0.4):
                hint = f"the nearest are {', '.join(near)}"
            raise UsageError(f"--severity {entry}: there is no kind of change {identity}; {hint}")
        found[identity] = ChangeSeverity(level)
    return found
