"""`contracts lives`: which operations are on the same resources, before anything is sent."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from contracts import commands

from ..service.depot import FILE

LINKED = {"links": {"made": {"operationId": "readUser", "parameters": {"user": "$response.body#/id"}}}}


def lives(monkeypatch: pytest.MonkeyPatch, *args: object) -> None:
    monkeypatch.setattr("sys.argv", ["contracts", "lives", *map(str, args)])
    commands.main()


def told(path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any, *args: object) -> dict[str, Any]:
    lives(monkeypatch, path, "--format", "json", *args)
    return {family["resource"]: family for family in json.loads(capsys.readouterr().out)}


def written(folder: Path, **paths: Any) -> Path:
    file = folder / "openapi.json"
    about = {"openapi": "3.1.0", "info": {"title": "Users", "version": "1"}}
    file.write_text(json.dumps({**about, "paths": {f"/{path}": item for path, item in paths.items()}}))
    return file


def test_a_line_an_operation_with_what_it_does(monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    lives(monkeypatch, FILE)

    shown = capsys.readouterr().out
    assert "/shipments/{shipment}/stops/{stop}, within /shipments/{shipment}\n  create   POST /ship" in shown
    assert "/docks/{dock}: not asked, no operation makes such resources" in shown
    assert "/imports/{job}: not asked, what makes such resources answers 202" in shown
    assert "7 kinds of resources, lives of 3 are asked with --contract-unsafe" in shown


def test_programs_get_what_people_do(monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    found = told(FILE, monkeypatch, capsys)

    shipments = found["/shipments/{shipment}"]
    assert shipments["children"] == ["/shipments/{shipment}/stops/{stop}"]
    assert shipments["operations"]["create"] == [{"operation": "POST /shipments", "by": "path", "takes_part": True}]
    assert (found["/docks/{dock}"]["asked"], shipments["asked"]) == (False, True)


def test_a_link_leads_to_what_makes_resources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    ok = {"responses": {"200": {"description": ""}}}
    signup = {"post": {"responses": {"200": {"description": ""}}}}
    path = written(tmp_path, **{"signup": signup, "users/{user}": {"get": {**ok, "operationId": "readUser"}}})
    before = told(path, monkeypatch, capsys)["/users/{user}"]
    overlay = tmp_path / "links.yaml"
    action = {"target": "$.paths['/signup'].post.responses['200']", "update": LINKED}
    overlay.write_text(json.dumps({"overlay": "1.0.0", "info": {"title": "", "version": ""}, "actions": [action]}))

    after = told(path, monkeypatch, capsys, "--overlay", overlay)["/users/{user}"]

    assert not before["asked"]
    assert after["operations"]["create"] == [{"operation": "POST /signup", "by": "link", "takes_part": True}]


@pytest.mark.parametrize(
    ("place", "asked", "part"),
    [("$", False, True), ("$.paths['/users']", False, True), ("$.paths['/users'].post", False, False)],
    ids=["of the document", "of the path", "of what makes them"],
)
def test_an_overlay_says_that_none_are_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any, place: str, asked: bool, part: bool
) -> None:
    ok = {"responses": {"201": {"description": ""}}}
    path = written(tmp_path, **{"users": {"post": ok}, "users/{user}": {"get": ok, "delete": ok}})
    overlay = tmp_path / "left.yaml"
    action = {"target": place, "update": {"x-lives": False}}
    overlay.write_text(json.dumps({"overlay": "1.0.0", "info": {"title": "", "version": ""}, "actions": [action]}))

    found = told(path, monkeypatch, capsys, "--overlay", overlay)["/users/{user}"]

    assert (found["asked"], found["operations"]["create"][0]["takes_part"]) == (asked, part)
    assert found["why"].startswith("x-lives is false at ")


def test_an_operation_alone_is_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    ok = {"responses": {"201": {"description": ""}}}
    path = written(tmp_path, **{"users": {"post": ok}, "users/{user}": {"get": ok, "delete": {**ok, "x-lives": False}}})

    lives(monkeypatch, path)

    shown = capsys.readouterr().out
    assert "delete   DELETE /users/{user}  by path  (x-lives is false)" in shown
    assert "lives of 1 are asked" in shown
