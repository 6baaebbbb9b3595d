"""A comparison to the page on which it is reviewed, in the look of that of a run."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from operator import attrgetter

from contracts.changes.change import Effect
from contracts.document import Source
from contracts.document.sides import Side
from contracts.report.diff import (
    MAX_SAID,
    Bundle,
    Chapter,
    Diff,
    decision_text,
    head_of,
    reach_text,
)
from contracts.report.forms import diff_forms
from contracts.report.forms.page import MAX_CARDS, MAX_CURL, MAX_DRAWN, rendered
from contracts.report.forms.page.body_markup import Marked, marked_body
from contracts.text import few, plural
from notte_contracts import __version__

BEFORE, AFTER = 3, 8  # lines of a document around the place of a finding
MAX_OPEN = 25  # cards that stand open, of what breaks or is undecided

Lines = tuple[tuple[int, str], ...]
Group = tuple[str, list["Sheet"], Sequence[Bundle]]

_LOOKS = {
    Effect.BREAKING: ("fail", "✕", "Breaking: {} of {}"),
    Effect.UNDECIDED: ("inconclusive", "?", "Undecided: {} of {}"),
    Effect.COMPATIBLE: ("pass", "✓", "Compatible: nothing breaks"),
}
_PLACE = re.compile(r"(?:^|: )(/[^\s:]*)")  # of the value that is refused, in the reason why


@dataclass(frozen=True, slots=True)
class Sheet:
    """Findings that are alike, with all that a reviewer needs to see of them."""

    bundle: Bundle
    anchor: str
    passages: tuple[Lines, Lines]  # of the base and of the revision
    body: Marked | None  # of the message that shows it
    accept: str  # the command that accepts it, or what to do instead
    open: bool

    @property
    def size(self) -> int:
        """About how many characters of the page it takes."""
        lines = self.body.lines if self.body else ()
        return 4_000 + len(str(self.passages)) + len(str(lines)) + len(self.accept)


def comparison_page(diff: Diff) -> str:
    """The page, all texts of the documents escaped, and characters nobody could see as escapes."""
    decision, changes = diff.decision, plural(len(diff.decision.judged), "finding")
    look, sign, headline = _LOOKS[decision.result]
    chapters = list(_chapters(diff))
    return rendered(
        "comparison.html.j2",
        diff=diff,
        look=look,
        sign=sign,
        headline=headline.format(decision.count[decision.result], changes),
        decision=decision_text(diff),
        head=head_of(diff) if chapters else {},
        chapters=chapters,
        forms=diff_forms,
        reach_text=reach_text,
        suite=__version__,
    )


def _chapters(diff: Diff) -> Iterator[tuple[Chapter, list[Group]]]:
    """What became of changes, and by group the sheets, and those for which there is no room."""
    drawn, room = 0, MAX_DRAWN
    texts = diff.base.text.split(b"\n"), diff.revision.text.split(b"\n")
    for chapter in diff.chapters():
        groups = []
        for bundles in chapter.groups:
            sheets: list[Sheet] = []
            for bundle in bundles:
                if drawn < MAX_CARDS and room > 0:
                    sheets.append(_sheet(diff, bundle, f"f{drawn}", texts))
                    drawn, room = drawn + 1, room - sheets[-1].size
            findings = sum(map(len, map(attrgetter("members"), bundles)))
            title = f"{few(bundles[0].holders, MAX_SAID, '')}: {findings} findings"
            groups.append((title, sheets, bundles[len(sheets) :]))
        yield chapter, groups


def _sheet(
    diff: Diff, bundle: Bundle, anchor: str, texts: tuple[list[bytes], list[bytes]]
) -> Sheet:
    judged, change, body = bundle.first, bundle.change, None
    base = _passage(diff.base, change.base, texts[0])
    revision = _passage(diff.revision, change.revision, texts[1])
    if change.witness is not None and (text := diff_forms.message_body(change.witness)):
        found = _PLACE.search(change.witness.because)
        body = marked_body(text, found[1] if found else None, whole=False)
    accept = ""
    if judged.needs_acceptance:
        accept = judged.lapsed or diff.command(*bundle.names)
        if len(accept) > MAX_CURL:
            accept = diff.cure(bundle)
    is_open = judged.standing in (Effect.BREAKING, Effect.UNDECIDED) and int(anchor[1:]) < MAX_OPEN
    return Sheet(bundle, anchor, (base, revision), body, accept, is_open)


def _passage(side: Side, source: Source, text: list[bytes]) -> Lines:
    """The lines around a place of a document or its overlay; none of another file."""
    overlay = dict(side.overlays).get(source.file)
    if overlay is not None:
        text = overlay.split(b"\n")
    elif source.file != side.name:
        return ()
    first = max(source.line - BEFORE, 1)
    lines = text[first - 1 : source.line + AFTER]
    return tuple(
        (number, line.decode("utf-8", "replace")) for number, line in enumerate(lines, first)
    )
