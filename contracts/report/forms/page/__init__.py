"""A run to the page that people read: one file that needs neither a network nor JavaScript."""

import base64
import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import count
from operator import attrgetter, itemgetter
from pathlib import Path

from jinja2 import Environment
from markupsafe import escape

from contracts.decision.entries import TERM, accept_command
from contracts.document.model import unescape_segment
from contracts.messages import UNAVAILABLE
from contracts.report import wording
from contracts.report.forms import environment
from contracts.report.forms.page import figures
from contracts.report.forms.page.body_markup import Marked, bounded, marked_body, tells
from contracts.report.forms.page.figures import Matrix
from contracts.report.history import Trend
from contracts.report.run import STANDINGS, RuleVerdict, Run
from contracts.report.wording import Cause, causes
from contracts.text import cut, few, printable

TEMPLATES = Path(__file__).with_name("templates")
# A page that a browser can't open helps nobody: of too much, less is shown, then it is counted.
MAX_CARDS = 150  # violations in full, and as many advisories and accepted ones; others in a list
MAX_DRAWN = 800_000  # characters that these violations may take together
MAX_LISTED = 400
MAX_REASONS = 30  # for which rules were not judged
MAX_OPENED = 1_500  # rules whose cells can be opened
MAX_CELLS = 5_000  # rules that have a cell; above, an operation is one line
MAX_SEEN = 500  # places whose contents are drawn
MAX_TREND = 100  # rules that are shown over nights
MAX_NIGHTS = 60
MAX_ALSO = 10  # other texts of what was seen where a rule is violated
MAX_SAME = 20  # rules of one cause that are named
MAX_TOGETHER = 8  # rules of one cell
MAX_FIELDS = 60  # of the head of an answer
MAX_PLAIN = 60  # places that had a value each time
MAX_NOTES = 20
MAX_TEXT = 500
MAX_CURL = 8_000

_HOLLOW = frozenset(
    {"required", "schema", "undocumented properties", "additional properties", "union", "prose"}
)
"""Kinds that an object or array breaks as a whole: marking all of it would point at nothing."""

_PLACEHOLDER = re.compile(r"\$[A-Z][A-Z0-9_]*")
_COUNTED = re.compile(r"\d+ rules? violated")  # a reason that the heading says already
WORDS = {"pass": ("✓", "Pass"), "fail": ("✕", "Fail"), "inconclusive": ("?", "Inconclusive")}


@dataclass(frozen=True, slots=True)
class Card:
    """What is broken, with all that a reader needs to see it."""

    cause: Cause
    anchor: str
    body: Marked | None = None  # the smallest that breaks it, of all rules of the cause
    accept: str = ""  # the command that accepts it
    drawn: bool = False
    telling: tuple[str, ...] = ()  # what should not be in the answer, header fields included

    @property
    def verdict(self) -> RuleVerdict:
        return self.cause.shown

    @property
    def size(self) -> int:
        """About how many characters of the page it takes."""
        texts = list(map(attrgetter("rule"), self.cause.verdicts[:MAX_SAME]))
        for line in self.body.lines if self.body else ():
            texts += map(attrgetter("text"), line.pieces)
        texts += map(itemgetter(1), self.verdict.source.excerpt)
        if proof := self.verdict.evidence:
            texts += (line[:MAX_CURL] for line in proof.script)
            texts += [f"{name}: {value[:300]}" for name, value in proof.headers[:MAX_FIELDS]]
        return 2_000 + sum(40 + len(escape(text)) for text in texts)


def page(run: Run, trend: Trend | None = None) -> str:
    """The page, with all that came from a service escaped, and characters nobody could see."""
    numbers = count()
    violated = list(_cards(run, run.violated, numbers, MAX_DRAWN))
    advisories = list(_cards(run, run.advisories, numbers, MAX_DRAWN // 2))
    accepted = list(_cards(run, run.accepted, numbers, MAX_DRAWN // 2))
    matrices = figures.matrices_of(run)
    missing = figures.grouped(run.missing, "standing", "why").items()
    return rendered(
        "page.html.j2",
        run=run,
        trend=trend,
        headline=headline(run),
        story=story(run),
        operations=list(wording.operations_of(run).items()),
        reasons=[reason for reason in run.reasons if not _COUNTED.fullmatch(reason)],
        violated=violated,
        advisories=advisories,
        accepted=accepted,
        matrices=matrices,
        all_standings=figures.standings_of(run.verdicts, STANDINGS),
        details=(details := _details(matrices)),
        anchors=_reachable(violated) | _reachable(advisories) | _reachable(accepted),
        numbers={v.rule: n for n, v in enumerate(run.verdicts) if details[v.operation] == "open"},
        seen=list(figures.seen_of(run.verdicts, MAX_SEEN)),
        missing=dict(sorted(missing, key=lambda one: -len(one[1]))),
    )


def rendered(template: str, **told: object) -> str:
    """A page from its template, with the look and the one script of all pages."""
    style, script = (TEMPLATES / f"page.{kind}" for kind in ("css", "js"))
    code = script.read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(code.encode()).digest()).decode()
    dress = {"style": style.read_text(encoding="utf-8"), "script": code, "script_hash": digest}
    return _environment().get_template(template).render(**told, dress=dress)


def headline(run: Run) -> str:
    """The decision in words, and the one thing to know about it."""
    word, violated = WORDS[run.decision][1], _counted(len(run.violated), "rule")
    if not any(run.targets):
        word = f"{word} {wording.SELF_TEST}"
    if run.violated and run.decision == "pass":  # where only what is new fails
        return f"{word}: nothing new, {violated} still violated"
    if run.violated:
        return f"{word}: {violated} violated"
    if run.decision == "pass" and any(run.targets):
        return f"{word}: no rule is violated" + ", but for what is accepted" * bool(run.accepted)
    if not run.reasons:
        return word
    # What to do about a reason comes below.
    return f"{word}: {cut(re.split('; | [(]', run.reasons[0])[0], 100)}"


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'s' * (number != 1)}"


def story(run: Run) -> str:
    """The run in one sentence."""
    told = f"{run.counts['holds']:,} of {len(run.verdicts):,} rules hold"
    for standing, number in figures.standings_of(run.verdicts).items():
        told += f", {number:,} {standing}" * (standing != "holds")
    told += f", on {_counted(run.exchanges, 'exchange')} with {run.target}"
    return f"{told}; {counted}." if (counted := wording.operations_text(run)) else f"{told}."


def _cards(
    run: Run, verdicts: Iterable[RuleVerdict], numbers: Iterator[int], room: int
) -> Iterator[Card]:
    """A card a cause, in the order given; the first are drawn, as many as there is room for."""
    until = run.finished.date() + TERM
    for drawn, cause in enumerate(causes(verdicts)):
        anchor = f"v{next(numbers)}"
        if drawn >= MAX_CARDS or room <= 0:
            yield Card(cause, anchor)
            continue
        verdict, body = cause.shown, None
        proof, place, telling = verdict.evidence, verdict.place, _telling(verdict)
        if proof is not None and proof.body is not None:
            if "*" in (place or "*"):  # at any of several items, or at none
                place = None
            whole = verdict.kind not in _HOLLOW
            body = marked_body(proof.body, proof.instance or place, whole=whole, telling=telling)
        names = map(attrgetter("rule"), cause.verdicts[:MAX_SAME])
        accept = accept_command(names, "--spec", run.subject.path, until=until)
        card = Card(cause, anchor, body, verdict.lapsed or accept, True, telling)
        room -= card.size
        yield card


def _reachable(cards: Sequence[Card]) -> dict[str, str]:
    """Anchors by rule of what is drawn or listed."""
    anchors = {}
    for card in cards[: sum(map(attrgetter("drawn"), cards)) + MAX_LISTED]:
        for verdict in card.cause.verdicts:
            anchors[verdict.rule] = card.anchor
    return anchors


def _telling(verdict: RuleVerdict) -> tuple[str, ...]:
    """What should not be in an answer where no place says it: a credential, a name twice."""
    if (proof := verdict.evidence) is None:
        return ()
    if verdict.kind == "credential kept":
        return tuple(set(_PLACEHOLDER.findall(f"{proof.headers} {proof.body}")))
    named = re.match(r"the name (.+) occurs twice", proof.message)
    if named is None or verdict.kind != "unique names":
        return ()
    return tuple(map('"{}"'.format, named[1].split(", ")))


def _details(matrices: Iterable[Matrix]) -> dict[str, str]:
    """What is drawn of an operation, the worst first: `open` cells, `cells` alone, or a `line`."""
    details, drawn = {}, 0
    for matrix in sorted(matrices, key=lambda matrix: STANDINGS.index(matrix.standing)):
        details[matrix.operation] = "line"
        drawn += matrix.rules
        if drawn > MAX_CELLS:  # so that rows need not be made
            continue
        rows = sum(len(answers.rows) for answers in matrix.answers)
        # An empty field takes little, but many may be.
        drawn += max(rows * len(matrix.columns) // 4 - matrix.rules, 0)
        if drawn <= MAX_CELLS:
            details[matrix.operation] = "cells"
        if drawn <= MAX_OPENED:
            details[matrix.operation] = "open"
    return details


def _shown(value: object, limit: int = MAX_TEXT) -> str:
    """A text of one line, every character to be seen, cut at a bound."""
    text = str(value)
    first, rest = printable(text[:limit]), text[limit:]  # what is cut need not be printable
    return bounded(first[:limit] + rest if rest else first, limit)


def _label(segment: str) -> str:
    """A segment of a place as a name."""
    return "each" if segment == "*" else _shown(unescape_segment(segment.replace("~2", "*")), 80)


@cache
def _environment() -> Environment:
    made = environment(__file__, globals(), printable)
    made.filters |= {"shown": _shown, "label": _label, "duration": figures.duration, "few": few}
    made.globals |= {"figures": figures, "wording": wording, "tells": tells, "words": WORDS}
    made.globals["max_members"] = figures.MAX_MEMBERS
    made.globals["unavailable"] = ", ".join(map(str, sorted(UNAVAILABLE)))
    return made
