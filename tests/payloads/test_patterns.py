"""Texts drawn for a pattern match it, as the validator reads it."""

from __future__ import annotations

import random

import pytest

from contracts.payloads.patterns import ENDLESS, parse
from contracts.schemas.validation import matches

EXACT = [
    "^abc$",
    "^[a-z]+$",
    "^[^a-z]$",
    r"^[\]a]$",
    r"^\d{3}-\d{4}$",
    r"^\w+\s\W\D\S$",
    "^(red|green|blue)$",
    "^(a|bb|ccc)*$",
    "^x{2,}y{0,2}z?$",
    "^.{3}$",
    "^(?:ab)+?c$",
    r"^(?<first>[ab])-\1$",
    r"^([ab])([cd])\2\1$",
    r"^\x41\u0042\u{43}$",
    r"^\t\n\r\f\v$",
    r"^\cA$",
    r"^\p{Lu}\p{Letter}\P{N}$",
    r"^\p{Script=Greek}+$",
    r"^[\w.-]+@[\w-]+\.[a-z]{2,}$",
    r"^[\d-]$",
    r"^[+\-*/]$",
    r"^(?!con$)[a-z]{3}$",
    "",
    "^$",
    r"\bword\b",
    "^([0-9a-fA-F]{40}(?:[0-9a-fA-F]{24})?)$",
    "^[\u0600-\u06ff]+$",
    "^a|b$",
    "^((a|b)(c|d){2,3}){1,2}$",
]
UNREADABLE = ["^(a", "a)", "[a", "[^\\s\\S]", "a\\"]


def drawn(pattern: str, spare: int, seed: int) -> str:
    return parse(pattern).text(random.Random(seed).randint, spare)


@pytest.mark.parametrize("pattern", EXACT, ids=repr)
def test_most_texts_match_and_their_lengths_are_the_ones_promised(pattern: str) -> None:
    node = parse(pattern)
    texts = [drawn(pattern, spare, seed) for spare in (0, 1, 5) for seed in range(10)]
    assert sum(bool(matches(pattern, text)) for text in texts) >= 27
    assert all(node.least <= len(text) <= node.least + 5 or "\\1" in pattern for text in texts)


@pytest.mark.parametrize("pattern", ["^(?=.*[A-Z])(?=.*[0-9])[A-Za-z0-9]{6}$", "^(?=abc)[a-z]{3,}", "(?<=a)b"])
def test_lookarounds_are_met_now_and_then(pattern: str) -> None:
    assert any(matches(pattern, drawn(pattern, 3, seed)) for seed in range(60))


@pytest.mark.parametrize("pattern", ["^[a-z]+$", "^(ab|c)*$", "^a{2,40}b*$", "^(a{3}|b)+$"])
def test_spare_characters_are_used(pattern: str) -> None:
    assert all(28 <= len(drawn(pattern, 30, seed)) <= 33 for seed in range(20))


def test_spare_stops_at_the_most() -> None:
    assert (parse("^a{2,5}$").most, len(drawn("^a{2,5}$", 3, 0)), parse("a*").most) == (5, 5, ENDLESS)


def test_the_same_choices_give_the_same_text() -> None:
    assert drawn("^[a-z]{8}$", 0, 7) == drawn("^[a-z]{8}$", 0, 7)


def test_the_plainest_choices_give_the_plainest_text() -> None:
    assert parse("^(beta|alpha)[x-z]*$").text(lambda low, high: low) == "beta"


@pytest.mark.parametrize("pattern", UNREADABLE, ids=repr)
def test_what_can_not_be_read_is_refused(pattern: str) -> None:
    with pytest.raises(ValueError, match=r"can't read|no sample"):
        parse(pattern)


def test_backspace_in_a_class() -> None:
    assert drawn(r"^[\b]$", 0, 0) == "\b"
