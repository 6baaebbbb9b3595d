"""What was generated of a document, seed and versions alone, kept between runs: it takes long."""

import hashlib
import json
import os
import shutil
import sys
import zlib
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from importlib.metadata import version
from pathlib import Path

import msgspec

from contracts.document import Operation, Spec
from contracts.messages import Request
from contracts.text import write_whole

MAKERS = ("notte-contracts", "schemathesis", "hypothesis", "jsonschema-rs", "requests")
OWN = ("schemathesis_cases.py", "bearable.py")  # an edit of ours is a version of its own
KEPT = 4  # documents, with a seed and versions, of which something is kept
ROOM, MOST = 2**18, 2**26  # bytes of a file, packed and unpacked

Generated = list[tuple[str, Request]]  # each with what it is about
_File = tuple[str, str, str, Generated]  # the operation and kind, why they are plain, and they


@dataclass(frozen=True, eq=False)
class CaseStore:
    """A folder that may be emptied at any time; what can't be read there is made again."""

    root: Path | None  # None: nothing is kept
    spec: Spec
    seed: int
    slow: dict[str, str] = field(default_factory=dict)  # why those of an operation are plain

    def kept(self, operation: Operation, kind: str, make: Callable[[], Generated]) -> Generated:
        """What is kept of a kind, else what is made, and kept from now on."""
        if self.root is None:
            return make()
        path = self._folder / f"{_digest(kind, operation.key)}.z"
        if found := _read(path, operation, kind):
            self.slow.update({operation.key: found[2]} if found[2] else {})
            return found[3]
        made = make()
        held: _File = operation.key, kind, self.slow.get(operation.key, ""), made
        with suppress(OSError, ValueError):  # a lone surrogate, say
            if len(packed := zlib.compress(msgspec.json.encode(held), 1)) <= ROOM:
                write_whole(path, packed)
        return made

    @cached_property
    def _folder(self) -> Path:
        """That of the document, the seed and the versions; of many, the oldest go."""
        said = [json.dumps(self.spec.document.tree, default=str), str(self.seed), sys.version]
        said += map(version, MAKERS)
        said += (Path(__file__).with_name(name).read_text("utf-8") for name in OWN)
        folder = (root := self.root or Path()) / _digest(*said)
        if root.is_dir() and not folder.exists():
            with suppress(OSError):  # another process does the same
                for old in sorted(root.iterdir(), key=os.path.getmtime)[: 1 - KEPT]:
                    shutil.rmtree(old, ignore_errors=True)
        return folder


def _read(path: Path, operation: Operation, kind: str) -> _File | None:
    """What is kept there of a kind; None for what is of others, or broken."""
    with suppress(OSError, ValueError, zlib.error, msgspec.MsgspecError):
        unpacker = zlib.decompressobj()
        found: _File = msgspec.json.decode(unpacker.decompress(path.read_bytes(), MOST), type=_File)
        methods = {request.method for _, request in found[3]} | {operation.method}
        if unpacker.eof and found[:2] == (operation.key, kind) and len(methods) == 1:
            return found
    return None


def _digest(*texts: str) -> str:
    return hashlib.sha256(repr(texts).encode("utf-8", "replace")).hexdigest()[:32]
