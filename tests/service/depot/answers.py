"""Answers of the depot, and what its operations share."""

import json
from datetime import UTC, datetime
from typing import Any

from ..fault import Answer

FIRST_DAY = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
TITLES = {400: "Bad request", 401: "Unauthorized", 404: "Not found", 405: "Method not allowed", 409: "Conflict"}
TITLES |= {412: "Precondition failed", 415: "Unsupported media type", 422: "Unprocessable", 429: "Too many requests"}


def answer(status: int, data: Any = None, media: str = "application/json", **fields: str) -> Answer:
    """An answer; names of header fields with underscores for hyphens."""
    body = b"" if data is None else data.encode() if isinstance(data, str) else json.dumps(data).encode()
    found = Answer(status, (), body)
    if data is not None:
        found = found.adding(b"content-type", media.encode())
    for name, value in fields.items():
        found = found.adding(name.replace("_", "-").encode(), value.encode())
    return found


def problem(status: int, detail: str = "", **fields: str) -> Answer:
    data = {"status": status, "title": TITLES[status], "detail": detail[:200]}
    return answer(status, data, "application/problem+json", **fields)


def named(field: str, tag: str, *, weakly: bool = False) -> bool:
    """Whether a list of entity tags, or `*`, names this one; `weakly` without regard to `W/` (RFC 9110 §8.8.3.2)."""
    tags = [one.strip() for one in field.split(",")]
    if weakly:
        tags, tag = [one.removeprefix("W/") for one in tags], tag.removeprefix("W/")
    return "*" in tags or tag in tags


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def number(value: Any, otherwise: int) -> int:
    return value if isinstance(value, int) else otherwise
