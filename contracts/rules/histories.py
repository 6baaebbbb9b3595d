"""Rules about two answers: to a safe request twice, to GET and HEAD, to GET on a condition."""

import re
from collections.abc import Iterator
from dataclasses import replace
from functools import partial

from contracts.document import Operation, Schema, Spec
from contracts.document.model import NOT_THERE
from contracts.document.serialisation import parameter_names
from contracts.messages import (
    BEFORE_CREDENTIAL,
    REFUSALS,
    SAFE_METHODS,
    UNAVAILABLE,
    Request,
    moment_of,
)
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


# --- entity tags, and answers to who has what a resource is already ---

CONDITIONS = ("If-None-Match", "If-Modified-Since")
ENTITY_TAG = re.compile(r'(?P<weak>W/)?(?P<opaque>"[!#-~\x80-\xff]*")')  # RFC 9110 §8.8.3


def has_conditions(operation: Operation) -> tuple[bool, bool, bool]:
    """Whether the document shows entity tags, times of change, and what to do with the first.

    By fields of a 2xx, parameters, or a 304.
    """
    fields = {p.name.lower() for p in operation.parameters if p.location == "header"}
    statuses = {response.status for response in operation.responses}
    taken = "if-none-match" in fields or "304" in statuses
    for response in operation.responses:
        if response.status.startswith("2"):
            fields |= {header.name.lower() for header in response.headers}
    is_read = operation.method == "GET"
    has_tag = taken or "etag" in fields
    has_time = not {"last-modified", "if-modified-since"}.isdisjoint(fields)
    return is_read and has_tag, is_read and has_time, is_read and taken


def unconditional(request: Request) -> Request:
    """The request without the conditions that reads have."""
    names = {name.lower() for name in CONDITIONS}
    fields = tuple(field for field in request.headers if field[0].lower() not in names)
    return replace(request, headers=fields)


def tag_rules(operation: Operation) -> Iterator[ExchangeRule]:
    """The rules about the tag of one answer."""
    if has_conditions(operation)[0]:
        promise = "has an ETag that is one as HTTP writes it"
        yield Scope(operation).row(tag_is_one, "entity tag", promise)


def history_of_tags(operation: Operation) -> Iterator[ExchangeRule]:
    """The rules about the tags of an earlier and a later answer to the same request."""
    if has_conditions(operation)[0]:
        row = Scope(operation).row
        yield row(same_tag, "same tag", "has the same ETag as long as it is the same")
        yield row(
            strong_tag, "strong tag", "has another ETag when it is another, unless a weak one"
        )


def condition_rules(operation: Operation) -> Iterator[ExchangeRule]:
    """The rules about an answer, and a later one to the same request on a condition."""
    has_tag, has_time, taken = has_conditions(operation)
    if has_tag:
        promise = "is answered with 304 to who names its ETag, and to nobody else"
        yield Scope(operation, advises=not taken).row(not_modified, "not modified", promise)
    if has_time:
        promise = "is answered with 304 to who has had it since it changed, and to nobody else"
        yield Scope(operation).row(not_modified_since, "not modified since", promise)


def _tag(answer: Answer) -> re.Match[str] | None:
    return ENTITY_TAG.fullmatch(answer.response.header("etag") or "")


def tag_is_one(answer: Answer) -> str | None:
    tags = answer.fields("etag")
    if len(tags) > 1:
        return f"ETag is sent {len(tags)} times"
    return broken(_tag(answer) is None, f"ETag is {shown(tags[0])}") if tags else None


def same_tag(before: Answer, later: Answer) -> str | None:
    tags = [answer.response.header("etag") for answer in (before, later)]
    same = before.response.body == later.response.body and _are_whole(before, later)
    if not (same and all(tags)):
        return None
    seen = (
        f"ETag is {shown(tags[1])}, where the same request had {shown(tags[0])} and the same body"
    )
    return broken(tags[0] != tags[1], seen)


def strong_tag(before: Answer, later: Answer) -> str | None:
    """A strong tag stands for one body, octet by octet (RFC 9110 §8.8.1)."""
    tags = _tag(before), _tag(later)
    if tags[1] is None or tags[1]["weak"] or tags[0] is None or not _are_whole(before, later):
        return None
    differs = before.response.body != later.response.body and before.has_content
    seen = f"ETag is {shown(tags[1][0])}, as with another body for the same request"
    return broken(differs and tags[0][0] == tags[1][0], seen)


def _are_whole(*answers: Answer) -> bool:
    return all(answer.response.status == 200 and answer.response.is_whole for answer in answers)


def not_modified(get: Answer, later: Answer) -> str | None:
    """What changed between the two has another tag, and says nothing."""
    sent, status, tag = (
        later.exchange.probe.request.header(CONDITIONS[0]),
        later.response.status,
        _tag(get),
    )
    if sent is None or tag is None or get.response.status != 200:
        return None
    own, said = _tag(later), f"{status} for {CONDITIONS[0]}: {sent}"
    named = {found["opaque"] for found in ENTITY_TAG.finditer(sent)}
    if status == 304 and sent != "*" and (own or tag)["opaque"] not in named:
        return f"{said}, and its ETag is {(own or tag)[0]}"
    if status == 304 and not later.fields("etag"):
        return f"{said} has no ETag, where 200 has {tag[0]}"
    if status == 304:
        return broken(later.response.body, f"{said} has a body")
    if not 200 <= status < 300 or own is None:
        return None
    wrong = sent == "*" or own["opaque"] in named
    return broken(wrong, f"{said}, and its ETag is {own[0]}")


def not_modified_since(get: Answer, later: Answer) -> str | None:
    request, status = later.exchange.probe.request, later.response.status
    since = moment_of(request.header(CONDITIONS[1]))
    if since is None or request.header(CONDITIONS[0]) is not None or get.response.status != 200:
        return None
    of_which = get if status == 304 else later
    changed = moment_of(of_which.response.header("last-modified"))
    if changed is None or status not in (200, 304):
        return None
    said = f"{status} for {CONDITIONS[1]}: {request.header(CONDITIONS[1])}, and it changed"
    seen = f"{said} at {of_which.response.header('last-modified')}"
    return broken((changed > since) == (status == 304), seen)
