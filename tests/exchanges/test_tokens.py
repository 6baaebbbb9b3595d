"""Tokens by OAuth2 flows: what is sent for one, when, and what is said where none can be had."""

from __future__ import annotations

import base64
import ssl
from collections.abc import Mapping
from typing import Any

import pytest

from contracts.errors import DocumentError, UsageError
from contracts.exchanges import Exhausted, Route
from contracts.exchanges.credential import Scrubber
from contracts.exchanges.grants import grants_from
from contracts.exchanges.tokens import NoToken, Tokens
from contracts.exchanges.wires import Certificate
from tests.exchanges.test_tls import LOOPBACK
from tests.exchanges.token_endpoint import (
    BASE,
    CLIENT,
    PROBE,
    USER,
    VARIABLE,
    Endpoint,
    asking,
    document,
    token,
    tokens_of,
)
from tests.run.projects import serving

pytestmark = pytest.mark.usefixtures("no_waiting")

# What is sent


def test_password_flow() -> None:
    endpoint = Endpoint()
    with tokens_of(endpoint, USER, document("read", "write", password="token")) as (tokens, _, _):
        assert token(tokens) == "token-0001"
    fields, form = endpoint.asked[0]
    assert form == {
        "grant_type": ["password"],
        "username": ["ann"],
        "password": ["pa55 word/1"],
        "scope": ["read write"],
    }
    assert fields["content-type"] == "application/x-www-form-urlencoded"
    assert "authorization" not in fields


def test_client_credentials_flow() -> None:
    endpoint = Endpoint()
    with tokens_of(endpoint, CLIENT) as (tokens, _, _):
        assert token(tokens) == "token-0001"
    fields, form = endpoint.asked[0]
    assert form == {"grant_type": ["client_credentials"]}
    # RFC 6749 §2.3.1: each in the form of application/x-www-form-urlencoded, then as Basic.
    assert fields["authorization"] == f"Basic {base64.b64encode(b'the+app:s3cret%3A%26%2F1').decode()}"


@pytest.mark.parametrize(
    "refusal", [(401, {}), (401, {"error": "invalid_client"}), (400, {"error": "invalid_request"}), (422, b"[]")]
)
def test_client_that_is_refused_by_basic_names_itself_in_the_body(refusal: tuple[int, Any]) -> None:
    endpoint = Endpoint(answers=[refusal])
    with tokens_of(endpoint, CLIENT) as (tokens, _, _):
        assert token(tokens) == "token-0002"
    fields, form = endpoint.asked[1]
    assert (form["client_id"], form["client_secret"], "authorization" in fields) == (["the app"], ["s3cret:&/1"], False)


def test_client_that_is_known_is_not_tried_again() -> None:
    endpoint = Endpoint(answers=[(400, {"error": "invalid_grant"})])
    with tokens_of(endpoint, {**USER, **CLIENT}) as (tokens, _, _), pytest.raises(NoToken, match="invalid_grant"):
        token(tokens)
    assert len(endpoint.asked) == 1


def test_client_without_a_secret_names_itself_in_the_body() -> None:
    endpoint = Endpoint()
    with tokens_of(endpoint, {**USER, "CONTRACT_CLIENT_ID_SIGN_IN": "app"}) as (tokens, _, _):
        token(tokens)
    assert (endpoint.forms[0]["client_id"], "client_secret" in endpoint.forms[0]) == (["app"], False)


def test_headers_of_the_user_go_to_the_origin_of_the_base_url_alone() -> None:
    endpoint = Endpoint()
    with tokens_of(endpoint, USER, X_Gate="open") as (tokens, _, _):
        token(tokens)
    assert endpoint.asked[0][0]["x_gate"] == "open"
    far = document(password="https://auth.example/token")
    grants = grants_from(far, far.operations, BASE, (("X-Gate", "open"),), USER)
    assert grants[VARIABLE].headers == ()


def test_user_goes_before_the_client_whatever_the_document_has_first() -> None:
    endpoint, spec = Endpoint(), document(clientCredentials="token", password="token")
    with tokens_of(endpoint, {**USER, **CLIENT}, spec) as (tokens, _, _):
        token(tokens)
    assert endpoint.forms[0]["grant_type"] == ["password"]


# Where

URLS = [
    ("token", f"{BASE}/token"),
    ("./auth/token?realm=a", f"{BASE}/auth/token?realm=a"),
    ("/token", "http://127.0.0.1:9/token"),
    ("https://auth.example/t#x", "https://auth.example/t"),
    ("http://localhost:8080/t", "http://localhost:8080/t"),
    ("http://[::1]/t", "http://[::1]/t"),
]


@pytest.mark.parametrize(("written", "url"), URLS)
def test_token_url_is_resolved_against_the_base_url(written: str, url: str) -> None:
    spec = document(password=written)
    assert grants_from(spec, spec.operations, BASE, (), USER)[VARIABLE].url == url


UNFIT = {
    "http://auth.example/t": "would not be encrypted",
    "http://10.0.0.1/t": "would not be encrypted",
    "ftp://auth.example/t": "is no http(s) URL",
    "https:///t": "is no http(s) URL",
    "https://auth.example:port/t": "is no http(s) URL",
    "https://{tenant}.example/t": "is no http(s) URL",
    "https://auth.example/a b": "is no http(s) URL",
    "https://ann:pa55@auth.example/t": "holds a user name or password",
}


@pytest.mark.parametrize("written", UNFIT)
def test_token_url_that_must_not_get_secrets(written: str) -> None:
    spec = document(password=written)
    with pytest.raises(DocumentError) as caught:
        grants_from(spec, spec.operations, BASE, (), USER)
    assert str(caught.value).startswith("small.json:1: --contract-token-from-flow: ")
    assert UNFIT[written] in str(caught.value)
    assert "pa55" not in str(caught.value)


MISSING: dict[str, tuple[Mapping[str, str], dict[str, str], str]] = {
    "no flow": (USER, {"implicit": "x"}, "no operation takes a token of a password or clientCredentials flow"),
    "nothing": (
        {},
        {"password": "t", "clientCredentials": "t"},
        "nothing is set that a flow needs; set CONTRACT_USER_SIGN_IN and CONTRACT_PASSWORD_SIGN_IN (password flow of "
        "the scheme sign-in), or CONTRACT_CLIENT_ID_SIGN_IN and CONTRACT_CLIENT_SECRET_SIGN_IN (clientCredentials flow "
        "of the scheme sign-in)",
    ),
    "the password": (
        {"CONTRACT_USER_SIGN_IN": "ann"},
        {"password": "t"},
        "CONTRACT_PASSWORD_SIGN_IN is not set; set CONTRACT_USER_SIGN_IN and CONTRACT_PASSWORD_SIGN_IN (password flow",
    ),
    "the secret": (
        {"CONTRACT_CLIENT_ID_SIGN_IN": "app", "CONTRACT_CLIENT_SECRET_SIGN_IN": " "},
        {"clientCredentials": "t"},
        "CONTRACT_CLIENT_SECRET_SIGN_IN is not set",
    ),
}


@pytest.mark.parametrize("name", MISSING)
def test_what_a_flow_lacks(name: str) -> None:
    environ, flows, said = MISSING[name]
    spec = document(**flows)
    with pytest.raises(UsageError) as caught:
        grants_from(spec, spec.operations, BASE, (), environ)
    assert str(caught.value).startswith(f"--contract-token-from-flow: {said}")


def test_token_comes_by_the_way_of_the_run() -> None:
    secure = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    secure.load_cert_chain(LOOPBACK)
    secure.load_verify_locations(LOOPBACK)
    secure.verify_mode = ssl.CERT_REQUIRED
    route = Route(None, str(LOOPBACK), Certificate(str(LOOPBACK)))
    with serving(Endpoint(), secure) as url:
        spec = document(password="token")
        tokens = Tokens(grants_from(spec, spec.operations, f"{url}/v1", (), USER), route)
        assert token(tokens) == "token-0001"


def test_token_comes_by_the_proxy_of_the_run() -> None:
    endpoint, spec = Endpoint(), document(password="http://127.0.0.1:9/v1/token")
    grants = grants_from(spec, spec.operations, BASE, (), USER)
    with serving(lambda request: endpoint(request.replace(b"POST http://127.0.0.1:9", b"POST "))) as proxy:
        assert token(Tokens(grants, Route(proxy))) == "token-0001"


# What is shown


def test_all_that_is_secret_is_masked_as_soon_as_it_is_known() -> None:
    endpoint, scrubber = Endpoint(), Scrubber()
    with serving(endpoint) as url:
        spec = document(password="token")
        grants = grants_from(spec, spec.operations, f"{url}/v1", (), {**USER, **CLIENT})
        tokens = Tokens(grants, scrubber=scrubber)
        assert scrubber.text("pa55 word/1, s3cret:&/1, token-0001") == (
            "$CONTRACT_PASSWORD_SIGN_IN, $CONTRACT_CLIENT_SECRET_SIGN_IN, token-0001"
        )
        token(tokens)
        assert scrubber.text("pa55 word/1, s3cret:&/1, token-0001").endswith(f", ${VARIABLE}")
    hidden = base64.b64encode(b"the+app:s3cret%3A%26%2F1").decode()
    assert (
        scrubber.text(f"token-0001 refresh-0815 {hidden}") == f"${VARIABLE} ${VARIABLE} $CONTRACT_CLIENT_SECRET_SIGN_IN"
    )
    shown = f"{tokens!r} {tokens} {grants} {list(grants.values())!r}"
    assert not [value for value in ("pa55", "s3cret", "token-0001", "refresh-0815") if value in shown]


def test_token_that_a_service_gives_back_is_masked() -> None:
    with asking(Endpoint()) as (client, _):
        exchange = client.send(PROBE, 0)
    assert exchange.response is not None
    assert exchange.response.body == b'{"seen": "Bearer $CONTRACT_CREDENTIAL_SIGN_IN"}'


# What is said

SAID: dict[str, tuple[list[tuple[int, Any]], str]] = {
    "refused": (
        [(401, {"error": "invalid_client", "error_description": "no such app"})] * 2,
        "was answered with 401 invalid_client: no such app; look at CONTRACT_USER_SIGN_IN, CONTRACT_PASSWORD_SIGN_IN, "
        "CONTRACT_CLIENT_ID_SIGN_IN, CONTRACT_CLIENT_SECRET_SIGN_IN",
    ),
    "refused without a word": ([(403, b"<html>")] * 2, "was answered with 403; look at CONTRACT_USER_SIGN_IN"),
    "with what it got": (
        [(400, {"error": "invalid_grant", "error_description": "pa55 word/1 is not ann's"})],
        "was answered with 400 invalid_grant: $CONTRACT_PASSWORD_SIGN_IN is not ann's; look at",
    ),
    "moved": ([(302, b"")], "was answered with 302; redirects are not followed"),
    "broken": ([(500, b"")], "was answered with 500; try again when the server has recovered"),
    "in other words": (
        [(400, {"error": "invalid_grant", "error_description": "cGE1NSB3b3JkLzE= S3CRET%3A%26%2F1"})],
        "400 invalid_grant: $CONTRACT_PASSWORD_SIGN_IN= $CONTRACT_CLIENT_SECRET_SIGN_IN; look at",
    ),
    "busy": ([(503, b"")] * 3, "was answered with 503; try again when"),
    "no object": ([(200, b"[1]")], "was answered with 200 and no usable access_token; is this the token endpoint?"),
    "no text": ([(200, {"access_token": 7})], "and no usable access_token"),
    "empty": ([(200, {"access_token": ""})], "and no usable access_token"),
    "no value of a field": ([(200, {"access_token": "a\nb"})], "and no usable access_token"),
    "two lines": ([(200, {"access_token": "token-0001\r\nX-Admin: 1"})], "and no usable access_token"),
    "nested": ([(200, b"[" * 50_000)], "and no usable access_token"),
    "another kind": (
        [(200, {"access_token": "token-0001", "token_type": "DPoP"})],
        "and a token of type DPoP; give one that can be shown as CONTRACT_CREDENTIAL_SIGN_IN",
    ),
}


@pytest.mark.parametrize("name", SAID)
def test_why_there_is_no_token(name: str) -> None:
    answers, said = SAID[name]
    endpoint = Endpoint(answers=list(answers))
    with tokens_of(endpoint, {**USER, **CLIENT}) as (tokens, _, url):
        with pytest.raises(NoToken) as caught:
            token(tokens)
        assert str(caught.value).startswith(f"no token for the scheme sign-in: POST {url}/v1/token was answered with ")
        assert said in str(caught.value)
        count = len(endpoint.asked)
        with pytest.raises(NoToken, match="no token for the scheme"):
            token(tokens)
        assert len(endpoint.asked) == count  # nobody is asked again for nothing


@pytest.mark.parametrize("said", [{"access_token": "x" * 70_000}, {"error": "x" * 70_000}], ids=["token", "error"])
def test_answer_that_is_too_large_is_none(said: Any) -> None:
    endpoint = Endpoint(answers=[(200, said)] * 3)
    with tokens_of(endpoint, USER) as (tokens, _, _), pytest.raises(NoToken, match="was not answered"):
        token(tokens)


def test_endpoint_whose_tokens_never_last_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("contracts.exchanges.tokens.MAX_KNOWN", 5)
    with tokens_of(Endpoint(life=1e-300), USER) as (tokens, clock, _):
        assert token(tokens) == token(tokens)  # within the same second
        for _ in range(2):
            clock.now += 9
            token(tokens)
        clock.now += 9
        with pytest.raises(NoToken, match="5 came in this run already; let them live longer"):
            token(tokens)


@pytest.mark.parametrize("life", [10**400, "1e400", True, [1], -1, {}], ids=str)
def test_life_that_is_no_number_of_seconds_is_no_matter(life: Any) -> None:
    with tokens_of(Endpoint(life=life), USER) as (tokens, _, _):
        assert token(tokens) == "token-0001"


def test_busy_endpoint_is_asked_again() -> None:
    with tokens_of(Endpoint(answers=[(503, b"")]), USER) as (tokens, _, _):
        assert token(tokens) == "token-0002"


def test_nobody_answers() -> None:
    spec = document(password="http://127.0.0.1:9/token")
    tokens = Tokens(grants_from(spec, spec.operations, BASE, (), USER))
    with pytest.raises(NoToken, match=r"127.0.0.1:9/token was not answered \(refused: .*\); is the server up"):
        token(tokens)


def test_client_that_has_no_token_ends_the_run_in_order() -> None:
    with (
        asking(Endpoint(answers=[(500, b"")])) as (client, _),
        pytest.raises(Exhausted, match="no token for the scheme"),
    ):
        client.send(PROBE, 0)
