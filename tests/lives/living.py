"""A service in this process that lives are asked of, and what they say of the rules of its document."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from itertools import count

from contracts.document import Spec
from contracts.lives import Course, lived, lives_of, with_whole_story
from contracts.messages import Exchange, Probe, Request, Response
from contracts.probes import ProbePlan
from contracts.rules.states import no_lives_of, state_rules
from contracts.schemas.families import Family, families_of
from contracts.verdicts import Outcome, Verdict, tally

Answering = Callable[[Request], Response]


@dataclass(frozen=True)
class Lived:
    """What was asked, by family, and the verdicts on all rules of lives."""

    exchanges: Mapping[str, list[Exchange]]
    verdicts: Mapping[str, Verdict]

    @property
    def violated(self) -> dict[str, str]:
        """What was seen, by the ids of violated rules."""
        found = {}
        for rule, verdict in self.verdicts.items():
            if verdict.outcome is Outcome.VIOLATED and verdict.evidence is not None:
                found[rule] = verdict.evidence.finding.seen
        return found

    @property
    def unexercised(self) -> set[str]:
        return {rule for rule, verdict in self.verdicts.items() if not verdict.exercised}


def live(spec: Spec, answer: Answering, plan: ProbePlan | None = None, of: Collection[Family] | None = None) -> Lived:
    """All lives of a document's resources, or `of` some families of them."""
    plan = plan or ProbePlan(spec, live=True, unsafe=True)
    asked: dict[str, list[Exchange]] = {}
    verdicts: dict[str, Verdict] = {}
    for family in families_of(spec) if of is None else of:
        if no_lives_of(spec, family):
            continue
        numbers, exchanges = count(), list[Exchange]()

        def send(probe: Probe) -> Exchange:
            return Exchange(next(numbers), probe, answer(probe.request))  # noqa: B023

        for steps in lives_of(plan, family, frozenset(spec.by_key)):
            exchanges += lived(steps, send)
        asked[family.item_path] = exchanges
        rules = [rule for one in family.operations for rule in state_rules(spec, one)]
        course = Course(spec, family)
        judged = tally(rules, course.judged(exchanges))
        found = [with_whole_story(course, verdict, exchanges) for verdict in judged]
        verdicts.update((verdict.rule.id, verdict) for verdict in found)
    return Lived(asked, verdicts)
