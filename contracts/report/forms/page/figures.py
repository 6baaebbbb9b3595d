"""Verdicts and times to what the page draws: tables of places by kinds of rules, bars and curves.

What is drawn has its number beside it, so that nobody has to measure.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from math import ceil, floor, log10
from operator import attrgetter
from typing import Any

from contracts.report.run import BOUNDS, STANDINGS, OperationRun, RuleVerdict, Run
from contracts.report.trend import Trend
from contracts.rules import RULE_KINDS
from contracts.text import plural

MAX_OPERATIONS = 30
MAX_MEMBERS = 12
WIDTH, HEIGHT = 600, 150
"""Of the picture of response times."""
FASTEST, LEAST_SLOWEST = 0.0001, 0.001
"""Seconds: no time is drawn as less than the first, and no scale ends before the second."""

_OF_A_MEMBER = frozenset({"required"})
"""Kinds whose rules stand at an object and are about the member that they name."""
_LOOKS = {"value": "value", "null": "null", "absent": "absent"}

Path = tuple[str, ...]


def grouped(verdicts: Iterable[RuleVerdict], *names: str) -> dict[Any, list[RuleVerdict]]:
    """The verdicts by one or more of their fields, in the order in which the first of each comes."""
    key = attrgetter(*names)
    groups: dict[Hashable, list[RuleVerdict]] = {}
    for verdict in verdicts:
        groups.setdefault(key(verdict), []).append(verdict)
    return groups


def standings_of(verdicts: Iterable[RuleVerdict]) -> dict[str, int]:
    """How many rules stand how, the worst first, without what nothing is of."""
    counts = Counter(verdict.standing for verdict in verdicts)
    return {standing: counts[standing] for standing in STANDINGS if counts[standing]}


@dataclass(frozen=True, slots=True)
class Cell:
    """What came of the rules of one kind at one place; `verdicts` are in the order of the report."""

    kind: str
    verdicts: Sequence[RuleVerdict]

    @property
    def worst(self) -> RuleVerdict:
        return min(self.verdicts, key=lambda verdict: STANDINGS.index(verdict.standing))

    @property
    def standing(self) -> str:
        return self.worst.standing

    @property
    def count(self) -> str:
        """On how many exchanges: of those that broke the rule, out of how many."""
        worst = self.worst
        if worst.violations:
            return f"{worst.violations}/{worst.exercised}"
        return str(worst.exercised or "")

    @property
    def words(self) -> str:
        """What the cell says to somebody who does not see it."""
        worst, often = self.worst, ""
        if worst.violations:
            often = f" on {worst.violations} of {worst.exercised} exchanges"
        elif worst.standing == "holds":
            often = f" on {plural(worst.exercised, 'exchange')}"
        return f"{self.kind}: {worst.standing}{often}"


@dataclass(frozen=True, slots=True)
class Row:
    """A place in the body of an answer, or the answer as a whole (None), and its cells by kind."""

    label: str
    place: str | None
    depth: int
    cells: Mapping[str, Cell]

    @property
    def standing(self) -> str:
        found = {cell.standing for cell in self.cells.values()}
        return min(found, key=STANDINGS.index, default="")


@dataclass(frozen=True)
class Answers:
    """The rows of one status (None: of every answer) and media type, the answer as a whole first."""

    status: str | None
    media: str
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class Matrix:
    """All rules of an operation."""

    operation: str
    columns: tuple[str, ...]
    answers: tuple[Answers, ...]
    verdicts: Sequence[RuleVerdict]

    @cached_property
    def counts(self) -> dict[str, int]:
        return standings_of(self.verdicts)

    @property
    def standing(self) -> str:
        return next(iter(self.counts), "")

    @property
    def fields(self) -> int:
        """Of the table, the empty ones as well."""
        return sum(len(answers.rows) for answers in self.answers) * len(self.columns)


def matrices_of(run: Run) -> tuple[Matrix, ...]:
    """A matrix an operation, in the order of the report; kinds that nobody knows are the last columns."""
    found = []
    for operation, verdicts in grouped(run.verdicts, "operation").items():
        kinds = grouped((v for v in verdicts if v.place is not None), "kind")
        known = [kind for kind in RULE_KINDS if kind in kinds]
        columns = (*known, *(kind for kind in kinds if kind not in known))
        answers = []
        for (status, media), own in grouped(verdicts, "status", "media").items():
            answers.append(Answers(status, media, tuple(_rows(own))))
        answers.sort(key=lambda one: one.status is not None)
        found.append(Matrix(operation, columns, tuple(answers), verdicts))
    return tuple(found)


def _rows(verdicts: Sequence[RuleVerdict]) -> Iterator[Row]:
    whole: list[RuleVerdict] = []
    by_place: dict[Path, list[RuleVerdict]] = {}
    for verdict in verdicts:
        if verdict.place is None:
            whole.append(verdict)
            continue
        path = tuple(filter(None, verdict.place.split("/")))
        if verdict.kind in _OF_A_MEMBER and verdict.name:
            path = (*path, verdict.name)
        by_place.setdefault(path, []).append(verdict)
    if whole:
        yield Row("", None, 0, _cells(whole))
    for path in _tree(by_place):
        label = path[-1] if path else "body"
        yield Row(label, "/" + "/".join(path), len(path), _cells(by_place.get(path, ())))


def _tree(paths: Collection[Path]) -> Iterator[Path]:
    """The paths and what is above them, each before what is below it, else in the order given."""
    children: dict[Path, dict[Path, None]] = {}
    for path in paths:
        for depth in range(1, len(path) + 1):
            children.setdefault(path[: depth - 1], {})[path[:depth]] = None
    waiting: list[Path] = [()] if paths else []
    while waiting:
        path = waiting.pop()
        yield path
        waiting += reversed(children.get(path, {}).keys())


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
    totals = [sum(counts) for counts in zip(*(o.times.histogram for o in operations), strict=True)]
    labels = [*(f"< {duration(bound)}" for bound in BOUNDS), f"≥ {duration(BOUNDS[-1])}"]
    most = max(totals, default=0) or 1
    bars = [Bar(label, n, 100 * n / most) for label, n in zip(labels, totals, strict=False)]
    while bars and not bars[-1].count:
        bars.pop()
    while bars and not bars[0].count:
        bars.pop(0)
    return bars


def statuses(run: Run) -> list[Bar]:
    """Exchanges by status, or by what came instead of an answer."""
    most = max(run.statuses.values(), default=0) or 1
    bars = []
    for status, count in sorted(run.statuses.items()):
        look = f"s{status[0]}" if status[:1].isdigit() else "none"
        bars.append(Bar(status, count, 100 * count / most, look))
    return bars


@dataclass(frozen=True, slots=True)
class Timed:
    """The response times of an operation; shares of the longest in the picture, on a scale of powers of ten."""

    operation: OperationRun
    median: float
    p95: float
    longest: float


def slowest(run: Run) -> list[Timed]:
    """The slowest operations first."""
    timed = [operation for operation in run.operations if operation.times.count]
    timed.sort(key=lambda operation: -operation.times.p95)
    top = max((operation.times.longest for operation in timed), default=1.0)
    low, high = log10(FASTEST), log10(max(top, LEAST_SLOWEST))

    def share(seconds: float) -> float:
        return max(1.0, 100 * (log10(max(seconds, FASTEST)) - low) / (high - low))

    shown = []
    for operation in timed[:MAX_OPERATIONS]:
        times = operation.times
        shown.append(Timed(operation, share(times.median), share(times.p95), share(times.longest)))
    return shown


@dataclass(frozen=True, slots=True)
class SeenPlace:
    """What was seen at a place: members with their counts, and those that never were."""

    verdict: RuleVerdict
    bars: tuple[Bar, ...]
    more: int


@dataclass(frozen=True, slots=True)
class SeenAnswers:
    """What was seen in the answers of one status of an operation; at `plain` places there was a value each time.

    `more` places are not drawn.
    """

    operation: str
    status: str
    places: tuple[SeenPlace, ...]
    plain: tuple[str, ...]
    more: int = 0


def seen_of(verdicts: Iterable[RuleVerdict]) -> Iterator[SeenAnswers]:
    """What answers had at each place where they have a choice: members of enums, null, absent."""
    found = [v for v in verdicts if v.place is not None and (v.seen or v.unseen)]
    for (operation, status), own in grouped(found, "operation", "status").items():
        places, plain = [], []
        for verdict in own:
            if set(verdict.seen) == {"value"} and not verdict.unseen:
                plain.append(verdict.place or "")
            else:
                places.append(_seen_place(verdict))
        if places:
            yield SeenAnswers(operation, status or "any", tuple(places), tuple(plain))


def _seen_place(verdict: RuleVerdict) -> SeenPlace:
    total = sum(verdict.seen.values()) or 1
    ordered = sorted(verdict.seen.items(), key=lambda item: -item[1])
    bars = []
    for index, (member, count) in enumerate(ordered[:MAX_MEMBERS]):
        bars.append(Bar(member, count, 100 * count / total, _LOOKS.get(member, f"m{index % 6}")))
    return SeenPlace(verdict, tuple(bars), max(0, len(ordered) - MAX_MEMBERS))


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


@dataclass(frozen=True, slots=True)
class Curve:
    """Values over nights: points where there is one, joined where two follow each other."""

    label: str
    look: str
    strokes: tuple[str, ...]
    points: tuple[tuple[float, float, str], ...]


@dataclass(frozen=True, slots=True)
class Chart:
    """Curves in a picture of `WIDTH` by `HEIGHT`; `ticks` are heights with their labels."""

    curves: tuple[Curve, ...]
    ticks: tuple[tuple[float, str], ...]


def times_chart(trend: Trend) -> Chart | None:
    """Response times over nights, on a scale of powers of ten; None if no night has any."""
    values = [value for value in (*trend.answers.p95s, *trend.answers.medians) if value is not None]
    if not values:
        return None
    low = floor(log10(max(min(values), FASTEST)))
    high = max(ceil(log10(max(*values, LEAST_SLOWEST))), low + 1)

    def height(seconds: float) -> float:
        return round(HEIGHT * (high - log10(max(seconds, FASTEST))) / (high - low), 1)

    step = WIDTH / max(len(trend.nights) - 1, 1)
    curves = []
    for label, look, nights in (
        ("95 % of the answers", "m1", trend.answers.p95s),
        ("median", "m0", trend.answers.medians),
    ):
        strokes: list[list[tuple[float, float, str]]] = [[]]
        for index, (value, night) in enumerate(zip(nights, trend.nights, strict=True)):
            if value is None:
                strokes.append([])
                continue
            shown = f"{night.day}: {duration(value)}"
            strokes[-1].append((round(index * step, 1), height(value), shown))
        lines = [" ".join(f"{x},{y}" for x, y, _ in stroke) for stroke in filter(None, strokes)]
        curves.append(Curve(label, look, tuple(lines), tuple(chain.from_iterable(strokes))))
    ticks = tuple((height(10.0**power), duration(10.0**power)) for power in range(low, high + 1))
    return Chart(tuple(curves), ticks)
