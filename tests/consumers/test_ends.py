"""End to end: clients in several languages, through the command, to the report of a run."""

from __future__ import annotations

import json
import re
import shutil
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from contracts.commands.onlookers import look_on
from contracts.consumers.watch import Watch
from contracts.report.json_report import read_run
from tests.commands.conftest import Run
from tests.consumers.shop import KEY
from tests.consumers.test_watch import assert_nowhere
from tests.service.raw import raw_server
from tests.service.running import port_of_nobody

BROKEN = b'[{"id": 7}]'
NODE = """
const [base, key] = process.argv.slice(1);
const headers = { Authorization: `Bearer ${key}`, "X-Api-Key": key };
const list = await fetch(`${base}/orders?limit=11`, { headers });
const made = await fetch(`${base}/orders`, { method: "POST", headers, body: JSON.stringify({ n: 0 }) });
console.log(list.status, await list.text(), made.status, list.headers.get("x-echo") === key);
"""
PYTHON = """
import json, sys, urllib.request
base, key = sys.argv[1:]
headers = {"Authorization": f"Bearer {key}", "X-Api-Key": key}
list_ = urllib.request.urlopen(urllib.request.Request(f"{base}/orders?limit=11", headers=headers))
made = urllib.request.urlopen(urllib.request.Request(f"{base}/orders", b'{"n": 0}', headers))
print(list_.status, list_.read().decode(), made.status, str(list_.headers["x-echo"] == key).lower())
"""
CLIENTS = {"node": ["node", "--input-type=module", "-e", NODE], "python": [sys.executable, "-c", PYTHON]}


def answer(request: bytes) -> bytes:
    """A list with a broken order, whatever is asked, which gives the client's key back."""
    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nX-Echo: {KEY}\r\nContent-Length: {len(BROKEN)}\r\n"
    return f"{head}Connection: close\r\n\r\n".encode() + BROKEN


@contextmanager
def listening(*words: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Within, a command runs, and listens."""
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    command = [sys.executable, "-m", "contracts", *words, "--port", "0"]
    with subprocess.Popen(command, **streams) as process:  # type: ignore[call-overload]
        try:
            line = process.stdout.readline()
            address = re.search(r"http://127.0.0.1:\d+", line)
            assert address is not None, process.communicate()
            yield process, address[0]
        finally:
            process.kill()


def proxying(base_url: str, *words: str) -> AbstractContextManager[tuple[subprocess.Popen[str], str]]:
    return listening("proxy", "openapi.json", "--base-url", base_url, *words)


@pytest.mark.parametrize("language", CLIENTS)
def test_a_client_and_a_service_that_break_the_contract(language: str, folder: Path) -> None:
    command = CLIENTS[language]
    if shutil.which(command[0]) is None:
        pytest.skip(f"this machine has no {command[0]}")
    with raw_server(answer) as base_url, proxying(base_url) as (process, address):
        client = subprocess.run([*command, address, KEY], capture_output=True, text=True, timeout=60)
        assert (client.stdout, client.stderr) == (f"200 {BROKEN.decode()} 200 true\n", "")
        process.terminate()
        out, err = process.communicate(timeout=60)
    assert process.returncode == 1, err
    run = read_run(folder / "build" / "contract" / "report.json")
    broken = {v.rule for v in run.violated}
    assert {"GET /orders request allowed", "POST /orders request allowed", "GET /orders 200 /*/id type"} <= broken
    assert "GET /orders credential kept" in broken
    assert f"contract: FAIL on {base_url}" in out
    assert len(err.splitlines()) == 2
    assert_nowhere(KEY, folder)
    assert KEY not in out + err


ENDS: dict[str, tuple[list[str], signal.Signals | None]] = {
    "Ctrl-C": ([], signal.SIGINT),
    "a time": (["--for", "0.01"], None),
}


@pytest.mark.parametrize("end", ENDS)
def test_without_any_request_nothing_passes(end: str, folder: Path) -> None:
    words, stop = ENDS[end]
    with proxying("http://127.0.0.1:9", *words) as (process, _):
        process.send_signal(stop or 0)
        out, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (3, "")
    assert "INCONCLUSIVE on http://127.0.0.1:9: nothing was sent: no client asked for it" in out


def test_a_second_ctrl_c_costs_no_report(watch: Watch, folder: Path) -> None:
    before = signal.getsignal(signal.SIGINT)
    try:
        with pytest.raises(SystemExit) as end:
            look_on(None, watch, lambda _: signal.raise_signal(signal.SIGINT))
    finally:
        signal.signal(signal.SIGINT, before)
    assert end.value.code == 3
    assert (folder / "build" / "contract" / "report.json").exists()


def test_what_a_killed_proxy_saw_is_there_still(folder: Path, contracts: Run) -> None:
    with raw_server(answer) as base_url, proxying(base_url) as (process, address):
        client = subprocess.run([*CLIENTS["python"], address, KEY], capture_output=True, timeout=60)
        assert client.returncode == 0
        log = process.stderr.readline() if process.stderr else ""  # each line comes when its exchange is kept
        assert log.startswith("GET /orders?… 200 ")
        process.kill()
        process.communicate(timeout=60)
    with proxying("http://127.0.0.1:9") as (process, _):
        process.terminate()
        _, err = process.communicate(timeout=60)
    (kept,) = (folder / "build" / "contract").glob("killed-*.jsonl")
    assert f"`contracts judge {kept.relative_to(folder)}` judges them" in err
    assert not list(kept.parent.glob("killed-*.json"))
    code, out, _ = contracts("judge", str(kept), "openapi.json", "--report", "again")
    assert (code, f"FAIL on {base_url}" in out) == (1, True)
    assert "GET /orders request allowed" in {v.rule for v in read_run(folder / "again" / "report.json").violated}


def test_a_service_that_is_not_there_is_said(folder: Path) -> None:
    with port_of_nobody() as base_url, proxying(base_url, "--report", "out") as (process, address):
        command = ["curl", "-sS", "-o", "answer.json", "-w", "%{http_code}", f"{address}/orders"]
        if shutil.which("curl") is None:
            pytest.skip("this machine has no curl")
        assert subprocess.run(command, capture_output=True, text=True, timeout=60).stdout == "502"
        process.terminate()
        out, _ = process.communicate(timeout=60)
    assert process.returncode == 3
    assert "is the service up, and the base URL right?" in " ".join(out.split())
    assert "report: out/report.html" in out
    assert json.loads((folder / "answer.json").read_text())["title"] == "Bad Gateway"


def test_a_client_of_the_mock(folder: Path) -> None:
    with listening("mock", "openapi.json", "--report", "out") as (process, address):
        with pytest.raises(urllib.error.HTTPError):
            urllib.request.urlopen(f"{address}/orders?limit=11&key=mock-credential", timeout=60)
        process.terminate()
        out, _ = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "contract: FAIL in a self-test on the mock: 1 rule violated, 1 of them by clients" in " ".join(out.split())
    assert [v.rule for v in read_run(folder / "out" / "report.json").violated] == ["GET /orders request allowed"]
    assert "mock-credential" not in (folder / "out" / "report.json").read_text()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "Missing option '--base-url'"),
        (["--base-url", ""], "--base-url is empty"),
        (["--base-url", "localhost:8000"], "--base-url localhost:8000 is not usable"),
        (["--base-url", "http://a", "--for", "soon"], "--for soon is no time above 0"),
        (["--base-url", "http://a", "--for", "0"], "--for 0 is no time above 0"),
        (["--base-url", "http://a", "--port", "70000"], "Invalid value for '--port'"),
        (
            ["--base-url", "https://a", "--contract-ca-bundle", "none.pem"],
            "--contract-ca-bundle none.pem can't be used",
        ),
        (
            ["--base-url", "https://a", "--contract-client-cert", "none.pem"],
            "--contract-client-cert none.pem is no file",
        ),
        (["--base-url", "http://a", "--contract-client-cert", "a.pem"], "is shown to https alone"),
        (["--base-url", "https://a", "--contract-client-key", "a.pem"], "--contract-client-key goes with"),
        (["--base-url", "http://a", "--contract-max-unavailable", "x"], "--contract-max-unavailable x"),
        (["none.json", "--base-url", "http://a"], "none.json"),
    ],
)
def test_what_can_not_be_used(words: list[str], said: str, contracts: Run, folder: Path) -> None:
    code, out, err = contracts("proxy", *words, "--for", "1") if "--for" not in words else contracts("proxy", *words)
    assert (code, out) == (2, "")
    assert said in err
    assert "Traceback" not in err


def test_a_server_is_needed(contracts: Run, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    code, _, err = contracts("proxy", "--base-url", "http://a")
    assert (code, "contracts proxy needs a server" in err) == (2, True)
