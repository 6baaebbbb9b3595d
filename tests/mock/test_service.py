"""The mock answers what the document says: the right status, a conforming body, and the same again to the same."""

from __future__ import annotations

import contextlib
import hashlib
import json
import socket
import subprocess
import sys
from functools import partial
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.document import load_spec
from contracts.document.model import NOWHERE
from contracts.document.security import ways_of
from contracts.exchanges import Client, Secret
from contracts.exchanges.credential import with_credential
from contracts.messages import Credential, Exchange, Probe, Request, Response, header_values
from contracts.mock import CREDENTIAL, MockService, framed
from contracts.mock.service import challenges, has_credential
from contracts.schemas.validation import validator
from tests.exchanges.documents import SCHEMES, answered, one_operation, parameter, spec_of

BEARER = ("Authorization", f"Bearer {CREDENTIAL}")
THING = {
    "type": "object",
    "required": ["id", "name"],
    "properties": {"id": {"type": "integer"}, "name": {"type": "string"}, "size": {"enum": ["s", "m", "l"]}},
}
PROBLEM = {"type": "object", "required": ["problem"], "properties": {"problem": {"type": "string"}}}
BY_ID = [parameter("id", {"type": "integer"})]


def ask(
    service: MockService, target: str = "/things/1", method: str = "GET", prefer: str = "", **headers: str
) -> Response:
    fields = [*headers.items(), *([("Prefer", prefer)] if prefer else [])]
    return service.answer(Request(method, target, tuple(fields)))


def service_with(responses: dict[str, Any], method: str = "get", **fields: Any) -> MockService:
    return MockService(one_operation(method=method, responses=responses, **{"parameters": BY_ID, **fields})[0])


def things(**responses: Any) -> MockService:
    """One that knows things, and refuses what is no id."""
    return service_with({"200": answered(THING), "422": answered(PROBLEM, "application/problem+json"), **responses})


def body_of(response: Response) -> Any:
    return json.loads(response.body)


def test_a_conforming_answer() -> None:
    response = ask(things())
    assert (response.status, response.media_type) == (200, "application/json")
    assert validator_of(THING).is_valid(body_of(response))


def validator_of(schema: Any) -> Any:
    _, operation = one_operation(responses={"200": answered(schema)})
    media = operation.responses[0].content[0]
    assert media.schema is not None
    return validator(media.schema)


@pytest.mark.parametrize("target", ["/", "/thing/1", "/things", "/things/", "/things/1/2", "/things/1/", "/things/.."])
def test_an_unknown_path_is_not_found(target: str) -> None:
    assert ask(things(), target).status == 404


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "TRACE", "PROPFIND"])
def test_an_unlisted_method_is_not_allowed(method: str) -> None:
    response = ask(things(), method=method)
    assert (response.status, response.header("allow")) == (405, "GET, HEAD, OPTIONS")


@pytest.mark.parametrize(("documented", "status"), [("404", 404), ("410", 410), ("4XX", 404), ("422", 200)])
def test_what_nobody_has_is_not_there(documented: str, status: int) -> None:
    service = service_with({"200": answered(THING), documented: answered(PROBLEM)})
    assert ask(service, f"/things/{NOWHERE[2]}").status == status


def test_options_tell_the_methods() -> None:
    response = ask(things(), method="OPTIONS")
    assert (response.status, response.header("allow"), response.body) == (204, "GET, HEAD, OPTIONS", b"")


def test_options_and_head_that_are_documented_are_answered_like_any() -> None:
    spec = spec_of({"/a": {m: {"responses": {"202": answered(True)}} for m in ("options", "head", "post")}})
    assert [ask(MockService(spec), "/a", m).status for m in ("OPTIONS", "HEAD", "POST")] == [202, 202, 202]
    assert ask(MockService(spec), "/a", "GET").header("allow") == "POST, OPTIONS, HEAD"


def test_head_is_get_without_the_body() -> None:
    get, head = ask(things()), ask(things(), method="HEAD")
    assert (head.status, head.body) == (get.status, b"")
    assert head.header("content-type") == "application/json"


def test_a_forbidden_request_is_refused_as_documented() -> None:
    response = ask(things(), "/things/abc")
    assert (response.status, response.media_type) == (422, "application/problem+json")
    assert list(body_of(response)) == ["problem"]


@pytest.mark.parametrize(
    ("documented", "status"),
    [
        (["404", "400", "422"], 422),
        (["404", "400", "409"], 400),
        (["401", "403", "409", "404"], 409),
        (["default", "404"], 422),
        (["4XX", "default"], 422),
        (["4XX", "409"], 422),
        (["default", "409"], 409),
        (["404"], 404),
        (["401", "403", "429"], 200),
        ([], 200),
        (["500", "5XX"], 200),
    ],
    ids=str,
)
def test_the_fitting_refusal_is_chosen(documented: list[str], status: int) -> None:
    service = service_with({"200": answered(THING), **{name: answered(PROBLEM) for name in documented}})
    response = ask(service, "/things/abc")
    assert response.status == status
    assert ("problem" in body_of(response)) == (status != 200)


@pytest.mark.parametrize(
    ("documented", "status"),
    [
        (["404", "201", "200"], 201),
        (["2XX", "404"], 200),
        (["2XX", "200"], 201),
        (["default"], 200),
        (["404", "default"], 200),
        (["302"], 302),
        (["404", "302"], 404),
        (["500"], 500),
        (["404"], 404),
        (["101", "302"], 302),
        (["101"], 101),
    ],
    ids=str,
)
def test_the_plainest_success_is_chosen(documented: list[str], status: int) -> None:
    service = service_with({name: {"description": ""} for name in documented})
    assert ask(service).status == status


@pytest.mark.parametrize("status", ["204", "205", "304", "103"])
def test_some_statuses_have_no_body(status: str) -> None:
    response = ask(service_with({status: answered(THING)}))
    assert (response.status, response.body, response.header("content-type")) == (int(status), b"", None)


def test_a_response_without_content_has_no_body() -> None:
    assert ask(service_with({"200": {"description": ""}})) == Response(200)


def test_where_nothing_is_documented_anything_goes() -> None:
    spec = spec_of({"/a": {"get": {}}})
    assert ask(MockService(spec), "/a").status == 200


@pytest.mark.parametrize("target", ["/things/7", "/things/-7", "/things/%37"])
def test_an_integer_of_the_path_is_in_the_body(target: str) -> None:
    assert abs(body_of(ask(things(), target))["id"]) == 7


@pytest.mark.parametrize("text", ["a%2Fb", "a b", "%C3%A9", "x" * 200])
def test_a_text_of_the_path_is_in_the_body(text: str) -> None:
    schema = {**THING, "properties": {"id": {"type": "string"}}}
    service = service_with({"200": answered(schema)}, parameters=[parameter("id", {"type": "string"})])
    path = text.replace(" ", "%20")
    wanted = {"a%2Fb": "a/b", "%C3%A9": "é"}.get(text, text)
    assert body_of(ask(service, f"/things/{path}"))["id"] == wanted


@pytest.mark.parametrize(
    ("schema", "text"),
    [
        ({"type": "integer", "maximum": 5}, "7"),
        ({"type": "integer"}, "--7"),
        ({"type": "integer"}, "7.5"),
        ({"type": "integer"}, "9" * 30),
        ({"type": "integer"}, "%EF%BC%91"),
        ({"type": "string", "maxLength": 2}, "abc"),
        ({"enum": ["a", "b"]}, "c"),
        ({"type": "boolean"}, "true"),
        ({"type": "null"}, "null"),
    ],
    ids=str,
)
def test_what_would_not_conform_stays_out_of_the_body(schema: Any, text: str) -> None:
    whole = {**THING, "properties": {"id": schema}}
    service = service_with({"200": answered(whole)}, parameters=[parameter("id", {"type": "string"})])
    assert validator_of(whole).is_valid(body_of(ask(service, f"/things/{text}")))


def test_errors_and_lists_are_no_echo() -> None:
    service = service_with({"200": answered({"type": "array", "items": THING}), "422": answered(THING)})
    assert isinstance(body_of(ask(service, "/things/7")), list)
    prefer = "code=422, example=0"
    assert ask(service, "/things/7", prefer=prefer).body == ask(service, "/things/8", prefer=prefer).body


@pytest.mark.parametrize(
    ("prefer", "status"),
    [
        ("code=404", 404),
        ("code=404, example=3", 404),
        ("example=3;code=500", 500),
        ("code=599", 599),
        ("code=418", 200),
        ("code=x", 200),
        ("respond-async", 200),
        ("xcode=404", 200),
    ],
)
def test_a_documented_status_can_be_ordered(prefer: str, status: int) -> None:
    service = things(**{"404": answered(PROBLEM), "5XX": answered(PROBLEM)})
    assert ask(service, prefer=prefer).status == status


def test_every_example_can_be_ordered() -> None:
    service = things()
    operation = service.spec.operations[0]
    count = service.count_variants(operation, 200)
    sizes = {body_of(ask(service, prefer=f"code=200, example={index}")).get("size") for index in range(count)}
    assert sizes == {"s", "m", "l", None}
    assert ask(service, prefer=f"code=200, example={count}").body == ask(service, prefer="code=200, example=0").body


def test_an_undocumented_status_has_no_examples() -> None:
    assert things().count_variants(things().spec.operations[0], 418) == 0


def test_the_same_request_gets_the_same_answer() -> None:
    assert [ask(things(), f"/things/{n}") for n in range(20)] == [ask(things(), f"/things/{n}") for n in range(20)]


def test_other_requests_get_other_answers() -> None:
    assert len({ask(things(), f"/things/1?a={n}").body for n in range(20)}) > 2


SCRIPT = """
import hashlib, sys
from contracts.messages import Request
from contracts.mock import CREDENTIAL, MockService
from contracts.document import load_spec
service = MockService(load_spec(sys.argv[1]))
digest = hashlib.sha256()
for n in range(60):
    fields = (("Authorization", f"Bearer {CREDENTIAL}"), ("Prefer", f"code={(200, 422, 404)[n % 3]}, example={n}"))
    digest.update(repr(service.answer(Request("GET", f"/sessions/{n}", fields))).encode())
print(digest.hexdigest())
"""


@pytest.mark.parametrize("seed", ["1", "2"])
def test_a_fresh_process_gives_the_same_answers(seed: str) -> None:
    run = [sys.executable, "-c", SCRIPT, "spec/notte.yaml"]
    found = subprocess.run(run, env={"PYTHONHASHSEED": seed}, capture_output=True, text=True, check=True).stdout
    assert found.strip() == digest_of_answers()


def digest_of_answers() -> str:
    service, digest = MockService(load_spec("spec/notte.yaml")), hashlib.sha256()
    for number in range(60):
        prefer = f"code={(200, 422, 404)[number % 3]}, example={number}"
        request = Request("GET", f"/sessions/{number}", (BEARER, ("Prefer", prefer)))
        digest.update(repr(service.answer(request)).encode())
    return digest.hexdigest()


def with_header(schema: Any, name: str = "X-Limit", status: str = "200", **fields: Any) -> list[str]:
    headers = {name: {"schema": schema, **fields}}
    service = service_with({status: {"description": "", "headers": headers}})
    answers = [ask(service, prefer=f"code={status}, example={index}") for index in range(8)]
    return [value for answer in answers for value in header_values(answer.headers, name)]


@pytest.mark.parametrize(
    ("schema", "values"),
    [
        ({"type": "integer", "minimum": 1, "maximum": 2}, ("1", "2")),
        ({"enum": ["a", "b"]}, ("a", "b")),
        ({"type": "boolean"}, ("false", "true")),
        ({"type": "array", "items": {"const": "a"}, "minItems": 2, "maxItems": 2}, ("a,a",)),
        ({"enum": ["é", "a\nb", " a", ""]}, ("mock",)),
        (False, ("mock",)),
    ],
    ids=str,
)
def test_documented_headers_follow_their_schema(schema: Any, values: tuple[str, ...]) -> None:
    assert set(with_header(schema)) == set(values)


def test_a_header_without_schema_has_a_value() -> None:
    service = service_with({"200": {"description": "", "headers": {"X-A": {"content": {"text/plain": {}}}}}})
    assert ask(service).header("x-a") == "mock"


@pytest.mark.parametrize(
    ("name", "values"),
    [("Content-Encoding", {"identity"}), ("Transfer-Encoding", {"chunked"}), ("content-length", set())],
)
def test_headers_about_framing_tell_the_truth(name: str, values: set[str]) -> None:
    assert set(with_header({"type": "string"}, name)) == values


@pytest.mark.parametrize("media", ["text/plain", "application/xml", "image/png", "text/html", "application/x-ndjson"])
def test_other_media_types_have_some_body(media: str) -> None:
    response = ask(service_with({"200": answered({"type": "string", "minLength": 1}, media)}))
    assert response.header("content-type") == media
    assert response.body


@pytest.mark.parametrize(
    ("documented", "sent"),
    [
        ("*/*", "application/json"),
        ("application/*", "application/json"),
        ("text/*", "text/plain"),
        ("image/*", "image/x-mock"),
        ("application/json; charset=utf-8", "application/json; charset=utf-8"),
        ("application/vnd.a+json", "application/vnd.a+json"),
    ],
)
def test_a_range_becomes_a_type(documented: str, sent: str) -> None:
    response = ask(service_with({"200": answered(THING, documented)}))
    assert response.header("content-type") == sent
    assert response.body


def test_a_media_type_without_schema_has_a_body() -> None:
    content: dict[str, Any] = {"application/json": {}, "text/plain": {}}
    service = service_with({"200": {"description": "", "content": content}})
    answers = {ask(service, prefer=f"code=200, example={n}") for n in range(2)}
    assert {(a.media_type, a.body) for a in answers} == {("application/json", b"{}"), ("text/plain", b"mock")}


def test_every_media_type_is_answered_with() -> None:
    content = {media: {"schema": THING} for media in ("application/json", "text/csv", "application/a+json")}
    service = service_with({"200": {"description": "", "content": content}})
    count = service.count_variants(service.spec.operations[0], 200)
    found = {ask(service, prefer=f"code=200, example={n}").media_type for n in range(count)}
    assert found == set(content)


NEVER = {"type": "object", "required": ["a"], "properties": {"a": False}}
ENDLESS = {"type": "object", "required": ["next"], "properties": {"next": {"$ref": "#/components/schemas/Endless"}}}
ODD = {"type": "string", "pattern": "(["}


@pytest.mark.parametrize("schema", [NEVER, {"$ref": "#/components/schemas/Endless"}, False, ODD], ids=str)
def test_where_no_body_conforms_the_mock_is_unavailable(schema: Any) -> None:
    components = {"schemas": {"Endless": ENDLESS}}
    service = service_with({"200": answered(schema)}, components=components)
    assert ask(service).status == 503
    assert ask(service, prefer="code=200").status == 503
    assert service.count_variants(service.spec.operations[0], 200) == 0


def test_another_success_is_preferred_to_none() -> None:
    assert ask(service_with({"200": answered(NEVER), "203": answered(THING)})).status == 203
    assert ask(service_with({"200": answered(NEVER), "2XX": answered(THING)})).status == 201


def test_a_refusal_that_has_no_body_is_not_chosen() -> None:
    service = service_with({"200": answered(THING), "422": answered(NEVER), "400": answered(PROBLEM)})
    assert ask(service, "/things/abc").status == 400


def test_a_schema_that_refers_to_itself() -> None:
    tree = {
        "type": "object",
        "required": ["name"],
        "properties": {
            "name": {"type": "string"},
            "children": {"type": "array", "items": {"$ref": "#/components/schemas/T"}},
        },
    }
    service = service_with({"200": answered({"$ref": "#/components/schemas/T"})}, components={"schemas": {"T": tree}})
    assert body_of(ask(service))["name"] is not None


PET = {
    "oneOf": [{"$ref": "#/components/schemas/Cat"}, {"$ref": "#/components/schemas/Dog"}],
    "discriminator": {"propertyName": "kind"},
}
PETS = {
    "Cat": {"type": "object", "required": ["kind"], "properties": {"kind": {"const": "Cat"}, "lives": {"const": 9}}},
    "Dog": {"type": "object", "required": ["kind"], "properties": {"kind": {"const": "Dog"}, "tricks": {"const": 1}}},
}


def test_every_branch_of_a_union_is_answered_with() -> None:
    service = service_with({"200": answered(PET)}, components={"schemas": PETS})
    operation = service.spec.operations[0]
    bodies = [v.value for v in service.variants(operation, operation.responses[0])]
    assert {tuple(body) for body in bodies} == {("kind",), ("kind", "lives"), ("kind", "tricks")}
    assert {body["kind"] for body in bodies} == {"Cat", "Dog"}


SECURE: dict[str, Any] = {
    "security": [{"key": []}],
    "components": {"securitySchemes": {"key": {"type": "http", "scheme": "bearer"}}},
}


@pytest.mark.parametrize("authorization", ["", "Bearer", "Bearer wrong", f"Basic {CREDENTIAL}", CREDENTIAL])
def test_a_missing_or_wrong_credential_is_refused_with_a_challenge(authorization: str) -> None:
    service = service_with({"200": answered(THING), "401": answered(PROBLEM)}, **SECURE)
    response = ask(service, Authorization=authorization)
    assert (response.status, list(body_of(response))) == (401, ["problem"])
    assert header_values(response.headers, "www-authenticate") == ["Bearer"]


@pytest.mark.parametrize("responses", [{}, {"401": answered(NEVER)}], ids=["undocumented", "impossible"])
def test_a_refusal_needs_no_documented_401(responses: dict[str, Any]) -> None:
    response = ask(service_with({"200": answered(THING), **responses}, **SECURE))
    assert (response.status, response.header("www-authenticate")) == (401, "Bearer")


def test_a_documented_challenge_is_replaced_by_a_real_one() -> None:
    headers = {"WWW-Authenticate": {"schema": {"const": "?"}}, "X-A": {"schema": {"const": "b"}}}
    service = service_with({"200": answered(THING), "401": {"description": "", "headers": headers}}, **SECURE)
    for response in (ask(service), ask(service, prefer="code=401", Authorization=BEARER[1])):
        assert response.headers == (("X-A", "b"), ("WWW-Authenticate", "Bearer"))


def test_the_right_credential_is_taken() -> None:
    assert ask(service_with({"200": answered(THING)}, **SECURE), Authorization=BEARER[1]).status == 200


@pytest.mark.parametrize("status", ["401", "403"])
def test_the_right_credential_is_never_refused(status: str) -> None:
    service = service_with({status: answered(PROBLEM)}, **SECURE)
    assert ask(service, Authorization=BEARER[1]).status == 503
    assert ask(service_with({status: answered(PROBLEM)})).status == int(status)


def test_the_raw_path_decides() -> None:
    paths = {"/a/{x}": "200", "/a/{x}/{y}": "201", "/a/b": "202", "/a/{x}.json": "203"}
    spec = spec_of({p: {"get": {"responses": {s: {"description": ""}}}} for p, s in paths.items()})
    targets = ("/a/c", "/a/b%2Fc", "/a/b/c", "/a/b", "/a/%62", "/a/c.json?x=/")
    assert [ask(MockService(spec), target).status for target in targets] == [200, 200, 201, 202, 200, 203]


def test_paths_that_differ_in_names_share_their_methods() -> None:
    responses = {"200": {"description": ""}}
    spec = spec_of({"/a/{x}": {"get": {"responses": responses}}, "/a/{y}": {"delete": {"responses": responses}}})
    service = MockService(spec)
    assert [ask(service, "/a/1", method).status for method in ("GET", "DELETE", "PUT")] == [200, 200, 405]
    assert ask(service, "/a/1", "PUT").header("allow") == "GET, DELETE, HEAD, OPTIONS"


@given(st.sampled_from(["GET", "HEAD", "POST", "OPTIONS"]), st.text(alphabet="/things?%.{}a1é\x00 ", max_size=20))
def test_every_request_gets_an_answer(method: str, text: str) -> None:
    assert 100 <= things().answer(Request(method, f"/things/{text}")).status < 600


KEY = "mock-credential"
Security = list[dict[str, list[str]]]


def needing(*alternatives: tuple[str, ...]) -> Security:
    return [{name: [] for name in names} for names in alternatives]


def takes(security: Security, request: Request) -> bool:
    spec, operation = one_operation(security=security, components={"securitySchemes": SCHEMES})
    return has_credential(operation, request, spec, KEY)


def sent(security: Security, variant: Credential) -> Request:
    spec, operation = one_operation(security=security, components={"securitySchemes": SCHEMES})
    probe = Probe(operation.key, Request("GET", "/things/1"), credential=variant)
    return with_credential(probe, spec, {spec.variable: Secret(KEY)})


ALTERNATIVES = [
    *([(name,)] for name in SCHEMES if name != "tls"),
    [("header", "query", "cookie")],
    [("bearer", "basic", "header")],
    [("tls",), ("header",)],
    [("oauth2",), ("basic",)],
]


@pytest.mark.parametrize("alternatives", ALTERNATIVES, ids=str)
@pytest.mark.parametrize("variant", Credential)
def test_only_the_right_credential_is_taken(alternatives: list[tuple[str, ...]], variant: Credential) -> None:
    security = needing(*alternatives)
    spec, operation = one_operation(security=security, components={"securitySchemes": SCHEMES})
    if variant in {way.form for way in ways_of(operation, spec)}:
        right = variant in (Credential.RIGHT, Credential.LOWER_CASE)
        assert takes(security, sent(security, variant)) == right


@pytest.mark.parametrize("security", [[], [{}], [{"bearer": []}, {}], [{"tls": []}]], ids=str)
def test_nothing_is_needed_where_nothing_can_be_asked_for(security: Security) -> None:
    assert takes(security, Request("GET", "/things/1"))


def test_any_alternative_will_do() -> None:
    request = Request("GET", "/things/1", (("X-KEY", KEY),))
    assert takes(needing(("bearer",), ("header",)), request)
    assert not takes(needing(("bearer", "header")), request)


@pytest.mark.parametrize(
    ("scheme", "name", "value", "taken"),
    [
        ("bearer", "authorization", f"bearer {KEY}", True),
        ("bearer", "Authorization", f"Bearer  {KEY} ", True),
        ("bearer", "Authorization", f"Bearer {KEY.upper()}", False),
        ("bearer", "Authorization", KEY, False),
        ("basic", "Authorization", "Basic bW9jay1jcmVkZW50aWFsOg==", True),
        ("basic", "Authorization", "Basic bW9jay1jcmVkZW50aWFs", True),
        ("basic", "Authorization", "Basic %%%", False),
        ("basic", "Authorization", "Basic /w==", False),
        ("cookie", "Cookie", f"a=b; session={KEY}", True),
        ("cookie", "Cookie", f"a={KEY}", False),
        ("header", "X-Key", f"{KEY}é", False),
    ],
)
def test_the_field_is_read_as_http_says(scheme: str, name: str, value: str, taken: bool) -> None:
    assert takes(needing((scheme,)), Request("GET", "/things/1", ((name, value),))) is taken


@pytest.mark.parametrize(
    ("alternatives", "words"),
    [
        ([("bearer",)], ["Bearer"]),
        ([("oauth2",), ("bearer", "openid")], ["Bearer"]),
        ([("basic",)], ['Basic realm="mock"']),
        ([("header",), ("tls",)], ["ApiKey", "Mutual"]),
        ([], ["Bearer"]),
    ],
    ids=str,
)
def test_a_challenge_names_each_scheme_once(alternatives: list[tuple[str, ...]], words: list[str]) -> None:
    spec, operation = one_operation(security=needing(*alternatives), components={"securitySchemes": SCHEMES})
    assert challenges(operation, spec) == tuple(("WWW-Authenticate", word) for word in words)


SCHEMA = {"type": "object", "required": ["id"], "properties": {"id": {"type": "string"}}}
SPEC, OPERATION = one_operation(
    parameters=[parameter("id", {"type": "string"})],
    responses={
        "200": answered(SCHEMA, headers={"X-A": {"schema": {"enum": ["a", "b"]}}}),
        "302": {"description": "", "headers": {"Location": {"schema": {"const": "http://["}}}},
        "204": {"description": ""},
    },
    security=[{"key": []}],
    components={"securitySchemes": {"key": {"type": "http", "scheme": "bearer"}}},
)


def through(target: str = "/things/1", method: str = "GET", *fields: tuple[str, str], source: str = "fuzz") -> Exchange:
    probe = Probe(OPERATION.key, Request(method, target, fields), source=source)
    inside = partial(framed, MockService(SPEC).answer)
    with contextlib.closing(Client(SPEC, "", Secret(CREDENTIAL), sleepless=True, inside=inside)) as client:
        return client.send(probe, 0)


@pytest.mark.parametrize("text", ["a%2Fb", "a%2fb", "%00", "%FF", "..%2F.", "a%20b"])
def test_the_raw_path_arrives(text: str) -> None:
    exchange = through(f"/things/{text}")
    assert exchange.response is not None
    answer = MockService(SPEC).answer(Request("GET", f"/things/{text}", (("Authorization", f"Bearer {CREDENTIAL}"),)))
    assert exchange.response.status == answer.status
    assert exchange.response.body == answer.body.replace(CREDENTIAL.encode(), b"$CONTRACT_CREDENTIAL")
    assert exchange.response.headers[: len(answer.headers)] == answer.headers


def test_header_fields_arrive() -> None:
    exchange = through("/things/1", "GET", ("Prefer", "code=204"), ("X-Odd", "caf\xe9"), source="status")
    assert exchange.response is not None
    assert (exchange.response.status, exchange.response.body) == (204, b"")


def test_a_location_that_leads_nowhere_is_an_answer() -> None:
    exchange = through("/things/1", "GET", ("Prefer", "code=302"), source="status")
    assert exchange.response is not None
    assert exchange.response.header("location") == "http://["


@pytest.mark.parametrize("method", ["HEAD", "POST", "PURGE"])
def test_every_method_arrives(method: str) -> None:
    exchange = through(method=method)
    assert exchange.response is not None
    assert exchange.response.status == (200 if method == "HEAD" else 405)


def test_no_request_leaves_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket.socket, "connect", lambda *args: pytest.fail("connected"))
    monkeypatch.setenv("HTTP_PROXY", "http://proxy.example:3128")
    exchange = through()
    assert exchange.response is not None
    assert exchange.response.status == 200


def test_what_no_connection_can_carry_is_not_answered_either() -> None:
    with pytest.raises(RuntimeError, match="UnicodeEncodeError while sending GET /things/1"):
        through("/things/1", "GET", ("X-Odd", "→"))


def test_an_answer_has_the_length_of_its_body() -> None:
    found, head = through(), through(method="HEAD")
    assert found.response is not None
    assert found.response.header("content-length") == str(len(found.response.body))
    assert head.response is not None
    assert head.response.header("content-length") is None
