"""Sessions that the run finds and the one that it starts, over real HTTP."""

import os
import signal
import threading
from typing import Any

import pytest

from contracts.exchanges import Pace

from .notte_service import STARTED, STOPPED, Notte, write_notte
from .projects import CANARY, LOUD, Project, Run, leaks

LIST = "GET /sessions?only_active=false&page_size=100"
STOP_OPERATION = {
    "operationId": "stop",
    "security": [{"OAuth2PasswordBearer": []}],
    "responses": {"200": {"description": ""}},
}


@pytest.fixture(autouse=True)
def hurried(project: Project, impatient: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Few odd requests: what is asked beside sessions is not of interest here."""
    monkeypatch.setattr("contracts.probes.probe_plan.edge_requests", lambda *args: iter(()))
    write_notte(project)


def asked(project: Project, notte: Notte, *args: str) -> Run:
    with notte.serving() as base_url:
        return project.run("-q", "--base-url", base_url, *args)


def test_sessions_of_every_status_are_found_and_asked_for(project: Project) -> None:
    notte = Notte(sessions=210)
    run = asked(project, notte, "--contract-discover", "--contract-report=out")
    assert notte.lines[:3] == [LIST, f"{LIST}&page=2", f"{LIST}&page=3"]
    assert (run.code, notte.changes) == (0, [])
    said = "found 53 active, 53 closed, 52 error, 52 timed_out; 12 are asked for"
    assert any(line.startswith("contract: sessions on http://") and line.endswith(said) for line in run.lines)
    assert run.texts("sessions: ") == [f"sessions: {said}"]


def test_what_is_found_is_reported(project: Project) -> None:
    notte = Notte(sessions=9)
    run = asked(project, notte, "--contract-discover")
    listed = run.report["sessions"]["listed"]
    assert listed["found"] == {"active": 3, "closed": 2, "error": 2, "timed_out": 2}
    assert (listed["complete"], listed["problem"], run.report["sessions"]["started"]) == (True, "", None)
    assert set(listed["picked"]) == set(notte.service.ids)
    assert run.verdicts["GET /sessions/{session_id} 200 /status enum"]["unseen"] == []


def test_found_sessions_join_the_given_ones(project: Project) -> None:
    notte = Notte(sessions=1)
    asked(project, notte, "--contract-discover", "--contract-session-id=other")
    assert notte.lines[1:3] == ["GET /sessions/other", f"GET /sessions/{notte.service.ids[0]}"]


def test_found_session_that_is_gone_breaks_no_promise(project: Project) -> None:
    notte = Notte(sessions=1, instead=lambda line: 404 if line.startswith("GET /sessions/") else None)
    run = asked(project, notte, "--contract-discover")
    assert run.verdicts["GET /sessions/{session_id} given value"]["outcome"] == "not_exercised"


@pytest.mark.parametrize(
    ("notte", "said"), [(Notte(sessions=0), "found no session"), (Notte(key="another"), "GET /sessions: 401")]
)
def test_run_goes_on_without_a_session(notte: Notte, said: str, project: Project) -> None:
    run = asked(project, notte, "--contract-discover")
    assert said in run.texts("sessions: ")[0]
    assert (run.report["sessions"]["listed"]["found"], len(notte.lines) > 5) == ({}, True)


def test_nobody_is_looked_for_without_the_option(project: Project) -> None:
    notte = Notte()
    assert asked(project, notte).report["sessions"] is None
    assert LIST not in notte.lines


@pytest.mark.parametrize(
    "args", [("--contract-dry-run",), ("--collect-only",), ("-k", "nothing")], ids=lambda args: args[0]
)
def test_nothing_is_started_where_nothing_is_asked(args: tuple[str, ...], project: Project) -> None:
    notte = Notte()
    asked(project, notte, "--contract-discover", "--contract-start-session", *args)
    assert notte.lines == []


# A session of the run's own


def started_id(run: Run) -> str:
    return str(run.report["sessions"]["started"]["session_id"])


def test_session_is_started_asked_for_and_stopped(project: Project) -> None:
    notte = Notte(sessions=0)
    run = asked(project, notte, "--contract-start-session")
    own = started_id(run)
    asking = [f"GET /sessions/{own}"] * 2
    assert notte.lines[:8] == [STARTED, *asking, STOPPED.format(own), *asking, *asking]
    assert notte.changes == [STARTED, STOPPED.format(own)]
    assert run.report["sessions"]["started"] == {
        "session_id": own, "statuses": ["active", "closed"], "stopped": True, "cost": "about $0.002", "problem": "",
    }  # fmt: skip
    assert run.verdicts["GET /sessions/{session_id} 200 /status enum"]["seen"]["active"] == 2
    assert (run.code, notte.service._store.get(own).status) == (0, "closed")  # type: ignore[union-attr]


def test_cost_is_said_before_and_after(project: Project) -> None:
    run = asked(project, Notte(sessions=0), "--contract-start-session")
    before, after = [line for line in run.lines if "about $0.002" in line and line.startswith("contract: ")]
    assert before.startswith("contract: starting a session on http://")
    assert after.endswith(", seen active, then closed, stopped; cost about $0.002")


def test_failing_run_has_stopped_its_session(project: Project) -> None:
    notte = Notte(sessions=1, instead=lambda line: 500 if line.startswith("GET /sessions/") else None)
    run = asked(project, notte, "--contract-start-session", "-x")
    assert (run.code, len(notte.changes)) == (1, 2)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["Ctrl-C", "SIGTERM"])
@pytest.mark.parametrize("at", [1, 2, 3], ids=["while starting", "while asking", "while asking again"])
def test_interrupted_run_stops_its_session(at: int, number: int, project: Project) -> None:
    notte = Notte(sessions=1)
    notte.on_request = lambda line: os.kill(os.getpid(), number) if len(notte.lines) == at else None
    run = asked(project, notte, "--contract-start-session")
    assert [line.split(" ")[0] for line in notte.changes] == ["POST", "DELETE"]
    assert (run.code, run.report["decision"], run.report["sessions"]["started"]["stopped"]) == (2, "inconclusive", True)


def test_session_is_stopped_when_the_suite_fails(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*args: Any) -> None:
        raise RuntimeError(f"a bug with {CANARY}")

    monkeypatch.setattr("contracts.run.prelude.ProbePlan", broken)
    notte = Notte(sessions=1)
    run = asked(project, notte, "--contract-start-session")
    assert [line.split(" ")[0] for line in notte.changes] == ["POST", "DELETE"]
    assert (run.code, run.report["decision"]) == (3, "inconclusive")
    assert "looking for sessions failed inside: RuntimeError: a bug with $CONTRACT_CREDENTIAL" in run.lines[-1]
    assert leaks(run) == set()


def test_failed_stop_is_said_aloud(project: Project) -> None:
    notte = Notte(sessions=0, instead=lambda line: 500 if line.startswith("DELETE") else None)
    run = asked(project, notte, "--contract-start-session")
    own = started_id(run)
    assert (
        f"contract: WARNING: session {own} may still be running (the stop had 500); stop it: curl -X DELETE" in run.out
    )
    assert "NOT STOPPED" in run.texts("sessions: ")[0]
    assert (run.report["sessions"]["started"]["stopped"], len(notte.changes)) == (False, 2)


def test_start_is_never_repeated(project: Project) -> None:
    notte = Notte(sessions=0, instead=lambda line: 503 if line == STARTED else None)
    run = asked(project, notte, "--contract-start-session")
    assert notte.changes == [STARTED]
    assert "started no session: POST /sessions/start: 503" in run.texts("sessions: ")[0]


def test_one_process_alone_starts_a_session(project: Project) -> None:
    notte = Notte(sessions=4)
    run = asked(project, notte, "--contract-discover", "--contract-start-session", "-n", "2")
    own = started_id(run)
    assert (run.code, notte.changes, notte.lines.count(LIST)) == (0, [STARTED, STOPPED.format(own)], 1)
    assert all(
        f"GET /sessions/{session_id}" in notte.lines for session_id in run.report["sessions"]["listed"]["picked"]
    )
    assert notte.lines.count(f"GET /sessions/{own}") >= 6


def test_bounds_do_not_keep_a_session_alive(project: Project) -> None:
    notte = Notte(sessions=0)
    run = asked(project, notte, "--contract-start-session", "--contract-max-requests=2")
    assert [line.split(" ")[0] for line in notte.lines] == ["POST", "GET", "DELETE"]
    assert (run.code, run.report["decision"]) == (3, "inconclusive")


# Whose resources are ended


def test_nobody_elses_session_is_ended(project: Project) -> None:
    write_notte(project, delete=STOP_OPERATION, post={**STOP_OPERATION, "operationId": "stop_too"})
    notte = Notte(sessions=6)
    ids = [f"--contract-session-id={session_id}" for session_id in notte.service.ids[:2]]
    run = asked(project, notte, "--contract-discover", "--contract-start-session", "--contract-unsafe", *ids)
    own = started_id(run)
    stops = [line for line in notte.changes if line.startswith("DELETE") and line.endswith("/stop")]
    assert any(own in line for line in stops[1:])
    assert not [line for line in notte.changes for session_id in notte.service.ids if session_id in line]
    active = [n for n in range(6) if n % 4 == 0]
    assert [notte.service._store.get(notte.service.ids[n]).status for n in active] == ["active", "active"]  # type: ignore[union-attr]


def test_credential_goes_to_the_base_url_alone(project: Project) -> None:
    elsewhere = Notte()
    with elsewhere.serving() as other:
        notte = Notte(sessions=3)

        async def redirect(scope: Any, receive: Any, send: Any) -> None:
            notte.lines.append(scope["raw_path"].decode())
            location = f"{other}{scope['raw_path'].decode()}".encode()
            await send(
                {
                    "type": "http.response.start",
                    "status": 307,
                    "headers": [(b"location", location), (b"content-length", b"0")],
                }
            )
            await send({"type": "http.response.body", "body": b""})

        notte.service = redirect  # type: ignore[assignment]
        asked(project, notte, "--contract-discover", "--contract-start-session")
    assert (len(notte.lines) > 5, elsewhere.lines) == (True, [])


def test_signals_are_left_as_they_were(project: Project) -> None:
    before = signal.getsignal(signal.SIGTERM)
    asked(project, Notte(sessions=0), "--contract-start-session")
    assert signal.getsignal(signal.SIGTERM) is before
    assert threading.current_thread() is threading.main_thread()


def test_operation_that_ends_somebodys_resource_fails_nothing(project: Project) -> None:
    write_notte(project, delete=STOP_OPERATION)
    notte = Notte(sessions=4)
    given = f"--contract-session-id={notte.service.ids[0]}"
    run = asked(project, notte, "--contract-unsafe", "--contract-operation=DELETE *", given, "-rs")
    assert (run.code, bool(notte.changes)) == (0, True)
    assert not [line for line in notte.changes if notte.service.ids[0] in line]
    assert "not asked: what ends a resource is sent to none but the run's own" in run.out


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["alone", "-n 2"])
def test_nothing_of_a_listed_session_is_left_behind(workers: tuple[str, ...], project: Project) -> None:
    notte = Notte(sessions=6)
    run = asked(
        project, notte, "--contract-discover", "--contract-start-session", *LOUD, "-o", "log_level=DEBUG", *workers
    )
    found = {value: leaks(run, value) for value in (CANARY, "cdp.example/", "viewer.example/")}
    assert (run.code, found) == (0, {value: set() for value in found})
    assert run.verdicts["GET /sessions/{session_id} 200 /cdp_url type"]["seen"].keys() == {"value", "null"}


def test_interrupted_leader_stops_its_session(project: Project) -> None:
    notte = Notte(sessions=1)
    notte.on_request = lambda line: os.kill(os.getpid(), signal.SIGTERM) if len(notte.lines) == 2 else None
    run = asked(project, notte, "--contract-start-session", "-n", "1")
    assert [line.split(" ")[0] for line in notte.lines] == ["POST", "GET", "DELETE"]
    assert (run.code, run.report["decision"]) == (2, "inconclusive")


def test_a_session_is_asked_for_at_the_pace_of_the_run(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    monkeypatch.setattr("contracts.run.state.Pace", lambda bounds, *_: Pace(bounds, sleep=slept.append))
    asked(project, Notte(sessions=0), "--contract-start-session", "--contract-rate=1/h", "--contract-max-requests=3")
    assert len(slept) == 2  # the stop does not wait
