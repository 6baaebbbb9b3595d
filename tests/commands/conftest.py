"""Commands, in this process."""

from collections.abc import Callable, Iterator

import pytest
import stamina

from contracts import commands

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def contracts(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs `contracts` with the words that it is given: the exit code, and what was said on both streams."""

    def run(*words: str) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.argv", ["contracts", *words])
        code = 0
        try:
            commands.main()
        except SystemExit as end:
            code = int(end.code or 0)
        return (code, *capsys.readouterr())

    return run


@pytest.fixture
def impatient() -> Iterator[None]:
    """No waiting between attempts."""
    with stamina.set_testing(True, attempts=3):
        yield
