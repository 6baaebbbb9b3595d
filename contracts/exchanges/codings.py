"""A body as received to the body that was meant: content codings undone (RFC 9110 §8.4), within bounds."""

from __future__ import annotations

import zlib

from contracts.messages import Headers, header_values

ACCEPTED = "gzip, deflate"
"""The codings that are undone; what requests say in Accept-Encoding."""
MAX_CODINGS = 4
"""How many codings of one body are undone; each may take as long as the longest body does."""
_PIECE = 65536


class Undecodable(Exception):
    """The body is not encoded as Content-Encoding says; `str()` says how."""


class TooLong(Exception):
    """The decoded body would be longer than the bound."""


def decoded(body: bytes, headers: Headers, limit: int) -> bytes:
    """The body after undoing what Content-Encoding names, last first; an empty one needs none of it."""
    names = [
        name.strip().lower()
        for value in header_values(headers, "content-encoding")
        for name in value.split(",")
    ]
    names = [name for name in names if name not in ("", "identity")]
    if len(names) > MAX_CODINGS:
        raise Undecodable(
            f"Content-Encoding names {len(names)} codings; at most {MAX_CODINGS} are undone"
        )
    for name in reversed(names):
        if body:
            body = _undone(name, body, limit)
    return body


def _undone(name: str, body: bytes, limit: int) -> bytes:
    if name not in ("gzip", "x-gzip", "deflate"):
        raise Undecodable(f"Content-Encoding is {name}; the request accepts {ACCEPTED}")
    try:
        return _gunzipped(body, limit) if name != "deflate" else _inflated(body, limit)
    except zlib.error as error:
        raise Undecodable(f"Content-Encoding is {name}; decoding fails: {error}") from None


def _gunzipped(body: bytes, limit: int) -> bytes:
    """One member after another, as RFC 1952 §2.2 allows.

    Piece by piece: what follows a member is copied each time, and a body may hold a million of them.
    """
    whole, unpacker = bytearray(), _gunzip()
    for start in range(0, len(body), _PIECE):
        piece = body[start : start + _PIECE]
        while piece:
            unpacker = _gunzip() if unpacker.eof else unpacker
            whole += unpacker.decompress(piece, limit - len(whole) + 1)
            if len(whole) > limit:
                raise TooLong
            piece = unpacker.unused_data
    if not unpacker.eof:
        raise zlib.error("the data ends too early")
    return bytes(whole)


def _gunzip() -> zlib._Decompress:
    return zlib.decompressobj(zlib.MAX_WBITS | 16)


def _inflated(body: bytes, limit: int) -> bytes:
    """In the zlib format, or without it, as many servers send it (RFC 9110 §8.4.1.2)."""
    try:
        return _unpacked(zlib.decompressobj(), body, limit)
    except zlib.error:
        return _unpacked(zlib.decompressobj(-zlib.MAX_WBITS), body, limit)


def _unpacked(unpacker: zlib._Decompress, body: bytes, limit: int) -> bytes:
    found = unpacker.decompress(body, limit + 1)
    if len(found) > limit:
        raise TooLong
    if not unpacker.eof:
        raise zlib.error("the data ends too early")
    return found
