"""A comparison for a terminal: a finding a paragraph, what breaks first, the decision in the last line."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from contracts.changes.change import Effect
from contracts.decision.change_decision import Judged
from contracts.report.diff import Diff, decision_text, reach_text
from contracts.report.forms.witness_text import title_line, verdict_line, witness_lines
from contracts.text import printable

MAX_REACHES = 5
MAX_TEXT = 600

Paint = Callable[[str, str], str]
"""Gives a text the look of `error`, `warning`, `info` or `title`."""


def plain(text: str, look: str) -> str:
    """No look at all."""
    return text


def diff_lines(diff: Diff, paint: Paint = plain) -> Iterator[str]:
    """The whole report."""
    for title, members in diff.groups:
        yield paint(f"{title} ({len(members)})", "title")
        for judged in members:
            yield from finding_lines(diff, judged, paint)
        yield ""
    yield from (f"note: {printable(note)}" for note in diff.decision.notes)
    yield last_line(diff, paint)


def finding_lines(diff: Diff, judged: Judged, paint: Paint = plain) -> Iterator[str]:
    """One finding: where, what was seen, whom it reaches, why that is so, and what to do next."""
    change = judged.change
    severity = paint(judged.severity.value, judged.severity.value)
    yield f"{printable(f'{change.base} -> {change.revision}')}  {severity} {printable(f'{change.id} {change.where}')}"
    yield f"  seen: {_cut(change.message)}"
    yield f"  reaches: {_cut(reach_text(change.reaches, MAX_REACHES))}"
    if change.witness is not None:
        yield f"  shown by: {title_line(change.witness)}"
        yield from (f"    {line}".rstrip() for line in witness_lines(change.witness))
        yield f"  where {_cut(verdict_line(change.witness))}"
    if change.proof is not None:
        yield f"  {'tried' if change.effect is Effect.UNDECIDED else 'proof'}: {_cut(change.proof)}"
    yield from (f"  {line}" for line in _next(diff, judged))


def last_line(diff: Diff, paint: Paint = plain) -> str:
    """The decision, the counts, and what was compared."""
    sides = printable(f"{diff.base.name} -> {diff.revision.name}")
    text = f"diff: {decision_text(diff)}: {sides}"
    return paint(text, {1: "error", 3: "warning"}.get(diff.decision.exit_code, "info"))


def failing_lines(diff: Diff) -> Iterable[str]:
    """What a test says that fails for these changes."""
    for judged in diff.ordered:
        if judged.needs_acceptance:
            yield from finding_lines(diff, judged)
    yield last_line(diff)


def _next(diff: Diff, judged: Judged) -> Iterator[str]:
    if judged.acceptance is not None:
        yield printable(f"accepted until {judged.acceptance.until}: {judged.acceptance.reason}")
    elif judged.needs_acceptance:
        what = "mend the document" if judged.fails else "look at both places"
        yield f"next: {what}; to let it pass, add to {printable(diff.accepted_in)}: {diff.entry(judged)}"


def _cut(text: str) -> str:
    shown = printable(text[:MAX_TEXT])
    return shown if len(text) <= MAX_TEXT else f"{shown}…"
