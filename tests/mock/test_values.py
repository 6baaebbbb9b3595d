"""The mock knows some values of every path parameter, allowed ones where there are any."""

from __future__ import annotations

from typing import Any

import pytest

from contracts.document import load_spec
from contracts.document.serialisation import fill_path, match_path
from contracts.messages import Request
from contracts.mock.bodies import MAX_VALUES, sample_values
from contracts.schemas.claims import claim_of
from tests.exchanges.documents import one_operation, parameter, spec_of


def samples(schema: Any) -> list[str]:
    spec, _ = one_operation(parameters=[parameter("id", schema)])
    return list(sample_values(spec)["id"])


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "string"},
        {"type": "string", "format": "uuid"},
        {"type": "string", "pattern": "^[a-z]{3}/[0-9]$"},
        {"type": "integer", "minimum": 7},
        {"type": "number"},
        {"type": "array", "items": {"type": "integer"}, "minItems": 1},
        {"type": ["boolean", "null"]},
        {"enum": [1, "a", None]},
    ],
    ids=str,
)
def test_the_values_are_allowed(schema: Any) -> None:
    _, operation = one_operation(parameters=[parameter("id", schema)])
    paths = [fill_path("/things/{id}", {"id": value}) for value in samples(schema)]
    assert all(claim_of(operation, Request("GET", path)).allowed for path in paths)
    assert 1 < len(paths) <= 3


@pytest.mark.parametrize(
    ("schema", "values"),
    [
        ({"enum": ["a", 1, True, None]}, ("1", "a", "null", "true")),
        ({"const": "x"}, ("x",)),
        ({"const": ["a", 1]}, ("a,1",)),
        ({"enum": ["", ".", ".."]}, ("id-0", "id-1", "id-2")),
        (False, ("id-0", "id-1", "id-2")),
        ({"type": "string", "pattern": "(["}, ("id-0", "id-1", "id-2")),
    ],
    ids=str,
)
def test_values_are_written_as_a_path_has_them(schema: Any, values: tuple[str, ...]) -> None:
    assert set(samples(schema)) <= set(values)


def test_a_name_with_several_schemas_has_values_of_each() -> None:
    kinds = [{"type": "integer"}, {"const": "a"}, {"type": "integer"}]
    paths = {f"/{n}/{{id}}": {"get": {"parameters": [parameter("id", kind)]}} for n, kind in enumerate(kinds)}
    values = sample_values(spec_of(paths))["id"]
    assert values[1] == "a"
    assert len([value for value in values if value.lstrip("-").isdecimal()]) == 3


def test_there_are_not_too_many() -> None:
    paths = {f"/{n}/{{id}}": {"get": {"parameters": [parameter("id", {"const": f"v{n}"})]}} for n in range(99)}
    assert list(sample_values(spec_of(paths))["id"]) == [f"v{n}" for n in range(MAX_VALUES)]


def test_a_parameter_that_is_not_declared_has_values_too() -> None:
    assert sample_values(spec_of({"/{odd}": {"get": {}}})) == {"odd": ["odd-0", "odd-1", "odd-2"]}


def test_values_are_the_same_every_time_and_reach_their_path() -> None:
    spec = load_spec("spec/notte.yaml")
    values = sample_values(spec)
    assert values == sample_values(load_spec("spec/notte.yaml"))
    assert all(match_path("/{x}", fill_path("/{x}", {"x": value})) for value in values["session_id"])
