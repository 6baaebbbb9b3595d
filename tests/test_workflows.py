"""The workflows: nothing that zizmor finds, no more rights than needed, and every command run as the runner would."""

from __future__ import annotations

import html
import itertools
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.run.called import callable_from_shells
from tests.service import create_app, fault_named, raw_server, running

ROOT = Path(__file__).parents[1]
OURS, TEMPLATES = ROOT / ".github" / "workflows", ROOT / "contracts" / "commands" / "templates"
BY_HAND = ROOT / "examples" / "tickets" / ".github" / "workflows" / "service.yml"
TEXTS = {
    path.stem: path.read_text(encoding="utf-8") for path in (*sorted(OURS.glob("*.yml")), *TEMPLATES.glob("*.yml"))
}
"""Our workflows, and those that `contracts init` writes."""
# As they stand: `on` stays a key.
WORKFLOWS = {name: yaml.load(text, yaml.CBaseLoader) for name, text in TEXTS.items()}
ACTION = yaml.load((ROOT / "action.yml").read_text(encoding="utf-8"), yaml.CBaseLoader)
JOBS = {f"{name}: {key}": job for name, workflow in WORKFLOWS.items() for key, job in workflow["jobs"].items()}
STEPS = {name: job["steps"] for name, job in JOBS.items()}
COMMANDS = {name: [step["run"] for step in steps if "run" in step] for name, steps in STEPS.items()}
IN_ACTION = {step["name"]: step["run"] for step in ACTION["runs"]["steps"] if "run" in step}
REFUSED = b"HTTP/1.1 401 No\r\nWWW-Authenticate: Bearer\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
KEY = "nightly-canary-0123456789"


def test_zizmor_finds_nothing(begun: Runner) -> None:
    beside = str(Path(sys.executable).parent)
    zizmor = shutil.which("zizmor", path=os.pathsep.join([beside, os.environ.get("PATH", "")]))
    if zizmor is None:
        pytest.skip("zizmor is not installed; `make setup` installs it from the lock")
    words = [zizmor, "--offline", "--no-progress", "--no-config", "--persona=auditor"]
    words += [".github/workflows", "action.yml", str(BY_HAND), str(begun.folder / ".github" / "workflows")]
    found = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (found.returncode, "No findings" in found.stdout) == (0, True), found.stdout + found.stderr


def test_what_the_action_takes_and_gives_is_documented() -> None:
    page = (ROOT / "docs" / "ci.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `([a-z-]+)` \|", page, re.MULTILINE)
    assert rows == list(ACTION["inputs"])
    assert all(f"`{name}`" in page for name in ACTION["outputs"])


def test_there_are_three_workflows_and_two_for_others() -> None:
    ours = ["ci: test", "ci: sdk", "gate: diff", "nightly: contract", "nightly: whole"]
    assert sorted(JOBS) == sorted([*ours, "contract: contract", "contract-nightly: contract"])


@pytest.mark.parametrize("name", WORKFLOWS)
def test_nothing_is_allowed_that_no_job_asks_for(name: str) -> None:
    workflow = WORKFLOWS[name]
    assert workflow["permissions"] == {}
    assert "group" in workflow["concurrency"]
    assert all(job["permissions"] == {"contents": "read"} for job in workflow["jobs"].values())


@pytest.mark.parametrize("name", JOBS)
def test_every_job_is_bounded(name: str) -> None:
    assert 0 < int(JOBS[name]["timeout-minutes"]) <= 60


@pytest.mark.parametrize("name", [*WORKFLOWS, "action"])
def test_actions_are_pinned_and_their_version_is_said(name: str) -> None:
    lines = (TEXTS.get(name) or (ROOT / "action.yml").read_text(encoding="utf-8")).splitlines()
    used = [line.partition("uses: ")[2] for line in lines if "uses: " in line]
    assert used
    assert all(re.fullmatch(r"actions/[a-z/-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", one) for one in used)


@pytest.mark.parametrize("name", STEPS)
def test_the_checkout_leaves_no_credential(name: str) -> None:
    checkouts = [step for step in STEPS[name] if step.get("uses", "").startswith("actions/checkout@")]
    assert [step["with"]["persist-credentials"] for step in checkouts] == ["false"]


def test_the_same_actions_are_used_everywhere() -> None:
    others = [
        (ROOT / name).read_text(encoding="utf-8") for name in ("action.yml", "docs/ci.md", "docs/scale.md", BY_HAND)
    ]
    used = re.findall(r"uses: (actions/.*)", "".join([*TEXTS.values(), *others]))
    assert len({one.partition("@")[0] for one in used}) == len(set(used))


def every_command() -> list[str]:
    return [*itertools.chain.from_iterable(COMMANDS.values()), *IN_ACTION.values()]


def test_nothing_is_written_into_a_command() -> None:
    assert not [command for command in every_command() if "${{" in command]


def test_every_command_is_one_that_bash_reads() -> None:
    scripts = [(ROOT / ".ci" / name).read_text(encoding="utf-8") for name in ("action", "nightly", "run")]
    for command in [*every_command(), *scripts]:
        subprocess.run(["bash", "-n", "-c", command], check=True)


def test_pull_requests_see_no_secret() -> None:
    asked = {name for name, workflow in WORKFLOWS.items() if "secrets." in json.dumps(workflow)}
    assert asked == {"nightly", "contract-nightly"}
    assert all(set(WORKFLOWS[name]["on"]) == {"schedule", "workflow_dispatch"} for name in asked)
    assert "secrets." not in json.dumps(ACTION)
    assert not [name for name, workflow in WORKFLOWS.items() if "pull_request_target" in workflow["on"]]


def test_inputs_have_what_a_scheduled_run_takes_as_default() -> None:
    inputs = WORKFLOWS["nightly"]["on"]["workflow_dispatch"]["inputs"]
    text = json.dumps(JOBS["nightly: contract"])
    assert f"inputs.base_url || '{inputs['base_url']['default']}'" in text
    assert f"inputs.budget || '{inputs['budget']['default']}'" in text


def test_ci_runs_what_ci_run_runs() -> None:
    assert COMMANDS["ci: test"] == (ROOT / ".ci" / "run").read_text().splitlines()[-1:] == ["make test"]
    assert JOBS["ci: test"]["strategy"]["matrix"]["python"] == ["3.11", "3.12", "3.13", "3.14"]


def test_the_commands_below_are_all_there_are() -> None:
    assert COMMANDS["gate: diff"] == ["make setup", GATE, GATE_SUMMARY]
    assert COMMANDS["nightly: contract"] == ["make setup", DRIFT, ".ci/nightly"]
    assert COMMANDS["nightly: whole"] == ["make setup", ".ci/nightly"]


GATE, GATE_SUMMARY = COMMANDS["gate: diff"][1:]
DRIFT, NIGHTLY = COMMANDS["nightly: contract"][1:]


INSTALL, CONTRACT = IN_ACTION["Install"], IN_ACTION["Contract"]


class Runner:
    """A checkout as a job has it after `make setup`, and the files that GitHub reads after a step."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.environment = folder, {**hermetic(), "PYTHONPATH": str(ROOT)}
        for name in ("OUTPUT", "STEP_SUMMARY"):
            self.environment[f"GITHUB_{name}"] = str(folder / name)

    def run(self, command: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """A step, in the shell that GitHub gives it."""
        return subprocess.run(
            ["bash", "-e", "-c", command],
            cwd=self.folder,
            env={**self.environment, **environment},
            capture_output=True,
            text=True,
            check=False,
        )

    @property
    def summary(self) -> str:
        """What GitHub would show, as it reads."""
        return html.unescape((self.folder / "STEP_SUMMARY").read_text(encoding="utf-8"))

    @property
    def output(self) -> str:
        return (self.folder / "OUTPUT").read_text(encoding="utf-8").splitlines()[-1]

    def git(self, *words: str) -> None:
        identity = ["-c", "user.name=x", "-c", "user.email=x@example.org", "-c", "commit.gpgsign=false"]
        subprocess.run(["git", *identity, *words], cwd=self.folder, check=True, capture_output=True)

    def night(self, base_url: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """A night as the workflow has it, but short and not polite."""
        short = {"BUDGET": "dev", "RATE": "9999/s", "MAX_TIME": "60", "NOTTE_API_KEY": KEY, "SEED": ""}
        return self.run(NIGHTLY, BASE_URL=base_url, **{**short, **environment})


def hermetic() -> dict[str, str]:
    known = ("NOTTE_", "PYTEST_", "HYPOTHESIS_", "GITHUB_", "CI", "COV_")
    return {name: value for name, value in os.environ.items() if not name.startswith(known)}


@pytest.fixture(scope="module", autouse=True)
def python() -> Iterator[str]:
    """What stands for Python in the scripts that steps call."""
    with callable_from_shells() as command:
        yield command


@pytest.fixture
def runner(tmp_path: Path, python: str) -> Runner:
    return checkout(tmp_path, python)


def checkout(folder: Path, python: str) -> Runner:
    for name in (".ci", "spec", "tests/contract"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "pytest.ini").write_text(
        "[pytest]\naddopts = -p no:schemathesis -p no:pytest_httpx2 --import-mode=importlib\n"
    )
    (folder / ".venv" / "bin").mkdir(parents=True)
    for name in ("contracts", "pytest"):
        script = folder / ".venv" / "bin" / name
        script.write_text(f'#!/bin/sh\nexec {python} -m {name} "$@"\n')
        script.chmod(0o755)
    return Runner(folder)


@pytest.fixture
def pull_request(runner: Runner) -> Runner:
    """A checkout of a pull request, with the base branch beside it."""
    runner.git("init", "-q", "-b", "topic")
    runner.git("add", "spec")
    runner.git("commit", "-q", "-m", "base")
    runner.git("update-ref", "refs/remotes/origin/main", "HEAD")
    runner.environment["GITHUB_BASE_REF"] = "main"
    return runner


def edit(runner: Runner, before: str, after: str) -> None:
    path = runner.folder / "spec" / "notte.yaml"
    text = path.read_text(encoding="utf-8")
    assert before in text
    path.write_text(text.replace(before, after, 1), encoding="utf-8")


def test_the_gate_lets_pass_what_breaks_nothing(pull_request: Runner) -> None:
    assert pull_request.run(GATE).returncode == 0
    assert pull_request.run(GATE_SUMMARY).returncode == 0
    assert "COMPATIBLE" in pull_request.summary.upper()


def test_the_gate_stops_what_breaks_and_says_where(pull_request: Runner) -> None:
    edit(pull_request, "            - timed_out\n", "            - timed_out\n            - paused\n")
    gate, summary = pull_request.run(GATE), pull_request.run(GATE_SUMMARY)
    assert (gate.returncode, summary.returncode) == (1, 0)
    assert "::error file=spec/notte.yaml,line=" in gate.stdout
    assert "enum-widened" in pull_request.summary


def test_a_base_branch_is_no_command(pull_request: Runner) -> None:
    gate = pull_request.run(GATE, GITHUB_BASE_REF="main; touch pwned")
    assert (gate.returncode, (pull_request.folder / "pwned").exists()) == (2, False)


@pytest.fixture(scope="module")
def healthy() -> Iterator[str]:
    with running(create_app(key=KEY)) as base_url:
        yield base_url


def test_drift_heads_the_summary(runner: Runner, healthy: str) -> None:
    assert runner.run(DRIFT, BASE_URL=healthy).returncode == 0
    assert runner.summary


@pytest.fixture(scope="module")
def first(
    tmp_path_factory: pytest.TempPathFactory, healthy: str, python: str
) -> tuple[Runner, subprocess.CompletedProcess[str]]:
    """A first night, which finds nothing wrong."""
    runner = checkout(tmp_path_factory.mktemp("first"), python)
    return runner, runner.night(healthy, SEED="77")


@pytest.fixture
def second(runner: Runner, first: tuple[Runner, subprocess.CompletedProcess[str]]) -> Runner:
    """A checkout on the night after the first."""
    shutil.copytree(first[0].folder / "build" / "last", runner.folder / "build" / "last")
    return runner


def remembered(runner: Runner) -> str:
    report = json.loads((runner.folder / "build" / "last" / "report.json").read_text(encoding="utf-8"))
    return str(report["decision"])


def test_a_healthy_night_is_green_and_remembered(first: tuple[Runner, subprocess.CompletedProcess[str]]) -> None:
    runner, night = first
    assert (night.returncode, runner.output) == (0, "verdict=true"), night.stdout + night.stderr
    assert remembered(runner) == "pass"


def test_the_summary_says_how_to_repeat_the_night(first: tuple[Runner, subprocess.CompletedProcess[str]]) -> None:
    assert "seed 77" in first[0].summary


def test_no_night_shows_the_key(first: tuple[Runner, subprocess.CompletedProcess[str]]) -> None:
    runner, night = first
    files = b"".join(path.read_bytes() for path in (runner.folder / "build").rglob("*") if path.is_file())
    assert KEY not in night.stdout + night.stderr + runner.summary + files.decode("latin-1")


def test_what_is_new_is_red_once_and_known_then(second: Runner) -> None:
    with running(create_app(key=KEY, fault=fault_named("enum-status-outside"))) as base_url:
        nights = [second.night(base_url) for _ in range(2)]
    assert [night.returncode for night in nights] == [1, 0], nights[1].stdout
    assert 'seen: /status is "paused"' in second.summary
    assert second.summary.count("#### History: ") == 2
    assert "#### History: 2 runs since " in second.summary
    assert "::error file=spec/notte.yaml,line=" in nights[0].stdout
    assert ["::error" in nights[1].stdout, "::warning file=spec/notte.yaml,line=" in nights[1].stdout] == [False, True]
    assert "drift: none, the service publishes what you test (1.4.40)" in second.summary


def test_no_verdict_is_a_warning_while_there_was_one(second: Runner) -> None:
    with raw_server(lambda request: REFUSED) as base_url:
        night = second.night(base_url)
    assert (night.returncode, second.output) == (0, "verdict=false"), night.stdout
    assert "::warning title=inconclusive::contract: INCONCLUSIVE on" in night.stdout
    assert remembered(second) == "pass"
    assert "### 🟡 Contract: INCONCLUSIVE on" in second.summary
    history = (second.folder / "build" / "last" / "history").iterdir()
    assert sorted(json.loads(path.read_text())["decision"] for path in history) == ["inconclusive", "pass"]


def test_the_history_of_a_night_without_a_verdict_is_saved_as_well() -> None:
    (save,) = [step for step in STEPS["nightly: contract"] if "actions/cache/save" in step.get("uses", "")]
    wanted = "${{ !cancelled() && strategy.job-total == 1 }}"  # of shards the job that puts them together saves it
    assert (save["if"], save["with"]["path"]) == (wanted, "build/last")
    assert [step["if"] for step in STEPS["nightly: whole"] if step.get("with") == save["with"]] == [
        "${{ !cancelled() }}"
    ]


def test_a_night_in_shards_is_one_night() -> None:
    """What is given to each shard and to the job after them fits together, whatever number is chosen."""
    choices = WORKFLOWS["nightly"]["on"]["workflow_dispatch"]["inputs"]["shards"]
    assert choices["default"] == "[1]"
    assert [json.loads(text) for text in choices["options"]] == [list(range(1, most + 1)) for most in (1, 2, 3, 5)]
    assert JOBS["nightly: contract"]["strategy"]["fail-fast"] == "false"
    (upload,) = [step for step in STEPS["nightly: contract"] if "upload-artifact" in step.get("uses", "")]
    (download,) = [step for step in STEPS["nightly: whole"] if "download-artifact" in step.get("uses", "")]
    (put_together,) = [step for step in STEPS["nightly: whole"] if step.get("run") == NIGHTLY]
    assert "format('shard-{0}', matrix.shard)" in upload["with"]["name"]
    assert download["with"]["pattern"] == "shard-*"
    assert put_together["env"]["SHARDS"] == download["with"]["path"]
    assert JOBS["nightly: whole"]["if"].startswith("${{ !cancelled() && ")


def test_shards_of_a_night_are_remembered_as_a_whole(second: Runner) -> None:
    """A shard is red or green by itself, and leaves what the last night knew to the job that puts them together."""
    with running(create_app(key=KEY, fault=fault_named("enum-status-outside"))) as base_url:
        shard = second.night(base_url, SHARD="1/1", GITHUB_RUN_ID="7")
    assert (shard.returncode, remembered(second), "::error" in shard.stdout) == (1, "pass", False), shard.stdout
    (second.folder / "build" / "contract").rename(second.folder / "build" / "shards")
    whole = second.run(NIGHTLY, BASE_URL=base_url, SHARDS="build/shards")
    assert (whole.returncode, second.output, remembered(second)) == (1, "verdict=true", "fail"), whole.stdout
    assert "::error file=spec/notte.yaml,line=" in whole.stdout
    assert "· seed 7" in second.summary
    assert len([*(second.folder / "build" / "last" / "history").iterdir()]) == 2


def test_a_report_of_the_night_before_is_not_shown_for_this_one(second: Runner) -> None:
    (second.folder / "build" / "contract").mkdir()
    shutil.copy(second.folder / "build" / "last" / "report.json", second.folder / "build" / "contract")
    night = second.night("no-url")
    assert night.returncode == 4
    assert "PASS" not in second.summary
    assert "--base-url no-url is not usable" in second.summary


def test_no_verdict_for_days_is_red(second: Runner) -> None:
    os.utime(second.folder / "build" / "last" / "report.json", (0, 0))
    (second.folder / ".venv" / "bin" / "pytest").write_text("#!/bin/sh\nexit 3\n")  # as where no answer counts
    assert second.night("http://127.0.0.1:9").returncode == 3


def test_a_session_is_started_where_that_was_asked_for(runner: Runner, healthy: str) -> None:
    night = runner.night(healthy, START_SESSION="true")
    assert night.returncode == 0, night.stdout
    assert "seen active, then closed, stopped; cost about $0.002" in runner.summary


@pytest.mark.parametrize("environment", [{}, {"BASE_URL": ""}], ids=["unset", "empty"])
def test_a_night_without_a_base_url_is_red_at_once(environment: dict[str, str], runner: Runner) -> None:
    runner.environment.pop("BASE_URL", None)
    night = runner.run(NIGHTLY, NOTTE_API_KEY=KEY, **environment)
    assert (night.returncode, runner.output, night.stdout) == (4, "verdict=false", "")
    assert night.stderr.startswith("ERROR: BASE_URL is not set; set it to the service to ask")
    assert runner.summary == night.stderr


def test_a_night_before_the_set_up_is_red_at_once(runner: Runner) -> None:
    shutil.rmtree(runner.folder / ".venv")
    night = runner.night("http://127.0.0.1:9")
    assert (night.returncode, night.stderr) == (4, "ERROR: there is no .venv; run make setup first\n")


def test_a_night_without_a_key_is_red(runner: Runner, healthy: str) -> None:
    night = runner.night(healthy, NOTTE_API_KEY="")
    assert (night.returncode, runner.output) == (4, "verdict=false")
    assert "NOTTE_API_KEY is not set" in runner.summary


GET = "get: {parameters: [{name: limit, in: query, schema: {type: integer}}], responses: {'200': {description: ok}}}"
DOCUMENT = f"openapi: 3.1.0\ninfo: {{title: Books, version: '1'}}\npaths:\n  /books: {{{GET}}}\n"
ONE_RULE = "--contract-rule\nGET /books status documented\n\n-q"


def program(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/usr/bin/env bash\n{text}\n", encoding="utf-8")
    path.chmod(0o755)
    return path


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory, python: str) -> Runner:
    """Somebody's checkout after `contracts init`, as a job of a pull request has it."""
    runner = Runner(tmp_path_factory.mktemp("begun"))
    (runner.folder / "openapi.yaml").write_text(DOCUMENT, encoding="utf-8")
    runner.git("init", "-q", "-b", "topic")
    program(runner.folder / "bin", "contracts", f'exec {python} -m contracts "$@"')
    runner.environment |= {
        "PATH": f"{runner.folder / 'bin'}{os.pathsep}{os.environ['PATH']}",
        "GITHUB_BASE_REF": "main",
    }
    made = runner.run("contracts init")
    assert made.returncode == 0, made.stderr
    runner.git("add", ".")
    runner.git("commit", "-q", "-m", "base")
    runner.git("update-ref", "refs/remotes/origin/main", "HEAD")
    return runner


@pytest.fixture(scope="module")
def breaking(begun: Runner) -> tuple[Runner, subprocess.CompletedProcess[str]]:
    """What the action made of a pull request that breaks clients."""
    (begun.folder / "openapi.yaml").write_text(DOCUMENT.replace("integer", "boolean"), encoding="utf-8")
    begun.git("commit", "-q", "-a", "-m", "change")
    return begun, acted(begun, begun.folder / "bin", ARGS=ONE_RULE)


def test_the_action_runs_compares_tells_and_says_what_came_of_it(
    breaking: tuple[Runner, subprocess.CompletedProcess[str]],
) -> None:
    runner, done = breaking
    assert done.returncode == 1, done.stderr
    assert "contract: PASS in a self-test on the mock (1 rule" in done.stdout
    assert "::error file=openapi.yaml,line=4,title=breaking" in done.stdout
    folder = runner.folder / "build" / "contract"
    assert outputs(runner) == {"result": "fail", "exit-code": "1", "report": str(folder)}
    assert (folder / "report.html").is_file()
    assert "### 🟢 Contract: PASS" in runner.summary
    assert "type-changed" in runner.summary


def test_the_workflow_of_others_runs_compares_and_tells(
    breaking: tuple[Runner, subprocess.CompletedProcess[str]],
) -> None:
    runner, _ = breaking
    install, run, diff, summary = COMMANDS["contract: contract"]
    assert install == "python -m pip install notte-contracts==@VERSION@"
    assert re.search(r"notte-contracts==\d+\.\d+", (runner.folder / ".github/workflows/contract.yml").read_text())
    (runner.folder / "STEP_SUMMARY").write_text("")
    assert run == "contracts run --contract-report build/contract"  # which the action has done
    done = [runner.run(command) for command in (diff, summary)]
    assert [one.returncode for one in done] == [1, 0], done
    assert "::error file=openapi.yaml,line=4,title=breaking" in done[0].stdout
    assert "### 🟢 Contract: PASS" in runner.summary
    assert "type-changed" in runner.summary


def test_the_night_of_others_asks_a_service_and_needs_one(begun: Runner) -> None:
    _, run, summary = COMMANDS["contract-nightly: contract"]
    assert summary == COMMANDS["contract: contract"][-1].rpartition("contracts diff")[0]
    night = begun.run(run, BASE_URL="")
    assert (night.returncode, "--base-url is empty (an unset variable?)" in night.stderr) == (4, True)


def acted(runner: Runner, beside: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """The step `Contract` of the action, with the programs in a folder as what was installed."""
    home = runner.folder / "temp" / "notte-contracts" / "bin"
    shutil.copytree(beside, home, dirs_exist_ok=True)
    step = {"GITHUB_ACTION_PATH": str(ROOT), "RUNNER_TEMP": str(runner.folder / "temp"), "GITHUB_BASE_REF": "main"}
    given = {name: ACTION["inputs"][name.lower().replace("_", "-")]["default"] for name in ("DOCUMENT", "BASELINE")}
    given |= {"ARGS": ACTION["inputs"]["args"]["default"], "BASE_URL": ACTION["inputs"]["base-url"]["default"]}
    return runner.run(CONTRACT, **{**step, **given, **environment})


def outputs(runner: Runner) -> dict[str, str]:
    lines = (runner.folder / "OUTPUT").read_text(encoding="utf-8").splitlines()
    return {name: value for name, _, value in (line.partition("=") for line in lines)}


NOTED = """
printf '%s|' "$@" >> words; echo >> words
[ "$1" != run ] || { mkdir -p build/contract; touch build/contract/report.json; exit "${RUN:-0}"; }
[ "$1" != diff ] || exit "${DIFF:-0}"
"""


@pytest.fixture
def noting(tmp_path: Path) -> Runner:
    """A checkout where `contracts` notes its words, and exits as it is told."""
    program(tmp_path / "bin", "contracts", NOTED)
    return Runner(tmp_path)


@pytest.mark.parametrize(
    ("run", "diff", "code", "result"),
    [
        ("0", "0", 0, "pass"),
        ("1", "0", 1, "fail"),
        ("3", "1", 3, "inconclusive"),
        ("4", "0", 4, "error"),
        ("0", "1", 1, "fail"),
        ("0", "3", 3, "inconclusive"),
        ("0", "2", 2, "error"),
    ],
)
def test_the_action_fails_as_the_run_or_else_the_comparison_does(
    run: str, diff: str, code: int, result: str, noting: Runner
) -> None:
    done = acted(noting, noting.folder / "bin", RUN=run, DIFF=diff)
    assert done.returncode == code
    assert outputs(noting) == {
        "result": result,
        "exit-code": str(code),
        "report": str(noting.folder / "build" / "contract"),
    }


@pytest.mark.parametrize(
    ("given", "run", "against"),
    [
        ({}, "run|--contract-report|HERE|", "origin/main|"),
        ({"DOCUMENT": "--unsafe"}, "run|./--unsafe|--contract-report|HERE|", "origin/main|./--unsafe|"),
        ({"DOCUMENT": "a b.yaml"}, "run|a b.yaml|--contract-report|HERE|", "origin/main|a b.yaml|"),
        ({"BASE_URL": "http://x"}, "run|--contract-report|HERE|--base-url|http://x|", "origin/main|"),
        ({"BASE_URL": ""}, "run|--contract-report|HERE|--base-url||", "origin/main|"),
        (
            {"ARGS": "-n\n4\n--a=$(touch pwned) b"},
            "run|--contract-report|HERE|-n|4|--a=$(touch pwned) b|",
            "origin/main|",
        ),
        ({"BASELINE": "v1"}, "run|--contract-report|HERE|", "v1|"),
        ({"BASELINE": "none"}, "run|--contract-report|HERE|", ""),
        ({"GITHUB_BASE_REF": ""}, "run|--contract-report|HERE|", ""),
    ],
    ids=[
        "nothing",
        "no option",
        "a document",
        "a service",
        "an unset variable",
        "options",
        "a baseline",
        "none",
        "a push",
    ],
)
def test_what_the_action_is_given_are_words(given: dict[str, str], run: str, against: str, noting: Runner) -> None:
    acted(noting, noting.folder / "bin", **given)
    words = (noting.folder / "words").read_text(encoding="utf-8").splitlines()
    assert words[0] == run.replace("HERE", str(noting.folder / "build" / "contract"))
    compared = [line for line in words if line.startswith("diff|")]
    options = ["--format|github|", "--format|markdown|--fail-on|never|"] * bool(against)
    assert compared == [f"diff|--against|{against}{option}" for option in options]
    assert not (noting.folder / "pwned").exists()


@pytest.mark.parametrize(("version", "wanted"), [("", str(ROOT)), ("0.1.0", "notte-contracts==0.1.0")])
def test_the_action_installs_what_its_lock_says_or_a_release(version: str, wanted: str, noting: Runner) -> None:
    pip = 'printf "%s " "$@" > ../pip; cat "${PIP_CONSTRAINT:-/dev/null}" >> ../pip'
    program(noting.folder / "given", "pip", pip)
    python = program(noting.folder, "python", f'mkdir -p "$3" && cp -r "{noting.folder}/given" "$3/bin"')
    step = {"PYTHON": str(python), "VERSION": version, "RUNNER_TEMP": str(noting.folder / "a b")}
    (noting.folder / "there").mkdir()
    done = noting.run(f"cd there; {INSTALL}", GITHUB_ACTION_PATH=str(ROOT), **step)
    assert done.returncode == 0, done.stderr
    words, _, lock = (noting.folder / "pip").read_text(encoding="utf-8").partition(" " + wanted + " ")
    assert words == "install --quiet"
    assert bool(lock) is not bool(version)
    pinned = [line for line in lock.splitlines() if "--hash" in line or not re.match(r"[\w.-]+==[\w.]+( ; .*)?$", line)]
    assert pinned == []
    assert lock.count("==") >= 60 * (not version)


SCALE = re.findall(
    r"^```yaml\n(.*?)^```$", (ROOT / "docs" / "scale.md").read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
)
GITHUB, GITLAB, KUBERNETES = (yaml.load(text, yaml.BaseLoader) for text in SCALE)
"""How the docs spread a run over machines."""
IN_KUBERNETES = KUBERNETES["spec"]["template"]["spec"]["containers"][0]


@pytest.mark.parametrize(
    ("command", "environment"),
    [
        (GITHUB["jobs"]["shard"]["steps"][2]["run"], {"SHARD": "{index}/{count}", "GITHUB_RUN_ID": "77"}),
        (GITLAB["contract"]["script"][1], {"CI_NODE_INDEX": "{index}", "CI_NODE_TOTAL": "{count}"}),
        (IN_KUBERNETES["args"][0], {"JOB_COMPLETION_INDEX": "{before}"}),
    ],
    ids=["GitHub", "GitLab", "Kubernetes"],
)
def test_each_machine_of_the_docs_asks_a_share_of_its_own(
    command: str, environment: dict[str, str], noting: Runner
) -> None:
    """The words that `contracts` gets of a shell, on the first machine of three and on the last."""
    for index in (1, 3):
        numbers = {"index": index, "count": 3, "before": index - 1}
        given = {name: text.format(**numbers) for name, text in environment.items()}
        noting.run(f'PATH="{noting.folder / "bin"}:$PATH"; {command}', **given)
    words = [line.split("|") for line in (noting.folder / "words").read_text(encoding="utf-8").splitlines()]
    shards = [line[line.index("--contract-shard") + 1] for line in words]
    assert ([line[:2] for line in words], shards) == ([["run", "openapi.yaml"]] * 2, ["1/3", "3/3"])


def test_the_docs_put_together_what_the_machines_leave() -> None:
    shard, whole = GITHUB["jobs"]["shard"], GITHUB["jobs"]["whole"]
    assert shard["strategy"]["matrix"]["shard"] == ["1", "2", "3"]
    assert shard["steps"][2]["env"]["SHARD"] == "${{ matrix.shard }}/${{ strategy.job-total }}"
    upload, download = shard["steps"][3], whole["steps"][2]
    assert (upload["with"]["name"], download["with"]["pattern"]) == ("shard-${{ matrix.shard }}", "shard-*")
    assert (whole["needs"], download["with"]["path"]) == ("shard", "shards")
    assert (
        whole["steps"][-1]["run"]
        == GITLAB["whole"]["script"][-1]
        == "contracts merge shards -o build/contract/report.json"
    )
    assert (GITLAB["contract"]["parallel"], GITLAB["contract"]["artifacts"]["paths"]) == ("3", ["shards"])
    assert (KUBERNETES["spec"]["completionMode"], KUBERNETES["spec"]["completions"]) == ("Indexed", "3")
    assert IN_KUBERNETES["volumeMounts"][0]["mountPath"] == "/shards"
