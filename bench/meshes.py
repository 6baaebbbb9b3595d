"""What schemas that refer to each other cost: seconds for rules, bodies of the mock, and one edit compared."""

from __future__ import annotations

import json
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from contracts.changes import compare
from contracts.document import Spec, load_spec
from contracts.mock.bodies import variants_of
from contracts.rules import rules_for

SIZES = (4, 8, 16, 30)


def document(size: int, last: str) -> dict[str, Any]:
    """`size` schemas, each of which may hold one of any other."""
    schemas = {}
    for number in range(size):
        links = {f"n{n}": {"$ref": f"#/components/schemas/N{n}"} for n in range(size) if n != number}
        identity = {"type": last if number == size - 1 else "string"}
        schemas[f"N{number}"] = {"type": "object", "required": ["id"], "properties": {"id": identity, **links}}
    content = {"application/json": {"schema": {"$ref": "#/components/schemas/N0"}}}
    get = {"responses": {"200": {"description": "", "content": content}}}
    paths = {"/m": {"get": get}}
    return {
        "openapi": "3.1.0",
        "info": {"title": "", "version": ""},
        "paths": paths,
        "components": {"schemas": schemas},
    }


def spec_of(size: int, last: str = "string") -> Spec:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "mesh.json")
        file.write_text(json.dumps(document(size, last)), encoding="utf-8")
        return load_spec(file)


def seconds(work: Callable[[], object]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


def main() -> None:
    sys.stdout.write("schemas    rules  seconds    mock    diff    MB at most\n")
    for size in SIZES:
        base, revision = spec_of(size), spec_of(size, "integer")
        rules = seconds(lambda base=base: rules_for(base).rules)  # type: ignore[misc]
        mock = seconds(lambda base=base: variants_of(base.operations[0].responses[0]))  # type: ignore[misc]
        diff = seconds(lambda base=base, revision=revision: compare(base, revision))  # type: ignore[misc]
        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        count = len(rules_for(base).rules)
        sys.stdout.write(f"{size:7} {count:8} {rules:8.2f} {mock:7.2f} {diff:7.2f} {most:13}\n")


if __name__ == "__main__":
    main()
