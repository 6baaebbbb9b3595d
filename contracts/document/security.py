"""The security of an operation to the forms of a credential that can be tried on it."""

from __future__ import annotations

from contracts.document.model import Operation, SecurityScheme, Spec
from contracts.messages import Credential

MUST_BE_REFUSED = (
    Credential.NONE,
    Credential.WRONG,
    Credential.OTHER_SCHEME,
    Credential.CUT_SHORT,
    Credential.APPENDED,
    Credential.EMPTY,
    Credential.BARE,
)


def schemes_in_use(operation: Operation, spec: Spec) -> tuple[SecurityScheme, ...]:
    """The schemes of the first alternative that a request alone can satisfy; empty without security."""
    if not operation.needs_credential:
        return ()
    found = [
        tuple(spec.security_schemes[name] for name, _ in alternative)
        for alternative in operation.security
    ]
    return next((schemes for schemes in found if all(s.type != "mutualTLS" for s in schemes)), ())


def variants_of(operation: Operation, spec: Spec) -> tuple[Credential, ...]:
    """The forms of the credential that make sense for an operation, the right one first; empty without security."""
    schemes = schemes_in_use(operation, spec)
    if not schemes:
        return ()
    named = all(scheme.type != "apiKey" for scheme in schemes)
    spelled = (Credential.LOWER_CASE,) if named else ()
    refused = (v for v in MUST_BE_REFUSED if named or v is not Credential.BARE)
    return (Credential.RIGHT, *spelled, *refused)
