"""A forbidden request must be refused; an answer about something else says nothing of that."""

from __future__ import annotations

from typing import Any

import pytest

from contracts.exchanges.traffic import traffic_of
from contracts.messages import Credential, Exchange, Probe, Request, Response
from contracts.rules import rules_for
from contracts.run.end import left_behind
from contracts.schemas.claims import claim_of
from contracts.verdicts import Outcome, judge, tally
from tests.exchanges.documents import one_operation, parameter

BODY = {"content": {"application/json": {"schema": {"type": "object", "required": ["a"]}}}}
PARAMETERS = [
    parameter("id", {"type": "integer", "maximum": 9}),
    parameter("q", {"type": "string", "maxLength": 3}, "query"),
]
OK, ERROR = {"description": "ok"}, {"description": "no"}
RESPONSES = {"201": OK, "422": ERROR, "404": ERROR, "401": ERROR, "429": ERROR, "500": ERROR, "409": ERROR}
SPEC, POST = one_operation(method="post", parameters=PARAMETERS, responses=RESPONSES, requestBody=BODY)
RULES = rules_for(SPEC).operations[POST.key]
KEY = "POST /things/{id} refused "
JSON = (("Content-Type", "application/json"),)
GOOD = Request("POST", "/things/1?q=abc", JSON, b'{"a": 1}')


def exchange(request: Request, status: int, *fields: tuple[str, str], **probe: Any) -> Exchange:
    sent = Probe(POST.key, request, claim_of(POST, request), **{"source": "refusal", **probe})
    return Exchange(0, sent, Response(status, fields))


def outcome(request: Request, status: int, *fields: tuple[str, str], **probe: Any) -> tuple[set[str], list[str]]:
    """The refusal rules that one answer exercises, and what is said of those that it breaks."""
    judged = judge(RULES, exchange(request, status, *fields, **probe))
    exercised = {rule.removeprefix(KEY) for rule in judged.exercised if rule.startswith(KEY)}
    return exercised, [finding.seen for finding in judged.findings if finding.rule.startswith(KEY)]


LONG = Request("POST", "/things/1?q=abcd", JSON, b'{"a": 1}')
LARGE = Request("POST", "/things/10?q=abc", JSON, b'{"a": 1}')
BARE = Request("POST", "/things/1?q=abc", JSON, b"{}")
BOTH = Request("POST", "/things/10?q=abcd", JSON, b'{"a": 1}')


@pytest.mark.parametrize(
    ("request_", "status", "rule"),
    [
        (LONG, 422, "query q maxLength"),
        (LONG, 400, "query q maxLength"),
        (LARGE, 404, "path id maximum"),
        (BARE, 422, "body / required a"),
    ],
)
def test_4xx_keeps_the_rule_of_what_is_broken_and_no_other(request_: Request, status: int, rule: str) -> None:
    assert outcome(request_, status) == ({rule}, [])


@pytest.mark.parametrize(
    ("status", "said"),
    [(201, "forbidden request accepted: 201"), (204, "forbidden request accepted: 204"), (500, "crashed: 500")],
)
def test_2xx_and_documented_crash_break_it(status: int, said: str) -> None:
    exercised, seen = outcome(LONG, status)
    assert (exercised, len(seen)) == ({"query q maxLength"}, 1)
    assert said in seen[0]
    assert seen[0].endswith("forbidden because the query parameter q does not match its schema")


def test_what_an_accepted_request_made_is_named() -> None:
    assert "201 with Location /things/7" in outcome(LONG, 201, ("Location", "/things/7"))[1][0]


@pytest.mark.parametrize("status", [301, 401, 403, 404, 405, 407, 408, 409, 410, 412, 428, 429, 501, 502, 503, 504])
def test_answer_about_something_else_says_nothing(status: int) -> None:
    assert outcome(LONG, status) == (set(), [])


def test_crash_that_is_in_no_document_has_one_rule() -> None:
    broken = judge(RULES, exchange(LONG, 599)).findings
    assert [finding.rule for finding in broken] == ["POST /things/{id} status documented"]


@pytest.mark.parametrize("request_", [GOOD, BOTH], ids=["allowed", "broken twice"])
def test_only_one_broken_constraint_counts(request_: Request) -> None:
    assert outcome(request_, 201) == (set(), [])


@pytest.mark.parametrize("probe", [{"source": "status"}, {"source": "fuzz"}, {"credential": Credential.NONE}])
def test_only_refusals_with_the_right_credential_count(probe: dict[str, Any]) -> None:
    assert outcome(LONG, 201, **probe) == (set(), [])


def test_rule_points_to_the_constraint() -> None:
    at = {rule.id.removeprefix(KEY): rule.pointer for rule in RULES.rules if rule.kind == "refused"}
    operation = "/paths/~1things~1{id}/post"
    assert at["query q maxLength"] == f"{operation}/parameters/1/schema/maxLength"
    assert at["body / required a"] == f"{operation}/requestBody/content/application~1json/schema/required"


def test_http_leaves_a_body_without_type_open() -> None:
    severities = {rule.id.removeprefix(KEY): rule.severity for rule in RULES.rules if rule.kind == "refused"}
    assert severities.pop("body content type missing") == "advisory"
    assert set(severities.values()) == {"violation"}


@pytest.mark.parametrize(
    "fields",
    [
        (("Content-Type", "multipart/form-data"),),
        (("Content-Type", "json"),),
        (("Content-Type", "application/json"), ("Content-Type", "text/plain")),
        (("Content-Type", "text/plain"),),
        (),
    ],
    ids=["no boundary", "no media type", "two", "another", "none"],
)
@pytest.mark.parametrize("status", [400, 415])
def test_refusal_of_the_form_of_a_request_is_at_most_an_advisory(
    fields: tuple[tuple[str, str], ...], status: int
) -> None:
    request = Request("POST", "/things/1", fields, b'{"a": 1}')
    broken = judge(RULES, exchange(request, status)).findings
    assert [finding.rule for finding in broken] == ["POST /things/{id} edge answer documented"]


def test_rule_that_no_request_was_sent_for_is_not_asked() -> None:
    verdicts = tally(RULES.rules, [judge(RULES, exchange(LONG, 429)), judge(RULES, exchange(BARE, 422))])
    found = {verdict.rule.name: verdict.outcome for verdict in verdicts if verdict.rule.kind == "refused"}
    assert found["body / required a"] is Outcome.HOLDS
    assert found["query q maxLength"] is Outcome.NOT_EXERCISED
    assert {found["path id maximum"], found["body syntax"]} == {Outcome.NOT_ASKED}


@pytest.mark.parametrize(
    ("status", "fields", "said"),
    [
        (201, (("Location", "/things/7"),), "stays: /things/7"),
        (204, (), "stays: POST /things/{id}"),
        (422, (), None),
    ],
)
def test_what_forbidden_requests_left_behind_is_noted(
    status: int, fields: tuple[tuple[str, str], ...], said: str | None
) -> None:
    notes = list(left_behind(traffic_of(SPEC, [exchange(LONG, status, *fields)] * 2)))
    assert [note.partition("what came of them ")[2] for note in notes] == [said] * (said is not None)
