"""Two versions of a document and of its operations, and what changed between them so far."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache, partial
from itertools import islice
from operator import attrgetter
from typing import Any

from contracts.changes.change import KINDS, TURNED, Change, Direction, Effect, Reach, Said, Witness
from contracts.changes.containment import drawn
from contracts.changes.meanings import Meanings
from contracts.changes.places import where_of
from contracts.document import (
    Header,
    MediaType,
    Operation,
    Parameter,
    RequestBody,
    ResponseSpec,
    Schema,
    Spec,
)
from contracts.document import serialisation as texts
from contracts.document.directions import for_requests, for_responses
from contracts.document.model import SecurityRequirement, best, concrete_status
from contracts.messages import JSON, concrete, essence_of
from contracts.payloads import PlainChoices, RandomChoices, Unsatisfiable
from contracts.payloads.compiler import generator
from contracts.schemas import validation
from contracts.schemas.allowance import Allowance, Exceeded, T
from contracts.schemas.readings import TooLarge, taken_form
from contracts.schemas.validation import Uncompilable, both, schema_of, takes, validator

Pointers = tuple[str, str]
"""A node of the base and one of the revision."""

Holder = Parameter | MediaType | Header
Key = tuple[str, str, Effect]

FORM = "application/x-www-form-urlencoded"
SHARED = 9  # values drawn of what both sides take
READABLE: tuple[JSON, ...] = ("a1", 1, True)  # for a parameter wherever its schema takes it


@dataclass(eq=False)
class Documents:
    """Both documents, and what was found: changes, and sites whose schemas are to be compared."""

    base: Spec
    revision: Spec
    allowance: Allowance = field(default_factory=Allowance)
    sites: list["Site"] = field(default_factory=list)
    changes: dict[Key, Change] = field(default_factory=dict)  # without whom each reaches
    _reaches: dict[Key, dict[Reach, None]] = field(default_factory=partial(defaultdict, dict))

    def nodes(self, at: Pointers) -> tuple[Any, Any]:
        return self.base.document.at(at[0]), self.revision.document.at(at[1])

    def same(self, at: Pointers) -> bool:
        """Whether two nodes mean the same."""
        return self.alike(*self.nodes(at))

    def alike(self, base: Any, revision: Any) -> bool:
        """Like `same`, for nodes at hand."""
        return self._meanings.alike(base, revision)

    @cached_property
    def _meanings(self) -> Meanings:
        return Meanings(self.base.document, self.revision.document)

    def change(
        self, kind: str, where: str, at: Pointers, words: Mapping[str, Said], direction: str = ""
    ) -> Change:
        """A change that is what its kind says, and reaches nobody yet."""
        row, message = KINDS[kind], KINDS[kind].said(words)
        way = Direction(direction or row.direction)
        base, revision = self.base.document.source(at[0]), self.revision.document.source(at[1])
        return Change(row, row.effect, way, where, (), base, revision, message, row.proof)

    def note(self, change: Change, *reaches: Reach) -> None:
        """Note a change that shows somewhere, or that one already noted reaches further.

        A message that shows it to break at one place does so for others where none was found.
        """
        unsure = change.id, change.where, Effect.UNDECIDED
        key = (*unsure[:2], change.effect)
        held, other = self._reaches[key], self.changes.get(unsure, change)
        known = self.changes.setdefault(key, change)
        if change.effect is Effect.BREAKING and other.direction is change.direction:
            self.changes.pop(unsure, None)
            held |= self._reaches.pop(unsure, {})
        held |= dict.fromkeys((*change.reaches, *reaches))
        self.changes[key] = replace(known, witness=known.witness or change.witness)

    def all(self) -> Iterator[Change]:
        """Every change, with whom it reaches, and in which direction if that is one."""
        for key, change in self.changes.items():
            reaches = tuple(self._reaches[key])
            way, *others = set(map(attrgetter("direction"), reaches)) or {change.direction}
            yield replace(change, reaches=reaches, direction=change.direction if others else way)


@dataclass(frozen=True, slots=True)
class Draft:
    """What a message says beside its plainest parts; it is an answer if it has a `response`."""

    because: str  # why one of the documents refuses it
    values: Mapping[tuple[str, str], JSON] = field(default_factory=dict)  # by location and name
    without: frozenset[tuple[str, str]] = frozenset()  # what is left out though required
    media: MediaType | None = None
    body: tuple[JSON, ...] = ()  # its first value is the body; empty: the plainest of `media`
    no_body: bool = False  # there is none though one could be sent
    status: int = 0  # of an answer, unless the plainest of its `response` will do
    security: SecurityRequirement | None = None  # whose credentials it carries, if not the first
    prefix: str = ""  # the path of the server
    accept: str = ""  # the only media type of answers that a request asks for
    response: ResponseSpec | None = None


Values = Callable[..., Sequence[JSON]]
"""Of a schema of the sender, and the receiver's: plain values, those first that both take."""


def _request(
    spec: Spec, operation: Operation, other: Operation, draft: Draft, values: Values
) -> dict[str, Any]:
    parts: dict[str, dict[str, str]] = defaultdict(dict)
    others = {(parameter.location, parameter.name): parameter for parameter in other.parameters}
    for parameter in operation.parameters:
        key = (parameter.location, parameter.name)
        partner = others.get(key, parameter)
        is_wanted = parameter.required or partner.required or key in draft.values
        if key in draft.without or not is_wanted:
            continue
        value = draft.values.get(key)
        if key not in draft.values:
            is_text = parameter.media_type is None
            found = values(parameter.schema, partner.schema, is_text=is_text)
            value = _plainest(parameter, found)
        parts[parameter.location][parameter.name] = texts.serialised(parameter, value)
    headers = parts["header"]
    if draft.accept:
        headers["Accept"] = draft.accept
    if parts["cookie"]:
        headers["Cookie"] = "; ".join(parts["cookie"].values())
    wanted = draft.security if draft.security is not None else next(iter(operation.security), ())
    credential = _credential(spec, wanted, headers)
    queries = (*parts["query"].values(), *parts["querystring"].values())
    query = "&".join(filter(None, (*queries, credential)))
    names = texts.parameter_names(operation.path)
    filled = dict(zip(names, names, strict=True)) | parts["path"]
    path = draft.prefix + texts.fill_raw_path(operation.path, filled) + (query and f"?{query}")
    documented, media = operation.request_body, draft.media
    taken = other.request_body or RequestBody(required=False, content=(), pointer="")
    is_wanted = documented is not None and (documented.required or taken.required)
    if media is None and documented and is_wanted and not draft.no_body:
        media = next(iter(documented.content), None)
    body = _content(media, taken.content, draft, headers, values)
    return {"method": operation.method, "path": path, "headers": headers, "body": body}


def _content(
    media: MediaType | None,
    taken: Sequence[MediaType],
    draft: Draft,
    headers: dict[str, str],
    values: Values,
) -> JSON:
    if media is None:
        return None
    is_range, partner, name = "*" in media.name, media, concrete(media.name)
    if is_range or not (draft.body or draft.media):  # else nothing is asked of a partner
        partner = best(taken, media.name) or media
    if partner is media and is_range and best(taken, name):  # what is documented there
        name = media.name.replace("*/*", "application/*").replace("*", "x-other")
    headers["Content-Type"] = name
    return (draft.body or values(media.schema, partner.schema) or ({},))[0]


def _credential(spec: Spec, wanted: SecurityRequirement, headers: dict[str, str]) -> str:
    """Put credentials of the schemes into the header fields; returns what goes into the query."""
    query = []
    for name, _ in wanted:
        scheme = spec.security_schemes[name]
        match scheme.type, scheme.location:
            case "apiKey", "query":
                query.append(f"{scheme.name}=KEY")
            case "apiKey", location:
                field_name, value = scheme.name, "KEY"
                if location == "cookie":
                    field_name, value = "Cookie", f"{scheme.name}=KEY"
                headers[field_name] = "; ".join(filter(None, (headers.get(field_name), value)))
            case kind, _ if kind != "mutualTLS":
                word = {"basic": "Basic"}.get(scheme.scheme, "Bearer")
                headers["Authorization"] = f"{word} KEY"
    return "&".join(query)


def _plainest(parameter: Parameter, values: Sequence[JSON]) -> JSON:
    for value in values or READABLE:
        text = texts.serialised(parameter, value)
        if parameter.location != "path" or texts.match_path("/{x}", f"/{text}") is not None:
            return value
    raise Unsatisfiable(parameter.pointer, "its plainest values")


def _readable(schema: Schema) -> tuple[JSON, ...]:
    """What is readable of the values of a schema."""
    try:
        check = validation.small_validator(schema)
    except Uncompilable:
        return ()
    return tuple(filter(partial(takes, check), READABLE))


@lru_cache(maxsize=4096)
def plainest(schema: Schema) -> tuple[JSON, ...]:
    """A few values of a schema, the plainest first; raises Unsatisfiable when none can be made."""
    try:
        payload, choices = generator(schema), RandomChoices(0)
        return (payload.draw(PlainChoices()), *(payload.draw(choices) for _ in range(8)))
    except (RecursionError, OverflowError, *Uncompilable) as problem:
        raise Unsatisfiable(schema.pointer, str(problem)) from None


def _answer(
    operation: Operation, other: Operation, response: ResponseSpec, draft: Draft, values: Values
) -> dict[str, Any]:
    status = draft.status or concrete_status(operation, response)
    if status is None:
        raise Unsatisfiable(response.pointer, "every status")
    taken = other.response(status) or response
    others = {header.name.lower(): header for header in taken.headers}
    headers: dict[str, str] = {}
    for header in response.headers:
        key = ("header", header.name.lower())
        partner = others.get(key[1], header)
        if key in draft.values:
            headers[header.name] = texts.simple_text(draft.values[key])
        elif (header.required or partner.required) and key not in draft.without:
            plain = values(header.schema, partner.schema, is_text=True) or ("x",)
            headers[header.name] = texts.simple_text(plain[0])
    media = draft.media or next(iter(response.content), None)
    body = _content(media, taken.content, draft, headers, values)
    return {"status": status, "headers": headers, "body": body}


@dataclass(frozen=True, eq=False)
class Site:
    """Where a schema of the base and one of the revision describe the same part of a message."""

    versions: "Versions"
    at: Pointers
    holder: Holder  # what has the schema, as the sender documents it
    response: ResponseSpec | None  # the answer of the sender that it is in, if it is in one

    @property
    def direction(self) -> Direction:
        """How it is read: what the service sends, its webhooks too, like its answers."""
        is_response = (self.response is not None) is not self.versions.base.by_service
        return Direction.of(is_answer=is_response)

    @property
    def reach(self) -> Reach:
        way = Direction.of(is_answer=self.response is not None)
        return Reach(self.versions.base.key, way)

    @property
    def is_on_the_wire(self) -> bool:
        """Whether values are texts without types, as of parameters, or members of forms."""
        if isinstance(self.holder, MediaType):
            is_form = essence_of(self.holder.name) == FORM
            return is_form and all(map(_has_texts, self.encodings))
        return isinstance(self.holder, Header) or self.holder.media_type is None

    @cached_property
    def encodings(self) -> list[Any]:
        """What both sides say of how properties of a body are written."""
        base, revision = self.at
        at = (base.rpartition("/")[0], revision.rpartition("/")[0])
        before, after = self.versions.documents.nodes(at)
        said = (before.get("encoding") or {}, after.get("encoding") or {})
        return [*said[0].values(), *said[1].values()]


def _has_texts(encoding: Mapping[str, Any]) -> bool:
    """Whether a property of a form has a text for each plain value."""
    written = encoding.get("contentType", encoding.get("style", "form"))
    return written in ("form", "deepObject") and encoding.get("explode", True) is True


@dataclass(frozen=True, eq=False)
class Versions:
    """Two versions of an operation; what changed between them is noted for the documents.

    Every change has its kind, a place that names it, nodes on both sides, and words of its message.
    """

    documents: Documents
    base: Operation
    revision: Operation

    def roles(self, base: T, revision: T, *, is_answer: bool = False) -> tuple[T, T]:
        """What is the sender's of two sides, and what the receiver's; or the other way round."""
        if is_answer is self.base.by_service:
            return base, revision
        return revision, base

    def where(self, at: Pointers) -> str:
        """The place that names what changed there, as the base has it."""
        return where_of(self.documents.base.document, at[0])

    def note(
        self, kind: str, where: str, at: Pointers, draft: Draft | None = None, /, **words: Said
    ) -> None:
        """Note a change: it breaks, as the message of the draft shows, or is what its kind says."""
        change, allowance = self.documents.change(kind, where, at, words), self.documents.allowance
        known = self.documents.changes.get((kind, where, Effect.BREAKING))
        if draft is not None:
            witness = known.witness if known else None  # one is enough
            why = "no message could be made to show it"
            try:
                witness = witness or allowance.spend(lambda: self.witness(draft), apart=False)
            except Exceeded as problem:
                why = str(problem)
            change = replace(change, effect=Effect.UNDECIDED, proof=why)
            if witness is not None:
                change = replace(change, effect=Effect.BREAKING, proof=None, witness=witness)
        elif self.base.by_service and change.effect is Effect.COMPATIBLE:
            change = replace(change, proof=TURNED.get(change.direction, change.proof))
        self.documents.note(change, Reach(self.base.key, change.direction))

    def witness(self, draft: Draft) -> Witness | None:
        """The message of a draft, which its sender's document allows."""
        is_answer = draft.response is not None
        sides = self.roles("base", "revision", is_answer=is_answer)
        parties = self.roles(self.base, self.revision, is_answer=is_answer)
        spec, _ = self.roles(self.documents.base, self.documents.revision, is_answer=is_answer)
        values = partial(self._values, is_answer is not self.base.by_service)
        try:
            if draft.response is not None:
                message = _answer(*parties, draft.response, draft, values)
            else:
                message = _request(spec, *parties, draft, values)
        except Unsatisfiable:
            return None
        return Witness(self.base.key, message, *sides, draft.because)

    def _values(
        self, is_shown: bool, schema: Schema | None, other: Schema | None, *, is_text: bool = False
    ) -> Sequence[JSON]:
        """See `Values`; `is_shown` of what the service sends, `is_text` of what has no type."""
        if schema is None:
            return ()
        found = (is_text and _readable(schema)) or plainest(schema)
        sides = (other, schema) if is_shown else (schema, other)
        if other is None or self.documents.alike(*(side and side.value for side in sides)):
            return found
        read = for_responses if is_shown else for_requests
        own, against = (Schema(read(one.document), one.pointer) for one in (schema, other))
        with suppress(Unsatisfiable, TooLarge, *Uncompilable):
            checks = [validator(one) for one in (own, against)]
            plain = found if is_text else found[:1]  # the others are there by chance
            taken: list[JSON] = list(filter(partial(takes, checks[1]), plain))
            if not taken:
                forms = (schema_of(taken_form(one.document, one.value)) for one in (own, against))
                shared = filter(partial(takes, checks[1]), islice(drawn(both(forms)), SHARED))
                taken += filter(partial(takes, checks[0]), shared)
            if is_text and not taken:
                taken += filter(partial(takes, checks[0]), map(texts.simple_text, plainest(other)))
            return [*taken, *found]
        return found

    def meet(self, before: Holder, after: Holder, response: ResponseSpec | None = None) -> None:
        """Leave the schemas of two holders to be compared, of answers if there is a `response`."""
        if before.schema is not None and after.schema is not None:
            sender, _ = self.roles(before, after, is_answer=response is not None)
            at = (before.schema.pointer, after.schema.pointer)
            self.documents.sites.append(Site(self, at, sender, response))
