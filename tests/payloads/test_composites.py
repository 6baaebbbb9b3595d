"""Drawers on their own: equality of JSON values, fresh containers, and giving up."""

from __future__ import annotations

import pytest

from contracts.messages import JSON
from contracts.payloads import Draw, RandomChoices, Unsatisfiable, Values
from contracts.payloads.compiler import compile_payload
from contracts.payloads.composites import another, identity
from contracts.schemas.validation import schema_of


def run() -> Draw:
    return Draw(RandomChoices(1).integer, 10)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (1, 1.0, True),
        (1, True, False),
        (0, False, False),
        ([1], [1.0], True),
        ([1], [True], False),
        ({"a": 1, "b": [None]}, {"b": [None], "a": 1}, True),
        ([], {}, False),
        ("1", 1, False),
    ],
    ids=str,
)
def test_identity_is_json_equality(one: JSON, other: JSON, same: bool) -> None:
    assert (identity(one) == identity(other)) is same


def test_a_container_is_made_anew() -> None:
    drawer = Values(({"a": []},), "/ enum")
    drawer.draw(run())["a"].append(1)
    assert drawer.draw(run()) == {"a": []}


def test_distinct_items_that_run_out_are_given_up() -> None:
    with pytest.raises(Unsatisfiable, match="all seen before"):
        another(Values((1,), "/* enum"), {identity(1.0)}, {}, run(), "/")


def test_names_that_run_out_are_given_up() -> None:
    schema = {"type": "object", "propertyNames": {"pattern": "^only$"}, "minProperties": 2}
    with pytest.raises(Unsatisfiable, match="all there already"):
        compile_payload(schema_of(schema)).draw(RandomChoices(1))


def test_unsatisfiable_says_where_and_what() -> None:
    problem = Unsatisfiable("", "nothing")
    assert (str(problem), problem.where, problem.tried) == ("no payload at /: nothing", "", "nothing")
