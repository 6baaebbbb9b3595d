"""Exchanges to what a report says of an operation: how many, how they ended, and how long answers took."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from typing import Any

from contracts.messages import Exchange
from contracts.report.run import BOUNDS
from contracts.verdicts import is_unavailable

MAX_TARGET = 200


def operations_of(keys: Sequence[str], exchanges: Sequence[Exchange]) -> dict[str, Any]:
    """The entry of each operation, by its key; one that was asked nothing has one as well."""
    asked: dict[str, list[Exchange]] = {key: [] for key in keys}
    for exchange in exchanges:
        asked.setdefault(exchange.probe.operation, []).append(exchange)
    return {
        key: {
            "exchanges": len(own),
            "unavailable": sum(map(is_unavailable, own)),
            "statuses": dict(sorted(Counter(map(ending_of, own)).items())),
            "times": _times(own),
        }
        for key, own in asked.items()
    }


def ending_of(exchange: Exchange) -> str:
    """The status, or what came instead of an answer."""
    if exchange.response is not None:
        return str(exchange.response.status)
    return str(exchange.failure and exchange.failure.kind.value)


def _times(exchanges: Sequence[Exchange]) -> dict[str, Any] | None:
    """In seconds; None without an answer. Percentiles are the nearest rank's."""
    answered = [(e.response.seconds, e.probe.request) for e in exchanges if e.response is not None]
    if not answered:
        return None
    seconds = sorted(time for time, _ in answered)
    longest, request = max(answered, key=lambda pair: pair[0])
    histogram = Counter(bisect_right(BOUNDS, time) for time in seconds)
    return {
        "count": len(seconds),
        "median": round(_percentile(seconds, 50), 6),
        "p95": round(_percentile(seconds, 95), 6),
        "longest": round(longest, 6),
        "slowest": _cut(f"{request.method} {request.target}"),
        "histogram": [histogram[index] for index in range(len(BOUNDS) + 1)],
    }


def _percentile(ordered: Sequence[float], percent: int) -> float:
    return ordered[-(-len(ordered) * percent // 100) - 1]


def _cut(text: str) -> str:
    return text if len(text) <= MAX_TARGET else f"{text[:MAX_TARGET]}…"
