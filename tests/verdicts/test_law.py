"""The law of judging: a body is invalid if and only if a rule about it is violated, whatever the schema."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from functools import cache, partial
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from contracts.document import Schema, load_spec
from contracts.messages import JSON
from contracts.payloads import RandomChoices, Unsatisfiable
from contracts.payloads.compiler import generator
from contracts.rules import Scope, rules_for
from contracts.rules.plan import Plan
from contracts.schemas.validation import Uncompilable, keyword_validator, validator
from contracts.verdicts import judge_body
from tests.documents import spec_of
from tests.payloads.test_random_schemas import SCHEMAS, schema_in

QUICK = settings(deadline=None, max_examples=120, database=None, suppress_health_check=list(HealthCheck))
OPERATION = spec_of({}).operations[0]

scalars = st.none() | st.booleans() | st.sampled_from([0, 1, 1.0, 2.5, -3, 2**63, "", "a", "ab", "x-1", "2026-01-01"])
names = st.sampled_from(["a", "b", "ab", "a/b", "x-1", "7"])
values = st.recursive(scalars, lambda s: st.lists(s, max_size=3) | st.dictionaries(names, s, max_size=3), max_leaves=6)


def mutated(draw: st.DrawFn, value: JSON) -> JSON:
    """The value with one part of it replaced, at any depth."""
    if isinstance(value, dict) and value and draw(st.booleans()):
        name = draw(st.sampled_from(sorted(value)))
        return {**value, name: mutated(draw, value[name])}
    if isinstance(value, list) and value and draw(st.booleans()):
        index = draw(st.integers(0, len(value) - 1))
        return [*value[:index], mutated(draw, value[index]), *value[index + 1 :]]
    return draw(values)


@st.composite
def bodies(draw: st.DrawFn, schema: Schema) -> JSON:
    """Anything, or something the schema allows, or that with one part replaced."""
    try:
        allowed = generator(schema).draw(RandomChoices(draw(st.integers(0, 99))))
    except Unsatisfiable:
        return draw(values)
    return draw(st.sampled_from([allowed, mutated(draw, allowed), draw(values)]))


def violated(plan: Plan, body: JSON) -> set[str]:
    advisory = {rule.id for rule in plan.rules if rule.severity == "advisory"}
    return {finding.rule for finding in judge_body(plan, body).findings} - advisory


def the_law_holds(plan: Plan, body: JSON) -> None:
    found, allowed = violated(plan, body), validator(plan.schema).is_valid(body)
    assert bool(found) == (not allowed)
    finer = found - {plan.verdict.rule.id}
    assert (plan.verdict.rule.id in found) == (not allowed and not finer)


def no_finer_rule_is_broken(plan: Plan, body: JSON) -> None:
    """Every finer check, made without knowing that the validator admits the body, admits it as well."""
    blind = Plan(plan.body, plan.schema)
    blind.__dict__["verdict"] = replace(plan.verdict, compile=partial(keyword_validator, "false"))
    assert violated(blind, body) == {plan.verdict.rule.id}


@QUICK
@given(data=st.data(), x=SCHEMAS, y=SCHEMAS)
def test_on_random_schemas(data: st.DataObject, x: Any, y: Any) -> None:
    schema = schema_in(x, y)
    plan = Plan(Scope(OPERATION, "200"), schema)
    try:
        validator(schema)
    except Uncompilable:
        assume(False)
    body = data.draw(bodies(schema))
    the_law_holds(plan, body)
    loops = "schemas/X" in json.dumps(x) or "$ref" in json.dumps(y)
    if validator(schema).is_valid(body) and not loops:  # a $ref that comes back to one place means nothing definite
        no_finer_rule_is_broken(plan, body)


@cache
def session_plans() -> Mapping[tuple[str, str], Plan]:
    """Of the plans of the session, the document read once and not for each body."""
    return rules_for(load_spec("spec/notte.yaml")).operations["GET /sessions/{session_id}"].plans


@pytest.mark.parametrize("status", ["200", "422"])
@given(data=st.data())
@QUICK
def test_on_the_session_status(status: str, data: st.DataObject) -> None:
    plan = session_plans()[(status, "application/json")]
    body = data.draw(bodies(plan.schema))
    the_law_holds(plan, body)
    if validator(plan.schema).is_valid(body):
        no_finer_rule_is_broken(plan, body)
