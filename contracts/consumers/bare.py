"""Messages of others to the credentials in them, which they alone know, and to requests without."""

import base64
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import repeat
from operator import itemgetter
from urllib.parse import unquote_plus

from contracts.document import Operation, SecurityScheme, Spec
from contracts.document.security import is_secret_name, own_variable, place_of, scheme_name
from contracts.document.serialisation import match_path
from contracts.exchanges.credential import Secret, is_distinctive, parts_of
from contracts.exchanges.echoes import views_of
from contracts.messages import Request, Response, header_values

_KEPT = frozenset({"accept", "accept-language", "content-type", "content-encoding", "if-match"})
_KEPT |= {"if-none-match", "if-modified-since", "if-unmodified-since", "range", "prefer"}
"""Header fields that are kept where no document has them: nothing is judged by others."""
_SURELY = re.compile("(access_|auth_)?token|api_?key|password|secret|signature", re.IGNORECASE)
"""What is a credential by its name; and what is one even where a document has it in a query."""
_MASKED = re.compile(r"\$[A-Z][A-Z0-9_]{3,}")
_USERINFO = re.compile(r"""://(?:[^/?#\s"'<>@:]*:|(?=[^@]{16}))([^/?#\s"'<>@]+)@""")
_SHOWN = re.compile(r"\b((?i:bearer|basic))[\s+]+(?![A-Za-z]?[a-z.-]*(?![\w~+/=]))([\w.~+/=-]+)")
_PARAMETER = re.compile(r"""[;/?&#,\s]\s*([\w.-]+)\s*=\s*"?([^";,/?&#\s]+)""")
_MADE = re.compile(  # as issuers make them: JWT, PEM, and what begins with whose it is
    r"\beyJ[\w-]+\.eyJ[\w-]+\.[\w-]{8,}|(?<=PRIVATE KEY-----)[^-]{16,}"
    r"|\b(?:[sr]k[-_]|whsec_|gh[opsur]_|github_pat_|glpat-|xox[abeprs]-|hvs\.|AIza)[\w-]{16,}"
)
_COOKIE = re.compile(r'\{(?=[^{}]*"(?:httpOnly|sameSite)")[^{}]*?"value"\s*:\s*"([^"]+)')
_PHRASE = re.compile(r'"[\w-]*(?i:password|passphrase)"\s*:\s*"([^"\\]+)')

Found = list[tuple[str, str]]  # credentials, each after the variable that stands for it


def is_masked(text: str) -> bool:
    """Whether a text shows that a credential was taken out of it."""
    return _MASKED.search(text) is not None


def bare(request: Request, operation: Operation | None, spec: Spec) -> tuple[Request, Found]:
    """The request as it can be kept, and the credentials that it has by the document or by name.

    Where a parameter of the operation is one, the name of its variable stands in its place. Of
    other header fields those are left out by which nothing is judged.
    """
    sieve, fields = _Sieve.of(operation, spec), []
    for name, value in request.headers:
        if name.lower() == "authorization":
            sieve.found.extend(_authorized(value, spec))
        elif name.lower() == "cookie":
            pairs = sieve.pairs("cookie", value, "; ")
            fields += [(name, pairs)] * bool(pairs)
        elif (left := sieve.left("header", name.lower(), value)) is not None:
            fields.append((name, left))
    for name, value in ((operation and match_path(operation.path, request.path)) or {}).items():
        sieve.left("path", name, value)
    target = request.path
    if query := sieve.pairs("query", request.query, "&"):
        target += f"?{query}"
    return Request(request.method, target, tuple(fields), request.body), sieve.found


@dataclass(frozen=True, slots=True)
class _Sieve:
    """What of a request stays, by location and name."""

    spec: Spec
    schemes: Mapping[tuple[str, str], SecurityScheme]
    documented: set[tuple[str, str]]
    found: Found = field(default_factory=list)

    @classmethod
    def of(cls, operation: Operation | None, spec: Spec) -> "_Sieve":
        documented = set[tuple[str, str]]()
        for parameter in operation.parameters if operation is not None else ():
            name = parameter.name.lower() if parameter.location == "header" else parameter.name
            documented.add((parameter.location, name))
        schemes = {}  # by names in lower case, as services often take them in any
        for scheme in spec.security_schemes.values():
            location, name = place_of(scheme)
            schemes[location, name.lower()] = scheme
        return cls(spec, schemes, documented)

    def left(self, location: str, name: str, value: str) -> str | None:
        """What stays of a value: all, the variable that stands for it, or None."""
        scheme = self.schemes.get((location, name.lower().partition("[")[0]))
        is_known = (location, name) in self.documented
        is_secret = is_secret_name(name) or location == "cookie"
        if is_known and location != "header":
            is_secret = _SURELY.fullmatch(name) is not None
        if scheme is None and not is_secret:
            return value if is_known or location == "query" or name in _KEPT else None
        variable = _variable(scheme, name, self.spec)
        self.found.append((variable, value))
        return f"${variable}" * is_known or None

    def pairs(self, location: str, written: str, joint: str) -> str:
        """The pairs of a query, or of cookies, that stay."""
        kept = []
        for pair in written.split(joint.strip()):
            if joint == "&" and ";" in pair:  # by which some services split as well
                kept.append(self.pairs(location, pair, ";"))
                continue
            name, equals, value = pair.strip().partition("=")
            plain = unquote_plus(value)
            stays = self.left(location, unquote_plus(name), plain)
            if stays is not None:
                kept.append(pair.strip() if stays == plain else f"{name}{equals}{stays}")
        return joint.join(kept)


def _authorized(value: str, spec: Spec) -> Iterator[tuple[str, str]]:
    """The credential in `Authorization`, after the variable of the scheme that it is of."""
    name, _, rest = value.strip().partition(" ")
    fitting, others = list[SecurityScheme](), list[SecurityScheme]()
    for one in spec.security_schemes.values():
        if place_of(one)[1] == "authorization":
            (fitting if scheme_name(one).lower() == name.lower() else others).append(one)
    scheme = next(iter([*fitting, *others]), None)
    value = rest.strip() or value.strip()
    if name.lower() == "basic":
        with suppress(ValueError):
            value = base64.b64decode(value, validate=True).decode()
    yield _variable(scheme, "authorization", spec), value


def _variable(scheme: SecurityScheme | None, name: str, spec: Spec | None = None) -> str:
    if scheme is not None and spec is not None:
        return spec.variable_of(scheme.id) or own_variable(scheme.id)
    return re.sub("[^A-Z0-9]+", "_", name.upper()).strip("_").rjust(4, "X")


def told(message: object, spec: Spec, common: str) -> Iterator[tuple[str, str]]:
    """What is written in a message as credentials are, wherever it stands; of none nothing.

    Cookies that an answer sets, and what looks like a secret and is not `common`: passwords of
    URLs, what follows `Bearer` and `Basic`, and parameters of paths and fields by their names.
    """
    if not isinstance(message, Request | Response):
        return
    for value in header_values(message.headers, "set-cookie"):
        name, equals, held = value.partition(";")[0].partition("=")
        yield _variable(None, name * bool(equals)), unquote_plus((held if equals else name).strip())
    texts = [getattr(message, "target", ""), *map(itemgetter(1), message.headers)]
    found, body = Found(), (message.body or b"").decode("latin-1")
    form = body * ("form-urlencoded" in "".join(header_values(message.headers, "content-type")))
    for name, value in _PARAMETER.findall("\n".join(["", *texts, form])):
        found += [(name, unquote_plus(value))] * is_secret_name(name)
    for view in views_of("\n".join([*texts, body]).encode("latin-1", "replace")):
        text = view.decode("utf-8", "replace")
        for pattern in (_USERINFO, _PHRASE, _COOKIE, _MADE):
            found += zip(repeat("secret"), pattern.findall(text))
        for scheme, value in _SHOWN.findall(text):
            found += _authorized(f"{scheme} {value}", spec)
    for name, value in found:
        if is_distinctive(value, common):
            yield _variable(None, name), value


def secret_of(variable: str, value: str, common: str) -> Secret:
    """What takes a credential out of texts; its `unlooked` says so where it can't."""
    _, _, password = value.partition(":")
    parts = parts_of(value, common) + parts_of(password, common)
    return Secret(value, f"${variable}", common, parts)
