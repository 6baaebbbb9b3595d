"""The parts of messages in two versions of an operation: parameters, request bodies, answers."""

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from itertools import filterfalse
from operator import attrgetter, mul

from contracts.changes.change import Direction, Effect, Reach
from contracts.changes.containment import Settlement, settle
from contracts.changes.places import where_of
from contracts.changes.versions import Draft, Versions, plainest
from contracts.document import Header, MediaType, Operation, Parameter, RequestBody, ResponseSpec
from contracts.document.model import best
from contracts.document.serialisation import parameter_names, serialised
from contracts.messages import JSON, covers, essence_of
from contracts.payloads import Unsatisfiable
from contracts.schemas.locations import locate
from contracts.schemas.readings import taken_form
from contracts.schemas.texts import takes_text
from contracts.text import few

Wanted = Parameter | RequestBody | Header
_Near = Callable[[MediaType], Sequence[MediaType]]

STATUSES = range(100, 600)
SUCCESSES = range(200, 300)
MOST_PAIRS = 1_000_000  # of media types, one of which may cover the other


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
        sender, receiver = versions.roles(before, after)
        # A segment of a path is sent whether somebody declares it or not.
        is_there = key[0] == "path" and receiver is not None and takes_text(receiver, receiver.name)
        if receiver is not None and receiver.required and not is_there:
            missing = frozenset({(key[0], (sender or receiver).name)})
            draft = Draft(f"the {subject} is missing", without=missing)
        if movement:
            versions.note(f"parameter-{movement}", where, at, draft, subject=subject)
        if before is not None and after is not None:
            _compare_serialisation(versions, where, before, after, subject)
            _compare_marks(versions, where, before, after, subject)
            versions.meet(before, after)


def _by_key(operation: Operation) -> dict[tuple[str, str], Parameter]:
    """By location and name: of a path by its turn in the template, of a header without case.

    One of a path that its template does not have is in no message.
    """
    turns = {name: str(turn) for turn, name in enumerate(parameter_names(operation.path))}
    found = {}
    for parameter in operation.parameters:
        name = parameter.name
        if parameter.location == "path":
            if name not in turns:
                continue
            name = turns[name]
        elif parameter.location == "header":
            name = name.lower()
        elif parameter.location == "querystring":
            name = ""  # which is no part of what is sent
        found[parameter.location, name] = parameter
    return found


def _compare_marks(
    versions: Versions, where: str, before: Parameter, after: Parameter, subject: str
) -> None:
    at = (before.pointer, after.pointer)
    base, revision = versions.documents.nodes(at)
    for mark, added, removed in (
        ("deprecated", "parameter-deprecated", ""),
        ("allowEmptyValue", "parameter-empty-allowed", "parameter-empty-refused"),
    ):
        marks = (base.get(mark) is True, revision.get(mark) is True)
        kind, draft = {(False, True): added, (True, False): removed}.get(marks), None
        if mark == "allowEmptyValue" and versions.roles(*marks) == (True, False):
            sender, receiver = versions.roles(before, after)
            if not takes_text(receiver, ""):
                values = {(sender.location, sender.name): ""}
                draft = Draft(f"the {subject} does not match its schema", values)
        if kind:
            versions.note(kind, where, at, draft, subject=subject)


def _compare_serialisation(
    versions: Versions, where: str, before: Parameter, after: Parameter, subject: str
) -> None:
    """The way a value is written; it matters only for values that are written in two ways."""
    at, kind = (before.pointer, after.pointer), "parameter-style-changed"
    words = {"subject": subject, "base": _style(before), "revision": _style(after)}
    if words["base"] == words["revision"]:
        return
    sender, receiver = versions.roles(before, after)
    side = versions.roles("base", "revision")[1]
    for value in _values(sender):
        text = serialised(receiver, value)
        if serialised(sender, value) != text:
            key = (sender.location, sender.name)
            draft = Draft(f"the {side} reads this value only as {text}", {key: value})
            versions.note(kind, where, at, draft, **words)
            return
    if sender.schema is None or locate(sender.schema).types & {"array", "object"}:
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
    _, receiver = versions.roles(before, after)
    if before and after is None and not versions.base.by_service:  # no body is documented
        media = next(iter(before.content), None)
        draft = Draft("the revision documents no body", media=media)
    elif receiver is not None and receiver.required:
        draft = Draft("the required body is missing", no_body=True)
    if movement:
        versions.note(f"request-body-{movement}", where, at, draft)
    if before is not None and after is not None:
        _compare_content(versions, where, before, after)


def _compare_content(
    versions: Versions,
    where: str,
    before: RequestBody | ResponseSpec,
    after: RequestBody | ResponseSpec,
) -> None:
    """Compare the media types of requests, or of answers."""
    is_answer = isinstance(after, ResponseSpec)
    sender, receiver = versions.roles(before, after, is_answer=is_answer)
    _, side = versions.roles("base", "revision", is_answer=is_answer)
    lost, gained = versions.roles("removed", "added", is_answer=is_answer)
    noun = Direction.of(is_answer=is_answer)
    response = sender if isinstance(sender, ResponseSpec) else None
    is_negotiated = is_answer and not versions.base.by_service  # by Accept (RFC 9110 §12.5.1)
    is_served = is_negotiated and not _is_error(before)
    told = _names(receiver) or "none", _names(sender)
    (sent, old), (taken, new) = _near(sender.content), _near(receiver.content)
    pairs = old["*"] * new.total() + new["*"] * old.total()
    pairs += sum(map(mul, old.values(), map(new.__getitem__, old))) - 2 * old["*"] * new["*"]
    if pairs > MOST_PAIRS:
        at = (before.pointer, after.pointer)
        change = versions.documents.change("schema-changed", where, at, {}, noun)
        why = f"beyond what is compared: {pairs:,} pairs of media types, {MOST_PAIRS:,} at most"
        change = replace(change, effect=Effect.UNDECIDED, proof=why)
        return versions.documents.note(change, Reach(versions.base.key, noun))
    is_left = any(map(partial(_is_covered, sent, or_covers=True), receiver.content))
    for media in sender.content:
        name, other = media.name, best(taken(media), media.name)
        if other is not None:
            ordered = versions.roles(media, other, is_answer=is_answer)
            _compare_media(versions, *ordered, response)
            continue
        at = versions.roles(media.pointer, receiver.pointer, is_answer=is_answer)
        because, draft = f"the {side} documents {told[0]}", None
        if not is_negotiated or "*" in name or not is_left:
            draft = Draft(because, response=response, media=media)
        versions.note(f"{noun}-media-type-{lost}", f"{where} ;{name}", at, draft, subject=name)
    is_known = partial(_is_covered, sent, or_covers=is_answer)
    for media in filterfalse(is_known, receiver.content):
        name = media.name
        at, draft = versions.roles(sender.pointer, media.pointer, is_answer=is_answer), None
        if is_served:
            because = f"it accepts {name} alone, and the revision answers {told[1]}"
            draft = Draft(because, accept=name)
        versions.note(f"{noun}-media-type-{gained}", f"{where} ;{name}", at, draft, subject=name)


def _is_error(part: RequestBody | ResponseSpec) -> bool:
    """Whether it is documented for errors alone, of which Accept need not be heeded."""
    return isinstance(part, ResponseSpec) and part.status[0] in "45"


def _kind_of(media: MediaType) -> str:
    return "*" * ("*" in media.name) or essence_of(media.name)


def _near(content: Sequence[MediaType]) -> tuple[_Near, Counter[str]]:
    """What finds those that may cover a media type, or be covered; and how many are of a kind."""
    known = defaultdict[str, list[MediaType]](list)
    for media in content:
        known[_kind_of(media)].append(media)

    def near(media: MediaType) -> Sequence[MediaType]:
        kind = _kind_of(media)
        return content if kind == "*" else known[kind] + known["*"]

    return near, Counter(map(_kind_of, content))


def _is_covered(near: _Near, media: MediaType, *, or_covers: bool) -> bool:
    names = list(map(attrgetter("name"), near(media)))
    covering = any(covers(name, media.name) for name in names)
    return covering or (or_covers and any(map(partial(covers, media.name), names)))


def _names(part: RequestBody | ResponseSpec) -> str:
    return few(list(map(attrgetter("name"), part.content)), 20, "")


def _compare_media(
    versions: Versions, before: MediaType, after: MediaType, response: ResponseSpec | None = None
) -> None:
    """Compare two media types of requests, or of answers if there is the sender's `response`."""
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
    sender, receiver = versions.roles(before, after, is_answer=response is not None)
    direction = Direction.of(is_answer=response is not None)
    answer, witness = Settlement(True, "without a schema everything is taken"), None
    if (schema := receiver.schema) is not None:
        taken = partial(taken_form, schema.document, schema.value)
        answer = settle(lambda: True, taken, allowance=versions.documents.allowance)
    if answer.values:
        because = "it does not match the schema"
        draft = Draft(because, media=sender, body=answer.values, response=response)
        witness = versions.witness(draft)
    kind = "schema-removed" if before.schema else "schema-added"
    words = {"base": before.name, "revision": after.name}
    change = versions.documents.change(kind, where, at, words, direction)
    change = replace(change, effect=answer.effect, proof=answer.how, witness=witness)
    versions.documents.note(change, Reach(versions.base.key, direction))


# Answers: statuses, media types, header fields


def _compare_responses(versions: Versions) -> None:
    sender, receiver = versions.roles(versions.base, versions.revision, is_answer=True)
    lost, gained = versions.roles("removed", "added", is_answer=True)
    for response in sender.responses:
        for partner in _partners(response, sender, receiver):
            if partner is not None:
                _compare_response(versions, *versions.roles(response, partner, is_answer=True))
                continue
            draft = None
            if sender.by_service:  # an answer of a consumer, who holds the base
                codes = filterfalse(receiver.response, STATUSES)
                status = next(code for code in codes if sender.response(code) is response)
                because = f"the revision documents no answer {status}"
                draft = Draft(because, response=response, status=status)
            _note_status(versions, lost, response, draft)
    instead = None if sender.by_service else _other_success(versions)
    for response in receiver.responses:
        if not any(_partners(response, receiver, sender)):
            draft = instead if response.status.startswith("2") else None
            _note_status(versions, gained, response, draft)


def _other_success(versions: Versions) -> Draft | None:
    """An answer with a success that is new, where no success of the base is documented any more."""
    base, revision = versions.base, versions.revision
    left = filter(base.response, SUCCESSES)
    if any(map(revision.response, left)):
        return None
    status = next(filter(revision.response, SUCCESSES), 0)
    because = f"the base documents no answer {status}"
    return Draft(because, response=revision.response(status), status=status) if status else None


def _note_status(
    versions: Versions, movement: str, response: ResponseSpec, draft: Draft | None = None
) -> None:
    base, revision, name = versions.base, versions.revision, response.status
    at = (f"{base.pointer}/responses", response.pointer)
    if movement == "removed":
        at = (response.pointer, f"{revision.pointer}/responses")
    kind, where = f"response-status-{movement}", f"{base.key} {name}"
    versions.note(kind, where, at, draft, subject=name)


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
    if bool(before.content) is bool(after.content):
        _compare_content(versions, where, before, after)
        return
    movement, draft = ("removed", "added")[bool(after.content)], None
    sender, receiver = versions.roles(before, after, is_answer=True)
    if receiver.content:
        _, side = versions.roles("base", "revision", is_answer=True)
        draft = Draft(f"the {side} documents a body", response=sender)
    versions.note(f"response-body-{movement}", where, at, draft)


def _compare_headers(
    versions: Versions, above: str, before: ResponseSpec, after: ResponseSpec
) -> None:
    response, _ = versions.roles(before, after, is_answer=True)
    bases = {header.name.lower(): header for header in before.headers}
    revisions = {header.name.lower(): header for header in after.headers}
    for key in {**bases, **revisions}:
        header, other = bases.get(key), revisions.get(key)
        at = ((header or before).pointer, (other or after).pointer)
        name, movement = (header or revisions[key]).name, _movement(header, other)
        kind, because, draft = f"response-header-{movement}", f"the header {name} is missing", None
        _, wanted = versions.roles(header, other, is_answer=True)
        if wanted is not None and wanted.required:
            draft = Draft(because, response=response, without=frozenset({("header", key)}))
        if movement:
            versions.note(kind, f"{above} header {name}", at, draft, subject=name)
        if header is not None and other is not None:
            versions.meet(header, other, response)
