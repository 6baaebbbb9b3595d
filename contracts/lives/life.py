"""A family to a life of its resources: requests, each made of the answers before; pure values."""

from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Set
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from contracts.document import Operation, Spec
from contracts.lives.content import bodies, parts
from contracts.lives.outline import GONE, place_of, role_in, shown_by, template_of, values_in
from contracts.messages import Exchange, Probe, Request
from contracts.probes import ProbePlan
from contracts.probes.knowledge import ends
from contracts.probes.samples import with_text, with_value
from contracts.rules.states import parent_of, takes, takes_part
from contracts.schemas.families import Family, families_of
from contracts.schemas.locations import locate

MOST = 100  # members of a list that are asked for, where the document has no bound
SOURCE = "life"
KEY = str(UUID(int=0))  # stands for one that is made of the request
Steps = Generator[Probe, Exchange, None]
Asking = Generator[Probe, Exchange, Exchange]
Values = Mapping[str, str]


def lane_of(family: Family) -> str:
    """The lane of the ledger that the lives of a family are in."""
    return f"lives of {template_of(family)}"


@dataclass(slots=True)
class Made:
    """A resource of the life: its values, the request that made it, and what was read of it."""

    values: Values
    request: Request
    located: str
    shown: dict[str, Any] = field(default_factory=dict)
    tags: list[str] = field(default_factory=list)


@dataclass
class Life:
    """The order of events; what the document lacks is left out."""

    plan: ProbePlan
    family: Family
    seed: str
    parts: Set[str]  # keys of the operations that may be asked
    places: set[str] = field(default_factory=set)  # of what was made

    @property
    def spec(self) -> Spec:
        return self.plan.spec

    def _of(self, role: str, family: Family | None = None) -> Operation | None:
        """The operation of a role, if it takes part."""
        operation = (family or self.family).of(role)
        return operation if operation is not None and self._takes(operation) else None

    def _takes(self, operation: Operation) -> bool:
        return operation.key in self.parts and takes_part(self.spec, operation)

    def steps(self) -> Steps:
        """Yields probes, and takes the exchange that comes of each."""
        parents = yield from self._parents(self.family)
        if not parents:
            return
        above = parents[0]
        yield from self._list(above)
        first = yield from self._create(self.family, above, 1)
        if first is None:
            return
        yield from self._read(first)
        second = yield from self._create(self.family, above, -1)
        for made in filter(None, (first, second)):
            yield from self._read(made)
        yield from self._list(above)
        yield from self._head(first)
        yield from self._read(first)
        for other in parents[1:]:
            yield from self._list(other)
            yield from self._read(replace(first, values={**first.values, **other}))
        yield from self._replace(first, -1)
        yield from self._patch(first)
        yield from self._replace(first, 0, is_bare=True)
        if second is not None:
            yield from self._read(second)
        yield from self._list(above)
        yield from self._keyed(above)
        yield from self._end(first, above)
        if second is not None:
            yield from self._read(second)
            if self.family.delete is None:
                yield from self._stop(second)
            yield from self._end_parent(parents, second)

    # What there is.

    def _parents(self, family: Family) -> Generator[Probe, Exchange, list[Values]]:
        """Values for what a family is below: two that are made where it can be, else known ones."""
        parent, operation = parent_of(self.spec, family), self._of("create", family)
        if operation is None or "{" not in operation.path:
            return [{}] * (operation is not None)
        if parent is None:
            return [*self.plan.lane(operation).known.rounds[:1]]
        found = list[Values]()
        for grand in (yield from self._parents(parent))[:1]:
            for turn in (2, 3):
                made = yield from self._create(parent, grand, turn)
                found += [made.values] if made is not None else []
        return found

    def _create(
        self, family: Family, above: Values, turn: int
    ) -> Generator[Probe, Exchange, Made | None]:
        """A resource that was not there: of a 201, or of a request that had two answers."""
        operation = self._of("create", family)
        for request in self._bodies(operation, above, turn):
            assert operation is not None
            exchange = yield from self._ask(operation, request, "create")
            place, located = place_of(self.spec, family, exchange)
            if not _is_done(exchange) or not place:
                continue
            if _status(exchange) != 201:
                twin = yield from self._ask(operation, request, "create once more")
                if not _is_done(twin) or place_of(self.spec, family, twin)[0] in ("", place):
                    return None
            self.places.add(place)
            return Made(values_in(template_of(family), place), request, located)
        return None

    def _read(self, made: Made) -> Steps:
        operation = self._of("read")
        if operation is None:
            return
        exchange = yield from self._ask(operation, self._request(operation, made), "read")
        if _is_done(exchange) and exchange.response is not None:
            made.shown = shown_by(self.family, exchange)
            tag = exchange.response.header("etag")
            if tag is not None and tag not in made.tags[-1:]:
                made.tags.append(tag)
        located, made.located = made.located, ""
        if located not in ("", exchange.probe.request.path) and located not in self.places:
            request = replace(exchange.probe.request, target=located)
            yield from self._ask(operation, request, "read where Location says")

    def _head(self, made: Made) -> Steps:
        operation = self._of("read")
        if operation is not None and f"HEAD {operation.path}" not in self.spec.by_key:
            request = replace(self._request(operation, made), method="HEAD")
            yield from self._ask(operation, request, "head")

    def _list(self, above: Values) -> Steps:
        operation = self._of("list")
        if operation is None:
            return
        request = self.plan.lane(operation).request_for(above).request
        for parameter in operation.parameters:
            place = locate(parameter.schema) if parameter.schema is not None else None
            if place is None or parameter.location != "query" or "integer" not in place.types:
                continue
            if parameter.name.lower().replace("_", "") in ("limit", "perpage", "pagesize", "size"):
                most = [part.value["maximum"] for part in place.parts if "maximum" in part.value]
                request = with_value(request, parameter, str(int(min([*most, MOST]))))
        yield from self._ask(operation, request, "list")

    # What changes it.

    def _replace(self, made: Made, turn: int, *, is_bare: bool = False) -> Steps:
        """By something else, the same once more, and with a past tag; or with less, once."""
        operation = self._of("replace")
        for body in self._bodies(operation, made.values, turn, is_bare=is_bare):
            assert operation is not None
            request = self._request(operation, made, body)
            if not _is_done((yield from self._ask(operation, request, "put"))):
                continue
            yield from self._read(made)
            if not is_bare:
                request = self._request(operation, made, body)
                yield from self._ask(operation, request, "put again")
                yield from self._read(made)
                yield from self._past(operation, made, body)
            return

    def _past(self, operation: Operation, made: Made, body: Request | None = None) -> Steps:
        """The request with the first entity tag, where that is no longer the one of now."""
        if takes(operation, "if-match") and made.tags[-1:] != made.tags[:1]:
            request = _with_tag(operation, self._request(operation, made, body), made.tags[0])
            yield from self._ask(operation, request, "with a past entity tag")
            yield from self._read(made)

    def _patch(self, made: Made) -> Steps:
        """One member, then null, then a part of an object, as far as that is allowed."""
        operation = self._of("patch")
        if operation is None or operation.method != "PATCH":
            return
        taken = None
        for request in parts(self.plan.lane(operation), made.values, made.shown, self.seed):
            exchange = yield from self._ask(
                operation, self._request(operation, made, request), "patch"
            )
            if _is_done(exchange):
                taken = request
                yield from self._read(made)
                yield from self._list({**made.values})
        if taken is not None:
            yield from self._past(operation, made, taken)

    def _keyed(self, above: Values) -> Steps:
        """The same twice with one key; another with another key: each is made of the request."""
        operation = self._of("create")
        if operation is None or not takes(operation, "idempotency-key"):
            return
        lane = self.plan.lane(operation)
        for turn in (4, 5):
            for body in self._bodies(operation, above, turn):
                request = _with_field(operation, lane.at(body, above), "idempotency-key", KEY)
                exchange = yield from self._ask(operation, request, "create with a key")
                if _is_done(exchange) and turn == 4:
                    yield from self._ask(operation, request, "create with the same key")
                    yield from self._list(above)
                if _is_done(exchange):
                    break

    def _end(self, made: Made, above: Values) -> Steps:
        operation = self._of("delete")
        if operation is None:
            yield from self._stop(made)
            return
        yield from self._past(operation, made)
        exchange = yield from self._ask(operation, self._request(operation, made), "delete")
        if _is_done(exchange):
            yield from self._read(made)
            yield from self._list(above)
            yield from self._ask(operation, self._request(operation, made), "delete again")
            yield from self._read(made)

    def _stop(self, made: Made) -> Steps:
        """End what nothing deletes, by the first action that is there for that."""
        for operation in self.family.actions:
            if ends(self.spec, operation) and self._takes(operation):
                yield from self._ask(operation, self._request(operation, made), "end")
                return

    def _end_parent(self, parents: list[Values], left: Made) -> Steps:
        """The parent of what is left goes first, and what is below it is asked for once more."""
        parent = parent_of(self.spec, self.family)
        if parent is None:
            return
        ending, reading = self._of("delete", parent), self._of("read", parent)
        if ending is None or reading is None:
            return
        request = self.plan.lane(ending).request_for(parents[0]).request
        if _is_done((yield from self._ask(ending, request, "delete what it is below"))):
            request = self.plan.lane(reading).request_for(parents[0]).request
            exchange = yield from self._ask(reading, request, "read what it is below")
            if _status(exchange) in GONE:
                yield from self._read(left)

    # Requests.

    def _bodies(
        self, operation: Operation | None, values: Values, turn: int, *, is_bare: bool = False
    ) -> Iterator[Request]:
        if operation is not None:
            lane = self.plan.lane(operation)
            yield from bodies(lane, values, turn, self.seed, is_bare=is_bare)

    def _request(self, operation: Operation, made: Made, body: Request | None = None) -> Request:
        lane = self.plan.lane(operation)
        request = lane.request_for(made.values).request
        if body is not None:
            request = lane.at(body, made.values)
        return _with_tag(operation, request, made.tags[-1]) if made.tags else request

    def _probe(self, operation: Operation, request: Request, note: str = "") -> Probe:
        probe = self.plan.lane(operation).about(request)
        return replace(probe, source=SOURCE, note=note, life=lane_of(self.family))

    def _ask(self, operation: Operation, request: Request, note: str) -> Asking:
        """What comes of a request; without an answer if the document forbids it."""
        probe = self._probe(operation, request, note)
        if not self.plan.lane(operation).is_allowed(probe):
            return Exchange(0, probe)
        return (yield probe)


def _status(exchange: Exchange) -> int:
    return exchange.response.status if exchange.response is not None else 0


def _is_done(exchange: Exchange) -> bool:
    return 200 <= _status(exchange) < 300 and _status(exchange) != 202


def _with_tag(operation: Operation, request: Request, tag: str) -> Request:
    return _with_field(operation, request, "if-match", tag)


def _with_field(operation: Operation, request: Request, name: str, text: str) -> Request:
    for parameter in operation.parameters:
        if parameter.location == "header" and parameter.name.lower() == name:
            request = with_text(request, parameter, text)
    return request


def lived(steps: Steps, send: Callable[[Probe], Exchange]) -> Iterator[Exchange]:
    """The exchanges of a life, each before the next request is made."""
    probe = next(steps, None)
    while probe is not None:
        exchange = send(probe)
        yield exchange
        try:
            probe = steps.send(exchange)
        except StopIteration:
            return


def made_by(spec: Spec, exchanges_of: Callable[[str], Iterable[Exchange]]) -> dict[str, str]:
    """Paths of what lives made, and the operations that did, by the exchanges of each lane."""
    found, seen = dict[str, str](), dict[tuple[str, Request], str]()
    for family in families_of(spec):
        for exchange in exchanges_of(lane_of(family)):
            operation = spec.by_key[exchange.probe.operation]
            owner, role = role_in(spec, family, operation)
            place = place_of(spec, owner, exchange)[0] if role == "create" else ""
            if not place or not _is_done(exchange):
                continue
            before = seen.setdefault((operation.key, exchange.probe.request), place)
            if _status(exchange) == 201 or before != place:
                found |= {before: operation.key, place: operation.key}
    return found
