"""A run as one value, from which every form of report is made."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from contracts.decision.accepted import Accepted
from contracts.decision.entries import Acceptance
from contracts.decision.run_decision import Decision
from contracts.decision.since import Against
from contracts.document import Spec
from contracts.exchanges import is_unavailable
from contracts.messages import Exchange, Headers
from contracts.report.drift import Drift
from contracts.report.run import ending_of
from contracts.report.scrubber import Scrubber
from contracts.rules import Severity
from contracts.verdicts import Outcome, Verdict


@dataclass(frozen=True, eq=False)
class Report:
    """What a run was about, what it saw and what was decided.

    Args:
        base_url: of the live target, None for the mock.
        started, finished: UTC, ISO 8601.
        interrupted: the run ended before everything was asked.
        header_variables: names of the headers sent with every request, each with the variable that has its value.
        scrubber: takes secrets out of what a report shows of answers.
        acceptances: what the team agreed to live with.
        sessions: what came of looking for sessions, as a JSON value; None if nobody asked for that.
        drift: the document that the service publishes against ours, if somebody looked.
        against: what became of each rule since an earlier report, if one was given.
    """

    spec: Spec
    base_url: str | None
    seed: int
    started: str
    finished: str
    verdicts: tuple[Verdict, ...]
    exchanges: Sequence[Exchange]
    decision: Decision
    interrupted: bool = False
    header_variables: Headers = ()
    scrubber: Scrubber = field(default_factory=Scrubber)
    acceptances: Accepted = field(default_factory=Accepted)
    sessions: Mapping[str, Any] | None = None
    against: Against | None = None
    drift: Drift | None = None

    @cached_property
    def outcomes(self) -> Counter[Outcome]:
        """Verdicts by outcome; violations that were accepted are counted apart, see `accepted`."""
        return Counter(
            verdict.outcome for verdict in self.verdicts if verdict.rule.id not in self.accepted
        )

    @cached_property
    def accepted(self) -> dict[str, Acceptance]:
        """The acceptance of each violated rule that has one, by the rule's id."""
        found = ((verdict.rule.id, self.acceptances.of(verdict)) for verdict in self.verdicts)
        return {identity: acceptance for identity, acceptance in found if acceptance is not None}

    @cached_property
    def violated(self) -> tuple[Verdict, ...]:
        """What the document or a standard demands, what was seen broken, and what nobody accepted."""
        broken = [
            v
            for v in self.verdicts
            if v.outcome is Outcome.VIOLATED and v.rule.id not in self.accepted
        ]
        return tuple(verdict for verdict in broken if verdict.rule.severity is Severity.VIOLATION)

    def since_of(self, verdict: Verdict) -> str | None:
        """What became of a rule since the earlier report, if it is or was violated."""
        return self.against.since.get(verdict.rule.id) if self.against is not None else None

    @property
    def unavailable(self) -> int:
        return sum(map(is_unavailable, self.exchanges))

    @property
    def target(self) -> str:
        return self.base_url or "the mock"

    @cached_property
    def statuses(self) -> Counter[str]:
        """Exchanges by status, or by what came instead of an answer."""
        return Counter(map(ending_of, self.exchanges))
