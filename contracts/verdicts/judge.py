"""An exchange and the rules of its operation: what held, what broke, what can't be told."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from contracts.document import join_pointer
from contracts.errors import defect
from contracts.messages import Credential, Exchange, Probe, Request, Response, is_unavailable
from contracts.rules import Answer, ExchangeRule, Finding, OperationRules, Rule, Severity
from contracts.rules.plan import Leaf, Place, Plan
from contracts.rules.responses import broken_framing, early_answer, is_early
from contracts.rules.rule import member_text, shown
from contracts.schemas.json_text import MAX_VALUES, TooManyError
from contracts.schemas.locations import json_type
from contracts.schemas.validation import Beyond
from contracts.text import MAX_TEXT, cut, few

MAX_FINDINGS = 1_000  # of a body; of each rule that it breaks more often, the first is kept
MAX_FOUND = 20_000  # of the answers that are judged together
MAX_HELD = 32_768  # bytes of a body that is not decoded anew for the answer after it
OTHERS = "… others"  # what is counted of values that are not told apart
MAX_SEEN = 50  # different values that are told apart in what was seen at an enum
MAX_NAMES = 5  # undocumented properties of an object that are named
MAX_MEMBER = 200  # characters that are kept of such a value, unless the document has it


@dataclass(slots=True)
class Judgement:
    """What one exchange says about rules, by id: exercised, broken, not decided."""

    exchange: Exchange
    is_early: bool = False  # given before the service, maybe: no violation is found in it,
    excused: bool = False  # and this one broke some promise
    exercised: set[str] = field(default_factory=set)
    findings: list[Finding] = field(default_factory=list)
    # Of rules about a whole body: finer ones say all that there is to say.
    explained: set[str] = field(default_factory=set)
    undecided: dict[str, str] = field(default_factory=dict)  # and why
    defects: dict[str, str] = field(default_factory=dict)  # of the suite: where judging failed
    most: int = MAX_FINDINGS  # that are kept, beside the first of each rule;
    more: Counter[str] = field(default_factory=Counter)  # of others there are so many
    # How often which value: members of an enum; `null`, `value` and `absent` at a type rule.
    seen: dict[str, dict[str, int]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(int))
    )
    _broken: set[str] = field(default_factory=set)

    def apply(self, rows: Iterable[ExchangeRule], *answers: Answer) -> None:
        for row in rows:
            try:
                seen = row.check(*answers)
            except Exception as error:  # of whatever kind: the other rules are judged
                self.leave([row.rule], error)
            else:
                self.note(row.rule, seen)

    def leave(self, rules: Iterable[Rule], error: Exception) -> None:
        """Leave rules undecided, because of a bound of ours or of a mistake of ours."""
        why = str(error) if isinstance(error, TooManyError) else defect(error)
        for rule in rules:
            self.undecided.setdefault(rule.id, why)
            if not isinstance(error, TooManyError):
                self.defects.setdefault(rule.id, why)

    def note(self, rule: Rule, seen: str | None) -> None:
        """Take down what a check gave: a finding, that the rule was kept, or nothing."""
        if seen:
            self.find(rule, seen)
        elif seen is not None:
            self.exercised.add(rule.id)

    def find(self, rule: Rule, seen: str, instance: str | None = None) -> None:
        excusable = rule.severity is Severity.VIOLATION and rule.kind != "credential kept"
        if self.is_early and excusable:  # whoever answers must not give the credential away
            self.excused = True
            return
        self.exercised.add(rule.id)
        if len(self.findings) >= self.most and rule.id in self._broken:
            self.more[rule.id] += 1
            return
        self._broken.add(rule.id)
        self.findings.append(Finding(rule.id, cut(seen), instance and cut(instance)))


def judge(rules: OperationRules, exchange: Exchange) -> Judgement:
    """Judge one exchange by every rule that applies to it. Never raises for what a service sent."""
    return judge_all(rules, [exchange])[0]


def judge_all(rules: OperationRules, exchanges: Sequence[Exchange]) -> list[Judgement]:
    """Judge the exchanges of one operation in turn: each by itself, then with the one before it."""
    judged = [Judgement(exchange) for exchange in exchanges]
    earlier: dict[Request, Answer] = {}
    refused: dict[str, frozenset[str]] = defaultdict(frozenset)  # methods by path
    left = MAX_FOUND
    for judgement in judged:
        judgement.most = min(MAX_FINDINGS, left)
        try:
            _judge_next(rules, judgement, earlier, refused)
        except Exception as error:  # a mistake beside the rules leaves this exchange unjudged alone
            judgement.leave(rules.rules, error)
        left = max(left - len(judgement.findings), 0)
    return judged


def _judge_next(
    rules: OperationRules,
    judgement: Judgement,
    earlier: dict[Request, Answer],
    refused: dict[str, frozenset[str]],
) -> None:
    exchange, failure = judgement.exchange, judgement.exchange.failure
    if failure is not None and (broken := broken_framing(failure)):
        judgement.find(rules.framing[broken], failure.detail)
    if exchange.response is None:
        return
    request, response = exchange.probe.request, exchange.response
    answer = Answer(exchange, rules.operation, response, refused[request.path])
    if response.status == 405:
        refused[request.path] |= {request.method}
    judgement.is_early = is_early(answer)
    _judge_answer(rules, answer, judgement)
    if judgement.excused and rules.edge is not None:
        judgement.find(rules.edge, early_answer(answer))
    if rules.histories and exchange.probe.credential is Credential.RIGHT:
        if before := earlier.get(request):
            judgement.apply(rules.histories, before, answer)
        if len(response.body) > MAX_HELD:  # decoded, it may take ten times as much
            answer = Answer(exchange, rules.operation, response)
        earlier[request] = answer


def _judge_answer(rules: OperationRules, answer: Answer, judgement: Judgement) -> None:
    documented, probe = answer.documented, answer.exchange.probe
    judgement.exercised.update(rule.id for rule in rules.framing.values())
    judgement.apply(rules.wire, answer)
    if probe.source == "method":
        judgement.apply(rules.unlisted, answer)
        return
    if is_unavailable(answer.exchange) and documented is None:
        return
    judgement.apply(rules.general, answer)
    if documented is None or rules.is_anothers(answer):
        return
    judgement.apply(rules.by_response[documented.status], answer)
    plan = answer.media and rules.plans.get((documented.status, answer.media.name))
    if not (plan and answer.is_json and probe.request.method != "HEAD"):
        return
    try:
        if answer.decoded.problem is None:
            _Walk(judgement).body(plan, answer.decoded.value)
    except Exception as error:
        judgement.leave(plan.rules, error)


def judge_body(plan: Plan, value: Any) -> Judgement:
    """Judge a decoded body alone, as if a conforming response had carried it."""
    exchange = Exchange(0, Probe(plan.body.operation.key, Request("GET", "/")), Response(200))
    judgement = Judgement(exchange)
    _Walk(judgement).body(plan, value)
    return judgement


@dataclass(slots=True)
class _Walk:
    """One walk through one body. `valid` spares the checks that the validator has answered."""

    judgement: Judgement
    valid: bool = False
    left: int = MAX_VALUES  # that are judged in the body
    beyond: str = ""  # why patterns that look around are not tried at all

    def body(self, plan: Plan, value: Any) -> None:
        verdict = plan.verdict
        try:
            self.valid = verdict.check is not None and verdict.check(value)
        except Beyond as error:
            self.beyond = str(error)
        try:
            self.place(plan.root, value, "")
        except TooManyError as error:
            if not self.valid:  # what is behind the bound may break any of them
                self.judgement.leave(plan.rules, error)
        if verdict.check is None or self.beyond:
            self._undecided(verdict, verdict.why or self.beyond)
        elif self.valid:
            self.judgement.exercised.add(verdict.rule.id)
        elif any(finding.instance is not None for finding in self.judgement.findings):
            self.judgement.explained.add(verdict.rule.id)  # one cause, one failure
        else:
            why = "the validator refuses the body; no finer rule explains why"
            self._find(verdict.rule, why, "")

    def place(self, place: Place, value: Any, instance: str) -> None:
        self._count_down(1)
        kind = json_type(value)
        if not self._admits(place, value, kind, instance):
            return
        self._leaves(place, value, kind, instance)
        if kind == "object":
            self._object(place, value, instance)
        elif kind == "array":
            for index, item in enumerate(value):
                child = place.prefix[index] if index < len(place.prefix) else place.items
                if child is not None:
                    self.place(child, item, _below(instance, str(index)))
        for union, places in place.branches:
            if (branch := union.select(value)) is not None:
                self.place(places[branch], value, instance)

    def _count_down(self, values: int) -> None:
        self.left -= values
        if self.left < 0:
            raise TooManyError

    def _admits(self, place: Place, value: Any, kind: str, instance: str) -> bool:
        if rule := place.nullability:
            if value is None:
                self._find(rule, "null", instance)
                return False
            self.judgement.exercised.add(rule.id)
        if rule := place.type:
            self.judgement.seen[rule.id]["null" if value is None else "value"] += 1
            if kind not in place.types:
                self._find(rule, f"{shown(value)}, of type {kind}", instance)
                return False
            self.judgement.exercised.add(rule.id)
        return True

    def _leaves(self, place: Place, value: Any, kind: str, instance: str) -> None:
        for leaf in place.leaves_of[kind]:
            if leaf.check is None or (leaf.is_bounded and self.beyond):
                self._undecided(leaf, leaf.why or self.beyond)
                continue
            if leaf.rule.kind in ("enum", "const"):
                self._count(leaf, value)
            try:
                holds = self.valid or leaf.check(value)
            except Beyond as error:
                self.beyond = str(error)
                self._undecided(leaf, self.beyond)
                continue
            if not holds:
                self._find(leaf.rule, shown(value), instance)
                return
            self.judgement.exercised.add(leaf.rule.id)

    def _object(self, place: Place, value: dict[str, Any], instance: str) -> None:
        properties = place.properties
        for name, rule in place.required.items():
            if name in value:
                self.judgement.exercised.add(rule.id)
            else:
                self._find(rule, f"no property {name}", instance)
        if place.undocumented is not None:
            unknown = sorted(value.keys() - properties.keys() - {place.location.chosen_by})
            unknown[:MAX_NAMES] = map(shown, unknown[:MAX_NAMES])
            names = few(unknown, MAX_NAMES, "of them")
            self.judgement.note(place.undocumented, names and f"{names} in {instance or '/'}")
        for name, child in properties.items():
            if name in value:
                self.place(child, value[name], _below(instance, name))
            elif child.type:
                self.judgement.seen[child.type.id]["absent"] += 1
        if (self.beyond and place.patterns) or not (place.patterns or place.additional):
            return
        self._count_down(len(value))
        for name in value:  # in the body's order: the same answer always gives the same evidence
            if name not in properties and (extra := place.undeclared(name)) is not None:
                self.place(extra, value[name], _below(instance, name))

    def _count(self, leaf: Leaf, value: Any) -> None:
        seen, text = self.judgement.seen[leaf.rule.id], member_text(value)
        if text not in leaf.members:
            text = cut(text, MAX_MEMBER)
            if text not in seen and len(seen) >= MAX_SEEN:
                text = OTHERS
        seen[text] += 1

    def _find(self, rule: Rule, seen: str, instance: str) -> None:
        self.judgement.find(rule, seen, instance or "/")

    def _undecided(self, leaf: Leaf, why: str) -> None:
        self.judgement.undecided.setdefault(leaf.rule.id, cut(why))


def _below(instance: str, segment: str) -> str:
    """The pointer one step down, as far as one is kept: names may be long, and have many below."""
    if len(instance) > MAX_TEXT:
        return instance
    return join_pointer(instance, segment[: MAX_TEXT + 1])
