"""`contracts rules` and `report`: what a document implies, and what runs found, printed."""

import json
import sys
from pathlib import Path
from shutil import get_terminal_size

import click

from contracts.commands import show
from contracts.document import load_spec
from contracts.document.serialisation import notices
from contracts.document.sides import overlays_of
from contracts.errors import UsageError
from contracts.notte.domain import DOCUMENT
from contracts.report.forms import FORMS, catalogue, lines_of
from contracts.report.history import trend_in
from contracts.report.json_report import merge, read_run
from contracts.rules import rules_for
from contracts.text import printable, write_whole


@click.command()
@click.option("--spec", "path", default=DOCUMENT, show_default=True, help="The OpenAPI document.")
@click.option(
    "--overlay", "overlays", multiple=True, help="An overlay; repeatable; 'none' for none at all."
)
@click.option(
    "--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True
)
@click.option("--explain", metavar="ID", help="One rule in full.")
def rules(path: str, overlays: tuple[str, ...], form: str, explain: str | None) -> None:
    """The rules that the document implies, each with its file:line and its clause."""
    book = rules_for(load_spec(Path(path), overlays_of(overlays, "--overlay")))
    for notice in notices(book.spec):
        click.echo(f"contracts: {printable(notice)}", err=True)
    if form == "json":
        value: object = catalogue.rules_json(book)
        if explain is not None:
            value = catalogue.explained_json(book, explain)
        show([json.dumps(value, indent=1, ensure_ascii=False)])
    elif explain is None:
        show(catalogue.rules_table(book))
    else:
        show([catalogue.explained(book, explain)])


@click.command()
@click.argument("form", metavar="FORMAT", type=click.Choice(list(FORMS["run"])))
@click.argument("files", metavar="FILE...", nargs=-1, required=True)
@click.option(
    "--history", metavar="DIR", help="A folder of earlier reports, as --contract-history keeps one."
)
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    help="Where to write it, whole or not at all.  [default: standard output]",
)
def report(form: str, files: tuple[str, ...], history: str | None, output: str | None) -> None:
    """One or more report.json as FORMAT: html, markdown, annotations (of GitHub), or text.

    Several are merged: the same rule is shown once, with the evidence of the worst. Reports of
    older versions are read as well. With a history, html, markdown and text also say since when a
    rule is violated, and what comes and goes.
    It is no gate: the exit code is 0 whatever was decided, and 2 if a report can't be read.
    """
    parts = list(map(read_run, dict.fromkeys(map(Path, files))))  # one named twice is one
    run = merge(parts)
    trend = None
    if history is not None:
        if not Path(history).is_dir():
            cure = "give one that --contract-history keeps, or leave it out"
            raise UsageError(f"--history {history} is no folder; {cure}")
        trend = trend_in(Path(history), run, parts)
    width, encoding = get_terminal_size().columns, sys.stdout.encoding
    lines = lines_of(FORMS["run"][form], run.told, trend=trend, width=width, encoding=encoding)
    if output is None:
        show(lines)
        return
    try:
        write_whole(Path(output), "".join(f"{line}\n" for line in lines))
    except OSError as error:
        problem = f"--output {output} can't be written ({error.strerror or 'it is no file'})"
        raise UsageError(f"{problem}; give a file that can be") from None
