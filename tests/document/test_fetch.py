"""What is got from a URL, and what is refused, on a server of this machine."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from contracts.document import sides
from contracts.document.sides import address_shown, fetched, side_from
from contracts.errors import UsageError

LIMIT = 1000


class Handler(BaseHTTPRequestHandler):
    """Answers by path: `/status/404`, `/to/PATH` redirects there, `/bytes/N`; another path is answered with itself."""

    def do_GET(self) -> None:
        self.server.heads.append(str(self.headers))  # type: ignore[attr-defined]
        _, what, *rest = self.path.split("/", 2)
        if what == "status":
            return self.answer(int(rest[0]))
        if what == "to":
            return self.answer(302, b"", ("Location", rest[0]), ("Set-Cookie", "a=b; Path=/"))
        if what == "bytes":
            return self.answer(200, b"x" * int(rest[0]))
        return self.answer(200, self.path.encode())

    def answer(self, status: int, body: bytes = b"", *fields: tuple[str, str]) -> None:
        self.send_response(status)
        for name, value in (*fields, ("Content-Length", str(len(body)))):
            self.send_header(name, value)
        self.end_headers()
        with suppress(OSError):  # a client may go when it likes
            self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        """Says nothing on standard error."""


@contextmanager
def serving() -> Iterator[tuple[str, list[str]]]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.heads = []  # type: ignore[attr-defined]
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}", server.heads  # type: ignore[attr-defined]
        server.shutdown()
        thread.join()


@pytest.fixture
def server() -> Iterator[tuple[str, list[str]]]:
    with serving() as served:
        yield served


def test_a_url_is_a_side_without_overlay(server: tuple[str, list[str]]) -> None:
    url, _ = server
    side = side_from(f"{url}/a.yaml?key=secret")
    assert (side.name, side.text) == (f"{url}/a.yaml?…", b"/a.yaml?key=secret")
    assert (side.overlays, side.path_of(side.name), side.around) == ((), None, None)


def test_redirects_are_followed(server: tuple[str, list[str]]) -> None:
    url, _ = server
    assert fetched(f"{url}/to//a", LIMIT) == b"/a"
    assert fetched(f"{url}/to/{url}/a", LIMIT) == b"/a"


def test_nothing_is_sent_that_belongs_to_somebody(
    server: tuple[str, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    url, heads = server
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")
    fetched(f"{url}/to//a", LIMIT)
    names = {line.partition(":")[0].lower() for head in heads for line in head.splitlines() if line}
    assert names == {"host", "connection", "user-agent", "accept", "accept-encoding"}


REFUSED = [
    ("/status/404", "/status/404 answers 404, not 200"),
    ("/status/204", "answers 204, not 200"),
    ("/bytes/1001", "sends more than 0 MB"),
    ("/to//to//to//to//to//to//to//a", "more than 5 redirects"),
    ("/to/file:///etc/passwd", "file:///etc/passwd is no usable http or https URL"),
    ("/to/http://u:secret@h/", "http://h/ holds a user name or password"),
    ("/to/http://[", "can't be fetched|redirects to what is no URL"),
]


@pytest.mark.parametrize(("path", "words"), REFUSED, ids=[path for path, _ in REFUSED])
def test_what_is_no_document_is_refused(path: str, words: str, server: tuple[str, list[str]]) -> None:
    with pytest.raises(UsageError, match=words) as refused:
        fetched(server[0] + path, LIMIT)
    assert str(refused.value).endswith("; give the address of a document that anybody may read, or a file")
    assert ("\n" in str(refused.value), "secret" in str(refused.value)) == (False, False)


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://user:secret@127.0.0.1/x", "http://127.0.0.1/x holds a user name or password"),
        ("http:///x", "is no usable http or https URL"),
        ("http://h:port/x", "is no usable URL"),
        ("http://h/a b", "is no usable http or https URL"),
        ("http://[/x?secret", "the URL is no usable URL"),
        ("http://a..b/", "has no usable host|can't be fetched"),
        ("http://127.0.0.1:1/x", "can't be fetched"),
    ],
)
def test_urls_that_lead_nowhere_are_refused(url: str, words: str) -> None:
    with pytest.raises(UsageError, match=words) as refused:
        fetched(url, LIMIT)
    assert ("\n" in str(refused.value), "secret" in str(refused.value)) == (False, False)


def test_tls_that_fails_is_said(server: tuple[str, list[str]]) -> None:
    with pytest.raises(UsageError, match=r"can't be fetched .*SSL"):
        fetched(server[0].replace("http:", "https:"), LIMIT)


def test_tls_is_not_left_for_a_redirect() -> None:
    with pytest.raises(UsageError, match="https://h/a redirects to a place without TLS"):
        sides._redirected("https://h/a", "http://h/a")


def test_a_silent_server_is_left(monkeypatch: pytest.MonkeyPatch, server: tuple[str, list[str]]) -> None:
    monkeypatch.setattr(sides, "FETCH_SECONDS", 1e-9)
    with pytest.raises(UsageError, match=r"gave no answer within|did not end within"):
        fetched(f"{server[0]}/a", LIMIT)


def test_an_address_is_shown_without_secrets() -> None:
    assert address_shown("https://user:secret@h:1/p?key=secret#f") == "https://h:1/p?…"
