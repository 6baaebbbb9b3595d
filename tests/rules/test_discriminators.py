"""A name that a discriminator gives: where another schema than the named one takes the body, and who uses names."""

from __future__ import annotations

import json
from typing import Any

import pytest

from contracts.document import read_spec
from contracts.mock.bodies import variants_of
from contracts.payloads import CoveringChoices
from contracts.payloads.compiler import generator
from contracts.rules import Severity
from contracts.verdicts import judge_body, tally
from tests.documents import document, plan_of, short, spec_from

DOG: dict[str, Any] = {"type": "object", "required": ["kind", "bark"], "properties": {"kind": {"type": "string"}}}
CAT: dict[str, Any] = {"type": "object", "required": ["kind", "mew"], "properties": {"kind": {"type": "string"}}}
COMPONENTS = {"Dog": DOG, "Cat": CAT}
BRANCHES = [{"$ref": "#/components/schemas/Dog"}, {"$ref": "#/components/schemas/Cat"}]
RULE = "/ discriminator kind"


def pets(mapping: dict[str, str] | None = None, keyword: str = "oneOf") -> dict[str, Any]:
    told = {"propertyName": "kind"} | ({"mapping": mapping} if mapping else {})
    return {keyword: BRANCHES, "discriminator": told}


def seen(schema: Any, value: Any) -> str | None:
    """What is said of a value: empty if its name is right, None if nothing is claimed."""
    judgement = judge_body(plan_of(schema, components=COMPONENTS), value)
    found = {short(finding.rule): finding.seen for finding in judgement.findings}
    return found.get(RULE, "" if RULE in map(short, judgement.exercised) else None)


MAPPED = {"hound": "#/components/schemas/Dog", "puss": "Cat"}


@pytest.mark.parametrize("keyword", ["oneOf", "anyOf"])
@pytest.mark.parametrize(
    ("mapping", "name", "said"),
    [
        (None, "Dog", ""),
        (None, "Cat", '"Cat", whose schema refuses the value, and that of Dog takes it'),
        (None, "cow", '"cow", which names no branch'),
        (MAPPED, "hound", ""),
        (MAPPED, "Dog", ""),
        (MAPPED, "puss", '"puss", whose schema refuses the value, and that of Dog takes it'),
        ({"cow": "animals.json#/Cow"}, "cow", None),
    ],
    ids=["implicit", "another", "none", "by a pointer", "implicit beside a mapping", "by a bare name", "elsewhere"],
)
def test_the_name_is_held_against_the_shape(mapping: Any, name: str, said: str | None, keyword: str) -> None:
    assert seen(pets(mapping, keyword), {"kind": name, "bark": 1}) == said


@pytest.mark.parametrize(
    "value", [{"kind": "Dog"}, {"kind": 1, "bark": 1}, {"bark": 1}], ids=["no shape", "1", "no name"]
)
def test_nothing_is_claimed_of_what_fits_no_branch(value: Any) -> None:
    assert seen(pets(), value) is None


def test_it_is_an_advisory_and_excuses_nothing() -> None:
    of = plan_of(pets(), components=COMPONENTS)
    (rule,) = [rule for rule in of.rules if short(rule) == RULE]
    assert rule.severity is Severity.ADVISORY


def test_names_that_are_constants_have_one_rule_as_well() -> None:
    tagged = {name: {**schema, "properties": {"kind": {"enum": [name]}}} for name, schema in COMPONENTS.items()}
    of = plan_of(pets(), components=tagged)
    assert [short(rule) for rule in of.rules if rule.kind == "discriminator"] == [RULE]


@pytest.mark.parametrize("openapi", ["3.0.3", "3.1.0"])
@pytest.mark.parametrize(
    ("mapping", "names"),
    [(None, {"Dog", "Cat"}), (MAPPED, {"hound", "puss"}), ({"hound": "Dog"}, {"hound", "Cat"})],
    ids=["implicit", "mapped", "one of them mapped"],
)
def test_the_mock_and_requests_use_the_names(mapping: Any, names: set[str], openapi: str) -> None:
    value = document(pets(mapping), components=COMPONENTS, openapi=openapi)
    value["paths"]["/things/{id}"]["post"] = {
        "requestBody": {"content": {"application/json": {"schema": pets(mapping)}}},
        "responses": {"204": {"description": ""}},
    }
    spec = read_spec(json.dumps(value).encode(), path="x.json", folder=None)
    answer, request = spec.operations[0].responses[0], spec.operations[-1].request_body
    bodies = [variant.value for variant in variants_of(answer)]
    assert {body["kind"] for body in bodies} == names
    assert request is not None
    assert request.content[0].schema is not None
    payload, choices = generator(request.content[0].schema), CoveringChoices()
    assert {payload.draw(choices)["kind"] for _ in range(20)} == names


def test_the_mock_exercises_the_rule() -> None:
    spec = spec_from(document({"type": "array", "items": pets(MAPPED)}, components=COMPONENTS))
    of = plan_of({"type": "array", "items": pets(MAPPED)}, components=COMPONENTS)
    judgements = [judge_body(of, variant.value) for variant in variants_of(spec.operations[0].responses[0])]
    assert not [finding for judgement in judgements for finding in judgement.findings]
    assert not [verdict.rule.id for verdict in tally(of.rules, judgements) if not verdict.exercised]


def test_a_name_that_its_schema_does_not_allow_is_not_forced_on_it() -> None:
    dog = {**DOG, "properties": {"kind": {"const": "dog"}}}
    spec = spec_from(document(pets(), components={"Dog": dog, "Cat": CAT}))
    bodies = [variant.value for variant in variants_of(spec.operations[0].responses[0])]
    assert {body["kind"] for body in bodies} == {"dog", "Cat"}
    of = plan_of(pets(), components={"Dog": dog, "Cat": CAT})
    assert not [finding for body in bodies for finding in judge_body(of, body).findings]
