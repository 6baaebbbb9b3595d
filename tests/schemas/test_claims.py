"""What a document says of a request is proved on the wire form; what can't be proved forbidden is allowed."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.messages import ALLOWED, MALFORMED, Request
from contracts.schemas.claims import claim_of
from tests.exchanges.documents import one_operation, parameter

INTEGER, STRING, BOOLEAN = {"type": "integer"}, {"type": "string"}, {"type": "boolean"}
LIST = {"type": "array", "items": INTEGER}


def allows(parameters: list[dict[str, Any]], target: str = "/things/1", *headers: tuple[str, str]) -> bool:
    _, operation = one_operation(parameters=parameters)
    return claim_of(operation, Request("GET", target, headers)).allowed


def in_path(schema: Any, **fields: Any) -> list[dict[str, Any]]:
    return [parameter("id", schema, **fields)]


def in_query(schema: Any, **fields: Any) -> list[dict[str, Any]]:
    return [parameter("q", schema, "query", **fields)]


@pytest.mark.parametrize(
    ("schema", "text", "allowed"),
    [
        (INTEGER, "5", True),
        (INTEGER, "-5", True),
        (INTEGER, "5.0", True),
        (INTEGER, "1e3", True),
        (INTEGER, "9" * 30, True),
        (INTEGER, "9" * 400, True),
        (INTEGER, "1e400", True),
        (INTEGER, "abc", False),
        (INTEGER, "5.5", False),
        (INTEGER, "1,2", False),
        (INTEGER, " ", False),
        ({**INTEGER, "minimum": 6}, "5", False),
        ({**INTEGER, "maximum": 2**70}, "1" + "0" * 25, False),
        ({"type": "number"}, "5.5", True),
        ({"type": "number"}, "nan", True),
        ({"type": "number"}, "abc", False),
        (BOOLEAN, "true", True),
        (BOOLEAN, "1", True),
        (BOOLEAN, "yes", True),
        (BOOLEAN, "maybe", False),
        (BOOLEAN, "2", False),
        ({"type": "null"}, "null", True),
        ({"type": "null"}, "nil", False),
        (STRING, "5", True),
        ({**STRING, "maxLength": 1}, "ab", False),
        ({**STRING, "format": "uuid"}, "1", False),
        ({**STRING, "pattern": "^a/b$"}, "a%2Fb", True),
        ({**STRING, "pattern": "^a/b$"}, "a%252Fb", False),
        ({**STRING, "enum": ["a b"]}, "a%20b", True),
        ({**STRING, "enum": ["a b"]}, "a+b", False),
        ({"enum": [1, 2]}, "2", True),
        ({"enum": [1, 2]}, "3", False),
        ({"anyOf": [INTEGER, BOOLEAN]}, "on", True),
        ({"anyOf": [INTEGER, BOOLEAN]}, "other", False),
        (LIST, "1,2", True),
        (LIST, "1", True),
        (LIST, "1,a", False),
        (LIST, ",", False),
        ({**LIST, "maxItems": 1, "minItems": 1}, "1,2", False),
        ({"type": "object", "required": ["a"]}, "anything", True),
        ({**STRING, "maxLength": 1}, "%FF%FF", True),
        (True, "anything", True),
        (False, "anything", False),
        ({**STRING, "pattern": "(?<=a)["}, "anything", True),
    ],
)
def test_a_path_value_is_forbidden_if_no_reading_fits(schema: Any, text: str, allowed: bool) -> None:
    assert allows(in_path(schema), f"/things/{text}") is allowed


@pytest.mark.parametrize("style", ["label", "matrix"])
def test_styles_that_are_not_taken_apart_forbid_nothing(style: str) -> None:
    assert allows(in_path(INTEGER, style=style), "/things/;id=5")


def test_a_parameter_that_is_not_in_the_template_is_left_alone() -> None:
    assert allows([parameter("other", INTEGER)], "/things/abc")


@pytest.mark.parametrize(
    ("schema", "fields", "query", "allowed"),
    [
        (INTEGER, {}, "", True),
        (INTEGER, {"required": True}, "", False),
        (INTEGER, {"required": True}, "other=1", False),
        (INTEGER, {"required": True}, "q=1", True),
        (INTEGER, {}, "q=a", False),
        (INTEGER, {}, "q=", False),
        (INTEGER, {"allowEmptyValue": True}, "q=", True),
        (STRING, {"required": True}, "q=", True),
        (STRING, {"required": True}, "q", True),
        ({"type": ["integer", "null"]}, {}, "q=", True),
        (INTEGER, {}, "q=a&q=1", True),
        (INTEGER, {}, "q=a&q=b", False),
        ({**STRING, "pattern": "^a b$"}, {}, "q=a+b", True),
        ({**STRING, "pattern": r"^a\+b$"}, {}, "q=a+b", True),
        ({**STRING, "pattern": r"^a\+b$"}, {}, "q=a%2Bb", True),
        ({**STRING, "pattern": "^a b$"}, {}, "q=a%2Bb", False),
        (LIST, {}, "q=1&q=2", True),
        (LIST, {}, "q=", True),
        ({**LIST, "minItems": 1}, {}, "q=", False),
        (LIST, {}, "q=1&q=a", False),
        (LIST, {}, "q=1,2", False),
        (LIST, {"explode": False}, "q=1,2", True),
        (LIST, {"explode": False}, "q=1,a", False),
        (LIST, {"explode": False}, "q=a&q=b", True),
        (LIST, {"explode": False, "style": "pipeDelimited"}, "q=1|2", True),
        (LIST, {"explode": False, "style": "pipeDelimited"}, "q=1,2", False),
        (LIST, {"explode": False, "style": "spaceDelimited"}, "q=1%202", True),
        ({**LIST, "minItems": 9}, {"explode": False}, "q=" + ",".join("1" * 9), True),
        ({**LIST, "items": {"const": 7}}, {"explode": False}, "q=" + ",".join("1" * 9), True),
        ({"type": "object"}, {"required": True}, "a=1", True),
        ({"type": "object"}, {"required": True, "style": "deepObject"}, "q[a]=1", True),
        ({"type": "object"}, {"explode": False}, "q=a,1", True),
    ],
)
def test_a_query_value_is_read_in_its_style(schema: Any, fields: dict[str, Any], query: str, allowed: bool) -> None:
    assert allows(in_query(schema, **fields), f"/things/1?{query}") is allowed


def test_an_encoded_name_is_the_same_name() -> None:
    parameters = [parameter("a b[]", INTEGER, "query", required=True)]
    assert allows(parameters, "/things/1?a%20b%5B%5D=1")
    assert allows(parameters, "/things/1?a+b[]=1")
    assert not allows(parameters, "/things/1?a%20b%5B%5D=x")


@pytest.mark.parametrize(
    ("text", "allowed"),
    [
        ('{"a":1}', True),
        ('{"a":"x"}', False),
        ("[]", False),
        ("no json", False),
        ('{"a":1,"a":"x"}', True),
        ("%FF", True),
    ],
)
def test_a_parameter_in_json_is_decoded(text: str, allowed: bool) -> None:
    schema = {"type": "object", "properties": {"a": INTEGER}}
    parameters = [{"name": "q", "in": "query", "content": {"application/json": {"schema": schema}}}]
    assert allows(parameters, f"/things/1?q={quote(text, safe='%')}") is allowed


def test_a_parameter_in_another_type_is_not_judged() -> None:
    parameters = [{"name": "q", "in": "query", "content": {"text/csv": {"schema": INTEGER}}}]
    assert allows(parameters, "/things/1?q=a")


@pytest.mark.parametrize(
    ("schema", "values", "allowed"),
    [
        (INTEGER, ["5"], True),
        (INTEGER, ["a"], False),
        (INTEGER, [], False),
        (INTEGER, ["a", "5"], True),
        ({"enum": ["a, b"]}, ["a", "b"], True),
        ({"enum": ["c"]}, ["a", "b"], False),
        (LIST, ["1, 2"], True),
        (LIST, ["1", "2"], True),
        (LIST, ["1, a"], False),
    ],
)
def test_a_header_is_read_alone_and_joined(schema: Any, values: list[str], allowed: bool) -> None:
    parameters = [parameter("X-Number", schema, "header", required=True)]
    assert allows(parameters, "/things/1", *(("x-nUMBER", value) for value in values)) is allowed


@pytest.mark.parametrize("name", ["Content-Length", "user-agent", "Host", "Accept-Encoding"])
def test_no_claim_rests_on_what_the_client_sets(name: str) -> None:
    assert allows([parameter(name, INTEGER, "header", required=True)])


@pytest.mark.parametrize(
    ("cookie", "allowed"),
    [("n=5", True), ("a=b; n=5", True), ("a=b;n=5", True), ("n=x", False), ("a=b", False), ("n=%35", True)],
)
def test_a_cookie_is_found_among_others(cookie: str, allowed: bool) -> None:
    parameters = [parameter("n", INTEGER, "cookie", required=True)]
    assert allows(parameters, "/things/1", ("Cookie", cookie)) is allowed


def claim_of_body(
    body: bytes | None, content_type: str | None = "application/json", *, media: str = "application/json", **fields: Any
) -> str | None:
    schema = {"type": "object", "required": ["a"], "properties": {"a": INTEGER}}
    request_body = {"required": True, "content": {media: {"schema": schema}}, **fields}
    _, operation = one_operation(method="post", requestBody=request_body)
    headers = (("content-type", content_type),) if content_type else ()
    return claim_of(operation, Request("POST", "/things/1", headers, body)).forbidden_because


@pytest.mark.parametrize(
    ("body", "content_type", "because"),
    [
        (b'{"a":1}', "application/json", None),
        (b'{"a":1}', "Application/JSON; charset=utf-8", None),
        (b"{}", "application/json", "its body does not match the schema"),
        (b'{"a":"x"}', "application/json", "its body does not match the schema"),
        (b'{"a":1,"a":"x"}', "application/json", None),
        (b"{", "application/json", "its body can't be read: the body is not one JSON document"),
        (b'{"a":1e400}', "application/json", None),
        (None, None, "the required body is missing"),
        (b"", None, "the required body is missing"),
        (b"", "application/json", "it has a Content-Type and no body"),
        (b"a=1", "application/x-www-form-urlencoded", "no content of the document is application/x-www-form"),
        (b"{}", "text/plain", "no content of the document is text/plain"),
        (b"{}", None, "its body has no Content-Type"),
    ],
)
def test_a_json_body_is_judged(body: bytes | None, content_type: str | None, because: str | None) -> None:
    found = claim_of_body(body, content_type)
    assert (found is None) if because is None else (found or "").startswith(because)


@pytest.mark.parametrize("media", ["application/*", "*/*", "application/merge-patch+json"])
def test_a_range_describes_json_as_well(media: str) -> None:
    content_type = "application/merge-patch+json"
    assert claim_of_body(b"{}", content_type, media=media) == "its body does not match the schema"


def test_an_optional_body_may_be_missing() -> None:
    assert claim_of_body(None, None, required=False) is None


def test_a_body_without_schema_is_not_judged() -> None:
    assert claim_of_body(b"{}", content={"application/json": {}}) is None


def test_a_body_that_nothing_is_said_about_is_allowed() -> None:
    _, operation = one_operation(method="post")
    assert claim_of(operation, Request("POST", "/things/1", (), b"anything")) == ALLOWED


def test_the_reason_names_the_parameter() -> None:
    _, operation = one_operation(parameters=[*in_path(INTEGER), *in_query(INTEGER, required=True)])
    assert str(claim_of(operation, Request("GET", "/things/a?q=1"))) == (
        "forbidden because the path parameter id does not match its schema"
    )
    assert str(claim_of(operation, Request("GET", "/things/1"))) == "forbidden because the query parameter q is missing"


SCHEMAS = st.sampled_from([INTEGER, BOOLEAN, {"type": "number"}, LIST, {**STRING, "minLength": 2}, {"enum": [1, "a"]}])


@given(SCHEMAS, st.text() | st.integers().map(str) | st.floats().map(str))
def test_no_text_makes_it_fall_over(schema: Any, text: str) -> None:
    wire = quote(text.encode("utf-8", "surrogatepass"), safe="")
    assert allows(in_query(schema), f"/things/1?q={wire}") in (True, False)


@given(st.integers())
def test_every_integer_is_an_integer(number: int) -> None:
    assert allows(in_path(INTEGER), f"/things/{number}")


@given(st.text(min_size=1))
def test_every_text_is_a_string(text: str) -> None:
    assert allows(in_path(STRING), f"/things/{quote(text.encode('utf-8', 'surrogatepass'), safe='')}")


@pytest.mark.parametrize(
    ("value", "body", "because"),
    [
        ("multipart/form-data", b"", "has no boundary"),
        ("multipart/form-data", b"--a--", "has no boundary"),
        ("multipart/form-data; boundary=" + "a" * 71, b"--a--", "has no boundary"),
        ("application/json", b"", "and no body"),
        ("json", b"{}", "is no media type"),
        ("application/json; charset", b"{}", "is no media type"),
        ("application /json", b"{}", "is no media type"),
        ("\xff/json", b"{}", "is no media type"),
        ("", b"{}", "is no media type"),
    ],
)
def test_a_request_that_is_none_by_mime_is_not_allowed(value: str, body: bytes, because: str) -> None:
    _, operation = one_operation(method="post", requestBody={"content": {"*/*": {}}})
    claim = claim_of(operation, Request("POST", "/things/1", (("Content-Type", value),), body))
    assert because in str(claim)
    assert claim.breaks == MALFORMED


@pytest.mark.parametrize(
    "value",
    ["application/json", "application/json ; charset=utf-8", 'a/b;c="d;\\"";e=f', 'multipart/mixed; boundary="a b"'],
)
def test_a_media_type_with_parameters_is_allowed(value: str) -> None:
    _, operation = one_operation(method="post", requestBody={"content": {"*/*": {}}})
    assert claim_of(operation, Request("POST", "/things/1", (("Content-Type", value),), b"{}")).allowed
