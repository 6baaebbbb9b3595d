"""A run to the page that people read: one file, readable without a network and without JavaScript."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from contracts.decision.entries import TERM, VIOLATIONS, entry_for
from contracts.document.model import unescape_segment
from contracts.report.forms.page import pictures
from contracts.report.forms.page.body_markup import Marked, marked_body, tells
from contracts.report.forms.page.matrix import Matrix, matrices_of
from contracts.report.forms.page.pictures import SeenAnswers
from contracts.report.run import STANDINGS, RuleVerdict, Run
from contracts.report.trend import Trend
from contracts.report.wording import drift_lines, session_lines
from contracts.text import cut, printable

TEMPLATES = Path(__file__).with_name("templates")
# A page that a browser can't open helps nobody: what is too much of one kind is shown in less detail, then counted.
MAX_CARDS = 150
"""Violations shown in full, and as many of what is accepted, and of advisories; the rest in a list."""
MAX_DRAWN = 800_000
"""Characters that these violations may take together."""
MAX_LISTED = 400
MAX_REASONS = 30
"""For which rules were not judged."""
MAX_OPENED = 1_500
"""Rules whose cells can be opened."""
MAX_CELLS = 5_000
"""Rules that have a cell; above, an operation is one line."""
MAX_SEEN = 500
"""Places whose contents are drawn."""
MAX_TREND = 100
"""Rules that are shown over nights."""
MAX_NIGHTS = 60
MAX_FINER = 12
MAX_TEXT = 500
MAX_CURL = 8_000

_HOLLOW = frozenset(
    {"required", "schema", "undocumented properties", "additional properties", "union", "prose"}
)
"""Kinds that break in an object or array as a whole: marking all that it holds would point at nothing."""

_PLACEHOLDER = re.compile(r"\$[A-Z][A-Z0-9_]*")
_COUNTED = re.compile(r"\d+ rules? violated")
"""A reason that the heading says already."""

SYMBOLS = {
    "violated": "✕",
    "advisory": "▲",
    "accepted": "◆",
    "undecided": "?",
    "not exercised": "○",
    "holds": "✓",
}
STATES = {
    "violated": "✕",
    "advisory": "▲",
    "accepted": "◆",
    "holds": "✓",
    "not judged": "○",
    "absent": "",
}
WORDS = {"pass": ("✓", "Pass"), "fail": ("✕", "Fail"), "inconclusive": ("?", "No verdict")}


@dataclass(frozen=True, slots=True)
class Card:
    """A violated rule, with all that a reader needs to see it.

    Args:
        telling: texts that should not be in the answer, header fields included.
        finer: broken rules on parts of the body that this one is about as a whole.
    """

    verdict: RuleVerdict
    anchor: str
    body: Marked | None
    accept: str
    drawn: bool = True
    telling: tuple[str, ...] = ()
    finer: tuple[RuleVerdict, ...] = ()

    @property
    def in_fields(self) -> bool:
        """Whether what should not be there is in the header fields."""
        proof = self.verdict.proof
        return proof is not None and any(
            text in value for _, value in proof.headers for text in self.telling
        )

    @property
    def size(self) -> int:
        """About how many characters of the page it takes."""
        proof, lines = self.verdict.proof, self.body.lines if self.body is not None else ()
        texts = [piece.text for line in lines for piece in line.pieces]
        texts += [text for _, text in self.verdict.source.excerpt]
        if proof is not None:
            texts += [
                proof.curl[:MAX_CURL],
                *(f"{name}: {value[:300]}" for name, value in proof.headers[:60]),
            ]
        return 2_000 + sum(40 + len(escape(text)) for text in texts)


@dataclass(frozen=True, slots=True)
class Section:
    """The matrix of an operation, and how much of it is drawn: `cells` that open, cells alone, or one `line`."""

    matrix: Matrix
    detail: str
    open: bool


@dataclass(frozen=True, slots=True)
class Missing:
    """Rules that were not judged, for one reason."""

    standing: str
    why: str
    verdicts: tuple[RuleVerdict, ...]


def page(run: Run, trend: Trend | None = None) -> str:
    """The page, with the history of the run if there is one.

    What comes from a response is escaped; characters that nobody could see are shown as escapes.
    """
    anchors = {
        v.rule: f"v{index}"
        for index, v in enumerate((*run.violated, *run.advisories, *run.accepted))
    }
    violated = list(_cards(run, _new_first(run.violated), anchors, MAX_DRAWN))
    advisories = list(_cards(run, run.advisories, anchors, MAX_DRAWN // 2))
    accepted = list(_cards(run, run.accepted, anchors, MAX_DRAWN // 2))
    script = _text("page.js")
    return (
        _environment()
        .get_template("page.html.j2")
        .render(
            run=run,
            trend=trend,
            chart=pictures.times_chart(trend)
            if trend is not None and len(trend.nights) > 1
            else None,
            judged=trend is not None
            and any(night.rules > night.not_judged for night in trend.nights),
            symbol=WORDS[run.decision][0],
            decision=WORDS[run.decision][1],
            headline=headline(run),
            accepted_in=Path(run.subject.path).with_name("accepted.toml").as_posix(),
            sessions=list(session_lines(run.sessions or {})),
            story=story(run),
            outcomes=pictures.standings(run),
            reasons=[reason for reason in run.reasons if not _COUNTED.fullmatch(reason)],
            violated=violated,
            advisories=advisories,
            accepted=accepted,
            sections=list(_sections(matrices_of(run))),
            anchors={**_reachable(violated), **_reachable(advisories), **_reachable(accepted)},
            numbers={verdict.rule: number for number, verdict in enumerate(run.verdicts)},
            seen=list(_within(pictures.seen_of(run.verdicts))),
            histogram=pictures.histogram(run.operations),
            statuses=pictures.statuses(run),
            slowest=pictures.slowest(run),
            missing=_missing(run),
            never=[verdict for verdict in run.verdicts if verdict.unseen],
            silent=[operation.key for operation in run.operations if not operation.exchanges],
            style=_text("page.css"),
            script=script,
            script_hash=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
        )
    )


def page_lines(run: Run, trend: Trend | None = None) -> list[str]:
    """The page as a form."""
    return [page(run, trend)]


def headline(run: Run) -> str:
    """The decision in words, and the one thing to know about it."""
    word, broken = WORDS[run.decision][1], _counted(len(run.violated), "promise")
    if run.violated:  # which pass where only what is new fails
        return (
            f"{word}: nothing new, {broken} still broken"
            if run.decision == "pass"
            else f"{word}: {broken} broken"
        )
    if run.decision != "pass":
        why = (
            re.split(r"; | \(", run.reasons[0])[0] if run.reasons else ""
        )  # what to do about it comes below
        return f"{word}: {cut(why, 100)}" if why else word
    return f"{word}: no promise is broken{', but for what was accepted' if run.accepted else ''}"


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'s' * (number != 1)}"


def story(run: Run) -> str:
    """The run in one sentence."""
    counts = run.counts
    parts = [f"{counts['holds']:,} of {len(run.verdicts):,} promises were seen kept"]
    if run.violated:
        parts.append(f"{len(run.violated):,} broken")
    if run.accepted:
        parts.append(f"{len(run.accepted):,} broken and accepted")
    if run.advisories:
        parts.append(f"{len(run.advisories):,} against prose or good practice")
    if run.missing:
        parts.append(f"{len(run.missing):,} never judged")
    return f"{', '.join(parts)}, on {_counted(run.exchanges, 'exchange')} with {run.target}."


def _new_first(verdicts: Sequence[RuleVerdict]) -> list[RuleVerdict]:
    """The new ones first, and a body as a whole after its parts, which say more."""
    return sorted(verdicts, key=lambda verdict: (verdict.since != "new", verdict.kind == "schema"))


def _cards(
    run: Run, verdicts: Iterable[RuleVerdict], anchors: Mapping[str, str], room: int
) -> Iterator[Card]:
    """In the order given; those that are drawn come first, as many as there is room for."""
    for number, verdict in enumerate(verdicts):
        anchor = anchors[verdict.rule]
        if number >= MAX_CARDS or room <= 0:
            yield Card(verdict, anchor, None, "", drawn=False)
            continue
        card = _card(run, verdict, anchor)
        room -= card.size
        yield card


def _reachable(cards: Sequence[Card]) -> dict[str, str]:
    """Anchors by rule of what is drawn or listed."""
    most = sum(card.drawn for card in cards) + MAX_LISTED
    return {card.verdict.rule: card.anchor for card in cards[:most]}


def _within(answers: Iterable[SeenAnswers]) -> Iterator[SeenAnswers]:
    """As many as there is room for."""
    room = MAX_SEEN
    for one in answers:
        if room <= 0:
            return
        yield replace(one, places=one.places[:room], more=len(one.places[room:]))
        room -= len(one.places)


def _card(run: Run, verdict: RuleVerdict, anchor: str) -> Card:
    proof, body, telling = verdict.proof, None, _telling(verdict)
    if proof is not None and proof.body is not None:
        place = verdict.place if verdict.place and "*" not in verdict.place else None
        whole = verdict.kind not in _HOLLOW
        body = marked_body(proof.body, proof.instance or place, whole=whole, telling=telling)
    entry = entry_for(VIOLATIONS, verdict.rule, until=run.finished.date() + TERM)
    finer = [
        v
        for v in run.violated
        if (v.operation, v.status) == (verdict.operation, verdict.status) and v.place
    ]
    shown = (
        tuple(v for v in finer if v.kind != "schema")[:MAX_FINER]
        if verdict.kind == "schema"
        else ()
    )
    return Card(verdict, anchor, body, entry, telling=telling, finer=shown)


def _telling(verdict: RuleVerdict) -> tuple[str, ...]:
    """What should not be in an answer, where no place says it: the credential, or names that stand twice."""
    if verdict.proof is None:
        return ()
    if verdict.kind == "credential kept":
        return tuple(set(re.findall(_PLACEHOLDER, f"{verdict.proof.headers} {verdict.proof.body}")))
    named = re.match(r"the name (.+) occurs twice", verdict.proof.message)
    return (
        tuple(f'"{name}"' for name in named[1].split(", "))
        if named and verdict.kind == "unique names"
        else ()
    )


def _sections(matrices: Sequence[Matrix]) -> Iterator[Section]:
    """What is broken is drawn in full first, then the others, as long as there is room for them."""
    by_need = sorted(matrices, key=lambda matrix: STANDINGS.index(matrix.standing))
    details: dict[str, str] = {}
    drawn = 0
    for matrix in by_need:
        drawn += max(
            len(matrix.verdicts), matrix.fields // 4
        )  # an empty field takes little, but many may be
        detail = "open" if drawn <= MAX_OPENED else "cells" if drawn <= MAX_CELLS else "line"
        details[matrix.operation] = detail
    for matrix in matrices:
        is_open = len(matrices) <= 3 or (matrix.standing == "violated" and len(matrices) <= 12)
        yield Section(matrix, details[matrix.operation], is_open)


def _missing(run: Run) -> list[Missing]:
    groups: dict[tuple[str, str], list[RuleVerdict]] = {}
    for verdict in run.missing:
        groups.setdefault((verdict.standing, verdict.why), []).append(verdict)
    return [Missing(*key, tuple(own)) for key, own in groups.items()]


def _shown(value: object, limit: int = MAX_TEXT) -> str:
    """A text of one line, every character to be seen, cut at a bound."""
    text = printable(str(value))
    return text if len(text) <= limit else f"{text[:limit]}… ({len(text) - limit} more)"


def _seen(value: object) -> object:
    """Whatever a template puts out, with every character to be seen; what is markup was put out before."""
    return printable(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _label(segment: str) -> str:
    """A segment of a place as a name."""
    if segment == "*":
        return "each"
    return _shown(unescape_segment(segment.replace("~2", "*")), 80)


def _text(name: str) -> str:
    return (TEMPLATES / name).read_text(encoding="utf-8")


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_seen,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"shown": _shown, "label": _label, "duration": pictures.duration}
    environment.globals |= {
        "drift_lines": drift_lines,
        "symbols": SYMBOLS,
        "tells": tells,
        "states": STATES,
        "words": WORDS,
        "max_curl": MAX_CURL,
        "max_listed": MAX_LISTED,
        "max_reasons": MAX_REASONS,
        "max_trend": MAX_TREND,
        "max_nights": MAX_NIGHTS,
    }
    return environment
