"""A contract run against a service at its worst ends in bounds, comes to the right decision, and writes its report."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from contracts.exchanges import Limits
from contracts.run.inputs import inputs_from
from tests.service.chaos import CASES, Chaos, chaos_server
from tests.service.ordinary import FASTAPI, reads
from tests.service.raw import asking

from .projects import CANARY, GIVEN, Project, Run, Things, document, operation

CODES = {"pass": 0, "fail": 1, "inconclusive": 3}
PATIENT = Limits(connect=60, read=60, total=60, body=2**20)
HASTY = Limits(connect=0.1, read=0.05, total=0.1, body=2**20)
MOST_REQUESTS = 106
"""The plan has 54, of which those cut short are asked for twice, and 20 lost ones three times before it is enough."""

BUSY = next(case for case in CASES if case.name == "429 with Retry-After: 3600")


@pytest.fixture
def limited(monkeypatch: pytest.MonkeyPatch, impatient: None) -> Callable[[Limits], None]:
    def limit(limits: Limits) -> None:
        def limited_inputs(*args: Any, **options: Any) -> Any:
            inputs = inputs_from(*args, **options)
            return replace(inputs, target=replace(inputs.target, limits=limits))

        monkeypatch.setattr("contracts.run.inputs.inputs_from", limited_inputs)

    return limit


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_chaos_comes_to_the_right_decision(case: Chaos, project: Project, limited: Callable[[Limits], None]) -> None:
    limited(HASTY if case.slow else PATIENT)
    with chaos_server(case, Things()) as server:
        run = project.run("-q", "--base-url", server.base_url, *GIVEN)
    assert (run.code, run.report["decision"]) == (CODES[case.result], case.result)
    assert server.connections <= MOST_REQUESTS
    assert_only_what_was_seen_holds(run)


ORDINARY = (
    "closes without a word",
    "503 in a burst",
    "resets from the tenth request on",
    "1xx before each answer",
    "HTTP/1.0, the end of the body its length",
    "Content-Length too short",
)
"""A case of each kind, for a service whose answers come from a framework."""


@pytest.mark.parametrize("name", ORDINARY)
def test_chaos_around_an_ordinary_service(name: str, project: Project, limited: Callable[[Limits], None]) -> None:
    limited(PATIENT)
    project.write(reads(FASTAPI.document(), "/products/{sku}"))
    case = next(case for case in CASES if case.name == name)
    with FASTAPI.serving(CANARY, 10**9) as good, chaos_server(case, asking(good)) as server:
        run = project.run("-q", "--base-url", server.base_url, "--contract-param=sku=pen")
    assert (run.code, run.report["decision"]) == (CODES[case.result], case.result)
    assert server.connections <= MOST_REQUESTS
    assert_only_what_was_seen_holds(run)


def assert_only_what_was_seen_holds(run: Run) -> None:
    """Every answer that a verdict rests on is on record, and none of them is larger than the bound."""
    log = run.folder / "build" / "contract" / "exchanges.jsonl"
    exchanges = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
    answered = sum("response" in exchange for exchange in exchanges)
    assert all(len(line["response"]["body"]) <= PATIENT.body * 4 / 3 for line in exchanges if "response" in line)
    held = [verdict["exercised"] for verdict in run.verdicts.values() if verdict["outcome"] == "holds"]
    assert all(0 < exercised <= answered for exercised in held)


@pytest.mark.usefixtures("impatient")
def test_broken_promise_about_a_busy_answer_alone_leaves_no_verdict(project: Project) -> None:
    content = {"application/json": {"schema": {"type": "object"}}}
    responses = {"200": {"description": "", "content": content}, "429": {"description": "", "content": content}}
    project.write(document(get=operation("get_thing", responses=responses)))
    with chaos_server(BUSY, Things()) as server:
        run = project.run("-q", "--base-url", server.base_url, *GIVEN)
    assert (run.code, run.report["decision"], bool(run.violated)) == (3, "inconclusive", False)


def test_the_table_of_the_documentation_has_every_case() -> None:
    lines = (Path(__file__).parents[2] / "docs" / "reliability.md").read_text(encoding="utf-8").splitlines()
    rows = [line.strip("| ").split(" | ") for line in lines if line.endswith(" MB |")]
    rows = [row[:3] for row in rows if row[1] in CODES]  # and not of other tables
    assert rows == [[case.name, case.result, str(CODES[case.result])] for case in CASES]
