"""Faults of an answer as a whole: for each kind of rule, conforming exchanges to exchanges that break it.

A row is a family: the kind of rule it breaks, and how. `also` names kinds that the same fault can't help but break.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote

from contracts.document.model import described_by
from contracts.messages import Credential, Exchange, Failure, FailureKind, Headers, Response
from contracts.rules import OperationRules, Rule

Made = Iterator[Exchange]


@dataclass(frozen=True, slots=True)
class ExchangeFamily:
    """`break_it` gets the rule, the rules of its operation, and a conforming exchange with a documented answer."""

    name: str
    kind: str
    break_it: Callable[[Rule, OperationRules, Exchange], Made]
    also: frozenset[str] = frozenset()


def answered(exchange: Exchange, response: Response, **probe: Any) -> Exchange:
    return replace(exchange, response=response, probe=replace(exchange.probe, **probe))


def with_status(exchange: Exchange, status: int, **probe: Any) -> Exchange:
    return answered(exchange, replace(body_of(exchange), status=status), **probe)


def body_of(exchange: Exchange) -> Response:
    assert exchange.response is not None
    return exchange.response


def without_header(headers: Headers, name: str) -> Headers:
    return tuple((key, value) for key, value in headers if key.lower() != name.lower())


def with_header(exchange: Exchange, name: str, *values: str) -> Exchange:
    response = body_of(exchange)
    kept = without_header(response.headers, name)
    return answered(exchange, replace(response, headers=(*kept, *((name, value) for value in values))))


def with_body(exchange: Exchange, body: bytes) -> Exchange:
    return answered(exchange, replace(body_of(exchange), body=body))


def undocumented_status(rule: Rule, rules: OperationRules, good: Exchange) -> Made:
    for status in (500, 418, 299, 206, 302):
        if rules.operation.response(status) is None:
            yield with_status(good, status)


def other_media_types(rule: Rule, rules: OperationRules, good: Exchange) -> Made:
    yield with_header(good, "Content-Type")
    documented = rules.operation.response(body_of(good).status)
    for name in ("text/html", "application/x-unheard-of", "image/png"):
        if documented is not None and described_by(documented.content, name) is None:
            yield with_header(good, "Content-Type", name)


def missing_header(rule: Rule, rules: OperationRules, good: Exchange) -> Made:
    yield with_header(good, rule.id.rpartition(" ")[2])


def no_strict_json(rule: Rule, rules: OperationRules, good: Exchange) -> Made:
    body = body_of(good).body
    marked, cut, doubled = b"\xef\xbb\xbf" + body, body[:-1], body + body
    for broken in (b"", b" ", cut, doubled, body + b",", marked, b"NaN", b'["\xe9"]', b"{'a':1}"):
        yield with_body(good, broken)
    yield with_body(good, body.decode("utf-8").encode("utf-16"))


def duplicate_names(rule: Rule, rules: OperationRules, good: Exchange) -> Made:
    body = body_of(good).body
    if body.startswith(b"{") and body != b"{}":
        name = body[1 : body.index(b":")]
        yield with_body(good, b"{" + name + b":null," + body[1:])
        yield with_body(good, body[:-1] + body[body.index(b":", 0) - len(name) - 1 :].replace(b"{", b",", 1))


def no_answer(*kinds: FailureKind) -> Callable[[Rule, OperationRules, Exchange], Made]:
    def broken(rule: Rule, rules: OperationRules, good: Exchange) -> Made:
        yield from (replace(good, response=None, failure=Failure(kind, "broken")) for kind in kinds)

    return broken


def odd_request_refused(rule: Rule, rules: OperationRules, good: Exchange) -> Made:
    for status in (400, 414, 431):
        plain = Response(status, (("Content-Type", "text/x-plain"),), b"Bad Request")
        yield answered(good, plain, source="edge")


def odd_path_answered(rule: Rule, rules: OperationRules, good: Exchange) -> Made:
    head = good.probe.request.target.rpartition("/")[0]
    for target in (f"{head}/a%2Fb", f"{head}/{'a' * 200}", f"{good.probe.request.target}/"):
        for status in (307, 404, 405, 414):
            plain = Response(status, (("Content-Type", "text/x-plain"),), b"no")
            yield answered(good, plain, request=replace(good.probe.request, target=target))


def credential_taken(rule: Rule, rules: OperationRules, good: Exchange) -> Made:
    """Every form that must be refused is answered 200; the right ones are refused."""
    name = rule.id.partition(" auth ")[2]
    forms = {"required": Credential.NONE, "accepted": Credential.RIGHT, "scheme case": Credential.LOWER_CASE}
    form = forms[name] if name in forms else Credential(name)
    statuses = (401,) if name in ("accepted", "scheme case") else (body_of(good).status, 500)
    for status in statuses:
        kept = (*without_header(body_of(good).headers, "www-authenticate"), ("WWW-Authenticate", "Bearer"))
        yield answered(good, replace(body_of(good), status=status, headers=kept), credential=form, source="auth")


def no_challenge(rule: Rule, rules: OperationRules, good: Exchange) -> Made:
    response = Response(401, without_header(body_of(good).headers, "www-authenticate"), body_of(good).body)
    yield answered(good, response, credential=Credential.NONE, source="auth")


def unknown_to_the_service(rule: Rule, rules: OperationRules, good: Exchange) -> Made:
    given = tuple((parameter.name, "1") for parameter in rules.operation.parameters)
    for status in (s for s in (404, 422, 400) if rules.operation.response(s) is not None):
        yield with_status(good, status, given=given, source="given")


def known_though_it_cannot_be(rule: Rule, rules: OperationRules, good: Exchange) -> Made:
    yield answered(good, body_of(good), source="unknown")


def method_taken(rule: Rule, rules: OperationRules, good: Exchange) -> Made:
    for status in (200, 204, 500):
        for method in ("DELETE", "POST", "TRACE"):
            yield with_status(good, status, source="method", request=replace(good.probe.request, method=method))


def no_allow(rule: Rule, rules: OperationRules, good: Exchange) -> Made:
    yield with_status(good, 405, source="method")


def refused_with(good: Exchange, method: str, *allow: str) -> Exchange:
    response = replace(body_of(good), status=405, headers=tuple(("Allow", value) for value in allow))
    return answered(good, response, source="method", request=replace(good.probe.request, method=method))


def wrong_allow(rule: Rule, rules: OperationRules, good: Exchange) -> Made:
    """No list of methods, the refused one among them, or nothing but others than the document's."""
    own = rules.operation.method
    for allow in (f"{own},,HEAD", f"{own},", f"{own} HEAD", f'"{own}"', f"{own}, TRACE", "REPORT", own.lower()):
        yield refused_with(good, "TRACE", allow)
    yield refused_with(good, "TRACE", own, "TRACE")


def short_allow(rule: Rule, rules: OperationRules, good: Exchange) -> Made:
    for allow in ("", " ", "HEAD"):
        yield refused_with(good, "TRACE", allow)


def somebody_elses(rule: Rule, rules: OperationRules, good: Exchange) -> Made:
    """The answer stays, and something else was asked for: nearly the same, or of another number."""
    mine = json.loads(body_of(good).body)[(rule.place or "")[1:]]
    others = [mine - 2, mine + 2] if isinstance(mine, int) else [f"{mine}x", f"x{mine}", f"{mine} ", mine.swapcase()]
    head = good.probe.request.target.rpartition("/")[0]
    for other in (other for other in others if other != mine):
        request = replace(good.probe.request, target=f"{head}/{quote(str(other), safe='')}")
        yield answered(good, body_of(good), request=request)


def echoed(rule: Rule, rules: OperationRules, good: Exchange) -> Made:
    yield with_header(good, "X-Debug", f"Bearer {rules.spec.placeholder}")
    yield with_body(good, body_of(good).body + b" " + rules.spec.placeholder.encode())


def late(rule: Rule, rules: OperationRules, good: Exchange) -> Made:
    yield answered(good, replace(body_of(good), seconds=rules.max_seconds + 0.1))


def other_status_later(rule: Rule, good: Exchange) -> Iterator[tuple[Exchange, Exchange]]:
    """The same request again, which finds nothing any more."""
    yield good, with_status(good, 404)


def other_head(rule: Rule, good: Exchange) -> Iterator[tuple[Exchange, Exchange]]:
    """HEAD with another status than GET, or without a field of it."""
    request = replace(good.probe.request, method="HEAD")
    head = answered(good, replace(body_of(good), body=b""), request=request, source="method")
    if rule.kind == "head status":
        yield from ((good, with_status(head, status)) for status in (204, 402, 500))
    else:
        yield good, with_header(head, "Content-Type")
        yield good, with_header(head, "Content-Type", "text/x-plain")
        yield good, with_header(head, "Content-Length", "0")


PAIR_FAMILIES = {"same status": other_status_later, "head status": other_head, "head answer": other_head}
"""Faults that two answers show, by the kind of their rule."""

JSON_TOO = frozenset({"strict json"})
ANY_DOCUMENTED = frozenset(
    {"status documented", "challenge", "given value", "header required", "media type documented"}
)

EXCHANGE_FAMILIES: tuple[ExchangeFamily, ...] = (
    ExchangeFamily("undocumented status", "status documented", undocumented_status),
    ExchangeFamily("other media type", "media type documented", other_media_types),
    ExchangeFamily("missing header", "header required", missing_header, frozenset({"challenge"})),
    ExchangeFamily("no JSON", "strict json", no_strict_json),
    ExchangeFamily("duplicate names", "unique names", duplicate_names),
    ExchangeFamily("cut short", "framing", no_answer(FailureKind.TRUNCATED, FailureKind.BAD_FRAMING)),
    ExchangeFamily("wrong coding", "content encoding", no_answer(FailureKind.BAD_ENCODING)),
    ExchangeFamily("odd request refused", "edge answer documented", odd_request_refused),
    ExchangeFamily("odd path answered", "edge answer documented", odd_path_answered),
    ExchangeFamily("wrong credential taken", "auth", credential_taken, ANY_DOCUMENTED | {"allow header"}),
    ExchangeFamily("no challenge", "challenge", no_challenge, ANY_DOCUMENTED),
    ExchangeFamily(
        "given and unknown", "given value", unknown_to_the_service, ANY_DOCUMENTED | {"undocumented properties"}
    ),
    ExchangeFamily("impossible and known", "unknown value", known_though_it_cannot_be),
    ExchangeFamily("unlisted method taken", "unlisted method", method_taken, frozenset({"content length"})),
    ExchangeFamily("no Allow", "allow header", no_allow),
    ExchangeFamily("wrong Allow", "allow header", wrong_allow),
    ExchangeFamily("short Allow", "allowed methods", short_allow),
    ExchangeFamily("somebody else's", "identity", somebody_elses),
    ExchangeFamily(
        "two content types",
        "single content type",
        lambda rule, rules, good: iter([with_header(good, "Content-Type", *[body_of(good).media_type or ""] * 2)]),
    ),
    ExchangeFamily(
        "other charset",
        "charset",
        lambda rule, rules, good: iter(
            with_header(good, "Content-Type", f"{body_of(good).media_type}; charset={name}")
            for name in ("utf-16", '"latin1"')
        ),
    ),
    ExchangeFamily(
        "two lengths",
        "content length",
        lambda rule, rules, good: iter(
            [
                with_header(good, "Content-Length", "1", "2"),
                with_header(with_header(good, "Content-Length", "1"), "Transfer-Encoding", "chunked"),
            ]
        ),
    ),
    ExchangeFamily("credential echoed", "credential kept", echoed, JSON_TOO),
    ExchangeFamily("late", "response time", late),
)
