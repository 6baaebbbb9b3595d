"""A service at its worst: good answers go in, and what comes out of the socket is what no client hopes for.

Each case is a function of one connection and a row of `CASES`, which says what a contract run has to make of it.
"""

import contextlib
import gzip
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import repeat
from pathlib import Path

from .raw import HEAD_END, Script, whole_request, with_line
from .running import bound_socket, port_of_nobody

UNTRUSTED = Path(__file__).with_name("untrusted.pem")
"""A certificate that nobody signed, good until 2126, and its key: a secret of nobody."""
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
BUSY = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
BURST = range(10, 16)
KILOBYTE, GIGABYTE = b"x" * 1024, 2**30


@dataclass(slots=True)
class Talk:
    """One connection, the `number`th from 1; `over` is set when the server is done, and ends every stall."""

    connection: socket.socket
    number: int
    good: Script
    over: threading.Event

    def answer(self) -> bytes:
        """The good answer to the request, once that was read."""
        good = self.good(whole_request(self.connection)) or b""
        return with_line(b"Connection: close")(good) or b""

    def send(self, *pieces: bytes) -> None:
        for piece in pieces:
            self.connection.sendall(piece)

    def flood(self, piece: bytes) -> None:
        """The piece again and again, until nobody listens."""
        for _ in repeat(None, 64 * GIGABYTE // len(piece)):
            self.send(piece)

    def stall(self) -> None:
        self.over.wait(600)

    def drip(self, data: bytes) -> None:
        """A byte a second, or as many as there are until nobody listens."""
        for byte in data:
            self.send(bytes([byte]))
            if self.over.wait(1):
                return

    def reset(self) -> None:
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()


Behaviour = Callable[[Talk], object]


@dataclass(frozen=True, slots=True)
class Chaos:
    """A case: what happens on each connection (None: nobody listens), and the decision that a run has to come to.

    `slow` cases end when the client's patience does.
    """

    name: str
    result: str
    happens: Behaviour | None
    scheme: str = "http"
    slow: bool = False


def instead(data: bytes) -> Behaviour:
    """Whatever is asked, these bytes."""

    def happens(talk: Talk) -> None:
        talk.answer()
        talk.send(data)

    return happens


def edited(edit: Callable[[bytes], bytes | None]) -> Behaviour:
    """The good answer, edited."""
    return lambda talk: talk.send(edit(talk.answer()) or b"")


def endless(head: bytes, piece: bytes) -> Behaviour:
    def happens(talk: Talk) -> None:
        talk.answer()
        talk.send(head)
        talk.flood(piece)

    return happens


def parts(good: bytes) -> tuple[bytes, bytes]:
    """The head of an answer without its Content-Length and without its last line's end, and the body."""
    head, _, body = good.partition(HEAD_END)
    lines = [line for line in head.split(b"\r\n") if not line.lower().startswith(b"content-length")]
    return b"\r\n".join(lines) + b"\r\n", body


def with_length(difference: int) -> Callable[[bytes], bytes]:
    def edit(good: bytes) -> bytes:
        head, body = parts(good)
        return head + b"Content-Length: %d\r\n\r\n" % max(len(body) + difference, 0) + body

    return edit


def chunked(size: bytes, end: bytes = b"\r\n0\r\n\r\n") -> Callable[[bytes], bytes]:
    def edit(good: bytes) -> bytes:
        head, body = parts(good)
        return head + b"Transfer-Encoding: chunked\r\n\r\n" + size + b"\r\n" + body + end

    return edit


def compressed(packed: bytes) -> bytes:
    return HEAD + b"Content-Encoding: gzip\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(packed) + packed


@cache
def packed_gigabyte() -> bytes:
    """A gigabyte of zeros in a megabyte."""
    return compressed(gzip.compress(bytes(2**24)) * (GIGABYTE // 2**24))


def bomb(talk: Talk) -> None:
    talk.answer()
    talk.send(packed_gigabyte())


def resets(talk: Talk) -> None:
    talk.answer()
    talk.reset()


def resets_mid_body(talk: Talk) -> None:
    talk.send(with_length(+9)(talk.answer()))
    talk.reset()


def stalls_mid_body(talk: Talk) -> None:
    talk.send(with_length(+9)(talk.answer()))
    talk.stall()


def stalls(talk: Talk) -> None:
    talk.answer()
    talk.stall()


def stalls_unread(talk: Talk) -> None:
    talk.stall()


def drips_the_head(talk: Talk) -> None:
    talk.drip(talk.answer())


def drips_the_body(talk: Talk) -> None:
    head, _, body = talk.answer().partition(HEAD_END)
    talk.send(head + HEAD_END)
    talk.drip(body + b" " * 600)


def bursts(talk: Talk) -> None:
    answer = talk.answer()
    talk.send(BUSY if talk.number in BURST else answer)


def breaks_down(talk: Talk) -> None:
    answer = talk.answer()
    talk.send(BUSY if talk.number > BURST.start else answer)


def goes_away(talk: Talk) -> None:
    answer = talk.answer()
    if talk.number > BURST.start:
        talk.reset()
    else:
        talk.send(answer)


def answers_unasked(talk: Talk) -> None:
    """A second answer behind each, on a connection that is kept; it answers nothing (RFC 9112 §9.2)."""
    while request := whole_request(talk.connection):
        talk.send((talk.good(request) or b"") + b"HTTP/1.1 500 Stale\r\nContent-Length: 0\r\n\r\n")


def answers_early(talk: Talk) -> None:
    """An answer to anybody who connects, before a request was read, let alone understood."""
    talk.send(HEAD + b'Connection: close\r\nContent-Length: 19\r\n\r\n{"status":"active"}')
    whole_request(talk.connection)


def plain(talk: Talk) -> None:
    talk.connection.recv(1)
    talk.send(NOT_FOUND)


def untrusted(talk: Talk) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(UNTRUSTED)
    with context.wrap_socket(talk.connection, server_side=True) as wrapped:
        wrapped.recv(1)


def cuts_the_handshake(talk: Talk) -> None:
    talk.connection.recv(1)
    talk.reset()


NOT_FOUND = b"HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
PASS, FAIL, INCONCLUSIVE = "pass", "fail", "inconclusive"
CASES: tuple[Chaos, ...] = (
    Chaos("refuses connections", INCONCLUSIVE, None),
    Chaos("closes without a word", INCONCLUSIVE, lambda talk: talk.answer()),
    Chaos("resets before the head", INCONCLUSIVE, resets),
    Chaos("resets in the body", INCONCLUSIVE, resets_mid_body),
    Chaos("accepts and never reads", INCONCLUSIVE, stalls_unread, slow=True),
    Chaos("stalls before the head", INCONCLUSIVE, stalls, slow=True),
    Chaos("stalls in the body", INCONCLUSIVE, stalls_mid_body, slow=True),
    Chaos("drips the head, a byte a second", INCONCLUSIVE, drips_the_head, slow=True),
    Chaos("drips the body, a byte a second", INCONCLUSIVE, drips_the_body, slow=True),
    Chaos("429 with Retry-After: 1, for ever", INCONCLUSIVE, edited(lambda _: busy(b"429 Slow Down", b"1"))),
    Chaos("429 with Retry-After: 3600", INCONCLUSIVE, edited(lambda _: busy(b"429 Slow Down", b"3600"))),
    Chaos("503 for ever", INCONCLUSIVE, instead(BUSY)),
    Chaos("503 in a burst", PASS, bursts),
    Chaos("503 from the tenth request on", INCONCLUSIVE, breaks_down),
    Chaos("resets from the tenth request on", INCONCLUSIVE, goes_away),
    Chaos("plain HTTP where TLS is due", INCONCLUSIVE, plain, "https"),
    Chaos("a certificate of nobody", INCONCLUSIVE, untrusted, "https"),
    Chaos("cuts the TLS handshake", INCONCLUSIVE, cuts_the_handshake, "https"),
    Chaos("stalls in the TLS handshake", INCONCLUSIVE, stalls_unread, "https", slow=True),
    Chaos("sends gigabytes", INCONCLUSIVE, endless(HEAD + b"Content-Length: %d\r\n\r\n" % 2**36, KILOBYTE * 64)),
    Chaos("sends endless chunks", INCONCLUSIVE, endless(CHUNKED, b"2\r\nxx\r\n" * 999), slow=True),
    Chaos("sends endless header fields", INCONCLUSIVE, endless(HEAD, b"X-More: and more\r\n" * 99)),
    Chaos("sends one endless header field", INCONCLUSIVE, endless(HEAD + b"X-More: ", KILOBYTE)),
    Chaos("redirects to itself, for ever", FAIL, instead(b"HTTP/1.1 302 Found\r\nLocation: /things/a1\r\n\r\n")),
    Chaos("gzip that is none", FAIL, edited(with_line(b"Content-Encoding: gzip"))),
    Chaos("a gigabyte in a gzip of a megabyte", INCONCLUSIVE, bomb),
    Chaos("a gzip of countless empty members", FAIL, instead(compressed(gzip.compress(b"") * 2000))),
    Chaos("1xx before each answer", PASS, edited(lambda good: b"HTTP/1.1 103 Early Hints\r\n\r\n" * 3 + good)),
    Chaos("1xx without end", INCONCLUSIVE, endless(b"", b"HTTP/1.1 102 Processing\r\n\r\n" * 99), slow=True),
    Chaos("switches protocols unasked", FAIL, instead(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n")),
    Chaos("HTTP/1.0, the end of the body its length", PASS, edited(lambda good: as_http_1_0(good))),
    Chaos("chunks longer than they say", FAIL, edited(chunked(b"1"))),
    Chaos("chunks shorter than they say", FAIL, edited(chunked(b"ffff", b""))),
    Chaos("a chunk size that is no number", FAIL, edited(chunked(b"many"))),
    Chaos("no last chunk", FAIL, edited(lambda good: chunked(b"%x" % len(parts(good)[1]), b"\r\n")(good))),
    Chaos("Content-Length too long, each time", FAIL, edited(with_length(+9))),
    Chaos("Content-Length too short", FAIL, edited(with_length(-3))),
    Chaos("two Content-Lengths", FAIL, edited(with_line(b"Content-Length: 3"))),
    Chaos("no status line", FAIL, edited(lambda good: good.partition(HEAD_END)[2] or b"nothing")),
    Chaos("no HTTP at all", INCONCLUSIVE, instead(b"\x00\xff SSH-2.0-OpenSSH_9.9\r\n\r\n")),
    Chaos("answers before it was asked", FAIL, answers_early),
    Chaos("a second answer behind each", PASS, answers_unasked),
)


def busy(status: bytes, wish: bytes) -> bytes:
    return b"HTTP/1.1 %s\r\nRetry-After: %s\r\nConnection: close\r\nContent-Length: 0\r\n\r\n" % (status, wish)


def as_http_1_0(good: bytes) -> bytes:
    head, body = parts(good)
    return head.replace(b"HTTP/1.1", b"HTTP/1.0", 1) + b"\r\n" + body


@dataclass(slots=True)
class ChaosServer:
    """Where the server listens, and how many connections it has had."""

    base_url: str
    connections: int = 0


@contextlib.contextmanager
def chaos_server(case: Chaos, good: Script) -> Iterator[ChaosServer]:
    """A server that does on each connection, in a thread of its own, what the case says; `good` is what it should."""
    if case.happens is None:
        with port_of_nobody() as base_url:
            yield ChaosServer(base_url)
        return
    listener, base_url = bound_socket()
    server = ChaosServer(base_url.replace("http", case.scheme, 1))
    over = threading.Event()
    thread = threading.Thread(target=_accept, args=(listener, server, case.happens, good, over), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        over.set()
        socket.create_connection(listener.getsockname()).close()  # wakes `_accept`
        thread.join(5)
        listener.close()


def _accept(
    listener: socket.socket, server: ChaosServer, happens: Behaviour, good: Script, over: threading.Event
) -> None:
    while True:
        connection, _ = listener.accept()
        if over.is_set():
            return connection.close()
        server.connections += 1
        talk = Talk(connection, server.connections, good, over)
        threading.Thread(target=_converse, args=(talk, happens), daemon=True).start()


def _converse(talk: Talk, happens: Behaviour) -> None:
    with talk.connection, contextlib.suppress(OSError):
        happens(talk)
        talk.connection.shutdown(socket.SHUT_WR)
