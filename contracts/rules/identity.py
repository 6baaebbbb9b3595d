"""Rules about whose answer it is: known values are answered, and an answer is about what was asked for."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import unquote

from contracts.document import Document, MediaType, Operation, Parameter, ResponseSpec, Schema, Spec
from contracts.document.model import IDENTIFIES
from contracts.document.serialisation import match_path
from contracts.messages import REFUSALS, Credential
from contracts.rules import kinds
from contracts.rules.answer import Answer
from contracts.rules.rule import ExchangeRule, Severity, rule_of, shown
from contracts.schemas.locations import json_type, locate
from contracts.schemas.validation import Uncompilable, validator


def given_rules(spec: Spec, operation: Operation) -> Iterator[ExchangeRule]:
    promised = any(operation.response(status) is not None for status in range(200, 300))
    if promised and any(parameter.location == "path" for parameter in operation.parameters):
        promise = "answers a value that the user vouched for with a documented 2xx"
        yield ExchangeRule(rule_of(operation, kinds.GIVEN, promise), given_is_known)

    if operation.method == "GET" and any(
        spec.document.at(p.pointer).get(IDENTIFIES) is True for p in operation.parameters
    ):
        promise = "answers a value that can't exist with no 2xx"
        yield ExchangeRule(rule_of(operation, kinds.UNKNOWN, promise), unknown_is_not_found)


def unknown_is_not_found(answer: Answer) -> str | None:
    if answer.exchange.probe.source != "unknown":
        return None
    status = answer.response.status
    return f"{status} for {answer.exchange.probe.request.target}" if 200 <= status < 300 else ""


def given_is_known(answer: Answer) -> str | None:
    """Refused credentials and undocumented statuses have rules of their own; what is forbidden may be refused."""
    probe, status = answer.exchange.probe, answer.response.status
    if not probe.given or probe.credential is not Credential.RIGHT or status in REFUSALS:
        return None
    if answer.documented is None or not probe.claim.allowed:
        return None
    if 200 <= status < 300:
        return ""
    values = ", ".join(f"{name} {shown(value)}" for name, value in probe.given)
    return f"{status} for {values}"


def identity_rules(
    document: Document, operation: Operation, response: ResponseSpec
) -> Iterator[ExchangeRule]:
    """A rule for each path parameter that a 2xx body has a property of the same name and type for."""
    if not response.status.startswith("2"):
        return
    for media in response.content:
        for parameter in operation.parameters:
            echoed = _echoed(media, parameter)
            if echoed is not None:
                marked = document.at(parameter.pointer).get(IDENTIFIES) is True
                yield _identity(operation, response, parameter, echoed, marked)
        return


def _echoed(media: MediaType, parameter: Parameter) -> Schema | None:
    """The schema of the property that repeats a path parameter, if the body has one."""
    if parameter.location != "path" or parameter.schema is None or media.schema is None:
        return None
    body = locate(media.schema)
    if parameter.name not in body.properties or "object" not in body.types:
        return None
    below = body.property(parameter.name)
    shared = below.types & locate(parameter.schema).types & {"string", "integer"}
    return below.parts[0].schema if shared and below.parts else None


def _identity(
    operation: Operation, response: ResponseSpec, parameter: Parameter, echoed: Schema, marked: bool
) -> ExchangeRule:
    name = parameter.name
    severity = Severity.VIOLATION if marked else Severity.ADVISORY
    rule = rule_of(
        operation,
        kinds.IDENTITY,
        f"is the {name} that was asked for",
        status=response.status,
        place=f"/{name}",
        pointer=echoed.pointer,
        severity=severity,
    )

    def check(answer: Answer) -> str | None:
        raw = (match_path(operation.path, answer.exchange.probe.request.path) or {}).get(name)
        body = answer.decoded.value if answer.is_json else None
        if (
            raw is None
            or not isinstance(body, dict)
            or json_type(body.get(name)) not in ("string", "integer")
        ):
            return None
        asked = _decoded(raw)
        if asked is None or not (_possible(echoed, asked) or _possible(echoed, _number(asked))):
            return None
        return "" if str(body[name]) == asked else f"{shown(body[name])}, asked for {shown(asked)}"

    return ExchangeRule(rule, check)


def _decoded(raw: str) -> str | None:
    try:
        return unquote(raw, errors="strict")
    except UnicodeDecodeError:
        return None


def _number(text: str) -> int | None:
    return (
        int(text)
        if text.isdecimal() and text.isascii() and len(text) < 19 and str(int(text)) == text
        else None
    )


def _possible(schema: Schema, value: str | int | None) -> bool:
    """Whether the property could repeat the value at all."""
    try:
        return value is not None and validator(schema).is_valid(value)
    except Uncompilable:
        return False
