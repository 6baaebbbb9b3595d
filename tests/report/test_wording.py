"""What every form says of verdicts in the same words, and which of them are one cause."""

from contracts.report.run import RuleVerdict
from contracts.report.wording import causes

from .runs import lacks


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


def test_rules_of_one_operation_are_not_grouped() -> None:
    one, other = lacks("GET /a"), lacks("GET /a", rule="GET /a 404 / required id", status="404")
    assert rules(one, lacks("GET /b", "name"), other) == [["GET /a"], ["GET /b"], ["GET /a"]]


def test_what_has_no_evidence_is_not_grouped() -> None:
    assert rules(lacks("GET /a", proof=None), lacks("GET /b", proof=None)) == [["GET /a"], ["GET /b"]]
