"""A comparison as news for users of the API."""

from __future__ import annotations

import html
import json
import re
from dataclasses import replace
from typing import Any

import pytest
from markdown_it import MarkdownIt

from contracts.changes.change import KINDS, Change, Direction, Effect, Reach
from contracts.report.diff import Diff
from contracts.report.forms.changelog import changelog_json, changelog_markdown, changelog_text

from ...made_changes import ALL, READ, UNKNOWN, change
from ..comparisons import NASTY, diff

SEND, CALL = Reach("POST /things", Direction.REQUEST), Reach("GET /old", Direction.OPERATION)
FINE = Effect.COMPATIBLE


def markdown(*changes: Change) -> str:
    return "\n".join(changelog_markdown(diff(changes)))


def lines(*changes: Change) -> list[str]:
    return list(changelog_text(diff(changes)))[3:]


def test_news_by_part_and_operation() -> None:
    """A snapshot."""
    gone = change(
        "operation-removed",
        where="GET /old",
        message="the operation GET /old was removed",
        reaches=(CALL,),
        direction=Direction.OPERATION,
    )
    added = change("property-added", FINE, "schemas/Thing /new", message="the property new was added")
    sent = change("property-deprecated", FINE, "POST /things body /a", message="it is deprecated now", reaches=(SEND,))
    assert markdown(gone, added, sent, *ALL[2:]).split("\n") == [
        "## 1",
        "",
        "Since 1: 5 changes, 2 breaking, 1 that may break.",
        "",
        "### Added",
        "",
        "- `GET /things/{id}`",
        "  - `Thing /new` in answers: the property was added",
        "",
        "### Changed",
        "",
        "- `GET /things/{id}`",
        "  - **Breaking:** `Thing /status` in answers: the list of values allows more than before",
        "- `GET /things/{id}`",
        "  - **May break:** `Thing /name` in answers: the list of values allows more than before",
        "",
        "### Deprecated",
        "",
        "- `POST /things`",
        "  - `body /a` in requests: it is deprecated now",
        "",
        "### Removed",
        "",
        "- `GET /old`",
        "  - **Breaking:** the operation was removed",
    ]


def test_nothing_changed() -> None:
    assert list(changelog_text(diff([]))) == ["1", "", "Since 1: 0 changes, 0 breaking."]


def test_what_breaks_comes_first_in_each_part() -> None:
    other = Reach("GET /a", Direction.RESPONSE)
    shown = lines(
        change("type-widened", FINE, "schemas/A /x", message="1", reaches=(READ, other)),
        change("type-changed", FINE, "schemas/B /x", message="2"),
        change("type-narrowed", where="schemas/C /x", message="3", reaches=(other,)),
        change("property-added", FINE, "schemas/D /x", message="4"),
    )
    marks = [line.rpartition(": ")[2] for line in shown if line.startswith("  ")]
    assert marks == ["4", "3", "2", "1"]


def test_what_is_alike_is_said_once_and_what_went_is_named() -> None:
    many = [change("format-changed", FINE, f"schemas/T{n} /at", message="it is no uri") for n in range(42)]
    (told,) = (line for line in lines(*many) if line.startswith("  "))
    assert told == "  - T0 /at, T1 /at, T2 /at, T3 /at, T4 /at and 37 more in answers: it is no uri"
    gone = []
    for n in range(9):
        key = f"GET /{n}"
        facts: dict[str, Any] = {
            "message": f"the operation {key} was removed",
            "reaches": (Reach(key, READ.direction),),
        }
        gone.append(change("operation-removed", where=key, **facts))
    (named,) = (line for line in lines(*gone) if line.startswith("- "))
    assert named == "- GET /0, GET /1, GET /2, GET /3, GET /4, GET /5, GET /6, GET /7, GET /8"


def test_a_name_is_not_said_twice_nor_taken_out_of_what_was_said() -> None:
    one = change("property-added", FINE, "schemas/T /a", message="the property a was added")
    other = change("property-added", FINE, "schemas/T /b", message="the property b was added")
    (told,) = (line for line in lines(one, other) if line.startswith("  "))
    assert told == "  - T /a, T /b in answers: the property was added"
    evil = change("enum-widened", FINE, "schemas/T /a", message='the list: "x takes more than before" came')
    assert lines(evil)[-1].endswith('in answers: the list: "x takes more than before" came')


def test_what_is_for_the_same_operations_stands_together() -> None:
    changes = [
        change("type-changed", FINE, f"schemas/{name}", message=name, reaches=reaches)
        for name, reaches in {"A": (READ,), "B": (SEND,), "C": (READ,), "D": (SEND,)}.items()
    ]
    assert [line.rpartition(" ")[2] for line in lines(*changes)[3:]] == ["/things/{id}", "A", "C", "/things", "B", "D"]


def test_both_directions_are_said() -> None:
    shown = lines(change("type-changed", FINE, "schemas/T", message="m", reaches=(READ, SEND)))
    assert shown[-2:] == ["- GET /things/{id}, POST /things", "  - T in requests and answers: m"]


@pytest.mark.parametrize("identity", KINDS)
def test_every_kind_has_its_part(identity: str) -> None:
    parts = {"added": "Added", "removed": "Removed", "deprecated": "Deprecated"}
    assert lines(change(identity, FINE))[1] == parts.get(identity.rpartition("-")[2], "Changed")


def test_programs_read_all_places_and_operations() -> None:
    many = [change("format-changed", where=f"schemas/T{n} /at", message="no uri") for n in range(42)]
    value = json.loads("".join(changelog_json(diff([*many, UNKNOWN]))))
    assert (value["base"], value["revision"], len(value["news"])) == ("1", "1", 2)
    first = value["news"][0]
    assert (first["part"], first["effect"], first["operations"]) == ("changed", "breaking", ["GET /things/{id}"])
    assert (len(first["places"]), first["text"]) == (42, "in answers: no uri")


def nasty() -> Diff:
    evil = change(
        where=NASTY,
        message=NASTY,
        reaches=(Reach(NASTY, READ.direction), Reach("a`b", READ.direction), Reach("x{{y", READ.direction)),
    )
    made = diff([evil])
    spec = replace(made.specs[0], version=NASTY)
    return replace(made, specs=(spec, spec))


def test_nothing_of_a_document_is_markup() -> None:
    source = "\n".join(changelog_markdown(nasty()))
    shown = str(MarkdownIt("commonmark").enable("table").render(source))
    assert set(re.findall(r"</?([a-z0-9]+)", shown)) <= {"h2", "h3", "p", "ul", "li", "code", "strong"}
    outside = re.sub(r"<code>.*?</code>|`[^`]*`", "", source)
    assert re.search(r"@\w|(?<!&)#\d+\b(?!;)|www\.|://", outside) is None
    assert "{{" not in source
    assert {"a`b", "x{{y"} <= set(re.findall("<code>([^<]*)</code>", html.unescape(shown)))


@pytest.mark.parametrize("form", [changelog_text, changelog_markdown, changelog_json])
def test_no_line_holds_what_a_terminal_acts_upon(form: Any) -> None:
    text = "\n".join(form(nasty())).replace("\u200b", "")  # which keeps a name from being mentioned
    for line in text.split("\n"):
        assert (line.isprintable(), line.lstrip().startswith("::")) == (True, False)
