"""The service: a key, a number of sessions and perhaps one fault go in, an ASGI application comes out."""

import secrets
from collections import Counter
from collections.abc import Mapping
from functools import cache
from pathlib import Path as FilePath
from typing import Annotated, Any, Self
from urllib.parse import unquote

import yaml
from fastapi import Depends, FastAPI, Header, HTTPException, Path, Query, Request
from fastapi.responses import JSONResponse
from pydantic import Field
from starlette.exceptions import HTTPException as AnyHTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .fault import Answer, Call, Fault
from .models import Problem, SessionPage, SessionResponse, SessionStart, Status
from .store import Clock, SessionStore, utc_now

DOCUMENT = FilePath(__file__).parents[2] / "spec" / "notte.yaml"

SessionId = Annotated[str, Path(max_length=200)]
Origin = Annotated[str | None, Header(alias="x-notte-request-origin", max_length=100)]
# A list, so that a refused value has an integer in its `loc`; on the wire it is the same header.
SdkVersion = Annotated[list[Annotated[str, Field(max_length=100)]] | None, Header(alias="x-notte-sdk-version")]


@cache
def published_document() -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load(DOCUMENT.read_text(encoding="utf-8"))
    return document


def credential_check(key: str) -> Any:
    expected = key.encode()

    async def check(request: Request) -> None:
        given = request.headers.getlist("authorization")
        scheme, _, token = given[0].partition(" ") if len(given) == 1 else ("", "", "")
        right = secrets.compare_digest(token.lstrip(" ").encode("latin-1"), expected)
        if scheme.lower() != "bearer" or not right:
            raise HTTPException(401, "missing or invalid credential", {"WWW-Authenticate": "Bearer"})

    return Depends(check)


async def problem(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, AnyHTTPException)
    body = Problem(status=error.status_code, message=str(error.detail))
    return JSONResponse(body.model_dump(), error.status_code, error.headers)


def found(session: SessionResponse | None) -> SessionResponse:
    if session is None:
        raise HTTPException(404, "no such session")
    return session


def routes(store: SessionStore, key: str, document: Mapping[str, Any]) -> FastAPI:
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None, redirect_slashes=False)
    app.add_exception_handler(AnyHTTPException, problem)
    guarded = [credential_check(key)]

    @app.get("/openapi.json")
    async def openapi() -> JSONResponse:
        return JSONResponse(dict(document))

    @app.get("/sessions", dependencies=guarded)
    async def list_sessions(
        only_active: bool = True,
        page: Annotated[int, Query(ge=1)] = 1,
        page_size: Annotated[int, Query(ge=1, le=100)] = 20,
    ) -> SessionPage:
        wanted = [session for session in store.all() if not only_active or session.status is Status.ACTIVE]
        end = page * page_size
        items = wanted[end - page_size : end]
        return SessionPage(
            items=items, page=page, page_size=page_size, has_next=end < len(wanted), has_previous=page > 1
        )

    @app.get("/sessions/{session_id}", dependencies=guarded)
    async def status(session_id: SessionId, _origin: Origin = None, _version: SdkVersion = None) -> SessionResponse:
        return found(store.get(session_id))

    @app.post("/sessions/start", dependencies=guarded)
    async def start(wanted: SessionStart) -> SessionResponse:
        return store.start(wanted)

    @app.delete("/sessions/{session_id}/stop", dependencies=guarded)
    async def stop(session_id: SessionId) -> SessionResponse:
        return found(store.stop(session_id))

    return app


def with_encoded_slashes(scope: Scope) -> Scope:
    """Keep `%2F` inside its path segment: servers decode the path before it is routed."""
    raw: str = scope["raw_path"].decode("ascii")
    if "%2f" not in raw.lower():
        return scope
    return {**scope, "path": unquote(raw.replace("%2F", "%252F").replace("%2f", "%252f"))}


async def answer_of(app: ASGIApp, scope: Scope, receive: Receive) -> Answer:
    messages: list[Message] = []

    async def keep(message: Message) -> None:
        messages.append(message)

    await app(scope, receive, keep)
    body = b"".join(message.get("body", b"") for message in messages[1:])
    return Answer(messages[0]["status"], tuple(messages[0]["headers"]), body)


class Service:
    """An ASGI application; `ids` are the seeded session ids, in order of their index."""

    def __init__(self, app: FastAPI, store: SessionStore, key: str, fault: Fault | None) -> None:
        self.ids = store.ids
        self._app, self._store, self._key, self._fault = app, store, key, fault
        self._calls: Counter[str] = Counter()

    def having(self, fault: Fault) -> Self:
        """The same service and sessions with this fault, and no call counted yet; 15 ms cheaper than a fresh one."""
        return type(self)(self._app, self._store, self._key, fault)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        scope = with_encoded_slashes(scope)
        call = self._call(scope)
        fault = self._fault
        if call is None or fault is None or not fault.applies(call):
            return await self._app(scope, receive, send)
        asked = fault.before(call)
        answer = await answer_of(self._app, asked.scope(scope), receive)
        if answer.status in fault.on:
            answer = fault.edit(call, answer)
        await send({"type": "http.response.start", "status": answer.status, "headers": answer.sent_headers})
        await send({"type": "http.response.body", "body": answer.body})

    def _call(self, scope: Scope) -> Call | None:
        """The call as faults see it; faults concern the one documented path, whatever the method."""
        raw: str = scope["raw_path"].decode("ascii")
        segment = raw.removeprefix("/sessions/")
        if segment == raw or "/" in segment or (scope["method"], segment) == ("POST", "start"):
            return None
        session_id = unquote(segment)
        session = self._store.get(session_id)
        if session is not None and scope["method"] == "GET":
            self._calls[session_id] += 1
        return Call(
            method=scope["method"],
            session_id=session_id,
            headers=tuple(scope["headers"]),
            key=self._key,
            ids=self.ids,
            index=self._store.index.get(session_id),
            state=None if session is None else session.status,
            number=self._calls[session_id],
            now=self._store.clock(),
        )


def create_app(
    *,
    key: str,
    sessions: int = 12,
    fault: Fault | None = None,
    clock: Clock = utc_now,
    document: Mapping[str, Any] | None = None,
) -> Service:
    """A fresh service with its own sessions; `document` is what `/openapi.json` publishes instead of ours."""
    store = SessionStore(sessions, clock)
    app = routes(store, key, published_document() if document is None else document)
    return Service(app, store, key, fault)
