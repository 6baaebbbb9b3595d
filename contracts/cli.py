"""The commands: `contracts rules`."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable
from pathlib import Path

import click

from contracts.errors import ContractsError


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="notte-contracts", prog_name="contracts")
def cli() -> None:
    """Contract tests for an HTTP API, derived rule by rule from its OpenAPI document."""


@cli.command()
@click.option("--spec", "path", default="spec/notte.yaml", show_default=True, help="The OpenAPI document.")
@click.option("--overlay", "overlays", multiple=True, help="An overlay; repeatable; 'none' for none at all.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.option("--explain", metavar="ID", help="One rule in full.")
def rules(path: str, overlays: tuple[str, ...], form: str, explain: str | None) -> None:
    """The rules that the document implies, each with its file:line and the clause that it rests on."""
    from contracts.report.rule_list import explained, explained_json, rules_json, rules_table
    from contracts.rules import rules_for
    from contracts.settings import overlays_of
    from contracts.spec import load_spec

    book = rules_for(load_spec(Path(path), overlays_of(overlays, "--overlay")))
    if form == "json":
        value = rules_json(book) if explain is None else explained_json(book, explain)
        _print([json.dumps(value, indent=1, ensure_ascii=False)])
    else:
        _print(rules_table(book) if explain is None else [explained(book, explain)])


def _print(lines: Iterable[str]) -> None:
    """Lines to standard output, for as long as somebody reads them (`contracts rules | head`)."""
    try:
        for line in lines:
            click.echo(line)
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or Python complains when it flushes at exit


def main() -> None:
    """Run a command; what a user can mend is one sentence on standard error and exit code 2."""
    try:
        cli.main(prog_name="contracts", standalone_mode=False)
    except ContractsError as error:
        sys.exit(_complain(str(error)))
    except click.exceptions.NoArgsIsHelpError as error:
        sys.exit(_complain(f"no command was given\n\n{error.format_message()}"))
    except click.UsageError as error:
        sys.exit(_complain(f"{error.format_message().rstrip('.')}; see {_path(error)} --help"))
    except click.ClickException as error:
        sys.exit(_complain(error.format_message()))
    except (click.Abort, KeyboardInterrupt):
        sys.exit(_complain("interrupted"))


def _path(error: click.UsageError) -> str:
    return error.ctx.command_path if error.ctx is not None else "contracts"


def _complain(sentence: str) -> int:
    click.echo(f"contracts: {sentence}", err=True)
    return 2
