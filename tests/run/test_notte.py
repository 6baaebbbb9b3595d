"""Notte's own document against a service that keeps it, and against one with a fault."""

import shutil
from pathlib import Path

import pytest

from contracts.probes.edges import edge_requests
from tests.service import create_app, fault_named, running, seeded_ids

from .projects import CANARY, Project, Run

SPEC = Path(__file__).parents[2] / "spec"
OPERATION = "GET /sessions/{session_id}"


@pytest.fixture(autouse=True)
def every_odd_request(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("contracts.probes.probe_plan.edge_requests", edge_requests)


def asked(project: Project, fault: str | None, *args: str) -> Run:
    for name in ("notte.yaml", "notte.overlay.yaml"):
        shutil.copy(SPEC / name, project.folder / "spec")
    (project.folder / "ids.txt").write_text("\n".join(seeded_ids(12)))
    app = create_app(key=CANARY, fault=fault_named(fault) if fault else None)
    with running(app) as base_url:
        return project.run("-q", "--base-url", base_url, "--contract-session-id=@ids.txt", *args)


def test_conforming_service_gives_no_finding(project: Project) -> None:
    run = asked(project, None, "--contract-strict", "--contract-unsafe")
    assert (run.code, run.report["decision"], run.violated) == (0, "pass", set())
    assert run.texts("advisory: ") == []
    assert not [verdict for verdict in run.verdicts.values() if verdict["violations"]]


@pytest.mark.parametrize(
    ("fault", "rules"),
    [
        ("missing-status", {"200 / required status"}),
        ("null-headless", {"200 /headless nullability"}),
        ("type-viewport_width-text", {"200 /viewport_width type"}),
        ("steps-text-item", {"200 /steps/* type"}),
        ("422-no-msg", {"422 /detail/* required msg"}),
        ("status-500", {"status documented"}),
        ("media-html", {"200 media type documented"}),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_fault_breaks_its_rules_alone(fault: str, rules: set[str], project: Project) -> None:
    run = asked(project, fault, "--contract-unsafe")
    assert (run.code, run.violated) == (1, {f"{OPERATION} {rule}" for rule in rules})
