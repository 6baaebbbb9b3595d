"""The mock over HTTP, as an ASGI application: what clients can ask for, and what they are told."""

from __future__ import annotations

import asyncio
import itertools
import json
import subprocess
import sys
from http import HTTPStatus
from pathlib import Path
from typing import Any

import httpx
import pytest

from contracts.document import load_spec
from contracts.errors import DocumentError
from contracts.messages import Request, Response, header_values
from contracts.mock import CREDENTIAL, MockService, app_for
from contracts.mock.app import MAX_BODY
from tests.exchanges.documents import SCHEMES, answered, one_operation, parameter, spec_of

from .asgi import App, asked, told

BEARER = ("Authorization", f"Bearer {CREDENTIAL}")
TYPE = ("Content-Type", "application/json")
SIZES = ["s", "m", "l"]
THING = {
    "type": "object",
    "required": ["id", "size"],
    "properties": {"id": {"type": "integer"}, "size": {"enum": SIZES}, "name": {"type": "string"}},
}
PROBLEM = {"type": "object", "required": ["problem"], "properties": {"problem": {"type": "string"}}}
PARAMETERS = [parameter("id", {"type": "integer"}), parameter("kind", {"enum": ["a", "b"]}, "query")]
EXAMPLES = {"cat": {"value": {"id": 1, "size": "s", "name": "tom"}}, "dog": {"value": {"id": 2, "size": "l"}}}


def app_with(responses: dict[str, Any] | None = None, method: str = "get", **fields: Any) -> App:
    answers = responses or {"200": answered(THING), "404": answered(PROBLEM)}
    fields = {"parameters": PARAMETERS, **fields}
    return app_for(one_operation(method=method, responses=answers, **fields)[0])


def body_of(response: Response) -> Any:
    return json.loads(response.body)


def prefer(app: App, *fields: str, target: str = "/things/7") -> Response:
    return asked(app, target, "GET", *(("Prefer", field) for field in fields))


# --- bodies in turn ---


def test_every_value_of_an_enum_comes_by_and_by() -> None:
    app = app_with()
    bodies = [body_of(asked(app, "/things/7")) for _ in range(24)]
    assert {body["size"] for body in bodies} == {*SIZES}
    assert {body["id"] for body in bodies} == {7}
    assert {"name" in body for body in bodies} == {True, False}


def test_turns_are_those_of_an_operation() -> None:
    app = app_with()
    alike = [asked(app_with(), "/things/7").body, asked(app, "/things/7").body]
    assert alike[0] == alike[1]
    assert body_of(asked(app, "/things/8"))["size"] != body_of(asked(app_with(), "/things/8"))["size"]


def test_values_of_headers_come_in_turn() -> None:
    fields = {"X-Kind": {"schema": {"enum": ["x", "y", "z"]}}}
    app = app_with({"200": {"description": "fine", "headers": fields}})
    assert {asked(app, "/things/7").header("x-kind") for _ in range(3)} == {"x", "y", "z"}


def test_without_turns_the_answers_are_those_in_process() -> None:
    spec = one_operation(responses={"200": answered(THING), "422": answered(PROBLEM)}, parameters=PARAMETERS)[0]
    app, service = app_for(spec, walks=False), MockService(spec)
    for target in ("/things/7", "/things/7", "/things/8?kind=a", "/things/9"):
        inside = service.answer(Request("GET", target))
        given = asked(app, target)
        assert (given.status, given.body) == (inside.status, inside.body)
        assert given.header("content-type") == inside.header("content-type")


def test_the_mock_begins_anew() -> None:
    app = app_with()
    first = [asked(app, "/things/7").body for _ in range(5)]
    assert asked(app, "/__contract/reset", "POST").status == 204
    assert [asked(app, "/things/7").body for _ in range(5)] == first


def test_a_reset_is_remembered_by_nobody() -> None:
    app = app_with()
    for _ in range(2):
        first = asked(app, "/things/7").body
        assert asked(app, "/things/7").body != first
        asked(app, "/__contract/reset", "POST")
        assert asked(app, "/things/7").body == first
        asked(app, "/__contract/reset", "POST")


# --- Prefer ---


def test_a_status_is_preferred() -> None:
    response = prefer(app_with(), "code=404")
    assert (response.status, response.header("preference-applied")) == (404, "code=404")
    assert response.header("vary") == "Prefer"


@pytest.mark.parametrize(("code", "status"), [("4XX", 418), ("default", 500)])
def test_a_status_of_a_range(code: str, status: int) -> None:
    app = app_with({"200": answered(THING), code: answered(PROBLEM)})
    response = prefer(app, f"code={status}")
    assert (response.status, [*body_of(response)]) == (status, ["problem"])


def test_a_status_that_nobody_documents() -> None:
    response = prefer(app_with(), "code=418")
    assert (response.status, response.media_type) == (404, "application/problem+json")
    assert body_of(response)["detail"] == "GET /things/{id} has no response 418, it has 200, 404"
    assert response.header("preference-applied") is None


def test_a_preference_that_can_not_be_read() -> None:
    response = prefer(app_with(), "code=abc")
    assert (response.status, body_of(response)["title"]) == (422, HTTPStatus(422).phrase)


def test_examples_are_given_by_name() -> None:
    shown = {"description": "fine", "content": {"application/json": {"schema": THING, "examples": EXAMPLES}}}
    app = app_with({"200": shown})
    response = prefer(app, "example=dog", "code=200")
    assert body_of(response) == {"id": 7, "size": "l"}
    assert response.header("preference-applied") == "code=200, example=dog"
    assert body_of(prefer(app, 'example="cat"'))["name"] == "tom"
    assert body_of(prefer(app, "dynamic=false")) == body_of(prefer(app, "dynamic=false", "example=cat"))


def test_examples_come_first() -> None:
    shown = {"description": "fine", "content": {"application/json": {"schema": THING, "examples": EXAMPLES}}}
    app = app_with({"200": shown})
    assert [body_of(asked(app, "/things/7")).get("name") for _ in range(2)] == ["tom", None]
    assert {body_of(asked(app, "/things/7"))["size"] for _ in range(24)} == {*SIZES}


@pytest.mark.parametrize(
    ("media", "schema"),
    [
        ({"example": {"id": 1, "size": "m"}}, THING),
        ({}, {**THING, "examples": [{"id": 1, "size": "m"}]}),
        ({}, {**THING, "example": {"id": 1, "size": "m"}}),
        ({"examples": {"default": {"$ref": "#/components/examples/one"}}}, THING),
    ],
    ids=["of a media type", "of a schema", "of a schema of 3.0", "by reference"],
)
def test_where_an_example_may_stand(media: dict[str, Any], schema: dict[str, Any]) -> None:
    held = {"description": "fine", "content": {"application/json": {"schema": schema, **media}}}
    components = {"examples": {"one": {"value": {"id": 1, "size": "m"}}}}
    spec, _ = one_operation(responses={"200": held}, parameters=PARAMETERS, components=components)
    assert body_of(prefer(app_for(spec), "example=default")) == {"id": 7, "size": "m"}


def test_examples_of_properties() -> None:
    name = {"type": "string", "example": "tom"}
    tags = {"type": "array", "minItems": 2, "items": {"type": "string", "examples": ["wild", "tame"]}}
    schema = {"type": "object", "required": ["name", "tags"], "properties": {"name": name, "tags": tags}}
    spec, _ = one_operation(
        responses={"200": answered({"$ref": "#/components/schemas/Cat"})},
        parameters=PARAMETERS,
        components={"schemas": {"Cat": schema}},
    )
    app = app_for(spec)
    body = body_of(prefer(app, "dynamic=false"))
    assert (body["name"], {*body["tags"]}) == ("tom", {"wild"})
    assert body_of(asked(app, "/things/7"))["name"] == "tom"
    assert body_of(asked(app, "/things/7"))["name"] != "tom"


def test_an_example_of_the_whole_is_before_those_of_its_parts() -> None:
    schema = {**THING, "properties": {**THING["properties"], "name": {"type": "string", "example": "tom"}}}  # type: ignore[dict-item]
    held = {"application/json": {"schema": schema, "example": {"id": 1, "size": "m", "name": "rex"}}}
    app = app_with({"200": {"description": "fine", "content": held}})
    assert body_of(prefer(app, "dynamic=false"))["name"] == "rex"


def test_an_example_that_is_no_answer() -> None:
    shown = {"schema": THING, "examples": {"bad": {"value": {"id": "x"}}, "cat": EXAMPLES["cat"]}}
    app = app_with({"200": {"description": "fine", "content": {"application/json": shown}}})
    response = prefer(app, "example=bad")
    assert response.status == 404
    assert body_of(response)["detail"].startswith(
        'the document\'s example "bad" is no answer: its schema does not take it, `'
    )
    assert body_of(asked(app, "/things/7"))["name"] == "tom"


def test_an_example_that_is_not_there() -> None:
    response = prefer(app_with(), "example=none")
    assert (response.status, response.media_type) == (404, "application/problem+json")
    assert body_of(response)["detail"] == 'the document has no example "none" here, it has none'


def test_a_body_by_its_number() -> None:
    app = app_with()
    numbered = [prefer(app, f"example={number}").body for number in range(12)]
    assert len(set(numbered)) > 3
    assert [prefer(app, f"example={number}").body for number in range(12)] == numbered


def test_an_example_of_text() -> None:
    shown = {"text/plain": {"schema": {"type": "string"}, "example": "it is there"}}
    app = app_with({"200": {"description": "fine", "content": shown}})
    assert prefer(app, "dynamic=false").body == b"it is there"


def test_a_fresh_body_each_time() -> None:
    schema = {"type": "object", "required": ["n"], "properties": {"n": {"type": "integer"}}}
    app = app_with({"200": answered(schema)})
    responses = [prefer(app, "dynamic=true") for _ in range(20)]
    assert len({response.body for response in responses}) > 10
    assert {response.header("preference-applied") for response in responses} == {"dynamic=true"}
    assert all(isinstance(body_of(response)["n"], int) for response in responses)


def test_fresh_bodies_are_the_same_after_a_new_start() -> None:
    first, second = ([prefer(app, "dynamic=true").body for _ in range(5)] for app in (app_with(), app_with()))
    assert first == second


def test_other_preferences_are_passed_over() -> None:
    assert prefer(app_with(), "respond-async, return=minimal").header("preference-applied") is None


# --- Accept ---


def test_the_media_type_that_is_liked_best() -> None:
    content = {name: {"schema": {"type": "string"}} for name in ("application/json", "text/plain")}
    app = app_with({"200": {"description": "fine", "content": content}})
    kinds = [asked(app, "/things/7", "GET", ("Accept", field)).media_type for field in ("*/*", "text/*")]
    assert kinds == ["application/json", "text/plain"]
    assert asked(app, "/things/7", "GET", ("Accept", "text/*")).header("vary") == "Accept"


@pytest.mark.parametrize(
    ("media", "accept", "status"),
    [
        ("image/*", "image/png", 200),
        ("image/*", "image/png;q=0, image/gif", 200),
        ("image/*", "text/plain", 406),
        ("*/*", "application/vnd.x+json", 200),
        ("*/*", "text/csv", 406),  # what there is is JSON
        ("text/*", "text/csv", 200),
    ],
)
def test_a_type_within_a_documented_range(media: str, accept: str, status: int) -> None:
    app = app_with({"200": answered({"type": "string"}, media)})
    for preferred in ("return=minimal", "dynamic=true", "dynamic=false"):
        response = asked(app, "/things/7", "GET", ("Accept", accept), ("Prefer", preferred))
        assert response.status == status
        assert status == 406 or response.media_type == accept.rpartition(" ")[2]


def test_nothing_that_is_accepted() -> None:
    response = asked(app_with(), "/things/7", "GET", ("Accept", "image/png"))
    assert (response.status, response.media_type) == (406, "application/problem+json")
    assert body_of(response)["detail"] == "Accept takes nothing of what there is: application/json"


def test_nothing_that_is_accepted_as_documented() -> None:
    app = app_with({"200": answered(THING), "406": answered(PROBLEM)})
    response = asked(app, "/things/7", "GET", ("Accept", "image/png"))
    assert response.status == 406
    assert body_of(response)["problem"] == "Accept takes nothing of what there is: application/json"


def test_a_refusal_has_a_body_whatever_is_accepted() -> None:
    response = asked(app_with(), "/things/7", "GET", ("Accept", "image/png"), ("Prefer", "code=404"))
    assert (response.status, response.media_type) == (404, "application/json")


def test_no_content_is_accepted_by_all() -> None:
    app = app_with({"204": {"description": "done"}}, method="delete")
    response = asked(app, "/things/7", "DELETE", ("Accept", "image/png"))
    assert (response.status, response.header("content-length")) == (204, None)


# --- refusals ---


ALONE = {"200": answered(THING)}


def test_a_refusal_says_which_constraint() -> None:
    response = asked(app_with(ALONE), "/things/7?kind=c")
    assert (response.status, response.media_type) == (422, "application/problem+json")
    said = 'the query parameter kind: "c" is not one of "a" or "b" (enum)'
    assert body_of(response)["detail"] == said
    (error,) = body_of(response)["errors"]
    assert error.pop("source").startswith("small.json:")
    assert error == {"detail": said, "in": "query", "pointer": "/kind", "keyword": "enum", "seen": '"c"'}


def test_all_of_them_are_told() -> None:
    response = asked(app_with(ALONE), "/things/x?kind=c")
    assert [error["pointer"] for error in body_of(response)["errors"]] == ["/id", "/kind"]


BODY = {"type": "object", "required": ["n"], "properties": {"n": {"type": "integer", "minimum": 3}}}
POSTED = {"required": True, "content": {"application/json": {"schema": BODY}}}


@pytest.mark.parametrize(
    ("sent", "fields", "status", "said"),
    [
        (b'{"n": 1}', [TYPE], 422, "the body at /n: 1 is less than the minimum of 3 (minimum)"),
        (b"{}", [TYPE], 422, "the body: no property n (required)"),
        (b"{", [TYPE], 422, "its body can't be read"),
        (b"", [], 422, "the required body is missing"),
        (b"{}", [], 415, "its body has no Content-Type"),
        (b"n: 3", [("Content-Type", "text/yaml")], 415, "no content of the document is text/yaml"),
        (b"{}", [("Content-Type", "json")], 422, "its Content-Type is no media type"),
        (b"{}", [TYPE, ("Content-Encoding", "gzip")], 415, "the body is coded as gzip, which the mock does not undo"),
    ],
    ids=["of a value", "of a property", "of syntax", "no body", "no type", "another type", "no media type", "coded"],
)
def test_refusals_of_a_body(sent: bytes, fields: list[tuple[str, str]], status: int, said: str) -> None:
    app = app_with({"201": answered(THING)}, method="post", requestBody=POSTED)
    response = asked(app, "/things/7", "POST", *fields, body=sent)
    assert response.status == status
    assert body_of(response)["detail"].startswith(said)
    assert asked(app, "/things/7", "POST", TYPE, body=b'{"n": 3}').status == 201


@pytest.mark.parametrize(
    ("location", "field"),
    [("header", ("X-Kind", "c")), ("cookie", ("Cookie", "X-Kind=c"))],
    ids=["header", "cookie"],
)
def test_headers_and_cookies_are_looked_at(location: str, field: tuple[str, str]) -> None:
    kind = parameter("X-Kind", {"enum": ["a", "b"]}, location)
    app = app_with(ALONE, parameters=[parameter("id", {"type": "integer"}), kind])
    response = asked(app, "/things/7", "GET", field)
    assert response.status == 422
    assert body_of(response)["errors"][0]["in"] == location


FASTAPI = {
    "type": "object",
    "properties": {
        "detail": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["loc", "msg", "type"],
                "properties": {
                    "loc": {"type": "array", "items": {"anyOf": [{"type": "string"}, {"type": "integer"}]}},
                    "msg": {"type": "string"},
                    "type": {"type": "string"},
                },
            },
        }
    },
}
SAID = 'the query parameter kind: "c" is not one of "a" or "b" (enum)'
NESTED = {"type": "object", "required": ["error"], "properties": {"error": {"$ref": "#/components/schemas/Error"}}}
ERROR = {
    "type": "object",
    "required": ["code", "message", "field", "status"],
    "properties": {
        "code": {"type": "string"},
        "message": {"type": "string"},
        "field": {"type": "string"},
        "status": {"type": "integer"},
    },
    "additionalProperties": False,
}
LISTS = {
    "type": "object",
    "required": ["type", "kind"],
    "properties": {"type": {"type": "string"}, "kind": {"type": "array", "items": {"type": "string"}}},
}
KINDS = {
    "type": "object",
    "required": ["message", "type"],
    "properties": {"message": {"type": "string"}, "type": {"enum": ["invalid"]}},
}
CLOSED = {"type": "object", "required": ["a"], "properties": {"a": {"const": 1}}, "additionalProperties": False}


@pytest.mark.parametrize(
    ("schema", "wanted"),
    [
        (PROBLEM, {"problem": SAID}),
        (FASTAPI, {"detail": [{"loc": ["query", "kind"], "msg": SAID, "type": "enum"}]}),
        (NESTED, {"error": {"code": "enum", "message": SAID, "field": "/kind", "status": 422}}),
        ({"type": "string"}, SAID),
        ({"type": "array", "items": {"type": "string"}, "minItems": 1}, [SAID]),
        ({"type": "object", "required": ["why"], "properties": {"why": {"type": "string"}}}, {"why": SAID}),
        ({"type": "object", "maxProperties": 1, "required": ["x"], "properties": {"x": {"const": 1}}}, {"x": 1}),
        (CLOSED, {"a": 1}),
        (KINDS, {"message": SAID, "type": "invalid"}),
        (LISTS, {"type": "enum", "kind": [SAID]}),
    ],
    ids=[
        "a text",
        "FastAPI's",
        "nested",
        "a text alone",
        "texts",
        "of no known name",
        "no room",
        "closed",
        "listed",
        "lists",
    ],
)
def test_a_refusal_in_the_documented_shape(schema: Any, wanted: Any) -> None:
    answers = {"200": answered(THING), "422": answered(schema)}
    components = {"schemas": {"Error": ERROR}}
    app = app_for(one_operation(responses=answers, parameters=PARAMETERS, components=components)[0])
    response = asked(app, "/things/7?kind=c")
    assert (response.status, response.media_type) == (422, "application/json")
    assert body_of(response) == wanted


def test_each_ground_has_an_item_of_its_own() -> None:
    app = app_with({"200": answered(THING), "422": answered(FASTAPI)})
    found = body_of(asked(app, "/things/x?kind=c"))["detail"]
    assert [one["loc"] for one in found] == [["path", "id"], ["query", "kind"]]


def test_one_text_has_all_grounds() -> None:
    app = app_with({"200": answered(THING), "422": answered(PROBLEM)})
    first, second = body_of(asked(app, "/things/x?kind=c"))["problem"].split("; ")
    assert (first.startswith("the path parameter id"), second) == (True, SAID)


def test_a_documented_problem_says_why_in_its_detail() -> None:
    documented = {"type": "object", "required": ["title"], "properties": {"title": {"type": "string"}}}
    app = app_with({"200": answered(THING), "400": answered(documented, "application/problem+json")})
    response = asked(app, "/things/7?kind=c")
    assert (response.status, response.media_type) == (400, "application/problem+json")
    assert body_of(response) == {"title": "Bad Request", "detail": SAID}


def test_a_closed_problem_says_why_in_its_title() -> None:
    title = {"type": "object", "required": ["title"], "properties": {"title": {"type": "string"}}}
    documented = answered({**title, "additionalProperties": False}, "application/problem+json")
    app = app_with({"200": answered(THING), "400": documented})
    assert body_of(asked(app, "/things/7?kind=c")) == {"title": SAID}


def test_a_media_type_of_nothing_is_no_fault() -> None:
    assert asked(app_with(), "/things/7", "GET", TYPE).status == 200
    app = app_with({"201": answered(THING)}, method="post", requestBody=POSTED)
    assert body_of(asked(app, "/things/7", "POST", TYPE))["detail"] == "the required body is missing"


def test_another_type_is_refused_as_documented() -> None:
    answers = {"201": answered(THING), "422": answered(PROBLEM), "415": answered(PROBLEM)}
    app = app_with(answers, method="post", requestBody=POSTED)
    assert asked(app, "/things/7", "POST", ("Content-Type", "text/yaml"), body=b"n: 3").status == 415
    assert asked(app, "/things/7", "POST", TYPE, body=b"{}").status == 422


@pytest.mark.parametrize("status", ["4XX", "default"])
def test_another_type_is_refused_within_a_range(status: str) -> None:
    app = app_with({"201": answered(THING), status: answered(PROBLEM)}, method="post", requestBody=POSTED)
    response = asked(app, "/things/7", "POST", ("Content-Type", "text/yaml"), body=b"n: 3")
    assert (response.status, body_of(response)) == (415, {"problem": "no content of the document is text/yaml"})


def test_no_such_path_and_no_such_method() -> None:
    app = app_with()
    assert asked(app, "/nothing").status == 404
    response = asked(app, "/things/7", "PUT")
    assert (response.status, response.header("allow")) == (405, "GET, HEAD, OPTIONS")
    assert response.media_type == "application/problem+json"


def test_a_404_is_for_what_a_path_names() -> None:
    app = app_with()
    assert [asked(app, target).status for target in ("/things/x", "/things/7?kind=c")] == [404, 422]
    assert body_of(asked(app, "/things/x"))["problem"].startswith("the path parameter id")


@pytest.mark.parametrize("status", ["406", "409", "413"])
def test_a_status_that_says_something_else_is_no_refusal(status: str) -> None:
    app = app_with({"200": answered(THING), status: answered(PROBLEM)})
    response = asked(app, "/things/7?kind=c")
    assert (response.status, response.media_type) == (422, "application/problem+json")


def test_the_nearest_other_refusal() -> None:
    app = app_with({"200": answered(THING), "418": answered(PROBLEM)})
    assert asked(app, "/things/7?kind=c").status == 418


def test_a_resource_that_nobody_has() -> None:
    app = app_with(parameters=[parameter("id", {"type": "string"})])
    assert asked(app, "/things/no-such-resource-4f1d9a2b").status == 404


# --- credentials ---


def secured(**manners: Any) -> App:
    answers = {"200": answered(THING), "403": answered(PROBLEM)}
    operation = {"parameters": PARAMETERS, "responses": answers, "security": [{"bearer": []}]}
    spec = spec_of({"/things/{id}": {"get": operation}}, components={"securitySchemes": SCHEMES})
    return app_for(spec, **manners)


def test_a_credential_is_wanted() -> None:
    response = asked(secured(), "/things/7")
    assert (response.status, response.header("www-authenticate")) == (401, "Bearer")
    assert body_of(response)["detail"] == f"the credential is missing, wanted is Bearer with {CREDENTIAL}"
    wrong = asked(secured(), "/things/7", "GET", ("Authorization", "Bearer other"))
    assert body_of(wrong)["detail"] == f"the credential is wrong, wanted is Bearer with {CREDENTIAL}"
    assert asked(secured(), "/things/7", "GET", BEARER).status == 200
    assert asked(secured(), "/things/7", "GET", BEARER, ("Prefer", "code=403")).status == 403


def test_the_credential_can_be_chosen() -> None:
    chosen, lax = secured(credential="mine"), secured(credential="any")
    assert asked(chosen, "/things/7", "GET", ("Authorization", "Bearer mine")).status == 200
    refused = asked(chosen, "/things/7", "GET", BEARER)
    assert (refused.status, b"mine" in refused.body, CREDENTIAL.encode() in refused.body) == (401, False, False)
    assert asked(lax, "/things/7", "GET", ("Authorization", "Bearer whatever")).status == 200
    assert asked(lax, "/things/7", "GET", ("Authorization", "Basic whatever")).status == 401
    assert asked(lax, "/things/7").status == 401


def test_a_documented_401_says_why() -> None:
    operation = {"parameters": PARAMETERS, "responses": {"200": answered(THING), "401": answered(PROBLEM)}}
    paths = {"/things/{id}": {"get": {**operation, "security": [{"bearer": []}]}}}
    response = asked(app_for(spec_of(paths, components={"securitySchemes": SCHEMES})), "/things/7")
    assert (response.status, response.header("www-authenticate")) == (401, "Bearer")
    assert body_of(response)["problem"].startswith("the credential is missing")


# --- HTTP ---


def test_head_is_get_without_its_body() -> None:
    app = app_with()
    head, body = asked(app, "/things/7", "HEAD"), asked(app, "/things/7").body
    assert (head.body, head.header("content-length")) == (b"", str(len(body)))


def test_the_framing_is_the_servers() -> None:
    schema = {"schema": {"type": "string"}}
    fields = dict.fromkeys(["Transfer-Encoding", "Connection", "Content-Length", "Date", "X-Own"], schema)
    response = asked(app_with({"200": answered(THING, headers=fields)}), "/things/7")
    assert sorted(name.lower() for name, _ in response.headers) == ["content-length", "content-type", "x-own"]
    assert response.header("content-length") == str(len(response.body))


def test_a_clock_that_stands_still() -> None:
    spec, _ = one_operation(responses={"200": answered(THING)}, parameters=PARAMETERS)
    date = "Tue, 06 Jan 2026 12:00:00 GMT"
    assert asked(app_for(MockService(spec, clock=date)), "/things/7").header("date") == date


def test_a_body_that_is_too_large() -> None:
    app = app_with({"201": answered(THING)}, method="post", requestBody=POSTED)
    declared = asked(app, "/things/7", "POST", TYPE, ("Content-Length", str(MAX_BODY + 1)))
    chunks = asked(app, "/things/7", "POST", TYPE, body=[b" " * (MAX_BODY - 1), b" " * 2, b"never read"])
    assert [one.status for one in (declared, chunks)] == [413, 413]
    assert {one.header("connection") for one in (declared, chunks)} == {"close"}


def test_a_body_in_chunks() -> None:
    app = app_with({"201": answered(THING)}, method="post", requestBody=POSTED)
    assert asked(app, "/things/7", "POST", TYPE, body=[b'{"n"', b": 3", b"}"]).status == 201


def test_a_client_that_leaves_is_no_error() -> None:
    app = app_with({"201": answered(THING)}, method="post", requestBody=POSTED)
    fields = [(b"transfer-encoding", b"chunked")]
    scope = {"type": "http", "method": "POST", "path": "/things/7", "query_string": b"", "headers": fields}
    assert told(app, scope, {"type": "http.disconnect"}) == []


def test_what_stands_between_may_add_fields() -> None:
    app = app_with()
    for _ in range(2):
        scope = {"type": "http", "method": "HEAD", "path": "/things/7", "query_string": b"", "headers": []}
        start = told(app, scope)[0]
        assert (b"x-added", b"1") not in start["headers"]
        start["headers"].append((b"x-added", b"1"))


def test_the_life_of_an_application() -> None:
    sent = told(app_with(), {"type": "lifespan"}, {"type": "lifespan.startup"}, {"type": "lifespan.shutdown"})
    assert [message["type"] for message in sent] == ["lifespan.startup.complete", "lifespan.shutdown.complete"]


def test_both_directions_are_read_before_anybody_asks() -> None:
    secret = {"type": "object", "properties": {"a": {"type": "string", "readOnly": True}, "b": {"writeOnly": True}}}
    spec, operation = one_operation(responses={"200": answered(secret)}, parameters=PARAMETERS)
    schema = operation.responses[0].content[0].schema
    assert schema is not None
    app = app_for(spec)
    assert "tree" not in vars(schema.document)
    told(app, {"type": "lifespan"}, {"type": "lifespan.startup"}, {"type": "lifespan.shutdown"})
    assert "tree" in vars(schema.document)


def test_no_sockets_of_the_web() -> None:
    sent = told(app_with(), {"type": "websocket"}, {"type": "websocket.connect"})
    assert [message["type"] for message in sent] == ["websocket.close"]


def test_options_say_what_is_allowed() -> None:
    assert asked(app_with(), "/things/7", "OPTIONS").header("allow") == "GET, HEAD, OPTIONS"


# --- pages of other origins ---

ORIGIN = ("Origin", "https://page.example")
PREFLIGHT = (ORIGIN, ("Access-Control-Request-Method", "GET"), ("Access-Control-Request-Headers", "x-a, prefer"))


def test_a_page_may_ask() -> None:
    response = asked(app_with(), "/things/7", "GET", ORIGIN)
    assert response.header("access-control-allow-origin") == "https://page.example"
    assert response.header("access-control-allow-credentials") == "true"
    assert "Content-Type" in (response.header("access-control-expose-headers") or "")
    assert response.header("vary") == "Origin"
    refused = asked(app_with(), "/nothing", "GET", ORIGIN)
    assert refused.header("access-control-allow-origin") == "https://page.example"


def test_a_page_asks_whether_it_may() -> None:
    response = asked(app_with(), "/things/7", "OPTIONS", *PREFLIGHT)
    assert (response.status, response.header("access-control-allow-headers")) == (204, "x-a, prefer")
    assert response.header("access-control-allow-methods") == "GET, HEAD"


def test_no_preflight_wants_a_credential() -> None:
    assert asked(secured(), "/things/7", "OPTIONS", *PREFLIGHT).status == 204


def test_no_page_may_ask() -> None:
    spec, _ = one_operation(responses={"200": answered(THING)}, parameters=PARAMETERS)
    app = app_for(spec, cors=False)
    assert asked(app, "/things/7", "GET", ORIGIN).header("access-control-allow-origin") is None
    assert asked(app, "/things/7", "OPTIONS", *PREFLIGHT).header("allow") == "GET, HEAD, OPTIONS"


# --- where it is ---


def test_a_base_path_of_the_document() -> None:
    spec = spec_of(
        {"/things": {"get": {"responses": {"200": answered(THING)}}}},
        servers=[{"url": "https://api.example/v1"}, {"url": "https://{x}/"}],
    )
    statuses = [asked(app_for(spec), target).status for target in ("/things", "/v1/things", "/v2/things", "/v1")]
    assert statuses == [200, 200, 404, 404]


def test_mounted_below_a_path() -> None:
    for path in ("/mock/things/7", "/things/7"):
        response = asked(app_with(), path, root_path="/mock")
        assert (response.status, body_of(response)["id"]) == (200, 7)


def test_a_path_without_its_raw_form() -> None:
    scope = {"type": "http", "method": "GET", "path": "/things/ä", "query_string": b"", "headers": []}
    app = app_with(parameters=[parameter("id", {"type": "string"})])
    assert told(app, scope)[0]["status"] == 200


def test_what_is_encoded_stays_one_segment() -> None:
    schema = {"type": "object", "required": ["id"], "properties": {"id": {"type": "string"}}}
    app = app_with({"200": answered(schema)}, parameters=[parameter("id", {"type": "string"})])
    assert body_of(asked(app, "/things/a%2Fb"))["id"] == "a/b"


def test_in_a_client_of_httpx() -> None:
    async def run() -> httpx.Response:
        transport = httpx.ASGITransport(app=app_with())
        async with httpx.AsyncClient(transport=transport, base_url="http://mock") as client:
            return await client.get("/things/7", params={"kind": "a"})

    response = asyncio.run(run())
    assert (response.status_code, response.json()["id"]) == (200, 7)


# --- the log ---


def test_a_line_for_each_request() -> None:
    lines = list[str]()
    spec, _ = one_operation(responses={"200": answered(THING)}, parameters=PARAMETERS)
    app = app_for(spec, log=lines.append)
    for target in ("/things/7?kind=a", "/things/7?kind=a", "/things/7?kind=c", "/%0a%1b"):
        asked(app, target)
    assert lines == [
        "GET /things/7?kind=a 200",
        "GET /things/7?kind=a 200",
        f"GET /things/7?kind=c 422 refused: {SAID}",
        "GET /%0a%1b 404 refused: not in the document",
    ]


SECRET = "s3cret-value-81"


@pytest.mark.parametrize("scheme", ["bearer", "basic", "header", "query", "cookie"])
def test_no_credential_is_in_the_log(scheme: str) -> None:
    lines = list[str]()
    operation = {"responses": {"200": answered(THING)}, "security": [{scheme: []}]}
    spec = spec_of({"/things": {"get": operation}}, components={"securitySchemes": SCHEMES})
    app = app_for(spec, log=lines.append)
    basic = "OnMzY3JldC12YWx1ZS04MQ=="
    fields = [("X-Key", SECRET), ("Cookie", f"session={SECRET}")]
    authorization = {"basic": f"Basic {basic}"}.get(scheme, f"Bearer {SECRET}")
    asked(app, f"/things?api%20key={SECRET}&x={SECRET}", "GET", ("Authorization", authorization), *fields)
    asked(app, f"/{SECRET}", "GET", ("Authorization", authorization), *fields)
    assert len(lines) == 2
    assert SECRET not in "".join(lines)
    assert basic not in "".join(lines)


NAMED = "jwt access+token id%5Ftoken code key otp PHPSESSID X-Amz-Signature assertion SAMLResponse x-api-key pwd auth"


@pytest.mark.parametrize("name", NAMED.split())
def test_the_log_shows_no_value_that_is_a_credential_by_its_name(name: str) -> None:
    lines = list[str]()
    spec, _ = one_operation(responses={"200": answered(THING)}, parameters=PARAMETERS)
    asked(app_for(spec, log=lines.append), f"/things?a=1&{name}={SECRET}&author=me&country_code=de", "GET")
    (line,) = lines
    assert f"/things?a=1&{name}=…&author=me&country_code=de " in line


def test_a_letter_is_no_credential_that_a_log_hides() -> None:
    lines = list[str]()
    operation = {"responses": {"200": answered(THING)}, "security": [{"bearer": []}]}
    spec = spec_of({"/things": {"get": operation}}, components={"securitySchemes": SCHEMES})
    asked(app_for(spec, log=lines.append), "/things?x=1", "GET", ("Authorization", "Bearer t"))
    assert lines[0].startswith("GET /things?x=1 401 refused: the credential is wrong")


def test_no_url_that_is_a_credential_is_in_the_log() -> None:
    lines = list[str]()
    secret = parameter("door", {"type": "integer", "x-secret": True}, "query")
    spec, _ = one_operation(responses={"200": answered(THING)}, parameters=[*PARAMETERS, secret])
    app = app_for(spec, log=lines.append, secrets=("cdp_url",))
    url = "wss%3A%2F%2Fh.example%2Fabcdef123456"
    asked(app, f"/things/7?cdp_url={url}&access_token=tok3nvalue&door=d00rvalue")
    assert not [one for one in (url, "abcdef123456", "tok3nvalue", "d00rvalue") if one in lines[0]]


# --- what changes ---


class Counting:
    """A store in which something changes when a test says so."""

    version = 0
    cleared = 0

    def clear(self) -> None:
        self.cleared += 1
        self.version += 1


def test_what_is_remembered_ends_with_a_change() -> None:
    app: Any = app_with()
    app.store = Counting()
    prefer(app, "example=1")
    made = len(app._memory)
    prefer(app, "example=1")
    assert (len(app._memory), made) == (1, 1)
    app.store.version += 1
    prefer(app, "example=2")
    assert len(app._memory) == 1
    asked(app, "/__contract/reset", "POST")
    assert app.store.cleared == 1


@pytest.mark.parametrize("field", ["dynamic=true", "dynamic=false", "return=minimal"])
def test_memory_has_an_end(field: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("contracts.mock.app.MAX_KEPT", 20_000)
    app: Any = app_with()
    sizes = []
    for number in range(60):
        prefer(app, field, target=f"/things/{number}")
        sizes.append(len(app._memory))
    assert 1 < max(sizes) < 20


def test_a_defect_is_told_without_a_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any) -> Any:
        raise KeyError(SECRET)

    lines = list[str]()
    spec, _ = one_operation(responses={"200": answered(THING)}, parameters=PARAMETERS)
    app = app_for(spec, log=lines.append)
    monkeypatch.setattr(MockService, "granted", fail)
    response = asked(app, "/things/7")
    assert (response.status, SECRET in response.body.decode()) == (500, False)
    assert lines[0].startswith("GET /things/7 500 refused: the suite itself failed: KeyError at ")


# --- documents ---


def test_a_document_by_its_path(tmp_path: Path) -> None:
    document = tmp_path / "openapi.json"
    document.write_text('{"openapi": "3.1.0", "info": {"title": "t", "version": "1"}, "paths": {}}')
    assert asked(app_for(document), "/").status == 404
    with pytest.raises(DocumentError):
        app_for(tmp_path / "none.json")


def test_every_answer_of_notte_is_allowed() -> None:
    """What is given in turn is what the rules hold, whatever is preferred."""
    app = app_for(load_spec("spec/notte.yaml"))
    statuses = {asked(app, "/sessions/abc", "GET", BEARER).status for _ in range(60)}
    assert statuses == {200}
    preferred = [asked(app, "/sessions/abc", "GET", BEARER, ("Prefer", f"code={code}")) for code in (200, 401, 429)]
    assert [one.status for one in preferred] == [200, 401, 429]
    bodies = [body_of(asked(app, "/sessions/abc", "GET", BEARER)) for _ in range(60)]
    assert {body["session_id"] for body in bodies} == {"abc"}
    assert {body["status"] for body in bodies} == {"active", "closed", "error", "timed_out"}


def test_the_application_is_imported_when_it_is_asked_for() -> None:
    code = "import sys, contracts.mock; print([m for m in sys.modules if m in ('contracts.mock.app', 'uvicorn')])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_vary_has_all_reasons() -> None:
    response = asked(app_with(), "/things/7", "GET", ORIGIN, ("Prefer", "code=200"))
    assert header_values(response.headers, "vary") == ["Prefer, Origin"]


def test_turns_over_the_variants_end_and_begin_again() -> None:
    app = app_with({"200": answered({"enum": SIZES})})
    bodies = [asked(app, "/things/7").body for _ in range(6)]
    assert bodies[:3] == bodies[3:]
    assert len({*bodies}) == 3
    assert [*itertools.chain(bodies)] == bodies
