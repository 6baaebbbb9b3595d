"""What a report says of a verdict, in the few words that every form has room for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from contracts.report.run import RuleVerdict

_ABOUT_THE_BODY = ("schema", "required")
"""Kinds whose findings say themselves where they are."""
_CHANGES = ("new", "still_there", "fixed", "not_judged")


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
    return (
        f"{proof.instance} is {proof.message}"
        if proof.instance and not _says_where(verdict)
        else proof.message
    )


def _says_where(verdict: RuleVerdict) -> bool:
    return verdict.kind in _ABOUT_THE_BODY


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


def against_text(against: Mapping[str, Any]) -> str:
    """Which earlier report, and how many rules are new, still there, fixed, or were not judged since."""
    counts = ", ".join(
        f"{len(against.get(change, ()))} {change.replace('_', ' ')}" for change in _CHANGES
    )
    about = f" ({against['about']})" if against.get("about") else ""
    return f"against {against.get('path', 'an earlier report')}{about}: {counts}"


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
