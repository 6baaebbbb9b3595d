"""Whatever a service sends, judging and telling are bounded: by counts and sizes, as times travel badly."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from contracts.changes.change import Effect
from contracts.decision.change_decision import ChangePolicy
from contracts.document import Spec, load_spec
from contracts.document.sides import Reading
from contracts.exchanges import Ledger, Secret
from contracts.exchanges.health import MOST_IN_ALL, MOST_KEPT, Stop, until_stop
from contracts.flows import Terms, compare
from contracts.messages import Exchange, Headers, Probe, Request, Response
from contracts.notte.domain import SESSION
from contracts.notte.prose import prose_rules
from contracts.notte.sessions import MAX_STATUSES, OTHERS, list_sessions
from contracts.report.diff import drift_of
from contracts.report.forms.markdown import run_markdown
from contracts.report.forms.page import page
from contracts.report.json_report import json_text, to_json
from contracts.report.record import MAX_EVIDENCE
from contracts.rules import OperationRules, rules_for
from contracts.run.ask import asked
from contracts.run.end import concluded, item_properties
from contracts.run.givens import Givens
from contracts.run.inputs import Inputs, Target
from contracts.run.state import Budget, State
from contracts.schemas import json_text as reading
from contracts.schemas.allowance import Allowance
from contracts.schemas.json_text import TooManyError, decode
from contracts.text import MAX_TEXT, shown
from contracts.verdicts import Judgement, Outcome, Verdict, judge, judge_all, tally
from contracts.verdicts.verdict import MAX_SEEN
from tests.documents import OPERATION, document, operation_rules, short, spec_from
from tests.run.projects import Things, answer, serving

from .values import LARGE, session

JUDGE = sys.modules[judge_all.__module__]
JSON: Headers = (("Content-Type", "application/json"),)
ENUM = {"type": "string", "enum": ["active", "closed"]}
DEEP: dict[str, Any] = {"additionalProperties": {"additionalProperties": {"additionalProperties": ENUM}}}
CLOSED: dict[str, Any] = {
    "type": "object",
    "required": ["id"],
    "properties": {
        "status": ENUM,
        "items": {"type": "array", "items": {"type": "object", "properties": {"kind": ENUM}}},
        "text": {"type": "string", "pattern": "^b+$", "maxLength": 10},
        "count": {"type": "integer", "multipleOf": 7},
    },
}
OPEN = CLOSED | DEEP | {"patternProperties": {"^n": DEEP, "^m1": ENUM, "x{3}$": {"type": "integer"}}}
SIZE = 400_000


def judged(rules: OperationRules, *bodies: bytes) -> list[Judgement]:
    probe = Probe(OPERATION, Request("GET", "/things/1"))
    exchanges = [Exchange(number, probe, Response(200, JSON, body)) for number, body in enumerate(bodies)]
    judgements = judge_all(rules, exchanges)
    assert [judgement.defects for judgement in judgements if judgement.defects] == []
    return judgements


def verdicts(rules: OperationRules, *bodies: bytes) -> dict[str, Verdict]:
    return {short(verdict.rule): verdict for verdict in tally(rules.rules, judged(rules, *bodies))}


def items(count: int, item: str = '"no %d"') -> bytes:
    return f"[{', '.join(item.replace('%d', str(number)) for number in range(count))}]".encode()


@pytest.mark.parametrize("name", LARGE)
@pytest.mark.parametrize("schema", [CLOSED, OPEN], ids=["closed", "open"])
def test_what_is_kept_of_a_large_body_is_bounded(schema: dict[str, Any], name: str) -> None:
    rules = operation_rules(schema)
    body = LARGE[name](SIZE)
    (judgement,) = judged(rules, body)
    assert 0 < len(judgement.findings) <= JUDGE.MAX_FINDINGS + len(rules.rules)
    assert max(len(finding.seen) for finding in judgement.findings) <= MAX_TEXT
    assert max(len(finding.instance or "") for finding in judgement.findings) <= MAX_TEXT
    assert max(len(counts) for part in judgement.parts for counts in [{}, *part.seen.values()]) <= JUDGE.MAX_SEEN + 1
    assert len(repr(replace(judgement, exchange=None))) < 1_000_000  # type: ignore[arg-type]


def test_findings_beyond_the_bound_are_counted() -> None:
    rules = operation_rules({"items": ENUM})
    most, extra = JUDGE.MAX_FINDINGS, 500
    (judgement,) = judged(rules, items(most + extra))
    assert (len(judgement.findings), judgement.more.total()) == (most, extra)
    verdict = verdicts(rules, items(most + extra))["/* enum"]
    assert (verdict.violations, len(verdict.broken_by), verdict.more) == (1, most, extra)


def test_each_rule_keeps_its_first_finding() -> None:
    rules = operation_rules({"properties": {"a": {"items": ENUM}, "b": ENUM}})
    body = b'{"a": %s, "b": "no"}' % items(2 * JUDGE.MAX_FINDINGS)
    assert verdicts(rules, body)["/b enum"].outcome is Outcome.VIOLATED


def test_fewer_findings_are_all_kept() -> None:
    (judgement,) = judged(operation_rules({"items": ENUM}), items(JUDGE.MAX_FINDINGS))
    assert [finding.instance for finding in judgement.findings[::499]] == ["/0", "/499", "/998"]
    assert not judgement.more


def test_all_answers_together_keep_a_bounded_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(JUDGE, "MAX_FOUND", 100)
    rules = operation_rules({"items": ENUM})
    judgements = judged(rules, *[items(60)] * 50)
    assert [len(judgement.findings) for judgement in judgements] == [60, 40, *[1] * 48]
    assert tally(rules.rules, judgements)[-2].violations == 50


def test_values_that_are_seen_are_told_apart_up_to_a_bound() -> None:
    rules = operation_rules({"items": ENUM})
    bodies = [items(40, f'"of {number}, %d"') for number in range(50)]
    seen = verdicts(rules, *bodies, b'["active", "closed"]')["/* enum"].seen
    assert len(seen) == MAX_SEEN + 3
    assert (seen["active"], seen["closed"], sum(seen.values())) == (1, 1, 2002)
    assert seen[JUDGE.OTHERS] == 2000 - MAX_SEEN


def test_members_are_counted_however_many_others_come_first() -> None:
    seen = verdicts(operation_rules({"items": ENUM}), items(99)[:-1] + b', "active"]')["/* enum"].seen
    assert (seen["active"], seen[JUDGE.OTHERS]) == (1, 99 - JUDGE.MAX_SEEN)


def test_pointers_are_made_for_what_is_kept_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    made = list[str]()
    pointer = JUDGE._pointer

    def counted(at: Any) -> str:
        made.append(pointer(at))
        return made[-1]

    monkeypatch.setattr(JUDGE, "_pointer", counted)
    (judgement,) = judged(operation_rules({"additionalProperties": {"additionalProperties": ENUM}}), nested())
    assert len(made) == len(judgement.findings) == JUDGE.MAX_FINDINGS
    assert {len(at) for at in made} <= set(range(MAX_TEXT, 2 * MAX_TEXT))


def nested() -> bytes:
    """A name of 100 kB, above thousands of others."""
    return b'{"%s": {%s}}' % (b"n" * 100_000, b", ".join(b'"m%d": 1' % number for number in range(3000)))


class Counted(list[Any]):
    """Counts the items that are looked at."""

    looks = 0

    def __iter__(self) -> Iterator[Any]:
        for item in super().__iter__():
            self.looks += 1
            yield item


def test_of_a_large_value_no_more_is_written_than_is_shown() -> None:
    value = Counted(range(1_000_000))
    assert shown(value, 30) == "[0, 1, 2, 3, 4, 5, 6, 7, 8, 9…"
    assert value.looks < 30


@pytest.mark.parametrize(
    "value", [{"a": [1, "é", None, {}]}, [], "x" * 99, '"' * 99, "x" * 60, 1.5, {"b": "c" * 99}], ids=str
)
def test_what_is_shown_is_the_beginning_of_the_json(value: Any) -> None:
    written = json.dumps(value, ensure_ascii=False)
    for limit in (5, 20, 60, 200):
        assert shown(value, limit) == (written if len(written) <= limit else written[: limit - 1] + "…")


def few_values(monkeypatch: pytest.MonkeyPatch, most: int) -> None:
    monkeypatch.setattr(reading, "MAX_VALUES", most)


@pytest.mark.parametrize(
    ("body", "is_read"),
    [
        (b"[" + b"0," * 98 + b"0]", True),
        (b"[" + b"0," * 102 + b"0]", False),
        (b"[" * 103, False),
        (b'{"a":' * 103, False),
        (b'["' + b",[{" * 100 + b'"]', True),
        (b'["' + b'\\",' * 100 + b'"]', True),
        (b'["\\\\"' + b",0" * 103 + b"]", False),
        (b'["' + b"," * 200, True),
    ],
    ids=["many", "too many", "lists", "objects", "in a string", "behind a quote", "behind a string", "never closed"],
)
def test_bodies_of_too_many_values_are_not_read(body: bytes, is_read: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    few_values(monkeypatch, 100)
    if is_read:
        decode(body)
    else:
        with pytest.raises(TooManyError, match="the body holds more than"):
            decode(body)


def test_what_is_not_read_is_undecided(monkeypatch: pytest.MonkeyPatch) -> None:
    few_values(monkeypatch, 100)
    found = verdicts(operation_rules({"items": ENUM}), items(200))
    for name in ("strict json", "unique names", "/* enum", "/ schema"):
        assert (found[name].outcome, found[name].defect) == (Outcome.UNDECIDED, "")
        assert found[name].why.startswith("the body holds more than")


BEHIND: list[tuple[str, bytes, Outcome, Outcome]] = [
    ("valid", b'["active"]', Outcome.HOLDS, Outcome.HOLDS),
    ("valid, and longer than the bound", items(300, '"active"'), Outcome.HOLDS, Outcome.HOLDS),
    ("broken before the bound", items(300), Outcome.VIOLATED, Outcome.UNDECIDED),
    ("broken behind it", items(300, '"active"')[:-1] + b', "no"]', Outcome.UNDECIDED, Outcome.VIOLATED),
]


@pytest.mark.parametrize(("name", "body", "enum", "whole"), BEHIND, ids=[name for name, *_ in BEHIND])
def test_what_is_behind_the_bound_holds_nothing(
    name: str, body: bytes, enum: Outcome, whole: Outcome, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(JUDGE, "MAX_WALKED", 100)
    found = verdicts(operation_rules({"items": ENUM}), body)
    assert (found["/* enum"].outcome, found["/ schema"].outcome) == (enum, whole)


def test_answers_share_the_bound_on_values(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(JUDGE, "MAX_WALKED", 100)
    rules = operation_rules({"items": ENUM})
    judgements = judged(rules, *[items(60)] * 9)
    assert sum(len(judgement.findings) for judgement in judgements) < 100 + 9
    assert [judgement.left < 0 for judgement in judgements] == [False, *[True] * 8]


# --- and what is told of it ---


def told(spec: Spec, whole: bytes) -> tuple[State, str]:
    """A run against a service that has one answer, and its report.json."""
    with serving(Things(instead=lambda number: whole)) as url:
        path = Path.cwd() / "run.jsonl"
        inputs = Inputs(spec, Target(url, Secret("canary-7f3a+b/9x")), givens=Givens({"id": ("a1",)}))
        state = State(inputs, Ledger(path), Budget(examples=1))
        for operation in spec.operations:
            asked(state, operation)
        moment = "2026-11-24T05:00:00.000+00:00"
        report = replace(concluded(state, finished=moment), started=moment)
        state.told = report.run.told
        return state, json_text(to_json(report.run))


def test_report_of_an_operation_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    names = [f"field_{number}" for number in range(300)]
    spec = spec_from(document({"properties": dict.fromkeys(names, ENUM), **DEEP}))
    body = json.dumps(dict.fromkeys(names, "é" * 30) | {"z": "\x01" * 20_000}, ensure_ascii=False).encode()
    fields = [f"X-{number}: {'é' * 900}" for number in range(80)]
    state, text = told(spec, answer(200, body, "Content-Type: application/json", *fields))
    assert state.told is not None
    assert len(state.told.violated) >= 300
    assert MAX_EVIDENCE < len(text.encode()) < 20_000_000
    assert "fields, for which the report has no room" in text
    assert len(page(state.told).encode()) < 20_000_000
    assert len("\n".join(run_markdown(state.told))) < 65_536
    found = state.asked[OPERATION].verdicts
    properties = [item_properties(state, [found[name]]) for name in state.items.operations]
    assert sum(len(value) for own in properties for _, value in own) < 20_000_000


def test_evidence_that_fits_is_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    body = json.dumps({"a": "no", "b": "x" * 5000}).encode()
    _, text = told(
        spec_from(document({"properties": {"a": ENUM}})), answer(200, body, "Content-Type: application/json")
    )
    assert json.dumps(body.decode())[1:-1] in text
    assert "for which the report has no room" not in text


def test_found_more_counts_what_is_not_told_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(JUDGE, "MAX_FOUND", 10**9)
    whole = answer(200, items(JUDGE.MAX_FINDINGS + 70), "Content-Type: application/json")
    _, text = told(spec_from(document({"items": ENUM})), whole)
    (verdict,) = [one for one in json.loads(text)["verdicts"] if one["rule"].endswith("/* enum")]
    assert len(verdict["found"]) == 20
    assert verdict["found_more"] == JUDGE.MAX_FINDINGS - 20 + 70 * verdict["violations"]


def test_statuses_of_a_list_of_sessions_are_bounded() -> None:
    page_of = json.dumps({"items": [{"session_id": f"s{n}", "status": f"status {n}"} for n in range(5000)]})

    def send(request: Request) -> Exchange:
        return Exchange(0, Probe("", request), Response(200, JSON, page_of.encode()))

    listed = list_sessions(send, seed=0)
    assert (len(listed.found), listed.found[OTHERS]) == (MAX_STATUSES + 1, 5000 - MAX_STATUSES)
    assert len(listed.picked) == MAX_STATUSES + 3


def test_a_list_of_too_many_values_is_no_list(monkeypatch: pytest.MonkeyPatch) -> None:
    few_values(monkeypatch, 100)
    body = b'{"items": [' + b"{}," * 200 + b"{}]}"
    listed = list_sessions(lambda request: Exchange(0, Probe("", request), Response(200, JSON, body)), seed=0)
    assert (listed.found, listed.problem) == ({}, "GET /sessions: the answer is no page of sessions")


def test_changes_of_a_published_document_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("contracts.report.diff.MAX_CHANGES", 3)
    ours = document(True)
    for number in range(9):
        ours["paths"][f"/gone/{number}"] = {"get": {"responses": {"200": {"description": ""}}}}
    for name, value in {"ours": ours, "theirs": document(True)}.items():
        (tmp_path / f"{name}.json").write_text(json.dumps(value))
    terms = Terms(ChangePolicy(), Reading(), None, date(2026, 1, 6))
    diff = compare(str(tmp_path / "ours.json"), str(tmp_path / "theirs.json"), terms)
    breaking = [one for one in diff.ordered if one.change.effect is Effect.BREAKING]
    drift = drift_of(diff, "contracts drift")
    assert (len(breaking), len(drift.changes), drift.changes[-1]) == (9, 4, "… and 6 more")


@pytest.mark.parametrize(("before", "asked"), [(0, 5), (MOST_IN_ALL - MOST_KEPT, 5), (MOST_IN_ALL, 1)])
def test_bodies_of_a_run_are_kept_up_to_a_bound(before: int, asked: int) -> None:
    probe = Probe(OPERATION, Request("GET", "/things/1"))
    exchanges = [Exchange(number, probe, Response(200, JSON, b"{}")) for number in range(5)]
    events = list(until_stop(exchanges, before))
    assert [type(event) for event in events].count(Exchange) == asked
    assert any(isinstance(event, Stop) for event in events) is (asked == 1)


def test_the_tables_are_as_large_as_they_say() -> None:
    for make in LARGE.values():
        assert 10_000 < len(make(10_000)) < 25_000
    assert not re.search(r"\s", LARGE["nulls"](1000).decode())


@pytest.mark.parametrize(("more", "decoded"), [(0, 1), (40_000, 3)], ids=["small", "large"])
def test_decoded_bodies_are_held_only_while_they_are_small(
    more: int, decoded: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = list[int]()

    def counted(body: bytes) -> Any:
        seen.append(len(body))
        return decode(body)

    monkeypatch.setattr("contracts.rules.rule.decode", counted)
    spec = load_spec("spec/notte.yaml")
    rules = rules_for(spec, extra=prose_rules(spec)).operations[SESSION]
    body, probe = json.dumps(session(x="x" * more)).encode(), Probe(SESSION, Request("GET", "/sessions/a1"))
    judge_all(rules, [Exchange(number, probe, Response(200, JSON, body)) for number in range(2)])
    assert len(seen) == decoded


LOOKING = {"type": "string", "pattern": "^(?!a)b$"}
AGAIN = {"$ref": "#/components/schemas/T"}
UNIONS: dict[str, list[dict[str, Any]]] = {
    "branches alike": [{"type": "object", "properties": {"n": AGAIN}}] * 2,
    "branches with names": [{"type": "object", "required": [name], "properties": {"n": AGAIN}} for name in "xyz"],
}
NAMES = {"type": "object", "propertyNames": {"pattern": "^x"}}
NESTED = b'{"n":' * 40 + b"1" + b"}" * 40
MEMBERS = b"{" + b",".join(b'"a%d":1' % number for number in range(5_000)) + b"}"
HEAVY: list[tuple[str, dict[str, Any], bytes]] = [
    *((name, {"anyOf": branches}, NESTED) for name, branches in UNIONS.items()),
    *(
        (f"{name}, with a pattern that looks around", {"anyOf": [*branches, LOOKING]}, NESTED)
        for name, branches in UNIONS.items()
    ),
    ("names of members", NAMES, MEMBERS),
]


@pytest.mark.parametrize(("schema", "body"), [case[1:] for case in HEAVY], ids=[case[0] for case in HEAVY])
def test_why_a_value_is_refused_is_found_in_bounds(
    schema: dict[str, Any], body: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its errors are more than anybody could wait for: it is violated, or undecided where patterns look around."""
    allowance = Allowance(1, lambda: sum(os.times()[2:4]), question=0.05)
    monkeypatch.setattr("contracts.schemas.validation._APART", allowance)
    content = {"application/json": {"schema": AGAIN}}
    paths = {"/t": {"get": {"responses": {"200": {"description": "ok", "content": content}}}}}
    about = {"openapi": "3.1.0", "info": {"title": "t", "version": "1"}, "components": {"schemas": {"T": schema}}}
    rules = rules_for(spec_from({**about, "paths": paths})).operations["GET /t"]
    sent = Probe("GET /t", Request("GET", "/t"), source="fuzz")
    judgement = judge(rules, Exchange(0, sent, Response(200, JSON, body)))
    assert bool(judgement.findings) is not bool(judgement.undecided)
