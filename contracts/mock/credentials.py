"""Whether a request carries the right credential for an operation, as its security schemes ask for it."""

from __future__ import annotations

import base64
import hmac
from urllib.parse import parse_qsl, unquote

from contracts.document import Operation, SecurityScheme, Spec
from contracts.messages import Headers, Request, header_values


def has_credential(operation: Operation, request: Request, spec: Spec, credential: str) -> bool:
    """True if one alternative of the operation's security is satisfied, or none is asked for."""
    alternatives = [
        [spec.security_schemes[name] for name, _ in alternative]
        for alternative in operation.security
    ]
    # No request shows a client's certificate.
    shown = [
        [scheme for scheme in schemes if scheme.type != "mutualTLS"] for schemes in alternatives
    ]
    if not operation.needs_credential or not any(shown):
        return True
    return any(_has_all(schemes, request, credential) for schemes in shown if schemes)


def _has_all(schemes: list[SecurityScheme], request: Request, credential: str) -> bool:
    """Every scheme of an alternative; of those that want the one Authorization field (RFC 9110 §11.6.2), any."""
    keys = [scheme for scheme in schemes if scheme.type == "apiKey"]
    others = [scheme for scheme in schemes if scheme.type != "apiKey"]
    return all(_has(scheme, request, credential) for scheme in keys) and (
        not others or any(_has(scheme, request, credential) for scheme in others)
    )


def challenges(operation: Operation, spec: Spec) -> Headers:
    """What a 401 must say (RFC 9110 §15.5.2): the schemes that the operation takes, each once."""
    schemes = [
        spec.security_schemes[name] for alternative in operation.security for name, _ in alternative
    ]
    words = dict.fromkeys(map(_challenge, schemes)) or {"Bearer": None}
    return tuple(("WWW-Authenticate", word) for word in words)


def _challenge(scheme: SecurityScheme) -> str:
    names = {"http": scheme.scheme.capitalize(), "apiKey": "ApiKey", "mutualTLS": "Mutual"}
    word = names.get(scheme.type, "Bearer")
    return f'{word} realm="mock"' if word in ("Basic", "Digest") else word


def _has(scheme: SecurityScheme, request: Request, credential: str) -> bool:
    return any(
        hmac.compare_digest(value.encode(), credential.encode())
        for value in _presented(scheme, request)
    )


def _presented(scheme: SecurityScheme, request: Request) -> list[str]:
    if scheme.type == "apiKey":
        if scheme.location == "query":
            return [value for name, value in parse_qsl(request.query) if name == scheme.name]
        if scheme.location == "cookie":
            cookies = ";".join(header_values(request.headers, "cookie")).split(";")
            pairs = (cookie.strip().partition("=") for cookie in cookies)
            return [unquote(value) for name, _, value in pairs if name == scheme.name]
        return header_values(request.headers, scheme.name)
    wanted = scheme.scheme if scheme.type == "http" else "bearer"
    pairs = (value.partition(" ") for value in header_values(request.headers, "authorization"))
    values = [value.strip() for name, _, value in pairs if name.lower() == wanted]
    return [_user(value) for value in values] if wanted == "basic" else values


def _user(value: str) -> str:
    try:
        return base64.b64decode(value).decode().removesuffix(":")
    except ValueError:
        return ""
