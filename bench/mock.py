"""How fast the mock answers: beside Prism, and beside an application that does nothing on the same server.

All in one run, in rounds, since other work of the machine counts: what is compared are ratios of medians. Each server
is asked by wrk over sixteen connections for one session of Notte's document, and for a small thing; each keeps its log
as it does by itself (`quiet`: none).

    python bench/mock.py PRISM [ROUNDS] [SECONDS]

PRISM is the command of @stoplight/prism-cli (`npm install @stoplight/prism-cli`, node_modules/.bin/prism); wrk is a
package of Debian.
"""

import json
import os
import re
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from contracts.mock.server import bound, serve, url_of

ROOT = Path(__file__).parents[1]
CONTRACTS = [sys.executable, "-m", "contracts", "mock"]
AUTHORIZATION = "Authorization: Bearer mock-credential"
FRESH = "Prefer: dynamic=true"
CONNECTIONS, ALONE = 16, 1
PROPERTIES = {"id": {"type": "integer"}, "name": {"type": "string"}, "size": {"enum": ["s", "m", "l"]}}
SMALL = {
    "openapi": "3.1.0",
    "info": {"title": "small", "version": "1"},
    "paths": {
        "/things/{id}": {
            "get": {
                "parameters": [{"name": "id", "in": "path", "required": True, "schema": {"type": "integer"}}],
                "responses": {
                    "200": {
                        "description": "it",
                        "content": {
                            "application/json": {
                                "schema": {"type": "object", "required": ["id", "name"], "properties": PROPERTIES}
                            }
                        },
                    }
                },
            }
        }
    },
}
BODY = json.dumps({"id": 7, "text": "x" * 900}).encode()


async def bare(scope, receive, send) -> None:  # type: ignore[no-untyped-def]
    """An application that does nothing but answer."""
    if scope["type"] == "http":
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(BODY)).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": BODY})
        return
    for word in ("startup", "shutdown"):
        await receive()
        await send({"type": f"lifespan.{word}.complete"})


def free_port() -> int:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return int(held.getsockname()[1])


@contextmanager
def running(command: list[str], port: int, path: str) -> Iterator[str]:
    """The URL that a server answers; it logs into a file, as it would for somebody who reads it later."""
    url = f"http://127.0.0.1:{port}{path}"
    with tempfile.TemporaryFile() as log, subprocess.Popen(command, stdout=log, stderr=log, cwd=ROOT) as process:
        try:
            for _ in range(600):
                request = urllib.request.Request(url, headers={"Authorization": AUTHORIZATION.partition(": ")[2]})
                try:
                    with urllib.request.urlopen(request) as response:
                        response.read()
                    break
                except OSError:
                    time.sleep(0.1)
            yield url
        finally:
            process.send_signal(signal.SIGTERM)


def asked(url: str, seconds: int, connections: int, *fields: str) -> tuple[float, float]:
    """Requests a second, and milliseconds within which 99 of 100 were answered."""
    words = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}", "--latency", "-H", AUTHORIZATION]
    for field in fields:
        words += ["-H", field]
    done = subprocess.run([*words, url], capture_output=True, text=True, check=True).stdout
    if "Non-2xx" in done:
        raise SystemExit(f"{url} refuses: {done}")
    rate = re.search(r"Requests/sec: +([\d.]+)", done)
    latency = re.search(r"99% +([\d.]+)(us|ms|s)", done)
    assert rate is not None
    assert latency is not None
    return float(rate[1]), float(latency[1]) * {"us": 0.001, "ms": 1, "s": 1000}[latency[2]]


def rows(prism: str, document: str) -> Iterator[tuple[str, list[str], int, list[str]]]:
    """What is asked: its name, its command without a port, how many connections, and fields."""
    us, them = [*CONTRACTS, document], [prism, "mock", document]
    yield "bare application", [sys.executable, __file__, "--bare"], CONNECTIONS, []
    yield "contracts mock", us, CONNECTIONS, []  # a session is older each time that it is asked for
    yield "contracts mock --stateless", [*us, "--stateless"], CONNECTIONS, []
    yield "contracts mock --stateless --quiet", [*us, "--stateless", "--quiet"], CONNECTIONS, []
    yield "contracts mock, dynamic", us, CONNECTIONS, [FRESH]
    yield "contracts mock, dynamic, one connection", us, ALONE, [FRESH]
    yield "prism mock", them, CONNECTIONS, []
    yield "prism mock, quiet", [*them, "-v", "silent"], CONNECTIONS, []
    yield "prism mock --dynamic", [*them, "--dynamic"], CONNECTIONS, []
    yield "prism mock --dynamic, quiet", [*them, "--dynamic", "-v", "silent"], CONNECTIONS, []


def measured(prism: str, document: str, path: str, rounds: int, seconds: int) -> dict[str, float]:
    rates, tails = dict[str, list[float]](), dict[str, list[float]]()
    for _ in range(rounds):
        for name, command, connections, fields in rows(prism, document):
            port = free_port()
            with running([*command, "--port", str(port)], port, path) as url:
                rate, tail = asked(url, seconds, connections, *fields)
            rates.setdefault(name, []).append(rate)
            tails.setdefault(name, []).append(tail)
    print(f"\n{path}: requests a second (medians of {rounds}), and 99 of 100 answered within")
    for name, found in rates.items():
        print(f"  {name:42}{statistics.median(found):9,.0f}{statistics.median(tails[name]):9.2f} ms")
    return {name: statistics.median(found) for name, found in rates.items()}


def main() -> None:
    prism, rounds, seconds = sys.argv[1], 3, 3
    if len(sys.argv) > 2:
        rounds, seconds = int(sys.argv[2]), int(sys.argv[-1])
    if os.access(prism, os.X_OK):
        prism = os.path.abspath(prism)
    with tempfile.TemporaryDirectory() as folder:
        small = Path(folder, "small.json")
        small.write_text(json.dumps(SMALL))
        for document, path in ((str(ROOT / "spec/notte.yaml"), "/sessions/abc"), (str(small), "/things/7")):
            rate = measured(prism, document, path, rounds, seconds)
            ours, dynamic = rate["contracts mock --stateless"], rate["prism mock --dynamic"]
            quiet, their_quiet = rate["contracts mock --stateless --quiet"], rate["prism mock --dynamic, quiet"]
            print(f"  remembered answers, of the bare application: {ours / rate['bare application']:.2f}")
            print(f"  of Prism's dynamic: {ours / dynamic:.1f}; both without a log: {quiet / their_quiet:.1f}")
            print(f"  fresh answers, of Prism's dynamic: {rate['contracts mock, dynamic'] / dynamic:.1f}")


def main_bare() -> None:
    with bound("127.0.0.1", int(sys.argv[-1])) as held:
        serve(bare, held, lambda: print(url_of(held), flush=True))


if __name__ == "__main__":
    if "--bare" in sys.argv:
        main_bare()
    else:
        main()
