"""Exchanges that were recorded elsewhere, a HAR 1.2 or a ledger of ours, to what judges them."""

import base64
import json
import re
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from urllib.parse import SplitResult, quote, urlencode, urlsplit

import msgspec

from contracts.consumers.watch import Watch
from contracts.errors import UsageError
from contracts.exchanges.records import UNREADABLE, exchange_from
from contracts.exchanges.wires import PORTS
from contracts.messages import (
    Failure,
    FailureKind,
    Headers,
    Request,
    Response,
    has_content,
    header_values,
    is_field_name,
    is_field_value,
    is_json,
)
from contracts.text import bytes_at, printable

_LEDGER = re.compile(rb'\s*\{"(number|notes|asked|finished|stop)":')
_CURE = "give a HAR 1.2, or the exchanges.jsonl of a run or a proxy"
_UNSAFE_IN_TARGET = "!\"$%&'()*+,-./:;<=>?@[\\]^_`{|}~"  # what stays as it was recorded


class HarPair(msgspec.Struct, frozen=True):
    """A header field, or a parameter of a form."""

    name: str
    value: str | None = None


class HarPosted(msgspec.Struct, frozen=True, rename="camel"):
    """The body of a request: a text, or the parameters of a form."""

    mime_type: str | None = None
    text: str | None = None
    params: list[HarPair] | None = None


class HarRequest(msgspec.Struct, frozen=True, rename="camel"):
    method: str
    url: str
    headers: list[HarPair] = []
    post_data: HarPosted | None = None
    body_size: float | None = None


class HarContent(msgspec.Struct, frozen=True):
    text: str | None = None
    encoding: str | None = None
    size: float | None = None


class HarResponse(msgspec.Struct, frozen=True):
    status: float | None = None
    headers: list[HarPair] = []
    content: HarContent | None = None


class HarTimings(msgspec.Struct, frozen=True):
    """Milliseconds; what does not apply is -1 or null."""

    wait: float | None = None
    receive: float | None = None


class HarEntry(msgspec.Struct, frozen=True):
    request: HarRequest
    response: HarResponse | None = None
    time: float | None = None
    timings: HarTimings | None = None


class HarLog(msgspec.Struct, frozen=True):
    entries: list[HarEntry]


class Har(msgspec.Struct, frozen=True):
    """What of a HAR 1.2 is read; where others write what they like, null is as good as nothing."""

    log: HarLog


def data_of(path: Path) -> tuple[bytes, str | None]:
    """The bytes of a recording, and the base URL that a ledger says; UsageError without them."""
    try:
        data = bytes_at(path)
    except OSError as error:
        raise UsageError(f"{path} can't be read ({error.strerror}); {_CURE}, or a part") from None
    base_url = None
    if _LEDGER.match(data):
        with suppress(*UNREADABLE):
            base_url = json.loads(data.partition(b"\n")[0])["notes"]["run"]["base_url"]
    return data, base_url if isinstance(base_url, str) else None


def take_recorded(watch: Watch, path: Path, data: bytes) -> None:
    """Let the exchanges of a file be judged.

    Requests to elsewhere are counted and left out. Raises UsageError, with the place, for a file
    that is none of ours.
    """
    if _LEDGER.match(data):
        _take_ledger(watch, path, data)
        return
    try:
        # Not msgspec's: halves of surrogate pairs, which browsers write, are no JSON to it.
        har = msgspec.convert(json.loads(data.removeprefix(b"\xef\xbb\xbf")), Har)
    except RecursionError:
        raise UsageError(f"{path}: it is nested too deeply; {_CURE}") from None
    except (msgspec.MsgspecError, ValueError) as error:
        raise UsageError(printable(f"{path}: {error}; {_CURE}")) from None
    if not watch.bases:
        cure = "give --base-url URL, the one that the document's paths follow"
        raise UsageError(f"the document names no server with a host; {cure}")
    for index, entry in enumerate(har.log.entries):
        try:
            _take_entry(watch, entry, list(map(urlsplit, watch.bases)))
        except ValueError as error:
            where = f"{path}: $.log.entries[{index}]"
            raise UsageError(printable(f"{where}: {error}; {_CURE}")) from None


def _take_ledger(watch: Watch, path: Path, data: bytes) -> None:
    for number, line in enumerate(data.splitlines(), start=1):
        if not line.startswith(b'{"number":'):
            continue  # notes of the run, and what it was about
        try:
            exchange = exchange_from(line)
            if not is_field_name(exchange.probe.request.method):
                raise ValueError("the method of the request is none")
            exchange.probe.request.target.encode("ascii")
            if (exchange.response is None) == (exchange.failure is None):
                raise ValueError("it has not one of response and failure")
        except UNREADABLE as error:
            said = printable(str(error))
            raise UsageError(f"{path}:{number}: no exchange ({said}); {_CURE}") from None
        watch.retake(exchange)


def _take_entry(watch: Watch, entry: HarEntry, bases: Sequence[SplitResult]) -> None:
    url = urlsplit(entry.request.url)
    if not is_field_name(entry.request.method):
        raise ValueError("the method of the request is none")
    target = next(filter(None, (target_below(base, url) for base in bases)), None)
    if target is None:
        watch.leave("requests to elsewhere")
        return
    request, unknown = _request(entry.request, target)
    watch.take(request, _came(entry, request), unknown)


def target_below(base: SplitResult, url: SplitResult) -> str | None:
    """The path and query of a URL below a base URL; None if it leads elsewhere. ValueError."""
    if _origin(url) != _origin(base):
        return None
    prefix, path = base.path.rstrip("/"), url.path or "/"
    if prefix and not path.startswith(f"{prefix}/"):
        return None
    query = f"?{url.query}" if url.query else ""
    return quote(f"{path.removeprefix(prefix)}{query}", safe=_UNSAFE_IN_TARGET)


def _origin(url: SplitResult) -> tuple[str, str | None, int | None]:
    return url.scheme.lower(), url.hostname, url.port or PORTS.get(url.scheme.lower())


def _request(sent: HarRequest, target: str) -> tuple[Request, set[str]]:
    """The request, and what of it the recording does not have."""
    headers, unknown, posted = _fields(sent.headers), set[str](), sent.post_data
    if not headers:
        unknown.add("header")
    if not header_values(headers, "cookie"):  # browsers take them out
        unknown.add("cookie")
    body = _sent_body(posted)
    told = (posted.mime_type or "") if posted is not None else ""
    is_untold = not header_values(headers, "content-type")
    if body and told and is_untold and is_field_value(told):
        headers = (*headers, ("Content-Type", told))
    if body is None or (not body and (sent.body_size or 0) > 0):
        unknown.add("body")
    # Browsers write neither the files of a form nor what is no text.
    written = header_values(headers, "content-type")
    is_form = any(value.lower().startswith("multipart/") for value in written)
    if is_form or "\ufffd".encode() in (body or b"") or header_values(headers, "content-encoding"):
        unknown.add("body")
    return Request(sent.method.upper(), target, headers, body or None), unknown


def _sent_body(posted: HarPosted | None) -> bytes | None:
    if posted is None:
        return b""
    if posted.text is not None:
        return posted.text.encode("utf-8", "surrogatepass")
    if posted.params and not (posted.mime_type or "").lower().startswith("multipart/"):
        pairs = [(pair.name, pair.value or "") for pair in posted.params]
        return urlencode(pairs).encode()
    return None


def _fields(pairs: Sequence[HarPair]) -> Headers:
    """Header fields without what HTTP/2 writes among them (RFC 9113 §8.3), or is none.

    Browsers write several of a name as lines of one.
    """
    found = []
    for pair in pairs:
        for value in (pair.value or "").strip().split("\n"):
            if is_field_name(pair.name) and is_field_value(value):
                found.append((pair.name, value))
    return tuple(found)


def _came(entry: HarEntry, request: Request) -> Response | Failure:
    came = entry.response or HarResponse()
    if not 100 <= (came.status or 0) <= 599:
        return Failure(FailureKind.UNJUDGED, "the client had no answer")
    status, headers = int(came.status or 0), _fields(came.headers)
    if not headers:
        return Failure(FailureKind.UNJUDGED, "the recording has no head of the answer")
    body: bytes | None = b""
    if has_content(request.method, status):
        body = _body(came.content or HarContent(), headers)
    if body is None:
        return Failure(FailureKind.UNJUDGED, "the recording has no body of the answer")
    return Response(status, headers, body, _seconds(entry))


def _body(content: HarContent, headers: Headers) -> bytes | None:
    """The body, of which content codings are undone in a HAR; None if it was not recorded."""
    text = content.text or ""
    if not text and (content.text is None or (content.size or 0) > 0):
        return b"" if content.size == 0 else None
    if (content.encoding or "").lower() == "base64":
        try:
            return base64.b64decode(text, validate=True)
        except ValueError as error:
            raise ValueError(f"the text of the content is no base64 ({error})") from None
    written = ",".join(header_values(headers, "content-type"))
    charset = re.search(r"charset=\"?([\w.:-]+)", written)
    if charset is not None and not is_json(written):
        with suppress(LookupError, ValueError):
            return text.encode(charset[1])
    return text.encode("utf-8", "surrogatepass")


def _seconds(entry: HarEntry) -> float:
    """How long the service took: what the client waited for a connection is not its doing."""
    spent, timings = entry.time or 0.0, entry.timings or HarTimings()
    if timings.wait is not None and timings.wait >= 0:
        spent = timings.wait + max(timings.receive or 0.0, 0.0)
    return max(spent, 0.0) / 1000
