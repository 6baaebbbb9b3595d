"""When a token is fetched, refreshed, and fetched again."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from contracts.messages import Credential, Exchange
from tests.exchanges.token_endpoint import (
    CLIENT,
    PROBE,
    USER,
    Endpoint,
    asking,
    token,
    tokens_of,
)

pytestmark = pytest.mark.usefixtures("no_waiting")

# When


@pytest.mark.parametrize(
    ("life", "later", "count"),
    [
        (3600, 3569, 1),
        (3600, 3571, 2),
        (20, 9, 1),
        (20, 11, 2),
        ("3600", 3571, 2),
        (None, 1e9, 1),
        (0, 1e9, 1),
        ("soon", 1e9, 1),
    ],
)
def test_token_is_fetched_again_before_it_expires(life: Any, later: float, count: int) -> None:
    endpoint = Endpoint(life=life)
    with tokens_of(endpoint, USER) as (tokens, clock, _):
        assert token(tokens) == token(tokens) == "token-0001"
        clock.now += later
        assert token(tokens) == f"token-000{count}"


def renewals(endpoint: Endpoint, times: int) -> list[tuple[str, str]]:
    """By which grant each token came, and the refresh token that was given for it; a life lies between two."""
    with tokens_of(endpoint, {**USER, **CLIENT}) as (tokens, clock, _):
        for _ in range(times):
            token(tokens)
            clock.now += 7200
        shown = f"{tokens!r} {tokens._refresh!r}"
    assert "refresh-" not in shown
    return [(form["grant_type"][0], form.get("refresh_token", [""])[0]) for form in endpoint.forms]


def test_token_is_refreshed_as_the_client_where_that_is_possible() -> None:
    endpoint = Endpoint()
    kept = ("refresh_token", "refresh-0815")
    assert renewals(endpoint, 3) == [("password", ""), kept, kept]
    fields, form = endpoint.asked[1]
    assert fields["authorization"].startswith("Basic ")
    assert set(form) == {"grant_type", "refresh_token"}


def said_of(token: str, **others: Any) -> tuple[int, Any]:
    return 200, {"access_token": token, "token_type": "Bearer", "expires_in": 3600, **others}


REFUSED = 400, {"error": "invalid_grant", "error_description": "refresh-1 is over"}
REFRESHED: dict[str, tuple[list[tuple[int, Any]], list[tuple[str, str]]]] = {
    "another each time": (
        [said_of("token-a", refresh_token="refresh-1"), said_of("token-b", refresh_token="refresh-2")],
        [("password", ""), ("refresh_token", "refresh-1"), ("refresh_token", "refresh-2")],
    ),
    "the same for good": (
        [said_of("token-a", refresh_token="refresh-1"), said_of("token-b")],
        [("password", ""), ("refresh_token", "refresh-1"), ("refresh_token", "refresh-1")],
    ),
    "none": ([said_of("token-a"), said_of("token-b")], [("password", ""), ("password", ""), ("password", "")]),
    "no text": (
        [said_of("token-a", refresh_token=[1]), said_of("token-b", refresh_token="")],
        [("password", ""), ("password", ""), ("password", "")],
    ),
    "refused": (
        [said_of("token-a", refresh_token="refresh-1"), REFUSED, said_of("token-b")],
        [("password", ""), ("refresh_token", "refresh-1"), ("password", ""), ("password", "")],
    ),
}


@pytest.mark.parametrize(("answers", "grants"), REFRESHED.values(), ids=REFRESHED)
def test_what_a_token_is_refreshed_with(answers: list[tuple[int, Any]], grants: list[tuple[str, str]]) -> None:
    assert renewals(Endpoint(answers=answers), 3) == grants


def status_of(exchange: Exchange) -> int | None:
    return exchange.response.status if exchange.response else None


def test_token_that_was_taken_and_is_refused_is_fetched_again() -> None:
    endpoint = Endpoint()
    with asking(endpoint) as (client, _):
        assert status_of(client.send(PROBE, 0)) == 200
        endpoint.expired.add("Bearer token-0001")
        exchange = client.send(PROBE, 1)
        assert (status_of(exchange), exchange.attempts, exchange.retried) == (200, 2, ("401",))
        assert endpoint.forms[1]["grant_type"] == ["password"]  # nobody knows what else is over
        endpoint.expired.add("Bearer token-0002")  # and again, once it has been taken
        assert status_of(client.send(PROBE, 2)) == 200
    assert (len(endpoint.asked), client.pace.spent) == (3, 5)


def test_token_that_was_never_taken_is_not_fetched_again() -> None:
    endpoint = Endpoint(expired={"Bearer token-0001"})
    with asking(endpoint) as (client, _):
        assert [status_of(client.send(PROBE, number)) for number in range(3)] == [401] * 3
    assert len(endpoint.asked) == 1


def test_refusal_that_a_new_token_does_not_change_is_no_expiry() -> None:
    endpoint = Endpoint()
    with asking(endpoint) as (client, _):
        client.send(PROBE, 0)
        endpoint.expired |= {f"Bearer token-000{number}" for number in (1, 2)}
        assert status_of(client.send(PROBE, 1)) == 401
        endpoint.expired.clear()
        client.send(PROBE, 2)
        endpoint.expired |= {"Bearer token-0002"}
        assert status_of(client.send(PROBE, 3)) == 401
    assert len(endpoint.asked) == 2


@pytest.mark.parametrize("form", [form for form in Credential if form is not Credential.RIGHT], ids=str)
def test_refusal_of_a_wrong_token_is_no_expiry(form: Credential) -> None:
    endpoint = Endpoint()
    with asking(endpoint) as (client, _):
        client.send(PROBE, 0)
        endpoint.expired |= {"", "Bearer 0000000000", "Bearer ", "bearer token-0001", "token-0001"}
        client.send(replace(PROBE, credential=form), 1)
    assert len(endpoint.asked) == 1


def test_nothing_is_fetched_for_what_needs_none() -> None:
    endpoint = Endpoint()
    with asking(endpoint) as (client, _):
        client.send(replace(PROBE, schemes=("key",)), 0)
    assert (endpoint.asked, endpoint.shown) == ([], [""])
