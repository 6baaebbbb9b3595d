"""Lives in a whole run: what is made is ended, whoever asks and however it ends, and what is found is a story."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from .orders import ONE, Orders, document
from .projects import Project, Run, answer

LANE = f"lives of {ONE}"


class Forgetful(Orders):
    """Orders that a DELETE answers and keeps."""

    def __call__(self, request: bytes) -> bytes:
        if request.startswith(b"DELETE "):
            self.asked.append(request.split(b"\r\n")[0].decode())
            return answer(204)
        return super().__call__(request)


def run(project: Project, orders: Orders, *args: str, spec: dict[str, Any] | None = None) -> Run:
    project.write(spec or document())
    return project.run("-q", "--base-url", project.serve(orders), *args)  # type: ignore[arg-type]


def replay(project: Project, orders: Orders, report: Path, *args: str) -> Run:
    url = project.serve(orders)  # type: ignore[arg-type]
    return project.run("-q", "--base-url", url, f"--contract-replay={report}", *args)


def lives_in(project: Project) -> list[dict[str, Any]]:
    lines = (project.folder / "build/contract/exchanges.jsonl").read_text().splitlines()
    return [one for one in map(json.loads, lines) if one.get("life") == LANE]


def test_a_conforming_service_has_lives_and_nothing_of_them_is_left(project: Project) -> None:
    orders = Orders.with_two()

    made = run(project, orders, "--contract-unsafe")

    assert made.code == 0, made.out
    assert [one["note"] for one in lives_in(project)][:4] == ["list", "create", "read", "create"]
    assert made.verdicts[f"DELETE {ONE} / deleted is gone"]["outcome"] == "holds"
    assert {*orders.status} == {1, 2}


@pytest.mark.parametrize("args", [[], ["--contract-unsafe", "--contract-operation=updateOrder"]], ids=["safe", "one"])
def test_without_permission_no_life_is_asked(project: Project, args: list[str]) -> None:
    made = run(project, Orders.with_two(), *args, "--contract-param=order_id=2")

    assert lives_in(project) == []
    told = made.verdicts[f"PATCH {ONE} / changes what it names"]
    assert told["outcome"] == "not_asked"


def test_two_processes_ask_the_same(project: Project) -> None:
    run(project, Orders.with_two(), "--contract-unsafe")
    alone = lives_in(project)
    run(project, Orders.with_two(), "--contract-unsafe", "-n", "2")

    assert [one["note"] for one in lives_in(project)] == [one["note"] for one in alone]
    assert [one["body"] for one in lives_in(project)] == [one["body"] for one in alone]


def test_what_is_found_is_told_as_a_story(project: Project) -> None:
    orders = Forgetful.with_two()
    made = run(project, orders, "--contract-unsafe", "--junitxml=junit.xml")

    rule = f"DELETE {ONE} / deleted is gone"
    proof = made.verdicts[rule]["evidence"]
    assert [step["request"]["method"] for step in proof["story"]] == ["POST", "DELETE", "GET"]
    first, *_, last = (step["curl"] for step in proof["story"])
    assert first.startswith("ID=$(curl -sS ")
    assert first.endswith("| jq -r .id)  # 1. create: 201")
    assert "/orders/$ID" in last
    assert last.endswith("  # 3. read: 200")
    assert first in made.out
    assert first in (project.folder / "junit.xml").read_text().replace("&quot;", '"').replace("&#x27;", "'")
    assert "ID=$(curl" in (project.folder / "build/contract/report.html").read_text()
    (left,) = (note for note in made.report["notes"] if "of its own" in note)
    assert left


def test_the_story_is_a_script(project: Project) -> None:
    made = run(project, Forgetful.with_two(), "--contract-unsafe")
    story = made.verdicts[f"DELETE {ONE} / deleted is gone"]["evidence"]["story"]
    script = "\n".join(step["curl"] for step in story)

    told = subprocess.run(["sh", "-c", script], capture_output=True, text=True, env={**os.environ}, timeout=30)

    assert told.returncode == 0, told.stderr
    assert told.stdout.rstrip().endswith("}")
    assert "204" in told.stdout


def test_a_life_is_replayed_with_what_it_makes_itself(project: Project) -> None:
    run(project, Forgetful.with_two(), "--contract-unsafe")
    report = project.folder / "report.json"
    os.replace(project.folder / "build/contract/report.json", report)
    again, mended = Forgetful.with_two(), Orders.with_two()

    found = replay(project, again, report, "--contract-unsafe")
    outcome = found.verdicts[f"DELETE {ONE} / deleted is gone"]["outcome"]
    asked = [one["note"] for one in lives_in(project)]
    gone = replay(project, mended, report, "--contract-unsafe")

    assert (outcome, asked) == ("violated", ["create", "delete", "read"])
    assert gone.verdicts[f"DELETE {ONE} / deleted is gone"]["outcome"] == "holds"
    assert {*mended.status} == {1, 2}
    assert {"/orders/1", "/orders/2"}.isdisjoint(mended.of("DELETE"))


def test_a_replay_without_permission_changes_nothing(project: Project) -> None:
    run(project, Forgetful.with_two(), "--contract-unsafe")
    report = project.folder / "report.json"
    os.replace(project.folder / "build/contract/report.json", report)
    orders = Orders.with_two()

    replay(project, orders, report)

    assert {one.split()[0] for one in orders.asked} <= {"GET", "HEAD", "OPTIONS", "TRACE"}
