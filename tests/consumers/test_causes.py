"""Why a reader rejects what is allowed: one entry a cause, at its place, by the smallest payload; and what it takes."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, Literal

import msgspec
import pytest

from contracts.consumers import causes
from contracts.consumers.causes import Study, choices_of, taken_though
from contracts.consumers.cures import GONE, is_far
from contracts.consumers.models import Reader
from contracts.document.model import value_at
from contracts.schemas.validation import validator
from contracts.testing.strategies import AnswerSource, answers_of
from tests.documents import operation_rules

BOOK: dict[str, Any] = {
    "type": "object",
    "required": ["id", "state"],
    "properties": {
        "id": {"type": "string", "format": "uuid"},
        "state": {"enum": ["there", "lent", "lost"]},
        "pages": {"type": "integer", "minimum": 1},
        "lent_at": {"type": ["string", "null"], "format": "date-time"},
        "tags": {"type": "array", "items": {"type": "string"}},
        "shelf": {"type": "object", "required": ["row"], "properties": {"row": {"type": "integer"}}},
    },
}


SMALL: dict[str, Any] = {"type": "object", "properties": {"a": {"type": "integer"}, "b": {"type": "string"}}}


def study(read: Callable[[Any], Any], schema: Any = BOOK, names: tuple[str, ...] = (), **more: Any) -> Study:
    [source] = answers_of(operation_rules(schema, **more), 200)
    assert isinstance(source, AnswerSource)
    made = Study(source, Reader("shelf:read", read, "calling it", names=names))
    made.run()
    return made


def told(made: Study) -> set[tuple[str, str]]:
    return {(one.place, one.keyword) for one in made.found}


def fails(payload: Any) -> None:
    raise ValueError("no")


def needs(*names: str) -> Callable[[Any], None]:
    def read(payload: Any) -> None:
        for name in names:
            payload[name]

    return read


def refuses(test: Callable[[Any], Any]) -> Callable[[Any], None]:
    def read(payload: Any) -> None:
        if test(payload):
            raise ValueError("this one")

    return read


UPPER = "FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF"
CAUSES: dict[str, tuple[Callable[[Any], Any], str, str, Any]] = {
    "a member that need not be there": (lambda it: "pages" not in it, "/pages", "required", GONE),
    "below another": (lambda it: "shelf" in it and it["shelf"]["row"] < 0, "/shelf/row", "type", -1),
    "a value that is listed": (lambda it: it["state"] == "lost", "/state", "enum", "lost"),
    "null": (lambda it: it.get("lent_at", "") is None, "/lent_at", "nullability", None),
    "a number": (lambda it: it.get("pages", 1) > 2**31 - 1, "/pages", "bounds", 2**31),
    "an item": (lambda it: "" in it.get("tags", []), "/tags/*", "type", ""),
    "more items than it takes": (lambda it: len(it.get("tags", [])) > 3, "/tags", "type", [""] * 4),
    "any member that it does not know": (
        lambda it: it.keys() - set(BOOK["properties"]),
        "/*",
        "additionalProperties",
        "",
    ),
    "a member that tells an error": (lambda it: "detail" in it, "/detail", "additionalProperties", None),
    "a text of a format": (
        lambda it: it["id"] != it["id"].lower(),
        "/id",
        "format",
        "FFFFFFFF" + 3 * "-FFFF" + "-FFFFFFFFFFFF",
    ),
}


@cache
def studied(name: str) -> Study:
    return study(refuses(CAUSES[name][0]))


@pytest.mark.parametrize("name", CAUSES)
def test_one_cause_is_one_entry_at_its_place(name: str) -> None:
    test, place, keyword, value = CAUSES[name]
    made = studied(name)
    [found] = made.found
    assert (found.place, found.keyword, found.value) == (place, keyword, value)
    assert found.says == "ValueError: this one"
    assert validator(made.schema).is_valid(found.payload)
    assert test(found.payload)


@pytest.mark.parametrize("name", CAUSES)
def test_the_payload_holds_nothing_else_that_could_be_left_out(name: str) -> None:
    value = CAUSES[name][3]
    [found] = studied(name).found
    others = {*BOOK["required"], str(found.way[0])}
    assert found.payload.keys() <= others
    if value is not GONE:
        assert value_at(found.payload, tuple(map(str, found.way))) == value


def test_several_causes_of_a_reader_that_stops_at_the_first() -> None:
    """Each hides the next, and two are raised on one line."""

    def read(payload: Any) -> None:
        if payload["state"] == "lost":
            raise ValueError("lost")
        for name in ("lent_at", "pages"):
            if payload[name] is None or payload[name] == 1:
                raise TypeError(name)
        payload["shelf"]

    required = {("/lent_at", "required"), ("/pages", "required"), ("/shelf", "required")}
    more = {("/state", "enum"), ("/lent_at", "nullability"), ("/pages", "bounds")}
    assert told(study(read)) == required | more


LIMITS: dict[str, tuple[Callable[[Any], Any], Any]] = {
    "a number": (lambda it: it.get("pages", 1) > 300, 301),
    "a number that nobody sends": (lambda it: it.get("pages", 1) > 10**20, 10**20 + 1),
    "a text": (lambda it: any(len(tag) > 255 for tag in it.get("tags", [])), "a" * 256),
    "a list": (lambda it: len(it.get("tags", [])) > 7, [""] * 8),
}


@pytest.mark.parametrize("name", LIMITS)
def test_a_limit_is_shown_by_the_first_value_beyond_it(name: str) -> None:
    test, value = LIMITS[name]
    [found] = study(refuses(test)).found
    assert found.value == value
    assert is_far(found.value) == ("nobody" in name)


def test_many_members_that_need_not_be_there_and_are_looked_for() -> None:
    names = [f"n{number}" for number in range(6)]
    number = {"type": "integer"}
    schema = {"type": "object", "properties": dict.fromkeys(names, number), "additionalProperties": False}
    made = study(needs(*names), schema)
    assert told(made) == {(f"/{name}", "required") for name in names}
    assert {len(one.payload) for one in made.found} == {len(names) - 1}


def test_a_text_of_a_pattern_with_a_number_that_is_too_large() -> None:
    schema = {"type": "object", "properties": {"took": {"type": "string", "pattern": "^PT[0-9]+S$"}}}
    [found] = study(refuses(lambda it: len(it.get("took", "")) > 15), schema).found
    assert (found.place, found.keyword) == ("/took", "pattern")
    assert found.value == "PT999999999999999S"


def test_values_that_are_rejected_for_the_same_are_one_cause() -> None:
    [found] = study(refuses(lambda it: it["state"] != "there")).found
    assert {found.value, *found.others} == {"lent", "lost"}


def test_names_that_the_reader_knows_and_the_document_does_not() -> None:
    read = refuses(lambda it: "auth_ids" in it and not isinstance(it["auth_ids"], list))
    [found] = study(read, names=("auth_ids",)).found
    assert (found.place, found.keyword, found.value) == ("/auth_ids", "additionalProperties", None)
    assert study(read).found == []


def test_any_member_that_is_null_is_one_cause() -> None:
    [found] = study(refuses(lambda it: None in [it[name] for name in it if name != "lent_at"]), names=("isbn",)).found
    assert (found.place, found.keyword, found.value) == ("/*", "additionalProperties", None)


def test_one_name_of_those_that_nobody_lists_is_a_cause_of_its_own() -> None:
    def read(payload: Any) -> None:
        assert payload.keys() <= {*BOOK["properties"], "detail", "error"}
        if "detail" in payload:
            raise ValueError("detail")

    assert told(study(read)) == {("/*", "additionalProperties"), ("/detail", "additionalProperties")}


def test_a_closed_document_has_no_other_members() -> None:
    closed = {**BOOK, "additionalProperties": False}
    made = study(refuses(lambda it: it.keys() - set(BOOK["properties"])), closed, names=("auth_ids",))
    assert (made.found, len(made.taken)) == ([], len(made.tried))


class Several(Exception):
    """As that of pydantic, which says all at once."""

    def errors(self) -> list[dict[str, Any]]:
        return list(self.args)


def as_integers(*names: str) -> Callable[[Any], None]:
    def read(payload: Any) -> None:
        wrong = []
        for name in names:
            if name not in payload:
                wrong.append({"type": "missing", "loc": (name,), "msg": "Field required"})
            elif not isinstance(payload[name], int):
                wrong.append({"type": "int_type", "loc": (name,), "msg": "Input should be a valid integer"})
        if wrong:
            raise Several(*wrong)

    return read


def test_members_that_are_each_named_when_they_are_refused() -> None:
    """As pydantic does with `extra="forbid"`."""

    def read(payload: Any) -> None:
        wrong = payload.keys() - {*BOOK["properties"]}
        if wrong:
            raise Several(*({"type": "extra_forbidden", "loc": (name,), "msg": "No"} for name in sorted(wrong)))

    assert told(study(read, names=("auth_ids",))) == {("/*", "additionalProperties")}


class Lent(msgspec.Struct):
    """Names a place, and no more than the first."""

    id: str
    state: Literal["there"]
    pages: int
    lent_at: str


def test_a_struct_that_says_no_more_than_the_first() -> None:
    made = study(lambda it: msgspec.convert(it, Lent))
    required = {("/pages", "required"), ("/lent_at", "required")}
    likely = {(one.place, one.keyword) for one in made.found if not is_far(one.value)}
    assert likely == required | {("/state", "enum"), ("/lent_at", "nullability")}
    [state] = [one for one in made.found if one.place == "/state"]
    assert {state.value, *state.others} == {"lent", "lost"}


def test_where_nothing_is_taken_each_place_is_told_by_what_the_reader_says() -> None:
    made = study(as_integers("id", "state", "isbn"), names=("isbn",))
    assert {one.place for one in made.found} == {"/id", "/state", "/isbn"}
    assert made.taken == []


def test_a_reader_that_takes_nothing_at_all() -> None:
    [found] = study(fails, SMALL).found
    assert (found.place, found.keyword, found.says) == ("", "schema", "ValueError: no")


def test_a_reader_whose_mood_changes_is_not_believed() -> None:
    turns = iter(range(10**6))
    made = study(refuses(lambda _: next(turns) % 2), SMALL)
    assert {one.says for one in made.found} == {"ValueError: this one"}


def test_a_reader_with_another_reason_every_time() -> None:
    turns = iter(range(10**6))

    def read(payload: Any) -> None:
        exec(compile(f"{'0;' * (next(turns) % 90)}raise ValueError()", "made.py", "exec"))

    assert study(read, SMALL).found != []


def test_no_more_is_tried_when_time_is_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(causes, "SECONDS", -1.0)
    made = study(fails)
    assert (made.late, made.found) == (True, [])


def test_what_was_rejected_before_time_was_up_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    now = iter(range(10**6))
    monkeypatch.setattr("time.monotonic", lambda: float(next(now)))
    made = study(fails)
    assert made.late
    assert [one.says for one in made.found] == ["ValueError: no"]


def test_the_same_comes_of_it_every_time() -> None:
    first, second = (study(needs("b", "a"), SMALL) for _ in range(2))
    assert [one.payload for one in first.found] == [one.payload for one in second.found]
    assert first.tried == second.tried


SCHEMAS: dict[str, Any] = {
    "a text": {"type": "string"},
    "a list": {"type": "array", "items": BOOK},
    "a map": {"type": "object", "additionalProperties": BOOK},
    "a union": {
        "oneOf": [
            {"type": "object", "required": ["kind"], "properties": {"kind": {"const": "a"}, "n": {"type": "integer"}}},
            {"type": "object", "required": ["kind"], "properties": {"kind": {"const": "b"}, "m": {"type": "string"}}},
        ]
    },
    "itself": {"$ref": "#/components/schemas/Node"},
    "what no answer has": {"type": "object", "properties": {"password": {"type": "string", "writeOnly": True}}},
}
NODE = {"type": "object", "properties": {"name": {"type": "string"}, "next": {"$ref": "#/components/schemas/Node"}}}


@pytest.mark.parametrize("name", SCHEMAS)
def test_every_choice_of_a_schema_is_shown_to_a_reader_that_takes_all(name: str) -> None:
    made = study(lambda _: None, SCHEMAS[name], components={"Node": NODE})
    choices = choices_of(made.location)
    assert made.found == []
    assert len(choices) > 0
    assert [choice for choice in choices if choice not in made.seen] == []


def test_items_of_lists_and_members_of_maps() -> None:
    assert told(study(lambda it: [one["pages"] for one in it], SCHEMAS["a list"])) == {("/*/pages", "required")}
    assert told(study(lambda it: [it[name]["pages"] for name in it], SCHEMAS["a map"])) == {("/*/pages", "required")}


def test_what_each_item_lacks_by_the_names_that_the_reader_knows() -> None:
    def read(payload: Any) -> None:
        lacking = [index for index, one in enumerate(payload) if "kind" not in one]
        if lacking:
            raise Several(*({"type": "missing", "loc": (index, "kind"), "msg": "No"} for index in lacking))

    items = {"type": "array", "items": {"type": "object"}}
    [found] = study(read, items, names=("kind",)).found
    assert (found.place, found.keyword, found.way, found.payload) == ("/*/kind", "required", (0, "kind"), [{}])


def test_a_branch_of_a_union() -> None:
    made = study(refuses(lambda it: it["kind"] == "b" and "m" not in it), SCHEMAS["a union"])
    assert [(one.place, one.keyword) for one in made.found] == [("/<b>/m", "required")]


# --- what is forbidden ---


def taken(read: Callable[[Any], Any], schema: Any = BOOK) -> dict[tuple[str, str, str], Any]:
    return {(one.location.place, one.word, one.name): value for one, value in taken_though(study(read, schema))}


def test_a_reader_that_looks_at_nothing_takes_all_that_is_forbidden() -> None:
    found = taken(lambda _: None)
    assert GONE not in found.values()
    assert {word for _, word, _ in found} == {"required", "type", "nullability", "enum", "format", "minimum"}
    assert found["/pages", "type", ""] is True


def test_a_reader_that_is_strict_takes_nothing() -> None:
    check = study(lambda _: None).allows
    found = taken(refuses(lambda it: not check(it)))
    assert found == dict.fromkeys(taken(lambda _: None), GONE)


LENIENT: dict[str, tuple[Callable[[Any], Any], tuple[str, str, str], Any]] = {
    "a text for a number": (lambda it: int(it.get("pages", 1)), ("/pages", "type", ""), True),
    "a number for a text": (lambda it: str(it["id"]).lower(), ("/id", "type", ""), True),
    "a member that is missing": (lambda it: it.get("state"), ("", "required", "state"), None),
    "another state": (lambda it: it["state"].lower(), ("/state", "enum", ""), "unheard_of"),
}


@pytest.mark.parametrize("name", LENIENT)
def test_what_a_lenient_reader_takes(name: str) -> None:
    read, key, value = LENIENT[name]
    found = taken(read)[key]
    assert found is not GONE
    assert value is None or found == value
