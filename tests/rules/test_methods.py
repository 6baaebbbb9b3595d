"""Methods that the document does not list, TRACE among them, and what 405 says of the others."""

from __future__ import annotations

from typing import Any

import pytest

from contracts.document import Spec
from contracts.messages import Exchange, Headers, Probe, Request, Response
from contracts.mock import MockService
from contracts.probes import ProbePlan
from contracts.rules import RuleBook, rules_for
from contracts.verdicts import judge_all
from tests.documents import spec_from

JSON: Headers = (("Content-Type", "application/json"),)
THING = "/things/{id}"
NO_CONTENT = {"204": {"description": ""}}
REFUSED = {"405": {"description": "", "headers": {"Allow": {"schema": {"type": "string"}}}}}


def spec_with(paths: dict[str, tuple[str, ...]], documented: dict[str, Any] | None = None) -> Spec:
    """A document of methods by path, each of which answers 204, or what is documented beside."""
    items: dict[str, Any] = {}
    for path, methods in paths.items():
        names = [part.partition("}")[0] for part in path.split("{")[1:]]
        items[path] = {method.lower(): {"responses": NO_CONTENT | (documented or {})} for method in methods}
        items[path]["parameters"] = [
            {"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in names
        ]
    return spec_from({"openapi": "3.1.0", "info": {"title": "Methods", "version": "1"}, "paths": items})


def seen(
    spec: Spec, *answers: tuple[str, Response], path: str = "/things/1", key: str = f"GET {THING}"
) -> dict[str, str]:
    """What was seen wrong in the answers to the methods, by rule."""
    probes = [Probe(key, Request(method, path), source="method") for method, _ in answers]
    exchanges = [Exchange(0, probe, answer) for probe, (_, answer) in zip(probes, answers, strict=True)]
    judged = judge_all(rules_for(spec).operations[key], exchanges)
    return {f.rule.removeprefix(f"{key} "): f.seen for judgement in judged for f in judgement.findings}


def refusal(*allow: str) -> Response:
    return Response(405, (*JSON, *(("Allow", value) for value in allow)), b"{}")


ONE, TWO = spec_with({THING: ("GET",)}), spec_with({THING: ("GET", "DELETE")})


@pytest.mark.parametrize(
    "allow",
    [
        ("GET, DELETE",),
        ("DELETE,GET",),
        ("GET \t,\t DELETE",),
        ("GET", "DELETE"),
        ("", "GET, DELETE"),
        ("GET, HEAD, OPTIONS, DELETE, POST, REPORT",),
    ],
    ids=str,
)
def test_a_list_of_all_methods_is_right(allow: tuple[str, ...]) -> None:
    assert seen(TWO, ("TRACE", refusal(*allow))) == {}


@pytest.mark.parametrize(
    ("allow", "wrong"),
    [
        ((), "405 without Allow"),
        (("GET,,DELETE",), 'Allow is "GET,,DELETE", which is no list of methods'),
        (("GET, DELETE,",), 'Allow is "GET, DELETE,", which is no list of methods'),
        (("GET DELETE",), 'Allow is "GET DELETE", which is no list of methods'),
        (("GET; DELETE",), 'Allow is "GET; DELETE", which is no list of methods'),
        (('"GET"',), r'Allow is "\"GET\"", which is no list of methods'),
        ((",",), 'Allow is ",", which is no list of methods'),
        (("GET, DELETE, TRACE",), "405 for TRACE, and Allow lists it: GET, DELETE, TRACE"),
        (("GET, DELETE", "TRACE"), "405 for TRACE, and Allow lists it: GET, DELETE, TRACE"),
        (("POST, PUT",), "Allow lists POST, PUT, and none of the document: GET, DELETE"),
        (("get, delete",), "Allow lists get, delete, and none of the document: GET, DELETE"),
    ],
)
def test_a_list_that_cannot_be_right_is_a_violation(allow: tuple[str, ...], wrong: str) -> None:
    assert seen(TWO, ("TRACE", refusal(*allow))) == {"allow header": wrong}


@pytest.mark.parametrize(
    ("allow", "wrong"),
    [
        ("GET", "Allow lists GET, and not DELETE"),
        ("DELETE, HEAD", "Allow lists DELETE, HEAD, and not GET"),
        ("GET, delete", "Allow lists GET, delete, and not DELETE"),
        ("HEAD", "Allow lists HEAD, and not DELETE, GET"),
        ("", "Allow lists nothing, and not DELETE, GET"),
    ],
)
def test_a_list_that_lacks_a_method_of_the_document(allow: str, wrong: str) -> None:
    """As FastAPI gives it, whose list is that of the first route alone."""
    assert seen(TWO, ("TRACE", refusal(allow))) == {"allowed methods": wrong}


@pytest.mark.parametrize(("documented", "severity"), [({}, "advisory"), (REFUSED, "violation")])
def test_it_is_a_violation_where_the_document_has_405(documented: dict[str, Any], severity: str) -> None:
    book = rules_for(spec_with({THING: ("GET", "DELETE")}, documented))
    assert {rule.severity for rule in book.rules if rule.kind == "allowed methods"} == {severity}
    assert {rule.severity for rule in book.rules if rule.kind == "allow header"} == {"violation"}


@pytest.mark.parametrize(
    ("allow", "found"), [("POST, GET", {}), ("POST", {"allowed methods": "Allow lists POST, and not GET"})]
)
def test_the_methods_of_every_matching_template_are_listed(allow: str, found: dict[str, str]) -> None:
    spec = spec_with({"/users/me": ("POST",), "/users/{id}": ("GET",)})
    assert seen(spec, ("TRACE", refusal(allow)), path="/users/me", key="POST /users/me") == found


def test_a_documented_method_may_be_refused_for_a_while() -> None:
    spec = spec_with({THING: ("GET", "DELETE")}, REFUSED)
    assert seen(spec, ("DELETE", refusal("GET")), key=f"DELETE {THING}") == {}
    assert seen(spec, ("DELETE", refusal("")), key=f"DELETE {THING}").keys() == {"allowed methods"}
    assert seen(spec, ("DELETE", refusal("GET, DELETE")), key=f"DELETE {THING}").keys() == {"allow header"}


def test_a_head_that_is_refused_does_not_refuse_get() -> None:
    assert seen(ONE, ("HEAD", refusal("GET"))) == {}
    assert seen(ONE, ("HEAD", refusal("GET, HEAD"))).keys() == {"allow header"}
    assert seen(ONE, ("OPTIONS", refusal("GET, OPTIONS"))).keys() == {"allow header"}


def test_what_was_refused_before_on_the_path_is_not_allowed() -> None:
    first, second = ("TRACE", refusal("GET")), ("POST", refusal("GET, TRACE"))
    assert seen(ONE, first, second) == {"allow header": "405 for TRACE, and Allow lists it: GET, TRACE"}
    assert seen(ONE, ("GET", refusal("")), ("POST", refusal("GET"))).keys() <= {"allowed methods"}


def test_other_statuses_need_no_allow() -> None:
    assert seen(ONE, ("POST", Response(404, JSON, b"{}")), ("PUT", Response(501, JSON, b"{}"))) == {}


def test_405_to_a_method_of_the_document_is_judged_as_well() -> None:
    request, answer = Request("GET", "/things/1"), refusal("GET")
    judged = judge_all(rules_for(ONE).operations[f"GET {THING}"], [Exchange(0, Probe(f"GET {THING}", request), answer)])
    found = {finding.rule.removeprefix(f"GET {THING} ") for finding in judged[0].findings}
    assert found == {"status documented", "allow header"}


# --- OPTIONS ---


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        (Response(200), {}),
        (Response(204, (("Access-Control-Allow-Methods", "POST"),)), {}),
        (Response(404), {}),
        (Response(501), {}),
        (Response(503), {}),
        (Response(500), {"unlisted method": "500 for OPTIONS"}),
        (Response(505), {"unlisted method": "505 for OPTIONS"}),
        (Response(204, (("Allow", "GET, HEAD, DELETE, OPTIONS"),)), {}),
        (Response(204, (("Allow", "GET, HEAD, DELETE, OPTIONS, POST, TRACE"),)), {}),
        (Response(200, (("Allow", "GET"),)), {"allowed methods": "Allow lists GET, and not DELETE"}),
        (Response(200, (("Allow", ""),)), {"allowed methods": "Allow lists nothing, and not DELETE, GET"}),
        (
            Response(200, (("Allow", "GET DELETE"),)),
            {"allow header": 'Allow is "GET DELETE", which is no list of methods'},
        ),
        (
            Response(204, (("Allow", "POST, OPTIONS"),)),
            {"allow header": "Allow lists POST, OPTIONS, and none of the document: GET, DELETE"},
        ),
    ],
)
def test_options_may_be_answered_and_its_list_is_judged(answer: Response, found: dict[str, str]) -> None:
    assert seen(TWO, ("OPTIONS", answer)) == found


def test_list_of_options_may_be_that_of_a_whole_server() -> None:
    """As Tomcat gives it: only a 405 must know what it refuses."""
    lists = Response(200, (("Allow", "GET, HEAD, POST, DELETE, TRACE, OPTIONS"),))
    assert seen(TWO, ("TRACE", refusal("GET, DELETE")), ("OPTIONS", lists)) == {}


# --- the mock ---


def exercised(spec: Spec, book: RuleBook, service: MockService) -> dict[str, bool]:
    """Every rule of a document on its mock, and whether it was exercised; none is broken."""
    plan, found = ProbePlan(spec, unsafe=True, statuses=service.count_variants), set[str]()
    for operation in spec.operations:
        probes = [*plan.lane(operation).probes(), *plan.lane(operation).closing(None)]
        exchanges = [Exchange(0, probe, service.answer(probe.request)) for probe in probes]
        for judgement in judge_all(book.operations[operation.key], exchanges):
            assert judgement.findings == []
            found |= judgement.exercised
    return {rule.id: rule.id in found for rule in book.rules}


@pytest.mark.parametrize("documented", [{}, REFUSED], ids=["405 is not documented", "405 is documented"])
@pytest.mark.parametrize("methods", [("GET",), ("DELETE",), ("GET", "DELETE"), ("HEAD", "OPTIONS")])
@pytest.mark.parametrize("path", ["/things", THING])
def test_the_mock_keeps_them_all(path: str, methods: tuple[str, ...], documented: dict[str, Any]) -> None:
    spec = spec_with({path: methods}, documented)
    judged = exercised(spec, rules_for(spec), MockService(spec))
    assert [rule for rule in judged if "allow" in rule and not judged[rule]] == []


# --- TRACE ---

COOKIE = Request("TRACE", "/things/1", (("Cookie", "trace=no-such-thing"),))
ECHO = b"TRACE /v1/things/1 HTTP/1.1\r\nHost: a\r\nUser-Agent: b\r\n"


@pytest.mark.parametrize(
    ("body", "wrong"),
    [
        (b"{}", "200 for TRACE"),
        (ECHO, "200 for TRACE, which gives back the request"),
        (
            ECHO + b"Cookie: trace=no-such-thing\r\n",
            "200 for TRACE, which gives back the request with its Cookie, as it would a credential",
        ),
    ],
    ids=["an answer", "the request", "its cookie"],
)
def test_trace_is_served(body: bytes, wrong: str) -> None:
    key = f"GET {THING}"
    exchange = Exchange(
        0, Probe(key, COOKIE, source="method"), Response(200, (("Content-Type", "message/http"),), body)
    )
    (judgement,) = judge_all(rules_for(ONE).operations[key], [exchange])
    assert [(f.rule, f.seen) for f in judgement.findings] == [(f"{key} unlisted method", wrong)]
