"""An operation to its probes, each with its claim, in the order of sending.

First the values that the service knows, twice, so that answers can be compared; for the mock, every documented status;
boundaries, random requests and odd strings; last, what depends on an answer: forms of the credential, a resource that
can't exist, and methods that are not listed.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from typing import Any

from contracts.document import Operation, Parameter, Spec
from contracts.document.model import NOWHERE, concrete_status, variants_of
from contracts.document.serialisation import (
    Routes,
    encoded,
    fill_path,
    fill_raw_path,
    match_path,
    parameter_names,
)
from contracts.messages import (
    SAFE_METHODS,
    Credential,
    Probe,
    Request,
    is_field_name,
    is_field_value,
)
from contracts.probes.edges import edge_requests
from contracts.schemas.claims import CLIENT_FIELDS, claim_of
from contracts.schemas.validation import Uncompilable, validator

UNLISTED = ("GET", "HEAD", "TRACE")
UNLISTED_UNSAFE = ("POST", "PUT", "PATCH", "DELETE")
ENDINGS = frozenset(
    {"stop", "close", "cancel", "terminate", "kill", "delete", "remove", "end", "shutdown"}
)
"""What the path of an operation ends in, whatever its method, if it is there to end a resource."""
MAX_REQUEST_LINE = 8000  # RFC 9112 §3
ROOM = 500
"""What a base URL's path and a credential in the query may add to a request line."""

Values = Mapping[str, str]


@dataclass(frozen=True)
class ProbePlan:
    """What to ask.

    Args:
        given: values that the service knows, by parameter name; each is asked for twice.
        seed: of everything random.
        examples: random requests an operation.
        unsafe: whether methods that may change state are sent.
        statuses: for the mock, how many bodies it has for a documented status of an operation (0: don't ask for it).
        found: values that the service listed: for safe methods alone, because they belong to somebody.
        own: values of resources that the run made, and may end.
        live: whether resources are real, so that an operation that ends one is sent to none but our own.
    """

    spec: Spec
    seed: int = 0
    given: Mapping[str, Sequence[str]] = field(default_factory=dict)
    examples: int = 10
    unsafe: bool = False
    statuses: Callable[[Operation, int], int] | None = None
    found: Mapping[str, Sequence[str]] = field(default_factory=dict)
    own: Mapping[str, Sequence[str]] = field(default_factory=dict)
    live: bool = False

    def lane(self, operation: Operation) -> Lane:
        """The probes of one operation; the same object each time, because making them takes long."""
        return self._lanes.setdefault(operation.key, Lane(self, operation))

    @cached_property
    def _lanes(self) -> dict[str, Lane]:
        return {}

    @cached_property
    def routes(self) -> Routes:
        return Routes(operation.path for operation in self.spec.operations)

    @cached_property
    def generated(self) -> Any:
        return self.cases.load(self.spec, self.seed)

    @property
    def cases(self) -> Any:
        from contracts.probes import schemathesis_cases  # which takes most of a second

        return schemathesis_cases


@dataclass(frozen=True)
class Lane:
    """The probes of one operation."""

    plan: ProbePlan
    operation: Operation

    def probes(self) -> Iterator[Probe]:
        """All but the last ones, in the order of sending; none if the method is not to be sent."""
        if self._is_sent:
            yield from self.known()
            yield from filter(self._can_send, self._documented_statuses())
            yield from filter(self._can_send, self._made())

    def closing(self, answered: Request | None) -> Iterator[Probe]:
        """What is sent last: `answered` is a request that had a 2xx with the right credential, if there was one."""
        if self._is_sent:
            base = answered or self._spared(self._base(self._first_round))
            yield from filter(self._can_send, self._credentials(base))
            yield from filter(self._can_send, self._unknown())
        yield from self._unlisted_methods()

    def known(self) -> Iterator[Probe]:
        """The probes with values that the service knows, all of them twice."""
        return filter(self._can_send, self._given())

    # --- in the order of sending ---

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
        base = self._base(self._first_round)
        for response in self.operation.responses:
            code = concrete_status(self.operation, response) or 0
            for example in range(code and self.plan.statuses(self.operation, code)):
                request = base.with_field("Prefer", f"code={code}, example={example}")
                yield self._probe(request, "status", f"documented status {response.status}")

    def _made(self) -> Iterator[Probe]:
        """Each request once; what is odd is judged as such, whoever else makes the same."""
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

    def _credentials(self, base: Request) -> Iterator[Probe]:
        """At most one probe of each form, on a request that was answered with the right credential.

        Without credential a resource that can't exist is asked for as well: a door that opens for unknown names is
        open.
        """
        key = self.operation.key
        for form in variants_of(self.operation, self.plan.spec)[1:]:
            yield Probe(key, base, source="auth", note=f"credential: {form}", credential=form)
        if self.operation.needs_credential and "{" in self.operation.path:
            request, note = replace(base, target=self._nowhere), "no credential, no resource"
            yield Probe(key, request, source="auth", note=note, credential=Credential.NONE)

    def _unknown(self) -> Iterator[Probe]:
        """A resource that can't exist, where the document says that a parameter identifies one."""
        if self.operation.method == "GET" and self.plan.spec.identifying(self.operation):
            request = Request("GET", self._nowhere)
            yield Probe(self.operation.key, request, source="unknown", note="no such resource")

    def _unlisted_methods(self) -> Iterator[Probe]:
        """Methods that the document lists for no operation of this path, on a resource that can't exist.

        They are sent once a path, with its first operation. Methods that may change state are sent only if that is
        allowed, and only where the path has a parameter: what has none exists. TRACE goes without credential (RFC 9110
        §9.3.8).
        """
        own = [other for other in self.plan.spec.operations if other.path == self.operation.path]
        if own[0] is not self.operation:
            return
        listed = {other.method for other in own}
        if "GET" in listed:
            listed.add("HEAD")
        unsafe = UNLISTED_UNSAFE if self.plan.unsafe and "{" in self.operation.path else ()
        for method in (*UNLISTED, *unsafe):
            if method not in listed:
                request, note = Request(method, self._nowhere), "a method that is not listed"
                credential = {"TRACE": Credential.NONE}.get(method, Credential.RIGHT)
                key = self.operation.key
                yield Probe(key, request, source="method", note=note, credential=credential)

    # --- what they are made of ---

    @cached_property
    def spares(self) -> bool:
        """Whether the operation ends a resource that may be somebody's."""
        last = self.operation.path.rstrip("/").rpartition("/")[2].lower()
        ends = self.operation.method == "DELETE" or last in ENDINGS
        return self.plan.live and ends and self.operation.method not in SAFE_METHODS

    @property
    def _is_sent(self) -> bool:
        if self.operation.method in SAFE_METHODS:
            return True
        return self.plan.unsafe and not (self.spares and "{" not in self.operation.path)

    def _can_send(self, probe: Probe) -> bool:
        """Whether HTTP can carry the request, and it still reaches the operation."""
        request = probe.request
        line = len(f"{request.method} {request.target} HTTP/1.1")
        fields = all(is_field_name(name) and is_field_value(text) for name, text in request.headers)
        if not fields or not request.target.isascii() or line > MAX_REQUEST_LINE - ROOM:
            return False
        return self.operation.path in self.plan.routes.of(request.path)

    def _probe(self, request: Request, source: str, note: str) -> Probe:
        claim = claim_of(self.operation, request)
        return Probe(self.operation.key, request, claim, source, note)

    @cached_property
    def _values(self) -> Mapping[str, Sequence[str]]:
        """Known values by parameter, as far as they are for this operation."""
        plan = self.plan
        sources = [plan.given, plan.own]
        if self.spares:
            sources = [plan.own]
        elif self.operation.method in SAFE_METHODS:
            sources = [plan.given, plan.found, plan.own]
        found: dict[str, dict[str, None]] = {}
        for source in sources:
            for name, values in source.items():
                found.setdefault(name, {}).update(dict.fromkeys(values))
        return {name: list(values) for name, values in found.items() if values}

    @cached_property
    def _rounds(self) -> list[Values]:
        """Known values of the operation's parameters, each at least once; [{}] if it has no path parameters.

        None where a path parameter has no known value: the service knows no such resource.
        """
        names, known = list(parameter_names(self.operation.path)), self._values
        if not known.keys() >= set(names):
            return []
        for parameter in self.operation.parameters:
            if parameter.location != "path" and parameter.name in known:
                names.append(parameter.name)
        turns = {name: itertools.cycle(known[name]) for name in names}
        length = max((len(known[name]) for name in turns), default=1)
        return [dict(zip(turns, map(next, turns.values()), strict=True)) for _ in range(length)]

    @property
    def _first_round(self) -> Values:
        return next(iter(self._rounds), {})

    def _base(self, chosen: Values) -> Request:
        """The plainest request of the operation: known values, and of the rest what is required."""
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
        """The first request that is allowed with known values in its path, or one that only has a path."""
        path = self.operation.path
        bare = Request(
            self.operation.method, fill_path(path, dict.fromkeys(parameter_names(path), "1"))
        )
        if self._is_plain(bare):
            return bare
        return next((request for _, request in self._coverage if self._is_plain(request)), bare)

    def _is_plain(self, request: Request) -> bool:
        probe = self._probe(self._at(request, self._first_values), "", "")
        return probe.claim.allowed and self._can_send(probe)

    @cached_property
    def _coverage(self) -> list[tuple[str, Request]]:
        plan = self.plan
        found: list[tuple[str, Request]] = plan.cases.coverage_requests(
            plan.generated, self.operation
        )
        return found

    def _at(self, request: Request, values: Values) -> Request:
        """The request with these values in its path."""
        raw = match_path(self.operation.path, request.path)
        if raw is None or not values.keys() & raw.keys():
            return request
        for name in values.keys() & raw.keys():
            raw[name] = encoded(values[name])
        return request.with_path(fill_raw_path(self.operation.path, raw))

    def _spared(self, request: Request) -> Request:
        """The request; to a resource that can't exist, if it might end one."""
        return request.with_path(self._nowhere) if self.spares else request

    @cached_property
    def _nowhere(self) -> str:
        """The path of a resource that can't exist."""
        values = {}
        for parameter in self.operation.parameters:
            if parameter.location == "path":
                values[parameter.name] = str(_no_value(parameter))
        return fill_path(self.operation.path, values)


def _no_value(parameter: Parameter) -> str | int:
    """The first value of no resource that the parameter's schema admits, or the first of all."""
    if parameter.schema is None:
        return NOWHERE[0]
    try:
        return next(filter(validator(parameter.schema).is_valid, NOWHERE), NOWHERE[0])
    except Uncompilable:
        return NOWHERE[0]


def _with_value(request: Request, parameter: Parameter, value: str) -> Request:
    """The request with a value of a parameter, in place of what it has; those in the path are left alone."""
    if parameter.location == "header" and parameter.name.lower() not in CLIENT_FIELDS:
        return request.with_field(parameter.name, value)
    if parameter.location == "cookie":
        others = _others(request.header("cookie") or "", "; ", parameter.name)
        pairs = [*others, f"{parameter.name}={encoded(value)}"]
        return request.with_field("Cookie", "; ".join(pairs))
    if parameter.location == "query":
        name = encoded(parameter.name)
        pairs = [*_others(request.query, "&", name), f"{name}={encoded(value)}"]
        return replace(request, target=f"{request.path}?{'&'.join(pairs)}")
    return request


def _others(pairs: str, separator: str, name: str) -> list[str]:
    return [pair for pair in pairs.split(separator) if pair and pair.partition("=")[0] != name]
