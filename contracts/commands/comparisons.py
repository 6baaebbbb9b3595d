"""`contracts diff`, `changelog`, `pull` and `drift`: documents that are compared."""

import os
import sys
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import TypedDict, Unpack

import click

from contracts import flows
from contracts.commands import show
from contracts.commands.documents import SPEC, Reads, own_document, reads, reads_both, two_sides
from contracts.decision.change_decision import AUDIENCES, ChangePolicy, FailOn, severities_from
from contracts.decision.entries import is_reason
from contracts.document.composite import members_of
from contracts.document.sides import PAGE
from contracts.errors import UsageError
from contracts.report.diff import Diff
from contracts.report.forms import FORMS, lines_of
from contracts.report.forms.catalogue import kinds_json, kinds_table
from contracts.report.wording import drift_headline
from contracts.run.options import check_base_url
from contracts.schemas.allowance import SECONDS
from contracts.text import json_shown, printable, write_whole

_FORMAT = click.option(
    "--format", "form", type=click.Choice(list(FORMS["diff"])), default="text", show_default=True
)
_FAIL_ON = click.option(
    "--fail-on",
    type=click.Choice(list(map(str, FailOn))),
    default="breaking",
    show_default=True,
    help="What exits with 1; what is undecided exits with 3, except for 'never'.",
)
_ACCEPTED = click.option(
    "--accepted",
    metavar="FILE",
    help="Accepted changes.  [default: accepted.toml beside; 'none' for none]",
)
_ALL = click.option(
    "--all", "unfolded", is_flag=True, help="Each finding by itself, in text and Markdown."
)
_SUMMARY = click.option(
    "--summary", is_flag=True, help="What breaks, for whom, and the counts; as text or Markdown."
)
_MAX_TIME = click.option(
    "--max-time",
    type=click.IntRange(min=1),
    default=int(SECONDS),
    show_default=True,
    metavar="SECONDS",
    help="CPU seconds to compare in; what is left then is undecided.",
)


_LOOKS = {"error": "red", "warning": "yellow", "info": "green"}
_BOLD = ("error", "title")


class _Shared(TypedDict):  # what `diff` and `drift` have in common
    reading: Reads
    form: str
    fail_on: str
    accepted: str | None
    unfolded: bool
    summary: bool
    max_time: int


@click.command()
@click.argument("sides", nargs=-1, metavar="[BASE [REVISION] | FILE...]")
@click.option(
    "--against", metavar="GITREV", help="Compare each FILE (the document) with what it is there."
)
@reads_both
@_FORMAT
@_FAIL_ON
@click.option(
    "--severity", multiple=True, metavar="ID=error|warning|info", help="Of a kind; repeatable."
)
@click.option(
    "--for", "audience", type=click.Choice(list(AUDIENCES)), help="Whose source code breaks, too."
)
@_ACCEPTED
@_ALL
@_SUMMARY
@_MAX_TIME
@click.option("--list", "listed", is_flag=True, help="The kinds of changes, and nothing else.")
def diff(
    sides: tuple[str, ...],
    against: str | None,
    severity: tuple[str, ...],
    audience: str | None,
    listed: bool,
    **shared: Unpack[_Shared],
) -> None:
    """What changed from BASE to REVISION, and what of it breaks clients.

    Each is a file, GITREV:path, a URL, or -; or many files: a folder, or a pattern (specs/*.yaml).
    Left out, REVISION is the project's document, and BASE what that is in HEAD.

    --against takes files that changed: an overlay stands for its document, any other for the one
    that is tested here. What GITREV does not have is new, and not compared.

    Exit code 0: nothing breaks. 1: something does. 2: a side can't be read. 3: undecided.
    """
    form = shared["form"]
    if listed:
        if form not in ("text", "json"):
            raise click.UsageError(f"--list is written as text or json, not as {form}")
        if form == "text":
            show(kinds_table())
        else:
            show([json_shown(kinds_json())])
        return
    if against is not None:
        if not against:  # which git takes for the index
            cure = "give a git revision, as origin/main, or leave it out"
            raise click.UsageError(f"--against is empty (an unset variable?); {cure}")
        files = members_of(sides or [own_document()], own_document)
        terms = _terms(shared, files, severity, audience)
        pairs = [(flows.compare_since(against, file, terms), file) for file in files]
    else:
        both = two_sides(sides)
        pairs = [(flows.compare(*both, _terms(shared, both, severity, audience)), "")]
    codes = [0]
    for found, file in pairs:
        if found is None:
            said = f"{file}: not compared, {against} has no such file"
            click.echo(printable(f"contracts: {said}"), err=True)
            continue
        codes.append(found.decision.exit_code)
        show(_shown(found, form, shared["unfolded"], shared["summary"]))
    sys.exit(1 if 1 in codes else max(codes))


@click.command()
@click.argument("sides", metavar="[BASE [REVISION]]", nargs=-1)
@reads_both
@click.option(
    "--format",
    "form",
    type=click.Choice(list(FORMS["changelog"])),
    default="markdown",
    show_default=True,
)
def changelog(sides: tuple[str, ...], form: str, reading: Reads) -> None:
    """What changed from BASE to REVISION for users of the API: added, changed, deprecated, removed.

    Each is a file, GITREV:path, a URL, or -; or many files: a folder, or a pattern (specs/*.yaml).
    Left out, REVISION is the project's document, and BASE what that is in HEAD.

    It is no gate: the exit code is 0 whatever changed, and 2 if a side can't be read.
    """
    both = two_sides(sides)
    terms = flows.Terms(ChangePolicy(), reading(both), "none", date.today())
    found = flows.compare(*both, terms)
    show(lines_of(FORMS["changelog"][form], found))


def _terms(
    shared: _Shared,
    names: Iterable[str],
    severities: tuple[str, ...] = (),
    audience: str | None = None,
) -> flows.Terms:
    form = shared["form"]
    if shared["summary"] and form not in ("text", "markdown"):
        raise click.UsageError(f"--summary is written as text or markdown, not as {form}")
    if shared["summary"] and shared["unfolded"]:
        raise click.UsageError("--summary has no finding, --all has each; give one of them")
    fail_on, levels = FailOn(shared["fail_on"]), severities_from(severities)
    policy = ChangePolicy(fail_on, levels, audience=audience)
    reading = shared["reading"](names)
    return flows.Terms(policy, reading, shared["accepted"], date.today(), shared["max_time"])


def _shown(found: Diff, form: str, unfolded: bool, summary: bool) -> Iterable[str]:
    known = {"paint": _painted, "unfolded": unfolded, "summary": summary}
    return lines_of(FORMS["diff"][form], found, **known)


def _painted(text: str, look: str) -> str:
    """The text in its look; click takes it off again where the output is no terminal."""
    if os.environ.get("NO_COLOR"):
        return text
    return click.style(text, fg=_LOOKS.get(look), bold=look in _BOLD or None)


@click.command()
@click.argument("source")
@SPEC
@reads
@click.option(
    "--accept", "reason", metavar="REASON", help="Write what breaks all the same, because of this."
)
def pull(source: str, path: str, reading: Reads, reason: str | None) -> None:
    """Refresh the document from SOURCE, unless that breaks clients.

    SOURCE is a file, GITREV:path, a URL, or -.

    Shows what changes first. The file is kept byte for byte as it was published.
    Exit code 0: written, or the same. 1: it breaks, 3: undecided; then nothing is written without
    --accept.
    """
    if reason is not None and not is_reason(reason):
        raise UsageError(f"--accept {reason!r} says nothing; say why this may break clients")
    found = flows.pull(source, Path(path), reading([path]), reason=reason, today=date.today())
    if found.diff is not None:
        show(_shown(found.diff, "text", unfolded=False, summary=False))
    try:
        if found.is_written:
            write_whole(found.path, found.text)
    except OSError as error:
        problem = f"{path} can't be written ({error.strerror}) and is as it was"
        raise UsageError(f"{problem}; mend that, or give another --spec") from None
    show(found.lines())
    sys.exit(found.exit_code)


@click.command()
@click.option("--base-url", help="The service, whose /openapi.json is fetched.")
@click.option(
    "--from",
    "source",
    metavar="URL|FILE",
    help="Where else it is published: a document or a page with one.",
)
@SPEC
@reads_both
@_FORMAT
@_FAIL_ON
@_ACCEPTED
@_ALL
@_SUMMARY
@_MAX_TIME
def drift(base_url: str | None, source: str | None, path: str, **shared: Unpack[_Shared]) -> None:
    """What changed from our document to the one that the service publishes, and what of it breaks.

    No credential is sent. Where one is needed, fetch the document yourself:
    curl … | contracts drift --from -

    Exit code 0: nothing changed, or nothing that breaks. 1: something breaks. 2: it can't be had.
    3: undecided.
    """
    if (base_url is None) == (source is None):
        cure = "a service, or where the document is published"
        raise click.UsageError(f"one of --base-url and --from is needed: {cure}")
    place = source if source is not None else f"{check_base_url(base_url)}{PAGE}"
    found, drifted = flows.drift(path, place, _terms(shared, [path]))
    if shared["form"] in ("text", "markdown"):
        show([printable(drift_headline(drifted)), ""])
    show(_shown(found, shared["form"], shared["unfolded"], shared["summary"]))
    sys.exit(found.decision.exit_code)
