"""Rules about the fields of an answer's head that the document describes, by their schemas."""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial

from contracts.document import Header, Operation, ResponseSpec
from contracts.messages import is_json
from contracts.rules.plan import Plan
from contracts.rules.rule import Answer, ExchangeRule, Scope, broken
from contracts.schemas.contents import Found, header_found, is_flat
from contracts.schemas.locations import locate

LEFT_TO_HTTP = frozenset({"connection", "content-encoding", "content-length", "transfer-encoding"})
"""Fields about how a message is sent, which whoever passes it on may change (RFC 9110 §7.6.1)."""
TEXTS = frozenset({"string", "array"})  # what every text in style `simple` can be read as


def header_rules(operation: Operation, response: ResponseSpec) -> Iterator[ExchangeRule]:
    """The rules about fields that must be there, and those that hold JSON."""
    scope = Scope(operation, response.status)
    for header in response.headers:
        if header.required:
            name, promise = header.name, f"has the header {header.name}"
            rule = scope.rule("header required", promise, header.pointer, name=name)
            yield ExchangeRule(rule, partial(header_present, name))
        if is_json(header.media_type or ""):
            within = Scope(operation, response.status, header=header.name)
            rule = within.rule("readable", "is one JSON document", header.pointer, place="/")
            yield ExchangeRule(rule, partial(header_readable, header))


def header_present(name: str, answer: Answer) -> str:
    return broken(not answer.fields(name), f"the response has no header {name}")


def header_readable(header: Header, answer: Answer) -> str | None:
    lines = answer.fields(header.name)
    return header_found(header, lines).problem if lines else None


def header_plans(operation: Operation, response: ResponseSpec) -> Iterator[Plan]:
    """What the value of each field promises, if it has a schema that texts can break."""
    for header in response.headers:
        if header.schema is None or unjudged_because(header):
            continue
        scope = Scope(operation, response.status, header=header.name, texts=TEXTS)
        if header.media_type is not None:
            scope = replace(scope, texts=frozenset())
        plan = Plan(scope, header.schema, partial(_read, header))
        if plan.says_something:
            yield plan


def unjudged_headers(operation: Operation, response: ResponseSpec) -> Iterator[tuple[Header, str]]:
    """The documented fields with a schema that no rule covers, each with the reason."""
    for header in response.headers:
        why, scope = unjudged_because(header), Scope(operation, texts=TEXTS)
        if why and header.schema is not None and Plan(scope, header.schema).says_something:
            yield header, why


def unjudged_because(header: Header) -> str:
    """Why no rule covers the schema of a field, "" if rules do."""
    if header.name.lower() in LEFT_TO_HTTP:
        return "whoever passes an answer on may change this field (RFC 9110 §7.6.1)"
    if header.media_type is not None and not is_json(header.media_type):
        return f"its content is {header.media_type}"
    if header.media_type or header.schema is None or is_flat(locate(header.schema)):
        return ""
    return "style `simple` has no form for lists or objects in others"


def _read(header: Header, answer: Answer) -> Found:
    return header_found(header, answer.fields(header.name))
