"""What strategies draw: a request to send, and an answer as a service would give it."""

import json
from dataclasses import dataclass
from inspect import signature
from typing import Any

from contracts.messages import JSON, Request, Response


@dataclass(frozen=True, slots=True)
class DrawnRequest(Request):
    """A request that the document allows, or forbids for one reason; it has no credential."""

    operation: str = ""  # `METHOD PATH` of the document
    breaks: str = ""  # the id of the one rule that it breaks; empty if it is allowed

    @property
    def cookies(self) -> dict[str, str]:
        """The cookies by name, as they stand in the header field."""
        pairs = filter(None, (self.header("cookie") or "").split("; "))
        return dict(pair.partition("=")[::2] for pair in pairs)

    @property
    def kwargs(self) -> dict[str, Any]:
        """What `client.request(**kwargs)` takes, of httpx2, httpx and Starlette's TestClient."""
        fields = dict(self.headers)
        return {"method": self.method, "url": self.target, "headers": fields, "content": self.body}

    def json(self) -> JSON:
        """The body as a JSON value; ValueError if it is none."""
        return json.loads(self.body or b"")

    def send(self, client: Any, base_url: str = "") -> Any:
        """What a client answers: httpx2's, httpx's, Starlette's, or a session of requests.

        One without a base URL of its own needs the `base_url`. Of an asynchronous one, it is to be
        awaited.
        """
        words = {**self.kwargs, "url": base_url.rstrip("/") + self.target}
        if "content" not in signature(client.request).parameters:
            words["data"] = words.pop("content")
        return client.request(**words)


_ANY = Request("GET", "/")


@dataclass(frozen=True, slots=True)
class DrawnAnswer(Response):
    """An answer that the document allows, or forbids for one reason."""

    operation: str = ""  # `METHOD PATH` of the document
    request: Request = _ANY  # one that it may be the answer to: path alone
    breaks: str = ""  # the id of the one rule that it breaks; empty if it is allowed

    def json(self) -> JSON:
        """The body as a JSON value; ValueError if it is none."""
        return json.loads(self.body)
