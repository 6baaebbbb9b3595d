"""Several runs to one, as if one had asked everything: the same rule once, with the evidence of the worst."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from contracts.report.run import CHANGES, OperationRun, RuleVerdict, Run, Times, pooled
from contracts.verdicts import Outcome

DECISIONS = ("fail", "inconclusive", "pass")
"""Any of them decides for all, in this order."""
OUTCOMES = (Outcome.VIOLATED, Outcome.UNDECIDED, Outcome.HOLDS, Outcome.NOT_EXERCISED)
"""Any of them decides for a rule, in this order; a violation that nobody accepted comes before all."""

T = TypeVar("T")


def merge(runs: Sequence[Run]) -> Run:
    """The runs as one; at least one is needed. Their order does not matter, and one alone is what it was.

    Counts are sums, times are pooled (see `pooled`). What is known of sessions and of drift is that of the last run
    that knows of any.
    """
    if len(runs) == 1:
        return runs[0]
    ordered = sorted(runs, key=lambda run: (run.started, run.finished, run.seeds, run.files))
    verdicts = _verdicts(ordered)
    return Run(
        suite=", ".join(_once(run.suite for run in ordered)),
        files=_once(file for run in ordered for file in run.files),
        subjects=_once(subject for run in ordered for subject in run.subjects),
        targets=_once(target for run in ordered for target in run.targets),
        seeds=_once(seed for run in ordered for seed in run.seeds),
        started=min(run.started for run in ordered),
        finished=max(run.finished for run in ordered),
        decision=min((run.decision for run in ordered), key=_rank),
        reasons=_once(
            reason
            for run in sorted(ordered, key=lambda r: _rank(r.decision))
            for reason in run.reasons
        ),
        notes=_once([*_differences(ordered), *(note for run in ordered for note in run.notes)]),
        interrupted=any(run.interrupted for run in ordered),
        verdicts=verdicts,
        operations=_operations(ordered),
        exchanges=sum(run.exchanges for run in ordered),
        unavailable=sum(run.unavailable for run in ordered),
        statuses=_summed(run.statuses for run in ordered),
        sessions=_last(run.sessions for run in ordered),
        against=_against([run.against for run in ordered if run.against is not None], verdicts),
        drift=_last(run.drift for run in ordered),
    )


def _rank(decision: str) -> int:
    return DECISIONS.index(decision) if decision in DECISIONS else DECISIONS.index("inconclusive")


def _differences(runs: Sequence[Run]) -> Iterator[str]:
    """What keeps the runs from being about the same."""
    subjects = {
        (subject.title, subject.sha256): subject for run in runs for subject in run.subjects
    }
    if len(subjects) > 1:
        documents = [
            f"{subject.title} {subject.version} ({sha256[:8]})"
            for (_, sha256), subject in subjects.items()
        ]
        yield f"these reports are on different documents: {', '.join(documents)}; lines are those of the evidence's"
    suites = _once(run.suite for run in runs)
    if len(suites) > 1:
        yield f"these reports were written by different versions of the suite: {', '.join(suites)}"


def _verdicts(runs: Sequence[Run]) -> tuple[RuleVerdict, ...]:
    """A verdict a rule, in the order in which the runs have them."""
    found: dict[str, list[RuleVerdict]] = {}
    for run in runs:
        for verdict in run.verdicts:
            found.setdefault(verdict.rule, []).append(verdict)
    return tuple(map(_merged, found.values()))


def _merged(verdicts: Sequence[RuleVerdict]) -> RuleVerdict:
    """The worst of the verdicts on a rule, which says everything but what is counted."""
    worst = min(verdicts, key=_badness)
    seen = _summed(verdict.seen for verdict in verdicts)
    return replace(
        worst,
        exercised=sum(verdict.exercised for verdict in verdicts),
        violations=sum(verdict.violations for verdict in verdicts),
        seen=seen,
        unseen=_once(
            member for verdict in verdicts for member in verdict.unseen if member not in seen
        ),
    )


def _badness(verdict: RuleVerdict) -> tuple[bool, int, float, int]:
    """The smaller the worse: then by the share of answers that broke the rule, then the evidence easiest to read."""
    share = verdict.violations / verdict.exercised if verdict.exercised else 0.0
    size = verdict.proof.size if verdict.proof is not None else 0
    return (not verdict.breaks, OUTCOMES.index(verdict.outcome), -share, size)


def _operations(runs: Sequence[Run]) -> tuple[OperationRun, ...]:
    found: dict[str, list[OperationRun]] = {}
    for run in runs:
        for operation in run.operations:
            found.setdefault(operation.key, []).append(operation)
    return tuple(
        OperationRun(
            key,
            sum(operation.exchanges for operation in operations),
            sum(operation.unavailable for operation in operations),
            _summed(operation.statuses for operation in operations),
            pooled(operation.times for operation in operations) or Times(),
        )
        for key, operations in found.items()
    )


def _against(
    entries: Sequence[Mapping[str, Any]], verdicts: Sequence[RuleVerdict]
) -> dict[str, Any] | None:
    """What became of rules since the earlier reports; of a rule with a verdict, what became of that one."""
    if not entries:
        return None
    became = {
        str(rule): change
        for change in CHANGES
        for entry in entries
        for rule in entry.get(change, ())
    }
    became |= {verdict.rule: (verdict.since or "").replace(" ", "_") for verdict in verdicts}
    changes = {
        change: [rule for rule, found in became.items() if found == change] for change in CHANGES
    }
    carried = {
        rule: evidence for entry in entries for rule, evidence in entry.get("carried", {}).items()
    }
    return {
        **{
            name: ", ".join(_once(str(entry.get(name, "")) for entry in entries))
            for name in ("path", "about")
        },
        **changes,
        "carried": {
            rule: evidence for rule, evidence in carried.items() if rule in changes["not_judged"]
        },
    }


def _summed(counts: Iterable[Mapping[str, int]]) -> dict[str, int]:
    total: Counter[str] = Counter()
    for part in counts:
        total.update(part)
    return dict(sorted(total.items()))


def _once(values: Iterable[T]) -> tuple[T, ...]:
    """Without repeats, in the order in which they come."""
    return tuple(dict.fromkeys(values))


def _last(values: Iterable[T | None]) -> T | None:
    return next((value for value in reversed(list(values)) if value is not None), None)
