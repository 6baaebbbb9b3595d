"""Why TLS keeps a request from its answer: a certificate of either side, or the other scheme."""

import os
import re
import shlex
import socket
import ssl
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from urllib.parse import SplitResult

import httpx2

SILENCE = 3.0  # seconds after which a port that says nothing to plain HTTP is asked about TLS
GREETING = 2.0  # seconds that a port has to answer a greeting
PORTS = {"http": 80, "https": 443}
ALERT = b"\x15\x03"  # how a record with an alert begins (RFC 8446 §5.1)
# How servers begin; where TLS is due, many answer plain HTTP with 400.
_BEGINNINGS = {"http": rb"HTTP/\S+ (?!400)", "https": rb"[\x15\x16]\x03"}
_SPEAKS = {"http": "plain HTTP and no TLS", "https": "TLS and no plain HTTP"}

REFUSED_CERTIFICATE = "the certificate is refused"
_BUNDLE = "if you trust it, give a file with it or its issuer as --contract-ca-bundle"
_DATES = "renew it, or set the clock; --contract-ca-bundle helps where the issuer is unknown alone"
_NAME = "give a name that it has in --base-url; --contract-ca-bundle does not change names"
_CURES = {9: _DATES, 10: _DATES, 62: _NAME, 64: _NAME}
"""What helps, by OpenSSL's X509_V_ERR code: not yet valid, expired, another name, another IP."""


CLIENT_CERT = "--contract-client-cert"
KEY_PASSWORD = "CONTRACT_CLIENT_KEY_PASSWORD"
_AGAINST_CLIENT = re.compile(r"ALERT_(UNKNOWN_CA|\w*CERTIFICATE\w*|ACCESS_DENIED)")


@dataclass(frozen=True, slots=True)
class Certificate:
    """A client's certificate in a PEM file, with its key there or in a file of its own."""

    file: str
    key: str | None = None
    password: str = field(default="", repr=False)  # of the key

    @property
    def words(self) -> list[str]:
        """What gives it to curl, quoted for a shell."""
        found = ["--cert", shlex.quote(self.file)]
        found += ["--key", shlex.quote(self.key)] if self.key else []
        return [*found, *["--pass", f'"${KEY_PASSWORD}"'] * bool(self.password)]

    def put_into(self, context: ssl.SSLContext) -> None:
        """Let connections show it. ValueError, which says why and what to do, if it can't be."""
        asked = list[str]()

        def password() -> str:  # without one OpenSSL would ask at the terminal
            asked.append(self.password)
            return self.password

        for option, path in ((CLIENT_CERT, self.file), ("--contract-client-key", self.key)):
            if path is not None and not os.path.isfile(path):
                raise ValueError(f"{option} {path} is no file; give one in PEM form")
        try:
            context.load_cert_chain(self.file, self.key, password)
        except (OSError, ValueError) as error:
            why = f"{CLIENT_CERT} {self.file} can't be used"
            if asked:
                said = "is not it" if self.password else "is not set"
                raise ValueError(f"{why}: its key has a password; {KEY_PASSWORD} {said}") from None
            if getattr(error, "reason", "") == "KEY_VALUES_MISMATCH":
                raise ValueError(f"{why}: the key is that of another certificate") from None
            cure = "give a PEM file with certificate and key, or the key as --contract-client-key"
            raise ValueError(f"{why} ({getattr(error, 'reason', error)}); {cure}") from None


@cache
def trusted(scheme: str, ca_bundle: str | None, certificate: Certificate | None) -> ssl.SSLContext:
    """The certificates that are trusted; reading them takes 50 ms: once, and where needed."""
    if scheme != "https":
        return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context = ssl.create_default_context(cafile=ca_bundle) if ca_bundle else None
    context = context or httpx2.create_ssl_context()
    if certificate is not None:
        certificate.put_into(context)
    return context


def client_problem(detail: str) -> str:
    """What a service has against the client's certificate, if it says so in an alert."""
    found = _AGAINST_CLIENT.search(detail.upper())
    if found is None:
        return ""
    if found[1] == "CERTIFICATE_REQUIRED":
        return f"the service wants a client's certificate; give it as {CLIENT_CERT} FILE"
    alert = found[1].replace("_", " ").lower()
    return f"the service refuses the client's certificate ({alert}); give another as {CLIENT_CERT}"


def certificate_problem(error: BaseException | None) -> str:
    """What is wrong with a certificate, and what helps; empty if no certificate is the cause."""
    while error is not None and not isinstance(error, ssl.SSLCertVerificationError):
        error = error.__cause__ or error.__context__
    if error is None:
        return ""
    cure = _CURES.get(error.verify_code, _BUNDLE)
    return f"{REFUSED_CERTIFICATE} ({error.verify_message.rstrip('.')}); {cure}"


def scheme_problem(base: SplitResult) -> str:
    """That the port of a base URL speaks the other scheme; empty if it does not say so in seconds.

    It is greeted once, without credential.
    """
    other = "https" if base.scheme == "http" else "http"
    try:
        place = (base.hostname or "", base.port or PORTS[base.scheme])
        with socket.create_connection(place, GREETING) as connection:
            connection.sendall(_greeting(other, base))
            begun = connection.recv(16)
    except (OSError, ValueError):
        return ""
    if not re.match(_BEGINNINGS[other], begun):
        return ""
    url = base._replace(scheme=other).geturl()
    return f"the port speaks {_SPEAKS[other]}; give --base-url {url}"


def _greeting(scheme: str, base: SplitResult) -> bytes:
    if scheme == "http":
        return f"HEAD / HTTP/1.1\r\nHost: {base.netloc}\r\nConnection: close\r\n\r\n".encode(
            "ascii"
        )
    hello, context = ssl.MemoryBIO(), ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    client = context.wrap_bio(ssl.MemoryBIO(), hello, server_hostname=base.hostname)
    with suppress(ssl.SSLWantReadError):
        client.do_handshake()
    return hello.read()
