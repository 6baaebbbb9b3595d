"""How pytest is started: by `contracts run`, and by the command that makes a run again."""

from __future__ import annotations

import gc
import os
import re
import shlex
import shutil
import signal
import sys
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager, suppress
from difflib import get_close_matches
from functools import _lru_cache_wrapper, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from contracts.errors import ENDINGS, ContractsError, UsageError
from contracts.run.options import OPTIONS
from contracts.run.settings import settings_of
from contracts.text import shown_path

if TYPE_CHECKING:
    from contracts.run.inputs import Inputs

SET_UP: tuple[str, ...] = (
    "-p",
    "-c",
    "-o",
    "-W",
    "--config-file",
    "--rootdir",
    "--override-ini",
    "--confcutdir",
)
SET_UP += ("--import-mode", "--pythonwarnings")
"""Options of pytest that take a value, and without which an item might be another, or not found."""
ITEMS = "contracts.run.items"
_PLUGINS = (
    "notte_contracts",
    "contracts.plugin",
    "xdist.plugin",
    "_hypothesis_pytestplugin",
    ITEMS,
)
"""Of pytest's plugins those that a run needs; others may be named with `-p`."""


def run(words: Sequence[str]) -> int:
    """Run pytest on a document with a user's words; the exit code is that of the run.

    Nothing of the project around has a say but its settings of a contract run: no other setting of
    pytest's, no conftest.py, no plugin that happens to be installed, and no PYTEST_ADDOPTS.
    """
    import pytest

    class Speech:
        @pytest.hookimpl(wrapper=True)
        def pytest_cmdline_parse(self) -> Generator[None, Any, Any]:
            """A mistake in one sentence, without how pytest was called for this."""
            try:
                return (yield)
            except pytest.UsageError as error:
                said = re.sub(r"(?s)^usage: .*?: error: |\n  inifile: .*", "", str(error))
                said = _with_names(said)
                raise pytest.UsageError(f"{said}; see contracts run --help") from None

    apart = ["-c", os.devnull, "--rootdir=.", f"--confcutdir={Path(__file__).parent}"]
    apart += ["--noconftest", "--disable-plugin-autoload", "--no-header", "--assert=plain"]
    apart += ["-W", "ignore::pytest.PytestCacheWarning"]
    for plugin in _PLUGINS:
        apart += ["-p", plugin]
    try:
        if not any(word.startswith(("-c", "--config-file")) for word in words):
            for key, value in settings_of(Path.cwd()).items():
                said = shlex.join(value) if isinstance(value, list) else value
                apart += ["-o", f"{key}={said}"]
    except ContractsError as error:
        print(f"ERROR: {error}", file=sys.stderr)
        return int(pytest.ExitCode.USAGE_ERROR)
    for variable in ("PYTEST_ADDOPTS", "PYTEST_PLUGINS"):
        os.environ.pop(variable, None)
    return int(pytest.main([*apart, *words], plugins=[Speech()]))


def _with_names(said: str) -> str:
    """What pytest says of options that it does not know, with what they may be meant to be."""
    start, unknown, words = said.partition("unrecognized arguments: ")
    names = [word.partition("=")[0] for word in words.split() if word.startswith("-")]
    if start or not unknown or not names:
        return said
    known = {
        "--hypothesis-profile": "--hypothesis-profile",
        "--hypothesis-seed": "--hypothesis-seed",
    }
    known |= {option.flag: option.flag for option in OPTIONS}
    for flag in reversed([*known]):
        for name in (flag, "-".join(flag.split("-")[:4])):  # or the first word of several
            known = {name: flag, name.replace("contract-", ""): flag} | known
    known |= dict.fromkeys(("--base-url", "--baseurl", "--url", "--server", "--host"), "--base-url")
    meant = dict[str, None]()
    for name in names:
        wanted = name.lower().replace("_", "-")
        for near in get_close_matches(wanted, known, 1, 0.8):
            meant[known[near]] = None
    cure = f"; did you mean {' and '.join(meant)}?" * bool(meant)
    return f"{unknown}{' '.join(names)}{cure}"


def divided(words: Sequence[str], spec: str | None) -> tuple[str | None, list[str]]:
    """Of `openapi.yaml::test_rule[…]`: the document that words name, and the tests (`::…`).

    UsageError for more than one, that of `--contract-spec` included.
    """
    documents = {} if spec is None else {os.path.normpath(spec): spec}
    rests = list[str]()
    for word in words:
        path = _document_in(word)
        documents.setdefault(os.path.normpath(path), path)
        rests.append(word.removeprefix(path))
    if len(documents) > 1:
        names = " and ".join(documents.values())
        cure = "run each by itself, or put the id of a test in quotes"
        raise UsageError(f"{names} are several documents, and a run has one; {cure}")
    return next(iter(documents.values()), None), rests or [""]


def _document_in(word: str) -> str:
    """What stands before the `::` of a test; the path of a file may have one as well."""
    ends = [found.start() for found in re.finditer("::", word)]
    for end in (len(word), *reversed(ends)):
        if os.path.isfile(word[:end]):
            return word[:end]
    return word.partition("::test_")[0]


def command_of(config: Any, inputs: Inputs, seed: int, item: str = "") -> str:
    """The command that makes this run again, or judges an item of it alone, for a POSIX shell.

    It is for the folder of the run, and has the options that decide what is asked and judged, and
    how pytest is set up: not how many processes there are, and the credential in none of them.
    """
    program, *args = getattr(config, "workerinput", {}).get("mainargv", sys.argv)
    words = started_by(program)
    is_own = words[-1] == "run"
    if not is_own and not hasattr(config, "workerinput"):
        args = list(map(str, config.invocation_params.args))
    words += (item and [item]) or config.option.file_or_dir
    # One item again is no night, and what `contracts run` is given first is the document.
    left_out = ["history"] * bool(item) + ["spec"] * is_own
    if inputs.target.base_url is not None:
        words += ["--base-url", inputs.target.base_url]
    for option in OPTIONS:
        if option.field not in left_out:
            words += option.words(config.getoption(option.flag, None))
    chosen = {} if item else {"-k": config.option.keyword, "-m": config.option.markexpr}
    chosen["--hypothesis-profile"] = config.getoption("--hypothesis-profile", None)
    chosen["--hypothesis-seed"] = str(seed or "")
    for flag, value in chosen.items():
        words += [flag, value] if value else []
    return shlex.join(map(inputs.scrubber.text, [*words, *_set_up(args)]))


def _set_up(args: Sequence[str]) -> Iterator[str]:
    """Of pytest's words those about plugins, the ini file and how tests are imported."""
    words = iter(args)
    for word in words:
        if word in SET_UP:
            yield from (word, next(words, ""))
        elif word.startswith(SET_UP) and ("=" in word or not word.startswith("--")):
            yield word


def started_by(program: str) -> list[str]:
    """The words that start a run as this process was started, a script or a module of Python."""
    path = Path(program)
    is_own = "contracts" in (path.name, path.parent.name)
    words = [_from_here(sys.executable), "-m", "contracts" if is_own else "pytest"]
    if path.name in ("contracts", "pytest", "py.test"):
        words = [path.name if shutil.which(path.name) == program else _from_here(program)]
    return [*words, *["run"] * is_own]


def _from_here(program: str) -> str:
    """A program as a shell finds it from here: without a slash it would look elsewhere."""
    return os.path.join(".", path) if "/" not in (path := str(shown_path(Path(program)))) else path


def interrupt_when_ended(config: Any) -> None:
    """SIGTERM ends a run as Ctrl-C does, and SIGHUP; pytest alone would die without a summary."""
    with suppress(ValueError):  # not the main thread: signals are somebody else's
        for number in ENDINGS[1:]:
            before = signal.signal(number, signal.default_int_handler)
            config.add_cleanup(partial(signal.signal, number, before))


@contextmanager
def lasting() -> Iterator[None]:
    """What is made inside lasts as long as the run: garbage is not looked for in it, now or later.

    Of a large document that search costs as much as all the rest.
    """
    is_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if is_on:
            gc.enable()


def give_back(*, for_good: bool = False) -> None:
    """Let the system have what this process needs no more: the C library keeps it in pieces.

    `for_good`: what is left, such as tests and libraries, is not searched for garbage from now on.
    """
    if for_good:
        gc.collect()
        gc.freeze()
    with suppress(ImportError, OSError, AttributeError):  # glibc alone does, and can be told
        import ctypes

        ctypes.CDLL(None).malloc_trim(0)


def empty_caches() -> None:
    """Let go of what was made of schemas, to ask: of a large document it takes very much room."""
    rooms = tuple(map("contracts.{}".format, ("schemas", "payloads", "mock", "probes")))
    for name, module in [*sys.modules.items()]:
        for value in vars(module).values() if name.startswith(rooms) else ():
            # Not what was imported: of a document there is one in each direction.
            if isinstance(value, _lru_cache_wrapper) and value.__module__.startswith(rooms):
                value.cache_clear()
    give_back()
