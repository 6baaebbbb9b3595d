"""What routers, proxies and firewalls answer to odd paths by themselves: an advisory at most, whatever it breaks."""

from __future__ import annotations

from typing import Any

import pytest

from contracts.document.serialisation import is_odd
from contracts.messages import Credential, Exchange, Headers, Probe, Request, Response
from contracts.rules import OperationRules, rules_for
from contracts.verdicts import judge
from tests.documents import OPERATION, document, spec_from

HTML: Headers = (("Content-Type", "text/html"),)
JSON: Headers = (("Content-Type", "application/json"),)
ERROR = {"type": "object", "required": ["message"]}
CONTENT = {"application/json": {"schema": ERROR}}
COUNTED = {"description": "", "content": CONTENT, "headers": {"X-Count": {"required": True, "schema": {}}}}

ODD = {
    "a slash": "a%2Fb",
    "a slash in lower case": "a%2fb",
    "a slash at the end": "a%2F",
    "a doubly encoded slash": "a%252Fb",
    "a trebly encoded slash": "a%25252Fb",
    "a dot": ".",
    "two dots": "..",
    "an encoded dot": "%2e",
    "encoded dots": "%2E%2e",
    "doubly encoded dots": "%252e%252e",
    "three dots": "...",
    "a backslash": "a%5Cb",
    "a semicolon": "a%3Bb",
    "a percent sign": "100%25",
    "a NUL": "a%00b",
    "a control character": "a%1Fb",
    "a line feed": "a%0Ab",
    "a C1 control": "a%C2%85b",
    "a line separator": "a%E2%80%A8b",
    "no UTF-8": "%FF",
    "an overlong encoding": "%C0%AF",
    "nothing": "",
    "a space": "%20",
    "too long": "a" * 101,
    "much too long": "a" * 4000,
}
PLAIN = {
    "a letter": "a",
    "an accent": "%C3%A9",
    "a plus sign": "a+b",
    "a comma and a colon": "a,b:c",
    "a dot inside": "a.json",
    "a hidden file": ".well-known",
    "spaces inside": "a%20b",
    "as long as can be": "a" * 100,
}
STATUSES = (301, 302, 304, 307, 308, 400, 404, 405, 414, 431)


def rules(*documented: str, security: bool = False) -> OperationRules:
    """Of an operation that answers 200, and the documented statuses with a body and a header of their own."""
    value = document(ERROR)
    value["paths"]["/things/{id}"]["get"]["responses"] |= dict.fromkeys(documented, COUNTED)
    if security:
        value["security"] = [{"key": []}]
        value["components"]["securitySchemes"] = {"key": {"type": "http", "scheme": "bearer"}}
    return rules_for(spec_from(value)).operations[OPERATION]


def found(made: OperationRules, value: str, response: Response, **probe: Any) -> dict[str, str]:
    """The broken rules, with their severity."""
    asked = Probe(OPERATION, Request("GET", f"/things/{value}"), **probe)
    broken = {finding.rule for finding in judge(made, Exchange(0, asked, response)).findings}
    return {r.id.removeprefix(f"{OPERATION} "): r.severity for r in made.rules if r.id in broken}


ADVISORY = {"edge answer documented": "advisory"}


@pytest.mark.parametrize("value", ODD.values(), ids=ODD)
def test_what_is_odd(value: str) -> None:
    assert is_odd("/things/{id}", f"/things/{value}")


@pytest.mark.parametrize("value", PLAIN.values(), ids=PLAIN)
def test_what_is_not(value: str) -> None:
    assert not is_odd("/things/{id}", f"/things/{value}")


@pytest.mark.parametrize(
    ("template", "path", "odd"),
    [
        ("/", "/", False),
        ("/a;b", "/a;b", False),
        ("/things", "/things/", True),
        ("/{x}.json", "/.json", False),
        ("/{x}.json", "/a%2Fb.json", True),
        ("/a/{x}", "/v1/a/b", False),
    ],
)
def test_templates_are_not_odd_themselves(template: str, path: str, odd: bool) -> None:
    assert is_odd(template, path) is odd


@pytest.mark.parametrize("source", ["edge", "coverage", "fuzz", "given"])
@pytest.mark.parametrize("value", ODD.values(), ids=ODD)
def test_a_router_may_answer_an_odd_path(value: str, source: str) -> None:
    assert found(rules(), value, Response(404, HTML, b"<h1>Not Found</h1>"), source=source) == ADVISORY


@pytest.mark.parametrize("status", STATUSES)
def test_it_may_answer_with_any_of_its_statuses(status: int) -> None:
    plain = found(rules(), "1", Response(status, HTML, b"<h1>no</h1>"))
    assert found(rules(), "a%2Fb", Response(status, HTML, b"<h1>no</h1>")) == ADVISORY
    assert plain["status documented"] == "violation"


BROKEN = {
    "another type": Response(404, (*HTML, ("X-Count", "1")), b"<h1>Not Found</h1>"),
    "no type": Response(404, (("X-Count", "1"),), b"{}"),
    "two types": Response(404, (*JSON, *HTML, ("X-Count", "1")), b'{"message": ""}'),
    "another charset": Response(404, (("Content-Type", "application/json; charset=latin-1"), ("X-Count", "1")), b"{}"),
    "no JSON": Response(404, (*JSON, ("X-Count", "1")), b"<h1>Not Found</h1>"),
    "another schema": Response(404, (*JSON, ("X-Count", "1")), b'{"detail": "Not Found"}'),
    "another kind of body": Response(404, (*JSON, ("X-Count", "1")), b"[]"),
    "no header": Response(404, JSON, b'{"message": ""}'),
    "two lengths": Response(404, (*JSON, ("X-Count", "1"), *[("Content-Length", "15")] * 2), b'{"message": ""}'),
}


@pytest.mark.parametrize("documented", ["404", "4XX", "default"])
@pytest.mark.parametrize("response", BROKEN.values(), ids=BROKEN)
def test_nothing_that_the_document_says_of_the_status_binds_it(response: Response, documented: str) -> None:
    made = rules(documented)
    assert found(made, "a%2Fb", response) == ADVISORY
    assert "violation" in found(made, "1", response).values()


def test_a_405_of_a_router_needs_no_allow() -> None:
    made = rules("405")
    answer = Response(405, (*JSON, ("X-Count", "1")), b'{"message": ""}')
    assert found(made, "a%2Fb", answer) == ADVISORY
    assert "allow header" in found(made, "1", answer)


def test_an_early_answer_that_is_documented_is_kept() -> None:
    good = Response(404, (*JSON, ("X-Count", "1")), b'{"message": ""}')
    assert found(rules("404"), "a%2Fb", good) == {}


@pytest.mark.parametrize("credential", [Credential.NONE, Credential.WRONG, Credential.CUT_SHORT])
def test_no_credential_is_looked_at_before_the_route(credential: Credential) -> None:
    made, answer = rules(security=True), Response(404, HTML, b"<h1>no</h1>")
    assert found(made, "a%2Fb", answer, source="auth", credential=credential) == ADVISORY
    assert "violation" in found(made, "1", answer, source="auth", credential=credential).values()


def test_a_known_value_may_be_one_that_no_route_takes() -> None:
    good, given = Response(404, (*JSON, ("X-Count", "1")), b'{"message": ""}'), (("id", "a/b"),)
    assert found(rules("404"), "a%2Fb", good, source="given", given=given) == ADVISORY
    assert found(rules("404"), "1", good, source="given", given=given) == {"given value": "violation"}


@pytest.mark.parametrize("status", [200, 201, 204, 401, 409, 422, 500, 501])
@pytest.mark.parametrize("source", ["edge", "fuzz"])
def test_other_statuses_are_the_services(status: int, source: str) -> None:
    answer = Response(status, JSON, b"[]")
    assert found(rules(), "a%2Fb", answer, source=source) == found(rules(), "1", answer, source="fuzz")


def test_what_is_an_advisory_stays_one() -> None:
    late = Response(404, HTML, b"<h1>no</h1>", seconds=60)
    assert found(rules(), "a%2Fb", late) == {**ADVISORY, "response time": "advisory"}


def test_the_advisory_says_what_was_seen() -> None:
    made = rules()
    answers = [Response(307, (("Location", "/things/a"),)), Response(404, HTML, b"")]
    judged = [judge(made, Exchange(0, Probe(OPERATION, Request("GET", "/things/a%2F")), a)) for a in answers]
    assert [finding.seen for judgement in judged for finding in judgement.findings] == [
        "the service answered 307 to an odd request",
        "the service answered 404 with text/html to an odd request",
    ]
