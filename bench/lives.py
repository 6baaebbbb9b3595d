"""Faults of state in, who finds them out: lives of this suite and `st run --phases stateful` against the depot.

python bench/lives.py [--per-family N] [--max-examples N] [--out docs/power.md]

Both ask the operations on parcels, shipments and stops, with the same credential and document. Its table is the last
section of the document.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from statistics import median

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from bench.depot import KEY, OTHER, SUITE, blamed, row  # noqa: E402
from bench.samples import sample  # noqa: E402
from contracts.document import Spec  # noqa: E402
from contracts.exchanges import Ledger, Secret  # noqa: E402
from contracts.flows import ask  # noqa: E402
from contracts.lives import Course, lived, lives_of  # noqa: E402
from contracts.messages import Exchange  # noqa: E402
from contracts.rules.states import no_lives_of, state_rules  # noqa: E402
from contracts.run.ask import connected  # noqa: E402
from contracts.run.givens import Givens  # noqa: E402
from contracts.run.inputs import Inputs, Target  # noqa: E402
from contracts.run.options import Options  # noqa: E402
from contracts.run.state import State  # noqa: E402
from contracts.schemas.families import families_of  # noqa: E402
from contracts.verdicts import Outcome, tally  # noqa: E402
from tests.service import running  # noqa: E402
from tests.service.depot import GIVEN, ROWS, STATE_FAULTS, Depot, Fault  # noqa: E402
from tests.service.depot.contract import OWN, book, spec  # noqa: E402

HEADING = "## What one operation says and others must keep"
OPERATIONS = [one for one in spec().operations if any(state_rules(spec(), one))]
FAMILIES = [one for one in families_of(spec()) if not no_lives_of(spec(), one)]
FAULTS = [fault for fault in STATE_FAULTS if " / " in fault.finds]


@dataclass(slots=True)
class Column:
    """What a tool said of the conforming depot, and beside that of each fault; what it took."""

    alarms: frozenset[str] = frozenset()
    found: dict[str, frozenset[str]] = field(default_factory=dict)
    seconds: list[float] = field(default_factory=list)
    requests: list[int] = field(default_factory=list)


class Counting(Depot):
    """The depot, and how many requests it had."""

    requests = 0

    def answer(self, *args: object) -> object:  # type: ignore[override]
        self.requests += 1
        return super().answer(*args)  # type: ignore[arg-type]


def state_of(url: str, folder: str) -> State:
    target = Target(url, Secret(KEY), {variable: Secret(KEY, f"${variable}") for variable in OWN.values()})
    inputs = Inputs(spec(), target, Options(unsafe=True), givens=Givens(GIVEN, ROWS), folder=Path(folder))
    state = State(inputs, Ledger(Path(folder) / "exchanges.jsonl"))
    state.book = book()
    return state


def lives(url: str) -> frozenset[str]:
    """The violated rules of lives, where nothing is asked beside them."""
    found: set[str] = set()
    with tempfile.TemporaryDirectory() as folder:
        state = state_of(url, folder)
        with connected(state, state.pace) as client:
            for family in FAMILIES:
                numbers, exchanges = count(), list[Exchange]()
                for steps in lives_of(state.plan, family, frozenset(spec().by_key)):
                    exchanges += lived(steps, lambda probe: client.send(probe, next(numbers)))  # noqa: B023
                rules = [rule for one in family.operations for rule in state_rules(spec(), one)]
                for verdict in tally(rules, Course(spec(), family).judged(exchanges)):
                    if verdict.outcome is Outcome.VIOLATED:
                        found.add(verdict.rule.id)
    return frozenset(found)


def whole_run() -> tuple[int, int, float]:
    """Requests of a run on these operations, those of its lives, and seconds."""
    start = time.perf_counter()
    with running(Depot(KEY)) as url, tempfile.TemporaryDirectory() as folder:
        state = state_of(url, folder)
        for operation in OPERATIONS:
            ask(state, operation)
        return len(state.ledger.all()), sum(bool(e.probe.life) for e in state.ledger.all()), time.perf_counter() - start


def st_run(url: str, examples: int) -> frozenset[str]:
    chosen = [word for one in OPERATIONS for word in ("--include-operation-id", str(one.operation_id))]
    return blamed(url, examples, *chosen, "--phases", "stateful", "--checks", "all", "--continue-on-failure")


# The section.


def measured(faults: Sequence[Fault], examples: int) -> dict[str, Column]:
    columns = {SUITE: Column(), OTHER: Column()}
    for number, fault in enumerate([None, *faults]):
        for name, column in columns.items():
            depot, start = Counting(KEY, [fault] if fault is not None else []), time.perf_counter()
            with running(depot) as url:
                said = lives(url) if name == SUITE else st_run(url, examples)
            if fault is None:
                column.alarms = said
            else:
                column.found[fault.title] = said - column.alarms
                column.seconds.append(time.perf_counter() - start)
                column.requests.append(depot.requests)
        print(f"{number}/{len(faults)} {fault.title if fault else 'the conforming depot'}", file=sys.stderr, flush=True)
    return columns


def table(columns: dict[str, Column], faults: Sequence[Fault]) -> Iterator[str]:
    def found_of(column: Column, among: Sequence[Fault]) -> str:
        return f"{sum(bool(column.found[fault.title]) for fault in among)}/{len(among)}"

    yield row("faults of state", *columns)
    yield row("---", *("---" for _ in columns))
    for family in dict.fromkeys(fault.family for fault in faults):
        own = [fault for fault in faults if fault.family == family]
        yield row(family, *(found_of(column, own) for column in columns.values()))
    yield row(*(f"**{cell}**" for cell in ("found", *(found_of(one, faults) for one in columns.values()))))
    document = [fault for fault in faults if basis_of(spec(), fault.finds) == "document"]
    yield row("of these, what the document forbids", *(found_of(one, document) for one in columns.values()))
    http = [fault for fault in faults if fault not in document]
    yield row("and what the semantics of HTTP do", *(found_of(one, http) for one in columns.values()))
    yield row("false alarms", *(len(column.alarms) for column in columns.values()))
    yield row("requests, median", *(f"{median(column.requests):.0f}" for column in columns.values()))
    yield row("seconds, median", *(f"{median(column.seconds):.1f}" for column in columns.values()))


def basis_of(document: Spec, rule: str) -> str:
    key = next(one.key for one in document.operations if rule.startswith(f"{one.key} / "))
    return next(one.basis for one in state_rules(document, document.by_key[key]) if one.id == rule)


def section(columns: dict[str, Column], faults: Sequence[Fault], examples: int) -> str:
    every, of_lives, seconds = whole_run()
    lines = [
        HEADING,
        "",
        f"`python bench/lives.py` made this: {len(faults)} faults of state that the depot can have "
        "(`tests/service/depot/state_faults.py`; those that reading one operation shows are not among them), one at a "
        "time, each put before both tools on a fresh service with the same credential and document. Here it asks "
        f"lives alone; {OTHER} is given the same {len(OPERATIONS)} operations and `--phases stateful --checks all "
        f"--continue-on-failure --max-examples {examples}`. What a tool says of the conforming service is taken off, "
        "and counted as a false alarm.",
        "",
        *table(columns, faults),
        "",
        f"A whole run on these operations, with all that is asked beside lives, sends {every} requests, {of_lives} of "
        f"them for lives ({of_lives / (every - of_lives):.0%} more), in {seconds:.0f} seconds.",
    ]
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--per-family", type=int, default=len(FAULTS))
    parser.add_argument("--max-examples", type=int, default=20)
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "power.md")
    args = parser.parse_args()
    faults = sample(FAULTS, args.per_family)
    before = args.out.read_text(encoding="utf-8").partition(f"\n{HEADING}\n")[0].rstrip("\n")
    text = f"{before}\n\n{section(measured(faults, args.max_examples), faults, args.max_examples)}"
    args.out.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
