"""A small document, a service that keeps it, and pytest runs of a project that tests the one against the other."""

import base64
import json
import os
import re
import socketserver
import ssl
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from functools import cached_property
from itertools import takewhile
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import quote

import pytest

CANARY = "canary-7f3a+b/9x"
IDS = ("a1", "b2")
GIVEN = tuple(f"--contract-param=thing_id={value}" for value in IDS)
ENUM = "GET /things/{thing_id} 200 /status enum"
REQUIRED = "GET /things/{thing_id} 200 / required status"

LOUD = (
    "-vv",
    "-l",
    "-rA",
    "--tb=long",
    "--full-trace",
    "--log-cli-level=DEBUG",
    "--junitxml=out.xml",
    "-o",
    "junit_logging=all",
)

TEST_MODULE = """
from contracts.testing import test_rule
"""
INI = (
    "[pytest]\naddopts = -p no:schemathesis -p no:respx -p no:pytest_httpx2 -p no:unraisableexception --assert=plain\n"
)


STATUS = {"type": "string", "enum": ["active", "closed"]}
THING: dict[str, Any] = {"type": "object", "required": ["status"], "properties": {"status": STATUS}}


def operation(name: str, schema: dict[str, Any] = THING, **extra: Any) -> dict[str, Any]:
    responses = {
        "200": {"description": "the thing", "content": {"application/json": {"schema": schema}}},
        "401": {"description": "who are you"},
        "404": {"description": "no such thing"},
    }
    return {"operationId": name, "security": [{"key": []}], "responses": responses, **extra}


def document(parameter: str = "thing_id", **operations: dict[str, Any]) -> dict[str, Any]:
    """A document of operations on one thing, by method; with `get` alone if none is given."""
    thing_id = {"name": parameter, "in": "path", "required": True, "schema": {"type": "string"}}
    path = {"parameters": [thing_id], **(operations or {"get": operation("get_thing")})}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Things", "version": "1.0"},
        "paths": {f"/things/{{{parameter}}}": path},
        "components": {"securitySchemes": {"key": {"type": "http", "scheme": "bearer"}}},
    }


def answer(status: int, body: bytes = b"", *fields: str) -> bytes:
    lines = [f"HTTP/1.1 {status} Reason", f"Content-Length: {len(body)}", *fields]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


@dataclass
class Things:
    """The service: what it answers for a thing that it knows, and the heads of the requests that it got.

    `instead` gives, by the number of the request from 1, what it answers in place of that.
    """

    thing: Any = field(default_factory=lambda: {"status": "active"})
    key: str = CANARY
    fields: tuple[str, ...] = ()
    on_request: Callable[[int], object] = lambda number: None
    instead: Callable[[int], bytes | None] = lambda number: None
    heads: list[str] = field(default_factory=list)

    @property
    def lines(self) -> list[str]:
        return [head.partition(" HTTP/1.1")[0] for head in self.heads]

    def __call__(self, request: bytes) -> bytes:
        head = request.partition(b"\r\n\r\n")[0].decode("latin-1")
        self.heads.append(head)
        self.on_request(len(self.heads))
        if (other := self.instead(len(self.heads))) is not None:
            return other
        good = self._good(head)
        return good.partition(b"\r\n\r\n")[0] + b"\r\n\r\n" if head.startswith("HEAD ") else good

    def _good(self, head: str) -> bytes:
        line, *headers = head.split("\r\n")
        if f"authorization: bearer {self.key}".lower() not in map(str.lower, headers):
            return answer(401, b"", "WWW-Authenticate: Bearer", *self.fields)
        if line.split(" ")[1].removeprefix("/things/") not in IDS:
            return answer(404, b"", *self.fields)
        body = self.thing if isinstance(self.thing, bytes) else json.dumps(self.thing).encode()
        return answer(200, body, "Content-Type: application/json", *self.fields)


@contextmanager
def serving(things: Callable[[bytes], bytes], secure: ssl.SSLContext | None = None) -> Iterator[str]:
    """The base URL of the service; connections are kept, which spares a third of the time of a run."""

    class Handler(socketserver.StreamRequestHandler):
        disable_nagle_algorithm = True

        def handle(self) -> None:
            with suppress(OSError):  # a client may go when it likes
                self.converse()

        def converse(self) -> None:
            while head := b"".join(takewhile(lambda line: line != b"\r\n", iter(self.rfile.readline, b""))):
                length = re.search(rb"(?i)\ncontent-length: *(\d+)", head)
                body = self.rfile.read(int(length.group(1)) if length else 0)
                reply = things(head + b"\r\n" + body)
                if head.startswith(b"HEAD "):
                    reply = b"".join(reply.partition(b"\r\n\r\n")[:2])
                self.wfile.write(reply)

    with Server(("127.0.0.1", 0), Handler) as server:
        if secure is not None:
            server.socket = secure.wrap_socket(server.socket, server_side=True)
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        yield f"http{'s' * bool(secure)}://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 64


@dataclass(frozen=True)
class Run:
    """A pytest run that is over."""

    code: int
    out: str
    err: str
    folder: Path

    @property
    def lines(self) -> list[str]:
        return self.out.rstrip().splitlines()

    @cached_property
    def report(self) -> Any:
        return json.loads((self.folder / "build" / "contract" / "report.json").read_text(encoding="utf-8"))

    @cached_property
    def verdicts(self) -> dict[str, Any]:
        return {verdict["rule"]: verdict for verdict in self.report["verdicts"]}

    @property
    def violated(self) -> set[str]:
        return {rule for rule, verdict in self.verdicts.items() if verdict["outcome"] == "violated"}

    @property
    def violations(self) -> set[str]:
        """What is violated, advisories apart."""
        return {rule for rule in self.violated if self.verdicts[rule]["severity"] == "violation"}

    @property
    def judged(self) -> dict[str, tuple[str, int, int]]:
        return {rule: (v["outcome"], v["exercised"], v["violations"]) for rule, v in self.verdicts.items()}

    def texts(self, start: str) -> list[str]:
        """The lines of the output that start so, blanks apart."""
        return [line.strip() for line in self.lines if line.strip().startswith(start)]

    def counted(self, outcome: str) -> int:
        """How often pytest's last line counts an outcome."""
        words = self.lines[-2].replace(",", "").replace("=", "").split()
        return int(words[words.index(outcome) - 1]) if outcome in words else 0


@dataclass
class Project:
    """A project of its own in the current directory, and its pytest runs, in this process or in one of their own."""

    pytester: pytest.Pytester
    servers: ExitStack
    env: Mapping[str, str]

    @property
    def folder(self) -> Path:
        return self.pytester.path

    def write(self, spec: Mapping[str, Any] | None = None, ini: str = "", module: str = TEST_MODULE) -> None:
        (self.folder / "spec").mkdir(exist_ok=True)
        (self.folder / "spec" / "notte.yaml").write_text(json.dumps(spec or document(), indent=1))
        (self.folder / "pytest.ini").write_text(INI + ini)
        (self.folder / "test_contract.py").write_text(module)

    def serve(self, things: Things, secure: ssl.SSLContext | None = None) -> str:
        return self.servers.enter_context(serving(things, secure))

    def run(self, *args: str) -> Run:
        result = self.pytester.runpytest_inprocess(*args, no_reraise_ctrlc=True)
        return Run(int(result.ret), result.stdout.str(), result.stderr.str(), self.folder)

    def ask(self, things: Things, *args: str) -> Run:
        """A run against the service, with the ids that it knows."""
        return self.run("-q", "--base-url", self.serve(things), *GIVEN, *args)

    def start(self, *args: str, by: type[subprocess.Popen[str]] = subprocess.Popen) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "pytest", *args]
        pipe = subprocess.PIPE
        return by(command, cwd=self.folder, env=self.env, stdout=pipe, stderr=pipe, text=True)

    def finished(self, process: subprocess.Popen[str]) -> Run:
        out, err = process.communicate(timeout=60)
        return Run(process.returncode, out, err, self.folder)


def hermetic(environ: Mapping[str, str] = os.environ) -> dict[str, str]:
    """An environment for subprocesses that says nothing about a service, and keeps compiled modules."""
    known = (
        "NOTTE_",
        "CONTRACT_",
        "PYTEST_",
        "HYPOTHESIS_",
        "PYTHONDONTWRITEBYTECODE",
        "PYTHONUNBUFFERED",
        "CI",
        "BUILD_NUMBER",
    )
    return {name: value for name, value in environ.items() if not name.startswith(known)}


def forms(value: str) -> Iterator[str]:
    """How the value may be written: as it is, for a URL, and in base64 at each of its three alignments."""
    yield from (value, quote(value, safe=""), quote(value))
    for before in range(3):
        text = base64.b64encode(bytes(before) + value.encode()).decode()
        yield text[4 if before else 0 : -4]


def leaks(run: Run, value: str = CANARY) -> set[str]:
    """Where a form of the value stands: in the output, or in files of the run."""
    texts = {"stdout": run.out.encode(), "stderr": run.err.encode()}
    files = {str(path.relative_to(run.folder)): path.read_bytes() for path in run.folder.rglob("*") if path.is_file()}
    needles = [form.encode() for form in forms(value)]
    return {where for where, text in (texts | files).items() if any(needle in text for needle in needles)}
