"""Rules about the credential: without the right one nothing is given away, and with it the door opens."""

from __future__ import annotations

from collections.abc import Iterator

from contracts.document import Operation, Spec
from contracts.document.security import variants_of
from contracts.messages import Credential, header_values
from contracts.rules import kinds
from contracts.rules.answer import Answer
from contracts.rules.rule import Check, ExchangeRule, Severity, rule_of

REFUSALS = frozenset({401, 403})

VARIANTS: tuple[tuple[Credential, str, str], ...] = (
    (Credential.NONE, "required", "refuses a request without credential"),
    (Credential.WRONG, "wrong", "refuses a wrong credential"),
    (
        Credential.OTHER_SCHEME,
        "other scheme",
        "refuses the right credential under a scheme of another name",
    ),
    (Credential.CUT_SHORT, "cut short", "refuses the right credential cut short"),
    (Credential.APPENDED, "appended", "refuses the right credential with something appended"),
    (Credential.EMPTY, "empty", "refuses an empty credential"),
    (
        Credential.BARE,
        "without scheme",
        "refuses the right credential without the name of its scheme",
    ),
)
"""Which credential must be refused, and the name of the rule that says so."""


def authentication_rules(spec: Spec, operation: Operation) -> Iterator[ExchangeRule]:
    """The rules of an operation whose document asks for a credential; none for any other."""
    tried = variants_of(operation, spec)
    if not tried:
        return
    for variant, name, promise in (row for row in VARIANTS if row[0] in tried):
        yield ExchangeRule(rule_of(operation, kinds.AUTH, promise, name=name), _refuses(variant))
    if Credential.LOWER_CASE in tried:
        promise = "takes the right credential under its scheme in lower case"
        rule = rule_of(
            operation, kinds.AUTH, promise, name="scheme case", severity=Severity.ADVISORY
        )
        yield ExchangeRule(rule, scheme_case)
    yield ExchangeRule(
        rule_of(operation, kinds.AUTH, "takes the right credential", name="accepted"), accepted
    )
    promise = "carries a challenge when the credential is refused with 401"
    yield ExchangeRule(rule_of(operation, kinds.CHALLENGE, promise), challenge)


def _refuses(variant: Credential) -> Check:
    def check(answer: Answer) -> str | None:
        if answer.exchange.probe.credential is not variant:
            return None
        status = answer.response.status
        return "" if status in REFUSALS else f"{status} for a request with {_described(variant)}"

    return check


def scheme_case(answer: Answer) -> str | None:
    """The name of a scheme is case-insensitive (RFC 9110 §11.1)."""
    if answer.exchange.probe.credential is not Credential.LOWER_CASE:
        return None
    status = answer.response.status
    return (
        f"{status} for the right credential under its scheme in lower case"
        if status in REFUSALS
        else ""
    )


def _described(variant: Credential) -> str:
    if variant is Credential.NONE:
        return "no credential"
    return {
        Credential.WRONG: "a wrong credential",
        Credential.OTHER_SCHEME: "the credential under a scheme of another name",
        Credential.CUT_SHORT: "the credential cut short",
        Credential.EMPTY: "an empty credential",
        Credential.BARE: "the credential without the name of its scheme",
    }.get(variant, "the credential and something appended")


def accepted(answer: Answer) -> str | None:
    """401 to the right credential is always wrong; 403 may be about the resource, unless the user vouched for it."""
    probe, status = answer.exchange.probe, answer.response.status
    if probe.credential is not Credential.RIGHT or probe.source in ("status", "method"):
        return None
    refused = status == 401 or (status == 403 and probe.source == "given")
    return f"{status} for a request with the right credential" if refused else ""


def challenge(answer: Answer) -> str | None:
    if answer.response.status != 401:
        return None
    present = header_values(answer.response.headers, "www-authenticate")
    return "" if any(value.strip() for value in present) else "401 without WWW-Authenticate"
