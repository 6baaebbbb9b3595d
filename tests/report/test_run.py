"""Response times of several operations as those of all of them."""

from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.report.run import BOUNDS, Times, pooled

from .runs import times

SECONDS = st.lists(st.floats(0.0001, 60).map(lambda second: round(second, 6)), min_size=1, max_size=30)


def exact(seconds: list[float], percent: int) -> float:
    return sorted(seconds)[-(-len(seconds) * percent // 100) - 1]


def bucket(second: float) -> tuple[float, float]:
    return next((low, high) for low, high in zip((0, *BOUNDS), (*BOUNDS, inf), strict=True) if low <= second < high)


def test_no_answers_have_no_times() -> None:
    assert pooled([]) is None
    assert pooled([Times()]) is None


def test_those_of_one_are_as_they_were() -> None:
    one = times(0.013, 0.4)
    assert pooled([one, Times()]) == one


@given(st.lists(SECONDS, min_size=1, max_size=4))
def test_percentiles_lie_where_those_of_all_answers_lie(parts: list[list[float]]) -> None:
    """Between the same two bounds: a report does not know more."""
    together, every = pooled(times(*part) for part in parts), [second for part in parts for second in part]
    assert together is not None
    for found, percent in ((together.median, 50), (together.p95, 95)):
        low, high = bucket(exact(every, percent))
        assert low <= found <= high
    assert (together.count, together.longest) == (len(every), max(every))


@given(st.lists(SECONDS, min_size=2, max_size=4))
def test_their_order_says_nothing(parts: list[list[float]]) -> None:
    assert pooled(times(*part) for part in parts) == pooled(times(*part) for part in reversed(parts))


@pytest.mark.parametrize("often", [2, 5])
def test_parts_that_are_alike_say_what_one_says(often: int) -> None:
    one, together = times(0.013, 0.4), pooled([times(0.013, 0.4)] * often)
    assert together is not None
    assert (together.median, together.p95) == (one.median, one.p95)
