"""Streams: an answer of values in a row may never end, and is then what came of it until it was left."""

from __future__ import annotations

import gzip
import time
import zlib
from dataclasses import replace

import pytest

from contracts.exchanges import Limits
from contracts.messages import Exchange, FailureKind, Response
from tests.exchanges.test_client import GET, ask_at, failure_of, slow_server

BRIEF = Limits(quiet=60.0, stream=0.05)
EVENTS, LINES = "text/event-stream", "application/x-ndjson; charset=utf-8"


def head(content_type: str, *fields: str) -> bytes:
    lines = ["HTTP/1.1 200 OK", f"Content-Type: {content_type}", "Connection: close", *fields]
    return "\r\n".join([*lines, "", ""]).encode()


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


def asked(*pieces: bytes, limits: Limits = BRIEF) -> Exchange:
    with slow_server(*pieces) as url:
        return ask_at(url, GET, limits=limits)


def answer_of(exchange: Exchange) -> Response:
    assert exchange.response is not None, exchange.failure
    return exchange.response


@pytest.mark.parametrize("content_type", [EVENTS, LINES, "application/json-seq", "APPLICATION/GEO+JSON-SEQ"])
@pytest.mark.parametrize("chunked", [True, False], ids=["in chunks", "without a length"])
def test_a_stream_that_does_not_end_is_what_came_of_it(content_type: str, chunked: bool) -> None:
    first = head(content_type, *["Transfer-Encoding: chunked"] * chunked)
    began = time.perf_counter()
    answer = answer_of(asked(first, chunk(b"1\n2\n") if chunked else b"1\n2\n"))
    assert (answer.body, answer.is_whole, answer.status) == (b"1\n2\n", False, 200)
    assert answer.seconds <= time.perf_counter() - began - BRIEF.stream


def test_a_stream_of_which_nothing_comes_is_left_as_well() -> None:
    answer = answer_of(asked(head(EVENTS), limits=replace(BRIEF, quiet=0.05)))
    assert (answer.body, answer.is_whole) == (b"", False)


def test_a_stream_that_floods_is_left_at_its_bound() -> None:
    answer = answer_of(
        asked(head(LINES), *[b"1\n" * 600] * 3, limits=replace(BRIEF, stream=60.0, streamed=1000, body=2000))
    )
    assert (len(answer.body) >= 1000, answer.is_whole) == (True, False)


def test_a_stream_that_ends_is_whole() -> None:
    first = head(EVENTS, "Transfer-Encoding: chunked")
    answer = answer_of(asked(first, chunk(b"data: 1\n\n"), b"0\r\n\r\n", limits=replace(BRIEF, stream=60.0)))
    assert (answer.body, answer.is_whole) == (b"data: 1\n\n", True)


def test_a_stream_is_unpacked_as_far_as_it_came() -> None:
    packer = zlib.compressobj(wbits=31)
    packed = packer.compress(b"data: 1\n\n") + packer.flush(zlib.Z_SYNC_FLUSH)
    answer = answer_of(asked(head(EVENTS, "Content-Encoding: gzip"), packed))
    assert (answer.body, answer.is_whole) == (b"data: 1\n\n", False)


def test_other_content_that_does_not_end_is_none() -> None:
    limits = replace(BRIEF, total=0.2)
    assert failure_of(asked(head("application/json"), b"[1,", b"2,", limits=limits)) is FailureKind.TIMED_OUT
    packed = gzip.compress(b"[1]")[:-9]
    spoilt = head("application/json", "Content-Encoding: gzip", f"Content-Length: {len(packed)}")
    assert failure_of(asked(spoilt, packed)) is FailureKind.BAD_ENCODING
