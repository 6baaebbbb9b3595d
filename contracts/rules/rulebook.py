"""A document to its rules: every promise it makes, operation by operation, ready to be judged."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from contracts.document import Operation, Spec
from contracts.messages import may_be_json
from contracts.rules.access import authentication_rules, given_rules, identity_rules
from contracts.rules.plan import Plan
from contracts.rules.responses import (
    framing_rules,
    method_rules,
    operation_rules,
    response_rules,
    wire_rules,
)
from contracts.rules.rule import ExchangeRule, HistoryRule, Rule, Scope

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
        key = self.operation.key
        return (
            *operation_rules(self.operation),
            *authentication_rules(self.spec, self.operation),
            *given_rules(self.spec, self.operation),
            *(row for row in self.extra.on_answers if row.rule.operation == key),
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
        key = self.operation.key
        return tuple(row for row in self.extra.on_histories if row.rule.operation == key)

    @cached_property
    def framing(self) -> Mapping[str, Rule]:
        """Rules that only the lack of an answer breaks, by kind."""
        return {rule.kind: rule for rule in framing_rules(self.operation)}

    @cached_property
    def by_response(self) -> Mapping[str, tuple[ExchangeRule, ...]]:
        """Rules for answers with a documented status, by that status."""
        rows: dict[str, tuple[ExchangeRule, ...]] = {}
        for response in self.operation.responses:
            own = response_rules(self.operation, response)
            rows[response.status] = (*own, *identity_rules(self.spec, self.operation, response))
        return rows

    @cached_property
    def plans(self) -> Mapping[tuple[str, str], Plan]:
        """What each documented body promises, by status and media type; ids name the latter if there are several."""
        plans: dict[tuple[str, str], Plan] = {}
        for response in self.operation.responses:
            schemas = {m.name: m.schema for m in response.content if m.schema is not None}
            judged = list(filter(may_be_json, schemas))
            for media in judged:
                scope = Scope(self.operation, response.status, media if judged[1:] else None)
                plans[response.status, media] = Plan(scope, schemas[media])
        return plans

    @cached_property
    def rules(self) -> tuple[Rule, ...]:
        """Every rule of the operation once, in the order of the document."""
        rows: list[ExchangeRule | HistoryRule] = [*self.general, *self.wire, *self.unlisted]
        for own in self.by_response.values():
            rows += own
        found = [*(row.rule for row in (*rows, *self.histories)), *self.framing.values()]
        for plan in self.plans.values():
            found += plan.rules
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
    paths: set[str] = set()
    operations: dict[str, OperationRules] = {}
    for operation in spec.operations:
        first = operation.path not in paths
        own = OperationRules(spec, operation, max_seconds, extra or Extra(), first)
        operations[operation.key] = own
        paths.add(operation.path)
    return RuleBook(spec, operations)
