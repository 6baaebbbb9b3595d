"""The commands: `contracts rules`, `contracts diff`, `contracts pull`, `contracts drift`, `contracts report`."""

from __future__ import annotations

import gc
import io
import json
import os
import sys
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from pathlib import Path
from shutil import get_terminal_size
from typing import TYPE_CHECKING, Any

import click

from contracts.errors import ContractsError, UsageError
from contracts.notte.domain import DOCUMENT
from contracts.report.forms import form_of, names_of

if TYPE_CHECKING:
    from contracts.report.diff import Diff
    from contracts.report.run import Run
    from contracts.report.trend import Trend

_OVERLAY = click.option(
    "--overlay",
    "overlays",
    multiple=True,
    metavar="FILE",
    help="For both sides; repeatable; 'none' for none at all.",
)
_FORMAT = click.option(
    "--format",
    "form",
    type=click.Choice(names_of("diff")),
    default="text",
    show_default=True,
)
_FAIL_ON = click.option(
    "--fail-on",
    type=click.Choice(["breaking", "warning", "undecided", "never"]),
    default="breaking",
    show_default=True,
    help="What exits with 1; what is undecided exits with 3, except for 'never'.",
)
_ACCEPTED = click.option(
    "--accepted",
    metavar="FILE",
    help="Accepted changes.  [default: accepted.toml beside; 'none' for none]",
)
_LOOKS = {
    "error": {"fg": "red", "bold": True},
    "warning": {"fg": "yellow"},
    "info": {"fg": "green"},
    "title": {"bold": True},
}


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="notte-contracts", prog_name="contracts")
def cli() -> None:
    """Contract tests for an HTTP API, derived rule by rule from its OpenAPI document."""


@cli.command()
@click.option("--spec", "path", default=DOCUMENT, show_default=True, help="The OpenAPI document.")
@click.option(
    "--overlay", "overlays", multiple=True, help="An overlay; repeatable; 'none' for none at all."
)
@click.option(
    "--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True
)
@click.option("--explain", metavar="ID", help="One rule in full.")
def rules(path: str, overlays: tuple[str, ...], form: str, explain: str | None) -> None:
    """The rules that the document implies, each with its file:line and the clause that it rests on."""
    from contracts.document import load_spec
    from contracts.document.sides import overlays_of
    from contracts.report.forms.catalogue import explained, explained_json, rules_json, rules_table
    from contracts.rules import rules_for

    book = rules_for(load_spec(Path(path), overlays_of(overlays, "--overlay")))
    if form == "json":
        value = rules_json(book) if explain is None else explained_json(book, explain)
        _print([json.dumps(value, indent=1, ensure_ascii=False)])
    else:
        _print(rules_table(book) if explain is None else [explained(book, explain)])


@cli.command()
@click.argument("base", required=False)
@click.argument("revision", required=False)
@_OVERLAY
@_FORMAT
@_FAIL_ON
@click.option(
    "--severity",
    "severities",
    multiple=True,
    metavar="ID=error|warning|info",
    help="Of a kind; repeatable.",
)
@_ACCEPTED
@click.option("--list", "listed", is_flag=True, help="The kinds of changes, and nothing else.")
def diff(
    base: str | None,
    revision: str | None,
    overlays: tuple[str, ...],
    form: str,
    fail_on: str,
    severities: tuple[str, ...],
    accepted: str | None,
    listed: bool,
) -> None:
    """What changed from BASE to REVISION, and what of it breaks clients; each is a file, GITREV:path, a URL, or -.

    Exit code 0: nothing breaks. 1: something does. 2: a side can't be read. 3: undecided.
    """
    if listed:
        _print(_kinds(form))
        return
    if base is None or revision is None:
        raise click.UsageError(
            "two sides are needed, BASE and REVISION: files, GITREV:path, URLs, or - for one"
        )
    from contracts.comparison import agreed_on, compare
    from contracts.decision.change_decision import ChangePolicy, FailOn, severities_from
    from contracts.document.sides import overlays_of, sides_from

    policy = ChangePolicy(FailOn(fail_on), severities_from(severities))
    sides = sides_from(base, revision, overlays_of(overlays, "--overlay"))
    found = compare(*sides, policy, agreed_on(*sides, today=date.today(), named=accepted))
    _print(_shown(found, form))
    sys.exit(found.decision.exit_code)


def _shown(found: Diff, form: str) -> Iterable[str]:
    return form_of("diff", form).lines(found, paint=_painter())


def _painter() -> Callable[[str, str], str]:
    """How words get their looks; click takes them off again where the output is no terminal."""
    if os.environ.get("NO_COLOR"):
        return lambda text, look: text
    return lambda text, look: click.style(text, **_LOOKS[look])  # type: ignore[arg-type]


def _kinds(form: str) -> Iterable[str]:
    from contracts.report.forms.catalogue import kinds_json, kinds_table

    if form not in ("text", "json"):
        raise click.UsageError(f"--list is written as text or json, not as {form}")
    return (
        kinds_table()
        if form == "text"
        else [json.dumps(kinds_json(), indent=1, ensure_ascii=False)]
    )


@cli.command()
@click.argument("source")
@click.option(
    "--spec", "path", default=DOCUMENT, show_default=True, help="The document to refresh."
)
@_OVERLAY
@click.option(
    "--accept", "reason", metavar="REASON", help="Write what breaks all the same, because of this."
)
def pull(source: str, path: str, overlays: tuple[str, ...], reason: str | None) -> None:
    """Refresh the document from SOURCE (a file, GITREV:path, a URL, or -), unless that breaks clients.

    Shows what changes first. The file is kept byte for byte as it was published.
    Exit code 0: written, or the same. 1: it breaks, 3: undecided; then nothing is written without --accept.
    """
    from contracts.commands.pull import pull as pulled
    from contracts.document.sides import overlays_of
    from contracts.report.forms.diff_forms import diff_lines

    if reason is not None and not reason.strip():
        raise UsageError("--accept is empty; say why this may break clients")
    found = pulled(
        source, Path(path), overlays_of(overlays, "--overlay"), reason=reason, today=date.today()
    )
    _print(diff_lines(found.diff, _painter()) if found.diff is not None else ())
    found.write()
    _print(found.lines())
    sys.exit(found.exit_code)


@cli.command()
@click.option("--base-url", help="The service, whose /openapi.json is fetched.")
@click.option(
    "--from",
    "source",
    metavar="URL|FILE",
    help="Where else it is published: a document or a page with one.",
)
@click.option(
    "--spec",
    "path",
    default=DOCUMENT,
    show_default=True,
    help="The document that is tested.",
)
@_OVERLAY
@_FORMAT
@_FAIL_ON
@_ACCEPTED
def drift(
    base_url: str | None,
    source: str | None,
    path: str,
    overlays: tuple[str, ...],
    form: str,
    fail_on: str,
    accepted: str | None,
) -> None:
    """What changed from our document to the one that the service publishes, and what of it breaks clients.

    No credential is sent. Where one is needed, fetch the document yourself: curl … | contracts drift --from -
    Exit code 0: nothing changed, or nothing that breaks. 1: something breaks. 2: it can't be had. 3: undecided.
    """
    if (base_url is None) == (source is None):
        raise click.UsageError(
            "one of --base-url and --from is needed: a service, or where the document is published"
        )
    from contracts.decision.change_decision import ChangePolicy, FailOn
    from contracts.document.sides import overlays_of
    from contracts.report.wording import drift_headline
    from contracts.run.options import check_base_url
    from contracts.run.published import PAGE, drift_of
    from contracts.run.published import drift as drift_from
    from contracts.text import printable

    place = source if source is not None else f"{check_base_url(base_url)}{PAGE}"
    named, policy = overlays_of(overlays, "--overlay"), ChangePolicy(FailOn(fail_on))
    found = drift_from(place, path, named, policy, accepted=accepted, today=date.today())
    if form in ("text", "markdown"):
        _print([printable(drift_headline(drift_of(found, ""))), ""])
    _print(_shown(found, form))
    sys.exit(found.decision.exit_code)


@cli.command()
@click.argument("form", metavar="FORMAT", type=click.Choice(names_of("run")))
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

    Several are merged: the same rule is shown once, with the evidence of the worst. Reports of older versions are read
    as well. With a history, html, markdown and text also say since when a rule is violated, and what comes and goes.
    It is no gate: the exit code is 0 whatever was decided, and 2 if a report can't be read.
    """
    from contracts.report.json_report import read_run
    from contracts.report.merge import merge

    parts = [read_run(path) for path in dict.fromkeys(map(Path, files))]  # one named twice is one
    run = merge(parts)
    trend = _trend(history, run, parts) if history is not None else None
    screen: Any = {"width": get_terminal_size().columns, "encoding": sys.stdout.encoding}
    lines = form_of("run", form).lines(run, trend=trend, **screen)
    if output is None:
        _print(lines)
    else:
        _write(Path(output), lines)


def _trend(history: str, run: Run, parts: Sequence[Run]) -> Trend:
    from contracts.report.history import trend_in

    if not Path(history).is_dir():
        raise UsageError(
            f"--history {history} is no folder; give one that --contract-history keeps, or leave it out"
        )
    return trend_in(Path(history), run, parts)


def _write(path: Path, lines: Iterable[str]) -> None:
    from contracts.text import write_whole

    text = "".join(f"{line}\n" for line in lines)
    try:
        write_whole(path, text)
    except OSError as error:
        problem = error.strerror or "it is no file"
        raise UsageError(
            f"--output {path} can't be written ({problem}); give a file that can be"
        ) from None


def _print(lines: Iterable[str]) -> None:
    """Lines to standard output, for as long as somebody reads them (`contracts rules | head`)."""
    try:
        for line in lines:
            click.echo(line)
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(
            os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno()
        )  # or Python complains when it flushes at exit


def main() -> None:
    """Run a command; what a user can mend is one sentence on standard error and exit code 2."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(
            errors="backslashreplace"
        )  # what a terminal can't show is no reason to fail
    gc.disable()  # trees of a big document only make it search: a sixth of the time, and nothing found
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
