"""What is made of schemas that take for ever: as much as there is time and room for, and why not more."""

from pathlib import Path
from time import process_time
from typing import Any

import pytest

from contracts.document import Schema, Spec
from contracts.exchanges import Ledger
from contracts.messages import Request
from contracts.mock import MockService, bodies
from contracts.mock.bodies import problem_of, variants_of
from contracts.payloads import CoveringChoices, Declared, PlainChoices, Unsatisfiable
from contracts.payloads.compiler import generator
from contracts.probes import ProbePlan, bearable, edges
from contracts.probes.bearable import most_requests
from contracts.rules import rules_for
from contracts.run.ask import asked
from contracts.run.end import concluded
from contracts.run.inputs import Inputs
from contracts.run.state import State
from contracts.schemas import allowance
from contracts.schemas.part import Part
from contracts.schemas.validation import validator
from tests.documents import spec_from, spec_of

from .schemas import SCHEMAS, STRING, components_of, document

ALIKE = ("doubling A", "doubling B", "doubling C")
"""Schemas of 40 levels, to the last of which one value comes in 2^40 ways."""


def impatient(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    monkeypatch.setattr(allowance, "_MAKING", allowance.Allowance(clock=lambda: 0.0, question=seconds))


def body_schema(spec: Spec) -> Schema:
    ((response,),) = (operation.responses for operation in spec.operations)
    found = response.content[0].schema
    assert found is not None
    return found


@pytest.mark.parametrize("name", ALIKE)
def test_what_a_value_comes_to_in_countless_ways_is_read_as_absent(name: str) -> None:
    spec = spec_from(document(SCHEMAS[name]))
    told = [str(notice) for notice in spec.notices]
    assert all("leads one value to schemas in more than 50,000 ways, through 300" in notice for notice in told)
    assert told[0].startswith("things.json:")
    assert not validator(body_schema(spec)).is_valid(5)


def test_what_leads_on_and_on_is_read_as_absent() -> None:
    spec = spec_from(document(SCHEMAS["doubling E"]))
    assert "through 300" in str(spec.notices[0])
    assert rules_for(spec).rules


def test_what_has_a_way_for_each_value_is_read() -> None:
    assert spec_from(document(SCHEMAS["doubling D"])).notices == ()


def test_an_operation_has_fewer_requests_the_more_each_holds() -> None:
    """And no parameter of countless ones takes the time of them all to be looked at."""
    described = document(STRING)
    get = described["paths"]["/things/{id}"]["get"]
    get["responses"]["200"]["headers"] = {f"X-{number}": {"schema": STRING} for number in range(500)}
    (operation,) = spec_from(described).operations
    assert most_requests(operation) == 1_000_000 // 504
    get["parameters"] += [{"name": f"q{number}", "in": "query", "schema": STRING} for number in range(20_000)]
    spec = spec_from(described)
    plan = ProbePlan(spec)
    assert most_requests(spec.operations[0]) == 48
    assert plan.boundaries(spec.operations[0]) == []
    assert "20,003 members, 2,000 at most" in next(iter(plan.slow.values()))
    answer = MockService(spec).answer(Request("GET", "/things/1"))
    assert len(answer.headers) == 201


def test_no_more_odd_or_forbidden_requests_are_made_than_are_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    described = document(STRING)
    get = described["paths"]["/things/{id}"]["get"]
    get["responses"]["400"] = {"description": "no"}
    get["parameters"] += [{"name": f"q{n}", "in": "query", "schema": {"type": "integer"}} for n in range(40)]
    spec = spec_from(described)
    monkeypatch.setattr(edges, "most_requests", lambda _: 12)
    lane = ProbePlan(spec).lane(spec.operations[0])
    base = Request("GET", "/things/1")
    assert sum(probe.source == "edge" for probe in lane.probes()) <= 12
    assert len(list(lane.refusals([base]))) == 12


def test_requests_after_the_most_are_left_out_and_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    spec = spec_from(document(STRING))
    monkeypatch.setattr(bearable, "most_requests", lambda _: 12)
    state = State(Inputs(spec), Ledger(tmp_path / "exchanges.jsonl"))
    asked(state, spec.operations[0])
    sources = [exchange.probe.source for exchange in state.ledger.all()]
    assert len([source for source in sources if source not in bearable.LAST]) == 12
    assert "method" in sources
    (note,) = concluded(state).decision.notes
    assert note == "things.json:9: GET /things/{id}: its requests after the first 12 are left out"


def test_a_body_has_as_many_values_as_there_is_room_for() -> None:
    schema = SCHEMAS["doubling D"]
    spec = spec_of(schema, components=components_of(schema))
    with pytest.raises(Unsatisfiable, match="more than 20,000 values would have to be made"):
        generator(body_schema(spec)).draw(PlainChoices())
    ((response,),) = (operation.responses for operation in spec.operations)
    assert "no application/json can be made: no payload at /: 80 payloads" in problem_of(response)
    assert "more than 20,000 values" in problem_of(response)
    assert variants_of(response) == ()


def test_native_code_that_takes_for_ever_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    impatient(monkeypatch, 0.2)
    spec = spec_of(SCHEMAS["dependentRequired 300 x 300"])
    with pytest.raises(Unsatisfiable, match=r"given up after 0\.2 CPU seconds"):
        generator(body_schema(spec))


def test_what_was_given_up_is_not_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    payload = generator(body_schema(spec_of({**STRING, "maxLength": 7})))
    impatient(monkeypatch, 0.01)
    monkeypatch.setattr(payload.drawer.__class__, "draw", lambda *_: forever())
    for _ in range(2):
        with pytest.raises(Unsatisfiable, match=r"given up after 0\.01 CPU seconds"):
            payload.draw(PlainChoices())
        monkeypatch.setattr(payload.drawer.__class__, "draw", lambda *_: "again")


def forever() -> None:
    while True:
        pass


def test_nothing_is_raised_where_it_would_be_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    impatient(monkeypatch, 0.01)
    ended: list[str] = []

    def gc_callback() -> None:
        start = process_time()
        while process_time() < start + 0.1:
            pass
        ended.append("in order")

    def work() -> None:
        gc_callback()
        forever()

    with pytest.raises(allowance.Exceeded):
        allowance.made(work)
    assert ended == ["in order"]


def test_all_that_is_given_up_comes_to_a_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    lost: list[float] = [0.0]
    monkeypatch.setattr(allowance, "_MAKING", allowance.Allowance(0.4, lambda: lost[0], question=0.05))
    monkeypatch.setattr(allowance, "_lost", lost)
    with pytest.raises(allowance.Exceeded, match=r"after 0\.05 CPU seconds"):
        allowance.made(forever)
    assert lost[0] >= 0.05
    lost[0] = 0.3
    with pytest.raises(allowance.Exceeded, match=r"after 0\.0[12]\d* CPU seconds"):
        allowance.made(forever)
    assert allowance.made(lambda: 7) == 7


def test_bodies_are_made_up_to_a_size(monkeypatch: pytest.MonkeyPatch) -> None:
    names = {f"p{number}": {"enum": [1, 2, 3]} for number in range(5)}
    spec = spec_of({"type": "object", "properties": names})
    ((response,),) = (operation.responses for operation in spec.operations)
    monkeypatch.setattr(bodies, "MAX_SHOWN", 50)
    assert 1 < len(variants_of(response)) < 6


def test_what_takes_too_long_without_patterns_is_not_made_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    impatient(monkeypatch, 0.3)
    spec = spec_from(document(SCHEMAS["300 if and then"]))
    plan = ProbePlan(spec, seed=1, examples=1)
    assert {probe.source for probe in plan.lane(spec.operations[0]).probes()}.isdisjoint({"coverage", "fuzz"})
    why = "GET /things/{id}: its boundaries or random requests take too long, and were not made"
    assert [*plan.slow.values()] == [f"things.json:9: {why}"]


def test_parts_that_declare_a_name_are_looked_for_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not for each name, or many properties take the square of that."""
    parts = [{"properties": {f"p{number}": STRING}} for number in range(300)]
    schema = body_schema(spec_of({"type": "object", "allOf": parts}))
    asked = list[Any]()
    real = Part.child

    def counted(*words: Any) -> Part:
        asked.append(words)
        return real(*words)

    monkeypatch.setattr(Part, "child", counted)
    declared = Declared((Part(schema),))
    assert [declared.child("properties", name).parts for name in declared.names]
    assert len(asked) < 1500
    assert generator(schema).draw(CoveringChoices())
