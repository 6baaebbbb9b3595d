"""The rules of a document as a table, as JSON, and one of them in full; the kinds of changes."""

import inspect
import json
import re
import tomllib
from dataclasses import replace
from datetime import date
from itertools import chain
from pathlib import Path
from typing import Any

import pytest

from contracts.changes.change import KINDS
from contracts.document import read_spec
from contracts.errors import UsageError
from contracts.probes import probe_plan, reads
from contracts.report.forms.catalogue import (
    EXPLANATIONS,
    explained,
    explained_json,
    kinds_json,
    kinds_table,
    named,
    rules_json,
    rules_table,
)
from contracts.report.forms.terminal import Screen
from contracts.rules import RULE_KINDS, RuleBook, rules_for
from contracts.text import printable

PLAN = "".join(map(inspect.getsource, (probe_plan, reads)))

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


def told(book: RuleBook, identity: str) -> dict[str, Any]:
    return explained_json(book, identity, today=date(2026, 11, 24), asked=lambda _: {ENUM: ["fuzz", "edge"]})


def test_explanation_tells_promise_place_and_clause(book: RuleBook) -> None:
    first, promise, written, clause, severity, why, causes, cure, accept, asked = explained(told(book, ENUM))
    assert (first, severity) == (ENUM, "  severity  violation")
    assert why == "  why       a client has a branch for each listed value, and none for another"
    assert causes.startswith("  causes    a value that the code got and the document did not")
    assert cure.startswith("  next      add the value to the document if it is meant")
    command = f"contracts accept '{ENUM}' --spec things.yaml --reason '…' --until 2026-12-24"
    assert accept == f"  accept    {command}"
    assert asked == "  asked by  random requests; odd requests"
    assert promise.startswith("  promise   /id is one of ")
    assert written.startswith("  written   things.yaml:")
    assert clause == "  rests on  JSON Schema 2020-12 Validation §6.1.2"


def test_rule_about_the_answer_has_no_place(book: RuleBook) -> None:
    lines = list(explained(told(book, "GET /things status documented")))
    assert "  promise   the answer is one of the documented statuses: 200" in lines


def test_explanation_as_json_is_the_entry_of_the_list_and_more(book: RuleBook) -> None:
    (entry,) = (entry for entry in rules_json(book) if entry["rule"] == ENUM)
    assert entry.items() <= told(book, ENUM).items()
    assert told(book, ENUM)["rules"] == [ENUM]


@pytest.mark.parametrize(
    ("identity", "hint"),
    [("GET /things 200 /id enums", f"the nearest are {ENUM}; "), ("?", "`contracts rules` lists them")],
    ids=["near", "far"],
)
def test_unknown_rule_names_the_nearest(identity: str, hint: str, book: RuleBook) -> None:
    with pytest.raises(UsageError, match="the document has no rule") as caught:
        told(book, identity)
    assert hint in str(caught.value)


def test_a_mistyped_change_names_the_nearest(book: RuleBook) -> None:
    with pytest.raises(UsageError, match="the nearest are enum-widened"):
        told(book, "enum-widend")


@pytest.mark.parametrize("cut", ["GET /things 200 /i…", "…/id enum", "GET /th...id enum", "…id en…", "* enum"])
def test_a_cut_id_means_whatever_fits(cut: str, book: RuleBook) -> None:
    assert ENUM in told(book, cut)["rules"]


def test_an_id_for_many_rules_lists_them(book: RuleBook) -> None:
    first, title, *_ = explained(told(book, "GET /things 200 type"))
    meant = "GET /things 200 / type; GET /things 200 /id type"
    assert (first, title) == ("GET /things 200 / type", f"  one of    2 rules that are meant: {meant}")


ODD = ["GET /é/\u200b 200 / type", 'GET /"q"\\x 200 / type', "GET /a[b]::c 200 / type"]


@pytest.mark.parametrize("identity", ODD)
def test_an_id_is_known_as_any_terminal_prints_it(identity: str, book: RuleBook) -> None:
    odd = RuleBook(book.spec, {**book.operations})
    odd.__dict__["rules"] = tuple(replace(rule, id=identity) for rule in book.rules[:1])
    escaped = identity.encode("unicode_escape").decode()
    printed = {identity, printable(identity), f"test_rule[{escaped}]", f"a/b.py::T::test_rule[{escaped}]"}
    printed.add(Screen(encoding="ascii").text(identity))
    printed.add(Screen(encoding="latin-1").text(identity))
    assert [[rule.id for rule in named(odd, name)] for name in printed] == [[identity]] * len(printed)


def test_every_kind_of_rule_is_explained() -> None:
    texts = tomllib.loads(EXPLANATIONS.read_text(encoding="utf-8"))
    probes, _, _ = (texts.pop(name) for name in ("probes", "change", "document"))
    assert texts.keys() == RULE_KINDS.keys()
    assert {frozenset(text) for text in texts.values()} == {frozenset({"why", "causes", "next"})}
    assert all(len(text) > 20 for about in texts.values() for text in about.values())
    assert len({text["why"] for text in texts.values()}) == len(texts)
    made = re.findall(r'Probe\(.*source="(\w+)"|_probe\((?:request|made), "(\w+)"|unseen\("(\w+)"|source="(\w+)"', PLAN)
    assert probes.keys() == set(chain.from_iterable(made)) - {"", "source"} | {"client", "life"}  # which no plan has


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
