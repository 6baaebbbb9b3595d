"""Every name and number of Notte: what the suite around it knows only as parameters."""

import re
from collections.abc import Container, Iterable
from datetime import timedelta
from urllib.parse import quote

TITLE = "Notte API"
PRODUCTION_HOSTS = frozenset({"api.notte.cc"})
_OWN_SERVER = re.compile(r"(?i)(https?:)?//([^/?#@:\\]+\.)?notte\.cc\.?(:[0-9]*)?([/?#].*)?")

CREDENTIAL_VARIABLE = "NOTTE_API_KEY"
UNUSED = f"{CREDENTIAL_VARIABLE} is, but is used for Notte's own document alone, which this is not"
PROXY_VARIABLE = "NOTTE_PROXY"
SESSION_IDS_VARIABLE = "NOTTE_SESSION_IDS"

SESSION_ID = "session_id"  # the parameter, and the member of answers
SECRET_URLS = ("cdp_url", "viewer_url")  # members of answers: whoever has one has the browser
SESSION = "GET /sessions/{session_id}"
FINAL = frozenset({"closed", "error", "timed_out"})  # what a session that has ended is called
SWEEP = timedelta(seconds=120)  # how long a session may be called active after its end

LIST = "/sessions?only_active=false&page_size=100"
START = "/sessions/start"  # no document of ours has it, the list or the stop: not judged
LIMITS = {"idle_timeout_minutes": 1, "max_duration_minutes": 2}
CHEAPEST = {**LIMITS, "proxies": False, "solve_captchas": False}
COST = "about $0.002"


def stop_target(session_id: str) -> str:
    return f"/sessions/{quote(session_id, safe='')}/stop"


def is_own(title: str, servers: Iterable[str]) -> bool:
    """Whether a document is Notte's own, by title or server URLs: its credential is no other's."""
    return title == TITLE or any(map(_OWN_SERVER.fullmatch, servers))


def values_for(names: Container[str]) -> str:
    """The options that give values of parameters, as a hint says them."""
    sessions = "; for sessions, --contract-session-id or --contract-discover"
    return "--contract-param" + sessions * (SESSION_ID in names)
