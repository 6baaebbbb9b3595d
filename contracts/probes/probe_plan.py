"""An operation to its probes, each with its claim, in the order of sending."""

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from typing import Any

from contracts import messages
from contracts.document import Operation, Parameter, Spec, serialisation
from contracts.document.model import NOWHERE, concrete_status, variants_of
from contracts.document.serialisation import encoded, fill_raw_path, match_path, parameter_names
from contracts.messages import SAFE_METHODS, Credential, Probe, Request
from contracts.probes.edges import edge_requests
from contracts.probes.endings import ends
from contracts.schemas.claims import CLIENT_FIELDS, claim_of
from contracts.schemas.validation import Uncompilable, validator

UNLISTED: tuple[str, ...] = ("GET", "HEAD", "TRACE")
UNLISTED_UNSAFE = ("POST", "PUT", "PATCH", "DELETE")
MAX_REQUEST_LINE = 8000  # RFC 9112 §3
ROOM = 500  # what a base URL's path and a credential in the query may add to a request line

Values = Mapping[str, str]


@dataclass(frozen=True)
class ProbePlan:
    """What to ask. Values are by parameter name; known ones are asked for twice, to compare."""

    spec: Spec
    seed: int = 0  # of everything random
    given: Mapping[str, Sequence[str]] = field(default_factory=dict)  # known to the service
    examples: int = 10  # random requests an operation
    unsafe: bool = False  # whether methods that may change state are sent
    statuses: Callable[[Operation, int], int] | None = None  # how many bodies the mock has for one
    # What the service listed belongs to somebody: it is for safe methods alone.
    found: Mapping[str, Sequence[str]] = field(default_factory=dict)
    own: Mapping[str, Sequence[str]] = field(default_factory=dict)  # the run's, which may end it
    live: bool = False  # real resources: an operation that ends one is sent to none but our own
    _lanes: dict[str, "Lane"] = field(default_factory=dict, init=False, repr=False, compare=False)

    def lane(self, operation: Operation) -> "Lane":
        """The probes of one operation; the same object each time, as making them takes long."""
        return self._lanes.setdefault(operation.key, Lane(self, operation))

    @property
    def slow(self) -> Mapping[str, str]:
        """Why operations had requests that were made without their patterns, by their keys."""
        return self.__dict__["generated"].slow if "generated" in self.__dict__ else {}

    @cached_property
    def generated(self) -> Any:
        return self.cases.Cases(self.spec, self.seed)

    @property
    def cases(self) -> Any:
        from contracts.probes import schemathesis_cases  # which takes most of a second

        return schemathesis_cases


@dataclass(frozen=True)
class Lane:
    """The probes of one operation, in the order of sending."""

    plan: ProbePlan
    operation: Operation

    def probes(self) -> Iterator[Probe]:
        """All but the last ones; none if the method is not to be sent."""
        if self._is_sent:
            made = itertools.chain(self._given(), self._documented_statuses(), self._made())
            yield from filter(self.can_send, made)

    def closing(self, answered: Request | None) -> Iterator[Probe]:
        """What is sent last; `answered` had a 2xx with the right credential, if anything had."""
        if self._is_sent:
            base = answered or self._spared(self._base())
            yield from filter(self.can_send, self._refusable(base))
        yield from self.unlisted_methods()

    def known(self) -> Iterator[Probe]:
        """The probes with values that the service knows, all of them twice."""
        return filter(self.can_send, self._given())

    def _given(self) -> Iterator[Probe]:
        vouched = (self.plan.given, self.plan.own)  # what the service lists may be gone by now
        rounds = [(chosen, self._base(chosen)) for chosen in self._rounds]
        for turn in ("first", "second"):
            for chosen, request in rounds:
                probe = self._probe(request, "given", f"given values, {turn} time")
                given = []
                for name, value in chosen.items():
                    if any(value in source.get(name, ()) for source in vouched):
                        given.append((name, value))
                yield replace(probe, given=tuple(given))

    def _documented_statuses(self) -> Iterator[Probe]:
        if self.plan.statuses is None:
            return
        base = self._base()
        for response in self.operation.responses:
            code = concrete_status(self.operation, response) or 0
            for example in range(code and self.plan.statuses(self.operation, code)):
                request = base.with_field("Prefer", f"code={code}, example={example}")
                yield self._probe(request, "status", f"documented status {response.status}")

    def _made(self) -> Iterator[Probe]:
        """Boundaries, random and odd requests, each once; odd wins if others make the same."""
        plan, rounds = self.plan, itertools.cycle(self._rounds or [{}])
        odd: dict[Request, str] = {}
        for note, request in edge_requests(self.operation, self._base(next(rounds))):
            odd.setdefault(self._spared(request), note)
        seen = set(odd)

        def unseen(source: str, made: Iterable[tuple[str, Request]]) -> Iterator[Probe]:
            for index, (note, request) in enumerate(made):
                if index % 3:  # the others keep the path that was made for them
                    request = self._at(request, next(rounds))
                request = self._spared(request)
                if request not in seen:
                    seen.add(request)
                    yield self._probe(request, source, note)

        yield from unseen("coverage", self._coverage)
        draw = partial(plan.cases.fuzz_requests, seed=plan.seed, examples=plan.examples)
        yield from unseen("fuzz", draw(plan.generated, self.operation))
        for request, note in odd.items():
            yield self._probe(request, "edge", note)

    def _refusable(self, base: Request) -> Iterator[Probe]:
        """Each form of the credential, on what the right one had; a resource that can't exist."""
        key = self.operation.key
        for form in variants_of(self.operation, self.plan.spec)[1:]:
            yield Probe(key, base, source="auth", note=f"credential: {form}", credential=form)
        # A door that opens for names which nobody knows is open, too.
        if self.operation.needs_credential and "{" in self.operation.path:
            request, note = replace(base, target=self.nowhere), "no credential, no resource"
            yield Probe(key, request, source="auth", note=note, credential=Credential.NONE)
        if self.plan.spec.refuses_unknown(self.operation):
            request = Request("GET", self.nowhere)
            yield Probe(key, request, source="unknown", note="no such resource")

    def unlisted_methods(self) -> Iterator[Probe]:
        """Methods that the path does not list, on no resource; with the path's first operation."""
        spec, key, methods = self.plan.spec, self.operation.key, UNLISTED
        if spec.by_path[self.operation.path][0] is not self.operation:
            return
        listed = serialisation.served_at(spec, self.nowhere)
        if self.plan.unsafe and "{" in self.operation.path:  # what has no parameter exists
            methods += UNLISTED_UNSAFE
        for method in methods:
            if method not in listed:
                request, note = Request(method, self.nowhere), "a method that is not listed"
                credential = Credential.RIGHT
                if method == "TRACE":  # what it carries may come back (RFC 9110 §9.3.8)
                    credential, note = Credential.NONE, f"{note}, with a cookie that is no secret"
                    request = request.with_field("Cookie", f"trace={NOWHERE[0]}")
                yield Probe(key, request, source="method", note=note, credential=credential)

    @cached_property
    def spares(self) -> bool:
        """Whether the operation ends a resource that may be somebody's."""
        return self.plan.live and ends(self.plan.spec, self.operation)

    @property
    def _is_sent(self) -> bool:
        if self.spares and "{" not in self.operation.path:
            return False
        return self.plan.unsafe or self.operation.method in SAFE_METHODS

    def can_send(self, probe: Probe) -> bool:
        """Whether HTTP can carry the request, and it still reaches the operation."""
        request = probe.request
        line = len(f"{request.method} {request.target} HTTP/1.1")
        if not request.target.isascii() or line > MAX_REQUEST_LINE - ROOM:
            return False
        for name, text in request.headers:
            if not messages.is_field_name(name) or not messages.is_field_value(text):
                return False
        return self.operation.path in serialisation.routes_of(self.plan.spec).of(request.path)

    def _probe(self, request: Request, source: str, note: str) -> Probe:
        return Probe(self.operation.key, request, claim_of(self.operation, request), source, note)

    @cached_property
    def _values(self) -> Mapping[str, Sequence[str]]:
        """Known values by parameter, as far as they are for this operation."""
        plan, found = self.plan, dict[str, dict[str, None]]()
        sources = [] if self.spares else [plan.given]
        if self.operation.method in SAFE_METHODS:
            sources.append(plan.found)
        for source in (*sources, plan.own):
            for name, values in source.items():
                found.setdefault(name, {}).update(dict.fromkeys(values))
        return {name: list(values) for name, values in found.items() if values}

    @cached_property
    def _rounds(self) -> list[Values]:
        """Known values of its parameters, each at least once; [{}] if it has none in its path."""
        names, known = list(parameter_names(self.operation.path)), self._values
        if not known.keys() >= set(names):
            return []  # the service knows no such resource
        for parameter in self.operation.parameters:
            if parameter.location != "path" and parameter.name in known:
                names.append(parameter.name)
        turns = {name: itertools.cycle(known[name]) for name in names}
        length = max((len(known[name]) for name in turns), default=1)
        return [dict(zip(turns, map(next, turns.values()), strict=True)) for _ in range(length)]

    def _base(self, chosen: Values | None = None) -> Request:
        """The plainest request of the operation: known values, and of the rest what is required."""
        if chosen is None:
            chosen = next(iter(self._rounds), {})
        known = {**self._first_values, **chosen}
        request = self._at(self._plainest, known)
        for parameter in self.operation.parameters:
            if parameter.name in known:
                request = _with_value(request, parameter, known[parameter.name])
        return request

    @property
    def _first_values(self) -> Values:
        return {name: values[0] for name, values in self._values.items()}

    @cached_property
    def _plainest(self) -> Request:
        """The first request that is allowed with known values in its path, or the path alone."""
        path = self.operation.path
        filled = fill_raw_path(path, dict.fromkeys(parameter_names(path), "1"))
        bare = Request(self.operation.method, filled)
        if self._is_plain(bare):
            return bare
        return next((request for _, request in self._coverage if self._is_plain(request)), bare)

    def _is_plain(self, request: Request) -> bool:
        probe = self._probe(self._at(request, self._first_values), "", "")
        return probe.claim.allowed and self.can_send(probe)

    @cached_property
    def _coverage(self) -> list[tuple[str, Request]]:
        return list(self.plan.cases.coverage_requests(self.plan.generated, self.operation))

    def _at(self, request: Request, values: Values) -> Request:
        """The request with these values in its path."""
        raw = match_path(self.operation.path, request.path) or {}
        shared = values.keys() & raw.keys()
        if not shared:
            return request
        raw.update((name, encoded(values[name])) for name in shared)
        return request.with_path(fill_raw_path(self.operation.path, raw))

    def _spared(self, request: Request) -> Request:
        """The request; to a resource that can't exist, if it might end one."""
        return request.with_path(self.nowhere) if self.spares else request

    @cached_property
    def nowhere(self) -> str:
        """The path of a resource that can't exist."""
        values = dict.fromkeys(parameter_names(self.operation.path), str(NOWHERE[0]))
        for parameter in self.operation.parameters:
            if parameter.location == "path" and parameter.schema is not None:
                with suppress(*Uncompilable):
                    admitted = filter(validator(parameter.schema).is_valid, NOWHERE)
                    values[parameter.name] = str(next(admitted, NOWHERE[0]))
        return fill_raw_path(self.operation.path, values)


def _with_value(request: Request, parameter: Parameter, value: str) -> Request:
    """The request with a value of a parameter that is not in its path, in place of what it has."""
    name, location = parameter.name, parameter.location
    if location == "header" and name.lower() not in CLIENT_FIELDS:
        return request.with_field(name, value)
    if location == "cookie":
        cookies = _with_pair(request.header("cookie") or "", "; ", name, value)
        return request.with_field("Cookie", cookies)
    if location == "query":
        query = _with_pair(request.query, "&", encoded(name), value)
        return replace(request, target=f"{request.path}?{query}")
    return request


def _with_pair(pairs: str, separator: str, name: str, value: str) -> str:
    others = [pair for pair in pairs.split(separator) if pair and pair.partition("=")[0] != name]
    return separator.join([*others, f"{name}={encoded(value)}"])
