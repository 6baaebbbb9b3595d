"""A comparison as workflow commands of GitHub Actions: an annotation a change, at its file and line."""

from __future__ import annotations

from collections.abc import Iterator

from contracts.changes.change import Severity
from contracts.decision.change_decision import Judged
from contracts.document import Source
from contracts.document.sides import Side
from contracts.report.diff import Diff, decision_text, reach_text
from contracts.report.forms.witness_text import verdict_line
from contracts.report.forms.workflow_commands import workflow_command
from contracts.text import printable

_COMMANDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "notice"}


def annotation_lines(diff: Diff) -> Iterator[str]:
    """A line a change, those that break first because GitHub shows only some; the decision in the last line."""
    for judged in diff.ordered:
        yield _annotation(diff, judged)
    yield printable(f"diff: {decision_text(diff)}: {diff.base.name} -> {diff.revision.name}")


def _annotation(diff: Diff, judged: Judged) -> str:
    change, acceptance = judged.change, judged.acceptance
    command = "notice" if acceptance is not None else _COMMANDS[judged.severity]
    place = _place(diff.revision, change.revision) or _place(diff.base, change.base)
    title = f"{change.effect.value}: {change.id} {change.where}"
    parts = [f"{change.message} (reaches {reach_text(change.reaches, 3)})"]
    parts += [verdict_line(change.witness)] if change.witness is not None else []
    parts += (
        [f"accepted until {acceptance.until}: {acceptance.reason}"]
        if acceptance is not None
        else []
    )
    parts += (
        [f"to let it pass, add to {diff.accepted_in}: {diff.entry(judged)}"]
        if judged.needs_acceptance
        else []
    )
    return workflow_command(command, (*(place or ()), ("title", title)), parts)


def _place(side: Side, source: Source) -> tuple[tuple[str, str], ...] | None:
    path = side.path_of(source.file)
    return None if path is None else (("file", path), ("line", str(max(source.line, 1))))
