"""A whole contract run against each way to misbehave, with the limits and waits that users have.

    .venv/bin/python bench/chaos.py [--only WORD] [--jobs N] [--write]

Prints a table: the case, what the run came to, how long it took, the most memory it had. `--write` puts the table into
docs/reliability.md. Each run is a process of its own; the service, which sends the gigabytes, is in this one.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.service import create_app, running, seeded_ids  # noqa: E402  the checkout may not be installed
from tests.service.chaos import CASES, Chaos, chaos_server  # noqa: E402
from tests.service.raw import asking  # noqa: E402

DOCUMENT = ROOT / "docs" / "reliability.md"
KEY = "bench-credential-1234"
SESSIONS = 6
HEADER = ("| case | outcome | exit code | requests | time | peak memory |", "| --- | --- | ---: | ---: | ---: | ---: |")


@dataclass(frozen=True, slots=True)
class Ran:
    """What a run came to; `megabytes` is the largest resident set of its process."""

    case: Chaos
    code: int
    decision: str
    requests: int
    seconds: float
    megabytes: float

    @property
    def row(self) -> str:
        outcome = self.decision if self.decision == self.case.result else f"**{self.decision}**"
        cells = (self.case.name, outcome, str(self.code), str(self.requests))
        return f"| {' | '.join(cells)} | {self.seconds:.1f} s | {self.megabytes:.0f} MB |"


def ran(case: Chaos, service: str) -> Ran:
    """One run in a process of its own, against the service as it misbehaves in this case."""
    with chaos_server(case, asking(service)) as server, tempfile.TemporaryDirectory() as folder:
        words = [sys.executable, "-m", "pytest", "-q", str(ROOT / "tests" / "contract" / "test_contract.py")]
        words += ["-p", "no:cacheprovider", "--base-url", server.base_url, "--contract-report", folder]
        words += [f"--contract-session-id={identity}" for identity in seeded_ids(SESSIONS)]
        environment = {**os.environ, "NOTTE_API_KEY": KEY, "PYTHONPATH": str(ROOT)}
        started = time.perf_counter()
        process = subprocess.Popen(words, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        seconds = time.perf_counter() - started
        report = json.loads((Path(folder) / "report.json").read_text(encoding="utf-8"))
        exchanges = [json.loads(line) for line in (Path(folder) / "exchanges.jsonl").read_text().splitlines()]
    requests = sum(exchange.get("attempts", 0) for exchange in exchanges)
    return Ran(case, process.returncode, report["decision"], requests, seconds, usage.ru_maxrss / 1024)


def rows(cases: Iterable[Chaos], jobs: int) -> Iterator[str]:
    with running(create_app(key=KEY, sessions=SESSIONS)) as service, ThreadPoolExecutor(jobs) as pool:
        for found in pool.map(lambda case: ran(case, service), cases):
            yield found.row


def write(table: list[str]) -> None:
    """Put the table in place of the one in the document."""
    lines = DOCUMENT.read_text(encoding="utf-8").splitlines()
    start = lines.index(HEADER[0])
    end = next((n for n in range(start, len(lines)) if not lines[n].startswith("|")), len(lines))
    DOCUMENT.write_text("\n".join([*lines[:start], *table, *lines[end:]]) + "\n", encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", metavar="WORD", help="cases with this in their name")
    parser.add_argument("--jobs", type=int, default=2, help="runs at a time; most of them wait (default: 2)")
    parser.add_argument("--write", action="store_true", help="put the table into docs/reliability.md")
    options = parser.parse_args()
    table = list(HEADER)
    print(*table, sep="\n", flush=True)
    for row in rows([case for case in CASES if options.only in case.name], options.jobs):
        table.append(row)
        print(row, flush=True)
    if options.write:
        write(table)


if __name__ == "__main__":
    main()
