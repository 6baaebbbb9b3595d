"""Bodies that are no JSON, by their schemas: what holds, what is broken, what is left alone, what the mock gives."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.messages import Exchange, Probe, Request, Response
from contracts.rules import OperationRules, rules_for
from contracts.rules.faults import notices
from contracts.verdicts import Judgement, judge
from tests.documents import OPERATION, document, short, spec_from, told_by_the_mock

NDJSON, SEQ, EVENTS = "application/x-ndjson", "application/json-seq", "text/event-stream"
FORM, PARTS = "application/x-www-form-urlencoded", "multipart/form-data"
ITEM = {"type": "object", "required": ["id"], "properties": {"id": {"type": "integer"}, "at": {"maxLength": 5}}}
TICK = {"type": "object", "required": ["event"], "properties": {"event": {"enum": ["tick", "end"]}, "data": {}}}
THING = {
    "type": "object",
    "required": ["n"],
    "properties": {"n": {"type": "integer", "maximum": 9}, "tags": {"type": "array", "items": {"minLength": 2}}},
}


def rules(content: Any, openapi: str = "3.1.0") -> OperationRules:
    return rules_for(spec_from(document({}, content=content, openapi=openapi))).operations[OPERATION]


def judged(content: Any, body: bytes, content_type: str = "", openapi: str = "3.1.0", **more: Any) -> Judgement:
    return judged_by(rules(content, openapi), content_type or next(iter(content)), body, **more)


def judged_by(made: OperationRules, content_type: str, body: bytes, **more: Any) -> Judgement:
    answer = Response(200, (("Content-Type", content_type),), body, **more)
    return judge(made, Exchange(0, Probe(OPERATION, Request("GET", "/things/1")), answer))


def found(*arguments: Any, **more: Any) -> list[str]:
    ids = (short(finding.rule) for finding in judged(*arguments, **more).findings)
    return sorted(one.rpartition(";")[2].partition(" ")[2] for one in ids)


def text(schema: Any, name: str = "text/plain") -> dict[str, Any]:
    return {name: {"schema": schema}}


def items(schema: Any, name: str) -> dict[str, Any]:
    return {name: {"itemSchema": schema}}


STRING = {"type": "string"}
LISTED = {"type": "object", "properties": {"tags": {"type": "array", "items": {"type": "string"}, "minItems": 2}}}


@pytest.mark.parametrize(
    ("content", "kept", "broken", "rule"),
    [
        (text({**STRING, "pattern": "^Hello"}), b"Hello, world", b"Bye", "/ pattern"),
        (text({**STRING, "minLength": 3}, "text/csv"), b"a,b\r\n1,2\r\n", b"a", "/ bounds"),
        (text({**STRING, "maxLength": 2}), "éé".encode(), b"abc", "/ bounds"),
        (text({**STRING, "enum": ["up", "down"]}), b"up", b"UP", "/ enum"),
        (text({"enum": ["pong"]}), b"pong", b"ping", "/ const"),
        (text({**STRING, "format": "uuid"}), b"7f9c24e8-3b12-4fef-91e0-5a1d6d2b2a44", b"7", "/ format"),
        (text({**STRING, "pattern": "^<"}, "text/html"), b"<html>", b"no", "/ pattern"),
        (text({**STRING, "pattern": "^[a-z]+$"}, "text/*"), b"abc", b"ABC", "/ pattern"),
        (text({**STRING, "pattern": "^SELECT"}, "application/sql"), b"SELECT 1", b"DROP", "/ pattern"),
        (text({"maxLength": 2}), b"12", b"123", "/ bounds"),
        (text({"type": "integer"}), b"12", b"twelve", "/ type"),
        (text({"type": "number", "minimum": 0}), b"1.5\n", b"-1", "/ bounds"),
        (text({"type": "boolean"}), b"true", b"yes", "/ type"),
        (text(ITEM, NDJSON), b'{"id": 1}\n\n{"id": 2}\r\n', b'{"id": 1}\n{"id": "2"}\n', "/*/id type"),
        (text(ITEM, NDJSON), b'{"id": 1}', b"{}\n", "/* required id"),
        (text(ITEM, NDJSON), b"", b'{"id": 1}\n{"id": 2\n', "/ readable"),
        (text({"type": "array", "items": ITEM}, NDJSON), b'{"id": 1}\n', b'{"id": 1.5}\n', "/*/id type"),
        (text({"type": "array", "items": ITEM, "minItems": 2}, NDJSON), b'{"id":1}\n{"id":2}\n', b"", "/ items"),
        (text(ITEM, "application/jsonl"), b'{"id":1}\n', b"[]\n", "/* type"),
        (
            text(ITEM, "application/stream+json"),
            b'{"id":1}\n{"id":2}\n',
            b'{"id":1}\n{"id":null}\n',
            "/*/id nullability",
        ),
        (items(ITEM, NDJSON), b'{"id": 1, "at": "12345"}\n', b'{"id": 1, "at": "123456"}\n', "/*/at bounds"),
        (
            items(ITEM, SEQ),
            b'\x1e{"id": 1}\n\x1e{"id": 2}\n',
            b'\x1e{"id": 1}\n\x1e{"id": null}\n',
            "/*/id nullability",
        ),
        (items(ITEM, SEQ), b'\x1e\x1e{"id": 1}\n', b'{"id": 1}\n', "/ readable"),
        (items(ITEM, "application/geo+json-seq"), b'\x1e{"id":1}\n', b'\x1e{"id":1}', "/ readable"),
        (items(TICK, EVENTS), b": hi\n\nevent: tick\ndata: 1\n\n", b"event: tock\ndata: 1\n\n", "/*/event enum"),
        (items(TICK, EVENTS), b"event:end\r\ndata\r\n\r\n", b"event: tick\ndata: 1\n", "/ readable"),
        (items(TICK, EVENTS), b"event: x\n\n", b'{"event": "tick"}', "/ readable"),
        (
            items({**TICK, "required": ["id"]}, EVENTS),
            b"id: 7\nevent: end\ndata: 1\n\n",
            b"data: 1\n\n",
            "/* required id",
        ),
        (text(STRING, EVENTS), b"data: 1\n\n", b"data: 1", "/ readable"),
        (text(ITEM, EVENTS), b'data: {"id":\ndata: 1}\n\ndata: [DONE]\n\n', b'data: {"id": "1"}\n\n', "/*/id type"),
        (text(ITEM, EVENTS), b"", b"data: oops\n\n", "/* type"),
        ({EVENTS: {}}, b"data: 1\n\n", b"data: \xff\n\n", "/ readable"),
        (text(THING, FORM), b"n=9&tags=ab&tags=cd", b"n=10", "/n bounds"),
        (text(THING, FORM), b"n=1&tags=ab", b"n=one", "/n type"),
        (text(THING, FORM), b"n=1", b"tags=ab", "/ required n"),
        (text(LISTED, FORM), b"tags=ab,cd", b"tags=ab", "/tags items"),
        (text(THING, FORM), b"n=1&tags=%C3%A4%C3%A4", b"n=1&tags=ab&tags=c", "/tags/* bounds"),
    ],
    ids=str,
)
@pytest.mark.parametrize("openapi", ["3.0.3", "3.2.0"])
def test_kept_and_broken(content: Any, kept: bytes, broken: bytes, rule: str, openapi: str) -> None:
    assert found(content, kept, openapi=openapi) == []
    assert found(content, broken, openapi=openapi) == [rule]


def parts(*names: str, value: str = "1") -> bytes:
    made = [f'--b\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n' for name in names]
    return "".join([*made, "--b--\r\n"]).encode()


@pytest.mark.parametrize(
    ("body", "rule"),
    [
        pytest.param(parts("n"), [], id="kept"),
        pytest.param(parts("n", value="x"), ["/n type"], id="of another type"),
        pytest.param(parts("m"), ["/ required n", "/ undocumented properties"], id="another part"),
        pytest.param(parts("n")[:-6], ["/ readable"], id="no end"),
        pytest.param(b"n=1", ["/ readable"], id="a form of another kind"),
        pytest.param(parts("n").replace(b' name="n"', b""), ["/ readable"], id="no name"),
    ],
)
def test_forms_in_parts(body: bytes, rule: list[str]) -> None:
    assert found(text(THING, PARTS), body, f"{PARTS}; boundary=b") == rule


def test_parts_without_a_boundary() -> None:
    assert found(text(THING, PARTS), parts("n"), PARTS) == ["/ readable"]


@pytest.mark.parametrize(
    ("content_type", "body", "broken"),
    [
        ("text/plain; charset=iso-8859-1", b"\xe9", []),
        ('text/plain; charset="UTF-8"', "é".encode(), []),
        ("text/plain; charset=utf-8", b"\xe9", ["/ readable"]),
        ("text/plain", b"\xe9", []),
        ("text/plain; charset=martian", b"\xe9\xe9", []),
    ],
)
def test_the_charset_says_how_a_text_is_read(content_type: str, body: bytes, broken: list[str]) -> None:
    assert found(text({**STRING, "maxLength": 1}), body, content_type) == broken


def test_the_more_specific_type_is_judged() -> None:
    content = text({**STRING, "minLength": 3}, "text/csv") | text({**STRING, "maxLength": 2}, "text/*")
    assert found(content, b"a,b\n", "text/csv; header=present") == []
    assert found(content, b"a,b\n", "text/plain") == ["/ bounds"]


def test_a_text_is_read_where_the_document_has_any_type() -> None:
    content = text({**STRING, "pattern": "^a"}, "*/*")
    assert [found(content, body, "text/plain") for body in (b"abc", b"bc")] == [[], ["pattern"]]
    assert [found(content, body, "application/json") for body in (b'"abc"', b'"bc"')] == [[], ["pattern"]]


@pytest.mark.parametrize(
    ("content", "body"),
    [
        pytest.param(text({"type": "object", "required": ["a"]}, "application/xml"), b"<r/>", id="XML"),
        pytest.param(text({**STRING, "minLength": 9}, "application/atom+xml"), b"<r/>", id="XML by its suffix"),
        pytest.param(text({"type": "array", "items": ITEM}, "text/csv"), b"id\n1\n", id="CSV as a list"),
        pytest.param(text({"type": "object", "required": ["a"]}), b"a", id="a text as an object"),
        pytest.param(text(ITEM, "multipart/mixed"), b"x", id="parts of a mix"),
        pytest.param({NDJSON: {"schema": ITEM, "itemSchema": ITEM}}, b'{"id":1}\n', id="two schemas"),
    ],
)
def test_what_no_rule_covers_is_said(content: Any, body: bytes) -> None:
    assert found(content, body, openapi="3.2.0") == []
    made = rules(content, "3.2.0")
    (said,) = notices(made.spec)
    assert (said.kind, said.source.file) == ("not judged", "things.json")
    assert said.problem.startswith(f"not judged: the schema of {next(iter(content))} in 200 of {OPERATION}: ")


@pytest.mark.parametrize(
    "content",
    [
        text(STRING, "application/pdf"),
        text({**STRING, "format": "binary"}, "application/octet-stream"),
        text(STRING, "application/xml"),
        text({}, "text/html"),
        {"text/html": {}},
        text(ITEM, NDJSON),
    ],
    ids=str,
)
def test_where_nothing_is_said_there_is_nothing_to_tell(content: Any) -> None:
    assert list(notices(rules(content).spec)) == []


def test_binary_content_is_measured_in_octets() -> None:
    content = text({**STRING, "format": "binary", "maxLength": 3}, "application/octet-stream")
    assert [found(content, body) for body in (b"\xff\x00\xfe", b"\xff\x00\xfe\xfd")] == [[], ["/ bounds"]]


def test_ids_of_rules_about_json_are_as_they_were() -> None:
    content = text(ITEM, "application/json") | text({**STRING, "minLength": 1})
    about = {short(rule) for rule in rules(content).rules}
    assert {"/ required id", ";text/plain / bounds"} <= about


def test_the_finding_says_in_which_value_of_a_row() -> None:
    (finding,) = judged(items(ITEM, NDJSON), b'{"id": 1}\n{"id": 2, "at": "123456"}\n').findings
    assert (finding.instance, finding.seen) == ("/1/at", '"123456"')


def test_what_came_of_a_row_is_judged_although_it_breaks_off() -> None:
    assert found(items(ITEM, NDJSON), b'{"id": "1"}\n{') == ["/ readable", "/*/id type"]


@pytest.mark.parametrize(
    ("content", "body"),
    [
        (items(ITEM, NDJSON), b'{"id": 1}\n{"id": '),
        (items(ITEM, SEQ), b'\x1e{"id": 1}\n\x1e{"id'),
        (items(TICK, EVENTS), b"event: tick\ndata: 1\n\nevent: tick\ndata: 2\n"),
        (items(TICK, EVENTS), "event: tick\ndata: é".encode()[:-1]),
        (text({**STRING, "minLength": 99}, EVENTS), b"data: 1\n"),
        (text({"type": "array", "minItems": 9}, NDJSON), b"1\n2\n3"),
    ],
    ids=str,
)
def test_a_stream_that_was_left_is_judged_by_what_came(content: Any, body: bytes) -> None:
    assert found(content, body, is_whole=False) == []


def test_a_stream_that_was_left_is_no_excuse() -> None:
    assert found(items(ITEM, NDJSON), b'{"id": "1"}\n{"id', is_whole=False) == ["/*/id type"]
    assert found(items(TICK, EVENTS), b"event: tock\ndata: 1\n\nevent: ti", is_whole=False) == ["/*/event enum"]


EXERCISED = [
    text({**STRING, "pattern": "^[A-Z]{3,5}$"}),
    text({**STRING, "enum": ["a", "b"]}, "text/csv"),
    text({"type": "integer", "minimum": 3}),
    text({"type": ["number", "null"], "minimum": 3}),
    text(ITEM, NDJSON),
    text({"type": "array", "items": ITEM, "minItems": 2}, NDJSON),
    items(ITEM, SEQ),
    items(TICK, EVENTS),
    text(ITEM, EVENTS),
    text({"type": "array", "items": TICK, "minItems": 1}, EVENTS),
    items({**TICK, "required": []}, EVENTS),
    text(STRING, EVENTS),
    {EVENTS: {}},
    {NDJSON: {}},
    text(THING, FORM),
    text(THING, PARTS),
    text({**STRING, "minLength": 2}, "*/*"),
    text({"type": "object", "properties": {"a": STRING}}, "application/xml"),
]


@pytest.mark.parametrize("openapi", ["3.0.3", "3.2.0"])
@pytest.mark.parametrize("content", EXERCISED, ids=str)
def test_the_mock_exercises_every_rule(content: Any, openapi: str) -> None:
    assert told_by_the_mock(rules(content, openapi)) == ([], set())


ODD = st.binary(max_size=60) | st.text(alphabet='event:data[]{}=&\r\n\x1e1 "é-', max_size=60).map(str.encode)


@pytest.mark.parametrize("content", EXERCISED, ids=str)
def test_no_body_is_too_odd_to_be_judged(content: Any) -> None:
    made, name = rules(content), next(iter(content))

    @given(
        body=ODD, content_type=st.sampled_from([name, f"{name}; charset=utf-16; boundary=1"]), is_whole=st.booleans()
    )
    @settings(max_examples=50, deadline=None)
    def judges(body: bytes, content_type: str, is_whole: bool) -> None:
        assert not judged_by(made, content_type, body, is_whole=is_whole).defects

    judges()
