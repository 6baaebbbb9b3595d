"""A report as the summary at the end of a pytest run."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

from contracts.report.printable import printable
from contracts.report.run import RuleVerdict, Run
from contracts.report.trend import Trend, count
from contracts.verdicts import Outcome

MAX_ROWS = 40
MAX_LISTED = 20


def summary_lines(run: Run, *, width: int) -> Iterator[str]:
    """The summary, plain text, for a terminal of `width` columns."""
    yield from map(printable, _summary(run, width))


def _summary(run: Run, width: int) -> Iterator[str]:
    if run.interrupted:
        yield "ended early: this covers what was asked until then"
    if run.drift is not None:
        yield from run.drift.lines()
    if run.against is not None:
        yield from _since(run, run.against)
    yield from _table(run.verdicts, width)
    if run.against is None:
        yield from _listed("violated", [f"{v.rule}: {_seen(v)}" for v in run.violated])
    accepted = [f"{v.rule} until {v.accepted.until}: {v.accepted.reason}" for v in run.accepted if v.accepted]
    yield from _listed("accepted", accepted)
    yield from _listed("accepted and healed", run.notes)
    yield from _listed("advisory", [f"{v.rule}: {v.proof.message if v.proof else ''}" for v in run.advisories])
    if len(run.missing) > MAX_LISTED:
        yield f"not judged: {len(run.missing)} rules, see the table above; report.json says why of each"
    else:
        yield from _listed("not judged", [f"{v.rule} ({v.standing}: {v.why})" for v in run.missing])
    yield from _never_seen(run.verdicts)
    yield _exchanges(run)


def _since(run: Run, against: Mapping[str, Any]) -> Iterator[str]:
    """What is new since an earlier report first, then what is still there in one block, then what was mended."""
    yield f"against {against['path']} ({against['about']}): {_changes(against)}"
    by_id = {verdict.rule: verdict for verdict in run.verdicts}
    yield from _listed("new", [f"{rule}: {_seen(by_id[rule])}" for rule in against["new"]])
    if still := against["still_there"]:
        yield f"still there ({len(still)}):"
        lines = [f"  {rule}{_how(by_id[rule])}" for rule in still]
        yield from lines[:MAX_LISTED]
        yield from [f"  … and {len(lines) - MAX_LISTED} more, in report.json"] * (len(lines) > MAX_LISTED)
    yield from _listed("fixed", against["fixed"])
    yield from _listed("known, and not judged this time", against["not_judged"])


def _changes(against: Mapping[str, Any]) -> str:
    counts = {word: len(against[word]) for word in ("new", "still_there", "fixed", "not_judged")}
    return ", ".join(f"{count} {word.replace('_', ' ')}" for word, count in counts.items())


def _how(verdict: RuleVerdict) -> str:
    return f", {verdict.recurrence}" if verdict.recurrence else ""


def _seen(verdict: RuleVerdict) -> str:
    return f"{verdict.proof.message if verdict.proof else ''}{_how(verdict)}"


def _never_seen(verdicts: Sequence[RuleVerdict]) -> Iterator[str]:
    """What the answers never had that they might have: members of enums, null or a value where both are allowed."""
    found: dict[str, list[str]] = {}
    for verdict in verdicts:
        if verdict.unseen:
            key = f"{verdict.operation} {verdict.status}"
            found.setdefault(key, []).append(f"{verdict.place} {' '.join(verdict.unseen)}")
    yield from _listed("never seen", [f"{key}: {', '.join(places)}" for key, places in found.items()])


def _table(verdicts: Sequence[RuleVerdict], width: int) -> Iterator[str]:
    groups: dict[tuple[str, str], Counter[str]] = {}
    for verdict in verdicts:
        group = groups.setdefault((verdict.operation, verdict.status or "any"), Counter())
        group["rules"] += 1
        group["exercised"] += verdict.exercised > 0
        group["violated"] += verdict.breaks
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


def _exchanges(run: Run) -> str:
    statuses = ", ".join(f"{status} x {count}" for status, count in sorted(run.statuses.items()))
    slowest = ""
    if run.slowest is not None:
        target = run.slowest.slowest
        target = target if len(target) <= 60 else f"{target[:59]}…"
        slowest = f"; slowest {run.slowest.longest * 1000:.0f} ms ({target})"
    return f"exchanges: {run.exchanges} ({statuses}){slowest}; seed {run.seed}"


def decision_line(run: Run) -> str:
    """The last line of a run: the decision, the target, and the counts."""
    counts = ", ".join(f"{run.counts[outcome]} {outcome.value.replace('_', ' ')}" for outcome in Outcome)
    counts += f", {run.counts['accepted']} accepted" if run.counts["accepted"] else ""
    counts += f"; {_changes(run.against)}" if run.against is not None else ""
    reasons = f": {'; '.join(run.reasons)}" if run.reasons else ""
    rules = f"{len(run.verdicts)} rule{'s' * (len(run.verdicts) != 1)}, {counts}"
    return printable(f"contract: {run.decision.upper()} on {run.target}{reasons} ({rules})")


def trend_lines(trend: Trend) -> Iterator[str]:
    """What the history says, in a line, and what was left out of it."""
    numbers = [(len(trend.new), "new"), (len(trend.coming_and_going), "coming and going"), (len(trend.fixed), "fixed")]
    changes = ", ".join(f"{number} {word}" for number, word in numbers if number)
    yield f"history: {count(len(trend.nights), 'run')} since {trend.first.day}{f'; rules: {changes}' * bool(changes)}"
    yield from (printable(f"history: {note}") for note in trend.notes)
