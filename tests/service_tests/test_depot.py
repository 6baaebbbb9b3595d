"""The suite against the depot: nothing is found on it as it is, and each fault of its table is, by its own rule."""

import inspect
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from fnmatch import fnmatchcase
from itertools import chain
from pathlib import Path

import pytest

from contracts.decision.run_decision import Policy, Result
from contracts.exchanges import Ledger, Secret
from contracts.flows import ask, conclude
from contracts.messages import Request, Response
from contracts.run.givens import Givens
from contracts.run.inputs import Inputs, Target
from contracts.run.options import Options
from contracts.run.state import State
from contracts.verdicts import Outcome, Verdict
from tests.in_process import serving
from tests.service.depot import FAULTS, FILE, GIVEN, ROWS, STATE_FAULTS, Depot, Fault, service, shipments
from tests.service.depot.contract import OWN, book, spec

KEY = "correct-horse-battery"


class InProcess:
    """What the suite's requests reach: the depot without a socket between them, which would double the time."""

    def __init__(self, depot: Depot) -> None:
        self.depot = depot

    def answer(self, request: Request) -> Response:
        found = self.depot.answer(request.method, request.target, request.headers, request.body or b"")
        fields = tuple((name.decode(), value.decode("latin-1")) for name, value in found.sent_headers)
        return Response(found.status, fields, found.body)


def run_of(folder: Path, *, unsafe: bool) -> State:
    """A run on the depot as a live service; the rules are the same for all runs, and take most of a second."""
    own = {variable: Secret(KEY, f"${variable}") for variable in OWN.values()}
    target, options = Target("http://127.0.0.1:1", Secret(KEY), own), Options(unsafe=unsafe)
    inputs = Inputs(spec(), target, options, givens=Givens(GIVEN, ROWS), policy=Policy(strict=True), folder=folder)
    state = State(inputs, Ledger(folder / "exchanges.jsonl", {"started": "2026-11-24T12:00:00+00:00"}))
    state.book = book()
    return state


def served(*faults: Fault) -> AbstractContextManager[str]:
    return serving(InProcess(Depot(KEY, faults)))


def asked(state: State, keys: Iterable[str]) -> dict[str, Verdict]:
    """The violated rules of these operations, by their id."""
    found: dict[str, Verdict] = {}
    for key in keys:
        found |= ask(state, spec().by_key[key]).verdicts
    return {rule: verdict for rule, verdict in found.items() if verdict.outcome is Outcome.VIOLATED}


@pytest.fixture(scope="module", params=[False, True], ids=["safe methods", "all methods"])
def conforming(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[set[str], Result]:
    """The rules that the depot without a fault violates, and what a strict run comes to."""
    state = run_of(tmp_path_factory.mktemp("run"), unsafe=request.param)
    with served():  # to the end, when what the run made is taken away
        violated = asked(state, spec().by_key)
        return set(violated), conclude(state, "", "", lambda _run: None)


def test_conforming_depot_has_no_finding(conforming: tuple[set[str], Result]) -> None:
    assert conforming[0] == set()


def test_strict_run_passes(conforming: tuple[set[str], Result]) -> None:
    assert conforming[1] is Result.PASS


# The faults.


def batches() -> Iterator[list[Fault]]:
    """Faults of one operation that show beside one another; asking for each alone would take six times as long."""
    together: dict[str, list[list[Fault]]] = {}
    for fault in FAULTS:
        own = together.setdefault(fault.operation, [])
        fitting = (batch for batch in own if not any(one.alone or one.finds == fault.finds for one in batch))
        if fault.alone or (batch := next(fitting, None)) is None:
            own.append([fault])
        else:
            batch.append(fault)
    yield from chain.from_iterable(together.values())


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """The titles of the faults that are found, each by its rule."""
    titles = set()
    for batch in batches():
        key = next(o.key for o in spec().operations if o.operation_id == batch[0].operation)
        state = run_of(tmp_path_factory.mktemp("run"), unsafe=True)
        with served(*batch):
            violated = asked(state, [key])
        titles |= {fault.title for fault in batch if any(fnmatchcase(rule, fault.finds) for rule in violated)}
    return titles


def test_every_forbidden_fault_is_found(found: set[str]) -> None:
    assert {fault.title for fault in FAULTS if fault.forbidden} - found == set()


def test_table_is_what_it_says() -> None:
    forbidden = [fault for fault in FAULTS if fault.forbidden]
    assert len({fault.title for fault in FAULTS}) == len(FAULTS)
    assert len(forbidden) >= 120
    assert len({fault.family for fault in forbidden}) == 10
    assert min(Counter(fault.family for fault in forbidden).values()) >= 5


@pytest.mark.parametrize(
    ("title", "line"),
    [
        ("listParcels: query limit maximum not enforced", "- {name: limit, in: query, schema:"),
        ("listParcels: query size/width maximum not enforced", "width: {type: integer, minimum: 1, maximum: 300}"),
        ("readMe: header X-Zone missing not enforced", "- {name: X-Zone, in: header, required: true"),
        (
            "createParcel: body /recipient/name minLength not enforced",
            "name: {type: string, minLength: 1, maxLength: 60}",
        ),
        ("createParcel: body required:pin not enforced", "required: [id, reference, weight_grams, state"),
        ("readParcel: X-Weighed is 100g", "X-Weighed: {required: true"),
        ("listDocks: one of two", "- key: []"),
    ],
)
def test_fault_names_the_line_it_breaks(title: str, line: str) -> None:
    fault = next(fault for fault in FAULTS if fault.title == title)
    assert FILE.read_text().splitlines()[fault.line - 1].strip().startswith(line)


def test_faults_of_state_are_told_apart() -> None:
    assert len({fault.title for fault in STATE_FAULTS}) == len(STATE_FAULTS) >= 40
    assert len({fault.family for fault in STATE_FAULTS}) >= 8


def test_depot_knows_every_fault_of_state() -> None:
    text = "".join(map(inspect.getsource, (service, shipments))).replace("'", '"')
    assert [fault.title for fault in STATE_FAULTS if f'"{fault.switch}"' not in text] == []


def test_every_fault_breaks_a_line() -> None:
    assert all(fault.line for fault in FAULTS)
