"""The example of a repository, as its user has it: the built wheel in an environment of its own, and its workflows.

What is not ours comes from this environment, so that nothing is downloaded: `site-packages`, in which a file that leads
to a checkout leads nowhere.
"""

from __future__ import annotations

import json
import os
import random
import runpy
import shutil
import signal
import socket
import subprocess
import sys
import sysconfig
import venv
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import yaml
from fastapi import FastAPI

from contracts.document import load_spec
from tests.repositories import AUTHOR
from tests.run.projects import hermetic
from tests.service import running

ROOT = Path(__file__).parents[1]
TICKETS = ROOT / "examples" / "tickets"
DOCUMENT = TICKETS / "openapi.yaml"
WORKFLOWS = TICKETS / ".github" / "workflows"
STEPS = {
    path.stem: yaml.load(path.read_text(encoding="utf-8"), yaml.BaseLoader)["jobs"]["contract"]["steps"]
    for path in WORKFLOWS.glob("*.yml")
}
OFFLINE = {"PIP_NO_INDEX": "1", "PIP_NO_DEPS": "1", "PIP_IGNORE_INSTALLED": "1", "PIP_NO_COMPILE": "1"}
UNPACKED = shutil.ignore_patterns("__pycache__", ".*_cache", ".hypothesis", "build")
KEY = "only-for-this-test"


def step(workflow: str, name: str) -> str:
    (found,) = [one["run"] for one in STEPS[workflow] if one.get("name") == name]
    return str(found)


def install(workflow: str) -> str:
    (found,) = [one["run"] for one in STEPS[workflow] if "pip install" in one.get("run", "")]
    return str(found)


class Checkout:
    """The example's repository, and an environment with what the wheel holds, as the job of a pull request has them."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.site = folder / "tickets", folder / "venv"
        shutil.copytree(TICKETS, self.folder, ignore=UNPACKED)
        self.env = {**hermetic(), **OFFLINE, **AUTHOR, "GITHUB_BASE_REF": "main"}
        self.env |= {"GITHUB_STEP_SUMMARY": str(folder / "summary.md"), "PIP_FIND_LINKS": str(folder / "dist")}
        self.env |= {"PATH": f"{self.site / 'bin'}{os.pathsep}{os.environ['PATH']}", "GIT_CONFIG_GLOBAL": os.devnull}
        self.env |= {"TICKETS_KEY": KEY, "CONTRACT_CREDENTIAL": KEY, "PORT": str(free_port())}

    def do(self, *commands: str, **env: str) -> subprocess.CompletedProcess[str]:
        """Commands one after the other, as steps of one job; what they leave running ends with the last of them."""
        script = "\n".join(["trap 'kill $(jobs -p) 2>&- && wait' EXIT", *commands])
        words, pipe = ["bash", "-e", "-c", script], subprocess.PIPE
        with subprocess.Popen(
            words,
            cwd=self.folder,
            env={**self.env, **env},
            stdout=pipe,
            stderr=pipe,
            text=True,
            start_new_session=True,
        ) as job:
            try:
                out, err = job.communicate(timeout=120)
            except BaseException:
                os.killpg(job.pid, signal.SIGKILL)
                raise
        return subprocess.CompletedProcess(words, job.returncode, out, err)

    @property
    def report(self) -> Any:
        return json.loads((self.folder / "build" / "contract" / "report.json").read_text(encoding="utf-8"))

    @property
    def exercised(self) -> set[str]:
        return {verdict["rule"] for verdict in self.report["verdicts"] if verdict["exercised"]}

    @property
    def summary(self) -> str:
        return Path(self.env["GITHUB_STEP_SUMMARY"]).read_text(encoding="utf-8")


def free_port() -> int:
    """One that nobody is given who asks for any: those are above."""
    for port in random.sample(range(20_000, 32_000), 100):
        with suppress(OSError), socket.socket() as bound:
            bound.bind(("127.0.0.1", port))
            return port
    raise RuntimeError("no port is free")


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    folder = tmp_path_factory.mktemp("example")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder / "dist")]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    venv.create(folder / "venv", symlinks=True)
    (site,) = folder.glob("venv/lib/python*/site-packages")
    (site / "here.pth").write_text(sysconfig.get_path("purelib"), encoding="utf-8")
    for name in ("pytest", "uvicorn"):  # as its installer would have written it
        script = folder / "venv" / "bin" / name
        script.write_text(f'#!/bin/sh\nexec "$(dirname "$0")/python" -m {name} "$@"\n', encoding="utf-8")
        script.chmod(0o755)
    checkout = Checkout(folder)
    git = "git init -q -b topic; git add .; git commit -q -m x; git update-ref refs/remotes/origin/main HEAD"
    done = checkout.do(install("contract"), git)
    assert done.returncode == 0, done.stdout + done.stderr
    return checkout


@pytest.fixture(scope="module")
def app() -> Iterator[FastAPI]:
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("TICKETS_KEY", KEY)
        environment.delenv("TICKETS_FAULT", raising=False)
        yield runpy.run_path(str(TICKETS / "tickets.py"))["app"]


def test_what_runs_is_the_wheel(checkout: Checkout) -> None:
    done = checkout.do("python -c 'import contracts; print(contracts.__file__)'")
    assert Path(done.stdout.strip()).is_relative_to(checkout.site), done.stderr


def test_the_document_is_what_the_service_exports(app: FastAPI) -> None:
    assert yaml.safe_load(DOCUMENT.read_text(encoding="utf-8")) == app.openapi(), "export it again, as its README says"


def test_init_writes_what_is_there_and_leaves_what_was_added_by_hand(checkout: Checkout) -> None:
    settings = checkout.folder / "pyproject.toml"
    without = settings.read_text(encoding="utf-8").partition("\n[tool.pytest.ini_options]")[0]
    settings.write_text(without, encoding="utf-8")
    written = "tests/test_contract.py .github/workflows/contract*.yml"
    done = checkout.do(f"rm {written}; contracts init; git diff --exit-code")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "left: openapi.overlay.yaml, which is there already" in done.stdout


def test_the_overlay_says_what_the_service_does_not() -> None:
    said = {
        f"{one.method.upper()} {one.path}": [response.status for response in one.responses]
        for one in load_spec(DOCUMENT).operations
    }
    assert said == {
        "GET /tickets": ["200", "422"],
        "POST /tickets": ["201", "422", "401"],
        "GET /tickets/{ticket_id}": ["200", "422", "404"],
    }


def test_pytest_is_green_on_the_mock(checkout: Checkout) -> None:
    """Of one operation, and without a plugin that takes a second to be there: what is run is the file of one line."""
    done = checkout.do("pytest -q -p no:schemathesis --contract-operation 'POST *'")
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.splitlines()[-1].startswith("contract: PASS in a self-test on the mock (")
    assert {"POST /tickets auth wrong", "POST /tickets 201 /state enum"} <= checkout.exercised


def test_a_pull_request_is_green(checkout: Checkout) -> None:
    """The workflow of `contracts init`, as it stands."""
    done = checkout.do(*(step("contract", name) for name in ("Run", "Diff", "Summary")))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "### 🟢 Contract: PASS" in checkout.summary
    assert "compatible" in checkout.summary.lower()


def test_the_service_is_green(checkout: Checkout, app: FastAPI) -> None:
    with running(app) as base_url:
        done = checkout.do(step("service", "Run"), PORT=base_url.rpartition(":")[2])
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.splitlines()[-1].startswith(f"contract: PASS on {base_url} (")
    assert {"GET /tickets 200 /*/state enum", "POST /tickets auth wrong"} <= checkout.exercised
    assert KEY not in done.stdout + done.stderr + json.dumps(checkout.report)


def test_the_service_is_red_with_the_fault_on(checkout: Checkout) -> None:
    """All of the workflow that was written by hand."""
    done = checkout.do(*(step("service", name) for name in ("Service", "Run")), TICKETS_FAULT="1")
    assert done.returncode == 1, done.stdout + done.stderr
    failed = [verdict for verdict in checkout.report["verdicts"] if verdict["outcome"] == "violated"]
    broken = {verdict["rule"] for verdict in failed if verdict["severity"] == "violation"}
    assert broken == {"GET /tickets 200 /*/state enum", "GET /tickets/{ticket_id} 200 /state enum"}
    assert 'seen: /0/state is "waiting"' in done.stdout
    told = checkout.do(step("service", "Summary"))
    assert "::error file=openapi.yaml,line=" in told.stdout, told.stderr
