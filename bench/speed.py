"""Requests a second of a live run over 170 ids on loopback, as ratios to a bare httpx2 loop on the same service.

    .venv/bin/python bench/speed.py [--rounds N]

`whole` makes the probes, sends them and judges the answers; `send and judge` has the probes at hand. Both are compared
with the loop of the same round, because machines are noisy; read the medians.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from urllib.parse import quote

import httpx2

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from contracts.document import load_spec  # noqa: E402
from contracts.exchanges import Ledger, Secret  # noqa: E402  the checkout may not be installed
from contracts.flows import ask  # noqa: E402
from contracts.messages import Probe  # noqa: E402
from contracts.run.ask import probes_of  # noqa: E402
from contracts.run.givens import Givens  # noqa: E402
from contracts.run.inputs import Inputs, Target  # noqa: E402
from contracts.run.invocation import lasting  # noqa: E402
from contracts.run.options import Options  # noqa: E402
from contracts.run.state import State  # noqa: E402
from tests.service import seeded_ids  # noqa: E402

KEY = "bench-credential-1234"
SESSIONS = 170


def rate(requests: int, run: Callable[[], object]) -> float:
    started = time.perf_counter()
    run()
    return requests / (time.perf_counter() - started)


def bare(url: str, ids: Sequence[str]) -> None:
    with httpx2.Client(headers={"Authorization": f"Bearer {KEY}"}) as client:
        for identity in (*ids, *ids):
            client.get(f"{url}/sessions/{quote(identity, safe='')}").read()


def state_of(url: str, ids: Sequence[str], replay: dict[str, list[Probe]] | None = None) -> State:
    ledger = Ledger(Path(tempfile.mkdtemp()) / "run.jsonl")
    target, options = Target(url, Secret(KEY)), Options(unsafe=True, replay="report.json" if replay else None)
    with lasting():  # as `flows.begin` does
        spec = load_spec(ROOT / "spec" / "notte.yaml")
        inputs = Inputs(spec, target, options, givens=Givens({"session_id": ids}), evidence=replay or {})
        return State(inputs, ledger)


def measure(url: str, ids: Sequence[str]) -> tuple[float, float]:
    """The ratios of one round: a whole run, and sending and judging alone."""
    loop = rate(2 * len(ids), lambda: bare(url, ids))
    first = state_of(url, ids)
    operation = first.inputs.spec.operations[0]
    started = time.perf_counter()
    ask(first, operation)
    whole = len(first.ledger.all()) / (time.perf_counter() - started)
    probes = list(probes_of(first, operation))
    again = state_of(url, ids, {operation.key: probes})
    assert again.book.rules
    return whole / loop, rate(len(probes), lambda: ask(again, operation)) / loop


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    command = [sys.executable, "-m", "tests.service", "--sessions", str(SESSIONS), "--key", KEY]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as service:
        assert service.stdout is not None
        url, ids = service.stdout.readline().strip(), seeded_ids(SESSIONS)
        try:
            measure(url, ids)  # what is imported and compiled once
            ratios = [measure(url, ids) for _ in range(rounds)]
        finally:
            service.terminate()
    for name, values in zip(("whole", "send and judge"), zip(*ratios, strict=True), strict=True):
        print(f"{name:<15} {min(values):.2f} {statistics.median(values):.2f} {max(values):.2f} (min, median, max)")


if __name__ == "__main__":
    main()
