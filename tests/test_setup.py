"""The Makefile, with Pythons that only say what they were asked."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FAKE = """#!/bin/sh
printf '%s [%s%s%s]\\n' "$*" "$NOTTE_API_KEY" "$PYTEST_BASE_URL" "$NOTTE_SESSION_IDS" >> calls
if [ "$*" = "-m venv .venv" ]; then
    mkdir -p .venv/bin
    cp "$0" .venv/bin/python
    cp "$0" .venv/bin/lint-imports
fi
"""
OLD = f"""#!/bin/sh
exec {sys.executable} -c 'import sys; sys.version_info = (3, 9, 18); exec(sys.argv[1])' "$2"
"""
SERVICE = {"NOTTE_API_KEY": "key", "PYTEST_BASE_URL": "http://h", "NOTTE_SESSION_IDS": "a"}


@pytest.fixture(params=["plain", "with a space"])
def checkout(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A copy of what the set-up reads, with two Pythons beside it."""
    folder = tmp_path / str(request.param)
    folder.mkdir()
    for name in ("Makefile", "pyproject.toml", "requirements.lock"):
        shutil.copy(ROOT / name, folder)
    shutil.copytree(ROOT / ".ci", folder / ".ci", ignore=shutil.ignore_patterns("__pycache__"))
    for name, script in (("fake", FAKE), ("old", OLD)):
        (folder / name).write_text(script)
        (folder / name).chmod(0o755)
    return folder


def make(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, **SERVICE}
    for name in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS"):  # this may itself run below `make test`
        environment.pop(name, None)
    return subprocess.run(["make", *words], cwd=folder, env=environment, capture_output=True, text=True, check=False)


def calls(folder: Path) -> list[str]:
    found = (folder / "calls").read_text().splitlines()
    (folder / "calls").unlink()
    return found


def test_check_sets_up_once_and_runs_on_the_mock(checkout: Path) -> None:
    first = make(checkout, "check", "PYTHON=./fake")
    done = calls(checkout)
    assert (first.returncode, first.stderr) == (0, "")
    assert [call.partition(" [")[0] for call in done[1:2]] == ["-m venv .venv"]
    assert first.stdout == "Setting up .venv: installing takes about a minute, this once.\n"
    assert [" ".join(call.split(" ")[:3]) for call in done[2:]] == [
        ".ci/lock_fits.py [keyhttp://ha]",
        "-m pip install",
        "-m pip install",
        "-m pytest tests/contract",
    ]
    assert "--require-hashes -r requirements.lock" in done[3]
    second = make(checkout, "check", "PYTHON=./fake")
    assert (second.returncode, calls(checkout)) == (0, ["-m pytest tests/contract -q []"])


@pytest.mark.parametrize("changed", ["requirements.lock", "pyproject.toml"])
def test_changed_requirements_are_installed(changed: str, checkout: Path) -> None:
    make(checkout, "check", "PYTHON=./fake")
    stamp = (checkout / ".venv" / ".installed").stat()
    os.utime(checkout / changed, ns=(stamp.st_atime_ns, stamp.st_mtime_ns + 1_000_000_000))
    assert "pip install" in make(checkout, "-n", "check", "PYTHON=./fake").stdout
    assert "pip install" not in make(checkout, "-n", "check", "PYTHON=./fake", "-o", changed).stdout


def test_everything_is_run_and_covered(checkout: Path) -> None:
    make(checkout, "check", "PYTHON=./fake")
    calls(checkout)
    done = make(checkout, "test", "PYTHON=./fake")
    assert done.returncode == 0
    made = [call.split(" [")[0] for call in calls(checkout)]
    lint, (types, runs, apart, pages, covering) = made[:3], sorted(made[3:])  # some at a time
    covered, whole = covering.split(" --ignore="), runs.split(" ")
    rest = [*pages.split(" ")[4:], *apart.split(" ")[4:], *whole[8:]]
    assert sorted(covered[1:]) == sorted(rest)  # each test is run once
    assert [*lint, types, " ".join(pages.split(" ")[:4]), covered[0], " ".join(whole[:8])] == [
        "-m ruff format --check --quiet .",
        "-m ruff check --quiet .",
        "--no-logo",
        "-m mypy",
        "-m pytest -q -rs",
        ".ci/covered.py -q -rs",
        "-m pytest -n 2 --dist worksteal -q -rs",
    ]


@pytest.mark.parametrize("goal", ["check", "test"])
@pytest.mark.parametrize(
    ("python", "problem"), [("./old", "; ./old is 3.9."), ("no-such-python", ", and there is no no-such-python.")]
)
def test_unusable_python_is_named_in_one_sentence(python: str, problem: str, goal: str, checkout: Path) -> None:
    done = make(checkout, goal, f"PYTHON={python}")
    first, *rest = done.stderr.splitlines()
    assert done.returncode == 2
    cure = f"Install one, or name it: make PYTHON=python3.12 {goal}"
    assert first == f"notte-contracts needs Python 3.11 or newer{problem} {cure}"
    assert [line.split(":")[0] for line in rest] == ["make"]
    assert not (checkout / ".venv").exists()


@pytest.mark.parametrize("step", ["-m ruff", "-m mypy", "-m pytest -q", ".ci/covered.py", "-m pytest -n 2"])
def test_a_failing_step_ends_it(step: str, checkout: Path) -> None:
    make(checkout, "check", "PYTHON=./fake")
    (checkout / ".venv" / "bin" / "python").write_text(f'#!/bin/sh\ncase "$*" in "{step}"*) exit 1;; esac\n')
    done = make(checkout, "test", "PYTHON=./fake")
    assert done.returncode == 2
    assert "branch coverage" not in done.stdout


@pytest.mark.parametrize(("tested", "share"), [(True, 100), (False, 20)])
def test_too_little_covered_fails(tested: bool, share: int, tmp_path: Path) -> None:
    (tmp_path / "contracts").mkdir()
    (tmp_path / "contracts" / "__init__.py").touch()
    (tmp_path / "contracts" / "one.py").write_text("def one(n):\n    if n:\n        return 1\n")
    (tmp_path / "test_one.py").write_text(
        "from contracts.one import one\n\n\ndef test_one():\n"
        f"    assert [one(n) for n in {[0, 1] if tested else []}] == {[None, 1] if tested else []}\n"
    )
    done = subprocess.run(
        [sys.executable, str(ROOT / ".ci" / "covered.py"), "-q", "test_one.py"],
        cwd=tmp_path,
        env={**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},  # ours would be looked for in that package
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == (0 if tested else 1), done.stdout + done.stderr
    assert f"{share}%, and 95% is wanted" in done.stderr or tested
    assert ("contracts/one.py" in done.stdout) is not tested  # what is missed is listed
    assert (tmp_path / ".coverage").read_text() == str(share)


def lock_fits(folder: Path) -> tuple[int, str]:
    done = subprocess.run([sys.executable, ".ci/lock_fits.py"], cwd=folder, capture_output=True, text=True, check=False)
    return done.returncode, done.stderr


def test_the_lock_fits() -> None:
    assert lock_fits(ROOT) == (0, "")


@pytest.mark.parametrize(
    ("before", "after", "problem"),
    [
        pytest.param('"pytest>=9.0"', '"pytest>=99"', "it has pytest 9.", id="a newer version"),
        pytest.param('"pytest>=9.0"', '"pytest<9"', "and <9 is wanted", id="an older version"),
        pytest.param('"pytest>=9.0"', '"pytest>=9.0", "no-such_thing"', "it has no no-such_thing", id="a new one"),
        pytest.param('"slipcover>=1.1"', '"slipcover>=99"', "and >=99 is wanted", id="of the tests"),
        pytest.param('"hatchling>=1.27"]', '"hatchling>=99"]', "it has hatchling", id="to build"),
    ],
)
def test_a_lock_that_does_not_fit_is_refused(before: str, after: str, problem: str, tmp_path: Path) -> None:
    shutil.copytree(ROOT / ".ci", tmp_path / ".ci", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "requirements.lock", tmp_path)
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert before in text
    (tmp_path / "pyproject.toml").write_text(text.replace(before, after, 1), encoding="utf-8")
    code, said = lock_fits(tmp_path)
    assert (code, said.count("\n")) == (1, 1)
    assert said.startswith("requirements.lock does not fit pyproject.toml: ")
    assert problem in said
    assert said.endswith(". Run: make lock\n")


def test_a_lock_that_does_not_fit_ends_the_set_up(checkout: Path) -> None:
    fake = checkout / "fake"
    fake.write_text(fake.read_text() + '[ "$*" != ".ci/lock_fits.py" ]\n')
    assert make(checkout, "setup", "PYTHON=./fake").returncode == 2
    assert not (checkout / ".venv" / ".installed").exists()
    assert "pip install" not in (checkout / "calls").read_text()


def test_locking_says_that_it_needs_uv(checkout: Path) -> None:
    done = make(checkout, "lock", "UV=no-such-uv")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(
        "make lock needs uv, and there is no no-such-uv. Install it (python3 -m pip install uv)"
    )


def test_tests_that_were_skipped_for_want_of_a_browser_are_said(checkout: Path) -> None:
    make(checkout, "check", "PYTHON=./fake")
    path = checkout / "path"
    path.mkdir()
    for name in ("env", "bash", "sh"):
        (path / name).symlink_to(str(shutil.which(name)))
    program = path / "chromium"
    looks = [str(checkout / ".ci" / "chromium"), "--look"]
    environment = {"PATH": str(path)}
    done = subprocess.run(looks, env=environment, capture_output=True, text=True, check=True)
    assert done.stderr.startswith(
        "No Chromium: the tests that look at the page were skipped. Run .ci/chromium to install"
    )
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    done = subprocess.run(looks, env=environment, capture_output=True, text=True, check=True)
    assert done.stderr == ""
    assert ".ci/chromium --look" in make(checkout, "-n", "test", "PYTHON=./fake").stdout


def test_continuous_integration_sees_to_a_browser_and_runs_make_test() -> None:
    script = (ROOT / ".ci" / "run").read_text().splitlines()
    assert script[0] == "#!/usr/bin/env bash"
    assert [line for line in script if line and not line.startswith("#")] == [
        "set -euo pipefail",
        'cd "$(dirname "$0")/.."',
        ".ci/chromium",
        "make test",
    ]
    assert os.access(ROOT / ".ci" / "run", os.X_OK)


def test_this_checkout_is_set_up() -> None:
    assert "pytest tests/contract" in make(ROOT, "-n", "check").stdout
