"""A run on a document with faults: what can be read is judged, the rest is said, and no service is blamed for it."""

from __future__ import annotations

from typing import Any

import pytest

from .projects import ENUM, THING, Project, Things, document, operation

PASSED, FAILED, WRONG = 0, 1, 4
FAULTY: dict[str, Any] = {
    **THING,
    "properties": {
        **THING["properties"],
        "rate": {"type": "number", "minimum": 0, "exclusiveMinimum": True},
        "either": {"oneOf": [{"type": "strin"}, {"type": "integer"}]},
        "no": {"not": {"enum": 1}},
        "nowhere": {"$ref": "#/components/schemas/No"},
        "wanted": {"type": "string", "required": True},
        "none": {"type": "string", "nullable": True},
    },
}
FULL = {"status": "active", "rate": 1, "either": 1, "no": 1, "nowhere": [], "wanted": "w", "none": None}


@pytest.fixture
def faulty(project: Project) -> Project:
    odd = [{"name": "q", "in": "querry", "schema": {}}, {"name": "n", "in": "query", "type": "int"}]
    project.write(document(get=operation("get_thing", FAULTY, parameters=odd)))
    return project


def test_what_is_unread_blames_nobody(faulty: Project) -> None:
    run = faulty.ask(Things(FULL))
    assert (run.code, run.report["decision"], run.violated) == (PASSED, "pass", set())
    said = [notice["problem"] for notice in run.report["notices"]]
    for part in ("exclusiveMinimum", "strin", "#/components/schemas/No", "/required is true", "querry", "nullable"):
        assert any(part in problem for problem in said), part


@pytest.mark.parametrize(
    ("thing", "rule"),
    [
        ({"status": "paused"}, ENUM),
        ({"status": "active", "rate": 0}, "GET /things/{thing_id} 200 /rate bounds"),
        ({"status": "active", "none": 1}, "GET /things/{thing_id} 200 /none type"),
    ],
)
def test_what_is_read_is_judged(thing: Any, rule: str, faulty: Project) -> None:
    run = faulty.ask(Things(thing))
    assert (run.code, run.violated) == (FAILED, {rule})


def test_any_fault_is_refused_if_that_is_wanted(faulty: Project) -> None:
    run = faulty.run("-q", "--contract-strict-document")
    assert run.code == WRONG
    assert "or let faults be read as they are meant" in run.out + run.err


@pytest.mark.parametrize(("root", "code"), [("spec", WRONG), (".", PASSED)])
def test_files_are_read_below_the_root(root: str, code: int, project: Project) -> None:
    (project.folder / "status.json").write_text('{"type": "string", "enum": ["active", "closed"]}')
    thing = {**THING, "properties": {"status": {"$ref": "../status.json"}}}
    project.write(document(get=operation("get_thing", thing)))
    run = project.run("-q", f"--contract-root={root}", "--contract-strict-document")
    assert run.code == code
