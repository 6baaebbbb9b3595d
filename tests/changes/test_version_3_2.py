"""Documents of OpenAPI 3.2 are compared, with each other and with those of 3.1."""

from __future__ import annotations

from typing import Any

import pytest

from contracts.changes import compare
from contracts.changes.change import Effect
from tests.exchanges.documents import parameter, spec_of

OK = {"200": {"description": "fine"}}


Found = list[tuple[str, str, Effect]]


def changed(base: Any, revision: Any, *, versions: tuple[str, str] = ("3.2.0", "3.2.0"), **fields: Any) -> Found:
    """Kind, place and effect of each change between two path items."""
    before, after = (
        spec_of({"/a": item}, version=version, **fields)
        for item, version in zip((base, revision), versions, strict=True)
    )
    return [(change.id, change.where, change.effect) for change in compare(before, after)]


def streamed(schema: Any, **fields: Any) -> dict[str, Any]:
    media = {} if schema is None else {"itemSchema": schema}
    return {"get": {"responses": {"200": {"description": "fine", "content": {"text/event-stream": media}}}}, **fields}


def copied(**fields: Any) -> dict[str, Any]:
    return {"additionalOperations": {"copy": {"responses": OK, **fields}}}


PLAIN = {"get": {"responses": OK}, "query": {"responses": OK}}
ID, NUMBER = parameter("q", {"type": "string"}, "query"), parameter("q", {"type": "integer"}, "query")
KEY = {"type": "object", "required": ["id"], "properties": {"id": {"type": "integer"}}}


def test_the_version_alone_is_no_change() -> None:
    assert changed({"get": PLAIN["get"]}, {"get": PLAIN["get"]}, versions=("3.1.0", "3.2.0")) == []


def test_an_operation_that_only_3_2_knows_is_added_and_removed() -> None:
    assert changed(PLAIN, PLAIN, versions=("3.1.0", "3.2.0")) == [("operation-added", "QUERY /a", Effect.COMPATIBLE)]
    assert changed(PLAIN, PLAIN, versions=("3.2.0", "3.1.0")) == [("operation-removed", "QUERY /a", Effect.BREAKING)]


def test_additional_operations_are_compared_under_their_own_method() -> None:
    found = changed(copied(parameters=[ID]), copied(parameters=[NUMBER]))
    assert [(where, effect) for _, where, effect in found] == [("copy /a query q", Effect.BREAKING)]


def test_items_of_a_stream_are_compared() -> None:
    found = changed(streamed(KEY), streamed({**KEY, "properties": {"id": {"type": ["integer", "string"]}}}))
    assert [(where, effect) for _, where, effect in found] == [("GET /a 200 /*/id", Effect.BREAKING)]


@pytest.mark.parametrize(
    ("base", "revision", "kind", "effect"),
    [(None, KEY, "schema-added", Effect.COMPATIBLE), (KEY, None, "schema-removed", Effect.BREAKING)],
)
def test_a_schema_of_items_comes_and_goes(base: Any, revision: Any, kind: str, effect: Effect) -> None:
    assert [(found[0], found[2]) for found in changed(streamed(base), streamed(revision))] == [(kind, effect)]


def test_a_media_type_by_reference_is_the_one_it_names() -> None:
    written = streamed(KEY)
    by_reference = streamed(KEY)
    by_reference["get"]["responses"]["200"]["content"] = {"text/event-stream": {"$ref": "#/components/mediaTypes/A"}}
    assert changed(written, by_reference, components={"mediaTypes": {"A": {"itemSchema": KEY}}}) == []


def test_a_whole_query_is_compared_and_shown() -> None:
    before, after = (
        {"get": {"responses": OK, "parameters": [{"name": name, "in": "querystring", "required": True, "content": {
            "application/x-www-form-urlencoded": {"schema": {"type": "object", "required": ["a"], "properties": {
                "a": {"type": kind}}}}}}]}}
        for name, kind in (("x", "string"), ("y", "integer"))
    )  # fmt: skip
    specs = [spec_of({"/a": item}, version="3.2.0") for item in (before, after)]
    (change,) = compare(*specs)
    assert change.effect is Effect.BREAKING
    assert change.witness is not None
    assert change.witness.message["path"].startswith("/a?a=")
