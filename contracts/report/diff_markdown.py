"""A comparison as Markdown, for the comments of a pull request."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from contracts.changes.change import Effect, Severity
from contracts.gate.changes import Judged
from contracts.report.diff import Diff, decision_text, reach_text
from contracts.report.printable import printable
from contracts.report.witness_text import title_line, verdict_line, witness_lines

MAX_SIZE = 60_000
"""Characters; GitHub takes 65,536 in a comment."""
MAX_TEXT = 300

_MARKS = {Severity.ERROR: "🔴", Severity.WARNING: "🟡", Severity.INFO: "🟢"}
_MARKUP = re.compile(r"""[!"#$%&*+:<=>?@\[\\\]^_`{|}~]|(?<=www)\.""", re.IGNORECASE)
"""What Markdown reads as markup, or GitHub as a link, within a line."""
_MENTIONS = re.compile(r"([@#])(?=\w)")


def diff_markdown(diff: Diff) -> Iterator[str]:
    """A heading with the decision, a table of the changes, and a block to open for each that has more to say."""
    head = [
        f"### Contract: {_text(decision_text(diff))}",
        "",
        f"{_code(diff.base.name)} → {_code(diff.revision.name)}",
        "",
        *(["| | change | where | what | reaches |", "| --- | --- | --- | --- | --- |"] if diff.ordered else []),
    ]
    rows = [[_row(judged)] for judged in diff.ordered]
    notes = [["", f"- {_text(note)}"] for note in diff.decision.notes]
    blocks = [list(_details(diff, judged)) for judged in diff.ordered if not _is_plain(judged)]
    yield from _within(head, [*rows, *notes, list(_entries(diff)), *blocks])


def _within(head: list[str], parts: Iterable[list[str]]) -> Iterator[str]:
    """Lines as long as they fit; a part is shown whole or not at all."""
    yield from head
    size = sum(len(line) + 1 for line in head)
    parts = list(parts)
    for index, lines in enumerate(parts):
        size += sum(len(line) + 1 for line in lines)
        if size > MAX_SIZE:
            yield ""
            yield f"… and {len(parts) - index} parts more that do not fit here; `contracts diff` shows them all."
            return
        yield from lines


def _row(judged: Judged) -> str:
    change = judged.change
    mark = "☑️" if judged.acceptance is not None else _MARKS[judged.severity]
    cells = (
        f"{mark} {change.effect.value}, {judged.severity.value}",
        _code(change.id),
        _code(_cut(change.where)),
        _text(_cut(change.message)),
        _text(_cut(reach_text(change.reaches, 3))),
    )
    return f"| {' | '.join(cells)} |"


def _is_plain(judged: Judged) -> bool:
    return judged.change.effect is Effect.COMPATIBLE and judged.acceptance is None and not judged.fails


def _details(diff: Diff, judged: Judged) -> Iterator[str]:
    change = judged.change
    yield from ("", "<details>", f"<summary>{_code(change.id)} {_code(_cut(change.where))}</summary>", "")
    yield f"- at {_code(str(change.base))} → {_code(str(change.revision))}"
    if judged.acceptance is not None:
        yield f"- accepted until {judged.acceptance.until}: {_text(_cut(judged.acceptance.reason))}"
    if change.proof is not None:
        yield f"- {'tried' if change.effect is Effect.UNDECIDED else 'proof'}: {_text(_cut(change.proof))}"
    if change.witness is not None:
        yield f"- {_text(title_line(change.witness))}; {_text(_cut(verdict_line(change.witness)))}"
        yield ""
        yield from _fenced(list(witness_lines(change.witness)), "http")
    yield from ("", "</details>")


def _entries(diff: Diff) -> Iterator[str]:
    if diff.entries:
        yield ""
        yield f"To let it pass, add to {_code(diff.accepted_in)}:"
        yield ""
        yield from _fenced(list(diff.entries), "toml")


def _fenced(lines: list[str], language: str) -> Iterator[str]:
    longest = max((len(run) for line in lines for run in re.findall("`+", line)), default=0)
    fence = "`" * max(3, longest + 1)
    yield f"{fence}{language}"
    yield from lines
    yield fence


def _text(text: str) -> str:
    """Text that is shown as it is: no markup, no link, nobody mentioned."""
    shown = _MENTIONS.sub("\\1\N{ZERO WIDTH SPACE}", printable(text))
    return _MARKUP.sub(_entity, shown)


def _code(text: str) -> str:
    """A piece of code; in an element, because a code span can't hold every backtick, and cells no bar."""
    return f"<code>{_MARKUP.sub(_entity, printable(text))}</code>"


def _entity(found: re.Match[str]) -> str:
    return f"&#{ord(found[0])};"


def _cut(text: str) -> str:
    return text if len(text) <= MAX_TEXT else f"{text[:MAX_TEXT]}…"
