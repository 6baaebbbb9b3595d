"""The table of kinds has no gaps: what can be added can be removed, what can widen can narrow."""

from typing import Any

import pytest

from contracts.changes import compare
from contracts.changes.change import KINDS, MAX_MOVED

from ..documents import spec_of

OPPOSITES = [
    ("-added", "-removed"),
    ("-widened", "-narrowed"),
    ("-required", "-optional"),
    ("-tightened", "-loosened"),
    ("-empty-allowed", "-empty-refused"),
]
ALONE = {
    "operation-deprecated": "its opposite is called operation-reinstated",
    "parameter-deprecated": "being recommended again is no news to a client",
    "property-deprecated": "being recommended again is no news to a client",
}


@pytest.mark.parametrize("identity", KINDS)
def test_a_kind_has_its_opposite(identity: str) -> None:
    pair = next((pair for pair in OPPOSITES if identity.endswith(pair)), None)
    if pair is None:
        assert identity in ALONE or identity.endswith(("-changed", "-renamed", "-reinstated"))
    else:
        ending = next(ending for ending in pair if identity.endswith(ending))
        (other,) = set(pair) - {ending}
        assert identity.removesuffix(ending) + other in KINDS


@pytest.mark.parametrize("identity", KINDS)
def test_a_message_can_be_shown_without_a_change(identity: str) -> None:
    assert "{" not in KINDS[identity].shown


def names(*numbers: int) -> list[str]:
    return [f"v{number}" for number in numbers]


MANY = names(*range(200))


@pytest.mark.parametrize(
    ("base", "revision", "told"),
    [
        (names(1, 2), names(1, 2, 3), '"v1", "v2" became "v1", "v2", "v3"'),
        (MANY, [*MANY, "new"], 'came: "new"'),
        (MANY, MANY[2:], 'went: "v0", "v1"'),
        (MANY, ["new", *MANY[1:]], 'came: "new"; went: "v0"'),
        (MANY[:1], MANY, "came: " + ", ".join(f'"v{number}"' for number in range(1, MAX_MOVED + 1)) + " and 179 more"),
    ],
    ids=["short", "came", "went", "both", "very many"],
)
@pytest.mark.parametrize("is_union", [False, True], ids=["alone", "beside numbers"])
def test_long_lists_are_told_as_what_came_and_what_went(
    base: list[str], revision: list[str], told: str, is_union: bool
) -> None:
    def enum(values: list[str]) -> Any:
        schema = {"type": "string", "enum": values}
        return {"anyOf": [schema, {"type": "integer"}]} if is_union else schema

    (change,) = compare(spec_of(enum(base)), spec_of(enum(revision)))
    assert change.message.partition(": ")[2] == told


def test_a_long_list_beside_none_is_cut() -> None:
    message = KINDS["enum-narrowed"].said({"base": "nothing", "revision": tuple(MANY)})
    assert message.endswith(
        "nothing became v0, v1, v2, v3, v4, v5, v6, v7, v8, v9, v10, v11, v12, v13, v14, v15, v16, "
        "v17, v18, v19 and 180 more"
    )


def test_branches_that_are_called_the_same_are_counted() -> None:
    same = tuple(MANY[:5])
    assert KINDS["union-changed"].said({"base": same, "revision": same}) == (
        "the union changed: they are called as before, all 5"
    )
