"""Numbers in their ranges, both ends among them; strings of formats, lengths and exclusions."""

from __future__ import annotations

import json
from decimal import Decimal
from fractions import Fraction
from math import inf
from typing import Any

import pytest

from contracts.payloads import Choices, CoveringChoices, Draw, RandomChoices, Unsatisfiable
from contracts.payloads.compiler import compile_payload
from contracts.payloads.patterns import FORMATS, parse
from contracts.payloads.scalars import LONGEST, PLAIN, Grid, Number, common_multiple, windows
from contracts.schemas.validation import checker, schema_of


def amounts(schema: dict[str, Any]) -> list[Any]:
    payload = compile_payload(schema_of(schema))
    return [payload.draw(choices) for choices in (CoveringChoices(), RandomChoices(1)) for _ in range(30)]


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "integer"},
        {"type": "integer", "minimum": 1, "maximum": 5},
        {"type": "integer", "minimum": -5, "maximum": -1},
        {"type": "integer", "minimum": 1000},
        {"type": "integer", "maximum": -1000},
        {"type": "integer", "minimum": -(2**63), "maximum": 2**63 - 1},
        {"type": "integer", "minimum": 2**64},
        {"type": "integer", "multipleOf": 7, "minimum": 1},
        {"type": "integer", "allOf": [{"multipleOf": 4}, {"multipleOf": 6}, {"multipleOf": 2.5}]},
        {"type": "integer", "not": {"multipleOf": 2}},
        {"type": "number"},
        {"type": "number", "minimum": 0.1, "maximum": 0.1},
        {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1},
        {"type": "number", "exclusiveMinimum": 0.1, "exclusiveMaximum": 0.1000001},
        {"type": "number", "minimum": 1e308},
        {"type": "number", "maximum": -1e300},
        {"type": "number", "multipleOf": 0.01, "minimum": 19.99, "maximum": 20},
        {"type": "number", "multipleOf": 2.5, "not": {"type": "integer"}},
        {"type": "number", "not": {"multipleOf": 0.5}},
    ],
    ids=str,
)
def test_amounts_are_allowed_and_can_be_written_as_json(schema: dict[str, Any]) -> None:
    admits = checker(schema_of(schema))
    drawn = amounts(schema)
    assert [amount for amount in drawn if not admits(amount)] == []
    assert json.loads(json.dumps(drawn, allow_nan=False)) == drawn


@pytest.mark.parametrize(("low", "high"), [(1, 5), (-7, 300), (5, 2**63)])
def test_both_ends_come_up(low: int, high: int) -> None:
    assert {low, high} <= set(amounts({"type": "integer", "minimum": low, "maximum": high}))


def test_integers_are_small_large_and_negative() -> None:
    drawn = amounts({"type": "integer"})
    assert min(drawn) < 0 < 1000 < max(drawn) < 2**31


def test_numbers_are_whole_and_broken() -> None:
    assert {type(amount) for amount in amounts({"type": "number"})} == {int, float}


def test_the_plainest_integer_is_the_one_nearest_to_zero() -> None:
    assert (windows(-inf, inf)[0][0], windows(-inf, -9)[0][0], windows(-20, -9)[0]) == (0, -9, (-9, -20))


def test_ranges_are_cut_to_the_bounds() -> None:
    assert windows(5, 50) == [(5, 50), (5, 5), (50, 50)]
    assert windows(-50, inf) == [(0, 100), (101, 2**31 - 1), (-1, -50), (-50, -50)]


def test_the_common_multiple_of_fractions() -> None:
    assert common_multiple([0.5, Decimal("0.75"), 2]) == Fraction(6)


@pytest.mark.parametrize(
    "schema",
    [{"multipleOf": 7, "minimum": 1, "maximum": 6}, {"exclusiveMinimum": 3, "exclusiveMaximum": 4, "type": "integer"}],
    ids=["multiples", "integers"],
)
def test_a_range_without_a_number_is_unsatisfiable(schema: dict[str, Any]) -> None:
    with pytest.raises(Unsatisfiable):
        amounts({"type": "number", **schema})


def test_amounts_that_are_never_allowed_are_given_up() -> None:
    with pytest.raises(Unsatisfiable, match="none of them allowed"):
        Number((Grid(1, 0, 9),), lambda amount: False, "/a").draw(Draw(RandomChoices().integer, 0))


def texts(schema: dict[str, Any], count: int = 40) -> list[str]:
    payload = compile_payload(schema_of({"type": "string", **schema}))
    choices: list[Choices] = [CoveringChoices(), RandomChoices(1)]
    return [payload.draw(choices[index % 2]) for index in range(count)]


def refused(schema: dict[str, Any]) -> list[str]:
    admits = checker(schema_of({"type": "string", **schema}))
    return [text for text in texts(schema) if not admits(text)]


@pytest.mark.parametrize("name", FORMATS)
def test_every_text_of_a_format_has_it(name: str) -> None:
    assert refused({"format": name}) == []


@pytest.mark.parametrize("name", FORMATS)
def test_every_form_of_a_format_has_it_without_trying_again(name: str) -> None:
    admits = checker(schema_of({"format": name}))
    chance = RandomChoices(2)
    forms = [parse(form) for form in FORMATS[name]]
    drawn = [form.text(lambda low, high: chance.integer(low, high, "")) for form in forms for _ in range(50)]
    assert [text for text in drawn if not admits(text)] == []


@pytest.mark.parametrize(
    "schema",
    [
        {"minLength": 3, "maxLength": 3},
        {"minLength": 200},
        {"maxLength": 1},
        {"format": "email", "minLength": 60},
        {"format": "uri", "maxLength": 24},
        {"format": "hostname", "pattern": "^[a-z]"},
        {"pattern": "a", "minLength": 9},
        {"pattern": "[0-9]$", "minLength": 9, "maxLength": 9},
        {"allOf": [{"pattern": "[a-z]"}, {"pattern": "[0-9]"}]},
        {"not": {"format": "regex"}},
        {"not": {"pattern": "."}},
        {"not": {"minLength": 1}},
        {"pattern": r"(?<=\u{1F600})x"},
    ],
    ids=str,
)
def test_texts_keep_every_constraint(schema: dict[str, Any]) -> None:
    assert refused(schema) == []


def test_lengths_are_counted_in_code_points() -> None:
    assert {len(text) for text in texts({"minLength": 2, "maxLength": 4}, 100)} == {2, 3, 4}


def test_every_shape_of_a_plain_string_comes_up_soon() -> None:
    drawn = texts({}, 10)
    assert all(set(shape) & set(drawn) for shape in PLAIN)


def test_the_longest_allowed_comes_up() -> None:
    assert 64 in {len(text) for text in texts({"maxLength": 64})}


def test_plain_strings_can_be_sent() -> None:
    assert all(text.encode() and "\0" not in text for shape in PLAIN[1:] for text in shape)


@pytest.mark.parametrize(
    "schema",
    [
        {"minLength": LONGEST + 1},
        {"pattern": "^a$", "format": "date"},
        {"pattern": "^(?=a)b", "minLength": 2},
    ],
    ids=["too long", "nothing in common", "never matches"],
)
def test_what_can_not_be_made_says_what_was_tried(schema: dict[str, Any]) -> None:
    with pytest.raises(Unsatisfiable, match=r"no payload at / .*(characters|none of them allowed|no value)|no payload"):
        texts(schema, 1)
