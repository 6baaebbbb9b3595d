"""Programs that a shell calls, as processes forked from the origin: the call takes a hundredth of Python's start."""

import json
import os
import shlex
import socket
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

from tests.run.forked import BYTES, Forked

CALL = """\
import json, os, socket, sys

with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as called:
    called.connect(sys.argv[1])
    told = {"words": sys.argv[2:], "cwd": os.getcwd(), "env": dict(os.environ)}
    socket.send_fds(called, [json.dumps(told).encode()], [0, 1, 2])
    status = called.recv(8)
assert status, "nobody is called"
os._exit(int.from_bytes(status, "big", signed=True) % 256)
"""


@contextmanager
def callable_from_shells() -> Iterator[str]:
    """The command that stands for `python` before `-m NAME`, as long as the context lasts."""
    with tempfile.TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listening:
        call, path = Path(folder, "call.py"), Path(folder, "calls")
        call.write_text(CALL, encoding="utf-8")
        listening.bind(str(path))
        listening.listen()
        thread = Thread(target=_answer_all, args=(listening,), daemon=True)
        thread.start()
        try:
            yield shlex.join([sys.executable, "-I", "-S", str(call), str(path)])
        finally:
            listening.shutdown(socket.SHUT_RDWR)
            thread.join()


def _answer_all(listening: socket.socket) -> None:
    while True:
        try:
            calling, _ = listening.accept()
        except OSError:  # it was shut down
            return
        Thread(target=_answer, args=(calling,), daemon=True).start()


def _answer(calling: socket.socket) -> None:
    with calling:
        packet, files, *_ = socket.recv_fds(calling, 1 << 20, 3)
        told = json.loads(packet)
        try:
            process = _begun(told, files)
        finally:
            for file in files:
                os.close(file)
        calling.send(process.wait().to_bytes(BYTES, "big", signed=True))


def _begun(told: dict[str, object], files: list[int]) -> Forked:
    words, cwd, env = told["words"], told["cwd"], told["env"]
    assert isinstance(words, list)
    assert isinstance(cwd, str)
    assert isinstance(env, dict)
    return Forked([sys.executable, *words], stdin=files[0], stdout=files[1], stderr=files[2], cwd=cwd, env=env)
