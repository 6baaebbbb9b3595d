"""A run as Markdown, for the summary of a job: what a reader needs in ten seconds, then what there is to open."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC

from contracts.report.forms.markdown import MAX_SIZE, code, cut, fenced, size, text, within
from contracts.report.forms.markdown_trend import trend_parts
from contracts.report.forms.page.body_markup import Line, marked_body
from contracts.report.run import RuleVerdict, Run
from contracts.report.trend import Trend, count
from contracts.report.wording import (
    against_text,
    often_text,
    promise_text,
    seen_text,
    session_lines,
    since_text,
    worst_first,
)
from contracts.text import printable

MAX_ROWS = 25
MAX_LISTED = 20
MAX_CURL = 2000
MAX_BODY = 25
"""Lines of a body, each of so many characters:"""
MAX_WIDTH = 160
MAX_INDENT = 20

_MARKS = {"pass": "🟢", "fail": "🔴", "inconclusive": "🟡"}
_COLUMNS = ("rules", "hold", "violated", "advisory", "accepted", "not judged")
_COLUMN_OF = {"holds": "hold", "not exercised": "not judged", "undecided": "not judged"}
_MORE = "parts more that do not fit here; report.json has them all."


def markdown_report(run: Run, trend: Trend | None = None) -> Iterator[str]:
    """The lines of the page; with a trend, what became of rules and response times over the nights."""
    head = list(_head(run))
    broken = [*worst_first(run.violated), *worst_first(run.advisories)]
    table, blocks = (
        list(_table(run.verdicts)),
        [list(_details(verdict, run, trend)) for verdict in broken],
    )
    rest = list(within(_rest(run, trend), MAX_SIZE // 2, _MORE))
    yield from head
    yield from within([table, *blocks], MAX_SIZE - size(head) - size(rest) - len(_MORE) - 20, _MORE)
    yield from rest


def _head(run: Run) -> Iterator[str]:
    """The decision with its reasons, and what the run was about."""
    yield f"### {_MARKS.get(run.decision, '🟡')} Contract: {run.decision.upper()} on {text(cut(run.target))}"
    yield ""
    yield from within([[f"- {text(cut(line))}"] for line in _facts(run)], MAX_SIZE // 4, _MORE)
    yield ""
    yield text(cut(_about(run)))


def _facts(run: Run) -> Iterator[str]:
    """Why it was decided so, and what else is known of the run beside its verdicts."""
    if run.interrupted:
        yield "ended early: this covers what was asked until then"
    yield from run.reasons
    yield _outcomes(run)
    if run.against is not None:
        yield against_text(run.against)
    if run.drift is not None:
        yield from run.drift.lines()
    if run.sessions is not None:
        yield from session_lines(run.sessions)
    yield from run.notes


def _outcomes(run: Run) -> str:
    numbers = (
        (len(run.violated), "violated"),
        (len(run.advisories), "advisory"),
        (len(run.accepted), "accepted"),
        (len(run.missing), "not judged"),
    )
    found = ", ".join(
        f"{number} {word}" for number, word in numbers if number or word == "violated"
    )
    return f"{count(len(run.verdicts), 'rule')}: {run.counts['holds']} hold, {found}"


def _about(run: Run) -> str:
    documents = ", ".join(f"{one.title} {one.version} ({one.sha256[:8]})" for one in run.subjects)
    when = f"{run.started.astimezone(UTC):%Y-%m-%d %H:%M} UTC, {run.seconds:.0f} s"
    lost = f", {run.unavailable} without an answer" if run.unavailable else ""
    return f"{documents} · {when} · {count(run.exchanges, 'exchange')}{lost} · seed {run.seed}"


def _table(verdicts: Sequence[RuleVerdict]) -> Iterator[str]:
    """Rules by operation and status, the worst first."""
    groups: dict[tuple[str, str], Counter[str]] = {}
    for verdict in verdicts:
        counts = groups.setdefault((verdict.operation, verdict.status or "any"), Counter())
        counts["rules"] += 1
        counts[_COLUMN_OF.get(verdict.standing, verdict.standing)] += 1
    if not groups:
        return
    worst = sorted(groups.items(), key=lambda group: [-group[1][column] for column in _COLUMNS[2:]])
    yield ""
    yield f"| operation | status | {' | '.join(_COLUMNS)} |"
    yield f"| --- | --- |{' ---: |' * len(_COLUMNS)}"
    for (operation, status), counts in worst[:MAX_ROWS]:
        numbers = " | ".join(str(counts[column]) for column in _COLUMNS)
        yield f"| {code(cut(operation, 120))} | {text(status)} | {numbers} |"
    if len(worst) > MAX_ROWS:
        yield ""
        yield f"… and {count(len(worst) - MAX_ROWS, 'row')} more, of operations that are no worse"


def _details(verdict: RuleVerdict, run: Run, trend: Trend | None) -> Iterator[str]:
    """A violation: its place, what was promised and seen, and how to see it again."""
    mark = "🔴" if verdict.standing == "violated" else "🟠"
    yield from (
        "",
        "<details>",
        f"<summary>{mark} {code(cut(verdict.rule))} {text(cut(seen_text(verdict), 120))}</summary>",
    )
    yield ""
    yield f"- at {code(str(verdict.source))}"
    yield f"- seen: {text(cut(seen_text(verdict)))} ({text(often_text(verdict))})"
    if promise := promise_text(verdict):
        yield f"- wanted: {text(cut(promise))}"
    if since := _since(verdict, run, trend):
        yield f"- {text(cut(since))}"
    yield from _evidence(verdict)
    yield from ("", "</details>")


def _since(verdict: RuleVerdict, run: Run, trend: Trend | None) -> str:
    """Since when it is violated, as far as the earlier report and the nights before tell."""
    known = since_text(verdict, run.against)
    nights = (
        trend.by_rule[verdict.rule].standing
        if trend is not None and verdict.rule in trend.by_rule
        else ""
    )
    return "; ".join(filter(None, [nights, known]))


def _evidence(verdict: RuleVerdict) -> Iterator[str]:
    proof = verdict.proof
    if proof is None:
        return
    if len(proof.curl) <= MAX_CURL:
        yield ""
        yield from fenced([printable(proof.curl)], "sh")
    else:
        yield "- repeat: the curl command is too long for here; report.json has it"
    if proof.body:
        yield ""
        yield from fenced(_body(proof.body, proof.instance), "text")


def _body(body: str, instance: str | None) -> list[str]:
    """The lines around a place, the first of the place with a mark."""
    lines = marked_body(body, instance, whole=False).lines[:MAX_BODY]
    marked = next((index for index, line in enumerate(lines) if line.marked), None)
    return [
        f"{_body_line(line)}{'   ← here' * (index == marked)}" for index, line in enumerate(lines)
    ]


def _body_line(line: Line) -> str:
    if line.left_out:
        return f"… {count(line.left_out, 'line')}"
    return cut(
        "  " * min(line.indent, MAX_INDENT) + "".join(piece.text for piece in line.pieces),
        MAX_WIDTH,
    )


def _rest(run: Run, trend: Trend | None) -> Iterator[list[str]]:
    if trend is not None:
        yield from trend_parts(trend)
    accepted = [
        (v, f"until {v.accepted.until}: {v.accepted.reason}") for v in run.accepted if v.accepted
    ]
    yield list(_listed("accepted", accepted))
    yield list(
        _listed(
            "not judged", [(v, f"{v.standing}{f': {v.why}' * bool(v.why)}") for v in run.missing]
        )
    )
    yield list(
        _listed(
            "with values never seen", [(v, ", ".join(v.unseen)) for v in run.verdicts if v.unseen]
        )
    )


def _listed(title: str, rows: Sequence[tuple[RuleVerdict, str]]) -> Iterator[str]:
    """A block to open, a line a rule; nothing without rules."""
    if not rows:
        return
    yield from ("", "<details>", f"<summary>{count(len(rows), 'rule')} {title}</summary>", "")
    yield from (
        f"- {code(cut(verdict.rule))} {text(cut(words))}" for verdict, words in rows[:MAX_LISTED]
    )
    if len(rows) > MAX_LISTED:
        yield f"- … and {len(rows) - MAX_LISTED} more, in report.json"
    yield from ("", "</details>")
