"""A report as the summary at the end of a pytest run: the whole story, in as many rows as fit on a screen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from rich.cells import cell_len

from contracts.report.forms.screen import Screen
from contracts.report.run import RuleVerdict, Run
from contracts.report.trend import Trend, count
from contracts.report.wording import session_lines
from contracts.verdicts import Outcome

ROWS = 25
"""Rows of the summary, its title, the lines that others add to it and the decision included."""
DECISION_ROWS = 4

ROOM = {
    "ended early": (1, 1),
    "sessions": (1, 2),
    "drift": (1, 3),
    "drift notes": (2, 2),
    "drift kept": (1, 1),
    "against": (2, 2),
    "new": (4, 8),
    "still there": (1, 5),
    "fixed": (1, 3),
    "known": (1, 2),
    "table": (3, 8),
    "violated": (4, 8),
    "accepted": (1, 2),
    "note": (1, 2),
    "advisory": (1, 2),
    "not judged": (1, 3),
    "never seen": (1, 2),
    "history": (1, 2),
    "exchanges": (2, 2),
}
"""The sections in the order in which they are shown: how many rows the lines of each have at least, and how many before
others get what they wish. What is left after that goes to them in the same order."""

DISPENSABLE = (
    *("drift notes", "never seen", "known", "fixed", "note", "advisory", "not judged", "accepted"),
    *(
        "history",
        "sessions",
        "drift kept",
        "drift",
        "still there",
        "table",
        "against",
        "ended early",
        "new",
        "violated",
    ),
)
"""What is named in one line only, in this order, where there is no room for the least of everything."""


@dataclass(frozen=True, slots=True)
class Section:
    """Lines about one matter: `head` is always shown, as many of the `lines` as there is room for, and how many more.

    Lines are whole or left out, so that the id of a rule is never cut.

    Args:
        lines: the first of them; more than a screen has are of no use.
        count: how many there are.
        indent: what they begin with.
    """

    name: str
    lines: tuple[str, ...] = ()
    count: int = 0
    head: tuple[str, ...] = ()
    indent: str = ""

    def rest(self, shown: int) -> str:
        """What stands for the lines that there was no room for."""
        more = f"… and {self.count - shown} more" if shown else str(self.count)
        return f"{self.indent}{more}, in report.json"


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
    below = [screen.text(line) for line in after] + [
        decision_line(run, width=width, encoding=encoding)
    ]
    sections = [
        section for section in _sections(run, screen, trend) if section.head or section.lines
    ]
    yield from _divided(sections, ROWS - 1 - sum(map(screen.rows, below)), screen)


def text(run: Run, *, width: int, encoding: str, trend: Trend | None = None) -> Iterator[str]:
    """The summary with the decision below it, as a whole."""
    yield from summary_lines(run, width=width, encoding=encoding, trend=trend)
    yield decision_line(run, width=width, encoding=encoding)


def _divided(sections: list[Section], rows: int, screen: Screen) -> Iterator[str]:
    """The lines of the sections in so many rows: each has its least, then its wish, then all that it has."""
    shown, whole = list(sections), {section.name: _whole(section, screen) for section in sections}
    for name in ("", *DISPENSABLE):
        shown = [section for section in shown if section.name != name]
        given = {section.name: _least(section, screen) for section in shown}
        named = _named([section for section in sections if section not in shown], screen)
        left = rows - sum(given.values()) - sum(map(screen.rows, named))
        if left >= 0:
            break
    wishes = {section.name: _heads(section, screen) + ROOM[section.name][1] for section in shown}
    for most in (wishes, whole):
        for name in given:
            more = max(min(most[name], whole[name], given[name] + left) - given[name], 0)
            given[name] += more
            left -= more
    lines = [line for section in shown for line in _shown(section, given[section.name], screen)]
    yield from (*lines[:-1], *named, *lines[-1:])


def _named(sections: Sequence[Section], screen: Screen) -> Sequence[str]:
    """The sections that there is no room for, in one line, if there are any."""
    counts = ", ".join(f"{section.name} {section.count or 1}" for section in sections)
    return [screen.cut(f"in report.json alone: {counts}", 2 * screen.width)] if sections else []


def _heads(section: Section, screen: Screen) -> int:
    return sum(map(screen.rows, section.head))


def _least(section: Section, screen: Screen) -> int:
    lines = _whole(section, screen) - _heads(section, screen)
    return _heads(section, screen) + min(lines, ROOM[section.name][0])


def _whole(section: Section, screen: Screen) -> int:
    more = section.count - len(section.lines)
    return _heads(section, screen) + sum(map(screen.rows, section.lines)) + more


def _shown(section: Section, rows: int, screen: Screen) -> Iterator[str]:
    """The section in so many rows, which are its least or more."""
    yield from section.head
    if _whole(section, screen) <= rows:
        yield from section.lines
        return
    left, shown = rows - _heads(section, screen) - 1, 0
    for line in section.lines:
        left -= screen.rows(line)
        if left < 0:
            break
        yield line
        shown += 1
    yield screen.cut(section.rest(shown), screen.width)


def _sections(run: Run, screen: Screen, trend: Trend | None) -> Iterator[Section]:
    if run.interrupted:
        yield Section("ended early", head=("ended early: this covers what was asked until then",))
    found = tuple(screen.cut(line, screen.width * 2) for line in session_lines(run.sessions or {}))
    yield Section("sessions", found, len(found), indent="sessions: ")
    yield from _drift(run, screen)
    if run.against is not None:
        yield from _since(run, run.against, screen)
    yield _table(run.verdicts, screen)
    if run.against is None:
        yield _listed("violated", [(v.rule, f": {_seen(v)}") for v in run.violated], screen)
    accepted = [
        (v.rule, f" until {v.accepted.until}: {v.accepted.reason}")
        for v in run.accepted
        if v.accepted
    ]
    yield _listed("accepted", accepted, screen)
    yield _listed("note", [("", note) for note in run.notes], screen)
    yield _listed(
        "advisory",
        [(v.rule, f": {v.proof.message if v.proof else ''}") for v in run.advisories],
        screen,
    )
    yield _listed(
        "not judged", [(v.rule, f" ({v.standing}: {v.why})") for v in run.missing], screen
    )
    yield _listed("never seen", [("", text) for text in _never_seen(run.verdicts)], screen)
    if trend is not None:
        yield _history(trend, screen)
    yield Section("exchanges", head=(_exchanges(run, screen),))


def _listed(
    name: str, entries: Sequence[tuple[str, str]], screen: Screen, title: str = ""
) -> Section:
    """A line an entry: a rule, which is never cut, and what there is to say of it, or two rows of a text."""
    title = title or f"{name}: "
    lines = [
        screen.filled(f"{title}{rule}", rest)
        if rule
        else screen.cut(f"{title}{rest}", 2 * screen.width)
        for rule, rest in entries[:ROWS]
    ]
    return Section(name, tuple(lines), len(entries), indent=title)


def _drift(run: Run, screen: Screen) -> Iterator[Section]:
    if run.drift is not None:
        headline, *kept = run.drift.head_lines()
        told = run.drift.decision is not None
        changes = _listed(
            "drift", [("", change) for change in run.drift.changes if told], screen, "  "
        )
        yield replace(changes, head=(screen.text(headline),))
        yield _listed("drift notes", [("", note) for note in run.drift.notes if told], screen, "  ")
        yield Section("drift kept", head=tuple(map(screen.text, kept)))


def _since(run: Run, against: Mapping[str, Any], screen: Screen) -> Iterator[Section]:
    """What is new since an earlier report first, then what is still there in one block, then what was mended."""
    by_id = {verdict.rule: verdict for verdict in run.verdicts}
    path, about = (
        screen.cut(against["path"], screen.width),
        screen.cut(against["about"], screen.width),
    )
    yield Section("against", head=(f"against {path} ({about}): {_changes(against)}",))
    yield _listed("new", [(rule, f": {_seen(by_id[rule])}") for rule in against["new"]], screen)
    if still := against["still_there"]:
        block = _listed("still there", [(rule, _how(by_id[rule])) for rule in still], screen, "  ")
        yield replace(block, head=(f"still there ({len(still)}):",))
    yield _listed("fixed", [(rule, "") for rule in against["fixed"]], screen)
    known = [(rule, "") for rule in against["not_judged"]]
    yield _listed("known", known, screen, "known, and not judged this time: ")


def _changes(against: Mapping[str, Any]) -> str:
    counts = {word: len(against[word]) for word in ("new", "still_there", "fixed", "not_judged")}
    return ", ".join(f"{count} {word.replace('_', ' ')}" for word, count in counts.items())


def _how(verdict: RuleVerdict) -> str:
    return f", {verdict.recurrence}" if verdict.recurrence else ""


def _seen(verdict: RuleVerdict) -> str:
    return f"{verdict.proof.message if verdict.proof else ''}{_how(verdict)}"


def _never_seen(verdicts: Sequence[RuleVerdict]) -> Iterator[str]:
    """What the answers never had that they might have: members of enums, null or a value where both are allowed."""
    found: dict[str, list[str]] = {}
    for verdict in verdicts:
        if verdict.unseen:
            key = f"{verdict.operation} {verdict.status}"
            found.setdefault(key, []).append(f"{verdict.place} {' '.join(verdict.unseen)}")
    return (f"{key}: {', '.join(places)}" for key, places in found.items())


_COUNTS = ("rules", "exercised", "violated", "not exercised")
_DISPENSABLE = ("not exercised", "exercised", "rules")
"""What a narrow terminal goes without, in this order, rather than cut operations to less than `_LEAST_OPERATION`."""
_LEAST_OPERATION = 20


def _table(verdicts: Sequence[RuleVerdict], screen: Screen) -> Section:
    """Rules by operation and status, those with most violated rules first."""
    groups: dict[tuple[str, str], Counter[str]] = {}
    for verdict in verdicts:
        group = groups.setdefault((verdict.operation, verdict.status or "any"), Counter())
        group["rules"] += 1
        group["exercised"] += verdict.exercised > 0
        group["violated"] += verdict.standing == "violated"
        group["not exercised"] += verdict.outcome is Outcome.NOT_EXERCISED
    keys = sorted(groups, key=lambda key: -groups[key]["violated"])
    header, *lines = _aligned([(*key, groups[key]) for key in keys[:ROWS]], screen)
    return Section("table", tuple(lines), len(keys), (header,))


def _aligned(rows: Sequence[tuple[str, str, Counter[str]]], screen: Screen) -> Iterator[str]:
    """The header and a line a row; operations that are too long are cut in their middle."""
    status = max(len(code) for code in ("status", *(code for _, code, _ in rows)))
    longest = max(cell_len(screen.text(key)) for key in ("operation", *(key for key, _, _ in rows)))
    counted = list(_COUNTS)

    def room() -> int:
        return screen.width - 2 - status - sum(len(name) + 2 for name in counted)

    for name in _DISPENSABLE:
        if room() < min(longest, _LEAST_OPERATION):
            counted.remove(name)
    wide = min(longest, max(room(), len("operation")))
    yield f"{'operation':{wide}}  {'status':{status}}" + "".join(f"  {name}" for name in counted)
    for operation, code, counts in rows:
        key = screen.shortened(operation, wide)
        numbers = "".join(f"  {counts[name]:>{len(name)}}" for name in counted)
        yield f"{key}{' ' * (wide - cell_len(key))}  {code:{status}}{numbers}"


def _exchanges(run: Run, screen: Screen) -> str:
    statuses = ", ".join(f"{status} x {count}" for status, count in sorted(run.statuses.items()))
    slowest = ""
    if run.slowest is not None:
        slowest = (
            f"; slowest {run.slowest.longest * 1000:.0f} ms ({screen.cut(run.slowest.slowest, 60)})"
        )
    rest = f"{slowest}; seed {run.seed}"
    head = screen.cut(
        f"exchanges: {run.exchanges} ({statuses}", max(2 * screen.width - cell_len(rest) - 1, 40)
    )
    return screen.text(f"{head}){rest}")


def decision_line(run: Run, *, width: int = 80, encoding: str = "utf-8") -> str:
    """The last line of a run: the decision, the target, and the counts; as many of the reasons as four rows hold."""
    screen = Screen(width, encoding)
    counts = _standings(run)
    counts += f"; {_changes(run.against)}" if run.against is not None else ""
    start = screen.text(f"contract: {run.decision.upper()} on ") + screen.cut(run.target, 100)
    end = f" ({len(run.verdicts)} rule{'s' * (len(run.verdicts) != 1)}, {counts})"
    room = DECISION_ROWS * width - cell_len(start) - cell_len(end)
    return f"{start}{_reasons(run.reasons, room, screen)}{end}"


def _standings(run: Run) -> str:
    """How many rules stand how; accepted ones and advisories only if there are any."""
    counts = Counter(verdict.standing for verdict in run.verdicts)
    always = ("holds", "violated", "not exercised", "undecided")
    return ", ".join(
        f"{counts[word]} {word}"
        for word in (*always, "accepted", "advisory")
        if counts[word] or word in always
    )


def _reasons(reasons: Sequence[str], columns: int, screen: Screen) -> str:
    """The first reasons, the first of all cut if need be, and how many there are more."""
    for shown in range(len(reasons), 0, -1):
        more = len(reasons) - shown
        rest = f"; and {more} more, in report.json" if more else ""
        text = screen.text(f": {'; '.join(reasons[:shown])}")
        if cell_len(text) + len(rest) <= columns or shown == 1:
            return screen.cut(text, max(columns - len(rest), 20)) + rest
    return ""


def _history(trend: Trend, screen: Screen) -> Section:
    """What the nights say, in a line, and what was left out of them."""
    numbers = [
        (len(trend.new), "new"),
        (len(trend.coming_and_going), "coming and going"),
        (len(trend.fixed), "fixed"),
    ]
    changes = ", ".join(f"{number} {word}" for number, word in numbers if number)
    head = f"history: {count(len(trend.nights), 'run')} since {trend.first.day}{f'; rules: {changes}' * bool(changes)}"
    notes = _listed("history", [("", note) for note in trend.notes], screen)
    return replace(notes, head=(screen.text(head),))
