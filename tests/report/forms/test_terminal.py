"""The summary at the end of a run."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.decision.run_decision import Decision, Result
from contracts.messages import Failure, FailureKind, Request, Response
from contracts.report.forms.terminal import CAPS, ROWS, Screen, decision_line, marked, summary_lines
from contracts.report.history import Trend, trend_of
from contracts.report.json_report import run_from, to_json
from contracts.report.run import Agreement, Drift, Proof, RuleVerdict, Run
from contracts.rules import Severity
from contracts.verdicts import Outcome, Recurrence, Verdict

from ..runs import lacks
from ..runs import verdict as made_verdict
from ..verdicts import exchange, report, rule, violated

HELD = Verdict(rule("/status type"), Outcome.HOLDS, 9)
UNEXERCISED = Verdict(rule("/id type"), Outcome.NOT_EXERCISED, why="nobody came")
UNDECIDED = Verdict(rule("/id pattern"), Outcome.UNDECIDED, 1, why="no dialect knows it")
ADVISORY = violated("a twice", None, rule("unique names", Severity.ADVISORY))


def lines(made: Run, width: int = 100) -> list[str]:
    return list(summary_lines(run_from(to_json(made)), Screen(width)))


def test_summary_of_a_run() -> None:
    """A snapshot: what a person reads."""
    made = report(violated(), HELD, UNEXERCISED, UNDECIDED, ADVISORY, exchanges=(exchange(), exchange(Response(404))))
    assert lines(made) == [
        "operation         status  rules  exercised  violated  not exercised",
        "GET /things/{id}  200         5          4         1              1",
        'violated: GET /things/{id} 200 /status enum: "paused"',
        "advisory: GET /things/{id} 200 unique names: a twice",
        "undecided: GET /things/{id} 200 /id pattern (no dialect knows it)",
        "not exercised: GET /things/{id} 200 /id type (nobody came)",
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


def test_why_there_is_no_verdict_is_told_first_and_once() -> None:
    why = "the credential was refused on every request"
    held = replace(UNEXERCISED, why=why)
    shown = lines(report(held, decision=Decision(Result.INCONCLUSIVE, (why,))))
    assert shown[:2] == [f"inconclusive: {why}", "not exercised: 1 rule, for the reason above"]


def test_early_end_is_told_first() -> None:
    assert lines(report(interrupted=True))[0] == "ended early: this covers what was asked until then"


def test_exchanges_without_an_answer_are_counted_by_what_came() -> None:
    made = report(exchanges=(exchange(Failure(FailureKind.RESET, "")), exchange(Failure(FailureKind.RESET, ""))))
    assert lines(made)[-1] == "exchanges: 2 (reset x 2); seed 7"


def test_long_target_is_cut() -> None:
    made = report(exchanges=(exchange(request=Request("GET", "/things/" + "x" * 90)),))
    assert f"(GET /things/{'x' * 47}…)" in lines(made)[-1]


def advisories(count: int) -> list[str]:
    members = [broken(number, severity=Severity.ADVISORY) for number in range(count)]
    return [line for line in summary_lines(run_of(members), Screen(100)) if line.startswith("advisory")]


def test_list_within_its_cap_is_whole() -> None:
    (*_, last) = shown = advisories(CAPS["advisory"])
    assert (len(shown), last) == (3, 'advisory: GET /things/{id} 200 /broken_2 enum: "paused"')


def test_one_more_than_its_cap_takes_the_row_of_its_count() -> None:
    (*_, last) = shown = advisories(CAPS["advisory"] + 1)
    assert (len(shown), last) == (4, 'advisory: GET /things/{id} 200 /broken_3 enum: "paused"')


def test_long_list_is_cut() -> None:
    (*_, last) = shown = advisories(23)
    assert (len(shown), last) == (4, "advisory: … and 20 more, in report.json")


def test_one_cause_on_several_operations_is_one_line() -> None:
    several = [lacks("GET /a"), lacks("GET /b"), lacks("GET /c"), lacks("GET /d", "name")]
    known = {"path": "last.json", "about": "pass", "new": [verdict.rule for verdict in several]}
    told = [
        'GET /a 200 / required id, on 3 operations: lacks "id" (GET /a, GET /b, GET /c)',
        'GET /d 200 / required name: lacks "name"',
    ]
    shown = list(summary_lines(run_of(several), Screen(100)))
    assert [line for line in shown if line.startswith("violated")] == [f"violated: {line}" for line in told]
    shown = list(summary_lines(run_of(several, against=known), Screen(100)))
    assert [line for line in shown if line.startswith("new")] == [f"new: {line}" for line in told]


def test_operations_and_places_beyond_the_first_are_counted() -> None:
    several = [lacks(f"GET /{number}") for number in range(7)]
    members = tuple(f"v{number}" for number in range(9))
    silent = [made_verdict("holds", place, unseen=members) for place in "abcdef"]
    shown = "\n".join(summary_lines(run_of([*several, *silent]), Screen(300)))
    assert "(GET /0, GET /1, GET /2 and 4 more in report.json)" in shown
    assert "/a v0, v1, v2, v3, v4, v5 and 3 more in report.json, /b v0" in shown
    assert shown.count("/c v0") == 1
    assert "v5 and 3 more in report.json and 3 more in report.json" in shown


@pytest.mark.parametrize(
    ("second", "order"), [(HELD, ["404", "200"]), (violated(), ["200", "404"])], ids=["kept", "broken"]
)
def test_worst_comes_first_and_else_the_order_of_the_document(second: Verdict, order: list[str]) -> None:
    shown = lines(report(Verdict(rule("x type", status="404"), Outcome.HOLDS, 1), second))
    assert [line.split()[2] for line in shown[1:3]] == order


def test_many_operations_show_the_violated_first() -> None:
    held = [Verdict(rule(f"x{n} type", status=str(300 + n)), Outcome.HOLDS, 1) for n in range(60)]
    shown = lines(report(*held, violated()))
    assert shown[1].split()[2:] == ["200", "1", "1", "1", "0"]
    assert (len(shown), shown[CAPS["table"] + 1]) == (10, "… and 55 more, in report.json")


@pytest.mark.parametrize(
    ("width", "header"),
    [
        (40, "operation         status  violated"),
        (60, "operation         status  rules  exercised  violated"),
        (70, "operation         status  rules  exercised  violated  not exercised"),
    ],
)
def test_table_keeps_to_the_width(width: int, header: str) -> None:
    shown = lines(report(HELD), width)
    assert (shown[0], shown[1].startswith("GET /things/{id}  200  ")) == (header, True)


def test_long_operation_is_cut_in_its_middle() -> None:
    made = run_of(verdicts=[replace(kept(0), operation=f"GET /{'a' * 90}/{{id}}")])
    row = list(summary_lines(made, Screen(80)))[1]
    assert (len(row), row.startswith("GET …aaa"), "aa/{id}  200" in row) == (80, True, True)


@pytest.mark.parametrize(
    ("decision", "line"),
    [
        (Decision(Result.PASS), "contract: PASS on http://h (1 rule, 1 holds"),
        (Decision(Result.FAIL, ("a", "b")), "contract: FAIL on http://h: a; b (1 rule"),
        (
            Decision(Result.INCONCLUSIVE, ("canary-1\n",)),
            r"contract: INCONCLUSIVE on http://h: $CONTRACT_CREDENTIAL\n (1 rule",
        ),
    ],
    ids=["pass", "fail", "inconclusive"],
)
def test_last_line_is_the_decision(decision: Decision, line: str) -> None:
    assert decision_line(run_from(to_json(report(HELD, decision=decision))), Screen()).startswith(line)


def test_last_line_counts_outcomes() -> None:
    line = decision_line(run_from(to_json(report(HELD, violated(), UNEXERCISED, UNDECIDED, base_url=None))), Screen())
    assert (
        line == "contract: PASS in a self-test on the mock (4 rules, 1 holds, 1 violated, 1 not exercised, 1 undecided)"
    )


def test_summary_holds_no_secret() -> None:
    assert "canary-1" not in "".join(lines(report(violated("canary-1", None, rule("x", Severity.ADVISORY)))))


def test_slowest_answer_is_named() -> None:
    slow = exchange(Response(200, (), b"", 2.5), Request("GET", "/things/slow"))
    assert "; slowest 2500 ms (GET /things/slow)" in lines(report(exchanges=(exchange(), slow, exchange())))[-1]


# 25 rows for any run


ONE = run_from(to_json(report(violated()))).verdicts[0]
PROOF = ONE.evidence or Proof(message="", instance=None, curl="", status=None)
LISTED = {"found": {"active": 3}, "picked": ["a"], "complete": True}
STARTED = {"session_id": "x", "statuses": ["active"], "stopped": True, "cost": "$0.002"}
REPORT_LINE = "report: build/contract/report.json"


def kept(number: int) -> RuleVerdict:
    key = f"GET /things/{number}/{{id}}"
    return replace(ONE, rule=f"{key} 200 / x", operation=key, outcome=Outcome.HOLDS, evidence=None, unseen=("a", "b"))


def broken(number: int, length: int = 0, **others: Any) -> RuleVerdict:
    return replace(ONE, rule=f"GET /things/{{id}} 200 /broken_{number}{'x' * length} enum", **others)


def missing(number: int) -> RuleVerdict:
    return replace(
        ONE, rule=f"GET /{number} 200 / m", outcome=Outcome.NOT_EXERCISED, evidence=None, why="nobody came " * 9
    )


def run_of(verdicts: Sequence[RuleVerdict], **others: Any) -> Run:
    return replace(run_from(to_json(report())), verdicts=tuple(verdicts), **others)


def rows_of(run: Run, width: int, after: Sequence[str] = (REPORT_LINE,), trend: Trend | None = None) -> int:
    shown = [*summary_lines(run, Screen(width), trend=trend, after=after), *after, decision_line(run, Screen(width))]
    return 1 + sum(Screen(width).rows(line) for line in shown)


def monster(size: int, length: int) -> Run:
    """A run that has everything there is to say, of everything so much."""
    many = range(size)
    verdicts = [
        *(kept(n) for n in many),
        *(broken(n, length, recurrence=Recurrence("sometimes", 3, 8)) for n in many),
        *(broken(n + size, length, accepted=Agreement("known " * 40, "2099-01-01")) for n in many),
        *(broken(n + 2 * size, length, severity=Severity.ADVISORY) for n in many),
        *(missing(n) for n in many),
    ]
    rules = [broken(n, length).rule for n in many]
    drift = Drift("1", "2", "breaking", "", "BREAKING", ("change " * 30,) * size, ("note",) * size, ("x",), "contracts")
    known = dict.fromkeys(("new", "still_there", "fixed", "not_judged"), rules)
    return run_of(
        verdicts,
        reasons=("a reason " * 20,) * size,
        notes=("a note " * 30,) * size,
        targets=("https://" + "a" * length,),
        statuses={str(200 + n): n for n in many},
        interrupted=True,
        sessions={"listed": {**LISTED, "problem": "x" * 900}, "started": {**STARTED, "problem": "x" * 900}},
        drift=drift,
        against={"path": "p" * length, "about": "a" * length, **known},
    )


@pytest.mark.parametrize("width", [40, 80, 100, 200])
@pytest.mark.parametrize(("size", "length"), [(120, 300), (30, 0), (2, 100)])
def test_run_that_has_everything_fits_on_a_screen(size: int, length: int, width: int) -> None:
    run = monster(size, length)
    trend = trend_of([run], ["a note " * 30] * 9)
    for made in (run, replace(run, against=None), replace(run, drift=None, interrupted=False, against=None)):
        assert rows_of(made, width, (REPORT_LINE, "diff: BREAKING"), trend) <= ROWS


@given(
    st.lists(st.tuples(st.sampled_from(range(5)), st.integers(0, 400)), max_size=60),
    st.lists(st.text(max_size=400), max_size=4),
    st.integers(40, 130),
)
def test_every_run_fits_on_a_screen(entries: list[tuple[int, int]], texts: list[str], width: int) -> None:
    making = (
        lambda n, length: broken(n, length),
        lambda n, length: broken(n, length, severity=Severity.ADVISORY),
        lambda n, length: broken(n, length, accepted=Agreement("x" * length, "2099-01-01")),
        lambda n, length: missing(n),
        lambda n, length: kept(length),
    )
    verdicts = [making[kind](number, length) for number, (kind, length) in enumerate(entries)]
    run = run_of(verdicts, reasons=tuple(texts), notes=tuple(texts))
    assert rows_of(run, width) <= ROWS
    shown = list(summary_lines(run, Screen(width), after=(REPORT_LINE,)))
    listed = [line for line in shown if line.startswith("violated: GET")]
    assert len([v for v in run.violated if any(f"violated: {v.rule}: " in line for line in listed)]) == len(listed)
    left = [line for line in shown if "in report.json" in line and "violated" in line]
    assert len(listed) + bool(left) == len(listed) + (len(listed) < len(run.violated))


def test_what_many_rules_lacked_is_told_by_reason() -> None:
    few = [replace(missing(number), why="few") for number in range(300)]
    many = [replace(missing(number), why="many") for number in range(300, 1000)]
    shown = list(summary_lines(run_of([*few, *many]), Screen(80)))
    assert [line for line in shown if line.startswith("not exercised")] == [
        "not exercised: 700 rules: many",
        "not exercised: 300 rules: few",
    ]
    assert "not exercised: GET /0 200 / m (few)" in list(summary_lines(run_of(few), Screen(80)))


def test_what_there_is_no_room_for_is_counted() -> None:
    shown = list(summary_lines(monster(500, 0), Screen(80), after=(REPORT_LINE,)))
    assert [line for line in shown if line.startswith("new")][-1] == "new: … and 497 more, in report.json"
    assert "501 operations: 1 with violated rules, 500 without" in shown
    assert "… and 500 more, in report.json" in shown
    (alone,) = [line for line in shown if line.startswith("in report.json alone: ")]
    assert alone == (
        "in report.json alone: drift notes 500, still there 500, fixed 500, not judged 500, accepted 500, note 500, "
        "advisory 500, not exercised 500, never seen 500"
    )
    assert [line for line in shown if "no violation of what is published" in line], "one line is shown, not counted"


def test_id_that_is_too_long_is_counted_rather_than_cut() -> None:
    shown = list(summary_lines(run_of([broken(1, 3000), broken(2)]), Screen(80)))
    assert [line for line in shown if line.startswith("violated")] == ["violated: 2, in report.json"]


def test_of_many_reasons_the_first_are_told() -> None:
    line = decision_line(
        run_of([ONE], decision="fail", reasons=tuple(f"reason {n} is a reason" for n in range(30))), Screen()
    )
    assert line.startswith("contract: FAIL on http://h: reason 0 is a reason; reason 1 is a reason; ")
    assert "; and 21 more, in report.json (1 rule, 0 holds, 1 violated, " in line
    assert len(line) <= 4 * 80


# Colours and characters


@pytest.mark.parametrize(
    ("line", "word", "colour"),
    [
        ("violated: GET /x", "violated", "red"),
        ("accepted: GET /x", "accepted", "yellow"),
        ("note: x", "note", "yellow"),
        ("contract: PASS in a self-test on the mock", "PASS", "green"),
        ("contract: FAIL in a self-test on the mock", "FAIL", "red"),
        ("contract: INCONCLUSIVE in a self-test on the mock", "INCONCLUSIVE", "yellow"),
    ],
)
def test_word_that_says_what_a_line_is_about_is_marked(line: str, word: str, colour: str) -> None:
    before, marked_word, after, markup = marked(line)
    assert (before + marked_word + after, marked_word, markup) == (line, word, {colour: True, "bold": True})


@pytest.mark.parametrize(
    "line", ["", "exchanges: 9 (violated)", "contract: spec/notte.yaml on the mock", "violateder: x"]
)
def test_other_lines_are_left_alone(line: str) -> None:
    assert marked(line) == (line, "", "", {})


def test_characters_that_an_encoding_lacks_are_replaced() -> None:
    run = run_of([broken(1, evidence=replace(PROOF, message="é … “中” " + "x" * 300), found={})])
    shown = {code: list(summary_lines(run, Screen(80, code)))[2] for code in ("ascii", "latin-1", "utf-8", "odd")}
    assert shown["utf-8"].startswith("violated: GET /things/{id} 200 /broken_1 enum: é … “中” xxx")
    assert shown["latin-1"].startswith('violated: GET /things/{id} 200 /broken_1 enum: é ... "\\u4e2d" xxx')
    assert shown["ascii"].startswith('violated: GET /things/{id} 200 /broken_1 enum: \\xe9 ... "\\u4e2d" xxx')
    assert shown["odd"] == shown["ascii"]
    assert [line[-4:] for line in shown.values()] == ["x...", "x...", "xxx…", "x..."]
    assert {len(line) for line in (shown["ascii"], shown["latin-1"])} == {160}
