"""Chance is repeatable, and covering choices use every option of every small point."""

from __future__ import annotations

import subprocess
import sys

import pytest

from contracts.payloads import TEXT, Choices, CoveringChoices, RandomChoices


def numbers(choices: Choices, low: int, high: int, at: str, count: int) -> list[int]:
    return [choices.integer(low, high, at) for _ in range(count)]


@pytest.mark.parametrize("high", [0, 1, 7, 2**31, 2**64, 2**600], ids=lambda high: f"up to {high.bit_length()} bits")
@pytest.mark.parametrize("kind", [RandomChoices, CoveringChoices])
def test_numbers_stay_in_their_range_and_repeat_for_a_seed(kind: type[RandomChoices], high: int) -> None:
    drawn = numbers(kind(5), 0, high, "/a value", 30)
    assert all(0 <= number <= high for number in drawn)
    assert drawn == numbers(kind(5), 0, high, "/a value", 30)


@pytest.mark.parametrize("kind", [RandomChoices, CoveringChoices])
def test_another_seed_gives_other_numbers(kind: type[RandomChoices]) -> None:
    assert numbers(kind(1), 0, 2**40, "/a", 5) != numbers(kind(2), 0, 2**40, "/a", 5)


def test_low_is_respected() -> None:
    assert {*numbers(CoveringChoices(), 3, 5, "/a enum", 3)} == {3, 4, 5}


def test_every_option_is_used_before_one_is_used_twice() -> None:
    drawn = numbers(CoveringChoices(), 0, 4, "/status enum", 15)
    assert [sorted(drawn[start : start + 5]) for start in (0, 5, 10)] == [[0, 1, 2, 3, 4]] * 3


def test_the_first_round_goes_from_the_fullest_to_the_plainest() -> None:
    assert numbers(CoveringChoices(), 0, 2, "/a length", 3) == [2, 1, 0]


def test_later_rounds_mix() -> None:
    choices = CoveringChoices()
    pairs = [(choices.integer(0, 1, "/a presence"), choices.integer(0, 1, "/b presence")) for _ in range(20)]
    assert len(set(pairs)) == 4


def test_places_are_covered_separately() -> None:
    choices = CoveringChoices()
    choices.integer(0, 1, "/a presence")
    assert choices.integer(0, 1, "/b presence") == 1


def test_complete_once_all_options_of_all_points_were_used() -> None:
    choices = CoveringChoices()
    states = []
    for at in ("/a presence", "/a presence", "/b presence", "/b presence"):
        choices.integer(0, 1, at)
        states.append(choices.complete)
    assert states == [False, True, False, True]


@pytest.mark.parametrize(("high", "at"), [(15, "/a value"), (3, f"/a{TEXT}")], ids=["large range", "letters"])
def test_what_nobody_needs_all_options_of_does_not_keep_it_from_complete(high: int, at: str) -> None:
    choices = CoveringChoices()
    choices.integer(0, high, at)
    assert choices.complete


def test_numbers_are_the_same_in_another_process() -> None:
    code = (
        "from contracts.payloads import *; c = CoveringChoices(3); print([c.integer(0, 2**70, '/a') for _ in range(3)])"
    )
    fresh = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert fresh.stdout.strip() == str(numbers(CoveringChoices(3), 0, 2**70, "/a", 3))
