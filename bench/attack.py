"""Every attack that the suite is known to withstand, in its long form: how many by section, and the worst of each.

    .venv/bin/python bench/attack.py [--only WORD] [--jobs N] [--write]

Prints three tables: the sections of tests/attack, each in a process of its own, the schemas of
tests/attack/schemas.py and the documents of tests/attack/large.py with 100,000 of each thing, each in four commands,
each a process with a gigabyte of addresses and a minute of CPU: it has to end with an exit code of `ENDS`, and show no
traceback and no failure of the suite itself. `--write` puts the tables that it has into docs/reliability.md. A new
table of attacks is a row of `SECTIONS`.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from contracts.document.dialects.unread import MOST_IN_PATH  # noqa: E402
from tests.attack.large import LARGE, METHODS, RENAMED, changed  # noqa: E402  the checkout may not be installed
from tests.attack.schemas import REFUSED, SCHEMAS, STRING, document  # noqa: E402  the checkout may not be installed

DOCUMENT = ROOT / "docs" / "reliability.md"
ADDRESSES = 2**30
SECONDS = 75
SECTIONS = {
    "nothing done unasked": "test_unasked.py",
    "a credential given back": "test_echoes.py",
    "a credential, however it is written": "test_scanner.py",
    "numbers, dates and bodies x rules": "test_values.py",
    "what a service sends too much of": "test_bounds.py",
    "patterns x texts that make them try again": "test_slow_patterns.py",
    "hostile texts x forms, shells and files": "test_texts.py",
    "schemas that nobody can keep": "test_schemas.py",
    "what is made of schemas that take for ever": "test_making.py",
    "documents": "test_documents.py",
    "very many of one thing": "test_large.py",
    "environments": "test_environments.py",
    "a `git` that does not behave": "test_git.py",
    "disks and folders": "test_disks.py",
}
COUNT = 100_000
# Of parameters more are read as absent; of paths a run takes a hundredth of a second for each.
FEWER = {"path parameters": MOST_IN_PATH, "path parameters of a segment": MOST_IN_PATH, "paths": 2_000}
RULES, FROM, TO, RUN, DIFF, MOCK, THROUGHOUT = (
    "`contracts rules`",
    "`contracts diff`, from a string",
    "`contracts diff`, to a string",
    "a run on the mock",
    "`contracts diff`, with a change",
    "`contracts mock`, one request",
    "`contracts diff`, all of them changed",
)
ENDS = {RULES: {0}, FROM: {0, 1, 3}, TO: {0, 1, 3}, RUN: {0, 3}, DIFF: {0, 1, 3}, MOCK: {0}, THROUGHOUT: {0, 1, 3}}
"""Exit codes that a command may have on a document that is read: nothing on the mock is violated."""
REFUSES = {RULES: {2}, FROM: {2}, TO: {2}, RUN: {4}}
"""Those on a document that is refused."""
DEFECTS = (b"Traceback (most recent call last)", b"the suite itself failed", b"INTERNALERROR", b"MemoryError")
ASK = """
import re, socket, subprocess, sys
words = [sys.executable, "-m", "contracts", "mock", sys.argv[1], "--port", "0"]
mock = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
port = next(filter(None, (re.search("http://127.0.0.1:([0-9]+)", line) for line in mock.stdout)))[1]
with socket.create_connection(("127.0.0.1", int(port))) as connection:
    connection.sendall(f"{sys.argv[2]} /a HTTP/1.1\\r\\nHost: a\\r\\nConnection: close\\r\\n\\r\\n".encode())
    answer = connection.recv(12)
mock.terminate()
mock.wait()
sys.exit(answer[:9] != b"HTTP/1.1 ")
"""
"""What starts a mock, and has an answer of it."""
HEADS = {
    "section": (
        "| section | attacks | not withstood | time | the longest | peak memory |",
        "| --- | ---: | ---: | ---: | ---: | ---: |",
    ),
    "command": (
        "| command | schemas | ended as they must | longest | with | peak memory |",
        "| --- | ---: | ---: | ---: | --- | ---: |",
    ),
    "document": (
        "| command | documents | ended as they must | longest | with | peak memory |",
        "| --- | ---: | ---: | ---: | --- | ---: |",
    ),
}


@dataclass(frozen=True, slots=True)
class Ran:
    """A process: its exit code, None if it was killed because its time was up; and which defect it told of."""

    name: str
    code: int | None
    seconds: float
    megabytes: float
    defect: bytes = b""

    def problem(self, command: str) -> str:
        """What is wrong with how it ended; empty if nothing is."""
        expected = REFUSES[command] if self.name in REFUSED and command in REFUSES else ENDS[command]
        if self.code is None:
            return "killed"
        if self.defect:
            return f"exit code {self.code}, {self.defect.decode()}"
        return "" if self.code in expected else f"exit code {self.code}"


def ran(name: str, words: Sequence[str], folder: Path, *, limited: bool, seconds: int) -> Ran:
    def limit() -> None:
        os.setsid()  # so that what it starts ends with it
        if limited:
            resource.setrlimit(resource.RLIMIT_AS, (ADDRESSES, ADDRESSES))
            resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))

    environment = {**os.environ, "PYTHONPATH": str(ROOT), "CI": "1", "ATTACK": "long"}
    started = time.perf_counter()
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(words, cwd=folder, env=environment, preexec_fn=limit, stdout=said, stderr=said)
        timer = threading.Timer(seconds * 4 if limited else seconds, os.killpg, (process.pid, signal.SIGKILL))
        timer.start()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        timer.cancel()
        said.seek(0)
        text = said.read()
    code = None if process.returncode == -9 else process.returncode
    defect = next((one for one in DEFECTS if one in text), b"")
    taken = usage.ru_utime + usage.ru_stime if limited else time.perf_counter() - started
    return Ran(name, code, taken, usage.ru_maxrss / 1024, defect)


def section_row(name: str, file: str) -> str:
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "out.xml"
        words = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--junitxml={out}"]
        found = ran(name, [*words, f"tests/attack/{file}"], ROOT, limited=False, seconds=SECONDS * 10)
        cases = list(ElementTree.parse(out).iter("testcase"))
    failed = [case for case in cases if case.find("failure") is not None or case.find("error") is not None]
    longest = max(float(case.get("time", 0)) for case in cases)
    cells = (name, str(len(cases)), str(len(failed)), f"{found.seconds:.0f} s", f"{longest:.1f} s")
    return f"| {' | '.join(cells)} | {found.megabytes:.0f} MB |"


def commands(folder: Path, base: Path, file: Path) -> dict[str, list[str]]:
    contracts = [sys.executable, "-m", "contracts"]
    run = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-c", str(ROOT / "pyproject.toml")]
    run += ["--rootdir", str(ROOT), str(ROOT / "tests" / "contract" / "test_contract.py")]
    return {
        RULES: [*contracts, "rules", "--spec", str(file)],
        FROM: [*contracts, "diff", str(base), str(file)],
        TO: [*contracts, "diff", str(file), str(base)],
        RUN: [*run, "--contract-spec", str(file), "--contract-report", str(folder / "out")],
    }


def schema_runs(name: str) -> dict[str, Ran]:
    """What became of the commands on a document with the schema."""
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        base, file = folder / "base.json", folder / "things.json"
        base.write_text(json.dumps(document(STRING)), encoding="utf-8")
        file.write_text(json.dumps(document(SCHEMAS[name])), encoding="utf-8")
        listed = commands(folder, base, file)
        return {command: ran(name, words, folder, limited=True, seconds=SECONDS) for command, words in listed.items()}


def large_runs(name: str) -> dict[str, Ran]:
    """What became of the commands on a document with very many of one thing."""
    with tempfile.TemporaryDirectory() as made:
        folder, value = Path(made), LARGE[name](FEWER.get(name, COUNT))
        file, other = folder / "many.json", folder / "other.json"
        file.write_text(json.dumps(value, indent=0), encoding="utf-8")
        other.write_text(json.dumps(changed(value), indent=0), encoding="utf-8")
        listed = commands(folder, file, file)
        methods = METHODS & next(iter(value["paths"].values())).keys()
        words = {
            RULES: listed[RULES],
            DIFF: [sys.executable, "-m", "contracts", "diff", str(file), str(other)],
            RUN: listed[RUN],
            MOCK: [sys.executable, "-c", ASK, str(file), methods.pop().upper()],
        }
        return {command: ran(name, words[command], folder, limited=True, seconds=SECONDS) for command in words}


def renamed_runs(name: str) -> dict[str, Ran]:
    """What became of a comparison of two documents in which each of very many has another name."""
    with tempfile.TemporaryDirectory() as made:
        folder, files = Path(made), list[str]()
        for letter in "nm":
            file = folder / f"{letter}.json"
            file.write_text(json.dumps(RENAMED[name](COUNT, letter), indent=0), encoding="utf-8")
            files.append(str(file))
        words = [sys.executable, "-m", "contracts", "diff", *files]
        return {THROUGHOUT: ran(name, words, folder, limited=True, seconds=SECONDS)}


def rows(runs_of: Callable[[str], dict[str, Ran]], names: Sequence[str], jobs: int) -> Iterator[str]:
    with ThreadPoolExecutor(jobs) as pool:
        found = list(pool.map(runs_of, names))
    for command in found[0]:
        runs = [each[command] for each in found]
        ended = [one for one in runs if not one.problem(command)]
        late = ", ".join(f"{one.name}: {one.problem(command)}" for one in runs if one not in ended)
        worst = max(ended or runs, key=lambda one: one.seconds)
        memory = max(one.megabytes for one in runs)
        told = f"{len(ended)}" + f" (not: {late})" * bool(late)
        cells = (command, str(len(runs)), told, f"{worst.seconds:.1f} s", worst.name, f"{memory:.0f} MB")
        yield f"| {' | '.join(cells)} |"


def write(table: Sequence[str]) -> None:
    """Put a table in place of the one with the same head in the document."""
    lines = DOCUMENT.read_text(encoding="utf-8").splitlines()
    if table[0] not in lines:
        return
    start = lines.index(table[0])
    end = next((n for n in range(start, len(lines)) if not lines[n].startswith("|")), len(lines))
    DOCUMENT.write_text("\n".join([*lines[:start], *table, *lines[end:]]) + "\n", encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", metavar="WORD", help="sections and schemas with this in their name")
    parser.add_argument("--jobs", type=int, default=2, help="schemas at a time (default: 2)")
    parser.add_argument("--write", action="store_true", help="put the tables into docs/reliability.md")
    options = parser.parse_args()
    tables = {name: list(head) for name, head in HEADS.items()}
    print(*HEADS["section"], sep="\n", flush=True)
    for name, file in SECTIONS.items():
        if options.only in name and (ROOT / "tests" / "attack" / file).exists():
            tables["section"].append(section_row(name, file))
            print(tables["section"][-1], flush=True)
    if names := [name for name in SCHEMAS if options.only in name]:
        tables["command"] += rows(schema_runs, names, options.jobs)
        print("", *tables["command"], sep="\n", flush=True)
    if names := [name for name in LARGE if options.only in name]:
        tables["document"] += rows(large_runs, names, options.jobs)
        print("", *tables["document"], sep="\n", flush=True)
    if names := [name for name in RENAMED if options.only in name]:
        renamed = list(rows(renamed_runs, names, options.jobs))
        tables["document"] += renamed
        print(*renamed, sep="\n", flush=True)
    if options.write:
        for table in tables.values():
            write(table)


if __name__ == "__main__":
    main()
