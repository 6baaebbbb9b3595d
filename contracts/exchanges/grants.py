"""What a token endpoint of the document is sent, out of the environment."""

import base64
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain
from operator import itemgetter
from urllib.parse import quote_plus, urljoin, urlsplit

from contracts.document import Operation, Spec
from contracts.document.security import own_variable
from contracts.errors import DocumentError, UsageError
from contracts.exchanges.credential import Secret
from contracts.exchanges.wires import PORTS, is_loopback
from contracts.messages import VARIABLE, Headers
from contracts.text import shown

SECRETS = ("CONTRACT_PASSWORD", "CONTRACT_CLIENT_SECRET")  # how their variables begin
CLIENT = ("CONTRACT_CLIENT_ID", "CONTRACT_CLIENT_SECRET")
FLOWS = {"password": ("CONTRACT_USER", "CONTRACT_PASSWORD"), "clientCredentials": CLIENT}
"""The variables that a flow needs, each with what makes one of it for a scheme behind it."""
OPTION = "--contract-token-from-flow"


@dataclass(frozen=True, slots=True)
class Grant:
    """Where and with what the token of a scheme is asked for (RFC 6749 §4.3.2, §4.4.2)."""

    scheme: str
    variable: str  # that stands for the token
    url: str
    form: Mapping[str, str] = field(repr=False)
    client: tuple[str, str] = field(default=("", ""), repr=False)  # its id and its secret
    secrets: tuple[Secret, ...] = ()  # among what is sent
    variables: tuple[str, ...] = ()  # that hold what is sent
    headers: Headers = field(default=(), repr=False)  # of the user

    @property
    def shown_url(self) -> str:
        return self.url.partition("?")[0]

    @property
    def ways(self) -> Iterator[tuple[Headers, Mapping[str, str]]]:
        """How the client names itself, in fields and form; the best first (RFC 6749 §2.3.1)."""
        name, secret = self.client
        if secret:
            pair = f"{quote_plus(name)}:{quote_plus(secret)}".encode()
            yield (("Authorization", f"Basic {base64.b64encode(pair).decode()}"),), {}
        named = {"client_id": name, "client_secret": secret}
        yield (), {key: value for key, value in named.items() if value}


def grants_from(
    spec: Spec,
    operations: Iterable[Operation],
    base_url: str,
    headers: Headers,
    environ: Mapping[str, str],
) -> dict[str, Grant]:
    """By the variables that stand for them, what is sent for the tokens that operations take.

    A scheme whose credential is given by itself has none fetched; `headers` go to the origin of the
    base URL. UsageError where there is no flow, or a part of what it needs is not set;
    DocumentError for a token endpoint that must not get it.
    """
    scopes: dict[str, dict[str, None]] = {}
    for alternative in chain.from_iterable(operation.security for operation in operations):
        for name, wanted in alternative:
            scopes.setdefault(name, {}).update(dict.fromkeys(wanted))
    found, needs = dict[str, Grant](), list[str]()
    for name, flow, place in _flows(spec, scopes):
        variable, suffix = own_variable(name), own_variable(name).removeprefix(VARIABLE)
        names = [f"{prefix}{suffix}" for prefix in (*FLOWS[flow], *CLIENT)]
        values = [environ.get(one, "").strip() for one in names]
        need = _need(name, flow)
        if variable in found or not any(values[:2]):
            needs.append(need)
            continue
        if not all(values[:2]):
            raise UsageError(f"{OPTION}: {names[values.index('')]} is not set; set {need}")
        form = {"grant_type": "client_credentials"}
        if flow == "password":
            form = {"grant_type": flow, "username": values[0], "password": values[1]}
        if scopes[name]:
            form["scope"] = " ".join(scopes[name])
        given = dict(filter(itemgetter(1), zip(names, values, strict=True)))
        secret = tuple(Secret(given[one], f"${one}") for one in given if one.startswith(SECRETS))
        url = _token_url(spec, place, base_url)
        own = headers if _origin(url) == _origin(base_url) else ()
        client = values[2], values[3]
        found[variable] = Grant(name, variable, url, form, client, secret, tuple(given), own)
    if needs and not found:
        raise UsageError(f"{OPTION}: nothing is set that a flow needs; set {', or '.join(needs)}")
    if not found and not any(map(spec.variables.get, scopes)):
        problem = "no operation takes a token of a password or clientCredentials flow"
        raise UsageError(f"{OPTION}: {problem}; leave the option out")
    return found


def _flows(spec: Spec, names: Iterable[str]) -> Iterator[tuple[str, str, str]]:
    """The flows by which tokens can be had: scheme, name of the flow, place of its URL."""
    for name in names:
        scheme = spec.security_schemes[name]
        if scheme.type == "oauth2" and not spec.variables.get(name):
            flows = spec.document.at(scheme.pointer)["flows"]
            for flow in filter(flows.__contains__, FLOWS):
                yield name, flow, f"{scheme.pointer}/flows/{flow}/tokenUrl"


def flows_of(spec: Spec, operation: Operation) -> str:
    """By which option, with which variables, tokens of an operation can be fetched, if they can."""
    found = list[str]()
    for alternative in operation.security:
        for name, flow, _ in _flows(spec, (scheme for scheme, _ in alternative)):
            found.append(_need(name, flow))
    return f"{OPTION} with {', or '.join(dict.fromkeys(found))}" * bool(found)


def _need(name: str, flow: str) -> str:
    """What a flow needs for a scheme."""
    suffix = own_variable(name).removeprefix(VARIABLE)
    first, second = (f"{prefix}{suffix}" for prefix in FLOWS[flow])
    return f"{first} and {second} ({flow} flow of the scheme {name})"


def _token_url(spec: Spec, place: str, base_url: str) -> str:
    """A token endpoint; a relative one is below the base URL (OpenAPI 3.1 §4.6)."""
    written, source = str(spec.document.at(place)), spec.document.source(place)
    url, cure = urljoin(f"{base_url}/", written), "let an overlay give the one to use"
    problem = f"the tokenUrl {shown(written)} is no http(s) URL"
    try:
        parts = urlsplit(url)
        plain = url.isascii() and url.isprintable() and not set(url) & set(" {}\\")
        if parts.scheme in ("http", "https") and parts.hostname and plain and parts.port != 0:
            problem = ""
            if parts.scheme == "http" and not is_loopback(parts.hostname):
                problem = f"what is sent to the tokenUrl {shown(url)} would not be encrypted"
            if "@" in parts.netloc:
                problem = "the tokenUrl holds a user name or password"
    except ValueError:
        pass  # it is no URL at all
    if problem:
        raise DocumentError(source.file, source.line, f"{OPTION}: {problem}", cure)
    return url.partition("#")[0]


def _origin(url: str) -> tuple[str, str | None, int]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port or PORTS[parts.scheme]
