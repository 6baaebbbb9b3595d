"""Which rules a body's schema gives, and that their ids survive harmless rewrites."""

from typing import Any

import pytest

from contracts.document import load_spec
from contracts.rules import rules_for
from tests.documents import body_rules, plan_of


@pytest.mark.parametrize(
    ("schema", "rules"),
    [
        pytest.param({}, ["/ schema"], id="anything"),
        pytest.param({"type": "string"}, ["/ nullability", "/ type", "/ schema"], id="type"),
        pytest.param({"type": ["string", "null"]}, ["/ type", "/ schema"], id="nullable"),
        pytest.param({"enum": ["a", "b"]}, ["/ nullability", "/ type", "/ enum", "/ schema"], id="enum"),
        pytest.param({"enum": ["a"]}, ["/ nullability", "/ type", "/ const", "/ schema"], id="one value"),
        pytest.param({"const": "a"}, ["/ nullability", "/ type", "/ const", "/ schema"], id="const"),
        pytest.param({"enum": [True, False]}, ["/ nullability", "/ type", "/ schema"], id="both booleans"),
        pytest.param({"enum": [None]}, ["/ type", "/ schema"], id="only null"),
        pytest.param(False, ["/ schema"], id="nothing"),
        pytest.param({"format": "date-time"}, ["/ format", "/ schema"], id="format"),
        pytest.param({"format": "password"}, ["/ schema"], id="format that asserts nothing"),
        pytest.param({"pattern": "^a$"}, ["/ pattern", "/ schema"], id="pattern"),
        pytest.param({"minimum": 1, "maxLength": 2}, ["/ bounds", "/ schema"], id="bounds of two types"),
        pytest.param({"minItems": 1}, ["/ items", "/ schema"], id="items"),
        pytest.param({"uniqueItems": False}, ["/ schema"], id="uniqueItems false"),
        pytest.param({"prefixItems": [{}], "items": False}, ["/ items", "/ schema"], id="closed tuple"),
        pytest.param({"additionalProperties": False}, ["/ additional properties", "/ schema"], id="closed object"),
        pytest.param({"required": ["a"]}, ["/ required a", "/ schema"], id="required"),
        pytest.param({"not": {"type": "string"}}, ["/ schema"], id="not"),
        pytest.param({"items": {"const": 1}}, ["/* nullability", "/* type", "/* const", "/ schema"], id="items below"),
        pytest.param(
            {"additionalProperties": {"maximum": 1}, "patternProperties": {"^x": {"minimum": 1}}},
            ["/<^x> bounds", "/* bounds", "/ schema"],
            id="maps",
        ),
        pytest.param(
            {"anyOf": [{"required": ["a"]}, {"required": ["b"]}]}, ["/ union", "/ schema"], id="undistinguished union"
        ),
        pytest.param(
            {"anyOf": [{"type": "string", "minLength": 1}, {"type": "integer", "minimum": 1}]},
            ["/ nullability", "/ type", "/ bounds", "/ schema"],
            id="union by type",
        ),
    ],
)
def test_rules_of_a_schema(schema: Any, rules: list[str]) -> None:
    assert body_rules(schema) == rules


PLAIN = {
    "type": "object",
    "required": ["status"],
    "properties": {"status": {"type": "string", "enum": ["a", "b"]}, "note": {"type": ["string", "null"]}},
}


@pytest.mark.parametrize(
    "rewritten",
    [
        pytest.param({**PLAIN, "title": "Other", "description": "…", "deprecated": True}, id="annotations"),
        pytest.param({"allOf": [PLAIN]}, id="allOf around it"),
        pytest.param({"$ref": "#/components/schemas/Plain"}, id="moved to components"),
        pytest.param(
            {
                **PLAIN,
                "properties": {
                    "status": {"enum": ["b", "a"]},
                    "note": {"anyOf": [{"type": "null"}, {"type": "string"}]},
                },
            },
            id="other spellings",
        ),
        pytest.param(
            {"type": "object", "allOf": [{"required": ["status"]}, {"properties": PLAIN["properties"]}]}, id="split"
        ),
    ],
)
def test_ids_survive_harmless_rewrites(rewritten: Any) -> None:
    assert sorted(body_rules(rewritten, components={"Plain": PLAIN})) == sorted(body_rules(PLAIN))


def test_ids_of_a_3_0_document_are_those_of_its_3_1_twin() -> None:
    old = {"type": "object", "properties": {"note": {"type": "string", "nullable": True}}}
    new = {"type": "object", "properties": {"note": {"type": ["string", "null"]}}}
    assert body_rules(old, openapi="3.0.3") == body_rules(new)


def test_branches_of_a_discriminated_union() -> None:
    dog = {"type": "object", "required": ["kind", "bark"], "properties": {"kind": {"const": "dog"}}}
    cat = {"type": "object", "required": ["kind"], "properties": {"kind": {"const": "cat"}}}
    assert body_rules({"oneOf": [dog, cat]}) == [
        "/ nullability",
        "/ type",
        "/ required kind",
        "/kind nullability",
        "/kind type",
        "/kind enum",
        "/<dog> required bark",
        "/ schema",
    ]


def test_a_pattern_that_cannot_be_compiled_gives_a_rule_without_check() -> None:
    leaf = next(leaf for leaf in plan_of({"pattern": "(?<!a+)b("}).root.leaves)
    assert leaf.check is None
    assert leaf.why


def test_the_seed_document_gives_about_eighty_rules_and_each_once() -> None:
    rules = rules_for(load_spec("spec/notte.yaml", ())).rules
    of_answers = [rule.id for rule in rules if rule.status is not None]
    assert len({rule.id for rule in rules}) == len(rules)
    assert 80 <= len(of_answers) <= 90


@pytest.mark.parametrize(
    "identity",
    [
        "GET /sessions/{session_id} 200 /status enum",
        "GET /sessions/{session_id} 200 / required created_at",
        "GET /sessions/{session_id} 200 /closed_at format",
        "GET /sessions/{session_id} 200 /steps/* type",
        "GET /sessions/{session_id} 200 / schema",
        "GET /sessions/{session_id} 422 /detail/*/loc/* type",
        "GET /sessions/{session_id} 401 header required WWW-Authenticate",
        "GET /sessions/{session_id} status documented",
    ],
)
def test_ids_that_users_rely_on(identity: str) -> None:
    assert identity in {rule.id for rule in rules_for(load_spec("spec/notte.yaml")).rules}


def test_a_rule_knows_its_line() -> None:
    book = rules_for(load_spec("spec/notte.yaml"))
    rule = next(rule for rule in book.rules if rule.id.endswith("200 /status enum"))
    assert str(book.spec.document.source(rule.pointer)) == "spec/notte.yaml:132"


def test_nothing_is_compiled_for_a_list_of_rules(monkeypatch: pytest.MonkeyPatch) -> None:
    def compiled(*_: object) -> None:
        raise AssertionError

    monkeypatch.setattr("contracts.rules.plan.keyword_validator", compiled)
    monkeypatch.setattr("contracts.rules.plan.validator", compiled)
    assert body_rules({"type": "string", "pattern": "^a$", "enum": ["a"]}) == [
        "/ nullability", "/ type", "/ const", "/ pattern", "/ schema"
    ]  # fmt: skip
