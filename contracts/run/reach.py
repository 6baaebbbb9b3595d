"""Options on how a service is reached, how often and how long; what is not usable is refused in one sentence."""

from __future__ import annotations

import re
import ssl
import urllib.request
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import unquote, urlsplit

from contracts.errors import UsageError
from contracts.exchanges import Bounds, Route
from contracts.notte.domain import PROXY_VARIABLE

_SECONDS = {"": 1, "s": 1, "m": 60, "h": 3600}
_NUMBER = r"([0-9]{1,9}(?:\.[0-9]{1,9})?)"
_RATE = re.compile(rf"{_NUMBER}/([smh])")
_TIME = re.compile(rf"{_NUMBER}([smh]?)")


def bounds_from(get: Callable[[str], Any]) -> Bounds:
    """How often, how much and how long a service is asked."""
    return Bounds(
        interval=_interval(get("contract-rate")),
        requests=_requests(get("contract-max-requests")),
        seconds=_seconds(get("contract-max-time")),
    )


def _interval(value: Any) -> float:
    if value is None:
        return 0.0
    found = _RATE.fullmatch(str(value))
    if found is None or not float(found[1]):
        raise UsageError(f"--contract-rate {value} is no rate above 0; give 5/s or 300/m, say")
    return _SECONDS[found[2]] / float(found[1])


def _requests(value: Any) -> int | None:
    if value is None:
        return None
    if not re.fullmatch(r"0*[1-9][0-9]{0,9}", str(value)):
        raise UsageError(
            f"--contract-max-requests {value} is no number of requests above 0; give 1000, say"
        )
    return int(value)


def _seconds(value: Any) -> float | None:
    if value is None:
        return None
    found = _TIME.fullmatch(str(value))
    if found is None or not float(found[1]):
        raise UsageError(
            f"--contract-max-time {value} is no time above 0; give 600 (seconds) or 10m, say"
        )
    return float(found[1]) * _SECONDS[found[2]]


def route_from(get: Callable[[str], Any], environ: Mapping[str, str]) -> Route:
    """The proxy, from the option or the environment, and the certificates that are trusted."""
    return Route(_proxy(get("contract-proxy"), environ), _ca_bundle(get("contract-ca-bundle")))


def _proxy(value: str | None, environ: Mapping[str, str]) -> str | None:
    option = "--contract-proxy"
    if value is not None and "@" in value:
        raise UsageError(
            f"{option} holds a user name or password; put the whole URL into {PROXY_VARIABLE}, and leave the option out"
        )
    if value is None:
        option, value = PROXY_VARIABLE, environ.get(PROXY_VARIABLE, "").strip() or None
    if value is not None and not _is_usable(value):
        shown = f"{option} {value}" if option != PROXY_VARIABLE else option
        raise UsageError(f"{shown} is no usable proxy; give http(s)://HOST[:PORT]")
    return value


def _is_usable(url: str) -> bool:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return False
    plain = url.isascii() and url.isprintable() and " " not in url
    return (
        plain
        and parts.scheme in ("http", "https")
        and bool(parts.hostname)
        and parts.path in ("", "/")
    )


def _ca_bundle(path: str | None) -> str | None:
    if path is None:
        return None
    try:
        ssl.create_default_context(cafile=path)
    except (OSError, ValueError) as error:
        reason = (
            "it holds no certificate"
            if isinstance(error, ssl.SSLError)
            else getattr(error, "strerror", "") or error
        )
        raise UsageError(
            f"--contract-ca-bundle {path} can't be used ({reason}); give a file of certificates in PEM form"
        ) from None
    return path


def proxy_secrets(environ: Mapping[str, str]) -> dict[str, str]:
    """User names with passwords, and passwords, of the proxies that the environment names, by what stands for them."""
    named = {PROXY_VARIABLE: environ.get(PROXY_VARIABLE, "")}
    named |= {f"{scheme.upper()}_PROXY": url for scheme, url in urllib.request.getproxies().items()}
    found: dict[str, str] = {}
    for variable, url in named.items():
        userinfo = url.rpartition("@")[0].rpartition("//")[2]
        if ":" in userinfo:
            found |= {f"{variable}_USERINFO": unquote(userinfo)}
            found |= {f"{variable}_PASSWORD": unquote(userinfo.partition(":")[2])}
    return found
