"""Response times of several operations, or of several runs, to those of all of them together."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import accumulate

from contracts.report.run import BOUNDS, Times


def pooled(parts: Iterable[Times]) -> Times | None:
    """The times of all answers together; None without any answer.

    A report keeps no single times, so that median and 95th percentile are read from the sum of the histograms, straight
    between two bounds. They are never outside what the parts have, because no pooled percentile can be: those of one
    part, or of parts that are alike, are exact.
    """
    answered = [times for times in parts if times.count]
    if not answered:
        return None
    worst = max(answered, key=lambda times: (times.longest, times.slowest))
    histogram = tuple(map(sum, zip(*(times.histogram for times in answered), strict=True)))
    return Times(
        sum(times.count for times in answered),
        _within(percentile(histogram, 50, worst.longest), [times.median for times in answered]),
        _within(percentile(histogram, 95, worst.longest), [times.p95 for times in answered]),
        worst.longest,
        worst.slowest,
        histogram,
    )


def percentile(histogram: Sequence[int], percent: int, longest: float) -> float:
    """The nearest rank's time, as if answers between two bounds were spread evenly; `longest` is the last bound."""
    rank = -(-sum(histogram) * percent // 100)
    up_to = list(accumulate(histogram))
    index = next(index for index, count in enumerate(up_to) if count >= rank)
    low = BOUNDS[index - 1] if index else 0.0
    high = BOUNDS[index] if index < len(BOUNDS) else longest
    nth = rank - (up_to[index] - histogram[index])
    return low + (high - low) * (nth - 0.5) / histogram[index]


def _within(value: float, parts: Sequence[float]) -> float:
    return round(min(max(value, min(parts)), max(parts)), 6)
