"""A documented response to a status code that it describes: `4XX` and `default` stand for many."""

from __future__ import annotations

from contracts.document.model import Operation, ResponseSpec

ABOUT_ACCESS = frozenset({401, 403, 404, 407, 408, 429})
"""4xx with a meaning of their own for clients: taken for a range only if nothing else is left."""


def concrete_status(operation: Operation, response: ResponseSpec, *preferred: int) -> int | None:
    """A status that `response` describes and no other one of the operation does, one of `preferred` if it can be."""
    key = response.status
    if key.isdecimal():
        return int(key)
    first, end = (
        (400, 600) if key.lower() == "default" else (100 * int(key[0]), 100 * int(key[0]) + 100)
    )
    codes = sorted(range(first, end), key=lambda code: code in ABOUT_ACCESS)
    return next(
        (code for code in (*preferred, *codes) if operation.response(code) == response), None
    )
