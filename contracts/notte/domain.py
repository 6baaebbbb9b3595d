"""Every name and number of Notte: what the suite around it knows only as parameters."""

from datetime import timedelta
from urllib.parse import quote

TITLE = "Notte API"
PRODUCTION_HOSTS = frozenset({"api.notte.cc"})

CREDENTIAL_VARIABLE = "NOTTE_API_KEY"
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
