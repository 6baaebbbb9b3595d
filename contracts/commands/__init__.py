"""The commands, `contracts run` to `contracts report`: names, and what they have in common."""

import gc
import importlib.util
import io
import os
import pkgutil
import shlex
import sys
from collections.abc import Callable, Iterable
from functools import partial
from itertools import islice

import click

from contracts.errors import OUT_OF_MEMORY, ContractsError, UsageError, without_secrets

_RUN, _PROJECT = "contracts.commands.contract_run", "contracts.commands.project"
_WHOLE, _SERVE = "contracts.commands.whole", "contracts.commands.serve"
_ONLOOKERS, _CONSUMER = "contracts.commands.onlookers", "contracts.commands.consumer"
_COMPARISONS, _PRINTOUTS = "contracts.commands.comparisons", "contracts.commands.printouts"
_GROUPS = {
    "Ask a service": {"run": (_RUN, "Judge a service, or a mock, by every rule.")},
    "Serve and judge clients": {
        "mock": (_SERVE, "Answer requests as the document says."),
        "proxy": (_ONLOOKERS, "Forward requests, and judge them and their answers."),
        "judge": (_ONLOOKERS, "Judge what was recorded elsewhere, and who asked."),
        "consumer": (_CONSUMER, "What the document allows, and a model of answers rejects."),
    },
    "Compare documents": {
        "diff": (_COMPARISONS, "What of a change of the document breaks clients."),
        "changelog": (_COMPARISONS, "What changed, in words for users of the API."),
        "drift": (_COMPARISONS, "The same as diff, of what a service publishes."),
        "pull": (_COMPARISONS, "Refresh the document, unless that breaks clients."),
    },
    "Set up and tell": {
        "init": (_PROJECT, "Begin to keep the contract in a repository."),
        "rules": (_PRINTOUTS, "The rules that the document implies."),
        "lives": (_PRINTOUTS, "Which operations are on the same resources."),
        "accept": (_PRINTOUTS, "Agree to live with a violation for a time."),
        "report": (_PRINTOUTS, "One or more report.json in another form."),
        "merge": (_WHOLE, "The shards of a run as one, with its decision."),
    },
}
"""By name: the module, imported when the command is called or explained, and what it is for."""
_COMMANDS = {name: row for group in _GROUPS.values() for name, row in group.items()}
_EXAMPLES = {
    "run": "openapi.yaml --base-url http://localhost:8000",
    "mock": "openapi.yaml --port 4010",
    "proxy": "openapi.yaml --base-url http://127.0.0.1:8000",
    "judge": "traffic.har openapi.yaml --base-url https://api.example.com",
    "consumer": "shelf:Book 'GET /books/{id}' 200 openapi.yaml",
    "diff": "origin/main:openapi.yaml openapi.yaml",
    "changelog": "v1.0:openapi.yaml openapi.yaml",
    "drift": "--base-url http://localhost:8000",
    "pull": "http://localhost:8000/openapi.json --spec openapi.json",
    "init": "openapi.yaml",
    "rules": "--explain 'GET /books/{id} 200 /state enum'",
    "lives": "openapi.yaml",
    "accept": "'GET /books/{id} 200 /state enum' --reason 'old records' --until 2027-01-31",
    "merge": "shards -o build/contract/report.json",
    "report": "markdown build/contract/report.json -o summary.md",
}

_NEEDED = "needs a server, which is not installed; pip install 'notte-contracts[serve]'"


class LazyGroup(click.Group):
    """A group whose commands are imported when they are called: each needs much of its own."""

    def list_commands(self, _ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, _ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        module, _ = _COMMANDS[cmd_name]
        command: click.Command = pkgutil.resolve_name(f"{module}:{cmd_name}")
        command.epilog = f"\b\nExample:\n  contracts {cmd_name} {_EXAMPLES[cmd_name]}"
        return command

    def format_commands(self, _ctx: click.Context, formatter: click.HelpFormatter) -> None:
        for title, group in _GROUPS.items():
            with formatter.section(title):
                formatter.write_dl([(name, purpose) for name, (_, purpose) in group.items()])


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="notte-contracts", prog_name="contracts")
def commands() -> None:
    """Contract tests for an HTTP API, derived rule by rule from its OpenAPI document."""


def main() -> None:
    """Run a command; what a user can mend is one sentence on standard error and exit code 2."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:  # closed by whoever called
            setattr(sys, name, os.fdopen(os.open(os.devnull, os.O_WRONLY), "w", encoding="utf-8"))
    if isinstance(sys.stdout, io.TextIOWrapper):
        # What a terminal can't show is no reason to fail.
        sys.stdout.reconfigure(errors="backslashreplace")
    gc.disable()  # it searches the trees of a big document, a sixth of the time, and finds nothing
    try:
        commands.main(prog_name="contracts", standalone_mode=False)
        return
    except ContractsError as error:
        sentence = str(error)
    except click.exceptions.NoArgsIsHelpError as error:
        sentence = f"no command was given\n\n{error.format_message()}"
    except click.UsageError as error:
        path = error.ctx.command_path if error.ctx is not None else "contracts"
        sentence = f"{error.format_message().rstrip('.')}; see {path} --help"
    except click.ClickException as error:
        sentence = error.format_message()
    except OSError as error:
        sentence = _unusable(error)
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (click.Abort, KeyboardInterrupt, MemoryError) as error:
        sentence = OUT_OF_MEMORY if isinstance(error, MemoryError) else "interrupted"
    click.echo(f"contracts: {without_secrets(sentence)}", err=True)
    sys.exit(2)


def _unusable(error: OSError) -> str:
    """What can't be read or written, by its name where it is known."""
    from contracts.text import printable

    problem = error.strerror or error
    if not error.filename:
        return f"the output can't be written, or a file can't be read ({problem})"
    named = printable(str(error.filename))
    return f"{named} can't be read or written ({problem}); give the path of another"


def show(lines: Iterable[str]) -> None:
    """Lines to standard output, for as long as somebody reads them (`contracts rules | head`)."""
    try:
        waiting = iter(lines)
        while batch := [*islice(waiting, 1000)]:  # each call costs a write
            click.echo("\n".join(batch))
    except BrokenPipeError:
        # Or Python complains when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def needs_server(command: str) -> None:
    """UsageError where the server is not installed, which is an extra."""
    if importlib.util.find_spec("uvicorn") is None:
        raise UsageError(f"contracts {command} {_NEEDED}")


def listens(command: Callable[..., None]) -> Callable[..., None]:
    """A command with the options of what listens."""
    port = partial(click.option, "--port", type=click.IntRange(0, 65535), default=4010)
    for option in (
        click.option("--quiet", is_flag=True, help="No line for each request."),
        port(show_default=True, help="0 for any that is free."),
        click.option("--host", default="127.0.0.1", show_default=True, help="Where it listens."),
    ):
        command = option(command)
    return command


def to_log(*, quiet: bool) -> Callable[[str], None] | None:
    """What takes the line of each request."""
    return None if quiet else partial(print, file=sys.stderr, flush=True)


def command_line() -> str:
    """The command that was called, for a POSIX shell."""
    return shlex.join(["contracts", *sys.argv[1:]])
