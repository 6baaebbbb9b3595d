"""Runs in a row, oldest first, to what became of each violation and of response times over these nights."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from functools import cached_property
from itertools import chain, groupby
from operator import attrgetter, itemgetter

from contracts.report.run import RuleVerdict, Run, Times, pooled
from contracts.rules import Severity
from contracts.text import plural


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


_STATES = {
    "violated": State.VIOLATED,
    "advisory": State.VIOLATED,
    "accepted": State.ACCEPTED,
    "holds": State.HOLDS,
}
"""By the standing of a verdict; of any other nothing was judged."""
_UNJUDGED = {
    State.NOT_JUDGED: ", not judged in the last night",
    State.ABSENT: ", not in the last report",
}


@dataclass(frozen=True, slots=True)
class Night:
    """A run, in numbers.

    Args:
        violated: rules that are violated, not counting advisories and what is accepted.
        new, fixed: rules broken or kept now that were not when they were last judged; on the first night nobody knows.
        unavailable_share: of the exchanges, from 0 to 1.
        times: of all answers together, None if there are none, or the report is too old to have them.
    """

    started: datetime
    decision: str
    rules: int
    violated: int
    not_judged: int
    new: int
    fixed: int
    unavailable_share: float
    times: Times | None

    @property
    def day(self) -> str:
        return day(self.started)


@dataclass(frozen=True, slots=True)
class RuleTrend:
    """A rule that was broken in one of the nights. Nights in which it was not judged neither end nor prove anything.

    Args:
        verdict: of the last night in which it was broken.
        is_broken: whether the last night that judged it broke it.
        turned: the first night of those in a row that broke or kept it, as the last one does; `streak` counts them.
        or_before: whether it was never seen kept before, so that it may be older than the nights.
        nights, judged: how many broke it, and how many broke or kept it.
        comes_and_goes: it was broken, kept, and broken again.
    """

    rule: str
    verdict: RuleVerdict
    states: tuple[State, ...]
    is_broken: bool
    turned: datetime
    or_before: bool
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
        turned, unjudged = day(self.turned), _UNJUDGED.get(self.tonight, "")
        if self.comes_and_goes:
            word = "back" if self.is_broken else "kept"
            nights = f"{self.nights} of {plural(self.judged, 'night')}"
            return f"comes and goes: {nights}, {word} since {turned}{unjudged}"
        if not self.is_broken:
            return f"fixed on {turned}{unjudged}"
        if self.is_new:
            return f"new on {turned}"
        before = " or before" * self.or_before
        return f"since {turned}{before} ({plural(self.streak, 'night')}){unjudged}"


@dataclass(frozen=True, slots=True)
class OperationTrend:
    """The response times of an operation, a night each: None where nothing was answered, or nobody kept times."""

    key: str
    nights: tuple[Times | None, ...]

    @property
    def medians(self) -> tuple[float | None, ...]:
        """In seconds."""
        return tuple(times and times.median for times in self.nights)

    @property
    def p95s(self) -> tuple[float | None, ...]:
        """In seconds."""
        return tuple(times and times.p95 for times in self.nights)


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

    @cached_property
    def answers(self) -> OperationTrend:
        """All operations together."""
        return OperationTrend("", tuple(map(attrgetter("times"), self.nights)))

    @cached_property
    def new(self) -> tuple[RuleTrend, ...]:
        return tuple(filter(attrgetter("is_new"), self.rules))

    @cached_property
    def coming_and_going(self) -> tuple[RuleTrend, ...]:
        return tuple(filter(attrgetter("comes_and_goes"), self.rules))

    @cached_property
    def fixed(self) -> tuple[RuleTrend, ...]:
        """What was broken once and is kept by now, apart from what comes and goes."""
        return tuple(rule for rule in self.rules if not (rule.is_broken or rule.comes_and_goes))

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
        tonight: dict[str, State] = {}
        new = fixed = 0
        for verdict in run.verdicts:
            rule, state = verdict.rule, _STATES.get(verdict.standing, State.NOT_JUDGED)
            tonight[rule] = state
            if state.is_broken:
                broken[rule] = verdict
            if state.is_judged:
                before = known.get(rule, state.is_broken)
                new += state.is_broken and not before
                fixed += before and not state.is_broken
                known[rule] = state.is_broken
        states.append(tonight)
        times.append({one.key: one.times for one in run.operations if one.times.count})
        nights.append(_night(run, new, fixed))
    rules = []
    for rule, verdict in broken.items():
        row = tuple(tonight.get(rule, State.ABSENT) for tonight in states)
        rules.append(_rule_trend(verdict, row, nights))
    rules.sort(key=_order)
    operations = []
    for key in sorted(set(chain.from_iterable(times))):
        operations.append(OperationTrend(key, tuple(tonight.get(key) for tonight in times)))
    return Trend(tuple(nights), tuple(rules), tuple(operations), tuple(notes))


def day(moment: datetime) -> str:
    """The day in UTC, as a report shows it."""
    return moment.astimezone(UTC).date().isoformat()


def _night(run: Run, new: int, fixed: int) -> Night:
    return Night(
        started=run.started,
        decision=run.decision,
        rules=len(run.verdicts),
        violated=len(run.violated),
        not_judged=len(run.missing),
        new=new,
        fixed=fixed,
        unavailable_share=run.unavailable / max(run.exchanges, 1),
        times=pooled(map(attrgetter("times"), run.operations)),
    )


def _rule_trend(
    verdict: RuleVerdict, states: tuple[State, ...], nights: Sequence[Night]
) -> RuleTrend:
    judged = [(s.is_broken, n.started) for s, n in zip(states, nights, strict=True) if s.is_judged]
    turns = [list(turn) for _, turn in groupby(judged, key=itemgetter(0))]
    is_broken, turned = turns[-1][0]
    return RuleTrend(
        rule=verdict.rule,
        verdict=verdict,
        states=states,
        is_broken=is_broken,
        turned=turned,
        or_before=is_broken and len(turns) == 1,
        nights=sum(map(itemgetter(0), judged)),
        judged=len(judged),
        streak=len(turns[-1]),
        comes_and_goes=sum(turn[0][0] for turn in turns) > 1,
    )


def _order(rule: RuleTrend) -> tuple[bool, bool, bool, float, str]:
    mild, accepted = rule.severity is Severity.ADVISORY, rule.verdict.accepted is not None
    return not rule.is_broken, mild, accepted, -rule.turned.timestamp(), rule.rule
