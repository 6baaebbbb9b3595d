"""What a report says of a verdict, in the few words that every form has room for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

from contracts.report.run import CHANGES, Drift, RuleVerdict
from contracts.report.trend import Trend
from contracts.text import plural

_ABOUT_THE_BODY = ("schema", "required")
"""Kinds whose findings say themselves where they are."""
MAX_CHANGES = 5
ENDED_EARLY = "ended early: this covers what was asked until then"


@dataclass(frozen=True, slots=True)
class Cause:
    """Verdicts of one standing and kind whose evidence shows the same, on several operations; or one verdict."""

    verdicts: tuple[RuleVerdict, ...]

    @property
    def seen(self) -> str:
        return seen_text(self.shown)

    @property
    def shown(self) -> RuleVerdict:
        """The verdict with the smallest evidence, the first of these."""
        return min(self.verdicts, key=attrgetter("size"))

    @property
    def operations(self) -> tuple[str, ...]:
        """The keys of the operations, each once."""
        return tuple(dict.fromkeys(verdict.operation for verdict in self.verdicts))


def causes(verdicts: Iterable[RuleVerdict]) -> list[Cause]:
    """The verdicts by cause, in the order in which the first of each comes.

    What is new since an earlier report is apart from what was known; rules of one operation alone are not grouped, nor
    is what has no evidence.
    """
    verdicts = list(verdicts)
    operations: dict[tuple[object, ...], set[str]] = {}
    for verdict in verdicts:
        operations.setdefault(_cause(verdict), set()).add(verdict.operation)
    found: dict[object, list[RuleVerdict]] = {}
    for verdict in verdicts:
        cause = _cause(verdict)
        alone = verdict.proof is None or len(operations[cause]) == 1
        found.setdefault(verdict.rule if alone else cause, []).append(verdict)
    return [Cause(tuple(members)) for members in found.values()]


def spread_text(cause: Cause) -> str:
    """`, on 3 operations`, to be said after the rule that stands for them; empty for one."""
    return f", on {len(cause.operations)} operations" if len(cause.operations) > 1 else ""


def cause_text(cause: Cause) -> str:
    """`GET /a 200 / required id, on 2 operations: no property id (GET /a, GET /b)`."""
    operations = f" ({', '.join(cause.operations)})" if len(cause.operations) > 1 else ""
    return f"{cause.shown.rule}{spread_text(cause)}: {cause.seen}{operations}"


def _cause(verdict: RuleVerdict) -> tuple[object, ...]:
    return verdict.standing, verdict.since, verdict.kind, seen_text(verdict)


def worst_first(verdicts: Iterable[RuleVerdict]) -> list[RuleVerdict]:
    """What is new before what was known, then by the share of answers that broke the rule."""
    return sorted(
        verdicts, key=lambda v: (v.since == "still there", -v.violations / max(v.exercised, 1))
    )


def seen_text(verdict: RuleVerdict) -> str:
    """What was seen instead of what is promised: `/status is "paused"`."""
    proof = verdict.proof
    if proof is None:
        return "no evidence was kept"
    if proof.instance and verdict.kind not in _ABOUT_THE_BODY:
        return f"{proof.instance} is {proof.message}"
    return proof.message


def promise_text(verdict: RuleVerdict) -> str:
    """What is promised, and by which clause; empty in a report of an older version."""
    clause = f" ({verdict.clause})" if verdict.clause else ""
    return f"{verdict.promise}{clause}" if verdict.promise else verdict.clause


def often_text(verdict: RuleVerdict) -> str:
    """`on 3 of 9 exchanges; always`, in the words of a failure."""
    again = f"; {verdict.recurrence}" if verdict.recurrence else ""
    return f"on {verdict.violations} of {verdict.exercised} exchanges{again}"


def since_text(verdict: RuleVerdict, against: Mapping[str, Any] | None) -> str:
    """Whether a violation is new since the earlier report; empty where that can't be told."""
    file = (against or {}).get("path", "an earlier report")
    return {"new": f"new since {file}", "still there": f"still there, {file} has it as well"}.get(
        verdict.since or "", ""
    )


def accepted_text(verdict: RuleVerdict) -> str:
    """`until 2026-12-31: agreed in May`; empty if nobody accepted it."""
    accepted = verdict.accepted
    return f"until {accepted.until}: {accepted.reason}" if accepted is not None else ""


def why_text(verdict: RuleVerdict) -> str:
    """`not exercised: nobody came`, of a rule that was not judged."""
    return f"{verdict.standing}: {verdict.why}" if verdict.why else verdict.standing


def changes_text(against: Mapping[str, Any]) -> str:
    """`1 new, 0 still there, 2 fixed, 0 not judged`, of rules since an earlier report."""
    counts = ((change, len(against.get(change, ()))) for change in CHANGES)
    return ", ".join(f"{count} {change.replace('_', ' ')}" for change, count in counts)


def against_text(against: Mapping[str, Any]) -> str:
    """Which earlier report, and how many rules are new, still there, fixed, or were not judged since."""
    about = f" ({against['about']})" if against.get("about") else ""
    path = against.get("path", "an earlier report")
    return f"against {path}{about}: {changes_text(against)}"


def history_text(trend: Trend) -> str:
    """`12 runs since 2026-11-01`."""
    return f"{plural(len(trend.nights), 'run')} since {trend.first.day}"


def session_lines(sessions: Mapping[str, Any]) -> Iterator[str]:
    """What came of looking for sessions."""
    if (listed := sessions.get("listed")) is not None:
        counts = ", ".join(f"{count} {status}" for status, count in sorted(listed["found"].items()))
        more = "" if listed["complete"] else " at least"
        found = (
            f"found{more} {counts}; {len(listed['picked'])} are asked for"
            if counts
            else "found no session"
        )
        yield f"sessions: {found}{_problem(listed)}"
    if (started := sessions.get("started")) is not None:
        if started["session_id"] is None:
            yield f"sessions: started no session: {started['problem'] or 'interrupted'}"
            return
        seen = (
            f"seen {', then '.join(started['statuses'])}" if started["statuses"] else "never seen"
        )
        ended = "stopped" if started["stopped"] else "NOT STOPPED"
        cost = f"cost {started['cost']}{_problem(started)}"
        yield f"sessions: started session {started['session_id']}, {seen}, {ended}; {cost}"


def _problem(entry: Mapping[str, Any]) -> str:
    return f" ({entry['problem']})" if entry["problem"] else ""


def drift_headline(drift: Drift) -> str:
    """Which version a service publishes, and which is tested."""
    if drift.problem:
        return f"drift: {drift.problem}"
    if not drift.changed:
        return f"drift: none, the service publishes what you test ({drift.ours})"
    if drift.ours == drift.published:
        return f"drift: the service publishes another {drift.ours} than you test"
    return f"drift: the service publishes {drift.published}, you test {drift.ours}"


def drift_head(drift: Drift) -> Iterator[str]:
    """The headline, with the decision if anything changed, and how many violations come of that if any do."""
    if not drift.changed:
        yield drift_headline(drift)
        return
    counts = drift.counts or f"{len(drift.changes)} changes that break or are undecided"
    yield f"{drift_headline(drift)}: {counts}; all of it: {drift.command}"
    if drift.kept:
        rules = plural(len(drift.kept), "violated rule is", "violated rules are")
        yield f"  {rules} no violation of what is published; `contracts pull` takes that over"


def drift_lines(drift: Drift) -> Iterator[str]:
    """The same with the changes, in a few lines."""
    headline, *kept = drift_head(drift)
    yield headline
    if drift.changed:
        yield from (f"  {change}" for change in drift.changes[:MAX_CHANGES])
        if len(drift.changes) > MAX_CHANGES:
            yield f"  … and {len(drift.changes) - MAX_CHANGES} more"
        yield from (f"  {note}" for note in drift.notes)
    yield from kept
