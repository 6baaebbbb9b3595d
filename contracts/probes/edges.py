"""Requests at the edge of what a document allows: odd ones, and those that it forbids."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cache
from itertools import chain, islice, product
from uuid import NAMESPACE_URL, uuid5

from contracts.document import MediaType, Operation, Parameter
from contracts.document.model import described_by
from contracts.document.serialisation import encoded, fill_raw_path, match_path, serialised
from contracts.messages import JSON, Request, Response, concrete, essence_of
from contracts.probes import samples
from contracts.probes.bearable import most_requests
from contracts.probes.samples import breaches, values_of, with_body, with_required, with_text
from contracts.schemas import only
from contracts.schemas.claims import claim_of
from contracts.schemas.constraints import CLIENT_FIELDS, Forbidden, forbidden_by
from contracts.schemas.families import unwrapped
from contracts.schemas.json_text import TooManyError, decode
from contracts.schemas.media_types import BOUNDARY, Body, content_of, dump

EDGE_STRINGS = (
    ("a percent-encoded slash", "a/b"),
    ("an encoded slash at the end", "a/"),
    ("a percent-encoded NUL", "a\x00b"),
    ("a control character", "a\x1fb"),
    ("white space", " "),
    ("white space around", " a "),
    ("a tab and a line feed", "a\t\nb"),
    ("two hundred characters", "a" * 200),
    ("four thousand characters", "a" * 4000),
    ("a letter beyond ASCII", "é"),
    ("an emoji", "\U0001f600"),
    ("a right-to-left override", "a\u202eb"),
    ("a combining character", "e\u0301"),
    ("a full-width digit", "\uff11"),
    ("a percent sign", "100%"),
    ("a doubly encoded slash", "a%2Fb"),
    ("a quote and a comment, like SQL", "' OR 1=1 --"),
    ("angle brackets, like HTML", "<script>alert(1)</script>"),
    ("braces, like a template", "{{7*7}}"),
    ("a shell's substitution", "$(id)"),
    ("dots and backslashes, like a path", "..\\..\\boot.ini"),
    ("three dots", "..."),
    ("a question mark and a hash", "a?b#c"),
    ("null as text", "null"),
    ("undefined as text", "undefined"),
    ("a negative number", "-1"),
    ("a number beyond 64 bits", "9" * 30),
)
"""What it is, and the text before percent-encoding. None is `..`, which reaches another route."""

MALFORMED_PATHS = (
    ("a byte that is no UTF-8", "%FF"),
    ("an overlong encoding of a slash", "%C0%AF"),
    ("a surrogate encoded as UTF-8", "%ED%A0%80"),
    ("lower-case hex digits", "%c3%a9"),
)
"""Path values, as on the wire, that percent-encoding allows and UTF-8 does not (RFC 3986 §2.5)."""

HEADER_VALUES = (
    ("an empty value", ""),
    ("four thousand characters", "a" * 4000),
    ("a byte beyond ASCII", "caf\xe9"),
    ("a quote and a comment, like SQL", "' OR 1=1 --"),
    ("angle brackets, like HTML", "<script>alert(1)</script>"),
    ("a look-up, like a logger's", "${jndi:ldap://127.0.0.1/a}"),
    ("a comma", "a, b"),
    ("null as text", "null"),
)

UNDECLARED_QUERIES = (
    ("a query parameter that nobody declared", "undeclared=%F0%9F%98%80"),
    ("a query parameter without a name", "=a"),
)


def edge_requests(operation: Operation, base: Request) -> Iterator[tuple[str, Request]]:
    """`base` with one odd value at a time, each with what it is about; as many as may be sent."""
    yield from islice(_edges(operation, base), most_requests(operation))


def _edges(operation: Operation, base: Request) -> Iterator[tuple[str, Request]]:
    raw = match_path(operation.path, base.path) or {}
    values = [*((about, encoded(text)) for about, text in EDGE_STRINGS), *MALFORMED_PATHS]
    for name in raw:
        for about, value in values:
            path = fill_raw_path(operation.path, {**raw, name: value})
            yield f"{about} in {name}", base.with_path(path)
    for about, query in UNDECLARED_QUERIES:
        pairs = "&".join(filter(None, (base.query, query)))
        yield about, replace(base, target=f"{base.path}?{pairs}")
    for parameter in operation.parameters:
        name = parameter.name
        if parameter.location == "header" and name.lower() not in CLIENT_FIELDS:
            for about, value in HEADER_VALUES:
                yield f"{about} in {name}", base.with_field(name, value)
            yield f"{name} sent twice", base.with_field(name, "a", "b")


EACH = 2  # requests for one constraint
MOST = 160  # requests for one operation: the first of each constraint comes before any second
LOOKED_AT = 400  # requests for one constraint that are made, and held against their claim
Made = tuple[str, Request]
OTHER_TYPES = ("text/plain", "application/x-unheard-of", "application/json")


def refusals(
    operation: Operation, answered: Callable[[], Sequence[Request]], base: Request
) -> Iterator[Made]:
    """Requests with what each of them breaks, made of those that are `answered` with a 2xx by then.

    `base` is the plainest request, and needs not be allowed. At most `MOST`, each `EACH` times.
    """

    @cache
    def broken(forbidden: Forbidden, *sources: Request) -> list[Made]:
        made = islice(Breaker(operation, sources, base).breaking(forbidden), EACH)
        return [(forbidden.name, request) for request in made]

    most = most_requests(operation)
    turns = product(range(EACH), islice(forbidden_by(operation), most))
    made = (broken(forbidden, *answered())[turn : turn + 1] for turn, forbidden in turns)
    yield from islice(chain.from_iterable(made), min(MOST, most))


def others_of(operation: Operation, request: Request, seed: str) -> Iterator[Request]:
    """Allowed ones with other values in the body: all texts, everything, all but one, one alone."""
    content = operation.request_body.content if operation.request_body else ()
    media = described_by(content, request.header("content-type") or "")
    if media is None or media.schema is None:
        return
    source, seed = Breaker(operation, [request], request), f"{seed} {operation.key}"
    for value in islice(source.contents([request], media), 1):
        for other in samples.others_of(media.schema, value, seed):
            made = with_content(request, media, other)
            yield from [made] * claim_of(operation, made).allowed


def with_new_key(operation: Operation, request: Request) -> Request:
    """The request with an `Idempotency-Key` of its own, if it has one: else nothing is done."""
    for parameter in operation.parameters:
        if parameter.name.lower() == "idempotency-key" and request.header(parameter.name):
            key = str(uuid5(NAMESPACE_URL, repr(request)))
            made = with_text(request, parameter, key)
            request = made if claim_of(operation, made) == claim_of(operation, request) else request
    return request


def reread(operation: Operation, request: Request, answer: Response) -> Request:
    """The request with what a resource says of itself: its entity tag, and what both have."""
    for parameter in operation.parameters:
        if parameter.name.lower() == "if-match" and (tag := answer.header("etag")):
            request = with_text(request, parameter, tag)
    with suppress(TooManyError):
        body, seen = decode(request.body or b"").value, decode(answer.body).value
        held = unwrapped(seen, "") if isinstance(body, dict) else None
        for name, value in only(held, body).items() if held else ():
            changed = replace(request, body=dump({**body, name: value}))
            if claim_of(operation, changed).allowed:
                request, body[name] = changed, value
    return request


@dataclass(frozen=True)
class Breaker:
    """What forbidden requests of an operation are made of."""

    operation: Operation
    answered: Sequence[Request]  # allowed ones
    base: Request  # in place of these, if there are none: it needs not be allowed

    def breaking(self, forbidden: Forbidden, most: int = LOOKED_AT) -> Iterator[Request]:
        """Requests that are forbidden for this alone, of so many that are looked at."""
        seen = set[Request]()
        for request in islice(self._candidates(forbidden), most):
            is_new = request not in seen
            seen.add(request)
            if is_new and claim_of(self.operation, request).breaks == forbidden.name:
                yield request

    def _candidates(self, forbidden: Forbidden) -> Iterator[Request]:
        """Those that may be; their claims have the last word."""
        bases, parameter, media = self._bases(forbidden.media), forbidden.parameter, forbidden.media
        constraint, schema = forbidden.constraint, forbidden.schema
        if constraint is not None and schema is not None and parameter is not None:
            for value in breaches(schema, values_of(schema), constraint):
                text = serialised(parameter, value)
                yield with_parameter(self.operation, bases[0], parameter, text)
        elif constraint is not None and schema is not None and media is not None:
            for value in breaches(schema, self.contents(bases, media), constraint):
                yield with_content(bases[0], media, value)
        elif parameter is not None:
            yield with_parameter(self.operation, bases[0], parameter)
        else:
            yield from _misshapen(bases[0])

    def _bases(self, media: MediaType | None) -> Sequence[Request]:
        """Those that were answered, with a body of the type if one is named; else one of ours."""
        fitting = []
        for request in self.answered:
            name = essence_of(request.header("content-type") or "")
            if media is None or (request.body and name == essence_of(concrete(media.name))):
                fitting.append(request)
        return fitting or [self._filled(media)]

    def _filled(self, media: MediaType | None) -> Request:
        """The plainest request with all that is required, drawn where nothing is there."""
        request, body = next(iter(self.answered), self.base), self.operation.request_body
        if not claim_of(self.operation, request).allowed:
            request = with_required(request, self.operation, frozenset())
        if media is None and body is not None and body.required and not request.body:
            media = body.content[0]
        if media is None:
            return request
        value: JSON = next(iter(values_of(media.schema)), {})
        return with_content(request.with_field("Content-Type"), media, value)

    def contents(self, bases: Sequence[Request], media: MediaType) -> Iterator[JSON]:
        """Bodies as values: those that were answered, one with more in it, and drawn ones."""
        drawn, answered = values_of(media.schema), list[JSON]()
        for request in bases if self.answered else ():
            body = Body(request.body or b"", request.header("content-type") or "")
            if content := content_of(media):
                answered += [readings[0] for readings in content.found(body).values]
            elif not (found := decode(body.data)).problem:
                answered.append(found.value)
        yield from answered
        for value in answered[:1]:
            for other in drawn:
                if isinstance(value, dict) and isinstance(other, dict):
                    yield from ({**value, name: held} for name, held in other.items())
        yield from drawn


def with_parameter(
    operation: Operation, request: Request, parameter: Parameter, *texts: str
) -> Request:
    """The request with a serialised parameter in place of what it has, or without any."""
    if parameter.location == "path":
        raw = {**(match_path(operation.path, request.path) or {})}
        raw[parameter.name] = texts[0]
        return request.with_path(fill_raw_path(operation.path, raw))
    return with_text(request, parameter, *texts)


def with_content(request: Request, media: MediaType, value: JSON) -> Request:
    """The request with a value as its body, written as its media type wants it."""
    content, name = content_of(media), concrete(media.name)
    body = content.medium.write(content.location, [value]) if content else dump(value)
    if content and essence_of(name) == "multipart/form-data":
        name = f"{essence_of(name)}; boundary={BOUNDARY}"
        for file in content.location.properties:
            held, field = content.location.property(file), f'name="{file}"'.encode()
            said = [part.value for part in (*held.parts, *(held.items or held).parts)]
            if any(one.get("format") == "binary" or "contentMediaType" in one for one in said):
                body = body.replace(field, field + b'; filename="file.bin"')
    return with_body(request, (name, body))


def _misshapen(request: Request) -> Iterator[Request]:
    """The request without its body, without its type, with another type, and with half a body."""
    yield replace(request.with_field("Content-Type"), body=None)
    yield request.with_field("Content-Type")
    for name in OTHER_TYPES:
        yield request.with_field("Content-Type", name)
    body = request.body or b""  # what follows a whole document is passed over by many
    yield from (replace(request, body=body[:-1]), replace(request, body=body[: len(body) // 2]))
