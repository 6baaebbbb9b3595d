"""Where the credential goes on a request, and that it comes out of everything else."""

from __future__ import annotations

import base64
import html
import json
import re
from typing import Any
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.exchanges import Secret
from contracts.exchanges.credential import Scrubber, with_credential
from contracts.messages import PLACEHOLDER, Credential, Probe, Request, header_values
from tests.exchanges.documents import SCHEMES, one_operation

KEY = "key/with+12345"
BEARER = {"type": "http", "scheme": "bearer"}
V = Credential


def put(
    scheme: str | list[Any], variant: Credential = V.RIGHT, request: Request | None = None, key: str = KEY
) -> Request:
    security = [{scheme: []}] if isinstance(scheme, str) else scheme
    spec, operation = one_operation(security=security, components={"securitySchemes": SCHEMES})
    probe = Probe(operation.key, request or Request("GET", "/things/1"), credential=variant)
    return with_credential(probe, spec, {spec.variable: Secret(key)})


def basic(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


@pytest.mark.parametrize(
    ("scheme", "variant", "name", "value"),
    [
        ("bearer", V.RIGHT, "Authorization", f"Bearer {KEY}"),
        ("bearer", V.WRONG, "Authorization", "Bearer 00000000000000"),
        ("bearer", V.OTHER_SCHEME, "Authorization", f"Negotiate {KEY}"),
        ("bearer", V.CUT_SHORT, "Authorization", "Bearer key/with+1234"),
        ("bearer", V.APPENDED, "Authorization", f"Bearer {KEY}0"),
        ("oauth2", V.RIGHT, "Authorization", f"Bearer {KEY}"),
        ("oauth2", V.OTHER_SCHEME, "Authorization", f"Negotiate {KEY}"),
        ("openid", V.RIGHT, "Authorization", f"Bearer {KEY}"),
        ("basic", V.RIGHT, "Authorization", f"Basic {basic(KEY + ':')}"),
        ("basic", V.WRONG, "Authorization", f"Basic {basic('00000000000000:')}"),
        ("basic", V.CUT_SHORT, "Authorization", f"Basic {basic('key/with+1234:')}"),
        ("basic", V.APPENDED, "Authorization", f"Basic {basic(KEY + '0:')}"),
        ("basic", V.OTHER_SCHEME, "Authorization", f"Negotiate {basic(KEY + ':')}"),
        ("header", V.RIGHT, "X-Key", KEY),
        ("header", V.WRONG, "X-Key", "00000000000000"),
        ("header", V.OTHER_SCHEME, "Authorization", f"Negotiate {KEY}"),
        ("header", V.CUT_SHORT, "X-Key", KEY[:-1]),
        ("header", V.APPENDED, "X-Key", f"{KEY}0"),
        ("cookie", V.RIGHT, "Cookie", f"session={KEY}"),
        ("cookie", V.CUT_SHORT, "Cookie", f"session={KEY[:-1]}"),
        ("cookie", V.OTHER_SCHEME, "Authorization", f"Negotiate {KEY}"),
        ("query", V.OTHER_SCHEME, "Authorization", f"Negotiate {KEY}"),
    ],
)
def test_schemes_put_it_into_a_header(scheme: str, variant: Credential, name: str, value: str) -> None:
    request = put(scheme, variant)
    assert (request.headers, request.target) == (((name, value),), "/things/1")


@pytest.mark.parametrize(
    ("variant", "target", "wanted"),
    [
        (V.RIGHT, "/things/1", "/things/1?api%20key=key%2Fwith%2B12345"),
        (V.RIGHT, "/things/1?a=b", "/things/1?a=b&api%20key=key%2Fwith%2B12345"),
        (V.APPENDED, "/things/1", "/things/1?api%20key=key%2Fwith%2B123450"),
        (V.WRONG, "/things/1", "/things/1?api%20key=00000000000000"),
    ],
)
def test_a_key_in_the_query_is_encoded(variant: Credential, target: str, wanted: str) -> None:
    request = put("query", variant, Request("GET", target))
    assert (request.target, request.headers) == (wanted, ())


@pytest.mark.parametrize("scheme", [name for name in SCHEMES if name != "tls"])
@pytest.mark.parametrize("key", ["00000000", "0000:000", "user:", "user:0", "key-123456"])
@pytest.mark.parametrize("variant", [V.WRONG, V.CUT_SHORT, V.APPENDED, V.EMPTY])
def test_wrong_credential_is_never_the_right_one(variant: Credential, key: str, scheme: str) -> None:
    wrong = put(scheme, variant, key=key)
    assert wrong != put(scheme, V.RIGHT, key=key)
    assert wrong != Request("GET", "/things/1")


def test_user_and_password_stay_what_they_are() -> None:
    assert put("basic", key="me:secret").header("authorization") == f"Basic {basic('me:secret')}"


def test_a_cookie_joins_those_of_the_probe() -> None:
    request = put("cookie", request=Request("GET", "/", (("cookie", "a=b"), ("X", "y"))))
    assert request.headers == (("X", "y"), ("Cookie", f"a=b; session={KEY}"))


def test_what_a_cookie_cannot_hold_is_encoded() -> None:
    assert put("cookie", key="a;b c").header("cookie") == "session=a%3Bb%20c"


def test_a_header_of_the_same_name_is_replaced() -> None:
    request = put("header", request=Request("GET", "/", (("x-key", "edge"), ("B", "c"))))
    assert request.headers == (("B", "c"), ("X-Key", KEY))


@pytest.mark.parametrize("scheme", [name for name in SCHEMES if name != "tls"])
def test_none_leaves_the_request_alone(scheme: str) -> None:
    assert put(scheme, V.NONE) == Request("GET", "/things/1")


@pytest.mark.parametrize("security", [[], [{}], [{"bearer": []}, {}]], ids=["none", "empty", "optional"])
def test_nothing_is_sent_where_nothing_is_asked_for(security: list[Any]) -> None:
    assert put(security) == Request("GET", "/things/1")


def test_every_scheme_of_an_alternative_gets_it() -> None:
    request = put([{"header": [], "query": []}, {"bearer": []}])
    assert request.header("x-key") == KEY
    assert "api%20key=" in request.target
    assert not header_values(request.headers, "authorization")


def test_an_alternative_that_a_request_can_satisfy_is_preferred() -> None:
    assert put([{"tls": []}, {"header": []}]).header("x-key") == KEY
    assert put("tls") == Request("GET", "/things/1")


@pytest.mark.parametrize("show", [str, repr, "{}".format, "{!r}".format, lambda secret: repr([secret])])
def test_a_secret_does_not_show_itself(show: Any) -> None:
    assert KEY not in show(Secret(KEY))
    assert PLACEHOLDER in show(Secret(KEY))


def test_a_secret_has_no_form_that_shows() -> None:
    assert not [form for form in Secret(KEY).needles if form.decode() in repr(Secret(KEY))]


FORMS = {
    "plain": lambda key: key,
    "cut short": lambda key: key[:-1],
    "appended": lambda key: key + "0",
    "for a path": lambda key: quote(key, safe=""),
    "for a query": quote_plus,
    "slashes kept": quote,
    "lower-case hex": lambda key: re.sub("%..", lambda found: found[0].lower(), quote(key, safe="")),
    "JSON": lambda key: json.dumps(key)[1:-1],
    "JSON of PHP": lambda key: json.dumps(key)[1:-1].replace("/", "\\/"),
    "HTML": html.escape,
    "base64": basic,
    "base64 of Basic": lambda key: basic(f"{key}:"),
    "base64 of a header": lambda key: basic(f"Bearer {key} and more"),
    "base64 shifted": lambda key: basic(f"x{key}"),
    "base64url": lambda key: base64.urlsafe_b64encode(key.encode()).decode().rstrip("="),
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
@pytest.mark.parametrize("key", [KEY, 'a"b\\c<d>&é/+?~ ~9'], ids=["plain", "odd"])
def test_every_form_is_scrubbed(form: Any, key: str) -> None:
    text = f"before {form(key)} after"
    scrubbed = Scrubber((Secret(key),)).text(text)
    assert PLACEHOLDER in scrubbed
    assert form(key)[2:-2] not in scrubbed
    assert Scrubber((Secret(key),)).body(text.encode()) == scrubbed.encode()


@pytest.mark.parametrize("charset", ["utf-16-le", "utf-16-be"])
def test_wide_characters_are_scrubbed_from_bytes(charset: str) -> None:
    assert Scrubber((Secret(KEY),)).body(f"a{KEY}".encode(charset)).strip(b"a\0") == PLACEHOLDER.encode()


def test_what_holds_no_secret_stays_as_it_is() -> None:
    body = bytes(range(256))
    assert Scrubber((Secret(KEY),)).body(body) is body
    assert Scrubber((Secret(KEY),)).text("session_id") == "session_id"


@pytest.mark.parametrize("text", ["ke", "key/wit", basic("key")])
def test_parts_that_occur_elsewhere_are_left_alone(text: str) -> None:
    assert Scrubber((Secret("key/with"),)).text(text) == text


def test_an_empty_secret_scrubs_nothing() -> None:
    assert Scrubber((Secret(""),)).text("text") == "text"
    assert Scrubber((Secret(""),)).body(b"text") == b"text"


def test_a_secret_of_another_name_has_its_own_placeholder() -> None:
    assert Scrubber((Secret("open-sesame", "$X_GATE"),)).text("open-sesame!") == "$X_GATE!"


@given(st.text(min_size=8), st.text(), st.text())
def test_no_text_keeps_the_value(key: str, before: str, after: str) -> None:
    key = key.encode("utf-8", "ignore").decode() + "12345678"
    assert key not in Scrubber((Secret(key, ""),)).text(before + key + after) or key in before + after


@given(st.binary(), st.binary())
def test_base64_is_scrubbed_wherever_the_value_stands(before: bytes, after: bytes) -> None:
    scrubbed = Scrubber((Secret(KEY),)).text(base64.b64encode(before + KEY.encode() + after).decode())
    assert PLACEHOLDER in scrubbed
