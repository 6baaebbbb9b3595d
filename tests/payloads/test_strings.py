"""Strings of formats, lengths and exclusions, judged by the validator."""

from __future__ import annotations

from typing import Any

import pytest

from contracts.payloads import Choices, CoveringChoices, RandomChoices, Unsatisfiable
from contracts.payloads.compiler import compile_payload
from contracts.payloads.patterns import FORMATS, parse
from contracts.payloads.scalars import LONGEST, PLAIN
from contracts.schemas.validation import checker, schema_of


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
