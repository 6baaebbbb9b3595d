"""What is said of a certificate that is refused, and of a port that speaks the other scheme."""

from __future__ import annotations

import contextlib
import socket
import socketserver
import ssl
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from contracts.exchanges import Route, wires
from contracts.exchanges.health import blocked
from contracts.exchanges.transport import Limits, Transport
from contracts.exchanges.wires import certificate_problem
from contracts.messages import Exchange, Failure, FailureKind, Request, Response
from tests.exchanges.test_client import GET, OK, SPEC

HERE = Path(__file__).parent
LOOPBACK, EXPIRED, UNKNOWN = HERE / "loopback.pem", HERE / "expired.pem", HERE / "unknown.pem"
SELF_SIGNED = HERE.parent / "service" / "untrusted.pem"
NGINX = b"HTTP/1.1 400 Bad Request\r\nContent-Type: text/html\r\nContent-Length: 0\r\n\r\n"
Talk = Callable[[socket.socket], None]


def over_tls(pem: Path, *, silent: bool = False, plain: bytes = b"") -> Talk:
    """Talks TLS; to other beginnings says nothing, or what is given, or what OpenSSL says."""

    def talk(connection: socket.socket) -> None:
        if (silent or plain) and connection.recv(1, socket.MSG_PEEK) != b"\x16":
            connection.sendall(plain)
            connection.recv(65536)
            connection.recv(1)  # until the client goes
            return
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pem)
        with context.wrap_socket(connection, server_side=True) as secure:
            secure.recv(65536)
            secure.sendall(OK)

    return talk


def over_http(connection: socket.socket) -> None:
    asked = connection.recv(65536)
    connection.sendall(OK if asked.startswith((b"GET ", b"HEAD ")) else NGINX)


def silent_over_http(connection: socket.socket) -> None:
    """Waits for the end of a head, as many servers do."""
    if not connection.recv(65536).startswith((b"GET ", b"HEAD ")):
        connection.recv(1)
    connection.sendall(OK)


def alert(connection: socket.socket) -> None:
    if connection.recv(65536).startswith(b"\x16"):
        connection.sendall(b"\x16\x03\x03")
    else:
        connection.sendall(b"\x15\x03\x01\x00\x02\x02\x46")


class Server(socketserver.ThreadingTCPServer):
    daemon_threads, block_on_close = True, False


@contextlib.contextmanager
def serving(talk: Talk) -> Iterator[tuple[int, list[str]]]:
    """The port of a server, and a list that grows by each connection."""
    seen: list[str] = []

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            seen.append(self.client_address[0])
            with contextlib.suppress(OSError):
                talk(self.request)

    with Server(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        yield server.server_address[1], seen
        server.shutdown()
        thread.join()


def answer_of(url: str, bundle: Path | None = None, limits: Limits | None = None) -> Response | Failure:
    sender = Transport(url, Route(ca_bundle=str(bundle) if bundle else None), limits or Limits())
    with contextlib.closing(sender):
        return sender.answer(Request("GET", "/things/1"))


TRUST = "if you trust it, give a file with it or its issuer as --contract-ca-bundle"


@pytest.mark.parametrize(
    ("pem", "bundle", "host", "said"),
    [
        pytest.param(SELF_SIGNED, None, "127.0.0.1", f"self-signed certificate); {TRUST}", id="self-signed"),
        pytest.param(UNKNOWN, None, "127.0.0.1", f"unable to get local issuer certificate); {TRUST}", id="issuer"),
        pytest.param(EXPIRED, EXPIRED, "127.0.0.1", "certificate has expired); renew it, or set", id="expired"),
        pytest.param(LOOPBACK, LOOPBACK, "localhost", "not valid for 'localhost'); give a name that", id="name"),
    ],
)
def test_a_refused_certificate_is_said_with_what_helps(pem: Path, bundle: Path | None, host: str, said: str) -> None:
    with serving(over_tls(pem)) as (port, seen):
        failure = answer_of(f"https://{host}:{port}", bundle)
    assert isinstance(failure, Failure)
    assert (failure.kind, len(seen)) == (FailureKind.TLS, 1)
    assert failure.detail.startswith("the certificate is refused (")
    assert said in failure.detail
    assert "--contract-ca-bundle" in failure.detail
    assert "_ssl.c" not in failure.detail


@pytest.mark.parametrize(("code", "cure"), [(9, "renew it"), (64, "give a name that it has in --base-url")])
def test_what_helps_goes_by_the_code(code: int, cure: str) -> None:
    error = ssl.SSLCertVerificationError(1, "no")
    error.verify_code, error.verify_message = code, "no."
    assert f"refused (no); {cure}" in certificate_problem(error)


@pytest.mark.parametrize(
    ("scheme", "other", "talk"),
    [
        pytest.param("http", "https", over_tls(LOOPBACK), id="TLS that resets"),
        pytest.param("http", "https", over_tls(LOOPBACK, plain=NGINX), id="TLS that answers 400"),
        pytest.param("http", "https", over_tls(LOOPBACK, silent=True), id="TLS that waits in silence"),
        pytest.param("http", "https", alert, id="TLS that sends an alert"),
        pytest.param("https", "http", over_http, id="HTTP that answers 400"),
        pytest.param("https", "http", silent_over_http, id="HTTP that waits in silence"),
    ],
)
def test_a_port_of_the_other_scheme_is_said(
    scheme: str, other: str, talk: Talk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wires, "SILENCE", 0.05)
    with serving(talk) as (port, seen):
        sender = Transport(f"{scheme}://127.0.0.1:{port}/v1", Route(), Limits(connect=0.2))
        with contextlib.closing(sender):
            answers = [sender.answer(Request("GET", "/things/1")) for _ in range(3)]
    (failure,) = set(answers)
    assert isinstance(failure, Failure)
    assert failure.kind is FailureKind.TLS
    assert failure.detail.endswith(f"; give --base-url {other}://127.0.0.1:{port}/v1")
    assert len(seen) == 2  # the request and the greeting; nothing is sent after that


def test_a_service_that_takes_its_time_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wires, "SILENCE", 0.01)
    greeted = threading.Event()

    def talk(connection: socket.socket) -> None:
        if connection.recv(65536).startswith(b"\x16"):
            greeted.set()
        elif greeted.wait(60):
            connection.sendall(OK)

    with serving(talk) as (port, _):
        assert isinstance(answer_of(f"http://127.0.0.1:{port}"), Response)


def cuts_the_handshake(connection: socket.socket) -> None:
    if not connection.recv(65536).startswith(b"\x16"):
        connection.sendall(NGINX)


@pytest.mark.parametrize(
    "talk",
    [lambda connection: None, over_tls(EXPIRED, plain=NGINX), cuts_the_handshake],
    ids=["nobody", "TLS with a bad certificate", "TLS that fails"],
)
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_no_scheme_is_suggested_that_the_port_does_not_speak(scheme: str, talk: Talk) -> None:
    with serving(talk) as (port, _):
        outcome = answer_of(f"{scheme}://127.0.0.1:{port}", EXPIRED, Limits(connect=0.5))
    assert "--base-url http:" not in str(outcome)


def test_a_service_that_answered_is_not_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = iter((OK, b"", b""))
    with serving(lambda connection: connection.sendall(next(answers) * bool(connection.recv(65536)))) as (port, seen):
        sender = Transport(f"http://127.0.0.1:{port}", Route(), Limits())
        with contextlib.closing(sender):
            first, second = (sender.answer(Request("GET", "/things/1")) for _ in range(2))
    assert isinstance(first, Response)
    assert isinstance(second, Failure)
    assert (second.kind, len(seen)) == (FailureKind.RESET, 2)


def test_a_proxy_is_not_passed_by() -> None:
    with serving(lambda connection: None) as (proxy, _), serving(over_tls(LOOPBACK)) as (port, seen):
        sender = Transport(f"http://127.0.0.1:{port}", Route(f"http://127.0.0.1:{proxy}"), Limits())
        with contextlib.closing(sender):
            assert isinstance(sender.answer(Request("GET", "/things/1")), Failure)
    assert seen == []


def test_the_decision_says_it_without_asking_whether_the_service_is_up() -> None:
    failure = Failure(FailureKind.TLS, "the port speaks TLS and no plain HTTP; give --base-url https://h")
    assert (
        blocked(SPEC, [Exchange(0, GET, failure=failure)]) == f"no request was answered, TLS failed: {failure.detail}"
    )
