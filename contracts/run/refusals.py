"""What a document forbids, asked for where nothing else is wrong: no name taken, no state past."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from itertools import islice

from contracts.document import Operation
from contracts.document.model import NOT_THERE
from contracts.document.serialisation import decoded, match_path
from contracts.exchanges.health import Event
from contracts.messages import SAFE_METHODS, Exchange, Probe, Request
from contracts.probes.edges import others_of, reread
from contracts.probes.knowledge import item_template
from contracts.run.resources import DEPTH, Finder, is_success
from contracts.schemas.constraints import forbidden_by

MAX_OWN = 16  # resources that are made for the forbidden requests of an operation
MAX_OTHERS = 12  # ways to have other values in a body
HIDING = frozenset({*NOT_THERE, 409, 412, 423, 428})  # refusals for what is there, or its state
Sender = Callable[[Iterable[Probe]], Iterator[Exchange]]


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
                fresh.extend(made * is_success(exchange))
            if not fresh:
                del ways[0]

    yield from renewed()
    for exchange in sent(lane.refusals(answered, fresh)):
        yield exchange
        hides = getattr(exchange.response, "status", 0) in HIDING or is_success(exchange)
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
    raw = match_path(operation.path, request.path)
    if asked is None or not raw:
        return request
    values = {name: decoded(text) for name, text in raw.items()}
    found = finder.ask(finder.state.plan.lane(asked).request_for(values))
    return reread(operation, request, found.response) if found and found.response else request
