"""The summary at the end of a run."""

import pytest

from contracts.gate.decision import Decision, Result
from contracts.messages import Failure, FailureKind, Request, Response
from contracts.report.json_report import to_json
from contracts.report.reading import run_from
from contracts.report.report import Report
from contracts.report.terminal import decision_line, summary_lines
from contracts.rules import Severity
from contracts.verdicts import Outcome, Verdict

from .made import exchange, report, rule, violated

HELD = Verdict(rule("/status type"), Outcome.HOLDS, 9)
UNEXERCISED = Verdict(rule("/id type"), Outcome.NOT_EXERCISED, why="nobody came")
UNDECIDED = Verdict(rule("/id pattern"), Outcome.UNDECIDED, 1, why="no dialect knows it")
ADVISORY = violated("a twice", None, rule("unique names", Severity.ADVISORY))


def lines(made: Report, width: int = 100) -> list[str]:
    return list(summary_lines(run_from(to_json(made)), width=width))


def test_summary_of_a_run() -> None:
    """A snapshot: what a person reads."""
    made = report(violated(), HELD, UNEXERCISED, UNDECIDED, ADVISORY, exchanges=(exchange(), exchange(Response(404))))
    assert lines(made) == [
        "operation         status  rules  exercised  violated  not exercised",
        "GET /things/{id}  200         5          4         2              1",
        'violated: GET /things/{id} 200 /status enum: "paused"',
        "advisory: GET /things/{id} 200 unique names: a twice",
        "not judged: GET /things/{id} 200 /id type (not exercised: nobody came)",
        "not judged: GET /things/{id} 200 /id pattern (undecided: no dialect knows it)",
        "exchanges: 2 (200 x 1, 404 x 1); slowest 12 ms (GET /things/1); seed 7",
    ]


def test_rules_of_no_status_are_those_of_any() -> None:
    assert lines(report(Verdict(rule("framing", status=None), Outcome.HOLDS, 1)))[1].split()[2:] == [
        "any",
        "1",
        "1",
        "0",
        "0",
    ]


def test_early_end_is_told_first() -> None:
    assert lines(report(interrupted=True))[0] == "ended early: this covers what was asked until then"


def test_exchanges_without_an_answer_are_counted_by_what_came() -> None:
    made = report(exchanges=(exchange(Failure(FailureKind.RESET, "")), exchange(Failure(FailureKind.RESET, ""))))
    assert lines(made)[-1] == "exchanges: 2 (reset x 2); seed 7"


def test_long_target_is_cut() -> None:
    made = report(exchanges=(exchange(request=Request("GET", "/things/" + "x" * 90)),))
    assert f"(GET /things/{'x' * 47}…)" in lines(made)[-1]


def test_long_list_is_cut() -> None:
    listed = [line for line in lines(report(*[ADVISORY] * 23)) if line.startswith("advisory")]
    assert (len(listed), listed[-1]) == (21, "advisory: … and 3 more, in report.json")


def test_many_rules_that_were_not_judged_are_counted() -> None:
    listed = [line for line in lines(report(*[UNEXERCISED] * 23)) if line.startswith("not judged")]
    assert listed == ["not judged: 23 rules, see the table above; report.json says why of each"]


def test_few_operations_stay_in_their_order() -> None:
    shown = lines(report(Verdict(rule("x type", status="404"), Outcome.HOLDS, 1), violated()))
    assert [line.split()[2] for line in shown[1:3]] == ["404", "200"]


def test_many_operations_show_the_violated_first() -> None:
    held = [Verdict(rule(f"x{n} type", status=str(300 + n)), Outcome.HOLDS, 1) for n in range(60)]
    shown = lines(report(*held, violated()))
    assert shown[1].split()[2:] == ["200", "1", "1", "1", "0"]
    assert (len(shown), shown[41]) == (44, "… and 21 more, in report.json")


@pytest.mark.parametrize("width", [20, 60, 100])
def test_table_keeps_to_the_width(width: int) -> None:
    assert all(len(line) <= width for line in lines(report(HELD), width)[:-1])


@pytest.mark.parametrize(
    ("decision", "line"),
    [
        (Decision(Result.PASS), "contract: PASS on http://h (1 rule, 1 holds"),
        (Decision(Result.FAIL, ("a", "b")), "contract: FAIL on http://h: a; b (1 rule"),
        (
            Decision(Result.INCONCLUSIVE, ("canary-1\n",)),
            r"contract: INCONCLUSIVE on http://h: $NOTTE_API_KEY\n (1 rule",
        ),
    ],
    ids=["pass", "fail", "inconclusive"],
)
def test_last_line_is_the_decision(decision: Decision, line: str) -> None:
    assert decision_line(run_from(to_json(report(HELD, decision=decision)))).startswith(line)


def test_last_line_counts_outcomes() -> None:
    line = decision_line(run_from(to_json(report(HELD, violated(), UNEXERCISED, UNDECIDED, base_url=None))))
    assert line == "contract: PASS on the mock (4 rules, 1 holds, 1 violated, 1 not exercised, 1 undecided)"


def test_summary_holds_no_secret() -> None:
    assert "canary-1" not in "".join(lines(report(violated("canary-1", None, rule("x", Severity.ADVISORY)))))


def test_slowest_answer_is_named() -> None:
    slow = exchange(Response(200, (), b"", 2.5), Request("GET", "/things/slow"))
    assert "; slowest 2500 ms (GET /things/slow)" in lines(report(exchanges=(exchange(), slow, exchange())))[-1]
