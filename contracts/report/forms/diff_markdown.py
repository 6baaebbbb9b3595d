"""A comparison as Markdown, for the comments of a pull request."""

from __future__ import annotations

from collections.abc import Iterator

from contracts.changes.change import Effect, Severity
from contracts.decision.change_decision import Judged
from contracts.report.diff import Diff, decision_text, reach_text
from contracts.report.forms.diff_forms import title_line, verdict_line, witness_lines
from contracts.report.forms.markdown import MAX_SIZE, code, cut, fenced, size, text, within

_MARKS = {Severity.ERROR: "🔴", Severity.WARNING: "🟡", Severity.INFO: "🟢"}


def diff_markdown(diff: Diff) -> Iterator[str]:
    """A heading with the decision, a table of the changes, and a block to open for each that has more to say."""
    head = [
        f"### Contract: {text(decision_text(diff))}",
        "",
        f"{code(diff.base.name)} → {code(diff.revision.name)}",
        "",
        *(
            ["| | change | where | what | reaches |", "| --- | --- | --- | --- | --- |"]
            if diff.ordered
            else []
        ),
    ]
    rows = [[_row(judged)] for judged in diff.ordered]
    notes = [["", f"- {text(note)}"] for note in diff.decision.notes]
    blocks = [list(_details(diff, judged)) for judged in diff.ordered if not _is_plain(judged)]
    yield from head
    parts = [*rows, *notes, list(_entries(diff)), *blocks]
    yield from within(
        parts,
        MAX_SIZE - size(head),
        "parts more that do not fit here; `contracts diff` shows them all.",
    )


def _row(judged: Judged) -> str:
    change = judged.change
    mark = "☑️" if judged.acceptance is not None else _MARKS[judged.severity]
    cells = (
        f"{mark} {change.effect.value}, {judged.severity.value}",
        code(change.id),
        code(cut(change.where)),
        text(cut(change.message)),
        text(cut(reach_text(change.reaches, 3))),
    )
    return f"| {' | '.join(cells)} |"


def _is_plain(judged: Judged) -> bool:
    return (
        judged.change.effect is Effect.COMPATIBLE and judged.acceptance is None and not judged.fails
    )


def _details(diff: Diff, judged: Judged) -> Iterator[str]:
    change = judged.change
    yield from (
        "",
        "<details>",
        f"<summary>{code(change.id)} {code(cut(change.where))}</summary>",
        "",
    )
    yield f"- at {code(str(change.base))} → {code(str(change.revision))}"
    if judged.acceptance is not None:
        yield f"- accepted until {judged.acceptance.until}: {text(cut(judged.acceptance.reason))}"
    if change.proof is not None:
        yield f"- {'tried' if change.effect is Effect.UNDECIDED else 'proof'}: {text(cut(change.proof))}"
    if change.witness is not None:
        yield f"- {text(title_line(change.witness))}; {text(cut(verdict_line(change.witness)))}"
        yield ""
        yield from fenced(list(witness_lines(change.witness)), "http")
    yield from ("", "</details>")


def _entries(diff: Diff) -> Iterator[str]:
    if diff.entries:
        yield ""
        yield f"To let it pass, add to {code(diff.accepted_in)}:"
        yield ""
        yield from fenced(list(diff.entries), "toml")
