"""How the plugin behaves beside others: silent where it is not wanted, the same whatever the environment says."""

import json
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import hypothesis
import pytest

from contracts import plugin
from contracts.run.invocation import started_by
from contracts.run.state import EXAMPLES, register_profiles

from .projects import CANARY, ENUM, GIVEN, Project, Things, document, hermetic, operation

SILENT = """
import sys

def test_nothing_heavy_is_imported():
    heavy = {"schemathesis", "hypothesis", "httpx2", "httpx", "respx", "jsonschema_rs", "rich", "yaml", "requests"}
    assert heavy & set(sys.modules) == set()
    assert [name for name in sys.modules if name.startswith("contracts")] == []  # a name of the project's own
    import notte_contracts
    assert set(notte_contracts._aside) == {
        "contracts.plugin", "contracts.errors", "contracts.run", "contracts.run.options",
        "contracts.notte", "contracts.notte.domain", "contracts.messages", "contracts.text",
        "contracts.run.invocation", "contracts.run.items", "contracts.run.settings"
    }
    import contracts.text
    assert contracts.text is notte_contracts._aside["contracts.text"]  # imported once
"""


def test_project_without_a_document_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "test_silent.py").write_text(SILENT)
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-p",
        "no:schemathesis",
        "-p",
        "no:pytest_httpx2",
        "-p",
        "no:respx",
        "-q",
    ]
    done = subprocess.run(command, cwd=tmp_path, env=hermetic(), capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert "contract" not in done.stdout
    assert {path.name for path in tmp_path.iterdir()} <= {"test_silent.py", ".pytest_cache", "__pycache__"}


LOOK = """
import sys

def pytest_unconfigure():
    print("imported:", sorted({"respx", "pytest_httpx2", "httpx"} & set(sys.modules)))
"""


def test_what_only_the_mock_needs_is_not_imported_for_a_service(project: Project) -> None:
    (project.folder / "look.py").write_text(LOOK)
    words = ("-p", "look", "-p", "no:schemathesis", f"--contract-rule={ENUM}", "--base-url", project.serve(Things()))
    run = project.finished(project.start("-q", *words, *GIVEN))
    assert (run.code, run.lines[-1]) == (0, "imported: []")


OWN_OPTION = """
import pytest

def pytest_addoption(parser):
    parser.addoption("--base-url", default="http://own")
    parser.addini("base_url", "own")

@pytest.fixture
def base_url(request):
    return request.config.getoption("base_url")
"""


@pytest.mark.parametrize(("args", "url"), [((), "http://own"), (("--base-url", "http://h"), "http://h")])
def test_base_url_of_a_project_is_its_own(args: tuple[str, ...], url: str, project: Project) -> None:
    (project.folder / "spec" / "notte.yaml").unlink()
    (project.folder / "conftest.py").write_text(OWN_OPTION)
    (project.folder / "test_contract.py").write_text(f"def test_own(base_url): assert base_url == {url!r}")
    run = project.run("-q", *args)
    assert (run.code, run.out.count("contract:")) == (0, 0)


def test_a_run_in_a_project_with_an_option_of_that_name(project: Project) -> None:
    (project.folder / "conftest.py").write_text(
        OWN_OPTION.replace('"http://own"', "None").replace("parser.addini", "#")
    )
    run = project.run("-q", f"--contract-rule={ENUM}")
    assert (run.code, run.report["decision"]) == (0, "pass")


def test_base_url_is_no_place_to_look_for_tests(project: Project) -> None:
    with (project.folder / "pytest.ini").open("a") as ini:
        ini.write("testpaths = suite\n")
    (project.folder / "spec" / "notte.yaml").unlink()
    (project.folder / "suite").mkdir()
    (project.folder / "suite" / "conftest.py").write_text('def pytest_addoption(parser): parser.addoption("--own")')
    (project.folder / "suite" / "test_own.py").write_text("def test_own(pytestconfig): pytestconfig.getoption('own')")
    run = project.run("-q", "--base-url", "http://h", "--own=x")
    assert (run.code, run.lines[-1].startswith("1 passed")) == (0, True)


@pytest.mark.parametrize("args", [("-p", "contracts.plugin"), ("-p", "no:xdist"), ("-p", "no:terminal")])
def test_plugin_is_registered_once(args: tuple[str, ...], project: Project) -> None:
    run = project.run(*args)
    assert (run.code, run.report["decision"], run.err) == (0, "pass", "")


def test_plugin_named_in_a_conftest_is_registered_once(project: Project) -> None:
    (project.folder / "conftest.py").write_text("pytest_plugins = ['contracts.plugin']")
    assert project.run("-q").code == 0


def test_plugin_of_a_conftest_alone_is_enough(project: Project) -> None:
    (project.folder / "conftest.py").write_text("pytest_plugins = ['contracts.plugin']")
    run = project.finished(project.start("-q", "--disable-plugin-autoload", f"--contract-rule={ENUM}"))
    assert (run.code, run.report["decision"], run.err) == (0, "pass", "")


def test_workers_of_other_projects_are_told_nothing(pytester: pytest.Pytester) -> None:
    node = SimpleNamespace(config=pytester.parseconfig(), workerinput={})
    plugin.pytest_configure_node(node)
    assert node.workerinput == {}


def test_plugin_can_be_left_out(project: Project) -> None:
    (project.folder / "test_contract.py").write_text("def test_own(): pass")
    run = project.run("-q", "-p", "no:contracts.plugin")
    assert (run.code, run.out.count("contract:")) == (0, 0)


@pytest.mark.parametrize("args", [("--help",), ("--version",), ("--markers",), ("--fixtures",)])
def test_questions_to_pytest_are_answered(args: tuple[str, ...], project: Project) -> None:
    run = project.run(*args)
    assert (run.code, "Traceback" in run.err) == (0, False)


def test_help_is_given_to_whoever_needs_it(project: Project) -> None:
    run = project.run("--contract-spec=x.yaml", "--help")
    assert (run.code, "--contract-spec=FILE" in run.out) == (0, True)


def test_help_lists_the_options(project: Project) -> None:
    help_text = project.run("--help").out
    assert "--contract-session-id=VALUE" in help_text
    assert "contract_session_id (args)" in help_text


ENVIRONMENT = {
    "CI": "true",
    "CONTRACT_CREDENTIAL": "",
    "NOTTE_SESSION_IDS": "@nowhere",
    "HTTP_PROXY": "http://127.0.0.1:1",
}


@pytest.mark.parametrize("name", ENVIRONMENT)
def test_mock_run_does_not_depend_on_the_environment(
    name: str, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = project.run("-q")
    judged, exchanges = plain.judged, (project.folder / "build/contract/exchanges.jsonl").read_text()
    monkeypatch.setenv(name, ENVIRONMENT[name])
    run = project.run("-q")
    assert (run.code, run.judged) == (0, judged)
    assert requests_of(exchanges) == requests_of((project.folder / "build/contract/exchanges.jsonl").read_text())


def requests_of(log: str) -> list[tuple[str, str]]:
    records = [json.loads(line) for line in log.splitlines()]
    return [(record["method"], record["target"]) for record in records if "method" in record]


# Budgets and seeds


@pytest.mark.usefixtures("untouched")
@pytest.mark.parametrize(("name", "examples"), [("dev", 3), ("ci", 6), ("nightly", 9)])
def test_profile_decides_how_much_is_asked(
    name: str, examples: int, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    hypothesis.settings.register_profile(name, max_examples=examples, deadline=None)
    query = {"name": "q", "in": "query", "required": True, "schema": {"type": "string"}}
    project.write(document(get=operation("read", parameters=[query])))
    run = project.run("-q", f"--hypothesis-profile={name}")
    log = (project.folder / "build/contract/exchanges.jsonl").read_text()
    random = sum('"source":"fuzz"' in line for line in log.splitlines())
    assert (run.code, 0 < random <= examples) == (0, True)


@pytest.mark.usefixtures("untouched")
def test_profiles_are_registered() -> None:
    for name in ("dev", "nightly"):
        hypothesis.settings._profiles.pop(name, None)
    hypothesis.settings.register_profile("ci", parent=hypothesis.settings.get_profile("default"), derandomize=True)
    register_profiles()
    found = {name: hypothesis.settings.get_profile(name).max_examples for name in EXAMPLES}
    assert found == {"dev": 10, "ci": 40, "nightly": 300}


@pytest.mark.usefixtures("untouched")
@pytest.mark.parametrize("name", EXAMPLES)
def test_profile_of_the_project_stays(name: str) -> None:
    hypothesis.settings.register_profile(name, max_examples=17)
    register_profiles()
    assert hypothesis.settings.get_profile(name).max_examples == 17


def targets(project: Project, *args: str) -> list[str]:
    things = Things()
    project.ask(things, *args)
    return things.lines


@pytest.mark.usefixtures("untouched")
def test_same_seed_asks_the_same(project: Project) -> None:
    hypothesis.settings.register_profile("dev", max_examples=5, deadline=None)
    assert targets(project, "--hypothesis-seed=1") == targets(project, "--hypothesis-seed=1")
    assert targets(project, "--hypothesis-seed=1") != targets(project, "--hypothesis-seed=2")


@pytest.mark.usefixtures("untouched")
@pytest.mark.parametrize(("seed", "number"), [("7", 7), ("-7", -7), ("a text", 1933677805)])
def test_seed_is_told(seed: str, number: int, project: Project) -> None:
    run = project.run("-q", f"--hypothesis-seed={seed}")
    assert (run.code, run.report["seed"]) == (0, number)
    assert run.texts("exchanges: ")[0].endswith(f"; seed {number}")


@pytest.mark.usefixtures("untouched")
def test_rerun_of_a_random_seed_names_it(project: Project) -> None:
    hypothesis.settings.register_profile("nightly", max_examples=1)
    run = project.ask(Things({"status": "paused"}), "--hypothesis-profile=nightly", f"--contract-rule={ENUM}")
    (rerun,) = run.texts("rerun: ")
    assert rerun.endswith(f" --hypothesis-profile nightly --hypothesis-seed {run.report['seed']}")
    assert run.report["seed"] != 0


def test_credential_of_the_environment_is_the_one_that_is_sent(project: Project) -> None:
    things = Things()
    project.ask(things)
    fields = [f"{head}\r\n".lower().count(f"\r\nauthorization: bearer {CANARY}\r\n".lower()) for head in things.heads]
    assert fields[:8] == [1] * 8


@pytest.mark.usefixtures("untouched")
@pytest.mark.parametrize("key", [CANARY, "key'that needs-quotes-0123"], ids=["plain", "to be quoted"])
def test_a_report_has_the_command_of_its_run_quoted_and_without_the_credential(
    key: str, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CONTRACT_CREDENTIAL", key)
    hypothesis.settings.register_profile("nightly", max_examples=1)
    options = ["--hypothesis-profile=nightly", "--hypothesis-seed=7", f"--contract-param=thing_id=it's {key}"]
    run = project.run("-q", "test_contract.py", "-k", "status or enum", "--base-url", project.serve(Things()), *options)
    command = run.report["command"]
    words = shlex.split(command)
    assert key not in command
    assert key.partition("-")[2] not in command
    assert words[words.index("test_contract.py") :] == [
        *("test_contract.py", "--base-url", run.report["target"]["base_url"]),
        "--contract-param=thing_id=it's $CONTRACT_CREDENTIAL",
        *("-k", "status or enum", "--hypothesis-profile", "nightly", "--hypothesis-seed", "7"),
    ]


@pytest.mark.usefixtures("untouched")
def test_the_command_of_several_processes_is_that_of_the_first(project: Project) -> None:
    run = project.run("-n2", "test_contract.py", "--contract-rule=*enum*")
    own = [*started_by(sys.argv[0]), "test_contract.py", "--contract-rule=*enum*"]
    assert run.report["command"] == shlex.join(own)


@pytest.mark.parametrize(
    ("program", "words"),
    [
        ("/opt/bin/pytest", ["pytest"]),
        ("/elsewhere/bin/pytest", ["/elsewhere/bin/pytest"]),
        ("/here/.venv/bin/py.test", [".venv/bin/py.test"]),
        ("/opt/lib/pytest/__main__.py", [".venv/bin/python", "-m", "pytest"]),
        ("-c", [".venv/bin/python", "-m", "pytest"]),
    ],
    ids=["on the path", "elsewhere", "below", "module", "program"],
)
def test_a_command_begins_as_pytest_was_started(
    program: str, words: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "which", "/opt/bin/{}".format)
    monkeypatch.setattr(sys, "executable", "/here/.venv/bin/python")
    monkeypatch.setattr(Path, "cwd", lambda: Path("/here"))
    assert started_by(program) == words


def started(project: Project, *words: str, folder: str = ".") -> str:
    """The command that the one failure of a run prints; the run is started as these words say."""
    base_url = project.serve(Things({"status": "paused"}))
    options = ["-q", "--base-url", base_url, *GIVEN, "--contract-rule=* enum"]
    where = project.folder / folder
    done = subprocess.run([*words, *options], cwd=where, env=project.env, capture_output=True, text=True, check=False)
    (line,) = [text for text in done.stdout.splitlines() if text.strip().startswith("rerun: ")]
    return line.strip().removeprefix("rerun: ")


def of_a_venv(project: Project) -> None:
    """A folder `.venv/bin` of the project with the programs of the real one."""
    (project.folder / ".venv").symlink_to(Path(sys.executable).parent.parent)


STARTS: dict[str, tuple[str, list[str], str]] = {
    "a module, in processes": (".", [".venv/bin/python", "-m", "pytest", "-n2"], ".venv/bin/python -m pytest"),
    "with plugins and another ini": (
        "below",
        [
            *[
                "../.venv/bin/pytest",
                "-p",
                "no:cacheprovider",
                "-pno:junitxml",
                "-c",
                "../other.ini",
                "--rootdir=..",
                "..",
            ]
        ],
        "../.venv/bin/pytest",
    ),
}


@pytest.mark.parametrize(("folder", "words", "program"), STARTS.values(), ids=STARTS)
def test_a_rerun_works_as_it_is_printed(folder: str, words: list[str], program: str, project: Project) -> None:
    of_a_venv(project)
    (project.folder / "below").mkdir()
    (project.folder / "other.ini").write_text((project.folder / "pytest.ini").read_text())
    command = started(project, *words, folder=folder)
    assert command.startswith(f"{program} ")
    assert [word for word in words if word.startswith(("-p", "-c", "-o", "--rootdir"))] == [
        word for word in shlex.split(command)[1:] if word.startswith(("-p", "-c", "-o", "--rootdir"))
    ]
    shell = ["bash", "-c", f"set -o pipefail; {command}"]
    where = project.folder / folder
    again = subprocess.run(shell, cwd=where, env=project.env, capture_output=True, text=True, check=False)
    assert again.returncode == 1, again.stdout + again.stderr
    assert "1 failed in" in again.stdout
