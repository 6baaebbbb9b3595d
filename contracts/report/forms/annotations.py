"""A run as workflow commands of GitHub Actions: an annotation a violation, at its file and line of the document."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from contracts.report.forms.markdown import cut
from contracts.report.forms.terminal import decision_line
from contracts.report.forms.workflow_commands import workflow_command
from contracts.report.run import RuleVerdict, Run
from contracts.report.wording import often_text, promise_text, seen_text, since_text, worst_first

MAX_SHOWN = 10
"""Of each level; GitHub shows no more of a step."""


def annotation_lines(run: Run, here: Path | None = None) -> Iterator[str]:
    """Errors, warnings and notices, the worst first; the decision in the last line.

    A violation is an error, unless the run passed all the same, an advisory a warning, and what is accepted a notice.

    Args:
        here: the folder from which GitHub sees the files; the working directory if it is not given.
    """
    here = Path.cwd() if here is None else here
    violations, advisories = worst_first(run.violated), worst_first(run.advisories)
    errors = [] if run.decision == "pass" else violations
    warnings = [*(violations if run.decision == "pass" else []), *advisories]
    for command, verdicts in (
        ("error", errors),
        ("warning", warnings),
        ("notice", worst_first(run.accepted)),
    ):
        yield from _annotations(command, verdicts, run, here)
    yield decision_line(run)


def _annotations(
    command: str, verdicts: Sequence[RuleVerdict], run: Run, here: Path
) -> Iterator[str]:
    for verdict in verdicts[:MAX_SHOWN]:
        place = (
            ("file", _path(verdict.source.file, here)),
            ("line", str(max(verdict.source.line, 1))),
        )
        title = f"{verdict.standing}: {verdict.rule}"
        yield workflow_command(command, (*place, ("title", title)), _message(verdict, run))
    if len(verdicts) > MAX_SHOWN:
        yield f"… and {len(verdicts) - MAX_SHOWN} more of level {command}, in report.json"


def _message(verdict: RuleVerdict, run: Run) -> Iterator[str]:
    yield cut(f"seen: {seen_text(verdict)} ({often_text(verdict)})")
    if promise := promise_text(verdict):
        yield cut(f"wanted: {promise}")
    if since := since_text(verdict, run.against):
        yield since
    if verdict.accepted is not None:
        yield cut(f"accepted until {verdict.accepted.until}: {verdict.accepted.reason}")
    elif verdict.proof is not None:
        yield f"repeat: {verdict.proof.curl}"


def _path(file: str, here: Path) -> str:
    """A file as seen from there, if it is below."""
    try:
        return Path(file).relative_to(here).as_posix()
    except ValueError:
        return file
