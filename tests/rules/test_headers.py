"""The fields of an answer's head, read as the document describes them: what holds, and what the same rungs refuse."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.messages import Exchange, Headers, Probe, Request, Response, is_field_value
from contracts.mock import MockService
from contracts.mock.bodies import header_texts
from contracts.rules import rules_for
from contracts.verdicts import Judgement, judge
from tests.documents import OPERATION, document, operation_rules, short, spec_from, spec_of

JSON: Headers = (("Content-Type", "application/json"),)
LIST = {"type": "array", "items": {"type": "integer", "maximum": 9}}
COLOUR = {"type": "object", "required": ["R"], "properties": {"R": {"type": "integer", "maximum": 255}, "G": {}}}
AS_JSON = {"content": {"application/json": {"schema": {"type": "object", "required": ["a"]}}}}


def judged(header: Any, *values: str, name: str = "X-A", openapi: str = "3.1.0") -> Judgement:
    rules = operation_rules({}, headers={name: header}, openapi=openapi)
    fields = tuple((name.lower(), value) for value in values)
    answer = Response(200, (*JSON, *fields), b"{}")
    return judge(rules, Exchange(0, Probe(OPERATION, Request("GET", "/things/1")), answer))


def found(*arguments: Any, **more: Any) -> list[str]:
    return sorted(short(finding.rule) for finding in judged(*arguments, **more).findings)


def of(schema: Any, **more: Any) -> dict[str, Any]:
    return {"schema": schema, **more}


@pytest.mark.parametrize(
    ("header", "kept", "broken", "rule"),
    [
        (of({"type": "integer"}), "17", "many", "@X-A type"),
        (of({"type": "integer"}), "-0", "1.5", "@X-A type"),
        (of({"type": "integer"}), "1e3", "", "@X-A type"),
        (of({"type": "number"}), "0.5", "1,5", "@X-A type"),
        (of({"type": "number"}), "3", "NaN", "@X-A type"),
        (of({"type": "boolean"}), "true", "0", "@X-A type"),
        (of({"type": "boolean"}), "false", "yes", "@X-A type"),
        (of({"type": ["integer", "null"]}), "", "none", "@X-A type"),
        (of({"type": "integer", "minimum": 0}), "0", "-1", "@X-A bounds"),
        (of({"type": "number", "multipleOf": 0.5}), "1.5", "1.2", "@X-A bounds"),
        (of({"type": "string", "minLength": 2}), "ab", "a", "@X-A bounds"),
        (of({"type": "string", "pattern": "^[a-z]+$"}), "ab", "AB", "@X-A pattern"),
        (of({"type": "string", "format": "date-time"}), "2026-01-01T00:00:00Z", "yesterday", "@X-A format"),
        (of({"type": "string", "format": "uuid"}), "7f9c24e8-3b12-4fef-91e0-5a1d6d2b2a44", "7", "@X-A format"),
        (of({"enum": ["hit", "miss"]}), "hit", "HIT", "@X-A enum"),
        (of({"type": "integer", "enum": [1, 2]}), "2", "3", "@X-A enum"),
        (of({"pattern": "^a"}), "a,b", "b,a", "@X-A pattern"),
        (of({"pattern": "^[a-z]+$"}), "abc", "123", "@X-A pattern"),
        (of({"items": {"enum": ["a", "b"]}}), "a,b", "a,c", "@X-A/* enum"),
        (of({"const": "no-store"}), "no-store", "no-cache", "@X-A const"),
        (of({"type": "string", "not": {"const": "x"}}), "y", "x", "@X-A schema"),
        (of(LIST), "1, 2,3", "1, 20", "@X-A/* bounds"),
        (of(LIST), "1", "1,b", "@X-A/* type"),
        (of({**LIST, "maxItems": 2}), "1,2", "1,2,3", "@X-A items"),
        (of({"type": "array", "items": {"type": "string", "minLength": 2}}), "abc, de", "abc, d", "@X-A/* bounds"),
        (of({"type": "array", "prefixItems": [{"const": "a"}, {"type": "integer"}]}), "a,1", "a,b", "@X-A/1 type"),
        (of(COLOUR), "R,100,G,200", "R,300", "@X-A/R bounds"),
        (of(COLOUR), "R,100", "G,200", "@X-A required R"),
        (of(COLOUR), "R,100", "R,100,G", "@X-A type"),
        (of(COLOUR, explode=True), "R=100, G=200", "R=red", "@X-A/R type"),
        (of(COLOUR, explode=True), "R=1", "G=1", "@X-A required R"),
        (of({"anyOf": [{"type": "integer"}, {"const": "none"}]}), "none", "few", "@X-A const"),
        (AS_JSON, '{"a": 1}', '{"b": 1}', "@X-A required a"),
        (AS_JSON, '{"a": 1}', "{a: 1}", "@X-A readable"),
        (AS_JSON, '{"a": 1}', "[]", "@X-A type"),
    ],
    ids=str,
)
def test_kept_and_broken(header: Any, kept: str, broken: str, rule: str) -> None:
    assert found(header, kept) == []
    assert found(header, broken) == [rule]
    assert short(rule) in {short(one) for one in judged(header, kept).exercised} | {"@X-A readable"}


@pytest.mark.parametrize(
    ("header", "value"),
    [
        pytest.param(of({"type": "string"}), "17", id="a text of digits"),
        pytest.param(of({"type": "string", "enum": ["1", "2"]}), "2", id="texts that look like numbers"),
        pytest.param(of({"type": ["integer", "string"], "maxLength": 3}), "1234", id="one reading of two holds"),
        pytest.param(of({"type": "string"}), "", id="nothing"),
        pytest.param(of({}), "anything", id="no promise"),
        pytest.param(of({"minimum": 0}), "-1", id="a bound of numbers, and no type"),
        pytest.param(of({"type": "array", "items": {"pattern": '^"'}}), '"a,b", "c"', id="quoted commas"),
        pytest.param(of({"type": "array", "items": {"type": "array", "items": {}}}), "1,2", id="a list of lists"),
        pytest.param({"content": {"text/plain": {"schema": {"const": "a"}}}}, "b", id="content that is no JSON"),
    ],
)
def test_what_the_document_leaves_open_breaks_nothing(header: Any, value: str) -> None:
    assert found(header, value) == []


def test_a_field_sent_several_times_is_one_list() -> None:
    assert found(of({**LIST, "minItems": 3}), "1", "2, 3") == []
    assert found(of({"type": "integer"}), "1", "1") == ["@X-A type"]


def test_cookies_are_no_list() -> None:
    first, second = "a=1; Expires=Wed, 21 Oct 2026 07:28:00 GMT", "session=2"
    assert found(of({"type": "string", "pattern": "^session=[0-9]$"}), first, second, name="Set-Cookie") == []
    assert found(of({"type": "array", "minItems": 2, "maxItems": 2}), first, second, name="Set-Cookie") == []
    assert found(of({"pattern": "^token="}), first, second, name="Set-Cookie") == ["@Set-Cookie pattern"]


@pytest.mark.parametrize("name", ["Content-Length", "Content-Encoding", "Connection", "Transfer-Encoding"])
def test_fields_about_how_a_message_is_sent_are_left_to_http(name: str) -> None:
    assert found(of({"type": "string", "const": "x"}), "2", name=name) == []


def test_a_date_in_the_form_of_http_is_a_date() -> None:
    when = of({"type": "string", "format": "date-time"})
    assert found(when, "Wed, 21 Oct 2026 07:28:00 GMT", name="Last-Modified") == []
    assert found(when, "soon", name="Last-Modified") == ["@Last-Modified format"]
    assert found(when, "Wed, 21 Oct 2026 07:28:00 GMT") == ["@X-A format"]


def test_the_finding_says_where_in_which_header() -> None:
    (finding,) = judged(of(LIST), "1, 20").findings
    assert (finding.instance, finding.seen) == ("header X-A/1", "20")


def test_a_content_type_among_the_headers_is_ignored() -> None:
    rules = operation_rules({}, headers={"Content-Type": of({"const": "x"})})
    assert not any("@" in rule.id for rule in rules.rules)


def test_headers_and_bodies_explain_their_own_refusals_alone() -> None:
    rules = operation_rules({"not": {"const": 1}}, headers={"X-A": of({"type": "integer"})})
    answer = Response(200, (*JSON, ("X-A", "x")), b"1")
    judgement = judge(rules, Exchange(0, Probe(OPERATION, Request("GET", "/things/1")), answer))
    assert sorted(short(finding.rule) for finding in judgement.findings) == ["/ schema", "@X-A type"]


HEADERS = {
    "X-Count": of({"type": "integer", "minimum": 0, "maximum": 10}, required=True),
    "X-Flag": of({"type": "boolean"}),
    "X-Note": of({"type": "string", "pattern": "^[A-Z]{2}$"}),
    "X-When": of({"type": "string", "format": "date-time"}),
    "X-Mode": of({"type": "string", "enum": ["a", "b", "c"]}),
    "X-List": of({**LIST, "minItems": 1}),
    "X-Words": of({"type": "array", "items": {"type": "string", "minLength": 2}}),
    "X-Colour": of(COLOUR),
    "X-Exploded": of(COLOUR, explode=True),
    "X-Json": AS_JSON,
    "Allow": of({"type": "array", "items": {"enum": ["GET", "HEAD"]}}),
}


@pytest.mark.parametrize("openapi", ["3.0.3", "3.1.0"])
def test_the_mock_exercises_every_rule_of_a_head(openapi: str) -> None:
    value = document({"type": "integer"}, headers=HEADERS, openapi=openapi)
    value["paths"]["/things/{id}"]["get"]["responses"]["405"] = {"description": "", "headers": HEADERS}
    spec = spec_from(value)
    rules, mock = rules_for(spec).operations[OPERATION], MockService(spec)
    exercised, broken = set[str](), list[str]()
    for status, example in ((200, 0), *((405, example) for example in range(40))):
        request = Request("GET", "/things/1", (("Prefer", f"code={status}, example={example}"),))
        judgement = judge(rules, Exchange(0, Probe(OPERATION, request, source="status"), mock.answer(request)))
        exercised |= judgement.exercised
        broken += [finding.rule for finding in judgement.findings if "@" in finding.rule]
    promised = {rule.id for rule in rules.rules if "405 @" in rule.id}
    assert (broken, promised - exercised) == ([], set())
    assert len(promised) > 20


def test_the_mock_sends_what_a_field_can_hold() -> None:
    spec = spec_of(
        {}, headers={"X-A": of({"type": "string", "pattern": "^[aé \n]{2}$"}), "X-B": of({"type": "string"})}
    )
    texts = [header_texts(header) for header in spec.operations[0].responses[0].headers]
    assert texts[0] == ("aa",)
    assert all(is_field_value(text) and text.isascii() for text in texts[1])


def test_the_mock_shows_all_values_of_a_header() -> None:
    spec = spec_of({"const": 1}, headers={"X-Mode": of({"type": "string", "enum": ["a", "b", "c"]})})
    assert MockService(spec).count_variants(spec.operations[0], 200) == 3


@pytest.mark.parametrize("name", [*HEADERS, "Set-Cookie", "Last-Modified"])
def test_no_value_is_too_odd_to_be_judged(name: str) -> None:
    rules = operation_rules({}, headers={name: HEADERS.get(name, of(LIST))})

    @given(values=st.lists(st.text(alphabet='ab,=;"{}[] 0123456789.eE+-:\xe9', max_size=20), max_size=2))
    @settings(max_examples=30, deadline=None)
    def judges(values: list[str]) -> None:
        answer = Response(200, (*JSON, *((name, value) for value in values)), b"{}")
        assert not judge(rules, Exchange(0, Probe(OPERATION, Request("GET", "/things/1")), answer)).defects

    judges()
