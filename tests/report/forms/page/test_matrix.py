"""Verdicts to a table of places by kinds."""

from dataclasses import replace
from typing import Any

import pytest

from contracts.report.forms.page.matrix import Matrix, matrices_of
from contracts.report.run import Agreement, RuleVerdict
from contracts.rules import Severity
from contracts.verdicts import Outcome

from ...made_runs import GET, run
from ...made_runs import verdict as made_verdict


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
    return [(row.place and "  " * row.depth + row.label, [*row.cells, *(c.kind for c in row.chips)]) for row in rows]


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
    assert found.columns == ("required", "format")


def test_rules_of_an_answer_as_a_whole_come_first() -> None:
    found = matrix(verdict("/x"), verdict(None, "strict json"), verdict(None, "auth", status=None))
    assert [(answers.status, len(answers.rows)) for answers in found.answers] == [(None, 1), ("200", 3)]
    assert tree(found)[:2] == [(None, ["auth"]), (None, ["strict json"])]
    assert found.columns == ("type",)


def test_columns_are_the_kinds_in_the_order_of_the_table_and_unknown_ones_last() -> None:
    found = matrix(verdict(kind="enum"), verdict(kind="of another version"), verdict(kind="nullability"), verdict())
    assert found.columns == ("nullability", "type", "enum", "of another version")


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


def test_media_types_are_apart() -> None:
    found = matrix(verdict(), replace(verdict(), rule=f"{GET} 200 ;text/html /x type"))
    assert [(answers.status, answers.media) for answers in found.answers] == [("200", ""), ("200", "text/html")]
