"""Answers that are written for whoever reads the report: everything of them is bounded, and can be shown."""

import json
from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import pytest

from contracts.report.forms.terminal import Screen, decision_line, summary_lines
from contracts.report.json_report import SCHEMA, run_from
from contracts.report.record import MAX_BODY, MAX_FIELD
from contracts.text import MAX_TEXT, cut, printable
from tests.service.hostile import TEXTS, hostile_report


def texts(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        value = [*value, *value.values()]
    if isinstance(value, list):
        for item in value:
            yield from texts(item)
    elif isinstance(value, str):
        yield value


def evidence() -> list[Any]:
    return [verdict["evidence"] for verdict in hostile_report()["verdicts"] if verdict["evidence"]]


def test_every_text_is_in_the_evidence() -> None:
    body = evidence()[0]["body"]
    assert [text for text in TEXTS[:-1] if json.dumps(text)[1:-1] not in body] == []
    assert len(evidence()) > len(TEXTS)


def test_report_keeps_its_schema() -> None:
    jsonschema_rs.validator_for(json.loads(SCHEMA.read_text())).validate(hostile_report())


def test_texts_of_a_report_are_bounded() -> None:
    assert max(map(len, texts(hostile_report()))) == MAX_BODY
    for found in evidence():
        assert len(found["message"]) <= MAX_TEXT
        assert len(found["instance"] or "") <= MAX_TEXT
        assert max(map(len, texts(found["headers"]))) == MAX_FIELD
    seen = [verdict["seen"] for verdict in hostile_report()["verdicts"]]
    assert max(map(len, texts(seen))) == 200


def test_nothing_of_a_service_reaches_the_terminal_as_it_is() -> None:
    run = run_from(hostile_report())
    lines = [*summary_lines(run, Screen(80)), decision_line(run, Screen())]
    assert [line for line in lines if not line.isprintable()] == []


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31m", "\\x1b[31m"),
        ("a\nb\r\t", "a\\nb\\r\\t"),
        ("\u202egnp", "\\u202egnp"),
        ("\u2066\u200b\ufeff\xad", "\\u2066\\u200b\\ufeff\\xad"),
        ("\u2028\u2029\x85", "\\u2028\\u2029\\x85"),
        ("\ud800", "\\ud800"),
        ("é 中 😀", "é 中 😀"),
    ],
    ids=ascii,
)
def test_what_a_terminal_would_obey_is_escaped(text: str, shown: str) -> None:
    assert printable(text) == shown


@pytest.mark.parametrize(("text", "kept"), [("abc", "abc"), ("abcd", "ab…"), ("", "")])
def test_long_text_ends_with_a_mark(text: str, kept: str) -> None:
    assert cut(text, 3) == kept
