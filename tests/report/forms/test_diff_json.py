"""A comparison as JSON, held against its JSON Schema."""

from __future__ import annotations

import json
from typing import Any

import jsonschema_rs
import pytest

from contracts.changes.kinds import KINDS
from contracts.report.forms.diff_json import SCHEMA, diff_json, kinds_json

from ...made_changes import ALL, ASKED, BREAKS, change
from ..made_diffs import NASTY, SPEC, STDIN, diff

VALIDATOR = jsonschema_rs.validator_for(json.loads(SCHEMA.read_text()), validate_formats=True)
REPORTS = {
    "nothing": diff([]),
    "everything": diff(ALL, "enum-*"),
    "a request": diff([change("type-changed", witness=ASKED)]),
    "hostile": diff([change(where=NASTY, message=NASTY)], NASTY, base=STDIN),
}


@pytest.mark.parametrize("name", REPORTS)
def test_report_is_valid(name: str) -> None:
    text = json.dumps(diff_json(REPORTS[name]), ensure_ascii=False, allow_nan=False)
    VALIDATOR.validate(json.loads(text.encode()))


def test_every_object_that_the_schema_requires_something_of_is_checked() -> None:
    value = diff_json(diff())
    assert VALIDATOR.is_valid(value)
    for name in value:
        assert not VALIDATOR.is_valid({key: part for key, part in value.items() if key != name})


def test_what_programs_read() -> None:
    value: Any = diff_json(diff(ALL, "pattern-*"))
    assert (value["decision"], value["exit_code"], value["fail_on"]) == ("breaking", 1, "breaking")
    assert value["summary"] == {"changes": 4, "breaking": 1, "compatible": 2, "undecided": 0, "accepted": 1}
    assert value["base"] == {
        "title": "Things",
        "version": "1",
        "path": "HEAD:spec/a.yaml",
        "sha256": SPEC.document.sha256,
    }
    assert value["changes"][0] == {
        "id": "enum-widened",
        "effect": "breaking",
        "severity": "error",
        "direction": "response",
        "where": "schemas/Thing /status",
        "reaches": [{"operation": "GET /things/{id}", "direction": "response"}],
        "base": {"file": "HEAD:spec/a.yaml", "line": 7},
        "revision": {"file": "spec/a.yaml", "line": 9},
        "message": BREAKS.message,
        "proof": None,
        "witness": {
            "operation": "GET /things/{id}",
            "message": {"status": 200, "headers": {"Content-Type": "application/json"}, "body": {"status": "paused"}},
            "accepted_by": "revision",
            "rejected_by": "base",
            "because": '/status is "paused"; allowed are "active", "closed"',
        },
        "accepted": None,
        "fails": True,
    }
    assert value["changes"][-1]["accepted"] == {"reason": "agreed|in May", "until": "2026-11-24"}


def test_the_table_is_whole() -> None:
    assert [row["id"] for row in kinds_json()] == list(KINDS)
    assert json.loads(json.dumps(kinds_json()))[0] == {
        "id": "operation-added",
        "direction": "operation",
        "severity": "info",
        "message": "the operation NAME was added",
    }
