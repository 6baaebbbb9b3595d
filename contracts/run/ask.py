"""What is asked of one operation, in order, and what the answers say of each of its rules."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from functools import partial
from itertools import count, islice
from operator import attrgetter
from pathlib import Path

from contracts.document import Operation
from contracts.document.model import NOWHERE
from contracts.document.security import lack_of
from contracts.errors import UsageError
from contracts.exchanges import Client, Exhausted, Pace, Secret, Stop, StopKind, health
from contracts.exchanges.credential import said_anyway
from contracts.exchanges.health import Event, blocked, is_plain_success, refused_at_last, until_stop
from contracts.lives import Course, lane_of, lived, lives_after, lives_of, with_lives
from contracts.messages import SAFE_METHODS, Credential, Exchange, Probe, Request, is_unavailable
from contracts.mock import CREDENTIAL, framed
from contracts.probes.bearable import allowed, unsent
from contracts.probes.permission import refused
from contracts.probes.reads import reads
from contracts.report.record import stories_of
from contracts.rules.states import family_in
from contracts.run.credentials import judged, judged_without
from contracts.run.inputs import Target
from contracts.run.resources import (
    Finder,
    asked_before,
    gateways,
    learn,
    refusals,
    shielded,
    unlived,
)
from contracts.run.state import Asked, State, hand_over, handed_over
from contracts.text import shown_path
from contracts.verdicts import Judging, Outcome, Verdict, asked_again, judge_all, unjudged

Asking = Callable[[State, Operation, Client, int], Iterator[Event]]  # a lane, from a number on
ENOUGH = 10  # answers of an operation that show whether they may be those of another service
UNSENT = "methods that may change state are only sent with --contract-unsafe"
SPARED = "what ends a resource is sent to none but the run's own"


def asked(state: State, operation: Operation) -> Asked:
    """Ask an operation, unless any process of the run did, and judge all answers by all rules."""
    key = operation.key
    known = state.asked.get(key) or handed_over(state, operation)
    if known is None:
        for other in asked_before(state, operation):
            asked(state, other)
        spec, wants = state.inputs.spec, state.inputs.wants
        anchor = (
            None if unlived(state, operation) else lives_after(spec, operation, state.chosen, wants)
        )
        if anchor is not None and anchor is not operation:
            asked(state, anchor)
        exchanges, cut = _lane(state, operation, key, _events)
        family = family_in(state.inputs.spec, operation)
        if anchor is operation and family is not None:
            _lane(state, operation, lane_of(family), _lives)
        if state.worker is not None and state.ledger.lost:
            where = f"{shown_path(state.inputs.folder)} can't be written ({state.ledger.lost})"
            cure = "so that other processes can't know what was asked; make room, or leave out -n"
            raise UsageError(f"{where}, {cure}")
        known = handed_over(state, operation)  # by whoever asked it meanwhile
    if known is None:
        why, sent = blocked(state.inputs.spec, exchanges), len(exchanges)
        del exchanges  # which are read again, and may be large
        verdicts = list(verdicts_of(state, operation))
        why = _nobody(state, StopKind.ELSEWHERE) or why
        known = Asked({verdict.rule.id: verdict for verdict in verdicts}, why or None, cut)
        known = hand_over(state, key, known, sent)
        state.forget(operation)
    state.asked = {other: one for other, one in state.asked.items() if not one.kept}
    state.asked[key] = known
    return known


def _lane(
    state: State, operation: Operation, name: str, ask: Asking
) -> tuple[list[Exchange], str | None]:
    """The exchanges of a lane, and which bound of the run cut the asking, if one did."""
    try:
        return state.ledger.exchanges_of(name, partial(_exchanges, state, operation, ask)), None
    except Exhausted as bound:
        state.ledger.add([Stop(operation.key, StopKind.BOUND, str(bound))])
        return state.ledger.of(name), str(bound)


def _exchanges(state: State, operation: Operation, ask: Asking, number: int) -> Iterator[Event]:
    """The exchanges of an operation, counted from a number on, and where they end early, why."""
    if _nobody(state) or _mute(state, operation) or _lack(state, operation):
        return
    state.progress.told(operation.key, 0)
    with connected(state, state.pace) as client:
        events = ask(state, operation, client, number)
        events = until_stop(events, state.ledger.weight, len(state.ledger.all()) - number)
        for index, event in enumerate(events, start=1):
            if isinstance(event, Stop):
                event = health.for_good(event, state.recent, state.ledger.stops())
            yield event
            if isinstance(event, Exchange):
                state.recent.append(event.failure.kind if event.failure else None)
                state.progress.told(operation.key, index)


def _events(state: State, operation: Operation, client: Client, number: int) -> Iterator[Event]:
    """The order of events for one operation; what comes later depends on the answers before."""
    exchanges: list[Exchange] = []

    def sent(probes: Iterable[Probe]) -> Iterator[Exchange]:
        for probe in allowed(operation, probes, exchanges):
            exchanges.append(client.send(shielded(state, probe), number + len(exchanges)))
            yield exchanges[-1]

    judging = _begun(state, operation, client, exchanges)
    yield from learn(state, operation, client)
    # What an earlier report saw broken, then what the document allows and what it forbids.
    asked = sent(probes_of(state, operation))
    yield from islice(asked, ENOUGH)
    for event in bearings(state, operation, client):
        yield event
        if isinstance(event, Stop):
            return
    yield from asked
    # Wrong credentials, names that nobody has, other methods: on the first request with an answer.
    successes = [e.probe.request for e in exchanges if is_plain_success(e)]
    yield from refusals(Finder.of(state, client, operation.key), operation, sent, successes)
    if why := unsent(state.inputs.spec, operation, len(exchanges), state.plan.slow):
        yield {"slow": {**(state.ledger.note("slow") or {}), operation.key: why}}
    answered = next(iter(successes), None)
    yield from gateways(state, operation, client, answered)
    yield from sent(closing_of(state, operation, answered))
    # The last answers refused the credential: an expired one is refused where it was taken before.
    earlier, spec = answered, state.inputs.spec
    if exchanges and not refused_at_last(spec, exchanges[:1]):
        earlier = answered or exchanges[0].probe.request
    if earlier and earlier.method in SAFE_METHODS and refused_at_last(spec, exchanges):
        note = "whether the credential has expired"
        yield from sent([Probe(operation.key, earlier, note=note, again=True)])
    # What builds on answers; what broke a rule that others kept, to see how it recurs.
    if judging is not None:
        is_new = not state.inputs.replays
        yield from reads(state.plan.lane(operation), sent, successes) if is_new else ()
        verdicts = judged(state.book, operation, exchanges, judging)
        state.first_looks[operation.key] = len(exchanges), verdicts
        yield from sent(asked_again(verdicts, SAFE_METHODS)) if is_new else ()


def _begun(
    state: State, operation: Operation, client: Client, exchanges: Sequence[Exchange]
) -> Judging | None:
    """The judging of what will be asked, each while the next is answered; None if it can wait."""
    if not state.inputs.target.live:
        return None
    judging = Judging(state.book.operations[operation.key])
    client.meanwhile(partial(judging.keep_up, exchanges))
    return judging


def _lives(state: State, operation: Operation, client: Client, number: int) -> Iterator[Event]:
    """Lives of the resources that an operation is about, one after the other."""
    numbers, family = count(number), family_in(state.inputs.spec, operation)

    def send(probe: Probe) -> Exchange:
        return client.send(shielded(state, probe), next(numbers))

    assert family is not None
    replay, stories = state.inputs.options.replay, None
    if state.inputs.replays and replay is not None:
        stories = stories_of(Path(replay), state.inputs.spec, family)
    parts = frozenset(map(attrgetter("key"), state.inputs.chosen))
    for steps in lives_of(state.plan, family, parts, stories):
        yield from lived(steps, send)


def bearings(state: State, operation: Operation, client: Client) -> Iterator[Event]:
    """A Stop if nothing of the API is at the base URL, and how many requests it took to see that.

    Sends nothing where the answers can't be a stranger's. Else a made-up path is asked for, and
    each other operation once, until one of them is answered otherwise.
    """
    if not state.inputs.target.live or state.ledger.note("arrived"):
        return
    answered = [e for e in state.ledger.of(operation.key) if not is_unavailable(e)]
    if not answered or not all(health.may_be_foreign(e, keeps=_keeps(state, e)) for e in answered):
        return
    base_url, spec = str(state.inputs.target), state.inputs.spec
    made_up = dict[object, Exchange]()
    at_home = health.prefixes(base_url) <= health.prefixes(*operation.servers or [""])
    found, depth = health.Bearings(at_home=at_home), max(p.count("/") for p in spec.by_path)
    nowhere = f"/{NOWHERE[0]}" * (depth + 1)  # deeper than all templates, so that none matches
    for exchange in _first_answers(state, operation, client):
        probe, keeps = exchange.probe, _keeps(state, exchange)
        kind = probe.request.method, probe.credential, spec.by_key[probe.operation].security
        if kind not in made_up:
            request = replace(probe.request, target=nowhere)
            made_up[kind] = client.send(replace(probe, request=request), 0)
        found = health.counted(found, exchange, made_up[kind], base_url, keeps)
        if found.other:
            break
    if not health.is_elsewhere(found):
        yield {"arrived": True}
    else:
        why = health.nothing_there(operation.servers, base_url, next(iter(made_up.values())))
        yield Stop(operation.key, StopKind.ELSEWHERE, why)


def _first_answers(state: State, operation: Operation, client: Client) -> Iterator[Exchange]:
    """Those of the operation so far, and one without credential; then one of each other."""
    yield from (answered := state.ledger.of(operation.key))
    if operation.needs_credential:
        bare = replace(answered[0].probe, credential=Credential.NONE)
        yield client.send(shielded(state, bare), 0)
    for other in state.inputs.chosen:
        if other is not operation and other.method in SAFE_METHODS:
            plan = (probe for probe in probes_of(state, other) if probe.claim.allowed)
            known = state.ledger.of(other.key)
            yield from known or (client.send(probe, 0) for probe in islice(plan, 1))


def _keeps(state: State, exchange: Exchange) -> bool:
    """Whether the document has the status of an answer, and nothing against the answer.

    A page of HTML keeps what names it, and no `*/*`.
    """
    rules, response = state.book.operations[exchange.probe.operation], exchange.response
    found = response and rules.operation.response(response.status)
    start = f"{rules.operation.key} {found and found.status} "
    broken = judge_all(rules, [exchange])[0].findings
    content = found.content if found else ()
    is_page = response is not None and response.media_type == "text/html"
    if is_page and content and all("html" not in media.name.lower() for media in content):
        return False
    return found is not None and not any(one.rule.startswith(start) for one in broken)


def probes_of(state: State, operation: Operation) -> Iterator[Probe]:
    """The evidence that an earlier report has of it and, unless that is replayed, the plan."""
    lane = state.plan.lane(operation)
    for probe in state.inputs.evidence.get(operation.key, ()):
        if not refused(lane, probe):
            yield probe
    if not state.inputs.replays:
        yield from lane.probes()


def closing_of(state: State, operation: Operation, answered: Request | None) -> Iterable[Probe]:
    """What is asked last, on a request that was `answered`, if any; nothing in a replay."""
    if state.inputs.replays:
        return ()
    return state.plan.lane(operation).closing(answered)


@contextmanager
def connected(state: State, pace: Pace, target: Target | None = None) -> Iterator[Client]:
    """A client of the run's target (or another), for as long as it is needed."""
    spec, target = state.inputs.spec, target or state.inputs.target
    secret = target.secret if target.live else Secret(CREDENTIAL, spec.placeholder)
    client_of = partial(Client, capabilities=target.capabilities, pace=pace, route=target.route)
    own, sleepless = (secret, target.limits, target.headers), not target.live
    client_of = partial(client_of, others=target.others, tokens=target.tokens, sleepless=sleepless)
    if sleepless:
        client_of = partial(client_of, inside=partial(framed, state.mock.answer))
    with closing(client_of(spec, target.base_url or "", *own)) as client:
        yield client


def verdicts_of(state: State, operation: Operation) -> Iterable[Verdict]:
    """What the items had in this process, or what the answers say, or why nothing was asked."""
    if why := _nobody(state, StopKind.ELSEWHERE):
        return [unjudged(rule, why) for rule in state.book.operations[operation.key].rules]
    known = state.asked.get(operation.key) or handed_over(state, operation)
    if known and (state.ledger.count(operation.key) or not _nobody(state)):  # else that is why
        return known.verdicts.values()
    return _with_lives(state, operation, list(_own_verdicts(state, operation)))


def _with_lives(state: State, operation: Operation, own: list[Verdict]) -> Sequence[Verdict]:
    """The verdicts of an operation with those that lives of its resources give."""
    spec = state.inputs.spec
    if (family := family_in(spec, operation)) is None:
        return own
    exchanges, rules = state.ledger.of(lane_of(family)), state.book.operations[operation.key]
    return with_lives(Course(spec, family), rules.rules, own, exchanges, unlived(state, operation))


def _own_verdicts(state: State, operation: Operation) -> Iterable[Verdict]:
    """What the answers of its own lane say."""
    exchanges = state.ledger.of(operation.key)
    count, verdicts = state.first_looks.pop(operation.key, (-1, ()))
    if count != len(exchanges):
        verdicts = judged(state.book, operation, exchanges)
    target = state.inputs.target
    said = said_anyway((target.secret, *target.others.values()), exchanges)
    unlooked = state.ledger.about.get("unlooked") or ""
    if said or unlooked:
        verdicts = judged_without(state.book, operation, exchanges, said, unlooked)
    asked = any(exchange.probe.source != "method" for exchange in exchanges)
    own = any(e.probe.source == "given" and is_plain_success(e) for e in exchanges)
    if asked and (own or not spares(state, operation)):
        return list(_with_places(state, operation, verdicts))
    why, found = _unsent(state, operation), list[Verdict]()
    chosen = UNSENT, SPARED, _lack(state, operation)
    for verdict in verdicts:
        if why in chosen and verdict.outcome is Outcome.NOT_EXERCISED:
            verdict = replace(verdict, outcome=Outcome.NOT_ASKED)
        found.append(verdict if verdict.exercised else replace(verdict, why=why))
    return found


def _with_places(
    state: State, operation: Operation, verdicts: Iterable[Verdict]
) -> Iterator[Verdict]:
    """The verdicts; of rules that the mock can't exercise, with the reason and its place."""
    lacking = {} if state.inputs.target.live else state.mock.lacking(operation)
    for verdict in verdicts:
        why = lacking.get(verdict.rule.status or "", "")
        if why and verdict.outcome is Outcome.NOT_EXERCISED and not verdict.explained:
            verdict = replace(verdict, why=why)
        yield verdict


def _mute(state: State, operation: Operation) -> str:
    """Why the mock has no answer for an operation; "" if it has, or a service is asked."""
    return "" if state.inputs.target.live else state.mock.mute(operation)


def _lack(state: State, operation: Operation) -> str:
    """Why an operation of a service is not asked: the run lacks its credential; "" if it is."""
    lack = state.inputs.target.live and lack_of(operation, state.inputs.spec)
    return f"the run has no credential for it; set {lack}" if lack else ""


def _may_send(state: State, operation: Operation) -> bool:
    unsafe = state.inputs.options.unsafe or not state.inputs.target.live
    return unsafe or operation.method in SAFE_METHODS


def spares(state: State, operation: Operation) -> bool:
    """Whether it may end somebody's resource, so that it is only sent to what is the run's own."""
    may_send = state.inputs.target.live and _may_send(state, operation)
    return may_send and state.plan.lane(operation).spares


def _nobody(state: State, *kinds: StopKind) -> str:
    """Why there is no service, or none of this API, if any process of the run has seen that."""
    kinds = kinds or (StopKind.ABSENT, StopKind.ELSEWHERE)
    return next((stop.why for stop in state.ledger.stops() if stop.kind in kinds), "")


def _unsent(state: State, operation: Operation) -> str:
    if why := _nobody(state):
        return why
    if not _may_send(state, operation):
        return UNSENT
    if why := _mute(state, operation) or _lack(state, operation):
        return why
    if spares(state, operation):
        return SPARED
    if state.inputs.replays:
        lane = state.plan.lane(operation)
        for probe in state.inputs.evidence.get(operation.key, ()):
            if why := refused(lane, probe):
                return f"what the replayed report holds is not sent: {why}"
        return "the replayed report has no evidence for this operation"
    return "no request could be made that reaches this operation; give values (--contract-param)"
