"""A run as the summary at the end of a pytest run, in as many rows as fit on a screen; and a terminal as it sees it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rich.cells import cell_len, chop_cells, set_cell_size

from contracts.report.run import RuleVerdict, Run
from contracts.report.trend import Trend
from contracts.report.wording import (
    ENDED_EARLY,
    accepted_text,
    causes,
    changes_text,
    drift_head,
    history_text,
    session_lines,
    spread_text,
    why_text,
)
from contracts.text import plural, printable
from contracts.verdicts import Outcome

ROWS = 25
"""Rows of the summary, its title, the lines that others add to it and the decision included."""
DECISION_ROWS = 4
LEAST_ROWS = 4
"""What a section gets, if there are any left, even where that leaves none to those below it in `CAPS`."""
NAMED_ROWS = 2
"""For naming the sections that there is no room for."""

CAPS = {
    "ended early": 0,
    "new": 6,
    "violated": 6,
    "table": 6,
    "against": 0,
    "drift": 3,
    "still there": 5,
    "drift kept": 0,
    "sessions": 2,
    "note": 3,
    "accepted": 3,
    "advisory": 3,
    "not judged": 3,
    "fixed": 3,
    "known": 3,
    "history": 2,
    "drift notes": 2,
    "never seen": 2,
}
"""The sections, the most important first, and how many lines of each are shown at most beside its head."""

COLUMNS = (
    ("rules", "exercised", "violated", "not exercised"),
    ("rules", "exercised", "violated"),
    ("rules", "violated"),
    ("violated",),
)
"""What the table counts: the first of these that leaves an operation so many columns on a narrow terminal:"""
LEAST_OPERATION = 20


def text(run: Run, *, width: int, encoding: str, trend: Trend | None = None) -> Iterator[str]:
    """The summary with the decision below it."""
    yield from summary_lines(run, width=width, encoding=encoding, trend=trend)
    yield decision_line(run, width=width, encoding=encoding)


def summary_lines(
    run: Run,
    *,
    width: int,
    encoding: str = "utf-8",
    trend: Trend | None = None,
    after: Sequence[str] = (),
) -> Iterator[str]:
    """The summary, plain text, for a terminal of `width` columns that has the characters of an encoding.

    With its title, the decision, and `after`, which others write below it, it takes 25 rows at most.
    """
    screen = Screen(width, encoding)
    exchanges = _exchanges(run, screen)
    decision = decision_line(run, width=width, encoding=encoding)
    below = (exchanges, *map(screen.text, after), decision)
    yield from _fitted(_sections(run, screen, trend), ROWS - 1 - screen.rows(*below), screen)
    yield exchanges


@dataclass(frozen=True, slots=True)
class Section:
    """Lines about one matter, each whole or left out so that no id is cut.

    Args:
        lines: the first of them; more than a screen has are of no use.
        count: how many there are.
        head: what is shown above them.
        title: what they begin with.
    """

    name: str
    lines: Sequence[str] = ()
    count: int = 0
    head: tuple[str, ...] = ()
    title: str = ""

    def within(self, rows: int, screen: Screen) -> list[str]:
        """The head and the first lines, and how many more there are; nothing if there is no room for that."""
        shown = list(self.head)
        left = rows - screen.rows(*shown)
        for number, line in enumerate(self.lines[: CAPS[self.name]], start=1):
            # The last row is kept for the count of those that are not shown.
            if screen.rows(line) > left - (number < self.count):
                break
            shown.append(line)
            left -= screen.rows(line)
        if more := self.count - len(shown) + len(self.head):
            rest = f"… and {more} more" if more < self.count else str(more)
            shown.append(screen.cut(f"{self.title}{rest}, in report.json", screen.width))
            left -= 1
        return shown if left >= 0 else []


def _fitted(sections: Iterator[Section], rows: int, screen: Screen) -> Iterator[str]:
    """Sections in so many rows: the more important first take what they need and leave a row for each other one."""
    present = {section.name: section for section in sections if section.head or section.lines}
    shown: dict[str, list[str]] = {}
    rows -= NAMED_ROWS
    for name in sorted(present, key=list(CAPS).index):
        others = len(present) - len(shown) - 1
        room = min(rows, max(rows - others, LEAST_ROWS))
        shown[name] = present[name].within(room, screen)
        rows -= screen.rows(*shown[name])
    left_out = []
    for name, section in present.items():
        yield from shown[name]
        if not shown[name]:
            left_out.append(f"{name} {section.count or 1}")
    if left_out:
        yield screen.cut(f"in report.json alone: {', '.join(left_out)}", NAMED_ROWS * screen.width)


def _sections(run: Run, screen: Screen, trend: Trend | None) -> Iterator[Section]:
    """Whatever there is to say, in the order in which it is shown."""
    if run.interrupted:
        yield Section("ended early", head=(ENDED_EARLY,))
    sessions = [screen.cut(line, 2 * screen.width) for line in session_lines(run.sessions or {})]
    yield Section("sessions", sessions, len(sessions), title="sessions: ")
    if run.drift is not None:
        headline, *kept = map(screen.text, drift_head(run.drift))
        told = run.drift.changed
        changes = _texts("drift", run.drift.changes * told, screen, "  ")
        yield Section("drift", changes.lines, changes.count, (headline,), "  ")
        yield _texts("drift notes", run.drift.notes * told, screen, "  ")
        yield Section("drift kept", head=tuple(kept))
    if run.against is not None:
        yield from _since(run, run.against, screen)
    yield _table(run.verdicts, screen)
    if run.against is None:
        yield _broken("violated", run.violated, screen)
    accepted = [(verdict.rule, f" {accepted_text(verdict)}") for verdict in run.accepted]
    yield _rules("accepted", accepted, screen)
    yield _texts("note", run.notes, screen)
    yield _broken("advisory", run.advisories, screen, recurs=False)
    missing = [(verdict.rule, f" ({why_text(verdict)})") for verdict in run.missing]
    yield _rules("not judged", missing, screen)
    yield _texts("never seen", _never_seen(run.verdicts), screen)
    if trend is not None:
        yield _history(trend, screen)


def _texts(name: str, texts: Sequence[str], screen: Screen, title: str = "") -> Section:
    """Two rows a text at most."""
    title = title or f"{name}: "
    lines = [screen.cut(f"{title}{text}", 2 * screen.width) for text in texts[:ROWS]]
    return Section(name, lines, len(texts), title=title)


def _rules(
    name: str, entries: Sequence[tuple[str, str]], screen: Screen, title: str = ""
) -> Section:
    """A line a rule, which is never cut, with what there is to say of it."""
    title = title or f"{name}: "
    lines = [screen.filled(f"{title}{rule}", rest) for rule, rest in entries[:ROWS]]
    return Section(name, lines, len(entries), title=title)


def _broken(
    name: str, verdicts: Sequence[RuleVerdict], screen: Screen, *, recurs: bool = True
) -> Section:
    """A line a cause: one of its rules, on how many operations it shows and on which, and what was seen."""
    entries = []
    for cause in causes(verdicts):
        verdict = cause.shown
        rest = f": {verdict.proof.message if verdict.proof else ''}{_how(verdict) * recurs}"
        if len(cause.operations) > 1:
            rest += f" ({', '.join(cause.operations)})"
        entries.append((f"{verdict.rule}{spread_text(cause)}", rest))
    return _rules(name, entries, screen)


def _how(verdict: RuleVerdict) -> str:
    return f", {verdict.recurrence}" if verdict.recurrence else ""


def _since(run: Run, against: Mapping[str, Any], screen: Screen) -> Iterator[Section]:
    """What is new since an earlier report first, then what is still there in one block, then what was mended."""
    by_id = {verdict.rule: verdict for verdict in run.verdicts}
    path = screen.cut(against["path"], screen.width)
    about = screen.cut(against["about"], screen.width)
    yield Section("against", head=(f"against {path} ({about}): {changes_text(against)}",))
    yield _broken("new", [by_id[rule] for rule in against.get("new", ())], screen)
    still = [(rule, _how(by_id[rule])) for rule in against.get("still_there", ())]
    if still:
        block = _rules("still there", still, screen, "  ")
        yield Section(block.name, block.lines, block.count, (f"still there ({len(still)}):",), "  ")
    yield _rules("fixed", [(rule, "") for rule in against.get("fixed", ())], screen)
    known = [(rule, "") for rule in against.get("not_judged", ())]
    yield _rules("known", known, screen, "known, and not judged this time: ")


def _never_seen(verdicts: Sequence[RuleVerdict]) -> list[str]:
    """What the answers never had that they might have: members of enums, null or a value where both are allowed."""
    found: dict[str, str] = {}
    for verdict in verdicts:
        if verdict.unseen:
            key = f"{verdict.operation} {verdict.status}"
            before = f"{found[key]}, " if key in found else f"{key}: "
            found[key] = f"{before}{verdict.place} {' '.join(verdict.unseen)}"
    return list(found.values())


def _table(verdicts: Sequence[RuleVerdict], screen: Screen) -> Section:
    """Rules by operation and status, those with most violated rules first."""
    groups: dict[tuple[str, str], Counter[str]] = {}
    for verdict in verdicts:
        counts = groups.setdefault((verdict.operation, verdict.status or "any"), Counter())
        counts["rules"] += 1
        counts["exercised"] += verdict.exercised > 0
        counts["violated"] += verdict.standing == "violated"
        counts["not exercised"] += verdict.outcome is Outcome.NOT_EXERCISED
    rows = sorted(groups.items(), key=lambda row: -row[1]["violated"])[:ROWS]
    keys = [("operation", "status"), *(key for key, _ in rows)]
    longest = max(cell_len(screen.text(operation)) for operation, _ in keys)
    status = max(len(code) for _, code in keys)
    for columns in COLUMNS:
        room = screen.width - 2 - status - sum(len(name) + 2 for name in columns)
        if room >= min(longest, LEAST_OPERATION):
            break
    wide = min(longest, max(room, len("operation")))
    header = f"{'operation':{wide}}  {'status':{status}}  {'  '.join(columns)}"
    lines = []
    for (operation, code), counts in rows:
        key = screen.shortened(operation, wide)
        numbers = "".join(f"  {counts[name]:>{len(name)}}" for name in columns)
        lines.append(f"{key}{' ' * (wide - cell_len(key))}  {code:{status}}{numbers}")
    return Section("table", lines, len(groups), (header,))


def _history(trend: Trend, screen: Screen) -> Section:
    """What the nights say, in a line, and what was left out of them."""
    numbers = {"new": trend.new, "coming and going": trend.coming_and_going, "fixed": trend.fixed}
    changes = ", ".join(f"{len(rules)} {word}" for word, rules in numbers.items() if rules)
    head = f"history: {history_text(trend)}" + f"; rules: {changes}" * bool(changes)
    notes = _texts("history", trend.notes, screen)
    return Section("history", notes.lines, notes.count, (screen.text(head),), notes.title)


def _exchanges(run: Run, screen: Screen) -> str:
    statuses = ", ".join(f"{status} x {count}" for status, count in sorted(run.statuses.items()))
    rest = f"; seed {run.seed}"
    if run.slowest is not None:
        slowest = screen.cut(run.slowest.slowest, 60)
        rest = f"; slowest {run.slowest.longest * 1000:.0f} ms ({slowest}){rest}"
    room = max(2 * screen.width - cell_len(rest) - 1, 40)
    head = screen.cut(f"exchanges: {run.exchanges} ({statuses}", room)
    return screen.text(f"{head}){rest}")


def decision_line(run: Run, *, width: int = 80, encoding: str = "utf-8") -> str:
    """The last line of a run: the decision, the target, and the counts; as many of the reasons as four rows hold."""
    screen = Screen(width, encoding)
    counts = Counter(verdict.standing for verdict in run.verdicts)
    words = ["holds", "violated", "not exercised", "undecided"]
    words += [word for word in ("accepted", "advisory") if counts[word]]
    standings = ", ".join(f"{counts[word]} {word}" for word in words)
    if run.against is not None:
        standings += f"; {changes_text(run.against)}"
    start = screen.text(f"contract: {run.decision.upper()} on ") + screen.cut(run.target, 100)
    end = f" ({plural(len(run.verdicts), 'rule')}, {standings})"
    room = DECISION_ROWS * width - cell_len(start) - cell_len(end)
    return f"{start}{_reasons(run.reasons, room, screen)}{end}"


def _reasons(reasons: Sequence[str], columns: int, screen: Screen) -> str:
    """The first reasons, the first of all cut if need be, and how many there are more."""
    for shown in range(len(reasons), 0, -1):
        more = len(reasons) - shown
        rest = f"; and {more} more, in report.json" * bool(more)
        text = screen.text(f": {'; '.join(reasons[:shown])}")
        if cell_len(text) + len(rest) <= columns or shown == 1:
            return screen.cut(text, max(columns - len(rest), 20)) + rest
    return ""


FALLBACKS = {
    "…": "...",
    "“": '"',
    "”": '"',
    "\N{LEFT SINGLE QUOTATION MARK}": "'",
    "\N{RIGHT SINGLE QUOTATION MARK}": "'",
    "\N{EN DASH}": "-",
    "—": "-",
    "§": "section ",
}
"""What stands for characters of our own texts where an encoding lacks them; others come as escapes."""

_COLOURS = {
    "red": ("violated", "new", "still there", "FAIL"),
    "yellow": ("accepted", "note", "advisory", "not judged", "ended early", "INCONCLUSIVE"),
    "green": ("fixed", "PASS"),
}
_COLOUR = {word: colour for colour, words in _COLOURS.items() for word in words}
_MARKED = re.compile(rf"(contract: )?({'|'.join(sorted(_COLOUR, key=len, reverse=True))})(?=[: ])")


@dataclass(frozen=True, slots=True)
class Screen:
    """Text on it keeps to one line, and holds nothing that it would obey or could not show."""

    width: int = 80
    encoding: str = "utf-8"

    def text(self, text: str) -> str:
        """The text as it can be written, on one line however long."""
        return encodable(printable(text), self.encoding)

    def rows(self, *lines: str) -> int:
        """How many rows the lines take, each folded by the terminal where it is full."""
        taken = 0
        for line in lines:
            rows = -(-len(line) // self.width)
            if not line.isascii():  # a character may take two columns, and stays whole
                rows = len(chop_cells(line, self.width))
            taken += max(rows, 1)
        return taken

    def cut(self, text: str, columns: int) -> str:
        """The text, or as much of it as fits into so many columns, with a mark that there was more."""
        text, mark = self.text(text), self.text("…")
        if cell_len(text) <= columns:
            return text
        return set_cell_size(text, columns - len(mark)).rstrip() + mark

    def shortened(self, operation: str, columns: int) -> str:
        """An operation's method and the end of its path, which tells it from its neighbours."""
        text, mark = self.text(operation), self.text("…")
        if cell_len(text) <= columns:
            return text
        method, _, path = text.partition(" ")
        while path and cell_len(f"{method} {mark}{path}") > columns:
            path = path[1:]
        return f"{method} {mark}{path}"

    def filled(self, head: str, rest: str, least: int = 40) -> str:
        """`head`, which is never cut, and what fits of the rest into the rows that leave it so many columns."""
        rows = -(-(cell_len(self.text(head)) + least) // self.width)
        return self.cut(head + rest, rows * self.width)


def encodable(text: str, encoding: str) -> str:
    """The text in the characters of an encoding: what it lacks as ASCII, or as escapes."""
    try:
        text.encode(encoding)
        return text
    except UnicodeEncodeError:
        return "".join(_instead(character, encoding) for character in text)
    except LookupError:
        return encodable(text, "ascii")


def _instead(character: str, encoding: str) -> str:
    try:
        character.encode(encoding)
        return character
    except UnicodeEncodeError:
        return FALLBACKS.get(character) or character.encode("ascii", "backslashreplace").decode()


def marked(line: str) -> tuple[str, str, str, Mapping[str, bool]]:
    """A line of a summary in three parts, and how pytest marks the second: the word that says what the line is about.

    The word says it as well where there is no colour.
    """
    found = _MARKED.match(line)
    if found is None:
        return line, "", "", {}
    markup = {_COLOUR[found[2]]: True, "bold": True}
    return line[: found.start(2)], found[2], line[found.end(2) :], markup
