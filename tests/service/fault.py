"""What a fault is made of: the call it looks at, the answer it edits."""

import json
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Self
from urllib.parse import quote

from starlette.types import Scope

from .models import Status

Header = tuple[bytes, bytes]
ANY_STATUS = range(100, 600)


@dataclass(frozen=True, slots=True)
class Call:
    """One request for `/sessions/{session_id}`; `number` counts the GETs of a known session from 1."""

    method: str
    session_id: str
    headers: tuple[Header, ...]
    key: str
    ids: tuple[str, ...]
    index: int | None
    state: Status | None
    number: int
    now: datetime

    @property
    def credential(self) -> str:
        return dict(self.headers).get(b"authorization", b"").decode("latin-1")

    @property
    def scheme(self) -> str:
        return self.credential.partition(" ")[0]

    @property
    def token(self) -> str:
        return self.credential.partition(" ")[2]

    def has(self, header: bytes) -> bool:
        return header in dict(self.headers)

    def with_credential(self, credential: str) -> Self:
        others = tuple(header for header in self.headers if header[0] != b"authorization")
        return replace(self, headers=(*others, (b"authorization", credential.encode("latin-1"))))

    def scope(self, scope: Scope) -> Scope:
        path = "/sessions/" + self.session_id.replace("/", "%2F")
        raw_path = b"/sessions/" + quote(self.session_id, safe="").encode()
        return {**scope, "method": self.method, "path": path, "raw_path": raw_path, "headers": list(self.headers)}


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: tuple[Header, ...]
    body: bytes
    claimed_length: int | None = None

    @property
    def data(self) -> Any:
        return json.loads(self.body)

    def with_data(self, data: Any) -> Self:
        return replace(self, body=json.dumps(data, ensure_ascii=False).encode())

    def without(self, name: bytes) -> Self:
        return replace(self, headers=tuple(header for header in self.headers if header[0] != name))

    def adding(self, name: bytes, value: bytes) -> Self:
        return replace(self, headers=(*self.headers, (name, value)))

    @property
    def sent_headers(self) -> tuple[Header, ...]:
        bare = self.without(b"content-length")
        if self.status == 204:
            return bare.headers
        length = len(self.body) if self.claimed_length is None else self.claimed_length
        return bare.adding(b"content-length", str(length).encode()).headers


Edit = Callable[[Call, Answer], Answer]


@dataclass(frozen=True, slots=True)
class Fault:
    """On the calls it applies to: what the service is made to see, and what becomes of answers whose status is `on`."""

    name: str
    family: str
    edit: Edit = lambda _call, answer: answer
    applies: Callable[[Call], bool] = lambda call: call.method == "GET"
    before: Callable[[Call], Call] = lambda call: call
    on: Collection[int] = (200,)
