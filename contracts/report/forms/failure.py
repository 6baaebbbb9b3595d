"""What a test says of a verdict: the lines of its failure, and the properties beside it in pytest's JUnit file."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from contracts.decision.entries import TERM, VIOLATIONS, Acceptance, entry_for
from contracts.decision.run_decision import accepted_file
from contracts.document import Spec
from contracts.report.run import Run
from contracts.report.wording import cause_text, causes
from contracts.text import cut, printable
from contracts.verdicts import Evidence, Verdict

MAX_BODY = 2_000
"""Characters of a body among the properties; `report.json` has more."""

Property = tuple[str, str]


def failure_text(
    spec: Spec,
    verdict: Verdict,
    *,
    repeat: str,
    rerun: str,
    today: date,
    since: str = "",
) -> str:
    """Five lines on a violated rule: where, what was seen and wanted, what to do, and how to see it again.

    Args:
        repeat: the command that sends the request of its evidence again.
        rerun: the command that judges it again.
        today: the entry offered for accepting it counts for `TERM` from then.
        since: whether it is new.
    """
    rule, evidence = verdict.rule, verdict.evidence
    assert evidence is not None, "only a violated rule has a failure text"
    seen = evidence.finding.seen
    if evidence.finding.instance and rule.kind not in ("schema", "required"):
        seen = f"{evidence.finding.instance} is {seen}"
    often = f"on {verdict.violations} of {verdict.exercised} exchanges"
    if verdict.recurrence:
        often += f"; {verdict.recurrence}"
    if since:
        often += f"; {since}"
    accept = f"{accepted_file(spec)}: {entry_for(VIOLATIONS, rule.id, until=today + TERM)}"
    return _lines(
        f"{spec.document.source(rule.pointer)}  {rule.id}",
        f"  seen: {seen} ({often}); wanted: {rule.promise} ({rule.clause})",
        f"  next: fix the service or the document; to live with it for now, add to {accept}",
        f"  repeat: {repeat}",
        f"  rerun: {rerun}",
    )


def missing_text(spec: Spec, verdict: Verdict, *, rerun: str) -> str:
    """Four lines on a rule that fails because it was not judged (strict runs)."""
    outcome = verdict.outcome.value.replace("_", " ")
    return _lines(
        f"{spec.document.source(verdict.rule.pointer)}  {verdict.rule.id}",
        f"  seen: {outcome}, {verdict.why}; wanted: that every promise of this answer is seen kept",
        "  next: give values whose answers come to this place (--contract-param NAME=VALUE), or run without strict",
        f"  rerun: {rerun}",
    )


def _lines(*lines: str) -> str:
    return "\n".join(map(printable, lines))


def properties_of(
    spec: Spec,
    verdict: Verdict,
    *,
    repeat: str = "",
    accepted: Acceptance | None = None,
    since: str = "",
) -> Iterator[Property]:
    """What a test says of one rule, `rule` first; all of it can be shown, and none of it is longer than a body may be.

    Args:
        repeat: the command that sends the request of its evidence again.
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
        yield from _evidence(verdict.evidence, repeat)
        yield "promised", _cut(rule.promise)
    if verdict.recurrence is not None:
        yield "recurrence", str(verdict.recurrence)
    if since:
        yield "since", printable(since)
    if verdict.why:
        yield "why", _cut(verdict.why)
    if accepted is not None:
        yield "accepted", _cut(f"until {accepted.until}: {accepted.reason}")


def _evidence(evidence: Evidence, repeat: str) -> Iterator[Property]:
    yield "seen", printable(evidence.finding.seen)
    if evidence.finding.instance:
        yield "instance", printable(evidence.finding.instance)
    yield "curl", printable(repeat)
    if (response := evidence.exchange.response) is not None:
        # A character has four bytes at most.
        body = cut(response.body[: 4 * MAX_BODY + 4].decode("utf-8", "backslashreplace"), MAX_BODY)
        yield "status", str(response.status)
        yield "body", "\n".join(map(printable, body.splitlines()))


def _cut(text: str) -> str:
    return printable(cut(text, MAX_BODY))


def suite_properties(run: Run) -> Iterator[Property]:
    """What a run says of itself."""
    yield "decision", run.decision
    for reason in run.reasons:
        yield "reason", printable(cut(reason))
    for cause in causes(run.violated):
        if cause.is_spread:
            yield "cause", _cut(cause_text(cause))
    yield "target", printable(run.target)
    yield "document", printable(run.subject.path)
    yield "sha256", run.subject.sha256
    yield "seed", run.seed
