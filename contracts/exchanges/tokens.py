"""Tokens by OAuth2 flows: fetched when a request needs one, and held in memory alone."""

import json
import math
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlencode, urlsplit

import stamina

from contracts.exchanges.credential import Scrubber, Secret, is_distinctive
from contracts.exchanges.grants import Grant
from contracts.exchanges.transport import Limits, Transport
from contracts.exchanges.wires import Route
from contracts.messages import UNAVAILABLE, Failure, Headers, Request, Response, is_field_value
from contracts.text import cut, printable

AHEAD = 30.0  # seconds before its end in which a token is fetched anew; at most half of its life
ATTEMPTS = 3
MAX_ANSWER = 64 * 1024  # bytes of the body of one, of which the token goes along with each request
MAX_KNOWN = 1000  # secrets that came of token endpoints: each is looked for in all answers
MIN_LIFE = 1.0  # seconds that a token is taken to live at least
_FORM: Headers = (
    ("Content-Type", "application/x-www-form-urlencoded"),
    ("Accept", "application/json"),
    ("User-Agent", "notte-contracts"),
)
_CLIENT_IS_KNOWN = ("invalid_grant", "invalid_scope", "unauthorized_client")  # RFC 6749 §5.2


class NoToken(Exception):
    """A token can't be had; `str()` says why, and what to do."""


@dataclass(slots=True)
class Tokens:
    """The tokens of this process by their variables; each is a secret as soon as it is known.

    One is fetched before the first request that shows it, again before it expires, and again where
    it is refused after it was taken, until a new one is refused as well. One that expires is
    refreshed where that is possible (RFC 6749 §6), else fetched as the first one was.
    """

    grants: Mapping[str, Grant] = field(default_factory=dict)  # by variable
    route: Route = field(default_factory=Route)
    scrubber: Scrubber = field(default_factory=Scrubber)
    now: Callable[[], float] = time.time
    known: list[Secret] = field(default_factory=list)  # all that there ever were
    _held: dict[str, tuple[Secret, float]] = field(default_factory=dict)  # until when
    _refresh: dict[str, Secret] = field(default_factory=dict)  # what gets the next one
    _problem: str = ""
    _is_taken: bool = False  # what was fetched last
    _is_vain: bool = False  # to fetch one because of a 401

    def __post_init__(self) -> None:
        for grant in self.grants.values():
            self._learn(*grant.secrets)

    def __str__(self) -> str:
        urls = dict.fromkeys(grant.shown_url for grant in self.grants.values())
        return f", with tokens from {' and '.join(urls)}" * bool(urls)

    def current(self, variables: Iterable[str]) -> dict[str, Secret]:
        """The tokens of some variables, valid now. NoToken if one can't be had."""
        found = dict[str, Secret]()
        for variable in variables:
            if variable not in self._held or self.now() >= self._held[variable][1]:
                self._held[variable] = self._fetched(self.grants[variable])
                self._is_taken = False
            found[variable] = self._held[variable][0]
        return found

    def are_expired(self, status: int) -> bool:
        """Whether the status of an answer to some says so; from now on they are fetched anew."""
        self._is_taken = self._is_taken or 200 <= status < 300
        if status != 401 or self._is_vain or not self._is_taken:
            return False
        self._held.clear()
        self._refresh.clear()  # what it stands for may be over
        return True

    def were_expired(self, status: int) -> None:
        """Note the status of the answer to new ones: if they are refused too, it was not that."""
        self._is_vain = status == 401
        self._is_taken = not self._is_vain

    def _learn(self, *secrets: Secret) -> None:
        for secret in secrets:
            new = secret not in self.known
            if new and is_distinctive(secret.reveal(), self.scrubber.common):
                self.known.append(secret)
                self.scrubber.learn(secret)

    def _fetched(self, grant: Grant) -> tuple[Secret, float]:
        try:
            if self._problem:
                raise NoToken(self._problem)
            if len(self.known) >= MAX_KNOWN:
                said = f"{MAX_KNOWN} came in this run already; let them live longer"
                raise NoToken(f"no token for the scheme {grant.scheme}: {said}")
            if spare := self._refresh.pop(grant.variable, None):
                form = {"grant_type": "refresh_token", "refresh_token": spare.reveal()}
                with suppress(NoToken):
                    refreshed = self._asked(replace(grant, form=form))
                    self._refresh.setdefault(grant.variable, spare)  # which it may leave in force
                    return refreshed
            return self._asked(grant)
        except NoToken as error:
            self._problem = printable(cut(self.scrubber.text(str(error))))
            raise NoToken(self._problem) from None

    def _asked(self, grant: Grant) -> tuple[Secret, float]:
        """The token of a grant, and until when it is shown."""
        url, begun = urlsplit(grant.url), self.now()
        target = f"{url.path or '/'}?{url.query}".removesuffix("?")
        limits = Limits(body=MAX_ANSWER)
        with closing(Transport(f"{url.scheme}://{url.netloc}", self.route, limits)) as transport:
            for fields, named in grant.ways:
                body = urlencode({**grant.form, **named}).encode()
                request = Request("POST", target, (*_FORM, *grant.headers, *fields), body)
                answer = _answer(transport, request)
                said = _members(answer)
                if not _is_about_client(answer, said):
                    break
        for name in ("access_token", "refresh_token", "id_token"):
            if isinstance(value := said.get(name), str):
                self._learn(Secret(value, f"${grant.variable}"))
        if why := _refusal(grant, answer, said):
            raise NoToken(f"no token for the scheme {grant.scheme}: POST {grant.shown_url} {why}")
        if isinstance(spare := said.get("refresh_token"), str) and spare:
            self._refresh[grant.variable] = Secret(spare, f"${grant.variable}")
        token, life = Secret(said["access_token"], f"${grant.variable}"), _life(said)
        return token, begun + max(life - AHEAD, life / 2)


def _answer(transport: Transport, request: Request) -> Response | Failure:
    """What came; asked again a little later where nobody, or nobody who has time, answered."""
    attempts = stamina.retry_context(_Unavailable, ATTEMPTS, None, wait_initial=0.2, wait_max=2)
    with suppress(_Unavailable):
        for attempt in attempts:
            with attempt:
                answer = transport.answer(request)
                if isinstance(answer, Failure) or answer.status in UNAVAILABLE:
                    raise _Unavailable
    return answer


class _Unavailable(Exception):
    pass


def _members(answer: Response | Failure) -> Mapping[str, Any]:
    """Those of the object in the body of an answer; none if it has none."""
    with suppress(ValueError, RecursionError):
        said = json.loads(answer.body if isinstance(answer, Response) else b"")
        return said if isinstance(said, dict) else {}
    return {}


def _is_about_client(answer: Response | Failure, said: Mapping[str, Any]) -> bool:
    """Whether it may be refused for how the client names itself, and not for what it asks."""
    refused = isinstance(answer, Response) and answer.status in (400, 401, 403, 422)
    return refused and said.get("error") not in _CLIENT_IS_KNOWN


def _refusal(grant: Grant, answer: Response | Failure, said: Mapping[str, Any]) -> str:
    """Why an answer is no token, and what to do; empty if it is one (RFC 6749 §5)."""
    if isinstance(answer, Failure):
        failed = f"was not answered ({answer.kind}: {answer.detail})"
        return f"{failed}; is the server up, and the tokenUrl of the document right?"
    told = [str(said[name]) for name in ("error", "error_description", "error_uri") if name in said]
    why = f"was answered with {answer.status}{' ' * bool(told)}{': '.join(told)}"
    if 300 <= answer.status < 400:
        return f"{why}; redirects are not followed: let an overlay give the tokenUrl it leads to"
    if answer.status >= 500 or answer.status in UNAVAILABLE:
        return f"{why}; try again when the server has recovered"
    if answer.status >= 400:
        return f"{why}; look at {', '.join(grant.variables)}"
    token, kind = said.get("access_token"), str(said.get("token_type", "bearer"))
    if not isinstance(token, str) or not token or not token.isascii() or not is_field_value(token):
        return f"{why} and no usable access_token; is this the token endpoint?"
    if kind.lower() != "bearer":
        return f"{why} and a token of type {kind}; give one that can be shown as {grant.variable}"
    return ""


def _life(said: Mapping[str, Any]) -> float:
    """Seconds for which a token is good; those of one that does not say so have no end."""
    with suppress(ValueError, TypeError, OverflowError):
        seconds = float(said.get("expires_in") or 0)
        return max(seconds, MIN_LIFE) if seconds > 0 else math.inf
    return math.inf
