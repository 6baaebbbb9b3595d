"""Every operation is asked once, whichever process comes first, and nothing that was answered is lost."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.exchanges import Ledger, Stop, StopKind
from contracts.exchanges.ledger import item_from, to_record
from contracts.messages import Claim, Credential, Exchange, Failure, FailureKind, Probe, Request, Response

Ask = Callable[[int], Iterator[Exchange]]


def asking(count: int, operation: str = "GET /a", calls: list[int] | None = None) -> Ask:
    def ask(number: int) -> Iterator[Exchange]:
        if calls is not None:
            calls.append(number)
        for index in range(count):
            yield Exchange(number + index, Probe(operation, Request("GET", "/a")), Response(200))

    return ask


def breaking(error: BaseException, after: int) -> Ask:
    def ask(number: int) -> Iterator[Exchange]:
        yield from asking(after)(number)
        raise error

    return ask


def numbers(exchanges: list[Exchange]) -> list[int]:
    return [exchange.number for exchange in exchanges]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "build" / "run.jsonl"


def test_an_operation_is_asked_once(path: Path) -> None:
    calls: list[int] = []
    for ledger in (Ledger(path), Ledger(path)):
        assert numbers(ledger.exchanges_of("GET /a", asking(3, calls=calls))) == [0, 1, 2]
        assert numbers(ledger.exchanges_of("GET /a", asking(3, calls=calls))) == [0, 1, 2]
    assert calls == [0]


def test_numbers_go_on_from_operation_to_operation(path: Path) -> None:
    ledger = Ledger(path)
    ledger.exchanges_of("GET /a", asking(2))
    assert numbers(Ledger(path).exchanges_of("GET /b", asking(2, "GET /b"))) == [2, 3]
    assert numbers(ledger.all()) == [0, 1, 2, 3]
    assert ledger.finished() == {"GET /a", "GET /b"}


def test_an_operation_without_probes_is_finished_too(path: Path) -> None:
    assert Ledger(path).exchanges_of("GET /a", asking(0)) == []
    assert Ledger(path).finished() == {"GET /a"}


def test_nobody_asks_twice_at_the_same_time(path: Path) -> None:
    calls: list[int] = []
    found: list[list[int]] = []
    threads = [
        threading.Thread(
            target=lambda: found.append(numbers(Ledger(path).exchanges_of("GET /a", asking(20, calls=calls))))
        )
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert calls == [0]
    assert found == [list(range(20))] * 4


@pytest.mark.parametrize("error", [KeyboardInterrupt(), ValueError("bug")], ids=["interrupted", "a bug"])
def test_what_was_answered_before_an_interruption_is_kept(path: Path, error: BaseException) -> None:
    with pytest.raises(type(error)):
        Ledger(path).exchanges_of("GET /a", breaking(error, after=2))
    assert numbers(Ledger(path).all()) == [0, 1]
    assert Ledger(path).finished() == set()


def test_an_interrupted_operation_is_asked_again(path: Path) -> None:
    ledger = Ledger(path)
    with pytest.raises(KeyboardInterrupt):
        ledger.exchanges_of("GET /a", breaking(KeyboardInterrupt(), after=2))
    assert numbers(ledger.exchanges_of("GET /a", asking(3))) == [0, 1, 2, 3, 4]
    assert ledger.finished() == {"GET /a"}


def test_a_killed_process_leaves_its_answers_and_no_lock(path: Path) -> None:
    script = (
        "import os, sys; from pathlib import Path; from contracts.exchanges import Ledger;"
        "from contracts.messages import *\n"
        "def ask(number):\n"
        "    yield Exchange(number, Probe('GET /a', Request('GET', '/a')), Response(200))\n"
        "    with open(sys.argv[1], 'ab') as log: log.write(b'{\"number\"')\n"
        "    os._exit(9)\n"
        "Ledger(Path(sys.argv[1])).exchanges_of('GET /a', ask)"
    )
    assert subprocess.run([sys.executable, "-c", script, str(path)]).returncode == 9
    assert numbers(Ledger(path).exchanges_of("GET /a", asking(1))) == [0, 1]


def test_closing_keeps_the_log_alone(path: Path) -> None:
    ledger = Ledger(path)
    ledger.exchanges_of("GET /a", asking(1))
    ledger.close(path.with_name("exchanges.jsonl"))
    assert [entry.name for entry in path.parent.iterdir()] == ["exchanges.jsonl"]
    assert numbers(Ledger(path.with_name("exchanges.jsonl")).all()) == [0]


def test_closing_without_having_asked_leaves_nothing(path: Path) -> None:
    Ledger(path).close(path.with_name("exchanges.jsonl"))
    assert not path.parent.exists()


def test_notes_and_exchanges_made_apart_are_seen_by_every_process(path: Path) -> None:
    leader, other = Ledger(path), Ledger(path)
    leader.add(asking(2)(0), found={"id": ["a"]}, aside=1)
    leader.add((), aside=3)
    assert (other.note("found"), other.note("aside"), other.note("cut")) == ({"id": ["a"]}, 3, None)
    assert (numbers(other.of("GET /a")), other.attempts, other.finished()) == ([0, 1], 2, set())


def test_an_operation_asked_after_that_has_both(path: Path) -> None:
    ledger = Ledger(path)
    ledger.add(asking(1)(0))
    assert numbers(ledger.exchanges_of("GET /a", asking(2))) == [0, 1, 2]


# What a run is about, and whether it is alive


def test_log_begins_with_what_the_run_is_about(path: Path) -> None:
    ledger = Ledger(path, {"seed": 7})
    ledger.add((), found=1)
    Ledger(path, {"seed": 8}).exchanges_of("GET /a", asking(2))
    assert path.read_text().splitlines()[0] == '{"notes":{"run":{"seed":7}}}'
    assert (ledger.note("run"), path.read_text().count('"run"')) == ({"seed": 7}, 1)


def test_run_is_alive_while_one_of_its_processes_is(path: Path) -> None:
    one, other = Ledger(path), Ledger(path)
    one.add((), a=1)
    one.hold("main")
    other.hold("gw0")
    one.release()
    with Ledger(path).dead() as dead:
        assert not dead
    other.release()
    with Ledger(path).dead() as dead:
        assert dead


def test_run_that_asked_nothing_leaves_nothing(path: Path) -> None:
    ledger = Ledger(path)
    ledger.hold("main")
    assert len(list(path.parent.iterdir())) == 1
    ledger.release()
    assert list(path.parent.iterdir()) == []


def test_end_of_a_run_leaves_its_exchanges_alone(path: Path) -> None:
    ledger = Ledger(path)
    ledger.hold("main")
    ledger.add((), a=1)
    Path(f"{path}.gw0.alive").touch()
    ledger.close(path.with_name("kept"))
    ledger.release()
    assert [file.name for file in path.parent.iterdir()] == ["kept"]


# Lines: what is written can be read, by whoever writes and whenever they stop

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


@given(EXCHANGES)
def test_an_exchange_survives_the_round_trip(exchange: Exchange) -> None:
    assert item_from(json.loads(json.dumps(to_record(exchange)))) == exchange


@given(EXCHANGES)
def test_a_record_is_one_line_of_ascii(exchange: Exchange) -> None:
    text = json.dumps(to_record(exchange))
    assert text.isascii()
    assert "\n" not in text


def test_a_record_is_flat() -> None:
    record = to_record(exchange(3))
    assert (record["number"], record["operation"], record["method"], record["forbidden_because"]) == (
        3,
        "GET /a",
        "GET",
        None,
    )
    assert record["response"] == {"status": 200, "headers": (), "body": "AHt9", "seconds": 0.25, "is_whole": True}
    assert "failure" not in record


def test_seconds_are_kept(path: Path) -> None:
    Ledger(path).add([exchange(0)])
    (found,) = Ledger(path).all()
    assert found.response is not None
    assert found.response.seconds == 0.25


def test_what_is_appended_is_read_by_others_at_once(path: Path) -> None:
    other, seen = Ledger(path), list[list[int]]()

    def ask(number: int) -> Iterator[Exchange]:
        yield exchange(number)
        seen.append(numbers(other.all()))

    Ledger(path).exchanges_of("GET /a", ask)
    assert (seen, other.finished()) == ([[0]], {"GET /a"})


def test_a_writer_knows_what_it_wrote(path: Path) -> None:
    ledger = Ledger(path)
    ledger.add([exchange(0), exchange(1, "GET /b")])
    assert (numbers(ledger.all()), ledger.of("GET /b")) == ([0, 1], [exchange(1, "GET /b")])


def test_nothing_is_read_twice(path: Path) -> None:
    Ledger(path).add([exchange(0)])
    ledger = Ledger(path)
    assert numbers(ledger.all()) == [0]
    path.write_bytes(b"x" * path.stat().st_size)  # never looked at again
    assert numbers(ledger.all()) == [0]


def test_no_file_is_an_empty_ledger(path: Path) -> None:
    assert Ledger(path).all() == []


@pytest.mark.parametrize("cut", [1, 2, 50])
def test_a_last_line_cut_short_is_left_out(path: Path, cut: int) -> None:
    Ledger(path).add([exchange(0), exchange(1)])
    path.write_bytes(path.read_bytes()[:-cut])
    assert numbers(Ledger(path).all()) == [0]


def test_what_a_crash_left_is_written_over(path: Path) -> None:
    Ledger(path).add([exchange(0)])
    path.write_bytes(path.read_bytes() + b'{"number":' + b"1" * 5000)
    ledger = Ledger(path)
    ledger.add([exchange(1)])
    assert numbers(Ledger(path).all()) == numbers(ledger.all()) == [0, 1]
    assert path.read_bytes().endswith(b"}\n")


def test_a_stop_is_read_by_others(path: Path) -> None:
    writer, stop = Ledger(path), Stop("GET /a", StopKind.BOUND, "the bound")
    writer.add([stop])
    assert Ledger(path).stops() == writer.stops() == [stop]


def test_a_file_without_stops_shows_where_asking_stopped(path: Path) -> None:
    refused = Failure(FailureKind.REFUSED, "")
    Ledger(path).add(replace(exchange(number), failure=refused, response=None) for number in range(4))
    Ledger(path).add(["GET /a"])
    assert [stop.kind for stop in Ledger(path).stops()] == [StopKind.ABSENT]
