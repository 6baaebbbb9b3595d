"""Rules about requests: what must be refused, and what clients may ask for."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial
from itertools import product
from typing import Any

from contracts import messages
from contracts.document import Operation, Spec, serialisation
from contracts.messages import SAFE_METHODS, UNAVAILABLE, Credential, Request
from contracts.rules.rule import (
    RULE_KINDS,
    Answer,
    ExchangeRule,
    Rule,
    Scope,
    Severity,
    broken,
    clause_of,
    shown,
)
from contracts.schemas.claims import unsent_values
from contracts.schemas.constraints import forbidden_by


def method_rules(spec: Spec, operation: Operation) -> Iterator[ExchangeRule]:
    """Methods that the document does not list for a path; with the path's first operation."""
    row, promise = Scope(operation).row, "does nothing for a method that is not listed"
    yield row(partial(method_refused, spec), "unlisted method", promise)


def method_refused(spec: Spec, answer: Answer) -> str | None:
    """A refusal, 404, 405 or 501 is right, a 2xx or a crash is not (RFC 9110 §15.5.6, §15.6.1).

    To OPTIONS any service may answer (§9.3.7).
    """
    probe, status = answer.exchange.probe, answer.response.status
    served = serialisation.served_at(spec, probe.request.path)
    if probe.source != "method" or probe.request.method in served:
        return None
    done = 200 <= status < 300 and probe.request.method != "OPTIONS"
    wrong = done or (status >= 500 and status not in UNAVAILABLE | {501})
    return broken(wrong, f"{status} for {probe.request.method}{_given_back(answer)}")


def _given_back(answer: Answer) -> str:
    """What of a request stands in the body of an answer to TRACE, worst first (RFC 9110 §9.3.8)."""
    request, body = answer.exchange.probe.request, answer.response.body
    if request.method != "TRACE":
        return ""
    for name, value in request.headers:
        if value.encode("latin-1") in body:
            return f", which gives back the request with its {name}, as it would a credential"
    return ", which gives back the request" if b"TRACE /" in body else ""


def allow_rules(spec: Spec, operation: Operation) -> Iterator[ExchangeRule]:
    """Of answers with 405, and of those to OPTIONS that have the list.

    Where the document has a 405, it has made the whole list a promise.
    """
    scope, around = Scope(operation), spec.by_path[operation.path]
    documented = {response.status for other in around for response in other.responses}
    if operation is not around[0] and all(r.status != "405" for r in operation.responses):
        return
    promise = "names the allowed methods with 405, and not the one that it refuses"
    yield scope.row(partial(allow, spec), "allow header", promise)
    promise = "names with 405 every method that the document has for the path"
    rule = scope.rule("allowed methods", promise)
    if "405" in documented:
        rule = replace(rule, severity=Severity.VIOLATION)
    yield ExchangeRule(rule, partial(allows_all, spec))


def allow(spec: Spec, answer: Answer) -> str | None:
    """The list may be empty (RFC 9110 §10.2.1), and longer than the document's."""
    request, fields = answer.exchange.probe.request, answer.fields("allow")
    asked = request.method == "OPTIONS" and 200 <= answer.response.status < 300 and fields
    if answer.response.status != 405 and not asked:
        return None
    listed, there = _allowed(fields), serialisation.methods_at(spec, request.path)
    written, served = ", ".join(listed), {*serialisation.served_at(spec, request.path)}
    if not fields:
        return "405 without Allow"
    if not all(map(messages.is_field_name, listed)):
        return f"Allow is {shown(', '.join(fields))}, which is no list of methods"
    for method in (request.method, *sorted(answer.refused - served)):
        if method in listed and not asked:
            return f"405 for {method}, and Allow lists it: {written}"
    wrong = listed and {*there} - {request.method} and served.isdisjoint(listed)
    return broken(wrong, f"Allow lists {written}, and none of the document: {', '.join(there)}")


def allows_all(spec: Spec, answer: Answer) -> str | None:
    if allow(spec, answer) != "":
        return None
    request, listed = answer.exchange.probe.request, _allowed(answer.fields("allow"))
    missing = set(serialisation.methods_at(spec, request.path)) - {request.method, *listed}
    seen = f"Allow lists {', '.join(listed) or 'nothing'}, and not {', '.join(sorted(missing))}"
    return broken(missing, seen)


def _allowed(fields: list[str]) -> list[str]:
    """The members of a list, which may stand in several lines (RFC 9110 §5.3, §5.6.1)."""
    lines = filter(str.strip, fields)
    return [name.strip(" \t") for line in lines for name in line.split(",")]


OTHER_REASONS = frozenset({401, 402, 403, 405, 407, 408, 409, 410, 412, 421, 423, 425})
OTHER_REASONS |= {426, 428, 429, 451}
"""4xx about something else than what a request says: who asks, how often, what is there."""


def request_rules(operation: Operation) -> Iterator[tuple[str, ExchangeRule]]:
    """A rule for each constraint of a request, by what a claim calls it (`Claim.breaks`)."""
    for forbidden in forbidden_by(operation):
        about, name = (forbidden.promise, forbidden.pointer), forbidden.name
        rule = Scope(operation).rule("refused", *about, name=name)
        if forbidden.advisory:
            rule = replace(rule, severity=Severity.ADVISORY)
        yield name, ExchangeRule(rule, partial(refused_request, name))


def refused_request(name: str, answer: Answer) -> str | None:
    """A 4xx is right, unless it may be about something else; a 2xx or a crash is wrong.

    A crash that the document does not have is left to `status documented`.
    """
    probe, status = answer.exchange.probe, answer.response.status
    if probe.source != "refusal" or probe.claim.breaks != name:
        return None
    if probe.credential is not Credential.RIGHT or status in OTHER_REASONS:
        return None
    if 200 <= status < 300:
        made = answer.fields("location") if probe.request.method not in SAFE_METHODS else ()
        left = f" with Location {', '.join(made)}" * bool(made)
        return f"forbidden request accepted: {status}{left}, though {probe.claim}"
    if status >= 500 and status not in UNAVAILABLE | {501} and answer.documented is not None:
        return f"forbidden request crashed: {status}, though {probe.claim}"
    is_refusal = 400 <= status < 500 and (status != 404 or name.startswith("path "))
    return "" if is_refusal else None


def read_only_rules(operation: Operation) -> Iterator[ExchangeRule]:
    """What only answers have is the service's own, whatever a request says."""
    if values := unsent_values(operation):
        promise = f"takes over no readOnly property from a request: {', '.join(sorted(values))}"
        yield Scope(operation).row(partial(own_values, values), "read-only property", promise)


def own_values(values: Mapping[str, Any], answer: Answer) -> str | None:
    """It may refuse the request, or ignore what it says of such a property."""
    status = answer.response.status
    if answer.exchange.probe.source != "unsent" or status >= 500:
        return None
    if 400 <= status < 500:
        return "" if status not in OTHER_REASONS else None
    if not answer.is_json or answer.decoded.problem or not isinstance(answer.decoded.value, dict):
        return None
    body = answer.decoded.value
    if values.keys().isdisjoint(body):
        return None
    names = ", ".join(sorted(name for name in values if body.get(name) == values[name]))
    return broken(names, f"the answer has the value of the request for {names}")


# --- what clients may ask for ---

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
    there = serialisation.operations_at(spec, request.path)
    for method in (request.method, *["GET"] * (request.method == "HEAD")):
        if found := [operation for operation in there if operation.method == method]:
            return found[0].key, found
    return f"{request.method} {there[0].path if there else ELSEWHERE}", []
