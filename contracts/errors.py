"""What can go wrong for a reason the user can mend.

ContractsError
├── UsageError        an option, an environment variable or a file named by one
└── DocumentError     the OpenAPI document, an overlay or another file of the project, at a line

Every message is one sentence: where, what was seen, what was wanted and the way out. Commands exit
with 2, pytest with 4; a traceback is never shown for these.
"""

import os
import re
import signal
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from notte_contracts import unimportable

OUT_OF_MEMORY = "there is not enough memory for the document"
OUT_OF_MEMORY += "; let the process have more of it, or give a smaller part of the document"
ENDINGS = [signal.SIGINT, signal.SIGTERM]
"""Signals that end a run in order; so does a terminal that is closed, unless by nohup."""
if hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:
    ENDINGS.append(signal.SIGHUP)
_PACKAGE = Path(__file__).parent
# Of a URL user name and password; of a key all, which somebody gave in place of a file.
_SECRET = re.compile(r"(:/{1,2})[^/\s'\"]*(?=@)|(-----BEGIN)[^;]*")


class ContractsError(Exception):
    """The root of the suite's own errors; `str()` is what the user reads, without passwords.

    It is one line, which no terminal obeys, whatever a name or option holds.
    """

    def __init__(self, message: str) -> None:
        shown = without_secrets(message)
        for character in set(shown):
            if not character.isprintable():
                shown = shown.replace(character, character.encode("unicode_escape").decode())
        super().__init__(shown)


def without_secrets(message: str) -> str:
    """A message without what somebody put into an option, and is no matter of its reader."""
    for name, value in os.environ.items():
        is_ours = name.startswith("CONTRACT_") or name.endswith("_API_KEY")
        if is_ours and len(value) > 7 and not value.isalpha():
            message = message.replace(value.strip(), f"${name}")
    return _SECRET.sub(lambda found: f"{found[1] or found[2]}…", message)


class UsageError(ContractsError):
    """An option, an environment variable or a named file is not usable."""


class DocumentError(ContractsError):
    """A document, as the user gave its path, can't be used; line 0 is where no line applies."""

    def __init__(self, file: str, line: int, problem: str, cure: str) -> None:
        self.file, self.line, self.problem, self.cure = file, line, problem, cure
        where = f"{file}:{line}" if line else file
        super().__init__(f"{where}: {problem}; {cure}")


@contextmanager
def mended() -> Iterator[None]:
    """Say what the user can mend, and Python raises in its own words, as a UsageError.

    That is too little memory, and a module that can't be imported.
    """
    try:
        yield
    except ContractsError:
        raise
    except Exception as error:
        said = OUT_OF_MEMORY if isinstance(error, MemoryError) else unimportable(error)
        if said is None:
            raise
        traceback.clear_frames(error.__traceback__)  # which hold what there is too much of
        raise UsageError(said) from None


def defect(error: BaseException) -> str:
    """A mistake of the suite itself, for a bug report: `KeyError at contracts/rules/plan.py:93`.

    Or that there was no memory, which is none.

    What the error says is left out: it may hold what a service sent, or a secret.
    """
    where = "a place outside of it"
    for frame, line in traceback.walk_tb(error.__traceback__):
        path = Path(frame.f_code.co_filename)
        if path.is_relative_to(_PACKAGE):
            where = f"{path.relative_to(_PACKAGE.parent).as_posix()}:{line}"
    if isinstance(error, MemoryError):
        return f"there was not enough memory at {where}"
    return f"the suite itself failed: {type(error).__name__} at {where}"
