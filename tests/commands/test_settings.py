"""The project's settings: which document the commands take, and how they read it, where no option says so."""

import json
from pathlib import Path

import pytest

from contracts.errors import ContractsError
from contracts.run.settings import settings_of
from tests.repositories import Repository, alone

from .conftest import Run

OVERLAY = "overlay: 1.0.0\ninfo: {title: t, version: v}\nactions:\n- target: $.info\n  update: {title: laid over}\n"
INI = "[pytest]\ncontract_spec = api.yaml\n"
TOML = '[tool.pytest.ini_options]\ncontract_spec = "api.yaml"\n'
FILES = {
    "pytest.toml": '[pytest]\ncontract_spec = "api.yaml"\n',
    ".pytest.toml": '[pytest]\ncontract_spec = "api.yaml"\n',
    "pytest.ini": INI,
    ".pytest.ini": INI,
    "pyproject.toml": TOML,
    "tox.ini": INI,
    "setup.cfg": INI.replace("[pytest]", "[tool:pytest]"),
}


def text(title: str = "T", *values: str) -> str:
    status = {"enum": list(values)} if values else {}
    schema = {"type": "object", "properties": {"status": status}}
    content = {"application/json": {"schema": schema}}
    get = {"responses": {"200": {"description": "", "content": content}}}
    info = {"title": title, "version": "1"}
    return json.dumps({"openapi": "3.1.0", "info": info, "paths": {"/things": {"get": get}}}, indent=1)


def put(name: str, content: str) -> Path:
    path = Path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content)
    return path


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def documents_of(out: str) -> set[str]:
    """The files in which rules stand."""
    return {line.partition(":")[0] for line in out.splitlines() if ":" in line.partition("  ")[0]}


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("folder", [".", "below/deeper"])
def test_they_stand_wherever_pytest_reads_its_own(
    name: str, folder: str, contracts: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    put("api.yaml", text())
    put("openapi.yaml", text())
    put(name, FILES[name])
    Path(folder).mkdir(parents=True, exist_ok=True)
    monkeypatch.chdir(folder)
    code, out, err = contracts("rules")
    assert (code, err) == (0, "")
    assert {Path(path).name for path in documents_of(out)} == {"api.yaml"}


@pytest.mark.parametrize(
    ("others", "taken"),
    [
        ({"pytest.ini": INI, "pyproject.toml": TOML.replace("api", "other")}, "api.yaml"),
        ({"pytest.ini": "", "pyproject.toml": TOML}, None),
        ({"tox.ini": "[tox]\n", "setup.cfg": "[metadata]\n", "pyproject.toml": '[project]\nname = "x"\n'}, None),
        ({"pyproject.toml": '[project]\nname = "x"\n[tool.pytest]\ncontract_spec = "api.yaml"\n'}, "api.yaml"),
        ({"below/pyproject.toml": TOML}, None),
    ],
    ids=["first file", "an empty pytest.ini", "of other tools", "native", "below"],
)
def test_one_file_counts_as_pytest_has_it(others: dict[str, str], taken: str | None) -> None:
    for name, content in others.items():
        put(name, content)
    found = settings_of(Path.cwd()).get("contract_spec")
    assert found == (taken and str(Path(taken).absolute()))


def test_values_are_those_that_a_run_has() -> None:
    lists = 'contract_param = ["a=1", "b=@ids.txt"]\ncontract_overlay = ["x.yaml", "none"]\n'
    put(
        "pyproject.toml",
        f'[tool.pytest]\n{lists}contract_strict = true\ncontract_max_requests = 5\nbase_url = "http://h"\n',
    )
    found = settings_of(Path.cwd())
    here = Path.cwd()
    assert found == {
        "contract_param": ["a=1", f"b=@{here}/ids.txt"],
        "contract_overlay": [f"{here}/x.yaml", "none"],
        "contract_strict": True,
        "contract_max_requests": "5",
        "base_url": "http://h",
    }


def test_values_of_an_ini_file_are_words() -> None:
    put("pytest.ini", "[pytest]\ncontract_param = a=1 'b=x y'\n  c=2\ncontract_strict = no\ncontract_unsafe = Yes\n")
    assert settings_of(Path.cwd()) == {
        "contract_param": ["a=1", "b=x y", "c=2"],
        "contract_strict": False,
        "contract_unsafe": True,
    }


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("pyproject.toml", "[tool.pytest", "pyproject.toml: can't be read (Expected ']'"),
        ("pyproject.toml", "tool = 3", "pyproject.toml: can't be read ("),
        ("pytest.ini", "[pytest\n", "pytest.ini: can't be read ("),
        ("pytest.ini", INI.replace("spec", "spce"), "pytest.ini: contract_spce is no setting; give contract_spec"),
        ("pytest.ini", "[pytest]\ncontract_strict = maybe", "pytest.ini: contract_strict is 'maybe' (neither true nor"),
        ("pytest.ini", "[pytest]\ncontract_param = 'a", 'pytest.ini: contract_param is "\'a" (No closing quotation)'),
    ],
)
def test_a_mistake_in_them_is_one_sentence(name: str, content: str, said: str, contracts: Run) -> None:
    put(name, content)
    code, out, err = contracts("rules")
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert err.startswith(f"contracts: {said}")
    with pytest.raises(ContractsError):
        settings_of(Path.cwd())


@pytest.mark.parametrize(
    ("files", "taken"),
    [
        (["openapi.yaml", "spec/other.yaml"], "openapi.yaml"),
        (["openapi.yml"], "openapi.yml"),
        (["openapi.json"], "openapi.json"),
        (["spec/any.yml", "spec/accepted.toml"], "spec/any.yml"),
        (["spec/any.json", "openapi/x.yaml", "spec/below/y.yaml"], "spec/any.json"),
        (["spec/notte.yaml"], "spec/notte.yaml"),
    ],
)
def test_a_document_that_nobody_names_is_found_and_told(files: list[str], taken: str, contracts: Run) -> None:
    for name in files:
        put(name, text())
    put("spec/any.overlay.yaml", OVERLAY.replace("title: laid over", "openapi: 3.1.1"))
    put("openapi.overlay.yaml", OVERLAY)
    put("spec/redocly.yaml", "extends: [recommended]\n")
    code, out, err = contracts("rules", "--overlay", "none")
    assert (code, documents_of(out)) == (0, {taken})
    assert err == f"contracts: no document is named, so {taken} is taken\n"


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ([], "there is no openapi.{yaml,yml,json} or spec/*.{yaml,yml,json} here, and none is named; name one"),
        (["api.yaml", "docs/openapi.yaml"], "there is no openapi.{yaml,yml,json} or spec/"),
        (["spec/b.yaml", "spec/a.json"], "there are several documents here, spec/a.json, spec/b.yaml; name one"),
        (["openapi.json", "openapi.yaml"], "there are several documents here, openapi.json, openapi.yaml; name one"),
    ],
)
@pytest.mark.parametrize("command", ["rules", "diff", "changelog", "accept --prune", "drift --from x", "pull x"])
def test_what_is_not_one_document_is_asked_for(files: list[str], said: str, command: str, contracts: Run) -> None:
    for name in files:
        put(name, text())
    code, out, err = contracts(*command.split())
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert err.startswith(f"contracts: {said}")


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    """A project whose document is compared as it was, with an overlay that fits no other document."""
    alone(monkeypatch, tmp_path)
    repository = Repository(tmp_path)
    overlay = OVERLAY.replace("$.info", "$.paths['/things'].get").replace("{title: laid", "{summary: laid")
    files = {"pytest.ini": f"{INI}contract_overlay = over.yaml\n", "over.yaml": overlay}
    repository.commit({**files, "api.yaml": text("T", "a"), "x.yaml": text("T", "a").replace("/things", "/x")})
    return repository


def test_a_document_is_compared_with_what_it_was(repository: Repository, contracts: Run) -> None:
    repository.write({"api.yaml": text("T", "a", "b")})
    code, out, err = contracts("diff")
    assert (code, err) == (1, "")
    assert out.endswith(": HEAD:./api.yaml -> api.yaml\n")
    assert contracts("diff", "HEAD:api.yaml")[1].replace("HEAD:./", "HEAD:") == out.replace("HEAD:./", "HEAD:")
    assert "**Breaking:**" in contracts("changelog")[1]


@pytest.mark.usefixtures("repository")
def test_the_overlay_is_that_of_the_projects_document_alone(contracts: Run) -> None:
    assert contracts("diff", "x.yaml", "x.yaml")[0] == 0
    assert contracts("diff", "x.yaml", "api.yaml")[2].startswith("contracts: over.yaml:4: the target")
    assert contracts("diff", "HEAD:api.yaml", "HEAD:x.yaml")[2].startswith("contracts: over.yaml:4: the target")
    assert contracts("diff", "x.yaml", "api.yaml", "--overlay", "none")[0] == 1
    assert contracts("rules", "--spec", "x.yaml")[0] == 0
    Path("over.yaml").write_text(OVERLAY.replace("$.info", "$.nothing"))
    assert "$.nothing" in contracts("rules", "--spec", "./api.yaml")[2]
    assert "$.nothing" in contracts("pull", "x.yaml")[2]
    assert "$.nothing" in contracts("drift", "--from", "x.yaml")[2]


@pytest.mark.usefixtures("repository")
def test_a_path_of_a_revision_begins_at_the_repository(contracts: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("below").mkdir()
    monkeypatch.chdir("below")
    over = f"contracts: {Path.cwd().parent}/over.yaml:4: the target"
    assert contracts("diff", "HEAD:api.yaml", "HEAD:x.yaml")[2].startswith(over)
    assert contracts("diff", "HEAD:../api.yaml", "HEAD:x.yaml")[2].startswith(over)
    assert contracts("diff", "HEAD:x.yaml", "HEAD:./x.yaml")[2].startswith("contracts: HEAD:./x.yaml: the revision")
    assert contracts("diff")[0] == 0


@pytest.mark.usefixtures("repository")
def test_the_other_settings_of_reading_count_as_well(contracts: Run) -> None:
    put("pytest.ini", f"{INI}contract_strict_document = true\n")
    put("api.yaml", text().replace('"enum"', '"enumm"').replace('"type": "object"', '"type": 5'))
    assert contracts("rules")[0] == 2
    put("pytest.ini", f"{INI}contract_root = below\n")
    Path("below").mkdir()
    put("thing.yaml", "type: object\n")
    put("api.yaml", text().replace('"type": "object"', '"$ref": "thing.yaml"'))
    assert contracts("rules", "--strict-document")[0] == 2
    assert contracts("rules", "--strict-document", "--root", ".")[0] == 0


@pytest.mark.parametrize("command", ["rules", "diff", "changelog", "init", "accept x --reason y --until 2099-01-01"])
def test_a_url_is_no_document_of_a_project(command: str, contracts: Run) -> None:
    put("pytest.ini", "[pytest]\ncontract_spec = https://example.org/api.yaml\n")
    code, out, err = contracts(*command.split())
    cure = "is a URL, and nothing is fetched; give a file (curl -sSo FILE URL)"
    assert (code, out) == (2, "")
    assert err == f"contracts: pytest.ini: contract_spec https://example.org/api.yaml {cure}\n"
