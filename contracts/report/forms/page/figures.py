"""Verdicts and times to what the page draws, its numbers beside it: tables, bars and curves."""

import re
from collections import Counter
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import count
from math import ceil, floor, log10
from operator import attrgetter
from typing import Any

from contracts.report.history import Trend
from contracts.report.run import BOUNDS, SILENT, STANDINGS, OperationRun, RuleVerdict, Run
from contracts.rules import RULE_KINDS
from contracts.text import plural

MAX_OPERATIONS = 30
MAX_MEMBERS = 12
WIDTH, HEIGHT = 600, 150  # of the picture of response times
FASTEST, LEAST_SLOWEST = 0.0001, 0.001  # seconds: no time is drawn as less, no scale ends before

_ORDER = dict(zip(RULE_KINDS, count(), strict=False))
_LOOKS = ("value", "null", "absent")  # what has a look of its own; other members have one of six


def grouped(verdicts: Iterable[RuleVerdict], *names: str) -> dict[Any, list[RuleVerdict]]:
    """The verdicts by one or more of their fields, in the order of the first of each."""
    groups: dict[Hashable, list[RuleVerdict]] = {}
    for verdict in verdicts:
        groups.setdefault(attrgetter(*names)(verdict), []).append(verdict)
    return groups


def standings_of(verdicts: Iterable[RuleVerdict], named: Sequence[str] = ()) -> dict[str, int]:
    """How many rules stand how, the worst first; what no rule is only if it is `named`."""
    counts = Counter(map(attrgetter("standing"), verdicts))
    return {one: counts[one] for one in STANDINGS if counts[one] or one in named}


@dataclass(frozen=True, slots=True)
class Cell:
    """What came of the rules of one kind at one place, in the order of the report."""

    kind: str
    verdicts: Sequence[RuleVerdict]

    @property
    def worst(self) -> RuleVerdict:
        return min(self.verdicts, key=lambda verdict: STANDINGS.index(verdict.standing))

    @property
    def standing(self) -> str:
        return self.worst.standing

    @property
    def standings(self) -> Sequence[str]:
        """What its rules are, each once."""
        return list(standings_of(self.verdicts))

    @property
    def count(self) -> str:
        """On how many exchanges, with those that broke the rule before them if there are any."""
        broken = self.worst.violations
        return f"{broken}/" * bool(broken) + str(self.worst.exercised or "")

    @property
    def words(self) -> str:
        """What the cell says to somebody who does not see it."""
        worst, words = self.worst, f"{self.kind}: {self.standing}"
        if worst.violations:
            return f"{words} on {worst.violations} of {worst.exercised} exchanges"
        return words + f" on {plural(worst.exercised, 'exchange')}" * (worst.standing == "holds")


@dataclass(frozen=True, slots=True)
class Row:
    """A place in the body of an answer, or the answer as a whole (None), and its cells by kind."""

    label: str
    place: str | None
    depth: int
    cells: Mapping[str, Cell]

    @property
    def standing(self) -> str:
        standings = map(attrgetter("standing"), self.cells.values())
        return min(standings, key=STANDINGS.index, default="")


@dataclass(frozen=True, slots=True)
class Answers:
    """The rows of one status (None: of any) and media type, the answer as a whole first."""

    status: str | None
    media: str
    rows: Sequence[Row]


@dataclass(frozen=True)
class Matrix:
    """All rules of an operation, and how many of them stand how."""

    operation: str
    verdicts: Sequence[RuleVerdict]
    counts: Mapping[str, int]

    @cached_property
    def columns(self) -> Sequence[str]:
        """The kinds of rules about places; those that nobody knows come last."""
        kinds = dict.fromkeys(v.kind for v in self.verdicts if v.place is not None)
        return sorted(kinds, key=lambda kind: _ORDER.get(kind, len(_ORDER)))

    @cached_property
    def answers(self) -> Sequence[Answers]:
        """Those of any status first; made when they are drawn, as a page may not have room."""
        found = []
        for (status, media), own in grouped(self.verdicts, "status", "media").items():
            found.append(Answers(status, media, list(_rows(own))))
        return sorted(found, key=lambda one: one.status is not None)

    @property
    def standing(self) -> str:
        return next(iter(self.counts))

    @property
    def rules(self) -> int:
        """How many the document gives the operation: exercised, undecided, or neither."""
        return sum(self.counts.values())

    @property
    def undecided(self) -> int:
        return self.counts.get("undecided", 0)

    @property
    def exercised(self) -> int:
        """How many an answer of the run exercised, and that were decided."""
        return self.rules - sum(self.counts.get(standing, 0) for standing in SILENT)


def matrices_of(run: Run) -> list[Matrix]:
    """A matrix an operation, as in the report."""
    found = []
    for operation, verdicts in grouped(run.verdicts, "operation").items():
        found.append(Matrix(operation, verdicts, standings_of(verdicts)))
    return found


def _rows(verdicts: Sequence[RuleVerdict]) -> Iterator[Row]:
    """The answer as a whole, then the places and what is above them, each before what is below."""
    by_place: dict[tuple[str, ...] | None, list[RuleVerdict]] = {}
    ranks: dict[tuple[str, ...], tuple[int, ...]] = {}
    for verdict in verdicts:
        if verdict.place is None:
            by_place.setdefault(None, []).append(verdict)
            continue
        path = tuple(filter(None, re.sub("^@", "header ", verdict.place).split("/")))
        # Such a rule stands at an object, and is about the member that it names.
        if verdict.kind == "required" and verdict.name:
            path = (*path, verdict.name)
        by_place.setdefault(path, []).append(verdict)
        rank: tuple[int, ...] = ()
        for depth in range(len(path) + 1):
            rank = ranks.setdefault(path[:depth], (*rank, len(ranks)))
    if None in by_place:
        yield Row("", None, 0, _cells(by_place[None]))
    for path in sorted(ranks, key=ranks.__getitem__):
        cells = _cells(by_place.get(path, ()))
        yield Row(("body", *path)[-1], f"/{'/'.join(path)}", len(path), cells)


def _cells(verdicts: Iterable[RuleVerdict]) -> dict[str, Cell]:
    return {kind: Cell(kind, own) for kind, own in grouped(verdicts, "kind").items()}


@dataclass(frozen=True, slots=True)
class Bar:
    """A count with its label, and its length as a share of the picture, in per cent."""

    label: str
    count: int
    share: float
    look: str = ""


def histogram(operations: Iterable[OperationRun]) -> list[Bar]:
    """Answers by response time, from the fastest to the slowest that there are."""
    counts = map(sum, zip(*map(attrgetter("times.histogram"), operations), strict=True))
    labels = [*map("< {}".format, map(duration, BOUNDS)), f"≥ {duration(BOUNDS[-1])}"]
    bars = _bars(dict(zip(labels, counts, strict=False)))
    used = [index for index, bar in enumerate(bars) if bar.count]
    return bars[used[0] : used[-1] + 1] if used else []


def statuses(run: Run) -> list[Bar]:
    """Exchanges by status, or by what came instead of an answer."""
    return _bars(dict(sorted(run.statuses.items())))


def _bars(counts: Mapping[str, int]) -> list[Bar]:
    """A bar each, the longest of them the whole; a status looks like its class."""
    most, bars = max(counts.values(), default=0) or 1, []
    for label, number in counts.items():
        look = f"s{label[0]}" if label[:1].isdigit() else "none"
        bars.append(Bar(label, number, 100 * number / most, look))
    return bars


def slowest(run: Run) -> list[OperationRun]:
    """The slowest operations first."""
    timed = filter(attrgetter("times.count"), run.operations)
    return sorted(timed, key=lambda operation: -operation.times.p95)[:MAX_OPERATIONS]


def share(seconds: float, top: float) -> float:
    """How far a time reaches on a scale of powers of ten that ends at the slowest, in per cent."""
    low, high = log10(FASTEST), log10(max(top, LEAST_SLOWEST))
    return max(1.0, 100 * (log10(max(seconds, FASTEST)) - low) / (high - low))


@dataclass(frozen=True, slots=True)
class SeenAnswers:
    """What was seen in the answers of one status of an operation."""

    operation: str
    status: str
    places: Sequence[RuleVerdict]  # where there was a choice
    plain: Sequence[RuleVerdict]  # where there was a value each time
    more: int  # places that are not drawn


def seen_of(verdicts: Iterable[RuleVerdict], most: int) -> Iterator[SeenAnswers]:
    """What answers had where they have a choice, such as null or absent, at so many places.

    Answers beyond these have none of their `places`, and say how many `more` there are.
    """
    found = [v for v in verdicts if v.place is not None and (v.seen or v.unseen)]
    for (operation, status), own in grouped(found, "operation", "status").items():
        plain: list[RuleVerdict] = []
        places: list[RuleVerdict] = []
        for verdict in own:
            is_plain = set(verdict.seen) == {"value"} and not verdict.unseen
            (plain if is_plain else places).append(verdict)
        if places:
            shown = places[:most]
            yield SeenAnswers(operation, status or "any", shown, plain, len(places) - len(shown))
            most -= len(shown)


def members(verdict: RuleVerdict) -> list[Bar]:
    """What was seen at a place, the most frequent first, and how often."""
    total, bars = sum(verdict.seen.values()) or 1, []
    for index, (member, number) in enumerate(Counter(verdict.seen).most_common(MAX_MEMBERS)):
        look = member if member in _LOOKS else f"m{index % 6}"
        bars.append(Bar(member, number, 100 * number / total, look))
    return bars


def duration(seconds: float) -> str:
    """Seconds as a person says them: `0.3 ms`, `120 ms`, `4.2 s`, `3 min 20 s`, `1 h 5 min`."""
    if seconds < 0.001:
        return f"{seconds * 1000:.1f} ms"
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 60:
        return f"{seconds:.1f} s".replace(".0 s", " s")
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min" + f" {rest} s" * bool(rest)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h" + f" {minutes} min" * bool(minutes)


Stroke = list[tuple[float, float, str]]  # points without a gap: where they are, what they say


@dataclass(frozen=True, slots=True)
class Chart:
    """A picture of `WIDTH` by `HEIGHT`: curves with labels and looks, and heights with labels."""

    curves: Sequence[tuple[str, str, Sequence[Stroke]]]
    ticks: Sequence[tuple[float, str]]


def times_chart(trend: Trend) -> Chart | None:
    """Response times over nights, on a scale of powers of ten; None if no night has any."""
    p95s, medians = trend.answers.p95s, trend.answers.medians
    values = [value for value in (*p95s, *medians) if value is not None]
    if not values:
        return None
    low = floor(log10(max(min(values), FASTEST)))
    high = max(ceil(log10(max(*values, LEAST_SLOWEST))), low + 1)
    step = WIDTH / max(len(trend.nights) - 1, 1)

    def height(seconds: float) -> float:
        return round(HEIGHT * (high - log10(max(seconds, FASTEST))) / (high - low), 1)

    def strokes(nights: Sequence[float | None]) -> Sequence[Stroke]:
        found: list[Stroke] = [[]]
        for index, (value, night) in enumerate(zip(nights, trend.nights, strict=True)):
            if value is None:
                found.append([])
                continue
            words = f"{night.day}: {duration(value)}"
            found[-1].append((round(index * step, 1), height(value), words))
        return list(filter(None, found))

    curves = (("95 % of the answers", "m1", strokes(p95s)), ("median", "m0", strokes(medians)))
    ticks = [(height(10.0**power), duration(10.0**power)) for power in range(low, high + 1)]
    return Chart(curves, ticks)
