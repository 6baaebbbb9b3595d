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
    """The rules about fields that must be there."""
    scope = Scope(operation, response.status)
    for header in response.headers:
        if header.required:
            name, promise = header.name, f"has the header {header.name}"
            rule = scope.rule("header required", promise, header.pointer, name=name)
            yield ExchangeRule(rule, partial(header_present, name))


def header_present(name: str, answer: Answer) -> str:
    return broken(not answer.fields(name), f"the response has no header {name}")


def header_plans(operation: Operation, response: ResponseSpec) -> Iterator[Plan]:
    """What the value of each field promises, if it has a schema that texts can break."""
    for header in response.headers:
        if header.schema is None or unjudged_because(header):
            continue
        scope = Scope(operation, response.status, header=header.name, texts=TEXTS)
        readable = None
        if header.media_type is not None:
            scope = replace(scope, texts=frozenset())
            readable = scope.rule("readable", "is one JSON document", header.pointer, place="/")
        plan = Plan(scope, header.schema, partial(_read, header), readable)
        if plan.says_something:
            yield plan


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
