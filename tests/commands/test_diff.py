"""`contracts diff` and `contracts pull`, as a user calls them, on small documents in a repository of their own."""

from __future__ import annotations

import io
import json
import os
import shlex
import stat
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ..documents import document
from ..repositories import Repository, alone
from .conftest import Run

ROOT = Path(__file__).parents[2]
NAME = "enum-widened GET /things/{id} 200 *"


def text(*statuses: str, **more: Any) -> str:
    properties = {"status": {"enum": list(statuses)}, **more}
    return json.dumps(document({"type": "object", "required": ["status"], "properties": properties}), indent=1)


OLD, NEW, MORE = text("a"), text("a", "b"), text("a", note={"type": "string"})
OVERLAY = "overlay: 1.0.0\ninfo: {title: t, version: v}\nactions:\n- {target: $.info, update: {title: changed}}\n"


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    alone(monkeypatch, tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("NO_COLOR", raising=False)
    repository = Repository(tmp_path)
    settings = "[pytest]\ncontract_spec = spec/notte.yaml\n"
    repository.commit({"spec/notte.yaml": OLD, "new.json": NEW, "more.json": MORE, "pytest.ini": settings})
    return repository


@pytest.fixture
def run(repository: Repository, contracts: Run) -> Run:
    return contracts


def last(out: str) -> str:
    return out.rstrip().splitlines()[-1]


def test_what_breaks_exits_with_1(run: Run) -> None:
    code, out, err = run("diff", "spec/notte.yaml", "new.json")
    assert (code, err) == (1, "")
    assert out.startswith("breaks: enum-widened GET /things/{id} 200 /status\nfor: responses of GET /things/{id}\n")
    assert "\n\nbreaking (1)\nspec/notte.yaml:" in out
    assert "    HTTP 200\n    Content-Type: application/json\n\n" in out
    assert '"status": "b"' in out
    assert last(out) == "diff: BREAKING (1 breaking): spec/notte.yaml -> new.json"


def test_what_breaks_nothing_exits_with_0(run: Run) -> None:
    code, out, _ = run("diff", "HEAD:spec/notte.yaml", "more.json")
    assert (code, last(out)) == (0, "diff: COMPATIBLE (1 compatible): HEAD:spec/notte.yaml -> more.json")


@pytest.mark.parametrize("base", ["spec/notte.yaml", "HEAD:spec/notte.yaml", "HEAD:./spec/notte.yaml"])
def test_a_document_against_itself_is_nothing(base: str, run: Run) -> None:
    assert run("diff", base, "spec/notte.yaml") == (
        0,
        f"diff: COMPATIBLE (nothing changed): {base} -> spec/notte.yaml\n",
        "",
    )


def test_standard_input_is_a_side(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(NEW.encode())))
    code, out, _ = run("diff", "spec/notte.yaml", "-")
    assert (code, last(out).endswith("spec/notte.yaml -> <stdin>")) == (1, True)


def test_edits_of_the_overlay_are_changes(run: Run, repository: Repository) -> None:
    removed = OVERLAY.replace("{target: $.info, update: {title: changed}}", "{target: '$.paths.*', remove: true}")
    repository.commit({"spec/notte.overlay.yaml": OVERLAY})
    repository.write({"spec/notte.overlay.yaml": removed})
    code, out, _ = run("diff", "HEAD:spec/notte.yaml", "spec/notte.yaml")
    assert (code, "operation-removed" in out) == (1, True)


def test_a_copy_elsewhere_is_read_with_the_overlay_of_the_other_side(run: Run, repository: Repository) -> None:
    repository.write({"spec/notte.overlay.yaml": OVERLAY})
    _, out, _ = run("diff", "new.json", "spec/notte.yaml")
    (note,) = [line for line in out.splitlines() if line.startswith("note: ")]
    assert note == "note: new.json is read with spec/notte.overlay.yaml, as spec/notte.yaml is"
    assert "note: " not in run("diff", "new.json", "spec/notte.yaml", "--overlay", "none")[1]
    assert "note: " not in run("diff", "new.json", "spec/notte.yaml", "--overlay", "spec/notte.overlay.yaml")[1]


def test_json_is_read_by_programs(run: Run) -> None:
    code, out, _ = run("diff", "spec/notte.yaml", "new.json", "--format", "json")
    value = json.loads(out)
    assert (code, value["decision"], value["exit_code"], value["summary"]["breaking"]) == (1, "breaking", 1, 1)


def test_markdown_is_a_comment(run: Run) -> None:
    code, out, _ = run("diff", "spec/notte.yaml", "new.json", "--format", "markdown")
    assert (code, out.splitlines()[0]) == (1, "### Contract: BREAKING (1 breaking)")


def test_annotations_have_plain_paths(run: Run) -> None:
    code, out, _ = run("diff", "HEAD:spec/notte.yaml", "HEAD:new.json", "--format", "github")
    assert (code, out.startswith("::error file=new.json,line=")) == (1, True)


@pytest.mark.parametrize(
    ("args", "code"),
    [
        (("--fail-on", "never"), 0),
        (("--severity", "enum-widened=warning"), 0),
        (("--severity", "enum-widened=warning", "--fail-on", "warning"), 1),
        (("--fail-on", "undecided"), 1),
    ],
    ids=["never", "lowered", "lowered and warned", "undecided"],
)
def test_what_fails_can_be_said(args: tuple[str, ...], code: int, run: Run) -> None:
    assert run("diff", "spec/notte.yaml", "new.json", *args)[0] == code


def accept(repository: Repository, file: str, until: str = "2999-12-31") -> None:
    repository.write({file: f'change."{NAME}" = {{ reason = "agreed", until = {until} }}\n'})


@pytest.mark.parametrize("file", ["accepted.toml", "spec/accepted.toml"], ids=["the revision", "the base"])
def test_accepted_changes_are_beside_a_side(file: str, run: Run, repository: Repository) -> None:
    accept(repository, file)
    code, out, _ = run("diff", "spec/notte.yaml", "new.json")
    assert (code, "accepted until 2999-12-31: agreed" in out) == (0, True)


def test_accepted_changes_of_a_revision_are_in_that_revision(run: Run, repository: Repository) -> None:
    accept(repository, "accepted.toml")
    assert run("diff", "HEAD:spec/notte.yaml", "HEAD:new.json")[0] == 1
    repository.commit({})
    assert run("diff", "HEAD:spec/notte.yaml", "HEAD:new.json")[0] == 0


def test_accepted_changes_may_be_named(run: Run, repository: Repository) -> None:
    accept(repository, "elsewhere.toml")
    assert run("diff", "spec/notte.yaml", "new.json", "--accepted", "elsewhere.toml")[0] == 0
    accept(repository, "accepted.toml")
    assert run("diff", "spec/notte.yaml", "new.json", "--accepted", "none")[0] == 1


def test_the_line_that_is_offered_accepts(run: Run, repository: Repository) -> None:
    _, out, _ = run("diff", "spec/notte.yaml", "new.json")
    (line,) = [line.partition("to let it pass: contracts ")[2] for line in out.splitlines() if "  next: " in line]
    assert run(*shlex.split(line)) == (2, "", "contracts: --reason '…' says nothing; say why the team lives with it\n")
    assert run(*shlex.split(line.replace("…", "agreed")))[0] == 0
    assert run("diff", "spec/notte.yaml", "new.json")[0] == 0


def test_an_entry_that_has_passed_is_said_to_have(run: Run, repository: Repository) -> None:
    accept(repository, "accepted.toml", until="2020-01-01")
    _, out, _ = run("diff", "spec/notte.yaml", "new.json")
    (line,) = [line for line in out.splitlines() if line.startswith("  next: ")]
    assert "; accepted.toml:1: accepted until 2020-01-01, which has passed; mend it, or agree on a new date: " in line
    command = shlex.split(line.partition("date: contracts ")[2].replace("YYYY-MM-DD", "2999-12-31"))
    assert (run(*command)[0], run("diff", "spec/notte.yaml", "new.json")[0]) == (0, 0)


def test_kinds_are_listed(run: Run) -> None:
    code, out, _ = run("diff", "--list")
    assert (code, out.startswith("operation-added  ")) == (0, True)
    code, out, _ = run("diff", "--list", "--format", "json")
    assert (code, json.loads(out)[0]["id"]) == (0, "operation-added")


def test_a_summary_has_the_same_exit_code(run: Run) -> None:
    code, out, _ = run("diff", "spec/notte.yaml", "new.json", "--summary")
    assert (code, len(out.splitlines())) == (1, 4)
    assert last(out) == "diff: BREAKING (1 breaking): spec/notte.yaml -> new.json"
    code, out, _ = run("diff", "spec/notte.yaml", "new.json", "--summary", "--format", "markdown")
    assert (code, len(out.splitlines())) == (1, 7)


def test_findings_that_are_alike_are_unfolded(run: Run, repository: Repository) -> None:
    both = [{"format": "uuid"}, {"format": "date"}]
    old, new = (text("a", **dict.fromkeys("xyz", {"type": "string"} | form)) for form in both)
    repository.write({"old.json": old, "new.json": new})
    assert " at 3 places: GET /things/{id} 200 /x, GET /things/{id} 200 /y, " in run("diff", "old.json", "new.json")[1]
    code, out, _ = run("diff", "old.json", "new.json", "--all")
    assert (code, out.count("  seen: "), " at 3 places: " in out) == (1, 3, False)


def test_a_changelog_is_no_gate(run: Run) -> None:
    code, out, err = run("changelog", "spec/notte.yaml", "new.json")
    assert (code, err) == (0, "")
    assert out == CHANGELOG
    code, out, _ = run("changelog", "HEAD:spec/notte.yaml", "more.json", "--format", "text")
    assert (code, out.splitlines()[-2:]) == (
        0,
        ["- GET /things/{id}", "  - 200 /note in answers: the property was added"],
    )
    code, out, _ = run("changelog", "new.json", "new.json", "--format", "json")
    assert (code, json.loads(out)["news"]) == (0, [])


def test_a_changelog_knows_overlays_and_no_acceptance(run: Run, repository: Repository) -> None:
    repository.write({"spec/accepted.toml": f'change."{NAME}" = {{ reason = "agreed", until = 2999-01-01 }}'})
    assert run("changelog", "spec/notte.yaml", "new.json", "--overlay", "none")[1] == CHANGELOG
    adds = OVERLAY.replace("$.info, update: {title: changed}", "$.paths.*.get, update: {deprecated: true}")
    repository.write({"spec/notte.overlay.yaml": adds})
    assert (
        "\n### Deprecated\n\n- `GET /things/{id}`\n  - "
        in run("changelog", "HEAD:spec/notte.yaml", "spec/notte.yaml")[1]
    )


CHANGELOG = """\
## 1

Since 1: 1 change, 1 breaking.

### Changed

- `GET /things/{id}`
  - **Breaking:** `200 /status` in answers: the list of values allows more than before: "a" became "a", "b"
"""

MISTAKES = [
    (("changelog", "./spec/notte.yaml"), "two sides are needed, BASE and REVISION"),
    (("changelog", "x.yaml", "new.json"), "x.yaml: can't be read: No such file"),
    (("changelog", "new.json", "new.json", "--format", "html"), "Invalid value for '--format': 'html' is not one of"),
    (("diff", "new.json", "new.json", "--summary", "--format", "json"), "--summary is written as text or markdown"),
    (("diff", "new.json", "new.json", "--summary", "--all"), "--summary has no finding, --all has each; give one"),
    (("diff", "spec/notte.yaml"), "two sides are needed, BASE and REVISION"),
    (("diff", "spec/notte.yaml", "x.yaml"), "x.yaml: can't be read: No such file"),
    (("diff", "spec", "new.json"), "spec and new.json: one is many documents; give a folder"),
    (("diff", "HEAD:x", "new.json"), "HEAD:x: the revision HEAD has no such file"),
    (("diff", "spec/notte.yaml", "empty.yaml"), "empty.yaml:1: the document is empty"),
    (("diff", "spec/notte.yaml", "broken.yaml"), "broken.yaml:3: this is not YAML"),
    (("diff", "spec/notte.yaml", "other.yaml"), "other.yaml:1: this is no OpenAPI document"),
    (("diff", "-", "-"), "both sides are -"),
    (("diff", "a", "b", "c"), "two sides are needed, BASE and REVISION"),
    (("diff", "new.json", "new.json", "--format", "xml"), "Invalid value for '--format': 'xml' is not one of"),
    (("diff", "new.json", "new.json", "--fail-on", "all"), "Invalid value for '--fail-on': 'all' is not one of"),
    (("diff", "new.json", "new.json", "--severity", "enum-widened"), "--severity enum-widened is not ID=error|w"),
    (("diff", "new.json", "new.json", "--severity", "enum=info"), "--severity enum=info: there is no kind of change"),
    (("diff", "new.json", "new.json", "--accepted", "x.toml"), "x.toml: can't be read: No such file"),
    (("diff", "new.json", "new.json", "--accepted", "new.json"), "new.json:1:1: this is not TOML"),
    (("diff", "new.json", "new.json", "--overlay", "x.yaml"), "x.yaml: can't be read: No such file"),
    (("diff", "new.json", "new.json", "--overlay", "new.json"), "new.json:1: this is no overlay"),
    (("diff", "new.json", "new.json", "--overlay", "none", "--overlay", "x"), "--overlay none stands beside other"),
    (("diff", "--list", "--format", "github"), "--list is written as text or json, not as github"),
    (("pull",), "Missing argument 'SOURCE'; see contracts pull --help"),
    (("pull", "x.yaml"), "x.yaml: can't be read: No such file"),
    (("pull", "broken.yaml"), "broken.yaml:3: this is not YAML"),
    (("pull", "new.json", "--accept", " "), "--accept ' ' says nothing; say why this may break clients"),
    (("pull", "new.json", "--accept", "…"), "--accept '…' says nothing; say why this may break clients"),
    (("pull", "new.json", "--spec", "spec"), "spec: can't be read: Is a directory"),
    (("pull", "new.json", "--spec", "empty.yaml/x"), "empty.yaml/x can't be written (File exists)"),
]


@pytest.mark.parametrize(("args", "sentence"), MISTAKES, ids=[" ".join(args) for args, _ in MISTAKES])
def test_mistakes_are_one_sentence(args: tuple[str, ...], sentence: str, run: Run, repository: Repository) -> None:
    repository.write({"empty.yaml": "", "broken.yaml": "openapi: 3.1.0\na: [", "other.yaml": "a: 1"})
    code, out, err = run(*args)
    assert (code, err.count("\n")) == (2, 1)
    assert err.startswith(f"contracts: {sentence}")
    assert "Traceback" not in out + err
    assert (repository.folder / "spec" / "notte.yaml").read_text() == OLD


def test_pull_writes_what_breaks_nothing(run: Run, repository: Repository) -> None:
    code, out, _ = run("pull", "more.json")
    assert (code, out.splitlines()[-2:]) == (
        0,
        [
            "diff: COMPATIBLE (1 compatible): spec/notte.yaml -> more.json",
            "spec/notte.yaml: written, Things 1",
        ],
    )
    assert (repository.folder / "spec" / "notte.yaml").read_text() == MORE


def test_pull_does_not_write_what_breaks(run: Run, repository: Repository) -> None:
    code, out, _ = run("pull", "new.json")
    assert (code, last(out)) == (1, "spec/notte.yaml: nothing written; --accept REASON writes it all the same")
    assert " --accepted spec/accepted.toml --reason '…' --until " in out
    assert (repository.folder / "spec" / "notte.yaml").read_text() == OLD


def test_pull_writes_what_was_accepted(run: Run, repository: Repository) -> None:
    code, out, _ = run("pull", "new.json", "--accept", "agreed in May")
    assert (code, out.splitlines()[-2].startswith("accepted: agreed in May; ")) == (0, True)
    assert last(out).startswith("contracts accept 'enum-widened GET /things/{id} 200 ")
    assert " --accepted spec/accepted.toml --reason 'agreed in May' --until " in last(out)
    assert (repository.folder / "spec" / "notte.yaml").read_text() == NEW
    assert run(*shlex.split(last(out))[1:])[0] == 0
    assert run("diff", "HEAD:spec/notte.yaml", "spec/notte.yaml")[0] == 0


def test_pull_heeds_accepted_changes(run: Run, repository: Repository) -> None:
    accept(repository, "spec/accepted.toml")
    assert run("pull", "new.json")[0] == 0
    assert (repository.folder / "spec" / "notte.yaml").read_text() == NEW


def test_pull_of_the_same_writes_nothing(run: Run, repository: Repository) -> None:
    before = (repository.folder / "spec" / "notte.yaml").stat()
    code, out, _ = run("pull", "HEAD:spec/notte.yaml")
    assert (code, last(out)) == (0, "spec/notte.yaml: the same, nothing written")
    after = (repository.folder / "spec" / "notte.yaml").stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_pull_keeps_every_byte(run: Run, repository: Repository) -> None:
    page = f"\ufeff# API\r\n\r\n```json\n{MORE}\n```\r\n".encode()
    (repository.folder / "page.md").write_bytes(page)
    assert run("pull", "page.md")[0] == 0
    assert (repository.folder / "spec" / "notte.yaml").read_bytes() == page
    assert run("diff", "more.json", "spec/notte.yaml")[0] == 0


def test_pull_reads_the_document_with_the_overlay_of_its_place(run: Run, repository: Repository) -> None:
    overlay = OVERLAY.replace("$.info", "$.info.contact")
    contact = json.loads(OLD)
    contact["info"]["contact"] = {}
    repository.write({"spec/notte.yaml": json.dumps(contact), "spec/notte.overlay.yaml": overlay})
    code, _, err = run("pull", "more.json")
    assert (code, "spec/notte.overlay.yaml:4: the target $.info.contact matches nothing in more.json" in err) == (
        2,
        True,
    )
    assert run("pull", "more.json", "--overlay", "none")[0] == 0


def test_pull_makes_a_first_document(run: Run, repository: Repository) -> None:
    code, out, _ = run("pull", "more.json", "--spec", "docs/api.yaml")
    assert (code, out) == (0, "docs/api.yaml: written, Things 1\n")
    assert (repository.folder / "docs" / "api.yaml").read_text() == MORE


def test_pull_leaves_links_modes_and_nothing_else(run: Run, repository: Repository) -> None:
    target = repository.folder / "spec" / "notte.yaml"
    target.chmod(0o640)
    link = repository.folder / "link.yaml"
    os.symlink(target, link)
    assert run("pull", "more.json", "--spec", "link.yaml")[0] == 0
    assert (link.is_symlink(), target.read_text(), stat.S_IMODE(target.stat().st_mode)) == (True, MORE, 0o640)
    assert [path.name for path in target.parent.iterdir()] == ["notte.yaml"]


def test_pull_that_can_not_write_leaves_everything(
    run: Run, repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*args: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.replace", full)
    code, _, err = run("pull", "more.json")
    assert (code, "spec/notte.yaml can't be written (No space left on device) and is as it was" in err) == (2, True)
    assert {path.name: path.read_text() for path in (repository.folder / "spec").iterdir()} == {"notte.yaml": OLD}


LEAN = """
import sys
sys.argv = ["contracts", "diff", *sys.argv[1:]]
from contracts.commands import main
try:
    main()
finally:
    heavy = {"pytest", "hypothesis", "schemathesis", "httpx2", "respx", "stamina", "rich", "requests"}
    print(sorted(heavy & set(sys.modules)))
"""


@pytest.mark.parametrize("form", ["text", "json", "markdown", "html", "github"])
def test_nothing_heavy_is_imported(form: str, repository: Repository) -> None:
    command = [sys.executable, "-c", LEAN, "spec/notte.yaml", "new.json", "--format", form]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr, last(done.stdout)) == (1, "", "[]")


def test_any_terminal_can_show_it(repository: Repository) -> None:
    command = [sys.executable, "-m", "contracts", "diff", "spec/notte.yaml", "new.json", "--format", "markdown"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "latin-1"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (1, "")
    assert "| \\U0001f534 breaking, error |" in done.stdout


def test_colour_is_for_terminals(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "\x1b" not in run("diff", "spec/notte.yaml", "new.json")[1]
    monkeypatch.setattr("click.utils.should_strip_ansi", lambda *args: False)
    assert "\x1b[31m\x1b[1merror\x1b[0m" in run("diff", "spec/notte.yaml", "new.json")[1]
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b" not in run("diff", "spec/notte.yaml", "new.json")[1]
