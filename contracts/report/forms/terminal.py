"""A run as the summary at the end of a pytest run, in the rows of one screen; and that screen."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import filterfalse, repeat
from operator import attrgetter
from typing import Any

from rich.cells import cell_len, chop_cells, set_cell_size

from contracts.report import wording
from contracts.report.history import Trend
from contracts.report.run import CHANGES, RuleVerdict, Run
from contracts.rules.requests import OF_CLIENTS
from contracts.text import cut, few, plural, printable

ROWS = 25  # of the summary, its title, the lines that others add to it and the decision included
DECISION_ROWS = 4
MAX_ABOUT = 100  # characters of a target, and of the earlier report
MAX_OPERATIONS = 3  # that a cause is named on
MAX_PLACES, MAX_MEMBERS = 3, 6  # of an answer that lacked some, and the members of each
MAX_STATUSES = 8
MANY_RULES = 1_000  # from which on what was not judged is told by its reasons
LEAST_ROWS = 4  # what a section gets of those left, even if none is left to count those below it
ROOM = 40  # columns that are left at least to what was seen;
SEVERAL = 160  # to several things, each with its count
NAMED_ROWS = 2  # for naming the sections that there is no room for

_FIRST = {
    "ended early": 0,
    "inconclusive": 3,
    "new": 6,
    "violated": 6,
    "client": 6,
    "table": 6,
    "against": 0,
    "drift": 3,
}
_THEN = {"still there": 5, "drift rules": 0, "sessions": 2, "note": 3, "accepted": 3, "advisory": 3}
_THEN["document"] = 2
_LAST = {
    "undecided": 2,
    "not exercised": 3,
    "not asked": 2,
    "fixed": 3,
    "not judged": 3,
    "history": 2,
}
_LAST |= {"drift notes": 2, "never seen": 2}
CAPS = _FIRST | _THEN | _LAST
"""The sections, the most important first, and how many lines beside its head are shown of each."""

COLUMNS = ("rules", "exercised", "violated", "not exercised")  # what the table counts at most
LEAST_OPERATION = 20  # columns that an operation gets before the table counts them all


_FALLBACKS = {"…": "...", "“": '"', "”": '"', "\N{EN DASH}": "-", "—": "-", "§": "section "}
_FALLBACKS |= {"\N{LEFT SINGLE QUOTATION MARK}": "'", "\N{RIGHT SINGLE QUOTATION MARK}": "'"}
"""What stands for characters of our own texts where an encoding lacks them; others are escaped."""
MOST = 4  # characters a column that are looked at: some take none


@dataclass(frozen=True, slots=True)
class Screen:
    """Text on it keeps to one line, and holds nothing that it would obey or could not show."""

    width: int = 80
    encoding: str = "utf-8"

    def text(self, text: str) -> str:
        """The text as it can be written, on one line however long: what it lacks is replaced."""
        text, encoding = printable(text), self.encoding
        while True:
            try:
                text.encode(encoding)
            except LookupError:  # an encoding that Python does not know
                encoding = "ascii"
            except UnicodeEncodeError as error:
                lacking = text[error.start]
                escaped = lacking.encode("ascii", "backslashreplace").decode()
                text = text.replace(lacking, _FALLBACKS.get(lacking, escaped))
            else:
                return text

    def rows(self, *lines: str) -> int:
        """How many rows the lines take, each folded by the terminal where it is full."""
        most = MOST * ROWS * self.width  # more rows than a summary may have are all the same
        return sum(max(len(chop_cells(line[:most], self.width)), 1) for line in lines)

    def cut(self, text: str, columns: int) -> str:
        """The text, or as much of it as fits into so many columns, with a mark where it was cut."""
        most, mark = MOST * columns, self.text("…")
        whole, text = len(text) <= most, self.text(text[:most])
        if whole and len(text) <= most and cell_len(text) <= columns:
            return text
        text = text[:most]
        return set_cell_size(text, columns - len(mark)).rstrip() + mark

    def shortened(self, operation: str, columns: int) -> str:
        """An operation's method and the end of its path, which tells it from its neighbours."""
        text, mark = self.text(operation), self.text("…")
        if len(text) <= MOST * columns and cell_len(text) <= columns:
            return text
        method, path = text.partition(" ")[0], text[-columns:]
        while path and cell_len(f"{method} {mark}{path}") > columns:
            path = path[1:]
        return f"{method} {mark}{path}"


def text(run: Run, *, width: int, encoding: str, trend: Trend | None = None) -> Iterator[str]:
    """The summary with the decision below it, for a terminal of so many columns."""
    screen = Screen(width, encoding)
    yield from summary_lines(run, screen, trend)
    yield decision_line(run, screen)


def summary_lines(
    run: Run, screen: Screen, trend: Trend | None = None, after: Sequence[str] = ()
) -> Iterator[str]:
    """The summary; its title, `after` (which others write below) and the decision fit as well."""
    exchanges = _exchanges(run, screen)
    below = screen.rows(exchanges, *map(screen.text, after), decision_line(run, screen))
    yield from _fitted(_sections(run, screen, trend), ROWS - 1 - below, screen)
    yield exchanges


Entry = tuple[str, str]  # a rule, never cut, and what there is to say of it; or no rule, and a text


@dataclass(frozen=True, slots=True)
class Section:
    """Entries about one matter, below what is always shown of it."""

    name: str
    entries: Sequence[Entry] = ()  # each is shown whole or left out, so that no id is cut
    head: tuple[str, ...] = ()
    title: str | None = None  # what each line begins with, if not with the name
    room: int = ROOM  # columns: a rule takes as many rows as leave these to what there is to say
    before: str = ""  # a line above the head, where there is room for entries all the same

    def within(self, rows: int, screen: Screen) -> list[str]:
        """The head, first entries, and how many more there are; nothing if it does not fit."""
        title = f"{self.name}: " if self.title is None else self.title
        shown = list(map(screen.text, self.head))
        if self.before and rows - screen.rows(*shown, self.before) > 1:
            shown.insert(0, screen.text(self.before))
        left, more, most = rows - screen.rows(*shown), len(self.entries), CAPS[self.name]
        most += more == most + 1  # one more takes the row of its count
        for rule, rest in self.entries[:most]:
            if len(rule) > MOST * ROWS * screen.width:
                break
            columns = cell_len(screen.text(f"{title}{rule}")) + self.room
            limit = -(-columns // screen.width) if rule else 2
            line = screen.cut(f"{title}{rule}{rest}", limit * screen.width)
            # The last row is kept for the count of those that are not shown.
            if screen.rows(line) > left - (more > 1):
                break
            shown.append(line)
            left, more = left - screen.rows(line), more - 1
        if more:
            count = f"… and {more} more" if more < len(self.entries) else str(more)
            shown.append(screen.cut(f"{title}{count}, in report.json", screen.width))
            left -= 1
        return shown if left >= 0 else []


def _fitted(sections: Iterator[Section], rows: int, screen: Screen) -> Iterator[str]:
    """Sections in so many rows: the most important first, leaving each other one a line."""
    present = {section.name: section for section in sections if section.head or section.entries}
    waiting = {}  # the rows that each needs if it is a line and no more, else 0
    for name, section in present.items():
        is_line = len(section.head) + len(section.entries) == 1
        waiting[name] = screen.rows(*section.within(NAMED_ROWS, screen)) * is_line
    shown: dict[str, list[str]] = {}
    rows -= NAMED_ROWS
    for name in sorted(present, key=list(CAPS).index):
        del waiting[name]
        left, counts = rows - sum(waiting.values()), list(waiting.values()).count(0)
        shown[name] = present[name].within(min(left, max(left - counts, LEAST_ROWS)), screen)
        rows -= screen.rows(*shown[name])
    left_out = []
    for name, section in present.items():
        yield from shown[name]
        if not shown[name]:
            left_out.append(f"{name} {len(section.entries) or 1}")
    if left_out:
        yield screen.cut(f"in report.json alone: {', '.join(left_out)}", NAMED_ROWS * screen.width)


def _sections(run: Run, screen: Screen, trend: Trend | None) -> Iterator[Section]:
    """Whatever there is to say, in the order in which it is shown."""
    if run.interrupted:
        yield Section("ended early", head=(wording.ENDED_EARLY,))
    elif run.decision == "inconclusive":  # what is wrong, before anything that follows from it
        yield Section("inconclusive", _texts(run.reasons))
    yield Section("sessions", _texts(wording.session_lines(run.sessions or {})), title="")
    if run.drift is not None:
        headline, *kept = wording.drift_head(run.drift)
        told = run.drift.changed
        yield Section("drift", _texts(run.drift.changes * told), (headline,), "  ")
        yield Section("drift notes", _texts(run.drift.notes * told), title="  ")
        yield Section("drift rules", head=tuple(kept))
    if run.against is not None:
        yield from _since(run, run.against)
    if any(verdict.exercised for verdict in run.verdicts):
        yield _table(run, screen)
    if run.against is None:
        of_clients = [verdict for verdict in run.violated if verdict.kind in OF_CLIENTS]
        yield _violated("violated", filterfalse(of_clients.__contains__, run.violated))
        yield _violated("client", of_clients)
    accepted = [(verdict.rule, f" {wording.accepted_text(verdict)}") for verdict in run.accepted]
    yield Section("accepted", accepted)
    yield Section("note", _texts(run.notes))
    head = (f"document: {wording.notices_text(run)}",) * bool(run.notices)
    yield Section("document", _texts(map(str, run.notices)), head, "  ")
    yield _violated("advisory", run.advisories, recurs=False)
    for standing in ("undecided", "not exercised"):
        verdicts = run.by_standing[standing]
        if verdicts and {verdict.why for verdict in verdicts} <= set(run.reasons):
            why = f"{standing}: {plural(len(verdicts), 'rule')}, for the reason above"
            yield Section(standing, head=(why,))
            continue
        found = [(verdict.rule, f" ({verdict.why})" * bool(verdict.why)) for verdict in verdicts]
        yield Section(standing, found if len(found) < MANY_RULES else _texts(_reasons(verdicts)))
    yield Section("not asked", _texts(_reasons(run.by_standing["not asked"])))
    yield Section("never seen", _texts(_never_seen(run.verdicts)))
    if trend is not None:
        parts = {"new": trend.new, "coming and going": trend.coming_and_going, "fixed": trend.fixed}
        changes = ", ".join(f"{len(rules)} {word}" for word, rules in parts.items() if rules)
        nights = f"history: {wording.history_text(trend)}" + f"; rules: {changes}" * bool(changes)
        yield Section("history", _texts(trend.notes), (nights,))


def _reasons(verdicts: Iterable[RuleVerdict]) -> list[str]:
    """Why rules were not judged, with their number, the most frequent first."""
    counts = Counter(verdict.why for verdict in verdicts).most_common()
    return [f"{plural(count, 'rule')}: {why}" for why, count in counts]


def _texts(texts: Iterable[str]) -> list[Entry]:
    return list(zip(repeat(""), texts, strict=False))


def _violated(name: str, verdicts: Iterable[RuleVerdict], *, recurs: bool = True) -> Section:
    """An entry a cause: one of its rules, on which operations it shows, and what was seen."""
    entries, room = [], ROOM
    for cause in wording.causes(verdicts):
        verdict = cause.shown
        rest = f": {getattr(verdict.evidence, 'message', '')}"
        if also := wording.also_text(verdict):
            rest += f" (on {wording.own_count(verdict)}; {also})"
            room = SEVERAL
        rest += _how(verdict) * recurs
        if cause.is_spread:
            rest += f" ({few(cause.operations, MAX_OPERATIONS)})"
        entries.append((f"{verdict.rule}{wording.spread_text(cause)}", rest))
    return Section(name, entries, room=room)


def _how(verdict: RuleVerdict) -> str:
    return f", {verdict.recurrence}" * bool(verdict.recurrence)


def _since(run: Run, against: Mapping[str, Any]) -> Iterator[Section]:
    """What is new since an earlier report, what is still there in one block, what was mended."""
    by_id = {verdict.rule: verdict for verdict in run.verdicts}
    new, still, fixed, unjudged = (against.get(change, ()) for change in CHANGES)
    where = f"{cut(against['path'], MAX_ABOUT)} ({cut(against['about'], MAX_ABOUT)})"
    yield Section("against", head=(f"against {where}: {wording.changes_text(against)}",))
    yield _violated("new", map(by_id.__getitem__, new))
    if still:
        entries = [(rule, _how(by_id[rule])) for rule in still]
        yield Section("still there", entries, (f"still there ({len(still)}):",), "  ")
    yield Section("fixed", [*zip(fixed, repeat(""), strict=False)])
    yield Section("not judged", [*zip(unjudged, repeat(""), strict=False)])


def _never_seen(verdicts: Iterable[RuleVerdict]) -> list[str]:
    """Members of enums, null, or a value where both are allowed, that no answer had."""
    found: dict[str, list[str]] = {}
    for verdict in filter(attrgetter("unseen"), verdicts):
        places = found.setdefault(f"{verdict.operation} {verdict.status}", [])
        places.append(f"{verdict.place} {few(verdict.unseen, MAX_MEMBERS)}")
    return [f"{answer}: {few(places, MAX_PLACES)}" for answer, places in found.items()]


def _table(run: Run, screen: Screen) -> Section:
    """Rules by operation and status, those with most violated rules first."""
    rows = wording.answers_of(run)
    longest, status = len("operation"), len("status")
    for operation, code, _ in rows[: CAPS["table"]]:
        longest = max(longest, cell_len(screen.text(operation[: MOST * screen.width])))
        status = max(status, len(code))
    columns, expendable = list(COLUMNS), ["rules", "exercised", "not exercised"]
    room = screen.width - 2 - status - len("".join(columns)) - 2 * len(columns)
    while expendable and room < min(longest, LEAST_OPERATION):
        columns.remove(expendable[-1])
        room += len(expendable.pop()) + 2
    wide = min(longest, max(room, len("operation")))
    header = f"{'operation':{wide}}  {'status':{status}}  {'  '.join(columns)}"
    lines = []
    for operation, code, counts in rows:
        key = screen.shortened(operation, wide)
        numbers = "".join(f"  {counts[name]:>{len(name)}}" for name in columns)
        lines.append(f"{key}{' ' * (wide - cell_len(key))}  {code:{status}}{numbers}")
    counted = wording.operations_text(run)
    return Section("table", _texts(lines), (header,), "", before=counted)


def _exchanges(run: Run, screen: Screen) -> str:
    counts = [f"{status} x {count}" for status, count in sorted(run.statuses.items())]
    rest = f"; seed {run.seed}"
    if retried := wording.retried_text(run):
        rest = f"; {retried}{rest}"
    if run.slowest is not None:
        slowest = screen.cut(run.slowest.slowest, 60)
        rest = f"; slowest {run.slowest.longest * 1000:.0f} ms ({slowest}){rest}"
    room = max(2 * screen.width - cell_len(rest) - 1, 40)
    head = screen.cut(f"exchanges: {run.exchanges} ({few(counts, MAX_STATUSES)}", room)
    return screen.text(f"{head}){rest}")


def decision_line(run: Run, screen: Screen) -> str:
    """The decision, the target, and the counts; as many of the reasons as four rows hold."""
    standings = wording.standings_text(run, whys=not run.reasons)
    if run.against is not None:
        standings += f"; {wording.changes_text(run.against)}"
    start = screen.text(f"contract: {run.decision.upper()} ")
    start += screen.cut(wording.where_text(run), MAX_ABOUT)
    end = f" ({standings})"
    # As many of the reasons as fit, the first of all cut if need be.
    room = DECISION_ROWS * screen.width - cell_len(start) - cell_len(end)
    text = ""
    for shown in range(len(run.reasons), 0, -1):
        more = len(run.reasons) - shown
        rest = f"; and {more} more, in report.json" * bool(more)
        text = screen.text(f": {'; '.join(run.reasons[:shown])}")
        if cell_len(text[: MOST * room]) + len(rest) <= room or shown == 1:
            text = screen.cut(text, max(room - len(rest), 20)) + rest
            break
    return f"{start}{text}{end}"


_RED = ("violated", "client", "new", "still there", "FAIL")
_YELLOW = ("accepted", "note", "advisory", "ended early", "INCONCLUSIVE", "inconclusive")
_COLOUR = dict.fromkeys(_RED, "red") | dict.fromkeys(_YELLOW, "yellow")
_COLOUR |= dict.fromkeys(("not exercised", "undecided", "not asked", "not judged"), "yellow")
_COLOUR["document"] = "yellow"
_COLOUR |= dict.fromkeys(("fixed", "PASS"), "green")
_MARKED = re.compile(rf"(contract: )?({'|'.join(sorted(_COLOUR, key=len, reverse=True))})(?=[: ])")


def marked(line: str) -> tuple[str, str, str, Mapping[str, bool]]:
    """A line of a summary in three parts, and how pytest marks the second, its matter."""
    found = _MARKED.match(line)
    if found is None:
        return line, "", "", {}
    markup = {_COLOUR[found[2]]: True, "bold": True}
    return line[: found.start(2)], found[2], line[found.end(2) :], markup
