"""report.json: its schema holds and its counts add up, however a run ended."""

import json
import os
import signal
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from contracts.report.json_report import SCHEMA

from .projects import ENUM, Project, Run, Things, answer

VALIDATOR = jsonschema_rs.validator_for(json.loads(SCHEMA.read_text()), validate_formats=True)


def interrupt(number: int) -> None:
    if number == 7:
        os.kill(os.getpid(), signal.SIGINT)


RUNS: dict[str, Callable[[Project], Run]] = {
    "mock": lambda project: project.run("-q"),
    "pass": lambda project: project.ask(Things()),
    "violated": lambda project: project.ask(Things({"status": "paused"})),
    "violated by no JSON": lambda project: project.ask(Things(b"\xff\x00")),
    "violated by no answer": lambda project: project.ask(Things(instead=lambda n: b"HTTP/1.1 OK\r\n\r\n")),
    "advisory": lambda project: project.ask(Things(b'{"status": "active", "status": "active"}')),
    "refused": lambda project: project.ask(Things(key="another")),
    "interrupted": lambda project: project.ask(Things(on_request=interrupt)),
    "in part": lambda project: project.ask(Things({}), "--contract-rule=*enum"),
    "held against another": lambda project: [
        project.ask(Things({"status": "paused"})),
        project.ask(Things({}), "--contract-against=build/contract/report.json"),
    ][1],
    "against what is published": lambda project: project.ask(Things(), "--contract-drift"),
    "now and then": lambda project: project.ask(
        Things(instead=lambda n: answer(200, b"{}", "Content-Type: application/json") if n == 2 else None)
    ),
    "unavailable": lambda project: project.ask(Things(instead=lambda n: answer(429) if n < 4 else None)),
}


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("name", RUNS)
def test_report_keeps_its_schema_and_adds_up(name: str, project: Project) -> None:
    report = RUNS[name](project).report
    summary, outcomes = report["summary"], Counter(verdict["outcome"] for verdict in report["verdicts"])
    assert [str(error) for error in VALIDATOR.iter_errors(report)] == []
    assert {name: summary[name] for name in ("holds", "violated", "not_exercised", "undecided")} == {
        name: outcomes[name] for name in ("holds", "violated", "not_exercised", "undecided")
    }
    assert summary["rules"] == len(report["verdicts"]) == outcomes.total()
    assert summary["exchanges"] == sum(report["statuses"].values())
    assert report["started"] < report["finished"]


def test_report_names_suite_document_and_target(project: Project) -> None:
    report = project.run("-q").report
    assert report["suite"]["name"] == "notte-contracts"
    assert {name: report["spec"][name] for name in ("title", "version", "path")} == {
        "title": "Things",
        "version": "1.0",
        "path": "spec/notte.yaml",
    }
    assert report["target"] == {"kind": "mock", "base_url": None}


def test_evidence_is_the_answer_and_the_request(project: Project) -> None:
    run = project.ask(Things({"status": "paused"}))
    verdict = run.verdicts[ENUM]
    evidence = verdict["evidence"]
    assert (evidence["message"], evidence["instance"], evidence["status"]) == ('"paused"', "/status", 200)
    assert evidence["body"] == '{"status": "paused"}'
    assert ["Content-Type", "application/json"] in evidence["headers"]
    assert evidence["curl"] in run.out
    assert verdict["seen"] == {"paused": verdict["violations"]}


def exchanges(folder: Path) -> list[Any]:
    lines = (folder / "build" / "contract" / "exchanges.jsonl").read_text().splitlines()
    return [record for line in lines if "method" in (record := json.loads(line))]


def test_exchanges_are_kept_beside_the_report(project: Project) -> None:
    run = project.ask(things := Things())
    assert len(exchanges(project.folder)) == run.report["summary"]["exchanges"] == len(things.heads)


def test_next_run_overwrites_the_report(project: Project) -> None:
    project.ask(Things({"status": "paused"}))
    run = project.ask(Things())
    assert (run.report["decision"], run.violated) == ("pass", set())
