"""Rules about who asks for what: credentials, values that are known or can't be, and whose answer it is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from urllib.parse import unquote

from contracts.document import Operation, Parameter, ResponseSpec, Schema, Spec
from contracts.document.model import variants_of
from contracts.document.serialisation import match_path
from contracts.messages import CREDENTIAL_FORMS, REFUSALS, Credential
from contracts.rules.rule import Answer, ExchangeRule, Scope, Severity, broken, shown
from contracts.schemas.locations import json_type, locate
from contracts.schemas.validation import Uncompilable, validator


def authentication_rules(spec: Spec, operation: Operation) -> Iterator[ExchangeRule]:
    """The rules of an operation whose document asks for a credential; none for any other."""
    scope = Scope(operation)
    rules = {}
    for variant in variants_of(operation, spec):
        form = CREDENTIAL_FORMS[variant]
        rules[variant] = scope.rule("auth", form.promise, name=form.rule)
        if form.refused:
            yield ExchangeRule(rules[variant], partial(refused, variant))
    if not rules:
        return
    if Credential.LOWER_CASE in rules:
        rule = replace(rules[Credential.LOWER_CASE], severity=Severity.ADVISORY)
        yield ExchangeRule(rule, scheme_case)
    yield ExchangeRule(rules[Credential.RIGHT], accepted)
    promise = "carries a challenge when the credential is refused with 401"
    yield ExchangeRule(scope.rule("challenge", promise), challenge)


def refused(variant: Credential, answer: Answer) -> str | None:
    if answer.exchange.probe.credential is not variant:
        return None
    status, said = answer.response.status, CREDENTIAL_FORMS[variant].said
    return broken(status not in REFUSALS, f"{status} for a request with {said}")


def scheme_case(answer: Answer) -> str | None:
    """The name of a scheme is case-insensitive (RFC 9110 §11.1)."""
    status, form = answer.response.status, answer.exchange.probe.credential
    if form is not Credential.LOWER_CASE:
        return None
    return broken(status in REFUSALS, f"{status} for {CREDENTIAL_FORMS[form].said}")


def accepted(answer: Answer) -> str | None:
    """401 to the right credential is always wrong; 403 may be about the resource, unless the user vouched for it."""
    probe, status = answer.exchange.probe, answer.response.status
    if probe.credential is not Credential.RIGHT or probe.source in ("status", "method"):
        return None
    wrong = status == 401 or (status == 403 and probe.source == "given")
    return broken(wrong, f"{status} for a request with {CREDENTIAL_FORMS[Credential.RIGHT].said}")


def challenge(answer: Answer) -> str | None:
    if answer.response.status != 401:
        return None
    present = any(map(str.strip, answer.fields("www-authenticate")))
    return broken(not present, "401 without WWW-Authenticate")


def given_rules(spec: Spec, operation: Operation) -> Iterator[ExchangeRule]:
    """What an operation owes to a value that is known, and to one that can't be."""
    scope = Scope(operation)
    promised = any(map(operation.response, range(200, 300)))
    if promised and "path" in {parameter.location for parameter in operation.parameters}:
        promise = "answers a value that the user vouched for with a documented 2xx"
        yield ExchangeRule(scope.rule("given value", promise), given_is_known)
    if operation.method == "GET" and spec.identifying(operation):
        promise = "answers a value that can't exist with no 2xx"
        yield ExchangeRule(scope.rule("unknown value", promise), unknown_is_not_found)


def unknown_is_not_found(answer: Answer) -> str | None:
    if answer.exchange.probe.source != "unknown":
        return None
    status = answer.response.status
    return broken(200 <= status < 300, f"{status} for {answer.exchange.probe.request.target}")


def given_is_known(answer: Answer) -> str | None:
    """Refused credentials and undocumented statuses have rules of their own; what is forbidden may be refused."""
    probe, status = answer.exchange.probe, answer.response.status
    if not probe.given or probe.credential is not Credential.RIGHT or status in REFUSALS:
        return None
    if answer.documented is None or not probe.claim.allowed:
        return None
    values = ", ".join(f"{name} {shown(value)}" for name, value in probe.given)
    return broken(not 200 <= status < 300, f"{status} for {values}")


def identity_rules(
    spec: Spec, operation: Operation, response: ResponseSpec
) -> Iterator[ExchangeRule]:
    """A rule for each path parameter that a 2xx body has a property of the same name and type for."""
    if not response.status.startswith("2"):
        return
    scope, marked = Scope(operation, response.status), spec.identifying(operation)
    for media in response.content[:1]:
        for parameter in operation.parameters:
            echoed = _echoed(media.schema, parameter)
            if echoed is None:
                continue
            name, promise = parameter.name, f"is the {parameter.name} that was asked for"
            rule = scope.rule("identity", promise, echoed.pointer, place=f"/{name}")
            if parameter in marked:
                rule = replace(rule, severity=Severity.VIOLATION)
            yield ExchangeRule(rule, partial(is_what_was_asked_for, name, echoed))


def _echoed(schema: Schema | None, parameter: Parameter) -> Schema | None:
    """The schema of the property that repeats a path parameter, if the body has one."""
    if parameter.location != "path" or parameter.schema is None or schema is None:
        return None
    body = locate(schema)
    if parameter.name not in body.properties or "object" not in body.types:
        return None
    below = body.property(parameter.name)
    shared = below.types & locate(parameter.schema).types & {"string", "integer"}
    return below.parts[0].schema if shared and below.parts else None


def is_what_was_asked_for(name: str, echoed: Schema, answer: Answer) -> str | None:
    path = answer.exchange.probe.request.path
    raw = (match_path(answer.operation.path, path) or {}).get(name)
    body = answer.decoded.value if answer.is_json else None
    if raw is None or not isinstance(body, dict):
        return None
    found = body.get(name)
    try:
        asked = unquote(raw, errors="strict")
    except UnicodeDecodeError:
        return None
    if json_type(found) not in ("string", "integer") or not _possible(echoed, asked):
        return None
    return broken(str(found) != asked, f"{shown(found)}, asked for {shown(asked)}")


def _possible(schema: Schema, asked: str) -> bool:
    """Whether the property could repeat the value at all, as a string or as a number."""
    number = asked.isdecimal() and asked.isascii() and len(asked) < 19 and str(int(asked)) == asked
    try:
        check = validator(schema).is_valid
        return check(asked) or (number and check(int(asked)))
    except Uncompilable:
        return False
