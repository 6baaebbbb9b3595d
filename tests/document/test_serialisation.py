"""Paths on the wire find their template, and values their text."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from contracts.document import Parameter, serialisation
from contracts.document.serialisation import (
    Routes,
    concreteness,
    fill_path,
    fill_raw_path,
    match_path,
    parameter_names,
    raw_values,
    serialised,
)

SESSION = "/sessions/{session_id}"
REPORT = "/a/{x}.{y}/{z}"


@pytest.mark.parametrize(
    ("template", "path", "values"),
    [
        ("/", "/", {}),
        ("/a", "/a", {}),
        (SESSION, "/sessions/7", {"session_id": "7"}),
        (SESSION, "/sessions/a%2Fb", {"session_id": "a%2Fb"}),
        (SESSION, "/sessions/%00", {"session_id": "%00"}),
        (SESSION, "/sessions/...", {"session_id": "..."}),
        (SESSION, "/sessions/a;b=c", {"session_id": "a;b=c"}),
        ("/a/{x}/b/{y}", "/a/1/b/2", {"x": "1", "y": "2"}),
        (REPORT, "/a/1.2.json/3", {"x": "1.2", "y": "json", "z": "3"}),
        ("/a b/{x}", "/a%20b/1", {"x": "1"}),
        ("/é/{x}", "/%C3%A9/1", {"x": "1"}),
        ("/a%20b", "/a%20b", {}),
        ("/a.b", "/a.b", {}),
        ("/{a-b}", "/1", {"a-b": "1"}),
    ],
)
def test_a_path_gives_the_raw_values(template: str, path: str, values: dict[str, str]) -> None:
    assert match_path(template, path) == values


@pytest.mark.parametrize(
    ("template", "path"),
    [
        (SESSION, "/sessions/"),
        (SESSION, "/sessions"),
        (SESSION, "/sessions/1/2"),
        (SESSION, "/sessions/1/"),
        (SESSION, "/Sessions/1"),
        (SESSION, "/sessions/."),
        (SESSION, "/sessions/.."),
        (SESSION, "/sessions/%2e%2E"),
        (SESSION, "/sessions/a%2F..%2Fb"),
        (SESSION, "/sessions/%2E"),
        ("/{x}/a", "/../a"),
        ("/a.b", "/axb"),
        (REPORT, "/a/1/3"),
    ],
)
def test_another_route_does_not_match(template: str, path: str) -> None:
    assert match_path(template, path) is None


@given(st.text(min_size=1))
def test_every_text_finds_its_way_through_a_path(text: str) -> None:
    assume(not any(0xD800 <= ord(c) < 0xE000 for c in text))
    assume(not {".", ".."} & set(text.split("/")))
    found = match_path(SESSION, fill_path(SESSION, {"session_id": text}))
    assert found is not None
    assert unquote(found["session_id"]) == text


@pytest.mark.parametrize(
    ("template", "values", "path"),
    [
        (SESSION, {"session_id": "a/b c"}, "/sessions/a%2Fb%20c"),
        (SESSION, {"session_id": "100%"}, "/sessions/100%25"),
        (REPORT, {"x": "é", "y": "~", "z": "+"}, "/a/%C3%A9.~/%2B"),
        ("/a b", {"unused": "1"}, "/a%20b"),
        ("/{x}", {"x": "\udcff"}, "/%FF"),
    ],
)
def test_values_are_encoded(template: str, values: dict[str, str], path: str) -> None:
    assert fill_path(template, values) == path


def test_raw_values_stay_as_they_are() -> None:
    assert fill_raw_path("/a b/{x}", {"x": "%c3%a9%FF"}) == "/a%20b/%c3%a9%FF"


def test_names_come_in_order() -> None:
    assert parameter_names(REPORT) == ("x", "y", "z")
    assert parameter_names("/a") == ()


TEMPLATES = ["/{x}/{y}", "/{x}/b", "/a/{y}", "/a/v{y}", "/a/b", "/{x}", "/a", "/{x}/{y}/{z}"]


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("/a/b", ["/a/b"]),
        ("/a/c", ["/a/{y}"]),
        ("/a/v1", ["/a/v{y}"]),
        ("/c/b", ["/{x}/b"]),
        ("/c/d", ["/{x}/{y}"]),
        ("/a", ["/a"]),
        ("/%61", ["/{x}"]),
        ("/a%2Fb", ["/{x}"]),
        ("/a/..", []),
        ("/a/b/", []),
        ("/", []),
    ],
)
def test_the_most_concrete_template_is_found(path: str, found: list[str]) -> None:
    assert list(Routes(TEMPLATES).of(path)) == found
    assert list(Routes(reversed(TEMPLATES)).of(path)) == found


def test_templates_that_differ_in_names_are_all_found() -> None:
    assert Routes(["/{x}", "/{y}", "/{x}", "/{z}.json"]).of("/1") == ("/{x}", "/{y}")


def test_literal_segments_are_more_concrete_than_mixed_ones() -> None:
    assert sorted(["/{x}", "/a{x}", "/a"], key=concreteness) == ["/a", "/a{x}", "/{x}"]


LIST, OBJECT = ["blue", "bl/ck"], {"R": 100, "G": "a b"}


@pytest.mark.parametrize(
    ("location", "style", "explode", "value", "expected"),
    [
        ("path", "simple", False, LIST, "blue,bl%2Fck"),
        ("path", "simple", False, OBJECT, "R,100,G,a%20b"),
        ("path", "simple", True, OBJECT, "R=100,G=a%20b"),
        ("path", "label", False, LIST, ".blue,bl%2Fck"),
        ("path", "label", True, LIST, ".blue.bl%2Fck"),
        ("path", "label", True, OBJECT, ".R=100.G=a%20b"),
        ("path", "matrix", False, "a b", ";c=a%20b"),
        ("path", "matrix", False, LIST, ";c=blue,bl%2Fck"),
        ("path", "matrix", True, LIST, ";c=blue;c=bl%2Fck"),
        ("path", "matrix", True, OBJECT, ";R=100;G=a%20b"),
        ("query", "form", True, True, "c=true"),
        ("query", "form", True, None, "c="),
        ("query", "form", True, LIST, "c=blue&c=bl%2Fck"),
        ("query", "form", False, LIST, "c=blue,bl%2Fck"),
        ("query", "form", True, OBJECT, "R=100&G=a%20b"),
        ("query", "form", False, OBJECT, "c=R,100,G,a%20b"),
        ("query", "form", True, [], ""),
        ("query", "spaceDelimited", False, LIST, "c=blue%20bl%2Fck"),
        ("query", "pipeDelimited", False, LIST, "c=blue|bl%2Fck"),
        ("query", "deepObject", True, OBJECT, "c%5BR%5D=100&c%5BG%5D=a%20b"),
        ("header", "simple", False, LIST, "blue,bl/ck"),
        ("header", "simple", True, OBJECT, "R=100,G=a b"),
        ("cookie", "form", True, "a b", "c=a%20b"),
        ("cookie", "cookie", True, "a b", "c=a b"),
        ("cookie", "cookie", True, LIST, "c=blue; c=bl/ck"),
        ("cookie", "cookie", False, LIST, "c=blue,bl/ck"),
        ("cookie", "cookie", True, OBJECT, "R=100; G=a b"),
    ],
)
def test_a_value_is_written_in_its_style(location: str, style: str, explode: bool, value: Any, expected: str) -> None:
    parameter = Parameter("c", location, True, None, style, explode, False, None, "")
    assert serialised(parameter, value) == expected


@pytest.mark.parametrize(
    ("media", "value", "expected"),
    [
        ("application/json", {"a": [1]}, "%7B%22a%22%3A%5B1%5D%7D"),
        ("application/x-www-form-urlencoded", {"a b": 1, "c": ["x", "y&"]}, "a%20b=1&c=x&c=y%26"),
        ("application/jsonpath", "$.a b", "%24.a%20b"),
    ],
)
def test_a_whole_query_is_written_by_its_media_type(media: str, value: Any, expected: str) -> None:
    assert serialised(Parameter("all", "querystring", True, None, "form", True, False, media, ""), value) == expected


@pytest.mark.parametrize(
    ("location", "style", "expected"), [("query", "form", "c=%7B%22a%22%3A1%7D"), ("header", "simple", '{"a":1}')]
)
def test_a_value_with_a_media_type_is_json(location: str, style: str, expected: str) -> None:
    parameter = Parameter("c", location, True, None, style, True, False, "application/json", "")
    assert serialised(parameter, {"a": 1}) == expected


def test_the_values_of_a_name_are_found_as_written() -> None:
    assert raw_values("a=1&b=2&a=%31&a+b=3", "&", "a") == ["1", "%31"]
    assert raw_values("a=1; b=2;a%20b", ";", "a b") == [""]


def test_a_query_is_taken_apart_once_for_all_names(monkeypatch: pytest.MonkeyPatch) -> None:
    decoded: list[str] = []
    monkeypatch.setattr(serialisation, "decoded", lambda text: decoded.append(text) or text)  # type: ignore[func-returns-value]
    query = "&".join(f"once{number}=1" for number in range(50))
    assert [raw_values(query, "&", f"once{number}") for number in range(50)] == [["1"]] * 50
    assert len(decoded) == 50


SEGMENTS = ["a", "b", "a b", "é", "{x}", "{y}", "{x}.json", "v{x}", "{", "a{b", ""]
TEXTS = ["a", "b", "a%20b", "a b", "%C3%A9", "q", "q.json", "vq", "{", "a{b", "%7B", "..", ""]


@given(
    st.lists(st.lists(st.sampled_from(SEGMENTS), min_size=1, max_size=3).map("/".join), max_size=12),
    st.lists(st.sampled_from(TEXTS), min_size=1, max_size=3).map("/".join),
)
def test_no_template_that_matches_is_passed_over(names: list[str], text: str) -> None:
    """All are found, in the order of their concreteness, then of the document, by looking at few of them."""
    templates, path = [f"/{name}" for name in dict.fromkeys(names)], f"/{text}"
    matching = [one for one in templates if match_path(one, path) is not None]
    found = [one for alike in Routes(templates).ranked(path) for one in alike]
    assert found == sorted(matching, key=concreteness)
