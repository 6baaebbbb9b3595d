"""The rules of a document as a table, as JSON, and one of them in full; the kinds of changes."""

import json
from pathlib import Path

import pytest

from contracts.changes.change import KINDS
from contracts.document import read_spec
from contracts.errors import UsageError
from contracts.report.forms.catalogue import explained, explained_json, kinds_json, kinds_table, rules_json, rules_table
from contracts.rules import RuleBook, rules_for

SCHEMA = {"type": "object", "required": ["id"], "properties": {"id": {"type": "string", "enum": ["a", "b"]}}}
DOCUMENT = {
    "openapi": "3.1.0",
    "info": {"title": "Things", "version": "7"},
    "paths": {
        "/things": {
            "get": {"responses": {"200": {"description": "", "content": {"application/json": {"schema": SCHEMA}}}}}
        }
    },
}
ENUM = "GET /things 200 /id enum"


@pytest.fixture(scope="module")
def book() -> RuleBook:
    return rules_for(read_spec(json.dumps(DOCUMENT, indent=1).encode(), path="things.yaml", folder=Path()))


def test_table_has_a_line_a_rule_and_the_count(book: RuleBook) -> None:
    *lines, last = rules_table(book)
    assert last == f"{len(book.rules)} rules of Things 7"
    assert [line.split("  ")[0].startswith("things.yaml:") for line in lines] == [True] * len(book.rules)
    assert all(rule.id in line and rule.clause in line for rule, line in zip(book.rules, lines, strict=True))


def test_table_marks_advisories(book: RuleBook) -> None:
    marked = [line for line in rules_table(book) if line.endswith(" (advisory)")]
    assert len(marked) == sum(rule.severity == "advisory" for rule in book.rules) > 0


def test_json_has_every_rule_with_its_source(book: RuleBook) -> None:
    found = {entry["rule"]: entry for entry in rules_json(book)}
    assert list(found) == [rule.id for rule in book.rules]
    assert found[ENUM]["source"]["file"] == "things.yaml"
    assert (found[ENUM]["operation"], found[ENUM]["status"], found[ENUM]["place"]) == ("GET /things", "200", "/id")


def test_explanation_tells_promise_place_and_clause(book: RuleBook) -> None:
    first, promise, written, clause, severity = explained(book, ENUM).splitlines()
    assert (first, severity) == (ENUM, "  severity  violation")
    assert promise.startswith("  promise   /id is one of ")
    assert written.startswith("  written   things.yaml:")
    assert clause == "  rests on  JSON Schema 2020-12 Validation §6.1.2"


def test_rule_about_the_answer_has_no_place(book: RuleBook) -> None:
    assert "\n  promise   the answer is one of the documented statuses: 200\n" in explained(
        book, "GET /things status documented"
    )


def test_explanation_as_json_is_the_entry_of_the_list(book: RuleBook) -> None:
    assert explained_json(book, ENUM) in rules_json(book)


@pytest.mark.parametrize(
    ("identity", "hint"),
    [("GET /things 200 /id enums", f"the nearest are {ENUM}; "), ("?", "`contracts rules` lists them")],
    ids=["near", "far"],
)
def test_unknown_rule_names_the_nearest(identity: str, hint: str, book: RuleBook) -> None:
    with pytest.raises(UsageError, match="the document has no rule") as caught:
        explained(book, identity)
    assert hint in str(caught.value)


def test_the_table_of_kinds_is_whole() -> None:
    assert [row["id"] for row in kinds_json()] == list(KINDS)
    assert json.loads(json.dumps(kinds_json()))[0] == {
        "id": "operation-added",
        "direction": "operation",
        "severity": "info",
        "message": "the operation NAME was added",
    }


def test_kinds_are_in_columns() -> None:
    first, *_ = lines = list(kinds_table())
    assert first.split(None, 3) == ["operation-added", "operation", "info", "the operation NAME was added"]
    assert {line.index(KINDS[line.split()[0]].shown) for line in lines} == {first.index("the operation")}
