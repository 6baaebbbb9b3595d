"""A document to a conforming service, which gives the same response to the same request."""

import base64
import hashlib
import itertools
import re
import time
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from email.utils import format_datetime
from functools import lru_cache
from operator import itemgetter
from typing import Any
from urllib.parse import unquote

from contracts import messages
from contracts.document import Header, Operation, ResponseSpec, Spec, serialisation
from contracts.document.model import NOT_THERE, NOWHERE, concrete_status, refusals_of
from contracts.document.security import place_of
from contracts.document.serialisation import concreteness, decoded, match_path, values_by_name
from contracts.messages import Headers, Request, Response, header_values, overridden
from contracts.mock.bodies import Variant, header_texts, is_value, problem_of, variants_of
from contracts.mock.deeds import answered
from contracts.mock.world import Store
from contracts.schemas.claims import claim_of
from contracts.schemas.locations import json_type
from contracts.schemas.media_types import dump
from contracts.schemas.validation import takes, validator

MOST_FIELDS = 200  # of an answer, and those that are required
CREDENTIAL = "mock-credential"  # what the mock takes for the right one; no real one ever reaches it
ANY = "any"  # in place of it: one that is there is right
_PREFER = re.compile(r"\b(code|example)=(\d+)", re.ASCII)
_INTEGER = re.compile(r"-?\d{1,18}", re.ASCII)

_Shown = tuple[str, str, str]  # where a credential is, under which name, and after which word
Chosen = tuple[ResponseSpec, int]  # a documented response, and the status that it is given with


@dataclass(frozen=True, eq=False)
class MockService:
    """Answers as the document says; 503, which says nothing of the contract, where no body can."""

    spec: Spec
    refine: Callable[[Operation, int, Any], Any] | None = None  # makes bodies believable
    clock: str | None = None  # the Date field, which stands still, so that answers stay the same
    lived: Callable[[Operation, Any, int], Any] | None = None  # what becomes of it, in time
    credential: str = CREDENTIAL  # the one that is right; `ANY`: whichever is there
    plain: Callable[..., Response] = field(default_factory=lambda: _plain)  # what none documents
    _variants: dict[tuple[str, str], tuple[Variant, ...]] = field(default_factory=dict)

    def answer(self, request: Request, store: Store | None = None) -> Response:
        """The response to a request; `Prefer: code=NNN, example=K` asks for a status and body.

        With a store it is by what exists there, and what is created, changed and deleted stays so,
        but for one with a status that was asked for. Without, the same request has the same answer.
        """
        response = self._routed(request, store)
        if self.clock is None:
            return response
        return replace(response, headers=overridden(response.headers, self.date(store)))

    def date(self, store: Store | None = None) -> Headers:
        """The Date field, if there is a clock: with state, each answer is a second later."""
        moment, seconds = (
            messages.moment_of(self.clock),
            store.moment if store and self.lived else 0,
        )
        if moment is None:
            return ()
        return (("Date", format_datetime(moment + timedelta(seconds=seconds), usegmt=True)),)

    def variants(self, operation: Operation, response: ResponseSpec) -> tuple[Variant, ...]:
        """The bodies of a documented response: together they take every choice of its schema."""
        key, code = (operation.key, response.status), concrete_status(operation, response)
        if key not in self._variants:
            found = variants_of(response)
            if self.refine is not None and code is not None:
                found = tuple(self.refined(operation, code, variant) for variant in found)
            self._variants[key] = found
        return self._variants[key]

    def refined(self, operation: Operation, code: int, variant: Variant) -> Variant:
        """A body made believable, where somebody knows how and its schema allows that."""
        if self.refine is None:
            return variant
        return _with_value(variant, self.refine(operation, code, variant.value))

    def forget(self, operation: Operation) -> None:
        """Let go of the bodies of an operation; they are made anew where it is asked again."""
        for key in [key for key in self._variants if key[0] == operation.key]:
            del self._variants[key]

    def lacking(self, operation: Operation) -> Mapping[str, str]:
        """Why it can't answer with some of the documented statuses, by these, each with a place."""
        found = {}
        for response in operation.responses:
            if not self.variants(operation, response):
                place = self.spec.document.source(response.pointer)
                why = problem_of(response) or f"{place}: no field can carry its media types"
                found[response.status] = f"the mock can't answer so, {why}"
        return found

    def mute(self, operation: Operation) -> str:
        """Why it has no answer at all to the right credential; "" if it has one."""
        candidates = sorted(operation.responses, key=_distance_from_success)
        if not candidates or self.first(operation, candidates, range(200, 300)):
            return ""
        return next(iter(self.lacking(operation).values()), "")

    def count_variants(self, operation: Operation, status: int) -> int:
        """How many answers with a status show all there is: bodies, and values of headers."""
        if (documented := operation.response(status)) is None:
            return 0
        values = list(map(header_texts, documented.headers[:MOST_FIELDS]))
        return max(map(len, (self.variants(operation, documented), *values)))

    def _routed(self, request: Request, store: Store | None) -> Response:
        operation = self.operation_for(request)
        if isinstance(operation, Response):
            return operation
        # HEAD has what GET would have, with the same choices (RFC 9110 §9.3.2).
        response = self._respond(operation, replace(request, method=operation.method), store)
        return replace(response, body=b"") if request.method == "HEAD" else response

    def operation_for(self, request: Request) -> Operation | Response:
        """The operation that a request is for; else the answer that there is none."""
        there = serialisation.operations_at(self.spec, request.path)
        if not there:
            return self.plain(404, "no such path in the document")
        methods = {"HEAD": ["HEAD", "GET"]}.get(request.method, [request.method.upper()])
        found = [operation for operation in there if operation.method.upper() in methods]
        if found:
            return min(found, key=lambda o: (concreteness(o.path), methods.index(o.method.upper())))
        if request.method == "OPTIONS":
            return Response(204, self._allow(request))
        return self.plain(405, f"{request.method} is not in the document", *self._allow(request))

    def _allow(self, request: Request, refused: str = "", header: Header | None = None) -> Headers:
        """All that is served, or, where the document's schema for it has no room, less."""
        served = dict.fromkeys([*serialisation.served_at(self.spec, request.path), "OPTIONS"])
        lists = []
        for less in ((), ("OPTIONS",), ("OPTIONS", "HEAD")):
            lists.append(", ".join(m for m in served if m not in (refused, *less)))
        fitting = (one for one in lists if header is None or is_value(header, one))
        return (("Allow", next(fitting, lists[0])),)

    def _respond(self, operation: Operation, request: Request, store: Store | None) -> Response:
        wishes = dict(_PREFER.findall(request.header("prefer") or ""))
        chosen = self.unauthorised(operation, request)
        if isinstance(chosen, Response):
            return chosen
        if chosen is not None:
            wishes = {}
        elif store is not None and not wishes and claim_of(operation, request).allowed:
            found = answered(self, store, operation, request)
            if found is not None:
                return found
        if chosen is None:
            chosen = self._chosen(operation, request, int(wishes.get("code", 0)))
        if not operation.responses:
            return Response(200)
        if chosen is None or not (variants := self.variants(operation, chosen[0])):
            return self.plain(503, "nothing that the document allows can be answered")
        index = int(wishes.get("example", fixed_index(request)))
        return self.given(operation, chosen, variants[index % len(variants)], index, request)

    def unauthorised(self, operation: Operation, request: Request) -> Chosen | Response | None:
        """What is answered to a missing or wrong credential; None if it is right."""
        if has_credential(operation, request, self.spec, self.credential):
            return None
        refused = operation.response(401)
        if refused is None or not self.variants(operation, refused):
            challenge = challenges(operation, self.spec)
            return self.plain(401, "the credential is missing or wrong", *challenge)
        return refused, 401

    def given(
        self, operation: Operation, chosen: Chosen, variant: Variant, index: int, request: Request
    ) -> Response:
        """The answer with a body; `index` says which of the values that its header can have."""
        code, challenge = chosen[1], challenges(operation, self.spec)
        headers = self._head(chosen, index, request, challenge)
        if code in messages.NO_CONTENT:
            return Response(code, headers)
        if variant.content_type is not None:
            headers = (("Content-Type", variant.content_type), *headers)
        if code < 300:
            variant = _echoed(variant, operation, request)
        return Response(code, headers, variant.body)

    def _head(self, chosen: Chosen, index: int, request: Request, challenge: Headers) -> Headers:
        """The documented fields; of refusals as HTTP wants them, where the document's are not."""
        documented, code = chosen
        fields = enumerate(documented.headers)
        sent = [one for number, one in fields if one.required or number < MOST_FIELDS]
        texts = [(header.name, header_texts(header)) for header in sent]
        headers = tuple((name, of[index % len(of)]) for name, of in texts if of)
        if code == 401:
            schemes = tuple(word.partition(" ")[0] for _, word in challenge)
            written = "".join(header_values(headers, "www-authenticate"))
            if not written.startswith(schemes):
                headers = overridden(headers, challenge)
        if code == 405:
            header = next((h for h in documented.headers if h.name.lower() == "allow"), None)
            headers = overridden(headers, self._allow(request, request.method, header))
        return headers

    def _chosen(self, operation: Operation, request: Request, code: int) -> Chosen | None:
        """404 or 410 for what nobody has, what is preferred, a refusal if forbidden, a success."""
        if nowhere := self.nowhere(operation, request):
            return nowhere
        if code and (documented := operation.response(code)):
            return documented, code
        refusal = None
        if not claim_of(operation, request).allowed:
            refusal = self.refused(operation)
        return refusal or self.granted(operation)

    def nowhere(self, operation: Operation, request: Request) -> Chosen | None:
        """404 or 410 for what nobody has, where that is documented."""
        asked = map(decoded, (match_path(operation.path, request.path) or {}).values())
        for status in NOT_THERE if not set(map(str, NOWHERE)).isdisjoint(asked) else ():
            if documented := operation.response(status):
                return documented, status
        return None

    def refused(self, operation: Operation) -> Chosen | None:
        """The documented answer to what is forbidden."""
        return self.first(operation, refusals_of(operation), (422, 400))

    def granted(self, operation: Operation) -> Chosen | None:
        """The documented answer to what is allowed."""
        successes = sorted(operation.responses, key=_distance_from_success)
        return self.first(operation, successes, range(200, 300))

    def first(
        self, operation: Operation, candidates: Iterable[ResponseSpec], preferred: Iterable[int]
    ) -> Chosen | None:
        """The first response that can be given to the right credential."""
        for response in candidates:
            code = concrete_status(operation, response, *preferred)
            refuses = operation.needs_credential and code in messages.REFUSALS
            if code is not None and not refuses and self.variants(operation, response):
                return response, code
        return None


def framed(answer: Callable[[Request], Response], request: Request) -> Response:
    """What is answered, as over a connection: with the body's length, and the time it took.

    UnicodeEncodeError for a request that no connection can carry.
    """
    started = time.perf_counter()
    "".join(itertools.chain(*request.headers)).encode("latin-1")
    response = answer(request)
    headers = response.headers
    if response.body and response.header("content-length") is None:
        headers = (*headers, ("Content-Length", str(len(response.body))))
    return replace(response, headers=headers, seconds=time.perf_counter() - started)


def fixed_index(request: Request) -> int:
    """Which of the bodies a request has: the same each time."""
    digest = hashlib.sha256(f"{request.method} {request.target}".encode()).digest()
    return int.from_bytes(digest[:4], "big")


def _distance_from_success(response: ResponseSpec) -> int:
    """2xx, then `default`, then whatever is documented."""
    return {"2": 0, "d": 1, "D": 1, "1": 3}.get(response.status[0], 2)


def _echoed(variant: Variant, operation: Operation, request: Request) -> Variant:
    """The body with the path parameters of the request in properties of the same name and type."""
    if not isinstance(variant.value, dict):
        return variant
    value = dict(variant.value)
    for name, raw in (match_path(operation.path, request.path) or {}).items():
        text, example = unquote(raw, errors="replace"), value.get(name)
        if isinstance(example, str):
            value[name] = text
        elif json_type(example) == "integer" and _INTEGER.fullmatch(text):
            value[name] = int(text)
    return _with_value(variant, value)


def _with_value(variant: Variant, value: Any) -> Variant:
    """The variant with another value, if its schema allows that as well."""
    changed = value is not variant.value and value != variant.value
    if changed and variant.schema is not None and takes(validator(variant.schema), value):
        return replace(variant, body=dump(value), value=value)
    return variant


def _plain(status: int, message: str, *headers: tuple[str, str]) -> Response:
    content_type = ("Content-Type", "application/json")
    return Response(status, (content_type, *headers), dump({"message": message}))


# --- credentials ---


def has_credential(operation: Operation, request: Request, spec: Spec, credential: str) -> bool:
    """True if one alternative of the operation's security is satisfied, or none is asked for."""
    wanted, right = _wanted(operation, spec), set[_Shown]()
    if not wanted or not operation.needs_credential:
        return True
    for way, given in presented(request, spec).items():
        if any(given) if credential == ANY else credential in given:
            right.add(way)
    # Of those that want the one Authorization field, any (RFC 9110 §11.6.2).
    return any(keys <= right and (not others or others & right) for keys, others in wanted)


@lru_cache(maxsize=32)
def _wanted(operation: Operation, spec: Spec) -> Set[tuple[Set[_Shown], Set[_Shown]]]:
    """What a request can show of each alternative: its keys, and what follows a word."""
    found = set[tuple[Set[_Shown], Set[_Shown]]]()
    for alternative in operation.security:
        if shown := frozenset(filter(None, map(_ways(spec).get, dict(alternative)))):
            keys = frozenset(itertools.filterfalse(itemgetter(2), shown))
            found.add((keys, shown - keys))
    return found


@lru_cache(maxsize=8)
def _ways(spec: Spec) -> Mapping[str, _Shown]:
    """How a request shows the credential of a scheme, by those of which it can show one."""
    found = {}
    for name, scheme in spec.security_schemes.items():
        if scheme.type != "mutualTLS":
            word = {"apiKey": "", "http": scheme.scheme}.get(scheme.type, "bearer")
            found[name] = (*place_of(scheme), word)
    return found


def presented(request: Request, spec: Spec) -> Mapping[_Shown, Sequence[str]]:
    """What a request presents as credentials, in the ways of the document."""
    found: dict[_Shown, list[str]] = {}
    for name, value in request.headers:
        found.setdefault(("header", name.lower(), ""), []).append(value)
    cookies = "; ".join(header_values(request.headers, "cookie"))
    for place, *pairs in (("query", request.query, "&"), ("cookie", cookies, ";")):
        for name, values in values_by_name(*pairs).items():
            found[place, name, ""] = list(map(unquote, values))
    for value in header_values(request.headers, "authorization"):
        word, _, text = value.partition(" ")
        with suppress(ValueError):
            if word.lower() == "basic":
                text = base64.b64decode(text).decode().removesuffix(":")
            found.setdefault(("header", "authorization", word.lower()), []).append(text.strip())
    return {way: found[way] for way in found.keys() & {*_ways(spec).values()}}


@lru_cache(maxsize=32)
def challenges(operation: Operation, spec: Spec) -> Headers:
    """What a 401 must say (RFC 9110 §15.5.2): the schemes that the operation takes, each once."""
    words: dict[str, None] = {}
    for name, _ in itertools.chain.from_iterable(operation.security):
        scheme = spec.security_schemes[name]
        names = {"http": scheme.scheme.capitalize(), "apiKey": "ApiKey", "mutualTLS": "Mutual"}
        word = names.get(scheme.type, "Bearer")
        with_realm = {"Basic": 'Basic realm="mock"', "Digest": 'Digest realm="mock"'}
        words[with_realm.get(word, word)] = None
    return tuple(("WWW-Authenticate", word) for word in words or ["Bearer"])
