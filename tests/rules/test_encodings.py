"""Strings that hold something else: bytes in an encoding, and documents of their own schema."""

from __future__ import annotations

import json
from typing import Any

import pytest

from contracts.messages import Exchange, Probe, Request, Response
from contracts.rules import OperationRules, rules_for
from contracts.rules.rule import Severity
from contracts.verdicts import judge
from tests.documents import OPERATION, document, short, spec_from, told_by_the_mock

STRING = {"type": "string"}
INNER = {"type": "object", "required": ["foo"], "properties": {"foo": {"type": "integer", "maximum": 9}}}
JSON_TEXT = {**STRING, "contentMediaType": "application/json", "contentSchema": INNER}
BYTE, ENCODED = {**STRING, "format": "byte"}, {**STRING, "contentEncoding": "base64"}
URL_SAFE = {**STRING, "contentEncoding": "base64url"}


def rules(schema: Any, name: str = "application/json", openapi: str = "3.1.0", key: str = "schema") -> OperationRules:
    value = document({}, content={name: {key: schema}}, openapi=openapi)
    return rules_for(spec_from(value)).operations[OPERATION]


def found(rules: OperationRules, body: bytes) -> list[str]:
    (media,) = rules.operation.responses[0].content
    answer = Response(200, (("Content-Type", media.name),), body)
    judged = judge(rules, Exchange(0, Probe(OPERATION, Request("GET", "/things/1")), answer))
    return sorted(short(finding.rule).rpartition(";")[2] for finding in judged.findings)


@pytest.mark.parametrize(
    ("schema", "text", "holds"),
    [
        (BYTE, "", True),
        (BYTE, "YWJj", True),
        (BYTE, "YWI=", True),
        (BYTE, "YQ==", True),
        (BYTE, "+/+/", True),
        (BYTE, "YWJj\r\nYWJj", True),
        (BYTE, "YQ", False),
        (BYTE, "YQ=", False),
        (BYTE, "-_-_", False),
        (BYTE, "not base64!", False),
        (ENCODED, "YWJj", True),
        (ENCODED, "YWJj!", False),
        (URL_SAFE, "-_8", True),
        (URL_SAFE, "-_8=", True),
        (URL_SAFE, "+/8=", False),
        ({**STRING, "contentEncoding": "base16"}, "00fF", True),
        ({**STRING, "contentEncoding": "base16"}, "0", False),
        ({**STRING, "contentEncoding": "quoted-printable"}, "=", True),
    ],
    ids=str,
)
def test_base64_and_its_like(schema: Any, text: str, holds: bool) -> None:
    broken = [] if holds else ["/a format"]
    assert found(rules({"properties": {"a": schema}}), json.dumps({"a": text}).encode()) == broken
    whole = [] if holds else ["image/png / format"]
    assert found(rules(schema, "image/png"), text.encode()) == whole


def test_3_0_has_no_content_encoding() -> None:
    assert found(rules(ENCODED, "image/png", "3.0.3"), b"!") == []
    assert found(rules(BYTE, "image/png", "3.0.3"), b"!") == ["image/png / format"]


@pytest.mark.parametrize(
    ("text", "broken"),
    [
        ('{"foo": 1}', []),
        ('{"foo": 10}', ["/a/<content>/foo bounds"]),
        ("{}", ["/a/<content> required foo"]),
        ("[]", ["/a/<content> type"]),
        ("{foo: 1}", ["/a readable"]),
        ("", ["/a readable"]),
    ],
)
def test_documents_in_strings(text: str, broken: list[str]) -> None:
    made = rules({"properties": {"a": JSON_TEXT}})
    assert found(made, json.dumps({"a": text}).encode()) == broken
    severities = {rule.severity for rule in made.rules if "<content>" in rule.id or rule.kind == "readable"}
    assert severities == {Severity.ADVISORY}


EVENT: dict[str, Any] = {
    "type": "object",
    "required": ["event"],
    "properties": {"event": STRING},
    "oneOf": [
        {
            "type": "object",
            "required": ["event"],
            "properties": {"event": {"const": "text"}, "data": {**STRING, "minLength": 2}},
        },
        {"type": "object", "required": ["event"], "properties": {"event": {"const": "json"}, "data": JSON_TEXT}},
    ],
}


BRIEF = {**EVENT, "oneOf": [{"properties": branch["properties"]} for branch in EVENT["oneOf"]]}


@pytest.mark.parametrize("event", [EVENT, BRIEF], ids=["each branch by itself", "what the branches share above them"])
@pytest.mark.parametrize(
    ("body", "broken"),
    [
        (b'event: json\ndata: {"foo": 1}\n\nevent: text\ndata: ab\n\n', []),
        (b'event: json\ndata: {"foo": "1"}\n\n', ["/*/<json>/data/<content>/foo type"]),
        (b"event: json\ndata: foo\n\n", ["/*/<json>/data readable"]),
        (b"event: text\ndata: a\n\n", ["/*/<text>/data bounds"]),
        (b"event: else\ndata: a\n\n", ["/*/event enum"]),
    ],
)
def test_the_data_of_an_event_is_what_its_kind_says(body: bytes, broken: list[str], event: dict[str, Any]) -> None:
    made = rules(event, "text/event-stream", "3.2.0", "itemSchema")
    assert found(made, body) == [f"text/event-stream {rule}" for rule in broken]
    assert {rule.severity for rule in made.rules if rule.id.endswith("/<content>/foo type")} == {Severity.VIOLATION}


@pytest.mark.parametrize(
    ("schema", "name", "key"),
    [
        (
            {"type": "object", "required": ["a", "b"], "properties": {"a": ENCODED, "b": URL_SAFE}},
            "application/json",
            "",
        ),
        ({"type": "array", "minItems": 1, "items": {**ENCODED, "maxLength": 8}}, "application/json", ""),
        ({"type": "object", "required": ["a"], "properties": {"a": JSON_TEXT}}, "application/json", ""),
        (BYTE, "image/png", ""),
        (URL_SAFE, "text/plain", ""),
        (EVENT, "text/event-stream", "itemSchema"),
        (BRIEF, "text/event-stream", "itemSchema"),
    ],
    ids=str,
)
def test_the_mock_exercises_every_rule(schema: Any, name: str, key: str) -> None:
    assert told_by_the_mock(rules(schema, name, "3.2.0", key or "schema")) == ([], set())
