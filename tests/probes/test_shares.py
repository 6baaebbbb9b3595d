"""Shares of operations: alike in cost, the same everywhere, and little moves where the document grows."""

from __future__ import annotations

import random
import subprocess
import sys
from collections import Counter
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.probes import shares
from contracts.probes.shares import SPARE, cost_of, shares_of
from tests.documents import spec_from

COSTS = st.dictionaries(st.text(min_size=1), st.integers(1, 2000), max_size=40)


def costs_of_many(count: int = 600) -> dict[str, int]:
    """Such as those of a big document: most operations are alike, some dear."""
    drawn = random.Random(7)
    return {f"GET /things/{n}": round(drawn.lognormvariate(5, 0.4)) for n in range(count)}


def loads_of(costs: dict[str, int], found: dict[str, int]) -> Counter[int]:
    loads: Counter[int] = Counter()
    for key, share in found.items():
        loads[share] += costs[key]
    return loads


@given(COSTS, st.integers(1, 12))
def test_each_operation_is_in_one_share(costs: dict[str, int], count: int) -> None:
    found = shares_of(costs, count)
    assert list(found) == list(costs)
    assert set(found.values()) <= set(range(1, count + 1))


@given(COSTS, st.integers(1, 12))
def test_no_share_costs_much_more_than_the_mean(costs: dict[str, int], count: int) -> None:
    mean, dearest = sum(costs.values()) / count, max(costs.values(), default=0)
    most = max(loads_of(costs, shares_of(costs, count)).values(), default=0)
    assert most <= max(mean * (100 + SPARE) / 100, mean + dearest)


@given(COSTS.flatmap(lambda costs: st.tuples(st.just(costs), st.permutations(list(costs)))), st.integers(1, 12))
def test_the_order_of_the_document_does_not_matter(drawn: tuple[dict[str, int], list[str]], count: int) -> None:
    costs, order = drawn
    assert shares_of({key: costs[key] for key in order}, count) == shares_of(costs, count)


@pytest.mark.parametrize("count", [2, 3, 5, 10])
def test_shares_of_a_big_document_are_alike(count: int) -> None:
    costs = costs_of_many()
    mean, loads = sum(costs.values()) / count, loads_of(costs, shares_of(costs, count))
    assert max(loads.values()) <= mean * 1.1
    assert min(loads.values()) >= mean * 0.8


@pytest.mark.parametrize("count", [2, 3, 5, 10])
def test_a_new_operation_moves_few_others(count: int) -> None:
    """Of 600, on each of fifty occasions: never more than two a share, and fewer than one in the mean."""
    costs, moved = costs_of_many(), list[int]()
    before = shares_of(costs, count)
    for number in range(50):
        after = shares_of({**costs, f"POST /new/{number}": 100 + 7 * number}, count)
        moved.append(sum(after[key] != before[key] for key in costs))
    assert max(moved) <= 2 * count
    assert sum(moved) / len(moved) < count


def test_small_documents_are_spread_as_well() -> None:
    keys = [f"GET /{n}" for n in range(6)]
    found = shares_of(dict.fromkeys(keys, 100), 3)
    assert sorted(Counter(found.values()).values()) == [2, 2, 2]


def test_every_machine_comes_to_the_same_shares() -> None:
    """Also a Python whose hashes are seeded otherwise; and the next version, or shards of two would not fit."""
    costs = {"GET /a": 90, "GET /b": 90, "POST /a": 200, "DELETE /a": 90, "GET /é": 110}
    code = f"from contracts.probes.shares import shares_of; print(shares_of({costs!r}, 3))"
    for seed in ("1", "2"):
        env = {"PYTHONHASHSEED": seed}
        said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=env).stdout
        assert said.strip() == str(shares_of(costs, 3))
    assert shares_of(costs, 3) == {"POST /a": 1, "GET /é": 3, "GET /a": 2, "GET /b": 2, "DELETE /a": 3}


def test_all_orders_of_a_few() -> None:
    costs = {"a": 3, "b": 3, "c": 1, "d": 2}
    found = [sorted(shares_of({key: costs[key] for key in order}, 2).items()) for order in permutations(costs)]
    assert len(set(map(tuple, found))) == 1


def cost_with(*parameters: object) -> int:
    get = {"operationId": "get", "parameters": list(parameters), "responses": {"200": {"description": "ok"}}}
    paths = {"/things": {"get": get}}
    spec = spec_from({"openapi": "3.1.0", "info": {"title": "t", "version": "1"}, "paths": paths})
    return cost_of(spec.operations[0])


def test_what_takes_and_forbids_more_costs_more() -> None:
    limit = {"name": "limit", "in": "query", "schema": {"type": "integer", "minimum": 1, "maximum": 9}}
    assert cost_with() == shares.ALWAYS
    assert cost_with(limit) >= shares.ALWAYS + shares.PARAMETER + 2 * shares.FORBIDDEN
