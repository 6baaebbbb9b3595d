"""Rules about clients: what they ask for is in the document, and as the document allows it."""

from collections.abc import Iterator
from itertools import product

from contracts.document import Operation, Spec
from contracts.document.serialisation import operations_at
from contracts.messages import Request
from contracts.rules.rule import RULE_KINDS, Rule, Scope, clause_of

ALLOWED, KNOWN = "request allowed", "operation documented"
OF_CLIENTS = frozenset({ALLOWED, KNOWN})
"""The kinds that a run has no rules of: only requests that others sent can break them."""
ELSEWHERE = "/*"  # what stands for the paths that the document does not have
_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE")


def request_rule(operation: Operation) -> Rule:
    """That its requests are allowed."""
    return Scope(operation).rule(ALLOWED, "is asked by clients as the document allows")


def unknown_rule(spec: Spec, key: str) -> Rule:
    """That nobody asks for a `METHOD PATH` that the document does not have."""
    severity, _ = RULE_KINDS[KNOWN]
    method, _, path = key.partition(" ")
    there = "for this path" if path != ELSEWHERE else "for the path that is asked for"
    promise = f"is an operation of the document, which has no {method} {there}"
    pointer = spec.by_path[path][0].pointer if path in spec.by_path else "/paths"
    clause = clause_of(KNOWN, spec.document.openapi)
    return Rule(f"{key} {KNOWN}", KNOWN, severity, clause, key, None, None, pointer, promise)


def client_rules(spec: Spec) -> Iterator[Rule]:
    """All of them that have an id of their own, of the usual methods."""
    yield from map(request_rule, spec.operations)
    for path, method in product((*spec.by_path, ELSEWHERE), _METHODS):
        if f"{method} {path}" not in spec.by_key:
            yield unknown_rule(spec, f"{method} {path}")


def meant(spec: Spec, request: Request) -> tuple[str, list[Operation]]:
    """The key of what a request asks for, and the operations that it may be meant for, if any.

    HEAD is meant for GET, unless the document has it (RFC 9110 §9.3.2).
    """
    there = operations_at(spec, request.path)
    for method in (request.method, *["GET"] * (request.method == "HEAD")):
        if found := [operation for operation in there if operation.method == method]:
            return found[0].key, found
    return f"{request.method} {there[0].path if there else ELSEWHERE}", []
