"""Runs in a row, oldest first, to what became of each violation and of response times over these nights."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from functools import cached_property
from itertools import groupby

from contracts.report.run import RuleVerdict, Run, Times, pooled
from contracts.rules import Severity
from contracts.verdicts import Outcome


class State(StrEnum):
    """What a night says of a rule; it is broken where it is `violated` or `accepted`."""

    VIOLATED = "violated"
    ACCEPTED = "accepted"
    HOLDS = "holds"
    NOT_JUDGED = "not judged"
    ABSENT = "absent"

    @property
    def is_broken(self) -> bool:
        return self in (State.VIOLATED, State.ACCEPTED)

    @property
    def is_judged(self) -> bool:
        return self.is_broken or self is State.HOLDS


@dataclass(frozen=True, slots=True)
class Night:
    """A run, in numbers.

    Args:
        version, sha256: of the document.
        violated: rules that are violated, not counting advisories and what is accepted.
        new, fixed: rules broken or kept now that were not when they were last judged; on the first night nobody knows.
        times: of all answers together, None if there are none, or the report is too old to have them.
    """

    started: datetime
    decision: str
    target: str
    file: str
    version: str
    sha256: str
    rules: int
    violated: int
    advisories: int
    accepted: int
    not_judged: int
    exchanges: int
    unavailable: int
    interrupted: bool
    times: Times | None
    new: int = 0
    fixed: int = 0

    @property
    def day(self) -> str:
        return day(self.started)

    @property
    def median(self) -> float | None:
        """In seconds, of all answers."""
        return self.times.median if self.times is not None else None

    @property
    def p95(self) -> float | None:
        """In seconds, of all answers."""
        return self.times.p95 if self.times is not None else None

    @property
    def unavailable_share(self) -> float:
        """Of the exchanges, from 0 to 1."""
        return self.unavailable / self.exchanges if self.exchanges else 0.0


@dataclass(frozen=True, slots=True)
class RuleTrend:
    """A rule that was broken in one of the nights. Nights in which it was not judged neither end nor prove anything.

    Args:
        verdict: of the last night in which it was broken.
        states: a word a night.
        since: the first night of those in a row that broke it until now; None if it is kept by now.
        or_before: whether it was never seen kept before `since`, so that it may be older than the nights.
        fixed: the first night of those in a row that kept it until now; None if it is broken.
        first, last: nights that broke it.
        nights: how many broke it.
        judged: how many broke or kept it.
        streak: how many in a row broke it, or kept it, until now.
        comes_and_goes: it was broken, kept, and broken again.
    """

    rule: str
    verdict: RuleVerdict
    states: tuple[State, ...]
    since: datetime | None
    or_before: bool
    fixed: datetime | None
    first: datetime
    last: datetime
    nights: int
    judged: int
    streak: int
    comes_and_goes: bool

    @property
    def severity(self) -> Severity:
        return self.verdict.severity

    @property
    def tonight(self) -> State:
        return self.states[-1]

    @property
    def is_new(self) -> bool:
        """Broken tonight, kept before, and never broken before that."""
        return self.tonight.is_broken and self.streak == self.nights == 1 and not self.or_before

    @property
    def standing(self) -> str:
        """One sentence: since when it is broken, or that it comes and goes, or when it was fixed."""
        unjudged = "" if self.tonight.is_judged else f", {_UNJUDGED[self.tonight]}"
        return f"{self._course}{unjudged}"

    @property
    def _course(self) -> str:
        if self.comes_and_goes:
            state = "back" if self.since else "kept"
            again = f"{state} since {day(self.since or self.fixed or self.last)}"
            return f"comes and goes: {self.nights} of {count(self.judged, 'night')}, {again}"
        if self.since is None:
            return f"fixed on {day(self.fixed or self.last)}"
        if self.is_new:
            return f"new on {day(self.since)}"
        return f"since {day(self.since)}{' or before' * self.or_before} ({count(self.streak, 'night')})"


_UNJUDGED = {
    State.NOT_JUDGED: "not judged in the last night",
    State.ABSENT: "not in the last report",
}


@dataclass(frozen=True, slots=True)
class OperationTrend:
    """The response times of an operation; `nights` has None where nothing of it was answered, or nobody kept times."""

    key: str
    nights: tuple[Times | None, ...]

    @property
    def medians(self) -> tuple[float | None, ...]:
        """In seconds."""
        return tuple(None if times is None else times.median for times in self.nights)

    @property
    def p95s(self) -> tuple[float | None, ...]:
        """In seconds."""
        return tuple(None if times is None else times.p95 for times in self.nights)


@dataclass(frozen=True, eq=False)
class Trend:
    """Nights, oldest first, the last being tonight, and what they say of rules and operations.

    Args:
        rules: those broken in any of the nights: what is broken now before what is fixed, violations before advisories,
            the newest first.
        operations: those that answered in any of the nights, by key.
        notes: what was left out of the nights, and why.
    """

    nights: tuple[Night, ...]
    rules: tuple[RuleTrend, ...]
    operations: tuple[OperationTrend, ...]
    notes: tuple[str, ...] = ()

    @property
    def first(self) -> Night:
        return self.nights[0]

    @property
    def tonight(self) -> Night:
        return self.nights[-1]

    @property
    def medians(self) -> tuple[float | None, ...]:
        """Of all answers, a night each, in seconds."""
        return tuple(night.median for night in self.nights)

    @property
    def p95s(self) -> tuple[float | None, ...]:
        """Of all answers, a night each, in seconds."""
        return tuple(night.p95 for night in self.nights)

    @cached_property
    def new(self) -> tuple[RuleTrend, ...]:
        return tuple(rule for rule in self.rules if rule.is_new)

    @cached_property
    def coming_and_going(self) -> tuple[RuleTrend, ...]:
        return tuple(rule for rule in self.rules if rule.comes_and_goes)

    @cached_property
    def fixed(self) -> tuple[RuleTrend, ...]:
        """What was broken once and is kept by now, apart from what comes and goes."""
        return tuple(rule for rule in self.rules if rule.since is None and not rule.comes_and_goes)

    @cached_property
    def by_rule(self) -> Mapping[str, RuleTrend]:
        return {rule.rule: rule for rule in self.rules}


def trend_of(runs: Iterable[Run], notes: Sequence[str] = ()) -> Trend:
    """What runs of one document on one target say, given oldest first; at least one. Each is read once and let go."""
    nights: list[Night] = []
    states: list[dict[str, State]] = []
    broken: dict[str, RuleVerdict] = {}
    times: list[dict[str, Times]] = []
    known: dict[str, bool] = {}
    for run in runs:
        tonight = {verdict.rule: _state(verdict) for verdict in run.verdicts}
        broken |= {
            verdict.rule: verdict for verdict in run.verdicts if tonight[verdict.rule].is_broken
        }
        nights.append(_night(run, tonight, known))
        states.append(tonight)
        known |= {rule: state.is_broken for rule, state in tonight.items() if state.is_judged}
        times.append(
            {
                operation.key: operation.times
                for operation in run.operations
                if operation.times.count
            }
        )
    started = [night.started for night in nights]
    rules = [
        _rule_trend(verdict, tuple(tonight.get(rule, State.ABSENT) for tonight in states), started)
        for rule, verdict in broken.items()
    ]
    keys = sorted({key for tonight in times for key in tonight})
    operations = [OperationTrend(key, tuple(tonight.get(key) for tonight in times)) for key in keys]
    return Trend(tuple(nights), tuple(sorted(rules, key=_order)), tuple(operations), tuple(notes))


def day(moment: datetime) -> str:
    """The day in UTC, as a report shows it."""
    return moment.astimezone(UTC).date().isoformat()


def count(number: int, noun: str) -> str:
    return f"{number} {noun}{'s' * (number != 1)}"


def _state(verdict: RuleVerdict) -> State:
    if verdict.outcome is Outcome.VIOLATED:
        return State.ACCEPTED if verdict.accepted is not None else State.VIOLATED
    return State.HOLDS if verdict.outcome is Outcome.HOLDS else State.NOT_JUDGED


def _night(run: Run, states: Mapping[str, State], known: Mapping[str, bool]) -> Night:
    """The night; `known` says of rules judged before whether they were broken when that was last seen."""
    turns = [
        state
        for rule, state in states.items()
        if state.is_judged and known.get(rule, state.is_broken) != state.is_broken
    ]
    return Night(
        started=run.started,
        decision=run.decision,
        target=run.target,
        file=", ".join(run.files),
        version=run.subject.version,
        sha256=run.subject.sha256,
        rules=len(run.verdicts),
        violated=len(run.violated),
        advisories=len(run.advisories),
        accepted=len(run.accepted),
        not_judged=len(run.missing),
        exchanges=run.exchanges,
        unavailable=run.unavailable,
        interrupted=run.interrupted,
        times=pooled(operation.times for operation in run.operations),
        new=sum(state.is_broken for state in turns),
        fixed=sum(not state.is_broken for state in turns),
    )


def _rule_trend(
    verdict: RuleVerdict, states: tuple[State, ...], started: Sequence[datetime]
) -> RuleTrend:
    judged = [
        (state.is_broken, night)
        for state, night in zip(states, started, strict=True)
        if state.is_judged
    ]
    broken = [night for is_broken, night in judged if is_broken]
    turns = [[*group] for _, group in groupby(judged, key=lambda one: one[0])]
    is_broken, since = turns[-1][0]
    return RuleTrend(
        rule=verdict.rule,
        verdict=verdict,
        states=states,
        since=since if is_broken else None,
        or_before=is_broken and len(turns) == 1,
        fixed=None if is_broken else since,
        first=broken[0],
        last=broken[-1],
        nights=len(broken),
        judged=len(judged),
        streak=len(turns[-1]),
        comes_and_goes=sum(turn[0][0] for turn in turns) > 1,
    )


def _order(rule: RuleTrend) -> tuple[bool, bool, bool, float, str]:
    newest = rule.since or rule.fixed or rule.last
    accepted = rule.verdict.accepted is not None
    return (
        rule.since is None,
        rule.severity is not Severity.VIOLATION,
        accepted,
        -newest.timestamp(),
        rule.rule,
    )
