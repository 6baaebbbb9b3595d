"""Nothing is left on the depot of what lives made, however a run ends."""

from __future__ import annotations

from pathlib import Path

import pytest

from contracts.flows import ask, conclude
from contracts.messages import Request, Response
from contracts.run.state import State

from ..in_process import serving
from ..service.depot import Depot
from ..service.depot.contract import spec
from ..service_tests.test_depot import KEY, InProcess, run_of

LISTS = ("GET /shipments", "GET /shipments/{shipment}/stops", "GET /parcels")


class Interrupted(InProcess):
    """Somebody presses Ctrl-C at the request that makes the depot's third new resource, or ends it."""

    def __init__(self, depot: Depot, method: str, turn: int) -> None:
        super().__init__(depot)
        self.method, self.left = method, turn

    def answer(self, request: Request) -> Response:
        found = super().answer(request)
        if request.method == self.method and 200 <= found.status < 300:
            self.left -= 1
            if not self.left:
                raise KeyboardInterrupt
        return found


@pytest.fixture
def state(tmp_path: Path) -> State:
    return run_of(tmp_path, unsafe=True)


def test_a_run_leaves_what_was_there(state: State) -> None:
    depot = Depot(KEY)
    before = dict(depot.stock)
    with serving(InProcess(depot)):
        for key in LISTS:
            ask(state, spec().by_key[key])
        made = depot.stock
        conclude(state, "", "", lambda _run: None)

    assert made["shipments"] > before["shipments"]
    assert depot.stock == before


@pytest.mark.parametrize(("method", "turn"), [("PUT", 1), ("PATCH", 2), ("DELETE", 1)], ids=str)
def test_so_does_one_that_is_interrupted(state: State, method: str, turn: int) -> None:
    depot = Depot(KEY)
    before = dict(depot.stock)
    with serving(Interrupted(depot, method, turn)):
        with pytest.raises(KeyboardInterrupt):
            ask(state, spec().by_key[LISTS[0]])
        conclude(state, "interrupted", "", lambda _run: None)

    assert depot.stock == before
    assert state.told is not None
    assert any("of its own, and ended them" in note for note in state.told.notes)


def test_lives_at_most_double_the_requests_of_a_run(state: State) -> None:
    with serving(InProcess(Depot(KEY))):
        for key in ("GET /shipments", "POST /shipments"):
            ask(state, spec().by_key[key])
    lives = sum(bool(one.probe.life) for one in state.ledger.all())

    assert 20 < lives < len(state.ledger.all()) - lives
