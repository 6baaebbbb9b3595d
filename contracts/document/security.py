"""The security of an operation to the forms of a credential that can be tried on it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from contracts.document.model import Operation, SecurityScheme, Spec
from contracts.messages import Credential


@dataclass(frozen=True, slots=True)
class CredentialForm:
    """A form in which a credential is sent, and the rule about it.

    Args:
        rule, promise: the name of the rule, and what it says of a service.
        said: what a finding calls the credential.
        value, scheme: what becomes of the right value, and of the name of its scheme.
        shell: what a shell reads in place of the value in NAME; None if nothing is left of it.
        refused: whether a service must refuse it.
        named: whether it makes sense only where the scheme has a name.
    """

    rule: str
    promise: str
    said: str
    value: Callable[[str], str] = str
    scheme: Callable[[str], str] = str
    shell: str | None = "$NAME"
    refused: bool = True
    named: bool = False


FORMS: Mapping[Credential, CredentialForm] = {
    Credential.RIGHT: CredentialForm(
        "accepted", "takes the right credential", "the right credential", refused=False
    ),
    Credential.LOWER_CASE: CredentialForm(
        "scheme case",
        "takes the right credential under its scheme in lower case",
        "the right credential under its scheme in lower case",
        scheme=str.lower,
        refused=False,
        named=True,
    ),
    Credential.NONE: CredentialForm(
        "required", "refuses a request without credential", "no credential", shell=None
    ),
    Credential.WRONG: CredentialForm(
        "wrong",
        "refuses a wrong credential",
        "a wrong credential",
        value=lambda value: "0" * max(len(value), 8),
        shell=None,
    ),
    Credential.OTHER_SCHEME: CredentialForm(
        "other scheme",
        "refuses the right credential under a scheme of another name",
        "the credential under a scheme of another name",
        scheme=lambda _: "Negotiate",
    ),
    Credential.CUT_SHORT: CredentialForm(
        "cut short",
        "refuses the right credential cut short",
        "the credential cut short",
        value=lambda value: value[:-1],
        shell="${NAME%?}",
    ),
    Credential.APPENDED: CredentialForm(
        "appended",
        "refuses the right credential with something appended",
        "the credential and something appended",
        value=lambda value: f"{value}0",
        shell="${NAME}0",
    ),
    Credential.EMPTY: CredentialForm(
        "empty",
        "refuses an empty credential",
        "an empty credential",
        value=lambda _: "",
        shell=None,
    ),
    Credential.BARE: CredentialForm(
        "without scheme",
        "refuses the right credential without the name of its scheme",
        "the credential without the name of its scheme",
        scheme=lambda _: "",
        named=True,
    ),
}
"""The forms, in the order in which they are tried: whoever adds one adds a row."""


def schemes_in_use(operation: Operation, spec: Spec) -> tuple[SecurityScheme, ...]:
    """The schemes of the first alternative that a request alone can satisfy, if any."""
    if not operation.needs_credential:
        return ()
    for alternative in operation.security:
        schemes = tuple(spec.security_schemes[name] for name, _ in alternative)
        if all(scheme.type != "mutualTLS" for scheme in schemes):
            return schemes
    return ()


def variants_of(operation: Operation, spec: Spec) -> tuple[Credential, ...]:
    """The forms of the credential that make sense for an operation, if any, the right one first."""
    schemes = schemes_in_use(operation, spec)
    if not schemes:
        return ()
    named = all(scheme.type != "apiKey" for scheme in schemes)
    return tuple(form for form, row in FORMS.items() if named or not row.named)
