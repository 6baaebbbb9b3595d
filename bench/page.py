"""The page of a run over 1,000 operations: is it below 5 MB, made in less than 5 s, and opened in less than 2 s?

    .venv/bin/python bench/page.py [--operations N] [--rules N] [--rounds N]

The report is a real one of the one operation of spec/notte.yaml, written down for so many operations: once of a healthy
service, once of one that breaks six promises in every operation. A browser is started anew for every opening. Medians.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from contracts.report.forms.page import page  # noqa: E402
from contracts.report.json_report import read_run, write_json  # noqa: E402
from tests.browser.chromium import MISSING, chromium, launched  # noqa: E402
from tests.browser.viewing import opened  # noqa: E402
from tests.service.scenes import report_of  # noqa: E402

OPERATION = "GET /sessions/{session_id}"
MOST_BYTES, MOST_TO_MAKE, MOST_TO_OPEN = 5_000_000, 5.0, 2.0
LOADED = "performance.timing.loadEventEnd - performance.timing.navigationStart"
PAINTED = "performance.getEntriesByName('first-contentful-paint')[0].startTime"


def widened(report: dict[str, Any], operations: int, rules: int) -> dict[str, Any]:
    """The report as if the document had so many operations, each with so many of its rules; what is broken first."""
    own = sorted(report["verdicts"], key=lambda verdict: verdict["outcome"] != "violated")[:rules]
    kept = {verdict["rule"] for verdict in own}
    text = json.dumps([verdict for verdict in report["verdicts"] if verdict["rule"] in kept])
    keys = [f"GET /resources-{number}/{{session_id}}" for number in range(operations)]
    return report | {
        "verdicts": [verdict for key in keys for verdict in json.loads(text.replace(OPERATION, key))],
        "operations": dict.fromkeys(keys, report["operations"][OPERATION]),
    }


def timed(work: Callable[[], Any], rounds: int) -> tuple[Any, float]:
    """What the work gives, and the median of the seconds that it takes."""
    spent = []
    for _ in range(rounds):
        started = time.perf_counter()
        made = work()
        spent.append(time.perf_counter() - started)
    return made, statistics.median(spent)


def opening(program: str, file: Path) -> tuple[float, float]:
    """Seconds until a browser that was just started has loaded the page, and until it showed something of it."""
    with launched(program) as browser:
        view = opened(browser)
        view.show(file)
        return view.page.evaluate(LOADED) / 1000, view.page.evaluate(PAINTED) / 1000


def measure(scene: str, arguments: argparse.Namespace, program: str, folder: Path) -> bool:
    """Print the figures of a scene; returns whether all bars are kept."""
    report = widened(report_of(scene, folder / scene), arguments.operations, arguments.rules)
    file = write_json(report, folder / scene)
    run, reading = timed(lambda: read_run(file), 1)
    html, making = timed(lambda: page(run), arguments.rounds)
    shown = file.with_suffix(".html")
    shown.write_text(html, encoding="utf-8")
    loads, paints = zip(*(opening(program, shown) for _ in range(arguments.rounds)), strict=True)
    load, paint, size = statistics.median(loads), statistics.median(paints), shown.stat().st_size
    print(
        f"{scene}: {len(run.verdicts):,} rules, {len(run.violated):,} violated;"
        f" report.json {file.stat().st_size / 1e6:.1f} MB, read in {reading:.1f} s;"
        f" page {size / 1e6:.1f} MB, made in {making:.1f} s; loaded after {load:.1f} s, first paint after {paint:.1f} s"
    )
    return size < MOST_BYTES and making < MOST_TO_MAKE and load < MOST_TO_OPEN


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--operations", type=int, default=1000)
    parser.add_argument("--rules", type=int, default=60, help="of each operation, at most what the document has")
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    program = chromium()
    if program is None:
        print(MISSING, file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory() as folder:
        kept = [measure(scene, arguments, program, Path(folder)) for scene in ("healthy", "broken")]
    print("all bars are kept" if all(kept) else "a bar is missed")
    return 0 if all(kept) else 1


if __name__ == "__main__":
    sys.exit(main())
