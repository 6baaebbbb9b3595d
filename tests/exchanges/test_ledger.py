"""Every operation is asked once, whichever process comes first, and nothing that was answered is lost."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.exchanges import Ledger, Stop, StopKind
from contracts.exchanges.records import Written, exchange_from, json_line, to_record
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


def numbers(exchanges: Iterable[Exchange]) -> list[int]:
    return [exchange.number for exchange in exchanges]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "build" / "run.jsonl"


def process(path: Path, name: str = "", order: Sequence[str] = ()) -> Ledger:
    """What a process of a run of several has; `name` is that of the process, "" if it leads."""
    return Ledger(path, order=order, process=name, shared=True)


def test_a_lane_is_read_a_line_at_a_time(path: Path) -> None:
    path.parent.mkdir()
    line = b"1" * 1_000_000 + b"\n"
    path.write_bytes(line * 3)
    file = Written(path)
    assert list(file.lines(0, 3)) == []
    file.open("a+b").seek(0)
    assert list(file.lines(len(line), 3 * len(line))) == [line] * 2
    lines = file.lines(0, 3 * len(line))
    assert next(lines) == line
    path.write_bytes(line)  # what is gone now was not read before
    assert sum(map(len, lines)) < len(line)


def test_an_operation_is_asked_once(path: Path) -> None:
    calls: list[int] = []
    for ledger in (process(path, "gw0"), process(path, "gw1")):
        assert numbers(ledger.exchanges_of("GET /a", asking(3, calls=calls))) == [0, 1, 2]
        assert numbers(ledger.exchanges_of("GET /a", asking(3, calls=calls))) == [0, 1, 2]
    assert calls == [0]


def test_numbers_are_those_of_an_operation_then_those_of_the_run_in_its_order(path: Path) -> None:
    one, other = (process(path, name, ["GET /a", "GET /b"]) for name in ("gw0", "gw1"))
    assert numbers(other.exchanges_of("GET /b", asking(2, "GET /b"))) == [0, 1]
    assert numbers(one.exchanges_of("GET /a", asking(3))) == [0, 1, 2]
    leader = process(path, order=["GET /a", "GET /b", "GET /c"])
    assert [(e.number, e.probe.operation) for e in leader.all()] == list(enumerate(["GET /a"] * 3 + ["GET /b"] * 2))
    assert (leader.first_numbers(), leader.count("GET /b")) == ({"GET /a": 0, "GET /b": 3}, 2)
    assert leader.finished() == {"GET /a", "GET /b"}


def test_an_operation_without_probes_is_finished_too(path: Path) -> None:
    assert Ledger(path).exchanges_of("GET /a", asking(0)) == []
    assert Ledger(path).finished() == {"GET /a"}


def test_nobody_asks_twice_at_the_same_time(path: Path) -> None:
    calls: list[int] = []
    found: list[list[int]] = []
    threads = [
        threading.Thread(
            target=lambda name=name: found.append(
                numbers(process(path, name).exchanges_of("GET /a", asking(20, calls=calls)))
            )
        )
        for name in ("gw0", "gw1", "gw2", "gw3")
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert calls == [0]
    assert found == [list(range(20))] * 4


def test_different_operations_are_asked_at_the_same_time(path: Path) -> None:
    both = threading.Barrier(2, timeout=60)

    def ask(operation: str) -> None:
        def events(number: int) -> Iterator[Exchange]:
            both.wait()  # until the other one is asked as well
            yield from asking(1, operation)(number)

        process(path, operation[-1]).exchanges_of(operation, events)

    threads = [threading.Thread(target=ask, args=(operation,)) for operation in ("GET /a", "GET /b")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert process(path).finished() == {"GET /a", "GET /b"}
    assert not list(path.parent.glob("*.lane"))


def test_an_operation_can_be_asked_while_another_is(path: Path) -> None:
    ledger = process(path, "gw0")

    def ask(number: int) -> Iterator[Exchange]:
        yield from asking(1)(number)
        ledger.exchanges_of("GET /b", asking(2, "GET /b"))
        yield from asking(1)(number + 1)

    assert numbers(ledger.exchanges_of("GET /a", ask)) == [0, 1]
    assert {key: len(process(path).of(key)) for key in ("GET /a", "GET /b")} == {"GET /a": 2, "GET /b": 2}


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
    leader, other = process(path), process(path, "gw0")
    leader.add(asking(2)(0), found={"id": ["a"]}, arrived=False)
    other.add((), arrived=True)
    assert (other.note("found"), leader.note("arrived"), other.note("cut")) == ({"id": ["a"]}, True, None)
    assert (numbers(other.of("GET /a")), other.finished()) == ([0, 1], set())


def test_what_several_processes_made_is_known_together(path: Path) -> None:
    one, other = process(path, "gw0"), process(path, "gw1")
    one.add((), made={"/a/1": "POST /a"})
    other.add((), made={"/a/2": "POST /a"})
    assert process(path).note("made") == one.note("made") == {"/a/1": "POST /a", "/a/2": "POST /a"}


def test_what_was_judged_is_taken_by_others(path: Path) -> None:
    one, other = process(path, "gw0"), process(path)
    one.exchanges_of("GET /a", asking(2))
    one.keep_judged("GET /a", b'["verdicts"]')
    one.exchanges_of("GET /b", asking(1, "GET /b"))
    assert (other.judged("GET /a"), other.judged("GET /b")) == (b'["verdicts"]\n', None)
    assert [e.probe.operation for e in other.all()] == ["GET /a", "GET /a", "GET /b"]


def test_an_operation_asked_after_that_has_both(path: Path) -> None:
    ledger = Ledger(path)
    ledger.add(asking(1)(0))
    assert numbers(ledger.exchanges_of("GET /a", asking(2))) == [0, 1, 2]


# What a run is about, and whether it is alive


def test_log_begins_with_what_the_run_is_about(path: Path) -> None:
    ledger = Ledger(path, {"seed": 7})
    ledger.add((), found=1)
    ledger.exchanges_of("GET /a", asking(2))
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


def test_process_that_asked_nothing_leaves_those_that_are_about_to_alone(path: Path) -> None:
    one, other = Ledger(path), Ledger(path)
    one.hold("gw0")
    other.hold("gw1")
    other.release()
    assert Path(f"{path}.gw0.alive").exists()
    one.release()
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
    assert exchange_from(json_line(to_record(exchange))) == exchange


@given(EXCHANGES)
def test_a_record_is_one_line_of_ascii(exchange: Exchange) -> None:
    line = json_line(to_record(exchange))
    assert line.isascii()
    assert line.count(b"\n") == line.endswith(b"\n") == 1


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
    other, seen = process(path), list[list[int]]()

    def ask(number: int) -> Iterator[Exchange]:
        yield exchange(number)
        seen.append(numbers(other.all()))

    process(path, "gw0").exchanges_of("GET /a", ask)
    assert (seen, other.finished()) == ([[0]], {"GET /a"})


def test_a_writer_knows_what_it_wrote(path: Path) -> None:
    ledger = Ledger(path)
    ledger.add([exchange(0), exchange(0, "GET /b")])
    assert (numbers(ledger.all()), ledger.of("GET /b")) == ([0, 1], [exchange(0, "GET /b")])
    assert exchange(1, "GET /b") in ledger.all()
    assert exchange(2, "GET /b") not in ledger.all()


def test_what_is_taken_away_can_be_read_and_is_said_at_the_end(path: Path) -> None:
    ledger = Ledger(path)
    ledger.exchanges_of("GET /a", asking(2))
    path.unlink()
    ledger.exchanges_of("GET /b", asking(2, "GET /b"))
    ledger.exchanges_of("GET /c", asking(1, "GET /c"))
    assert (ledger.lost, len(ledger.all())) == ("it was taken away", 5)
    assert [e.probe.operation[-1] for e in ledger.all()] == [*"aabbc"]
    with pytest.raises(OSError, match="it was taken away"):
        ledger.close(path.with_name("exchanges.jsonl"))
    assert list(path.parent.iterdir()) == []


def test_what_can_not_be_written_is_known_to_who_asked(path: Path) -> None:
    path.parent.touch()  # a file where the folder should be
    ledger = Ledger(path, {"seed": 7})
    assert numbers(ledger.exchanges_of("GET /a", asking(2))) == [0, 1]
    ledger.add([exchange(0, "GET /b"), Stop("GET /b", StopKind.BOUND, "")], found=1)
    assert [e.probe.operation[-1] for e in ledger.all()] == [*"aab"]
    assert (ledger.finished(), len(ledger.stops()), ledger.note("found")) == ({"GET /a"}, 1, 1)
    assert ledger.lost


def test_lines_from_before_operations_were_named_can_be_read(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(json_line(to_record(exchange(0))) + json_line(to_record(exchange(1, "GET /b"))))
    assert [e.probe.operation for e in Ledger(path).all()] == ["GET /a", "GET /b"]


def test_no_file_is_an_empty_ledger(path: Path) -> None:
    assert (list(Ledger(path).all()), len(Ledger(path).all())) == ([], 0)


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
    writer, stop = process(path, "gw0"), Stop("GET /a", StopKind.BOUND, "the bound")
    writer.add([stop])
    assert process(path).stops() == writer.stops() == [stop]
