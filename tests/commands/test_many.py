"""`contracts diff` of folders and patterns, and of paths without a prefix."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from ..repositories import Repository, alone

Run = Callable[..., tuple[int, str, str]]


def text(title: str, path: str = "/things", *values: str) -> str:
    schema = f"{{type: object, properties: {{status: {{enum: [a{''.join(f', {value}' for value in values)}]}}}}}}"
    content = f"content: {{application/json: {{schema: {schema}}}}}"
    answers = f"responses: {{'200': {{description: ok, {content}}}}}"
    return f"openapi: 3.1.0\ninfo: {{title: {title}, version: '1'}}\npaths:\n  {path}: {{get: {{{answers}}}}}\n"


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    alone(monkeypatch, tmp_path)
    monkeypatch.chdir(tmp_path)
    repository = Repository(tmp_path)
    repository.commit({"specs/a.yaml": text("A"), "specs/b.yaml": text("B"), "v1.yaml": text("V", "/v1/things")})
    return repository


@pytest.fixture
def run(repository: Repository, contracts: Run) -> Run:
    return lambda *args, command="diff": contracts(command, *args)


def found(out: str) -> list[tuple[str, str, str]]:
    return [(one["id"], one["where"], one["effect"]) for one in json.loads(out)["changes"]]


@pytest.mark.parametrize("sides", [("HEAD:specs", "specs"), ("HEAD:specs/*.yaml", "specs/*.yaml")])
def test_the_findings_of_all_documents_are_one_comparison(
    sides: tuple[str, str], repository: Repository, run: Run
) -> None:
    assert run(*sides)[:2] == (0, run(*sides)[1])
    repository.write({"specs/a.yaml": text("A", "/things", "b"), "specs/b.yaml": text("B", "/things", "c")})
    code, out, _ = run(*sides, "--format", "json")
    assert code == 1
    assert found(out) == [
        ("enum-widened", f"{name} GET /things 200 /status", "breaking") for name in ("a.yaml", "b.yaml")
    ]
    code, out, _ = run(*sides)
    assert "HEAD:specs/b.yaml:4 -> specs/b.yaml:4" in out
    assert f"{sides[0]} -> {sides[1]}" in out


def test_a_document_that_is_gone_has_no_operations_any_more(repository: Repository, run: Run) -> None:
    repository.write({"specs/c.yaml": text("C", "/more")})
    Path("specs/a.yaml").unlink()
    code, out, _ = run("HEAD:specs", "specs", "--format", "json")
    assert code == 1
    assert found(out) == [
        ("operation-removed", "a.yaml GET /things", "breaking"),
        ("operation-added", "c.yaml GET /more", "compatible"),
    ]
    notes = json.loads(out)["notes"]
    assert "HEAD:specs/a.yaml was removed, with all of its operations" in notes
    assert "specs/c.yaml was added" in notes


def test_what_is_accepted_is_beside_the_documents(repository: Repository, run: Run) -> None:
    entry = '{ reason = "told", until = 2999-01-01 }'
    accepted = f'change."enum-widened a.yaml GET /things 200 /status" = {entry}\n'
    repository.write({"specs/a.yaml": text("A", "/things", "b"), "specs/accepted.toml": accepted})
    assert run("HEAD:specs", "specs")[0] == 0


def test_one_fault_in_many_is_refused_if_that_is_wanted(repository: Repository, run: Run) -> None:
    repository.write({"specs/b.yaml": text("B").replace("type: object", "type: objekt")})
    assert run("HEAD:specs", "specs", "--strict-document")[0] == 2


PREFIXES = {
    "both": (["--path-prefix", "/v1"], text("V", "/things"), 0),
    "both have it": (["--path-prefix", "/v1/"], text("V", "/v1/things"), 0),
    "each its own": (["--path-prefix-base", "/v1", "--path-prefix-revision", "/v2"], text("V", "/v2/things"), 0),
    "a part of a name": (["--path-prefix", "/v"], text("V", "/things"), 1),
    "none": ([], text("V", "/things"), 1),
    "of one side alone": (["--path-prefix-base", "/v1"], text("V", "/v1/things"), 1),
    "and an edit": (["--path-prefix", "/v1"], text("V", "/things", "b"), 1),
}


@pytest.mark.parametrize(("options", "revision", "code"), PREFIXES.values(), ids=PREFIXES)
def test_paths_are_compared_without_a_prefix(
    options: list[str], revision: str, code: int, repository: Repository, run: Run
) -> None:
    repository.write({"v1.yaml": revision})
    assert run("HEAD:v1.yaml", "v1.yaml", *options)[0] == code
    told = run("HEAD:v1.yaml", "v1.yaml", *options, command="changelog")[1]
    assert (": 0 changes, 0 breaking." in told) is (code == 0)


def test_a_place_has_no_prefix_and_its_line(repository: Repository, run: Run) -> None:
    repository.write({"v1.yaml": text("V", "/v1/things", "b")})
    _, out, _ = run("HEAD:v1.yaml", "v1.yaml", "--path-prefix", "/v1", "--format", "json")
    (change,) = json.loads(out)["changes"]
    assert change["where"] == "GET /things 200 /status"
    assert change["revision"]["line"] == 4


def test_references_into_a_path_are_followed_without_its_prefix(repository: Repository, run: Run) -> None:
    again = "  /v1/more: {$ref: '#/paths/~1v1~1things'}\n"
    repository.write({"v1.yaml": text("V", "/v1/things") + again})
    code, out, _ = run("HEAD:v1.yaml", "v1.yaml", "--path-prefix", "/v1", "--format", "json")
    assert (code, found(out)) == (0, [("operation-added", "GET /more", "compatible")])
    assert json.loads(out)["notes"] == []


@pytest.mark.parametrize(
    ("prefix", "paths", "said"),
    [
        ("v1", "/v1/things", "--path-prefix v1 does not begin with a slash"),
        ("/v1", "/things: {}\n  /v1/things", "/v1/things and /things are one path without /v1"),
    ],
)
def test_a_prefix_that_can_not_be_taken_off_is_refused(
    prefix: str, paths: str, said: str, repository: Repository, run: Run
) -> None:
    repository.write({"v1.yaml": text("V", paths)})
    code, _, err = run("HEAD:v1.yaml", "v1.yaml", "--path-prefix", prefix)
    assert code == 2
    assert said in err
