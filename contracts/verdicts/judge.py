"""An exchange and the rules of its operation: what held, what broke, what can't be told."""

from collections import defaultdict
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from heapq import nsmallest
from itertools import repeat
from typing import Any

from contracts.document import join_pointer
from contracts.messages import Credential, Exchange, Probe, Request, Response, is_unavailable
from contracts.rules import Answer, OperationRules, Rule
from contracts.rules.histories import unconditional
from contracts.rules.lists import AGAIN, FIRST, NEXT
from contracts.rules.plan import Leaf, Place, Plan
from contracts.rules.responses import broken_framing, early_answer, is_early
from contracts.rules.rule import MAX_HELD, member_text, shown
from contracts.schemas.contents import Found
from contracts.schemas.json_text import TooManyError, decode
from contracts.schemas.locations import json_type
from contracts.schemas.validation import Beyond, reason
from contracts.text import MAX_TEXT, cut, few
from contracts.verdicts.judgement import MAX_FINDINGS, MAX_WALKED, Judgement, Seen

MAX_MEANWHILE = 64 * 1024  # bytes of a body that is judged while the next answer is awaited
MAX_FOUND = 20_000  # of the answers that are judged together
OTHERS = "… others"  # what is counted of values that are not told apart
MAX_SEEN = 50  # different values that are told apart in what was seen at an enum
MAX_NAMES = 5  # undocumented properties of an object that are named
MAX_MEMBER = 200  # characters that are kept of such a value, unless the document has it

TOLD = ("additional properties", "union")  # kinds of rules of which a value alone shows little

At = tuple[Any, ...]  # a place in a body: where what holds it is, and its name or index; or nothing


def judge(rules: OperationRules, exchange: Exchange) -> Judgement:
    """Judge one exchange by every rule that applies to it. Never raises for what a service sent."""
    return judge_all(rules, [exchange])[0]


def judge_all(
    rules: OperationRules, exchanges: Sequence[Exchange], begun: "Judging | None" = None
) -> list[Judgement]:
    """Judge the exchanges of one operation in turn: each by itself, then with the one before it.

    The first of them may have been judged while the others were asked: these are not judged again.
    """
    judging = begun or Judging(rules)
    for exchange in exchanges[len(judging.judged) :]:
        judging.judge_next(exchange)
    return judging.judged


@dataclass(slots=True, repr=False)
class Judging:
    """The exchanges of one operation, of which each is judged as soon as it is given."""

    rules: OperationRules
    judged: list[Judgement] = field(default_factory=list)
    _before: "_Before" = field(default_factory=lambda: _Before())
    _findings: int = field(default_factory=lambda: MAX_FOUND)  # that are left, and values
    _values: int = field(default_factory=lambda: MAX_WALKED)

    def judge_next(self, exchange: Exchange) -> None:
        """Never raises for what a service sent."""
        most = min(MAX_FINDINGS, self._findings)
        judgement = Judgement(exchange, most=most, left=self._values)
        try:
            _judge_next(self.rules, judgement, self._before)
        except Exception as error:  # a mistake beside the rules leaves this exchange unjudged alone
            judgement.leave(self.rules.rules, error)
        self._findings = max(self._findings - len(judgement.findings), 0)
        self._values = judgement.left
        self.judged.append(judgement)

    def keep_up(self, exchanges: Sequence[Exchange]) -> None:
        """Judge the first that is not, unless its answer is so large that it may take long."""
        for exchange in exchanges[len(self.judged) : len(self.judged) + 1]:
            if exchange.response is None or len(exchange.response.body) <= MAX_MEANWHILE:
                self.judge_next(exchange)


@dataclass(slots=True)
class _Before:
    """What the answers before one were, and what was made of them."""

    answers: dict[Request, Answer] = field(default_factory=dict)
    pages: list[tuple[Answer, Judgement]] = field(default_factory=list)  # of a list, in a row
    refused: dict[str, frozenset[str]] = field(default_factory=lambda: defaultdict(frozenset))
    read: dict[bytes, Any] = field(default_factory=dict)
    # Of bodies in which nothing is wrong, by plan and type: most answers say what others said.
    parts: dict[tuple[Plan, str | None, bytes], Seen] = field(default_factory=dict)


def _judge_next(rules: OperationRules, judgement: Judgement, before: _Before) -> None:
    exchange, failure = judgement.exchange, judgement.exchange.failure
    if failure is not None and (broken := broken_framing(failure)):
        judgement.find(rules.framing[broken], failure.detail)
    if exchange.response is None:
        return
    probe, request, response = exchange.probe, exchange.probe.request, exchange.response
    refused = before.refused[request.path]  # methods
    answer = Answer(exchange, rules.operation, response, refused, read=before.read)
    if response.status == 405:
        before.refused[request.path] |= {request.method}
    judgement.is_early = is_early(answer)
    _judge_answer(rules, answer, judgement, before)
    if judgement.excused and rules.edge is not None:
        judgement.find(rules.edge, early_answer(answer))
    if probe.source == "client":  # one of many, and much may happen in between
        return
    if probe.credential is Credential.RIGHT and not probe.schemes:
        _judge_with(before.answers, rules, answer, judgement)
        if probe.source == "read":
            _judge_page(before.pages, rules, answer, judgement)
        if len(response.body) > MAX_HELD:  # decoded, it may take ten times as much
            answer = Answer(exchange, rules.operation, response)
        before.answers[request] = answer


def _judge_with(
    earlier: Mapping[Request, Answer], rules: OperationRules, answer: Answer, judgement: Judgement
) -> None:
    """Judge an answer by what an earlier one says of it."""
    probe, request = answer.exchange.probe, answer.exchange.probe.request
    if same := earlier.get(request):
        judgement.apply(rules.histories, same, answer)
    if request.method == "HEAD" and (get := earlier.get(replace(request, method="GET"))):
        judgement.apply(rules.heads, get, answer)
    if probe.source == "read":
        judgement.apply(rules.reads, answer)
        if get := earlier.get(unconditional(request)):
            judgement.apply(rules.conditions, get, answer)


def _judge_page(
    pages: list[tuple[Answer, Judgement]],
    rules: OperationRules,
    answer: Answer,
    judgement: Judgement,
) -> None:
    """Judge the pages of a list, once the first has come again; what is seen is of the last."""
    note = answer.exchange.probe.note
    if note == FIRST:
        pages.clear()
    if note == FIRST or (note == NEXT and pages):  # alone, it is the evidence of another run
        pages.append((answer, judgement))
    elif note == AGAIN and pages:
        pages[-1][1].apply(rules.walks, *(page for page, _ in pages), answer)


def _judge_answer(
    rules: OperationRules, answer: Answer, judgement: Judgement, before: _Before
) -> None:
    documented, probe = answer.documented, answer.exchange.probe
    for rule in rules.framing.values():
        judgement.exercised.add(rule.id)
    judgement.apply(rules.wire, answer)
    if probe.source == "method":
        judgement.apply(rules.unlisted, answer)
        return
    if is_unavailable(answer.exchange) and documented is None:
        return
    judgement.apply(rules.general, answer)
    if row := rules.requests.get(probe.claim.breaks):
        judgement.apply([row], answer)
    if documented is None or rules.is_anothers(answer):
        return
    judgement.apply(rules.by_response[documented.status], answer)
    for plan in rules.plans_of(answer):
        try:
            _judge_plan(plan, answer, judgement, before)
        except Exception as error:
            judgement.leave(plan.rules, error)


def _judge_plan(plan: Plan, answer: Answer, judgement: Judgement, before: _Before) -> None:
    """Judge a header or body; a body in which nothing was wrong before, by what was seen then."""
    response, had = answer.response, judgement.outcomes
    key = plan, answer.content_type, response.body
    same = before.parts.get(key)
    if same is not None and same.walked <= judgement.left:
        judgement.left -= same.walked
        judgement.take(same)
        return
    part = _judge_part(plan, plan.read(answer), judgement)
    is_body = not plan.within and len(response.body) <= MAX_HELD
    if is_body and not judgement.is_early and judgement.outcomes == had:
        before.parts[key] = part


def _judge_part(plan: Plan, found: Found, judgement: Judgement) -> Seen:
    """Judge what was read of a body or header by all that its schema says."""
    part = Seen()
    try:
        for index, readings in enumerate(found.values):
            at = ((), index) if plan.each else ()
            _Walk(judgement, part, plan.within).any_of(plan, readings, at)
    finally:
        judgement.take(part)
    return part


def judge_body(plan: Plan, value: Any) -> Judgement:
    """Judge a decoded body alone, as if a conforming response had carried it."""
    exchange = Exchange(0, Probe(plan.body.operation.key, Request("GET", "/")), Response(200))
    judgement = Judgement(exchange)
    _judge_part(plan, Found([[value]]), judgement)
    return judgement


@dataclass(slots=True)
class _Walk:
    """One walk through one value. `valid` spares the checks that the validator has answered."""

    judgement: Judgement
    part: Seen
    within: str = ""  # the header that it is in
    valid: bool = False
    beyond: str = ""  # why patterns that look around are not tried at all
    explains: bool = False  # a rule of a place was broken

    def any_of(self, plan: Plan, readings: Sequence[Any], at: At = ()) -> None:
        """Judge the reading that the validator admits, else the first."""
        verdict, value, check = plan.verdict, readings[0], plan.verdict.check
        try:
            for reading in readings:
                if check is not None and check(reading):
                    self.valid, value = True, reading
                    break
        except Beyond as error:
            self.beyond = str(error)
        try:
            self.place(plan.root, value, at)
        except RecursionError:
            pass  # what is nested so deeply, the verdict on the whole is about
        except TooManyError as error:
            if not self.valid:  # what is behind the bound may break any of them
                self.judgement.leave(plan.rules, error)
        if verdict.check is None or self.beyond:
            self._undecided(verdict, verdict.why or self.beyond)
        elif self.valid:
            self.part.exercised.add(verdict.rule.id)
        elif self.explains:
            self.judgement.explained.add(verdict.rule.id)  # one cause, one failure
        else:
            self._unexplained(plan, value, at)

    def _unexplained(self, plan: Plan, value: Any, at: At) -> None:
        why = f"the validator refuses the {self.within or 'body'}"
        if found := reason(plan.verdict.compiled, value, plan.schema.document):
            for segment in found.at:
                at = (at, segment)
            why = f"{why} at {_pointer(at) or '/'} by {found}"
        self._find(plan.verdict.rule, at, why)

    def place(self, place: Place, value: Any, at: At) -> None:
        self._count_down(1)
        kind = json_type(value)
        if not self._admits(place, value, kind, at):
            return
        self._leaves(place, value, kind, at)
        if place.content is not None and kind == "string":
            held = decode(value.encode("utf-8", "surrogatepass"))
            if held.problem is None:
                _Walk(self.judgement, self.part, self.within).any_of(
                    place.content, [held.value], at
                )
        if kind == "object":
            self._object(place, value, at)
        elif kind == "array":
            for index, item in enumerate(value):
                child = place.prefix[index] if index < len(place.prefix) else place.items
                if child is not None:
                    self.place(child, item, (at, index))
        for union, places in place.branches:
            if (branch := union.select(value)) is not None:
                self.place(places[branch], value, at)

    def _count_down(self, values: int) -> None:
        self.part.walked += values
        self.judgement.left -= values
        if self.judgement.left < 0:
            raise TooManyError("the answers of the operation hold", MAX_WALKED)

    def _admits(self, place: Place, value: Any, kind: str, at: At) -> bool:
        if rule := place.nullability:
            if value is None:
                self._find(rule, at, "null")
                return False
            self.part.exercised.add(rule.id)
        if rule := place.type:
            self.part.seen[rule.id]["null" if value is None else "value"] += 1
            if kind not in place.types:
                self._find(rule, at, f", of type {kind}", value)
                return False
            self.part.exercised.add(rule.id)
        return True

    def _leaves(self, place: Place, value: Any, kind: str, at: At) -> None:
        for leaf in place.leaves_of[kind]:
            is_known = self.valid and not leaf.is_ours  # then it need not be compiled
            if not is_known and (leaf.check is None or (leaf.is_bounded and self.beyond)):
                self._undecided(leaf, leaf.why or self.beyond)
                continue
            if leaf.rule.kind in ("enum", "const"):
                self._count(leaf, value)
            try:
                holds = is_known or (leaf.check is not None and leaf.check(value))
            except Beyond as error:
                self.beyond = str(error)
                self._undecided(leaf, self.beyond)
                continue
            if not holds:
                told = leaf.rule.kind in TOLD and reason(leaf.compiled, value, None)
                self._find(leaf.rule, at, f", {told.said}" if told else "", value)
                return
            self.part.exercised.add(leaf.rule.id)

    def _object(self, place: Place, value: dict[str, Any], at: At) -> None:
        properties = place.properties
        self._names(place, value, at)
        if place.undocumented is not None:
            unknown = value.keys() - properties.keys() - {place.location.chosen_by}
            self._undocumented(place.undocumented, unknown, at)
        for name, child in properties.items():
            if name in value:
                self.place(child, value[name], (at, name))
            elif child.type:
                self.part.seen[child.type.id]["absent"] += 1
        if (self.beyond and place.patterns) or not (place.patterns or place.additional):
            return
        self._count_down(len(value) * bool(place.patterns))
        for name in value:  # in the body's order: the same answer always gives the same evidence
            if name not in properties and (extra := place.undeclared(name)) is not None:
                self.place(extra, value[name], (at, name))

    def _names(self, place: Place, value: dict[str, Any], at: At) -> None:
        """The names that must be there, and those that must not."""
        for name, rule in place.required.items():
            if name in value:
                self.part.exercised.add(rule.id)
            else:
                self._find(rule, at, f"no property {name}")
        for name, rule in place.write_only.items():
            if name in value:  # whatever it is: it may be a secret
                self._find(rule, (at, name), "in an answer, and writeOnly in the document")
            else:
                self.part.exercised.add(rule.id)
        for name, (rule, misnamed) in place.discriminators.items():
            self.judgement.note(rule, misnamed(value), _pointer((at, name)))

    def _undocumented(self, rule: Rule, unknown: Set[str], at: At) -> None:
        """Names that nothing declares: the first of them, and where they stand."""
        if not unknown:
            self.part.exercised.add(rule.id)
        elif self.judgement.keeps(rule):
            first = nsmallest(MAX_NAMES, unknown)
            texts = [*map(shown, first), *repeat("", len(unknown) - len(first))]
            where = f" in {_pointer(at) or '/'}"
            self.judgement.find(rule, few(texts, MAX_NAMES, "of them") + where)

    def _count(self, leaf: Leaf, value: Any) -> None:
        seen, text = self.part.seen[leaf.rule.id], member_text(value)
        if text not in leaf.members:
            text = cut(text, MAX_MEMBER)
            if text not in seen and len(seen) >= MAX_SEEN:
                text = OTHERS
        seen[text] += 1

    def _find(self, rule: Rule, at: At, said: str, *values: Any) -> None:
        self.explains = True
        if self.judgement.keeps(rule):
            seen = "".join([*map(shown, values), said])
            self.judgement.find(rule, seen, f"{self.within}{_pointer(at)}" or "/")

    def _undecided(self, leaf: Leaf, why: str) -> None:
        self.judgement.undecided.setdefault(leaf.rule.id, cut(why))


def _pointer(at: At) -> str:
    """The pointer to a place, as far as one is kept: names may be long."""
    segments = list[str | int]()
    while at:
        at, segment = at
        segments.append(segment if isinstance(segment, int) else segment[: MAX_TEXT + 1])
    return join_pointer("", *segments[::-1])
