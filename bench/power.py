"""Faults in, who finds them out: this suite and four others against one faulty service, written down as a table.

python bench/power.py [--per-family N] [--openapi-core-python PATH] [--out docs/power.md]

What `bench/depot.py` wrote below it stays as it is.
"""

import argparse
import base64
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any
from urllib.parse import quote

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import httpx2  # noqa: E402
import jsonschema_rs  # noqa: E402

from bench.samples import sample  # noqa: E402
from contracts.document import Spec, load_spec  # noqa: E402
from contracts.exchanges import Ledger, Secret  # noqa: E402
from contracts.flows import ask  # noqa: E402
from contracts.run.givens import Givens  # noqa: E402
from contracts.run.inputs import Inputs, Target  # noqa: E402
from contracts.run.options import Options  # noqa: E402
from contracts.run.state import State  # noqa: E402
from contracts.verdicts import Outcome  # noqa: E402
from tests.service import FAULTS, Fault, create_app, running, seeded_ids  # noqa: E402

KEY = "correct-horse-battery"
SESSIONS = 60
IDS = seeded_ids(SESSIONS)
DOCUMENT = ROOT / "spec" / "notte.yaml"
SUITE = "this suite"
ST_SECONDS = 60
THOROUGH = ("--mode", "all", "--checks", "all", "--max-examples", "200", "--continue-on-failure")


@dataclass(frozen=True, slots=True)
class Run:
    """What a tool said of a service, in words that do not depend on the session, and how long it asked and judged."""

    findings: frozenset[str]
    seconds: float


Tool = Callable[[str], Run]
"""A base URL goes in."""


def timed(find: Callable[[str], set[str]]) -> Tool:
    def tool(url: str) -> Run:
        start = time.perf_counter()
        found = find(url)
        return Run(frozenset(found), time.perf_counter() - start)

    return tool


def plain(document: Spec) -> dict[str, Any]:
    copied: dict[str, Any] = json.loads(json.dumps(document.document.tree))
    return copied


# The tools.


def this_suite(spec: Spec) -> Tool:
    def find(url: str) -> set[str]:
        with tempfile.TemporaryDirectory() as folder:
            ledger = Ledger(Path(folder) / "exchanges.jsonl")
            inputs = Inputs(spec, Target(url, Secret(KEY)), Options(unsafe=True), givens=Givens({"session_id": IDS}))
            verdicts = ask(State(inputs, ledger), spec.operations[0]).verdicts
        return {rule for rule, verdict in verdicts.items() if verdict.outcome is Outcome.VIOLATED}

    return timed(find)


def st_run(spec: Spec, *options: str) -> Tool:
    """Schemathesis with the ids as a dictionary for the parameter; its own count of seconds, without its start."""

    def tool(url: str) -> Run:
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "document.json").write_text(json.dumps(plain(spec)))
            (Path(folder) / "schemathesis.toml").write_text(
                f"[dictionaries.ids]\nvalues = {json.dumps(IDS)}\n"
                '[parameters]\n"path.session_id" = {dictionary = "ids"}\n'
            )
            common = ("--url", url, "-H", f"Authorization: Bearer {KEY}", "--seed", "1", "--no-color")
            kept = ("--report", "json", "--report-json-path", "report.json", "--generation-database", "none")
            st = str(Path(sys.executable).parent / "st")
            command = [st, "run", "document.json", *common, *kept, *options]
            start = time.perf_counter()
            try:
                ended = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=ST_SECONDS)
            except subprocess.TimeoutExpired:
                return Run(frozenset(), time.perf_counter() - start)
            if ended.returncode not in (0, 1):
                raise RuntimeError(f"st run ended with {ended.returncode}: {ended.stdout[-500:]}{ended.stderr[-500:]}")
            report = json.loads((Path(folder) / "report.json").read_text())
        found = {str(entry.get("title") or entry.get("type")) for entry in (*report["failures"], *report["errors"])}
        return Run(frozenset(found), float(report["running_time"]))

    return tool


def scripted() -> Iterator[tuple[str, dict[str, str]]]:
    """Every id twice, ids that nobody has, one that is too long, and a request without a credential."""
    with_key = {"Authorization": f"Bearer {KEY}"}
    for name in (*IDS, *IDS, "unknown", "0", IDS[0][:-1], "x" * 201):
        yield f"/sessions/{quote(name, safe='')}", with_key
    yield f"/sessions/{quote(IDS[0], safe='')}", {}


@contextmanager
def openapi_core(python: str, spec: Spec) -> Iterator[Tool]:
    judge = subprocess.Popen(
        [python, str(ROOT / "bench" / "openapi_core_judge.py")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert judge.stdin is not None
    assert judge.stdout is not None
    with judge, judge.stdin as to_judge:
        to_judge.write(json.dumps(plain(spec)) + "\n")

        def verdict(path: str, sent: Mapping[str, str], answer: httpx2.Response) -> list[str]:
            body, media_type = base64.b64encode(answer.content).decode(), answer.headers.get("content-type", "")
            shown = {"path": path, "sent": dict(sent), "status": answer.status_code, "media_type": media_type}
            to_judge.write(json.dumps({**shown, "headers": dict(answer.headers), "body": body}) + "\n")
            to_judge.flush()
            said: list[str] = json.loads(judge.stdout.readline() if judge.stdout else "[]")
            return said

        def find(url: str) -> set[str]:
            found: set[str] = set()
            with httpx2.Client(base_url=url, trust_env=False) as client:
                for path, headers in scripted():
                    try:
                        found.update(verdict(path, headers, client.get(path, headers=headers)))
                    except httpx2.HTTPError as error:
                        found.add(type(error).__name__)
            return found

        yield timed(find)


def twenty_lines(spec: Spec) -> Tool:
    """What a script of that length would do."""
    document = plain(spec)
    responses = document["paths"]["/sessions/{session_id}"]["get"]["responses"]
    validators = {
        int(status): jsonschema_rs.Draft202012Validator(
            {**answer["content"]["application/json"]["schema"], "components": document["components"]},
            validate_formats=True,
        )
        for status, answer in responses.items()
    }

    def find(url: str) -> set[str]:
        found: set[str] = set()
        with httpx2.Client(base_url=url, headers={"Authorization": f"Bearer {KEY}"}, trust_env=False) as client:
            for name in IDS:
                try:
                    answer = client.get(f"/sessions/{quote(name, safe='')}")
                    if answer.status_code not in validators:
                        found.add(f"status {answer.status_code}")
                    elif answer.headers.get("content-type") != "application/json":
                        found.add("content type")
                    else:
                        for error in validators[answer.status_code].iter_errors(answer.json()):
                            found.add(f"{'/'.join(map(str, error.schema_path))}")
                except (httpx2.HTTPError, ValueError) as error:
                    found.add(type(error).__name__)
        return found

    return timed(find)


# Measuring.


@dataclass(slots=True)
class Column:
    """A tool, and what it said: of the conforming service, and of each fault what it had not said of that."""

    alarms: frozenset[str]
    found: dict[str, frozenset[str]] = field(default_factory=dict)
    seconds: list[float] = field(default_factory=list)


def asked(tool: Tool, fault: Fault | None) -> Run:
    with running(create_app(key=KEY, sessions=SESSIONS, fault=fault)) as url:
        return tool(url)


def measured(tools: Mapping[str, Tool], faults: Sequence[Fault]) -> dict[str, Column]:
    columns = {name: Column(asked(tool, None).findings) for name, tool in tools.items()}
    for number, fault in enumerate(faults, 1):
        for name, tool in tools.items():
            run = asked(tool, fault)
            columns[name].found[fault.name] = run.findings - columns[name].alarms
            columns[name].seconds.append(run.seconds)
        said = ", ".join(
            f"{name} {len(column.found[fault.name])} in {column.seconds[-1]:.1f} s" for name, column in columns.items()
        )
        print(f"{number}/{len(faults)} {fault.name}: {said}", file=sys.stderr, flush=True)
    return columns


@contextmanager
def tools_for(spec: Spec, python: str | None) -> Iterator[dict[str, Tool]]:
    tools = {SUITE: this_suite(spec), "`st run`": st_run(spec), "`st run` thorough": st_run(spec, *THOROUGH)}
    script = {"20 lines": twenty_lines(spec)}
    if python is None or subprocess.run([python, "-c", "import openapi_core"], capture_output=True).returncode:
        yield tools | script
    else:
        with openapi_core(python, spec) as tool:
            yield tools | {"openapi-core": tool} | script


# The document.

REASONS = {
    "auth-401-as-403": "no fault, the document with its overlay has a 403 too",
}
FAMILY_REASONS = {
    "method": "it shows on existing sessions only, and unsafe methods go only to ids that can't exist, by design",
}


def row(*cells: object) -> str:
    return "| " + " | ".join(str(cell) for cell in cells) + " |"


def table(columns: Mapping[str, Column], faults: Sequence[Fault], published: Mapping[str, Column]) -> Iterator[str]:
    def found_of(column: Column, names: Sequence[str]) -> str:
        return f"{sum(bool(column.found[name]) for name in names)}/{len(names)}"

    def together(names: Sequence[str]) -> str:
        others = [column for tool, column in columns.items() if tool != SUITE]
        return f"{sum(any(column.found[name] for column in others) for name in names)}/{len(names)}"

    yield row("", *columns, "the others together")
    yield row("---", *("---" for _ in range(len(columns) + 1)))
    for family in dict.fromkeys(fault.family for fault in faults):
        names = [fault.name for fault in faults if fault.family == family]
        yield row(family, *(found_of(column, names) for column in columns.values()), together(names))
    names = [fault.name for fault in faults]
    yield row(*(f"**{cell}**" for cell in ("found", *(found_of(c, names) for c in columns.values()), together(names))))
    yield row("false alarms", *(len(column.alarms) for column in columns.values()), "")
    yield row("findings there without the overlay", *(len(column.alarms) for column in published.values()), "")
    for title, of in (("time, median", median), ("time, total", sum)):
        base = of(columns[SUITE].seconds)
        yield row(title, *(f"{of(column.seconds) / base:.1f}" for column in columns.values()), "")


def listed(names: Sequence[str]) -> str:
    return ", ".join(f"`{name}`" for name in names) or "none"


def remarks(columns: Mapping[str, Column], faults: Sequence[Fault]) -> Iterator[str]:
    mine = columns[SUITE].found
    others = [column for tool, column in columns.items() if tool != SUITE]
    only = [f for f in faults if mine[f.name] and not any(c.found[f.name] for c in others)]
    missed = [fault for fault in faults if not mine[fault.name]]
    theirs = [fault.name for fault in missed if any(c.found[fault.name] for c in others)]
    by_family = {
        family: [f.name for f in only if f.family == family] for family in dict.fromkeys(f.family for f in only)
    }
    yield f"Only this suite finds {len(only)} of them:"
    yield ""
    yield from (f"- {family}: {listed(names)}" for family, names in by_family.items())
    yield ""
    yield f"It does not find {len(missed)}{':' if missed else '.'}"
    yield ""
    for fault in missed:
        reason = REASONS.get(fault.name) or FAMILY_REASONS.get(fault.family) or "not looked for"
        yield f"- `{fault.name}`: {reason}{'; another tool does' if fault.name in theirs else ''}."
    names = {fault.name for fault in faults}
    yield from (f"- `{name}`, which is not among these: {why}." for name, why in REASONS.items() if name not in names)


def document(args: argparse.Namespace, columns: Mapping[str, Column], bare: Mapping[str, Column]) -> str:
    faults = sample(FAULTS, args.per_family)
    with_core = " --openapi-core-python …" if "openapi-core" in columns else ""
    skipped = "" if with_core else " openapi-core was not there, so its column is missing."
    versions = subprocess.run([Path(sys.executable).parent / "st", "--version"], capture_output=True, text=True).stdout
    seconds = columns[SUITE].seconds
    slowest = max(range(len(faults)), key=seconds.__getitem__)
    share = (
        f"`{faults[slowest].name}` alone takes {seconds[slowest] / sum(seconds):.0%} of this suite's total, which asks "
        "again for each answer that was cut short."
    )
    lines = [
        "# What is found, and by whom",
        "",
        f"`python bench/power.py --per-family {args.per_family}{with_core}` made this: of the {len(FAULTS)} faults "
        f"that `tests/service` can have, {len(faults)} (at most {args.per_family} a family, evenly spaced), one at a "
        f"time, each put before every tool on a fresh service with the same {SESSIONS} session ids, the same key and "
        f"the same document (`spec/notte.yaml` with its overlay), in one run.{skipped}",
        "",
        "A fault is found by a tool that says something of the faulty service that it does not say of the conforming "
        "one; what it says of that one is a false alarm, counted by kind. With this suite that is a violated rule of "
        "whatever severity, with the others any failure or error.",
        "",
        *table(columns, faults, bare),
        "",
        f"`st run` is {versions.strip().replace('st, version', 'Schemathesis')} with the ids as a dictionary for the "
        f"parameter, thorough is `{' '.join(THOROUGH)}`. openapi-core judges {sum(1 for _ in scripted())} scripted "
        "requests: every id twice, unknown ids, one that is too long, no credential. The 20 lines are httpx2 and "
        "jsonschema-rs over the ids: a documented status, JSON, a valid body, formats asserted.",
        "",
        "Without the overlay, which states what the published document leaves out (401, 404, fractions of seconds in "
        "`duration`), every tool reports some of that, and rightly; with it, all are quiet. The overlay also says that "
        "`session_id` identifies, in a word that only this suite reads.",
        "",
        "Time is that of asking and judging, without the start of a process, as a multiple of this suite's, for a "
        f"typical fault and for all of them; {share} What `st run` sends varies with the load of the machine, even "
        "with one seed: whether it reaches the 422 is chance.",
        "",
        *remarks(columns, faults),
    ]
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--per-family", type=int, default=3)
    parser.add_argument("--openapi-core-python", help="an interpreter that has openapi-core; none: no such column")
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "power.md")
    args = parser.parse_args()
    with tools_for(load_spec(DOCUMENT, ()), args.openapi_core_python) as tools:
        bare = measured(tools, [])
    with tools_for(load_spec(DOCUMENT), args.openapi_core_python) as tools:
        columns = measured(tools, sample(FAULTS, args.per_family))
    _, heading, rest = args.out.read_text(encoding="utf-8").partition("\n## ") if args.out.exists() else ("", "", "")
    args.out.write_text(document(args, columns, bare) + heading + rest, encoding="utf-8")


if __name__ == "__main__":
    main()
