"""`contracts mock`: over a socket, and what is wrong with what it is given."""

from __future__ import annotations

import http.client
import importlib.util
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from contracts.mock.server import url_of
from tests.service.running import port_of_nobody

from .conftest import Run

DOCUMENT = """
openapi: 3.1.0
info: {title: Books, version: "1"}
paths:
  /books/{id}:
    get:
      security: [{key: []}]
      parameters: [{name: id, in: path, required: true, schema: {type: integer}}]
      responses:
        "200":
          description: it
          content:
            application/json:
              schema: {type: object, required: [id], properties: {id: {type: integer}}}
components:
  securitySchemes: {key: {type: http, scheme: bearer}}
"""
READY = "contracts: Books 1 (1 operation) on http://127.0.0.1:"


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "openapi.yaml").write_text(DOCUMENT)
    monkeypatch.chdir(tmp_path)


@contextmanager
def serving(*words: str) -> Iterator[tuple[subprocess.Popen[str], http.client.HTTPConnection]]:
    """Within, `contracts mock` runs, and listens."""
    command = [sys.executable, "-m", "contracts", "mock", "--port", "0", *words]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            assert line.startswith(READY), process.communicate()
            connection = http.client.HTTPConnection("127.0.0.1", int(line.rpartition(":")[2]), timeout=60)
            try:
                yield process, connection
            finally:
                connection.close()
        finally:
            process.kill()


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_it_serves_until_it_is_stopped(stop: signal.Signals) -> None:
    with serving("openapi.yaml") as (process, connection):
        connection.request("GET", "/books/7?x=t0psecret", headers={"Authorization": "Bearer mock-credential"})
        response = connection.getresponse()
        assert (response.status, response.read().startswith(b'{"id":7')) == (200, True)
        assert response.headers.get_all("date") is not None
        connection.close()
        process.send_signal(stop)
        out, err = process.communicate(timeout=60)
    assert (process.returncode, out, err) == (0, "", "GET /books/7?x=t0psecret 200\n")


def test_the_projects_own_document_in_silence() -> None:
    with serving("--quiet") as (process, connection):
        connection.request("GET", "/books/x")
        assert connection.getresponse().status == 401
        connection.close()
        process.terminate()
        err = process.communicate(timeout=60)[1]
    assert (process.returncode, err) == (0, "contracts: no document is named, so openapi.yaml is taken\n")


def test_a_port_that_is_taken(contracts: Run) -> None:
    with port_of_nobody() as url:
        port = url.rpartition(":")[2]
        code, out, err = contracts("mock", "openapi.yaml", "--port", port)
    assert (code, out) == (2, "")
    wanted = f"contracts: --port {port} of 127.0.0.1 can't be listened on (Address already in use); "
    assert err == f"{wanted}give another, or --port 0 for any that is free\n"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["none.yaml"], "contracts: none.yaml"),
        (["openapi.yaml", "--port", "70000"], "Invalid value for '--port'"),
        (["openapi.yaml", "--host", "192.0.2.1"], "--host 192.0.2.1 is no address of this machine"),
        (["openapi.yaml", "--host", "a" * 80], " is no address of this machine"),
        (["HEAD:openapi.yaml"], "HEAD:openapi.yaml"),
        (["ftp://h/openapi.yaml"], "ftp is no scheme that is read"),
        (["openapi.yaml", "--credential", ""], "--credential is empty"),
        (["openapi.yaml", "other.yaml"], "unexpected extra argument"),
        (["openapi.yaml", "--cors=yes"], "--cors"),
    ],
)
def test_what_can_not_be_used(words: list[str], said: str, contracts: Run) -> None:
    code, out, err = contracts("mock", *words)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert said in err


def test_a_server_is_needed(contracts: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    find = importlib.util.find_spec
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None if name == "uvicorn" else find(name))
    cure = "pip install 'notte-contracts[serve]'"
    said = f"contracts: contracts mock needs a server, which is not installed; {cure}\n"
    assert contracts("mock", "openapi.yaml") == (2, "", said)


def test_an_address_of_version_6() -> None:
    with socket.socket(socket.AF_INET6) as held:
        try:
            held.bind(("::1", 0))
        except OSError:
            pytest.skip("this machine has no IPv6")
        assert url_of(held) == f"http://[::1]:{held.getsockname()[1]}"
