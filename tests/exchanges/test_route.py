"""By which way a service is reached: a proxy of the option or the variable, and certificates of one's own."""

from __future__ import annotations

import base64
import contextlib
import socket
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from contracts.exchanges import Route
from contracts.messages import FailureKind
from tests.exchanges.test_client import GET, OK, Script, ask_at, failure_of, status_of
from tests.service import raw_server

PEM = Path(__file__).with_name("loopback.pem")
"""A certificate for 127.0.0.1 with its key, which is nobody's secret; good until 2126."""


@contextlib.contextmanager
def tls_server() -> Iterator[str]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(PEM)
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            connection, _ = listener.accept()
            with contextlib.suppress(OSError), context.wrap_socket(connection, server_side=True) as secure:
                secure.recv(65536)
                secure.sendall(OK)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"https://127.0.0.1:{listener.getsockname()[1]}"
        thread.join(5)


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("contracts.exchanges.client.ATTEMPTS", 1)


def test_certificate_of_the_bundle_is_trusted() -> None:
    with tls_server() as url:
        assert status_of(ask_at(url, GET, route=Route(ca_bundle=str(PEM)))) == 200


def test_other_certificates_are_not() -> None:
    with tls_server() as url:
        assert failure_of(ask_at(url, GET)) is FailureKind.TLS


def test_proxy_is_asked_instead_of_the_service() -> None:
    script = Script(OK)
    with raw_server(script) as proxy:
        assert status_of(ask_at("http://127.0.0.1:9/v1", GET, route=Route(proxy))) == 200
    assert script.requests[0].startswith(b"GET http://127.0.0.1:9/v1/things/1 HTTP/1.1\r\n")


def test_proxy_gets_its_password_and_the_service_does_not_see_it() -> None:
    script = Script(OK)
    with raw_server(script) as proxy:
        route = Route(proxy.replace("//", "//me:pa55word@"))
        assert status_of(ask_at("http://api.example", GET, route=route)) == 200
    assert b"Basic " + base64.b64encode(b"me:pa55word") in script.requests[0]
    assert "pa55word" not in repr(route)


def test_proxy_of_a_tls_service_is_told_its_address_alone() -> None:
    script = Script(b"HTTP/1.1 403 No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
    with raw_server(script) as proxy:
        assert failure_of(ask_at("https://api.example/v1", GET, route=Route(proxy))) is FailureKind.REFUSED
    assert script.requests[0].startswith(b"CONNECT api.example:443 HTTP/1.1\r\n")
    assert b"k-0123456789" not in b"".join(script.requests)
