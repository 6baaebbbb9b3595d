"""`contracts consumer`: what it says of a model, in which order, with which exit code."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from contracts.consumers import causes
from tests.commands.conftest import Run

DOCUMENT = """\
openapi: 3.1.0
info: {title: Books, version: "1"}
paths:
  /books/{id}:
    get:
      operationId: get_book
      parameters: [{name: id, in: path, required: true, schema: {type: string}}]
      responses:
        "200":
          description: a book
          content:
            application/json:
              schema:
                type: object
                required: [title, state]
                properties:
                  title: {type: string, minLength: 1}
                  state: {enum: [there, lent]}
                  lent_at: {type: string, format: date-time}
                additionalProperties: false
            text/csv: {}
        "204": {description: nothing}
        "206": {description: none, content: {application/json: {schema: {not: {}}}}}
        "207": {description: all, content: {application/json: {}}}
        default: {description: wrong, content: {application/problem+json: {schema: {type: object}}}}
  /broken:
    get:
      operationId: get_broken
      responses:
        "208": {description: two, content: {application/json: {schema: {$ref: "#/components/schemas/Two"}}}}
        "203": {description: no, content: {application/json: {schema: {type: string, pattern: "("}}}}
components:
  schemas:
    Name: {type: object, required: [name], properties: {name: {type: string, pattern: "^[A-Za-z]+$"}}}
    Two:
      type: object
      required: [a, b]
      properties: {a: {$ref: "#/components/schemas/Name"}, b: {$ref: "#/components/schemas/Name"}}
"""
MODULE = """
import datetime, os

def fits(payload):
    print("out of place")
    assert payload["title"] and payload["state"] in ("there", "lent")

def narrow(payload):
    if payload["state"] != "there":
        raise ValueError(f"{payload['state']} by {os.environ.get('CONTRACT_CREDENTIAL')}")

def dated(payload):
    if "lent_at" in payload:
        datetime.datetime.fromisoformat(payload["lent_at"].upper())

def exits(payload):
    raise SystemExit(0)

def shout(payload):
    for name in ("a", "b"):
        if payload[name]["name"].islower():
            raise ValueError(name)

def problem(payload):
    payload["title"]
"""


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "openapi.yaml").write_text(DOCUMENT)
    (tmp_path / "shelf.py").write_text(MODULE)
    yield tmp_path
    sys.modules.pop("shelf", None)


def told(contracts: Run, name: str, status: str = "200") -> tuple[int, dict[str, Any]]:
    operation = "get_broken" if status in ("203", "208") else "get_book"
    code, out, _ = contracts("consumer", f"shelf:{name}", operation, status, "openapi.yaml", "--format", "json")
    return code, json.loads(out)


def test_a_consumer_that_takes_what_is_allowed(contracts: Run, shelf: Path) -> None:
    code, out, err = contracts("consumer", "shelf:fits", "GET /books/{id}", "200", "openapi.yaml")
    assert code == 0
    assert "consumer: PASS: shelf:fits (calling it) rejects 0 causes of what GET /books/{id} 200 allows" in out
    assert "not tried: 200 text/csv: only JSON is" in out
    assert "out of place" not in out
    assert "out of place" in err


def test_what_is_rejected_says_where_what_why_and_what_next(contracts: Run, shelf: Path) -> None:
    code, out, _ = contracts("consumer", "shelf:narrow", "get_book", "200")
    assert code == 1
    assert out.splitlines()[:5] == [
        "openapi.yaml:18  GET /books/{id} 200 /state enum",
        '  seen: /state is "lent", which the document allows',
        "  rejected: ValueError: lent by None",
        '  payload: {"title":"a","state":"lent"}',
        "  next: let shelf:narrow take it, or say in the document that nobody sends it",
    ]
    assert "openapi.yaml:15  information: shelf:narrow takes what breaks / required title\n" in out
    assert out.splitlines()[-1].startswith("consumer: FAIL: shelf:narrow (calling it) rejects 1 cause of what ")


def test_the_same_as_json(contracts: Run, shelf: Path) -> None:
    code, found = told(contracts, "narrow")
    assert (code, found["decision"]) == (1, "fail")
    [one] = found["rejected"]
    assert (one["place"], one["keyword"], one["pointer"], one["values"]) == ("/state", "enum", "/state", ["lent"])
    assert (one["payload"], one["source"]) == ({"title": "a", "state": "lent"}, "openapi.yaml:18")
    assert found["tried"] > 20
    assert found["not_shown"] == []
    assert ("/title", "minLength", "") in [(row["place"], row["keyword"], row["value"]) for row in found["taken"]]
    assert told(contracts, "narrow") == (code, found)


def test_what_is_far_fetched_is_told_and_fails_nothing(contracts: Run, shelf: Path) -> None:
    code, found = told(contracts, "dated")
    assert code == 0
    assert {one["is_far"] for one in found["rejected"]} == {True}
    _, out, _ = contracts("consumer", "shelf:dated", "get_book", "200", "openapi.yaml")
    assert 'far-fetched, fails nothing: "0000-01-01T00:00:00Z" at /lent_at is rejected: ValueError: year 0 is' in out


NOT_MADE = "openapi.yaml:23: no application/json can be made: no payload at /: nothing is allowed"
NOT_TRIED = {
    "203": '203 application/json: "(" is not a "regex" ',
    "204": "204 without a body",
    "206": NOT_MADE,
    "207": "207 application/json: nothing is said of it",
}


@pytest.mark.parametrize("status", NOT_TRIED)
def test_where_nothing_can_be_tried_nothing_is_decided(status: str, contracts: Run, shelf: Path) -> None:
    code, found = told(contracts, "fits", status)
    assert (code, found["decision"], found["tried"]) == (3, "inconclusive", 0)
    assert found["not_tried"][0].startswith(NOT_TRIED[status])


def test_one_schema_at_two_places_is_one_cause(contracts: Run, shelf: Path) -> None:
    code, found = told(contracts, "shout", "208")
    [one] = found["rejected"]
    assert (code, one["keyword"], {one["pointer"], *one["also_at"]}) == (1, "pattern", {"/a/name", "/b/name"})


@pytest.mark.parametrize("status", ["default", "404"])
def test_any_status_that_is_documented(status: str, contracts: Run, shelf: Path) -> None:
    code, found = told(contracts, "problem", status)
    assert (code, [one["place"] for one in found["rejected"]]) == (1, ["/title"])


def test_all_of_a_range(contracts: Run, shelf: Path) -> None:
    code, found = told(contracts, "narrow", "2XX")
    assert (code, [one["status"] for one in found["rejected"]]) == (1, ["200"])
    assert found["not_tried"] == ["200 text/csv: only JSON is", *list(NOT_TRIED.values())[1:]]


def test_time_that_is_up_is_no_pass(contracts: Run, shelf: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(causes, "SECONDS", -1.0)
    code, found = told(contracts, "fits")
    assert (code, found["decision"], found["late"]) == (3, "inconclusive", True)


def test_a_credential_is_not_shown(contracts: Run, shelf: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONTRACT_CREDENTIAL", "s3cr3t-0123456789-abcdef")
    _, out, _ = contracts("consumer", "shelf:narrow", "get_book", "200", "openapi.yaml")
    assert "rejected: ValueError: lent by $CONTRACT_CREDENTIAL\n" in out
    assert "s3cr3t" not in out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["shelf:fits", "get_books", "200"], "the document has no operation get_books; the nearest are "),
        (["shelf:fits", "get_book", "3XY"], "openapi.yaml:5: GET /books/{id} has no answer 3XY; it has 200"),
        (["shelf:exits", "get_book", "200"], "raises SystemExit (0), which ends a process"),
        (["shelf", "get_book", "200"], "shelf names nothing that reads: give module:Type"),
    ],
)
def test_what_can_not_be_used_is_a_sentence(words: list[str], said: str, contracts: Run, shelf: Path) -> None:
    code, out, err = contracts("consumer", *words, "openapi.yaml")
    assert (code, out) == (2, "")
    assert said in err
    assert err.count("\n") == 1
