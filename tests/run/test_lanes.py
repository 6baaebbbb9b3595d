"""Operations are asked side by side, each by one process; what comes of it is the same for any number of them."""

from __future__ import annotations

import json
import re
from collections import Counter, OrderedDict
from types import SimpleNamespace
from typing import Any

import hypothesis
import pytest

from contracts.run.items import lanes_of
from contracts.run.state import Items

from .projects import CANARY, Project, Run, Things, answer, document, operation

LIST = {"type": "array", "items": {"type": "object", "required": ["id"], "properties": {"id": {"type": "string"}}}}
SOME = ("c3", "d4", "e5")


class Shelf(Things):
    """Lists things, and knows those that it lists; the last of them breaks the contract."""

    def _good(self, head: str) -> bytes:
        target = head.split(" ")[1]
        if "401 " in (refused := super()._good(head)).decode()[:13]:
            return refused
        if target.partition("?")[0] in ("/things", "/boxes", "/crates"):
            body = json.dumps([{"id": name} for name in SOME])
        elif (name := target.rpartition("/")[2]) in SOME:
            body = json.dumps({"status": "paused" if name == SOME[-1] else "active"})
        else:
            return answer(404)
        return answer(200, body.encode(), "Content-Type: application/json")


def shelf() -> dict[str, Any]:
    """Three kinds of things; what lists them comes after what is asked for them."""
    made, whole = document(), document()
    item = made["paths"]["/things/{thing_id}"]
    listing = operation("list", LIST)
    whole["paths"] = {}
    for name in ("things", "boxes", "crates"):
        one, many = json.loads(json.dumps(item)), json.loads(json.dumps(listing))
        one["get"]["operationId"], many["operationId"] = f"get_{name}", f"list_{name}"
        whole["paths"] |= {f"/{name}/{{thing_id}}": one, f"/{name}": {"get": many}}
    return whole


def run_on(project: Project, things: Things, *args: str) -> Run:
    run = project.run("-q", "--base-url", project.serve(things), *args)
    assert run.report
    return run


def told(run: Run) -> Any:
    """All that the report says, but for times and places."""
    report = json.loads(re.sub(r"127\.0\.0\.1:\d+", "HOST", json.dumps(run.report)))
    for one in report["operations"].values():
        del one["times"]
    return {key: value for key, value in report.items() if key not in ("command", "started", "finished")}


@pytest.fixture
def project(project: Project) -> Project:
    project.write(shelf())
    return project


@pytest.mark.usefixtures("untouched")
def test_two_processes_ask_verdict_and_report_as_one(project: Project) -> None:
    hypothesis.settings.register_profile("dev", max_examples=10)  # what it is in the workers
    alone, shared = Shelf(), Shelf()
    single = run_on(project, alone)
    verdicts, report = single.verdicts, told(single)
    lines = (project.folder / "build" / "contract" / "exchanges.jsonl").read_text()
    double = run_on(project, shared, "-n", "2")
    assert (double.code, single.code) == (1, 1)
    assert double.verdicts.keys() == verdicts.keys()
    assert Counter(shared.heads) == Counter(re.sub(r"Host: [^\r]*", host_of(shared), head) for head in alone.heads)
    assert told(double) == report
    assert numbered(project) == [number for number, _ in enumerate(lines.splitlines()) if number < len(alone.heads)]


def host_of(things: Things) -> str:
    (host,) = {line for head in things.heads for line in head.split("\r\n") if line.startswith("Host: ")}
    return host


def numbered(project: Project) -> list[int]:
    path = project.folder / "build" / "contract" / "exchanges.jsonl"
    records = map(json.loads, path.read_text().splitlines())
    return [record["number"] for record in records if "number" in record]


def test_what_lists_is_asked_before_what_it_lists(project: Project) -> None:
    things = Shelf()
    run = run_on(project, things)
    asked = list(dict.fromkeys(line.split(" ")[1].partition("?")[0] for line in things.lines))
    assert asked.index("/things") < asked.index("/things/c3")
    assert run.verdicts["GET /things/{thing_id} 200 /status enum"]["outcome"] == "violated"
    # No request for what the list had said already.
    assert things.lines.count("GET /things") == len(of(run, "GET /things", "GET /things"))


def of(run: Run, operation: str, line: str) -> list[Any]:
    path = run.folder / "build" / "contract" / "exchanges.jsonl"
    records = map(json.loads, path.read_text().splitlines())
    asked = [r for r in records if r.get("operation") == operation]
    return [r for r in asked if f"{r['method']} {r['target']}" == line]


def test_test_of_one_operation_asks_no_other(project: Project) -> None:
    run = run_on(project, Shelf(), "-k", "boxes and thing_id and enum")
    assert {key for key, one in run.report["operations"].items() if one["exchanges"]} == {"GET /boxes/{thing_id}"}
    assert run.violations == {"GET /boxes/{thing_id} 200 /status enum"}


def test_bounds_hold_over_all_processes(project: Project) -> None:
    things = Shelf()
    run = run_on(project, things, "-n", "2", "--contract-max-requests=40")
    assert len(things.heads) == 40
    assert "the run has sent 40 requests, its bound (--contract-max-requests)" in run.out


# Which process gets which tests


class Worker:
    shutting_down = False
    gateway = SimpleNamespace(id="gw")

    def __init__(self) -> None:
        self.tests: list[int] = []

    def send_runtest_some(self, tests: list[int]) -> None:
        self.tests += tests

    def shutdown(self) -> None:
        self.shutting_down = True


ITEMS = {f"GET /{name} {rule}": f"GET /{name}" for name in "abc" for rule in range(3)}
TESTS = [f"t.py::test_rule[{name}]" for name in sorted(ITEMS, key=lambda name: name[-1])]


@pytest.fixture
def workers() -> list[Any]:
    return [Worker(), Worker()]


@pytest.fixture
def scheduler(workers: list[Any]) -> Any:
    option = SimpleNamespace(tx=["popen", "popen"], loadscopereorder=True)
    config = SimpleNamespace(option=option, getvalue=lambda name: getattr(option, name), hook=None)
    made = lanes_of(SimpleNamespace(items=Items("id", ITEMS)), config, None)  # type: ignore[arg-type]
    for worker in workers:
        made.add_node(worker)
    for worker in workers:
        made.add_node_collection(worker, [*TESTS, "t.py::test_mine", "t.py::test_mine[GET /a]"])
    made.schedule()
    return made


def operations(worker: Worker) -> list[str]:
    return [TESTS[index].partition("[")[2][:6] for index in worker.tests if index < len(TESTS)]


def finish(scheduler: Any, worker: Worker, count: int = 99) -> None:
    """The worker runs so many of its tests."""
    done, worker.tests = worker.tests[:count], worker.tests[count:]
    for index in done:
        scheduler.mark_test_complete(worker, index)


def test_tests_of_an_operation_go_to_one_process_in_their_order(scheduler: Any, workers: list[Any]) -> None:
    one, other = workers
    assert (operations(one), operations(other)) == (["GET /a"] * 3, ["GET /b"] * 3)
    assert one.tests == sorted(one.tests)
    finish(scheduler, one, 1)
    assert operations(one)[2:] == ["GET /c"] * 3
    assert "GET /c" not in operations(other)


def test_all_tests_are_run_once(scheduler: Any, workers: list[Any]) -> None:
    ran: list[int] = []
    while any(worker.tests for worker in workers):
        for worker in workers:
            ran += worker.tests[:1]
            finish(scheduler, worker, 1)
    assert sorted(ran) == list(range(len(TESTS) + 2))
    assert scheduler.tests_finished
    assert not scheduler.has_pending
    assert all(worker.shutting_down for worker in workers)


def test_what_a_dead_process_had_is_run_by_others_but_for_the_test_it_died_at(
    scheduler: Any, workers: list[Any]
) -> None:
    one, other = workers
    finish(scheduler, one, 1)
    died, *left = one.tests
    assert scheduler.remove_node(one) == [*TESTS][died]
    while other.tests:
        left = [index for index in left if index not in other.tests]
        finish(scheduler, other, 1)
    assert left == []
    assert not scheduler.has_pending


def test_process_that_had_done_its_work_died_at_no_test(scheduler: Any, workers: list[Any]) -> None:
    scheduler.workqueue = OrderedDict()
    finish(scheduler, workers[0])
    assert scheduler.remove_node(workers[0]) is None


def test_secret_stands_nowhere_in_what_processes_share(project: Project) -> None:
    things = Shelf({"status": CANARY}, fields=(f"X-Debug: {CANARY}",))
    run_on(project, things, "-n", "1")
    folder = project.folder / "build"
    assert not [path for path in folder.rglob("*") if path.is_file() and CANARY.encode() in path.read_bytes()]
