"""The command that repeats a request: what a shell makes of it, and what curl sends."""

import base64
import json
import shlex
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import unquote_to_bytes

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.document import Spec, read_spec
from contracts.exchanges import Client, Secret
from contracts.messages import Credential, Probe, Request
from contracts.report.shell import curl

KEY = "key-5a$b'c\"d+e/f"
SCHEMES = {
    "bearer": {"type": "http", "scheme": "bearer"},
    "basic": {"type": "http", "scheme": "basic"},
    "header": {"type": "apiKey", "in": "header", "name": "X-Key"},
    "query": {"type": "apiKey", "in": "query", "name": "key"},
    "cookie": {"type": "apiKey", "in": "cookie", "name": "key"},
}
OPERATIONS = ("GET", "HEAD", "POST", "PUT", "DELETE")


def spec_with(scheme: str) -> Spec:
    operation: dict[str, Any] = {"security": [{"it": []}], "responses": {"200": {"description": ""}}}
    document = {
        "openapi": "3.1.0",
        "info": {"title": "Things", "version": "1"},
        "paths": {"/{x}": {method.lower(): operation for method in OPERATIONS}},
        "components": {"securitySchemes": {"it": SCHEMES[scheme]}},
    }
    return read_spec(json.dumps(document).encode(), path="things.yaml", folder=Path())


BEARER = spec_with("bearer")


def probe_of(request: Request, credential: Credential = Credential.RIGHT) -> Probe:
    return Probe(f"{request.method} /{{x}}", request, credential=credential)


def in_a_shell(command: str) -> list[bytes]:
    """The arguments that a POSIX shell gives to curl."""
    show = "curl() { printf '%s\\0' \"$@\"; }\n"
    environment = {"CONTRACT_CREDENTIAL": KEY, "GATEWAY": "open sesame", "PATH": "/usr/bin:/bin"}
    done = subprocess.run(["sh", "-c", show + command], env=environment, capture_output=True, check=True)
    return done.stdout.split(b"\0")[:-1]


TEXT = st.text(st.characters(min_codepoint=32, max_codepoint=126))
FIELD = st.text(st.characters(min_codepoint=32, max_codepoint=255, blacklist_categories=["Cc"])).map(str.strip)


@settings(deadline=None, max_examples=40)
@given(path=TEXT.map(lambda text: text.replace("#", "").replace("?", "")), fields=st.lists(FIELD, max_size=3))
def test_every_word_reaches_curl_as_it_is(path: str, fields: list[str]) -> None:
    headers = tuple((f"X-{index}", value) for index, value in enumerate(fields))
    words = in_a_shell(curl(BEARER, probe_of(Request("GET", f"/{path}", headers)), "http://h/v1/"))
    wanted = [f"{name}: {value}" if value else f"{name};" for name, value in headers]
    assert words[-1].decode() == f"http://h/v1/{path}"
    assert words[4 : 4 + 2 * len(fields) : 2] == [text.encode("latin-1") for text in wanted]
    assert f"Authorization: Bearer {KEY}".encode() in words


@settings(deadline=None, max_examples=40)
@given(body=TEXT)
def test_printable_command_is_split_by_python_as_well(body: str) -> None:
    request = Request("POST", "/1", (("Content-Type", body.strip() or "a/b"),), body.encode())
    words = shlex.split(curl(BEARER, probe_of(request, Credential.NONE), "http://h"))
    assert words[:6] == ["curl", "-sS", "-i", "--path-as-is", "-X", "POST"]
    assert words[6:8] == ["-H", f"Content-Type: {body.strip() or 'a/b'}"]
    assert words[-4:] == ["--compressed", "--data-raw", body, "http://h/1"]


@settings(deadline=None, max_examples=40)
@given(body=st.binary(min_size=1, max_size=40))
def test_command_is_one_printable_line(body: bytes) -> None:
    assert curl(BEARER, probe_of(Request("POST", "/1", (), body)), "http://h").isprintable()


VARIANTS = {
    Credential.RIGHT: KEY,
    Credential.CUT_SHORT: KEY[:-1],
    Credential.APPENDED: f"{KEY}0",
}


@pytest.mark.parametrize(("variant", "value"), VARIANTS.items(), ids=str)
def test_variant_of_the_credential_comes_from_the_environment(variant: Credential, value: str) -> None:
    command = curl(BEARER, probe_of(Request("GET", "/1"), variant), "http://h")
    assert f"Authorization: Bearer {value}".encode() in in_a_shell(command)
    assert KEY not in command


def test_wrong_credential_holds_nothing_of_the_right_one() -> None:
    command = curl(BEARER, probe_of(Request("GET", "/1"), Credential.WRONG), "http://h")
    assert "CONTRACT_CREDENTIAL" not in command
    assert "Authorization: Bearer 0000" in command


def test_extra_header_comes_from_its_variable() -> None:
    command = curl(BEARER, probe_of(Request("GET", "/1")), "http://h", (("X-Gateway", "GATEWAY"),))
    assert b"X-Gateway: open sesame" in in_a_shell(command)


def test_mock_is_named_where_there_is_no_base_url() -> None:
    assert curl(BEARER, probe_of(Request("GET", "/1")), None).endswith(" http://mock/1")


# What curl sends is what the suite sent


@contextmanager
def recorder() -> Iterator[tuple[str, list[bytes]]]:
    """A server that keeps the requests it gets, whole."""
    requests: list[bytes] = []
    listener = socket.create_server(("127.0.0.1", 0))
    thread = Thread(target=record, args=(listener, requests), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{listener.getsockname()[1]}", requests
    socket.create_connection(listener.getsockname()).close()  # an empty request: the end
    thread.join(5)
    listener.close()


def record(listener: socket.socket, requests: list[bytes]) -> None:
    while request := request_on(listener):
        requests.append(request)


def request_on(listener: socket.socket) -> bytes:
    connection, _ = listener.accept()
    with closing(connection), connection.makefile("rb") as stream:
        head = b"".join(iter(stream.readline, b"\r\n" if (first := stream.readline()) else b""))
        lengths = [line.split(b":")[1] for line in head.splitlines() if line.lower().startswith(b"content-length")]
        body = stream.read(int(lengths[0])) if lengths else b""
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n" if first else b"")
        return first and first + head + b"\r\n" + body


def essence(request: bytes) -> tuple[bytes, list[bytes], bytes]:
    """The request line, the fields that are not a client's own, and the body."""
    head, _, body = request.partition(b"\r\n\r\n")
    line, *fields = head.split(b"\r\n")
    own = (b"host", b"connection", b"content-length")  # each says the same, or what has to be said anyway
    named = [(name.lower(), value.strip()) for name, _, value in (field.partition(b":") for field in fields)]
    return line, sorted(name + b": " + value for name, value in named if not name.startswith(own)), body


REQUESTS = {
    "plain": Request("GET", "/1"),
    "query": Request("GET", "/1?a=b&c=%26'"),
    "brackets": Request("GET", "/[1-3]{a,b}"),
    "dot segments": Request("GET", "/a/../b"),
    "encoded": Request("GET", "/%2e%2e%2F%00%FF"),
    "head": Request("HEAD", "/1"),
    "delete": Request("DELETE", "/1"),
    "odd field": Request("GET", "/1", (("X-Odd", """ $HOME `id` "a" 'b' \\ ! """.strip()),)),
    "empty field": Request("GET", "/1", (("X-Empty", ""),)),
    "latin-1 field": Request("GET", "/1", (("X-Name", "Zürich"),)),
    "same field twice": Request("GET", "/1", (("X-Twice", "a"), ("X-Twice", "b"))),
    "json": Request("POST", "/1", (("Content-Type", "application/json"),), '{"a": "é\'"}'.encode()),
    "no content type": Request("POST", "/1", (), b"a=b"),
    "at sign": Request("PUT", "/1", (("Content-Type", "text/plain"),), b"@/etc/hostname"),
    "history": Request("POST", "/1?!1", (("X-Odd", "!! !$"), ("X-Bytes", "é!!")), b"!!"),
    "dash": Request("POST", "/1", (("-X", "é"),), b"-n\n!!"),
    "accept": Request("GET", "/1", (("Accept", "text/plain"), ("User-Agent", "me"), ("Accept-Encoding", "gzip"))),
    "file": Request("POST", "/1", (("X-File", "@/etc/hostname"),), b"<@/etc/hostname>"),
    "long": Request("POST", "/1", (("Content-Type", "a/b"),), b"x" * 150_000),
    "longer": Request("PUT", "/1", (("Content-Type", "a/b"),), b"x\n" * 600_000),
    "get with a body": Request("GET", "/1", (), b"a=b"),
    "signs": Request("GET", "/1/(a);b,c=d:e@f~g*h+i&j'k|^`?q=a+b&c[]=1&{d}=$e"),
    "binary": Request("POST", "/1", (("Content-Type", "a/b"),), bytes(range(256))),
    "lines": Request("POST", "/1", (("Content-Type", "a/b"),), b"a\r\n\nb%s\\n'\n"),
    "empty body": Request("POST", "/1", (("Content-Type", "a/b"),), b""),
}


def pasted(command: str) -> None:
    """Run a command as somebody does who pastes it into a terminal: history expansion is on."""
    environment = {"CONTRACT_CREDENTIAL": KEY, "PATH": "/usr/bin:/bin", "HOME": "/nonexistent", "HISTFILE": ""}
    script = f"set -o history -H\n: earlier\n{command}\n"
    done = subprocess.run(["bash", "--norc"], input=script.encode(), env=environment, capture_output=True, check=True)
    assert b"event not found" not in done.stderr


def both(spec: Spec, probe: Probe) -> list[bytes]:
    """The request that curl sends, and the one that the suite does."""
    with recorder() as (base_url, requests):
        pasted(curl(spec, probe, base_url))
        client = Client(spec, base_url, Secret(KEY))
        client.send(probe, 0)
        client.close()
    return requests


missing = [name for name in ("bash", "curl") if shutil.which(name) is None]
needs_curl = pytest.mark.skipif(bool(missing), reason=f"there is no {' and no '.join(missing)}")


@needs_curl
@pytest.mark.parametrize("name", REQUESTS)
def test_curl_sends_the_same_request(name: str) -> None:
    by_curl, by_us = map(essence, both(BEARER, probe_of(REQUESTS[name])))
    assert by_curl == by_us


HOSTILE = st.text(st.sampled_from("!\"'$`\\\t%@-;<>|&*?[]{}~# é\xffaA0"), max_size=12).map(str.strip)


@needs_curl
@settings(deadline=None, max_examples=25)
@given(
    method=st.sampled_from(["GET", "POST", "PUT", "DELETE"]),
    target=st.text(st.sampled_from("!$&'()*+,;=:@[]{}|^`a%0./~-_"), max_size=12),
    values=st.lists(HOSTILE, max_size=3),
    body=st.none() | st.binary(max_size=20) | HOSTILE.map(str.encode),
)
def test_what_is_sent_is_the_same_whatever_it_holds(
    method: str, target: str, values: list[str], body: bytes | None
) -> None:
    headers = tuple(("X-Odd", value) for value in values)
    by_curl, by_us = map(essence, both(BEARER, probe_of(Request(method, f"/a{target}", headers, body))))
    assert by_curl == by_us


@needs_curl
def test_a_header_of_every_request_takes_the_place_of_its_own() -> None:
    with recorder() as (base_url, requests):
        pasted(
            curl(
                BEARER, probe_of(Request("GET", "/1", (("X-Key", "a"),))), base_url, (("X-Key", "CONTRACT_CREDENTIAL"),)
            )
        )
    assert essence(requests[0])[1].count(f"x-key: {KEY}".encode()) == 1
    assert not any(field == b"x-key: a" for field in essence(requests[0])[1])


@needs_curl
@pytest.mark.parametrize("key", ["user:secret", "no-colon-0123"])
def test_basic_takes_a_password_or_none(key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.modules[__name__], "KEY", key)
    by_curl, by_us = map(essence, both(spec_with("basic"), probe_of(REQUESTS["plain"])))
    assert by_curl == by_us


@needs_curl
@pytest.mark.parametrize("variant", [Credential.CUT_SHORT, Credential.APPENDED], ids=str)
def test_user_without_password_is_never_sent_whole_where_it_must_be_refused(
    variant: Credential, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.modules[__name__], "KEY", "sk_user-1:")
    by_curl, by_us = map(essence, both(spec_with("basic"), probe_of(REQUESTS["plain"], variant)))
    assert by_curl == by_us
    assert not [field for field in by_us[1] if base64.b64encode(b"sk_user-1:") in field]


def test_the_way_of_the_run_is_that_of_the_command() -> None:
    command = curl(BEARER, probe_of(Request("GET", "/1")), "https://h", options=["--proxy", '"$NOTTE_PROXY"'])
    assert command.endswith(' --compressed --proxy "$NOTTE_PROXY" --http1.1 https://h/1')


@needs_curl
@pytest.mark.parametrize("variant", Credential, ids=str)
@pytest.mark.parametrize("scheme", ["bearer", "basic", "header"])
def test_curl_sends_the_same_credential(scheme: str, variant: Credential) -> None:
    spec = spec_with(scheme)
    by_curl, by_us = map(essence, both(spec, probe_of(REQUESTS["plain"], variant)))
    lines = [unquote_to_bytes(sent[0]) for sent in (by_curl, by_us)]
    # How long the right one is, which the suite gives the wrong one as well, remains untold.
    assert (lines[0], *by_curl[1:]) == (lines[1], *by_us[1:]) or variant is Credential.WRONG


@needs_curl
@pytest.mark.parametrize("scheme", ["query", "cookie"])
def test_curl_sends_the_credential_where_it_belongs(scheme: str) -> None:
    by_curl, by_us = map(essence, both(spec_with(scheme), probe_of(REQUESTS["history"])))
    assert unquote_to_bytes(by_curl[0]) == unquote_to_bytes(by_us[0])
    assert KEY.encode() in unquote_to_bytes(by_curl[0]) + b"".join(by_curl[1])
