"""Paths of a run: templates that are one path, and odd values that a router answers."""

from __future__ import annotations

from typing import Any

import pytest

from contracts import commands

from .projects import Project, Things, answer, document, operation

HTML = "Content-Type: text/html"


class Routed(Things):
    """A service behind a router that answers odd paths by itself, before anybody looks at the credential."""

    def __call__(self, request: bytes) -> bytes:
        value = request.split(b" ")[1].decode().rpartition("/")[2]
        for part, status in {"%2F": 307, "%252F": 404, "%00": 400, "%5C": 404, "a" * 200: 414, "%25": 405}.items():
            if part in value:
                return answer(status, b"<h1>no</h1>", HTML, "Location: /elsewhere")
        return super().__call__(request)


def twins() -> dict[str, Any]:
    value = document(get=operation("get_thing"))
    deleted = document("name", delete={"responses": {"204": {"description": "gone"}}})
    return {**value, "paths": {**value["paths"], **deleted["paths"]}}


def test_templates_that_are_one_path_are_told_once_and_break_nothing(project: Project) -> None:
    project.write(twins())
    run = project.run("-q", "--contract-strict")
    told = [line for line in run.lines if "are one path" in line]
    assert (run.code, len(told)) == (0, 2)  # as it begins, and in the summary
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


def test_what_a_router_answers_to_odd_paths_violates_nothing(project: Project) -> None:
    run = project.ask(Routed())
    (advisory,) = [v for v in run.report["verdicts"] if v["outcome"] == "violated"]
    assert run.code == 0
    assert (advisory["rule"], advisory["severity"]) == ("GET /things/{thing_id} edge answer documented", "advisory")


def test_what_it_answers_to_any_path_is_a_violation(project: Project) -> None:
    run = project.ask(Things(instead=lambda number: answer(307, b"", "Location: /elsewhere") if number == 4 else None))
    assert (run.code, run.violations) == (1, {"GET /things/{thing_id} status documented"})
