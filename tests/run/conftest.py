"""Runs of a small project, mostly in this process: what they import stays imported."""

import ast
import signal
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from functools import lru_cache
from types import SimpleNamespace

import hypothesis
import pytest
import stamina
from hypothesis import core

from contracts import testing  # noqa: F401
from contracts.report.forms import failure  # noqa: F401
from contracts.run import end, prelude  # noqa: F401  imported once, not once a run
from tests.made_probes import made_once as made_once

from . import forked
from .projects import CANARY, Project, hermetic


@pytest.fixture(scope="session", autouse=True)
def small() -> None:
    """Two random requests an operation are enough here, and take a tenth of a second less than ten."""
    hypothesis.settings.register_profile("dev", max_examples=2, deadline=None)


@pytest.fixture(scope="session", autouse=True)
def warm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What is imported while probes are made and sent is imported before the first run."""
    forked.warm_up(tmp_path_factory.mktemp("warm"))
    yield
    forked.end()


@pytest.fixture(scope="session", autouse=True)
def interruptible() -> None:
    """A shell that starts a command in the background lets it ignore Ctrl-C, and its processes as well."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session", autouse=True)
def read_once() -> Iterator[None]:
    """Tracebacks of all runs show lines of the same few modules, which pytest parses again for each of them."""
    with pytest.MonkeyPatch.context() as patch:
        remembering = SimpleNamespace(**{**vars(ast), "parse": lru_cache(maxsize=64)(ast.parse)})
        patch.setattr("_pytest._code.source.ast", remembering)
        yield


class Unrecorded:
    """Stands for pytester's record of all that the hooks of a run were called with."""

    def __init__(self, pluginmanager: object, *, _ispytest: bool) -> None: ...

    def finish_recording(self) -> None: ...


@pytest.fixture(scope="session", autouse=True)
def unrecorded() -> Iterator[None]:
    """Nobody asks for the record, which takes almost half of the time of a run."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("_pytest.pytester.HookRecorder", Unrecorded)
        yield


@pytest.fixture
def project(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Iterator[Project]:
    """A project with the small document, and a credential in the environment."""
    for name in (
        "NOTTE_API_KEY",
        "NOTTE_SESSION_IDS",
        "PYTEST_BASE_URL",
        "PYTEST_ADDOPTS",
        "VERIFY_BASE_URL",
        "PYTHONDONTWRITEBYTECODE",
    ):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("CONTRACT_CREDENTIAL", CANARY)
    # Workers of a run in this process are processes of their own, but need not import everything again.
    started = SimpleNamespace(Popen=forked.Forked, PIPE=subprocess.PIPE)
    monkeypatch.setattr("execnet.gateway_base.ThreadExecModel.subprocess", started)
    with ExitStack() as servers:
        project = Project(pytester, servers, {**hermetic(), "CONTRACT_CREDENTIAL": CANARY})
        project.write()
        yield project


@pytest.fixture
def impatient() -> Iterator[None]:
    """No waiting between attempts."""
    with stamina.set_testing(True, attempts=3):
        yield


@pytest.fixture
def untouched() -> Iterator[None]:
    """Hypothesis keeps its profile and its seed in this process, where inner runs set theirs."""
    profile, seed = hypothesis.settings.get_current_profile_name(), core.global_force_seed
    profiles = dict(hypothesis.settings._profiles)
    yield
    hypothesis.settings._profiles.clear()
    hypothesis.settings._profiles.update(profiles)
    hypothesis.settings.load_profile(profile)
    core.global_force_seed = seed
