"""The options of a run as a table, a field a row. Imports nothing heavy: every pytest reads it."""

import re
import shlex
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, fields
from functools import partial
from math import inf
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from contracts.errors import UsageError
from contracts.messages import MAX_SECONDS, MAX_UNAVAILABLE, VARIABLE, is_field_name
from contracts.notte.domain import PROXY_VARIABLE

ENDS = (".yaml", ".yml", ".json")
PLACES = "openapi.{yaml,yml,json} or spec/*.{yaml,yml,json}"
"""Where a document is looked for that nobody names."""
_TRUTHS = {"1": True, "yes": True, "true": True, "on": True}
_TRUTHS |= {"0": False, "no": False, "false": False, "off": False}
_UNITS = {"": 1, "s": 1, "m": 60, "h": 3600}
_NUMBER = r"(?=.*[1-9])[0-9]{1,9}(?:\.[0-9]{1,9})?"  # not all of its digits are 0
_APART = {"spec", "shard", "report", "history", "dry_run", "rate", "max_requests", "max_time"}
_APART |= {"proxy", "ca_bundle", "client_cert", "client_key"}
"""How fast, how long and by which way a run asks, and where it tells; documents have digests."""
_FOLDERS = {"path": r"^.*/", "@": r"(?:(?<=^@)|(?<==@)).*/"}
_USERINFO = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*:)?/*[^/?#]*@")
_HOST = re.compile(r"(?=.{1,253}\Z)([a-z0-9_-]{1,63}\.)*[a-z0-9_-]{1,63}|[0-9a-f:.]*:[0-9a-f:.]*")


@dataclass(frozen=True, slots=True)
class Value:
    """What an option takes."""

    metavar: str
    parse: Callable[[str], Any] = str  # raises ValueError for a text that is not what is wanted
    wanted: str = ""  # what such a text is not, and what to give instead
    pattern: str = ".*"  # what all of a text has to match
    files: str = ""  # what of it names a file: `path` (all), `@` (what follows an @), or nothing


@dataclass(frozen=True, slots=True)
class Option:
    """A command-line option and its ini twin; `field` is its name in `Options`."""

    field: str
    default: Any
    help: str
    takes: Value | None

    @property
    def name(self) -> str:
        return f"contract-{self.field.replace('_', '-')}"

    @property
    def flag(self) -> str:
        return f"--{self.name}"

    @property
    def ini(self) -> str:
        return f"contract_{self.field}"

    @property
    def kind(self) -> str:
        """`flag`, `value` or `list`, which is repeatable."""
        if self.takes is None:
            return "flag"
        return "list" if self.default == () else "value"

    def given(self, config: Any) -> Any:
        """What the command line gives, else the ini file, beside which the files it names are."""
        value = config.getoption(self.flag, None)
        if value is not None:
            return value
        folder = config.rootpath
        if config.inipath and config.inipath.is_file():  # `contracts run` gives none
            folder = config.inipath.parent
        return self.settled(config.getini(self.ini) or None, folder)

    def settled(self, value: Any, folder: Path) -> Any:
        """A value of the ini file in that folder, where files that it names are."""
        if self.kind == "flag" and isinstance(value, str):
            if value.lower() not in _TRUTHS:
                raise ValueError("neither true nor false")
            return _TRUTHS[value.lower()]
        if self.kind == "list" and isinstance(value, str):
            value = shlex.split(value)
        if isinstance(value, list):
            return [self._anchored(one, folder) for one in value]
        return value if value is None or self.takes is None else self._anchored(str(value), folder)

    def _anchored(self, value: str, folder: Path) -> str:
        files = self.takes.files if self.takes else ""
        before, at, file = value.partition("@")
        if files == "@" and at and (not before or before.endswith("=")):
            return f"{before}@{folder / file}"
        is_file = files == "path" and value != "none" and "://" not in value
        return str(folder / value) if is_file else value

    def parsed(self, given: Any) -> Any:
        """What was given as what it means. UsageError for what can't be used."""
        if given is None or self.takes is None:
            return given or self.default
        if self.kind == "list":
            return tuple(map(self._parsed, given))
        if given == "":
            cure = "give a value, or leave the option out"
            raise UsageError(f"{self.flag} is empty (an unset variable?); {cure}")
        return self._parsed(given)

    def _parsed(self, given: Any) -> Any:
        text, takes = str(given), self.takes or Value("")
        try:
            if not re.fullmatch(takes.pattern, text, re.DOTALL):
                raise ValueError
            return takes.parse(text)
        except ValueError:
            raise UsageError(f"{self.flag} {text} {takes.wanted}") from None

    def said(self, value: Any) -> str:
        """A value that was parsed, as it is held against another machine's: files by their names.

        Empty for what machines may have each their own way.
        """
        if value in (self.default, None) or self.field in _APART:
            return ""
        texts, folders = list[str](), _FOLDERS.get(self.takes.files if self.takes else "", "$")
        for one in value if isinstance(value, tuple) else [value]:
            text = "=".join(one) if isinstance(one, tuple) else str(one)
            texts.append(re.sub(folders, "", text, count=1))
        return ", ".join(texts)

    def words(self, value: bool | str | Sequence[str] | None) -> list[str]:
        """The words of a command line that give the option this value."""
        if value is True:
            return [self.flag]
        values = [value] if isinstance(value, str) else value or ()
        return [f"{self.flag}={one}" for one in values]


def _seconds(text: str) -> float:
    if not 0 < float(text) < inf:
        raise ValueError
    return float(text)


def _share(text: str) -> float:
    """`5%` or `0.05`."""
    number, percent, rest = text.strip().partition("%")
    share = float(number) / (100 if percent else 1)
    if rest or not 0 <= share <= 1:
        raise ValueError
    return share


def _interval(text: str) -> float:
    """Seconds between two requests, as many as the system can sleep."""
    number, _, unit = text.partition("/")
    return _UNITS[unit] / max(float(number), 0.001)


def _shard(text: str) -> tuple[int, int]:
    """`2/5`, the second of five."""
    index, count = map(int, text.split("/"))
    if not 1 <= index <= count:
        raise ValueError
    return index, count


def _time(text: str) -> float:
    return float(text.rstrip("smh")) * _UNITS[text.lstrip("0123456789.")]


def _header(text: str, option: str = "--contract-header", what: str = "header") -> tuple[str, str]:
    """The name of a header (or scheme), and of the variable with its value."""
    name, equals, variable = text.partition("=")
    # What follows is not shown: it may be the value, put there by mistake.
    option = f"{option} {re.split('[: ]', name)[0]}{equals}"
    if not is_field_name(name) or not variable:
        cure = f"give a {what}'s name and the environment variable with its value"
        raise UsageError(f"{option} is not NAME=ENVVAR; {cure}")
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", variable):
        cure = "put the value into one, and give its name"
        raise UsageError(f"{option}… does not name an environment variable; {cure}")
    return name, variable


def _proxy(text: str) -> str:
    if "@" in text:
        cure = f"put the whole URL into {PROXY_VARIABLE}, and leave the option out"
        raise UsageError(f"--contract-proxy holds a user name or password; {cure}")
    if re.fullmatch(r"(\[.*|[^:%]*)(:[0-9]*(/.*)?)?", text.partition("//")[2] or text):
        return usable_proxy(text)
    # What is behind the colon is no port and not shown: it may be a password.
    raise UsageError(f"--contract-proxy {NO_PROXY}")


def usable_proxy(url: str) -> str:
    """The URL of a proxy; ValueError if it is none."""
    parts = urlsplit(url)
    _ = parts.port  # raises ValueError for what is no port
    plain = url.isascii() and url.isprintable() and " " not in url
    known = parts.scheme in ("http", "https") and parts.hostname and parts.path in ("", "/")
    if not plain or not known or not _HOST.fullmatch(host_of(url)):
        raise ValueError
    return url


def _ca_bundle(path: str) -> str:
    import ssl

    try:
        ssl.create_default_context(cafile=path)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", "") or error
        if isinstance(error, ssl.SSLError):
            reason = "it holds no certificate"
        cure = "give a file of certificates in PEM form"
        raise UsageError(f"--contract-ca-bundle {path} can't be used ({reason}); {cure}") from None
    return path


# What options take

_URL = "is a URL, and nothing is fetched; give a file (curl -sSo FILE URL)"
_FILE = Value("FILE", str, _URL, r"(?!https?://).*", "path")
_FOLDER = Value("DIR", files="path")
_PATH = Value("FILE", files="path")
_REPORT = Value("REPORT.json", str, _URL, r"(?!https?://).*", "path")
_GLOB = Value("GLOB")
_ID = Value("VALUE", files="@")
_SIDE = "is no REVISION:path and no file; give one of them"
_REVISION = Value("REV:PATH", str, _SIDE, r"(?!-\Z)((?!://).)*")
_PAIR = "is not NAME=VALUE; give a parameter's name, '=' and a value or @FILE"
_PARAMETER = Value("NAME=VALUE", str, _PAIR, "@.+|[^=@][^=]*=.*", "@")
_NO_BODY = "is not OPERATION=JSON; give an operationId or METHOD /path, '=' and JSON or @FILE"
_BODY = Value("OPERATION=JSON", str, _NO_BODY, "[^=]+=.*", "@")
_FRAMES = "frames a request, as the client does by itself; leave the option out"
_HEADER = Value("NAME=ENVVAR", _header, _FRAMES, "(?i)(?!(content-length|transfer-encoding)=).*")
_SCHEME = partial(_header, option="--contract-credential", what="security scheme")
_CREDENTIAL = Value("NAME=ENVVAR", _SCHEME)
_SECONDS = Value("SECONDS", _seconds, "is no number of seconds above 0; give 5, say")
_SHARE = Value("SHARE", _share, "is no share of the requests; give 5%, 0.05 or 0, say")
_RATE = Value("RATE", _interval, "is no rate above 0; give 5/s or 300/m, say", rf"{_NUMBER}/[smh]")
_PERIOD = "is no time above 0; give 600 (seconds) or 10m, say"
_TIME = Value("TIME", _time, _PERIOD, rf"{_NUMBER}[smh]?")
_SHARD = "is no share of a run; give 2/5, say, for the second of five"
_PART = Value("INDEX/COUNT", _shard, _SHARD, "[0-9]{1,4}/[0-9]{1,4}")
_COUNT = Value("N", int, "is no number of requests above 0; give 1000, say", r"0*[1-9][0-9]{0,9}")
NO_PROXY = "is no usable proxy; give http(s)://HOST[:PORT]"
_PROXY = Value("URL", _proxy, NO_PROXY)
_PEM = Value("FILE", _ca_bundle, files="path")
_NEW = Value("new|any", str, "is neither any nor new; give one of them", "any|new")
_UNAVAILABLE = "more requests without an answer than this make a run inconclusive"


def _row(text: str, takes: Value | None, default: Any = None) -> Any:
    return field(default=default, metadata={"help": text, "takes": takes})


def _flag(text: str) -> Any:
    return _row(text, None, default=False)


@dataclass(frozen=True)
class Options:
    """What the options say; to add one is to add its row, and to use its value."""

    spec: str | None = _row(f"the OpenAPI document to test against (default: {PLACES})", _FILE)
    overlay: tuple[str, ...] = _row(
        "an OpenAPI overlay; repeatable; 'none' for none at all", _FILE, ()
    )
    root: str | None = _row(
        "other files are read below it (default: the document's git repository)", _FOLDER
    )
    strict_document: bool = _flag("a document with any fault is refused, not read as it is meant")
    baseline: str | None = _row("what the document must not break (default: HEAD:FILE)", _REVISION)
    param: tuple[str, ...] = _row(
        "a value that the service knows, [OPERATION:]NAME=VALUE; NAME=VALUE,NAME=VALUE belong "
        "together; NAME=@FILE reads a value a line, @FILE a row a line; repeatable",
        _PARAMETER,
        (),
    )
    body: tuple[str, ...] = _row(
        "a body of requests that the service takes, as JSON or @FILE; repeatable", _BODY, ()
    )
    session_id: tuple[str, ...] = _row(
        "a session that the service knows, or @FILE; repeatable", _ID, ()
    )
    operation: str | None = _row("only operations whose METHOD PATH or operationId matches", _GLOB)
    rule: str | None = _row("only rules whose id matches", _GLOB)
    shard: tuple[int, int] | None = _row(
        "ask a share of the operations alone, 2/5 say; `contracts merge` puts the reports together",
        _PART,
    )
    report: str | None = _row("the folder for report.json (default: build/contract)", _FOLDER)
    history: str | None = _row(
        "a folder that keeps the report of every run, for what comes and goes", _FOLDER
    )
    strict: bool = _flag(
        "advisories, unavailable answers and unexercised rules of 2xx fail too, if they were asked"
    )
    require_all: bool = _flag("every rule that was not exercised or not asked fails")
    unsafe: bool = _flag("send methods that may change state to a live service")
    max_response_time: float = _row(
        f"how long an answer may take (default: {MAX_SECONDS:g}; advisory)", _SECONDS, MAX_SECONDS
    )
    max_unavailable: float = _row(
        f"{_UNAVAILABLE} (default: {MAX_UNAVAILABLE})", _SHARE, MAX_UNAVAILABLE
    )
    header: tuple[tuple[str, str], ...] = _row(
        "a header sent with every request, its value from an environment variable", _HEADER, ()
    )
    credential: tuple[tuple[str, str], ...] = _row(
        "the credential of a security scheme, from an environment variable; repeatable",
        _CREDENTIAL,
        (),
    )
    token_from_flow: bool = _flag(
        "fetch tokens by the password or clientCredentials flow of the document's OAuth2 schemes"
    )
    discover: bool = _flag(
        "list the sessions of the service (free), and ask for some of every status"
    )
    start_session: bool = _flag("start a session (about $0.002), ask for it, stop it, ask again")
    rate: float = _row("how often to send a request at most: 5/s, 300/m", _RATE, 0.0)
    max_requests: int | None = _row("end in order after so many requests", _COUNT)
    max_time: float | None = _row("end in order after so long: 600, 10m", _TIME)
    proxy: str | None = _row(
        f"a proxy to the service (with a password: the variable {PROXY_VARIABLE})", _PROXY
    )
    ca_bundle: str | None = _row("the certificates to trust, in place of the usual ones", _PEM)
    client_cert: str | None = _row("the client's certificate, with its key, in PEM form", _PATH)
    client_key: str | None = _row("the key of that certificate, if its file has none", _PATH)
    dry_run: bool = _flag("list the requests, send none")
    against: str | None = _row(
        "an earlier report: its evidence is sent first, and told from what is new", _REPORT
    )
    fail_on: str = _row(
        "'new': what the earlier report has fails nothing (default: any)", _NEW, "any"
    )
    drift: bool = _flag(
        "compare what the service publishes (/openapi.json) with the document first"
    )
    replay: str | None = _row("send the evidence of a report again, and nothing else", _REPORT)


OPTIONS = tuple(Option(row.name, row.default, **row.metadata) for row in fields(Options))


def options_from(get: Callable[[Option], Any]) -> Options:
    """What the options say, `get` what a user gave for one. UsageError for what can't be used."""
    return Options(**{option.field: option.parsed(get(option)) for option in OPTIONS})


def period_of(flag: str, text: str | None) -> float | None:
    """The seconds of a time that an option of a command takes; UsageError if it is none."""
    if text is not None and not re.fullmatch(_TIME.pattern, text):
        raise UsageError(f"{flag} {text} {_PERIOD}")
    return None if text is None else _time(text)


def check_base_url(url: str | None) -> str | None:
    """The base URL if it is usable, None for the mock. Errors show no userinfo and no query."""
    if url is None:
        return None
    cure = "give http(s)://HOST[:PORT][/PREFIX], or leave --base-url out to use the mock"
    if not url.strip():
        raise UsageError(f"--base-url is empty (an unset variable?); {cure}")
    if _USERINFO.match(url):
        cure += f", and put the credential into {VARIABLE}"
        raise UsageError(f"--base-url holds a user name or password; {cure}")
    option = f"--base-url {url}"
    if set("@?#") & set(url):
        option = "--base-url"
    try:
        parts = urlsplit(url)
        _ = parts.port
        known = parts.scheme in ("http", "https") and parts.hostname
        usable = known and _HOST.fullmatch(host_of(url)) and url.isprintable()
    except ValueError as error:
        raise UsageError(f"{option} is not usable ({error}); {cure}") from None
    if not usable or re.search(r"[ ?#\\]", url):
        raise UsageError(f"{option} is not usable; {cure}")
    if not parts.path.isascii():
        raise UsageError(f"{option} has a path that is not percent-encoded; {cure}")
    return url.rstrip("/")


def host_of(url: str) -> str:
    """The host as it is asked for: in lower case, as ASCII, without a final dot; or ValueError."""
    import httpx2

    parts = urlsplit(url)
    try:
        host = httpx2.URL(f"{parts.scheme}://{parts.netloc}/").raw_host.decode("ascii")
    except httpx2.InvalidURL:
        raise ValueError("no usable host") from None
    return host.lower().rstrip(".")
