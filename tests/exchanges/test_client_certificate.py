"""The client's certificate: shown to who wants it, read from files as they are, and what is said if it is of no use."""

from __future__ import annotations

import contextlib
import os
import shlex
import socket
import ssl
from pathlib import Path

import pytest

from contracts.exchanges import Limits, Route
from contracts.exchanges.transport import Transport
from contracts.exchanges.wires import Certificate, client_problem
from contracts.messages import Failure, FailureKind, Request, Response
from tests.exchanges.test_client import OK
from tests.exchanges.test_tls import LOOPBACK, UNKNOWN, Talk, serving

LOCKED = LOOPBACK.with_name("locked.pem")
"""The key of that certificate, with a password."""
PASSWORD = "open-sesame-1"


def wanting(version: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3) -> Talk:
    """Talks to who shows the certificate of LOOPBACK, alone."""

    def talk(connection: socket.socket) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(LOOPBACK)
        context.load_verify_locations(LOOPBACK)
        context.verify_mode, context.maximum_version = ssl.CERT_REQUIRED, version
        with context.wrap_socket(connection, server_side=True, do_handshake_on_connect=False) as secure:
            try:
                secure.do_handshake()
            except ssl.SSLError:
                os.read(secure.fileno(), 65536)  # what is closed with bytes unread is reset, and the alert with it
                return
            secure.recv(65536)
            secure.sendall(OK)

    return talk


def asked(certificate: Certificate | None, version: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3) -> Response | Failure:
    with serving(wanting(version)) as (port, _):
        sender = Transport(f"https://127.0.0.1:{port}", Route(None, str(LOOPBACK), certificate), Limits())
        with contextlib.closing(sender):
            return sender.answer(Request("GET", "/things/1"))


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the certificate alone, its key alone, and that with a password."""
    folder = tmp_path_factory.mktemp("pem")
    text = LOOPBACK.read_text()
    key = text[text.index("-----BEGIN PRIVATE") : text.index("-----END PRIVATE") + 26]
    certificate = text[text.index("-----BEGIN CERT") : text.index("-----END CERT") + 26]
    (folder / "cert.pem").write_text(certificate)
    (folder / "key.pem").write_text(key)
    (folder / "locked.pem").write_text(LOCKED.read_text())
    (folder / "whole.pem").write_text(certificate + LOCKED.read_text())
    return folder


def certificate_in(folder: Path, file: str, key: str | None = None, password: str = "") -> Certificate:
    return Certificate(str(folder / file), key and str(folder / key), password)


def test_certificate_and_key_in_one_file_are_shown() -> None:
    assert isinstance(asked(Certificate(str(LOOPBACK))), Response)


@pytest.mark.parametrize(
    ("file", "key", "password"),
    [("cert.pem", "key.pem", ""), ("cert.pem", "locked.pem", PASSWORD), ("whole.pem", None, PASSWORD)],
)
def test_key_may_be_apart_and_have_a_password(file: str, key: str | None, password: str, files: Path) -> None:
    assert isinstance(asked(certificate_in(files, file, key, password)), Response)


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3], ids=["1.2", "1.3"])
def test_other_certificate_is_refused_and_that_is_said(version: ssl.TLSVersion) -> None:
    failure = asked(Certificate(str(UNKNOWN)), version)
    assert isinstance(failure, Failure)
    assert failure.kind is FailureKind.TLS
    assert failure.detail.startswith("the service refuses the client's certificate (unknown ca); give another as --con")


def test_what_is_wanted_is_named_with_its_option() -> None:
    failure = asked(None)
    assert isinstance(failure, Failure)
    said = "the service wants a client's certificate; give it as --contract-client-cert FILE"
    assert (failure.kind, failure.detail) == (FailureKind.TLS, said)


@pytest.mark.parametrize("detail", ["[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed", "refused", ""])
def test_other_problems_are_not_about_it(detail: str) -> None:
    assert client_problem(detail) == ""


UNFIT: dict[str, tuple[str, str | None, str, str]] = {
    "no file": ("none.pem", None, "", "--contract-client-cert {}/none.pem is no file; give one in PEM form"),
    "no key file": ("cert.pem", "none.pem", "", "--contract-client-key {}/none.pem is no file"),
    "no key": ("cert.pem", None, "", "or the key as --contract-client-key"),
    "no certificate": ("key.pem", None, "", "give a PEM file with certificate and key"),
    "no password": ("cert.pem", "locked.pem", "", "its key has a password; CONTRACT_CLIENT_KEY_PASSWORD is not set"),
    "wrong password": ("whole.pem", None, "open-says-me", "CONTRACT_CLIENT_KEY_PASSWORD is not it"),
}


@pytest.mark.parametrize("name", UNFIT)
def test_files_that_are_of_no_use(name: str, files: Path) -> None:
    file, key, password, said = UNFIT[name]
    with pytest.raises(ValueError, match=r"^--contract-client-") as caught:
        certificate_in(files, file, key, password).put_into(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))
    assert said.format(files) in str(caught.value)
    assert PASSWORD not in str(caught.value)
    assert "open-says-me" not in str(caught.value)


def test_key_of_another_certificate_is_said(files: Path) -> None:
    with pytest.raises(ValueError, match="the key is that of another certificate"):
        Certificate(str(files / "cert.pem"), str(UNKNOWN)).put_into(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))


def test_curl_gets_it_without_its_password() -> None:
    words = Certificate("a b.pem", "key.pem", PASSWORD).words
    assert words == ["--cert", "'a b.pem'", "--key", "key.pem", "--pass", '"$CONTRACT_CLIENT_KEY_PASSWORD"']
    assert shlex.split(" ".join(Certificate("a.pem").words)) == ["--cert", "a.pem"]
    assert PASSWORD not in repr(Certificate("a.pem", None, PASSWORD))
