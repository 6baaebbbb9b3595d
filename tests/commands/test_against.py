"""`contracts diff --against GITREV FILE...`: what changed, file by file, as a hook of pre-commit names it."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import pytest
import yaml

from ..repositories import Repository, alone
from .conftest import Run

ROOT = Path(__file__).parents[2]
(HOOK,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
ANSWER = "description: ok, content: {application/json: {schema: {type: object, properties: {status: {enum: [%s]}}}}}"
OVERLAY = """overlay: 1.0.0
info: {title: T, version: '1'}
actions: [{target: "$.paths['/things'].get.responses['200'].content['application/json'].schema", update: %s}]
"""


def text(*values: str) -> str:
    answers = f"responses: {{'200': {{{ANSWER % ', '.join(values)}}}}}"
    return f"openapi: 3.1.0\ninfo: {{title: T, version: '1'}}\npaths:\n  /things: {{get: {{{answers}}}}}\n"


RETITLED = text("a", "b").replace("title: T", "title: Other")


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    alone(monkeypatch, tmp_path)
    monkeypatch.chdir(tmp_path)
    return Repository(tmp_path)


@pytest.fixture
def hook(contracts: Run) -> Run:
    """The hook as pre-commit calls it: its entry, split as a shell would, its words, and then the files."""
    return lambda *files: contracts(*shlex.split(HOOK["entry"])[1:], *HOOK["args"], *files)


def test_a_file_is_no_option(repository: Repository, hook: Run) -> None:
    name = "--fail-on=never/openapi.yaml"
    repository.commit({name: text("a")})
    repository.write({name: text("a", "b")})
    code, out, err = hook(name)
    assert (code, err) == (1, "")
    assert "error enum-widened" in out


def test_a_document_is_compared_with_what_it_was(repository: Repository, hook: Run) -> None:
    repository.commit({"api/openapi.yaml": text("a"), "openapi.json": text("a")})
    repository.write({"api/openapi.yaml": text("a", "b")})
    code, out, err = hook("api/openapi.yaml", "openapi.json")
    assert (code, err) == (1, "")
    assert "HEAD:./api/openapi.yaml:4 -> api/openapi.yaml:4  error enum-widened" in out
    assert "diff: COMPATIBLE (nothing changed): HEAD:./openapi.json -> openapi.json" in out


def test_paths_are_seen_from_here(repository: Repository, hook: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    repository.commit({"api/openapi.yaml": text("a"), "openapi.yaml": text("a")})
    repository.write({"api/openapi.yaml": text("a", "b"), "openapi.yaml": text("a", "b")})
    monkeypatch.chdir(repository.folder / "api")
    code, out, _ = hook("openapi.yaml", "../openapi.yaml", str(repository.folder / "openapi.yaml"))
    assert (code, out.count("error enum-widened")) == (1, 3)


@pytest.mark.parametrize(
    ("codes", "code"), [(("a", "a b"), 1), (("a b", "a"), 1), (("a", "a"), 0)], ids=["last", "first", "none"]
)
def test_any_that_breaks_fails(codes: tuple[str, str], code: int, repository: Repository, hook: Run) -> None:
    repository.commit({"a.yaml": text("a"), "b.yaml": text("a")})
    for name, values in zip(("a.yaml", "b.yaml"), codes, strict=True):
        repository.write({name: text(*values.split())})
    assert hook("a.yaml", "b.yaml")[0] == code


def test_what_is_undecided_is_no_pass_beside_what_is_fine(repository: Repository, hook: Run) -> None:
    repository.commit({"a.yaml": text("a"), "b.yaml": text("a").replace("[a]", "[a], pattern: '(?<=a)b'")})
    repository.write({"b.yaml": text("a").replace("enum: [a]", "type: 7")})
    assert hook("b.yaml", "a.yaml")[0] == hook("a.yaml", "b.yaml")[0] == 3


def test_what_is_new_is_not_compared_and_that_is_said(repository: Repository, hook: Run) -> None:
    said = "contracts: openapi.yaml: not compared, HEAD has no such file\n"
    repository.write({"openapi.yaml": text("a")})
    assert hook("openapi.yaml") == (0, "", said)  # the first commit of all
    Path("openapi.yaml").unlink()
    repository.commit({"api.yaml": text("a")})
    repository.write({"openapi.yaml": text("a")})
    assert hook("openapi.yaml") == (0, "", said)


@pytest.mark.parametrize(("after", "code"), [(text("a"), 0), (text("a", "b"), 1), (RETITLED, 1)])
@pytest.mark.parametrize("tell", [["add", "--all"], ["status"]], ids=["told", "not told"])
def test_a_document_that_was_renamed_is_compared(
    tell: list[str], after: str, code: int, repository: Repository, hook: Run
) -> None:
    repository.commit({"old/openapi.yaml": text("a"), "other.yaml": text("a"), "config.yaml": "a: 1\n"})
    for name in ("old/openapi.yaml", "config.yaml"):
        Path(name).unlink()
    repository.write({"new/api.yaml": after})
    repository.git(*tell)
    found, out, err = hook("new/api.yaml")
    assert (found, err) == (code, "")
    assert "HEAD:old/openapi.yaml -> new/api.yaml" in out


def test_of_several_that_are_gone_the_title_tells(repository: Repository, hook: Run) -> None:
    repository.commit({"a.yaml": text("a").replace("title: T", "title: A"), "b.yaml": text("a")})
    repository.git("rm", "-q", "a.yaml", "b.yaml")
    repository.write({"c.yaml": text("a", "b"), "d.yaml": text("a").replace("title: T", "title: D")})
    code, out, err = hook("c.yaml", "d.yaml")
    assert (code, err) == (1, "contracts: d.yaml: not compared, HEAD has no such file\n")
    assert "HEAD:b.yaml -> c.yaml" in out


def test_an_overlay_stands_for_its_document(repository: Repository, hook: Run) -> None:
    repository.commit({"api.yml": text("a"), "api.overlay.yaml": OVERLAY % "{title: T}"})
    repository.write({"api.overlay.yaml": OVERLAY % "{properties: {status: {enum: [b]}}}"})
    code, out, _ = hook("api.overlay.yaml")
    assert code == 1
    assert "HEAD:./api.yml -> api.yml" in out
    assert hook("api.overlay.yaml", "api.yml")[1] == out  # once


def test_any_other_file_stands_for_the_document_that_is_tested(repository: Repository, hook: Run) -> None:
    referring = text("a").replace("{type: object, properties: {status: {enum: [a]}}}", "{$ref: thing.yaml}")
    thing = "type: object\nproperties: {status: {enum: [%s]}}\n"
    repository.commit({"spec/notte.yaml": referring, "spec/thing.yaml": thing % "a", "spec/accepted.toml": ""})
    repository.write({"spec/thing.yaml": thing % "a, b"})
    assert hook("spec/thing.yaml")[0] == 1
    assert hook("spec/accepted.toml")[0] == 1
    assert hook()[0] == 1


def test_a_file_of_no_document_is_refused(repository: Repository, hook: Run) -> None:
    repository.commit({"thing.yaml": "a: 1\n", "api.yaml": text("a")})
    cure = "give the document that it belongs to"
    assert hook("api.yaml", "thing.yaml") == (
        2,
        "",
        f"contracts: thing.yaml: this is no OpenAPI document; {cure}\n",
    )


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("", "a.yaml"), "contracts: --against is empty (an unset variable?); give a git revision"),
        (("nope", "a.yaml"), "nope:./a.yaml: git knows no revision nope"),
        (("--help", "a.yaml"), "--help:./a.yaml: git knows no revision --help"),
        (("HEAD", "b.yaml"), "b.yaml: can't be read: No such file"),
        (("HEAD", "../b.yaml"), "../b.yaml: can't be read: No such file"),
    ],
    ids=["an unset variable", "no revision", "an option", "no file", "outside"],
)
def test_what_can_not_be_compared_is_no_pass(
    words: tuple[str, str], said: str, repository: Repository, contracts: Run
) -> None:
    repository.commit({"a.yaml": text("a")})
    code, out, err = contracts("diff", f"--against={words[0]}", words[1])
    assert (code, out) == (2, "")
    assert said in err


def test_without_a_repository_nothing_is_compared(tmp_path: Path, hook: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    alone(monkeypatch, tmp_path)
    monkeypatch.chdir(tmp_path)
    Path("a.yaml").write_text(text("a"), encoding="utf-8")
    code, _, err = hook("a.yaml")
    assert (code, "not a git repository" in err) == (2, True)


def test_a_folder_is_compared_as_one(repository: Repository, contracts: Run) -> None:
    repository.commit({"specs/a.yaml": text("a"), "specs/b.yaml": text("a")})
    repository.write({"specs/b.yaml": text("a", "b")})
    code, out, _ = contracts("diff", "--against", "HEAD", "specs", "--format", "json")
    assert (code, [one["where"] for one in json.loads(out)["changes"]]) == (1, ["b.yaml GET /things 200 /status"])


@pytest.mark.parametrize(
    ("name", "is_taken"),
    [
        ("openapi.yaml", True),
        ("services/orders/openapi.v2.json", True),
        ("swagger.yml", True),
        ("spec/notte.overlay.yaml", True),
        ("spec/parts/pet.yaml", True),
        ("docs/my-openapi.md", False),
        ("inspec/a.yaml", False),
        ("spec/accepted.toml", False),
    ],
)
def test_the_hook_takes_documents(name: str, is_taken: bool) -> None:
    assert bool(re.search(HOOK["files"], name)) is is_taken
