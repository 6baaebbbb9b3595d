"""The credential: put on requests as the security schemes say, taken out of all that comes back."""

import base64
import html
import json
import logging
import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from typing import Any, Self
from urllib.parse import quote, quote_plus

from contracts.document import Operation, SecurityScheme, Spec
from contracts.document.model import schemes_in_use
from contracts.exchanges.secret_urls import Capabilities
from contracts.messages import CREDENTIAL_FORMS, PLACEHOLDER, Credential, Request

DISTINCTIVE = 8  # shorter parts and encodings are left alone: other texts would hold them, too
MIN_LENGTH = 4  # shorter values are words like any other: without them no text could be read
UNLOOKED = "nothing is looked for in answers"
WORDS = """
Accept-Encoding Authorization Cache-Control Connection Content-Length Content-Type Location
Negotiate Set-Cookie Transfer-Encoding User-Agent WWW-Authenticate X-API-Key gunicorn
application/problem+json charset=utf-8 keep-alive localhost no-cache no-store notte-contracts
password text/html text/plain username advisory accepted exercised inconclusive undecided
""" + " ".join(status.phrase for status in HTTPStatus)
"""Of answers, whatever the document says, and of our own lines."""
_IS_WORDS = re.compile(r"[A-Za-z]+([-_./ ][A-Za-z]+)*[0-9]{0,3}")
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
    _forms: tuple[str, ...] = field(init=False, repr=False, compare=False)
    _encoded: tuple[bytes, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        found, common = _forms(self._value) if not self.unlooked else set(), ""
        if self.common is not None:
            common = f"{WORDS} {self.common}".lower()
        wide = (self._value.encode("utf-16-le"), self._value.encode("utf-16-be")) * bool(found)
        told = (form for form in found if form and form.lower() not in common)
        forms = tuple(sorted(told, key=len, reverse=True))
        object.__setattr__(self, "_forms", forms)
        object.__setattr__(self, "_encoded", (*map(str.encode, forms), *filter(None, wide)))

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

    def scrub(self, text: str) -> str:
        """`text` with every form of the value replaced by the placeholder."""
        for form in self._forms:
            text = text.replace(form, self.placeholder)
        return text

    def scrub_bytes(self, data: bytes) -> bytes:
        for form in self._encoded:
            data = data.replace(form, self.placeholder.encode())
        return data


def _forms(value: str) -> set[str]:
    """How a value may be written: as it is, nearly whole, or for a URL, JSON, HTML or base64."""
    escaped = json.dumps(value)[1:-1]
    forms = {value, escaped, escaped.replace("/", "\\/"), html.escape(value)}
    for url in (quote(value, safe=""), quote_plus(value), quote(value)):
        forms |= {url, re.sub("%[0-9A-F]{2}", lambda found: found[0].lower(), url)}
    parts = {value[:-1]}
    for before in range(3):  # what base64 makes of it alone, wherever it is in an encoded text
        text = base64.b64encode(bytes(before) + value.encode()).decode()
        whole = text[-(-before * 8 // 6) : (before + len(value.encode())) * 8 // 6]
        parts |= {whole, whole.replace("+", "-").replace("/", "_")}
    return forms | {part for part in parts if len(part) >= DISTINCTIVE}


@dataclass(frozen=True, slots=True)
class Scrubber:
    """Takes secrets out of what is shown or kept, then the URLs of answers: they may hold one."""

    secrets: tuple[Secret, ...] = ()
    capabilities: Capabilities = field(default_factory=Capabilities)

    @classmethod
    def of(cls, values: dict[str, str], common: Mapping[str, str] | None = None) -> Self:
        """For values by variable, some with what is `common`; longer ones are taken out first."""
        longest = sorted(values.items(), key=lambda item: -len(item[1]))
        secrets = []
        for name, value in longest:
            if len(value) >= MIN_LENGTH:
                secrets.append(Secret(value, f"${name}", (common or {}).get(name)))
        return cls(tuple(secrets))

    def text(self, text: str) -> str:
        for secret in self.secrets:
            text = secret.scrub(text)
        return self.capabilities.text(text)

    def body(self, body: bytes) -> bytes:
        """A body of an answer; the capability URLs in it are known from now on."""
        for secret in self.secrets:
            body = secret.scrub_bytes(body)
        return self.capabilities.body(body)


def forbid_core_dumps() -> None:
    """Let no crash of this process write its memory, which holds the credential, to a file."""
    with suppress(ImportError, OSError, ValueError):  # Windows has neither the module nor the files
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def scrub_test_report(report: Any, scrub: Callable[[str], str]) -> None:
    """Take secrets out of what pytest shows of a test, or puts into a JUnit file."""
    if isinstance(report.longrepr, tuple):
        path, line, reason = report.longrepr
        report.longrepr = (path, line, scrub(reason))
    elif report.longrepr is not None and (text := scrub(before := str(report.longrepr))) != before:
        report.longrepr = text
    report.sections = [(title, scrub(content)) for title, content in report.sections]
    for index, (name, value) in enumerate(report.user_properties):
        if isinstance(value, str):
            report.user_properties[index] = (name, scrub(value))


def scrub_logs(scrub: Callable[[str], str]) -> Callable[[], None]:
    """From now on no log record holds a secret (of a URL, say); returns the way back."""
    make = logging.getLogRecordFactory()

    def make_scrubbed(*args: Any, **kwargs: Any) -> logging.LogRecord:
        record = make(*args, **kwargs)
        try:
            message = shown = record.getMessage()
        except (TypeError, ValueError):
            return record  # a mistake in somebody's logging call, which logging itself reports
        if record.name.startswith("httpcore2"):  # its answer's body nobody knows yet
            shown = message.partition("return_value=")[0]
        if (scrubbed := scrub(shown)) != message:
            record.msg, record.args = scrubbed, None
        return record

    logging.setLogRecordFactory(make_scrubbed)
    return lambda: logging.setLogRecordFactory(make)


def with_credential(
    request: Request, variant: Credential, operation: Operation, spec: Spec, secret: Secret
) -> Request:
    """The request with a variant of the credential, as the scheme (if any) that is in use asks."""
    if variant is Credential.NONE:
        return request
    form = CREDENTIAL_FORMS[variant]
    for scheme in schemes_in_use(operation, spec):
        names = {"http": scheme.scheme.capitalize(), "apiKey": ""}
        name = names.get(scheme.type, "Bearer")
        value, word = form.value(secret.reveal()), form.scheme(name)
        if scheme.type == "apiKey" and not word:
            request = _keyed(request, scheme, value)
            continue
        if name == "Basic":
            value = base64.b64encode((value if ":" in value else f"{value}:").encode()).decode()
        request = request.with_field("Authorization", f"{word} {value}".strip())
    return request


def _keyed(request: Request, scheme: SecurityScheme, value: str) -> Request:
    if scheme.location == "query":
        joint = "&" if "?" in request.target else "?"
        target = f"{request.target}{joint}{quote(scheme.name, safe='')}={quote(value, safe='')}"
        return replace(request, target=target)
    if scheme.location != "cookie":
        return request.with_field(scheme.name, value)
    written = value if _COOKIE_VALUE.fullmatch(value) else quote(value, safe="")
    before = [request.header("cookie"), f"{scheme.name}={written}"]
    return request.with_field("Cookie", "; ".join(filter(None, before)))
