"""A probe to an exchange: sent in its turn, to a service or the mock, again where that may help."""

import logging
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import stamina

from contracts import messages
from contracts.document import Spec
from contracts.exchanges.credential import Scrubber, Secret, shown_schemes, with_credential
from contracts.exchanges.pace import Exhausted, Pace, wish
from contracts.exchanges.secret_urls import Capabilities
from contracts.exchanges.tokens import NoToken, Tokens
from contracts.exchanges.transport import ACCEPTED, Limits, Transport
from contracts.exchanges.wires import Route
from contracts.messages import Exchange, Failure, FailureKind, Probe, Response, overridden

ATTEMPTS = 3
AT_ONCE = 0.001  # seconds before asking again after a body cut short: no service needs rest then
MAX_RETRY_AFTER = 20.0
MAX_DETAIL = 500
OUR_HEADERS: messages.Headers = (("User-Agent", "notte-contracts"), ("Accept-Encoding", ACCEPTED))

Outcome = Response | Failure

# Else Python prints, where nothing is set up for logs, that a request is sent again.
logging.getLogger("stamina").addHandler(logging.NullHandler())


@dataclass(slots=True)
class Client:
    """Sends probes to one base URL; each stands alone: no redirect is followed, no cookie kept.

    `extra_headers` go with every request (a gateway's own key, say), but for those that a probe
    withholds. All secrets of the run are taken out of answers, sent or not, and capability URLs.
    """

    spec: Spec
    base_url: str  # scheme, host, port and path prefix; no query, no userinfo
    secret: Secret | None  # the credential, None to send none
    limits: Limits = field(default_factory=Limits)
    extra_headers: messages.Headers = field(default=(), repr=False)
    sleepless: bool = False  # retry at once: nothing gets better on the mock by waiting
    capabilities: Capabilities = field(default_factory=Capabilities)
    pace: Pace = field(default_factory=Pace)
    route: Route = field(default_factory=Route)
    others: Mapping[str, Secret] = field(default_factory=dict)  # of single schemes, by variable
    tokens: Tokens = field(default_factory=Tokens)  # the other credentials of single schemes
    inside: Callable[[messages.Request], Outcome] | None = None  # answers in place of the base URL
    _transport: Transport | None = field(default=None, init=False, repr=False)
    _answer: Callable[[messages.Request], Outcome] = field(init=False, repr=False)
    _scrubber: Scrubber = field(init=False, repr=False)
    _sent: Scrubber = field(init=False, repr=False)  # for requests, whose URLs are ours

    def __post_init__(self) -> None:
        if self.inside is None:
            self._transport = Transport(self.base_url, self.route, self.limits)
            self._answer = self._transport.answer
        else:
            self._answer = self.inside
        secrets = [*self._secrets.values(), *self.tokens.known, *self.tokens.scrubber.secrets]
        self._scrubber = Scrubber(tuple(dict.fromkeys(secrets)), self.capabilities)
        self._sent = Scrubber(self._scrubber.secrets)

    @property
    def _secrets(self) -> Mapping[str, Secret]:
        own = {self.spec.variable: self.secret} if self.secret else {}
        return {**own, **self.others}

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()

    def meanwhile(self, work: Callable[[], None]) -> None:
        """Do this from now on while an answer of the service is awaited; it is not to take long."""
        if self._transport is not None:
            self._transport.meanwhile = work

    def send(self, probe: Probe, number: int) -> Exchange:
        """Send a probe, or raise Exhausted at a bound of the run; no answer of a service raises."""
        self.pace.turn()
        try:
            outcomes = self._outcomes(probe)
        except (NoToken, Exhausted) as error:
            raise Exhausted(str(error)) from None
        except Exception as error:
            # The traceback would show the credential, with --showlocals.
            where = f"{probe.request.method} {probe.request.target}"
            said = self._scrubber.text(f"{type(error).__name__} while sending {where}: {error}")
            raise RuntimeError(said) from None
        probe = self._kept(probe)
        last, outcome = outcomes[-1], _conclusion(outcomes)
        retried = tuple(map(_said, outcomes[:-1]))
        if isinstance(last, Response) and not self.sleepless:
            self.pace.heed(last)
        if isinstance(outcome, Failure):
            failure = Failure(outcome.kind, self._scrubber.text(outcome.detail)[:MAX_DETAIL])
            return Exchange(number, probe, None, failure, len(outcomes), retried)
        response = self._scrubber.answer(outcome)
        return Exchange(number, probe, response, None, len(outcomes), retried)

    def _kept(self, probe: Probe) -> Probe:
        """A probe without secrets, which values and bodies that the user gave may hold."""
        if not self._sent.secrets:
            return probe
        given = tuple((name, self._sent.text(value)) for name, value in probe.given)
        target, body = self._sent.text(probe.request.target), probe.request.body
        headers = tuple(self._sent.field(*one) for one in probe.request.headers)
        kept = messages.Request(
            probe.request.method, target, headers, body and self._sent.body(body)
        )
        if given == probe.given and kept == probe.request:
            return probe
        return replace(probe, request=kept, given=given)

    def _outcomes(self, probe: Probe) -> list[Outcome]:
        """What came of each attempt; the service or the back-off says how long to wait."""
        once = probe.request.method not in messages.IDEMPOTENT or probe.source == "status"
        wire = self._wire(probe)
        outcomes = [self._answer(wire)]
        is_right = probe.way == (messages.Credential.RIGHT, (), "") and self._token_names(probe)
        if is_right and self.tokens.are_expired(_status_of(outcomes[0])):
            wire = self._wire(probe)
            self.pace.turn()
            outcomes.append(self._answer(wire))
            self.tokens.were_expired(_status_of(outcomes[-1]))
        if once or self._wait(outcomes) is None:  # most need none of what follows, which takes time
            return outcomes
        attempts = stamina.retry_context(_back_off, ATTEMPTS, None, wait_initial=0.2, wait_max=2)
        with suppress(_TryAgain, Exhausted):
            for attempt in attempts:
                with attempt:
                    if attempt.num > 1:
                        self.pace.turn()
                        outcomes.append(self._answer(wire))
                    if (seconds := self._wait(outcomes)) is not None:
                        raise _TryAgain(0.0 if self.sleepless else seconds or True)
        return outcomes

    def _wire(self, probe: Probe) -> messages.Request:
        """The request as it is sent, with valid credentials and all header fields."""
        request = probe.request
        if self._secrets or self.tokens.grants:  # what is asked of no operation goes without one
            tokens = self.tokens.current(self._token_names(probe))
            self._scrubber.learn(*self.tokens.known)
            request = with_credential(probe, self.spec, {**self._secrets, **tokens})
        headers = overridden(OUR_HEADERS, request.headers)
        if extra := [one for one in self.extra_headers if one[0].lower() not in probe.withheld]:
            headers = overridden(headers, tuple(extra))
        return messages.Request(request.method, request.target, headers, request.body)

    def _token_names(self, probe: Probe) -> set[str]:
        """The variables of the tokens that a probe is about."""
        schemes = shown_schemes(probe, self.spec) if self.tokens.grants else ()
        return {self.spec.variable_of(scheme.id) for scheme in schemes} & self.tokens.grants.keys()

    def _wait(self, outcomes: list[Outcome]) -> float | None:
        """Seconds before asking again, 0: as the back-off says; None if it is no use, or late."""
        outcome, seconds = outcomes[-1], 0.0
        if isinstance(outcome, Response):
            if outcome.status not in messages.UNAVAILABLE:
                return None
            seconds = wish(outcome, datetime.now(UTC))
        elif outcome.kind is FailureKind.TRUNCATED:
            seconds = AT_ONCE
        elif outcome.kind not in (FailureKind.REFUSED, FailureKind.RESET):
            return None
        cut_twice = sum(map(_is_cut, outcomes)) > 1
        if cut_twice or seconds > MAX_RETRY_AFTER or not self.pace.has_time(seconds):
            return None
        return seconds


class _TryAgain(Exception):
    """Ask again; after so many seconds, or, where that is True, as stamina backs off."""


def _back_off(error: Exception) -> bool | float:
    return isinstance(error, _TryAgain) and error.args[0]


def _conclusion(outcomes: list[Outcome]) -> Outcome:
    """The last outcome, but a body cut short only once says nothing: perhaps the network did."""
    last, cut = outcomes[-1], list(filter(_is_cut, outcomes))
    if len(cut) == 1 and (last is cut[0] or isinstance(last, Response)):
        said = "the body was cut short once, which may be the network's doing"
        return Failure(FailureKind.RESET, said)
    return last


def _status_of(outcome: Outcome) -> int:
    return outcome.status if isinstance(outcome, Response) else 0


def _said(outcome: Outcome) -> str:
    return str(outcome.status) if isinstance(outcome, Response) else outcome.kind.value


def _is_cut(outcome: Outcome) -> bool:
    return isinstance(outcome, Failure) and outcome.kind is FailureKind.TRUNCATED
