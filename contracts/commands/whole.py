"""`contracts merge`: reports of the shards of a run to the whole, and its decision."""

import glob
import os
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from shutil import get_terminal_size

import click

from contracts.commands import show
from contracts.commands.documents import Reads, reads
from contracts.document import load_spec
from contracts.errors import ContractsError, UsageError
from contracts.report.forms import FORMS, lines_of
from contracts.report.forms.page import page
from contracts.report.history import keep, thin, trend_in
from contracts.report.json_report import json_parts, to_json
from contracts.report.record import Teller
from contracts.report.run import RuleVerdict, Run
from contracts.report.shards import Whole, ranked, whole_of
from contracts.run.inputs import Inputs
from contracts.run.options import Options
from contracts.text import plural, write_whole
from contracts.verdicts import unjudged

EXIT_CODES = {"pass": 0, "fail": 1, "inconclusive": 3}


def _files(given: tuple[str, ...], output: str | None) -> Iterator[Path]:
    """What is meant: files, folders in which they are, however deep, and patterns of either."""
    for name in given:
        matches = [name] if os.path.exists(name) else sorted(glob.glob(name, recursive=True))
        for path in map(Path, matches or [name]):
            below = sorted(path.rglob("report.json")) if os.path.isdir(path) else []
            if output is not None:
                below = [one for one in below if one.absolute() != Path(output).absolute()]
            yield from below or [path]


def _filled(whole: Whole, spec: str | None, reading: Reads) -> Run:
    """The run, its rules that no shard has judged not exercised, as far as there is a document."""
    run, rules = whole.run, list[RuleVerdict]()
    path, why = spec or run.subject.path, ""
    try:
        how = reading([path])
        inputs = Inputs(load_spec(path, how.overlays, how.root), options=Options(rule=whole.rules))
        same = inputs.spec.document.sha256 == run.subject.sha256
        if not same or not whole.unjudged.keys() <= inputs.spec.by_key.keys():
            why = f"{path} is another document"
    except ContractsError as error:
        why = str(error)
    if why:
        count = plural(len(whole.unjudged), "operation")
        note = f"the rules of {count} that no shard asked are left out: {why}; give the --spec"
        return replace(run, notes=(*run.notes, note))
    teller = Teller(inputs.spec, run.targets[0])
    for key, absent in whole.unjudged.items():
        for rule in inputs.book.operations[key].rules:
            if inputs.wants(rule.id):
                rules.append(teller.told(unjudged(rule, absent)))
    return replace(run, verdicts=ranked([*run.verdicts, *rules], run))


@click.command()
@click.argument("files", metavar="FILE...", nargs=-1, required=True)
@click.option("-o", "--output", metavar="FILE", help="Where report.json goes, beside it the page.")
@click.option("--history", metavar="DIR", help="A folder that keeps the reports of all runs.")
@click.option("--spec", metavar="FILE", help="The document.  [default: where the shards had it]")
@reads
def merge(
    files: tuple[str, ...],
    output: str | None,
    history: str | None,
    spec: str | None,
    reading: Reads,
) -> None:
    """Put the reports of all shards of a run together, and decide as the whole run would.

    FILE is the report.json of a shard, a folder with some in it, or a pattern of either. What is
    missing, or of another run, makes it inconclusive. The document is only read where a shard is
    missing, whose rules are not exercised then.

    Exit code 0: pass. 1: a rule is violated. 2: this is no run. 3: inconclusive.
    """
    whole = whole_of(list(_files(files, output)))
    run = _filled(whole, spec, reading) if whole.unjudged else whole.run
    value, trend = to_json(run), None
    try:
        if history is not None:
            keep(json_parts(value), run.started, Path(history))
            thin(Path(history), run.started)
            trend = trend_in(Path(history), run)
        if output is not None:
            write_whole(Path(output), json_parts(value))
            write_whole(Path(output).with_suffix(".html"), page(run.told, trend))
    except OSError as error:
        problem = f"{error.filename or output} can't be written ({error.strerror})"
        raise UsageError(f"{problem}; give a file and a folder that can be") from None
    width, encoding = get_terminal_size().columns, sys.stdout.encoding
    show(lines_of(FORMS["run"]["text"], run.told, trend=trend, width=width, encoding=encoding))
    sys.exit(EXIT_CODES[run.decision])
