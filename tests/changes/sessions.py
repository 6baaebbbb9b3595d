"""Edits of the seed document: what Notte may do next to its sessions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from contracts.changes.change import Direction
from tests.changes.editing import (
    BREAKING,
    COMPATIBLE,
    EQUAL,
    Edit,
    Message,
    Revision,
    Truth,
    append,
    change,
    drop,
    move,
    put,
    ref,
    take,
    text,
)
from tests.changes.keywords import any_of, obj

SESSION = "/components/schemas/SessionResponse"
P = f"{SESSION}/properties"
PROBLEM = "/components/schemas/ValidationError"
GET = "/paths/~1sessions~1{session_id}/get"
ID, ORIGIN, VERSION = (f"{GET}/parameters/{index}" for index in range(3))
OK = f"{GET}/responses/200"
BODY = f"{OK}/content/application~1json/schema"
STRING, NULL = {"type": "string"}, {"type": "null"}
SCHEME = "/components/securitySchemes/OAuth2PasswordBearer"

OPEN = {
    "session_id": "3f0c",
    "idle_timeout_minutes": 3,
    "created_at": "2026-11-24T08:00:00Z",
    "last_accessed_at": "2026-11-24T08:00:00Z",
    "status": "active",
    "timeout_minutes": 3,
}


def required(name: str) -> Edit:
    return append(f"{SESSION}/required", name)


def answer(status: int, body: Any) -> Message:
    return {"status": status, "headers": {"Content-Type": "application/json"}, "body": body}


def optional(name: str) -> Edit:
    return take(f"{SESSION}/required", name)


Row = tuple[str, Truth, tuple[Edit, ...]]

# fmt: off
# ruff: noqa: E501 - one row a line
ROWS: tuple[Row, ...] = (
    ("a status of a session added", BREAKING, (append(f"{P}/status/enum", "paused"),)),
    ("a status of a session removed", COMPATIBLE, (take(f"{P}/status/enum", "error"),)),
    ("a status of a session renamed", BREAKING, (take(f"{P}/status/enum", "timed_out"), append(f"{P}/status/enum", "expired"))),
    ("any status of a session", BREAKING, (drop(f"{P}/status/enum"),)),
    ("a status of a session as a constant", COMPATIBLE, (drop(f"{P}/status/enum"), put(f"{P}/status/const", "active"))),
    ("a browser added", BREAKING, (append(f"{P}/browser_type/enum", "webkit"),)),
    ("session_id as an integer", BREAKING, (put(f"{P}/session_id/type", "integer"),)),
    ("session_id as a UUID", COMPATIBLE, (put(f"{P}/session_id/format", "uuid"),)),
    ("session_id optional", BREAKING, (optional("session_id"),)),
    ("session_id nullable", BREAKING, (put(f"{P}/session_id", any_of(STRING, NULL)),)),
    ("session_id renamed", BREAKING, (move(f"{P}/session_id", f"{P}/id"), optional("session_id"), required("id"))),
    ("session_id given a pattern", COMPATIBLE, (put(f"{P}/session_id/pattern", "^[0-9a-f-]{36}$"),)),
    ("status optional", BREAKING, (optional("status"),)),
    ("duration required", COMPATIBLE, (required("duration"),)),
    ("duration of any form", BREAKING, (drop(f"{P}/duration/format"),)),
    ("duration in seconds", BREAKING, (put(f"{P}/duration", {"type": "number"}),)),
    ("duration removed", COMPATIBLE, (drop(f"{P}/duration"),)),
    ("created_at of any form", BREAKING, (drop(f"{P}/created_at/format"),)),
    ("created_at as a date", BREAKING, (put(f"{P}/created_at/format", "date"),)),
    ("created_at as a number", BREAKING, (put(f"{P}/created_at", {"type": "integer"}),)),
    ("created_at removed", BREAKING, (drop(f"{P}/created_at"), optional("created_at"))),
    ("closed_at always there", COMPATIBLE, (required("closed_at"),)),
    ("closed_at never null", COMPATIBLE, (put(f"{P}/closed_at", {"type": "string", "format": "date-time"}),)),
    ("closed_at of any form", BREAKING, (drop(f"{P}/closed_at/anyOf/0/format"),)),
    ("closed_at as a type list", EQUAL, (put(f"{P}/closed_at", {"type": ["string", "null"], "format": "date-time"}),)),
    ("closed_at with null first", EQUAL, (change(f"{P}/closed_at/anyOf", lambda branches: branches[::-1]),)),
    ("closed_at as oneOf", EQUAL, (move(f"{P}/closed_at/anyOf", f"{P}/closed_at/oneOf"),)),
    ("last_accessed_at nullable", BREAKING, (put(f"{P}/last_accessed_at/type", ["string", "null"]),)),
    ("idle_timeout_minutes in fractions", BREAKING, (put(f"{P}/idle_timeout_minutes/type", "number"),)),
    ("idle_timeout_minutes as text", BREAKING, (put(f"{P}/idle_timeout_minutes/type", "string"),)),
    ("idle_timeout_minutes limited", COMPATIBLE, (put(f"{P}/idle_timeout_minutes/maximum", 30),)),
    ("idle_timeout_minutes as a number of step 1", EQUAL, (put(f"{P}/idle_timeout_minutes", {"type": "number", "multipleOf": 1}),)),
    ("idle_timeout_minutes moved to components", EQUAL, (move(f"{P}/idle_timeout_minutes", "/components/schemas/Minutes"), put(f"{P}/idle_timeout_minutes", ref("Minutes")))),
    ("max_duration_minutes removed", COMPATIBLE, (drop(f"{P}/max_duration_minutes"),)),
    ("max_duration_minutes by default longer", COMPATIBLE, (put(f"{P}/max_duration_minutes/default", 30),)),
    ("max_duration_minutes nullable", BREAKING, (put(f"{P}/max_duration_minutes/type", ["integer", "null"]),)),
    ("timeout_minutes optional", BREAKING, (optional("timeout_minutes"),)),
    ("timeout_minutes removed", BREAKING, (drop(f"{P}/timeout_minutes"), optional("timeout_minutes"))),
    ("timeout_minutes no longer readOnly", COMPATIBLE, (drop(f"{P}/timeout_minutes/readOnly"),)),
    ("timeout_minutes writeOnly", BREAKING, (drop(f"{P}/timeout_minutes/readOnly"), put(f"{P}/timeout_minutes/writeOnly", True))),
    ("timeout_minutes no longer deprecated", COMPATIBLE, (drop(f"{P}/timeout_minutes/deprecated"),)),
    ("cdp_url removed", COMPATIBLE, (drop(f"{P}/cdp_url"),)),
    ("cdp_url never null", COMPATIBLE, (put(f"{P}/cdp_url", STRING),)),
    ("cdp_url always null", COMPATIBLE, (put(f"{P}/cdp_url", NULL),)),
    ("viewer_url as a URI", COMPATIBLE, (put(f"{P}/viewer_url/anyOf/0/format", "uri"),)),
    ("viewer_url as an object", BREAKING, (put(f"{P}/viewer_url", obj({"url": STRING}, "url")),)),
    ("viewport_width in fractions", BREAKING, (put(f"{P}/viewport_width/anyOf/0/type", "number"),)),
    ("viewport_width positive", COMPATIBLE, (put(f"{P}/viewport_width/anyOf/0/exclusiveMinimum", 0),)),
    ("viewport_width as text too", BREAKING, (append(f"{P}/viewport_width/anyOf", STRING),)),
    ("network_request_bytes of 64 bits", COMPATIBLE, (put(f"{P}/network_request_bytes/format", "int64"),)),
    ("proxies as a list", BREAKING, (put(f"{P}/proxies", any_of({"type": "boolean"}, {"type": "array"})),)),
    ("proxies deprecated", COMPATIBLE, (put(f"{P}/proxies/deprecated", True),)),
    ("headless nullable", BREAKING, (put(f"{P}/headless/type", ["boolean", "null"]),)),
    ("solve_captchas as a constant", COMPATIBLE, (put(f"{P}/solve_captchas", {"const": True}),)),
    ("steps of any value", BREAKING, (put(f"{P}/steps/items", {}),)),
    ("steps of objects that nothing is said of", COMPATIBLE, (drop(f"{P}/steps/items/additionalProperties"),)),
    ("steps with a type", COMPATIBLE, (put(f"{P}/steps/items", obj({"type": STRING}, "type")),)),
    ("steps nullable", BREAKING, (put(f"{P}/steps", any_of({"type": "array", "items": obj(additionalProperties=True)}, NULL)),)),
    ("steps as a map", BREAKING, (put(f"{P}/steps", obj(additionalProperties=True)),)),
    ("error as an object too", BREAKING, (append(f"{P}/error/anyOf", obj({"code": STRING})),)),
    ("error limited in length", COMPATIBLE, (put(f"{P}/error/anyOf/0/maxLength", 500),)),
    ("a property of a session added", COMPATIBLE, (put(f"{P}/region", STRING),)),
    ("a required property of a session added", COMPATIBLE, (put(f"{P}/region", STRING), required("region"))),
    ("sessions closed", COMPATIBLE, (put(f"{SESSION}/additionalProperties", False),)),
    ("sessions open in so many words", COMPATIBLE, (put(f"{SESSION}/additionalProperties", True),)),
    ("closed sessions have closed_at", COMPATIBLE, (put(f"{SESSION}/if", {"properties": {"status": {"const": "closed"}}}), put(f"{SESSION}/then", {"required": ["closed_at"]}))),
    ("a session or null", BREAKING, (change(BODY, lambda schema: any_of(schema, NULL)),)),
    ("a session in an envelope", BREAKING, (change(BODY, lambda schema: obj({"session": schema}, "session")),)),
    ("a session through allOf", EQUAL, (change(BODY, lambda schema: {"allOf": [schema]}),)),
    ("a session inlined", EQUAL, (move(SESSION, BODY),)),
    ("a session renamed", EQUAL, (text(lambda s: s.replace("SessionResponse", "Session")),)),
    ("required in another order", EQUAL, (change(f"{SESSION}/required", lambda names: names[::-1]),)),
    ("statuses in another order", EQUAL, (change(f"{P}/status/enum", lambda values: values[::-1]),)),
    ("properties in another order", EQUAL, (change(P, lambda members: dict(reversed(members.items()))),)),
    ("descriptions rewritten", EQUAL, (put(f"{P}/status/description", "where it is"), put(f"{SESSION}/title", "Session"), put("/info/description", "An API"))),
    ("an error's place as strings only", COMPATIBLE, (put(f"{PROBLEM}/properties/loc/items", STRING),)),
    ("an error's place in numbers too", BREAKING, (put(f"{PROBLEM}/properties/loc/items", {"type": ["string", "number"]}),)),
    ("an error's message optional", BREAKING, (take(f"{PROBLEM}/required", "msg"),)),
    ("an error's detail required", COMPATIBLE, (put("/components/schemas/HTTPValidationError/required", ["detail"]),)),
    ("an error's detail as a text", BREAKING, (put("/components/schemas/HTTPValidationError/properties/detail", STRING),)),
    ("an error's context given a property", COMPATIBLE, (put(f"{PROBLEM}/properties/ctx/properties", {"limit": STRING}),)),
    ("an error's context set free", COMPATIBLE, (put(f"{PROBLEM}/properties/ctx/additionalProperties", True),)),
    ("404 documented", COMPATIBLE, (put(f"{GET}/responses/404", {"description": "no such session"}),)),
    ("422 no longer documented", COMPATIBLE, (drop(f"{GET}/responses/422"),)),
    ("422 as 4XX", COMPATIBLE, (move(f"{GET}/responses/422", f"{GET}/responses/4XX"),)),
    ("a session as any text too", BREAKING, (put(f"{OK}/content/text~1*", {"schema": STRING}),)),
    ("a session without a described body", BREAKING, (drop(f"{OK}/content"),)),
    ("a header of the answer", COMPATIBLE, (put(f"{OK}/headers", {"X-RateLimit-Limit": {"schema": {"type": "integer"}}}),)),
    ("the session's path parameter renamed", EQUAL, (text(lambda s: s.replace("{session_id}", "{id}").replace('"name": "session_id"', '"name": "id"')),)),
    ("the session's path with a slash", BREAKING, (move("/paths/~1sessions~1{session_id}", "/paths/~1sessions~1{session_id}~1"),)),
    ("the id as a UUID in the path", BREAKING, (put(f"{ID}/schema/format", "uuid"),)),
    ("the id as a number in the path", BREAKING, (put(f"{ID}/schema/type", "integer"),)),
    ("the origin required", BREAKING, (put(f"{ORIGIN}/required", True),)),
    ("the origin one of three", BREAKING, (put(f"{ORIGIN}/schema", {"enum": ["sdk-python", "sdk-node", "cli"]}),)),
    ("the origin never null", EQUAL, (put(f"{ORIGIN}/schema", STRING),)),
    ("the version removed", COMPATIBLE, (drop(VERSION),)),
    ("the version in another case", EQUAL, (put(f"{VERSION}/name", "X-Notte-SDK-Version"),)),
    ("the version of a form", BREAKING, (put(f"{VERSION}/schema", {"type": "string", "pattern": r"^\d+\.\d+"}),)),
    ("a required page in the query", BREAKING, (append(f"{GET}/parameters", {"name": "page", "in": "query", "required": True, "schema": {"type": "integer"}}),)),
    ("stopping added", COMPATIBLE, (put("/paths/~1sessions~1{session_id}/delete", {"parameters": [{"name": "session_id", "in": "path", "required": True, "schema": STRING}], "responses": {"204": {"description": "stopped"}}}),)),
    ("a server with a path", BREAKING, (append("/servers", {"url": "https://api.notte.cc/v1"}),)),
    ("a server at the root", COMPATIBLE, (append("/servers", {"url": "https://api.notte.cc"}),)),
    ("no credential needed", COMPATIBLE, (drop(f"{GET}/security"),)),
    ("another way to be known", COMPATIBLE, (put("/components/securitySchemes/Key", {"type": "apiKey", "in": "header", "name": "X-Key"}), append(f"{GET}/security", {"Key": []}))),
    ("a tag of the document removed", EQUAL, (drop("/tags/0"),)),
)
UNSEEN: tuple[Row, ...] = (
    ("the credential as bearer", BREAKING, (put("/components/securitySchemes/Bearer", {"type": "http", "scheme": "bearer"}), put(f"{GET}/security", [{"Bearer": []}]))),
    ("the credential renamed", EQUAL, (text(lambda s: s.replace("OAuth2PasswordBearer", "Password")),)),
    ("a scope demanded", BREAKING, (put(f"{GET}/security/0/OAuth2PasswordBearer", ["sessions"]), put(f"{SCHEME}/flows/password/scopes", {"sessions": "all"}))),
)
MESSAGES: dict[str, Any] = {
    "viewport_width in fractions": answer(200, {**OPEN, "viewport_width": 0.5}),
    "an error's message optional": answer(422, {"detail": [{"loc": ["path"], "type": "missing"}]}),
    "the id as a UUID in the path": {"method": "GET", "path": "/sessions/x", "headers": {"Authorization": "Bearer KEY"}, "body": None},
}
# fmt: on


def session_revisions() -> Iterator[Revision]:
    for name, truth, edits in ROWS:
        message = MESSAGES.get(name)
        place = ("GET /sessions/{session_id}", Direction.RESPONSE) if message and "status" in message else None
        yield Revision(name, "notte", truth, edits, (), place, message)
    for name, truth, edits in UNSEEN:
        yield Revision(name, "notte", truth, edits, shown=False)
