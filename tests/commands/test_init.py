"""`contracts init`: what it writes and leaves, where, and what it says."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path

import pytest
import yaml
from _pytest.config.findpaths import locate_config

from contracts.document import load_spec

from ..repositories import alone
from ..run.projects import answer, serving
from .conftest import Run

GET = "get: {responses: {'200': {description: ok}}}"
ID = "parameters: [{name: id, in: path, required: true, schema: {type: string}}]"
PATHS = f"paths:\n  /books: {{{GET}}}\n  '/books/{{id}}': {{{GET}, {ID}}}\n"
DOCUMENT = f"openapi: 3.1.0\ninfo: {{title: Books, version: '1'}}\n{PATHS}"
LINE = "from contracts.testing import test_document, test_rule  # noqa: F401\n"
MADE = [
    "tests/test_contract.py",
    "pytest.ini",
    "openapi.overlay.yaml",
    ".github/workflows/contract.yml",
    ".github/workflows/contract-nightly.yml",
]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    alone(monkeypatch, tmp_path)
    monkeypatch.chdir(tmp_path)
    write({"openapi.yaml": DOCUMENT})
    return tmp_path


def write(files: Mapping[str, str]) -> None:
    for name, text in files.items():
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_bytes(text.encode())


def files() -> dict[str, bytes]:
    return {path.as_posix(): path.read_bytes() for path in Path().rglob("*") if path.is_file()}


def done(out: str, word: str) -> list[str]:
    """The files of which it is said so."""
    lines = [line for line in out.splitlines() if line.startswith(f"{word}: ")]
    return [line.split(" ")[1].rstrip(",;") for line in lines]


def test_it_writes_all_there_is_to_write_and_says_what_is_next(contracts: Run) -> None:
    code, out, err = contracts("init")
    assert (code, err, done(out, "wrote"), done(out, "left")) == (0, "", MADE, [])
    assert out.splitlines()[0] == "document: openapi.yaml (Books 1, 2 operations)"
    assert out.splitlines()[-3:] == ["next:", "  contracts run", "  contracts run --base-url URL"]
    assert sorted(files()) == sorted(["openapi.yaml", *MADE])
    assert Path("tests/test_contract.py").read_text() == LINE
    assert Path("pytest.ini").read_text() == "[pytest]\ncontract_spec = openapi.yaml\n"


def test_again_it_writes_nothing(contracts: Run) -> None:
    contracts("init")
    before = files()
    code, out, _ = contracts("init")
    assert (code, done(out, "wrote"), done(out, "left")) == (0, [], MADE)
    assert "left: pytest.ini, where contract_spec is openapi.yaml already" in out.splitlines()
    assert files() == before


def test_what_is_there_stays(contracts: Run) -> None:
    own = dict.fromkeys(MADE, "# mine\n") | {"pytest.ini": "[pytest]\ncontract_spec = other.yaml\n"}
    own["openapi.overlay.yaml"] = "overlay: 1.0.0\ninfo: {title: x, version: '1'}\nactions: [{target: $, update: {}}]\n"
    write(own)
    before = files()
    code, out, _ = contracts("init", "openapi.yaml")
    assert (code, done(out, "left")) == (0, MADE)
    said = "left: pytest.ini, where contract_spec is other.yaml already; openapi.yaml needs a pytest.ini of its own"
    assert said in out.splitlines()
    assert files() == before


def test_a_link_that_leads_nowhere_is_there_as_well(contracts: Run) -> None:
    Path("tests").mkdir()
    Path("tests/test_contract.py").symlink_to("gone")
    assert done(contracts("init")[1], "left") == ["tests/test_contract.py"]
    assert not Path("tests/gone").exists()


@pytest.mark.parametrize("document", ["openapi.yaml", "api/my books.json"])
def test_the_overlay_stands_beside_its_document_and_changes_nothing_yet(document: str, contracts: Run) -> None:
    write({document: DOCUMENT})
    assert contracts("init", document)[0] == 0
    overlay = Path(document).with_suffix(".overlay.yaml")
    assert yaml.safe_load(overlay.read_text())["actions"] == [{"target": "$", "update": {}}]
    assert load_spec(document).document.tree["paths"].keys() == {"/books", "/books/{id}"}


def test_the_example_in_the_overlay_is_one(contracts: Run) -> None:
    contracts("init")
    text = Path("openapi.overlay.yaml").read_text()
    shown = "".join(line.removeprefix("# ")[0:] + "\n" for line in text.splitlines() if line.startswith("#  "))
    write({"openapi.overlay.yaml": text.partition("actions:\n")[0] + "actions:\n" + shown})
    assert [len(one.responses) for one in load_spec("openapi.yaml").operations] == [4, 4]


def test_what_a_service_answers_is_in_the_overlay(contracts: Run) -> None:
    body = b'{"detail": "no such book"}'
    absent = answer(404, body, "Content-Type: application/json")
    with serving(lambda request: absent if b"GET /books/" in request else answer(200)) as url:
        code, out, _ = contracts("init", "--base-url", url)
    assert code == 0
    assert f"wrote: openapi.overlay.yaml (as {url} answers: 404 of 1 operation)\n" in out
    assert out.endswith(f"\n  contracts run --base-url {url}\n")
    (book,) = [one for one in load_spec("openapi.yaml").operations if one.path == "/books/{id}"]
    assert [response.status for response in book.responses] == ["200", "404"]


def test_a_service_that_answers_as_documented_is_said(contracts: Run) -> None:
    with serving(lambda request: answer(200)) as url:
        _, out, _ = contracts("init", "--base-url", url)
    assert f"(as {url} answers: nothing but what is documented)" in out


def test_a_service_is_not_asked_for_an_overlay_that_is_there(contracts: Run) -> None:
    contracts("init")
    asked: list[bytes] = []

    def noted(request: bytes) -> bytes:
        asked.append(request)
        return answer(200)

    with serving(noted) as url:
        assert contracts("init", "--base-url", url)[0] == 0
    assert asked == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--base-url", "http://127.0.0.1:9"], "--base-url http://127.0.0.1:9 gave no answer (refused"),
        (["--base-url", ""], "--base-url is empty (an unset variable?)"),
        (["broken.yaml"], "broken.yaml:3: this is not YAML"),
        (["empty.yaml"], "empty.yaml:3: no path has an operation, so there is nothing to test"),
        (["absent.yaml"], "absent.yaml: can't be read: No such file or directory"),
        (["https://example.org/openapi.json"], "https:/example.org/openapi.json: can't be read"),
    ],
    ids=["no service", "empty", "no YAML", "no operation", "no file", "a URL"],
)
def test_what_can_not_be_read_or_asked_leaves_nothing_behind(
    words: list[str], said: str, contracts: Run, impatient: None
) -> None:
    write(
        {
            "broken.yaml": "openapi: 3.1.0\na: [",
            "empty.yaml": "openapi: 3.1.0\ninfo: {title: x, version: ''}\npaths: {}",
        }
    )
    before = files()
    code, out, err = contracts("init", *words)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert err.startswith(f"contracts: {said}")
    assert files() == before


def test_without_a_document_it_says_where_it_looked(contracts: Run) -> None:
    Path("openapi.yaml").unlink()
    code, out, err = contracts("init")
    assert (code, out) == (2, "")
    assert "openapi.{yaml,yml,json}" in err


PROJECT = "[project]\nname = 'x' # mine\n"
TABLE = "[tool.pytest.ini_options]\n"
KEY, INI_KEY = 'contract_spec = "openapi.yaml"\n', "contract_spec = openapi.yaml\n"
SETTINGS = {
    "nothing": ({}, "pytest.ini", f"[pytest]\n{INI_KEY}"),
    "a project": ({"pyproject.toml": PROJECT}, "pyproject.toml", f"{PROJECT}\n{TABLE}{KEY}"),
    "no line end": ({"pyproject.toml": PROJECT[:-1]}, "pyproject.toml", f"{PROJECT}\n{TABLE}{KEY}"),
    "of Windows": (
        {"pyproject.toml": "[project]\r\nname = 'x'\r\n"},
        "pyproject.toml",
        f"[project]\r\nname = 'x'\r\n\r\n{TABLE}{KEY}".replace("\r", "").replace("\n", "\r\n"),
    ),
    "a table": (
        {"pyproject.toml": f"{PROJECT}{TABLE}# of ours\naddopts = '-q'  # quiet\n\n[tool.x]\nd = 2020-01-01 # ago\n"},
        "pyproject.toml",
        f"{PROJECT}{TABLE}{KEY}# of ours\naddopts = '-q'  # quiet\n\n[tool.x]\nd = 2020-01-01 # ago\n",
    ),
    "a remark": (
        {"pyproject.toml": f"{TABLE[:-1]} # of ours\naddopts = '-q'\n"},
        "pyproject.toml",
        f"{TABLE[:-1]} # of ours\n{KEY}addopts = '-q'\n",
    ),
    "a header alone": ({"tox.ini": "[pytest]\nx = 1\n", "setup.cfg": ""}, "tox.ini", f"[pytest]\n{INI_KEY}x = 1\n"),
    "an empty table": ({"pyproject.toml": f"{PROJECT}{TABLE}"}, "pyproject.toml", f"{PROJECT}{TABLE}{KEY}"),
    "native": (
        {"pyproject.toml": "[tool.pytest]\naddopts = ['-q']\n"},
        "pyproject.toml",
        f"[tool.pytest]\n{KEY}addopts = ['-q']\n",
    ),
    "inline": (
        {"pyproject.toml": "[tool.pytest] # us\nini_options = {addopts = '-q'}\n"},
        "pyproject.toml",
        f"[tool.pytest] # us\nini_options = {{addopts = '-q',{KEY[:-1]}}}\n",
    ),
    "dotted": (
        {"pyproject.toml": "[tool]\npytest.ini_options.addopts = '-q' # us\n"},
        "pyproject.toml",
        f"[tool]\npytest.ini_options.addopts = '-q' # us\npytest.ini_options.{KEY}",
    ),
    "in a comment": (
        {"pyproject.toml": f"# {TABLE}{TABLE}addopts = '-q'\n"},
        "pyproject.toml",
        f"# {TABLE}{TABLE}{KEY}addopts = '-q'\n",
    ),
    "pytest.ini first": (
        {"pytest.ini": "[pytest]\naddopts = -q\n", "pyproject.toml": f"{TABLE}addopts = '-q'\n"},
        "pytest.ini",
        f"[pytest]\n{INI_KEY}addopts = -q\n",
    ),
    "an empty pytest.ini": ({"pytest.ini": "", "pyproject.toml": PROJECT}, "pytest.ini", f"[pytest]\n{INI_KEY}"),
    "a hidden one": ({".pytest.ini": "[pytest]\nx = 1\n"}, ".pytest.ini", f"[pytest]\n{INI_KEY}x = 1\n"),
    "pytest.toml": ({"pytest.toml": "[pytest]\nx = 1\n"}, "pytest.toml", f"[pytest]\n{KEY}x = 1\n"),
    "tox.ini": (
        {"tox.ini": "[tox]\nx = 1\n[pytest]\naddopts =\n  -q\n  -x\n", "pyproject.toml": PROJECT},
        "tox.ini",
        f"[tox]\nx = 1\n[pytest]\n{INI_KEY}addopts =\n  -q\n  -x\n",
    ),
    "tox.ini of others": ({"tox.ini": "[tox]\nx = 1\n"}, "pytest.ini", f"[pytest]\n{INI_KEY}"),
    "setup.cfg": (
        {"setup.cfg": "[metadata]\nname = 100%\n\n[tool:pytest]\naddopts = -q\n"},
        "setup.cfg",
        f"[metadata]\nname = 100%\n\n[tool:pytest]\n{INI_KEY}addopts = -q\n",
    ),
}


@pytest.mark.parametrize("name", SETTINGS)
def test_the_document_is_named_where_pytest_reads_it(name: str, contracts: Run) -> None:
    there, file, text = SETTINGS[name]
    write({**there, "openapi.yaml": DOCUMENT})
    code, out, _ = contracts("init")
    assert (code, f"wrote: {file} (contract_spec = openapi.yaml)" in out) == (0, True)
    assert Path(file).read_bytes().decode() == text
    assert {name: Path(name).read_text() for name in there if name != file} == {
        name: text for name, text in there.items() if name != file
    }
    _, read, settings, *_ = locate_config(Path.cwd(), [])
    assert (read, settings["contract_spec"].value) == (Path(file).absolute(), "openapi.yaml")
    assert done(contracts("init")[1], "wrote") == []


def test_a_setting_that_can_not_be_written_is_left_to_people(contracts: Run) -> None:
    write({"pyproject.toml": "tool = {x = 1}\n"})
    code, out, _ = contracts("init")
    assert (code, done(out, "wrote")) == (0, [name for name in MADE if name != "pytest.ini"])
    said = "left: pyproject.toml; write contract_spec = openapi.yaml under [tool.pytest.ini_options] in it"
    assert said in out.splitlines()
    assert Path("pyproject.toml").read_text() == "tool = {x = 1}\n"


@pytest.mark.parametrize(
    ("name", "text"),
    [("pyproject.toml", "[tool\n"), ("pytest.ini", "x = 1\n"), ("setup.cfg", "\xff"), ("pyproject.toml", "tool = 1")],
)
def test_settings_that_nobody_can_read_are_a_sentence(name: str, text: str, contracts: Run) -> None:
    Path(name).write_bytes(text.encode("latin-1"))
    code, _, err = contracts("init")
    assert (code, err.count("\n")) == (2, 1)
    assert err.startswith(f"contracts: {name}: can't be read (")


def test_a_folder_that_is_called_like_an_expression_is_none_in_a_workflow(
    folder: Path, contracts: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / ".git").mkdir()
    name = 'a "b" ${{ secrets.KEY }} `id` ]]>'
    write({f"{name}/openapi.yaml": DOCUMENT})
    monkeypatch.chdir(folder / name)
    contracts("init")
    for path in (folder / ".github/workflows").iterdir():
        where = yaml.safe_load(path.read_text())["defaults"]["run"]["working-directory"]
        assert where == name.replace("${{", "${{ '${{' }}")


def test_a_folder_of_a_repository_has_its_workflows_at_the_root(
    folder: Path, contracts: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / ".git").mkdir()
    write({"services/a b/openapi.yaml": DOCUMENT, "pyproject.toml": f"{TABLE}addopts = '-q'\n"})
    monkeypatch.chdir(folder / "services" / "a b")
    _, out, _ = contracts("init")
    assert "wrote: ../../pyproject.toml (contract_spec = services/a b/openapi.yaml)" in out
    assert tomllib.loads((folder / "pyproject.toml").read_text())["tool"]["pytest"]["ini_options"]
    assert "wrote: ../../.github/workflows/contract.yml (" in out
    workflow = yaml.safe_load((folder / ".github/workflows/contract.yml").read_text())
    assert workflow["defaults"] == {"run": {"working-directory": "services/a b"}}
    assert workflow["jobs"]["contract"]["steps"][-1]["with"]["path"] == "services/a b/build/contract"


def test_without_a_repository_nothing_outside_is_touched(
    folder: Path, contracts: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    write({"api/openapi.yaml": DOCUMENT, "pyproject.toml": f"{TABLE}addopts = '-q'\n"})
    monkeypatch.chdir(folder / "api")
    assert done(contracts("init")[1], "wrote") == MADE


def test_what_can_not_be_written_is_a_sentence_and_the_rest_is_there(contracts: Run) -> None:
    write({".github": ""})
    code, out, err = contracts("init")
    assert (code, done(out, "wrote")) == (2, MADE[:3])
    assert err.startswith("contracts: .github/workflows/contract.yml can't be written (")
    Path(".github").unlink()
    assert done(contracts("init")[1], "wrote") == MADE[3:]


def test_a_folder_that_is_read_only_is_a_sentence(contracts: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("contracts.commands.project.write_whole", refuse)
    code, out, err = contracts("init")
    assert (code, done(out, "wrote")) == (2, [])
    assert err.startswith("contracts: tests/test_contract.py can't be written (Permission denied); ")
