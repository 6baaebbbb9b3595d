"""Many judgements to one verdict a rule."""

import json
from typing import Any

from contracts.messages import Exchange, Probe, Request, Response
from contracts.verdicts import Outcome, Verdict, judge, tally
from tests.documents import OPERATION, operation_rules, short

SCHEMA = {"type": "object", "properties": {"a": {"type": "string"}}}


def verdicts(*values: Any, schema: Any = SCHEMA) -> dict[str, Verdict]:
    rules = operation_rules(schema)
    headers = (("Content-Type", "application/json"),)
    answers = [Response(200, headers, json.dumps(value).encode()) for value in values]
    probe = Probe(OPERATION, Request("GET", "/things/1"))
    judgements = [judge(rules, Exchange(number, probe, answer)) for number, answer in enumerate(answers)]
    return {short(verdict.rule): verdict for verdict in tally(rules.rules, judgements)}


def test_a_rule_that_was_never_exercised_is_not_green() -> None:
    assert verdicts({})["/a type"].outcome is Outcome.NOT_EXERCISED


def test_a_rule_that_was_kept_every_time_holds() -> None:
    verdict = verdicts({"a": "x"}, {"a": "y"}, {})["/a type"]
    assert (verdict.outcome, verdict.exercised, verdict.violations) == (Outcome.HOLDS, 2, 0)


def test_once_broken_is_violated_with_its_rate() -> None:
    verdict = verdicts({"a": "x"}, {"a": 1}, {"a": "y"})["/a type"]
    assert (verdict.outcome, verdict.exercised, verdict.violations) == (Outcome.VIOLATED, 3, 1)


def test_an_exchange_with_many_bad_items_counts_once() -> None:
    verdict = verdicts([1, 2, 3], schema={"type": "array", "items": {"type": "string"}})["/* type"]
    assert (verdict.exercised, verdict.violations) == (1, 1)


def test_the_evidence_is_the_smallest_body() -> None:
    verdict = verdicts({"a": 1, "b": "long"}, {"a": 2})["/a type"]
    assert verdict.evidence is not None
    assert verdict.evidence.exchange.number == 1


def test_what_was_seen_is_counted_by_itself_the_most_frequent_first() -> None:
    verdict = verdicts({"a": 1}, {"a": True, "b": "long"}, {"a": True, "b": "longer"}, {"a": "x"})["/a type"]
    assert (verdict.violations, list(verdict.broken_by.items())) == (
        3,
        [("true, of type boolean", 2), ("1, of type integer", 1)],
    )


def test_the_evidence_shows_what_was_seen_most_often() -> None:
    verdict = verdicts({"a": 1}, {"a": True, "b": "longer"}, {"a": True, "b": "long"})["/a type"]
    assert verdict.evidence is not None
    assert (verdict.evidence.exchange.number, verdict.evidence.finding.seen) == (2, "true, of type boolean")


def test_what_one_body_shows_twice_counts_once() -> None:
    verdict = verdicts([1, 1, 2], [1], schema={"type": "array", "items": {"type": "string"}})["/* type"]
    assert verdict.broken_by == {"1, of type integer": 2, "2, of type integer": 1}


def test_a_rule_that_could_not_be_judged_is_undecided() -> None:
    verdict = verdicts({"a": "x"}, schema={"properties": {"a": {"pattern": "("}}})["/a pattern"]
    assert verdict.outcome is Outcome.UNDECIDED
    assert verdict.why


def test_what_was_seen_adds_up() -> None:
    assert verdicts({"a": "x"}, {}, {"a": 1})["/a type"].seen == {"value": 2, "absent": 1}
