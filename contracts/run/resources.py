"""What an operation can be asked for that nobody gave: of lists, of what is made, or forbidden."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import count, islice, product, repeat
from operator import attrgetter

from contracts.document import Operation, serialisation
from contracts.document.model import NOT_THERE
from contracts.document.serialisation import fill_path, parameter_names
from contracts.exchanges import Client
from contracts.exchanges.credential import places, withheld
from contracts.exchanges.health import Event, is_plain_success
from contracts.lives import made_by
from contracts.messages import SAFE_METHODS, Credential, Exchange, Probe, Request, is_unavailable
from contracts.probes.edges import others_of, reread
from contracts.probes.knowledge import (
    Teller,
    ValueRow,
    Values,
    enders_of,
    filters_of,
    item_template,
    items_of,
    tellers,
    told,
)
from contracts.rules.states import family_in
from contracts.run.state import State
from contracts.schemas.constraints import forbidden_by
from contracts.schemas.families import CREATES
from contracts.text import few, plural

MAX_FOUND = 3  # resources of lists that an operation is asked for
MAX_COMBINED = 30  # combinations of values that were given apart
MAX_TRIED = 6  # requests to make a resource
MAX_NAMED = 3  # resources that are left
DEPTH = 4  # collections below one another
MAX_OWN = 16  # resources that are made for the forbidden requests of an operation
MAX_OTHERS = 12  # ways to have other values in a body
HIDING = frozenset({*NOT_THERE, 409, 412, 423, 428})  # refusals for what is there, or its state
Sender = Callable[[Iterable[Probe]], Iterator[Exchange]]


def asked_before(state: State, operation: Operation) -> list[Operation]:
    """The lists that tell what there is for an operation: what it is asked for is theirs to say.

    So it is the same in whichever order operations are asked. Lists have fewer parameters, so that
    no two wait for each other.
    """
    path, live = operation.path, state.inputs.target.live and not state.inputs.replays
    if not live or "{" not in path or state.plan.lane(operation).known.rounds:
        return []
    found = []
    for other, _ in tellers(state.inputs.spec, operation, "GET"):
        if other.key in state.chosen and other.path.count("{") < path.count("{"):
            found.append(other)
    return found


def unlived(state: State, operation: Operation) -> str:
    """Why no lives are asked in which an operation takes part, if so."""
    if not state.inputs.target.live:
        return "the mock in this process keeps nothing; `contracts mock` does"
    if not state.inputs.options.unsafe:
        return "lives are only asked with --contract-unsafe"
    family = family_in(state.inputs.spec, operation)
    if family is not None and family.create not in state.inputs.chosen:
        return "what makes such resources is not among the operations that are asked"
    return ""


def learn(state: State, operation: Operation, client: Client) -> Iterator[Event]:
    """Let the plan know of resources for an operation; yields what the run has to note of it.

    The requests that this takes are judged by nobody: what is asked of the resources is.
    """
    if not state.inputs.target.live or state.inputs.replays:
        return
    finder = Finder.of(state, client, f"{operation.key}, before it is asked")
    yield from finder.aside(lambda: state.plan.learn(operation, finder.rows(operation, DEPTH)))


@dataclass(frozen=True)
class Finder:
    """What is there, or is made, for operations, by requests that are judged by nobody."""

    state: State
    client: Client
    purpose: str
    made: dict[str, str]  # paths of the run's own resources, and the operations that made them
    turns: Iterator[int] = field(default_factory=count)

    @classmethod
    def of(cls, state: State, client: Client, purpose: str) -> "Finder":
        return cls(state, client, purpose, dict(state.ledger.note("made") or {}))

    def aside(self, step: Callable[[], object]) -> Iterator[Event]:
        """What the run has to note of a step in which this one sends requests."""
        known, problem = len(self.made), None
        try:
            step()
        except BaseException as error:  # whatever ends it, what was made is noted first
            problem = error
        if len(self.made) > known:
            yield {"made": self.made}
        if problem is not None:
            raise problem

    @property
    def seed(self) -> str:
        """Of values that the service has not had so far in this run."""
        return f"{self.state.budget.seed} {self.purpose} {next(self.turns)}"

    def rows(self, operation: Operation, depth: int) -> list[ValueRow]:
        """What there is for an operation, others looked into as deep as that."""
        lane, path = self.state.plan.lane(operation), operation.path
        is_safe = operation.method in SAFE_METHODS
        if not depth or not (is_safe or self.state.inputs.options.unsafe):
            return []
        if lane.spares:
            return list(self.own(operation, 2 * ("{" in path), depth))
        if lane.known.rounds:
            filters = self._filters(operation) if is_safe and not path.endswith("}") else []
            return [*self._combined(operation), *filters]
        found = list(islice(self._found(operation, depth), MAX_FOUND * is_safe))
        if found or not self.state.inputs.options.unsafe:
            return found
        return list(self.own(operation, 1, depth))

    def ask(self, probe: Probe) -> Exchange | None:
        """The answer to a probe that the document allows, if it is a 2xx."""
        lane = self.state.plan.lane(self.state.inputs.spec.by_key[probe.operation])
        if not lane.is_allowed(probe):
            return None
        exchange = self.client.send(probe, 0)
        return next(filter(_is_success, [exchange]), None)

    def _answers(self, teller: Operation, depth: int) -> Iterator[Exchange]:
        """What the run had of a list so far, else the list itself."""
        if known := list(filter(_is_success, self.state.ledger.of(teller.key))):
            yield from known
            return
        if depth and not self.state.plan.lane(teller).known.rounds:
            self.state.plan.learn(teller, self.rows(teller, depth - 1))
        lane = self.state.plan.lane(teller)
        for values in lane.known.rounds[:MAX_FOUND]:
            if exchange := self.ask(lane.request_for(values)):
                yield exchange

    def _found(self, operation: Operation, depth: int) -> Iterator[ValueRow]:
        seen = list[Values]()
        for teller in tellers(self.state.inputs.spec, operation, "GET"):
            for exchange in self._answers(teller[0], depth):
                for values in told(operation, teller, exchange):
                    if values not in seen:
                        seen.append(values)
                        yield ValueRow(values, operation.key, "found")

    def _filters(self, operation: Operation) -> list[ValueRow]:
        """Values of the first members of a list, all at once and each by itself."""
        optional = {(p.location, p.required) for p in operation.parameters}
        found = list[ValueRow]()
        for exchange in islice(self._answers(operation, 0), ("query", False) in optional):
            for values in islice(filters_of(operation, exchange), MAX_FOUND):
                for chosen in (values, *map(dict, zip(values.items(), strict=True))):
                    row = ValueRow(chosen, operation.key, "listed")
                    found += [row] * (row not in found)
        return found

    def _combined(self, operation: Operation) -> list[ValueRow]:
        """The first combination of values, given apart, that the service answers with a 2xx."""
        spec, known = self.state.inputs.spec, self.state.plan.lane(operation).known
        asked, names = spec.by_key.get(f"GET {operation.path}"), parameter_names(operation.path)
        first = dict(known.vouched(known.rounds[0]))
        if len(names) < 2 or first.keys() >= {*names} or asked is None:
            return []
        choices = product(*(known.values.get(name, ()) for name in names))
        for texts in islice(choices, MAX_COMBINED):
            values = dict(zip(names, texts, strict=True))
            if self.ask(self.state.plan.lane(asked).request_for(values)):
                return [ValueRow(values, operation.key)]
        return []

    def own(self, operation: Operation, count: int, depth: int) -> Iterator[ValueRow]:
        """Resources made for an operation; each is noted, to be ended when the run ends."""
        for teller in tellers(self.state.inputs.spec, operation, "POST"):
            for _ in range(count):
                if (values := self._make(operation, teller, depth)) is None:
                    break
                count -= 1
                yield ValueRow(values, operation.key, "own")

    def _make(self, operation: Operation, teller: Teller, depth: int) -> Values | None:
        other, plan = teller[0], self.state.plan
        if self.state.inputs.spec.document.at(other.pointer).get(CREATES) is False:
            return None
        if not plan.lane(other).known.rounds:
            plan.learn(other, self.rows(other, depth - 1))
        for probe in islice(plan.lane(other).samples(self.seed), MAX_TRIED):
            answers = [self.ask(probe)]
            if answers[0] and _says_created(self.state, other, answers[0]) is None:
                answers.append(self.ask(probe))  # the same one again makes another one
            made = list(_created(self.state, operation, teller, filter(None, answers)))
            self.made.update(zip(map(partial(_place, operation), made), repeat(other.key)))
            if made:
                return made[0]
        return None


def refusals(
    finder: Finder, operation: Operation, sent: Sender, answered: Sequence[Request]
) -> Iterator[Event]:
    """What the document forbids, made of what was `answered` as long as that is answered.

    A name is taken by now, a booking confirmed, a version past: then a refusal is not about what
    is forbidden. So the request is sent once more; where it is refused, others are made until one
    is not, and another of these after each that the service takes.
    """
    if finder.state.inputs.replays:
        return
    lane, fresh = finder.state.plan.lane(operation), list[Request]()
    base = next(iter(answered), lane.request_for({}).request)
    ways = _ways(finder, operation, base)

    def renewed() -> Iterator[Event]:
        while ways:
            made = list[Request]()
            yield from finder.aside(lambda: made.extend(islice(ways[0], 1)))  # noqa: B023
            if made and fresh:
                fresh[:] = made
                return
            fresh.clear()
            for exchange in sent(filter(lane.is_allowed, map(lane.about, made))):
                yield exchange
                fresh.extend(made * _is_success(exchange))
            if not fresh:
                del ways[0]

    yield from renewed()
    for exchange in sent(lane.refusals(answered, fresh)):
        yield exchange
        hides = getattr(exchange.response, "status", 0) in HIDING or _is_success(exchange)
        if fresh and hides and not exchange.probe.claim.breaks.startswith("path "):
            yield from renewed()


def _ways(finder: Finder, operation: Operation, base: Request) -> list[Iterator[Request]]:
    """Each without end if it has any; none if nothing is changed, or a path alone can be wrong."""
    inputs = finder.state.inputs
    may_change = operation.method not in SAFE_METHODS and inputs.options.unsafe
    has_state = any(not one.name.startswith("path ") for one in forbidden_by(operation))
    if not (may_change and has_state and inputs.target.live):
        return []
    own = _own(finder, operation, base)
    if finder.state.plan.lane(operation).spares:  # what ends a resource is for the run's own alone
        return [own]
    as_it_is = iter(partial(_reread, finder, operation, base), None)
    others = map(partial(_others, finder, operation, base), range(MAX_OTHERS))
    return [as_it_is, own, *others]


def _own(finder: Finder, operation: Operation, base: Request) -> Iterator[Request]:
    """For resources of the run's own, as they are when they are made."""
    lane, count = finder.state.plan.lane(operation), MAX_OWN * ("{" in operation.path)
    for row in finder.own(operation, count, DEPTH):
        yield _reread(finder, operation, lane.at(base, row.values))


def _others(finder: Finder, operation: Operation, base: Request, index: int) -> Iterator[Request]:
    """With other values in the body each time, in the same places."""
    while made := list(islice(others_of(operation, base, finder.seed), index, index + 1)):
        yield from made


def _reread(finder: Finder, operation: Operation, request: Request) -> Request:
    """The request for the resource as it is now."""
    asked = finder.state.inputs.spec.by_key.get(f"GET {item_template(operation)}")
    raw = serialisation.match_path(operation.path, request.path)
    if asked is None or not raw:
        return request
    values = {name: serialisation.decoded(text) for name, text in raw.items()}
    found = finder.ask(finder.state.plan.lane(asked).request_for(values))
    return reread(operation, request, found.response) if found and found.response else request


def clean_up(state: State, client: Client) -> str:
    """End what the run made, where the document has a DELETE for it; what is said of that."""
    ledger, spec = state.ledger, state.inputs.spec
    made, left = {**_made_by_probes(state), **made_by(spec, ledger.of)}, list[str]()
    made |= ledger.note("made") or {}
    ended = filter(lambda e: e.probe.request.method == "DELETE", filter(_is_success, ledger.all()))
    gone = set(map(attrgetter("probe.request.path"), ended))
    for path in [*made][::-1]:  # what is within comes first
        status = 404 * (path in gone)
        for operation in enders_of(spec, path):
            raw = serialisation.match_path(item_template(operation), path) or {}
            values = dict(zip(raw, map(serialisation.decoded, raw.values()), strict=True))
            lane = state.plan.lane(operation)
            for probe in filter(lane.can_send, [lane.request_for(values)] * (not status)):
                status = getattr(client.send(probe, 0).response, "status", 0)
        if 200 <= status < 300 or status in NOT_THERE:
            gone.add(path)
        else:
            left.append(path)
    within = tuple(map("{}/".format, gone))
    left = [path for path in left if not path.startswith(within)]
    said = f"the run made {plural(len(made), 'resource')} of its own"
    if left:
        return f"{said}; left are {few(left, MAX_NAMED, 'of them')}"
    return f"{said}, and ended them" * bool(made)


def _made_by_probes(state: State) -> dict[str, str]:
    """Paths of what probes of the run made, and the operations that they were of."""
    found = {}
    for other in state.inputs.spec.operations:
        exchanges = list(filter(_is_success, state.ledger.of(other.key)))
        if other.method != "POST" or not exchanges:
            continue
        for operation in items_of(state.inputs.spec, other)[:1]:
            for values in _created(state, operation, (other, None), exchanges):
                found[_place(operation, values)] = other.key
    return found


def _is_success(exchange: Exchange) -> bool:
    response, probe = exchange.response, exchange.probe
    wanted = probe.credential is Credential.RIGHT and probe.source != "method"
    return wanted and response is not None and 200 <= response.status < 300


def _place(operation: Operation, values: Values) -> str:
    return fill_path(item_template(operation), values)


def _says_created(state: State, other: Operation, exchange: Exchange) -> bool | None:
    """Whether an answer tells of a new resource; None if it does not say."""
    said = state.inputs.spec.document.at(other.pointer).get(CREATES)
    if isinstance(said, bool):
        return said
    is_201 = exchange.response is not None and exchange.response.status == 201
    return is_201 or None


def _created(
    state: State, operation: Operation, teller: Teller, exchanges: Iterable[Exchange]
) -> Iterator[Values]:
    """Resources that were not there before: no other is ever ended.

    They are those of a 201. Of another 2xx they are where one request had different answers: an
    operation that gives back what is there already would give it again.
    """
    by_request = defaultdict[Request, list[Values]](list)
    sure, rest = list[Values](), list[Values]()
    for exchange in exchanges:
        says = _says_created(state, teller[0], exchange)
        for values in islice(told(operation, teller, exchange), says is not False):
            sure += [values] * bool(says)
            rest += [values] * (not says)
            by_request[exchange.probe.request].append(values)
    yield from sure
    documents_201 = "201" in map(attrgetter("status"), teller[0].responses)
    repeated = max(map(len, by_request.values()), default=0) > 1
    if repeated and not documents_201 and set(map(rest.count, rest)) == {1}:
        yield from rest


def shielded(state: State, probe: Probe) -> Probe:
    """The probe, without the user's headers that must not go with it."""
    names = {name.lower() for name, _ in state.inputs.options.header}
    if not (names or probe.withheld):
        return probe
    gateways = state.ledger.note("gateways") or ()
    return replace(probe, withheld=withheld(state.inputs.spec, probe, names, gateways))


def gateways(
    state: State, operation: Operation, client: Client, answered: Request | None
) -> Iterator[Event]:
    """Notes, once a run, without which headers of the user the right credential is not taken.

    Those are a gateway's; not so what may be a credential by its name.
    """
    names = {name.lower() for name, _ in state.inputs.options.header}
    names -= {"authorization", "cookie"} | places(state.inputs.spec)
    if answered is None or answered.method not in SAFE_METHODS or not names:
        return
    if not operation.needs_credential or state.ledger.note("gateways") is not None:
        return
    found = []
    for name in sorted(names):
        exchange = client.send(Probe(operation.key, answered, withheld=(name,)), 0)
        if not is_unavailable(exchange) and not is_plain_success(exchange):
            found.append(name)
    yield {"gateways": found}
