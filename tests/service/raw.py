"""Answers that no HTTP server would send: bytes of a request go in, bytes of an answer come out, or nothing does."""

import contextlib
import http.client
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from .running import bound_socket

Script = Callable[[bytes], bytes | None]
HEAD_END = b"\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Framing:
    """A way to spoil the bytes of a good answer; None closes the connection without one."""

    name: str
    spoil: Script


def with_line(line: bytes) -> Script:
    return lambda good: good.replace(HEAD_END, b"\r\n" + line + HEAD_END, 1)


def length_plus(more: int) -> Script:
    def spoil(good: bytes) -> bytes:
        head, _, body = good.partition(HEAD_END)
        lines = [line for line in head.split(b"\r\n") if not line.lower().startswith(b"content-length")]
        return b"\r\n".join((*lines, b"content-length: %d" % (len(body) + more))) + HEAD_END + body

    return spoil


def cut_chunk(good: bytes) -> bytes:
    head, _, body = good.partition(HEAD_END)
    lines = [line for line in head.split(b"\r\n") if not line.lower().startswith(b"content-length")]
    return b"\r\n".join((*lines, b"transfer-encoding: chunked")) + HEAD_END + b"%x\r\n" % len(body) + body[:-9]


FRAMINGS: tuple[Framing, ...] = (
    Framing("framing-length-too-long", length_plus(+10)),
    Framing("framing-length-too-short", length_plus(-10)),
    Framing("framing-length-twice", with_line(b"content-length: 3")),
    Framing("framing-length-negative", length_plus(-(10**9))),
    Framing("framing-length-and-chunked", with_line(b"transfer-encoding: chunked")),
    Framing("framing-chunk-cut", cut_chunk),
    Framing("framing-header-without-colon", with_line(b"this is no header")),
    Framing("framing-no-status-line", lambda good: good.partition(HEAD_END)[2]),
    Framing("framing-status-not-a-number", lambda good: good.replace(b" 200 ", b" OK! ", 1)),
    Framing("framing-head-cut", lambda good: good.partition(HEAD_END)[0][:-4]),
    Framing("framing-no-answer", lambda _good: None),
)


def asking(base_url: str) -> Script:
    """A script that passes requests on to the service at `base_url`, and its answers back."""

    def script(request: bytes) -> bytes:
        head, _, body = request.partition(HEAD_END)
        first, *lines = head.decode("latin-1").split("\r\n")
        method, target, _ = first.split(" ")
        headers = {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}
        with contextlib.closing(http.client.HTTPConnection(base_url.removeprefix("http://"), timeout=60)) as service:
            service.request(method, target, body, headers)
            answer = service.getresponse()
            content = answer.read()
        start = f"HTTP/1.1 {answer.status} {answer.reason}\r\n"
        fields = "".join(f"{name}: {value}\r\n" for name, value in answer.getheaders())
        return f"{start}{fields}\r\n".encode("latin-1") + content

    return script


def spoiled(base_url: str, framing: Framing) -> Script:
    """A script for `raw_server`: ask the good service at `base_url`, spoil its 200s, pass the rest on."""
    ask = asking(base_url)

    def script(request: bytes) -> bytes | None:
        good = ask(request) or b""
        return framing.spoil(good) if good.startswith(b"HTTP/1.1 200 ") else good

    return script


def whole_request(connection: socket.socket) -> bytes:
    request = b""
    while HEAD_END not in request:
        received = connection.recv(65536)
        if not received:
            return b""
        request += received
    return request


def answer_one(connection: socket.socket, script: Script) -> None:
    with connection, contextlib.suppress(OSError):
        request = whole_request(connection)
        answer = script(request) if request else None
        if answer is not None:
            connection.sendall(answer)
            connection.shutdown(socket.SHUT_WR)


@contextlib.contextmanager
def raw_server(script: Script) -> Iterator[str]:
    """One answer per connection, each in a thread of its own; bodies of requests are not waited for."""
    listener, base_url = bound_socket()
    stopped = threading.Event()

    def accept() -> None:
        while True:
            connection, _ = listener.accept()
            if stopped.is_set():
                return connection.close()
            threading.Thread(target=answer_one, args=(connection, script), daemon=True).start()

    thread = threading.Thread(target=accept, daemon=True, name=f"raw server at {base_url}")
    thread.start()
    try:
        yield base_url
    finally:
        stopped.set()
        socket.create_connection(listener.getsockname()).close()  # wakes `accept`
        thread.join(5)
        listener.close()
