"""Rules about two answers: to a safe request asked twice, and to GET and HEAD of one target."""

from collections.abc import Iterator
from functools import partial

from contracts.document import Operation, Schema, Spec
from contracts.document.model import NOT_THERE
from contracts.document.serialisation import parameter_names
from contracts.messages import BEFORE_CREDENTIAL, REFUSALS, SAFE_METHODS, UNAVAILABLE
from contracts.rules.rule import Answer, ExchangeRule, Scope, broken, shown
from contracts.schemas.locations import json_type, locate

_NAMES = ("id", "_id", "uuid", "guid", "uid")
"""What the member that identifies a resource is called, where not as the parameter in its path."""
_SERVES_NONE = BEFORE_CREDENTIAL | REFUSALS | UNAVAILABLE | {410}
"""Statuses by which a service says that it has no HEAD there, or nothing of it."""


def history_rules(operation: Operation) -> Iterator[ExchangeRule]:
    """The rules about an earlier and a later answer to the same request."""
    if operation.method not in SAFE_METHODS:
        return
    promise = "answers the same request with the same status"
    yield Scope(operation).row(same_status, "same status", promise)
    names = parameter_names(operation.path)
    if not names or not operation.path.endswith(f"{{{names[-1]}}}"):
        return  # it names no resource: each answer may be about another one
    for response in operation.responses:
        for media in response.content[:1]:
            name = _identifying(media.schema, names) if response.status.startswith("2") else None
            if name is not None:
                scope, place = Scope(operation, response.status), f"/{name}"
                promise = "is the same for the same request"
                rule = scope.rule("same identity", promise, media.pointer, place=place)
                yield ExchangeRule(rule, partial(same_member, name))


def _identifying(schema: Schema | None, names: tuple[str, ...]) -> str | None:
    """The member of a body that identifies it, unless the path repeats it: then that is judged."""
    if schema is None:
        return None
    body = locate(schema)
    known = [name for name in _NAMES if name in body.properties]
    echoed = set(names) & set(body.properties)
    return known[0] if known and not echoed and "object" in body.types else None


def same_status(before: Answer, later: Answer) -> str | None:
    """A crash, a refusal and a limit have rules of their own, and what was begun may be done."""
    asked, status = before.response.status, later.response.status
    if max(asked, status) >= 500 or {asked, status} & {202, 408, *REFUSALS, *UNAVAILABLE}:
        return None
    return broken(asked != status, f"{status}, where the same request had {asked}")


def same_member(name: str, before: Answer, later: Answer) -> str | None:
    values = []
    for answer in (before, later):
        ok = 200 <= answer.response.status < 300 and answer.is_json
        value = answer.decoded.value if ok and answer.decoded.problem is None else None
        values.append(value.get(name) if isinstance(value, dict) else None)
    if not all(json_type(value) in ("string", "integer") for value in values):
        return None
    text = f"{shown(values[1])}, where the same request had {shown(values[0])}"
    return broken(values[0] != values[1], text)


def head_rules(spec: Spec, operation: Operation) -> Iterator[ExchangeRule]:
    """The rules about the answers to GET and then to HEAD for the same target (RFC 9110 §9.3.2).

    None where the document has an operation for HEAD, which it describes by itself.
    """
    if operation.method == "GET" and f"HEAD {operation.path}" not in spec.by_key:
        row = Scope(operation).row
        promise = "answers HEAD, where it is served, with the status of GET"
        yield row(head_status, "head status", promise)
        promise = "answers HEAD with what it knows of GET"
        yield row(head_answer, "head answer", promise)


def head_status(get: Answer, head: Answer) -> str | None:
    asked, status = get.response.status, head.response.status
    if not 200 <= asked < 300 or status in _SERVES_NONE:
        return None
    return broken(status != asked, f"{status} for HEAD, where GET has {asked}")


def head_answer(get: Answer, head: Answer) -> str | None:
    """That it is there, its media type and documented fields, and no length but its content's."""
    if head.response.status in NOT_THERE and 200 <= get.response.status < 300:
        return f"{head.response.status} for HEAD, where GET has {get.response.status}"
    if get.response.status != head.response.status or get.documented is None:
        return None
    for name in ("Content-Type", *(header.name for header in get.documented.headers)):
        if get.fields(name) and not head.fields(name):
            return f"HEAD has no {name}, and GET has it"
    types = [answer.response.media_type for answer in (get, head)]
    if types[0] != types[1]:
        return f"Content-Type is {types[1]} with HEAD, and {types[0]} with GET"
    empty = head.fields("content-length") == ["0"] and get.response.body
    return broken(
        empty, f"Content-Length is 0 with HEAD, and GET has {len(get.response.body)} bytes"
    )
