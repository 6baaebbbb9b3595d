"""`contracts run`: a contract run without a test file, in a folder that is somebody's."""

import json
import shlex
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from xml.etree import ElementTree

import pytest

from . import forked
from .projects import CANARY, ENUM, GIVEN, REQUIRED, Run, Things, document, hermetic, serving

QUIET = ("-q", "--contract-rule=* enum")


class Folder:
    """A folder with nothing in it, and the runs that are started there."""

    def __init__(self, path: Path, servers: ExitStack) -> None:
        self.path, self.servers = path, servers
        self.env = {**hermetic(), "CONTRACT_CREDENTIAL": CANARY}

    def write(self, name: str = "openapi.yaml", text: str | None = None) -> Path:
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(document(), indent=1) if text is None else text)
        return path

    def run(self, *words: str, here: str = ".") -> Run:
        return self.finished([sys.executable, "-m", "contracts", "run", *words], here)

    def finished(self, command: list[str], here: str = ".") -> Run:
        pipe, folder = subprocess.PIPE, self.path / here
        process = forked.Forked(command, cwd=folder, env=self.env, stdout=pipe, stderr=pipe, text=True)
        out, err = process.communicate(timeout=60)
        return Run(process.returncode, out, err, folder)

    def ask(self, things: Things, *words: str, here: str = ".") -> Run:
        """A run against the service, with the ids that it knows."""
        return self.run("--base-url", self.servers.enter_context(serving(things)), *GIVEN, *words, here=here)

    def again(self, run: Run, here: str = ".") -> list[Run]:
        """What becomes of each `rerun:` that a run printed, as it is pasted."""
        commands = [shlex.split(text.removeprefix("rerun: ")) for text in run.texts("rerun: ")]
        return [self.finished([sys.executable, *words[1:]], here) for words in commands]


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Folder]:
    with ExitStack() as servers:
        yield Folder(tmp_path, servers)


CACHES = [
    pytest.param((), {"contract-probes", "hypothesis"}, id="pytest's cache"),
    pytest.param(("-p", "no:cacheprovider"), set(), id="no cache"),
]


@pytest.mark.parametrize(("words", "kept"), CACHES)
def test_nothing_is_left_that_git_would_take_up(folder: Folder, words: tuple[str, ...], kept: set[str]) -> None:
    """In a process of Python's own, as a forked one has had of Hypothesis what it would keep."""
    folder.write()
    command = [sys.executable, "-m", "contracts", "run", *QUIET, *words]
    run = subprocess.run(command, cwd=folder.path, env=folder.env, capture_output=True, text=True, check=False)
    assert (run.returncode, run.stderr) == (0, "")
    names = {path.name for path in folder.path.iterdir()}
    assert names - {".pytest_cache"} == {"openapi.yaml", "build"}
    assert (folder.path / "build/contract/.gitignore").read_text() == "*\n"
    assert {path.name for path in folder.path.glob(".pytest_cache/d/*")} == kept
    subprocess.run(["git", "init", "-q"], cwd=folder.path, env=folder.env, check=True)
    seen = subprocess.run(["git", "status", "--short", "-uall"], cwd=folder.path, capture_output=True, check=True)
    assert seen.stdout == b"?? openapi.yaml\n"


def test_a_folder_that_is_named_or_there_gets_no_gitignore(folder: Folder) -> None:
    folder.write()
    folder.run(*QUIET, "--contract-report=mine")
    (folder.path / "build/contract").mkdir(parents=True)
    folder.run(*QUIET)
    assert list(folder.path.glob("**/build/**/.gitignore")) + list(folder.path.glob("mine/.gitignore")) == []
    assert (folder.path / "build/contract/report.json").exists()


def test_a_document_is_all_it_takes(folder: Folder) -> None:
    folder.write()
    run = folder.run("openapi.yaml")
    assert (run.code, run.err) == (0, ""), run.out + run.err
    assert run.lines[0] == "contract: openapi.yaml (1.0) on the mock"
    assert run.lines[-1].startswith("contract: PASS in a self-test on the mock")
    assert "\n\n" not in run.out.partition(" contract ===")[2], "a line of the summary is broken in two"
    assert run.verdicts[ENUM]["outcome"] == "holds"


def test_a_failed_rule_runs_again_as_it_is_printed(folder: Folder) -> None:
    folder.write()
    run = folder.ask(Things({"status": "paused"}), *QUIET, "-p", "no:junitxml")
    assert (run.code, run.violated) == (1, {ENUM})
    item, base_url = f"openapi.yaml::test_rule[{ENUM}]", run.report["target"]["base_url"]
    assert f"FAILED {item}" in run.out
    words = shlex.split(run.texts("rerun: ")[0])[4:]
    assert words == ["run", item, "--base-url", base_url, *GIVEN, QUIET[1], "-p", "no:junitxml"]
    (again,) = folder.again(run)
    assert (again.code, again.violated, again.counted("failed")) == (1, {ENUM}, 1)


@pytest.mark.parametrize(
    "import_line",
    [
        "from contracts.testing import test_document, test_rule",
        "from contracts.testing import (\n    test_document,\n    test_rule,\n)",
        "from contracts.testing import *",
        "from contracts import testing\ntest_rule = testing.test_rule\ntest_document = testing.test_document",
    ],
    ids=["line", "lines", "star", "module"],
)
def test_one_file_of_one_line_is_the_same_in_a_suite(folder: Folder, import_line: str) -> None:
    folder.write("api.yaml")
    folder.write("tests/test_contract.py", import_line)
    strict = 'addopts = "--strict-markers --import-mode=importlib"\nfilterwarnings = ["error"]\nxfail_strict = true\n'
    folder.write("pyproject.toml", f'[tool.pytest.ini_options]\ncontract_spec = "api.yaml"\n{strict}')
    words = ["-m", "pytest", "--assert=plain", "-p", "no:schemathesis", "-p", "no:pytest_httpx2"]
    run = folder.finished([sys.executable, *words])
    assert (run.code, run.err) == (0, ""), run.out + run.err
    assert run.lines[0] == "contract: api.yaml (1.0) on the mock"
    assert run.verdicts[ENUM]["outcome"] == "holds"
    assert "test_contract.py" in run.out


# What a project says around it


CONFTEST = "raise RuntimeError('not for a contract run')\n"
HOSTILE = {
    "options that nobody knows": ("pyproject.toml", '[tool.pytest.ini_options]\naddopts = "--cov=x --nothing"\n'),
    "no plugin": ("pytest.ini", "[pytest]\naddopts = -p no:contracts.plugin -p no:terminal -p no:python --co\n"),
    "warnings and marks": (
        "pytest.toml",
        '[pytest]\nstrict = true\nfilterwarnings = ["error"]\naddopts = ["--import-mode=importlib"]\n',
    ),
    "other names of tests": (
        "tox.ini",
        "[pytest]\npython_functions = check_*\npython_files = check_*\ntestpaths = none\n",
    ),
    "what is needed": (
        "setup.cfg",
        "[tool:pytest]\nrequired_plugins = pytest-none\nminversion = 99\nusefixtures = none\n",
    ),
    "a section of old": ("setup.cfg", "[pytest]\naddopts = -x\n"),
    "settings of others": ("pytest.ini", "[pytest]\nasyncio_mode = auto\nlog_cli = true\nlog_level = DEBUG\n"),
}


@pytest.mark.parametrize(("name", "content"), HOSTILE.values(), ids=HOSTILE)
def test_nothing_that_a_project_says_of_its_tests_counts(name: str, content: str, folder: Folder) -> None:
    folder.write("api/openapi.yaml")
    for code in ("conftest.py", "api/conftest.py", "api/__init__.py", "test_broken.py", "sitecustomize.py"):
        folder.write(code, CONFTEST)
    folder.write("bad-1.0.dist-info/METADATA", "Name: bad\nVersion: 1.0\n")
    folder.write("bad-1.0.dist-info/entry_points.txt", "[pytest11]\nbad = test_broken\n")
    folder.write(name, content)
    folder.env |= {"PYTEST_ADDOPTS": "--nothing", "PYTEST_PLUGINS": "nothing"}
    run = folder.ask(Things({"status": "paused"}), "api/openapi.yaml", "--contract-rule=* enum")
    assert (run.code, run.violated) == (1, {ENUM}), run.out + run.err
    assert "warning" not in run.out
    (again,) = folder.again(run)
    assert (again.code, again.violated) == (1, {ENUM})


def test_the_projects_settings_of_a_run_count(folder: Folder) -> None:
    folder.write("docs/api.yaml")
    things = Things()
    url = folder.servers.enter_context(serving(things))
    params = 'contract_param = ["thing_id=@ids.txt"]\ncontract_report = "out"\ncontract_rule = "* enum"\n'
    text = f'[tool.pytest]\ncontract_spec = "docs/api.yaml"\n{params}base_url = "{url}"\naddopts = ["--nothing"]\n'
    folder.write("pyproject.toml", text)
    folder.write("ids.txt", "a1\nb2\n")
    folder.write("below/x", "")
    run = folder.run("-q", here="below")
    assert run.code == 0, run.out + run.err
    assert run.lines[0].endswith(f"docs/api.yaml (1.0) on {url}")
    assert (folder.path / "out" / "report.json").is_file()
    assert {"GET /things/a1", "GET /things/b2"} <= set(things.lines)


def test_what_is_given_goes_before_what_is_set(folder: Folder) -> None:
    folder.write("api.yaml")
    folder.write("other.yaml", json.dumps(document("other_id")))
    folder.write("pytest.ini", "[pytest]\ncontract_spec = api.yaml\ncontract_report = set\ncontract_rule = nothing\n")
    words = ("-q", "other.yaml", "--contract-report=given", "-o", "contract_rule=* enum")
    run = folder.run(*words)
    assert (run.code, run.lines[0]) == (0, "contract: other.yaml (1.0) on the mock"), run.err
    assert [path.name for path in folder.path.glob("*/report.json")] == ["report.json"]
    assert (folder.path / "given").is_dir()
    own = folder.write("own.ini", "[pytest]\ncontract_spec = other.yaml\naddopts = --contract-report=own\n")
    assert folder.run("-q", "-c", own.name).lines[0] == "contract: other.yaml (1.0) on the mock"
    assert (folder.path / "own" / "report.json").is_file()


# What is printed, pasted


PLACES = {
    "here": (".", "openapi.yaml", "openapi.yaml"),
    "below": (".", "my api/it's [v1]/openapi.yaml", "my api/it's [v1]/openapi.yaml"),
    "beside": ("work", "../api/openapi.yaml", "../api/openapi.yaml"),
    "with a dot": (".", "./openapi.yaml", "./openapi.yaml"),
    "found": (".", "", "spec/any.json"),
    "set": (".", "", "api.yaml"),
    "set above": ("below/deeper", "", "api.yaml"),
}


@pytest.mark.parametrize(("here", "given", "name"), PLACES.values(), ids=PLACES)
def test_a_rerun_works_wherever_the_document_is(here: str, given: str, name: str, folder: Folder) -> None:
    (folder.path / here).mkdir(parents=True, exist_ok=True)
    folder.write(str(Path(here, name)) if given or name != "api.yaml" else name)
    if name == "api.yaml":
        folder.write("pytest.ini", "[pytest]\ncontract_spec = api.yaml\n")
    run = folder.ask(Things({"status": "paused"}), *[given] * bool(given), *QUIET, here=here)
    assert (run.code, run.counted("failed")) == (1, 1), run.out + run.err
    shown = run.texts("rerun: ")[0]
    item = shlex.split(shown)[shlex.split(shown).index("run") + 1]
    expected = name if given or here == "." else folder.path / name
    assert item == f"{expected}::test_rule[{ENUM}]"
    assert f"FAILED {item}" in run.out
    (again,) = folder.again(run, here)
    assert (again.code, again.violated, again.counted("failed")) == (1, {ENUM}, 1)


def test_several_ids_of_a_document_are_judged(folder: Folder) -> None:
    folder.write()
    items = [f"openapi.yaml::test_rule[{rule}]" for rule in (ENUM, REQUIRED)]
    run = folder.run(items[0], "-q", items[1])
    assert (run.code, run.counted("passed")) == (0, 2)
    assert folder.run("openapi.yaml::test_rule", "-q").counted("passed") > 10
    assert folder.run("-q", "openapi.yaml::test_document").counted("skipped") == 1
    assert folder.run("--collect-only").texts("<")[:2] == ["<Package run>", "<Module openapi.yaml>"]


def test_options_go_before_and_behind_and_have_their_values(folder: Folder) -> None:
    """The command to run again is that of the first process."""
    folder.write("my api.yaml")
    words = ("-n", "2", "-k", "enum", "my api.yaml", "--junitxml", "out.xml", "-x", "-q", "--contract-report", "there")
    run = folder.ask(Things({"status": "paused"}), *words)
    assert (run.code, run.counted("failed")) == (1, 1), run.out + run.err
    assert shlex.split(run.texts("rerun: ")[0])[2:6] == ["-m", "contracts", "run", f"my api.yaml::test_rule[{ENUM}]"]
    assert ElementTree.parse(folder.path / "out.xml").getroot().find(".//testcase/failure") is not None
    assert (folder.path / "there" / "report.json").is_file()


def test_everything_that_a_run_can_do_it_can(folder: Folder) -> None:
    conditional = document()
    conditional["paths"]["/things/{thing_id}"]["get"]["responses"]["304"] = {"description": "as it was"}
    folder.write(text=json.dumps(conditional, indent=1))
    things = Things({"status": "paused"})
    assert "openapi.yaml::test_rule[" not in folder.ask(things, "--contract-dry-run").out
    assert things.heads == []
    run = folder.ask(things, *QUIET, "--contract-history=history", "--contract-report=first")
    assert (run.code, len(list((folder.path / "history").glob("*.json")))) == (1, 1)
    known = folder.ask(things, *QUIET, "--contract-against=first/report.json", "--contract-fail-on=new")
    assert (known.code, known.report["summary"]["violated"]) == (0, 1)
    tagged = ('ETag: "1"',)
    mended, broken = Things(fields=tagged), Things({"status": "paused"}, fields=tagged)
    for service, code in ((broken, 1), (mended, 0)):
        replayed = folder.ask(service, *QUIET, "--contract-replay=first/report.json")
        assert (replayed.code, bool(replayed.violated)) == (code, bool(code))
    assert broken.lines == mended.lines == ["GET /things/a1"]
    first = json.loads((folder.path / "first" / "report.json").read_text())
    assert " run openapi.yaml --base-url " in first["command"]


# Mistakes


MISTAKES = {
    "option": (("openapi.yaml", "--bogus"), "unrecognized arguments: --bogus; see contracts run --help"),
    "underscore": (
        ("--base_url=http://u:hunter2@h",),
        "unrecognized arguments: --base_url; did you mean --base-url?; see",
    ),
    "one word": (("--baseurl", "http://h"), "unrecognized arguments: --baseurl; did you mean --base-url?; see"),
    "other tools": (("--url", "http://h"), "unrecognized arguments: --url; did you mean --base-url?; see"),
    "without contract": (("--rate", "5/s"), "unrecognized arguments: --rate; did you mean --contract-rate?; see"),
    "a word of several": (
        ("--contract-tokn",),
        "unrecognized arguments: --contract-tokn; did you mean --contract-token-from-flow?; see",
    ),
    "two slips": (
        ("--contract-unsave", "--hypothesis-sed=3"),
        "unrecognized arguments: --contract-unsave --hypothesis-sed; "
        "did you mean --contract-unsafe and --hypothesis-seed?; see",
    ),
    "a path with ::": (("a::b/none.yaml",), "a::b/none.yaml: can't be read: No such file or directory; give"),
    "a URL set": (
        ("-o", "contract_spec=https://example.org/o.yaml"),
        "--contract-spec https://example.org/o.yaml is a URL, and nothing is fetched; give a file",
    ),
    "no value": (("openapi.yaml", "-k"), "argument -k: expected one argument; see contracts run --help"),
    "no file": (("missing.yaml",), "missing.yaml: can't be read: No such file or directory; give"),
    "a folder": (("below",), "below: can't be read: Is a directory; give"),
    "a URL": (("https://example.org/openapi.json",), "--contract-spec https://example.org/openapi.json is a URL, and"),
    "empty": (("",), "--contract-spec is empty (an unset variable?); give a value"),
    "broken": (("broken.yaml",), "broken.yaml:3: this is not YAML: "),
    "no document": (("other.yaml",), "other.yaml:1: this is no OpenAPI document"),
    "two": (("a.yaml", "b.yaml"), "a.yaml and b.yaml are several documents, and a run has one; run each"),
    "no quotes": (("openapi.yaml::test_rule[GET", "/x]"), "openapi.yaml and /x] are several documents, and a run has"),
    "two ways": (("openapi.yaml", "--contract-spec=b.yaml"), "b.yaml and openapi.yaml are several documents"),
    "no test": (("openapi.yaml::test_nothing",), "openapi.yaml::test_nothing: with these options there is no such"),
    "no rule": (
        (f"openapi.yaml::test_rule[{ENUM}s]",),
        f"openapi.yaml::test_rule[{ENUM}s]: the document has no rule test_rule[{ENUM}s]; the nearest are {ENUM}",
    ),
    "no rule of these": (
        (f"openapi.yaml::test_rule[{ENUM}]", "--contract-rule=* type"),
        f"openapi.yaml::test_rule[{ENUM}",
    ),
    "no rule, in processes": (("openapi.yaml::test_rule[x]", "-n2"), "openapi.yaml::test_rule[x]: the document has"),
    "an empty base URL": (("--base-url", ""), "--base-url is empty (an unset variable?)"),
}


@pytest.mark.parametrize(("words", "said"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_a_sentence_and_exit_code_4(words: tuple[str, ...], said: str, folder: Folder) -> None:
    folder.write()
    folder.write("below/x", "")
    folder.write("broken.yaml", "openapi: 3.1.0\na: [")
    folder.write("other.yaml", "a: 1\n")
    run = folder.run(*words)
    assert (run.code, run.err.startswith(f"ERROR: {said}")) == (4, True), run.out + run.err
    assert len(run.err.strip().splitlines()) == 1
    assert "Traceback" not in run.out + run.err
    assert not (folder.path / "build").exists()


def test_a_path_may_have_what_parts_tests(folder: Folder) -> None:
    folder.write("a::b/openapi.yaml")
    run = folder.ask(Things({"status": "paused"}), *QUIET, "a::b/openapi.yaml")
    (again,) = folder.again(run)
    assert (run.code, run.violated, again.code, again.violated) == (1, {ENUM}, 1, {ENUM})


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("pyproject.toml", "[tool", "pyproject.toml: can't be read ("),
        ("pytest.ini", "[pytest]\ncontract_sepc = x\n", "pytest.ini: contract_sepc is no setting; give contract_spec"),
        ("pytest.ini", "[pytest]\ncontract_spec = x.yaml\n", "x.yaml: can't be read: No such file"),
        (
            "pytest.ini",
            "[pytest]\ncontract_spec = https://h/o.yaml\n",
            "pytest.ini: contract_spec https://h/o.yaml is a URL, and nothing is fetched; give a file",
        ),
        ("pytest.ini", "[pytest]\n", "there is no openapi."),
        (
            "spec/a.yaml",
            "openapi: 3.1.0",
            "there are several documents here, spec/a.yaml, spec/b.yaml; name one of them",
        ),
    ],
)
def test_a_document_that_can_not_be_found_is_a_sentence(name: str, content: str, said: str, folder: Folder) -> None:
    folder.write(name, content)
    folder.write("spec/b.yaml" if name.startswith("spec/") else "api.yaml")
    run = folder.run()
    assert (run.code, run.out, run.err.startswith(f"ERROR: {said}")) == (4, "", True), run.err


@pytest.mark.skipif(not Path("/proc/self").is_dir(), reason="there is no folder that nobody can write to")
def test_a_folder_that_can_not_be_written_to_is_enough_to_run_in(folder: Folder) -> None:
    document = folder.write()
    report = folder.path / "report"
    run = folder.run(str(document), "-q", f"--contract-report={report}", here="/proc/self")
    assert (run.code, run.err) == (0, ""), run.out + run.err
    assert "warning" not in run.out
    assert (report / "report.json").is_file()
    refused = folder.run(str(document), "-q", here="/proc/self")
    assert (refused.code, "give a folder for the report" in refused.err) == (4, True)
