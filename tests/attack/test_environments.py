"""Environments that can't be used: a sentence with the name of the variable, exit code 4, and nothing is sent."""

import pytest

from tests.run.projects import CANARY, GIVEN, Project, Things

PROXIES = {
    "SOCKS": "socks5://127.0.0.1:9",
    "SOCKS with names": "socks5h://127.0.0.1:9",
    "ftp": "ftp://127.0.0.1:9",
    "a file": "file:///etc/passwd",
    "no host": "http://",
    "no host, a port": ":80",
    "half an address": "http://[::1",
    "no address": "http://[]:1",
    "an address of the future": "http://[v1.a]",
    "a port beyond all": "http://127.0.0.1:99999",
    "a port of letters": "http://127.0.0.1:x",
    "a long port": f"http://127.0.0.1:{'1' * 5000}",
    "an empty label": "http://a..b",
    "dots": "http://..",
    "a long label": f"http://{'a' * 300}",
    "a path": "http://127.0.0.1:9/x?y#z",
    "a blank": "http://a b",
    "a line": "http://a\nb",
    "letters beyond ASCII": "http://\u00e9",
    "a password": f"socks5://user:{CANARY}@127.0.0.1:9",
    "a password and half an address": f"http://user:{CANARY}@[::1",
}
WANTED = "is no usable proxy; give http(s)://HOST[:PORT]"


VARIABLES = [("HTTP_PROXY", name) for name in PROXIES]
VARIABLES += [(each, "SOCKS") for each in ("NOTTE_PROXY", "https_proxy", "ALL_PROXY", "all_proxy", "HTTPS_PROXY")]


@pytest.mark.parametrize(("variable", "name"), VARIABLES)
def test_proxies_that_can_t_be_used(
    variable: str, name: str, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, PROXIES[name])
    scheme = "https" if variable.lower() == "https_proxy" else "http"
    run = project.run("-q", f"--base-url={scheme}://service.example", *GIVEN)
    assert (run.code, run.out.strip()) == (4, "")
    assert run.err.startswith(f"ERROR: {variable.upper()} {WANTED}")
    assert CANARY not in run.err


@pytest.mark.parametrize("url", list(PROXIES.values())[:6], ids=list(PROXIES)[:6])
def test_a_proxy_of_the_option_that_can_t_be_used(url: str, project: Project) -> None:
    run = project.run("-q", "--base-url=http://service.example", *GIVEN, f"--contract-proxy={url}")
    assert run.code == 4
    assert f"--contract-proxy {url} {WANTED}" in run.err


def test_a_proxy_that_is_not_asked_is_none_of_our_business(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALL_PROXY", "socks5://127.0.0.1:9")
    assert project.ask(Things()).code == 0


@pytest.mark.parametrize("file", ["/nonexistent", "/dev/null", __file__, "/"])
def test_certificates_that_can_t_be_used(file: str, project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("contracts.exchanges.transport._trust", _untrusting(file, monkeypatch))
    run = project.run("-q", "--base-url=https://service.example", *GIVEN)
    assert run.code == 4
    assert "SSL_CERT_FILE or SSL_CERT_DIR can't be used (" in run.err


def _untrusting(file: str, monkeypatch: pytest.MonkeyPatch) -> object:
    from contracts.exchanges import transport

    monkeypatch.setenv("SSL_CERT_FILE", file)
    return transport._trust.__wrapped__
