"""What the texts of options mean, by their rows; and by which way a service is asked."""

from __future__ import annotations

from inspect import signature
from pathlib import Path

import pytest

from contracts.decision.run_decision import Policy
from contracts.errors import UsageError
from contracts.notte.domain import PROXY_VARIABLE
from contracts.rules import rules_for
from contracts.run.credentials import proxy_secrets
from contracts.run.inputs import proxy_from
from contracts.run.options import OPTIONS, Option, Options, options_from

PEM = Path(__file__).parents[1] / "exchanges" / "loopback.pem"


def parsed(**given: object) -> Options:
    """The options; they are named as the fields are."""
    return options_from(lambda option: given.get(option.field))


def test_defaults_are_those_of_the_rules_and_of_the_decision() -> None:
    seconds = signature(rules_for).parameters["max_seconds"].default
    assert (Options().max_response_time, Options().max_unavailable) == (5.0, 0.05)
    assert (seconds, Policy().max_unavailable) == (5.0, 0.05)
    assert parsed() == Options()


@pytest.mark.parametrize("option", OPTIONS, ids=lambda option: option.name)
def test_default_of_a_flag_is_no_and_of_a_list_nothing(option: Option) -> None:
    expected = {"flag": False, "list": (), "value": getattr(Options(), option.field)}[option.kind]
    assert option.default == expected == getattr(Options(), option.field)


@pytest.mark.parametrize(
    ("rate", "interval"), [("5/s", 0.2), ("300/m", 0.2), ("0.5/s", 2), ("3600/h", 1), (None, 0), ("1/m", 60)]
)
def test_rate(rate: str | None, interval: float) -> None:
    assert parsed(rate=rate).rate == interval


@pytest.mark.parametrize(
    "rate", ["0/s", "5", "5/d", "-1/s", "/s", "5/s/s", "5 / s", "inf/s", "1e3/s", "\u0665/s", "0.0/m"]
)
def test_unusable_rate_is_refused(rate: str) -> None:
    with pytest.raises(UsageError, match="is no rate above 0; give 5/s or 300/m, say"):
        parsed(rate=rate)


@pytest.mark.parametrize(("value", "requests"), [("1", 1), ("00200", 200), (7, 7), (None, None)])
def test_requests(value: object, requests: int | None) -> None:
    assert parsed(max_requests=value).max_requests == requests


@pytest.mark.parametrize("value", ["0", "-1", "1.5", "many", "1e3", "1_000"])
def test_unusable_number_of_requests_is_refused(value: str) -> None:
    with pytest.raises(UsageError, match=f"--contract-max-requests {value} is no number of requests above 0"):
        parsed(max_requests=value)


@pytest.mark.parametrize(
    ("value", "seconds"), [("600", 600), ("10m", 600), ("1.5h", 5400), ("90s", 90), (30, 30), (None, None)]
)
def test_time(value: object, seconds: float | None) -> None:
    assert parsed(max_time=value).max_time == seconds


@pytest.mark.parametrize("value", ["0", "0m", "-1", "10 m", "1d", "nan", "inf", "m"])
def test_unusable_time_is_refused(value: str) -> None:
    with pytest.raises(UsageError, match=f"--contract-max-time {value} is no time above 0"):
        parsed(max_time=value)


def proxy_of(proxy: str | None = None, **environ: str) -> str | None:
    return proxy_from(parsed(proxy=proxy), environ)


@pytest.mark.parametrize("proxy", ["http://gateway:3128", "https://gateway/", "http://[::1]:80"])
def test_proxy(proxy: str) -> None:
    assert proxy_of(proxy) == proxy


def test_proxy_of_the_environment_may_hold_a_password() -> None:
    assert proxy_of(NOTTE_PROXY="http://me:pa55word@gateway") == "http://me:pa55word@gateway"
    assert proxy_of("http://other", NOTTE_PROXY="http://me:pa55word@gateway") == "http://other"


@pytest.mark.parametrize("proxy", ["http://me:pa55word@gateway", "pa55word@gateway", "http://pa55word@gateway"])
def test_proxy_with_a_password_is_refused_unseen(proxy: str) -> None:
    with pytest.raises(UsageError, match=f"put the whole URL into {PROXY_VARIABLE}") as caught:
        proxy_of(proxy)
    assert "pa55word" not in str(caught.value)


@pytest.mark.parametrize(
    "proxy", ["gateway:3128", "socks5://h", "http://", "http://h/path", "http://h:port", "http://h o"]
)
def test_unusable_proxy_is_refused(proxy: str) -> None:
    with pytest.raises(UsageError, match="is no usable proxy"):
        proxy_of(proxy)
    with pytest.raises(UsageError, match=r"^NOTTE_PROXY is no usable proxy"):
        proxy_of(NOTTE_PROXY=proxy)


def test_bundle(tmp_path: Path) -> None:
    assert parsed(ca_bundle=str(PEM)).ca_bundle == str(PEM)
    (tmp_path / "none.pem").write_text("no certificate")
    with pytest.raises(UsageError, match="it holds no certificate"):
        parsed(ca_bundle=str(tmp_path / "none.pem"))
    with pytest.raises(UsageError, match="No such file"):
        parsed(ca_bundle=str(tmp_path / "missing.pem"))


def test_passwords_of_proxies_are_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://you:other%2Fword@gateway")
    found = proxy_secrets({"NOTTE_PROXY": "http://me:pa55word@gateway"})
    assert {"me:pa55word", "pa55word", "you:other/word", "other/word"} == set(found.values())


@pytest.mark.parametrize(
    ("url", "secret"),
    [
        ("http://me:pa//55word@gateway:3128", "pa//55word"),
        ("http://me:pa@55//word@gateway", "pa@55//word"),
        ("http://me:pa55word://x@gateway", "pa55word://x"),
        ("me:pa55word@gateway", "pa55word"),
        ("http://me:pa55word", "pa55word"),
        ("http://me:pa55word:3128", "pa55word:3128"),
        ("http://me:pa55word%40gateway", "pa55word@gateway"),
        ("http://me:123456", "123456"),
        ("http://t0k3nt0k3n@gateway", "t0k3nt0k3n"),
        ("http://t0k3nt0k3n:@gateway", "t0k3nt0k3n"),
    ],
)
def test_a_password_of_a_proxy_is_one_however_the_url_is_written(url: str, secret: str) -> None:
    assert proxy_secrets({"NOTTE_PROXY": url})["NOTTE_PROXY_PASSWORD"] == secret


@pytest.mark.parametrize(
    "url",
    ["", "http://gateway", "gateway:3128", "http://10.0.0.1:80/", "http://[::1]:3128", "https://gateway.example/"],
)
def test_a_proxy_without_a_password_has_no_secret(url: str) -> None:
    assert proxy_secrets({"NOTTE_PROXY": url}) == {}
