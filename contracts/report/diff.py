"""A comparison as one value, from which every form of its report is made."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from itertools import chain, groupby, starmap
from operator import attrgetter

from contracts.changes import compare as changes_between
from contracts.changes.change import Change, ChangeSeverity, Direction, Effect, Reach
from contracts.decision import change_decision
from contracts.decision.change_decision import ChangeDecision, ChangePolicy, FailOn, Judged
from contracts.decision.entries import ACCEPTED, TERM, Accepted, accept_command
from contracts.document import Spec
from contracts.document.composite import Couple
from contracts.document.sides import Side, specs_of
from contracts.report.run import Drift
from contracts.schemas.allowance import SECONDS, Allowance
from contracts.text import cut, few, plural

_ORDER = (Effect.BREAKING, Effect.UNDECIDED, Effect.COMPATIBLE)
WHOLE = "in contracts diff --format json"
UNFOLDED = "in contracts diff --all"
MAX_CHANGES = 500  # of what is published that a report of a run names
MAX_FAULTS = 5  # of both documents that are told
MAX_VERSION = 100  # characters of what is published as a version
MAX_SAID = 3  # places, operations and kinds that one sentence names
MAX_NAMED = 8  # changes that one command accepts


@dataclass(frozen=True, slots=True)
class Bundle:
    """Changes that are told as one, which are of one kind and effect, the first of them in full.

    They are alike in what was seen, wherever that is; what breaks nothing is told by component.
    """

    members: tuple[Judged, ...]

    @property
    def first(self) -> Judged:
        return self.members[0]

    @property
    def change(self) -> Change:
        return self.first.change

    @property
    def wheres(self) -> list[str]:
        """The places."""
        return list(map(attrgetter("change.where"), self.members))

    @property
    def names(self) -> list[str]:
        """What names them in a file of acceptances."""
        return list(map(change_decision.name_of, map(attrgetter("change"), self.members)))

    @property
    def holders(self) -> tuple[str, ...]:
        """The operations or components of which these places are, each once."""
        return tuple(dict.fromkeys(map(holder_of, self.members)))

    @property
    def seen(self) -> str:
        """What changed: where it is not the same at all places, the first few of it."""
        if self.holders[1:]:
            return self.change.message
        messages = dict.fromkeys(map(attrgetter("change.message"), self.members))
        return few(list(messages), MAX_SAID, UNFOLDED)

    @property
    def proofs(self) -> list[str]:
        """Why nothing breaks, or what was tried, each once."""
        proofs = map(attrgetter("change.proof"), self.members)
        return list(dict.fromkeys(filter(None, proofs)))

    @property
    def reaches(self) -> list[Reach]:
        return _reaches(self.members)

    @property
    def title(self) -> str:
        """`enum-widened schemas/Thing /status`, with `x 2 (schemas/Thing /status, …)` of more."""
        if len(self.members) == 1:
            return self.names[0]
        return f"{self.change.id} x {len(self.members)} ({self.change.where}, …)"


def holder_of(judged: Judged) -> str:
    """The operation or the component (`schemas/Thing`) of which the place of a change is."""
    where, reaches = judged.change.where, judged.change.reaches
    for reach in () if where.startswith("schemas/") else reaches:
        if f"{where} ".startswith(f"{reach.operation} "):
            return reach.operation
    return where.partition(" ")[0]


def bundles_of(changes: Iterable[Judged]) -> list[Bundle]:
    """The changes by what is said of them, in the order in which the first of each comes."""
    alike: dict[object, list[Judged]] = {}
    for judged in changes:
        change = judged.change
        message = change.message.replace(f" {change.where} ", " ")  # of an operation, its own name
        alike.setdefault(("seen", message, _kind(judged)), []).append(judged)
    bundles: dict[object, list[Judged]] = {}
    for key, members in alike.items():
        change = members[0].change
        if len(members) == 1 and change.effect is Effect.COMPATIBLE:
            key = ("at", holder_of(members[0]), _kind(members[0]))
        bundles.setdefault(key, []).extend(members)
    return list(map(Bundle, map(tuple, bundles.values())))


def _kind(judged: Judged) -> object:
    """What is the same of all changes in a bundle."""
    change, entry = judged.change, (judged.acceptance, judged.lapsed)
    shown = None  # what breaks nothing is read whatever message it is in
    if change.effect is not Effect.COMPATIBLE:
        shown = change.direction, change.witness is not None
    return change.id, change.effect, shown, judged.severity, entry


def _reaches(changes: Iterable[Judged]) -> list[Reach]:
    return list(dict.fromkeys(chain.from_iterable(map(attrgetter("change.reaches"), changes))))


@dataclass(frozen=True, slots=True)
class Chapter:
    """What became of changes, and these by operation or component and kind, the louder first."""

    title: str
    members: Sequence[Judged]
    groups: Sequence[Sequence[Bundle]]

    @property
    def bundles(self) -> list[Bundle]:
        return list(chain.from_iterable(self.groups))


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
        """What is accepted last, those that break first, the louder, those that reach most."""
        return sorted(self.decision.judged, key=_place)

    def chapters(self, *, unfolded: bool = False) -> Iterator[Chapter]:
        """The same by what became of them and of what they are; `unfolded`: each by itself."""
        for title, found in groupby(self.ordered, attrgetter("standing")):
            members = list(found)
            bundles = bundles_of(members)
            if unfolded:
                bundles = list(map(Bundle, zip(members, strict=True)))
            groups: dict[object, list[Bundle]] = {}
            for bundle in bundles:
                key = bundle.first.severity, bundle.holders
                groups.setdefault(key, []).append(bundle)
            for group in groups.values():
                group.sort(key=attrgetter("change.id"))
            yield Chapter(title, members, list(groups.values()))

    @property
    def needed(self) -> tuple[str, ...]:
        """What names the changes that open the gate if they are accepted, each once."""
        needed = filter(attrgetter("needs_acceptance"), self.ordered)
        return tuple(dict.fromkeys(change_decision.name_of(judged.change) for judged in needed))

    def command(self, *names: str) -> str:
        """The command that accepts changes with these names."""
        where = "--accepted", self.accepted_in
        return accept_command(names, *where, until=self.until, reason=self.reason)

    def cure(self, bundle: Bundle) -> str:
        """How to let changes pass: the command, or what to do about an entry that is past."""
        if len(bundle.names) > MAX_NAMED:
            return f"to let them pass: a command for each is {UNFOLDED}"
        return bundle.first.lapsed or f"to let it pass: {self.command(*bundle.names)}"


def _place(judged: Judged) -> tuple[object, ...]:
    change, loudness = judged.change, list(ChangeSeverity).index(judged.severity)
    is_part, reached = change.direction is not Direction.OPERATION, len(change.reaches)
    return not judged.counts, _ORDER.index(change.effect), loudness, is_part, -reached


def diff_of(
    base: Side,
    revision: Side,
    policy: ChangePolicy,
    accepted: Accepted,
    *,
    read: Spec | None = None,
    max_time: float = SECONDS,
) -> Diff:
    """Read both sides (`read` is the revision, if it is at hand), find what changed, decide.

    What is not decided after `max_time` CPU seconds is undecided.
    """
    specs = _read(base, revision, read)
    changes = changes_between(*specs, allowance=Allowance(max_time))
    notes = (*filter(None, (base.note, revision.note)), *_faults(*specs))
    return _decided((base, revision), specs, changes, notes, replace(policy, accepted=accepted))


def diff_of_many(
    names: tuple[str, str],
    couples: Sequence[Couple],
    policy: ChangePolicy,
    *,
    max_time: float = SECONDS,
) -> Diff:
    """The same of many documents; each place begins with the name of its file."""
    changes, notes, allowance = list[Change](), list[str](), Allowance(max_time)
    for couple in couples:
        specs = _read(couple.base, couple.revision)
        for change in changes_between(*specs, allowance=allowance):
            changes.append(replace(change, where=f"{couple.name} {change.where}"))
        said = couple.note, couple.base.note, couple.revision.note
        notes += [*filter(None, said), *_faults(*specs)]
    base, revision = (Side(name, b"") for name in names)
    return _decided((base, revision), specs, changes, notes, policy)


def _read(base: Side, revision: Side, read: Spec | None = None) -> tuple[Spec, Spec]:
    specs = specs_of(base, revision, read)
    for side, spec in zip((base, revision), specs, strict=True):
        if side.is_strict:
            from contracts.rules.faults import refuse_faulty  # with which come all rules

            refuse_faulty(spec)
    return specs


def _decided(
    sides: tuple[Side, Side],
    specs: tuple[Spec, Spec],
    changes: Sequence[Change],
    notes: Iterable[str],
    policy: ChangePolicy,
) -> Diff:
    decision = change_decision.decide_changes(changes, policy)
    decision = replace(decision, notes=(*decision.notes, *notes))
    until, file = policy.accepted.today + TERM, policy.accepted.file
    return Diff(*sides, specs, decision, policy.fail_on, file, until)


def _faults(base: Spec, revision: Spec) -> Iterator[str]:
    """What is wrong in documents that are read all the same: what one alone has, before the rest.

    What both have is told of the revision.
    """
    before = {notice.problem for notice in base.notices}
    after = {notice.problem for notice in revision.notices}
    own = [notice for notice in base.notices if notice.problem not in after]
    told = sorted((*revision.notices, *own), key=lambda notice: notice.problem in before & after)
    found = list(dict.fromkeys(map(str, told)))
    yield from found[:MAX_FAULTS]
    if (more := len(found) - MAX_FAULTS) > 0:
        yield f"… and {plural(more, 'fault')} more in the documents; `contracts rules` tells them"


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


def head_of(diff: Diff) -> dict[str, str]:
    """What breaks, for whom, and how many findings there are by kind: a sentence each."""
    findings = list(filter(attrgetter("counts"), diff.ordered))
    broken: list[Judged] = []
    told, counts = "nothing", []
    for effect, members in groupby(findings, attrgetter("change.effect")):
        changes = list(members)
        if not broken and effect is not Effect.COMPATIBLE:
            broken, told = changes, "nothing that could be shown; undecided: "
            told *= effect is Effect.UNDECIDED
        kinds = few(_counted(map(attrgetter("change.id"), changes)), 2 * MAX_SAID, "kinds")
        counts.append(f"{len(changes)} {effect.value} ({kinds})")
    if diff.decision.accepted:
        counts.append(f"{diff.decision.accepted} accepted")
    titles = list(map(attrgetter("title"), bundles_of(broken)))
    if len(titles) > MAX_SAID:
        titles = _counted(map(holder_of, broken))
    return {
        "breaks": told + few(titles, MAX_SAID, ""),
        "for": reach_text(_reaches(broken), MAX_SAID, "", "nobody"),
        "findings": ", ".join(counts),
    }


def _counted(words: Iterable[str]) -> list[str]:
    """Each word once with its number: `enum-widened x 3`; the most frequent first."""
    return list(starmap("{} x {}".format, Counter(words).most_common()))


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


def reach_text(
    reaches: Sequence[Reach], most: int, where: str = WHOLE, nobody: str = "no operation"
) -> str:
    """Whom a change reaches, `most` operations a direction by name, and how many others."""
    texts = []
    for direction in Direction:
        names = list(dict.fromkeys(r.operation for r in reaches if r.direction is direction))
        if names:
            noun = f"{direction.value}s of " * (direction is not Direction.OPERATION)
            texts.append(noun + few(names, most, where))
    return "; ".join(texts) or nobody
