"""From which variable of the environment the credential of each security scheme comes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from contracts.document import Spec
from contracts.document.security import lack_of, own_variable, shortcomings
from contracts.errors import UsageError
from contracts.exchanges.credential import Scrubber
from contracts.run.credentials import credentials_from, refuse_missing
from contracts.run.options import Options
from tests.exchanges.documents import SCHEMES, spec_of

URL = "http://h"
PAIR = "ann:pa55word-1"


def doors(security: Mapping[str, Any], title: str = "Doors") -> Spec:
    """A document with all schemes, and a path for each list of security requirements."""
    responses = {"200": {"description": "fine"}}
    paths = {f"/{name}": {"get": {"responses": responses, "security": wanted}} for name, wanted in security.items()}
    info = {"title": title, "version": "1"}
    return spec_of(paths, info=info, components={"securitySchemes": {**SCHEMES, "api.Key-2": SCHEMES["query"]}})


def found(
    environ: Mapping[str, str], *options: tuple[str, str], spec: Spec | None = None, url: str | None = URL
) -> tuple[Spec, dict[str, str], Scrubber]:
    """The document, the values by variable, and what masks."""
    spec = spec or doors({"door": [{"bearer": []}]})
    spec, secrets, scrubber = credentials_from(spec, Options(credential=options), url, environ)
    return spec, {variable: secret.reveal() for variable, secret in secrets.items()}, scrubber


@pytest.mark.parametrize(
    ("scheme", "variable"),
    [
        ("bearer", "CONTRACT_CREDENTIAL_BEARER"),
        ("api.Key-2", "CONTRACT_CREDENTIAL_API_KEY_2"),
        ("HTTPBearer", "CONTRACT_CREDENTIAL_HTTPBEARER"),
        ("clé", "CONTRACT_CREDENTIAL_CL_"),
    ],
)
def test_variable_of_a_scheme(scheme: str, variable: str) -> None:
    assert own_variable(scheme) == variable


LADDER = {
    "MINE": "of-the-option",
    "CONTRACT_CREDENTIAL_BEARER": "of-the-scheme",
    "CONTRACT_CREDENTIAL": "for-all-1",
    "NOTTE_API_KEY": "of-notte-1",
}


@pytest.mark.parametrize("step", range(4), ids=list(LADDER))
def test_the_nearest_variable_is_taken(step: int) -> None:
    environ = dict(list(LADDER.items())[step:])
    options = [("bearer", "MINE")] * (step == 0)
    spec, values, _ = found(environ, *options, spec=doors({"door": [{"bearer": []}]}, "Notte API"))
    assert (spec.variable_of("bearer"), values[spec.variable_of("bearer")]) == next(iter(environ.items()))


@pytest.mark.parametrize("empty", ["", "  \n"])
def test_variable_without_a_value_is_none(empty: str) -> None:
    spec, values, _ = found({"CONTRACT_CREDENTIAL_BEARER": empty, "CONTRACT_CREDENTIAL": " general-1 "})
    assert (spec.variable_of("bearer"), values) == ("CONTRACT_CREDENTIAL", {"CONTRACT_CREDENTIAL": "general-1"})


def test_each_scheme_may_have_its_own_and_the_general_one_is_for_the_rest() -> None:
    environ = {"CONTRACT_CREDENTIAL_HEADER": "of-header", "CONTRACT_CREDENTIAL": "general-1"}
    spec, values, _ = found(environ)
    assert (spec.variable_of("header"), spec.variable_of("query")) == tuple(environ)
    assert values == environ


def test_scheme_has_none_where_only_others_have() -> None:
    assert found({"CONTRACT_CREDENTIAL_HEADER": "of-header"})[0].variable_of("query") == ""


@pytest.mark.parametrize(("title", "variable"), [("Notte API", "NOTTE_API_KEY"), ("Doors", "CONTRACT_CREDENTIAL")])
def test_where_nothing_is_set_the_name_is_that_of_the_domain(title: str, variable: str) -> None:
    spec = doors({"door": [{"bearer": []}]}, title)
    assert found({}, spec=spec)[0].variable == variable
    assert found({}, spec=spec, url=None)[0].placeholder == f"${variable}"


NOTTES = {"NOTTE_API_KEY": "of-notte-1"}


@pytest.mark.parametrize("others", [{}, {"CONTRACT_CREDENTIAL_HEADER": "of-header"}], ids=["alone", "beside another"])
def test_variable_of_the_domain_is_nothing_to_another_document(others: dict[str, str]) -> None:
    spec, values, scrubber = found(NOTTES | others)
    assert (values, spec.variable_of("header")) == (others, "".join(others) or "CONTRACT_CREDENTIAL")
    assert scrubber.text("of-notte-1") == "$NOTTE_API_KEY"


def test_variable_of_the_domain_may_be_named_for_another_document() -> None:
    spec, values, _ = found(NOTTES, ("bearer", "NOTTE_API_KEY"))
    assert (spec.variables, values) == ({"bearer": "NOTTE_API_KEY"}, NOTTES)


def test_variable_of_the_domain_is_that_of_a_document_with_its_server() -> None:
    spec = replace(doors({"door": [{"bearer": []}]}), servers=("https://us-staging.notte.cc",))
    assert found(NOTTES, spec=spec)[1] == NOTTES


def test_mock_gets_none() -> None:
    spec, values, scrubber = found(LADDER, url=None)
    assert (spec.variables, values) == ({}, {})
    assert scrubber.text("of-the-scheme for-all-1 of-notte-1") == (
        "$CONTRACT_CREDENTIAL_BEARER $CONTRACT_CREDENTIAL $NOTTE_API_KEY"
    )


def test_credential_that_is_not_used_is_masked_as_well() -> None:
    scrubber = found({"CONTRACT_CREDENTIAL_OTHER": "of-nobody-1", "CONTRACT_CREDENTIAL": "general-1"})[2]
    assert scrubber.text("of-nobody-1, general-1") == "$CONTRACT_CREDENTIAL_OTHER, $CONTRACT_CREDENTIAL"


# What can't be used

WRONG: dict[str, tuple[dict[str, str], str]] = {
    "no pair": ({"CONTRACT_CREDENTIAL_BASIC": "token-1234"}, "CONTRACT_CREDENTIAL_BASIC is no user:password"),
    "a colon alone": ({"CONTRACT_CREDENTIAL_BASIC": ":"}, "CONTRACT_CREDENTIAL_BASIC is no user:password"),
    "scheme of a token": ({"CONTRACT_CREDENTIAL_OAUTH2": "Bearer token-1234"}, "begins with the name of a scheme"),
    "scheme of basic": ({"CONTRACT_CREDENTIAL_BASIC": "Basic YTpi:"}, "begins with the name of a scheme"),
    "quotes": ({"CONTRACT_CREDENTIAL_QUERY": '"token-1234"'}, "stands in quotes"),
    "two lines": ({"CONTRACT_CREDENTIAL_COOKIE": "token\n1234"}, "holds characters that no header can carry"),
}


@pytest.mark.parametrize("name", WRONG)
def test_value_that_cannot_be_used_is_refused_and_not_shown(name: str) -> None:
    environ, said = WRONG[name]
    with pytest.raises(UsageError, match=said) as caught:
        found(environ)
    assert not [value for value in environ.values() if value != ":" and value in str(caught.value)]


@pytest.mark.parametrize("value", [PAIR, "ann:", ":pa55word-1", "ann:pa:55"])
def test_pair_of_user_and_password(value: str) -> None:
    assert found({"CONTRACT_CREDENTIAL_BASIC": value})[1] == {"CONTRACT_CREDENTIAL_BASIC": value}


def test_key_for_the_field_authorization_has_the_name_of_its_scheme() -> None:
    scheme = {"type": "apiKey", "in": "header", "name": "Authorization"}
    spec = spec_of(
        {"/a": {"get": {"responses": {}, "security": [{"k": []}]}}}, components={"securitySchemes": {"k": scheme}}
    )
    _, values, scrubber = found({"CONTRACT_CREDENTIAL": "Bearer token-1234"}, spec=spec)
    assert values == {"CONTRACT_CREDENTIAL": "Bearer token-1234"}
    assert scrubber.text("the token token-1234") == "the token $CONTRACT_CREDENTIAL"


def test_token_for_all_is_none_for_basic() -> None:
    spec, _, _ = found({"CONTRACT_CREDENTIAL": "token-1234"})
    assert (spec.variable_of("basic"), spec.variable_of("bearer")) == ("", "CONTRACT_CREDENTIAL")


def test_token_for_all_is_refused_where_all_is_basic() -> None:
    paths = {"/a": {"get": {"responses": {"200": {"description": ""}}, "security": [{"basic": []}]}}}
    spec = spec_of(paths, components={"securitySchemes": {"basic": SCHEMES["basic"]}})
    with pytest.raises(UsageError, match=r"^CONTRACT_CREDENTIAL is no user:password.* with a colon \(scheme basic\)$"):
        found({"CONTRACT_CREDENTIAL": "token-1234"}, spec=spec)


def test_password_is_a_secret_by_itself() -> None:
    scrubber = found({"CONTRACT_CREDENTIAL_BASIC": PAIR})[2]
    assert scrubber.text("bad pa55word-1 of ann") == "bad $CONTRACT_CREDENTIAL_BASIC of ann"


# What is missing

EITHER: list[Any] = [{"basic": []}, {"header": [], "query": []}]


def test_what_is_missing_is_named_with_its_scheme_and_alternatives() -> None:
    spec = found({}, spec=doors({"door": EITHER}))[0]
    with pytest.raises(UsageError) as caught:
        refuse_missing(spec, spec.operations, {"NOTTE_API_KEY": " "})
    assert str(caught.value) == (
        "the document asks for a credential and CONTRACT_CREDENTIAL is not set; for GET /door set "
        "CONTRACT_CREDENTIAL_BASIC (scheme basic: basic, user:password), or "
        "CONTRACT_CREDENTIAL_HEADER (scheme header: API key, header X-Key) and "
        "CONTRACT_CREDENTIAL_QUERY (scheme query: API key, query api key), or "
        "CONTRACT_CREDENTIAL for all, or leave --base-url out to use the mock"
    )


def test_a_flow_that_would_do_is_named_where_a_token_is_missing() -> None:
    flow = {"tokenUrl": "https://h/token", "scopes": {}}
    flows = {"clientCredentials": flow, "implicit": {"authorizationUrl": "https://h/", "scopes": {}}}
    schemes = {"oauth": {"type": "oauth2", "flows": flows}, "other": {"type": "oauth2", "flows": {"password": flow}}}
    paths = {"/a": {"get": {"responses": {"200": {"description": ""}}, "security": [{"oauth": []}]}}}
    spec = found({}, spec=spec_of(paths, components={"securitySchemes": schemes}))[0]
    with pytest.raises(UsageError) as caught:
        refuse_missing(spec, spec.operations, {})
    assert str(caught.value) == (
        "the document asks for a credential and CONTRACT_CREDENTIAL is not set; for GET /a set "
        "CONTRACT_CREDENTIAL_OAUTH (scheme oauth: oauth2 token), or CONTRACT_CREDENTIAL for all, or give "
        "--contract-token-from-flow with CONTRACT_CLIENT_ID_OAUTH and CONTRACT_CLIENT_SECRET_OAUTH "
        "(clientCredentials flow of the scheme oauth), or leave --base-url out to use the mock"
    )


def test_that_the_variable_of_the_domain_is_not_for_this_is_said() -> None:
    spec = found(NOTTES)[0]
    with pytest.raises(UsageError) as caught:
        refuse_missing(spec, spec.operations, NOTTES)
    assert str(caught.value).startswith(
        "the document asks for a credential and CONTRACT_CREDENTIAL is not set (NOTTE_API_KEY is, but is used for "
        "Notte's own document alone, which this is not); for GET /door set CONTRACT_CREDENTIAL_BEARER (scheme bearer"
    )


@pytest.mark.parametrize("wanted", [[], [{}], [{"bearer": []}, {}]], ids=["none", "empty", "optional"])
def test_nothing_is_missing_where_none_is_needed(wanted: list[Any]) -> None:
    spec = found({}, spec=doors({"door": wanted}))[0]
    refuse_missing(spec, spec.operations, {"NOTTE_API_KEY": "of-notte-1"})


LACKS: dict[str, tuple[dict[str, str], list[Any], str]] = {
    "all of it": ({"header": "k-123456"}, [{"bearer": []}], "CONTRACT_CREDENTIAL_BEARER (scheme bearer: bearer)"),
    "half of it": (
        {"header": "k-123456"},
        [{"header": [], "openid": []}],
        "CONTRACT_CREDENTIAL_OPENID (scheme openid: openIdConnect token)",
    ),
    "nothing, by the other": ({"header": "k-123456"}, [{"bearer": []}, {"header": []}], ""),
    "a certificate, or a token": (
        {"header": "k-123456"},
        [{"tls": []}, {"bearer": []}],
        "--contract-client-cert FILE (scheme tls), or CONTRACT_CREDENTIAL_BEARER (scheme bearer: bearer)",
    ),
    "what can be read alone": (
        {"header": "k-123456"},
        [{"undefined": []}, {"bearer": []}],
        "CONTRACT_CREDENTIAL_BEARER (scheme bearer: bearer)",
    ),
    "nothing, it is optional": ({"header": "k-123456"}, [{"bearer": []}, {}], ""),
}


@pytest.mark.parametrize("name", LACKS)
def test_what_is_lacking_of_some(name: str) -> None:
    given, wanted, lack = LACKS[name]
    environ = {own_variable(scheme): value for scheme, value in given.items()}
    spec = found(environ, spec=doors({"door": wanted}))[0]
    assert lack_of(spec.operations[0], spec) == lack
    assert [lack in said for said in shortcomings(spec.operations, spec)] == [True] * bool(lack)


def test_one_variable_for_two_schemes_that_are_wanted_together_is_said() -> None:
    spec = doors({"door": [{"header": [], "query": []}]})
    both = [("header", "MINE"), ("query", "MINE")]
    spec = found({"MINE": "key-123456"}, *both, spec=spec)[0]
    assert list(shortcomings(spec.operations, spec)) == [
        "GET /door wants header and query together, and MINE is sent for both; "
        "give each its own, CONTRACT_CREDENTIAL_QUERY for query"
    ]
