"""What the suite is known for, as properties: required fields, enum values and nullability of the session status.

For any body the document allows, every rule of the three families holds. For any body that breaks one of them in one
place, exactly that rule is reported.
"""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contracts.document import load_spec
from contracts.rules import rules_for
from contracts.rules.plan import Plan
from contracts.testing.strategies import DrawnChoices
from contracts.verdicts import judge_body
from tests.power.broken_values import Spot, faults, spots
from tests.power.fault_families import FAMILIES
from tests.power.strategies import payloads

KINDS = ("required", "enum", "nullability")

SESSION = rules_for(load_spec("spec/notte.yaml")).operations["GET /sessions/{session_id}"]
BODIES: dict[str, Plan] = {status: SESSION.plans[(status, "application/json")] for status in ("200", "422")}

quick = settings(max_examples=25, deadline=None, database=None, suppress_health_check=list(HealthCheck))


def prefix(plan: Plan) -> str:
    """What the ids of the rules about a body start with."""
    return plan.verdict.rule.id.removesuffix(" / schema")


def reported(plan: Plan, body: Any) -> set[str]:
    return {finding.rule for finding in judge_body(plan, body).findings}


def breakable(kind: str) -> list[Any]:
    """A case for each place of each body where a promise of this kind can be broken."""
    ids = {rule.id for plan in BODIES.values() for rule in plan.rules if rule.kind == kind}
    return [
        pytest.param(status, spot, id=f"{status} {spot.location.place or '/'}")
        for status, plan in BODIES.items()
        for spot in spots(plan.root.location)
        if not spot.is_branch
        if any(identity.startswith(f"{prefix(plan)} {spot.location.place or '/'} {kind}") for identity in ids)
    ]


@pytest.mark.parametrize("status", BODIES)
@given(data=st.data())
@quick
def test_whatever_the_document_allows_keeps_every_rule(status: str, data: st.DataObject) -> None:
    body = data.draw(payloads(BODIES[status].schema))
    assert reported(BODIES[status], body) == set()


@pytest.mark.parametrize(("status", "spot"), breakable("required"))
@given(data=st.data())
@quick
def test_a_missing_required_property_is_reported_as_that(status: str, spot: Spot, data: st.DataObject) -> None:
    exactly_one_rule_is_reported(BODIES[status], spot, "required", data)


@pytest.mark.parametrize(("status", "spot"), breakable("enum"))
@given(data=st.data())
@quick
def test_a_value_outside_an_enum_is_reported_as_that(status: str, spot: Spot, data: st.DataObject) -> None:
    exactly_one_rule_is_reported(BODIES[status], spot, "enum", data)


@pytest.mark.parametrize(("status", "spot"), breakable("nullability"))
@given(data=st.data())
@quick
def test_a_forbidden_null_is_reported_as_that(status: str, spot: Spot, data: st.DataObject) -> None:
    exactly_one_rule_is_reported(BODIES[status], spot, "nullability", data)


def exactly_one_rule_is_reported(plan: Plan, spot: Spot, kind: str, data: st.DataObject) -> None:
    allowed = payloads(plan.schema)
    choices = data.draw(st.builds(DrawnChoices, st.just(data.draw)))
    for family in (family for family in FAMILIES if family.kind == kind):
        for fault in faults(plan.schema, spot, family, lambda: data.draw(allowed), choices):
            place = f"{fault.place} {kind} {fault.name}".strip()
            assert reported(plan, fault.payload) == {f"{prefix(plan)} {place}"}
