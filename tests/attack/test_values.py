"""No number, date or body of a service ends a judge, a client or a report: what can't be judged is undecided."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contracts.decision.run_decision import decide
from contracts.document import load_spec
from contracts.errors import UsageError
from contracts.exchanges.pace import Pace, retry_after, wish
from contracts.exchanges.traffic import traffic_of
from contracts.messages import Credential, Exchange, Headers, Probe, Request, Response
from contracts.notte.domain import SESSION
from contracts.notte.prose import DATE, prose_rules
from contracts.report.forms import FORMS, lines_of
from contracts.report.forms.failure import failure_text, properties_of, suite_properties
from contracts.report.history import trend_of
from contracts.report.json_report import SCHEMA, json_text, read_run, run_from, to_json
from contracts.report.record import Report, Teller
from contracts.rules import RULE_KINDS, OperationRules, RuleBook, rules_for
from contracts.rules.lists import AGAIN, FIRST, NEXT
from contracts.rules.requests import OF_CLIENTS
from contracts.rules.states import STATE_KINDS
from contracts.verdicts import Judgement, Outcome, Verdict, judge_all, tally, with_recurrence
from contracts.verdicts.handover import Verdicts
from tests.documents import document, spec_from
from tests.run.projects import CANARY, ENUM, Project, Things, leaks
from tests.run.projects import document as small_document

from .long_form import IS_LONG
from .values import DATES, DURATIONS, HEADS, JSON_BODIES, NUMBERS, TIMES, session

JSON: Headers = (("Content-Type", "application/json"),)
NOW = datetime(2026, 1, 6, 12, tzinfo=UTC)
REPORT = jsonschema_rs.validator_for(json.loads(SCHEMA.read_text()), validate_formats=True)
MEMBERS = (
    *("idle_timeout_minutes", "max_duration_minutes", "timeout_minutes", "duration", "created_at", "closed_at"),
    *("last_accessed_at", "network_request_bytes", "viewport_width", "viewport_height", "status", "session_id"),
)

FIELD = {"schema": {"type": "string"}}
TEXT: dict[str, Any] = {"type": "string", "format": "date-time", "pattern": "^.", "minLength": 1}
KINDS: dict[str, Any] = {
    "type": "object",
    "required": ["id"],
    "properties": {
        "id": {"type": "integer", "multipleOf": 7, "exclusiveMaximum": 1e300},
        "status": {"enum": ["active", 1, 0.5]},
        "kind": {"const": "a"},
        "viewport_width": {"type": "number", "multipleOf": 0.01, "minimum": -5},
        "created_at": TEXT,
        "steps": {"type": "array", "uniqueItems": True, "prefixItems": [{}], "items": False},
        "closed": {"additionalProperties": False, "minProperties": 1},
        "either": {"oneOf": [{"type": "integer"}, {"multipleOf": 2}]},
    },
    "additionalProperties": {"anyOf": [{"type": "string", "maxLength": 2}, {"type": "array", "items": TEXT}]},
}
PET: dict[str, Any] = {"discriminator": {"propertyName": "kind"}, "oneOf": [{"required": ["a"]}, {"required": ["b"]}]}
OPEN_MEMBERS: dict[str, Any] = {"status": {"type": "string"}, "uuid": TEXT, "pin": {"writeOnly": True}, "pet": PET}
OPEN: dict[str, Any] = {"type": "object", "properties": OPEN_MEMBERS}


def document_of_kinds() -> dict[str, Any]:
    """A document whose one operation has a rule of each kind, but prose."""
    read = {"content": {"application/json": {"schema": {"type": "integer"}}}}
    value = document(KINDS, headers={"X-A": {"required": True, "schema": {}}, "X-B": read})
    get = value["paths"]["/things/{id}"]["get"]
    get["responses"] |= {"405": {"description": ""}, "404": {"description": ""}, "401": {"description": ""}}
    get["responses"]["201"] = {"description": "", "content": {"application/json": {"schema": OPEN}}}
    get["security"] = [{"key": []}]
    own = {"content": {"application/json": {"schema": {"properties": {"id": {"readOnly": True}}}}}}
    put = {**get, "requestBody": own, "responses": {"200": {"description": "", **own}}}
    value["paths"]["/things/{id}"]["put"] = put
    get["parameters"].append({"name": "page", "in": "query", "schema": {"type": "integer"}})
    value["components"]["securitySchemes"] = {"key": {"type": "http", "scheme": "bearer"}}
    return value


def document_of_lists() -> dict[str, Any]:
    """A document whose one operation has a rule of each kind about lists and about what one has already."""
    item = {"type": "object", "properties": {"status": {"enum": ["active", "closed"]}, "created_at": TEXT}}
    names = {"limit": {"type": "integer"}, "page": {"type": "integer"}, "status": {"enum": ["active", "closed"]}}
    names |= {"sort": {"enum": ["created_at", "-created_at"]}}
    told = {"items": {"type": "array", "items": item}, "total": {"type": "integer"}, "has_next": {"type": "boolean"}}
    value = document({"type": "object", "properties": told}, headers=dict.fromkeys(("ETag", "Last-Modified"), FIELD))
    get = value["paths"].pop("/things/{id}")["get"]
    get["parameters"] = [{"name": name, "in": "query", "schema": schema} for name, schema in names.items()]
    value["paths"]["/things"] = {"get": get}
    return value


@cache
def books() -> Mapping[str, RuleBook]:
    notte, kinds = load_spec("spec/notte.yaml"), spec_from(document_of_kinds())
    lists = rules_for(spec_from(document_of_lists()))
    return {"notte": rules_for(notte, extra=prose_rules(notte)), "kinds": rules_for(kinds), "lists": lists}


@cache
def rules_of(name: str) -> OperationRules:
    return next(iter(books()[name].operations.values()))


def answered(
    rules: OperationRules, body: bytes, headers: Headers = JSON, status: int = 200, **probe: Any
) -> Iterator[Exchange]:
    """A good session, then the answer, then the good one again: for the rules about two answers."""
    target = rules.operation.path.replace("{session_id}", "a1").replace("{id}", "a1")
    asked = Probe(rules.operation.key, Request("GET", target), source="given", **probe)
    good = Response(200, (*JSON, ("Date", DATE)), json.dumps(session()).encode())
    for number, response in enumerate((good, Response(status, headers, body, 0.1), good)):
        yield Exchange(number, asked, response)


def turned(body: bytes, headers: Headers, status: int) -> Iterator[Exchange]:
    """Pages in a row of which one is the answer; then it is filtered, sorted, and had already."""
    good = Response(200, (*JSON, ("ETag", '"1"')), json.dumps({"items": [session()], "total": 2}).encode())
    bad = Response(status, headers, body, 0.1)
    asked = [(FIRST, "page=1&limit=1", good), (NEXT, "page=2&limit=1", bad), (AGAIN, "page=1&limit=1", good)]
    asked += [("filtered", "status=active", bad), ("sorted", "sort=-created_at", bad), ("", "", good), ("", "", bad)]
    for number, (note, query, response) in enumerate(asked):
        has = (("If-None-Match", '"1"'), ("If-Modified-Since", DATE)) if not note and response is bad else ()
        request = Request("GET", f"/things?{query}".rstrip("?"), has)
        yield Exchange(number, Probe("GET /things", request, source="read", note=note), response)


def judged(name: str, body: bytes, headers: Headers = JSON, status: int = 200) -> Judgement:
    """The answer as it is judged; what no attack may come to is a mistake of the suite."""
    rules = rules_of(name)
    exchanges = turned(body, headers, status) if name == "lists" else answered(rules, body, headers, status)
    judgements = judge_all(rules, list(exchanges))
    assert not any(judgement.defects for judgement in judgements)
    assert len(tally(rules.rules, judgements)) == len(rules.rules)
    return judgements[1]


def test_rules_about_lists_are_tried() -> None:
    items = [session(id=1, created_at="2026-01-05T10:00:00Z"), session(id=2, created_at="2026-01-04T10:00:00Z")]
    body = json.dumps({"items": items, "total": 9}).encode()
    judgements = judge_all(rules_of("lists"), list(turned(body, (*JSON, ("ETag", '"1"')), 200)))
    own = {rule.kind: rule.id for rule in rules_of("lists").rules}
    tried = {rule for judgement in judgements for rule in judgement.exercised}
    kinds = ("page limit", "pages", "total", "filter", "sorted", "entity tag", "strong tag", "not modified")
    assert {kind for kind in kinds if own[kind] not in tried} == set()


def body_with(member: str, literal: str) -> bytes:
    return json.dumps(session(**{member: "HERE"})).replace('"HERE"', literal).encode()


def test_the_documents_have_rules_of_every_kind() -> None:
    kinds = {rule.kind for book in books().values() for rule in book.rules}
    assert kinds == RULE_KINDS.keys() - OF_CLIENTS - STATE_KINDS  # which no single answer breaks


@pytest.mark.parametrize("number", NUMBERS)
def test_numbers_are_judged(number: str) -> None:
    for member in MEMBERS:
        judged("notte", body_with(member, NUMBERS[number]), (*JSON, ("Date", DATE)))
        judged("kinds", body_with(member, NUMBERS[number]))


@pytest.mark.parametrize("text", [*TIMES, *DURATIONS])
def test_times_are_judged(text: str) -> None:
    for member in MEMBERS:
        judged("notte", body_with(member, json.dumps({**TIMES, **DURATIONS}[text])), (*JSON, ("Date", DATE)))


@pytest.mark.parametrize("date", DATES)
def test_dates_are_judged(date: str) -> None:
    judged("notte", body_with("status", '"active"'), (*JSON, ("Date", DATES[date])))


@pytest.mark.parametrize("name", JSON_BODIES)
def test_bodies_are_judged(name: str) -> None:
    for book in books():
        judged(book, JSON_BODIES[name], (*JSON, ("Date", DATE)))


@pytest.mark.parametrize("name", HEADS)
@pytest.mark.parametrize("status", [200, 204, 401, 405, 500, 999])
def test_heads_are_judged(name: str, status: int) -> None:
    for book in books():
        judged(book, b"{}", HEADS[name], status)


VERDICTS: list[tuple[str, str, str, bool]] = [
    ("max_duration_minutes", "10000000000000", "active within max duration", False),
    ("idle_timeout_minutes", str(2**53), "active within idle timeout", False),
    ("idle_timeout_minutes", "1e300", "active within idle timeout", False),
    ("idle_timeout_minutes", "1e999", "active within idle timeout", False),
    ("idle_timeout_minutes", f"-{'9' * 400}", "active within idle timeout", True),
    ("idle_timeout_minutes", f"-{'9' * 400}", "positive minutes", True),
    ("viewport_width", "9" * 400, "positive side", False),
    ("viewport_width", f"-{'9' * 400}", "positive side", True),
    ("timeout_minutes", "9" * 400, "timeout alias", True),
    ("duration", f'"P{"9" * 8}D"', "duration agrees", True),
    ("duration", '"-P999999999DT23H59M59.999999S"', "duration agrees", False),
]


@pytest.mark.parametrize(("member", "literal", "name", "is_broken"), VERDICTS, ids=lambda value: str(value)[:30])
def test_what_is_beyond_all_time_is_judged_right(member: str, literal: str, name: str, is_broken: bool) -> None:
    judgement = judged("notte", body_with(member, literal), (*JSON, ("Date", DATE)))
    found = {finding.rule for finding in judgement.findings if finding.rule.endswith(f" prose {name}")}
    assert bool(found) is is_broken
    assert all(len(finding.seen) <= 500 for finding in judgement.findings)


@pytest.mark.parametrize("value", [*DATES.values(), *NUMBERS.values()], ids=lambda value: ascii(value)[:30])
def test_wishes_are_read_or_are_none(value: str) -> None:
    assert retry_after(value, NOW) >= 0
    limits = (("X-RateLimit-Reset", value), ("X-RateLimit-Remaining", "0"))
    pace = Pace(now=lambda: NOW.timestamp(), sleep=lambda _: None)
    for headers in (limits, (("Retry-After", value),), (*limits, ("Retry-After", value))):
        answer = Response(429, headers)
        assert wish(answer, NOW) >= 0
        pace.heed(answer)
    pace.turn()
    assert pace._next <= NOW.timestamp() + 60


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("Tue, 06 Jan 2026 12:01:00 GMT", 60.0),
        ("Tue, 06 Jan 2026 12:01:00 -0000", 0.0),
        ("Tue, 06 Jan 2026 13:01:00 +0100", 60.0),
        ("7", 7.0),
    ],
)
def test_wishes_with_a_zone_are_granted(value: str, seconds: float) -> None:
    assert retry_after(value, NOW) == seconds


# --- a mistake of our own costs one rule on one exchange ---


class Oops(Exception):
    """Not known to anybody."""


def failing(error: Callable[[], BaseException]) -> Callable[..., str | None]:
    def check(*answers: Any) -> str | None:
        raise error()

    return check


@pytest.mark.parametrize("error", [Oops, RecursionError, MemoryError, OverflowError, KeyError, UnicodeError])
def test_a_rule_that_raises_is_undecided_and_the_others_are_judged(error: type[Exception]) -> None:
    rules = rules_for(spec_from(document_of_kinds())).operations["GET /things/{id}"]
    row = next(row for row in rules.general if row.rule.kind == "status documented")
    object.__setattr__(row, "check", failing(lambda: error("canary-of-a-secret")))
    judgements = judge_all(rules, list(answered(rules, b"{}")))
    verdicts = {verdict.rule.kind: verdict for verdict in tally(rules.rules, judgements)}
    verdict = verdicts["status documented"]
    assert (verdict.outcome, verdict.exercised) == (Outcome.UNDECIDED, 0)
    assert verdict.why == verdict.defect
    said = "there was not enough memory" if error is MemoryError else f"the suite itself failed: {error.__name__}"
    assert verdict.why.startswith(f"{said} at contracts/verdicts/judgement.py:")
    assert "canary" not in repr(judgements[1].undecided)
    assert verdicts["response time"].outcome is Outcome.HOLDS
    assert verdicts["required"].outcome is Outcome.VIOLATED


@pytest.mark.parametrize(
    ("where", "head"),
    [
        ("is_early", Outcome.UNDECIDED),
        ("_judge_answer", Outcome.UNDECIDED),
        ("_Walk.any_of", Outcome.HOLDS),
        ("_Walk._leaves", Outcome.HOLDS),
    ],
)
def test_a_mistake_beside_the_rules_costs_what_it_is_about(
    where: str, head: Outcome, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner, _, name = where.rpartition(".")
    module = sys.modules[judge_all.__module__]
    monkeypatch.setattr(getattr(module, owner) if owner else module, name, failing(Oops))
    rules = rules_of("kinds")
    judgements = judge_all(rules, list(answered(rules, b'{"status": 1}')))
    assert [bool(judgement.defects) for judgement in judgements] == [True, True, True]
    verdicts = tally(rules.rules, judgements)
    assert Outcome.HOLDS not in {verdict.outcome for verdict in verdicts if verdict.rule.place}
    assert [verdict.outcome for verdict in verdicts if verdict.rule.kind == "response time"] == [head]


# --- nor does it take the report down ---

STEPS: list[tuple[str, tuple[str, ...], int, str]] = [
    ("contracts.report.forms.page.page", (), 1, "left out: the page ("),
    ("contracts.exchanges.ledger.Ledger.close", (), 1, "left out: exchanges.jsonl ("),
    ("contracts.report.forms.failure.suite_properties", ("--junitxml=o.xml",), 1, "left out: what the JUnit file says"),
    ("contracts.run.end.trend_in", ("--contract-history=nights",), 1, "history: the report can't be kept in nights"),
    ("contracts.run.end.summary_lines", (), 1, "left out: the summary ("),
    ("contracts.run.end.decision_line", (), 1, "contract: FAIL on http://127.0.0.1:"),
    ("contracts.run.end._drift", (), 1, "left out: all but the verdicts ("),
    ("contracts.run.end.failure_text", (), 1, ENUM),
    ("contracts.run.end.properties_of", ("--junitxml=o.xml",), 1, ENUM),
    ("contracts.report.record.Teller._proof", (), 1, f"at {ENUM}"),
    ("contracts.report.shell._quoted", (), 1, f"at {ENUM}"),
    ("contracts.run.end.verdicts_of", (), 3, "left out: the verdicts of GET /things/{thing_id} ("),
]


@pytest.mark.parametrize(("where", "options", "code", "said"), STEPS, ids=[where for where, *_ in STEPS])
def test_what_fails_at_the_end_is_left_out_and_named(
    where: str, options: tuple[str, ...], code: int, said: str, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(where, failing(lambda: Oops(CANARY)))
    run = project.ask(Things({"status": "paused"}), *options)
    assert (run.code, said in run.out, "Traceback" in run.out + run.err) == (code, True, False)
    assert "INTERNALERROR" not in run.out + run.err
    assert run.report["decision"] == {1: "fail", 3: "inconclusive"}[code]
    assert [str(error) for error in REPORT.iter_errors(run.report)] == []
    assert len(run.verdicts) == len(rules_for(spec_from(small_document())).rules)
    assert run.lines[-1].startswith(f"contract: {run.report['decision'].upper()} on ")
    assert leaks(run) == set()


def report_of(rules: OperationRules, verdicts: list[Verdict], exchanges: list[Exchange]) -> dict[str, Any]:
    teller, moment = Teller(rules.spec, "http://127.0.0.1"), NOW.isoformat(timespec="milliseconds")
    traffic = traffic_of(rules.spec, exchanges)
    decision = decide(rules.spec, verdicts, traffic, teller.policy)
    value = to_json(Report(teller, 0, moment, moment, Verdicts(verdicts.__iter__), traffic, decision).run)
    assert teller.failed == {}
    return value


@cache
def a_report() -> dict[str, Any]:
    """One that nobody may change."""
    rules = rules_of("kinds")
    exchanges = list(answered(rules, b"{}"))
    return report_of(rules, [*tally(rules.rules, judge_all(rules, exchanges))], exchanges)


def test_a_rule_that_raises_is_named_once(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("contracts.rules.responses.in_time", failing(lambda: Oops(CANARY)))
    run = project.ask(Things())
    assert (run.code, run.report["decision"]) == (3, "inconclusive")
    rule = "GET /things/{thing_id} response time"
    assert run.verdicts[rule]["outcome"] == "undecided"
    (note,) = run.report["notes"]
    assert note.startswith("the suite itself failed: Oops at contracts/verdicts/judgement.py:")
    assert note.endswith(f", at {rule}; please report it")
    assert (note in run.lines[-1], leaks(run)) == (True, set())


def test_a_form_that_can_not_be_made_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("contracts.report.forms.markdown._facts", failing(Oops))
    with pytest.raises(UsageError, match=r"the suite itself failed: Oops at contracts/report/forms/markdown\.py:\d+"):
        lines_of(FORMS["run"]["markdown"], run_from(a_report()), trend=None)


@pytest.mark.parametrize("name", ["started", "finished"])
@pytest.mark.parametrize(
    "moment", ["0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "9999-01-01T00:00:00Z", "9" * 400, 1e300]
)
def test_an_old_report_of_no_time_is_none(name: str, moment: Any, tmp_path: Path) -> None:
    (tmp_path / "report.json").write_text(json.dumps({**a_report(), name: moment}))
    with pytest.raises(UsageError, match=r"is not a report\.json of this suite"):
        read_run(tmp_path / "report.json")


def test_an_old_report_of_an_unknown_decision_is_none(tmp_path: Path) -> None:
    (tmp_path / "report.json").write_text(json.dumps({**a_report(), "decision": "other"}))
    with pytest.raises(UsageError, match=r"is not a report\.json of this suite"):
        read_run(tmp_path / "report.json")


# --- and whatever else there may be ---


def object_text(members: Mapping[str, str]) -> str:
    return f"{{{', '.join(f'{json.dumps(name)}: {text}' for name, text in members.items())}}}"


QUICK = settings(max_examples=1_000 if IS_LONG else 20, suppress_health_check=list(HealthCheck))
LITERALS = st.sampled_from(
    [*NUMBERS.values(), *map(json.dumps, {**TIMES, **DURATIONS}.values()), '"active"', "null", "[]", "{}", "NaN"]
)
NAMES = st.sampled_from([*MEMBERS, "id", "kind", "steps", "closed", "either"]) | st.text(max_size=4)
JSON_TEXTS = st.recursive(
    LITERALS | st.integers().map(str) | st.floats(allow_nan=False).map(json.dumps) | st.text().map(json.dumps),
    lambda inner: (
        st.lists(inner, max_size=4).map(lambda items: f"[{', '.join(items)}]")
        | st.dictionaries(NAMES, inner, max_size=9).map(object_text)
    ),
    max_leaves=20,
)
FIELD_TEXTS = st.text(st.characters(max_codepoint=255), max_size=20) | st.sampled_from([*DATES.values(), DATE])
FIELD_NAMES = st.sampled_from(["Date", "Content-Type", "Content-Length", "Allow", "WWW-Authenticate", "X-A", "Vary"])
HEADERS = st.lists(st.tuples(FIELD_NAMES, FIELD_TEXTS), max_size=6).map(tuple)
STATUSES = st.sampled_from([200, 201, 204, 304, 401, 403, 404, 405, 422, 429, 500]) | st.integers(100, 999)
SOURCES = st.sampled_from(["given", "fuzz", "edge", "status", "auth", "method", "unknown"])


ANSWERS = st.lists(st.tuples(JSON_TEXTS | st.text(), HEADERS, STATUSES, st.booleans()), min_size=1, max_size=3)


@QUICK
@given(st.sampled_from(["notte", "kinds"]), ANSWERS, SOURCES, st.sampled_from(list(Credential)), st.floats(0, 1e9))
def test_whatever_is_answered_is_judged_and_told(
    name: str, answers: list[Any], source: str, credential: Credential, seconds: float
) -> None:
    rules, exchanges = rules_of(name), list[Exchange]()
    target = rules.operation.path.replace("{session_id}", "a1").replace("{id}", "a1")
    probe = Probe(rules.operation.key, Request("GET", target), source=source, credential=credential)
    for text, headers, status, is_json in answers:
        body = text.encode("utf-8", "surrogatepass")
        response = Response(status, JSON * is_json + headers, body, seconds)
        exchanges.append(Exchange(len(exchanges), probe, response))
    judgements = judge_all(rules, exchanges)
    assert [judgement.defects for judgement in judgements if judgement.defects] == []
    verdicts = with_recurrence(tally(rules.rules, judgements), judgements)
    assert len(verdicts) == len(rules.rules)
    assert_every_form_is_made(report_of(rules, verdicts, exchanges))


def assert_every_form_is_made(value: dict[str, Any]) -> None:
    assert [str(error) for error in REPORT.iter_errors(value)] == []
    run = run_from(json.loads(json_text(value)))
    known = {"trend": trend_of([run, run]), "width": 80, "encoding": "ascii"}
    for form in FORMS["run"].values():
        assert "\n".join(lines_of(form, run, **known)).encode()
    assert list(suite_properties(run))
    for verdict in run.verdicts:
        assert list(properties_of(verdict))
        if verdict.evidence is not None:
            assert failure_text(verdict, accept="contracts accept", rerun="pytest").count("\n") == 4


def test_sessions_keep_the_prose_where_nothing_is_wrong() -> None:
    judgement = judged("notte", json.dumps(session()).encode(), (*JSON, ("Date", DATE)))
    assert [finding.rule for finding in judgement.findings if " prose " in finding.rule] == []
    assert judgement.exercised >= {f"{SESSION} 200 /max_duration_minutes prose positive minutes"}
