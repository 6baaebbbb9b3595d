"""Faults in, who finds them out: this suite and `st run` against the depot, whose document has more than JSON answers.

python bench/depot.py [--per-family N] [--max-examples N] [--keep FILE] [--out docs/power.md]

What `st run` says takes most of an hour, and nothing of this suite changes it: `--keep` names a file that has it, and
that gets what is not in it yet. The table is the last section of the document; `bench/power.py` makes the rest of it.
"""

import argparse
import json
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from bench.samples import sample  # noqa: E402
from contracts.exchanges import Ledger, Secret  # noqa: E402
from contracts.flows import ask  # noqa: E402
from contracts.run.givens import Givens  # noqa: E402
from contracts.run.inputs import Inputs, Target  # noqa: E402
from contracts.run.options import Options  # noqa: E402
from contracts.run.state import State  # noqa: E402
from contracts.verdicts import Outcome  # noqa: E402
from tests.service import running  # noqa: E402
from tests.service.depot import FAULTS, FILE, GIVEN, ROWS, Depot, Fault  # noqa: E402
from tests.service.depot.contract import OWN, book, spec  # noqa: E402

KEY = "correct-horse-battery"
HEADING = "## Bodies, header fields, forms, text and alternatives of security"
SUITE, OTHER = "this suite", "`st run`"
ST_SECONDS = 600
THOROUGH = ("--mode", "all", "--checks", "all", "--continue-on-failure")
BLAMED = re.compile(r"^- ST[0-9]+ (.+)$|^ *(Invalid component: .+)$", re.MULTILINE)
TOGETHER = ("createParcel", "readParcel", "replaceParcel", "deleteParcel")
"""What is asked together where a fault shows on another operation only."""

Tool = Callable[[str, Sequence[str]], frozenset[str]]
"""A base URL and operationIds go in, what is said of the service comes out."""


def this_suite(url: str, operations: Sequence[str]) -> frozenset[str]:
    found: set[str] = set()
    target = Target(url, Secret(KEY), {variable: Secret(KEY, f"${variable}") for variable in OWN.values()})
    with tempfile.TemporaryDirectory() as folder:
        inputs = Inputs(spec(), target, Options(unsafe=True), givens=Givens(GIVEN, ROWS), folder=Path(folder))
        state = State(inputs, Ledger(Path(folder) / "exchanges.jsonl"))
        state.book = book()
        for operation in spec().operations:
            if operation.operation_id in operations:
                verdicts = ask(state, operation).verdicts
                found |= {rule for rule, one in verdicts.items() if one.outcome is Outcome.VIOLATED}
    return frozenset(found)


def st_run(examples: int) -> Tool:
    """Schemathesis with the same credential for all schemes, and the same known values."""

    def tool(url: str, operations: Sequence[str]) -> frozenset[str]:
        chosen = [word for operation in operations for word in ("--include-operation-id", operation)]
        return blamed(url, examples, *chosen, *THOROUGH)

    return tool


def blamed(url: str, examples: int, *words: str) -> frozenset[str]:
    """The operations that `st run` with these words finds fault with; none where it takes too long."""
    kept = ("--max-examples", str(examples), "--generation-database", "none", "--seed", "1", "--no-color")
    command = [str(Path(sys.executable).parent / "st"), "run", str(FILE), "--url", url, *words, *kept]
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "schemathesis.toml").write_text(settings())
        try:
            ended = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=ST_SECONDS)
        except subprocess.TimeoutExpired:
            return frozenset()
    if ended.returncode not in (0, 1):
        raise RuntimeError(f"st run ended with {ended.returncode}: {ended.stdout[-500:]}{ended.stderr[-500:]}")
    return frozenset("".join(parts) for parts in BLAMED.findall(ended.stdout))


def settings() -> str:
    lines = [f'[auth.openapi.token]\nbearer = "{KEY}"']
    lines += [f'[auth.openapi.{scheme}]\napi_key = "{KEY}"' for scheme in ("key", "session")]
    known: dict[str, list[object]] = {f"path.{name}": list(values) for name, values in GIVEN.items() if "-" not in name}
    known |= {"path.id": [1, 2, 3], "header.If-Match": ["*"]}
    del known["path.slots"]  # dictionaries hold no lists; every slot that the document allows is known
    for number, values in enumerate(known.values()):
        lines.append(f"[dictionaries.d{number}]\nvalues = {json.dumps(values)}")
    bound = [f'"{name}" = {{dictionary = "d{number}"}}' for number, name in enumerate(known)]
    return "\n".join([*lines, "[parameters]", *bound]) + "\n"


# Measuring.


@dataclass(slots=True)
class Column:
    """A tool, and what it said: of the conforming service by operations, of each fault what it had not said of that."""

    tool: Tool
    alarms: dict[tuple[str, ...], frozenset[str]] = field(default_factory=dict)
    found: dict[str, frozenset[str]] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)

    def ask(self, operations: tuple[str, ...], *faults: Fault) -> frozenset[str]:
        with running(Depot(KEY, faults)) as url:
            return self.tool(url, operations)

    def measure(self, fault: Fault) -> None:
        asked: tuple[str, ...] = (fault.operation,)
        if fault.operation in TOGETHER and fault.switch in ("forgets", "keeps"):
            asked = TOGETHER
        if asked not in self.alarms:
            self.alarms[asked] = self.ask(asked)
        if fault.title not in self.seconds:
            start = time.perf_counter()
            self.found[fault.title] = self.ask(asked, fault) - self.alarms[asked]
            self.seconds[fault.title] = time.perf_counter() - start

    def kept(self) -> str:
        alarms = [[list(asked), sorted(said)] for asked, said in self.alarms.items()]
        found = {title: [sorted(said), self.seconds[title]] for title, said in self.found.items()}
        return json.dumps({"alarms": alarms, "found": found}, indent=1)

    def keep(self, text: str) -> None:
        data = json.loads(text)
        self.alarms = {tuple(asked): frozenset(said) for asked, said in data["alarms"]}
        self.found = {title: frozenset(said) for title, (said, _) in data["found"].items()}
        self.seconds = {title: seconds for title, (_, seconds) in data["found"].items()}


def measured(tools: Mapping[str, Tool], faults: Sequence[Fault], keep: Path | None) -> dict[str, Column]:
    columns = {name: Column(tool) for name, tool in tools.items()}
    if keep is not None and keep.exists():
        columns[OTHER].keep(keep.read_text(encoding="utf-8"))
    for number, fault in enumerate(faults, 1):
        said = []
        for name, column in columns.items():
            column.measure(fault)
            said.append(f"{name} {len(column.found[fault.title])} in {column.seconds[fault.title]:.1f} s")
        if keep is not None:
            keep.write_text(columns[OTHER].kept(), encoding="utf-8")
        print(f"{number}/{len(faults)} {fault.title}: {', '.join(said)}", file=sys.stderr, flush=True)
    return columns


# The section.


def row(*cells: object) -> str:
    return "| " + " | ".join(str(cell) for cell in cells) + " |"


def table(columns: Mapping[str, Column], faults: Sequence[Fault]) -> Iterator[str]:
    def found_of(column: Column, among: Sequence[Fault]) -> str:
        return f"{sum(bool(column.found[fault.title]) for fault in among)}/{len(among)}"

    forbidden = [fault for fault in faults if fault.forbidden]
    others = [fault for fault in faults if not fault.forbidden]
    yield row("what the document forbids", *columns)
    yield row("---", *("---" for _ in columns))
    for family in dict.fromkeys(fault.family for fault in forbidden):
        own = [fault for fault in forbidden if fault.family == family]
        yield row(family, *(found_of(column, own) for column in columns.values()))
    yield row(*(f"**{cell}**" for cell in ("found", *(found_of(one, forbidden) for one in columns.values()))))
    yield row("what it does not forbid", *(found_of(column, others) for column in columns.values()))
    yield row("false alarms", *(sum(map(len, column.alarms.values())) for column in columns.values()))
    yield row("seconds, median", *(f"{median(column.seconds.values()):.1f}" for column in columns.values()))


def missed(columns: Mapping[str, Column], faults: Sequence[Fault]) -> Iterator[str]:
    mine, other = columns[SUITE].found, columns[OTHER].found
    lost = [fault for fault in faults if fault.forbidden and not mine[fault.title]]
    yield f"Of what is forbidden this suite does not find {len(lost)}{':' if lost else '.'}"
    yield ""
    for fault in lost:
        theirs = f"; {OTHER} does" if other[fault.title] else ""
        yield f"- `{fault.title}` (line {fault.line} of the document){theirs}."
    if lost:
        yield ""
    both = [fault for fault in faults if fault.forbidden and mine[fault.title] and not other[fault.title]]
    yield f"It alone finds {len(both)}."


def section(columns: Mapping[str, Column], faults: Sequence[Fault], examples: int) -> str:
    versions = subprocess.run([Path(sys.executable).parent / "st", "--version"], capture_output=True, text=True).stdout
    of_all = f"all {len(FAULTS)}" if len(faults) == len(FAULTS) else f"{len(faults)} of the {len(FAULTS)}"
    document = FILE.relative_to(ROOT)
    lines = [
        HEADING,
        "",
        f"`python bench/depot.py --keep FILE` made this: {of_all} faults of the depot (`{document.parent}`), one at a "
        "time, each put before both tools on a fresh service with the same credential, the same known values and the "
        f"same document (`{document}`); what {OTHER} said was kept while it was measured bit by bit. Both ask the "
        "operation that is broken, and four of them where it shows on another.",
        "",
        f"{OTHER} is {versions.strip().replace('st, version', 'Schemathesis')} with `{' '.join(THOROUGH)} "
        f"--max-examples {examples}` and all its phases. What it says of the conforming service is taken off, finding "
        "by finding (by title, and by the component it blames), and counted as a false alarm.",
        "",
        *table(columns, faults),
        "",
        *missed(columns, faults),
    ]
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--per-family", type=int, default=len(FAULTS))
    parser.add_argument("--max-examples", type=int, default=20)
    parser.add_argument("--keep", type=Path, help="a file for what `st run` says")
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "power.md")
    args = parser.parse_args()
    faults = sample(FAULTS, args.per_family)
    columns = measured({SUITE: this_suite, OTHER: st_run(args.max_examples)}, faults, args.keep)
    before, _, rest = args.out.read_text(encoding="utf-8").partition(f"\n{HEADING}\n")
    after = "".join(rest.partition("\n## ")[1:])  # the sections of other benches
    text = f"{before.rstrip()}\n\n{section(columns, faults, args.max_examples)}{after}"
    args.out.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
