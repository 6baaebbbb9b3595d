"""Requests out of a file, a report say, are held to what a run would send of its own."""

import re
from collections.abc import Collection

from contracts.document import Operation
from contracts.document.security import ways_of
from contracts.document.serialisation import decoded, fill_raw_path, match_path, routes_of
from contracts.messages import SAFE_METHODS, Probe, Request, is_origin_form
from contracts.probes.probe_plan import Lane
from contracts.schemas.constraints import CLIENT_FIELDS

_FIELDS = frozenset({"accept", "content-type", "cookie", "prefer"})  # and those of its parameters
_GENERATED = "x-schemathesis-"  # how a field begins that the generator makes up
_PLAIN = re.compile("%(?:2[DE]|3[0-9]|[46][1-9A-F]|[57][0-9A]|5F|7E)", re.IGNORECASE)
"""What need not be encoded: for servers the same as the character (RFC 3986 §6.2.2.2)."""
# Another method, for frameworks; to PHP a dot or bracket in a name is the same as `_`.
_OVERRIDE = re.compile(r"(?i)(?<!\w)(?:[_.$\[]+(?:http)?|x-(?:http-)?|http_)method(?:\b|_)")
_ESCAPED = re.compile(r"\\u00(?=[2-7])", re.IGNORECASE)  # in JSON
MAX_HEAD, MAX_BODY = 32_768, 16 * 1024 * 1024  # bytes of fields and of a body out of a file


def refused(lane: Lane, probe: Probe, *, made: Collection[str] = ()) -> str:
    """Why a request out of a file is not sent, empty if the plan could have made it itself.

    It has to be one of the operation, by a method that the options allow, in origin-form below
    the base URL (RFC 9112 §3.2.1), to a resource that may be ended if it ends one, and with no
    header field but those that requests of this operation have. `made` are paths of what the run
    has made itself.
    """
    operation, request = lane.operation, probe.request
    is_head = operation.method == "GET" and request.method == "HEAD"
    segments = re.split("/|;[^/]*", _bare(request.path))  # servers resolve those that are dots
    if not is_origin_form(request.target) or not {".", ".."}.isdisjoint(segments):
        return "its target is not a path below the base URL"
    if request.method != operation.method and not is_head:
        own = {(unlisted.request, unlisted.credential) for unlisted in lane.unlisted_methods()}
        if (request, probe.credential) not in own:
            return f"it is no {request.method} request that this run would send there"
    elif operation.method not in SAFE_METHODS and not lane.plan.unsafe:
        return f"{operation.method} may change state, and is only sent with --contract-unsafe"
    plain = _PLAIN.sub(lambda found: decoded(found[0]), request.path)
    is_there = lane.can_send(probe) and operation.path in routes_of(lane.plan.spec).of(plain)
    if (is_head or request.method == operation.method) and not is_there:
        return f"its path is not that of {operation.key}, or HTTP can't carry it"
    if request.method not in SAFE_METHODS and _strays(lane, request.path):
        return f"a service may take its path for another than that of {operation.key}"
    ways = {way.shown for way in ways_of(operation, lane.plan.spec)}
    if (probe.schemes or probe.part) and probe.way not in ways:
        return f"{operation.key} has no such credentials"
    if lane.spares and request.path not in made and not _is_own(lane, request):
        return f"{operation.key} ends a resource, and is sent to none but the run's own"
    return _odd_message(operation, request)


def _odd_message(operation: Operation, request: Request) -> str:
    parameters = {p.name.lower() for p in operation.parameters if p.location == "header"}
    named = {name.lower() for name, _ in request.headers}
    unknown = named - _FIELDS - (parameters - CLIENT_FIELDS)
    unknown = {name for name in unknown if not name.startswith(_GENERATED)}
    if unknown:
        return f"requests of {operation.key} have no field {min(unknown)}"
    body = _ESCAPED.sub("%", (request.body or b"").replace(b"\0", b"").decode("latin-1"))
    if _OVERRIDE.search(decoded(request.query)) or _OVERRIDE.search(decoded(body)):
        return "it asks for another method than its own (_method)"
    if sum(len(name) + len(value) for name, value in request.headers) > MAX_HEAD:
        return f"its header fields are longer than {MAX_HEAD} bytes"
    if len(request.body or b"") > MAX_BODY:
        return f"its body is longer than {MAX_BODY} bytes"
    return ""


def _bare(path: str) -> str:
    """A path without its encodings, of which one may be in another."""
    while path != (inner := decoded(path)):
        path = inner
    return path


def _strays(lane: Lane, path: str) -> bool:
    """Whether a value in a path may lead elsewhere: `a%2Fstop`, and `START.json;x` for `start`."""
    template, routes = lane.operation.path, routes_of(lane.plan.spec)
    read = {name: _bare(value) for name, value in (match_path(template, path) or {}).items()}
    words = {name: re.split(r"[^\w-]", value.lower())[0] for name, value in read.items()}
    for values in (read, words):
        found = routes.of(fill_raw_path(template, values))
        if found and template not in found:
            return True
    return re.search(r"[/\\]", "".join(read.values())) is not None


def _is_own(lane: Lane, request: Request) -> bool:
    """Whether the resource in the path is the run's own, or one that can't exist."""
    if request.path == lane.nowhere:
        return True
    raw = match_path(lane.operation.path, request.path) or {}
    own = lane.plan.own
    return bool(raw) and all(decoded(value) in own.get(name, ()) for name, value in raw.items())
