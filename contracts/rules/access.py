"""Rules about to whom and about what an answer was given: credentials, known and unknown values."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from urllib.parse import unquote

from contracts import messages
from contracts.document import Operation, Parameter, ResponseSpec, Schema, Spec, serialisation
from contracts.document.model import NOT_THERE
from contracts.document.security import Way, schemes_in_use, vouched_for, ways_of
from contracts.messages import CREDENTIAL_FORMS, GIVEN_BODY, REFUSALS, UNAVAILABLE, Credential
from contracts.rules.rule import Answer, ExchangeRule, Scope, Severity, broken, shown
from contracts.schemas.locations import json_type, locate
from contracts.schemas.validation import Uncompilable, validator


def access_rules(spec: Spec, operation: Operation) -> Iterator[ExchangeRule]:
    """The rules about who asks for what, for every answer of an operation."""
    yield from _authentication_rules(spec, operation)
    promised = any(map(operation.response, range(200, 300)))
    if promised and "path" in {parameter.location for parameter in operation.parameters}:
        promise = "answers a value that the user vouched for with a documented 2xx"
        yield Scope(operation).row(given_is_known, "given value", promise)
    if spec.refuses_unknown(operation):
        promise = "answers a value that can't exist with no 2xx"
        rule = Scope(operation).rule("unknown value", promise)
        statuses = {response.status for response in operation.responses}
        # `4XX` does not say that a value may be unknown.
        if not spec.identifying(operation) and statuses.isdisjoint(map(str, NOT_THERE)):
            rule = replace(rule, severity=Severity.ADVISORY)
        yield ExchangeRule(rule, not_found)


def _authentication_rules(spec: Spec, operation: Operation) -> Iterator[ExchangeRule]:
    """Those of a guarded operation; that of an open one, where the document has any scheme."""
    scope = Scope(operation)
    if spec.security_schemes and not operation.needs_credential:
        promise = "answers a request without credential"
        yield ExchangeRule(scope.rule("auth", promise, name="not required"), open_to_all)
    for way in ways_of(operation, spec):
        form = CREDENTIAL_FORMS[way.form]
        rule = scope.rule("auth", f"{form.promise}{way.said}", name=way.name)
        check: Callable[[Answer], str | None] = partial(refused, way)
        if way.form is Credential.LOWER_CASE:
            rule, check = replace(rule, severity=Severity.ADVISORY), scheme_case
        elif way.form is Credential.RIGHT and way.schemes:
            check = partial(also_accepted, way, vouched_for(way.schemes, spec))
        elif way.form is Credential.RIGHT:
            check = accepted
        yield ExchangeRule(rule, check)
    if schemes_in_use(operation, spec):
        promise = "carries a challenge when the credential is refused with 401"
        yield scope.row(challenge, "challenge", promise)


def refused(way: Way, answer: Answer) -> str | None:
    """What may be answered before a credential is looked for does not show that none is."""
    probe, status = answer.exchange.probe, answer.response.status
    if probe.credential is not way.form or probe.way != way.shown:
        return None
    if status in messages.BEFORE_CREDENTIAL:
        return None
    said = f"{CREDENTIAL_FORMS[way.form].said}{way.said}"
    return broken(status not in REFUSALS, f"{status} for a request with {said}")


def also_accepted(way: Way, vouched: bool, answer: Answer) -> str | None:
    """A credential that the user did not give for these schemes may be none of theirs."""
    status, said = answer.response.status, CREDENTIAL_FORMS[way.form].said
    if answer.exchange.probe.way != way.shown or (status in REFUSALS and not vouched):
        return None
    return broken(status == 401, f"{status} for a request with {said}{way.said}")


def open_to_all(answer: Answer) -> str | None:
    """401 is about credentials alone, 403 is not; one that the document lacks is found as such.

    Nothing is in the request but what the user vouched for: what else is may be a credential.
    """
    probe, status, operation = answer.exchange.probe, answer.response.status, answer.operation
    vouched = {name for name, _ in probe.given}
    needed = {parameter.name for parameter in operation.parameters if parameter.required}
    plain = probe.source == "given" and needed <= vouched and probe.request.body is None
    if not plain or answer.documented is None:
        return None
    return broken(status == 401, "401 for a request without credential, which needs none")


def scheme_case(answer: Answer) -> str | None:
    """The name of a scheme is case-insensitive (RFC 9110 §11.1)."""
    status, form = answer.response.status, answer.exchange.probe.credential
    if form is not Credential.LOWER_CASE:
        return None
    return broken(status in REFUSALS, f"{status} for {CREDENTIAL_FORMS[form].said}")


def accepted(answer: Answer) -> str | None:
    """401 is always wrong; 403 may be about the resource, unless the user vouched for it."""
    probe, status = answer.exchange.probe, answer.response.status
    is_other = probe.credential is not Credential.RIGHT or bool(probe.schemes)
    if is_other or probe.source in ("status", "method", "client"):
        return None
    wrong = status == 401 or (status == 403 and probe.source == "given")
    return broken(wrong, f"{status} for a request with {CREDENTIAL_FORMS[Credential.RIGHT].said}")


def challenge(answer: Answer) -> str | None:
    if answer.response.status != 401:
        return None
    present = any(map(str.strip, answer.fields("www-authenticate")))
    return broken(not present, "401 without WWW-Authenticate")


def not_found(answer: Answer) -> str | None:
    if answer.exchange.probe.source != "unknown":
        return None
    status = answer.response.status
    return broken(200 <= status < 300, f"{status} for {answer.exchange.probe.request.target}")


def given_is_known(answer: Answer) -> str | None:
    """Refusals and undocumented statuses have their own rules; what is forbidden may be refused.

    A resource in another state (409, 412), a rate limit or a redirect says nothing of a value, and
    neither does what may be about a part of the request that nobody gave.
    """
    probe, status = answer.exchange.probe, answer.response.status
    if not probe.given or probe.credential is not Credential.RIGHT:
        return None
    if answer.documented is None or not probe.claim.allowed:
        return None
    failed = status >= 500 and status not in UNAVAILABLE
    if not (200 <= status < 300 or failed or status in _refusals_of_values(answer)):
        return None
    if 200 <= status < 300:
        return ""
    values = ", ".join(f"{name} {shown(value)}" for name, value in probe.given)
    return f"{status} for {values}"


def _refusals_of_values(answer: Answer) -> frozenset[int]:
    """Statuses that can only be about what was given, as nothing else was made up."""
    probe, names = answer.exchange.probe, {name for name, _ in answer.exchange.probe.given}
    made_up = {
        p.location for p in answer.operation.parameters if p.required and p.name not in names
    }
    if "path" in made_up or (probe.request.body and GIVEN_BODY not in names):
        return frozenset()
    return frozenset(NOT_THERE if made_up else (400, 422, *NOT_THERE))


def identity_rules(
    spec: Spec, operation: Operation, response: ResponseSpec
) -> Iterator[ExchangeRule]:
    """Of answers with a 2xx: a rule for each path parameter that the body repeats."""
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
    raw = (serialisation.match_path(answer.operation.path, path) or {}).get(name)
    if raw is None or not answer.is_json or not isinstance(answer.decoded.value, dict):
        return None
    found = answer.decoded.value.get(name)
    try:
        asked = unquote(raw, errors="strict")
    except UnicodeDecodeError:
        return None
    if json_type(found) not in ("string", "integer") or not _possible(echoed, asked):
        return None
    return "" if str(found) == asked else f"{shown(found)}, asked for {shown(asked)}"


def _possible(schema: Schema, asked: str) -> bool:
    """Whether the property could repeat the value at all, as a string or as a number."""
    number = asked.isdecimal() and asked.isascii() and len(asked) < 19 and str(int(asked)) == asked
    try:
        check = validator(schema).is_valid
        return check(asked) or (number and check(int(asked)))
    except Uncompilable:
        return False
