"""A run, and a comparison, as commands of GitHub Actions: an annotation a finding, at its line."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from contracts.changes.change import ChangeSeverity
from contracts.decision.change_decision import Judged
from contracts.document import Source
from contracts.report import wording
from contracts.report.diff import Bundle, Diff, reach_text
from contracts.report.forms.diff_forms import last_line, verdict_line
from contracts.report.run import Passage, Run
from contracts.report.wording import Cause, causes, worst_first
from contracts.text import cut, few, printable

MAX_SHOWN = 10  # of each level; GitHub shows no more of a step
MAX_TEXT = 300
MAX_OPERATIONS = 5  # that a cause is named on
_COMMANDS = {
    ChangeSeverity.ERROR: "error",
    ChangeSeverity.WARNING: "warning",
    ChangeSeverity.INFO: "notice",
}


def run_annotations(run: Run, here: Path | None = None) -> Iterator[str]:
    """Errors (violations that made it fail), warnings, notices (what is accepted), the decision.

    GitHub sees the files from the folder `here`, if it is not the working directory.
    """
    # A terminal's columns are counted by rich, which is too heavy for a comparison.
    from contracts.report.forms.terminal import Screen, decision_line

    here = here or Path.cwd()
    errors, warnings = causes(worst_first(run.violated)), causes(worst_first(run.advisories))
    if run.decision == "pass":
        errors, warnings = [], errors + warnings
    accepted = causes(worst_first(run.accepted))
    for level, found in ("error", errors), ("warning", warnings), ("notice", accepted):
        for cause in found[:MAX_SHOWN]:
            verdict = cause.shown
            title = f"{verdict.standing}: {verdict.rule}{wording.spread_text(cause)}"
            yield _command(level, _seen_from(here, verdict.source), title, _message(cause, run))
        if len(found) > MAX_SHOWN:
            yield f"… and {len(found) - MAX_SHOWN} more of level {level}, in report.json"
    for notice in run.notices[:MAX_SHOWN]:
        lines = (notice.problem, notice.cure)
        yield _command("notice", _seen_from(here, notice.source), f"document: {notice.kind}", lines)
    if len(run.notices) > MAX_SHOWN:
        yield f"{wording.notices_text(run)} in all, in report.json"
    yield decision_line(run, Screen())


def _seen_from(here: Path, source: Passage | Source) -> tuple[str, int]:
    file = source.file
    if Path(file).is_relative_to(here):
        file = Path(file).relative_to(here).as_posix()
    return file, source.line


def _message(cause: Cause, run: Run) -> Iterator[str]:
    verdict = cause.shown
    yield cut(f"seen: {cause.seen} ({wording.often_text(verdict)})", MAX_TEXT)
    if cause.is_spread:
        yield f"the same on {few(cause.operations, MAX_OPERATIONS)}"
    if promise := wording.promise_text(verdict):
        yield cut(f"wanted: {promise}", MAX_TEXT)
    if since := wording.since_text(verdict, run.against):
        yield since
    if verdict.accepted is not None:
        yield cut(f"accepted {wording.accepted_text(verdict)}", MAX_TEXT)
    elif verdict.evidence is not None:
        first, *others = verdict.evidence.script
        yield f"repeat: {first}"
        yield from others


def diff_annotations(diff: Diff) -> Iterator[str]:
    """A line a change, what breaks first as GitHub shows only some; the decision at the end."""
    for judged in diff.ordered:
        change = judged.change
        level = _COMMANDS[judged.severity] if judged.counts else "notice"
        place = None  # in the revision if that is a file, else in the base if that is one
        for side, source in (diff.base, change.base), (diff.revision, change.revision):
            if (path := side.path_of(source.file)) is not None:
                place = path, source.line
        title = f"{change.effect.value}: {change.id} {change.where}"
        yield _command(level, place, title, _said(diff, judged))
    yield last_line(diff)


def _said(diff: Diff, judged: Judged) -> Iterator[str]:
    change, acceptance = judged.change, judged.acceptance
    yield f"{change.message} (reaches {reach_text(change.reaches, 3)})"
    if change.witness is not None:
        yield verdict_line(change.witness)
    if acceptance is not None:
        yield f"accepted until {acceptance.until}: {acceptance.reason}"
    if judged.needs_acceptance:
        yield diff.cure(Bundle((judged,)))


def _command(name: str, place: tuple[str, int] | None, title: str, lines: Iterable[str]) -> str:
    """A command on one line of a log, which nothing in it can end, with a message of lines."""
    properties = {"title": title}
    if place is not None:
        properties = {"file": place[0], "line": str(max(place[1], 1)), "title": title}
    fields = []
    for key, value in properties.items():
        fields.append(f"{key}={_data(value).replace(':', '%3A').replace(',', '%2C')}")
    return f"::{name} {','.join(fields)}::{'%0A'.join(map(_data, lines))}"


def _data(text: str) -> str:
    """A text in a command; GitHub reads `%0A` and the like in it."""
    return printable(text).replace("%", "%25")
