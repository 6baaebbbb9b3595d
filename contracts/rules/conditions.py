"""Rules about entity tags, and about answers to who has what a resource is already."""

import re
from collections.abc import Iterator
from dataclasses import replace

from contracts.document import Operation
from contracts.messages import Request, moment_of
from contracts.rules.rule import Answer, ExchangeRule, Scope, broken, shown

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
