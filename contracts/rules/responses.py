"""Rules about a response as a whole: its status, media type, headers, framing, and the body as text."""

from __future__ import annotations

from collections.abc import Iterator

from contracts.document import Header, Operation, ResponseSpec
from contracts.messages import (
    REFUSALS,
    Credential,
    Failure,
    FailureKind,
    header_values,
    may_be_json,
)
from contracts.rules import kinds
from contracts.rules.answer import Answer
from contracts.rules.rule import Check, ExchangeRule, Rule, RuleKind, rule_of

REFUSALS_OF_EDGES = frozenset({400, 414, 431})
"""What proxies and servers answer to odd requests before the service sees them (RFC 9110 §15.5.1, §15.5.15)."""


def operation_rules(operation: Operation) -> Iterator[ExchangeRule]:
    """The rules that hold for every answer of an operation."""
    statuses = [response.status for response in operation.responses]
    if not statuses or any(status.lower() == "default" for status in statuses):
        return  # nothing is said about statuses (legal in OpenAPI 3.1), or any of them is documented
    documented = ", ".join(statuses)
    yield _row(
        operation,
        kinds.STATUS,
        f"is one of the documented statuses: {documented}",
        status_documented,
    )
    yield _row(
        operation, kinds.EDGE_ANSWER, "is documented even for odd requests", edge_answer_documented
    )


def response_rules(operation: Operation, response: ResponseSpec) -> Iterator[ExchangeRule]:
    """The rules that hold for every answer with this documented status."""
    if response.content:
        names = ", ".join(media.name for media in response.content)
        promise = f"has one of the documented media types: {names}"
        yield _row(operation, kinds.MEDIA_TYPE, promise, media_type_documented, response)
    for header in response.headers:
        if header.required:
            yield _header_row(operation, response, header)
    if any(may_be_json(media.name) for media in response.content):
        yield _row(
            operation, kinds.STRICT_JSON, "is one JSON document in UTF-8", strict_json, response
        )
        yield _row(
            operation,
            kinds.UNIQUE_NAMES,
            "names each member of an object once",
            unique_names,
            response,
        )


def framing_rules(operation: Operation) -> tuple[Rule, Rule]:
    """The rules that answers break by being none: framing, and content encoding."""
    framing = rule_of(operation, kinds.FRAMING, "is complete and framed as HTTP/1.1 says")
    return framing, rule_of(
        operation, kinds.CONTENT_ENCODING, "is encoded as Content-Encoding says"
    )


def broken_framing(failure: Failure) -> str | None:
    """Which of the two `framing_rules` kinds a failure breaks, if any."""
    if failure.kind is FailureKind.BAD_ENCODING:
        return kinds.CONTENT_ENCODING.name
    return kinds.FRAMING.name if failure.breaks_contract else None


def status_documented(answer: Answer) -> str | None:
    if answer.documented is None and (_refused_edge(answer) or _refused_credential(answer)):
        return None
    return "" if answer.documented else f"the service answered {answer.response.status}"


def edge_answer_documented(answer: Answer) -> str | None:
    if answer.exchange.probe.source != "edge":
        return None
    if _refused_edge(answer) and (
        answer.documented is None or (answer.documented.content and media_problem(answer))
    ):
        return f"the service answered {answer.response.status} with {answer.response.media_type} to an odd request"
    return ""


def media_type_documented(answer: Answer) -> str | None:
    if _refused_edge(answer) and media_problem(answer):
        return None
    return media_problem(answer)


def media_problem(answer: Answer) -> str:
    """What is wrong with the media type of an answer whose status is documented with content, "" if nothing."""
    if answer.media is not None or answer.exchange.probe.request.method == "HEAD":
        return ""
    written = answer.response.header("content-type")
    return "the response has no Content-Type" if written is None else f"Content-Type is {written}"


def strict_json(answer: Answer) -> str | None:
    if not answer.is_json or answer.exchange.probe.request.method == "HEAD":
        return None
    return answer.decoded.problem or ""


def unique_names(answer: Answer) -> str | None:
    if not answer.is_json or answer.decoded.problem is not None:
        return None
    duplicates = answer.decoded.duplicates
    return f"the name {', '.join(duplicates)} occurs twice in one object" if duplicates else ""


def _refused_credential(answer: Answer) -> bool:
    """A credential that must be refused was: the rules about credentials ask for that, documented or not."""
    wrong = answer.exchange.probe.credential is not Credential.RIGHT
    return wrong and answer.response.status in REFUSALS


def _refused_edge(answer: Answer) -> bool:
    return answer.exchange.probe.source == "edge" and answer.response.status in REFUSALS_OF_EDGES


def _row(
    operation: Operation,
    kind: RuleKind,
    promise: str,
    check: Check,
    response: ResponseSpec | None = None,
) -> ExchangeRule:
    status, pointer = (response.status, response.pointer) if response else (None, None)
    return ExchangeRule(rule_of(operation, kind, promise, status=status, pointer=pointer), check)


def _header_row(operation: Operation, response: ResponseSpec, header: Header) -> ExchangeRule:
    promise = f"has the header {header.name}"

    def check(answer: Answer) -> str:
        present = header_values(answer.response.headers, header.name)
        return "" if present else f"the response has no header {header.name}"

    rule = rule_of(
        operation,
        kinds.HEADER,
        promise,
        status=response.status,
        name=header.name,
        pointer=header.pointer,
    )
    return ExchangeRule(rule, check)
