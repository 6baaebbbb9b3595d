"""A run to the page that people read: one file, readable without a network and without JavaScript."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from contracts.gate.entries import TERM, VIOLATIONS, entry_for
from contracts.report.page import pictures
from contracts.report.page.marking import Marked, marked_body
from contracts.report.page.matrix import Matrix, matrices_of
from contracts.report.printable import printable
from contracts.report.run import STANDINGS, RuleVerdict, Run
from contracts.report.trend import Trend

TEMPLATES = Path(__file__).with_name("templates")
MAX_CARDS = 150
"""Violations shown in full; the rest, and all above as many of what is tolerated, in a list."""
MAX_LISTED = 400
MAX_OPENED = 3_000
"""Rules whose cells can be opened."""
MAX_CELLS = 20_000
"""Rules that have a cell; above, an operation is one line. A page that a browser can't open helps nobody."""
MAX_SEEN = 60
"""Answers whose contents are drawn."""
MAX_TREND = 100
"""Rules that are shown over nights."""
MAX_NIGHTS = 60
MAX_TEXT = 500

_HOLLOW = frozenset({"required", "schema", "undocumented properties", "additional properties", "union", "prose"})
"""Kinds that break in an object or array as a whole: marking all that it holds would point at nothing."""

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
STATES = {"violated": "✕", "accepted": "◆", "holds": "✓", "not judged": "○", "absent": ""}
WORDS = {"pass": ("✓", "Pass"), "fail": ("✕", "Fail"), "inconclusive": ("?", "No verdict")}


@dataclass(frozen=True, slots=True)
class Card:
    """A violated rule, with all that a reader needs to see it."""

    verdict: RuleVerdict
    anchor: str
    body: Marked | None
    accept: str


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
    anchors = {v.rule: f"v{index}" for index, v in enumerate((*run.violated, *run.advisories, *run.accepted))}
    script = _text("page.js")
    return (
        _environment()
        .get_template("page.html.j2")
        .render(
            run=run,
            trend=trend,
            chart=pictures.times_chart(trend) if trend is not None else None,
            symbol=WORDS[run.decision][0],
            decision=WORDS[run.decision][1],
            headline=headline(run),
            story=story(run),
            outcomes=pictures.standings(run),
            reasons=[reason for reason in run.reasons if not _COUNTED.fullmatch(reason)],
            violated=[_card(run, v, anchors[v.rule]) for v in _new_first(run.violated)],
            advisories=[_card(run, v, anchors[v.rule]) for v in run.advisories],
            accepted=[_card(run, v, anchors[v.rule]) for v in run.accepted],
            sections=list(_sections(matrices_of(run))),
            anchors=anchors,
            numbers={verdict.rule: number for number, verdict in enumerate(run.verdicts)},
            seen=list(pictures.seen_of(run.verdicts))[:MAX_SEEN],
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


def headline(run: Run) -> str:
    """The decision in words, and the one thing to know about it."""
    word, broken = WORDS[run.decision][1], _counted(len(run.violated), "promise")
    if run.violated:  # which pass where only what is new fails
        return f"{word}: nothing new, {broken} still broken" if run.decision == "pass" else f"{word}: {broken} broken"
    if run.decision != "pass":
        return word
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
        parts.append(f"{len(run.advisories):,} against good practice")
    if run.missing:
        parts.append(f"{len(run.missing):,} never judged")
    return f"{', '.join(parts)}, on {_counted(run.exchanges, 'exchange')} with {run.target}."


def _new_first(verdicts: Sequence[RuleVerdict]) -> list[RuleVerdict]:
    return sorted(verdicts, key=lambda verdict: verdict.since != "new")


def _card(run: Run, verdict: RuleVerdict, anchor: str) -> Card:
    proof = verdict.proof
    body = None
    if proof is not None and proof.body is not None:
        body = marked_body(proof.body, proof.instance, whole=verdict.kind not in _HOLLOW)
    until = run.finished.date() + TERM
    return Card(verdict, anchor, body, entry_for(VIOLATIONS, verdict.rule, until=until))


def _sections(matrices: Sequence[Matrix]) -> Iterator[Section]:
    """What is broken is drawn in full first, then the others, as long as there is room for them."""
    by_need = sorted(matrices, key=lambda matrix: STANDINGS.index(matrix.standing))
    details: dict[str, str] = {}
    drawn = 0
    for matrix in by_need:
        drawn += len(matrix.verdicts)
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
    return _shown(segment.replace("~2", "*").replace("~1", "/").replace("~0", "~"), 80)


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
        "symbols": SYMBOLS,
        "states": STATES,
        "words": WORDS,
        "max_cards": MAX_CARDS,
        "max_listed": MAX_LISTED,
        "max_trend": MAX_TREND,
        "max_nights": MAX_NIGHTS,
    }
    return environment
