"""Verdicts to the requests that are worth asking again, and the answers to these to how a violation recurs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from contracts.messages import Credential, Probe, Request, is_unavailable
from contracts.rules import Severity
from contracts.verdicts.judge import Judgement
from contracts.verdicts.verdict import Recurrence, Verdict

TIMES = 5
"""How often a request is asked again."""
MAX_REQUESTS = 10
"""How many requests of an operation are asked again."""


def asked_again(verdicts: Iterable[Verdict], methods: frozenset[str]) -> Iterator[Probe]:
    """The evidence of rules that were broken on some exchanges only, or on one, to be asked for again in rounds.

    A probe is repeated only with the right credential (wrong ones are tried once: a service may lock somebody out), and
    only if its method is among `methods`.
    """
    probes = [
        v.evidence.exchange.probe for v in verdicts if v.evidence is not None and _is_doubtful(v)
    ]
    usable = [p for p in probes if p.credential is Credential.RIGHT and p.request.method in methods]
    chosen = list({probe.request: replace(probe, again=True) for probe in usable}.values())[
        :MAX_REQUESTS
    ]
    for _ in range(TIMES):
        yield from chosen


def _is_doubtful(verdict: Verdict) -> bool:
    seldom = verdict.violations < verdict.exercised or verdict.violations == 1
    return seldom and verdict.rule.severity is Severity.VIOLATION


def with_recurrence(
    verdicts: Iterable[Verdict], judgements: Sequence[Judgement]
) -> tuple[Verdict, ...]:
    """The verdicts, those on violated rules with how the violation recurs."""
    askings: dict[tuple[Request, Credential], list[Judgement]] | None = None
    found = []
    for verdict in verdicts:
        if verdict.evidence is not None:
            askings = _askings(judgements) if askings is None else askings
            probe = verdict.evidence.exchange.probe
            verdict = replace(
                verdict,
                recurrence=_recurrence(verdict, askings.get((probe.request, probe.credential), ())),
            )
        found.append(verdict)
    return tuple(found)


def _askings(judgements: Sequence[Judgement]) -> dict[tuple[Request, Credential], list[Judgement]]:
    found: dict[tuple[Request, Credential], list[Judgement]] = {}
    for judgement in judgements:
        probe = judgement.exchange.probe
        if not is_unavailable(judgement.exchange):
            found.setdefault((probe.request, probe.credential), []).append(judgement)
    return found


def _recurrence(verdict: Verdict, askings: Sequence[Judgement]) -> Recurrence | None:
    """What the answers to one request say; None if it was not asked again and the rule was kept elsewhere."""
    rule = verdict.rule.id
    again = [judgement for judgement in askings if judgement.exchange.probe.again]
    if not again:
        every = verdict.violations == verdict.exercised > 1
        return Recurrence("always", verdict.violations, verdict.exercised) if every else None
    counted = [
        judgement
        for judgement in askings
        if rule in judgement.exercised or judgement.exchange.probe.again
    ]
    broken = [
        judgement
        for judgement in counted
        if any(finding.rule == rule for finding in judgement.findings)
    ]
    how = "always" if len(broken) == len(counted) else "sometimes"
    if not any(judgement.exchange.probe.again for judgement in broken):
        how = "gone on asking again"
    return Recurrence(how, len(broken), len(counted))
