"""A report as the summary at the end of a pytest run."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence

from rich.console import Console
from rich.table import Table

from contracts.report.printable import printable
from contracts.report.report import Report
from contracts.rules import Severity
from contracts.verdicts import Outcome, Verdict

MAX_ROWS = 40
MAX_LISTED = 20


def summary_lines(report: Report, *, width: int) -> Iterator[str]:
    """The summary, plain text, for a terminal of `width` columns."""
    yield from (printable(report.scrubber.text(line)) for line in _summary(report, width))


def _summary(report: Report, width: int) -> Iterator[str]:
    if report.interrupted:
        yield "ended early: this covers what was asked until then"
    yield from _table(report.verdicts, report.accepted, width)
    broken = [v for v in report.verdicts if v.outcome is Outcome.VIOLATED]
    yield from _listed("violated", [f"{v.rule.id}: {_seen(v)}" for v in report.violated])
    accepted = [(v, report.accepted[v.rule.id]) for v in broken if v.rule.id in report.accepted]
    yield from _listed("accepted", [f"{v.rule.id} until {a.until}: {a.reason}" for v, a in accepted])
    yield from _listed("accepted and healed", report.decision.notes)
    advisories = [v for v in broken if v.rule.severity is Severity.ADVISORY and v.rule.id not in report.accepted]
    yield from _listed(
        "advisory", [f"{v.rule.id}: {v.evidence.finding.seen if v.evidence else ''}" for v in advisories]
    )
    missing = [v for v in report.verdicts if v.outcome in (Outcome.NOT_EXERCISED, Outcome.UNDECIDED)]
    if len(missing) > MAX_LISTED:
        yield f"not judged: {len(missing)} rules, see the table above; report.json says why of each"
    else:
        why = [f"{v.rule.id} ({v.outcome.value.replace('_', ' ')}: {v.why})" for v in missing]
        yield from _listed("not judged", why)
    yield from _never_seen(report.verdicts)
    yield _exchanges(report)


def _seen(verdict: Verdict) -> str:
    seen = verdict.evidence.finding.seen if verdict.evidence else ""
    return f"{seen}, {verdict.recurrence}" if verdict.recurrence else seen


def _never_seen(verdicts: Sequence[Verdict]) -> Iterator[str]:
    """What the answers never had that they might have: members of enums, null or a value where both are allowed."""
    found: dict[str, list[str]] = {}
    for verdict in verdicts:
        if verdict.unseen:
            key = f"{verdict.rule.operation} {verdict.rule.status}"
            found.setdefault(key, []).append(f"{verdict.rule.place} {' '.join(verdict.unseen)}")
    yield from _listed("never seen", [f"{key}: {', '.join(places)}" for key, places in found.items()])


def _table(verdicts: Sequence[Verdict], accepted: Collection[str], width: int) -> Iterator[str]:
    groups: dict[tuple[str, str], Counter[str]] = {}
    for verdict in verdicts:
        group = groups.setdefault((verdict.rule.operation, verdict.rule.status or "any"), Counter())
        group["rules"] += 1
        group["exercised"] += verdict.exercised > 0
        group["violated"] += verdict.outcome is Outcome.VIOLATED and verdict.rule.id not in accepted
        group["not exercised"] += verdict.outcome is Outcome.NOT_EXERCISED
    table = Table(box=None, pad_edge=False, header_style="")
    table.add_column("operation", overflow="fold")
    table.add_column("status")
    columns = ("rules", "exercised", "violated", "not exercised")
    for name in columns:
        table.add_column(name, justify="right")
    worst_first = sorted(groups, key=lambda key: -groups[key]["violated"]) if len(groups) > MAX_ROWS else list(groups)
    for operation, status in worst_first[:MAX_ROWS]:
        counts = groups[(operation, status)]
        table.add_row(operation, status, *(str(counts[name]) for name in columns))
    yield from _plain(table, width)
    if len(groups) > MAX_ROWS:
        yield f"… and {len(groups) - MAX_ROWS} more, in report.json"


def _plain(table: Table, width: int) -> Iterable[str]:
    # Operations are no markup and no emoji codes, whatever brackets and colons their paths have.
    console = Console(
        file=io.StringIO(), width=width, color_system=None, force_terminal=False, markup=False, emoji=False
    )
    with console.capture() as captured:
        console.print(table)
    return (line.rstrip() for line in captured.get().splitlines())


def _listed(title: str, lines: Sequence[str]) -> Iterator[str]:
    for line in lines[:MAX_LISTED]:
        yield f"{title}: {line}"
    if len(lines) > MAX_LISTED:
        yield f"{title}: … and {len(lines) - MAX_LISTED} more, in report.json"


def _exchanges(report: Report) -> str:
    statuses = ", ".join(f"{status} x {count}" for status, count in sorted(report.statuses.items()))
    slowest = ""
    if report.slowest is not None and report.slowest.response is not None:
        request = report.slowest.probe.request
        target = request.target if len(request.target) <= 60 else f"{request.target[:59]}…"
        slowest = f"; slowest {report.slowest.response.seconds * 1000:.0f} ms ({request.method} {target})"
    return f"exchanges: {len(report.exchanges)} ({statuses}){slowest}; seed {report.seed}"


def decision_line(report: Report) -> str:
    """The last line of a run: the decision, the target, and the counts."""
    counts = ", ".join(f"{report.outcomes[outcome]} {outcome.value.replace('_', ' ')}" for outcome in Outcome)
    counts += f", {len(report.accepted)} accepted" if report.accepted else ""
    reasons = f": {'; '.join(report.decision.reasons)}" if report.decision.reasons else ""
    rules = f"{len(report.verdicts)} rule{'s' * (len(report.verdicts) != 1)}, {counts}"
    line = f"contract: {report.decision.result.value.upper()} on {report.target}{reasons} ({rules})"
    return printable(report.scrubber.text(line))
