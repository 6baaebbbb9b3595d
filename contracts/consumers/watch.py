"""Exchanges that others made, as they come, to the report of a run: answers by the rules of the
document, and each request held to what the document allows."""

import json
import os
import uuid
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import repeat, starmap
from math import isfinite
from operator import attrgetter
from pathlib import Path
from threading import Lock
from typing import Any

from contracts import flows
from contracts.consumers.bare import Found, bare, is_masked, secret_of, told
from contracts.decision.run_decision import Result
from contracts.document import Operation, Parameter, Spec
from contracts.document.security import IN_MEMBERS, MEMBERS, own_variable
from contracts.document.serialisation import concreteness, raw_values
from contracts.errors import UsageError
from contracts.exchanges import Ledger, Secret, StopKind
from contracts.exchanges.health import MOST_KEPT, Stop
from contracts.messages import (
    ALLOWED,
    Claim,
    Exchange,
    Failure,
    FailureKind,
    Probe,
    Request,
    Response,
    header_values,
)
from contracts.rules import Rule
from contracts.rules.requests import OTHER_REASONS, meant, request_rule, unknown_rule
from contracts.run.credentials import judged
from contracts.run.inputs import Inputs, inputs_from, problems_with_certificates, route_of
from contracts.run.options import Options
from contracts.run.prelude import forbid_core_dumps, make_folder, salvage
from contracts.run.state import Asked, State, now
from contracts.schemas.claims import claim_of
from contracts.text import cut, few
from contracts.verdicts import Judgement, Outcome, Verdict, tally, unjudged
from notte_contracts import __version__

MAX_SECRETS = 1000  # different credentials that are looked for in all that comes
TOO_MANY = "exchanges after too many credentials"
MAX_NAMED = 3
UNSEEN = "no client asked for it"
UNTRIED = "it takes a run to ask for what is forbidden"
_NO_ANSWERS = "no answer could be judged"


@dataclass(eq=False)
class Watch:
    """Takes exchanges, of any thread, keeps each on disk, without credentials, and judges all."""

    state: State
    bases: Sequence[str] = ()  # the URLs that the paths of the document follow
    answers: bool = True  # whether these are judged as well
    salvaged: Sequence[str] = ()  # what became of runs that were killed in the folder
    left: Counter[str] = field(default_factory=Counter)  # what was not judged, and why
    _lock: Lock = field(default_factory=Lock)
    _unlooked: dict[str, None] = field(default_factory=dict)
    _known: set[str] = field(default_factory=set)  # credentials that were seen
    _late: bool = False  # whether one was after something was kept

    @property
    def spec(self) -> Spec:
        return self.state.inputs.spec

    def take(
        self, request: Request, came: Response | Failure, unknown: Collection[str] = ()
    ) -> str:
        """Keep an exchange; returns what the document has against the request, if anything.

        The target is a path below the base URL. What of the request is `unknown` forbids nothing:
        its `body`, its fields (`header`), its cookies (`cookie`). Preflights are no requests of a
        client (Fetch §3.2.2). Nothing of a credential is on disk, as far as it is known by then.
        """
        key, operations = meant(self.spec, request)
        if not operations and is_preflight(request):
            return ""
        claim, operation = claimed(operations, request, unknown)
        against = self._seen(key, request, claim)
        with self._lock:
            if self._too_many():
                return against
            kept, found = bare(request, operation, self.spec)
            if isinstance(came, Failure) and came.kind is FailureKind.UNJUDGED:
                self.left[came.detail] += 1
            self._learn(found, kept, came)
            self._keep(Probe(key, self._masked(kept), claim, "client"), came)
        return against

    def retake(self, exchange: Exchange) -> None:
        """Keep an exchange of a ledger; of a client's, the claim is the document's of today."""
        probe = replace(exchange.probe, life="")  # an operation's like any other
        if probe.source == "client":
            key, operations = meant(self.spec, probe.request)
            claim, operation = claimed(operations, probe.request, (), masked=True)
            kept, found = bare(probe.request, operation, self.spec)  # whoever wrote the file
            self._learn(found, kept, exchange.response)
            probe = replace(probe, operation=key, claim=claim, request=kept)
        elif probe.operation not in self.spec.by_key:
            self.left["exchanges of operations that the document does not have"] += 1
            return
        self._keep_again(replace(exchange, probe=probe))

    def leave(self, what: str) -> None:
        """Count what passes unjudged."""
        with self._lock:
            self.left[what] += 1

    def conclude(self) -> Result:
        """Judge all, and write report and page; the state then has what the terminal says."""
        if self._late:
            self._mask_again()
        state, ledger = self.state, self.state.ledger
        keys = dict.fromkeys((*self.spec.by_key, *ledger.first_numbers()))
        for key in keys:
            verdicts = list(self._verdicts(key, ledger.of(key)))
            state.asked[key] = Asked({verdict.rule.id: verdict for verdict in verdicts}, None)
            state.ran.update(state.items.of(verdict.rule) for verdict in verdicts)
        ledger.add([*keys], watched=dict.fromkeys(self._notes(), ""))
        answers = map(attrgetter("response"), ledger.all())
        if self.left and not any(answers):
            ledger.add([Stop("", StopKind.TOO_LARGE, f"{_NO_ANSWERS}: {few([*self.left], 1)}")])
        result = flows.conclude(state, "", "", lambda _: None)
        ledger.release()
        return result

    def _mask_again(self) -> None:
        """Take out of what is kept what was only known later, such as a key that an answer gave."""
        old = self.state.ledger
        self.state.ledger = ledger_in(self.state.inputs.folder, old.about, old.order)
        for exchange in old.all():
            self._keep_again(exchange)
        old.discard()
        old.release()

    def _keep_again(self, exchange: Exchange) -> None:
        came = exchange.response or exchange.failure
        assert came is not None
        self._keep(replace(exchange.probe, request=self._masked(exchange.probe.request)), came)

    def _too_many(self) -> bool:
        """Whether there is no room for one more, which is counted then."""
        full = "exchanges beyond the bound of what is kept" * (self.state.ledger.weight > MOST_KEPT)
        full = full or TOO_MANY * (len(self._known) >= MAX_SECRETS)
        self.left.update([full] * bool(full))
        return bool(full)

    def _learn(self, found: Found, *messages: object) -> None:
        """Take these credentials, and those in messages, out of all that comes from now on."""
        scrubber = self.state.inputs.scrubber
        known = set(map(Secret.reveal, scrubber.secrets))
        for message in messages:
            found += told(message, self.spec, scrubber.common)
        for variable, value in found:
            if not value or value in self._known or value in known or is_masked(value):
                continue
            self._known.add(value)
            secret = secret_of(variable, value, scrubber.common)
            if secret.unlooked:
                self._unlooked[secret.unlooked] = None
            else:
                scrubber.learn(secret)
                self._late = self._late or self.state.ledger.weight > 0

    def _masked(self, request: Request) -> Request:
        scrubber = self.state.inputs.scrubber
        fields = tuple(starmap(scrubber.field, request.headers))
        body = request.body and scrubber.body(request.body)
        return Request(request.method, scrubber.text(request.target), fields, body)

    def _keep(self, probe: Probe, came: Response | Failure) -> None:
        scrubber, ledger = self.state.inputs.scrubber, self.state.ledger
        claim = probe.claim
        if claim.forbidden_because is not None:
            because = scrubber.text(claim.forbidden_because)
            probe = replace(probe, claim=replace(claim, forbidden_because=because))
        response, failure = None, None
        if isinstance(came, Response):
            seconds = came.seconds if isfinite(came.seconds) else 0.0  # as JSON can tell it
            response = scrubber.answer(replace(came, seconds=seconds))
        else:
            failure = Failure(came.kind, scrubber.text(came.detail))
        ledger.add([Exchange(ledger.count(probe.operation), probe, response, failure)])

    def _verdicts(self, key: str, exchanges: Sequence[Exchange]) -> Iterator[Verdict]:
        """On the rules of an operation, then on what clients asked of it."""
        operation, book = self.spec.by_key.get(key), self.state.book
        if operation is not None and self.answers:
            verdicts = list(map(unjudged, book.operations[key].rules, repeat(UNSEEN)))
            if exchanges:
                verdicts = judged(book, operation, exchanges)
            for verdict in verdicts:
                if verdict.rule.kind == "credential kept" and self._unlooked:
                    verdict = unjudged(verdict.rule, next(iter(self._unlooked)))
                if verdict.outcome is Outcome.NOT_ASKED:
                    verdict = unjudged(verdict.rule, UNTRIED)
                yield verdict
            book.forget(key)
        yield self._of_clients(key, operation, exchanges)

    def _of_clients(
        self, key: str, operation: Operation | None, exchanges: Sequence[Exchange]
    ) -> Verdict:
        rule = unknown_rule(self.spec, key) if operation is None else request_rule(operation)
        own = [exchange for exchange in exchanges if exchange.probe.source == "client"]
        judgements = list(map(partial(self._held, rule, key), own))
        return tally([rule], judgements)[0] if own else unjudged(rule, UNSEEN)

    def _held(self, rule: Rule, key: str, exchange: Exchange) -> Judgement:
        judgement, probe = Judgement(exchange), exchange.probe
        judgement.note(rule, self._seen(key, probe.request, probe.claim))
        return judgement

    def _seen(self, key: str, request: Request, claim: Claim) -> str:
        """What a client did that the document does not allow; empty if it did nothing of that."""
        if key not in self.spec.by_key:
            return f"the document has no {request.method} {cut(request.path, 200)}"
        if claim.allowed:
            return ""
        return f"{claim.forbidden_because}{f' ({claim.breaks})' * bool(claim.breaks)}"

    def _notes(self) -> Iterator[str]:
        """What fails nothing and is worth a line."""
        taken, refused = Counter[str](), Counter[str]()
        for exchange in self.state.ledger.all():
            response, probe = exchange.response, exchange.probe
            if (
                response is None
                or probe.source != "client"
                or probe.operation not in self.spec.by_key
            ):
                continue
            said = f"{response.status} to {probe.operation}"
            about_it = response.status not in OTHER_REASONS | {404}
            taken[said] += 200 <= response.status < 300 and not probe.claim.allowed
            refused[said] += about_it and 400 <= response.status < 500 and probe.claim.allowed
        for counts, what in (
            (taken, "forbidden requests that the service took"),
            (refused, "allowed requests that the service refused"),
        ):
            if named := [f"{said} x {count}" for said, count in counts.most_common() if count]:
                yield f"{what}: {few(named, MAX_NAMED)}"
        if self.left:
            counted = [f"{what} x {count}" for what, count in self.left.most_common()]
            yield f"unjudged: {'; '.join(counted)}"
        yield from self._unlooked


def is_preflight(request: Request) -> bool:
    """Whether a browser asks what a page may ask (Fetch §3.2.2)."""
    asks = request.header("access-control-request-method") is not None
    return asks and request.method == "OPTIONS" and request.header("origin") is not None


def claimed(
    operations: Sequence[Operation],
    request: Request,
    unknown: Collection[str] = (),
    *,
    masked: bool = False,
) -> tuple[Claim, Operation | None]:
    """What the document says of a request, and as which of the operations it is read.

    Of templates that OpenAPI does not tell apart (3.1 §4.8.8), one that allows it is enough. What
    is unknown forbids nothing, and if it was `masked`, neither what a credential was taken out of.
    """
    first: tuple[Claim, Operation | None] = ALLOWED, None
    for operation in operations:
        if first[1] and concreteness(first[1].path) != concreteness(operation.path):
            break
        claim = claim_of(_as_known(operation, request, unknown, masked), request)
        if claim.allowed:
            return claim, operation
        if first[1] is None:
            first = claim, operation
    return first


def _as_known(
    operation: Operation, request: Request, unknown: Collection[str], masked: bool
) -> Operation:
    """The operation without what is not known of the request."""
    known, body = [], operation.request_body
    for parameter in operation.parameters:
        hidden = masked and is_masked(_written(parameter, request))
        if not hidden and parameter.location not in unknown:
            known.append(parameter)
    if "body" in unknown or (masked and is_masked((request.body or b"").decode("latin-1"))):
        body = None
    return replace(operation, parameters=tuple(known), request_body=body)


def _written(parameter: Parameter, request: Request) -> str:
    """What a request has of a parameter, and perhaps more."""
    if parameter.location == "query":
        return "".join(raw_values(request.query, "&", parameter.name))
    if parameter.location == "header":
        return "".join(header_values(request.headers, parameter.name))
    if parameter.location == "cookie":
        cookies = "; ".join(header_values(request.headers, "cookie"))
        return "".join(raw_values(cookies, ";", parameter.name))
    return request.target


def watch_of(
    options: Options,
    base_url: str | None,
    command: str,
    *,
    at_servers: bool = False,
    answers: bool = True,
) -> Watch:
    """What judges the traffic to a base URL, None for that to the mock; UsageError as of a run.

    In place of a base URL it may be `at_servers` of the document, where that has some with a host.
    Without `answers` it judges the requests alone.
    """
    inputs = inputs_from(options, base_url=base_url, root=Path.cwd(), asks=False)
    bases = [*filter(None, [base_url])]
    if at_servers and not bases:
        for server in inputs.spec.servers:
            bases += [server.rstrip("/")] * ("://" in server and "{" not in server)
        target = replace(inputs.target, base_url=next(iter(bases), None))
        inputs = replace(inputs, target=target)
    elif base_url is not None:
        for said in problems_with_certificates(options, base_url):
            raise UsageError(said)
        route = route_of(options, os.environ, base_url)
        inputs = replace(inputs, target=replace(inputs.target, route=route))
    spec, names = inputs.spec, dict[str, str]()
    for scheme in spec.security_schemes:
        names[scheme] = spec.variable_of(scheme) or own_variable(scheme)
    spec = replace(spec, variables={**names, **spec.variables})
    policy = replace(inputs.policy, partial=True)
    inputs = replace(inputs, spec=spec, policy=policy, watches=True)
    capabilities = inputs.scrubber.capabilities
    capabilities.others = MEMBERS, IN_MEMBERS
    capabilities.said = json.dumps(spec.document.tree, default=str).lower().encode()
    capabilities.placeholders = spec.placeholders
    forbid_core_dumps()
    make_folder(inputs)
    state = _state_of(inputs, command)
    return Watch(state, bases, answers, list(salvage(state)))


def _state_of(inputs: Inputs, command: str) -> State:
    spec, options = inputs.spec, inputs.options
    about = {"suite": __version__, "started": now(), "seed": 0, "command": command}
    about |= {"document": spec.document.path, "sha256": spec.document.sha256}
    about |= {"base_url": inputs.target.base_url, "unsafe": False, "clients": True}
    about["max_seconds"] = options.max_response_time
    return State(inputs, ledger_in(inputs.folder, about, [*spec.by_key]))


def ledger_in(folder: Path, about: Mapping[str, Any], order: Sequence[str]) -> Ledger:
    """A new one, which is seen to be alive as long as this process is."""
    ledger = Ledger(folder / f".run-{uuid.uuid4().hex}.jsonl", about, order)
    ledger.hold("main")
    return ledger
