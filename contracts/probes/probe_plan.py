"""An operation to its probes, each with its claim, in the order of sending."""

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from itertools import islice
from operator import attrgetter
from pathlib import Path
from typing import Any

from contracts import messages
from contracts.document import Operation, Spec, serialisation
from contracts.document.model import NOWHERE, concrete_status, refusals_of
from contracts.document.security import ways_of
from contracts.document.serialisation import (
    encoded,
    fill_raw_path,
    match_path,
    parameter_names,
    raw_values,
)
from contracts.messages import (
    CREDENTIAL_FORMS,
    GIVEN_BODY,
    SAFE_METHODS,
    Credential,
    Probe,
    Request,
)
from contracts.probes.edges import edge_requests, others_of, refusals, with_new_key
from contracts.probes.knowledge import Knowledge, ValueRow, Values, ends
from contracts.probes.samples import Body, bodies_of, with_body, with_required, with_value
from contracts.probes.store import CaseStore, Generated
from contracts.schemas.claims import claim_of, is_sent, unsent_values
from contracts.schemas.json_text import decode
from contracts.schemas.media_types import dump
from contracts.schemas.validation import Uncompilable, validator

UNLISTED: tuple[str, ...] = ("GET", "HEAD", "TRACE", "OPTIONS")
BODILESS = SAFE_METHODS | {"DELETE"}  # what a body has no meaning for (RFC 9110 §9.3)
UNLISTED_UNSAFE = ("POST", "PUT", "PATCH", "DELETE")
MAX_REQUEST_LINE = 8000  # RFC 9112 §3
ROOM = 500  # what a base URL's path and a credential in the query may add to a request line


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
    rows: Sequence[ValueRow] = ()  # given values of several parameters, or for one operation
    bodies: Mapping[str, Sequence[Body]] = field(default_factory=dict)  # given, by operation
    live: bool = False  # real resources: an operation that ends one is sent to none but our own
    kept: Path | None = None  # where what was generated is kept for other runs
    _lanes: dict[str, "Lane"] = field(default_factory=dict, init=False, repr=False, compare=False)

    def lane(self, operation: Operation) -> "Lane":
        """The probes of one operation; the same object each time, as making them takes long."""
        return self._lanes.setdefault(operation.key, Lane(self, operation))

    def learn(self, operation: Operation, rows: Sequence[ValueRow]) -> None:
        """Let the lane of an operation know what answers of others say, before it is asked."""
        self._lanes[operation.key] = Lane(self, operation, tuple(rows))

    def forget(self, operation: Operation) -> None:
        """Let go of the probes of an operation that was asked, not of what is known of it."""
        if lane := self._lanes.pop(operation.key, None):
            self._lanes[operation.key] = Lane(self, operation, lane.learnt)

    @property
    def slow(self) -> Mapping[str, str]:
        """Why operations had requests that were made without their patterns, by their keys."""
        return self._store.slow

    def boundaries(self, operation: Operation) -> Generated:
        """Requests at the boundaries of what it takes, each with what it is about."""
        return self._store.kept(
            operation, "boundaries", lambda: self.cases.coverage_requests(self._source, operation)
        )

    def random(self, operation: Operation) -> Generated:
        """Requests of chance, and the document's examples."""
        own, name = {"seed": self.seed, "examples": self.examples}, f"{self.examples} random"
        return self._store.kept(
            operation, name, lambda: self.cases.fuzz_requests(self._source, operation, **own)
        )

    @cached_property
    def _store(self) -> CaseStore:
        return CaseStore(self.kept, self.spec, self.seed)

    @cached_property
    def _source(self) -> Any:
        return self.cases.Cases(self.spec, self.seed, self._store.slow)

    @property
    def cases(self) -> Any:
        from contracts.probes import schemathesis_cases  # which takes most of a second

        return schemathesis_cases


@dataclass(frozen=True)
class Lane:
    """The probes of one operation, in the order of sending."""

    plan: ProbePlan
    operation: Operation
    learnt: tuple[ValueRow, ...] = ()

    @cached_property
    def known(self) -> Knowledge:
        plan, rows = self.plan, (*self.plan.rows, *self.learnt)
        sources = plan.given, plan.found, plan.own
        return Knowledge(self.operation, *sources, rows, self.spares, plan.live)

    def probes(self) -> Iterator[Probe]:
        """All but the last ones; none if the method is not to be sent."""
        given = list[Probe]()
        first, last = (self._given(given), self._filtered()), self._made(given)
        asked = itertools.chain(*first, self._documented_statuses(), last)
        yield from filter(self.can_send, asked) if self._is_sent else ()

    def closing(self, answered: Request | None) -> Iterator[Probe]:
        """What is sent last; `answered` had a 2xx with the right credential, if anything had."""
        if self._is_sent:
            base = answered or self._spared(self._base())
            if self.spares and self.known.made:  # its last resource, whose others are gone
                base = self._base(self.known.made[-1])
            unsent = self._with_unsent(answered) if answered else ()
            made = itertools.chain(unsent, self._refusable(base))
            yield from filter(self.can_send, made)
        own = f"HEAD {self.operation.path}" in self.plan.spec.by_key
        if answered and answered.method == "GET" and not own:
            request, note = replace(answered, method="HEAD"), "HEAD, where GET was answered"
            yield Probe(self.operation.key, request, source="method", note=note)
        yield from self.unlisted_methods()

    def refusals(
        self, answered: Sequence[Request], fresh: Sequence[Request] = ()
    ) -> Iterator[Probe]:
        """What the document forbids, made of what was `answered`; of the mock, if it can refuse.

        Made of what is `fresh` by then, if anything is: what that is about may be ended.
        """
        if not self._is_sent or not (self.plan.live or any(refusals_of(self.operation))):
            return
        base, sources = self._spared(self._base()), list(map(self._spared, answered))
        now = lambda: [*{*fresh} - {*answered}] or sources  # noqa: E731
        for name, request in refusals(self.operation, now, base):
            made = with_new_key(self.operation, request)
            probe = self._probe(made, "refusal", f"breaks {name}")
            # What is no id by the document may be somebody's all the same.
            may_end = self.spares and name.startswith("path ")
            if self.can_send(probe) and not may_end:
                yield probe

    def given(self) -> Iterator[Probe]:
        """The probes with values that the service knows, all of them twice."""
        return filter(self.can_send, self._given([]))

    def _given(self, made: list[Probe]) -> Iterator[Probe]:
        rounds, own = self.known.rounds, self.plan.bodies.get(self.operation.key, [])
        probe, note = partial(Probe, self.operation.key, source="given"), "given values, first time"
        cases = zip(itertools.cycle(rounds), range(max(len(rounds), len(own))), strict=False)
        for chosen, number in cases:
            given, request = self.known.vouched(chosen), self._base(chosen)
            if own:
                request = with_body(request, body := own[number % len(own)])
                given = (*given, (GIVEN_BODY, body[1].decode("utf-8", "replace")))
            made.append(probe(request, claim_of(self.operation, request), note=note, given=given))
            yield made[-1]
        safe, note = self.operation.method in SAFE_METHODS, "given values, second time"
        for one in () if self.spares and self.known.made else made:
            # What changes the state may change what is right the second time.
            yield probe(one.request, one.claim, note=note, given=one.given * safe)

    def request_for(self, values: Values) -> Probe:
        """The plainest request for a resource, and nothing that is judged."""
        return self.about(self._base(values))

    def about(self, request: Request) -> Probe:
        made = with_new_key(self.operation, request)
        return self._probe(made, "source", "about resources")

    def samples(self, seed: str) -> Iterator[Probe]:
        """Requests that are allowed, each with another body: the plainest, others by the seed, …"""
        plain = self.request_for({})
        requests = [plain.request, *islice(others_of(self.operation, plain.request, seed), 2)]
        if self.operation.request_body:
            bodies = itertools.chain(
                self.plan.bodies.get(self.operation.key, ()), bodies_of(self.operation)
            )
            requests += [with_body(plain.request, body) for body in bodies]
        for made in dict.fromkeys(requests):
            yield self.about(made)

    def _filtered(self) -> Iterator[Probe]:
        """The list again, filtered by values that it has, so that it comes back filled."""
        for values in self.known.filters:
            probe = self._probe(self._base(values), "given", "filtered by what the list has")
            yield from [probe] * probe.claim.allowed

    def _documented_statuses(self) -> Iterator[Probe]:
        if self.plan.statuses is None:
            return
        base = self._base()
        for response in self.operation.responses:
            code = concrete_status(self.operation, response) or 0
            for example in range(code and self.plan.statuses(self.operation, code)):
                request = base.with_field("Prefer", f"code={code}, example={example}")
                yield self._probe(request, "status", f"documented status {response.status}")

    def _made(self, given: list[Probe]) -> Iterator[Probe]:
        """Boundaries, random and odd requests, each once; odd wins if others make the same."""
        plan, rounds = self.plan, itertools.cycle(self.known.rounds or [{}])
        filters = itertools.cycle(self.known.filters or [{}])
        odd: dict[Request, str] = {}
        for note, request in edge_requests(self.operation, self._base(next(rounds))):
            odd.setdefault(self._spared(request), note)
        seen = {*odd, *map(attrgetter("request"), given)}

        def unseen(source: str, made: Iterable[tuple[str, Request]]) -> Iterator[Probe]:
            for index, (note, request) in enumerate(made):
                if index % 3:  # the others keep what was made for them
                    request = self._placed(request, next(rounds))
                    request = self._refiltered(request, next(filters) if source == "fuzz" else {})
                request = self._spared(request)
                if request not in seen and is_sent(self.operation, request):
                    seen.add(request)
                    yield self._probe(request, source, note)

        yield from unseen("coverage", self._coverage)
        yield from unseen("fuzz", plan.random(self.operation))
        for request, note in odd.items():
            yield self._probe(request, "edge", note)

    def _with_unsent(self, base: Request) -> Iterator[Probe]:
        """What was answered, once more with properties that only answers have."""
        values, body = unsent_values(self.operation), decode(base.body or b"")
        if values and not self.spares and body.problem is None and isinstance(body.value, dict):
            request = replace(base, body=dump({**body.value, **values}))
            yield self._probe(request, "unsent", "with properties that only answers have")

    def _refusable(self, base: Request) -> Iterator[Probe]:
        """Each form of the credential, on what the right one had; a resource that can't exist."""
        key = self.operation.key
        ways = list(ways_of(self.operation, self.plan.spec))
        if self.spares:  # what is taken ends the resource, so it goes last
            ways.sort(key=lambda way: not CREDENTIAL_FORMS[way.form].refused)
        for way in ways:
            if way.form is not Credential.RIGHT or way.schemes:
                own = Probe(key, base, source="auth", note=f"credential: {way.form}{way.said}")
                yield replace(own, credential=way.form, schemes=way.schemes, part=way.part)
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

    def is_allowed(self, probe: Probe) -> bool:
        return probe.claim.allowed and self.can_send(probe)

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

    def _base(self, chosen: Values | None = None) -> Request:
        """The plainest request of the operation: known values, and of the rest what is required."""
        if chosen is None:
            chosen = next(iter(self.known.rounds), {})
        return self._with_values(self._plainest, {**self.known.first, **chosen})

    @cached_property
    def _plainest(self) -> Request:
        """The first request that is allowed with known values, or the path alone.

        A body that is given or documented comes first where the method is there to carry one.
        """
        operation, known = self.operation, frozenset(self.known.first)
        alone = fill_raw_path(operation.path, dict.fromkeys(self.known.path_names, "1"))
        nothing = Request(operation.method, alone)
        bare = with_required(nothing, operation, known)
        given = self.plan.bodies.get(operation.key, ())
        with_bodies = map(partial(with_body, bare), itertools.chain(given, bodies_of(operation)))
        order = [[bare], with_bodies, self._covered()]
        if given or (operation.request_body and operation.method not in BODILESS):
            order = [with_bodies, filter(attrgetter("body"), self._covered()), *order]
        return next(filter(self._is_plain, itertools.chain.from_iterable(order)), nothing)

    def _covered(self) -> Iterator[Request]:
        for _, request in self._coverage:  # made when the first of them is wanted
            yield request

    def _is_plain(self, request: Request) -> bool:
        return self.is_allowed(self.about(self._with_values(request, self.known.first)))

    @cached_property
    def _coverage(self) -> list[tuple[str, Request]]:
        return self.plan.boundaries(self.operation)

    def at(self, request: Request, values: Values) -> Request:
        """The request with these values in its path."""
        raw = {**(match_path(self.operation.path, request.path) or {})}
        shared = values.keys() & raw.keys()
        if not shared:
            return request
        raw.update((name, encoded(values[name])) for name in shared)
        return request.with_path(fill_raw_path(self.operation.path, raw))

    def _with_values(self, request: Request, values: Values) -> Request:
        """The request with these values, wherever its parameters stand."""
        request = self.at(request, values)
        for parameter in self.operation.parameters:
            if parameter.name in values:
                request = with_value(request, parameter, values[parameter.name])
        return request

    def _placed(self, request: Request, values: Values) -> Request:
        """The request with these values, those of the query that it may do without apart."""
        request = self.at(request, values)
        for parameter in self.operation.parameters:
            wanted = parameter.required or parameter.location != "query"
            if wanted and parameter.name in values:
                request = with_value(request, parameter, values[parameter.name])
        return request

    def _refiltered(self, request: Request, values: Values) -> Request:
        """The request with these values for those parameters that its query has."""
        for parameter in self.operation.parameters:
            name, is_query = parameter.name, parameter.location == "query"
            if is_query and name in values and raw_values(request.query, "&", name):
                request = with_value(request, parameter, values[name])
        return request

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
