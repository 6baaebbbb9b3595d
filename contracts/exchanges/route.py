"""The way to a service: certificates that are trusted, and a proxy."""

from __future__ import annotations

import ipaddress
import ssl
import urllib.request
from dataclasses import dataclass, field
from functools import cache
from urllib.parse import SplitResult

import httpx2


@dataclass(frozen=True, slots=True)
class Route:
    """What stands between the suite and a service.

    Args:
        proxy: asked instead of the service; None for the one that the environment names, if it does.
        ca_bundle: a file of the certificates that are trusted, in place of the usual ones.
    """

    proxy: str | None = field(default=None, repr=False)
    ca_bundle: str | None = None

    def transport(self, base: SplitResult) -> httpx2.HTTPTransport:
        """A transport to a base URL. Not httpx2.Client: a client keeps cookies, looks into Location, and logs URLs."""
        proxy = self.proxy or _proxy(base)
        if proxy is None or not proxy.startswith("https:"):
            return httpx2.HTTPTransport(verify=_trust(base.scheme, self.ca_bundle), proxy=proxy)
        trusted = _trust("https", self.ca_bundle)
        return httpx2.HTTPTransport(verify=trusted, proxy=httpx2.Proxy(proxy, ssl_context=trusted))


@cache
def _trust(scheme: str, ca_bundle: str | None) -> ssl.SSLContext:
    """The certificates that are trusted; reading them takes 50 ms, so it is done once, and only where needed."""
    if scheme != "https":
        return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    return (
        ssl.create_default_context(cafile=ca_bundle) if ca_bundle else httpx2.create_ssl_context()
    )


def _proxy(base: SplitResult) -> str | None:
    """The proxy that the environment names for a base URL; none for this machine."""
    host = base.hostname or ""
    if _is_loopback(host) or urllib.request.proxy_bypass(host):
        return None
    proxies = urllib.request.getproxies()
    found = proxies.get(base.scheme) or proxies.get("all")
    return f"http://{found}" if found and "://" not in found else found


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
