"""The faults that the service can have: one row each, systematic families by loops over the document's properties."""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import quote

from .edits import (
    Test,
    active,
    again,
    body,
    closed,
    drop,
    error,
    final,
    final_again,
    first_detail,
    get,
    in_state,
    known,
    lived,
    mapped,
    moved,
    problem,
    put,
    raw,
    step_inserted,
    text,
    then,
    typed,
    unknown,
    with_status,
)
from .fault import ANY_STATUS, Answer, Call, Edit, Fault
from .models import Status

REQUIRED = ("session_id", "idle_timeout_minutes", "created_at", "last_accessed_at", "status", "timeout_minutes")
INTEGERS = (
    "idle_timeout_minutes",
    "max_duration_minutes",
    "network_request_bytes",
    "network_response_bytes",
    "timeout_minutes",
    "viewport_width",
    "viewport_height",
)
BOOLEANS = ("proxies", "use_file_storage", "headless", "web_bot_auth", "solve_captchas")
STRINGS = ("session_id", "error", "user_agent", "cdp_url", "viewer_url")
TIMES = ("created_at", "last_accessed_at", "closed_at")
ENUMS = ("status", "browser_type")
NULLABLE = (
    "closed_at",
    "error",
    "user_agent",
    "viewport_width",
    "viewport_height",
    "solve_captchas",
    "cdp_url",
    "viewer_url",
)
PROPERTIES = (*INTEGERS, *BOOLEANS, *STRINGS, *TIMES, *ENUMS, "duration", "steps")

WRONG_TYPES: tuple[tuple[tuple[str, ...], dict[str, Any]], ...] = (
    (INTEGERS, {"text": "3", "true": True, "fraction": 3.5}),
    (BOOLEANS, {"text": "true", "yes": "yes", "number": 1}),
    (STRINGS, {"number": 7, "array": ["x"]}),
    (TIMES, {"epoch": 1767225600, "object": {"iso": "2026-01-01T00:00:00Z"}}),
    (ENUMS, {"number": 0, "array": ["active"]}),
    (("duration",), {"seconds": 41.28, "false": False}),
    (("steps",), {"text": "[]", "object": {"0": {}}, "number": 2}),
)


def document_families() -> Iterator[Fault]:
    for name in REQUIRED:
        yield Fault(f"missing-{name}", "missing", drop(name))
    for name in PROPERTIES:
        if name not in NULLABLE:
            yield Fault(f"null-{name}", "null", put(**{name: None}))
    for names, values in WRONG_TYPES:
        for name in names:
            for label, value in values.items():
                yield Fault(f"type-{name}-{label}", "type", put(**{name: value}))
    for name in ENUMS:
        yield Fault(f"enum-{name}-outside", "enum", put(**{name: "paused"}))
        yield Fault(f"enum-{name}-case", "enum", mapped(name, str.title))
        yield Fault(f"enum-{name}-space", "enum", mapped(name, lambda value: value + " "))
    yield Fault("enum-status-empty", "enum", put(status=""))


def format_family() -> Iterator[Fault]:
    for name in TIMES:
        yield Fault(f"format-{name}-no-offset", "format", mapped(name, lambda value: value.rstrip("Z")))
        yield Fault(f"format-{name}-date-only", "format", mapped(name, lambda value: value[:10]))
    yield Fault("format-created_at-epoch-text", "format", put(created_at="1767225600"))
    yield Fault("format-created_at-no-such-day", "format", mapped("created_at", lambda v: "2025-02-30" + v[10:]))
    yield Fault("format-duration-clock", "format", put(duration="0:00:41"))
    yield Fault("format-duration-bare-P", "format", put(duration="P"))
    yield Fault("format-duration-seconds-text", "format", put(duration="41.286072"))


def body_family() -> Iterator[Fault]:
    rows: dict[str, Edit] = {
        "truncated": raw(lambda content: content[:-20]),
        "two-documents": raw(lambda content: content + content),
        "nan": text(lambda content: re.sub(r'("network_request_bytes": ?)\d+', r"\1NaN", content)),
        "bom": raw(lambda content: b"\xef\xbb\xbf" + content),
        "utf-16": text(lambda content: content, "utf-16"),
        "latin-1": then(put(user_agent="Zürich"), text(lambda content: content, "latin-1")),
        "empty": raw(lambda _content: b""),
        "null": raw(lambda _content: b"null"),
        "array": raw(lambda content: b"[" + content + b"]"),
        "wrapped": raw(lambda content: b'{"data":' + content + b"}"),
        "trailing-comma": raw(lambda content: content[:-1] + b",}"),
        "single-quotes": text(lambda content: content.replace('"', "'")),
        "html": then(raw(lambda _content: b"<html><body>Bad gateway</body></html>"), typed(b"text/html")),
        "json-in-a-string": text(json.dumps),
        "duplicate-key-good-last": raw(lambda content: b'{"status":"paused",' + content[1:]),
        "duplicate-key-bad-last": raw(lambda content: content[:-1] + b',"status":"paused"}'),
    }
    yield from (Fault(f"body-{name}", "body", edit, known) for name, edit in rows.items())


def media_and_status_families() -> Iterator[Fault]:
    medias = {
        "html": b"text/html",
        "xml": b"application/xml",
        "text": b"text/plain",
        "utf-16": b"application/json; charset=utf-16",
        "malformed": b"json",
    }
    yield Fault("media-missing", "media", lambda _call, answer: answer.without(b"content-type"))
    yield from (Fault(f"media-{name}", "media", typed(media)) for name, media in medias.items())

    def redirected(_call: Call, answer: Answer) -> Answer:
        return replace(answer, status=302, body=b"").adding(b"location", b"/login")

    rows: dict[str, Edit] = {
        "500": problem(500, "internal error"),
        "201": with_status(201),
        "204": then(raw(lambda _content: b""), with_status(204)),
        "302": redirected,
        "404-for-known": problem(404, "no such session"),
        "400-for-known": problem(400, "bad request"),
    }
    yield from (Fault(f"status-{name}", "status", edit, known) for name, edit in rows.items())
    yield Fault("status-500-for-unknown", "status", problem(500, "internal error"), unknown, on=(404,))
    yield Fault(
        "status-200-for-unknown",
        "status",
        edit=lambda call, answer: put(session_id=call.session_id)(call, answer),
        applies=unknown,
        before=lambda call: replace(call, session_id=call.ids[-1]),
    )


def steps_family() -> Iterator[Fault]:
    bad: dict[str, Any] = {"text": "click", "null": None, "array": [], "number": 3}
    for label, value in bad.items():
        yield Fault(f"steps-{label}-item", "steps", step_inserted(value))
    last = body(lambda data: data["steps"].append(None) if len(data["steps"]) >= 50 else None)
    yield Fault("steps-last-of-many", "steps", last)


def validation_family() -> Iterator[Fault]:
    rows: dict[str, Edit] = {
        "no-loc": first_detail(lambda item: item.pop("loc")),
        "no-msg": first_detail(lambda item: item.pop("msg")),
        "no-type": first_detail(lambda item: item.pop("type")),
        "loc-text": first_detail(lambda item: item.update(loc="path.session_id")),
        "loc-null": first_detail(lambda item: item.update(loc=None)),
        "loc-item-bool": first_detail(lambda item: item["loc"].append(True)),
        "loc-item-null": first_detail(lambda item: item["loc"].append(None)),
        "loc-item-fraction": first_detail(lambda item: item["loc"].append(0.5)),
        "msg-null": first_detail(lambda item: item.update(msg=None)),
        "type-integer": first_detail(lambda item: item.update(type=422)),
        "ctx-text": first_detail(lambda item: item.update(ctx="max_length=200")),
        "ctx-null": first_detail(lambda item: item.update(ctx=None)),
        "detail-text": put(detail="too long"),
        "detail-null": put(detail=None),
        "detail-object": body(lambda data: data.update(detail=data["detail"][0])),
        "detail-item-text": put(detail=["too long"]),
        "html": then(raw(lambda _content: b"<h1>Unprocessable</h1>"), typed(b"text/html")),
    }
    yield from (Fault(f"422-{name}", "422", edit, on=(422,)) for name, edit in rows.items())


def auth_family() -> Iterator[Fault]:
    def let_in(name: str, test: Test) -> Fault:
        return Fault(name, "auth", applies=get(test), before=lambda call: call.with_credential(f"Bearer {call.key}"))

    def shut_out(name: str, test: Test) -> Fault:
        return Fault(name, "auth", applies=get(test), before=lambda call: call.with_credential(""))

    yield let_in("auth-none-accepted", lambda call: not call.credential)
    yield let_in("auth-wrong-accepted", lambda call: call.token not in ("", call.key))
    yield let_in("auth-prefix-accepted", lambda call: bool(call.token) and call.key.startswith(call.token))
    yield let_in("auth-suffix-accepted", lambda call: call.token.startswith(call.key))
    yield let_in("auth-case-ignored", lambda call: call.token.lower() == call.key.lower())
    yield let_in("auth-empty-token-accepted", lambda call: bool(call.credential) and not call.token.strip())
    yield let_in("auth-other-scheme-accepted", lambda call: call.token == call.key)
    yield let_in("auth-no-scheme-accepted", lambda call: call.credential == call.key)
    yield let_in("auth-after-lookup", lambda call: call.state is None)
    yield shut_out("auth-right-refused-on-some", lambda call: (call.index or 0) % 5 == 4)
    yield shut_out("auth-right-refused", lambda _call: True)
    yield shut_out("auth-lower-case-scheme-refused", lambda call: call.scheme == "bearer")
    yield Fault("auth-401-no-challenge", "auth", lambda _call, a: a.without(b"www-authenticate"), on=(401,))
    yield Fault("auth-401-as-403", "auth", problem(403, "forbidden"), on=(401,))
    yield Fault("auth-401-as-200", "auth", with_status(200), on=(401,))


def identity_family() -> Iterator[Fault]:
    yield Fault(
        "identity-other-session",
        "identity",
        applies=get(lambda call: call.index is not None),
        before=lambda call: replace(call, session_id=call.ids[((call.index or 0) + 1) % len(call.ids)]),
    )
    rows: dict[str, Callable[[str], str]] = {
        "lower-cased": str.lower,
        "upper-cased": str.upper,
        "truncated": lambda session_id: session_id[:8],
        "percent-encoded": lambda session_id: quote(session_id, safe=""),
        "first-36": lambda session_id: session_id[:36],
    }
    yield from (Fault(f"identity-{name}", "identity", mapped("session_id", edit)) for name, edit in rows.items())


def second_call_family() -> Iterator[Fault]:
    second = timedelta(seconds=1)

    def halved(count: int) -> int:
        return count // 2

    rows: dict[str, tuple[Edit, Test]] = {
        "session_id": (mapped("session_id", lambda session_id: session_id[::-1]), again),
        "created_at": (moved(-second, "created_at"), again),
        "browser_type": (mapped("browser_type", lambda v: "chrome" if v != "chrome" else "chromium"), again),
        "proxies": (mapped("proxies", lambda value: not value), again),
        "idle_timeout_minutes": (
            body(lambda data: data.update(dict.fromkeys(("idle_timeout_minutes", "timeout_minutes"), 29))),
            again,
        ),
        "max_duration_minutes": (mapped("max_duration_minutes", lambda value: value + 1), again),
        "closed_at": (moved(second, "closed_at"), again),
        "closed_at-forgotten": (put(closed_at=None), final_again),
        "duration": (put(duration="PT1H2M3S"), final_again),
        "steps-lost": (mapped("steps", lambda steps: steps[:-1]), again),
        "request-bytes-shrink": (mapped("network_request_bytes", halved), again),
        "response-bytes-shrink": (mapped("network_response_bytes", halved), again),
        "last_accessed_at-back": (body(lambda data: data.update(last_accessed_at=data["created_at"])), again),
        "final-becomes-active": (put(status="active", closed_at=None), final_again),
        "final-becomes-other": (mapped("status", lambda v: "closed" if v != "closed" else "timed_out"), final_again),
        "gone": (problem(404, "no such session"), final_again),
    }
    yield from (Fault(f"second-{name}", "second call", edit, test) for name, (edit, test) in rows.items())


def prose_family() -> Iterator[Fault]:
    second, hours, decade = timedelta(seconds=1), timedelta(hours=3), timedelta(days=3650)

    def minutes(value: int) -> Edit:
        return put(idle_timeout_minutes=value, timeout_minutes=value)

    closed_early = then(body(lambda d: d.update(closed_at=d["created_at"])), moved(-second, "closed_at"))
    accessed_early = then(
        body(lambda d: d.update(last_accessed_at=d["created_at"])), moved(-second, "last_accessed_at")
    )
    rows: dict[str, tuple[Edit, Test]] = {
        "closed-before-created": (closed_early, final),
        "closed-before-last-access": (moved(timedelta(days=30), "last_accessed_at"), final),
        "accessed-before-created": (accessed_early, known),
        "created-in-the-future": (moved(decade, *TIMES), known),
        "accessed-in-the-future": (moved(decade, "last_accessed_at"), active),
        "active-with-closed_at": (body(lambda d: d.update(closed_at=d["last_accessed_at"])), active),
        "closed-without-closed_at": (put(closed_at=None), closed),
        "error-without-text": (put(error=None), error),
        "error-with-empty-text": (put(error=""), error),
        "active-but-idle": (then(moved(-hours, "created_at", "last_accessed_at"), lived(3)), active),
        "active-but-too-old": (then(moved(-10 * hours, "created_at"), lived(30)), active),
        "timeout-alias-differs": (mapped("timeout_minutes", lambda value: value + 1), known),
        "request-bytes-negative": (put(network_request_bytes=-1), known),
        "response-bytes-negative": (put(network_response_bytes=-1), known),
        "idle-timeout-zero": (minutes(0), known),
        "idle-timeout-negative": (minutes(-3), known),
        "max-duration-negative": (put(max_duration_minutes=-15), known),
        "viewport-only-width": (put(viewport_width=1280, viewport_height=None), known),
        "viewport-zero": (put(viewport_width=0, viewport_height=0), known),
        "session_id-empty": (put(session_id=""), known),
        "duration-disagrees": (put(duration="PT9H9M9S"), final),
        "duration-negative": (put(duration="-PT5S"), known),
    }
    yield from (Fault(f"prose-{name}", "prose", edit, test) for name, (edit, test) in rows.items())


def rare_family() -> Iterator[Fault]:
    lost, wrong = drop("last_accessed_at"), put(idle_timeout_minutes="3")
    timed_out, few = in_state(Status.TIMED_OUT), get(lambda call: (call.index or 0) % 50 == 37)
    rows: dict[str, tuple[Edit, Test]] = {
        "missing-on-2-percent": (lost, few),
        "null-on-2-percent": (put(headless=None), few),
        "500-on-2-percent": (problem(500, "internal error"), few),
        "missing-on-one-status": (lost, timed_out),
        "null-on-one-status": (put(browser_type=None), closed),
        "missing-on-second-call": (lost, again),
        "type-on-second-call": (wrong, again),
        "type-with-sdk-header": (wrong, get(lambda call: call.has(b"x-notte-sdk-version"))),
        "missing-with-origin-header": (lost, get(lambda call: call.has(b"x-notte-request-origin"))),
        "missing-on-long-ids": (lost, get(lambda call: len(call.session_id) > 50)),
        "500-on-encoded-ids": (problem(500, "internal error"), get(lambda call: " " in call.session_id)),
    }
    yield from (Fault(f"rare-{name}", "rare", edit, test) for name, (edit, test) in rows.items())


def header_family() -> Iterator[Fault]:
    def echo(call: Call, answer: Answer) -> Answer:
        return answer.adding(b"x-debug-authorization", call.credential.encode("latin-1"))

    def told(call: Call, answer: Answer) -> Answer:
        return put(message=f"bad token {call.token}")(call, answer)

    def twice(_call: Call, answer: Answer) -> Answer:
        return answer.adding(b"content-type", b"text/html")

    def too_long(_call: Call, answer: Answer) -> Answer:
        return replace(answer, claimed_length=len(answer.body) + 10)

    def zipped(_call: Call, answer: Answer) -> Answer:
        return answer.adding(b"content-encoding", b"gzip")

    yield Fault("header-credential-echoed", "header", echo, on=ANY_STATUS)
    yield Fault("header-credential-in-body", "header", lambda call, answer: put(user_agent=call.key)(call, answer))
    yield Fault("header-wrong-credential-in-401", "header", told, on=(401,))
    yield Fault("header-content-type-twice", "header", twice)
    yield Fault("header-content-length-too-long", "header", too_long)
    yield Fault("header-gzip-claimed", "header", zipped)


def method_family() -> Iterator[Fault]:
    def as_get(call: Call) -> Call:
        return replace(call, method="GET")

    def uses(method: str) -> Test:
        return lambda call: call.method == method

    def other(call: Call) -> bool:
        return call.method != "GET"

    def allowing(value: str) -> Edit:
        def edit(call: Call, answer: Answer) -> Answer:
            return answer.without(b"allow").adding(b"allow", value.format(call.method).encode())

        return edit

    def given_back(call: Call, answer: Answer) -> Answer:
        fields = b"".join(name + b": " + value + b"\r\n" for name, value in call.headers)
        line = f"{call.method} /sessions/{quote(call.session_id, safe='')} HTTP/1.1\r\n".encode()
        return replace(typed(b"message/http")(call, answer), status=200, body=line + fields + b"\r\n")

    for method in ("POST", "DELETE", "PUT"):
        yield Fault(f"method-{method}-accepted", "method", applies=uses(method), before=as_get)
    refusals = {
        "the-refused": "GET, {}",
        "others": "REPORT",
        "nothing": "",
        "no-list": "GET,, HEAD",
        "lower-case": "get",
    }
    for name, value in refusals.items():
        yield Fault(f"method-405-allow-{name}", "method", allowing(value), other, on=(405,))
    yield Fault("method-TRACE-accepted", "method", with_status(200), uses("TRACE"), on=(405,))
    yield Fault("method-TRACE-gives-back", "method", given_back, uses("TRACE"), on=(405,))
    yield Fault("method-405-without-allow", "method", lambda _call, a: a.without(b"allow"), other, on=(405,))
    yield Fault("method-405-as-500", "method", problem(500, "internal error"), other, on=(405,))


FAULTS: tuple[Fault, ...] = (
    *document_families(),
    *format_family(),
    *body_family(),
    *media_and_status_families(),
    *steps_family(),
    *validation_family(),
    *auth_family(),
    *identity_family(),
    *second_call_family(),
    *prose_family(),
    *rare_family(),
    *header_family(),
    *method_family(),
    Fault("extra-property", "extra", put(internal_shard=3), known),
)


def fault_named(name: str) -> Fault:
    return next(fault for fault in FAULTS if fault.name == name)
