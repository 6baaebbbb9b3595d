"""The gate on successive versions of published documents: decision, findings by effect, CPU seconds, peak memory.

    python bench/pairs.py DIR [--only NAME ...] [--max-time SECONDS] [--oasdiff BINARY] [--markdown]

DIR holds a folder for each pair, with `base` and `revision` as `.json`, `.yaml` or `.yml`. Each pair is compared by the
command in a process of its own, which is given up after ten times `--max-time` by the clock on the wall; an exit code
that is no decision is shown with the last line of the error.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

SIDES = ("base", "revision")
ENDINGS = (".json", ".yaml", ".yml")
DECIDED = {0, 1, 3}
COLUMNS = ("pair", "decision", "findings", "breaking", "unshown", "undecided", "CPU s", "MB")


@dataclass(frozen=True)
class Measured:
    """One command: its exit code, output, and what it took."""

    code: int | None
    output: str
    error: str
    seconds: float
    megabytes: int


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, metavar="DIR")
    parser.add_argument("--only", nargs="*", default=[], metavar="NAME", help="pairs whose name holds one of these")
    parser.add_argument("--max-time", type=float, default=60, metavar="SECONDS", help="CPU for a comparison")
    parser.add_argument("--oasdiff", metavar="BINARY", help="run `BINARY breaking` on each pair as well")
    parser.add_argument("--markdown", action="store_true", help="a table for a document")
    arguments = parser.parse_args()
    columns = (*COLUMNS, "oasdiff", "CPU s") if arguments.oasdiff else COLUMNS
    rows, totals = [], Counter[str]()
    for pair in sorted(path for path in arguments.folder.iterdir() if path.is_dir()):
        if arguments.only and not any(part in pair.name for part in arguments.only):
            continue
        row = compared(pair, arguments.max_time, totals)
        if arguments.oasdiff:
            row += judged_by_oasdiff(arguments.oasdiff, pair, arguments.max_time)
        rows.append(row)
        print(*row, sep="\t", file=sys.stderr, flush=True)
    sys.stdout.write(table(columns, rows, markdown=arguments.markdown))
    told = ", ".join(f"{count} {what}" for what, count in totals.items())
    sys.stdout.write(f"\n{len(rows)} pairs: {told}\n")
    return 0


def compared(pair: Path, limit: float, totals: Counter[str]) -> list[str]:
    """A row of the table; what it holds is added to the totals."""
    command = [sys.executable, "-m", "contracts", "diff", *sides_of(pair), "--format", "json", "--accepted", "none"]
    found = measured([*command, "--max-time", f"{limit:g}"], 10 * limit)
    took = [f"{found.seconds:.1f}", str(found.megabytes)]
    if found.code not in DECIDED or not found.output:  # a traceback has exit code 1 as well
        totals["without a decision"] += 1
        last = (found.error.strip().splitlines() or [""])[-1]
        return [pair.name, f"exit {found.code}: {last[:60]}" if found.code is not None else "no end", *"----", *took]
    report: dict[str, Any] = json.loads(found.output)
    effects = Counter(change["effect"] for change in report["changes"])
    unshown = sum(change["effect"] == "breaking" and not change.get("witness") for change in report["changes"])
    totals.update({"findings": len(report["changes"]), **effects, "breaking without a message": unshown})
    counts = [len(report["changes"]), effects["breaking"], unshown, effects["undecided"]]
    return [pair.name, report["decision"], *map(str, counts), *took]


def judged_by_oasdiff(binary: str, pair: Path, limit: float) -> list[str]:
    found = measured([binary, "breaking", *sides_of(pair), "--format", "json"], 10 * limit)
    if found.code is None:
        return ["no end", f"{found.seconds:.1f}"]
    try:
        count = str(len(json.loads(found.output or "[]")))
    except ValueError:
        count = f"exit {found.code}"
    return [count, f"{found.seconds:.1f}"]


def sides_of(pair: Path) -> list[str]:
    """The two files of a pair."""
    candidates = ([pair / f"{side}{ending}" for ending in ENDINGS] for side in SIDES)
    return [str(next(path for path in paths if path.exists())) for paths in candidates]


def measured(command: list[str], limit: float) -> Measured:
    """What a command says, and the CPU seconds and peak memory of its process with those that it waited for."""
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as error:
        process = subprocess.Popen(command, stdout=output, stderr=error, start_new_session=True)
        timer = threading.Timer(limit, os.killpg, (process.pid, signal.SIGKILL))
        timer.start()
        _, status, usage = os.wait4(process.pid, 0)
        timer.cancel()
        code = process.returncode = os.waitstatus_to_exitcode(status)
        texts = [_text(output), _text(error)]
    seconds = usage.ru_utime + usage.ru_stime
    return Measured(None if code == -signal.SIGKILL else code, texts[0], texts[1], seconds, usage.ru_maxrss // 1024)


def _text(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode("utf-8", "replace")


def table(columns: tuple[str, ...], rows: list[list[str]], *, markdown: bool) -> str:
    if markdown:
        lines = ["| " + " | ".join(row) + " |" for row in (columns, ["---"] * len(columns), *rows)]
        return "\n".join(lines)
    widths = [max(len(row[index]) for row in (columns, *rows)) for index in range(len(columns))]
    return "\n".join("  ".join(map(str.ljust, row, widths)).rstrip() for row in (columns, *rows))


if __name__ == "__main__":
    sys.exit(main())
