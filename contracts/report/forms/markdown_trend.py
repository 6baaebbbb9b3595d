"""Nights in a row as a part of a Markdown report: since when each rule is violated, and curves of numbers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from contracts.report.forms.markdown import code, cut, text
from contracts.report.trend import OperationTrend, State, Trend, count

SHOWN = 30
"""Nights that a curve shows, the last ones."""
MAX_RULES = 20
MAX_OPERATIONS = 8

_BARS = "▁▂▃▄▅▆▇█"
_STATES = {
    State.VIOLATED: "█",
    State.ACCEPTED: "▄",
    State.HOLDS: "▁",
    State.NOT_JUDGED: "·",
    State.ABSENT: "·",
}


def trend_parts(trend: Trend) -> list[list[str]]:
    """The parts, to be shown in this order: a heading, a table of rules, a table of numbers."""
    heading = f"#### History: {count(len(trend.nights), 'run')} since {trend.first.day}"
    notes = [f"- {text(cut(note))}" for note in trend.notes]
    return [["", heading, *([""] if notes else []), *notes], _rules(trend), _numbers(trend)]


def curve(values: Sequence[float | None]) -> str:
    """The last values as bars from 0 to the highest; a dot where there is none."""
    shown = values[-SHOWN:]
    most = max((value for value in shown if value is not None), default=0.0) or 1.0
    return "".join(
        "·" if value is None else _BARS[round(value / most * (len(_BARS) - 1))] for value in shown
    )


def _rules(trend: Trend) -> list[str]:
    if not trend.rules:
        return ["", "No rule was violated in any of them."]
    rows = [
        f"| {code(cut(rule.rule))} | {rule.standing} | {''.join(_STATES[state] for state in rule.states[-SHOWN:])} |"
        for rule in trend.rules[:MAX_RULES]
    ]
    legend = "█ violated, ▄ accepted, ▁ kept, · not judged"
    more = len(trend.rules) - MAX_RULES
    return [
        "",
        f"| rule | | {legend} |",
        "| --- | --- | --- |",
        *rows,
        *(["", f"… and {count(more, 'rule')} more that were violated once"] if more > 0 else []),
    ]


def _numbers(trend: Trend) -> list[str]:
    rows = [f"| {name} | {now} | {curve(values)} |" for name, now, values in _series(trend)]
    shown = count(min(len(trend.nights), SHOWN), "run")
    return ["", f"| | now | last {shown} |", "| --- | ---: | --- |", *rows]


def _series(trend: Trend) -> Iterator[tuple[str, str, Sequence[float | None]]]:
    """The numbers that are worth a curve: what each is, how it is now, and a value a night."""
    nights, tonight = trend.nights, trend.tonight
    yield "violated rules", str(tonight.violated), [night.violated for night in nights]
    lost = [night.unavailable_share for night in nights]
    yield "requests without an answer", f"{lost[-1]:.1%}", lost
    yield "median response time", _milliseconds(tonight.median), trend.medians
    yield "95th percentile", _milliseconds(tonight.p95), trend.p95s
    slowest = (
        sorted(trend.operations, key=_slowness, reverse=True) if len(trend.operations) > 1 else []
    )
    for operation in slowest[:MAX_OPERATIONS]:
        name = code(cut(operation.key, 120))
        yield f"{name} median", _milliseconds(operation.medians[-1]), operation.medians
        yield f"{name} 95th percentile", _milliseconds(operation.p95s[-1]), operation.p95s


def _slowness(operation: OperationTrend) -> float:
    return operation.p95s[-1] or 0.0


def _milliseconds(seconds: float | None) -> str:
    if seconds is None:
        return ""
    return f"{seconds * 1000:.1f} ms" if seconds < 0.01 else f"{seconds * 1000:,.0f} ms"
