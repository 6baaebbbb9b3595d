"""The request bodies and answers of two versions of an operation: statuses, header fields, media types."""

from __future__ import annotations

from dataclasses import replace

from contracts.changes.change import Direction, Reach
from contracts.changes.containment import Answer, settle
from contracts.changes.places import where_of
from contracts.changes.versions import Draft, Pointers, Versions
from contracts.document import Header, MediaType, Operation, RequestBody, ResponseSpec, Schema
from contracts.document.model import best
from contracts.messages import covers
from contracts.schemas.readings import TooLarge, taken_form

STATUSES = range(100, 600)


def compare_request_body(versions: Versions) -> None:
    before, after = versions.base.request_body, versions.revision.request_body
    if before is None and after is not None:
        at = (versions.base.pointer, after.pointer)
        _note_wanted_body(versions, "request-body-added", f"{versions.base.key} body", at, after)
    elif before is not None:
        where = where_of(versions.documents.base.document, before.pointer)
        if after is None:  # no media type is left that a body could be of
            at = (before.pointer, versions.revision.pointer)
            draft = Draft(media=next(iter(before.content), None))
            because = "the revision documents no body"
            versions.breaks("request-body-removed", where, at, because, draft)
        elif not versions.documents.same(before.pointer, after.pointer):
            _compare_bodies(versions, where, before, after)


def _note_wanted_body(
    versions: Versions, kind: str, where: str, at: Pointers, body: RequestBody
) -> None:
    """Note a body that the revision may want and requests of the base may lack."""
    if body.required:
        versions.breaks(kind, where, at, "the required body is missing", Draft(no_body=True))
    else:
        versions.note(kind, where, at)


def _compare_bodies(
    versions: Versions, where: str, before: RequestBody, after: RequestBody
) -> None:
    at = (before.pointer, after.pointer)
    if after.required and not before.required:
        _note_wanted_body(versions, "request-body-required", where, at, after)
    elif before.required and not after.required:
        versions.note("request-body-optional", where, at)
    for media in before.content:
        other = best(after.content, media.name)
        if other is not None:
            _compare_media(versions, media, other)
            continue
        known = ", ".join(taken.name for taken in after.content) or "none"
        versions.breaks(
            "request-media-type-removed",
            f"{where} ;{media.name}",
            (media.pointer, after.pointer),
            f"the revision takes {known}",
            Draft(media=media),
            subject=media.name,
        )
    for media in after.content:
        if not any(covers(known.name, media.name) for known in before.content):
            at = (before.pointer, media.pointer)
            kind, name = "request-media-type-added", media.name
            versions.note(kind, f"{where} ;{name}", at, subject=name)


def _compare_media(
    versions: Versions, before: MediaType, after: MediaType, response: ResponseSpec | None = None
) -> None:
    """Compare two media types of requests, or of answers if there is the revision's `response`."""
    documents = versions.documents
    base, revision = (
        documents.base.document.at(before.pointer),
        documents.revision.document.at(after.pointer),
    )
    sender = before if response is None else after
    if response is None and not documents.alike(
        base.get("encoding") or {}, revision.get("encoding") or {}
    ):
        where = where_of(documents.base.document, before.pointer)
        at = (before.pointer, after.pointer)
        versions.note("request-encoding-changed", where, at, subject=before.name)
    if before.schema is not None and after.schema is not None:
        versions.meet((before.schema, after.schema), sender, response)
    elif before.schema or after.schema:
        _note_presence(versions, before, after, response)


def _note_presence(
    versions: Versions, before: MediaType, after: MediaType, response: ResponseSpec | None
) -> None:
    """Note a schema that one side has and the other has not; without one, everything is taken."""
    kind = "schema-removed" if before.schema else "schema-added"
    sender, receiver, direction = before, after, Direction.REQUEST
    if response is not None:
        sender, receiver, direction = after, before, Direction.RESPONSE
    answer = Answer(True, "without a schema everything is taken")
    if receiver.schema is not None:
        answer = _taken(receiver.schema)
    where = where_of(versions.documents.base.document, before.pointer)
    change = versions.documents.change(
        kind,
        where,
        (before.pointer, after.pointer),
        Reach(versions.base.key, direction),
        {"base": before.name, "revision": after.name},
    )
    witness = None
    if answer.values:
        draft = Draft(media=sender, body=answer.values, response=response)
        witness = versions.witness(draft, "it does not match the schema")
    versions.documents.note(
        replace(change, effect=answer.effect, proof=answer.how, witness=witness)
    )


def _taken(schema: Schema) -> Answer:
    """Whether a schema takes everything."""
    try:
        return settle(True, taken_form(schema.document, schema.value))
    except TooLarge:
        return Answer(None, "the schema is too large to be compared as a whole")


def compare_responses(versions: Versions) -> None:
    key, base, revision = versions.base.key, versions.base, versions.revision
    for response in revision.responses:
        where, at = f"{key} {response.status}", (f"{base.pointer}/responses", response.pointer)
        for partner in _partners(response, revision, base):
            if partner is None:
                versions.note("response-status-added", where, at, subject=response.status)
            elif not versions.documents.same(partner.pointer, response.pointer):
                _compare_response(versions, partner, response)
    for response in base.responses:
        if not any(_partners(response, base, revision)):
            where, at = (
                f"{key} {response.status}",
                (response.pointer, f"{revision.pointer}/responses"),
            )
            versions.note("response-status-removed", where, at, subject=response.status)


def _partners(
    response: ResponseSpec, own: Operation, other: Operation
) -> list[ResponseSpec | None]:
    """What `other` documents for the statuses that a response of `own` describes, each once."""
    key = response.status
    if key.isdecimal():
        return [other.response(int(key))]
    statuses = (status for status in STATUSES if own.response(status) is response)
    found = {}
    for status in statuses:
        partner = other.response(status)
        found[partner and partner.status] = partner
    return list(found.values())


def _compare_response(versions: Versions, before: ResponseSpec, after: ResponseSpec) -> None:
    where = where_of(versions.documents.base.document, before.pointer)
    at = (before.pointer, after.pointer)
    _compare_headers(versions, where, before, after)
    if not before.content or not after.content:
        if after.content:
            versions.note("response-body-added", where, at)
        elif before.content:
            draft = Draft(response=after)
            versions.breaks("response-body-removed", where, at, "the base documents a body", draft)
        return
    known = {media.name: media for media in before.content}  # for names that mean nothing
    for media in after.content:
        partner = best(before.content, media.name) or known.get(media.name)
        if partner is not None:
            _compare_media(versions, partner, media, after)
            continue
        versions.breaks(
            "response-media-type-added",
            f"{where} ;{media.name}",
            (before.pointer, media.pointer),
            f"the base documents {', '.join(known)}",
            Draft(response=after, media=media),
            subject=media.name,
        )
    for media in before.content:
        if not any(_overlap(media, other) for other in after.content):
            kind, name = "response-media-type-removed", media.name
            versions.note(kind, f"{where} ;{name}", (media.pointer, after.pointer), subject=name)


def _overlap(one: MediaType, other: MediaType) -> bool:
    return covers(one.name, other.name) or covers(other.name, one.name)


def _compare_headers(
    versions: Versions, where: str, before: ResponseSpec, after: ResponseSpec
) -> None:
    bases = {header.name.lower(): header for header in before.headers}
    revisions = {header.name.lower(): header for header in after.headers}
    for key in {**bases, **revisions}:
        header, other = bases.get(key), revisions.get(key)
        at = ((header or before).pointer, (other or after).pointer)
        if header is not None and other is not None and header.schema and other.schema:
            versions.meet((header.schema, other.schema), other, after)
        kind, name = _movement(header, other), (header or revisions[key]).name
        if header is not None and header.required and kind:
            because = f"the header {name} is missing"
            draft = Draft(response=after, without=frozenset({("header", key)}))
            versions.breaks(kind, f"{where} header {name}", at, because, draft, subject=name)
        elif kind:
            versions.note(kind, f"{where} header {name}", at, subject=name)


def _movement(header: Header | None, other: Header | None) -> str:
    if header is None:
        return "response-header-added"
    if other is None:
        return "response-header-removed"
    if header.required is other.required:
        return ""
    return "response-header-optional" if header.required else "response-header-required"
