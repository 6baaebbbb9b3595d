"""Verdicts to a table of places by kinds; counts to bars and curves."""

from dataclasses import replace
from typing import Any

import pytest

from contracts.report.forms.page.figures import (
    Matrix,
    duration,
    histogram,
    matrices_of,
    members,
    seen_of,
    share,
    slowest,
    standings_of,
    statuses,
    times_chart,
)
from contracts.report.history import trend_of
from contracts.report.run import BOUNDS, Agreement, OperationRun, RuleVerdict, Times
from contracts.rules import Severity
from contracts.verdicts import Outcome

from ...runs import GET, nights, run, times
from ...runs import verdict as made_verdict


def verdict(
    place: str | None = "/x", kind: str = "type", name: str = "", status: str | None = "200", **other: Any
) -> RuleVerdict:
    identity = " ".join(part for part in (GET, status, place, kind, name) if part)
    about = {"rule": identity, "place": place, "kind": kind, "status": status}
    return replace(made_verdict("holds"), **{**about, **other})


def matrix(*verdicts: RuleVerdict) -> Matrix:
    (only,) = matrices_of(run(*verdicts))
    return only


def tree(found: Matrix) -> list[tuple[str | None, list[str]]]:
    """Each row: its place, indented, and the columns that have something in it."""
    rows = [row for answers in found.answers for row in answers.rows]
    return [(row.place and "  " * row.depth + row.label, [*row.cells]) for row in rows]


def test_places_are_a_tree_in_the_order_of_the_rules() -> None:
    found = matrix(verdict("/b/*"), verdict("/b"), verdict("/a"), verdict("/"), verdict("/b/*/c"))
    assert tree(found) == [
        ("body", ["type"]),
        ("  b", ["type"]),
        ("    *", ["type"]),
        ("      c", ["type"]),
        ("  a", ["type"]),
    ]


def test_what_is_required_stands_at_its_own_row() -> None:
    found = matrix(verdict("/", "required", "id"), verdict("/id", "format"))
    assert tree(found) == [("body", []), ("  id", ["required", "format"])]
    assert tuple(found.columns) == ("required", "format")


def test_rules_of_an_answer_as_a_whole_come_first() -> None:
    found = matrix(verdict("/x"), verdict(None, "strict json"), verdict(None, "auth", status=None))
    assert [(answers.status, len(answers.rows)) for answers in found.answers] == [(None, 1), ("200", 3)]
    assert tree(found)[:2] == [(None, ["auth"]), (None, ["strict json"])]
    assert tuple(found.columns) == ("type",)


def test_columns_are_the_kinds_in_the_order_of_the_table_and_unknown_ones_last() -> None:
    found = matrix(verdict(kind="enum"), verdict(kind="of another version"), verdict(kind="nullability"), verdict())
    assert tuple(found.columns) == ("nullability", "type", "enum", "of another version")


BROKEN: dict[str, Any] = {"outcome": Outcome.VIOLATED, "violations": 3}
ACCEPTED = BROKEN | {"accepted": Agreement("known", "2027-01-31")}


@pytest.mark.parametrize(
    ("others", "standing", "count", "words"),
    [
        ([{}], "holds", "9", "type: holds on 9 exchanges"),
        ([{"exercised": 1}], "holds", "1", "type: holds on 1 exchange"),
        ([{"outcome": Outcome.NOT_EXERCISED, "exercised": 0}], "not exercised", "", "type: not exercised"),
        ([{}, BROKEN], "violated", "3/9", "type: violated on 3 of 9 exchanges"),
        ([ACCEPTED, {}], "accepted", "3/9", "type: accepted on 3 of 9 exchanges"),
        ([{**BROKEN, "severity": Severity.ADVISORY}], "advisory", "3/9", "type: advisory on 3 of 9 exchanges"),
        ([{"outcome": Outcome.UNDECIDED}, {}], "undecided", "9", "type: undecided"),
    ],
    ids=["kept", "kept once", "never exercised", "broken by one", "accepted", "advisory", "undecided"],
)
def test_a_cell_says_the_worst_of_its_rules(
    others: list[dict[str, Any]], standing: str, count: str, words: str
) -> None:
    found = matrix(*(verdict(name=str(index), **other) for index, other in enumerate(others)))
    cell = found.answers[0].rows[1].cells["type"]
    assert (cell.standing, cell.count, cell.words, len(cell.verdicts)) == (standing, count, words, len(others))


def test_an_operation_counts_its_rules_the_worst_first() -> None:
    found = matrix(verdict("/a"), verdict("/b", **BROKEN), verdict("/c"))
    assert (found.counts, found.standing) == ({"violated": 1, "holds": 2}, "violated")


def test_what_was_exercised_is_counted_apart_from_what_is_undecided_or_was_never_asked() -> None:
    silent = {"outcome": Outcome.NOT_EXERCISED, "exercised": 0}
    several = [{}, BROKEN, ACCEPTED, {**BROKEN, "severity": Severity.ADVISORY}, {"outcome": Outcome.UNDECIDED}, silent]
    found = matrix(*(verdict(name=str(index), **other) for index, other in enumerate(several)))
    assert (found.exercised, found.undecided, found.rules) == (4, 1, 6)


def test_a_cell_knows_all_that_its_rules_are() -> None:
    found = matrix(verdict(), verdict(name="other", **BROKEN))
    assert found.answers[0].rows[1].cells["type"].standings == ["violated", "holds"]


def test_media_types_are_apart() -> None:
    found = matrix(verdict(), replace(verdict(), rule=f"{GET} 200 ;text/html /x type"))
    assert [(answers.status, answers.media) for answers in found.answers] == [("200", ""), ("200", "text/html")]


# Pictures


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
    assert histogram([]) == histogram([counted()]) == []


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
    assert slowest(run(operations=(fast, slow, OperationRun("GET /never")))) == [slow, fast]
    assert share(1.0, 1.0) == 100.0
    assert 1 == share(0.0, 1.0) < share(0.01, 1.0) < 100


def test_the_stripe_counts_the_worst_first() -> None:
    counts = standings_of([made_verdict("holds"), made_verdict("violated", "y"), made_verdict("accepted", "z")])
    assert list(counts.items()) == [("violated", 1), ("accepted", 1), ("holds", 1)]


def test_what_was_seen_at_a_place_with_a_choice() -> None:
    chosen = replace(made_verdict("holds"), seen={"value": 1, "null": 3}, unseen=("absent",), place="/x", status="200")
    plain = replace(made_verdict("holds"), seen={"value": 4}, place="/y", status="200")
    (answers,) = seen_of([plain, chosen], 9)
    assert answers.plain == [plain]
    assert answers.places == [chosen]
    assert [(bar.label, bar.count, bar.share, bar.look) for bar in members(chosen)] == [
        ("null", 3, 75.0, "null"),
        ("value", 1, 25.0, "value"),
    ]


def test_an_answer_without_a_choice_is_left_out() -> None:
    assert list(seen_of([replace(made_verdict("holds"), seen={"value": 4}, place="/y")], 9)) == []


def test_no_more_places_are_drawn_than_there_is_room_for() -> None:
    found = [
        verdict(f"/x{number}", status=status, seen={"a": 1, "b": 2})
        for status in ("200", "404", "409")
        for number in (1, 2)
    ]
    assert [(len(one.places), one.more) for one in seen_of(found, 3)] == [(2, 0), (1, 1), (0, 2)]


def test_of_many_members_the_most_frequent_are_drawn() -> None:
    seen = {f"m{index}": index for index in range(15)}
    bars = members(replace(made_verdict("holds"), seen=seen, place="/x"))
    assert [bar.label for bar in bars] == [f"m{index}" for index in range(14, 2, -1)]


def test_a_chart_has_a_gap_where_a_night_has_no_times() -> None:
    asked = [run(night=night, asked={"GET /a": times(0.02)} if night != 2 else {}) for night in range(5)]
    chart = times_chart(trend_of(asked))
    assert chart is not None
    assert [len(strokes) for _, _, strokes in chart.curves] == [2, 2]
    assert [sum(map(len, strokes)) for _, _, strokes in chart.curves] == [4, 4]
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
