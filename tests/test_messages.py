"""What HTTP says of names, values and media types, decided in one place."""

from __future__ import annotations

import pytest

from contracts.messages import (
    Request,
    concrete,
    covers,
    is_field_name,
    is_field_value,
    is_json,
    may_be_json,
    overridden,
)


@pytest.mark.parametrize(("name", "valid"), [("X-A", True), ("a!~", True), ("", False), ("a b", False), ("é", False)])
def test_a_field_name_is_a_token(name: str, valid: bool) -> None:
    assert is_field_name(name) == valid


@pytest.mark.parametrize(
    ("value", "valid"), [("", True), ("a b", True), ("caf\xe9", True), (" a", False), ("a\n", False), ("€", False)]
)
def test_a_field_value_has_no_space_around_and_no_control_characters(value: str, valid: bool) -> None:
    assert is_field_value(value) == valid


@pytest.mark.parametrize(
    ("outer", "inner", "expected"),
    [
        ("*/*", "a/b", True),
        ("a/*", "a/b", True),
        ("a/*", "b/b", False),
        ("a/b", "a/*", False),
        ("a/*+json", "a/b+json", True),
        ("a/*+json", "a/json", False),
        ("a/b", "A/B; c=d", True),
        ("a/b; c=d", "a/b", False),
        ('a/b; c="d"', "a/b;C=d; e=f", True),
        ("application/json; charset=latin-1", "application/json", True),
        ("text/plain; charset=latin-1", "text/plain", False),
    ],
)
def test_a_range_covers_what_it_describes(outer: str, inner: str, expected: bool) -> None:
    assert covers(outer, inner) == expected


@pytest.mark.parametrize(
    ("name", "certain", "possible"),
    [
        ("application/json", True, True),
        ("a/b+JSON; c=d", True, True),
        ("application/*", False, True),
        ("text/*", False, False),
        ("a/json", False, False),
    ],
)
def test_json_is_told_by_its_name(name: str, certain: bool, possible: bool) -> None:
    assert (is_json(name), may_be_json(name)) == (certain, possible)


@pytest.mark.parametrize(
    ("name", "expected"),
    [("*/*", "application/json"), ("text/*", "text/plain"), ("image/*", "image/x"), ("a/b; c=d", "a/b; c=d")],
)
def test_a_range_has_a_concrete_type(name: str, expected: str) -> None:
    assert concrete(name) == expected


def test_a_field_takes_the_place_of_those_of_its_name() -> None:
    request = Request("GET", "/a?b=c", (("x-a", "1"), ("Y", "2")))
    assert request.with_field("X-A", "3", "4").headers == (("Y", "2"), ("X-A", "3"), ("X-A", "4"))
    assert request.with_path("/d").target == "/d?b=c"
    assert overridden(request.headers, ()) == request.headers
