"""Observations of a run to one verdict a rule."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from contracts.messages import Exchange
from contracts.rules import Finding, Rule
from contracts.verdicts.judge import Judgement


class Outcome(StrEnum):
    """What a run says about a rule; only `holds` is green, and only what was exercised can hold."""

    HOLDS = "holds"
    VIOLATED = "violated"
    NOT_EXERCISED = "not_exercised"
    UNDECIDED = "undecided"


@dataclass(frozen=True, slots=True)
class Evidence:
    """The finding with the smallest body and the plainest request, and its exchange."""

    finding: Finding
    exchange: Exchange


@dataclass(frozen=True, slots=True)
class Recurrence:
    """How often the request of the evidence broke the rule: on `broken` of the `asked` answers to it.

    `how` is `always`, `sometimes`, or `gone on asking again`: it was asked again, and did not break the rule any more.
    """

    how: str
    broken: int
    asked: int

    def __str__(self) -> str:
        seldom = self.how == "sometimes"
        return f"{self.how} ({self.broken} of {self.asked})" if seldom else self.how


MAX_BROKEN_BY = 1000


@dataclass(frozen=True, slots=True)
class Verdict:
    """For one rule over a run: on how many exchanges it was exercised and broken, and what was seen.

    `why` says why it is undecided, or not exercised; `broken_by` holds what was seen, each text once, of the first
    `MAX_BROKEN_BY` different ones. `explained` means that it is not exercised because finer rules said all that was to
    be said of each body. `recurrence` is None where nothing is known of it.
    """

    rule: Rule
    outcome: Outcome
    exercised: int = 0
    violations: int = 0
    seen: dict[str, int] = field(default_factory=dict)
    evidence: Evidence | None = None
    why: str = ""
    broken_by: tuple[str, ...] = ()
    recurrence: Recurrence | None = None
    explained: bool = False

    @property
    def unseen(self) -> tuple[str, ...]:
        """What may be seen at an exercised rule, and never was."""
        return tuple(
            member for member in self.rule.members if self.exercised and member not in self.seen
        )


@dataclass(slots=True)
class Tally:
    """Counts by rule id over the judgements added so far."""

    exercised: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    violations: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    seen: dict[str, dict[str, int]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(int))
    )
    evidence: dict[str, Evidence] = field(default_factory=dict)
    undecided: dict[str, str] = field(default_factory=dict)
    broken_by: dict[str, dict[str, None]] = field(default_factory=lambda: defaultdict(dict))
    explained: set[str] = field(default_factory=set)

    def add(self, judgement: Judgement) -> None:
        for rule in judgement.exercised:
            self.exercised[rule] += 1
        for rule in {finding.rule for finding in judgement.findings}:
            self.violations[rule] += 1
        for finding in judgement.findings:
            self._keep(Evidence(finding, judgement.exchange))
            if len(self.broken_by[finding.rule]) < MAX_BROKEN_BY:
                self.broken_by[finding.rule][finding.seen] = None
        self.explained |= judgement.explained
        for note in judgement.undecided:
            self.undecided.setdefault(note.rule, note.why)
        for rule, counts in judgement.seen.items():
            for value, times in counts.items():
                self.seen[rule][value] += times

    def _keep(self, evidence: Evidence) -> None:
        best = self.evidence.get(evidence.finding.rule)
        if best is None or _size(evidence) < _size(best):
            self.evidence[evidence.finding.rule] = evidence

    def verdict(self, rule: Rule) -> Verdict:
        exercised, violations = self.exercised.get(rule.id, 0), self.violations.get(rule.id, 0)
        seen = dict(self.seen.get(rule.id, {}))
        if violations:
            texts = tuple(self.broken_by[rule.id])
            evidence = self.evidence[rule.id]
            return Verdict(
                rule, Outcome.VIOLATED, exercised, violations, seen, evidence, broken_by=texts
            )
        if rule.id in self.undecided:
            return Verdict(
                rule, Outcome.UNDECIDED, exercised, seen=seen, why=self.undecided[rule.id]
            )
        if not exercised:
            explained = rule.id in self.explained
            why = "each body that came breaks finer rules"
            if not explained:
                why = "no answer of this run came to this place"
            return Verdict(rule, Outcome.NOT_EXERCISED, seen=seen, why=why, explained=explained)
        return Verdict(rule, Outcome.HOLDS, exercised, seen=seen)


def tally(rules: Iterable[Rule], judgements: Iterable[Judgement]) -> tuple[Verdict, ...]:
    """One verdict a rule, in the order of `rules`."""
    counts = Tally()
    for judgement in judgements:
        counts.add(judgement)
    return tuple(counts.verdict(rule) for rule in rules)


def _size(evidence: Evidence) -> tuple[int, bool, int]:
    """The size of the body; of bodies of one size that to the plainest request is the smallest."""
    exchange = evidence.exchange
    size = len(exchange.response.body) if exchange.response else 0
    return size, exchange.probe.source != "given", len(exchange.probe.request.headers)
