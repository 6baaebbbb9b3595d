"""A verdict, and a run, as properties in pytest's JUnit file: what stands beside a test for programs to read."""

from __future__ import annotations

from collections.abc import Iterator

from contracts.decision.entries import Acceptance
from contracts.document import Spec
from contracts.messages import Headers
from contracts.report.curl import curl
from contracts.report.run import Run
from contracts.text import cut, printable
from contracts.verdicts import Evidence, Verdict

MAX_BODY = 2_000
"""Characters of a body; `report.json` has more."""

Property = tuple[str, str]


def properties_of(
    spec: Spec,
    verdict: Verdict,
    *,
    base_url: str | None,
    header_variables: Headers = (),
    accepted: Acceptance | None = None,
    since: str = "",
) -> Iterator[Property]:
    """What a test says of one rule, `rule` first; all of it can be shown, and none of it is longer than a body may be.

    Args:
        accepted: why the violation is accepted, if it is.
        since: whether it is new.
    """
    rule = verdict.rule
    yield "rule", printable(rule.id)
    yield "severity", rule.severity.value
    yield "outcome", verdict.outcome.value
    yield "source", printable(str(spec.document.source(rule.pointer)))
    if verdict.evidence is not None:
        yield "violations", f"{verdict.violations} of {verdict.exercised}"
        yield from _evidence(spec, verdict.evidence, base_url, header_variables)
        yield "promised", printable(cut(rule.promise, MAX_BODY))
    if verdict.recurrence is not None:
        yield "recurrence", str(verdict.recurrence)
    if since:
        yield "since", printable(since)
    if verdict.why:
        yield "why", printable(cut(verdict.why, MAX_BODY))
    if accepted is not None:
        yield "accepted", printable(cut(f"until {accepted.until}: {accepted.reason}", MAX_BODY))


def _evidence(
    spec: Spec, evidence: Evidence, base_url: str | None, header_variables: Headers
) -> Iterator[Property]:
    yield "seen", printable(evidence.finding.seen)
    if evidence.finding.instance:
        yield "instance", printable(evidence.finding.instance)
    yield "curl", printable(curl(spec, evidence.exchange.probe, base_url, header_variables))
    if (response := evidence.exchange.response) is not None:
        # A character has four bytes at most.
        body = cut(response.body[: 4 * MAX_BODY + 4].decode("utf-8", "backslashreplace"), MAX_BODY)
        yield "status", str(response.status)
        yield "body", "\n".join(map(printable, body.splitlines()))


def suite_properties(run: Run) -> Iterator[Property]:
    """What a run says of itself."""
    yield "decision", run.decision
    for reason in run.reasons:
        yield "reason", printable(cut(reason))
    yield "target", printable(run.target)
    yield "document", printable(run.subject.path)
    yield "sha256", run.subject.sha256
    yield "seed", run.seed
