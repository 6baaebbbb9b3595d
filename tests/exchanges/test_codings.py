"""Content codings are undone, strictly and within bounds."""

from __future__ import annotations

import contextlib
import gzip
import random
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.exchanges.codings import TooLong, Undecodable, decoded

TEXT = b'{"status":"active"}' * 3


def raw_deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(data) + packer.flush()


def undo(body: bytes, *values: str, limit: int = 1000) -> bytes:
    return decoded(body, tuple(("content-Encoding", value) for value in values), limit)


@pytest.mark.parametrize(
    ("body", "values"),
    [
        pytest.param(TEXT, [], id="no field"),
        pytest.param(TEXT, [""], id="an empty field"),
        pytest.param(TEXT, ["identity"], id="identity"),
        pytest.param(gzip.compress(TEXT), ["gzip"], id="gzip"),
        pytest.param(gzip.compress(TEXT), ["GZip"], id="gzip in capitals"),
        pytest.param(gzip.compress(TEXT), ["x-gzip"], id="x-gzip"),
        pytest.param(gzip.compress(TEXT[:9]) + gzip.compress(TEXT[9:]), ["gzip"], id="two members"),
        pytest.param(zlib.compress(TEXT), ["deflate"], id="deflate"),
        pytest.param(raw_deflate(TEXT), ["deflate"], id="deflate without its frame"),
        pytest.param(gzip.compress(zlib.compress(TEXT)), ["deflate, gzip"], id="one after the other"),
        pytest.param(gzip.compress(zlib.compress(TEXT)), ["deflate", "identity, gzip"], id="in two fields"),
    ],
)
def test_codings_are_undone(body: bytes, values: list[str]) -> None:
    assert undo(body, *values) == TEXT


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "unknown"])
def test_an_empty_body_needs_no_decoding(coding: str) -> None:
    assert undo(b"", coding) == b""


@pytest.mark.parametrize(
    ("body", "value", "says"),
    [
        pytest.param(TEXT, "gzip", "gzip; decoding fails", id="plain text"),
        pytest.param(TEXT, "deflate", "deflate; decoding fails", id="plain text as deflate"),
        pytest.param(zlib.compress(TEXT), "gzip", "gzip; decoding fails", id="another format"),
        pytest.param(gzip.compress(TEXT)[:-1], "gzip", "ends too early", id="the check value cut short"),
        pytest.param(gzip.compress(TEXT)[:-9], "gzip", "ends too early", id="the data cut short"),
        pytest.param(raw_deflate(TEXT)[:-3], "deflate", "ends too early", id="deflate cut short"),
        pytest.param(gzip.compress(TEXT) + b"more", "gzip", "gzip; decoding fails", id="something after it"),
        pytest.param(gzip.compress(TEXT)[:-8] + bytes(8), "gzip", "incorrect data check", id="another check value"),
        pytest.param(TEXT, "br", "br; the request accepts gzip, deflate", id="not asked for"),
        pytest.param(gzip.compress(TEXT), "gzip, br", "br; the request accepts", id="not asked for, outermost"),
    ],
)
def test_what_is_encoded_otherwise_is_refused(body: bytes, value: str, says: str) -> None:
    with pytest.raises(Undecodable, match=says):
        undo(body, value)


@pytest.mark.parametrize("pack", [gzip.compress, zlib.compress, raw_deflate])
def test_the_limit_is_that_of_the_decoded_body(pack: object) -> None:
    body, coding = pack(TEXT), "gzip" if pack is gzip.compress else "deflate"  # type: ignore[operator]
    assert undo(body, coding, limit=len(TEXT)) == TEXT
    with pytest.raises(TooLong):
        undo(body, coding, limit=len(TEXT) - 1)


def test_the_limit_holds_for_all_members_together() -> None:
    with pytest.raises(TooLong):
        undo(gzip.compress(TEXT) * 2, "gzip", limit=2 * len(TEXT) - 1)


@given(st.binary(), st.sampled_from(["gzip", "deflate", "gzip, deflate"]))
def test_any_bytes_are_decoded_or_refused(body: bytes, value: str) -> None:
    with contextlib.suppress(Undecodable, TooLong):
        assert len(undo(body, value, limit=50)) <= 50


def test_many_empty_members_take_no_longer_than_their_bytes() -> None:
    assert undo(gzip.compress(b"") * 100_000 + gzip.compress(TEXT), "gzip") == TEXT


def test_a_member_that_spans_pieces_is_whole() -> None:
    noise = random.Random(1).randbytes(200_000)
    assert undo(gzip.compress(noise) * 2, "gzip", limit=400_000) == noise * 2


def test_a_member_after_the_first_is_bounded_by_what_is_left() -> None:
    with pytest.raises(TooLong):
        undo(gzip.compress(b"x" * 600) * 2, "gzip", limit=1199)


def test_endless_codings_are_not_undone() -> None:
    with pytest.raises(Undecodable, match="names 1000 codings; at most 4 are undone"):
        undo(TEXT, *["gzip"] * 1000)
