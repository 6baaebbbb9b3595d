"""The body of an answer as a few lines around a place."""

import json

import pytest

from contracts.report.body_lines import MAX_WIDTH, body_lines

THING = json.dumps({"id": "a", "status": "paused", "tags": [], "more": {}, "of": [{"a/b": 1.10}, None]})


def test_a_small_body_is_shown_whole_with_a_mark_at_the_place() -> None:
    """A snapshot: what a person reads."""
    assert body_lines(THING, "/status") == [
        "{",
        '  "id": "a",',
        '  "status": "paused",   ← here',
        '  "tags": [],',
        '  "more": {},',
        '  "of": [',
        "    {",
        "…",
    ]


def test_what_is_far_from_the_place_is_left_out() -> None:
    lines = body_lines(json.dumps(list(range(100))), "/50")
    assert lines == [
        "…",
        *(f"{n}," for n in range(46, 50)),
        "50,   ← here",
        *(f"{n}," for n in range(51, 55)),
        "…",
    ]


@pytest.mark.parametrize(
    ("place", "line"),
    [
        ("", "{   ← here"),
        ("/of", '"of": [   ← here'),
        ("/of/0/a~1b", '      "a/b": 1.1   ← here'),
        ("/of/1", "    null   ← here"),
    ],
    ids=["the whole", "an array", "an escaped name", "null"],
)
def test_every_place_is_found(place: str, line: str) -> None:
    assert line in body_lines(THING, place)


@pytest.mark.parametrize("place", [None, "/none", "-"])
def test_without_a_place_the_beginning_is_shown(place: str | None) -> None:
    assert body_lines(json.dumps(list(range(100))), place) == ["[", *(f"  {n}," for n in range(8)), "…"]


def test_values_are_shown_as_they_were_sent() -> None:
    body = '{"a": 1.10, "a": 1E400, "n": NaN, "i": ' + "9" * 5000 + ', "t": "\\u00e9"}'
    lines = body_lines(body, "/n")
    assert lines[1:4] == ['  "a": 1.10,', '  "a": 1E400,', '  "n": NaN,   ← here']
    assert lines[4].startswith('  "i": 9999')
    assert lines[5] == '  "t": "é"'


@pytest.mark.parametrize("body", ["<html>\n<p>", '{"cut": "in the mid', "[" * 19_000], ids=["HTML", "cut", "too deep"])
def test_what_is_no_json_is_shown_as_it_begins(body: str) -> None:
    lines = body_lines(body, "/status")
    assert lines[0].startswith(body[:3])
    assert all(len(line) <= MAX_WIDTH + 1 for line in lines)


def test_what_is_deep_but_can_be_read_is_shown() -> None:
    deep = body_lines("[" * 400 + "7" + "]" * 400, "/0" * 400)
    assert deep == ["…", "[", "  [", "    [", "      [", "        7   ← here", "      ]", "    ]", "  ]", "]", "…"]


def test_an_empty_body_has_no_lines() -> None:
    assert body_lines("", None) == []
