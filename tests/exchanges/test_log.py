"""What is written can be read: every exchange, by whoever writes and whenever they stop."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.exchanges.health import Stop, StopKind
from contracts.exchanges.ledger import Log, from_record, to_record
from contracts.messages import Claim, Credential, Exchange, Failure, FailureKind, Probe, Request, Response

PAIRS = st.lists(st.tuples(st.text(max_size=5), st.text(max_size=5)), max_size=3).map(tuple)
PROBES = st.builds(
    Probe,
    st.text(),
    st.builds(Request, st.text(), st.text(), PAIRS, st.none() | st.binary()),
    st.builds(Claim, st.none() | st.text()),
    st.text(),
    st.text(),
    PAIRS,
    st.sampled_from(Credential),
)
RESPONSES = st.builds(Response, st.integers(100, 599), PAIRS, st.binary(), st.floats(0, 100))
FAILURES = st.builds(Failure, st.sampled_from(FailureKind), st.text())
EXCHANGES = st.builds(Exchange, st.integers(0), PROBES, RESPONSES, st.none(), st.integers(1)) | st.builds(
    Exchange, st.integers(0), PROBES, st.none(), FAILURES, st.integers(1)
)


def exchange(number: int, operation: str = "GET /a") -> Exchange:
    return Exchange(number, Probe(operation, Request("GET", "/a")), Response(200, (), b"\x00{}", 0.25))


def numbers(log: Log) -> list[int]:
    return [exchange.number for exchange in log.exchanges]


def read(path: Path) -> Log:
    log = Log(path)
    log.catch_up()
    return log


@given(EXCHANGES)
def test_an_exchange_survives_the_round_trip(exchange: Exchange) -> None:
    assert from_record(json.loads(json.dumps(to_record(exchange)))) == exchange


@given(EXCHANGES)
def test_a_record_is_one_line_of_ascii(exchange: Exchange) -> None:
    text = json.dumps(to_record(exchange))
    assert text.isascii()
    assert "\n" not in text


def test_seconds_are_kept(tmp_path: Path) -> None:
    with Log(tmp_path / "log").appending() as append:
        append(exchange(0))
    (found,) = read(tmp_path / "log").exchanges
    assert found.response is not None
    assert found.response.seconds == 0.25


def test_what_is_appended_is_read_by_others_at_once(tmp_path: Path) -> None:
    other = Log(tmp_path / "log")
    with Log(tmp_path / "log").appending() as append:
        append(exchange(0))
        other.catch_up()
        assert numbers(other) == [0]
        append("GET /a")
        other.catch_up()
    assert other.finished == {"GET /a"}


def test_a_writer_knows_what_it_wrote(tmp_path: Path) -> None:
    log = Log(tmp_path / "log")
    with log.appending() as append:
        append(exchange(0))
        append(exchange(1, "GET /b"))
    assert (numbers(log), log.of("GET /b")) == ([0, 1], [exchange(1, "GET /b")])
    log.catch_up()
    assert numbers(log) == [0, 1]


def test_nothing_is_read_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "log"
    with Log(path).appending() as append:
        append(exchange(0))
    log = read(path)
    path.write_bytes(b"x" * log.offset)  # never looked at again
    log.catch_up()
    assert numbers(log) == [0]


def test_no_file_is_an_empty_log(tmp_path: Path) -> None:
    assert numbers(read(tmp_path / "log")) == []


@pytest.mark.parametrize("cut", [1, 2, 50])
def test_a_last_line_cut_short_is_left_out(tmp_path: Path, cut: int) -> None:
    path = tmp_path / "log"
    with Log(path).appending() as append:
        append(exchange(0))
        append(exchange(1))
    path.write_bytes(path.read_bytes()[:-cut])
    assert numbers(read(path)) == [0]


def test_what_a_crash_left_is_written_over(tmp_path: Path) -> None:
    path = tmp_path / "log"
    with Log(path).appending() as append:
        append(exchange(0))
    path.write_bytes(path.read_bytes() + b'{"number":' + b"1" * 5000)
    log = read(path)
    with log.appending() as append:
        append(exchange(1))
    assert numbers(read(path)) == numbers(log) == [0, 1]
    assert path.read_bytes().endswith(b"}\n")


def test_a_stop_is_read_by_others(tmp_path: Path) -> None:
    writer, stop = Log(tmp_path / "log"), Stop("GET /a", StopKind.BOUND, "the bound")
    with writer.appending() as append:
        append(stop)
    assert read(tmp_path / "log").stops == writer.stops == [stop]


def test_a_log_without_stops_shows_where_asking_stopped(tmp_path: Path) -> None:
    writer = Log(tmp_path / "log")
    with writer.appending() as append:
        for number in range(4):
            append(replace(exchange(number), failure=Failure(FailureKind.REFUSED, ""), response=None))
        append("GET /a")
    assert [stop.kind for stop in read(tmp_path / "log").stops] == [StopKind.ABSENT]
