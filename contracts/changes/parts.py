"""The parts of messages in two versions of an operation: parameters, request bodies, answers."""

from __future__ import annotations

from dataclasses import replace

from contracts.changes.change import Direction, where_of
from contracts.changes.containment import Answer, settle
from contracts.changes.versions import Draft, Pointers, Site, Undrawable, Versions, plainest
from contracts.document import (
    Header,
    MediaType,
    Operation,
    Parameter,
    RequestBody,
    ResponseSpec,
)
from contracts.document.model import best
from contracts.document.serialisation import parameter_names, serialised
from contracts.messages import JSON, covers
from contracts.schemas.locations import locate
from contracts.schemas.readings import taken_form

STATUSES = range(100, 600)


def compare_parts(versions: Versions) -> None:
    """Note every change of the parts, and every site of schemas that are not the same."""
    _compare_parameters(versions)
    _compare_request_body(versions)
    _compare_responses(versions)


# Parameters: which are wanted, and how they are written


def _compare_parameters(versions: Versions) -> None:
    bases, revisions = _by_key(versions.base), _by_key(versions.revision)
    for key in {**bases, **revisions}:
        before, after = bases.get(key), revisions.get(key)
        at = ((before or versions.base).pointer, (after or versions.revision).pointer)
        if before is None and after is not None:
            where = where_of(versions.documents.revision.document, after.pointer)
            _note_wanted(versions, "parameter-added", where, at, after)
        elif before is not None and after is None:
            versions.note("parameter-removed", versions.where(at), at, subject=_subject(before))
        elif before is not None and after is not None:
            _compare_parameter(versions, before, after)


def _by_key(operation: Operation) -> dict[tuple[str, str], Parameter]:
    """By location and name; path parameters by their turn in the template, header names without case."""
    turns = {name: str(turn) for turn, name in enumerate(parameter_names(operation.path))}
    found = {}
    for parameter in operation.parameters:
        name = parameter.name
        if parameter.location == "path":
            name = turns.get(name, name)
        elif parameter.location == "header":
            name = name.lower()
        found[parameter.location, name] = parameter
    return found


def _subject(parameter: Parameter) -> str:
    return f"{parameter.location} parameter {parameter.name}"


def _note_wanted(
    versions: Versions, kind: str, where: str, at: Pointers, parameter: Parameter
) -> None:
    """Note a parameter that the revision may want and requests of the base may lack."""
    subject = _subject(parameter)
    if parameter.required:
        draft = Draft(without=frozenset({(parameter.location, parameter.name)}))
        versions.breaks(kind, where, at, f"the {subject} is missing", draft, subject=subject)
    else:
        versions.note(kind, where, at, subject=subject)


def _compare_parameter(versions: Versions, before: Parameter, after: Parameter) -> None:
    at = (before.pointer, after.pointer)
    if versions.documents.same(at):
        return
    where, subject = versions.where(at), _subject(before)
    if after.required and not before.required:
        _note_wanted(versions, "parameter-required", where, at, after)
    elif before.required and not after.required:
        versions.note("parameter-optional", where, at, subject=subject)
    base, revision = versions.documents.nodes(at)
    if revision.get("deprecated") is True and base.get("deprecated") is not True:
        versions.note("parameter-deprecated", where, at, subject=subject)
    _compare_style(versions, where, before, after)
    empty = (base.get("allowEmptyValue") is True, revision.get("allowEmptyValue") is True)
    if empty == (False, True):
        versions.note("parameter-empty-allowed", where, at, subject=subject)
    elif empty == (True, False):
        versions.note("parameter-empty-refused", where, at, subject=subject)
    if before.schema is not None and after.schema is not None:
        sites = versions.documents.sites
        sites.append(Site(versions, (before.schema, after.schema), before))


def _compare_style(versions: Versions, where: str, before: Parameter, after: Parameter) -> None:
    """The way a value is written; it matters only for values that are written in two ways."""
    at, words = (before.pointer, after.pointer), (_style(before), _style(after))
    if words[0] == words[1]:
        return
    told = {"subject": _subject(before), "base": words[0], "revision": words[1]}
    for value in _values(before):
        text = serialised(after, value)
        if serialised(before, value) != text:
            because = f"the revision reads this value only as {text}"
            draft = Draft(values={(before.location, before.name): value})
            versions.breaks("parameter-style-changed", where, at, because, draft, **told)
            return
    if before.schema is None or locate(before.schema).types & {"array", "object"}:
        versions.note("parameter-style-changed", where, at, **told)


def _style(parameter: Parameter) -> str:
    explode = str(parameter.explode).lower()
    return parameter.media_type or f"style {parameter.style}, explode {explode}"


def _values(parameter: Parameter) -> list[JSON]:
    """Values of the schema, those first that show best how it is written."""
    if parameter.schema is None:
        return []
    try:
        found = plainest(parameter.schema)
    except Undrawable:
        return []
    return sorted((value for value in found if value is not None), key=_weight)


def _weight(value: JSON) -> tuple[int, int]:
    """Two items show best how a list is written, and then short ones."""
    length = len(value) if isinstance(value, (list, dict)) else 1
    return (abs(length - 2), len(str(value)))


# Request bodies: whether they are wanted, and of which media types


def _compare_request_body(versions: Versions) -> None:
    before, after = versions.base.request_body, versions.revision.request_body
    at = ((before or versions.base).pointer, (after or versions.revision).pointer)
    if before is None and after is not None:
        _note_wanted_body(versions, "request-body-added", f"{versions.base.key} body", at, after)
    elif before is not None and after is None:  # no media type is left that a body could be of
        kind, because = "request-body-removed", "the revision documents no body"
        draft = Draft(media=next(iter(before.content), None))
        versions.breaks(kind, versions.where(at), at, because, draft)
    elif before is not None and after is not None and not versions.documents.same(at):
        _compare_bodies(versions, at, before, after)


def _note_wanted_body(
    versions: Versions, kind: str, where: str, at: Pointers, body: RequestBody
) -> None:
    """Note a body that the revision may want and requests of the base may lack."""
    if body.required:
        versions.breaks(kind, where, at, "the required body is missing", Draft(no_body=True))
    else:
        versions.note(kind, where, at)


def _compare_bodies(
    versions: Versions, at: Pointers, before: RequestBody, after: RequestBody
) -> None:
    where = versions.where(at)
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
    at, documents = (before.pointer, after.pointer), versions.documents
    encodings = [node.get("encoding") or {} for node in documents.nodes(at)]
    if response is None and not documents.alike(*encodings):
        versions.note("request-encoding-changed", versions.where(at), at, subject=before.name)
    if before.schema is not None and after.schema is not None:
        sender = before if response is None else after
        documents.sites.append(Site(versions, (before.schema, after.schema), sender, response))
    elif before.schema or after.schema:
        _note_presence(versions, before, after, response)


def _note_presence(
    versions: Versions, before: MediaType, after: MediaType, response: ResponseSpec | None
) -> None:
    """Note a schema that one side has and the other has not; without one, everything is taken."""
    kind, at = (
        "schema-removed" if before.schema else "schema-added",
        (before.pointer, after.pointer),
    )
    sender, receiver, direction = before, after, Direction.REQUEST
    if response is not None:
        sender, receiver, direction = after, before, Direction.RESPONSE
    answer = Answer(True, "without a schema everything is taken")
    if (schema := receiver.schema) is not None:
        answer = settle(lambda: True, lambda: taken_form(schema.document, schema.value))
    witness = None
    if answer.values:
        draft = Draft(media=sender, body=answer.values, response=response)
        witness = versions.witness(draft, "it does not match the schema")
    words = {"base": before.name, "revision": after.name}
    change = versions.documents.change(kind, direction, versions.where(at), at, words)
    change = replace(change, effect=answer.effect, proof=answer.how, witness=witness)
    versions.documents.note(change, versions.base.key)


# Answers: statuses, media types, header fields


def _compare_responses(versions: Versions) -> None:
    base, revision = versions.base, versions.revision
    for response in revision.responses:
        name, at = response.status, (f"{base.pointer}/responses", response.pointer)
        for partner in _partners(response, revision, base):
            if partner is None:
                versions.note("response-status-added", f"{base.key} {name}", at, subject=name)
            else:
                _compare_response(versions, partner, response)
    for response in base.responses:
        name, at = response.status, (response.pointer, f"{revision.pointer}/responses")
        if not any(_partners(response, base, revision)):
            versions.note("response-status-removed", f"{base.key} {name}", at, subject=name)


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
    at = (before.pointer, after.pointer)
    if versions.documents.same(at):
        return
    where = versions.where(at)
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
            sites = versions.documents.sites
            sites.append(Site(versions, (header.schema, other.schema), other, after))
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
