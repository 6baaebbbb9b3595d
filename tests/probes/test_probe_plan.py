"""What is asked of an operation: everything that was given, in a known order, and nothing that can't be meant."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contracts.document import Operation, Spec, load_spec
from contracts.document.model import NOWHERE
from contracts.document.security import ways_of
from contracts.document.serialisation import match_path
from contracts.messages import ALLOWED, GIVEN_BODY, Claim, Credential, Probe, Request
from contracts.probes import ProbePlan, probe_plan, schemathesis_cases
from contracts.probes.edges import EDGE_STRINGS, HEADER_VALUES, MALFORMED_PATHS, edge_requests
from contracts.probes.knowledge import ValueRow
from contracts.schemas.claims import claim_of
from tests.documents import document, spec_from
from tests.exchanges.documents import answered, one_operation, parameter, spec_of

NOTTE = load_spec("spec/notte.yaml")
STRING, INTEGER = {"type": "string"}, {"type": "integer"}
Given = Mapping[str, Sequence[str]]
BY_ID = [parameter("id", STRING)]


def probes(spec: Spec, given: Given | None = None, index: int = 0, **options: Any) -> list[Probe]:
    plan = ProbePlan(spec, given=given or {}, **{"examples": 3, "unsafe": True, **options})
    return list(plan.lane(spec.operations[index]).probes())


def targets(found: Sequence[Probe], source: str = "given") -> list[str]:
    return [probe.request.target for probe in found if probe.source == source]


def given_targets(parameters: list[dict[str, Any]], given: Given, path: str = "/things/{id}") -> list[str]:
    return targets(probes(one_operation(path, parameters=parameters)[0], given))


def test_every_given_value_is_asked_for_in_two_rounds() -> None:
    spec, _ = one_operation(parameters=BY_ID)
    found = [probe for probe in probes(spec, {"id": ["a", "b c", "d/e"]}) if probe.source == "given"]
    assert targets(found) == ["/things/a", "/things/b%20c", "/things/d%2Fe"] * 2
    assert [probe.given for probe in found[:3]] == [(("id", "a"),), (("id", "b c"),), (("id", "d/e"),)]
    assert [probe.note for probe in found] == ["given values, first time"] * 3 + ["given values, second time"] * 3


def test_a_given_value_is_held_against_the_document_once(monkeypatch: pytest.MonkeyPatch) -> None:
    judged = list[str]()

    def claim(operation: Operation, request: Request) -> Claim:
        judged.append(request.target)
        return ALLOWED

    monkeypatch.setattr(probe_plan, "claim_of", claim)
    spec, operation = one_operation(parameters=BY_ID)
    assert len(list(ProbePlan(spec, given={"id": ["a", "b"]}).lane(operation).given())) == 4
    assert judged.count("/things/b") == 1


def test_many_given_values_are_all_asked_for() -> None:
    values = [f"v{number}" for number in range(1500)]
    assert Counter(given_targets(BY_ID, {"id": values})) == {f"/things/{value}": 2 for value in values}


def test_given_values_of_two_parameters_go_in_pairs() -> None:
    parameters = [parameter("a", STRING), parameter("b", STRING)]
    found = given_targets(parameters, {"a": ["1", "2", "3"], "b": ["x", "y"]}, "/{a}/{b}")
    assert found == ["/1/x", "/2/y", "/3/x"] * 2


def test_given_query_values_are_all_asked_for() -> None:
    parameters = [*BY_ID, parameter("page", INTEGER, "query"), parameter("unknown", STRING, "query")]
    found = given_targets(parameters, {"id": ["a"], "page": ["1", "2"]})
    assert found == ["/things/a?page=1", "/things/a?page=2"] * 2


def test_given_values_of_headers_and_cookies_are_sent() -> None:
    parameters = [*BY_ID, parameter("X-A", STRING, "header"), parameter("c", STRING, "cookie")]
    spec, _ = one_operation(parameters=parameters)
    first = probes(spec, {"id": ["a"], "X-A": ["v"], "c": ["w x"]})[0]
    assert first.request == Request("GET", "/things/a", (("X-A", "v"), ("Cookie", "c=w%20x")))
    assert first.given == (("id", "a"), ("X-A", "v"), ("c", "w x"))


def test_a_given_value_replaces_what_is_required() -> None:
    parameters = [
        *BY_ID,
        parameter("q", STRING, "query", required=True),
        parameter("r", STRING, "query", required=True),
    ]
    (first, *_) = given_targets(parameters, {"id": ["a"], "q": ["mine"]})
    assert re.fullmatch(r"/things/a\?r=[^&]*&q=mine", first)


def test_without_parameters_an_operation_is_asked_twice() -> None:
    spec = spec_of({"/a": {"get": {}}})
    found = [probe for probe in probes(spec) if probe.source == "given"]
    assert [(probe.request, probe.given) for probe in found] == [(Request("GET", "/a"), ())] * 2


def test_without_a_known_resource_nothing_is_given() -> None:
    spec, _ = one_operation("/{a}/{b}", parameters=[parameter("a", STRING), parameter("b", STRING)])
    assert "given" not in {probe.source for probe in probes(spec, {"a": ["1"], "b": []})}


def test_made_requests_use_given_values_two_times_in_three() -> None:
    spec, _ = one_operation(parameters=[*BY_ID, parameter("q", STRING, "query")])
    found = targets(probes(spec, {"id": ["known"]}, examples=60), "fuzz")
    assert 0 < sum(target.startswith("/things/known?") for target in found) < len(found)


def test_what_is_given_is_not_made_again() -> None:
    spec, _ = one_operation(parameters=BY_ID)
    found = list(probes(spec, {"id": ["known"]}, examples=60))
    assert [p.source for p in found if p.request == Request("GET", "/things/known")] == ["given"] * 2


def test_a_given_value_that_leads_elsewhere_is_not_sent() -> None:
    assert given_targets(BY_ID, {"id": ["..", ".", "a/../b", "fine"]}) == ["/things/fine"] * 2


def test_a_given_value_of_a_more_concrete_path_is_not_sent() -> None:
    operation = {"parameters": BY_ID}
    spec = spec_of({"/things/start": {"post": {}}, "/things/{id}": {"get": operation}})
    found = probes(spec, {"id": ["start", "other"]}, index=1)
    assert targets(found) == ["/things/other"] * 2
    assert "/things/start" not in targets(found, "coverage") + targets(found, "fuzz")


BODY = {"required": True, "content": {"application/json": {"schema": {"type": "object", "required": ["a"]}}}}


def test_what_is_required_is_there_and_allowed() -> None:
    parameters = [*BY_ID, parameter("q", {"type": "integer", "minimum": 5}, "query", required=True)]
    spec, operation = one_operation(method="post", parameters=parameters, requestBody=BODY)
    first = probes(spec, {"id": ["a"]})[0]
    assert first.claim.allowed
    assert first.request.body
    assert claim_of(operation, Request("POST", "/things/a")).forbidden_because is not None


def test_a_value_that_is_forbidden_is_asked_for_all_the_same() -> None:
    spec, _ = one_operation(parameters=[parameter("id", INTEGER)])
    found = [probe for probe in probes(spec, {"id": ["abc"]}) if probe.source == "given"]
    assert [str(probe.claim) for probe in found] == [
        "forbidden because the path parameter id does not match its schema"
    ] * 2


def test_where_nothing_is_allowed_the_path_is_asked_for() -> None:
    parameters = [*BY_ID, parameter("q", False, "query", required=True)]
    assert given_targets(parameters, {"id": ["a"]}) == ["/things/a"] * 2


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_methods_that_may_change_state_are_not_sent_unasked(method: str) -> None:
    spec, _ = one_operation(method=method, parameters=BY_ID)
    assert probes(spec, {"id": ["a"]}, unsafe=False) == []
    assert probes(spec, {"id": ["a"]})


@pytest.mark.parametrize("method", ["get", "head", "options", "trace"])
def test_safe_methods_are_always_sent(method: str) -> None:
    spec, _ = one_operation(method=method, parameters=BY_ID)
    found = probes(spec, {"id": ["a"]}, unsafe=False)
    assert {probe.request.method for probe in found} == {method.upper()}


def ordered(responses: dict[str, Any], counts: int = 2) -> list[str | None]:
    spec, _ = one_operation(parameters=BY_ID, responses=responses)
    found = probes(spec, {"id": ["a"]}, statuses=lambda operation, status: counts)
    return [probe.request.header("prefer") for probe in found if probe.source == "status"]


def test_the_mock_is_asked_for_every_documented_body() -> None:
    responses = {status: answered(True) for status in ("200", "4XX", "default")}
    assert ordered(responses) == [f"code={c}, example={n}" for c in (200, 400, 500) for n in range(2)]


def test_a_status_that_the_mock_can_not_answer_with_is_not_asked_for() -> None:
    assert ordered({"200": answered(True)}, counts=0) == []


def test_a_range_that_is_documented_in_full_is_not_asked_for() -> None:
    every = {str(status): {"description": "fine"} for status in range(400, 500)}
    found = ordered({"200": answered(True), "4XX": answered(True), **every}, counts=1)
    assert found == ["code=200, example=0", *(f"code={status}, example=0" for status in every)]


def test_a_live_service_is_not_asked_for_a_status() -> None:
    spec, _ = one_operation(parameters=BY_ID)
    assert not [probe for probe in probes(spec, {"id": ["a"]}) if probe.request.header("prefer")]


def edge_values(found: Sequence[Probe]) -> list[str]:
    return [path.removeprefix("/sessions/") for path in targets(found, "edge") if "?" not in path]


def test_every_odd_string_is_sent_in_the_path() -> None:
    found = edge_values(probes(NOTTE, {"session_id": ["known"]}))
    wanted = [quote(text, safe="") for _, text in EDGE_STRINGS] + [text for _, text in MALFORMED_PATHS]
    assert found[: len(wanted)] == wanted
    assert {"a%2Fb", "a%00b", "%C3%A9", "%c3%a9", "%FF"} <= set(found)


@pytest.mark.parametrize("name", ["x-notte-request-origin", "x-notte-sdk-version"])
def test_every_odd_value_is_sent_in_headers(name: str) -> None:
    found = [probe.request for probe in probes(NOTTE, {"session_id": ["known"]}) if probe.source == "edge"]
    values = {value for request in found for key, value in request.headers if key == name}
    assert values == {*(value for _, value in HEADER_VALUES), "a", "b"}
    assert ((name, "a"), (name, "b")) in {request.headers for request in found}


def test_edges_are_sent_for_every_operation() -> None:
    spec = spec_of({"/a": {"get": {}}})
    assert targets(probes(spec), "edge") == ["/a?undeclared=%F0%9F%98%80", "/a?=a"]


def test_edges_keep_the_rest_of_the_request() -> None:
    parameters = [parameter("a", STRING), parameter("b", STRING), parameter("X-A", STRING, "header")]
    _, operation = one_operation("/{a}/x{b}.json", parameters=parameters)
    base = Request("GET", "/1/x2.json?c=d", (("x-a", "old"), ("Y", "z")))
    made = [request for _, request in edge_requests(operation, base)]
    assert made[0] == Request("GET", "/a%2Fb/x2.json?c=d", base.headers)
    assert Request("GET", "/1/xa%2Fb.json?c=d", base.headers) in made
    assert Request("GET", "/1/x2.json?c=d&=a", base.headers) in made
    assert made[-1].headers == (("Y", "z"), ("X-A", "a"), ("X-A", "b"))


def test_what_the_client_sets_itself_is_no_edge() -> None:
    parameters = [*BY_ID, parameter("Content-Length", INTEGER, "header"), parameter("User-Agent", STRING, "header")]
    spec, _ = one_operation(parameters=parameters)
    found = probes(spec, {"id": ["a"], "User-Agent": ["mine"]})
    assert not {name.lower() for probe in found for name, _ in probe.request.headers} & {"content-length", "user-agent"}


def test_a_template_and_its_parameters_may_disagree() -> None:
    spec, _ = one_operation("/{undeclared}/{id}", parameters=[*BY_ID, parameter("elsewhere", STRING)])
    found = probes(spec, {"undeclared": ["a"], "id": ["b"]})
    assert targets(found) == ["/a/b"] * 2
    assert "/a%2Fb/b" in targets(found, "edge")


AWKWARD = [
    parameter("id", INTEGER),
    parameter("X-Long", {"type": "string", "minLength": 7000}, "header"),
    parameter("long", {"type": "string", "minLength": 7000}, "query"),
    parameter("bad name", STRING, "header"),
    parameter("list", {"type": "array", "items": INTEGER}, "query", required=True),
]


@pytest.mark.parametrize(
    ("spec", "given"),
    [
        pytest.param(NOTTE, {"session_id": ["a/b", "é", "x" * 3000, "..", "\udcff"]}, id="Notte"),
        pytest.param(one_operation(parameters=AWKWARD)[0], {"id": ["1", "x"]}, id="awkward"),
        pytest.param(
            one_operation(method="post", parameters=AWKWARD, requestBody=BODY)[0], {"id": ["1"]}, id="with a body"
        ),
    ],
)
def test_what_is_sent_is_http_and_meant_for_the_operation(spec: Spec, given: Given) -> None:
    operation = spec.operations[0]
    found = probes(spec, given, examples=20)
    assert found
    assert all(match_path(operation.path, probe.request.path) for probe in found)
    assert all(len(f"{p.request.method} {p.request.target} HTTP/1.1") <= 8000 for p in found)
    assert all(probe.request.target.isascii() for probe in found)
    assert all(re.fullmatch(r"[!#-'*+.^`|~\w-]+", name) for probe in found for name, _ in probe.request.headers)
    assert all(value == value.strip() and "\n" not in value for p in found for _, value in p.request.headers)


@given(st.lists(st.text(min_size=1, max_size=9), min_size=1, max_size=5), st.integers(0, 9))
@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.nested_given])
def test_a_claim_is_that_of_the_wire(values: list[str], seed: int) -> None:
    spec, operation = one_operation(parameters=AWKWARD)
    found = probes(spec, {"id": [value.encode("utf-8", "ignore").decode() or "a" for value in values]}, seed=seed)
    assert all(claim_of(operation, probe.request) == probe.claim for probe in found)
    assert {probe.claim.allowed for probe in found} == {True, False}


def test_no_made_request_is_sent_twice() -> None:
    made = [p.request for p in probes(NOTTE, {"session_id": ["known"]}, examples=50) if p.source != "given"]
    assert len(made) == len(set(made))


def test_the_order_is_given_then_ordered_then_made() -> None:
    found = probes(NOTTE, {"session_id": ["known"]}, statuses=lambda operation, status: 1)
    assert list(dict.fromkeys(probe.source for probe in found)) == ["given", "status", "coverage", "fuzz", "edge"]


def test_boundary_cases_are_made_once(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str] = []
    original = schemathesis_cases.coverage_requests

    def counting(schema: Any, operation: Operation) -> list[tuple[str, Request]]:
        made.append(operation.key)
        return original(schema, operation)

    monkeypatch.setattr(schemathesis_cases, "coverage_requests", counting)
    spec, operation = one_operation(method="post", parameters=BY_ID, requestBody=BODY)
    plan = ProbePlan(spec, given={"id": ["a", "b"]}, examples=1, unsafe=True, statuses=lambda operation, status: 2)
    assert len(list(plan.lane(operation).probes())) == len(list(plan.lane(operation).probes()))
    assert made == [operation.key]


def test_given_values_need_no_generation(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schemathesis_cases, "Cases", lambda *_: pytest.fail("generated"))
    plan = ProbePlan(NOTTE, given={"session_id": ["a"]})
    assert next(plan.lane(NOTTE.operations[0]).probes()).request.target == "/sessions/a"


# Whose resources are asked for, and by what

GIVEN, FOUND, OWN = {"id": ["given"]}, {"id": ["found"]}, {"id": ["own"]}
SOURCES: dict[str, Any] = {"given": GIVEN, "found": FOUND, "own": OWN}
NO_THING = "/things/no-such-resource-4f1d9a2b"


def live_targets(method: str, path: str = "/things/{id}", source: str = "given", **sources: Any) -> set[str]:
    spec, _ = one_operation(path, method, parameters=BY_ID)
    found = probes(spec, live=True, **(sources or SOURCES))
    return {probe.request.path for probe in found if source in (probe.source, "any")}


@pytest.mark.parametrize(
    ("method", "path", "asked"),
    [
        ("get", "/things/{id}", {"given", "found", "own"}),
        ("put", "/things/{id}", {"given", "own"}),
        ("delete", "/things/{id}", {"own"}),
        ("get", "/things/{id}/stop", {"given", "found", "own"}),
        ("post", "/things/{id}/stop", {"own"}),
        ("post", "/things/{id}/Close", {"own"}),
    ],
)
def test_values_are_for_some_operations(method: str, path: str, asked: set[str]) -> None:
    assert live_targets(method, path) == {path.replace("{id}", value) for value in asked}


@pytest.mark.parametrize("method", ["delete", "post"])
def test_what_ends_a_resource_goes_nowhere_else(method: str) -> None:
    path = "/things/{id}" if method == "delete" else "/things/{id}/stop"
    nowhere = path.replace("/things/{id}", NO_THING)
    assert live_targets(method, path, "any", given=GIVEN, found=FOUND) == {nowhere}


def test_what_would_end_everything_is_not_sent() -> None:
    spec, operation = one_operation("/things", "delete")
    lane = ProbePlan(spec, unsafe=True, live=True).lane(operation)
    assert [*lane.probes(), *(p for p in lane.closing(None) if p.source != "method")] == []


def test_closing_probes_of_what_ends_a_resource_go_nowhere() -> None:
    spec, operation = one_operation("/things/{id}", "delete", parameters=BY_ID)
    plan = ProbePlan(spec, given=GIVEN, unsafe=True, live=True)
    assert {probe.request.path for probe in plan.lane(operation).closing(None)} == {NO_THING}


def test_nobody_vouches_for_what_was_found() -> None:
    spec, _ = one_operation(parameters=BY_ID)
    vouched = {p.request.path: p.given for p in probes(spec, live=True, **SOURCES) if p.source == "given"}
    assert vouched == {
        "/things/given": (("id", "given"),),
        "/things/found": (),
        "/things/own": (("id", "own"),),
    }


ANSWERED = Request("GET", "/sessions/known")


def closing(spec: Spec, *, unsafe: bool = False, answered: Request | None = ANSWERED) -> list[Probe]:
    return list(ProbePlan(spec, unsafe=unsafe).lane(spec.operations[0]).closing(answered))


def test_each_form_of_the_credential_is_tried_once_on_what_was_answered() -> None:
    tried = [probe for probe in closing(NOTTE) if probe.source == "auth" and probe.request == ANSWERED]
    assert [probe.credential for probe in tried] == [way.form for way in ways_of(NOTTE.operations[0], NOTTE)][1:]


def test_without_credential_a_resource_that_cannot_exist_is_asked_for() -> None:
    (probe,) = [p for p in closing(NOTTE) if p.source == "auth" and p.request != ANSWERED]
    assert probe.credential is Credential.NONE
    assert probe.request.target == f"/sessions/{NOWHERE[0]}"


def test_what_identifies_is_asked_for_where_it_cannot_exist() -> None:
    (probe,) = [p for p in closing(NOTTE) if p.source == "unknown"]
    assert probe.request == Request("GET", f"/sessions/{NOWHERE[0]}")


@pytest.mark.parametrize(
    ("status", "method", "path", "asked"),
    [
        ("404", "get", "/things/{id}", 1),
        ("4XX", "get", "/things/{id}", 1),
        ("422", "get", "/things/{id}", 0),
        ("404", "get", "/things", 0),
        ("404", "delete", "/things/{id}", 0),
    ],
)
def test_a_value_that_cannot_exist_is_asked_for_where_the_document_can_tell(
    status: str, method: str, path: str, asked: int
) -> None:
    spec = things({}, path, method, **{status: {"description": ""}})
    assert [probe.source for probe in closing(spec, unsafe=True, answered=None)].count("unknown") == asked


@pytest.mark.parametrize(
    ("unsafe", "methods"),
    [(False, ["TRACE", "OPTIONS"]), (True, ["TRACE", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"])],
)
def test_unlisted_methods(unsafe: bool, methods: list[str]) -> None:
    head, *sent = [probe for probe in closing(NOTTE, unsafe=unsafe) if probe.source == "method"]
    assert head.request.method == "HEAD"
    assert [probe.request.method for probe in sent] == methods
    assert {probe.request.target for probe in sent} == {f"/sessions/{NOWHERE[0]}"}


def test_head_is_asked_for_what_get_was_answered_for() -> None:
    answered = Request("GET", "/things/1?a=b", (("X-A", "c"),))
    found = [probe.request for probe in closing(things({}), answered=answered) if probe.request.method == "HEAD"]
    assert found == [Request("HEAD", "/things/1?a=b", (("X-A", "c"),))]
    assert "HEAD" not in [probe.request.method for probe in closing(things({}), answered=None)]
    posted = closing(things({}, method="post"), unsafe=True, answered=Request("POST", "/things/1"))
    assert [probe.request.target for probe in posted if probe.request.method == "HEAD"] == [f"/things/{NOWHERE[0]}"]


def test_trace_never_carries_the_credential() -> None:
    (trace,) = [probe for probe in closing(NOTTE) if probe.request.method == "TRACE"]
    assert trace.credential is Credential.NONE
    assert trace.request.headers == (("Cookie", f"trace={NOWHERE[0]}"),)


def things(schema: Any, path: str = "/things/{id}", method: str = "get", **responses: Any) -> Spec:
    value = document({})
    operation = value["paths"].pop("/things/{id}")["get"]
    operation["parameters"][0]["schema"] = schema
    operation["responses"] |= responses
    if "{" not in path:
        del operation["parameters"]
    value["paths"][path] = {method: operation}
    return spec_from(value)


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({"type": "string"}, NOWHERE[0]),
        ({"type": "string", "format": "uuid"}, NOWHERE[1]),
        ({"type": "integer"}, NOWHERE[2]),
        ({"type": "string", "format": "date"}, NOWHERE[3]),
        ({"enum": ["a"]}, NOWHERE[0]),
        ({"pattern": "("}, NOWHERE[0]),
    ],
    ids=str,
)
def test_a_resource_that_cannot_exist_has_a_name_of_the_right_type(schema: Any, value: object) -> None:
    probes = closing(things(schema), answered=None)
    assert {probe.request.target for probe in probes} == {f"/things/{value}"}


def test_a_path_without_parameter_gets_no_unsafe_method() -> None:
    sent = closing(things({}, "/things", "post"), unsafe=True, answered=None)
    assert [probe.request.method for probe in sent] == ["GET", "HEAD", "TRACE", "OPTIONS"]


def test_only_the_first_operation_of_a_path_asks_for_unlisted_methods() -> None:
    value = document({})
    item = value["paths"]["/things/{id}"]
    item["delete"] = item["get"]
    spec = spec_from(value)
    plan = ProbePlan(spec, unsafe=True)
    counts = [len(list(plan.lane(operation).closing(None))) for operation in spec.operations]
    assert sorted(counts) == [0, 5]


def test_an_operation_that_is_not_sent_gets_no_forms_of_the_credential() -> None:
    value = {**document({}), "security": [{"key": []}]}
    value["components"]["securitySchemes"] = {"key": {"type": "apiKey", "in": "header", "name": "X-Key"}}
    item = value["paths"]["/things/{id}"]
    item["delete"] = item.pop("get")
    sent = closing(spec_from(value), answered=None)
    assert {probe.source for probe in sent} == {"method"}


def test_an_api_key_has_no_scheme_to_leave_out() -> None:
    value = {**document({}), "security": [{"key": []}]}
    value["components"]["securitySchemes"] = {"key": {"type": "apiKey", "in": "header", "name": "X-Key"}}
    spec = spec_from(value)
    found = tuple(way.form for way in ways_of(spec.operations[0], spec))
    assert Credential.BARE not in found
    assert Credential.LOWER_CASE not in found
    assert Credential.OTHER_SCHEME in found


# What is given is sent so that it arrives

JSON_BODY = {"type": "object", "required": ["name"], "properties": {"name": {"type": "string", "minLength": 2}}}
IF_MATCH = parameter("If-Match", {"type": "string", "pattern": r'^("[0-9]+"|\*)$'}, "header", required=True)


def changes(media: str = "application/json", **fields: Any) -> tuple[Spec, Operation]:
    """An operation that changes a thing: a body that may be left out, and a header that may not."""
    body = {"content": {media: {"schema": JSON_BODY, **fields}}}
    return one_operation(method="put", parameters=[*BY_ID, IF_MATCH], requestBody=body)


def test_what_is_given_is_there_before_a_request_is_judged() -> None:
    spec, _ = changes()
    found = probes(spec, {"id": ["a"], "If-Match": ["*"]}, examples=30)
    first, *others = found
    assert (first.request.header("If-Match"), first.claim.allowed, bool(first.request.body)) == ("*", True, True)
    made = [probe for probe in others if probe.source in ("coverage", "fuzz")]
    kept = [probe for probe in made if probe.request.header("If-Match") == "*"]
    assert len(kept) > len(made) / 2
    assert sum(probe.claim.allowed for probe in kept) > 3


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param({"example": {"name": "shown"}}, id="example"),
        pytest.param({"examples": {"one": {"value": {"name": "shown"}}}}, id="examples"),
        pytest.param({"examples": {"bad": {"value": {}}, "one": {"value": {"name": "shown"}}}}, id="the second"),
        pytest.param({"schema": {**JSON_BODY, "examples": [{"name": "shown"}]}}, id="of the schema"),
        pytest.param({"schema": {**JSON_BODY, "example": {"name": "shown"}}}, id="the old way"),
        pytest.param(
            {"schema": {**JSON_BODY, "properties": {"name": {"type": "string", "examples": ["shown"]}}}},
            id="of a property",
        ),
    ],
)
@pytest.mark.parametrize("media", ["application/json", "application/merge-patch+json"])
def test_a_given_value_goes_out_with_a_documented_body(media: str, fields: dict[str, Any]) -> None:
    spec, _ = changes(media, **fields)
    request = probes(spec, {"id": ["a"], "If-Match": ["*"]})[0].request
    assert (request.body, request.header("Content-Type")) == (b'{"name":"shown"}', media)


def test_a_referenced_example_is_one() -> None:
    named = {"Shown": {"value": {"name": "shown"}}}
    body = {
        "content": {
            "application/json": {"schema": JSON_BODY, "examples": {"x": {"$ref": "#/components/examples/Shown"}}}
        }
    }
    spec, _ = one_operation(method="post", parameters=BY_ID, requestBody=body, components={"examples": named})
    assert probes(spec, {"id": ["a"]})[0].request.body == b'{"name":"shown"}'


def test_a_body_that_is_no_json_is_one_that_was_made() -> None:
    spec, _ = changes("application/x-www-form-urlencoded")
    first = probes(spec, {"id": ["a"], "If-Match": ["*"]})[0]
    assert (first.claim.allowed, (first.request.body or b"")[:5]) == (True, b"name=")


@pytest.mark.parametrize("location", ["query", "header", "cookie"])
def test_what_is_required_is_as_documented(location: str) -> None:
    wanted = parameter("w", {"type": "string"}, location, required=True, example="as shown")
    spec, _ = one_operation(parameters=[*BY_ID, wanted])
    request = probes(spec, {"id": ["a"]})[0].request
    sent = {"query": request.query, "header": request.header("w"), "cookie": request.header("Cookie")}[location]
    assert sent == {"query": "w=as%20shown", "header": "as shown", "cookie": "w=as%20shown"}[location]


ROWS = (ValueRow({"a": "1", "b": "x"}), ValueRow({"a": "2", "b": "y"}))
TWO = [parameter("a", STRING), parameter("b", STRING)]


def given_of(spec: Spec, index: int = 0, **options: Any) -> list[tuple[str, tuple[tuple[str, str], ...]]]:
    found = probes(spec, index=index, live=True, **options)
    return [(probe.request.target, probe.given) for probe in found if probe.source == "given"]


def test_values_of_a_row_go_together_and_are_vouched_for() -> None:
    spec, _ = one_operation("/{a}/{b}", parameters=TWO)
    expected = [("/1/x", (("a", "1"), ("b", "x"))), ("/2/y", (("a", "2"), ("b", "y")))]
    assert given_of(spec, rows=ROWS) == expected * 2


def test_nobody_vouches_for_values_of_a_path_that_were_given_apart() -> None:
    parameters = [*TWO, parameter("q", STRING, "query")]
    spec, _ = one_operation("/{a}/{b}", parameters=parameters)
    given = {"a": ["1"], "b": ["x"], "q": ["v"]}
    assert given_of(spec, given=given) == [("/1/x?q=v", (("q", "v"),))] * 2


def test_a_row_gives_the_operations_that_have_one_of_its_names_that_value() -> None:
    spec, _ = one_operation("/{a}", parameters=TWO[:1])
    assert given_of(spec, rows=ROWS) == [("/1", (("a", "1"),)), ("/2", (("a", "2"),))] * 2


def test_a_value_for_one_operation_takes_the_place_of_those_for_all() -> None:
    operation = {"parameters": [*BY_ID, parameter("q", STRING, "query")], "responses": {"200": {"description": ""}}}
    spec = spec_of({"/one/{id}": {"get": operation}, "/two/{id}": {"get": operation}})
    options: dict[str, Any] = {"given": {"id": ["a"], "q": ["all"]}, "rows": [ValueRow({"q": "one"}, "GET /one/{id}")]}
    assert [target for target, _ in given_of(spec, 0, **options)] == ["/one/a?q=one"] * 2
    assert [target for target, _ in given_of(spec, 1, **options)] == ["/two/a?q=all"] * 2


def test_given_bodies_are_each_sent_and_vouched_for() -> None:
    spec, operation = changes()
    bodies = {operation.key: [("application/json", b'{"name":"one"}'), ("application/json", b'{"name":"two"}')]}
    found = [p for p in probes(spec, {"id": ["a"], "If-Match": ["*"]}, bodies=bodies) if p.source == "given"]
    assert [probe.request.body for probe in found] == [b'{"name":"one"}', b'{"name":"two"}'] * 2
    assert [dict(probe.given).get(GIVEN_BODY) for probe in found] == ['{"name":"one"}', '{"name":"two"}', None, None]


def test_what_changes_the_state_is_vouched_for_once() -> None:
    spec, _ = changes()
    found = [p for p in probes(spec, {"id": ["a"], "If-Match": ["*"]}, live=True) if p.source == "given"]
    assert [dict(probe.given) for probe in found] == [{"id": "a", "If-Match": "*"}, {}]
