"""A verdict as the five lines a person reads: where, what was seen and wanted, what to do, and how to see it again."""

from __future__ import annotations

from datetime import date

from contracts.decision.accepted import accepted_file
from contracts.decision.entries import TERM, VIOLATIONS, entry_for
from contracts.document import Spec
from contracts.messages import Headers
from contracts.report.curl import curl
from contracts.text import printable
from contracts.verdicts import Verdict


def failure_text(
    spec: Spec,
    verdict: Verdict,
    *,
    base_url: str | None,
    rerun: str,
    today: date,
    header_variables: Headers = (),
    since: str = "",
) -> str:
    """Five lines on a violated rule.

    Args:
        rerun: the command that judges it again.
        today: the entry offered for accepting it counts for `TERM` from then.
        since: whether it is new.
    """
    rule, evidence = verdict.rule, verdict.evidence
    assert evidence is not None, "only a violated rule has a failure text"
    finding = evidence.finding
    where = (
        f"{finding.instance} is "
        if finding.instance and rule.kind not in ("schema", "required")
        else ""
    )
    often = f"on {verdict.violations} of {verdict.exercised} exchanges"
    often += f"; {verdict.recurrence}" if verdict.recurrence else ""
    often += f"; {since}" if since else ""
    accept = f"{accepted_file(spec)}: {entry_for(VIOLATIONS, rule.id, until=today + TERM)}"
    return _lines(
        f"{spec.document.source(rule.pointer)}  {rule.id}",
        f"  seen: {where}{finding.seen} ({often}); wanted: {rule.promise} ({rule.clause})",
        f"  next: fix the service or the document; to live with it for now, add to {accept}",
        f"  repeat: {curl(spec, evidence.exchange.probe, base_url, header_variables)}",
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
