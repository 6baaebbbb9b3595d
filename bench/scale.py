"""What a large document takes: one run on the mock in one process and in two, growth, a service on loopback, shards.

    python bench/scale.py DOCUMENT.json [--operations N] [--only mock,growth,loopback,shards]

CPU seconds are of all processes of a run, memory is the most that each of them had. Where others use the machine, what
several processes gain is told by their CPU: that of the one that leads, and the most of another. `--operations` takes
so many of the document, for a quick look; GitHub's 1,223 take four minutes in one process.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from contracts.report.json_report import read_run  # noqa: E402  the checkout may not be installed
from contracts.report.run import Run  # noqa: E402

CONTRACTS = [sys.executable, "-c", "from notte_contracts import main; main()"]
METHODS = {"get", "put", "post", "delete", "patch", "head", "options", "trace", "query"}
GROWTH = (100, 300, 1000)
PATHS, VALUES = 96, 200  # of the service on loopback
AFTER, FEWER = 0.002, 40  # seconds after which it answers where it is as if over a network, and values then
COUNT = "/__count__"


@dataclass(frozen=True)
class Took:
    """What a command took."""

    wall: float
    cpu: float
    memory: list[int]  # MB, the most of each process
    code: int
    longest: float  # CPU seconds of the one that leads, and of one that it leads


def taken(words: list[str], folder: Path) -> Took:
    before, started, most = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter(), dict[int, int]()
    ran = dict[int, float]()
    with (folder / "said.txt").open("w") as said, subprocess.Popen(words, stdout=said, stderr=said) as process:
        while process.poll() is None:
            for pid in (process.pid, *_below(process.pid)):
                most[pid] = _memory(pid) or most.get(pid, 0)  # before it is what it will be, it is this process
                ran[pid] = max(_ran(pid), ran.get(pid, 0.0))
            time.sleep(0.2)
    after, wall = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter() - started
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    longest = ran.pop(process.pid, 0.0) + max(ran.values(), default=0.0)
    return Took(wall, cpu, sorted(most.values(), reverse=True), process.returncode, longest)


def _below(pid: int) -> Iterator[int]:
    with suppress(OSError):
        for child in map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split()):
            yield child
            yield from _below(child)


def _memory(pid: int) -> int:
    with suppress(OSError, IndexError):
        return int(Path(f"/proc/{pid}/status").read_text().partition("VmHWM:")[2].split()[0]) // 1024
    return 0


def _ran(pid: int) -> float:
    with suppress(OSError, IndexError):
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return 0.0


def references(value: Any) -> Iterator[str]:
    for child in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from references(child)
    if isinstance(value, dict) and isinstance(value.get("$ref"), str):
        yield value["$ref"]


def slice_of(document: dict[str, Any], count: int) -> tuple[dict[str, Any], int]:
    """The document with so many of its operations, again under other prefixes where it has fewer, and how many."""
    paths, operations, turn = dict[str, Any](), 0, 0
    while operations < count:
        for path, item in document["paths"].items():
            if operations < count:
                item = {name: held for name, held in item.items() if not turn or name in METHODS}
                paths[f"/v{turn}{path}" if turn else path] = json.loads(json.dumps(item))
                operations += len(METHODS & item.keys())
        turn += 1
    for path in paths.keys() - document["paths"].keys():
        for method in METHODS & paths[path].keys():
            if "operationId" in paths[path][method]:
                paths[path][method]["operationId"] += f"-{path.split('/')[1]}"
    components, waiting, seen = dict[str, Any](), [*references(paths)], set[str]()
    schemes = document.get("components", {}).get("securitySchemes")
    while waiting:
        reference = waiting.pop()
        if reference not in seen and reference.startswith("#/components/"):
            seen.add(reference)
            kind, name = reference.split("/")[2:4]
            held = document["components"][kind][name]
            components.setdefault(kind, {})[name] = held
            waiting += references(held)
    if schemes:
        components["securitySchemes"] = schemes
    return {**document, "paths": paths, "components": components, "webhooks": {}, "x-webhooks": {}}, operations


def run(document: Path, folder: Path, *words: str) -> tuple[Took, Run]:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    took = taken([*CONTRACTS, "run", str(document), "-q", f"--contract-report={folder}", *words], folder)
    return took, read_run(folder / "report.json")


def told(name: str, took: Took, made: Run, folder: Path) -> None:
    each = f"{made.exchanges} exchanges, {1000 * took.cpu / max(made.exchanges, 1):.2f} ms CPU each"
    sizes = (f"{one.name} {one.stat().st_size / 2**20:.1f} MB" for one in sorted(folder.glob("report.*")))
    print(
        f"{name:<28} {took.wall:7.1f} s wall {took.cpu:7.1f} s CPU, {each}, "
        f"at most {took.memory} MB; {len(made.verdicts)} rules, {made.decision}; {', '.join(sizes)}",
        flush=True,
    )


def on_the_mock(document: Path, folder: Path) -> None:
    listed = taken([*CONTRACTS, "rules", "--spec", str(document)], folder)
    print(f"{'rules':<28} {listed.wall:7.1f} s wall {listed.cpu:7.1f} s CPU; at most {listed.memory} MB")
    runs, outcomes = list[Took](), list[list[tuple[str, str]]]()
    for processes in (0, 2):
        words = ["-n", str(processes), "-p", "no:cacheprovider"]  # the second is not to profit from the first
        took, made = run(document, folder / f"n{processes}", *words)
        told(f"mock, -n {processes}", took, made, folder / f"n{processes}")
        runs.append(took)
        outcomes.append(outcomes_of(made))
    alone, both = runs
    print(f"{'':<28} -n 2 is {alone.wall / both.wall:.2f} times as fast, verdicts equal: {outcomes[0] == outcomes[1]};")
    print(f"{'':<28} {alone.longest / both.longest:.2f} times by CPU, {both.longest:.1f} s in a row")


def outcomes_of(made: Run) -> list[tuple[str, str]]:
    return sorted((verdict.rule, verdict.outcome) for verdict in made.verdicts)


def growth(document: dict[str, Any], most: int, folder: Path) -> None:
    first = 0.0
    for wanted in GROWTH:
        part, count = slice_of(document, max(wanted * most // GROWTH[-1], 1))
        path = folder / f"part-{count}.json"
        path.write_text(json.dumps(part, indent=1))
        took, made = run(path, folder / f"growth-{count}", "-n", "0")
        told(f"{count} operations, -n 0", took, made, folder / f"growth-{count}")
        each = took.cpu / max(made.exchanges, 1)
        first = first or each
        print(f"{'':<28} {each / first:.2f} times the CPU of the first row an exchange")


def shards(document: Path, folder: Path, count: int = 3) -> None:
    whole, made = run(document, folder / "whole", "-n", "0")
    parts = [folder / "shards" / str(index) for index in range(1, count + 1)]
    took = [run(document, part, "-n", "0", f"--contract-shard={part.name}/{count}")[0] for part in parts]
    merged = folder / "merged" / "report.json"
    merging = taken([*CONTRACTS, "merge", *map(str, parts), "-o", str(merged)], folder)
    same = outcomes_of(read_run(merged)) == outcomes_of(made)
    walls = ", ".join(f"{one.wall:.1f}" for one in took)
    print(f"{count} shards: {walls} s wall, whole {whole.wall:.1f} s; merged in {merging.wall:.1f} s, exit code")
    print(f"{'':<28} {merging.code} (whole {whole.code}), verdicts equal: {same}")


def served() -> dict[str, Any]:
    """A document of things to be read, for a service that costs next to nothing."""
    thing = {"type": "object", "required": ["id"], "properties": {"id": {"type": "string"}, "n": {"type": "integer"}}}
    fault = {"type": "object", "required": ["detail"], "properties": {"detail": {"type": "string"}}}
    answers = {}
    for status, schema in (("200", thing), ("404", fault)):
        answers[status] = {"description": "", "content": {"application/json": {"schema": schema}}}
    parameter = {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}
    get = {"parameters": [parameter], "responses": answers}
    paths = {f"/things-{number}/{{id}}": {"get": get} for number in range(PATHS)}
    return {"openapi": "3.1.0", "info": {"title": "Things", "version": "1"}, "paths": paths}


class Service(asyncio.Protocol):
    """Answers each request as soon as its head is there, or so many seconds after, and counts."""

    count, after = 0, 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport, self.data = transport, b""

    def data_received(self, data: bytes) -> None:
        self.data += data
        while b"\r\n\r\n" in self.data:
            head, _, self.data = self.data.partition(b"\r\n\r\n")
            method, path, *_ = head.split(b" ", 2)
            Service.count += path != COUNT.encode()
            known = path.startswith(b"/things-") and b"/v" in path and path.rpartition(b"/v")[2].isdigit()
            status, body = b"404 Not Found", b'{"detail": "no such thing"}'
            if path == COUNT.encode():
                status, body = b"200 OK", b"%d" % Service.count
            elif method not in (b"GET", b"HEAD"):
                status = b"405 Method Not Allowed\r\nAllow: GET, HEAD"
            elif known:
                status, body = b"200 OK", b'{"id": "%s", "n": 1}' % path.rpartition(b"/")[2]
            head = b"HTTP/1.1 %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % (status, len(body))
            answer = head + body * (method != b"HEAD")
            if Service.after:
                asyncio.get_running_loop().call_later(Service.after, self.transport.write, answer)  # type: ignore[attr-defined]
            else:
                self.transport.write(answer)  # type: ignore[attr-defined]


async def serve() -> None:
    server = await asyncio.get_running_loop().create_server(Service, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


@contextmanager
def service(after: float = 0.0) -> Iterator[str]:
    words = [sys.executable, __file__, "--serve", f"--after={after}"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield f"http://127.0.0.1:{process.stdout.readline().strip()}"
        finally:
            process.terminate()


def on_loopback(folder: Path) -> None:
    document = folder / "things.json"
    document.write_text(json.dumps(served()))
    values = [f"--contract-param=id=v{number}" for number in range(VALUES)]
    others = shutil.which("st", path=os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]))
    with service() as url:

        def rate(name: str, words: list[str], before: list[str] | None = None) -> None:
            idle = taken(before, folder).wall if before else 0.0
            count = int(httpx2.get(f"{url}{COUNT}").text)
            took = taken(words, folder)
            sent = int(httpx2.get(f"{url}{COUNT}").text) - count
            rates[name] = sent / max(took.wall - idle, 0.001)
            share, rows[name] = rates[name] / rates["bare httpx2 loop"], sent / took.longest
            told = (
                f"{sent} requests, {rates[name]:.0f} a second ({share:.2f} of the loop), {took.longest:.1f} s CPU in a"
            )
            print(f"{name:<28} {told} row, {1000 * took.cpu / sent:.2f} ms each, exit code {took.code}", flush=True)

        rates, rows = dict[str, float](), dict[str, float]()
        loop = "import httpx2\nwith httpx2.Client() as client:\n for n in range(3000):\n"
        loop += f"  client.get(f'{url}/things-{{n % {PATHS}}}/v{{n}}')"
        rate("bare httpx2 loop", [sys.executable, "-c", loop], [sys.executable, "-c", "import httpx2; httpx2.Client()"])
        for name in ("run, -n 0, makes its probes", "run, -n 0", "run, -n 2"):
            words = [
                *CONTRACTS,
                "run",
                str(document),
                "--base-url",
                url,
                "-q",
                "-n",
                name.partition("-n ")[2][0],
                *values,
            ]
            rate(name, [*words, "--hypothesis-profile=ci", f"--contract-report={folder / 'loopback'}"])
        gained = (f"{one['run, -n 2'] / one['run, -n 0']:.2f}" for one in (rates, rows))
        print(f"{'':<28} -n 2 is {' times as fast, '.join(gained)} times by CPU in a row")
        if others:
            rate("st run --workers 2", [others, "run", str(document), "--url", url, "--workers", "2", "--seed", "1"])
    with service(AFTER) as url:
        walls = list[float]()
        for processes in (0, 2):
            words = [*CONTRACTS, "run", str(document), "--base-url", url, "-q", "-n", str(processes), *values[:FEWER]]
            took = taken([*words, "--hypothesis-profile=ci", f"--contract-report={folder / 'loopback'}"], folder)
            walls.append(took.wall)
            each = f"{1000 * AFTER:.0f} ms after each request, -n {processes}"
            print(f"{each:<28} {took.wall:.1f} s wall, {took.cpu:.1f} s CPU, exit code {took.code}", flush=True)
        print(f"{'':<28} -n 2 is {walls[0] / walls[1]:.2f} times as fast")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("document", type=Path, nargs="?", help="in JSON")
    parser.add_argument("--operations", type=int, help="so many of the document's")
    parser.add_argument("--only", default="mock,growth,loopback,shards")
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--after", type=float, default=0.0, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.serve:
        Service.after = given.after
        asyncio.run(serve())
    if given.document is None:
        parser.error("name a document")
    document, wanted = json.loads(given.document.read_text()), given.only.split(",")
    with tempfile.TemporaryDirectory() as name:
        folder, path = Path(name), given.document.absolute()
        os.chdir(folder)
        if given.operations:
            part, _ = slice_of(document, given.operations)
            path = folder / "document.json"
            path.write_text(json.dumps(part, indent=1))
        if "mock" in wanted:
            on_the_mock(path, folder)
        if "growth" in wanted:
            growth(document, given.operations or GROWTH[-1], folder)
        if "loopback" in wanted:
            on_loopback(folder)
        if "shards" in wanted:
            shards(path, folder)


if __name__ == "__main__":
    main()
