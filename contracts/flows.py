"""The picture as code: what happens to a document, and to a request. Read this first.

spec ──> rules ─────────────────────────┐
  ├────> probes ──> target ──> exchanges ┴──> verdicts ──> decision ──> report
  └────> mock ───────┘

What happens to two versions of a document is in `comparison`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import chain

from contracts.decision.run_decision import Decision, Policy, decide
from contracts.document import Operation, Spec
from contracts.exchanges import (
    Client,
    Exhausted,
    Ledger,
    Limits,
    Pace,
    Route,
    Secret,
    Stop,
    StopKind,
)
from contracts.exchanges.health import blocked, expired_from, refused_at_last, until_stop
from contracts.exchanges.secret_urls import Capabilities
from contracts.messages import Exchange, Headers, Probe, Request
from contracts.mock import CREDENTIAL, MockService, serving
from contracts.mock.bodies import sample_values
from contracts.notte.prose import DATE, plausible, prose_rules
from contracts.probes import SAFE_METHODS, ProbePlan
from contracts.rules import RuleBook, rules_for
from contracts.rules.rulebook import MAX_SECONDS
from contracts.verdicts import (
    Outcome,
    Verdict,
    asked_again,
    judge_all,
    tally,
    with_recurrence,
)


@dataclass(frozen=True, slots=True)
class Target:
    """Who answers: the mock, or a service at a base URL with a credential."""

    base_url: str | None = None
    secret: Secret | None = None
    limits: Limits = field(default_factory=Limits)
    headers: Headers = field(default=(), repr=False)
    capabilities: Capabilities = field(default_factory=Capabilities)
    route: Route = field(default_factory=Route)

    @property
    def live(self) -> bool:
        return self.base_url is not None

    def __str__(self) -> str:
        return self.base_url or "the mock"


@dataclass(frozen=True, slots=True)
class Asked:
    """What became of asking one operation: the verdict of each rule by its id, and why they mean nothing, if so.

    `cut` says which bound of the run ended the asking, if one did.
    """

    verdicts: Mapping[str, Verdict]
    blocked: str | None
    cut: str | None = None


@dataclass(frozen=True)
class Check:
    """A contract run: what is promised, who is asked, what is asked, and where answers are kept.

    Nothing is sent before an operation is asked for; an operation is asked once, whichever process comes first.
    `replay` holds the requests of an earlier report by operation, sent instead of the plan; `first` are sent before it.
    `told` is told of each exchange while an operation is asked: the operation's key, and how many there are so far.
    """

    spec: Spec
    target: Target
    ledger: Ledger
    seed: int = 0
    examples: int = 10
    given: Mapping[str, Sequence[str]] = field(default_factory=dict)
    unsafe: bool = False
    max_seconds: float = MAX_SECONDS
    replay: Mapping[str, Sequence[Probe]] | None = None
    pace: Pace = field(default_factory=Pace)
    first: Mapping[str, Sequence[Probe]] = field(default_factory=dict)
    told: Callable[[str, int], object] = lambda operation, count: None

    @cached_property
    def book(self) -> RuleBook:
        return rules_for(self.spec, max_seconds=self.max_seconds, extra=prose_rules(self.spec))

    @cached_property
    def mock(self) -> MockService:
        return MockService(self.spec, refine=plausible, clock=DATE)

    @cached_property
    def plan(self) -> ProbePlan:
        if self.target.live:
            found, own = self.ledger.note("found") or {}, self.ledger.note("own") or {}
            return ProbePlan(
                self.spec,
                self.seed,
                self.given,
                self.examples,
                self.unsafe,
                found=found,
                own=own,
                live=True,
            )
        given = {**sample_values(self.spec, MOCK_VALUES), **self.given}
        return ProbePlan(
            self.spec,
            self.seed,
            given,
            self.examples,
            unsafe=True,
            statuses=self.mock.count_variants,
        )

    @cached_property
    def _asked(self) -> dict[str, Asked]:
        return {}

    @cached_property
    def _first_look(self) -> dict[str, tuple[int, tuple[Verdict, ...]]]:
        """The verdicts before something was asked again, which often nothing is, and on how many exchanges."""
        return {}

    def probes(self, operation: Operation) -> Iterable[Probe]:
        """What is asked of an operation: the evidence of an earlier report, and unless that is replayed, the plan."""
        again = (self.first if self.replay is None else self.replay).get(operation.key, ())
        again = again if self._may_send(operation) else ()
        return again if self.replay is not None else chain(again, self.plan.probes(operation))

    def closing(self, operation: Operation, answered: Request | None = None) -> Iterable[Probe]:
        """What is asked last, on a request that was `answered` if there was one; nothing if evidence is replayed."""
        return self.plan.closing(operation, answered) if self.replay is None else ()

    def asked(self, operation: Operation) -> Asked:
        """Ask an operation, unless that was done, and judge every answer by every rule that applies."""
        if operation.key not in self._asked:
            exchanges, cut = self._exchanges(operation)
            verdicts = self._verdicts(operation, exchanges)
            found = Asked(
                {verdict.rule.id: verdict for verdict in verdicts},
                blocked(self.spec, exchanges),
                cut,
            )
            self._asked[operation.key] = found
        return self._asked[operation.key]

    @property
    def cut(self) -> str | None:
        """Which bound of the run ended the asking before its end, if one did, in any process."""
        bounds = [stop.why for stop in self.ledger.stops() if stop.kind is StopKind.BOUND]
        return bounds[-1] if bounds else None

    def _exchanges(self, operation: Operation) -> tuple[list[Exchange], str | None]:
        """The exchanges of an operation, and the bound that ended the asking, if one did."""
        try:
            return self.ledger.exchanges_of(
                operation.key, lambda number: self._ask(operation, number)
            ), None
        except Exhausted as bound:
            self.ledger.add([Stop(operation.key, StopKind.BOUND, str(bound))])
            return self.ledger.of(operation.key), str(bound)

    def conclude(
        self, policy: Policy, wants: Callable[[str], bool], *, ended: str | None = None
    ) -> tuple[tuple[Verdict, ...], tuple[Exchange, ...], Decision]:
        """Verdicts on the wanted rules of the operations that were asked, finished or not, and the decision.

        Args:
            wants: whether a rule, by its id, is among those that the run is about.
            ended: why the run ended before everything was asked, if it did.
        """
        exchanges = tuple(self.ledger.all())
        finished = self.ledger.finished()
        asked: dict[str, list[Exchange]] = {key: [] for key in finished}
        for exchange in exchanges:
            asked.setdefault(exchange.probe.operation, []).append(exchange)
        operations = [operation for operation in self.spec.operations if operation.key in asked]
        verdicts = [v for o in operations for v in self._known(o, asked[o.key]) if wants(v.rule.id)]
        policy = replace(policy, partial=policy.partial or not self.spec.by_key.keys() <= finished)
        if operations and all(map(self._spares, operations)):
            policy = replace(policy, partial=True)  # that none of them succeeded is our own doing
        if verdicts and all(exchange.probe.source == "method" for exchange in exchanges):
            ended = ended or f"nothing was sent: {verdicts[0].why}"
        return (
            tuple(verdicts),
            exchanges,
            decide(self.spec, verdicts, exchanges, policy, stops=self.ledger.stops(), ended=ended),
        )

    def broken_under(
        self, spec: Spec, operations: set[str], exchanges: Sequence[Exchange]
    ) -> set[str]:
        """The rules of another document that these exchanges break."""
        other = replace(self, spec=replace(spec, variable=self.spec.variable))
        asked = [
            (spec.by_key[key], [e for e in exchanges if e.probe.operation == key])
            for key in operations & spec.by_key.keys()
        ]
        verdicts = [
            verdict for operation, own in asked for verdict in other._judged(operation, own)
        ]
        return {verdict.rule.id for verdict in verdicts if verdict.violations}

    def _known(self, operation: Operation, exchanges: Sequence[Exchange]) -> Iterable[Verdict]:
        """The verdicts of an operation: those that its items had in this process, or made from the exchanges."""
        found = self._asked.get(operation.key)
        return found.verdicts.values() if found else self._verdicts(operation, exchanges)

    def _verdicts(self, operation: Operation, exchanges: Sequence[Exchange]) -> tuple[Verdict, ...]:
        count, verdicts = self._first_look.pop(operation.key, (-1, ()))
        if count != len(exchanges):
            verdicts = self._judged(operation, exchanges)
        if any(exchange.probe.source != "method" for exchange in exchanges) and not self._spares(
            operation
        ):
            return verdicts
        why = self._unsent(operation)
        return tuple(
            verdict if verdict.exercised else replace(verdict, why=why) for verdict in verdicts
        )

    def _judged(self, operation: Operation, exchanges: Sequence[Exchange]) -> tuple[Verdict, ...]:
        """What the answers say of each rule: nothing at all, or nothing from where a credential has expired on."""
        rules = self.book.operations[operation.key]
        judgements = judge_all(rules, exchanges[: expired_from(self.spec, exchanges)])
        verdicts = with_recurrence(tally(rules.rules, judgements), judgements)
        why = blocked(
            self.spec, [exchange for exchange in exchanges if exchange.probe.source != "method"]
        )
        return (
            verdicts
            if why is None
            else tuple(Verdict(v.rule, Outcome.NOT_EXERCISED, why=why) for v in verdicts)
        )

    def _may_send(self, operation: Operation) -> bool:
        return self.unsafe or not self.target.live or operation.method in SAFE_METHODS

    def _spares(self, operation: Operation) -> bool:
        """Whether the operation may end somebody's resource, so that it is only sent to what is the run's own."""
        return self.target.live and self._may_send(operation) and self.plan.spares(operation)

    def _absent(self) -> Stop | None:
        """What shows that there is no service, if it was seen by any process of the run."""
        absent = (stop for stop in self.ledger.stops() if stop.kind is StopKind.ABSENT)
        return next(absent, None)

    def _unsent(self, operation: Operation) -> str:
        if absent := self._absent():
            return absent.why
        if not self._may_send(operation):
            return f"{operation.method} may change state, and is only sent with --contract-unsafe"
        if self._spares(operation):
            return f"{operation.method} {operation.path} ends a resource, and is sent to none but the run's own"
        if self.replay is not None:
            return "the replayed report has no evidence for this operation"
        return (
            "no request could be made that reaches this operation; give values (--contract-param)"
        )

    def _converse(self, client: Client, operation: Operation, number: int) -> Iterator[Exchange]:
        """Send the probes of an operation, and at the end those that depend on what was answered."""
        answered: Request | None = None
        exchanges: list[Exchange] = []
        for probe in self.probes(operation):
            exchange = client.send(probe, number + len(exchanges))
            answered = (
                exchange.probe.request if answered is None and answers(exchange) else answered
            )
            exchanges.append(exchange)
            yield exchange
        for probe in self.closing(operation, answered):
            exchanges.append(client.send(probe, number + len(exchanges)))
            yield exchanges[-1]
        if (
            answered is not None
            and answered.method in SAFE_METHODS
            and refused_at_last(self.spec, exchanges)
        ):
            probe = Probe(
                operation.key, answered, note="whether the credential has expired", again=True
            )
            exchanges.append(client.send(probe, number + len(exchanges)))
            yield exchanges[-1]
        for count, probe in enumerate(
            self._doubtful(operation, exchanges), start=number + len(exchanges)
        ):
            yield client.send(probe, count)

    def _doubtful(self, operation: Operation, exchanges: Sequence[Exchange]) -> Iterable[Probe]:
        """What is asked again, because it broke a rule that others kept; the mock would say the same again."""
        if not self.target.live or self.replay is not None:
            return ()
        verdicts = self._judged(operation, exchanges)
        self._first_look[operation.key] = len(exchanges), verdicts
        return asked_again(verdicts, SAFE_METHODS)

    def _ask(self, operation: Operation, number: int) -> Iterator[Exchange | Stop]:
        if self._absent():
            return
        self.pace.continued(self.ledger.attempts + (self.ledger.note("aside") or 0))
        self.told(operation.key, 0)
        with self.client(self.pace) as client:
            asked = until_stop(self._converse(client, operation, number))
            for count, item in enumerate(asked, start=1):
                yield item
                if not isinstance(item, Stop):
                    self.told(operation.key, count)

    @contextmanager
    def client(self, pace: Pace) -> Iterator[Client]:
        """A client of the target, for as long as it is needed."""
        mocked = nullcontext(self.target.base_url) if self.target.live else serving(self.mock)
        secret = (
            self.target.secret if self.target.live else Secret(CREDENTIAL, self.spec.placeholder)
        )
        with mocked as base_url:
            client = Client(
                self.spec,
                base_url or "",
                secret,
                self.target.limits,
                extra_headers=self.target.headers,
                sleepless=not self.target.live,
                capabilities=self.target.capabilities,
                pace=pace,
                route=self.target.route,
            )
            try:
                yield client
            finally:
                client.close()


def answers(exchange: Exchange) -> bool:
    """Whether a plain request got what it asked for."""
    status = exchange.response.status if exchange.response is not None else 0
    return (
        200 <= status < 300
        and exchange.probe.source != "status"
        and exchange.probe.request.method != "HEAD"
    )


MOCK_VALUES = 8
"""How many values of a path parameter the mock is said to know: enough for answers asked twice to show every sort."""
