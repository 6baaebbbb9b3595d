"""Counts to the bars of pictures: what is drawn has its number beside it, so that nobody has to measure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from math import ceil, floor, log10

from contracts.report.run import BOUNDS, STANDINGS, OperationRun, RuleVerdict, Run
from contracts.report.trend import Trend

MAX_OPERATIONS = 30
MAX_MEMBERS = 12


@dataclass(frozen=True, slots=True)
class Bar:
    """A count with its label, and its length as a share of the picture, in per cent."""

    label: str
    count: int
    share: float
    look: str = ""


def histogram(operations: Iterable[OperationRun]) -> tuple[Bar, ...]:
    """Answers by response time, from the fastest to the slowest that there are."""
    totals = [sum(counts) for counts in zip(*(o.times.histogram for o in operations), strict=True)]
    used = [index for index, total in enumerate(totals) if total]
    if not used:
        return ()
    most = max(totals)
    labels = [f"< {duration(bound)}" for bound in BOUNDS] + [f"≥ {duration(BOUNDS[-1])}"]
    return tuple(
        Bar(labels[index], totals[index], 100 * totals[index] / most)
        for index in range(used[0], used[-1] + 1)
    )


def statuses(run: Run) -> tuple[Bar, ...]:
    """Exchanges by status, or by what came instead of an answer."""
    most = max(run.statuses.values(), default=0) or 1
    return tuple(
        Bar(status, count, 100 * count / most, f"s{status[0]}" if status[:1].isdigit() else "none")
        for status, count in sorted(run.statuses.items())
    )


@dataclass(frozen=True, slots=True)
class Timed:
    """The response times of an operation; shares of the longest in the picture, on a scale of powers of ten."""

    operation: OperationRun
    median: float
    p95: float
    longest: float


def slowest(run: Run) -> tuple[Timed, ...]:
    """The slowest operations first."""
    timed = [operation for operation in run.operations if operation.times.count]
    timed.sort(key=lambda operation: -operation.times.p95)
    top = max((operation.times.longest for operation in timed), default=1.0)

    def share(seconds: float) -> float:
        low, high = log10(0.0001), log10(max(top, 0.001))
        return max(1.0, 100 * (log10(max(seconds, 0.0001)) - low) / (high - low))

    return tuple(
        Timed(o, share(o.times.median), share(o.times.p95), share(o.times.longest))
        for o in timed[:MAX_OPERATIONS]
    )


@dataclass(frozen=True, slots=True)
class SeenPlace:
    """What was seen at a place: members with their counts, and those that never were."""

    verdict: RuleVerdict
    bars: tuple[Bar, ...]
    unseen: tuple[str, ...]
    more: int = 0


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
    groups: dict[tuple[str, str], list[RuleVerdict]] = {}
    for verdict in verdicts:
        if verdict.place is not None and (verdict.seen or verdict.unseen):
            groups.setdefault((verdict.operation, verdict.status or "any"), []).append(verdict)
    for (operation, status), own in groups.items():
        plain = [v for v in own if set(v.seen) == {"value"} and not v.unseen]
        places = tuple(_seen_place(v) for v in own if v not in plain)
        if places:
            yield SeenAnswers(operation, status, places, tuple(v.place or "" for v in plain))


def _seen_place(verdict: RuleVerdict) -> SeenPlace:
    total = sum(verdict.seen.values()) or 1
    ordered = sorted(verdict.seen.items(), key=lambda item: -item[1])
    looks = {"value": "value", "null": "null", "absent": "absent"}
    bars = [
        Bar(member, count, 100 * count / total, looks.get(member, f"m{index % 6}"))
        for index, (member, count) in enumerate(ordered[:MAX_MEMBERS])
    ]
    return SeenPlace(verdict, tuple(bars), verdict.unseen, max(0, len(ordered) - MAX_MEMBERS))


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
        return f"{minutes} min {rest} s" if rest else f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if minutes else f"{hours} h"


def standings(run: Run) -> tuple[Bar, ...]:
    """The stripe at the top: rules by what came of them."""
    counts = Counter(verdict.standing for verdict in run.verdicts)
    return tuple(
        Bar(name, counts[name], 100 * counts[name] / len(run.verdicts), name)
        for name in STANDINGS
        if counts[name]
    )


WIDTH, HEIGHT = 600, 150


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
    named = (
        ("95 % of the answers", "m1", trend.answers.p95s),
        ("median", "m0", trend.answers.medians),
    )
    values = [value for _, _, all_values in named for value in all_values if value is not None]
    if not values:
        return None
    low, high = floor(log10(max(min(values), 0.0001))), ceil(log10(max(*values, 0.001)))
    high += high == low

    def height(seconds: float) -> float:
        return round(HEIGHT * (high - log10(max(seconds, 0.0001))) / (high - low), 1)

    ticks = tuple((height(10.0**power), duration(10.0**power)) for power in range(low, high + 1))
    return Chart(tuple(_curve(*one, height, trend) for one in named), ticks)


def _curve(
    label: str,
    look: str,
    values: Sequence[float | None],
    height: Callable[[float], float],
    trend: Trend,
) -> Curve:
    step = WIDTH / max(len(values) - 1, 1)
    points = [
        None
        if value is None
        else (round(index * step, 1), height(value), f"{night.day}: {duration(value)}")
        for index, (value, night) in enumerate(zip(values, trend.nights, strict=True))
    ]
    strokes = [
        " ".join(f"{point[0]},{point[1]}" for point in group if point is not None)
        for there, group in groupby(points, key=lambda point: point is not None)
        if there
    ]
    return Curve(label, look, tuple(strokes), tuple(point for point in points if point is not None))
