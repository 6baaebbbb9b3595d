"""Rules about methods, header fields and time: what HTTP itself demands of any answer."""

from __future__ import annotations

from collections.abc import Iterator

from contracts.document import Operation, Spec
from contracts.messages import UNAVAILABLE, header_values, may_be_json
from contracts.rules import kinds
from contracts.rules.answer import Answer
from contracts.rules.rule import Check, ExchangeRule, rule_of

UTF_8 = frozenset({"utf-8", "utf8", "us-ascii"})


def wire_rules(spec: Spec, operation: Operation, *, max_seconds: float) -> Iterator[ExchangeRule]:
    """What every answer of an operation must keep, whatever the document says."""
    media = [media.name for response in operation.responses for media in response.content]
    rows = (
        (kinds.CONTENT_TYPE, "has one Content-Type", one_content_type),
        (kinds.CHARSET, "names no other charset than UTF-8 for JSON", charset),
        (kinds.CONTENT_LENGTH, "gives the length of the body once, or as chunks", content_length),
        (kinds.NO_ECHO, "does not give the credential back", no_echo_of(spec.placeholder)),
    )
    unseen = {kinds.CONTENT_TYPE} if not media else set()
    unseen |= {kinds.CHARSET} if not any(map(may_be_json, media)) else set()
    for kind, promise, check in (row for row in rows if row[0] not in unseen):
        yield ExchangeRule(rule_of(operation, kind, promise), check)

    def in_time(answer: Answer) -> str | None:
        seconds = answer.response.seconds
        return "" if seconds <= max_seconds else f"{seconds:.1f} s"

    yield ExchangeRule(rule_of(operation, kinds.TIME, f"comes within {max_seconds:g} s"), in_time)


def one_content_type(answer: Answer) -> str | None:
    written = header_values(answer.response.headers, "content-type")
    if not written:
        return None
    return (
        ""
        if len(written) == 1
        else f"Content-Type is sent {len(written)} times: {', '.join(written)}"
    )


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
    headers = answer.response.headers
    lengths, codings = (
        header_values(headers, "content-length"),
        header_values(headers, "transfer-encoding"),
    )
    if len(lengths) > 1:
        return f"Content-Length is sent {len(lengths)} times"
    if lengths and codings:
        return "Content-Length stands beside Transfer-Encoding"
    if lengths and answer.response.status in (204,):
        return f"{answer.response.status} with Content-Length"
    return ""


def no_echo_of(placeholder: str) -> Check:
    """Answers hold `placeholder` where the service gave the credential back."""

    def no_echo(answer: Answer) -> str | None:
        for name, value in answer.response.headers:
            if placeholder in value:
                return f"the header {name} holds the credential"
        kept = placeholder.encode() in answer.response.body
        return "the body holds the credential" if kept else ""

    return no_echo


def method_rules(operation: Operation) -> Iterator[ExchangeRule]:
    """Rules about methods that the document does not list for a path. They stand with its first operation."""
    yield ExchangeRule(
        rule_of(operation, kinds.METHOD, "does nothing for a method that is not listed"), refused
    )
    yield ExchangeRule(rule_of(operation, kinds.ALLOW, "names the allowed methods with 405"), allow)


def refused(answer: Answer) -> str | None:
    """404, 405, 501 and other refusals are all right, a 2xx or a crash is not (RFC 9110 §15.5.6, §15.6.1)."""
    probe, status = answer.exchange.probe, answer.response.status
    if probe.source != "method":
        return None
    wrong = 200 <= status < 300 or (status >= 500 and status not in (501, *UNAVAILABLE))
    return f"{status} for {probe.request.method}" if wrong else ""


def allow(answer: Answer) -> str | None:
    if answer.response.status != 405:
        return None
    return "" if header_values(answer.response.headers, "allow") else "405 without Allow"
