"""Counts to bars and curves."""

from dataclasses import replace

import pytest

from contracts.report.forms.page.pictures import duration, histogram, seen_of, slowest, standings, statuses, times_chart
from contracts.report.run import BOUNDS, OperationRun, Times
from contracts.report.trend import trend_of

from ...made_runs import nights, run, times, verdict


def counted(**buckets: int) -> OperationRun:
    filled = [buckets.get(f"b{index}", 0) for index in range(len(BOUNDS) + 1)]
    return OperationRun("GET /a", times=Times(sum(filled), 0.01, 0.02, 0.03, "GET /a", tuple(filled)))


def test_a_histogram_goes_from_the_fastest_to_the_slowest_that_there_are() -> None:
    bars = histogram([counted(b4=2, b6=8), counted(b6=2)])
    assert [(bar.label, bar.count, bar.share) for bar in bars] == [
        ("< 20 ms", 2, 20.0),
        ("< 50 ms", 0, 0.0),
        ("< 100 ms", 10, 100.0),
    ]


def test_a_histogram_of_nothing_is_empty() -> None:
    assert histogram([]) == histogram([counted()]) == ()


def test_the_last_bar_is_open() -> None:
    assert histogram([counted(b14=1)])[0].label == "≥ 30 s"


def test_statuses_have_the_look_of_their_class() -> None:
    bars = statuses(run(statuses={"200": 4, "503": 1, "refused": 2}))
    assert [(bar.label, bar.share, bar.look) for bar in bars] == [
        ("200", 100.0, "s2"),
        ("503", 25.0, "s5"),
        ("refused", 50.0, "none"),
    ]


def test_the_slowest_operation_is_first_and_its_bar_the_longest() -> None:
    fast = OperationRun("GET /fast", times=times(0.01))
    slow = OperationRun("GET /slow", times=times(1.0))
    found = slowest(run(operations=(fast, slow)))
    assert [timed.operation.key for timed in found] == ["GET /slow", "GET /fast"]
    assert found[0].longest == 100.0
    assert 1 <= found[1].median <= found[1].p95 <= found[1].longest < 100


def test_the_stripe_counts_the_worst_first() -> None:
    bars = standings(run(verdict("holds"), verdict("violated", "y"), verdict("accepted", "z")))
    assert [(bar.label, bar.count) for bar in bars] == [("violated", 1), ("accepted", 1), ("holds", 1)]


def test_what_was_seen_at_a_place_with_a_choice() -> None:
    chosen = replace(verdict("holds"), seen={"value": 1, "null": 3}, unseen=("absent",), place="/x", status="200")
    plain = replace(verdict("holds"), seen={"value": 4}, place="/y", status="200")
    (answers,) = seen_of([plain, chosen])
    assert answers.plain == ("/y",)
    (place,) = answers.places
    assert [(bar.label, bar.count, bar.share, bar.look) for bar in place.bars] == [
        ("null", 3, 75.0, "null"),
        ("value", 1, 25.0, "value"),
    ]
    assert place.unseen == ("absent",)


def test_an_answer_without_a_choice_is_left_out() -> None:
    assert list(seen_of([replace(verdict("holds"), seen={"value": 4}, place="/y")])) == []


def test_many_members_are_counted_together() -> None:
    seen = {f"m{index}": 1 for index in range(15)}
    (answers,) = seen_of([replace(verdict("holds"), seen=seen, place="/x")])
    assert (len(answers.places[0].bars), answers.places[0].more) == (12, 3)


def test_a_chart_has_a_gap_where_a_night_has_no_times() -> None:
    asked = [run(night=night, asked={"GET /a": times(0.02)} if night != 2 else {}) for night in range(5)]
    chart = times_chart(trend_of(asked))
    assert chart is not None
    assert [len(curve.strokes) for curve in chart.curves] == [2, 2]
    assert [len(curve.points) for curve in chart.curves] == [4, 4]
    assert [label for _, label in chart.ticks] == ["10 ms", "100 ms"]


def test_a_chart_of_no_times_is_none() -> None:
    assert times_chart(trend_of(nights("holds"))) is None


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.0003, "0.3 ms"),
        (0.12, "120 ms"),
        (1.0, "1 s"),
        (4.24, "4.2 s"),
        (60, "1 min"),
        (200, "3 min 20 s"),
        (3900, "1 h 5 min"),
        (7200, "2 h"),
    ],
)
def test_a_duration_is_said_as_a_person_says_it(seconds: float, words: str) -> None:
    assert duration(seconds) == words
