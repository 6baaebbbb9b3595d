"""A document to its rules: one checkable promise each, by operation, ready to be judged."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from itertools import chain

from contracts.document import Operation, Spec
from contracts.document.serialisation import match_path, rivals_of
from contracts.messages import MAX_SECONDS
from contracts.rules import access, headers, histories, lists, media, requests, responses
from contracts.rules.plan import Plan
from contracts.rules.rule import RULE_KINDS as RULE_KINDS
from contracts.rules.rule import Answer as Answer
from contracts.rules.rule import ExchangeRule as ExchangeRule
from contracts.rules.rule import Finding as Finding
from contracts.rules.rule import Rule as Rule
from contracts.rules.rule import Scope as Scope
from contracts.rules.rule import Severity as Severity
from contracts.rules.rule import broken as broken
from contracts.rules.states import state_rules


@dataclass(frozen=True, slots=True)
class Extra:
    """Rules from elsewhere than the document: of one domain, for instance."""

    on_answers: tuple[ExchangeRule, ...] = ()
    on_histories: tuple[ExchangeRule, ...] = ()


@dataclass(frozen=True, eq=False)
class OperationRules:
    """The rules of one operation."""

    spec: Spec
    operation: Operation
    max_seconds: float
    general: tuple[ExchangeRule, ...]  # for every answer to what the operation was asked
    wire: tuple[ExchangeRule, ...]  # for every answer, whatever the method
    unlisted: tuple[ExchangeRule, ...]  # for methods that the path does not list
    requests: Mapping[str, ExchangeRule]  # for what is forbidden, by what a claim calls it
    by_response: Mapping[str, tuple[ExchangeRule, ...]]  # by the documented status of an answer
    histories: tuple[ExchangeRule, ...]  # for two answers to the same request
    heads: tuple[ExchangeRule, ...]  # for an answer to GET, and one to HEAD for the same
    reads: tuple[ExchangeRule, ...]  # for an answer to what builds on others
    walks: tuple[ExchangeRule, ...]  # for the pages of a list, and the first of them again
    conditions: tuple[ExchangeRule, ...]  # for an answer, and one to the same on a condition
    framing: Mapping[str, Rule]  # by kind; only the lack of an answer breaks them
    states: tuple[Rule, ...]  # what lives of resources are held against
    plans: Mapping[tuple[str, str], Plan]  # of each documented body, by status and media type
    headers: Mapping[str, Sequence[Plan]]  # of each documented header, by status

    @cached_property
    def edge(self) -> Rule | None:
        """The rule that early answers break, and no other."""
        rules = (row.rule for row in self.general)
        return next((rule for rule in rules if rule.kind == "edge answer documented"), None)

    @cached_property
    def _rivals(self) -> tuple[Operation, ...]:
        return tuple(rivals_of(self.spec, self.operation))

    def is_anothers(self, answer: Answer) -> bool:
        """Whether the document does not tell which of two operations has given an answer."""
        if not self._rivals:
            return False
        path, status = answer.exchange.probe.request.path, answer.response.status
        matching = (one for one in self._rivals if match_path(one.path, path) is not None)
        return any(one.response(status) for one in matching)

    @cached_property
    def rules(self) -> tuple[Rule, ...]:
        """Every rule of the operation once, in the order of the document."""
        judging = (self.general, self.requests.values(), self.wire, self.unlisted)
        later = (self.histories, self.heads, self.reads, self.walks, self.conditions)
        found = [row.rule for row in chain(*judging, *self.by_response.values(), *later)]
        found += [*self.framing.values(), *self.states]
        for plan in (*self.plans.values(), *chain(*self.headers.values())):
            found += plan.rules
        return tuple({rule.id: rule for rule in found}.values())

    @cached_property
    def by_id(self) -> Mapping[str, Rule]:
        return {rule.id: rule for rule in self.rules}

    def plans_of(self, answer: Answer) -> Iterator[Plan]:
        """What the documented headers and the body of a documented answer promise."""
        if (documented := answer.documented) is not None:
            yield from self.headers[documented.status]
            if answer.media and (plan := self.plans.get((documented.status, answer.media.name))):
                yield plan


@dataclass(frozen=True, eq=False)
class RuleBook:
    """The rules of a document, by operation key."""

    spec: Spec
    operations: Mapping[str, OperationRules]

    @cached_property
    def rules(self) -> tuple[Rule, ...]:
        return tuple(rule for operation in self.operations.values() for rule in operation.rules)

    def each(self) -> Iterator[Rule]:
        """The rules, of which there may be very many, each kept no longer than it is looked at."""
        for key in self.operations:
            yield from self.operations[key].rules
            self.forget(key)

    def forget(self, key: str) -> None:
        """Let go of the rules of an operation; they are made anew where they are asked for."""
        if isinstance(self.operations, _ByOperation):
            self.operations.made.pop(key, None)


def rules_for(
    spec: Spec, *, max_seconds: float = MAX_SECONDS, extra: Extra | None = None
) -> RuleBook:
    """Every promise of the document, and what HTTP and `extra` add to it."""
    make = partial(_rules_of, spec, max_seconds, extra or Extra())
    return RuleBook(spec, _ByOperation(spec, make))


def answers_of(operation: Operation) -> Iterator[str]:
    """`Rule.answer` of all rules of an operation, each once; the rules are not made for it."""
    yield operation.key
    for response in operation.responses:
        rows = headers.header_rules(operation, response)
        if response.content or any(rows) or any(headers.header_plans(operation, response)):
            yield f"{operation.key} {response.status}"


class _ByOperation(Mapping[str, OperationRules]):
    """The rules of each operation, made when they are first asked for."""

    def __init__(self, spec: Spec, make: Callable[[str], OperationRules]) -> None:
        self._keys, self._make, self.made = spec.by_key, make, dict[str, OperationRules]()

    def __getitem__(self, key: str) -> OperationRules:
        if key not in self.made:
            self.made[key] = self._make(key)
        return self.made[key]

    def __contains__(self, key: object) -> bool:
        return key in self._keys

    def __iter__(self) -> Iterator[str]:
        return iter(self._keys)

    def __len__(self) -> int:
        return len(self._keys)


def _rules_of(spec: Spec, max_seconds: float, more: Extra, key: str) -> OperationRules:
    operation, unlisted = spec.by_key[key], tuple[ExchangeRule, ...]()
    if operation is spec.by_path[operation.path][0]:
        unlisted = tuple(requests.method_rules(spec, operation))
    by_response, plans = dict[str, tuple[ExchangeRule, ...]](), dict[tuple[str, str], Plan]()
    head = dict[str, Sequence[Plan]]()
    for response in operation.responses:
        head[response.status] = tuple(headers.header_plans(operation, response))
        by_response[response.status] = (
            *responses.response_rules(operation, response),
            *headers.header_rules(operation, response),
            *media.media_rules(operation, response),
            *access.identity_rules(spec, operation, response),
        )
        for name, plan in media.media_plans(operation, response):
            plans[response.status, name] = plan
    own = (row for row in more.on_answers if row.rule.operation == key)
    later = (row for row in more.on_histories if row.rule.operation == key)
    return OperationRules(
        spec,
        operation,
        max_seconds,
        general=(
            *responses.operation_rules(spec, operation),
            *access.access_rules(spec, operation),
            *requests.read_only_rules(operation),
            *own,
        ),
        wire=(
            *responses.wire_rules(spec, operation, max_seconds=max_seconds),
            *requests.allow_rules(spec, operation),
        ),
        unlisted=unlisted,
        requests=dict(requests.request_rules(operation)),
        by_response=by_response,
        histories=(
            *histories.history_rules(operation),
            *histories.history_of_tags(operation),
            *later,
        ),
        heads=tuple(histories.head_rules(spec, operation)),
        reads=(*histories.tag_rules(operation), *lists.list_rules(operation)),
        walks=tuple(lists.walk_rules(operation)),
        conditions=tuple(histories.condition_rules(operation)),
        framing={rule.kind: rule for rule in responses.framing_rules(operation)},
        states=tuple(state_rules(spec, operation)),
        plans=plans,
        headers=head,
    )
