"""The credential: put on requests as the security schemes say, taken out of all that comes back."""

import base64
import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache, partial
from http import HTTPStatus
from itertools import chain, filterfalse
from typing import Self
from unicodedata import normalize
from urllib.parse import quote

from contracts.document import SecurityScheme, Spec
from contracts.document.security import misplaced, place_of, scheme_name, schemes_in_use
from contracts.exchanges import echoes
from contracts.exchanges.echoes import DISTINCTIVE, Hit
from contracts.exchanges.secret_urls import Capabilities
from contracts.messages import (
    CREDENTIAL_FORMS,
    PLACEHOLDER,
    Credential,
    CredentialForm,
    Exchange,
    Probe,
    Request,
    Response,
    overridden,
)

MIN_LENGTH = 4  # shorter values are words like any other: without them no text could be read
UNLOOKED = "nothing is looked for in answers"
WORDS = """
Accept-Encoding Authorization Cache-Control Connection Content-Length Content-Type Location
Negotiate Set-Cookie Transfer-Encoding User-Agent WWW-Authenticate X-API-Key gunicorn
application/problem+json charset=utf-8 keep-alive localhost no-cache no-store notte-contracts
password text/html text/plain username advisory accepted exercised inconclusive undecided
exchanges evidence instance operations recurrence severity undocumented violations documented
""" + " ".join(status.phrase for status in HTTPStatus)
"""Of answers, whatever the document says, and of our own lines."""
_JOINTS = re.compile(r"(?:(?<![\w-])[\w-]++=(?=[^=\s])|[\s;,])+")  # between secrets in one
_IS_WORDS = re.compile(r"[A-Za-z]+([-_./ ][A-Za-z]+)*[0-9]{0,3}")
_STRAY = re.compile(rb"(%u?|\\[ux]?\{?)[0-9a-f]{0,3}\Z")  # what is left of an escape
_CUT = re.compile("(\\.\\.\\.|…)".encode())
MAX_MEMO = 4000  # texts that are remembered, and bytes of each
_COOKIE_VALUE = re.compile(r"[!#-+\--:<-\[\]-~]*")  # RFC 6265 §4.1.1


@dataclass(frozen=True, slots=True)
class Secret:
    """A value that no output may hold; `str` and `repr` show the placeholder.

    A value that says nothing where it stands is neither looked for nor masked, and `unlooked` says
    why: a short one, and one that is in the `common` text, of which no form is looked for either.
    """

    _value: str = field(repr=False)
    placeholder: str = PLACEHOLDER
    common: str | None = field(default=None, repr=False, compare=False)  # None: it is no matter
    parts: tuple[str, ...] = field(default=(), repr=False)  # of it, that are secrets by themselves
    needles: tuple[bytes, ...] = field(init=False, repr=False, compare=False)
    ends: tuple[tuple[bytes, int], ...] = field(init=False, repr=False, compare=False)  # least

    def __post_init__(self) -> None:
        texts = (self._value, self._value.replace(" ", "+"), *self.parts)
        wholes = [text.encode("utf-8", "surrogatepass") for text in texts]
        needles, ends = set(wholes[:2]), list[tuple[bytes, int]]()
        for part in (self._value, self._value.rstrip(":"), *self.parts):
            if len(part) > DISTINCTIVE:  # also cut short, as probes send it
                needles |= {*_spellings(part), *_spellings(part[:-1])}
        for _ in range(echoes.DEPTH):  # views in which its own escapes are undone
            needles |= set(map(echoes.unescaped, needles))
        common = f"{WORDS} {self.common}".lower().encode() if self.common is not None else b""
        told = {n.lower() for n in needles if n and not self.unlooked and n.lower() not in common}
        object.__setattr__(self, "needles", tuple(sorted(sorted(told), key=len, reverse=True)))
        for low in sorted(told & set(map(bytes.lower, wholes))):
            least = DISTINCTIVE
            while least < len(low) and (low[:least] in common or low[-least:] in common):
                least += 1
            ends.append((low, least))
        object.__setattr__(self, "ends", tuple(ends))

    def __repr__(self) -> str:
        return f"Secret({self.placeholder})"

    __str__ = __repr__

    @property
    def unlooked(self) -> str:
        """Why nothing is looked for in answers; empty if it is."""
        name, why = self.placeholder.removeprefix("$"), ""
        if self.common is None or not self._value:
            return ""
        if len(self._value) < DISTINCTIVE:
            why = f"{name} has fewer than {DISTINCTIVE} characters"
        elif self._value.lower() in f"{WORDS} {self.placeholder} {self.common}".lower():
            where = "stands in the document, in the base URL or in any answer as well"
            why = f"the value of {name} {where}"
        return why and f"{why}: {UNLOOKED} or masked in them"

    @property
    def is_words(self) -> bool:
        """Whether it may be what answers say of themselves, such as `staging1`."""
        return self.common is not None and _IS_WORDS.fullmatch(self._value) is not None

    def reveal(self) -> str:
        """The value itself, for the wire only."""
        return self._value

    def hits(self, view: bytes, cut: bool) -> Iterator[Hit]:
        """Where it stands in a view, whole or nearly so, and where the view is `cut`, a part."""
        low, put = view.lower(), self.placeholder.encode()
        for needle in self.needles:
            at = low.find(needle)
            while at >= 0:
                yield at, at + len(needle), put, False
                at = low.find(needle, at + 1)
        stem = _STRAY.sub(b"", low) if cut else low
        for needle, least in self.ends if cut else ():
            for size in range(least, len(needle)):
                if stem.endswith(needle[:size]):
                    yield len(stem) - size, len(low), put, False
                if low.startswith(needle[-size:]):
                    yield 0, size, put, False


def _spellings(text: str) -> Iterator[bytes]:
    """A text in bytes, in each case, as other charsets have it and as who takes one for another."""
    forms = {text, text.upper(), text.lower()}  # `\n` in it would be no escape as `\N`
    forms |= {text.replace('"', '""'), text.replace("'", "''")}  # CSV, YAML, SQL
    forms |= {normalize("NFC", text), normalize("NFD", text)}
    if text.isdigit():
        forms.add(f"{text[0]}.{text[1:].rstrip('0')}")  # as 1.25e9
    for one in forms:
        utf_8 = one.encode("utf-8", "surrogatepass")
        yield from (utf_8, utf_8.decode("latin-1").encode())
        for codec in ("latin-1", "utf-16-le", "utf-16-be"):
            yield one.encode(codec, "replace").replace(b"\0", b"")


def is_distinctive(value: str, common: str) -> bool:
    """Whether a value looks like a secret, and is in no text that is `common`.

    Where it is a word as any other, texts would say something else without it.
    """
    mixed = any(map(str.isalpha, value)) and any(map(str.isdigit, value))
    length = DISTINCTIVE // 2 if mixed else DISTINCTIVE
    return len(value) >= length and value.lower() not in f"{WORDS} {common}".lower()


def parts_of(value: str, common: str) -> tuple[str, ...]:
    """What is a secret by itself in the value of a header field: tokens, cookies, a password."""
    found = _JOINTS.split(value)
    if len(found) > 1 and found[0].lower() == "basic":
        with suppress(ValueError):
            pair = base64.b64decode(value.partition(" ")[2]).decode()
            found += [pair, pair.partition(":")[2]]
    return tuple(part for part in found if is_distinctive(part, common))


@dataclass(eq=False)
class Scrubber:
    """Takes secrets out of what is shown or kept, then the URLs of answers: they may hold one."""

    secrets: tuple[Secret, ...] = ()
    capabilities: Capabilities = field(default_factory=Capabilities)
    common: str = field(default="", repr=False)  # what texts hold anyway

    @classmethod
    def of(cls, values: dict[str, str], common: str | None = None) -> Self:
        """For values by variable, those in the `common` text apart; longer ones go first."""
        longest = sorted(values.items(), key=lambda item: -len(item[1]))
        secrets = []
        for name, value in longest:
            if common is not None and is_distinctive(value, common):
                secrets.append(Secret(value, f"${name}", parts=parts_of(value, common)))
            elif common is None and len(value) >= MIN_LENGTH:
                secrets.append(Secret(value, f"${name}"))
        return cls(tuple(secrets), common=common or "")

    def learn(self, *secrets: Secret) -> None:
        """Take these out as well, from now on."""
        if new := tuple(filterfalse(set(self.secrets).__contains__, secrets)):
            self.secrets = (*new, *self.secrets)
            for memo in ("_own_marks", "_remembered", "_harmless", "_fields"):
                self.__dict__.pop(memo, None)

    def text(self, text: str, *, learns: bool = False) -> str:
        """A text without secrets, or what is left of one where somebody cut it (`...`).

        Where there is nothing to take out, it is the same object: a large run has many texts. No
        more is known from it, unless it `learns`: in words of our own a name may be anything's.
        """
        encoded = text.encode("utf-8", "surrogatepass")
        data = self.body(encoded, learns=learns)
        if (b"..." in data or "…".encode() in data) and self._marks:
            pieces, harmless = _CUT.split(data), dict[int, int]()
            for index in range(0, len(pieces), 2):
                scan = echoes.Scan(self._marks, self._shortest, harmless=harmless)
                pieces[index] = self._uncut(scan, pieces[index], index, len(pieces) - 1)
            data = b"".join(pieces)
        if data == encoded:
            return text
        with suppress(UnicodeDecodeError):
            return data.decode("utf-8", "surrogatepass")
        return data.decode("utf-8", "replace")  # what went began or ended within a character

    def _uncut(self, scan: echoes.Scan, piece: bytes, index: int, last: int) -> bytes:
        """A piece of a text without what is left of a value at an end that was cut."""
        found = list[Hit]()
        with suppress(echoes.TooMuch):  # it was looked through as a whole
            near = echoes.holds_any(piece.lower(), self._own_marks) or scan.suspects(piece)
            for look in (self.capabilities.known, *(secret.hits for secret in self.secrets)):
                for hit in scan.hits(piece, look, echoes.DEPTH * near, True):
                    if (hit[0] == 0 and index > 0) or (hit[1] == len(piece) and index < last):
                        found.append(hit)
        return echoes.replaced(piece, found, bytes)

    def body(self, body: bytes, *, learns: bool = True) -> bytes:
        """A body of an answer; the capability URLs in it are known from now on.

        Where the secret is packed, what was unpacked is kept, and says that the bytes are not.
        """
        if not (self._own_marks or self.capabilities.marks):
            return body
        if len(body) <= MAX_MEMO:
            return self._remembered(body, self.capabilities.size, learns)
        seen = hashlib.blake2b(body).digest(), self.capabilities.size
        if seen in self._harmless:  # services say the same again and again
            return body
        if (clean := self._clean(body, seen[1], learns)) == body and len(self._harmless) < MAX_MEMO:
            self._harmless.add(seen)
        return clean

    def field(self, name: str, value: str) -> tuple[str, str]:
        """A header field without secrets."""
        return self._fields(name, value, self.capabilities.size)

    def answer(self, response: Response) -> Response:
        """An answer without secrets."""
        body = self.body(response.body)  # first: from it the URLs in the fields are known
        headers = tuple(self.field(*field) for field in response.headers)
        if body == response.body and headers == response.headers:
            return response
        return replace(response, headers=headers, body=body)

    def _field(self, name: str, value: str, _known: int) -> tuple[str, str]:
        if put := self.capabilities.put_for(name.encode("utf-8", "surrogatepass")):
            written = value.encode("utf-8", "surrogatepass")
            self.capabilities.learn(written, put)
            value = self.capabilities.masked(written).decode("utf-8", "surrogatepass")
        return self.text(name, learns=True), self.text(value, learns=True)

    @cached_property
    def _remembered(self) -> Callable[[bytes, int, bool], bytes]:
        """What became of texts while no more was known."""
        return lru_cache(MAX_MEMO)(self._clean)

    @cached_property
    def _harmless(self) -> set[tuple[bytes, int]]:
        """Long bodies in which nothing was found while no more was known."""
        return set()

    @cached_property
    def _fields(self) -> Callable[[str, str, int], tuple[str, str]]:
        return lru_cache(MAX_MEMO)(self._field)

    @cached_property
    def _own_marks(self) -> tuple[bytes, ...]:
        """Beginnings and ends, in lower case: where none is, no secret is."""
        found = set[bytes]()
        for secret in self.secrets:
            found |= {needle[-DISTINCTIVE:] for needle, _ in secret.ends}
            found |= {needle[:DISTINCTIVE] for needle in secret.needles}
        return tuple(found)

    @property
    def _shortest(self) -> int:
        ends = chain.from_iterable(secret.ends for secret in self.secrets)
        return min((len(low) * low.isascii() for low, _ in ends), default=MAX_MEMO)

    @property
    def _marks(self) -> tuple[bytes, ...]:
        return (*self._own_marks, *self.capabilities.marks)

    def _clean(self, data: bytes, _known: int, learns: bool) -> bytes:
        if codec := echoes.wide_codec(data):
            plain = data.decode(codec, "surrogatepass").encode("utf-8", "surrogatepass")
            if (clean := self._clean(plain, 0, learns)) != plain:
                data = clean.decode("utf-8", "surrogatepass").encode(codec, "surrogatepass")
        scan, hits = echoes.Scan(self._marks, self._shortest), list[Hit]()
        try:
            low = data.lower()
            near = echoes.holds_any(low, self._own_marks) or scan.suspects(data)
            if not (near or self.capabilities.may_be_in(low)):
                return data
            for start, unpacked in echoes.unpacked_parts(data) if near else ():
                if (clean := self._clean(unpacked, 0, learns)) != unpacked:
                    note = b"[%d packed bytes withheld; they are:]\n" % (len(data) - start)
                    hits.append((start, len(data), note + clean, False))
            for secret in self.secrets:
                hits += scan.hits(data, secret.hits, echoes.DEPTH * near)
            data = echoes.replaced(data, hits, bytes)
            members = partial(self.capabilities.members, learns=learns)
            for look in (members, self.capabilities.known):
                hits = list(scan.hits(data, look, echoes.DEPTH * near))
                data = echoes.replaced(data, hits, self.capabilities.masked)
        except echoes.TooMuch:
            return b"[%d bytes withheld: too much is encoded in them]" % len(data)
        return data


def places(spec: Spec) -> frozenset[str]:
    """The header fields, in lower case, in which the document's schemes want a credential."""
    found = set(map(place_of, spec.security_schemes.values()))
    return frozenset({"header": name}.get(where, where) for where, name in found) - {"query"}


def shown_schemes(probe: Probe, spec: Spec) -> tuple[SecurityScheme, ...]:
    """The schemes whose credentials a probe is about."""
    schemes, operation = probe.schemes, spec.by_key.get(probe.operation)
    if schemes or operation is None:  # clients ask for whatever they like
        return tuple(map(spec.security_schemes.__getitem__, schemes))
    return schemes_in_use(operation, spec)


def with_credential(probe: Probe, spec: Spec, secrets: Mapping[str, Secret]) -> Request:
    """The request of a probe with the credentials that it shows, out of `secrets` by variable."""
    request, fields = probe.request, dict[str, tuple[str, str]]()
    pairs: dict[str, list[str]] = {"query": [], "cookie": []}
    for scheme in shown_schemes(probe, spec):
        form, secret = probe.credential, secrets.get(spec.variable_of(scheme.id))
        if probe.part not in ("", scheme.id):
            form = Credential.RIGHT
        if form is Credential.NONE or secret is None:
            continue
        if form is Credential.MISPLACED:
            scheme = misplaced(scheme, spec) or scheme
        place, name, value = _shown(scheme, CREDENTIAL_FORMS[form], secret.reveal())
        if place in pairs:
            pairs[place].append(f"{name}={value}")
        else:
            fields[name.lower()] = name, value
    if pairs["query"]:
        joint = "&" if "?" in request.target else "?"
        request = replace(request, target=f"{request.target}{joint}{'&'.join(pairs['query'])}")
    if pairs["cookie"]:
        cookies = "; ".join(filter(None, (request.header("cookie"), *pairs["cookie"])))
        request = request.with_field("Cookie", cookies)
    return replace(request, headers=overridden(request.headers, tuple(fields.values())))


def _shown(scheme: SecurityScheme, form: CredentialForm, value: str) -> tuple[str, str, str]:
    """Where a form of a credential stands, under which name, and what."""
    name = scheme_name(scheme)
    value, word = form.value(value), form.scheme(name)
    if scheme.type != "apiKey" or word:
        if name == "Basic":
            value = base64.b64encode((value if ":" in value else f"{value}:").encode()).decode()
        return "header", "Authorization", f"{word} {value}".strip()
    if scheme.location == "query":
        return "query", quote(scheme.name, safe=""), quote(value, safe="")
    if scheme.location == "cookie" and not _COOKIE_VALUE.fullmatch(value):
        value = quote(value, safe="")
    return scheme.location, scheme.name, value


def withheld(
    spec: Spec, probe: Probe, headers: Set[str], gateways: Iterable[str]
) -> tuple[str, ...]:
    """The user's headers that do not go with a probe: it must not show a credential by them.

    They are those of the document's schemes where no credential is asked for; with TRACE, which may
    give them back, all; and with a credential that must be refused, all but a gateway's.
    """
    guarded = spec.by_key[probe.operation].needs_credential
    if not headers or (guarded and not CREDENTIAL_FORMS[probe.credential].refused):
        return ()
    if guarded and probe.request.method != "TRACE":
        headers = headers - {*gateways}
    elif probe.request.method != "TRACE":
        headers = headers & places(spec)
    return tuple(sorted(headers))


def said_anyway(secrets: Iterable[Secret | None], exchanges: Sequence[Exchange]) -> list[Secret]:
    """The credentials that may be words, and stand in answers to requests without them as well."""
    found = list[Secret]()
    for secret in filter(None, secrets):
        for exchange in exchanges if secret.is_words else ():
            bare = exchange.probe.credential is Credential.NONE
            if bare and secret.placeholder in repr(exchange.response):
                found.append(secret)
                break
    return found
