"""`contracts rules`, `accept` and `report`: rules, those that are accepted, and what runs found."""

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property, partial
from itertools import chain
from pathlib import Path
from shutil import get_terminal_size
from typing import TypedDict, Unpack

import click

from contracts import flows
from contracts.changes.change import KINDS
from contracts.commands import show
from contracts.commands.documents import SPEC, Reads, own, reads
from contracts.decision import entries
from contracts.document import load_spec
from contracts.document.written import bytes_of_file
from contracts.errors import UsageError
from contracts.notte.prose import prose_rules
from contracts.report.forms import FORMS, catalogue, lines_of
from contracts.report.history import trend_in
from contracts.report.json_report import merge, read_run
from contracts.rules import RuleBook, rules_for
from contracts.rules.faults import notices, refuse_faulty
from contracts.rules.requests import client_rules
from contracts.text import json_shown, printable, write_whole

_DAY = click.DateTime(["%Y-%m-%d"])


class _Document(TypedDict):
    path: str
    reading: Reads


def _book(document: _Document) -> RuleBook:
    """The rules that a run judges."""
    path, reading = document["path"], document["reading"]([document["path"]])
    spec = load_spec(path, reading.overlays, reading.root)
    if reading.is_strict:
        refuse_faulty(spec)
    return rules_for(spec, extra=prose_rules(spec))


@click.command()
@SPEC
@reads
@click.option(
    "--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True
)
@click.option("--explain", metavar="ID", help="One id of a run in full.")
def rules(form: str, explain: str | None, **document: Unpack[_Document]) -> None:
    """The rules that the document implies, each with its file:line and its clause.

    They are those that a run judges. --explain says what one asks, why, what usually breaks it, how
    to accept that, and what asks for it; it takes each id that a run prints.
    """
    book = _book(document)
    for notice in notices(book.spec):
        click.echo(f"contracts: {printable(str(notice))}", err=True)
    told = None
    if explain is not None:
        asked = partial(flows.asked_by, book.spec)
        told = catalogue.explained_json(book, explain, today=date.today(), asked=asked)
    if form == "json":
        show([json_shown(told or catalogue.rules_json(book))])
    else:
        lines = catalogue.explained(told) if told else catalogue.rules_table(book)
        show(map(printable, lines))


@click.command()
@click.argument("path", metavar="[DOCUMENT]", required=False, callback=own)
@reads
@click.option(
    "--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True
)
def lives(form: str, **document: Unpack[_Document]) -> None:
    """Which operations are on the same resources, so that what one says others must keep.

    Nothing is sent. A run with --contract-unsafe makes such resources, changes and ends them, and
    judges what comes of it. In an overlay, x-lives: false leaves an operation out, and a link in
    the answer of one that makes resources leads to what reads them.
    """
    told = catalogue.lives_json(_book(document).spec)
    show([json_shown(told)] if form == "json" else map(printable, catalogue.lives_table(told)))


@click.command()
@click.argument("ids", nargs=-1, metavar="ID...")
@click.option("--reason", metavar="TEXT", help="Why; an entry that is there keeps its own.")
@click.option("--until", type=_DAY, metavar="YYYY-MM-DD", help="The last day on which it counts.")
@click.option("--prune", is_flag=True, help="Take out what has passed, and rules that are gone.")
@SPEC
@reads
@click.option("--accepted", metavar="FILE", help="[default: accepted.toml beside the document]")
def accept(
    ids: tuple[str, ...],
    reason: str | None,
    until: datetime | None,
    prune: bool,
    accepted: str | None,
    **document: Unpack[_Document],
) -> None:
    """Live with violated rules or breaking changes until a day, because of a reason.

    Each ID is a rule's, as a run prints it, a glob for many, or the id and place of a change.
    Comments, order and all other entries stay. The file is written whole, or not at all.
    """
    if (until is None) if ids else not prune:
        raise click.UsageError("give ids and --until, the last day on which they count, or --prune")
    if until is not None and until.date() < date.today():
        raise UsageError(f"--until {until.date()} has passed; give a day that is to come")
    if reason is not None and not entries.is_reason(reason):
        raise UsageError(f"--reason {reason!r} says nothing; say why the team lives with it")
    file = Path(accepted) if accepted else Path(document["path"]).parent / entries.ACCEPTED
    data = bytes_of_file(str(file)) if file.exists() else b""
    amendment = _Amendment(str(file), data.decode("utf-8", "replace"), document)
    lines: list[str] = []
    for table, name in chain.from_iterable(map(amendment.meant, ids)):
        lines.append(amendment.write(table, name, reason, (until or datetime.max).date()))
    if prune:
        lines += list(amendment.prune()) or [f"{file}: nothing to prune"]
    try:
        if amendment.text.encode() != data:
            write_whole(file, amendment.text)
    except OSError as error:
        problem = f"{file} can't be written ({error.strerror}) and is as it was"
        raise UsageError(f"{problem}; mend that, or give another --accepted") from None
    show(map(printable, lines))


@dataclass
class _Amendment:
    """A file of acceptances as it becomes; the document is read where its rules matter."""

    file: str
    text: str
    document: _Document

    @cached_property
    def book(self) -> RuleBook:
        return _book(self.document)

    def held(self, table: entries.Table) -> dict[str, entries.Acceptance]:
        found = entries.accepted_from(self.text.encode(), self.file, table, today=date.today())
        return {entry.name: entry for entry in found.entries}

    def meant(self, given: str) -> list[tuple[entries.Table, str]]:
        """What stands for an id in the file, each with its table; UsageError if nothing does."""
        for table in (entries.VIOLATIONS, entries.CHANGES):
            if given in self.held(table):
                return [(table, given)]
        if given.partition(" ")[0] in KINDS and given.isprintable():
            return [(entries.CHANGES, given)]
        return [(entries.VIOLATIONS, rule.id) for rule in catalogue.named(self.book, given)]

    def write(self, table: entries.Table, name: str, reason: str | None, until: date) -> str:
        """Set or add an entry; returns what was done."""
        held, before = self.held(table).get(name), self.text
        if reason is None and held is None:
            raise click.UsageError(f"--reason is needed: nothing is said of {name} yet")
        reason = reason or (held.reason if held else "")
        self.text = entries.with_entry(before, table, name, reason=reason, until=until)
        done, entry = "changed" if held else "added", self.held(table)[name]
        done = done if self.text != before else "was there"
        only = f", for {', '.join(entry.evidence)} alone" * bool(entry.evidence)
        return f"{entry}: {done}: {table.name} {name} until {until}: {reason}{only}"

    def prune(self) -> Iterator[str]:
        """Take out what counts no longer; says what that is, and why."""
        ids = [rule.id for rule in (*self.book.rules, *client_rules(self.book.spec))]
        for table in (entries.VIOLATIONS, entries.CHANGES):
            for name, entry in self.held(table).items():
                why = f"accepted until {entry.until}" * (entry.until < date.today())
                if table is entries.VIOLATIONS and not any(map(entry.names, ids)):
                    why = "the document has no such rule"
                if why:
                    self.text = entries.without_entry(self.text, table, name)
                    yield f"{entry}: removed: {table.name} {name} ({why})"


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
