"""What a `report.json` says, as one value: every form of report is made from it, whichever version wrote the file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from itertools import accumulate
from typing import Any

from contracts.messages import Exchange
from contracts.report.drift import Drift
from contracts.rules import Severity
from contracts.verdicts import Outcome, Recurrence

STANDINGS = ("violated", "advisory", "accepted", "undecided", "not exercised", "holds")
"""What a report says of a rule, the worst first."""

CHANGES = ("new", "still_there", "fixed", "not_judged")
"""What may have become of a rule since an earlier report, as `Run.against` has it."""

BOUNDS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0)
"""Seconds; a response time falls below the first of them that is greater, or above them all."""


@dataclass(frozen=True, slots=True)
class Times:
    """The response times of an operation, in seconds; `histogram` counts them between `BOUNDS`."""

    count: int = 0
    median: float = 0.0
    p95: float = 0.0
    longest: float = 0.0
    slowest: str = ""
    histogram: tuple[int, ...] = (0,) * (len(BOUNDS) + 1)


def pooled(parts: Iterable[Times]) -> Times | None:
    """The times of all answers together; None without any answer.

    A report keeps no single times, so that median and 95th percentile are read from the sum of the histograms, straight
    between two bounds. They are never outside what the parts have, because no pooled percentile can be: those of one
    part, or of parts that are alike, are exact.
    """
    answered = [times for times in parts if times.count]
    if not answered:
        return None
    worst = max(answered, key=lambda times: (times.longest, times.slowest))
    histogram = tuple(map(sum, zip(*(times.histogram for times in answered), strict=True)))
    return Times(
        sum(times.count for times in answered),
        _between(percentile(histogram, 50, worst.longest), [times.median for times in answered]),
        _between(percentile(histogram, 95, worst.longest), [times.p95 for times in answered]),
        worst.longest,
        worst.slowest,
        histogram,
    )


def percentile(histogram: Sequence[int], percent: int, longest: float) -> float:
    """The nearest rank's time, as if answers between two bounds were spread evenly; `longest` is the last bound."""
    rank = -(-sum(histogram) * percent // 100)
    up_to = list(accumulate(histogram))
    index = next(index for index, count in enumerate(up_to) if count >= rank)
    low = BOUNDS[index - 1] if index else 0.0
    high = BOUNDS[index] if index < len(BOUNDS) else longest
    nth = rank - (up_to[index] - histogram[index])
    return low + (high - low) * (nth - 0.5) / histogram[index]


def _between(value: float, parts: Sequence[float]) -> float:
    return round(min(max(value, min(parts)), max(parts)), 6)


@dataclass(frozen=True, slots=True)
class OperationRun:
    """What was asked of an operation: on how many exchanges, and how these ended, by status or kind of failure."""

    key: str
    exchanges: int = 0
    unavailable: int = 0
    statuses: Mapping[str, int] = field(default_factory=dict)
    times: Times = field(default_factory=Times)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a promise is written; `excerpt` holds the lines around it, each with its number."""

    file: str
    line: int
    pointer: str = ""
    excerpt: tuple[tuple[int, str], ...] = ()

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


@dataclass(frozen=True, slots=True)
class Proof:
    """The evidence of a violation: what was seen, where in the body, in answer to what."""

    message: str
    instance: str | None
    curl: str
    status: int | None
    headers: tuple[tuple[str, str], ...] = ()
    body: str | None = None
    request: str = ""
    exchange: int | None = None

    @property
    def size(self) -> int:
        return len(self.body or "")


@dataclass(frozen=True, slots=True)
class Agreed:
    """Why a violation is accepted, and the last day on which it is."""

    reason: str
    until: str


@dataclass(frozen=True, slots=True)
class RuleVerdict:
    """The verdict on one rule.

    Args:
        operation: the operation's key, `METHOD PATH`.
        status: the documented status that the rule belongs to, None for the operation's own.
        place: where in the body, None for rules about the response as a whole.
        name: what the rule's id has after its kind (the property that is required, say).
        since: what became of it since an earlier report: `new`, `still there`, `fixed`, `not judged`.
    """

    rule: str
    kind: str
    operation: str
    status: str | None
    media: str
    place: str | None
    name: str
    severity: Severity
    outcome: Outcome
    exercised: int
    violations: int
    source: Place
    promise: str = ""
    clause: str = ""
    seen: Mapping[str, int] = field(default_factory=dict)
    unseen: tuple[str, ...] = ()
    why: str = ""
    accepted: Agreed | None = None
    recurrence: Recurrence | None = None
    since: str | None = None
    proof: Proof | None = None

    @property
    def breaks(self) -> bool:
        """Whether it is violated, and nobody accepted that."""
        return self.outcome is Outcome.VIOLATED and self.accepted is None

    @property
    def standing(self) -> str:
        """The outcome in the words of a report: one of `STANDINGS`."""
        if self.outcome is not Outcome.VIOLATED:
            return self.outcome.value.replace("_", " ")
        if self.accepted is not None:
            return "accepted"
        return "violated" if self.severity is Severity.VIOLATION else "advisory"


@dataclass(frozen=True, slots=True)
class Subject:
    """The document that was tested."""

    title: str
    version: str
    path: str
    sha256: str


@dataclass(frozen=True, eq=False)
class Run:
    """A contract run, or several that were merged: then there may be more than one of what is in the plural.

    Args:
        files: the reports that it was read from.
        targets: the base URLs, None for the mock.
        started, finished: with a time zone.
        interrupted: the run ended before everything was asked.
        against: what became of rules since an earlier report, as the report has it.
    """

    suite: str
    files: tuple[str, ...]
    subjects: tuple[Subject, ...]
    targets: tuple[str | None, ...]
    seeds: tuple[int, ...]
    started: datetime
    finished: datetime
    decision: str
    reasons: tuple[str, ...]
    notes: tuple[str, ...]
    interrupted: bool
    verdicts: tuple[RuleVerdict, ...]
    operations: tuple[OperationRun, ...]
    exchanges: int
    unavailable: int
    statuses: Mapping[str, int]
    sessions: Mapping[str, Any] | None = None
    against: Mapping[str, Any] | None = None
    drift: Drift | None = None

    @property
    def subject(self) -> Subject:
        return self.subjects[0]

    @property
    def target(self) -> str:
        return ", ".join(target or "the mock" for target in self.targets)

    @property
    def seed(self) -> str:
        return ", ".join(map(str, self.seeds))

    @property
    def seconds(self) -> float:
        return (self.finished - self.started).total_seconds()

    @cached_property
    def counts(self) -> dict[str, int]:
        """Verdicts by outcome; violations that were accepted are counted apart."""
        counts = {outcome.value: 0 for outcome in Outcome} | {"accepted": 0}
        for verdict in self.verdicts:
            counts["accepted" if verdict.accepted is not None else verdict.outcome.value] += 1
        return counts

    @cached_property
    def violated(self) -> tuple[RuleVerdict, ...]:
        """What the document or a standard demands, what was seen broken, and what nobody accepted."""
        return tuple(v for v in self.verdicts if v.breaks and v.severity is Severity.VIOLATION)

    @cached_property
    def advisories(self) -> tuple[RuleVerdict, ...]:
        return tuple(v for v in self.verdicts if v.breaks and v.severity is Severity.ADVISORY)

    @cached_property
    def accepted(self) -> tuple[RuleVerdict, ...]:
        return tuple(v for v in self.verdicts if v.accepted is not None)

    @cached_property
    def missing(self) -> tuple[RuleVerdict, ...]:
        """What was not judged."""
        return tuple(
            v for v in self.verdicts if v.outcome in (Outcome.NOT_EXERCISED, Outcome.UNDECIDED)
        )

    @cached_property
    def slowest(self) -> Times | None:
        """The times of the operation with the slowest answer."""
        answered = [operation.times for operation in self.operations if operation.times.count]
        return max(answered, key=lambda times: times.longest, default=None)


def ending_of(exchange: Exchange) -> str:
    """The status, or what came instead of an answer."""
    if exchange.response is not None:
        return str(exchange.response.status)
    return str(exchange.failure and exchange.failure.kind.value)
