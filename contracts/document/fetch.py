"""An http or https URL to the bytes behind it, within limits; nothing is sent but the request itself."""

from __future__ import annotations

import time
from urllib.parse import urljoin, urlsplit

import httpx2

from contracts.errors import UsageError

SECONDS = 30.0
"""How long a server may be silent; twice as long all of it may take."""
MAX_REDIRECTS = 5
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_HEADERS = {"User-Agent": "notte-contracts", "Accept": "*/*", "Accept-Encoding": "identity"}


def address_shown(url: str) -> str:
    """The URL as it may be shown: a query or a user name may be a secret."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return "the URL"
    host = parts.netloc.rpartition("@")[2]
    return f"{parts.scheme}://{host}{parts.path}{'?…' if parts.query else ''}"


def fetched(url: str, limit: int) -> bytes:
    """What is behind the URL, or a UsageError in one sentence. No proxy, cookie or credential is used."""
    ends = time.monotonic() + 2 * SECONDS
    # The environment may hold proxies and, in a .netrc, credentials: neither is anybody's but the user's.
    with httpx2.Client(timeout=SECONDS, trust_env=False, headers=_HEADERS) as client:
        for _ in range(MAX_REDIRECTS + 1):
            _refuse_unusable(url)
            try:
                got = _got(client, url, limit, ends)
            except (httpx2.InvalidURL, UnicodeError):
                raise _unusable(url, "has no usable host") from None
            except httpx2.TimeoutException:
                raise _unusable(url, f"gave no answer within {SECONDS:.0f} s") from None
            except httpx2.HTTPError as error:
                raise _unusable(url, f"can't be fetched ({_reason(error)})") from None
            if isinstance(got, bytes):
                return got
            url = _followed(url, got)
    raise _unusable(url, f"is the end of more than {MAX_REDIRECTS} redirects")


def _got(client: httpx2.Client, url: str, limit: int, ends: float) -> bytes | str:
    """The body, or where it is said to be."""
    with client.stream("GET", url, follow_redirects=False) as response:
        client.cookies.clear()
        if response.status_code in _REDIRECTS and "location" in response.headers:
            return str(response.headers["location"])
        if response.status_code != 200:
            raise _unusable(url, f"answers {response.status_code}, not 200")
        body = bytearray()
        for chunk in response.iter_bytes():
            body += chunk
            if len(body) > limit:
                raise _unusable(url, f"sends more than {limit // 2**20} MB")
            if time.monotonic() > ends:
                raise _unusable(url, f"did not end within {2 * SECONDS:.0f} s")
        return bytes(body)


def _followed(url: str, location: str) -> str:
    try:
        target = urljoin(url, location)
    except ValueError:
        raise _unusable(url, "redirects to what is no URL") from None
    if urlsplit(url).scheme == "https" and urlsplit(target).scheme != "https":
        raise _unusable(url, "redirects to a place without TLS")
    return target


def _refuse_unusable(url: str) -> None:
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise _unusable(url, "is no usable URL") from None
    if (
        parts.scheme not in ("http", "https")
        or not host
        or not all(c.isprintable() and c != " " for c in url)
    ):
        raise _unusable(url, "is no usable http or https URL")
    if "@" in parts.netloc:
        raise _unusable(url, "holds a user name or password, and none is sent")


def _unusable(url: str, problem: str) -> UsageError:
    return UsageError(
        f"{address_shown(url)} {problem}; give the address of a document that anybody may read, or a file"
    )


def _reason(error: httpx2.HTTPError) -> str:
    return str(error).strip().partition("\n")[0] or type(error).__name__
