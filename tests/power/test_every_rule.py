"""Every rule of the document in use has faults that it catches, and is the one that catches them.

A conforming answer is drawn, broken in exactly one respect, and judged: the rule must be reported, and nothing else but
what the family says it can't help breaking. `/ schema` must be reported where no finer rule sees anything.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contracts.document.model import concrete_status
from contracts.document.serialisation import fill_path, parameter_names
from contracts.exchanges import Secret
from contracts.exchanges.credential import with_credential
from contracts.messages import Exchange, Probe, Request, Response
from contracts.mock import CREDENTIAL, MockService
from contracts.mock.bodies import sample_values
from contracts.notte.prose import DATE, plausible
from contracts.rules import OperationRules, Rule, RuleBook
from contracts.rules.plan import Place, Plan
from contracts.testing.strategies import DrawnChoices
from contracts.verdicts import judge, judge_all, judge_body
from tests.payloads.test_random_schemas import schema_in
from tests.power.broken_values import Fault, Spot, faults, spots
from tests.power.exchange_faults import EXCHANGE_FAMILIES, PAIR_FAMILIES
from tests.power.fault_families import FAMILIES, Family
from tests.power.prose_faults import LATER_FAULTS, PROSE_FAULTS
from tests.power.strategies import payloads

Note = Callable[[str, object], None]

ANYTHING = schema_in({}, {})

few = settings(max_examples=4, deadline=None, database=None, suppress_health_check=list(HealthCheck))

BODY_KINDS = {family.kind for family in FAMILIES}
EXCHANGE_KINDS = {family.kind for family in EXCHANGE_FAMILIES}


class Score:
    """Faults tried and found for one rule."""

    def __init__(self) -> None:
        self.tried = self.found = 0

    def add(self, rule: Rule, reported: Iterable[str], allowed: set[str]) -> None:
        self.tried += 1
        assert rule.id in set(reported), f"not found; reported: {sorted(reported)}"
        assert set(reported) <= {rule.id} | allowed
        self.found += 1


def test_every_rule_catches_its_faults(rule: Rule, book: RuleBook, record_property: Note) -> None:
    score = Score()
    rules = book.operations[rule.operation]
    if rule.kind == "schema":
        faults_that_no_finer_rule_sees_are_found(rule, rules, score)
    elif rule.kind in BODY_KINDS and rule.place is not None:
        body_faults_are_found(rule, rules, score)
    elif rule.kind in PAIR_FAMILIES:
        pair_faults_are_found(rule, rules, book, score)
    elif rule.kind == "prose":
        prose_faults_are_found(rule, rules, score)
    else:
        exchange_faults_are_found(rule, rules, book, score)
    record_property("power", f"{rule.kind};{score.tried};{score.found}")
    assert score.found, f"no fault that {rule.id} catches"


def plan_of(rule: Rule, rules: OperationRules) -> Plan:
    return next(plan for plan in rules.plans.values() if any(rule.id == other.id for other in plan.rules))


def body_faults_are_found(rule: Rule, rules: OperationRules, score: Score) -> None:
    plan = plan_of(rule, rules)
    here = [spot for spot in spots(plan.root.location) if (spot.location.place or "/") == rule.place]
    name = rule.id.partition(f" {rule.place} {rule.kind}")[2].strip()
    families = [family for family in FAMILIES if family.kind == rule.kind]

    @few
    @given(data=st.data())
    def found(data: st.DataObject) -> None:
        for spot, family in ((spot, family) for spot in here for family in families):
            for fault in drawn_faults(plan, spot, family, data):
                if fault.name == name:
                    reported = [finding.rule for finding in judge_body(plan, fault.payload).findings]
                    score.add(rule, reported, set())

    found()


def drawn_faults(plan: Plan, spot: Spot, family: Family, data: st.DataObject) -> Iterator[Fault]:
    allowed = payloads(plan.schema)
    yield from faults(plan.schema, spot, family, lambda: data.draw(allowed), data.draw(drawn_choices()))


@st.composite
def drawn_choices(draw: st.DrawFn) -> DrawnChoices:
    return DrawnChoices(draw)


def faults_that_no_finer_rule_sees_are_found(rule: Rule, rules: OperationRules, score: Score) -> None:
    plan = plan_of(rule, rules)
    blind = Blind(plan.body, plan.schema)
    for value in (None, 0, "", [], {}, {"a": None}, [None], True, 1.5):
        if reported := [finding.rule for finding in judge_body(blind, value).findings]:
            score.add(rule, reported, set())


class Blind(Plan):
    """A plan that sees no place of a body, and so leaves all to the rule on the whole."""

    @property
    def root(self) -> Place:
        return Plan(self.body, ANYTHING).root


def exchange_faults_are_found(rule: Rule, rules: OperationRules, book: RuleBook, score: Score) -> None:
    good = conforming(rule, rules, book)
    assert judge(rules, good).findings == []
    kinds = {other.id: other.kind for other in rules.rules}
    for family in (family for family in EXCHANGE_FAMILIES if family.kind == rule.kind):
        for broken in family.break_it(rule, rules, good):
            reported = [finding.rule for finding in judge(rules, broken).findings]
            score.add(rule, reported, {identity for identity in reported if kinds[identity] in family.also})


def pair_faults_are_found(rule: Rule, rules: OperationRules, book: RuleBook, score: Score) -> None:
    answers = answers_of_the_mock(rule, rules, book)
    good = next(exchange for exchange in answers if exchange.response and exchange.response.status == 200)
    assert [finding for judgement in judge_all(rules, [good, good]) for finding in judgement.findings] == []
    for earlier, later in PAIR_FAMILIES[rule.kind](rule, good):
        reported = [finding.rule for finding in judge_all(rules, [earlier, later])[1].findings]
        kinds = {other.id: other.kind for other in rules.rules}
        may = {"unlisted method", "head answer", "undocumented properties", "media type documented"}
        score.add(rule, reported, {identity for identity in reported if kinds[identity] in may})


def conforming(rule: Rule, rules: OperationRules, book: RuleBook) -> Exchange:
    """An answer of the mock that exercises the rule, or else the plainest with the status that the rule is about."""
    made = list(answers_of_the_mock(rule, rules, book))
    name = (rule.place or "/").removeprefix("/")
    shown = [e for e in made if name and e.response and f'"{name}":'.encode() in e.response.body]
    return next((e for e in made if rule.id in judge(rules, e).exercised), [*shown, *made][0])


def answers_of_the_mock(rule: Rule, rules: OperationRules, book: RuleBook) -> Iterator[Exchange]:
    operation, mock = rules.operation, MockService(book.spec, refine=plausible, clock=DATE)
    known = sample_values(book.spec)
    path = fill_path(operation.path, {name: known[name][0] for name in parameter_names(operation.path)})
    wanted = rule.status or operation.responses[0].status
    code = next(concrete_status(operation, r) for r in operation.responses if r.status == wanted)
    for example in range(12):
        request = Request(operation.method, path, (("Prefer", f"code={code}, example={example}"),))
        secrets = {book.spec.variable: Secret(CREDENTIAL)}
        sent = with_credential(Probe(operation.key, request), book.spec, secrets)
        response = mock.answer(sent)
        source = "status" if response.status >= 400 else "fuzz"
        yield Exchange(0, Probe(operation.key, Request(operation.method, path), source=source), response)


def prose_faults_are_found(rule: Rule, rules: OperationRules, score: Score) -> None:
    name = f"{rule.place} {rule.id.partition(' prose ')[2]}"
    prose = {other.id for other in rules.rules if other.kind in ("prose", "identity")}
    for kept, broken in PROSE_FAULTS.get(name, ()):
        assert rule.id not in findings(rules, [kept])
        score.add(rule, findings(rules, [broken]), prose)
    for earlier, later in LATER_FAULTS.get(name, ()):
        assert findings(rules, [earlier, earlier]) == []
        score.add(rule, findings(rules, [earlier, later]), prose)


def findings(rules: OperationRules, bodies: list[dict[str, object]]) -> list[str]:
    judged = judge_all(rules, [session_answer(rules, body) for body in bodies])
    return [finding.rule for judgement in judged for finding in judgement.findings]


def session_answer(rules: OperationRules, body: dict[str, object]) -> Exchange:
    headers = (("Content-Type", "application/json"), ("Date", DATE))
    response = Response(200, headers, json.dumps(body).encode())
    return Exchange(0, Probe(rules.operation.key, Request("GET", "/sessions/a")), response)
