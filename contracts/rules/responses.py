"""Rules about an answer: as a whole, as text, on the wire; to whom and about what it was given."""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from urllib.parse import unquote

from contracts import messages
from contracts.document import Operation, Parameter, ResponseSpec, Schema, Spec, serialisation
from contracts.document.model import NOT_THERE, variants_of
from contracts.messages import CREDENTIAL_FORMS, REFUSALS, UNAVAILABLE, Credential, Failure
from contracts.rules.rule import Answer, ExchangeRule, Rule, Scope, Severity, broken, shown
from contracts.schemas.locations import json_type, locate
from contracts.schemas.validation import Uncompilable, validator

REFUSALS_OF_EDGES = frozenset({400, 414, 431})
"""What servers answer to odd requests before the service sees them (RFC 9110 §15.5.1, §15.5.15)."""
ANSWERS_OF_ROUTERS = REFUSALS_OF_EDGES | {404, 405, *range(300, 400)}
"""What they answer to odd paths, which they may redirect, or take for another."""
UTF_8 = frozenset({"utf-8", "utf8", "us-ascii"})


def operation_rules(spec: Spec, operation: Operation) -> Iterator[ExchangeRule]:
    """The rules that hold for every answer of an operation."""
    statuses, row = [response.status for response in operation.responses], Scope(operation).row
    # Without statuses nothing is said about them (legal in OpenAPI 3.1); `default` documents any.
    if statuses and "default" not in map(str.lower, statuses):
        promise = f"is one of the documented statuses: {', '.join(statuses)}"
        yield row(partial(status_documented, spec), "status documented", promise)
    if statuses:
        promise = "is documented even for odd requests"
        yield row(edge_was_asked, "edge answer documented", promise)
    yield from _authentication_rules(spec, operation)
    promised = any(map(operation.response, range(200, 300)))
    if promised and "path" in {parameter.location for parameter in operation.parameters}:
        promise = "answers a value that the user vouched for with a documented 2xx"
        yield row(given_is_known, "given value", promise)
    if spec.refuses_unknown(operation):
        promise = "answers a value that can't exist with no 2xx"
        rule = Scope(operation).rule("unknown value", promise)
        # `4XX` does not say that a value may be unknown.
        if not spec.identifying(operation) and {*statuses}.isdisjoint(map(str, NOT_THERE)):
            rule = replace(rule, severity=Severity.ADVISORY)
        yield ExchangeRule(rule, not_found)


def status_documented(spec: Spec, answer: Answer) -> str | None:
    """Another template that matches the path may document it as well (`/users/me`)."""
    status, probe = answer.response.status, answer.exchange.probe
    # The rules about credentials ask for refusals, documented or not.
    expected = status in REFUSALS and probe.credential is not Credential.RIGHT
    if answer.documented is None and expected:
        return None
    if answer.documented is None:
        for other in serialisation.operations_at(spec, probe.request.path):
            if other.method == answer.operation.method and other.response(status):
                return None
    return broken(answer.documented is None, f"the service answered {status}")


def edge_was_asked(answer: Answer) -> str | None:
    """What breaks it is what the other rules would find: see `is_early`."""
    return "" if answer.exchange.probe.source == "edge" else None


def is_early(answer: Answer) -> bool:
    """Whether a server may have given an answer before the service, whose promises it breaks.

    To an odd path by its status alone; to any other edge case only what is not documented.
    """
    probe, status = answer.exchange.probe, answer.response.status
    odd = serialisation.is_odd(answer.operation.path, probe.request.path)
    if odd and status in ANSWERS_OF_ROUTERS:
        return True
    documented = answer.documented
    known = documented is not None and not (documented.content and media_problem(answer))
    return probe.source == "edge" and status in REFUSALS_OF_EDGES and not known


def early_answer(answer: Answer) -> str:
    """What is said of an early answer that breaks a promise."""
    status, name = answer.response.status, answer.response.media_type
    return f"the service answered {status}{f' with {name}' if name else ''} to an odd request"


def response_rules(
    spec: Spec, operation: Operation, response: ResponseSpec
) -> Iterator[ExchangeRule]:
    """The rules that hold for every answer with this documented status."""
    scope, pointer = Scope(operation, response.status), response.pointer
    names = [media.name for media in response.content]
    if names:
        promise = f"has one of the documented media types: {', '.join(names)}"
        yield scope.row(media_problem, "media type documented", promise, pointer)
    for header in response.headers:
        if header.required:
            name, promise = header.name, f"has the header {header.name}"
            required = scope.rule("header required", promise, header.pointer, name=name)
            yield ExchangeRule(required, partial(header_present, name))
    if any(map(messages.may_be_json, names)):
        yield scope.row(strict_json, "strict json", "is one JSON document in UTF-8", pointer)
        promise = "names each member of an object once"
        yield scope.row(unique_names, "unique names", promise, pointer)
    if response.status.startswith("2"):
        yield from _identity_rules(spec, operation, response)


def media_problem(answer: Answer) -> str:
    """What is wrong with the media type where content is documented, "" if nothing."""
    if answer.media is not None or answer.exchange.probe.request.method == "HEAD":
        return ""
    written = answer.response.header("content-type")
    return "the response has no Content-Type" if written is None else f"Content-Type is {written}"


def header_present(name: str, answer: Answer) -> str:
    return broken(not answer.fields(name), f"the response has no header {name}")


def strict_json(answer: Answer) -> str | None:
    if not answer.is_json or answer.exchange.probe.request.method == "HEAD":
        return None
    return answer.decoded.problem or ""


def unique_names(answer: Answer) -> str | None:
    if not answer.is_json or answer.decoded.problem is not None:
        return None
    names = answer.decoded.duplicates
    return broken(names, f"the name {', '.join(names)} occurs twice in one object")


def framing_rules(operation: Operation) -> tuple[Rule, Rule]:
    """The rules that answers break by being none: framing, and content encoding."""
    rule = Scope(operation).rule
    framing = rule("framing", "is complete and framed as HTTP/1.1 says")
    return framing, rule("content encoding", "is encoded as Content-Encoding says")


def broken_framing(failure: Failure) -> str | None:
    """Which of the two `framing_rules` kinds a failure breaks, if any."""
    if failure.kind is messages.FailureKind.BAD_ENCODING:
        return "content encoding"
    return "framing" if failure.breaks_contract else None


def wire_rules(spec: Spec, operation: Operation, *, max_seconds: float) -> Iterator[ExchangeRule]:
    """What every answer of an operation must keep, whatever the document says."""
    row, echo = Scope(operation).row, partial(no_echo, spec.placeholder)
    names = [media.name for response in operation.responses for media in response.content]
    if names:
        yield row(one_content_type, "single content type", "has one Content-Type")
    if any(map(messages.may_be_json, names)):
        yield row(charset, "charset", "names no other charset than UTF-8 for JSON")
    yield row(content_length, "content length", "gives the length of the body once, or as chunks")
    yield row(echo, "credential kept", "does not give the credential back")
    late = partial(in_time, max_seconds)
    yield row(late, "response time", f"comes within {max_seconds:g} s")


def one_content_type(answer: Answer) -> str | None:
    sent = answer.fields("content-type")
    seen = f"Content-Type is sent {len(sent)} times: {', '.join(sent)}"
    return broken(len(sent) > 1, seen) if sent else None


def charset(answer: Answer) -> str | None:
    if not answer.is_json:
        return None
    _, _, parameters = (answer.response.header("content-type") or "").partition(";")
    for parameter in parameters.split(";"):
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "charset" and value.strip().strip('"').lower() not in UTF_8:
            return f"Content-Type says charset={value.strip()}"
    return ""


def content_length(answer: Answer) -> str | None:
    lengths = answer.fields("content-length")
    if len(lengths) > 1:
        return f"Content-Length is sent {len(lengths)} times"
    if lengths and answer.fields("transfer-encoding"):
        return "Content-Length stands beside Transfer-Encoding"
    return broken(lengths and answer.response.status == 204, "204 with Content-Length")


def no_echo(placeholder: str, answer: Answer) -> str | None:
    """The placeholder stands in an answer where the service gave the credential back."""
    for name, value in answer.response.headers:
        if placeholder in f"{name}: {value}":
            return f"the header {name} holds the credential"
    return broken(placeholder.encode() in answer.response.body, "the body holds the credential")


def in_time(most: float, answer: Answer) -> str:
    return broken(answer.response.seconds > most, f"{answer.response.seconds:.1f} s")


def method_rules(spec: Spec, operation: Operation) -> Iterator[ExchangeRule]:
    """Methods that the document does not list for a path; with the path's first operation."""
    row, promise = Scope(operation).row, "does nothing for a method that is not listed"
    yield row(partial(method_refused, spec), "unlisted method", promise)


def method_refused(spec: Spec, answer: Answer) -> str | None:
    """A refusal, 404, 405 or 501 is right, a 2xx or a crash is not (RFC 9110 §15.5.6, §15.6.1)."""
    probe, status = answer.exchange.probe, answer.response.status
    served = serialisation.served_at(spec, probe.request.path)
    if probe.source != "method" or probe.request.method in served:
        return None
    wrong = 200 <= status < 300 or (status >= 500 and status not in UNAVAILABLE | {501})
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
    """Of answers with 405; where the document has one, it has made the whole list a promise."""
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
    if answer.response.status != 405:
        return None
    request, fields = answer.exchange.probe.request, answer.fields("allow")
    listed, there = _allowed(fields), serialisation.methods_at(spec, request.path)
    written, served = ", ".join(listed), {*serialisation.served_at(spec, request.path)}
    if not fields:
        return "405 without Allow"
    if not all(map(messages.is_field_name, listed)):
        return f"Allow is {shown(', '.join(fields))}, which is no list of methods"
    for method in (request.method, *sorted(answer.refused - served)):
        if method in listed:
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


# --- of credentials, and of values that are known or can't be ---


def _authentication_rules(spec: Spec, operation: Operation) -> Iterator[ExchangeRule]:
    """None for an operation that asks for no credential."""
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
    yield scope.row(challenge, "challenge", promise)


def refused(variant: Credential, answer: Answer) -> str | None:
    """What may be answered before a credential is looked for does not show that none is."""
    status, said = answer.response.status, CREDENTIAL_FORMS[variant].said
    if answer.exchange.probe.credential is not variant or status in messages.BEFORE_CREDENTIAL:
        return None
    return broken(status not in REFUSALS, f"{status} for a request with {said}")


def scheme_case(answer: Answer) -> str | None:
    """The name of a scheme is case-insensitive (RFC 9110 §11.1)."""
    status, form = answer.response.status, answer.exchange.probe.credential
    if form is not Credential.LOWER_CASE:
        return None
    return broken(status in REFUSALS, f"{status} for {CREDENTIAL_FORMS[form].said}")


def accepted(answer: Answer) -> str | None:
    """401 is always wrong; 403 may be about the resource, unless the user vouched for it."""
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


def not_found(answer: Answer) -> str | None:
    if answer.exchange.probe.source != "unknown":
        return None
    status = answer.response.status
    return broken(200 <= status < 300, f"{status} for {answer.exchange.probe.request.target}")


def given_is_known(answer: Answer) -> str | None:
    """Refusals and undocumented statuses have their own rules; what is forbidden may be refused."""
    probe, status = answer.exchange.probe, answer.response.status
    if not probe.given or probe.credential is not Credential.RIGHT or status in REFUSALS:
        return None
    if answer.documented is None or not probe.claim.allowed:
        return None
    values = ", ".join(f"{name} {shown(value)}" for name, value in probe.given)
    return broken(not 200 <= status < 300, f"{status} for {values}")


def _identity_rules(
    spec: Spec, operation: Operation, response: ResponseSpec
) -> Iterator[ExchangeRule]:
    """A rule for each path parameter that the body has a property of the same name and type for."""
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
    return broken(str(found) != asked, f"{shown(found)}, asked for {shown(asked)}")


def _possible(schema: Schema, asked: str) -> bool:
    """Whether the property could repeat the value at all, as a string or as a number."""
    number = asked.isdecimal() and asked.isascii() and len(asked) < 19 and str(int(asked)) == asked
    try:
        check = validator(schema).is_valid
        return check(asked) or (number and check(int(asked)))
    except Uncompilable:
        return False
