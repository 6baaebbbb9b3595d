"""When rules beyond the schema exist, and what they leave alone: documents that say less must cause no false alarm."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from contracts.messages import (
    CREDENTIAL_FORMS,
    GIVEN_BODY,
    Claim,
    Credential,
    Exchange,
    Headers,
    Probe,
    Request,
    Response,
)
from contracts.rules import OperationRules, rules_for
from contracts.verdicts import judge
from tests.documents import OPERATION, document, spec_from

JSON: Headers = (("Content-Type", "application/json"),)


def rules(responses: Any, *, security: bool = False, **parameter: Any) -> OperationRules:
    value = document({})
    operation = value["paths"]["/things/{id}"]["get"]
    operation["responses"] = responses
    if responses is None:
        del operation["responses"]
    operation["parameters"][0].update(parameter)
    if security:
        value["security"] = [{"key": []}]
        value["components"]["securitySchemes"] = {"key": {"type": "http", "scheme": "bearer"}}
    return rules_for(spec_from(value)).operations[OPERATION]


def found(
    rules: OperationRules, response: Response, *, path: str = "/things/1", method: str = "GET", **probe: Any
) -> set[str]:
    judged = judge(rules, answered(response, path=path, method=method, **probe))
    return {finding.rule.removeprefix(f"{OPERATION} ") for finding in judged.findings}


def answered(response: Response, *, path: str = "/things/1", method: str = "GET", **probe: Any) -> Exchange:
    return Exchange(0, Probe(OPERATION, Request(method, path), **probe), response)


def kinds(rules: OperationRules) -> set[str]:
    return {rule.kind for rule in rules.rules}


def ok(schema: Any = None) -> dict[str, Any]:
    return {"200": {"description": "", "content": {"application/json": {"schema": schema or {}}}}}


ODD = (400, 404, 405, 414, 422, 431)
BARE: dict[str, Any] = {"400": {"description": ""}}


@pytest.mark.parametrize(("status", "broken"), [(401, set()), (403, {"status documented"})])
def test_a_credential_that_is_refused_with_401_need_not_be_documented(status: int, broken: set[str]) -> None:
    refusal = Response(status, (*JSON, ("WWW-Authenticate", "Bearer")), b"{}")
    assert found(rules(ok(), security=True), refusal, credential=Credential.WRONG, source="auth") == broken
    assert "status documented" in found(rules(ok(), security=True), refusal)


@pytest.mark.parametrize(
    ("status", "broken"), [(401, {"auth not required"}), (403, set()), (404, {"given value"}), (200, set())]
)
def test_an_operation_without_security_answers_who_has_no_credential(status: int, broken: set[str]) -> None:
    spec = document({})
    spec["components"]["securitySchemes"] = {"key": {"type": "http", "scheme": "bearer"}}
    spec["paths"]["/things/{id}"]["get"]["responses"] = {"200": {"description": ""}, "4XX": {"description": ""}}
    given: dict[str, Any] = {"source": "given", "given": (("id", "1"),)}
    challenge = (("WWW-Authenticate", "Bearer"),)
    own = rules_for(spec_from(spec)).operations[OPERATION]
    assert found(own, Response(status, challenge), **given) == broken
    assert found(own, Response(status, challenge), source="fuzz") == set()


@pytest.mark.parametrize("form", [Credential.NONE, Credential.WRONG, Credential.APPENDED])
@pytest.mark.parametrize(
    ("status", "let_in"),
    [(200, True), (204, True), (409, True), (500, True), *((odd, False) for odd in (302, 307, *ODD))],
)
def test_what_comes_before_a_credential_is_looked_at_shows_nothing_of_it(
    status: int, let_in: bool, form: Credential
) -> None:
    judged = judge(rules(ok(), security=True), answered(Response(status), credential=form, source="auth"))
    about = {rule for rule in judged.exercised if rule.endswith(f"auth {CREDENTIAL_FORMS[form].rule}")}
    broken = {finding.rule for finding in judged.findings if " auth " in finding.rule}
    assert (len(about), broken) == (let_in, about)


def test_a_documented_refusal_without_content_says_nothing_about_its_type() -> None:
    assert found(rules({**ok(), **BARE}), Response(400), source="edge") == set()


def test_a_value_the_document_forbids_may_be_refused_though_it_was_given() -> None:
    made, forbidden = rules({**ok(), **BARE}), Claim("it is too long")
    assert found(made, Response(400), given=(("id", "1"),)) == {"given value"}
    assert found(made, Response(400), given=(("id", "1"),), claim=forbidden) == set()


@pytest.mark.parametrize(
    ("status", "broken"),
    [
        *((status, True) for status in (400, 404, 410, 422, 500)),
        *((status, False) for status in (200, 302, 401, 403, 405, 409, 412, 423, 428, 429, 502, 503, 504, 529)),
    ],
)
def test_only_what_is_about_a_given_value_says_something_of_it(status: int, broken: bool) -> None:
    made = rules({**ok(), str(status): {"description": ""}})
    wrong = "given value" in found(made, Response(status), source="given", given=(("id", "1"),))
    assert wrong == broken


@pytest.mark.parametrize(
    ("location", "given", "body", "refused"),
    [
        pytest.param("query", ("id",), None, {404, 410}, id="a query parameter was made up"),
        pytest.param("header", ("id", "x"), None, {400, 404, 410, 422}, id="a header was given"),
        pytest.param("query", ("x",), None, set(), id="the path was made up"),
        pytest.param("query", ("id", "x"), b"{}", set(), id="the body was made up"),
        pytest.param("query", ("id", "x", GIVEN_BODY), b"{}", {400, 404, 410, 422}, id="all was given"),
    ],
)
def test_what_was_made_up_may_be_refused(
    location: str, given: tuple[str, ...], body: bytes | None, refused: set[int]
) -> None:
    statuses = (400, 404, 410, 422)
    value = document({})
    operation = value["paths"]["/things/{id}"]["get"]
    operation["parameters"].append({"name": "x", "in": location, "required": True, "schema": {"type": "string"}})
    operation["responses"] |= {str(status): {"description": ""} for status in statuses}
    made = rules_for(spec_from(value)).operations[OPERATION]
    target = "/things/1?x=1" if location == "query" else "/things/1"
    request, pairs = Request("GET", target, (("x", "1"),), body), tuple((name, "1") for name in given)
    broken = set()
    for status in statuses:
        judged = judge(made, Exchange(0, Probe(OPERATION, request, source="given", given=pairs), Response(status)))
        broken |= {status for finding in judged.findings if finding.rule.endswith(" given value")}
    assert broken == refused


@pytest.mark.parametrize(
    ("responses", "absent"),
    [
        pytest.param(BARE, {"given value", "single content type", "charset"}, id="no 2xx and no content"),
        pytest.param(None, {"status documented", "edge answer documented"}, id="nothing documented"),
        pytest.param({"default": {"description": ""}}, {"status documented"}, id="default"),
        pytest.param({"200": {"description": "", "content": {"text/plain": {}}}}, {"charset"}, id="no JSON"),
        pytest.param(ok(), {"auth", "challenge", "unknown value"}, id="no security, no marked parameter"),
    ],
)
def test_rules_that_nothing_can_exercise_do_not_exist(responses: Any, absent: set[str]) -> None:
    assert kinds(rules(responses)) & absent == set()


THING = {"type": "object", "properties": {"id": {"type": "string", "maxLength": 5}}}


@pytest.mark.parametrize(
    ("path", "body", "rules_found"),
    [
        ("/things/1", b'{"id":"1"}', set()),
        ("/things/1", b'{"id":"2"}', {"200 /id identity"}),
        ("/things/a%20b", b'{"id":"a b"}', set()),
        ("/things/a%20b", b'{"id":"a%20b"}', {"200 /id identity"}),
        ("/things/Ab", b'{"id":"ab"}', {"200 /id identity"}),
        ("/things/123456", b'{"id":"12345"}', set()),
        ("/things/%FF", b'{"id":"x"}', set()),
        ("/things/1", b"{}", set()),
        ("/things/1", b"[]", {"200 / type"}),
    ],
)
def test_an_answer_is_about_what_was_asked_for(path: str, body: bytes, rules_found: set[str]) -> None:
    """A value that the property could not repeat is not asked back."""
    assert found(rules(ok(THING)), Response(200, JSON, body), path=path) == rules_found


@pytest.mark.parametrize(
    ("documented", "marked", "severity"),
    [
        ("404", False, "violation"),
        ("410", False, "violation"),
        ("404", True, "violation"),
        ("4XX", False, "advisory"),
        ("4XX", True, "violation"),
        ("422", True, "violation"),
        ("422", False, None),
        ("default", False, None),
    ],
)
def test_an_unknown_value_is_refused_where_the_document_can_tell(
    documented: str, marked: bool, severity: str | None
) -> None:
    made = rules({**ok(), documented: {"description": ""}}, **{"x-identifies": marked})
    assert next((r.severity for r in made.rules if r.kind == "unknown value"), None) == severity
    taken, missing = Response(200, JSON, b"{}"), Response(404)
    assert ("unknown value" in found(made, taken, source="unknown")) is (severity is not None)
    assert "unknown value" not in found(made, taken, source="fuzz") | found(made, missing, source="unknown")


def test_identity_is_a_violation_where_the_document_marks_it() -> None:
    by_mark = {
        mark: next(r.severity for r in rules(ok(THING), **{"x-identifies": mark}).rules if r.kind == "identity")
        for mark in (True, False)
    }
    assert by_mark == {True: "violation", False: "advisory"}


@pytest.mark.parametrize(
    ("headers", "rule"),
    [
        ((*JSON, *JSON), "single content type"),
        ((("Content-Type", "application/json; charset=latin-1"),), "charset"),
        ((*JSON, ("Content-Length", "2"), ("Content-Length", "2")), "content length"),
        ((*JSON, ("Content-Length", "2"), ("Transfer-Encoding", "chunked")), "content length"),
        ((*JSON, ("X-Token", "Bearer $CONTRACT_CREDENTIAL")), "credential kept"),
    ],
    ids=["two types", "charset", "two lengths", "length and chunks", "credential"],
)
def test_header_fields(headers: Headers, rule: str) -> None:
    assert found(rules(ok()), Response(200, headers, b"{}")) == {rule}


def test_no_content_has_no_length() -> None:
    made = rules({**ok(), "204": {"description": ""}})
    assert found(made, Response(204, (("Content-Length", "0"),))) == {"content length"}


@pytest.mark.parametrize(("status", "broken"), [(405, False), (404, False), (501, False), (200, True), (500, True)])
def test_an_unlisted_method_does_nothing(status: int, broken: bool) -> None:
    response = Response(status, (*JSON, ("Allow", "GET")), b"{}")
    seen = found(rules(ok()), response, method="POST", source="method")
    assert seen == ({"unlisted method"} if broken else set())


@pytest.mark.parametrize(("variable", "broken"), [("SHOP_KEY", True), ("OTHER_KEY", False)])
def test_the_credential_is_known_by_its_variable(variable: str, broken: bool) -> None:
    spec = replace(spec_from(document({})), variable=variable)
    given_back = Response(200, JSON, b'{"key": "$SHOP_KEY"}')
    assert ("credential kept" in found(rules_for(spec).operations[OPERATION], given_back)) is broken
