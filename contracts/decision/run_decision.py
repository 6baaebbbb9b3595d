"""Verdicts of a run to one decision, with reasons; and to what is new since another run."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from itertools import chain
from pathlib import Path
from typing import Any

from contracts.decision.entries import ACCEPTED, VIOLATIONS, Acceptance, Accepted, accepted_from
from contracts.document import Spec
from contracts.document.written import bytes_of_file
from contracts.exchanges.health import EXPIRED, Stop, StopKind, blocked, expired_from
from contracts.messages import MAX_UNAVAILABLE, Exchange, is_unavailable
from contracts.rules import Severity
from contracts.text import plural
from contracts.verdicts import Outcome, Verdict

NO_SUCCESS = (
    "no request was answered with a documented 2xx; give values that the service knows "
    "(--contract-param; for sessions, --contract-session-id or --contract-discover)"
)


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
    """What fails a run beside violations.

    Args:
        strict: advisories, unavailable answers, unexercised or undecided rules of documented 2xx.
        require_all: every unexercised or undecided rule.
        partial: only some operations were selected, so that what is missing proves nothing.
        some_rules: only some rules were selected, so that acceptances of others are not stale.
        max_unavailable: the share of requests without an answer above which a run says nothing.
        known: rules that an earlier report has as violated, None if there is no such report.
        only_new: whether these fail nothing.
    """

    strict: bool = False
    require_all: bool = False
    partial: bool = False
    some_rules: bool = False
    accepted: Accepted = field(default_factory=Accepted)
    max_unavailable: float = MAX_UNAVAILABLE
    known: frozenset[str] | None = None
    only_new: bool = False

    def fails(self, verdict: Verdict) -> bool:
        """Whether this verdict alone fails the run."""
        if verdict.outcome is Outcome.HOLDS or verdict.explained or self.acceptance_of(verdict):
            return False
        if verdict.outcome is Outcome.VIOLATED:
            return self.counts(verdict) and not self.tolerates(verdict)
        return self.require_all or (self.strict and (verdict.rule.status or "").startswith("2"))

    def acceptance_of(self, verdict: Verdict) -> Acceptance | None:
        """The acceptance of a violated rule, if one counts today."""
        if verdict.outcome is not Outcome.VIOLATED:
            return None
        return self.accepted.of(verdict.rule.id, verdict.broken_by)

    def counts(self, verdict: Verdict) -> bool:
        """Whether breaking the rule matters, rather than being worth a line."""
        return self.strict or verdict.rule.severity is Severity.VIOLATION

    def tolerates(self, verdict: Verdict) -> bool:
        """Whether the rule is violated, as it was before, and only what is new fails."""
        broken = verdict.outcome is Outcome.VIOLATED and self.counts(verdict)
        return broken and self.only_new and verdict.rule.id in (self.known or ())


@dataclass(frozen=True, slots=True)
class Decision:
    """What was decided and why; `notes` fail nothing (acceptances that can go)."""

    result: Result
    reasons: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def decide(
    spec: Spec,
    verdicts: Sequence[Verdict],
    exchanges: Sequence[Exchange],
    policy: Policy,
    *,
    stops: Iterable[Stop] = (),
    ended: str | None = None,
) -> Decision:
    """The decision, and why.

    A violation that was seen fails a run, however it ended. What leaves it without a verdict:
    answers that say nothing about the contract (see `blocked`), too many that are no answers, a run
    that `ended` early, operations that were not asked to their end (`stops`). Then come failures
    that rest on what is missing.
    """
    asked: dict[str, list[Exchange]] = defaultdict(list)
    for exchange in exchanges:
        if exchange.probe.source != "method":  # one that is not listed says nothing of operations
            asked[exchange.probe.operation].append(exchange)
    silent = blocked(spec, [*chain.from_iterable(asked.values())])
    shut = {key: why for key, own in sorted(asked.items()) if (why := blocked(spec, own))}
    failing = [v for v in verdicts if v.rule.operation not in shut and policy.fails(v)]
    failures, notes = _failures(failing, policy), list[str]()
    if not asked:
        ended = ended or "nothing was sent"
    if not (policy.partial or silent or ended):
        if not policy.some_rules:
            stale, notes = _entries_to_remove(policy.accepted, verdicts)
            failures += stale
        if policy.strict:
            failures += notes
        failures += _never_a_success(spec, asked)
    unavailable = [] if silent else _unavailable(exchanges, policy)
    if policy.strict:
        failures += unavailable
    open_ends = (silent, ended, *_open_ends(spec, asked, stops, {} if silent else shut))
    unfinished = [why for why in (*open_ends, *unavailable) if why and why not in failures]
    if any(verdict.outcome is Outcome.VIOLATED for verdict in failing):
        return Decision(Result.FAIL, (*failures, *unfinished), tuple(notes))
    if unfinished:
        return Decision(Result.INCONCLUSIVE, tuple(unfinished))
    return Decision(Result.FAIL if failures else Result.PASS, tuple(failures), tuple(notes))


def _entries_to_remove(
    accepted: Accepted, verdicts: Sequence[Verdict]
) -> tuple[list[str], list[str]]:
    """Entries that fail a whole run (no such rule, or past their day); and those that can go."""
    gone, past = accepted.out_of_use([verdict.rule.id for verdict in verdicts])
    stale = [f"{entry}: the document has no rule {entry.name}; remove the entry" for entry in gone]
    stale += [entry.overdue for entry in past]
    healed = []
    for entry in accepted.entries:
        outcomes = {v.outcome for v in verdicts if entry.names(v.rule.id)}
        if outcomes == {Outcome.HOLDS}:
            healed.append(f"{entry}: {entry.name} was exercised and held; the entry can go")
    return stale, healed


def _open_ends(
    spec: Spec,
    asked: Mapping[str, Sequence[Exchange]],
    stops: Iterable[Stop],
    shut: Mapping[str, str],
) -> Iterator[str]:
    """Which operations say nothing, or not all, and why."""
    for key, exchanges in asked.items():
        if expired_from(spec, exchanges) is not None:
            yield f"{EXPIRED}, while {key} was asked"
    yield from map(": ".join, shut.items())
    # That nobody answered from the first on, `blocked` says, and what bound the run, `ended`.
    for stop in stops:
        if stop.kind in (StopKind.SILENT, StopKind.TOO_LARGE):
            yield stop.why


def _unavailable(exchanges: Sequence[Exchange], policy: Policy) -> list[str]:
    """How many requests had no answer, if these are too many; in a strict run, any are."""
    count, most = sum(map(is_unavailable, exchanges)), policy.max_unavailable
    said = f"{count} of {len(exchanges)} requests had no answer of the service"
    if policy.strict:
        return [f"{said} (strict)"] * bool(count)
    said += f", more than {most * 100:g}% (--contract-max-unavailable)"
    return [said] * (count > most * len(exchanges))


def _failures(failing: Sequence[Verdict], policy: Policy) -> list[str]:
    counts = Counter(verdict.outcome for verdict in failing)
    found = []
    for outcome in (Outcome.VIOLATED, Outcome.NOT_EXERCISED, Outcome.UNDECIDED):
        if counts[outcome]:
            found.append(f"{plural(counts[outcome], 'rule')} {outcome.value.replace('_', ' ')}")
    if policy.known is not None and counts[Outcome.VIOLATED]:
        violated = {verdict.rule.id for verdict in failing if verdict.outcome is Outcome.VIOLATED}
        found[0] += f", {len(violated - policy.known)} of them new"
    return found


def _never_a_success(spec: Spec, asked: Mapping[str, Sequence[Exchange]]) -> list[str]:
    found: list[str] = []
    for key, exchanges in asked.items():
        statuses = {e.response.status for e in exchanges if e.response}
        documented = set(filter(spec.by_key[key].response, range(200, 300)))
        if documented & statuses:
            return []
        if documented:
            found = [NO_SUCCESS]
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

    Args:
        accepted: rules that are violated and accepted, which are neither new nor known.
        promised: every rule of the document; one that it does not have any more is nothing.
    """
    now = {verdict.rule.id: verdict for verdict in verdicts}
    found: dict[str, Since] = {}
    for rule, verdict in now.items():
        if verdict.outcome is Outcome.VIOLATED and rule not in accepted:
            found[rule] = Since.STILL_THERE if rule in known.rules else Since.NEW
    for rule in known.rules:
        if rule not in found and rule in promised and rule not in accepted:
            held = rule in now and now[rule].outcome is Outcome.HOLDS
            found[rule] = Since.FIXED if held else Since.NOT_JUDGED
    return Against(known, found)
