"""Agreement of the gate with oasdiff on a file of document pairs, and the time of a comparison.

    python bench/gate.py PAIRS.jsonl.gz [--details CLASS] [--github api.github.com.json]

A line of the file is `{"id", "base", "revision", "expected": {"breaking", "changes": [{"id", "level"}]}}`. Operations
without `responses`, which no version of OpenAPI allows, get an empty one on both sides, so that the rest is compared.
"""

from __future__ import annotations

import argparse
import gzip
import json
import re
import resource
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from contracts.changes import compare
from contracts.changes.change import Change, Effect
from contracts.document import Spec, read_spec
from contracts.errors import ContractsError

METHODS = frozenset({"get", "put", "post", "delete", "options", "head", "patch", "trace"})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pairs", type=Path)
    parser.add_argument("--github", type=Path, metavar="FILE", help="time GitHub's description, as JSON, as well")
    parser.add_argument("--details", metavar="CLASS", help="list the pairs of one class of disagreement")
    arguments = parser.parse_args()
    counts: Counter[str] = Counter()
    classes: defaultdict[str, list[str]] = defaultdict(list)
    seconds = []
    for pair in _pairs(arguments.pairs):
        started = time.perf_counter()
        ours, changes = _verdict(pair)
        seconds.append(time.perf_counter() - started)
        theirs = "breaking" if pair["expected"]["breaking"] else "compatible"
        counts[f"{theirs} / {ours}"] += 1
        if ours != theirs:
            name = _class_of(pair, ours, changes)
            classes[name].append(pair["id"])
            if arguments.details is not None and arguments.details in name:
                _explain(pair, name, changes)
    _report(counts, classes, seconds)
    if arguments.github is not None:
        _time_github(arguments.github)


def _pairs(path: Path) -> Iterator[dict[str, Any]]:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)


def _verdict(pair: dict[str, Any]) -> tuple[str, tuple[Change, ...] | str]:
    try:
        base, revision = _spec(pair["base"], "base.json"), _spec(pair["revision"], "revision.json")
    except ContractsError as problem:
        return "refused", str(problem)
    changes = compare(base, revision)
    effects = {change.effect for change in changes}
    worst = next((effect for effect in (Effect.BREAKING, Effect.UNDECIDED) if effect in effects), Effect.COMPATIBLE)
    return worst.value, changes


def _spec(document: dict[str, Any], path: str) -> Spec:
    for item in (document.get("paths") or {}).values():
        for method, operation in item.items() if isinstance(item, dict) else ():
            if method in METHODS and isinstance(operation, dict) and not operation.get("responses"):
                operation["responses"] = {"default": {"description": ""}}
    return read_spec(json.dumps(document).encode(), path=path, folder=None)


CLASSES: tuple[tuple[str, str, str], ...] = (
    ("lifecycle policy", "compatible", r"sunset|stability|deprecat"),
    ("extensions (x-extensible-enum)", "compatible", r"x-extensible"),
    ("defaults", "compatible", r"default-value"),
    ("fewer answers: a status or media type removed", "compatible", r"status-removed|response-media-type-removed"),
    ("webhook removed", "compatible", r"webhook-removed"),
    ("annotations: contentEncoding, contentMediaType, contentSchema", "compatible", r"content-(encoding|media|schema)"),
    (
        "names that no closed sender sends",
        "compatible",
        r"dependent-schema|pattern-property|property-names|unevaluated",
    ),
    (
        "not on the wire: null, numbers as text",
        "compatible",
        r"header-became-nullable|parameter.*(not-nullable|types-nar)",
    ),
    ("everything else: the same messages, or none", "compatible", r""),
    ("removed after its sunset", "breaking", r"operation-removed"),
    ("security tightened", "breaking", r"security-tightened"),
    ("a media type added to answers", "breaking", r"response-media-type-added"),
    (
        "a bound, pattern or list of values, which oasdiff warns of or ignores",
        "breaking",
        r"bounds|length|pattern|enum",
    ),
    ("readOnly or writeOnly moved what is required", "breaking", r"property-(optional|required)"),
    ("everything else", "breaking", r""),
    ("a path parameter that is in no path, a webhook", "undecided", r""),
)
"""Name, the verdict here, and what the ids of the side that finds more look like."""


def _class_of(pair: dict[str, Any], ours: str, changes: tuple[Change, ...] | str) -> str:
    if isinstance(changes, str):
        return "refused here: no valid OpenAPI document"
    if ours == "compatible":
        ids = " ".join(sorted({c["id"] for c in pair["expected"]["changes"] if c["level"] == "ERR"}))
    else:
        ids = " ".join(sorted({change.id for change in changes if change.effect.value == ours}))
    name = next(name for name, verdict, pattern in CLASSES if verdict == ours and re.search(pattern, ids))
    return f"{ours} here: {name}"


def _explain(pair: dict[str, Any], name: str, changes: tuple[Change, ...] | str) -> None:
    print(f"\n{pair['id']}  {name}")
    for found in pair["expected"]["changes"]:
        print(f"    oasdiff  {found['level']:5} {found['id']}: {found['text']}")
    for change in changes if not isinstance(changes, str) else ():
        print(f"    here     {change.effect.value:10} {change.id} {change.where}: {change.message}")
        print(f"             {change.proof or ''}")
        if change.witness is not None:
            print(f"             {json.dumps(change.witness.message)}; {change.witness.because}")


def _report(counts: Counter[str], classes: dict[str, list[str]], seconds: list[float]) -> None:
    total = sum(counts.values())
    agreed = sum(count for name, count in counts.items() if len(set(name.split(" / "))) == 1)
    print(f"\n{total} pairs, the same verdict on {agreed} ({agreed / total:.0%}); oasdiff / here:")
    for name, count in counts.most_common():
        print(f"  {count:4}  {name}")
    for name, pairs in sorted(classes.items(), key=lambda item: -len(item[1])):
        print(f"  {len(pairs):4}  {name}  ({', '.join(pairs[:6])}{', …' if len(pairs) > 6 else ''})")
    ordered = sorted(seconds)
    print(f"seconds a pair: median {ordered[total // 2]:.4f}, most {ordered[-1]:.3f}")


def _time_github(path: Path) -> None:
    """CPU seconds of `contracts diff` on a large document: against itself, and with three breaking edits."""
    document = json.loads(path.read_bytes())
    del document["paths"]["/gists"]["get"]
    document["components"]["schemas"]["simple-user"]["required"].remove("login")
    tenant = {"name": "tenant", "in": "query", "required": True, "schema": {"type": "string"}}
    document["paths"]["/repos/{owner}/{repo}/issues"]["get"]["parameters"].append(tenant)
    with tempfile.TemporaryDirectory() as folder:
        edited = Path(folder) / "edited.json"
        edited.write_text(json.dumps(document))
        for name, revision in (("itself", path), ("three breaking edits", edited)):
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            command = [sys.executable, "-m", "contracts", "diff", str(path), str(revision)]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
            print(
                f"GitHub against {name}: {used:.2f} CPU seconds; {done.stdout.splitlines()[-1].partition(': ')[2][:40]}"
            )


if __name__ == "__main__":
    main()
