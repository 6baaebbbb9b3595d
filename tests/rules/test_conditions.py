"""Entity tags, times of change, and what is answered to who has a resource already."""

from __future__ import annotations

from typing import Any

import pytest

from contracts.messages import Credential, Exchange, Headers, Probe, Request, Response
from contracts.rules import OperationRules, Severity, rules_for
from contracts.verdicts import judge_all
from tests.documents import spec_from

JSON: Headers = (("Content-Type", "application/json"),)
FIELD = {"schema": {"type": "string"}}
TAG, OTHER, TIME, BEFORE = '"v1"', '"v2"', "Fri, 20 Nov 2026 09:31:00 GMT", "Thu, 19 Nov 2026 09:31:00 GMT"
KINDS = ("entity tag", "same tag", "strong tag", "not modified", "not modified since")


def rules(*, headers: tuple[str, ...] = ("ETag", "Last-Modified"), more: Any = None, **said: Any) -> OperationRules:
    responses = {"200": {"description": "", "headers": dict.fromkeys(headers, FIELD)}, **(more or {})}
    item = {"get": {"responses": responses, **said}}
    spec = spec_from({"openapi": "3.1.0", "info": {"title": "T", "version": "1"}, "paths": {"/thing": item}})
    return next(iter(rules_for(spec).operations.values()))


def answer(status: int = 200, body: bytes = b"{}", **fields: str) -> Response:
    own = tuple((name.replace("_", "-"), value) for name, value in fields.items())
    return Response(status, (*JSON, *own), body if status == 200 else b"")


PLAIN = answer(ETag=TAG, Last_Modified=TIME)


def judged(own: OperationRules, *asked: tuple[Headers, Response], source: str = "read") -> tuple[set[str], list[str]]:
    """Which of the rules were exercised, and what was seen wrong."""
    exchanges = []
    for index, (fields, response) in enumerate(asked):
        probe = Probe("GET /thing", Request("GET", "/thing", fields), source=source, credential=Credential.RIGHT)
        exchanges.append(Exchange(index, probe, response))
    judgements = judge_all(own, exchanges)
    exercised = {rule.removeprefix("GET /thing ") for one in judgements for rule in one.exercised}
    found = [f"{f.rule.removeprefix('GET /thing ')}: {f.seen}" for one in judgements for f in one.findings]
    return exercised & {*KINDS}, [text for text in found if text.startswith(KINDS)]


@pytest.mark.parametrize(
    ("tag", "is_one"),
    [
        ('"v1"', True),
        ('W/"v1"', True),
        ('""', True),
        ('"a b"', False),
        ("v1", False),
        ('w/"v1"', False),
        ('"v1', False),
        ("'v1'", False),
        ('"a", "b"', False),
    ],
)
def test_a_tag_is_one_as_http_writes_it(tag: str, is_one: bool) -> None:
    exercised, found = judged(rules(), ((), answer(ETag=tag)))
    assert exercised == {"entity tag"}
    assert len(found) == (not is_one)


def test_a_tag_stands_alone() -> None:
    twice = Response(200, (*JSON, ("ETag", TAG), ("etag", TAG)), b"{}")
    assert judged(rules(), ((), twice))[1] == ["entity tag: ETag is sent 2 times"]


@pytest.mark.parametrize(
    ("first", "second", "found"),
    [
        ((TAG, b"{}"), (TAG, b"{}"), None),
        ((TAG, b"{}"), (OTHER, b"{}"), "same tag"),
        ((TAG, b"{}"), (OTHER, b"[]"), None),
        ((TAG, b"{}"), (TAG, b"[]"), "strong tag"),
        (("W/" + TAG, b"{}"), ("W/" + TAG, b"[]"), None),
        (("W/" + TAG, b"{}"), (TAG, b"[]"), None),
    ],
)
def test_a_tag_changes_with_the_body(first: tuple[str, bytes], second: tuple[str, bytes], found: str | None) -> None:
    asked = [((), answer(200, body, ETag=tag)) for tag, body in (first, second)]
    assert [text.partition(":")[0] for text in judged(rules(), *asked, source="given")[1]] == [found] * bool(found)


@pytest.mark.parametrize(
    ("named", "later", "found"),
    [
        (TAG, answer(304, ETag=TAG), ""),
        (f'"x", W/{TAG}', answer(304, ETag=TAG), ""),
        ("*", answer(304, ETag=TAG), ""),
        (TAG, answer(304, ETag=f"W/{TAG}"), ""),
        (TAG, PLAIN, '200 for If-None-Match: "v1", and its ETag is "v1"'),
        (f'"x", W/{TAG}', PLAIN, '200 for If-None-Match: "x", W/"v1", and its ETag is "v1"'),
        ("*", PLAIN, '200 for If-None-Match: *, and its ETag is "v1"'),
        (TAG, answer(304, ETag=OTHER), '304 for If-None-Match: "v1", and its ETag is "v2"'),
        (TAG, answer(304), '304 for If-None-Match: "v1" has no ETag, where 200 has "v1"'),
        ('"x"', answer(304), '304 for If-None-Match: "x", and its ETag is "v1"'),
        ('"x"', PLAIN, ""),
        (TAG, Response(304, (("ETag", TAG),), b"{}"), '304 for If-None-Match: "v1" has a body'),
        (TAG, answer(ETag=OTHER), ""),  # it has changed meanwhile
        (TAG, answer(404), None),
        (TAG, answer(500), None),
        (TAG, answer(), None),
    ],
)
def test_who_names_the_tag_has_304(named: str, later: Response, found: str | None) -> None:
    exercised, seen = judged(rules(), ((), PLAIN), ((("If-None-Match", named),), later))
    assert ("not modified" in exercised) == (found is not None)
    assert seen == [f"not modified: {found}"] * bool(found)


@pytest.mark.parametrize(
    ("since", "later", "found"),
    [
        (TIME, answer(304), ""),
        (TIME, PLAIN, f"200 for If-Modified-Since: {TIME}, and it changed at {TIME}"),
        (BEFORE, PLAIN, ""),
        (BEFORE, answer(304), f"304 for If-Modified-Since: {BEFORE}, and it changed at {TIME}"),
        (BEFORE, answer(Last_Modified=TIME), ""),
        (TIME, answer(Last_Modified="Sat, 21 Nov 2026 09:31:00 GMT"), ""),  # it has changed meanwhile
        (TIME, answer(), None),
        (TIME, answer(404), None),
        ("yesterday", PLAIN, None),
    ],
)
def test_who_has_had_it_since_it_changed_has_304(since: str, later: Response, found: str | None) -> None:
    exercised, seen = judged(rules(), ((), PLAIN), ((("If-Modified-Since", since),), later))
    assert ("not modified since" in exercised) == (found is not None)
    assert seen == [f"not modified since: {found}"] * bool(found)


def test_the_tag_counts_before_the_time() -> None:
    fields: Headers = (("If-None-Match", '"x"'), ("If-Modified-Since", TIME))
    assert judged(rules(), ((), PLAIN), (fields, PLAIN))[1] == []


@pytest.mark.parametrize("source", ["given", "fuzz", "status", "edge"])
def test_nothing_is_said_of_what_no_read_asked(source: str) -> None:
    """The mock has any value for a documented field, and looks at no condition."""
    asked = ((), answer(ETag="none")), ((("If-None-Match", "*"),), answer(ETag="none"))
    assert judged(rules(), *asked, source=source)[1] == []


NONE_MATCH = {"parameters": [{"name": "If-None-Match", "in": "header", "schema": {"type": "string"}}]}


@pytest.mark.parametrize(
    ("own", "severities"),
    [
        (rules(headers=()), {}),
        (rules(headers=("etag",)), {"not modified": "advisory"}),
        (rules(headers=("ETag",), more={"304": {"description": ""}}), {"not modified": "violation"}),
        (rules(headers=(), **NONE_MATCH), {"not modified": "violation"}),
        (rules(headers=("Last-Modified",)), {"not modified since": "advisory"}),
    ],
    ids=["nothing", "ETag", "304", "If-None-Match", "Last-Modified"],
)
def test_what_the_document_shows_is_a_rule(own: OperationRules, severities: dict[str, str]) -> None:
    found = {rule.kind: rule.severity for rule in own.rules if rule.kind.startswith("not modified")}
    assert found == {kind: Severity(severity) for kind, severity in severities.items()}
    assert {rule.kind for rule in own.rules} & {*KINDS[:3]} == ({*KINDS[:3]} if "not modified" in severities else set())
