"""Rules about an answer as a whole: its status, media type, header fields, framing, time, and the body as text."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from contracts.document import Operation, ResponseSpec, Spec
from contracts.messages import (
    REFUSALS,
    UNAVAILABLE,
    Credential,
    Failure,
    FailureKind,
    may_be_json,
)
from contracts.rules.rule import Answer, ExchangeRule, Rule, Scope, broken

REFUSALS_OF_EDGES = frozenset({400, 414, 431})
"""What proxies and servers answer to odd requests before the service sees them (RFC 9110 §15.5.1, §15.5.15)."""
UTF_8 = frozenset({"utf-8", "utf8", "us-ascii"})


# --- of an operation ---


def operation_rules(operation: Operation) -> Iterator[ExchangeRule]:
    """The rules that hold for every answer of an operation."""
    statuses, scope = [response.status for response in operation.responses], Scope(operation)
    if not statuses or "default" in map(str.lower, statuses):
        return  # nothing is said about statuses (legal in OpenAPI 3.1), or any of them is documented
    promise = f"is one of the documented statuses: {', '.join(statuses)}"
    yield ExchangeRule(scope.rule("status documented", promise), status_documented)
    promise = "is documented even for odd requests"
    yield ExchangeRule(scope.rule("edge answer documented", promise), edge_answer_documented)


def status_documented(answer: Answer) -> str | None:
    status, probe = answer.response.status, answer.exchange.probe
    # The rules about credentials ask for refusals, documented or not.
    expected = status in REFUSALS and probe.credential is not Credential.RIGHT
    if answer.documented is None and (expected or _refused_edge(answer)):
        return None
    return broken(answer.documented is None, f"the service answered {status}")


def edge_answer_documented(answer: Answer) -> str | None:
    if answer.exchange.probe.source != "edge":
        return None
    documented, response = answer.documented, answer.response
    known = documented is not None and not (documented.content and media_problem(answer))
    seen = f"the service answered {response.status} with {response.media_type} to an odd request"
    return broken(_refused_edge(answer) and not known, seen)


def _refused_edge(answer: Answer) -> bool:
    return answer.exchange.probe.source == "edge" and answer.response.status in REFUSALS_OF_EDGES


# --- of a documented response ---


def response_rules(operation: Operation, response: ResponseSpec) -> Iterator[ExchangeRule]:
    """The rules that hold for every answer with this documented status."""
    rule = Scope(operation, response.status).rule
    names = [media.name for media in response.content]
    if names:
        promise = f"has one of the documented media types: {', '.join(names)}"
        media_type = rule("media type documented", promise, response.pointer)
        yield ExchangeRule(media_type, media_type_documented)
    for header in response.headers:
        if header.required:
            promise = f"has the header {header.name}"
            required = rule("header required", promise, header.pointer, name=header.name)
            yield ExchangeRule(required, partial(header_present, header.name))
    if any(map(may_be_json, names)):
        strict = rule("strict json", "is one JSON document in UTF-8", response.pointer)
        yield ExchangeRule(strict, strict_json)
        unique = rule("unique names", "names each member of an object once", response.pointer)
        yield ExchangeRule(unique, unique_names)


def media_type_documented(answer: Answer) -> str | None:
    problem = media_problem(answer)
    return None if problem and _refused_edge(answer) else problem


def media_problem(answer: Answer) -> str:
    """What is wrong with the media type of an answer whose status is documented with content, "" if nothing."""
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


# --- of any answer, or none ---


def framing_rules(operation: Operation) -> tuple[Rule, Rule]:
    """The rules that answers break by being none: framing, and content encoding."""
    rule = Scope(operation).rule
    framing = rule("framing", "is complete and framed as HTTP/1.1 says")
    return framing, rule("content encoding", "is encoded as Content-Encoding says")


def broken_framing(failure: Failure) -> str | None:
    """Which of the two `framing_rules` kinds a failure breaks, if any."""
    if failure.kind is FailureKind.BAD_ENCODING:
        return "content encoding"
    return "framing" if failure.breaks_contract else None


def wire_rules(spec: Spec, operation: Operation, *, max_seconds: float) -> Iterator[ExchangeRule]:
    """What every answer of an operation must keep, whatever the document says."""
    rule = Scope(operation).rule
    names = [media.name for response in operation.responses for media in response.content]
    if names:
        yield ExchangeRule(rule("single content type", "has one Content-Type"), one_content_type)
    if any(map(may_be_json, names)):
        promise = "names no other charset than UTF-8 for JSON"
        yield ExchangeRule(rule("charset", promise), charset)
    promise = "gives the length of the body once, or as chunks"
    yield ExchangeRule(rule("content length", promise), content_length)
    promise = "does not give the credential back"
    yield ExchangeRule(rule("credential kept", promise), partial(no_echo, spec.placeholder))
    promise = f"comes within {max_seconds:g} s"
    yield ExchangeRule(rule("response time", promise), partial(in_time, max_seconds))


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
        if placeholder in value:
            return f"the header {name} holds the credential"
    return broken(placeholder.encode() in answer.response.body, "the body holds the credential")


def in_time(most: float, answer: Answer) -> str:
    return broken(answer.response.seconds > most, f"{answer.response.seconds:.1f} s")


# --- of methods that the document does not list for a path ---


def method_rules(operation: Operation) -> Iterator[ExchangeRule]:
    """They stand with the first operation of the path."""
    rule = Scope(operation).rule
    promise = "does nothing for a method that is not listed"
    yield ExchangeRule(rule("unlisted method", promise), method_refused)
    yield ExchangeRule(rule("allow header", "names the allowed methods with 405"), allow)


def method_refused(answer: Answer) -> str | None:
    """404, 405, 501 and other refusals are all right, a 2xx or a crash is not (RFC 9110 §15.5.6, §15.6.1)."""
    probe, status = answer.exchange.probe, answer.response.status
    if probe.source != "method":
        return None
    wrong = 200 <= status < 300 or (status >= 500 and status not in UNAVAILABLE | {501})
    return broken(wrong, f"{status} for {probe.request.method}")


def allow(answer: Answer) -> str | None:
    if answer.response.status != 405:
        return None
    return broken(not answer.fields("allow"), "405 without Allow")
