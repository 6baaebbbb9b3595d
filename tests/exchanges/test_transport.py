"""By which way a service is reached, and how a body comes back: proxies, certificates, content codings."""

from __future__ import annotations

import base64
import contextlib
import gzip
import random
import socket
import ssl
import threading
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import h11
import httpcore2
import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.exchanges import Route
from contracts.exchanges.transport import Limits, Transport, decoded
from contracts.exchanges.wires import Channel, NoAnswer
from contracts.messages import FailureKind, Request
from tests.exchanges.test_client import GET, OK, Script, ask_at, failure_of, status_of
from tests.service import raw_server

# Content codings are undone, strictly and within bounds

TEXT = b'{"status":"active"}' * 3


def raw_deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(data) + packer.flush()


def undo(body: bytes, *values: str, limit: int = 1000) -> bytes:
    return decoded(body, tuple(("content-Encoding", value) for value in values), limit)


@pytest.mark.parametrize(
    ("body", "values"),
    [
        pytest.param(TEXT, [], id="no field"),
        pytest.param(TEXT, [""], id="an empty field"),
        pytest.param(TEXT, ["identity"], id="identity"),
        pytest.param(gzip.compress(TEXT), ["gzip"], id="gzip"),
        pytest.param(gzip.compress(TEXT), ["GZip"], id="gzip in capitals"),
        pytest.param(gzip.compress(TEXT), ["x-gzip"], id="x-gzip"),
        pytest.param(gzip.compress(TEXT[:9]) + gzip.compress(TEXT[9:]), ["gzip"], id="two members"),
        pytest.param(zlib.compress(TEXT), ["deflate"], id="deflate"),
        pytest.param(raw_deflate(TEXT), ["deflate"], id="deflate without its frame"),
        pytest.param(gzip.compress(zlib.compress(TEXT)), ["deflate, gzip"], id="one after the other"),
        pytest.param(gzip.compress(zlib.compress(TEXT)), ["deflate", "identity, gzip"], id="in two fields"),
    ],
)
def test_codings_are_undone(body: bytes, values: list[str]) -> None:
    assert undo(body, *values) == TEXT


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "unknown"])
def test_an_empty_body_needs_no_decoding(coding: str) -> None:
    assert undo(b"", coding) == b""


@pytest.mark.parametrize(
    ("body", "value", "says"),
    [
        pytest.param(TEXT, "gzip", "gzip; decoding fails", id="plain text"),
        pytest.param(TEXT, "deflate", "deflate; decoding fails", id="plain text as deflate"),
        pytest.param(zlib.compress(TEXT), "gzip", "gzip; decoding fails", id="another format"),
        pytest.param(gzip.compress(TEXT)[:-1], "gzip", "ends too early", id="the check value cut short"),
        pytest.param(gzip.compress(TEXT)[:-9], "gzip", "ends too early", id="the data cut short"),
        pytest.param(raw_deflate(TEXT)[:-3], "deflate", "ends too early", id="deflate cut short"),
        pytest.param(gzip.compress(TEXT) + b"more", "gzip", "gzip; decoding fails", id="something after it"),
        pytest.param(gzip.compress(TEXT)[:-8] + bytes(8), "gzip", "incorrect data check", id="another check value"),
        pytest.param(TEXT, "br", "br; the request accepts gzip, deflate", id="not asked for"),
        pytest.param(gzip.compress(TEXT), "gzip, br", "br; the request accepts", id="not asked for, outermost"),
    ],
)
def test_what_is_encoded_otherwise_is_refused(body: bytes, value: str, says: str) -> None:
    with pytest.raises(NoAnswer, match=says):
        undo(body, value)


@pytest.mark.parametrize("pack", [gzip.compress, zlib.compress, raw_deflate])
def test_the_limit_is_that_of_the_decoded_body(pack: object) -> None:
    body, coding = pack(TEXT), "gzip" if pack is gzip.compress else "deflate"  # type: ignore[operator]
    assert undo(body, coding, limit=len(TEXT)) == TEXT
    with pytest.raises(NoAnswer, match="longer than"):
        undo(body, coding, limit=len(TEXT) - 1)


def test_the_limit_holds_for_all_members_together() -> None:
    with pytest.raises(NoAnswer, match="longer than"):
        undo(gzip.compress(TEXT) * 2, "gzip", limit=2 * len(TEXT) - 1)


@given(st.binary(), st.sampled_from(["gzip", "deflate", "gzip, deflate"]))
def test_any_bytes_are_decoded_or_refused(body: bytes, value: str) -> None:
    with contextlib.suppress(NoAnswer):
        assert len(undo(body, value, limit=50)) <= 50


def test_many_empty_members_take_no_longer_than_their_bytes() -> None:
    assert undo(gzip.compress(b"") * 100_000 + gzip.compress(TEXT), "gzip") == TEXT


def test_a_member_that_spans_pieces_is_whole() -> None:
    noise = random.Random(1).randbytes(200_000)
    assert undo(gzip.compress(noise) * 2, "gzip", limit=400_000) == noise * 2


def test_a_member_after_the_first_is_bounded_by_what_is_left() -> None:
    with pytest.raises(NoAnswer, match="longer than"):
        undo(gzip.compress(b"x" * 600) * 2, "gzip", limit=1199)


def test_endless_codings_are_not_undone() -> None:
    with pytest.raises(NoAnswer, match="names 1000 codings; at most 4 are undone"):
        undo(TEXT, *["gzip"] * 1000)


# A proxy of the option or the variable, and certificates of one's own

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


class Pieces(httpcore2.NetworkStream):
    """What was written in how many pieces, and pieces that are read."""

    def __init__(self, *answers: bytes) -> None:
        self.written, self.answers, self.closed = list[bytes](), [*answers], False

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self.written.append(buffer)

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self.answers.pop(0)

    def get_extra_info(self, info: str) -> object:
        return False

    def close(self) -> None:
        self.closed = True


KEPT = b"HTTP/1.1 200 OK\r\nX-Case: kept\r\nContent-Length: 2\r\n\r\n"


def put(wire: Channel, meanwhile: Callable[[], object] = tuple) -> bytes:
    head = h11.Request(method="PUT", target="/", headers=[("Host", "a"), ("Content-Length", "1")])
    content = b"".join(wire.asked(head, b"1", meanwhile).iter_stream())
    wire.close()
    return content


def test_head_and_content_go_out_together_and_the_connection_is_kept() -> None:
    pieces = Pieces(b"HTTP/1.1 100 Continue\r\n\r\n", KEPT, b"{", b"}", KEPT + b"[]")
    wire = Channel(pieces, 1.0, 60.0)
    assert [put(wire), wire.headers[0], wire.is_idle() and not wire.has_expired()] == [
        b"{}",
        (b"X-Case", b"kept"),
        True,
    ]
    assert (put(wire), pieces.closed) == (b"[]", False)
    assert pieces.written == [b"PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\n1"] * 2


def test_something_is_done_once_a_request_while_its_answer_is_awaited() -> None:
    pieces, found = Pieces(b"HTTP/1.1 100 Continue\r\n\r\n", KEPT, b"{}", KEPT + b"[]"), list[tuple[int, int]]()
    wire = Channel(pieces, 1.0, 60.0)
    for _ in range(2):
        put(wire, lambda: found.append((len(pieces.written), len(pieces.answers))))
    assert found == [(1, 4), (2, 1)]


def test_an_answer_before_all_was_taken_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: object) -> None:
        raise httpcore2.WriteError("broken pipe")

    monkeypatch.setattr(Pieces, "write", refuse)
    assert put(Channel(Pieces(KEPT + b"{}"), 1.0, 60.0)) == b"{}"


def test_a_connection_that_was_idle_for_too_long_is_left() -> None:
    wire = Channel(Pieces(KEPT + b"{}"), 1.0, 0.0)
    put(wire)
    assert not wire.is_idle()


def test_a_connection_whose_answer_is_not_read_to_its_end_is_closed() -> None:
    pieces = Pieces(KEPT + b"{")
    wire = Channel(pieces, 1.0, 60.0)
    wire.asked(h11.Request(method="GET", target="/", headers=[("Host", "a")]), b"", tuple).close()
    assert (pieces.closed, wire.is_idle()) == (True, False)


# What a request says of itself, which httpx2 would have written so


@pytest.mark.parametrize(
    "request_",
    [
        pytest.param(Request("GET", "/a?b=c", (("Accept", "x"),)), id="no content"),
        pytest.param(Request("POST", "/a", (("Accept", "x"),), b"1"), id="content"),
        pytest.param(Request("post", "/a", (("Accept", "x"),)), id="content that is lacking"),
        pytest.param(Request("QUERY", "/a", (), b""), id="content that is empty"),
        pytest.param(Request("DELETE", "/a"), id="content that is not expected"),
        pytest.param(Request("PUT", "/a", (("content-length", "1"),), b"1"), id="a length of its own"),
        pytest.param(Request("PUT", "/a", (("Transfer-Encoding", "chunked"),), b"1"), id="chunks"),
        pytest.param(Request("GET", "/a", (("HOST", "b"), ("Ä", "ä"), ("X", "1"), ("x", "2"))), id="a host of its own"),
    ],
)
@pytest.mark.parametrize("base", ["http://127.0.0.1:81/v1", "https://ä.example", "http://[::1]"])
def test_fields_of_framing_are_those_of_httpx2(request_: Request, base: str) -> None:
    fields = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in request_.headers]
    usual = httpx2.Request(request_.method, base, headers=fields, content=request_.body)
    size, is_missed = len(request_.body or b""), request_.method.upper() in {"POST", "QUERY"}
    assert Transport(base, Route(), Limits())._framed(request_.headers, size, is_missed) == usual.headers.raw
