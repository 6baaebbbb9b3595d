"""How much a comparison may compute; each question is asked once, where its work can be ended."""

import faulthandler
import gc
import json
import os
import pickle
import signal
import warnings
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from hashlib import blake2b
from math import inf, prod
from pathlib import Path
from threading import current_thread, main_thread
from time import process_time
from types import FrameType
from typing import IO, Any, NoReturn, TypeVar

from contracts.schemas import UNIONS

T = TypeVar("T")

SECONDS = 60.0
"""CPU seconds of a whole comparison (`--max-time`)."""

SHARE = 8  # so many questions at least may each use up what they may of what is left
TICK = 0.05  # CPU seconds after which work that is not done apart is looked at, again and again
APART = 10_000  # characters of a question from which on it is worked on apart
MOST_MEMORY = 1000 << 20  # bytes of a comparison and of the work on a question in all
LEAST_MEMORY = 100 << 20  # bytes for a question, whatever the comparison holds
MOST_CASES = 1_000  # ways in which what a question holds can be combined, likewise
LOST = {"gc_callback", "__del__"}  # out of which nothing is raised: a tick later it is
NO_MEMORY = "there was not enough memory to find out"
NO_END = "a schema leads back to itself for the same value, or is nested too deeply"
VALUES = {"enum", "const", "dependentRequired"}  # in which nothing is a schema
MAPS = {"properties", "dependentSchemas", "$defs"}
_LIMITED = hasattr(os, "fork")  # elsewhere nothing can be ended, and all is done here


class Exceeded(Exception):
    """The work on a question was ended before it had an answer; `str()` says why."""


def cpu_seconds() -> float:
    """What this process used, and what processes used that it started and that have ended."""
    return sum(os.times()[:4])


@dataclass(eq=False)
class Allowance:
    """What one comparison may use, and what it found out so far.

    Args:
        seconds: of the whole, in CPU seconds as `clock` counts them.
        question: CPU seconds of the work on one question.
        memory: bytes that work done apart may take besides, fewer near `MOST_MEMORY` in all.
    """

    seconds: float = SECONDS
    clock: Callable[[], float] = cpu_seconds
    question: float = 5
    memory: int = 400 << 20
    _answers: dict[bytes, Any] = field(default_factory=dict, repr=False)
    _is_apart: bool = False
    _due: float = inf  # when work that is under way here has to end, as `process_time` counts
    _given: float = 0  # the CPU seconds that it has in all

    def __post_init__(self) -> None:
        self._end = self.clock() + self.seconds
        self._most = MOST_MEMORY
        with suppress(OSError, ValueError):
            self._measure()

    def begin(self) -> None:
        """Let what this process has by now be no part of what the outermost work may take.

        It is measured when that has gone on for a `TICK`: most of it never does.
        """
        if self._due == inf:
            self._most = 0

    def _measure(self) -> None:
        self._most = max(MOST_MEMORY, _memory_used()[1] + self.memory)

    @property
    def is_over(self) -> bool:
        return self.clock() >= self._end

    @property
    def over(self) -> str:
        """That nothing is left, for people."""
        return f"the {self.seconds:g} CPU seconds of --max-time were used up before it was decided"

    def answer(self, ask: Callable[..., T], *texts: str) -> T:
        """What `ask` says to some schemas as JSON texts; the same is asked once.

        Raises:
            Exceeded: it takes too long or too much memory, or nothing is left of the allowance.
        """
        key = blake2b("\0".join((ask.__name__, *texts)).encode("utf-8", "replace")).digest()
        if key not in self._answers:
            try:
                self._answers[key] = self.spend(lambda: ask(*texts), apart=is_large(*texts))
            except Exceeded as problem:
                if self.is_over:
                    raise
                self._answers[key] = problem
        found = self._answers[key]
        if isinstance(found, Exceeded):
            raise found
        return found  # type: ignore[no-any-return]

    def spend(self, work: Callable[[], T], *, apart: bool, share: int | None = None) -> T:
        """What some work comes to, done `apart` in a process that is ended where it takes too much.

        What it finds out beside its answer is lost then. It may use up one `share` of all that is
        left, by default what a question may. Raises Exceeded, and what `work` does.
        """
        left = self._end - self.clock()
        if left <= 0:
            raise Exceeded(self.over)
        seconds = left / share if share else min(left / SHARE, self.question)
        if not apart or self._is_apart or not _LIMITED:
            return self._here(work, seconds)
        memory = self.memory
        with suppress(OSError, ValueError):
            memory = min(memory, max(LEAST_MEMORY, MOST_MEMORY - _memory_used()[1]))
        reading, writing = os.pipe()
        with open(reading, "rb") as pipe:
            with open(writing, "wb") as told, warnings.catch_warnings():
                warnings.simplefilter("ignore", DeprecationWarning)  # other threads wait meanwhile
                try:
                    child = os.fork()
                except OSError as problem:
                    raise Exceeded(f"no process could be had for it ({problem.strerror})") from None
                if not child:
                    self._is_apart = True
                    _work(work, told, seconds, memory)
            found = pipe.read()
        _, status = os.waitpid(child, 0)
        if status:
            raise Exceeded(self._given_up(seconds, memory))
        is_answer, answer = pickle.loads(found)
        if not is_answer:
            raise answer
        return answer  # type: ignore[no-any-return]

    def _here(self, work: Callable[[], T], seconds: float) -> T:
        """What some work comes to, done here; while native code is at it, it is not ended."""
        outer, given, handler = self._due, self._given, None
        try:
            if _LIMITED and not self._is_apart and current_thread() is main_thread():
                self._due, self._given = min(outer, process_time() + seconds), seconds
                if outer == inf:
                    handler = signal.signal(signal.SIGPROF, self._look)
                    timer = signal.setitimer(signal.ITIMER_PROF, TICK, TICK)
            found = work()
            if self._due < 0:  # it was ended, and native code took that for an answer
                raise Exceeded(self._given_up(seconds))
            return found
        except (MemoryError, RecursionError) as problem:
            raise Exceeded(NO_MEMORY if isinstance(problem, MemoryError) else NO_END) from None
        except Exception as problem:
            if self._due < 0 and not isinstance(problem, Exceeded):  # a library made it of that
                raise Exceeded(self._given_up(seconds)) from None
            raise
        finally:
            if handler is not None:
                signal.setitimer(signal.ITIMER_PROF, *timer)  # of another allowance around
                signal.signal(signal.SIGPROF, handler)
            self._due, self._given = outer, given

    def _look(self, _: int, frame: FrameType | None) -> None:
        """End the work that is under way here if its time is over, or the memory is used up."""
        with suppress(OSError, ValueError):
            if not self._most:
                self._measure()
            elif _memory_used()[1] > self._most:
                self._due = -inf
        if process_time() > self._due and _is_at_work(frame):
            self._due = -inf
            raise Exceeded(self._given_up(self._given))

    def _given_up(self, seconds: float, memory: int = 0) -> str:
        memory = memory or self._most or self.memory
        told = f"given up after {seconds:.2g} CPU seconds or {memory >> 20} MB on one question"
        return self.over if self.is_over else told


def _is_at_work(frame: FrameType | None) -> bool:
    """Whether what is raised there reaches `_here`, as it does not from that or a finalizer."""
    is_within = False
    while frame and frame.f_code is not Allowance._here.__code__:
        if frame.f_code.co_name in LOST:
            return False
        frame, is_within = frame.f_back, True
    return is_within


def is_large(*texts: str) -> bool:
    """Whether the work on some schemas, as JSON texts, may take much."""
    return sum(map(len, texts)) > APART or prod(map(_cases, map(json.loads, texts))) > MOST_CASES


def _work(work: Callable[[], object], told: IO[bytes], seconds: float, memory: int) -> NoReturn:
    """The life of a process that works apart; whatever goes wrong ends it without an answer."""
    try:
        _bound(seconds, memory)
        try:
            answer: tuple[bool, object] = (True, work())
        except Exception as problem:
            if isinstance(problem, MemoryError) or "panicked" in str(problem):
                raise  # the second is what native code makes of too little memory
            answer = (False, Exceeded(NO_END) if isinstance(problem, RecursionError) else problem)
            pickle.loads(pickle.dumps(answer))  # not all errors come back from it
        pickle.dump(answer, told)
        told.flush()
        os._exit(0)
    finally:
        os._exit(1)


def _bound(seconds: float, memory: int) -> None:
    """Have the kernel end this process, in native code too, when it has used so much."""
    import resource  # not on every system that Python is on, as fork is not

    faulthandler.disable()
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # where native code says why it ends
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    gc.freeze()  # what is there is shared with the other process as long as nobody touches it
    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_REAL, 60 * seconds)  # should it wait for something
    with suppress(OSError, ValueError):
        most = _memory_used()[0] + memory
        resource.setrlimit(resource.RLIMIT_AS, (most, most))


def _memory_used() -> tuple[int, int]:
    """Bytes of this process: in its address space, and in memory. Fails where none are told."""
    mapped, resident, *_ = Path("/proc/self/statm").read_text().split()
    page = os.sysconf("SC_PAGE_SIZE")
    return int(mapped) * page, int(resident) * page


_lost = [0.0]  # CPU seconds of this process for what was given up
_MAKING = Allowance(64, lambda: _lost[0], question=8, memory=2 << 30)


def made(work: Callable[[], T], *, apart: bool = False) -> T:
    """What is made of a schema or an operation for a run, which has 8 CPU seconds for each.

    They get fewer by what is given up, so that it never comes to more than a minute in a process.
    It may be made `apart`, like other work. Raises Exceeded where it takes longer, or 2 GB more
    than the process had before.
    """
    started = process_time()
    _MAKING.begin()
    try:
        return _MAKING.spend(work, apart=apart)
    except Exceeded:
        _lost[0] += process_time() - started
        raise


def _cases(schema: Any) -> float:
    """In how many ways the branches that hold of one value can be combined, where that is most."""
    if isinstance(schema, list):
        return max(map(_cases, schema), default=1)
    if not isinstance(schema, dict):
        return 1
    here, below = 1.0, 1.0
    for keyword, held in schema.items():
        if keyword == "allOf":
            here *= prod(map(_cases, held))
        elif keyword in UNIONS:
            here *= sum(map(_cases, held))
        elif keyword == "not":
            here *= 2 * _cases(held)
        elif keyword == "patternProperties":
            here *= 2.0 ** min(len(held), 99) * max(map(_cases, held.values()), default=1)
        elif keyword not in VALUES:
            is_named = keyword in MAPS and isinstance(held, dict)
            below = max(below, _cases([*held.values()] if is_named else held))
    return max(here, below)
