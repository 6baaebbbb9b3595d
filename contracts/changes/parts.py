"""The parts of messages in two versions of an operation: parameters, request bodies, answers."""

from dataclasses import replace

from contracts.changes.change import Direction, where_of
from contracts.changes.containment import Settlement, settle
from contracts.changes.versions import Draft, Pointers, Versions, plainest
from contracts.document import Header, MediaType, Operation, Parameter, RequestBody, ResponseSpec
from contracts.document.model import best
from contracts.document.serialisation import parameter_names, serialised
from contracts.messages import JSON, covers
from contracts.payloads import Unsatisfiable
from contracts.schemas.locations import locate
from contracts.schemas.readings import taken_form

Wanted = Parameter | RequestBody | Header

STATUSES = range(100, 600)


def compare_parts(versions: Versions) -> None:
    """Note every change of the parts, and every site of schemas that are not the same."""
    _compare_parameters(versions)
    _compare_request_body(versions)
    _compare_responses(versions)


def _movement(before: Wanted | None, after: Wanted | None) -> str:
    """What became of a part, as the ids of kinds end."""
    if before is None:
        return "added"
    if after is None:
        return "removed"
    if before.required is after.required:
        return ""
    return "optional" if before.required else "required"


# Parameters: which are wanted, and how they are written


def _compare_parameters(versions: Versions) -> None:
    bases, revisions = _by_key(versions.base), _by_key(versions.revision)
    for key in {**bases, **revisions}:
        before, after = bases.get(key), revisions.get(key)
        at = ((before or versions.base).pointer, (after or versions.revision).pointer)
        if before and after and versions.documents.same(at):
            continue
        where = versions.where(at)
        if before is None:
            where = where_of(versions.documents.revision.document, at[1])
        name, movement = (before or revisions[key]).name, _movement(before, after)
        subject, draft = f"{key[0]} parameter {name}", None
        if after is not None and after.required:
            draft = Draft(f"the {subject} is missing", without=frozenset({(key[0], name)}))
        if movement:
            versions.note(f"parameter-{movement}", where, at, draft, subject=subject)
        if before is not None and after is not None:
            _compare_serialisation(versions, where, before, after, subject)
            _compare_marks(versions, where, at, subject)
            versions.meet(before, after)


def _by_key(operation: Operation) -> dict[tuple[str, str], Parameter]:
    """By location and name: of a path by its turn in the template, of a header without case."""
    turns = {name: str(turn) for turn, name in enumerate(parameter_names(operation.path))}
    found = {}
    for parameter in operation.parameters:
        name = parameter.name
        if parameter.location == "path":
            name = turns.get(name, name)
        elif parameter.location == "header":
            name = name.lower()
        elif parameter.location == "querystring":
            name = ""  # which is no part of what is sent
        found[parameter.location, name] = parameter
    return found


def _compare_marks(versions: Versions, where: str, at: Pointers, subject: str) -> None:
    base, revision = versions.documents.nodes(at)
    for mark, added, removed in (
        ("deprecated", "parameter-deprecated", ""),
        ("allowEmptyValue", "parameter-empty-allowed", "parameter-empty-refused"),
    ):
        marks = (base.get(mark) is True, revision.get(mark) is True)
        kind = {(False, True): added, (True, False): removed}.get(marks)
        if kind:
            versions.note(kind, where, at, subject=subject)


def _compare_serialisation(
    versions: Versions, where: str, before: Parameter, after: Parameter, subject: str
) -> None:
    """The way a value is written; it matters only for values that are written in two ways."""
    at, kind = (before.pointer, after.pointer), "parameter-style-changed"
    words = {"subject": subject, "base": _style(before), "revision": _style(after)}
    if words["base"] == words["revision"]:
        return
    for value in _values(before):
        text = serialised(after, value)
        if serialised(before, value) != text:
            key = (before.location, before.name)
            draft = Draft(f"the revision reads this value only as {text}", {key: value})
            versions.note(kind, where, at, draft, **words)
            return
    if before.schema is None or locate(before.schema).types & {"array", "object"}:
        versions.note(kind, where, at, **words)


def _style(parameter: Parameter) -> str:
    explode = str(parameter.explode).lower()
    return parameter.media_type or f"style {parameter.style}, explode {explode}"


def _values(parameter: Parameter) -> list[JSON]:
    """Values of the schema, those first that show best how it is written."""
    if parameter.schema is None:
        return []
    try:
        found = plainest(parameter.schema)
    except Unsatisfiable:
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
    if before is after or (before and after and versions.documents.same(at)):
        return
    where = versions.where(at) if before else f"{versions.base.key} body"
    movement, draft = _movement(before, after), None
    if before is not None and after is None:  # no media type is left that a body could be of
        media = next(iter(before.content), None)
        draft = Draft("the revision documents no body", media=media)
    elif after is not None and after.required:
        draft = Draft("the required body is missing", no_body=True)
    if movement:
        versions.note(f"request-body-{movement}", where, at, draft)
    if before is None or after is None:
        return
    for media in before.content:
        name, other = media.name, best(after.content, media.name)
        if other is not None:
            _compare_media(versions, media, other)
            continue
        kind, at = "request-media-type-removed", (media.pointer, after.pointer)
        draft = Draft(f"the revision takes {_names(after) or 'none'}", media=media)
        versions.note(kind, f"{where} ;{name}", at, draft, subject=name)
    for media in after.content:
        if not any(covers(known.name, media.name) for known in before.content):
            kind, name, at = "request-media-type-added", media.name, (before.pointer, media.pointer)
            versions.note(kind, f"{where} ;{name}", at, subject=name)


def _names(part: RequestBody | ResponseSpec) -> str:
    return ", ".join(media.name for media in part.content)


def _compare_media(
    versions: Versions, before: MediaType, after: MediaType, response: ResponseSpec | None = None
) -> None:
    """Compare two media types of requests, or of answers if there is the revision's `response`."""
    at, where = (before.pointer, after.pointer), versions.where((before.pointer, after.pointer))
    encodings = [node.get("encoding") or {} for node in versions.documents.nodes(at)]
    if response is None and not versions.documents.alike(*encodings):
        versions.note("request-encoding-changed", where, at, subject=before.name)
    _compare_schemas(versions, before, after, response)
    if before.item_schema or after.item_schema:
        items = [replace(one, schema=one.item_schema) for one in (before, after)]
        _compare_schemas(versions, items[0], items[1], response)


def _compare_schemas(
    versions: Versions, before: MediaType, after: MediaType, response: ResponseSpec | None
) -> None:
    """Compare what two media types say of a body, or of an item of one."""
    at, where = (before.pointer, after.pointer), versions.where((before.pointer, after.pointer))
    if (before.schema is None) is (after.schema is None):
        versions.meet(before, after, response)
        return
    sender, receiver, direction = before, after, Direction.REQUEST
    if response is not None:
        sender, receiver, direction = after, before, Direction.RESPONSE
    answer, witness = Settlement(True, "without a schema everything is taken"), None
    if (schema := receiver.schema) is not None:
        answer = settle(lambda: True, lambda: taken_form(schema.document, schema.value))
    if answer.values:
        because = "it does not match the schema"
        draft = Draft(because, media=sender, body=answer.values, response=response)
        witness = versions.witness(draft)
    kind = "schema-removed" if before.schema else "schema-added"
    words = {"base": before.name, "revision": after.name}
    change = versions.documents.change(kind, where, at, words, direction)
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


def _partners(one: ResponseSpec, own: Operation, other: Operation) -> list[ResponseSpec | None]:
    """What `other` documents for the statuses that a response of `own` describes, each once."""
    if one.status.isdecimal():
        return [other.response(int(one.status))]
    found = {}
    for status in STATUSES:
        if own.response(status) is one:
            partner = other.response(status)
            found[partner and partner.status] = partner
    return list(found.values())


def _compare_response(versions: Versions, before: ResponseSpec, after: ResponseSpec) -> None:
    at = (before.pointer, after.pointer)
    if versions.documents.same(at):
        return
    where = versions.where(at)
    _compare_headers(versions, where, before, after)
    if not before.content and after.content:
        versions.note("response-body-added", where, at)
        return
    if before.content and not after.content:
        draft = Draft("the base documents a body", response=after)
        versions.note("response-body-removed", where, at, draft)
        return
    for media in after.content:
        name, partner = media.name, best(before.content, media.name)
        if partner is not None:
            _compare_media(versions, partner, media, after)
            continue
        kind, at = "response-media-type-added", (before.pointer, media.pointer)
        draft = Draft(f"the base documents {_names(before)}", response=after, media=media)
        versions.note(kind, f"{where} ;{name}", at, draft, subject=name)
    for media in before.content:
        if not any(_overlap(media, other) for other in after.content):
            kind, name = "response-media-type-removed", media.name
            versions.note(kind, f"{where} ;{name}", (media.pointer, after.pointer), subject=name)


def _overlap(one: MediaType, other: MediaType) -> bool:
    return covers(one.name, other.name) or covers(other.name, one.name)


def _compare_headers(
    versions: Versions, above: str, before: ResponseSpec, after: ResponseSpec
) -> None:
    bases = {header.name.lower(): header for header in before.headers}
    revisions = {header.name.lower(): header for header in after.headers}
    for key in {**bases, **revisions}:
        header, other = bases.get(key), revisions.get(key)
        at = ((header or before).pointer, (other or after).pointer)
        name, movement = (header or revisions[key]).name, _movement(header, other)
        kind, because, draft = f"response-header-{movement}", f"the header {name} is missing", None
        if header is not None and header.required:
            draft = Draft(because, response=after, without=frozenset({("header", key)}))
        if movement:
            versions.note(kind, f"{above} header {name}", at, draft, subject=name)
        if header is not None and other is not None:
            versions.meet(header, other, after)
