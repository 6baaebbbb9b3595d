"""An operation to its probes: given values, boundaries, random requests, edge cases, each with its claim."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from contracts.document import Operation, Parameter, Spec
from contracts.document.model import concrete_status
from contracts.document.serialisation import (
    Routes,
    encoded,
    fill_path,
    fill_raw_path,
    match_path,
    parameter_names,
)
from contracts.messages import Probe, Request, is_field_name, is_field_value
from contracts.probes.edges import edge_requests
from contracts.probes.last import credential_probes, method_probes, nowhere_path, unknown_probes
from contracts.schemas.claims import CLIENT_FIELDS, claim_of

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})  # RFC 9110 §9.2.1
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

    def probes(self, operation: Operation) -> Iterator[Probe]:
        """The probes of one operation in the order of sending; none if its method is not to be sent."""
        if not self._may_send(operation):
            return
        yield from self.known(operation)
        yield from self._sendable(operation, self._documented_statuses(operation))
        yield from self._sendable(operation, _distinct(self._made(operation)))

    def closing(self, operation: Operation, answered: Request | None) -> Iterator[Probe]:
        """What is sent last: `answered` is a request that had a 2xx with the right credential, if there was one."""
        if self._may_send(operation):
            base = answered or self._spared(
                operation, self._base(operation, next(iter(self._combinations(operation)), {}))
            )
            yield from self._sendable(operation, credential_probes(self.spec, operation, base))
            yield from self._sendable(operation, unknown_probes(self.spec, operation))
        yield from method_probes(self.spec, operation, unsafe=self.unsafe)

    def known(self, operation: Operation) -> Iterator[Probe]:
        """The probes with values that the service knows, all of them twice."""
        return self._sendable(operation, self._given(operation))

    def _may_send(self, operation: Operation) -> bool:
        if operation.method in SAFE_METHODS:
            return True
        return self.unsafe and not (self.spares(operation) and "{" not in operation.path)

    def spares(self, operation: Operation) -> bool:
        """Whether the operation ends a resource that may be somebody's."""
        ends = (
            operation.method == "DELETE"
            or operation.path.rstrip("/").rpartition("/")[2].lower() in ENDINGS
        )
        return self.live and ends and operation.method not in SAFE_METHODS

    def _spared(self, operation: Operation, request: Request) -> Request:
        """The request; to a resource that can't exist, if it might end one."""
        if not self.spares(operation):
            return request
        return request.with_path(nowhere_path(operation))

    def _values(self, operation: Operation) -> Mapping[str, Sequence[str]]:
        """Known values by parameter, as far as they are for this operation."""
        if self.spares(operation):
            sources = [self.own]
        elif operation.method in SAFE_METHODS:
            sources = [self.given, self.found, self.own]
        else:
            sources = [self.given, self.own]
        names = dict.fromkeys(name for source in sources for name in source)
        return {
            name: tuple(dict.fromkeys(v for s in sources for v in s.get(name, ())))
            for name in names
        }

    def _given(self, operation: Operation) -> Iterator[Probe]:
        rounds = [
            (chosen, self._base(operation, chosen)) for chosen in self._combinations(operation)
        ]
        for turn in ("first", "second"):
            for chosen, request in rounds:
                probe = _probe(operation, request, "given", f"given values, {turn} time")
                yield replace(
                    probe,
                    given=tuple(item for item in chosen.items() if self._is_vouched_for(*item)),
                )

    def _is_vouched_for(self, name: str, value: str) -> bool:
        """Whether a user or the run itself says that the service knows the value; what it lists may be gone by now."""
        return any(value in source.get(name, ()) for source in (self.given, self.own))

    def _documented_statuses(self, operation: Operation) -> Iterator[Probe]:
        if self.statuses is None:
            return
        base = self._base(operation, next(iter(self._combinations(operation)), {}))
        for response in operation.responses:
            code = concrete_status(operation, response)
            for example in range(self.statuses(operation, code) if code else 0):
                request = base.with_field("Prefer", f"code={code}, example={example}")
                yield _probe(operation, request, "status", f"documented status {response.status}")

    def _made(self, operation: Operation) -> Iterator[Probe]:
        values = itertools.cycle(self._combinations(operation) or [{}])
        edges = [
            (n, self._spared(operation, r))
            for n, r in edge_requests(operation, self._base(operation, next(values)))
        ]
        odd = {request for _, request in edges}  # judged as such, whoever else makes the same
        for source, made in (("coverage", self._coverage_of), ("fuzz", self._fuzz_of)):
            for index, (note, request) in enumerate(made(operation)):
                request = self._spared(
                    operation, _with_path(operation, request, next(values) if index % 3 else {})
                )
                if request not in odd:
                    yield _probe(operation, request, source, note)
        for note, request in edges:
            yield _probe(operation, request, "edge", note)

    def _combinations(self, operation: Operation) -> list[Values]:
        """Given values of the operation's parameters, each at least once; [{}] if it has no path parameters.

        None where a path parameter has no given value: the service knows no such resource.
        """
        path, given = parameter_names(operation.path), self._values(operation)
        if not all(given.get(name) for name in path):
            return []
        others = (
            p.name for p in operation.parameters if p.location != "path" and given.get(p.name)
        )
        names = list(dict.fromkeys([*path, *others]))
        length = max((len(given[name]) for name in names), default=1)
        return [
            {name: given[name][index % len(given[name])] for name in names}
            for index in range(length)
        ]

    def _base(self, operation: Operation, chosen: Values) -> Request:
        """The plainest request of an operation: given values, and of the rest what is required."""
        known = {**self._first(operation), **chosen}
        request = _with_path(operation, self._plainest(operation), known)
        for parameter in operation.parameters:
            if parameter.name in known:
                request = _with_value(request, parameter, known[parameter.name])
        return request

    def _plainest(self, operation: Operation) -> Request:
        """The first request that is allowed with given values in its path, or one that only has a path."""
        if operation.key not in self._plain:
            usable = (
                request
                for request in self._candidates(operation)
                if self._is_plain(operation, request)
            )
            self._plain[operation.key] = next(usable, _bare(operation))
        return self._plain[operation.key]

    def _candidates(self, operation: Operation) -> Iterator[Request]:
        yield _bare(operation)
        yield from (request for _, request in self._coverage_of(operation))

    def _is_plain(self, operation: Operation, request: Request) -> bool:
        filled = _with_path(operation, request, self._first(operation))
        return claim_of(operation, filled).allowed and self._can_send(operation, filled)

    def _coverage_of(self, operation: Operation) -> list[tuple[str, Request]]:
        if operation.key not in self._coverage:
            self._coverage[operation.key] = self._cases.coverage_requests(
                self._generated, operation
            )
        return self._coverage[operation.key]

    def _fuzz_of(self, operation: Operation) -> list[tuple[str, Request]]:
        found: list[tuple[str, Request]] = self._cases.fuzz_requests(
            self._generated, operation, seed=self.seed, examples=self.examples
        )
        return found

    def _sendable(self, operation: Operation, probes: Iterable[Probe]) -> Iterator[Probe]:
        """The probes that HTTP can carry and that still reach the operation."""
        return (probe for probe in probes if self._can_send(operation, probe.request))

    def _can_send(self, operation: Operation, request: Request) -> bool:
        return (
            request.target.isascii()
            and len(request.target) + len(request.method) + len("  HTTP/1.1")
            <= MAX_REQUEST_LINE - ROOM
            and all(is_field_name(n) and is_field_value(v) for n, v in request.headers)
            and operation.path in self._routes.of(request.path)
        )

    def _first(self, operation: Operation) -> Values:
        return {name: values[0] for name, values in self._values(operation).items() if values}

    @cached_property
    def _coverage(self) -> dict[str, list[tuple[str, Request]]]:
        return {}

    @cached_property
    def _plain(self) -> dict[str, Request]:
        return {}

    @cached_property
    def _generated(self) -> Any:
        return self._cases.load(self.spec, self.seed)

    @property
    def _cases(self) -> Any:
        from contracts.probes import (
            schemathesis_cases,  # importing Schemathesis takes most of a second
        )

        return schemathesis_cases

    @cached_property
    def _routes(self) -> Routes:
        return Routes(operation.path for operation in self.spec.operations)


def _probe(operation: Operation, request: Request, source: str, note: str) -> Probe:
    return Probe(operation.key, request, claim_of(operation, request), source, note)


def _bare(operation: Operation) -> Request:
    return Request(
        operation.method,
        fill_path(operation.path, dict.fromkeys(parameter_names(operation.path), "1")),
    )


def _distinct(probes: Iterator[Probe]) -> Iterator[Probe]:
    seen = set()
    for probe in probes:
        if probe.request not in seen:
            seen.add(probe.request)
            yield probe


def _with_path(operation: Operation, request: Request, values: Values) -> Request:
    raw = match_path(operation.path, request.path)
    if raw is None or not values.keys() & raw.keys():
        return request
    known = {name: encoded(value) for name, value in values.items() if name in raw}
    return request.with_path(fill_raw_path(operation.path, {**raw, **known}))


def _with_value(request: Request, parameter: Parameter, value: str) -> Request:
    """The request with a value of a parameter, in place of what it has; those in the path are left alone."""
    if parameter.location == "header" and parameter.name.lower() not in CLIENT_FIELDS:
        return request.with_field(parameter.name, value)
    if parameter.location == "cookie":
        others = _without(request.header("cookie") or "", "; ", parameter.name)
        pairs = [*others, f"{parameter.name}={encoded(value)}"]
        return request.with_field("Cookie", "; ".join(pairs))
    if parameter.location == "query":
        name = encoded(parameter.name)
        query = "&".join([*_without(request.query, "&", name), f"{name}={encoded(value)}"])
        return replace(request, target=f"{request.path}?{query}")
    return request


def _without(pairs: str, separator: str, name: str) -> list[str]:
    return [pair for pair in pairs.split(separator) if pair and pair.partition("=")[0] != name]
