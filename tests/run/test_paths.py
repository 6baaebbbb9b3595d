"""Paths of a run: templates that are one path, and odd values that a router answers."""

from __future__ import annotations

from typing import Any

import pytest

from contracts import commands

from .projects import Project, document, operation


def twins() -> dict[str, Any]:
    value = document(get=operation("get_thing"))
    deleted = document("name", delete={"responses": {"204": {"description": "gone"}}})
    return {**value, "paths": {**value["paths"], **deleted["paths"]}}


def test_templates_that_are_one_path_are_told_once_and_break_nothing(project: Project) -> None:
    project.write(twins())
    run = project.run("-q", "--contract-strict")
    told = [line for line in run.lines if "are one path" in line]
    assert (run.code, len(told)) == (0, 1)
    assert told[0].startswith("contract: spec/notte.yaml:")
    assert "/things/{name} and /things/{thing_id} (spec/notte.yaml:" in told[0]


def test_the_catalogue_of_rules_tells_them_apart_from_its_output(
    project: Project, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    project.write(twins())
    monkeypatch.setattr("sys.argv", ["contracts", "rules", "--spec", str(project.folder / "spec" / "notte.yaml")])
    commands.main()
    out, err = capsys.readouterr()
    assert ("are one path" in err, "are one path" in out) == (True, False)
