"""A document to its rules: every promise it makes, operation by operation, ready to be judged."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from contracts.document import MediaType, Operation, ResponseSpec, Spec
from contracts.messages import may_be_json
from contracts.rules.authentication import authentication_rules
from contracts.rules.identity import given_rules, identity_rules
from contracts.rules.plan import Body, Plan
from contracts.rules.responses import framing_rules, operation_rules, response_rules
from contracts.rules.rule import ExchangeRule, HistoryRule, Rule
from contracts.rules.wire import method_rules, wire_rules

MAX_SECONDS = 5.0
"""How long an answer may take before an advisory says so."""


@dataclass(frozen=True, slots=True)
class Extra:
    """Rules from elsewhere than the document: of one domain, for instance."""

    on_answers: tuple[ExchangeRule, ...] = ()
    on_histories: tuple[HistoryRule, ...] = ()


@dataclass(frozen=True, eq=False)
class OperationRules:
    """The rules of one operation; everything is derived when first asked for.

    `first_of_path` has the rules about the path's unlisted methods, which belong to no operation.
    """

    spec: Spec
    operation: Operation
    max_seconds: float = MAX_SECONDS
    extra: Extra = Extra()
    first_of_path: bool = True

    @cached_property
    def general(self) -> tuple[ExchangeRule, ...]:
        """Rules for every answer to what the operation was asked."""
        operation = self.operation
        own = [row for row in self.extra.on_answers if row.rule.operation == operation.key]
        return (
            *operation_rules(operation),
            *authentication_rules(self.spec, operation),
            *given_rules(self.spec, operation),
            *own,
        )

    @cached_property
    def wire(self) -> tuple[ExchangeRule, ...]:
        """Rules for every answer, whatever the method."""
        return tuple(wire_rules(self.spec, self.operation, max_seconds=self.max_seconds))

    @cached_property
    def unlisted(self) -> tuple[ExchangeRule, ...]:
        """Rules for answers to methods that the document does not list."""
        return tuple(method_rules(self.operation)) if self.first_of_path else ()

    @cached_property
    def histories(self) -> tuple[HistoryRule, ...]:
        """Rules for two answers to the same request."""
        return tuple(
            row for row in self.extra.on_histories if row.rule.operation == self.operation.key
        )

    @cached_property
    def framing(self) -> Mapping[str, Rule]:
        """Rules that only the lack of an answer breaks, by kind."""
        return {rule.kind: rule for rule in framing_rules(self.operation)}

    @cached_property
    def by_response(self) -> Mapping[str, tuple[ExchangeRule, ...]]:
        """Rules for answers with a documented status, by that status."""
        return {r.status: tuple(self._of_response(r)) for r in self.operation.responses}

    def _of_response(self, response: ResponseSpec) -> Iterator[ExchangeRule]:
        yield from response_rules(self.operation, response)
        yield from identity_rules(self.spec.document, self.operation, response)

    @cached_property
    def plans(self) -> Mapping[tuple[str, str], Plan]:
        """What each documented body promises, by status and media type."""
        return {
            (r.status, m.name): p
            for r in self.operation.responses
            for m, p in _plans(self.operation, r)
        }

    @cached_property
    def rules(self) -> tuple[Rule, ...]:
        """Every rule of the operation once, in the order of the document."""
        by_response = [row for rows in self.by_response.values() for row in rows]
        rows = [*self.general, *self.wire, *self.unlisted, *by_response]
        found = [
            *(row.rule for row in rows),
            *(row.rule for row in self.histories),
            *self.framing.values(),
        ]
        found += [rule for plan in self.plans.values() for rule in plan.rules]
        return tuple({rule.id: rule for rule in found}.values())


@dataclass(frozen=True, eq=False)
class RuleBook:
    """The rules of a document, by operation key."""

    spec: Spec
    operations: Mapping[str, OperationRules]

    @cached_property
    def rules(self) -> tuple[Rule, ...]:
        return tuple(rule for operation in self.operations.values() for rule in operation.rules)


def rules_for(
    spec: Spec, *, max_seconds: float = MAX_SECONDS, extra: Extra | None = None
) -> RuleBook:
    """Every promise of the document, and what HTTP and `extra` add to it."""
    firsts = {operation.path: operation.key for operation in reversed(spec.operations)}
    more = extra or Extra()
    return RuleBook(
        spec,
        {
            o.key: OperationRules(spec, o, max_seconds, more, firsts[o.path] == o.key)
            for o in spec.operations
        },
    )


def _plans(operation: Operation, response: ResponseSpec) -> Iterator[tuple[MediaType, Plan]]:
    judged = [
        media for media in response.content if media.schema is not None and may_be_json(media.name)
    ]
    for media in judged:
        if media.schema is not None:
            name = media.name if len(judged) > 1 else None
            yield media, Plan(Body(operation, response.status, name), media.schema)
