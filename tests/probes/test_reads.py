"""What reads build on answers, and what comes of the depot's faults by it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

from contracts.exchanges import Ledger, Secret
from contracts.flows import asked_by
from contracts.messages import Exchange, Probe, Response, is_origin_form
from contracts.probes.reads import reads
from contracts.run.ask import connected
from contracts.run.credentials import judged
from contracts.run.givens import Givens
from contracts.run.inputs import Inputs, Target
from contracts.run.state import State
from contracts.verdicts import Outcome, Verdict
from tests.service.depot import GIVEN, ROWS, STATE_FAULTS, Fault
from tests.service.depot.contract import OWN, book, spec
from tests.service.depot.fault import key_of
from tests.service_tests.test_depot import KEY, served

FOUND_BY_READS = [fault for fault in STATE_FAULTS if fault.finds and " / " not in fault.finds]


def verdicts(folder: Path, operation: str, *faults: Fault) -> tuple[list[Verdict], list[Exchange]]:
    """What the first request of an operation, and the reads that build on it, say of the depot."""
    key, exchanges = key_of(operation), list[Exchange]()
    own = {variable: Secret(KEY, f"${variable}") for variable in OWN.values()}
    inputs = Inputs(spec(), Target("http://127.0.0.1:1", Secret(KEY), own), givens=Givens(GIVEN, ROWS), folder=folder)
    state = State(inputs, Ledger(folder / "exchanges.jsonl"))
    state.book = book()
    lane = state.plan.lane(spec().by_key[key])
    with served(*faults), connected(state, state.pace) as client:

        def sent(probes: Iterable[Probe]) -> Iterator[Exchange]:
            for probe in probes:
                exchanges.append(client.send(probe, len(exchanges)))
                yield exchanges[-1]

        first = next(lane.given())
        list(sent([first]))
        list(reads(lane, sent, [first.request]))
    return judged(book(), lane.operation, exchanges), exchanges


def violated(found: Iterable[Verdict]) -> set[str]:
    return {verdict.rule.id for verdict in found if verdict.outcome is Outcome.VIOLATED}


@pytest.mark.parametrize("fault", FOUND_BY_READS, ids=lambda fault: fault.title)
def test_fault_of_the_depot_is_found_by_its_rule(fault: Fault, tmp_path: Path) -> None:
    found = violated(verdicts(tmp_path, fault.operation, fault)[0])
    assert [rule for rule in found if fnmatchcase(rule, fault.finds)], found


@pytest.mark.parametrize("operation", sorted({fault.operation for fault in FOUND_BY_READS}))
def test_depot_as_it_is_keeps_them_in_a_handful(operation: str, tmp_path: Path) -> None:
    found, exchanges = verdicts(tmp_path, operation)
    assert violated(found) == set()
    assert len(exchanges) <= 24


def test_explained_is_who_asks_though_the_mock_is_not() -> None:
    asking = asked_by(spec(), "GET /shipments/{shipment}")
    assert "read" in asking["GET /shipments/{shipment} not modified"]


def queries(folder: Path, operation: str, note: str) -> list[str]:
    asked = (exchange.probe for exchange in verdicts(folder, operation)[1])
    return [probe.request.query for probe in asked if probe.note == note]


def test_each_order_is_asked_downwards_first(tmp_path: Path) -> None:
    found = queries(tmp_path, "listShipments", "sorted")
    assert found == ["sort=-created_at", "sort=-weight_kg", "sort=-name", "sort=created_at"]


def test_a_filter_asks_for_what_some_have(tmp_path: Path) -> None:
    """So that what is ignored shows."""
    assert queries(tmp_path, "listCarriers", "filtered")[0] == "country=FR"
    assert queries(tmp_path, "listParcels", "filtered")[0] == "state=stored"


HOSTILE = [
    b"",
    b"[",
    b"null",
    b'{"items": {}, "total": "many", "next_cursor": {}}',
    b'{"items": [null, [], 1, "a", {}], "total": -1, "next_cursor": 5}',
    b'{"items": [{"id": {}, "status": {"a": []}, "carrier": [[1]], "name": null, "weight_kg": "x"}], "total": true}',
    b'{"items": [{"id": "\\ud800", "status": "\\ud800", "carrier": "\\udfff"}, {}], "next_cursor": "\\ud800"}',
    b'{"items": [{"weight_kg": 1e999}, {"weight_kg": "9"}], "total": 1' + b"0" * 5000 + b', "next_cursor": "a\\r\\nb"}',
    b'[{"id": 1}, {"id": 1, "city": "\\u0000"}]',
]
FIELDS = [
    ("Link", '<http://[bad/stops?page=2>; rel="next"'),
    ("Link", '</stops?a b>; rel="next"'),
    ("Link", "</stops?%ff\xe9>; rel=next"),
    ("X-Total-Count", "9" * 5000),
    ("X-Total-Count", "\xb2"),
    ("ETag", '"\xe9"'),
    ("ETag", '"' + "a" * 9000 + '"'),
    ("Last-Modified", "Mon, 01 Jan 0001 00:00:00 GMT"),
    ("Last-Modified", "Fri, 31 Dec 9999 23:59:59 GMT"),
]


@pytest.mark.parametrize("operation", ["listShipments", "listStops", "readShipment"])
@pytest.mark.parametrize("field", FIELDS, ids=range(len(FIELDS)))
def test_whatever_comes_back_is_asked_on_and_judged(operation: str, field: tuple[str, str], tmp_path: Path) -> None:
    """A service may send anything; what can't be sent back to it is not."""
    key = key_of(operation)
    lane = State(Inputs(spec(), folder=tmp_path), Ledger(tmp_path / "exchanges.jsonl")).plan.lane(spec().by_key[key])
    for body in HOSTILE:
        exchanges = list[Exchange]()

        def sent(probes: Iterable[Probe], body: bytes = body, to: list[Exchange] = exchanges) -> Iterator[Exchange]:
            for probe in probes:
                response = Response(200, (("Content-Type", "application/json"), field), body)
                to.append(Exchange(len(to), probe, response))
                yield to[-1]

        first = lane.request_for({"shipment": GIVEN["shipment"][0]}).request
        assert len(list(reads(lane, sent, [first]))) < 30
        assert all(is_origin_form(exchange.probe.request.target) for exchange in exchanges)
        assert {verdict.defect for verdict in judged(book(), lane.operation, exchanges)} == {""}
