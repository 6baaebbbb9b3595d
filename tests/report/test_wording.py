"""What every form says of verdicts in the same words, and which of them are one cause."""

from typing import Any

import pytest

from contracts.report.forms import FORMS, lines_of
from contracts.report.run import RuleVerdict, Run
from contracts.report.wording import MANY, also_text, causes, often_text, operations_of, operations_text

from .runs import lacks, run, verdict


def rules(*verdicts: RuleVerdict) -> list[list[str]]:
    return [[one.operation for one in cause.verdicts] for cause in causes(verdicts)]


def test_what_shows_the_same_on_several_operations_is_one_cause() -> None:
    (cause,) = causes([lacks("GET /a", body="{     }"), lacks("GET /b"), lacks("GET /c", body="{ }")])
    assert (cause.operations, cause.seen) == (("GET /a", "GET /b", "GET /c"), 'lacks "id"')
    assert cause.shown.operation == "GET /b"


def test_what_shows_something_else_is_another_cause() -> None:
    assert rules(lacks("GET /a"), lacks("GET /b", "name"), lacks("GET /c")) == [["GET /a", "GET /c"], ["GET /b"]]


def test_standings_and_what_is_new_are_kept_apart() -> None:
    accepted, known = lacks("GET /b", state="accepted"), lacks("GET /c", since="still there")
    assert rules(lacks("GET /a", since="new"), accepted, known) == [["GET /a"], ["GET /b"], ["GET /c"]]


def test_what_shows_on_most_operations_comes_first() -> None:
    few, many = [lacks("GET /a")], [lacks(f"GET /{path}", "name") for path in "bc"]
    assert rules(*few, *many) == [["GET /b", "GET /c"], ["GET /a"]]
    new, known = [lacks("GET /a", since="new")], [lacks(f"GET /{path}", since="still there") for path in "bc"]
    assert rules(*known, *new) == [["GET /a"], ["GET /b", "GET /c"]]
    whole = [lacks(f"GET /{path}", rule=f"GET /{path} 200 / schema", kind="schema") for path in "bc"]
    assert rules(*whole, *few) == [["GET /a"], ["GET /b", "GET /c"]]


def many_operations(count: int) -> Run:
    """Each has a rule that holds, but for the first, which lacks an id, and the last, which nobody asked."""
    verdicts = [lacks("GET /0")]
    for number in range(1, count):
        outcome = "holds" if number < count - 1 else "not_exercised"
        verdicts.append(verdict(outcome, rule=f"GET /{number} framing", operation=f"GET /{number}"))
    return run(*verdicts)


def test_many_operations_are_counted_and_the_most_violated_come_first() -> None:
    made = many_operations(1500)
    assert operations_text(made) == "1,500 operations: 1 with violated rules, 1,498 without, 1 not exercised"
    assert next(iter(operations_of(made).items())) == ("GET /0", {"violated": 1, "exercised": 1})
    assert operations_text(many_operations(MANY - 1)) == ""


@pytest.mark.parametrize("form", ["text", "markdown", "html"])
def test_every_form_of_a_large_run_says_so(form: str) -> None:
    known = {"trend": None, "width": 100, "encoding": "utf-8"}
    lines = lines_of(FORMS["run"][form], many_operations(30), **known)
    assert "1 with violated rules, 28 without, 1 not exercised" in "".join(lines)


def test_rules_of_one_operation_are_not_grouped() -> None:
    one, other = lacks("GET /a"), lacks("GET /a", rule="GET /a 404 / required id", status="404")
    assert rules(one, lacks("GET /b", "name"), other) == [["GET /a"], ["GET /b"], ["GET /a"]]


def test_what_has_no_evidence_is_not_grouped() -> None:
    assert rules(lacks("GET /a", proof=None), lacks("GET /b", proof=None)) == [["GET /a"], ["GET /b"]]


def seen(counts: dict[str, int], **extra: Any) -> RuleVerdict:
    return verdict("violated", found=counts, violations=9, exercised=9, **extra)


@pytest.mark.parametrize(
    ("made", "text"),
    [
        (verdict("violated"), "on 3 of 9 exchanges"),
        (seen({'"paused"': 9}), "on 9 of 9 exchanges"),
        (seen({'"paused"': 6, "x": 3}), "on 6 of 9 exchanges; also x on 3, in all on 9"),
        (seen({"x": 1, '"paused"': 6, "y": 2}), "on 6 of 9 exchanges; also y on 2, x on 1, in all on 9"),
        (
            seen({'"paused"': 4, **dict.fromkeys("abcd", 1)}, found_more=5),
            "on 4 of 9 exchanges; also a on 1, b on 1, c on 1 and 6 more, in all on 9",
        ),
        (seen({"x": 3}), "on 9 of 9 exchanges; also x on 3, in all on 9"),
    ],
    ids=["an older report", "one text", "two", "the most frequent first", "many", "evidence of another report"],
)
def test_each_text_has_its_own_count(made: RuleVerdict, text: str) -> None:
    assert often_text(made) == text


def test_a_long_text_leaves_room_for_the_others() -> None:
    assert also_text(seen({'"paused"': 4, "x" * 500: 2})) == f"also {'x' * 79}… on 2, in all on 9"
