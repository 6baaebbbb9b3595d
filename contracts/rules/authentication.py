"""Rules about the credential: without the right one nothing is given away, and with it the door opens."""

from __future__ import annotations

from collections.abc import Iterator

from contracts.document import Operation, Spec
from contracts.document.security import FORMS, variants_of
from contracts.messages import REFUSALS, Credential, header_values
from contracts.rules import kinds
from contracts.rules.answer import Answer
from contracts.rules.rule import Check, ExchangeRule, Rule, Severity, rule_of


def authentication_rules(spec: Spec, operation: Operation) -> Iterator[ExchangeRule]:
    """The rules of an operation whose document asks for a credential; none for any other."""
    tried = variants_of(operation, spec)
    if not tried:
        return
    for variant in tried:
        if FORMS[variant].refused:
            yield ExchangeRule(_rule(operation, variant), _refuses(variant))
    if Credential.LOWER_CASE in tried:
        rule = _rule(operation, Credential.LOWER_CASE, Severity.ADVISORY)
        yield ExchangeRule(rule, scheme_case)
    yield ExchangeRule(_rule(operation, Credential.RIGHT), accepted)
    promise = "carries a challenge when the credential is refused with 401"
    yield ExchangeRule(rule_of(operation, kinds.CHALLENGE, promise), challenge)


def _rule(operation: Operation, variant: Credential, severity: Severity | None = None) -> Rule:
    form = FORMS[variant]
    return rule_of(operation, kinds.AUTH, form.promise, name=form.rule, severity=severity)


def _refuses(variant: Credential) -> Check:
    def check(answer: Answer) -> str | None:
        if answer.exchange.probe.credential is not variant:
            return None
        status = answer.response.status
        return "" if status in REFUSALS else f"{status} for a request with {FORMS[variant].said}"

    return check


def scheme_case(answer: Answer) -> str | None:
    """The name of a scheme is case-insensitive (RFC 9110 §11.1)."""
    if answer.exchange.probe.credential is not Credential.LOWER_CASE:
        return None
    status = answer.response.status
    return f"{status} for {FORMS[Credential.LOWER_CASE].said}" if status in REFUSALS else ""


def accepted(answer: Answer) -> str | None:
    """401 to the right credential is always wrong; 403 may be about the resource, unless the user vouched for it."""
    probe, status = answer.exchange.probe, answer.response.status
    if probe.credential is not Credential.RIGHT or probe.source in ("status", "method"):
        return None
    refused = status == 401 or (status == 403 and probe.source == "given")
    return f"{status} for a request with {FORMS[Credential.RIGHT].said}" if refused else ""


def challenge(answer: Answer) -> str | None:
    if answer.response.status != 401:
        return None
    present = header_values(answer.response.headers, "www-authenticate")
    return "" if any(value.strip() for value in present) else "401 without WWW-Authenticate"
