"""Session ids from the list of a service; and a session of the run's own: started once, stopped whatever happens."""

import json
import os
import signal
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.exchanges import Exhausted
from contracts.messages import Exchange, Failure, FailureKind, Probe, Request, Response
from contracts.notte.domain import CHEAPEST
from contracts.notte.sessions import MAX_PAGES, PER_STATUS, WAITS, Listed, Started, Starter, list_sessions
from contracts.report.wording import listed_text, started_text

JSON = (("Content-Type", "application/json"),)


def exchange(request: Request, value: Any, status: int = 200) -> Exchange:
    return Exchange(0, Probe("GET /x", request), Response(status, JSON, json.dumps(value).encode()))


def listed(*pages: list[Any], status: int = 200, seed: int = 0) -> tuple[Listed, list[str]]:
    targets: list[str] = []

    def send(request: Request) -> Exchange:
        targets.append(request.target)
        number = len(targets)
        page = {"items": pages[number - 1] if pages else [], "has_next": number < len(pages)}
        return exchange(request, page, status)

    return list_sessions(send, seed=seed), targets


def sessions(status: str, count: int) -> list[Any]:
    return [{"session_id": f"{status}-{number}", "status": status} for number in range(count)]


def test_sessions_are_counted_and_some_of_every_status_picked() -> None:
    found, targets = listed([*sessions("active", 2), *sessions("closed", 9)], [*sessions("authenticating", 1)])
    assert found.found == {"active": 2, "closed": 9, "authenticating": 1}
    assert [sum(one.startswith(status) for one in found.picked) for status in found.found] == [2, PER_STATUS, 1]
    assert targets == [
        "/sessions?only_active=false&page_size=100",
        "/sessions?only_active=false&page_size=100&page=2",
    ]
    assert listed_text(asdict(found)) == "found 2 active, 1 authenticating, 9 closed; 6 are asked for"


def test_another_seed_picks_others() -> None:
    first, again, other = (listed(sessions("closed", 50), seed=seed)[0].picked for seed in (1, 1, 2))
    assert first == again != other


def test_no_session_is_said() -> None:
    assert listed_text(asdict(listed([])[0])) == "found no session"


def test_name_of_a_status_is_bounded() -> None:
    assert list(listed([{"session_id": "a", "status": "x" * 1000}])[0].found) == ["x" * 99 + "…"]


def test_refused_list_is_said() -> None:
    assert listed_text(asdict(listed([], status=401)[0])) == "found no session (GET /sessions: 401)"


def test_endless_list_is_read_to_a_bound() -> None:
    found, targets = listed(*[sessions(f"s{number}", 1) for number in range(MAX_PAGES + 5)])
    assert (len(targets), found.complete, found.problem) == (MAX_PAGES, False, f"read to page {MAX_PAGES}")
    assert listed_text(asdict(found)).startswith("found at least 1 s0, 1 s1, ")


def test_page_that_lists_a_session_again_counts_it_once() -> None:
    assert listed(sessions("active", 2), sessions("active", 3))[0].found == {"active": 3}


ODD: list[Any] = [
    None,
    [],
    {},
    {"session_id": 1},
    {"session_id": ""},
    {"session_id": ".."},
    {"session_id": "a\n"},
    "id",
]


def test_what_is_no_session_is_left_out() -> None:
    found, _ = listed([*ODD, {"session_id": "a b/c"}, {"session_id": "d", "status": 3}])
    assert (found.found, set(found.picked)) == ({"without a status": 2}, {"a b/c", "d"})


def failing(request: Request) -> Exchange:
    return Exchange(0, Probe("GET /x", request), failure=Failure(FailureKind.REFUSED, "nobody"))


def exhausted(request: Request) -> Exchange:
    raise Exhausted("enough")


@pytest.mark.parametrize(("send", "problem"), [(failing, "GET /sessions: refused, nobody"), (exhausted, "enough")])
def test_list_that_can_not_be_had(send: Callable[[Request], Exchange], problem: str) -> None:
    assert list_sessions(send, seed=0) == Listed(problem=problem)


@given(st.recursive(st.none() | st.integers() | st.text(), lambda x: st.dictionaries(st.text(), x) | st.lists(x)))
def test_any_page_can_be_read(value: Any) -> None:
    assert list_sessions(lambda request: exchange(request, value), seed=0).picked == ()


STARTED = (200, {"session_id": "s 1", "status": "active"})
STOPPED = (200, {"session_id": "s 1", "status": "closed"})
CURL = 'curl -X DELETE -H "Authorization: Bearer $NOTTE_API_KEY" http://h/v1/sessions/s%201/stop'


def nothing() -> None:
    """What happens while a request is sent, mostly."""


def answered(request: Request, what: Any) -> Exchange:
    probe = Probe("GET /x", request)
    if isinstance(what, FailureKind):
        return Exchange(0, probe, failure=Failure(what, "it broke"))
    return Exchange(0, probe, Response(what[0], (), json.dumps(what[1]).encode()))


@dataclass
class World:
    """A service by what it answers to start, stop and each asking; `while_*` is done while that is sent."""

    start: Any = STARTED
    stop: Any = STOPPED
    statuses: tuple[str, ...] = ("active", "closed")
    while_starting: Callable[[], object] = nothing
    while_stopping: Callable[[], object] = nothing
    while_asking: Callable[[], object] = nothing
    sent: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    slept: list[float] = field(default_factory=list)
    bodies: list[bytes | None] = field(default_factory=list)

    def sender(self, what: str) -> Callable[[Request], Exchange]:
        def send(request: Request) -> Exchange:
            self.sent.append(f"{request.method} {request.target}")
            self.bodies.append(request.body)
            (self.while_starting if what == "start" else self.while_stopping)()
            return answered(request, getattr(self, what))

        return send

    def ask(self, session_id: str) -> list[Exchange]:
        asked = self.sent.count("GET")
        self.sent.append("GET")
        self.while_asking()
        status = self.statuses[min(asked, len(self.statuses) - 1)]
        return [answered(Request("GET", "/x"), (200, {"status": status}))]

    @property
    def starter(self) -> Starter:
        return Starter(
            self.sender("start"), self.sender("stop"), self.ask, self.said.append, self.slept.append, "http://h/v1"
        )

    def run(self) -> Started:
        started = self.starter.run()
        self.said.append(f"contract: {started_text(asdict(started))}")  # as a run does
        return started

    @property
    def warnings(self) -> list[str]:
        return [line for line in self.said if "WARNING" in line]


ALL = ["POST /sessions/start", "GET", "DELETE /sessions/s%201/stop", "GET"]


def test_session_is_asked_for_while_active_and_once_closed() -> None:
    world = World()
    started = world.run()
    assert world.sent == ALL
    assert json.loads(world.bodies[0] or b"") == CHEAPEST
    assert (started.session_id, started.statuses, started.stopped, started.problem) == (
        "s 1",
        ["active", "closed"],
        True,
        "",
    )
    assert world.said == [
        "contract: starting a session on http://h/v1, which costs about $0.002",
        "contract: started session s 1, seen active, then closed, stopped; cost about $0.002",
    ]


def test_session_that_closes_late_is_waited_for() -> None:
    world = World(statuses=("active", "active", "active", "closed"))
    assert world.run().stopped
    assert world.slept == list(WAITS[:2])


def test_session_that_never_closes_is_said() -> None:
    world = World(statuses=("active",))
    assert not world.run().stopped
    assert world.slept == list(WAITS)
    assert "no answer calls it closed" in world.warnings[0]


@pytest.mark.parametrize("stop", [(503, {}), (404, {}), FailureKind.TIMED_OUT], ids=str)
def test_failed_stop_is_said_with_the_way_out(stop: Any) -> None:
    world = World(stop=stop, statuses=("active",))
    assert not world.run().stopped
    assert CURL in world.warnings[0]
    assert "session s 1 may still be running" in world.warnings[0]
    assert "NOT STOPPED" in world.said[-1]


def test_failed_stop_of_a_session_that_has_ended_is_no_matter() -> None:
    world = World(stop=(404, {}))
    assert (world.run().stopped, world.warnings) == (True, [])


@pytest.mark.parametrize(
    "start", [(402, {}), (401, {}), (429, {}), (503, {}), (200, {}), (200, []), FailureKind.RESET], ids=str
)
def test_failed_start_is_said_and_never_repeated(start: Any) -> None:
    world = World(start=start)
    assert world.run().session_id is None
    assert world.sent == ALL[:1]
    assert world.said[-1].startswith("contract: started no session: POST /sessions/start: ")
    doubtful = start in ((503, {}), (200, {}), (200, []), FailureKind.RESET)
    assert ("one may be running whose id nobody knows" in world.said[-1]) == doubtful


def interrupt(number: int) -> Callable[[], None]:
    return lambda: os.kill(os.getpid(), number)


def raising(error: BaseException) -> Callable[[], None]:
    def fail() -> None:
        raise error

    return fail


SIGNALS = pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP], ids=str)


@SIGNALS
def test_session_is_stopped_when_interrupted_while_starting(number: int) -> None:
    world = World(while_starting=interrupt(number))
    with pytest.raises(KeyboardInterrupt):
        world.run()
    assert world.sent == [ALL[0], ALL[2]]


@SIGNALS
def test_stop_is_not_interrupted(number: int) -> None:
    world = World(while_stopping=interrupt(number))
    with pytest.raises(KeyboardInterrupt):
        world.run()
    assert world.sent == ALL[:3]
    assert world.starter.started == Started()
    assert world.warnings == []


@pytest.mark.parametrize("error", [KeyboardInterrupt(), RuntimeError("a bug"), SystemExit(1)], ids=repr)
def test_session_is_stopped_when_asking_fails(error: BaseException) -> None:
    world = World(while_asking=raising(error))
    with pytest.raises(type(error)):
        world.run()
    assert (world.sent, world.warnings) == (ALL[:3], [])


def test_session_is_stopped_when_a_bound_is_reached() -> None:
    world = World(while_asking=raising(Exhausted("enough")))
    world.run()
    assert world.sent[:3] == ALL[:3]


def test_failed_stop_of_an_interrupted_run_is_said() -> None:
    world = World(while_asking=raising(KeyboardInterrupt()), stop=(500, {}))
    with pytest.raises(KeyboardInterrupt):
        world.run()
    assert CURL in world.warnings[0]


def test_stop_that_fails_inside_is_said() -> None:
    world = World(while_stopping=raising(RuntimeError("a bug")), statuses=("active",))
    world.run()
    assert "the stop failed inside: a bug" in world.warnings[0]


def test_start_that_a_bound_forbids_is_said() -> None:
    world = World(while_starting=raising(Exhausted("enough")))
    assert world.run().problem == "enough"
    assert world.said[-1] == "contract: started no session: enough"


def test_handlers_of_signals_are_given_back() -> None:
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    World().run()
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before
