"""One answer, judged: for each kind the smallest answer that keeps it, and the smallest that breaks it."""

import json
from typing import Any

import pytest

from contracts.messages import Credential, Exchange, Failure, FailureKind, Headers, Probe, Request, Response
from contracts.rules import rules_for
from contracts.verdicts import Judgement, judge, judge_body
from tests.documents import OPERATION, document, operation_rules, plan_of, short, spec_from

JSON_HEADERS: Headers = (("Content-Type", "application/json"),)


def found(judgement: Judgement) -> list[str]:
    return sorted({short(finding.rule) for finding in judgement.findings})


def judged(schema: Any, value: Any) -> Judgement:
    return judge_body(plan_of(schema), value)


@pytest.mark.parametrize(
    ("schema", "kept", "broken", "rule"),
    [
        ({"required": ["a"]}, {"a": 1}, {}, "/ required a"),
        ({"type": "string"}, "", None, "/ nullability"),
        ({"type": "string"}, "", 1, "/ type"),
        ({"type": "integer"}, 1.0, 1.5, "/ type"),
        ({"type": "integer"}, 1, True, "/ type"),
        ({"enum": ["a", "b"]}, "a", "A", "/ enum"),
        ({"const": "a"}, "a", "b", "/ const"),
        ({"format": "date-time"}, "2026-01-01T00:00:00Z", "2026-01-01", "/ format"),
        ({"pattern": "^a$"}, "a", "a\n", "/ pattern"),
        ({"maximum": 1}, 1, 2, "/ bounds"),
        ({"maxLength": 1}, "é", "ab", "/ bounds"),
        ({"minProperties": 1}, {"a": 1}, {}, "/ bounds"),
        ({"uniqueItems": True}, [1, True], [1, 1.0], "/ items"),
        ({"prefixItems": [{}], "items": False}, [1], [1, 2], "/ items"),
        ({"properties": {"a": {}}, "additionalProperties": False}, {"a": 1}, {"b": 1}, "/ additional properties"),
        ({"properties": {"a": {"writeOnly": True}}}, {}, {"a": 1}, "/ write-only property a"),
        ({"items": {"properties": {"a": {"writeOnly": True}}}}, [{}], [{"a": 1}], "/* write-only property a"),
        ({"anyOf": [{"required": ["a"]}, {"required": ["b"]}]}, {"b": 1}, {}, "/ union"),
        ({"items": {"type": "string"}}, ["a", "b"], ["a", 1], "/* type"),
        ({"additionalProperties": {"type": "string"}}, {"a": "b"}, {"a": 1}, "/* type"),
        ({"patternProperties": {"^x": {"type": "string"}}}, {"a": 1}, {"x": 1}, "/<^x> type"),
        ({"prefixItems": [{"type": "string"}]}, ["a"], [1], "/0 type"),
        ({"anyOf": [{"type": "string"}, {"type": "array", "maxItems": 1}]}, [1], [1, 2], "/ items"),
    ],
    ids=lambda value: json.dumps(value, default=str)[:50],
)
def test_kept_and_broken(schema: Any, kept: Any, broken: Any, rule: str) -> None:
    assert judged(schema, kept).findings == []
    assert found(judged(schema, broken)) == [rule]


def seen_by(judgement: Judgement) -> dict[str, dict[str, int]]:
    (part,) = judgement.parts
    return part.seen


def test_what_a_service_says_is_kept_within_bounds() -> None:
    schema = {"additionalProperties": {"enum": ["a" * 400, "c"]}}
    judgement = judged(schema, {"x" * 900: "b" * 900, "y": "a" * 400})
    (finding,) = [finding for finding in judgement.findings if finding.instance != "/"]
    (seen,) = [seen for rule, seen in seen_by(judgement).items() if rule.endswith("enum")]
    assert (len(finding.instance or ""), (finding.instance or "")[-2:]) == (500, "x…")
    assert seen == {"b" * 199 + "…": 1, "a" * 400: 1}


def test_first_of_the_undeclared_members_is_the_evidence() -> None:
    names = [f"m{number}" for number in range(20)]
    judgement = judged({"additionalProperties": {"type": "string"}}, dict.fromkeys(names, 1))
    assert [finding.instance for finding in judgement.findings] == [f"/{name}" for name in names]


def test_message_about_an_answer_is_bounded() -> None:
    headers = (("Content-Type", "application/json; charset=" + "x" * 900),)
    exchange = Exchange(0, Probe(OPERATION, Request("GET", "/things/1")), Response(200, headers, b"{}"))
    found = [finding for finding in judge(operation_rules({}), exchange).findings if "charset" in finding.rule]
    assert [len(finding.seen) for finding in found] == [500]


@pytest.mark.parametrize("value", [None, 1], ids=["null", "number"])
def test_later_rungs_are_not_judged_on_a_value_that_broke_an_earlier_one(value: Any) -> None:
    assert len(found(judged({"type": "string", "enum": ["a"], "pattern": "^a$"}, value))) == 1


def test_two_broken_rules_on_one_body_are_two_findings() -> None:
    schema = {"properties": {"a": {"type": "string"}, "b": {"type": "string"}}}
    assert found(judged(schema, {"a": 1, "b": None})) == ["/a type", "/b nullability"]


def test_what_no_finer_rule_explains_the_schema_rule_does() -> None:
    judgement = judged({"not": {"type": "string"}}, "a")
    assert [(short(f.rule), f.seen) for f in judgement.findings] == [
        ("/ schema", "the validator refuses the body at / by `not` (things.json:26): it is what it must not be")
    ]


def test_one_bad_item_among_many_is_found_where_it_is() -> None:
    judgement = judged({"items": {"type": "string"}}, ["a"] * 50 + [1])
    assert judgement.findings[0].instance == "/50"


def test_names_are_not_taken_for_indexes() -> None:
    judgement = judged({"properties": {"007": {"type": "string"}}}, {"007": 1})
    assert judgement.findings[0].instance == "/007"


def test_an_absent_property_exercises_nothing_below_it() -> None:
    schema = {"type": "object", "properties": {"a": {"type": "string"}}}
    assert {short(rule) for rule in judged(schema, {}).exercised} == {
        "/ nullability",
        "/ type",
        "/ undocumented properties",
        "/ schema",
    }


def test_a_schema_that_cannot_be_compiled_is_undecided_and_the_rest_is_judged() -> None:
    judgement = judged({"properties": {"a": {"pattern": "("}, "b": {"type": "string"}}}, {"a": "x", "b": 1})
    assert {short(rule) for rule in judgement.undecided} == {"/a pattern", "/ schema"}
    assert found(judgement) == ["/b type"]


def test_the_discriminator_is_judged_at_the_union() -> None:
    dog = {"type": "object", "required": ["kind", "bark"], "properties": {"kind": {"const": "dog"}}}
    cat = {"type": "object", "required": ["kind"], "properties": {"kind": {"const": "cat"}}}
    plan = plan_of({"oneOf": [dog, cat]})
    values: list[Any] = [{"kind": "dog"}, {"kind": "cow"}, {}, {"kind": "cat"}]
    assert [found(judge_body(plan, value)) for value in values] == [
        ["/<dog> required bark"],
        ["/kind enum"],
        ["/ required kind"],
        [],
    ]


def test_parts_are_compiled_for_a_body_that_the_whole_refuses() -> None:
    """Each takes megabytes where a schema refers to very much, as to all that an account has."""
    member = {"anyOf": [{"properties": {"b": {"type": "integer"}}}, {"minProperties": 2}]}
    plan = plan_of({"properties": {"a": member, "c": {"type": "string", "pattern": "^x"}}})
    places = [plan.root.properties[name] for name in ("a", "c")]
    leaves = [leaf for place in places for of_type in place.leaves_of.values() for leaf in of_type]

    def compiled(value: Any) -> set[str]:
        judge_body(plan, value)
        return {short(leaf.rule) for leaf in leaves if "compiled" in vars(leaf)}

    assert compiled({"a": {"b": 1}, "c": "x"}) == set()
    assert compiled({"a": {"b": ""}, "c": "x"}) == {"/a union", "/c pattern"}


def test_what_was_seen_is_counted() -> None:
    schema = {"properties": {"a": {"enum": ["x", "y", None]}, "b": {"type": ["string", "null"]}}}
    judgement = judged(schema, {"a": "x", "b": None})
    seen = {short(rule): dict(counts) for rule, counts in seen_by(judgement).items()}
    assert seen["/a enum"] == {"x": 1}
    assert seen["/b type"] == {"null": 1}


def test_absent_optional_properties_are_counted() -> None:
    judgement = judged({"properties": {"a": {"type": "string"}}}, {})
    assert {short(rule): dict(counts) for rule, counts in seen_by(judgement).items()} == {"/a type": {"absent": 1}}


# --- the response as a whole ---


def answered(response: Response, *, source: str = "fuzz", method: str = "GET", **more: Any) -> Judgement:
    rules = operation_rules({"type": "object"}, **more)
    probe = Probe(OPERATION, Request(method, "/things/1"), source=source)
    return judge(rules, Exchange(0, probe, response))


def rules_found(judgement: Judgement) -> list[str]:
    return sorted(short(finding.rule).removeprefix(f"{OPERATION} ") for finding in judgement.findings)


def test_a_conforming_answer_breaks_nothing() -> None:
    assert rules_found(answered(Response(200, JSON_HEADERS, b"{}"))) == []


@pytest.mark.parametrize(
    ("response", "rule"),
    [
        pytest.param(Response(500, JSON_HEADERS, b"{}"), "status documented", id="500"),
        pytest.param(Response(200, (), b"{}"), "media type documented", id="no Content-Type"),
        pytest.param(Response(200, (("Content-Type", "text/html"),), b"<p>"), "media type documented", id="HTML"),
        pytest.param(Response(200, JSON_HEADERS, b""), "strict json", id="empty"),
        pytest.param(Response(200, JSON_HEADERS, b"{} {}"), "strict json", id="two documents"),
        pytest.param(Response(200, JSON_HEADERS, b'{"a":NaN}'), "strict json", id="NaN"),
        pytest.param(Response(200, JSON_HEADERS, b"\xef\xbb\xbf{}"), "strict json", id="byte order mark"),
        pytest.param(Response(200, JSON_HEADERS, b'{"a":"\xe9"}'), "strict json", id="Latin-1"),
        pytest.param(Response(200, JSON_HEADERS, b'{"a":1,"a":1}'), "unique names", id="duplicate names"),
    ],
)
def test_broken_as_a_whole(response: Response, rule: str) -> None:
    assert rules_found(answered(response)) == [rule]


@pytest.mark.parametrize(
    "content_type", ["application/json; charset=utf-8", "APPLICATION/JSON", "application/json;charset=UTF-8"]
)
def test_parameters_and_case_of_a_media_type_do_not_matter(content_type: str) -> None:
    assert rules_found(answered(Response(200, (("content-type", content_type),), b"{}"))) == []


def test_a_required_header_that_is_missing() -> None:
    headers = {"X-Count": {"required": True, "schema": {"type": "integer"}}, "X-Note": {"schema": {}}}
    judgement = answered(Response(200, JSON_HEADERS, b"{}"), headers=headers)
    assert rules_found(judgement) == ["header required X-Count"]


def test_a_required_header_in_any_case() -> None:
    headers = {"X-Count": {"required": True, "schema": {"type": "integer"}}}
    assert rules_found(answered(Response(200, (*JSON_HEADERS, ("x-count", "1")), b"{}"), headers=headers)) == []


def test_a_head_request_has_no_body_to_judge() -> None:
    assert rules_found(answered(Response(200, JSON_HEADERS, b""), method="HEAD")) == []


@pytest.mark.parametrize("status", [400, 414, 431])
def test_an_undocumented_refusal_of_an_edge_case_is_an_advisory(status: int) -> None:
    response = Response(status, (("Content-Type", "text/plain"),), b"Bad Request")
    assert rules_found(answered(response, source="edge")) == ["edge answer documented"]
    assert rules_found(answered(response, source="fuzz")) == ["status documented"]


@pytest.mark.parametrize("kind", [FailureKind.TRUNCATED, FailureKind.BAD_FRAMING])
def test_broken_framing_is_a_violation(kind: FailureKind) -> None:
    assert rules_found(failed(kind)) == ["framing"]


def test_a_broken_content_encoding_is_a_violation() -> None:
    assert rules_found(failed(FailureKind.BAD_ENCODING)) == ["content encoding"]


@pytest.mark.parametrize("kind", [FailureKind.REFUSED, FailureKind.RESET, FailureKind.TIMED_OUT, FailureKind.TLS])
def test_no_answer_at_all_says_nothing(kind: FailureKind) -> None:
    judgement = failed(kind)
    assert rules_found(judgement) == []
    assert judgement.exercised == set()


def failed(kind: FailureKind) -> Judgement:
    exchange = Exchange(0, Probe(OPERATION, Request("GET", "/things/1")), failure=Failure(kind, "no answer"))
    return judge(operation_rules({"type": "object"}), exchange)


@pytest.mark.parametrize("status", [429, 502, 503, 504, 529])
def test_an_undocumented_answer_of_an_overloaded_service_says_nothing(status: int) -> None:
    judgement = answered(Response(status, (), b""))
    assert rules_found(judgement) == []


def test_the_media_type_is_part_of_the_id_only_when_there_are_several() -> None:
    content = {
        "application/json": {"schema": {"type": "object"}},
        "application/problem+json": {"schema": {"type": "array"}},
    }
    book = rules_for(spec_from(document({}, content=content)))
    ids = {short(rule) for rule in book.rules}
    assert {";application/json / type", ";application/problem+json / type"} <= ids


def test_a_credential_variant_is_kept_with_the_probe() -> None:
    assert Probe(OPERATION, Request("GET", "/")).credential is Credential.RIGHT


def test_of_many_undocumented_properties_some_are_named_and_the_others_counted() -> None:
    schema = {"type": "object", "properties": {"a": {"type": "string"}}}
    (finding,) = judged(schema, dict.fromkeys("bcdefgh", 1)).findings
    assert finding.seen == '"b", "c", "d", "e", "f" and 2 more of them in /'
