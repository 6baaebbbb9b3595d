"""The official SDK against the mock: only where it is installed, as `make sdk` does in an environment of its own."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

ROOT, HERE = Path(__file__).parents[3], Path(__file__).parent
collect_ignore_glob = [] if find_spec("notte_sdk") else ["test_*.py"]


@pytest.fixture(scope="session", autouse=True)
def _offline() -> Iterator[None]:
    """Nobody is asked but this machine."""
    look_up = socket.getaddrinfo

    def guarded(host: Any, *others: Any, **more: Any) -> Any:
        if host not in ("127.0.0.1", "localhost", None):
            raise OSError(f"{host} is not this machine")
        return look_up(host, *others, **more)

    socket.getaddrinfo = guarded
    yield
    socket.getaddrinfo = look_up


@pytest.fixture(scope="session")
def mock() -> Iterator[str]:
    """The base URL of `contracts mock`, with the operations that the SDK asks."""
    overlays = ("--overlay", "spec/notte.overlay.yaml", "--overlay", str(HERE / "sessions.overlay.yaml"))
    command = [sys.executable, "-m", "contracts", "mock", "spec/notte.yaml", *overlays, "--port", "0", "--quiet"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, env={**os.environ}) as process:
        assert process.stdout is not None
        yield process.stdout.readline().rstrip().rpartition(" on ")[2]
        process.terminate()
