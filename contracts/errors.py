"""What can go wrong for a reason the user can mend.

ContractsError
├── UsageError        an option, an environment variable or a file named by one
└── DocumentError     the OpenAPI document, an overlay or another file of the project, at a line

Every message is one sentence: where, what was seen, what was wanted and the way out.
Commands print it and exit with 2, pytest exits with 4; a traceback is never shown for these.
"""

from __future__ import annotations


class ContractsError(Exception):
    """The root of the suite's own errors; `str()` is what the user reads."""


class UsageError(ContractsError):
    """An option, an environment variable or a named file is not usable."""


class DocumentError(ContractsError):
    """A document can't be used; the message starts with `file:line`.

    Args:
        file: the path as the user gave it.
        line: 1-based line, or 0 when no line applies.
        problem: what was seen and what was wanted.
        cure: what to do next.
    """

    def __init__(self, file: str, line: int, problem: str, cure: str) -> None:
        self.file = file
        self.line = line
        self.problem = problem
        self.cure = cure
        where = f"{file}:{line}" if line else file
        super().__init__(f"{where}: {problem}; {cure}")
