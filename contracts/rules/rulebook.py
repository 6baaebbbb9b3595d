"""A document to its rules: every promise it makes, operation by operation, ready to be judged."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from contracts.rules.plan import Body, Plan
from contracts.rules.responses import framing_rules, may_be_json, operation_rules, response_rules
from contracts.rules.rule import ExchangeRule, Rule
from contracts.spec import MediaType, Operation, ResponseSpec, Spec


@dataclass(frozen=True, eq=False)
class OperationRules:
    """The rules of one operation; everything is derived when first asked for."""

    operation: Operation

    @cached_property
    def general(self) -> tuple[ExchangeRule, ...]:
        """Rules for every answer."""
        return tuple(operation_rules(self.operation))

    @cached_property
    def framing(self) -> Mapping[str, Rule]:
        """Rules that only the lack of an answer breaks, by kind."""
        return {rule.kind: rule for rule in framing_rules(self.operation)}

    @cached_property
    def by_response(self) -> Mapping[str, tuple[ExchangeRule, ...]]:
        """Rules for answers with a documented status, by that status."""
        return {r.status: tuple(response_rules(self.operation, r)) for r in self.operation.responses}

    @cached_property
    def plans(self) -> Mapping[tuple[str, str], Plan]:
        """What each documented body promises, by status and media type."""
        return {(r.status, m.name): p for r in self.operation.responses for m, p in _plans(self.operation, r)}

    @cached_property
    def rules(self) -> tuple[Rule, ...]:
        """Every rule of the operation once, in the order of the document."""
        exchange_rules = [*self.general, *(row for rows in self.by_response.values() for row in rows)]
        found = [*(row.rule for row in exchange_rules), *self.framing.values()]
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


def rules_for(spec: Spec) -> RuleBook:
    """Every promise of the document."""
    return RuleBook(spec, {operation.key: OperationRules(operation) for operation in spec.operations})


def _plans(operation: Operation, response: ResponseSpec) -> Iterator[tuple[MediaType, Plan]]:
    judged = [media for media in response.content if media.schema is not None and may_be_json(media.name)]
    for media in judged:
        if media.schema is not None:
            name = media.name if len(judged) > 1 else None
            yield media, Plan(Body(operation.key, response.status, name), media.schema)
