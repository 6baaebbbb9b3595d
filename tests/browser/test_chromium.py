"""Which browser is used, and what is said where there is none; no browser is needed for this."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from .chromium import MISSING, NAMES, VARIABLE, chromium

ROOT = Path(__file__).parents[2]


def program(path: Path) -> str:
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)
    return str(path)


@pytest.fixture
def only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The one folder in which programs are looked for."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv(VARIABLE, raising=False)
    return tmp_path


@pytest.mark.parametrize("name", NAMES)
def test_it_is_found_by_its_names(name: str, only: Path) -> None:
    assert chromium() is None
    there = program(only / name)
    assert chromium() == there


def test_the_variable_goes_first(only: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(only / "chromium")
    monkeypatch.setenv(VARIABLE, program(only / "mine"))
    assert chromium() == str(only / "mine")


def test_a_slip_in_the_variable_is_no_skip(only: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(only / "chromium")
    monkeypatch.setenv(VARIABLE, "chromiun")
    with pytest.raises(FileNotFoundError, match=f"{VARIABLE} is chromiun, which is no program"):
        chromium()


def test_without_it_the_tests_say_so_and_skip(tmp_path: Path) -> None:
    environment = {**os.environ, "PATH": str(tmp_path)}
    environment.pop(VARIABLE, None)
    words = ["-q", "-rs", "-p", "no:cacheprovider", "tests/browser/test_page.py", "-k", "only_the_file"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *words], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout
    assert MISSING in done.stdout
    assert "1 skipped" in done.stdout
