"""Parameters and header fields are texts: what no text shows is no change, whatever types say."""

from __future__ import annotations

from typing import Any

import pytest

from contracts.changes import compare
from contracts.changes.change import Effect
from contracts.document import Spec
from tests.exchanges.documents import parameter, spec_of

BREAKING, COMPATIBLE = Effect.BREAKING, Effect.COMPATIBLE
TEXT: dict[str, Any] = {"type": "string"}
WHOLE: dict[str, Any] = {"type": "integer"}
NUMBER, FLAG = {"type": "number"}, {"type": "boolean"}
FREE = {"additionalProperties": True}
WORDS = {"enum": ["true", "false"]}
OK = {"200": {"description": "fine"}}


def listed(items: Any, **more: Any) -> dict[str, Any]:
    return {"type": "array", "items": items, **more}


def having(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties}


HOMES: dict[str, tuple[str, dict[str, Any]]] = {
    "path": ("path", {}),
    "label": ("path", {"style": "label", "explode": True}),
    "matrix": ("path", {"style": "matrix"}),
    "query": ("query", {}),
    "joined": ("query", {"explode": False}),
    "piped": ("query", {"style": "pipeDelimited", "explode": False}),
    "spaced": ("query", {"style": "spaceDelimited", "explode": False}),
    "deep": ("query", {"style": "deepObject"}),
    "header": ("header", {}),
    "cookie": ("cookie", {}),
}


def asked(home: str, schema: Any, **more: Any) -> Spec:
    location, style = HOMES[home]
    one = parameter("p", schema, location, **{**style, **more})
    return spec_of({"/a/{p}" if location == "path" else "/a": {"get": {"parameters": [one], "responses": OK}}})


def answered(schema: Any) -> Spec:
    headers = {"X-P": {"schema": schema, "required": True}}
    return spec_of({"/a": {"get": {"responses": {"200": {"description": "fine", "headers": headers}}}}})


def effects(base: Spec, revision: Spec) -> set[Effect]:
    return {change.effect for change in compare(base, revision)}


def message(base: Spec, revision: Spec) -> Any:
    """The only change's: its path, its headers if there are any."""
    (change,) = compare(base, revision)
    assert change.witness is not None
    return change.witness.message["path"], change.witness.message["headers"]


# fmt: off
SMALL = "^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$"
HEX = SMALL.replace("a-f", "a-fA-F")
SAME: list[tuple[str, Any, Any]] = [
    ("true and false", FLAG, WORDS),
    ("words as a boolean", WORDS, FLAG),
    ("0 and 1 as a boolean", {"enum": [0, 1]}, FLAG),
    ("integers as digits", WHOLE, {**TEXT, "pattern": "^-?[0-9]+$"}),
    ("natural numbers as digits", {**WHOLE, "minimum": 0}, {**TEXT, "pattern": "^[0-9]+$"}),
    ("positive numbers as digits", {**WHOLE, "minimum": 1}, {**TEXT, "pattern": "^[1-9][0-9]*$"}),
    ("negative numbers as digits", {**WHOLE, "maximum": -1}, {**TEXT, "pattern": "^-[1-9][0-9]*$"}),
    ("numbers of five digits", {**WHOLE, "minimum": 0, "maximum": 99999}, {**TEXT, "pattern": "^[0-9]{1,5}$"}),
    ("numbers of five digits and a length", {**WHOLE, "minimum": 0, "maximum": 99999}, {**TEXT, "maxLength": 5}),
    ("few numbers as a list", {**WHOLE, "minimum": 1, "maximum": 3}, {"enum": ["1", "2", "3", "4"]}),
    ("digits as integers", {**TEXT, "pattern": "^-?[0-9]+$"}, WHOLE),
    ("digits as natural numbers", {**TEXT, "pattern": "^[0-9]{1,3}$"}, {**WHOLE, "minimum": 0, "maximum": 99999}),
    ("digits as numbers", {**TEXT, "pattern": "^[0-9]+[.][0-9]+$"}, NUMBER),
    ("numbers as texts", NUMBER, TEXT),
    ("numbers as texts that are not empty", NUMBER, {**TEXT, "minLength": 1}),
    ("numbers of 64 bits", {**WHOLE, "format": "int64"}, {**TEXT, "pattern": "^-?[0-9]{1,19}$"}),
    ("numbers between bounds", {**WHOLE, "minimum": 10, "maximum": 99999}, {**TEXT, "pattern": "^[0-9]{2,5}$"}),
    ("numbers around 0", {**WHOLE, "minimum": -7, "maximum": 25}, {**TEXT, "pattern": "^(-[1-7]|1?.|2[0-5])$"}),
    ("a list of numbers as texts", {"enum": [1, 2]}, {"enum": ["1", "2"]}),
    ("a list of texts as numbers", {"enum": ["1", "2"]}, {"enum": [1, 2]}),
    ("a list of texts as any integer", {"enum": ["1", "2"]}, WHOLE),
    ("a constant", {"const": 1.5}, {"const": "1.5"}),
    ("a boolean that is long enough", FLAG, {**TEXT, "minLength": 4, "maxLength": 5}),
    ("a union as a pattern", {"anyOf": [WHOLE, {"const": "all"}]}, {**TEXT, "pattern": "^(all|-?[0-9]+)$"}),
    ("a pattern as a union", {**TEXT, "pattern": "^(all|[0-9]+)$"}, {"anyOf": [WHOLE, {"const": "all"}]}),
    ("null, which is not sent", {"type": ["integer", "null"]}, {**TEXT, "pattern": "^-?[0-9]+$"}),
    ("a list that is not empty", listed(TEXT), listed(TEXT, minItems=1)),
    ("a list of values that is not empty", listed({"enum": ["a", "b"]}), listed({"enum": ["a", "b"]}, minItems=1)),
    ("lists of booleans as words", listed(FLAG), listed(WORDS)),
    ("one value as a list", WHOLE, listed({**TEXT, "pattern": "^-?[0-9]+$"})),
    ("a list of one as its item", listed(FLAG, maxItems=1), WORDS),
    ("members that may be anything", {**having(), **FREE}, {**having(a=TEXT), **FREE}),
    ("a member beside a list", having(a=NUMBER, b=listed(TEXT)), having(a=TEXT, b=listed(TEXT))),
    ("members of an object as words", having(a=FLAG), having(a=WORDS)),
    ("a pattern as a format", {**TEXT, "pattern": HEX}, {**TEXT, "format": "uuid"}),
    ("a format as a pattern", {**TEXT, "format": "uuid"}, {**TEXT, "pattern": HEX}),
    ("a date as digits", {**TEXT, "format": "date"}, {**TEXT, "pattern": "^[0-9]{4}(-[0-3][0-9]){2}$"}),
    ("early days as a date", {**TEXT, "pattern": "^20[0-9]{2}-0[1-9]-0[1-9]$"}, {**TEXT, "format": "date"}),
    ("an address as digits", {**TEXT, "format": "ipv4"}, {**TEXT, "pattern": "^([0-9]{1,3}[.]?){4}$"}),
]
OTHER: list[tuple[str, Any, Any]] = [
    ("negative numbers", WHOLE, {**TEXT, "pattern": "^[0-9]+$"}),
    ("numbers of more digits", {**WHOLE, "minimum": 0, "maximum": 99999}, {**TEXT, "pattern": "^[0-9]{1,4}$"}),
    ("a number more in a list", {**WHOLE, "minimum": 1, "maximum": 4}, {"enum": ["1", "2", "3"]}),
    ("a lower bound that is not that of digits", {**TEXT, "pattern": "^[0-9]+$"}, {**WHOLE, "minimum": 2}),
    ("an upper bound within the digits", {**TEXT, "pattern": "^[0-9]{1,2}$"}, {**WHOLE, "maximum": 98}),
    ("numbers below a bound", {**WHOLE, "minimum": 9, "maximum": 99999}, {**TEXT, "pattern": "^[0-9]{2,5}$"}),
    ("numbers above a bound", {**WHOLE, "minimum": -7, "maximum": 26}, {**TEXT, "pattern": "^(-[1-7]|1?.|2[0-5])$"}),
    ("other texts than words", TEXT, WORDS),
    ("integers as booleans", WHOLE, FLAG),
    ("booleans that are too short", FLAG, {**TEXT, "minLength": 5}),
    ("fractions", NUMBER, WHOLE),
    ("a value that went", {"enum": [1, 2]}, {"enum": ["1"]}),
    ("a list of two", listed(TEXT), listed(TEXT, minItems=2)),
    ("a list with empty texts", listed(TEXT), listed({**TEXT, "minLength": 1})),
    ("a list with another text", listed(TEXT), listed(WORDS)),
    ("a list as its item", listed(WHOLE), FLAG),
    ("another member", having(a=TEXT), having(a=WORDS)),
    ("an empty member", having(a=TEXT), having(a={**TEXT, "minLength": 1})),
    ("a format as a pattern of small letters", {**TEXT, "format": "uuid"}, {**TEXT, "pattern": SMALL}),
    ("digits as a date", {**TEXT, "pattern": "^[0-9]{4}(-[0-3][0-9]){2}$"}, {**TEXT, "format": "date"}),
    ("a day that no month has", {**TEXT, "pattern": "^2023-02-2[89]$"}, {**TEXT, "format": "date"}),
    ("an address of small numbers", {**TEXT, "format": "ipv4"}, {**TEXT, "pattern": "^([0-9]{1,2}[.]?){4}$"}),
]
# fmt: on


@pytest.mark.parametrize("home", HOMES)
@pytest.mark.parametrize(("base", "revision"), [row[1:] for row in SAME], ids=[row[0] for row in SAME])
def test_what_no_text_shows_breaks_nothing(home: str, base: Any, revision: Any) -> None:
    assert effects(asked(home, base), asked(home, revision)) <= {COMPATIBLE}


@pytest.mark.parametrize("home", HOMES)
@pytest.mark.parametrize(("base", "revision"), [row[1:] for row in OTHER], ids=[row[0] for row in OTHER])
def test_what_a_text_shows_breaks(home: str, base: Any, revision: Any) -> None:
    assert BREAKING in effects(asked(home, base), asked(home, revision))


@pytest.mark.parametrize(("base", "revision"), [row[1:] for row in SAME], ids=[row[0] for row in SAME])
def test_header_fields_of_answers_are_texts_too(base: Any, revision: Any) -> None:
    assert effects(answered(revision), answered(base)) <= {COMPATIBLE}


@pytest.mark.parametrize(("base", "revision"), [row[1:] for row in OTHER], ids=[row[0] for row in OTHER])
def test_header_fields_of_answers_with_another_text_break(base: Any, revision: Any) -> None:
    assert BREAKING in effects(answered(revision), answered(base))


@pytest.mark.parametrize(
    ("home", "shown"),
    [
        ("path", None),
        ("label", None),
        ("matrix", ("/a/;p=", {})),
        ("query", ("/a?p=", {})),
        ("header", ("/a", {"p": ""})),
        ("cookie", ("/a", {"Cookie": "p="})),
    ],
)
def test_the_empty_text_can_be_sent_where_it_empties_no_segment(home: str, shown: Any) -> None:
    specs = asked(home, TEXT), asked(home, {**TEXT, "minLength": 1})
    if shown is None:
        assert effects(*specs) == {COMPATIBLE}
    else:
        assert message(*specs) == shown


def test_the_empty_text_is_taken_where_the_parameter_may_be_empty() -> None:
    base, revision = (asked("query", one, allowEmptyValue=True) for one in (TEXT, {**TEXT, "minLength": 1}))
    assert effects(base, revision) == {COMPATIBLE}


@pytest.mark.parametrize(
    ("schema", "shown"),
    [(WHOLE, ("/a?p=", {})), ({**TEXT, "minLength": 1}, ("/a?p=", {})), (TEXT, None), (listed(WHOLE), None)],
)
def test_a_parameter_may_no_longer_be_empty(schema: Any, shown: Any) -> None:
    specs = asked("query", schema, allowEmptyValue=True), asked("query", schema)
    assert [change.id for change in compare(*specs)] == ["parameter-empty-refused"]
    if shown is None:
        assert effects(*specs) == {COMPATIBLE}
    else:
        assert message(*specs) == shown


@pytest.mark.parametrize("home", ["joined", "header", "path"])
def test_a_text_with_the_divider_of_lists_is_more_than_one_item(home: str) -> None:
    assert effects(asked(home, TEXT), asked(home, listed(TEXT, maxItems=1))) != {COMPATIBLE}
    assert effects(asked(home, TEXT), asked(home, listed(TEXT))) == {COMPATIBLE}


def test_a_list_within_an_object_is_no_text_and_not_taken_for_fine() -> None:
    base, revision = (asked("deep", having(a=listed(one))) for one in (TEXT, WHOLE))
    assert effects(base, revision) == {Effect.UNDECIDED}


def test_a_parameter_with_content_has_types() -> None:
    specs = []
    for schema in (FLAG, WORDS):
        one = {"name": "p", "in": "query", "content": {"application/json": {"schema": schema}}}
        specs.append(spec_of({"/a": {"get": {"parameters": [one], "responses": OK}}}))
    assert {change.witness.message["path"] for change in compare(*specs) if change.witness} <= {
        "/a?p=true",
        "/a?p=false",
    }
    assert BREAKING in effects(*specs)


def test_parts_beside_each_other_are_each_told() -> None:
    """A bound that no text shows stays compatible in an operation with one that a text shows."""
    specs = []
    for least in (0, 1):
        ones = [parameter(name, {**TEXT, "minLength": least}, where) for name, where in (("p", "path"), ("q", "query"))]
        specs.append(spec_of({"/a/{p}": {"get": {"parameters": ones, "responses": OK}}}))
    found = {change.where: change.effect for change in compare(*specs)}
    assert found == {"GET /a/{p} path p": COMPATIBLE, "GET /a/{p} query q": BREAKING}
