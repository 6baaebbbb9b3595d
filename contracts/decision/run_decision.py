"""Verdicts of a run to one decision, with reasons; and to what is new since another run."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from itertools import chain, product
from operator import attrgetter
from pathlib import Path
from typing import Any

from contracts.decision.entries import ACCEPTED, VIOLATIONS, Acceptance, Accepted, accepted_from
from contracts.document import Spec
from contracts.document.written import bytes_of_file
from contracts.exchanges.health import EXPIRED, Stop, StopKind
from contracts.exchanges.traffic import Share, Traffic
from contracts.messages import MAX_UNAVAILABLE, REFUSALS
from contracts.rules import Severity
from contracts.rules.requests import OF_CLIENTS, client_rules
from contracts.rules.states import STATE_KINDS
from contracts.text import plural
from contracts.verdicts import Outcome, Verdict

NO_SUCCESS = (
    "no request was answered with a documented 2xx; give values that the service knows ({options})"
)
UNDOCUMENTED = (
    "{refused} of {all} answers are 401 or 403, none a documented 2xx, and the document asks for "
    "no credential; write its `security`, or give the right --contract-header NAME=ENVVAR"
)
OUT_OF_USE = "the document has no rule", "remove the entry"
SILENT = (Outcome.NOT_EXERCISED, Outcome.NOT_ASKED, Outcome.UNDECIDED)
Asked = Mapping[str, Share]  # by operation


class Result(StrEnum):
    PASS = "pass"
    FAIL = "fail"
    INCONCLUSIVE = "inconclusive"


def accepted_file(spec: Spec) -> Path:
    """The acceptances for a document: `accepted.toml` in its folder."""
    return Path(spec.document.path).with_name(ACCEPTED)


def read_accepted(path: Path, *, today: date) -> Accepted:
    """The acceptances of a file, none without it. DocumentError for what is not as it should be."""
    if not path.exists():
        return Accepted((), today)
    return accepted_from(bytes_of_file(path), str(path), VIOLATIONS, today=today)


@dataclass(frozen=True, slots=True)
class Policy:
    """What fails a run beside violations."""

    strict: bool = False  # advisories, lost answers, rules of 2xx that were asked for nothing do
    require_all: bool = False  # every rule that is unexercised, undecided or not asked does
    partial: bool = False  # some operations were selected: what is missing proves nothing
    some_rules: bool = False  # some rules were selected: acceptances of others are not stale
    accepted: Accepted = field(default_factory=Accepted)
    max_unavailable: float = MAX_UNAVAILABLE  # share of requests; above it a run says nothing
    known: frozenset[str] | None = None  # violated in an earlier report, None without one
    only_new: bool = False  # what is known fails nothing
    giving: str = "--contract-param"  # the options that give values, as a hint says them
    shared: bool = False  # others ask the rest, so that nothing may be left to ask

    def fails(self, verdict: Verdict) -> bool:
        """Whether this verdict alone fails the run."""
        if verdict.outcome is Outcome.HOLDS or verdict.explained or self.acceptance_of(verdict):
            return False
        if verdict.outcome is Outcome.VIOLATED:
            return self.counts(verdict) and not self.tolerates(verdict)
        asked = verdict.outcome is not Outcome.NOT_ASKED
        if not asked and verdict.rule.kind in STATE_KINDS:
            return False  # what makes resources is somebody's own wish
        strict = self.strict and asked and (verdict.rule.status or "").startswith("2")
        return self.require_all or strict

    def acceptance_of(self, verdict: Verdict) -> Acceptance | None:
        """The acceptance of a violated rule, if one counts today."""
        if verdict.outcome is not Outcome.VIOLATED:
            return None
        return self.accepted.of(verdict.rule.id, verdict.broken_by)

    def lapsed(self, verdict: Verdict) -> str:
        """Of a violated rule that an entry names and none accepts: which, why, and what to do."""
        if verdict.outcome is not Outcome.VIOLATED or self.acceptance_of(verdict):
            return ""
        return self.accepted.lapsed(verdict.rule.id)

    def counts(self, verdict: Verdict) -> bool:
        """Whether breaking the rule matters, rather than being worth a line."""
        return self.strict or verdict.rule.severity is Severity.VIOLATION

    def tolerates(self, verdict: Verdict) -> bool:
        """Whether the rule is violated, as it was before, and only what is new fails."""
        broken = verdict.outcome is Outcome.VIOLATED and self.counts(verdict)
        return broken and self.only_new and verdict.rule.id in (self.known or ())


@dataclass(frozen=True, slots=True)
class Decision:
    """What was decided and why; `notes` fail nothing (acceptances that can go, many retries)."""

    result: Result
    reasons: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    failing: tuple[str, ...] = ()  # rules that fail the run by themselves


def decide(
    spec: Spec,
    verdicts: Iterable[Verdict],
    traffic: Traffic,
    policy: Policy,
    *,
    stops: Iterable[Stop] = (),
    ended: str | None = None,
) -> Decision:
    """The decision, and why: a violation that was seen fails a run, however it `ended`.

    What leaves it without a verdict: answers that say nothing about the contract (see `blocked`),
    too many that are no answers, asking that `ended` or `stops` early. Failures that rest on what
    is missing come after that.
    """
    asked = _asked(traffic)
    stops = list(stops)
    elsewhere = [stop.why for stop in stops if stop.kind is StopKind.ELSEWHERE]
    silent = next(iter(elsewhere), None) or traffic.signs.blocked
    shut = {key: why for key, own in sorted(asked.items()) if (why := own.signs.blocked)}
    failing = []  # what a client asked for is so, whatever became of it
    for verdict in filter(policy.fails, verdicts):
        if verdict.rule.operation not in shut or verdict.rule.kind in OF_CLIENTS:
            failing.append(verdict)
    failures, notes = list(_failures(failing, policy)), list[str]()
    if not (asked or policy.shared):
        ended = ended or "nothing was sent"
    if not (policy.partial or policy.shared or silent or ended):
        if not policy.some_rules:
            promised = [verdict.rule.id for verdict in verdicts]
            failures += chain.from_iterable(_out_of_use(spec, policy, promised))
            notes = list(_healed(policy.accepted, verdicts))
        if policy.strict:
            failures += notes
        failures += filter(None, [_never_a_success(spec, asked, policy)])
    lost = "" if silent else _unavailable(traffic, policy)
    often = "" if silent else _retried(traffic, policy)
    notes += filter(None, [often])
    if policy.strict:
        failures += filter(None, (lost, often))
    open_ends = (silent, ended, *_open_ends(asked, stops, {} if silent else shut), lost)
    unfinished = [why for why in open_ends if why and why not in failures]
    rules = tuple(verdict.rule.id for verdict in failing)
    if unfinished and not any(v.outcome is Outcome.VIOLATED for v in failing):
        return Decision(Result.INCONCLUSIVE, tuple(unfinished), tuple(notes), rules)
    result = Result.FAIL if failures else Result.PASS
    return Decision(result, (*failures, *unfinished), tuple(notes), rules)


def _asked(traffic: Traffic) -> Asked:
    """What was asked of each operation; one method that is not listed says nothing of it."""
    return {key: share for key, share in traffic.shares.items() if share.signs.count}


@dataclass(frozen=True, slots=True)
class Pending:
    """What a share of a run can't decide, so that it is decided when all of them are together."""

    stale: tuple[str, ...] = ()  # what fails the whole run, of entries that are out of use
    healed: Mapping[str, bool] = field(default_factory=dict)  # notes, and if they are true here
    missed: str | None = ""  # why no answer of these was a success; None if one was


def pending(
    spec: Spec,
    verdicts: Iterable[Verdict],
    traffic: Traffic,
    policy: Policy,
    promised: Collection[str],
) -> Pending:
    """What the whole run has to know of a share that was asked to its end; `promised` are all."""
    if policy.partial:
        return Pending()
    missed = _never_a_success(spec, _asked(traffic), policy)
    if policy.some_rules:
        return Pending(missed=missed)
    stale = _out_of_use(spec, policy, promised)
    healed = dict[str, bool]()
    for entry, own in _outcomes(policy.accepted, verdicts):
        if own:
            healed[_can_go(entry)] = own == {Outcome.HOLDS}
    return Pending(tuple(chain.from_iterable(stale)), healed, missed)


def _out_of_use(spec: Spec, policy: Policy, promised: Iterable[str]) -> Iterable[list[str]]:
    """What is said of entries that no rule has, those about clients included, or that are past."""
    ids = list(promised)
    if any(kind in entry.name for entry, kind in product(policy.accepted.entries, OF_CLIENTS)):
        ids += map(attrgetter("id"), client_rules(spec))
    return policy.accepted.out_of_use(ids, *OUT_OF_USE)


def _healed(accepted: Accepted, verdicts: Iterable[Verdict]) -> Iterator[str]:
    """The entries that can go: all that they name was exercised and held."""
    for entry, own in _outcomes(accepted, verdicts):
        if own == {Outcome.HOLDS}:
            yield _can_go(entry)


def _outcomes(
    accepted: Accepted, verdicts: Iterable[Verdict]
) -> Iterable[tuple[Acceptance, set[Outcome]]]:
    """Each entry with the outcomes of the rules that it names."""
    found = [(entry, set[Outcome]()) for entry in accepted.entries]
    for verdict in verdicts if found else ():
        for entry, outcomes in found:
            if entry.names(verdict.rule.id):
                outcomes.add(verdict.outcome)
    return found


def _can_go(entry: Acceptance) -> str:
    return f"{entry}: {entry.name} was exercised and held; the entry can go"


def _open_ends(asked: Asked, stops: Iterable[Stop], shut: Mapping[str, str]) -> Iterator[str]:
    """Which operations say nothing, or not all, and why."""
    for key, share in asked.items():
        if share.expiry.index is not None:
            yield f"{EXPIRED} (while {key} was asked)"
    # That nobody answered from the first on, `blocked` says, and what bound the run, `ended`.
    for stop in stops:
        if stop.kind in (StopKind.SILENT, StopKind.TOO_LARGE):
            yield stop.why
    yield from map(": ".join, shut.items())


def _unavailable(traffic: Traffic, policy: Policy) -> str:
    """How many requests had no answer, if these are too many; in a strict run, any are."""
    count, most, why = traffic.unavailable, policy.max_unavailable, ""
    if policy.strict and count:
        why = " (strict)"
    elif count > most * traffic.exchanges:
        why = f", more than {most * 100:g}% (--contract-max-unavailable)"
    return why and f"{count} of {traffic.exchanges} requests had no answer of the service{why}"


def _retried(traffic: Traffic, policy: Policy) -> str:
    """How many requests needed a second attempt, if these are more than may have no answer."""
    count, most = traffic.retried, policy.max_unavailable
    said = f"{count} of {traffic.exchanges} requests needed a second attempt"
    too_many = count > most * traffic.exchanges
    return f"{said}, an advisory above {most * 100:g}% (--contract-max-unavailable)" * too_many


def _failures(failing: Sequence[Verdict], policy: Policy) -> Iterator[str]:
    new = None
    if policy.known is not None:
        violated = {v.rule.id for v in failing if v.outcome is Outcome.VIOLATED}
        new = len(violated - policy.known)
    theirs = sum(verdict.rule.kind in OF_CLIENTS for verdict in failing)
    yield from counted(Counter(verdict.outcome for verdict in failing), new, theirs)


def counted(failing: Mapping[Outcome, int], new: int | None, theirs: int = 0) -> Iterator[str]:
    """`2 rules violated, 1 of them new`: the rules that fail a run, `new` if that can be told.

    `theirs` are violated by clients.
    """
    for outcome in (Outcome.VIOLATED, *SILENT):
        if count := failing.get(outcome):
            told = outcome is Outcome.VIOLATED and new is not None
            said = f"{plural(count, 'rule')} {outcome.value.replace('_', ' ')}"
            by_clients = f", {theirs} of them by clients" * bool(theirs)
            yield said + by_clients * (outcome is Outcome.VIOLATED) + f", {new} of them new" * told


def _never_a_success(spec: Spec, asked: Asked, policy: Policy) -> str | None:
    """Why no answer is a documented 2xx; None if one is, empty if the document has none of them."""
    found = ""
    answers = Counter[int]()  # where no credential is asked for
    for key, share in asked.items():
        documented = set(filter(spec.by_key[key].response, range(200, 300)))
        if not documented.isdisjoint(share.answers):
            return None
        if documented:
            found = NO_SUCCESS.format(options=policy.giving)
        if not spec.by_key[key].security:
            answers += share.answers
    refused = sum(map(answers.__getitem__, REFUSALS))
    if found and refused > answers.total() / 2:
        found = UNDOCUMENTED.format(refused=refused, all=answers.total())
    return found


class Since(StrEnum):
    """What became of a rule since the earlier report."""

    NEW = "new"
    STILL_THERE = "still there"
    FIXED = "fixed"
    NOT_JUDGED = "not judged"


@dataclass(frozen=True, slots=True)
class Known:
    """An earlier report, what it is about, and by the rule's id the evidence of its violations."""

    file: str
    about: str = ""
    rules: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Against:
    """The earlier report, and what became of each rule that is violated in it or now."""

    known: Known
    since: Mapping[str, Since]

    def those(self, since: Since) -> list[str]:
        return [rule for rule, found in self.since.items() if found is since]


def against(
    known: Known,
    verdicts: Iterable[Verdict],
    *,
    accepted: Collection[str],
    promised: Collection[str],
) -> Against:
    """What became of each rule since, given verdicts on the rules that count.

    `accepted` rules are violated, neither new nor known; what is not `promised` now is left out.
    """
    found, held = dict[str, Since](), set[str]()
    for verdict in verdicts:
        rule, is_known = verdict.rule.id, verdict.rule.id in known.rules
        if verdict.outcome is Outcome.VIOLATED and rule not in accepted:
            found[rule] = Since.STILL_THERE if is_known else Since.NEW
        elif verdict.outcome is Outcome.HOLDS and is_known:
            held.add(rule)
    for rule in known.rules:
        if rule not in found and rule in promised and rule not in accepted:
            found[rule] = Since.FIXED if rule in held else Since.NOT_JUDGED
    return Against(known, found)
