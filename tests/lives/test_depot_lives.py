"""Lives on the depot: nothing is wrong with the one that keeps its document, and each fault of state is found."""

from __future__ import annotations

from collections.abc import Collection
from functools import cache

import pytest

from contracts.lives import Course, lane_of
from contracts.messages import Request, Response
from contracts.probes import ProbePlan
from contracts.schemas.families import Family, families_of

from ..service.depot import GIVEN, ROWS, STATE_FAULTS, Depot, Fault
from ..service.depot.contract import spec
from .living import Lived, live

KEY = "correct-horse-battery"
OF_LIVES = [fault for fault in STATE_FAULTS if " / " in fault.finds]


@cache
def plan() -> ProbePlan:
    return ProbePlan(spec(), 0, GIVEN, live=True, unsafe=True, rows=ROWS)


def asked_of(depot: Depot, asking: ProbePlan | None = None, of: Collection[Family] | None = None) -> Lived:
    def answer(request: Request) -> Response:
        fields = [*request.headers, ("authorization", f"Bearer {KEY}"), ("x-depot-key", KEY)]
        made = depot.answer(request.method, request.target, fields, request.body or b"")
        headers = tuple((name.decode(), value.decode("latin-1")) for name, value in made.headers)
        return Response(made.status, headers, made.body)

    return live(spec(), answer, asking or plan(), of)


def keys(family: Family) -> set[str]:
    return {operation.key for operation in family.operations}


def test_nothing_is_found_where_nothing_is_wrong() -> None:
    found = asked_of(Depot(KEY))

    assert found.violated == {}
    assert found.unexercised == {"POST /parcels / key creates once"}  # whose reference is taken by then
    assert sum(map(len, found.exchanges.values())) < 120


def test_nobody_needs_to_give_values() -> None:
    found = asked_of(Depot(KEY), ProbePlan(spec(), 0, live=True, unsafe=True))

    assert found.violated == {}
    assert found.unexercised == {"POST /parcels / key creates once"}


def test_there_are_faults_of_state_in_many_families() -> None:
    assert len(OF_LIVES) >= 55
    assert len({fault.family for fault in OF_LIVES}) >= 10


@pytest.mark.parametrize("fault", OF_LIVES, ids=lambda fault: fault.title)
def test_each_fault_of_state_is_found(fault: Fault) -> None:
    ruled = fault.finds.partition(" / ")[0]
    found = asked_of(Depot(KEY, [fault]), of=[one for one in families_of(spec()) if ruled in keys(one)])

    assert fault.finds in found.violated
    evidence = found.verdicts[fault.finds].evidence
    assert evidence is not None
    lane = evidence.exchange.probe.life
    family = next(family for family in families_of(spec()) if lane_of(family) == lane)
    told = Course(spec(), family).judged((*evidence.finding.story, evidence.exchange))[-1]
    assert fault.finds in {finding.rule for finding in told.findings}


def test_the_same_seed_asks_the_same() -> None:
    first, second = (asked_of(Depot(KEY)).exchanges["/shipments/{shipment}"] for _ in range(2))

    assert [one.probe for one in first] == [one.probe for one in second]
