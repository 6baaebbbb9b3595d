"""Processes as Python would start them, without the second that its imports need: forked from an origin.

Each is a process of its own, with its own pid, signals, folder, environment, files and end. What Python itself reads
when it starts, the locale and PYTHON…, is that of the origin: tests about that start Python.
"""

import atexit
import gc
import importlib
import importlib.metadata
import json
import os
import runpy
import select
import socket
import subprocess
import sys
import tempfile
import threading
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any, NoReturn

import _pytest.config

from contracts.document import read_spec
from contracts.exchanges import Ledger
from contracts.report.forms.page import page
from contracts.run.ask import asked
from contracts.run.end import concluded
from contracts.run.inputs import Inputs
from contracts.run.state import Budget, State
from tests.room import with_room
from tests.run.projects import document, hermetic

ROOT = Path(__file__).parents[2]
IMPORTED = (
    "xdist.dsession",
    "xdist.remote",
    "contracts.commands.comparisons",
    "contracts.commands.contract_run",
    "contracts.commands.printouts",
    "contracts.flows",
    "contracts.report.forms.failure",
    "contracts.run.end",
    "contracts.run.prelude",
)
BYTES = 8
MOMENT = "2026-11-24T05:00:00.000+00:00"


class Forked(subprocess.Popen[Any]):
    """A process of `python -m NAME` or `python -c CODE`, forked from the origin: anything else is not told apart."""

    def __init__(self, args: Any, **options: Any) -> None:
        self._apart = options.get("start_new_session", False)
        super().__init__(args, **options)

    def _execute_child(
        self,
        args: Any,
        executable: Any,
        preexec_fn: Any,
        close_fds: Any,
        pass_fds: Any,
        cwd: Any,
        env: Any,
        startupinfo: Any,
        creationflags: Any,
        shell: Any,
        *pipes: int,
    ) -> None:
        assert args[0] == sys.executable
        pipes = pipes[:6]
        ends = (pipes[0], pipes[3], pipes[5])
        request = {
            "words": args[1:],
            "cwd": str(cwd or Path.cwd()),
            "env": dict(env or os.environ),
            "apart": self._apart,
        }
        self._told, theirs = socket.socketpair()
        fds = [end if end >= 0 else number for number, end in enumerate(ends)]
        socket.send_fds(origin()[0], [json.dumps(request).encode()], [*fds, theirs.fileno()])
        theirs.close()
        self.pid = self._number()
        self._child_created = True
        self._close_pipe_fds(*pipes)  # type: ignore[attr-defined]

    def _number(self) -> int:
        told = self._told.recv(BYTES, socket.MSG_WAITALL)
        assert len(told) == BYTES, "the origin has ended"
        return int.from_bytes(told, "big")

    def _try_wait(self, flags: int) -> tuple[int, int]:
        if flags & os.WNOHANG and not select.select([self._told], [], [], 0)[0]:
            return 0, 0
        with self._told:
            return self.pid, self._number()

    def _internal_poll(self, _deadstate: Any = None) -> int | None:
        with self._waitpid_lock:  # type: ignore[attr-defined]
            if self.returncode is None and self._child_created:
                pid, status = self._try_wait(os.WNOHANG)
                if pid:
                    self._handle_exitstatus(status)  # type: ignore[attr-defined]
        return self.returncode


@cache
def origin() -> tuple[socket.socket, subprocess.Popen[bytes]]:
    """Where requests are sent, and the process that takes them until this one ends."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    number = theirs.fileno()
    command = [sys.executable, "-m", "tests.run.forked", str(number)]
    process = subprocess.Popen(command, cwd=ROOT, env=hermetic(), pass_fds=[number], stdin=subprocess.DEVNULL)
    theirs.close()
    return ours, process


def end() -> None:
    """Let the origin end, if there is one."""
    if origin.cache_info().currsize:
        requests, process = origin()
        requests.close()
        process.wait(60)
        origin.cache_clear()


def warm_up(folder: Path) -> State:
    """Import what is imported while probes are made and sent."""
    spec = read_spec(json.dumps(document()).encode(), path="warm.yaml", folder=Path())
    state = State(Inputs(spec), Ledger(folder / "run.jsonl", {"started": MOMENT}), Budget(examples=1))
    asked(state, spec.operations[0])
    return state


def served(requests: socket.socket) -> tuple[dict[str, Any], list[int]]:
    """What to become, and with which files: returns in a forked process alone."""
    while True:
        packet, fds, *_ = socket.recv_fds(requests, 1 << 20, 4)
        if not packet:
            with suppress(ChildProcessError):
                while os.wait():  # so that whoever waits for this one knows what all of them took
                    pass
            os._exit(0)
        if os.fork() == 0:
            requests.close()
            status = fds.pop()
            child = os.fork()
            if child == 0:
                os.close(status)
                return json.loads(packet), fds
            keep(child, fds, status)
        for fd in fds:
            os.close(fd)
        os.waitpid(-1, os.WNOHANG)


def keep(child: int, fds: list[int], status: int) -> NoReturn:
    """Tell the pid of the process, and how it ended."""
    for fd in fds:
        os.close(fd)
    os.write(status, child.to_bytes(BYTES, "big"))
    os.write(status, os.waitpid(child, 0)[1].to_bytes(BYTES, "big"))
    os._exit(0)


def become(request: dict[str, Any], fds: list[int]) -> None:
    for number, fd in enumerate(fds):
        os.dup2(fd, number)
        os.close(fd)
    if request["apart"]:
        os.setsid()
    os.environ.clear()
    os.environ.update(request["env"])
    os.chdir(request["cwd"])
    sys.path[0] = request["cwd"]
    importlib.invalidate_caches()
    sys.stdin = sys.__stdin__ = os.fdopen(0)  # type: ignore[misc]
    sys.stdout = sys.__stdout__ = os.fdopen(1, "w")  # type: ignore[misc]
    sys.stderr = sys.__stderr__ = os.fdopen(2, "w", buffering=1, errors="backslashreplace")  # type: ignore[misc]
    flag, what, *words = [word for word in request["words"] if word != "-u"]
    sys.argv[:] = [what, *words]
    if flag == "-m":
        runpy.run_module(what, run_name="__main__", alter_sys=True)
    else:
        sys.argv[0] = flag
        exec(what, {"__name__": "__main__"})


def ended(request: dict[str, Any], fds: list[int]) -> None:
    """Become it, and end as Python does where nothing goes wrong, but for taking everything down, object by object."""
    code = 0
    try:
        become(request, fds)
    except SystemExit as end:
        if not isinstance(end.code, int | None):
            raise
        code = end.code or 0
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):  # nobody listens, or it is closed: Python has a status for that
            sys.exit(code)
    os._exit(code % 256)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        run = concluded(warm_up(Path(folder)), finished=MOMENT).run
        page(run)  # compiles the templates, which takes longer than a small run
    for name in (*(f"_pytest.{name}" for name in _pytest.config.default_plugins), *IMPORTED):
        importlib.import_module(name)
    for plugin in importlib.metadata.entry_points(group="pytest11"):
        if plugin.name not in ("schemathesis", "pytest_httpx2"):  # no run of a project loads them
            plugin.load()
    gc.collect()
    gc.freeze()
    with_room(ended, *served(socket.socket(fileno=int(sys.argv[1]))))


if __name__ == "__main__":
    main()
