"""A run on a document with faults: said as it begins, counted in each form of its report, no part of its decision."""

from __future__ import annotations

from dataclasses import replace

import pytest

from contracts.report.forms import FORMS, lines_of
from contracts.report.json_report import merge, read_run

from .projects import Project, Run, document, operation
from .test_junit import pairs, suite

USAGE = 4
KNOWN = {"here": None, "trend": None, "width": 200, "encoding": "utf-8"}
FAULTY = document(get=operation("get_thing", example={"status": 1}), put=operation("get_thing"))
FAULTY["webhooks"] = {"ping": {"post": {"responses": {"200": {"description": "ok"}}}}}
TWICE = 'the operationId "get_thing" is that of another operation'
OTHER_WAY = "1 webhook neither asked nor judged: ping"


@pytest.fixture
def ran(project: Project) -> Run:
    project.write(FAULTY)
    return project.run("-q")


def test_faults_are_said_as_the_run_begins_and_decide_nothing(ran: Run) -> None:
    begun = [line for line in ran.lines if line.startswith("contract: spec/notte.yaml:")]
    assert [text in line for text, line in zip((TWICE, OTHER_WAY), begun, strict=True)] == [True, True]
    assert (ran.code, ran.report["decision"]) == (0, "pass")


def test_faults_are_in_the_report_with_their_places(ran: Run) -> None:
    found = [(notice["kind"], notice["source"]["file"], notice["more"]) for notice in ran.report["notices"]]
    assert found == [("operationId", "spec/notte.yaml", 0), ("not asked", "spec/notte.yaml", 0)]
    lines = (ran.folder / "spec" / "notte.yaml").read_text().splitlines()
    assert ["get_thing" in lines[n["source"]["line"] - 1] for n in ran.report["notices"]] == [True, False]


@pytest.mark.parametrize("form", FORMS["run"])
def test_faults_are_counted_and_told_in_every_form(form: str, ran: Run) -> None:
    told = read_run(ran.folder / "build" / "contract" / "report.json")
    text = "\n".join(lines_of(FORMS["run"][form], told, **KNOWN))
    assert "webhook" in text
    assert "2 notices on the document" in text or text.count("title=document%3A") == 2


def test_faults_of_merged_reports_are_told_once(ran: Run) -> None:
    told = read_run(ran.folder / "build" / "contract" / "report.json")
    first, second = told.notices
    merged = merge([replace(told, notices=(first,)), replace(told, notices=(first, second))])
    assert merged.notices == (first, second)


NOTHING = {
    "no operation": ({"paths": {"/things/{thing_id}": {}}}, "spec/notte.yaml:"),
    "no path": ({"paths": {}}, "spec/notte.yaml:"),
}


@pytest.mark.parametrize(("change", "place"), NOTHING.values(), ids=NOTHING)
def test_a_document_without_operations_is_no_pass(change: dict[str, object], place: str, project: Project) -> None:
    project.write({**FAULTY, **change})
    run = project.run("-q")
    assert run.code == USAGE
    assert f"ERROR: {place}" in run.err
    assert "no path has an operation, so there is nothing to test; give a document whose `paths` have one" in run.err


def test_a_path_parameter_that_nobody_declares_is_asked_for(project: Project) -> None:
    path = {"/things/{thing_id}/parts/{part_id}": FAULTY["paths"]["/things/{thing_id}"]}
    project.write({**FAULTY, "paths": path})
    run = project.run("-q")
    assert run.code == USAGE
    assert "ERROR: spec/notte.yaml:" in run.err
    assert "has {part_id}, which no parameter of GET, PUT declares; declare it with `in: path`" in run.err


def test_faults_stand_beside_the_suite_in_junit(project: Project) -> None:
    project.write(FAULTY)
    run = project.run("-q", "--junitxml=out.xml")
    found = [(name, value) for name, value in pairs(suite(run)) if name.startswith("notice")]
    assert found[0] == ("notices", "2 notices on the document")
    assert [text in value for text, (_, value) in zip((TWICE, OTHER_WAY), found[1:], strict=True)] == [True, True]
