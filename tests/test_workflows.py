"""The workflows: nothing that zizmor finds, no more rights than needed, and every command run as the runner would."""

from __future__ import annotations

import html
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

from tests.service import create_app, fault_named, raw_server, running

ROOT = Path(__file__).parents[1]
WORKFLOWS = {
    path.stem: yaml.load(path.read_text(encoding="utf-8"), yaml.BaseLoader)  # as it stands: `on` stays a key
    for path in sorted((ROOT / ".github" / "workflows").glob("*.yml"))
}
JOBS = {f"{name}: {key}": job for name, workflow in WORKFLOWS.items() for key, job in workflow["jobs"].items()}
STEPS = {name: job["steps"] for name, job in JOBS.items()}
COMMANDS = {name: [step["run"] for step in steps if "run" in step] for name, steps in STEPS.items()}
REFUSED = b"HTTP/1.1 401 No\r\nWWW-Authenticate: Bearer\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
KEY = "nightly-canary-0123456789"


def test_zizmor_finds_nothing() -> None:
    beside = str(Path(sys.executable).parent)
    zizmor = shutil.which("zizmor", path=os.pathsep.join([beside, os.environ.get("PATH", "")]))
    if zizmor is None:
        pytest.skip("zizmor is not installed; `make setup` installs it from the lock")
    words = [zizmor, "--offline", "--no-progress", "--no-config", "--persona=auditor", ".github/workflows"]
    found = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (found.returncode, "No findings" in found.stdout) == (0, True), found.stdout + found.stderr


def test_there_are_three_workflows() -> None:
    assert list(JOBS) == ["ci: test", "gate: diff", "nightly: contract"]


@pytest.mark.parametrize("name", WORKFLOWS)
def test_nothing_is_allowed_that_no_job_asks_for(name: str) -> None:
    workflow = WORKFLOWS[name]
    assert workflow["permissions"] == {}
    assert "group" in workflow["concurrency"]
    assert all(job["permissions"] == {"contents": "read"} for job in workflow["jobs"].values())


@pytest.mark.parametrize("name", JOBS)
def test_every_job_is_bounded(name: str) -> None:
    assert 0 < int(JOBS[name]["timeout-minutes"]) <= 60


@pytest.mark.parametrize("name", WORKFLOWS)
def test_actions_are_pinned_and_their_version_is_said(name: str) -> None:
    lines = (ROOT / ".github" / "workflows" / f"{name}.yml").read_text(encoding="utf-8").splitlines()
    used = [line.partition("uses: ")[2] for line in lines if "uses: " in line]
    assert used
    assert all(re.fullmatch(r"actions/[a-z/-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", one) for one in used)


@pytest.mark.parametrize("name", STEPS)
def test_the_checkout_leaves_no_credential(name: str) -> None:
    checkouts = [step for step in STEPS[name] if step.get("uses", "").startswith("actions/checkout@")]
    assert [step["with"]["persist-credentials"] for step in checkouts] == ["false"]


def test_nothing_is_written_into_a_command() -> None:
    assert not [command for commands in COMMANDS.values() for command in commands if "${{" in command]


def test_pull_requests_see_no_secret() -> None:
    asked = {name for name, workflow in WORKFLOWS.items() if "secrets." in json.dumps(workflow)}
    assert asked == {"nightly"}
    assert set(WORKFLOWS["nightly"]["on"]) == {"schedule", "workflow_dispatch"}
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


GATE, GATE_SUMMARY = COMMANDS["gate: diff"][1:]
DRIFT, NIGHTLY = COMMANDS["nightly: contract"][1:]


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


@pytest.fixture
def runner(tmp_path: Path) -> Runner:
    return checkout(tmp_path)


def checkout(folder: Path) -> Runner:
    for name in (".ci", "spec", "tests/contract"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "pytest.ini").write_text("[pytest]\naddopts = -p no:schemathesis -p no:httpx2 --import-mode=importlib\n")
    (folder / ".venv" / "bin").mkdir(parents=True)
    for name in ("contracts", "pytest"):
        script = folder / ".venv" / "bin" / name
        script.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m {name} "$@"\n')
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
def first(tmp_path_factory: pytest.TempPathFactory, healthy: str) -> tuple[Runner, subprocess.CompletedProcess[str]]:
    """A first night, which finds nothing wrong."""
    runner = checkout(tmp_path_factory.mktemp("first"))
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
    assert (save["if"], save["with"]["path"]) == ("${{ !cancelled() }}", "build/last")


def test_a_report_of_the_night_before_is_not_shown_for_this_one(second: Runner) -> None:
    (second.folder / "build" / "contract").mkdir()
    shutil.copy(second.folder / "build" / "last" / "report.json", second.folder / "build" / "contract")
    night = second.night("no-url")
    assert night.returncode == 4
    assert "PASS" not in second.summary
    assert "--base-url no-url is not usable" in second.summary


def test_no_verdict_for_days_is_red(second: Runner) -> None:
    os.utime(second.folder / "build" / "last" / "report.json", (0, 0))
    with raw_server(lambda request: REFUSED) as base_url:
        assert second.night(base_url).returncode == 3


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
