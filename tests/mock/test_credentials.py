"""The mock takes the credential that the client sends, under every security scheme, and no other."""

from __future__ import annotations

import pytest

from contracts.document.security import variants_of
from contracts.exchanges import Secret
from contracts.exchanges.credential import with_credential
from contracts.messages import Credential, Request
from contracts.mock.service import challenges, has_credential
from tests.exchanges.documents import SCHEMES, one_operation

KEY = "mock-credential"
Security = list[dict[str, list[str]]]


def needing(*alternatives: tuple[str, ...]) -> Security:
    return [{name: [] for name in names} for names in alternatives]


def takes(security: Security, request: Request) -> bool:
    spec, operation = one_operation(security=security, components={"securitySchemes": SCHEMES})
    return has_credential(operation, request, spec, KEY)


def sent(security: Security, variant: Credential) -> Request:
    spec, operation = one_operation(security=security, components={"securitySchemes": SCHEMES})
    return with_credential(Request("GET", "/things/1"), variant, operation, spec, Secret(KEY))


ALTERNATIVES = [
    *([(name,)] for name in SCHEMES if name != "tls"),
    [("header", "query", "cookie")],
    [("bearer", "basic", "header")],
    [("tls",), ("header",)],
    [("oauth2",), ("basic",)],
]


@pytest.mark.parametrize("alternatives", ALTERNATIVES, ids=str)
@pytest.mark.parametrize("variant", Credential)
def test_only_the_right_credential_is_taken(alternatives: list[tuple[str, ...]], variant: Credential) -> None:
    security = needing(*alternatives)
    spec, operation = one_operation(security=security, components={"securitySchemes": SCHEMES})
    if variant in variants_of(operation, spec):
        right = variant in (Credential.RIGHT, Credential.LOWER_CASE)
        assert takes(security, sent(security, variant)) == right


@pytest.mark.parametrize("security", [[], [{}], [{"bearer": []}, {}], [{"tls": []}]], ids=str)
def test_nothing_is_needed_where_nothing_can_be_asked_for(security: Security) -> None:
    assert takes(security, Request("GET", "/things/1"))


def test_any_alternative_will_do() -> None:
    request = Request("GET", "/things/1", (("X-KEY", KEY),))
    assert takes(needing(("bearer",), ("header",)), request)
    assert not takes(needing(("bearer", "header")), request)


@pytest.mark.parametrize(
    ("scheme", "name", "value", "taken"),
    [
        ("bearer", "authorization", f"bearer {KEY}", True),
        ("bearer", "Authorization", f"Bearer  {KEY} ", True),
        ("bearer", "Authorization", f"Bearer {KEY.upper()}", False),
        ("bearer", "Authorization", KEY, False),
        ("basic", "Authorization", "Basic bW9jay1jcmVkZW50aWFsOg==", True),
        ("basic", "Authorization", "Basic bW9jay1jcmVkZW50aWFs", True),
        ("basic", "Authorization", "Basic %%%", False),
        ("basic", "Authorization", "Basic /w==", False),
        ("cookie", "Cookie", f"a=b; session={KEY}", True),
        ("cookie", "Cookie", f"a={KEY}", False),
        ("header", "X-Key", f"{KEY}é", False),
    ],
)
def test_the_field_is_read_as_http_says(scheme: str, name: str, value: str, taken: bool) -> None:
    assert takes(needing((scheme,)), Request("GET", "/things/1", ((name, value),))) is taken


@pytest.mark.parametrize(
    ("alternatives", "words"),
    [
        ([("bearer",)], ["Bearer"]),
        ([("oauth2",), ("bearer", "openid")], ["Bearer"]),
        ([("basic",)], ['Basic realm="mock"']),
        ([("header",), ("tls",)], ["ApiKey", "Mutual"]),
        ([], ["Bearer"]),
    ],
    ids=str,
)
def test_a_challenge_names_each_scheme_once(alternatives: list[tuple[str, ...]], words: list[str]) -> None:
    spec, operation = one_operation(security=needing(*alternatives), components={"securitySchemes": SCHEMES})
    assert challenges(operation, spec) == tuple(("WWW-Authenticate", word) for word in words)
