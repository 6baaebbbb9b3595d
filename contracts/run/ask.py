"""What is asked of one operation, in order, and what the answers say of each of its rules."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager, nullcontext
from dataclasses import replace
from functools import partial

from contracts import messages
from contracts.document import Operation
from contracts.document.serialisation import parameter_names
from contracts.exchanges import Client, Exhausted, Pace, Secret, Stop, StopKind
from contracts.exchanges.credential import UNLOOKED
from contracts.exchanges.health import blocked, expired_from, refused_at_last, until_stop
from contracts.messages import REFUSALS, SAFE_METHODS, Exchange, Probe, Request, is_unavailable
from contracts.mock import CREDENTIAL, serving
from contracts.probes.endings import ENDS, ends
from contracts.probes.permission import refused
from contracts.rules import RuleBook
from contracts.run.inputs import Target
from contracts.run.state import Asked, State
from contracts.text import plural
from contracts.verdicts import Outcome, Verdict, asked_again, judge_all, tally, with_recurrence

MAX_REACH = 20  # operations that are named before anything is asked


def asked(state: State, operation: Operation) -> Asked:
    """Ask an operation, unless any process of the run did, and judge all answers by all rules."""
    key, cut = operation.key, None
    if key not in state.asked:
        try:
            exchanges = state.ledger.exchanges_of(key, partial(_exchanges, state, operation))
        except Exhausted as bound:
            cut = str(bound)
            state.ledger.add([Stop(key, StopKind.BOUND, cut)])
            exchanges = state.ledger.of(key)
        by_id = {verdict.rule.id: verdict for verdict in verdicts_of(state, operation)}
        state.asked[key] = Asked(by_id, blocked(state.inputs.spec, exchanges), cut)
    return state.asked[key]


def _exchanges(state: State, operation: Operation, number: int) -> Iterator[Exchange | Stop]:
    """The exchanges of an operation, counted from a number on, and where they end early, why."""
    if _absent(state):
        return
    # Others of the run have sent requests too, and what was sent aside is in no exchange.
    state.pace.continued(state.ledger.attempts + (state.ledger.note("aside") or 0))
    state.progress.told(operation.key, 0)
    with connected(state, state.pace) as client:
        events = _events(state, operation, client, number)
        for count, event in enumerate(until_stop(events), start=1):
            yield event
            if not isinstance(event, Stop):
                state.progress.told(operation.key, count)


def _events(state: State, operation: Operation, client: Client, number: int) -> Iterator[Exchange]:
    """The order of events for one operation; what comes later depends on the answers before."""
    exchanges: list[Exchange] = []

    def sent(probes: Iterable[Probe]) -> Iterator[Exchange]:
        for probe in probes:
            exchanges.append(client.send(probe, number + len(exchanges)))
            yield exchanges[-1]

    # What an earlier report saw broken, then what the document allows and what it forbids.
    yield from sent(probes_of(state, operation))
    # Wrong credentials, names that nobody has, other methods: on the first request with an answer.
    answered = next((e.probe.request for e in exchanges if _is_plain_success(e)), None)
    yield from sent(closing_of(state, operation, answered))
    # The last answers refused the credential: an expired one is refused where it was taken before.
    earlier = answered or next((e.probe.request for e in exchanges if _is_plain_answer(e)), None)
    if earlier and earlier.method in SAFE_METHODS and refused_at_last(state.inputs.spec, exchanges):
        note = "whether the credential has expired"
        yield from sent([Probe(operation.key, earlier, note=note, again=True)])
    # What broke a rule that others kept, to see how it recurs; the mock would say the same again.
    if state.inputs.target.live and not state.inputs.replays:
        verdicts = judged(state.book, operation, exchanges)
        state.first_looks[operation.key] = len(exchanges), verdicts
        yield from sent(asked_again(verdicts, SAFE_METHODS))


def probes_of(state: State, operation: Operation) -> Iterator[Probe]:
    """The evidence that an earlier report has of it and, unless that is replayed, the plan."""
    lane = state.plan.lane(operation)
    for probe in state.inputs.evidence.get(operation.key, ()):
        if not refused(lane, probe):
            yield probe
    if not state.inputs.replays:
        yield from lane.probes()


def left_out(state: State) -> Iterator[str]:
    """Why requests of an earlier report are not sent, each reason once, with their number."""
    counts: Counter[str] = Counter()
    for operation in state.inputs.operations:
        lane = state.plan.lane(operation)
        evidence = state.inputs.evidence.get(operation.key, ())
        counts.update(filter(None, (refused(lane, probe) for probe in evidence)))
    for why, count in counts.most_common():
        yield f"{plural(count, 'request')} of the earlier report left out: {why}"


def reach(state: State) -> str:
    """Which operations that may change state are sent to resources that the user gave, if any."""
    spec, given, found = state.inputs.spec, state.inputs.given.keys(), []
    for operation in state.inputs.operations:
        names = set(parameter_names(operation.path))
        changes = operation.method not in SAFE_METHODS and not ends(spec, operation)
        if names and names <= given and changes:
            found.append(operation.key)
    if not (found and state.inputs.options.unsafe and state.inputs.target.live):
        return ""
    shown, more = ", ".join(found[:MAX_REACH]), len(found) - MAX_REACH
    if more > 0:
        shown += f" and {more} more"
    cure = f"mark in an overlay with {ENDS}: true what ends one"
    return f"--contract-unsafe sends {shown} to the given resources; {cure}"


def closing_of(state: State, operation: Operation, answered: Request | None) -> Iterable[Probe]:
    """What is asked last, on a request that was `answered`, if any; nothing in a replay."""
    if state.inputs.replays:
        return ()
    return state.plan.lane(operation).closing(answered)


def _is_plain_success(exchange: Exchange) -> bool:
    """Whether a plain request got what it asked for."""
    plain = exchange.probe.source != "status" and exchange.probe.request.method != "HEAD"
    return plain and exchange.response is not None and 200 <= exchange.response.status < 300


def _is_plain_answer(exchange: Exchange) -> bool:
    """Whether a plain request was answered by somebody who did not refuse the credential."""
    probe, response = exchange.probe, exchange.response
    plain = probe.source in ("given", "coverage", "fuzz") and not is_unavailable(exchange)
    return plain and response is not None and response.status not in REFUSALS


@contextmanager
def connected(state: State, pace: Pace, target: Target | None = None) -> Iterator[Client]:
    """A client of the run's target (or another), for as long as it is needed."""
    spec, target = state.inputs.spec, target or state.inputs.target
    mocked = nullcontext(target.base_url or "") if target.live else serving(state.mock)
    secret = target.secret if target.live else Secret(CREDENTIAL, spec.placeholder)
    client_of = partial(Client, capabilities=target.capabilities, pace=pace, route=target.route)
    own, sleepless = (secret, target.limits, target.headers), not target.live
    with mocked as url, closing(client_of(spec, url, *own, sleepless=sleepless)) as client:
        yield client


def judged(book: RuleBook, operation: Operation, exchanges: Sequence[Exchange]) -> list[Verdict]:
    """What the answers say of each rule: nothing if blocked, or once a credential has expired."""
    rules = book.operations[operation.key]
    judgements = judge_all(rules, exchanges[: expired_from(book.spec, exchanges)])
    verdicts = with_recurrence(tally(rules.rules, judgements), judgements)
    # Requests with other methods say nothing of the operation.
    if why := blocked(book.spec, [e for e in exchanges if e.probe.source != "method"]):
        return [Verdict(v.rule, Outcome.NOT_EXERCISED, why=why) for v in verdicts]
    return verdicts


def verdicts_of(state: State, operation: Operation) -> Iterable[Verdict]:
    """What the items had in this process, or what the answers say, or why nothing was asked."""
    if operation.key in state.asked:
        return state.asked[operation.key].verdicts.values()
    exchanges = state.ledger.of(operation.key)
    count, verdicts = state.first_looks.pop(operation.key, (-1, ()))
    if count != len(exchanges):
        verdicts = judged(state.book, operation, exchanges)
    if why := _unlooked(state, exchanges):
        verdicts = _without_credential(state, operation, exchanges, why)
    asked = any(exchange.probe.source != "method" for exchange in exchanges)
    if asked and not spares(state, operation):
        return verdicts
    why = _unsent(state, operation)
    unexercised = {v.rule.id: replace(v, why=why) for v in verdicts if not v.exercised}
    return [unexercised.get(verdict.rule.id, verdict) for verdict in verdicts]


def _unlooked(state: State, exchanges: Sequence[Exchange]) -> str:
    """Why the credential is not looked for, if it is not, which answers without it may show."""
    if why := state.ledger.about.get("unlooked"):
        return str(why)
    secret, mark = state.inputs.target.secret, state.inputs.spec.placeholder
    if secret is None or not secret.is_words:
        return ""
    for exchange in exchanges:
        bare = exchange.probe.credential is messages.Credential.NONE
        if bare and mark in repr(exchange.response):
            name = state.inputs.spec.variable
            return f"answers to requests without {name} hold its value as well: {UNLOOKED}"
    return ""


def _without_credential(
    state: State, operation: Operation, exchanges: list[Exchange], why: str
) -> list[Verdict]:
    """Verdicts on bodies as they came, none on whether they hold the credential."""
    secret, mark = state.inputs.target.secret, state.inputs.spec.placeholder.encode()
    for index, exchange in enumerate(exchanges):
        if secret is not None and (response := exchange.response) is not None:
            body = response.body.replace(mark, secret.reveal().encode())
            exchanges[index] = replace(exchange, response=replace(response, body=body))
    silent = partial(Verdict, outcome=Outcome.NOT_EXERCISED, why=why)
    verdicts = {v.rule: v for v in judged(state.book, operation, exchanges)}
    verdicts |= {rule: silent(rule) for rule in verdicts if rule.kind == "credential kept"}
    return list(verdicts.values())


def _may_send(state: State, operation: Operation) -> bool:
    unsafe = state.inputs.options.unsafe or not state.inputs.target.live
    return unsafe or operation.method in SAFE_METHODS


def spares(state: State, operation: Operation) -> bool:
    """Whether it may end somebody's resource, so that it is only sent to what is the run's own."""
    may_send = state.inputs.target.live and _may_send(state, operation)
    return may_send and state.plan.lane(operation).spares


def _absent(state: State) -> str:
    """Why there is no service, if any process of the run has seen that."""
    return next((s.why for s in state.ledger.stops() if s.kind is StopKind.ABSENT), "")


def _unsent(state: State, operation: Operation) -> str:
    if why := _absent(state):
        return why
    if not _may_send(state, operation):
        return f"{operation.method} may change state, and is only sent with --contract-unsafe"
    if spares(state, operation):
        return f"{operation.key} ends a resource, and is sent to none but the run's own"
    if state.inputs.replays:
        lane = state.plan.lane(operation)
        for probe in state.inputs.evidence.get(operation.key, ()):
            if why := refused(lane, probe):
                return f"what the replayed report holds is not sent: {why}"
        return "the replayed report has no evidence for this operation"
    return "no request could be made that reaches this operation; give values (--contract-param)"
