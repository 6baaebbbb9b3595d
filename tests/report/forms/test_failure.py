"""A verdict as lines that a person reads."""

from dataclasses import replace

from contracts.report.forms.failure import failure_text, missing_text, suite_properties
from contracts.report.record import Teller
from contracts.verdicts import Outcome, Verdict

from ..runs import lacks, run
from ..verdicts import SPEC, rule, violated

ACCEPT = "contracts accept x"
TELLER = Teller(SPEC, "http://h")


def said_of(verdict: Verdict) -> str:
    return failure_text(TELLER.told(verdict), accept=ACCEPT, rerun="pytest x")


def test_violation_is_five_lines_in_the_order_of_reading() -> None:
    where, seen, following, repeat, rerun = said_of(violated()).split("\n")
    assert where == f"things.yaml:{SPEC.document.source(rule().pointer).line}  GET /things/{{id}} 200 /status enum"
    assert seen == '  seen: /status is "paused" (on 3 of 9 exchanges); wanted: is one of active (a clause)'
    assert following == f"  next: fix the service or the document; to live with it for now: {ACCEPT}"
    assert repeat.startswith("  repeat: curl -sS -i --path-as-is -H Accept: ")
    assert rerun == "  rerun: pytest x"


def test_an_entry_that_has_lapsed_is_said_in_place_of_a_new_one() -> None:
    told = replace(TELLER.told(violated()), lapsed="accepted.toml:1: accepted until 2020-01-01, which has passed")
    following = failure_text(told, accept=ACCEPT, rerun="pytest x").split("\n")[2]
    assert following == "  next: accepted.toml:1: accepted until 2020-01-01, which has passed"


def test_place_is_left_out_where_the_rule_names_it() -> None:
    text = said_of(violated("no property x", "/", rule("/ required")))
    assert "  seen: no property x (on 3 of 9 exchanges); wanted: " in text


def test_rule_about_the_answer_has_no_place() -> None:
    text = said_of(violated("the service answered 500", None))
    assert "  seen: the service answered 500 (on 3 of 9 exchanges); wanted:" in text


def test_what_was_seen_stays_on_its_line() -> None:
    text = said_of(violated("a\nb\x1b[31m\ud800"))
    assert len(text.split("\n")) == 5
    assert r"/status is a\nb\x1b[31m\ud800 (on" in text


def test_missing_verdict_says_why() -> None:
    verdict = Verdict(rule(), Outcome.NOT_EXERCISED, why="nobody came")
    _, seen, following, rerun = missing_text(TELLER.told(verdict), rerun="pytest x").split("\n")
    assert seen.startswith("  seen: not exercised, nobody came; wanted: ")
    assert "--contract-param NAME=VALUE" in following
    assert rerun == "  rerun: pytest x"


def test_the_suite_has_a_property_a_cause_on_several_operations() -> None:
    several = [lacks("GET /a"), lacks("GET /b"), lacks("GET /c"), lacks("GET /d", "name")]
    causes = [value for name, value in suite_properties(run(*several)) if name == "cause"]
    assert causes == ['GET /a 200 / required id, on 3 operations: lacks "id" (GET /a, GET /b, GET /c)']
