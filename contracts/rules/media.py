"""Rules about bodies that are no JSON: text, forms, and values in a row."""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial

from contracts.document import MediaType, Operation, ResponseSpec
from contracts.messages import EVENTS, may_be_json
from contracts.rules.plan import Plan
from contracts.rules.rule import Answer, ExchangeRule, Scope, json_found
from contracts.schemas.contents import SCALARS, Found
from contracts.schemas.locations import locate
from contracts.schemas.media_types import (
    NOTHING,
    TEXT,
    Body,
    Content,
    Medium,
    Unreadable,
    content_of,
    is_event,
    medium_of,
)

_TEXTS = frozenset({"string"})


def media_plans(operation: Operation, response: ResponseSpec) -> Iterator[tuple[str, Plan]]:
    """What each documented body promises, by its media type; no text without a promise has one."""
    schemas = {media.name: media.schema for media in response.content if media.schema is not None}
    documents = list(filter(may_be_json, schemas))
    for name in documents:
        # The ids of rules about JSON name its media type if there are several.
        scope = Scope(operation, response.status)
        if documents[1:]:
            scope = replace(scope, media=name)
        yield name, Plan(scope, schemas[name], partial(_json_or_text, Content(TEXT, schemas[name])))
    for media in response.content:
        if plan := _plan(operation, response, media):
            yield media.name, plan


def _json_or_text(content: Content, answer: Answer) -> Found:
    """The body as JSON, or, where the document has a range of media types, as the text it is."""
    is_text = medium_of(answer.response.media_type or "") is TEXT
    if is_text and answer.has_content and content.location.types <= SCALARS:
        return content.found(_body(answer))
    return json_found(answer)


def _plan(operation: Operation, response: ResponseSpec, media: MediaType) -> Plan | None:
    if (content := content_of(media)) is None:
        return None
    texts = _TEXTS
    if content.medium.is_sequence and not _is_of_events(content):
        texts = frozenset()
    scope = replace(_scope(operation, response, media), texts=texts)
    plan = Plan(scope, content.schema, partial(_found, content), content.each)
    return plan if plan.says_something else None


def _scope(operation: Operation, response: ResponseSpec, media: MediaType) -> Scope:
    return Scope(operation, response.status, media.name.replace(" ", ""))


def _is_of_events(content: Content) -> bool:
    return content.medium.names == EVENTS and is_event(content.location)


def _found(content: Content, answer: Answer) -> Found:
    return content.found(_body(answer))


def _body(answer: Answer) -> Body:
    response = answer.response
    return Body(response.body, response.header("content-type") or "", response.is_whole)


def media_rules(operation: Operation, response: ResponseSpec) -> Iterator[ExchangeRule]:
    """The rules about how bodies that are no JSON are written."""
    for media in response.content:
        medium = medium_of(media.name)
        if medium is None or not (medium.is_sequence or _plan(operation, response, media)):
            continue
        scope = _scope(operation, response, media)
        rule = scope.rule("readable", medium.is_what, media.pointer, place="/")
        rule = replace(rule, clause=medium.clause)
        yield ExchangeRule(rule, partial(readable, media, medium))


def readable(media: MediaType, medium: Medium, answer: Answer) -> str | None:
    if answer.media is None or answer.media.name != media.name:
        return None
    schema, location = media.item_schema or media.schema, NOTHING
    if schema is not None:
        location = locate(schema)
    try:
        for _ in medium.read(location, _body(answer)):
            pass
    except Unreadable as error:
        return str(error) or None
    return ""


def unjudged_media(operation: Operation, response: ResponseSpec) -> Iterator[tuple[MediaType, str]]:
    """The documented bodies with a schema that no rule covers, each with the reason."""
    for media in response.content:
        schema, why = media.schema or media.item_schema, "a text holds no value of its types"
        if medium_of(media.name) is None:
            why = "its structure is not that of JSON"
        if media.item_schema is not None and media.schema is not None:
            why = "`itemSchema` is judged in its place"
        elif may_be_json(media.name):
            schema, why = media.item_schema, "this media type is one document, and no sequence"
        elif content_of(media) is not None:
            continue
        scope = replace(_scope(operation, response, media), texts=_TEXTS)
        if schema is not None and Plan(scope, schema).says_something:
            yield media, why
