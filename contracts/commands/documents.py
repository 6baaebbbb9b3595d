"""What commands have in common that read documents: which is meant, and how it is read.

What no option says is as the settings of the project say, which are about its own document.
"""

import os
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import replace
from functools import partial, wraps
from pathlib import Path

import click

from contracts.document.sides import Reading
from contracts.document.written import overlays_of
from contracts.errors import ContractsError
from contracts.run.options import PLACES
from contracts.run.settings import document_of_project, settings_of
from contracts.text import printable, shown_path


def own_document() -> str:
    """The project's own; UsageError without one. Says which it is where nobody has named it."""
    found = str(document_of_project())
    if "contract_spec" not in settings_of(Path.cwd()):
        said = printable(f"contracts: no document is named, so {found} is taken")
        click.echo(said, err=True)
    return found


def own(context: click.Context, _: click.Parameter, given: str | None) -> str | None:
    """What is given, else the project's own, which nobody asks for while a line is completed."""
    return own_document() if given is None and not context.resilient_parsing else given


SPEC = click.option(
    "--spec",
    "path",
    metavar="FILE",
    callback=own,
    help=f"The OpenAPI document.  [default: contract_spec of the project, {PLACES}]",
)
_OVERLAY = click.option(
    "--overlay",
    "overlays",
    multiple=True,
    metavar="FILE",
    help="Of the document, or both; repeatable; 'none' for none.  [default: contract_overlay]",
)
_ROOT = click.option(
    "--root",
    metavar="DIR",
    help="Other files are read below it.  [default: contract_root, the git repository]",
)
_STRICT = click.option(
    "--strict-document", "strict", is_flag=True, help="Refuse a document with any fault."
)
Reads = Callable[[Iterable[str]], Reading]  # how documents of these names are read


def reads(command: Callable[..., None]) -> Callable[..., None]:
    """A command with the options about how its documents are read: it takes a Reads, `reading`."""

    @_OVERLAY
    @_ROOT
    @_STRICT
    @wraps(command)
    def called(
        *, overlays: tuple[str, ...], root: str | None, strict: bool, **others: object
    ) -> None:
        command(reading=partial(_reading_of, overlays, root, strict), **others)

    return called


def _without_slash(_: click.Context, option: click.Parameter, given: str | None) -> str:
    if given and not given.startswith("/"):
        raise click.UsageError(f"{option.opts[0]} {given} does not begin with a slash; add it")
    return (given or "").rstrip("/")


_PREFIX, _PREFIX_BASE, _PREFIX_REVISION = (
    click.option(f"--path-prefix{end}", metavar="/PREFIX", callback=_without_slash, help=text)
    for end, text in (
        ("", "Taken off the paths of both sides."),
        ("-base", "The same of the base."),
        ("-revision", "The same of the revision."),
    )
)


def reads_both(command: Callable[..., None]) -> Callable[..., None]:
    """Like `reads`, of two sides, whose paths may have prefixes."""

    @reads
    @_PREFIX
    @_PREFIX_BASE
    @_PREFIX_REVISION
    @wraps(command)
    def called(
        *,
        reading: Reads,
        path_prefix: str,
        path_prefix_base: str,
        path_prefix_revision: str,
        **others: object,
    ) -> None:
        prefixes = (path_prefix_base or path_prefix, path_prefix_revision or path_prefix)
        command(reading=lambda names: replace(reading(names), prefixes=prefixes), **others)

    return called


def _reading_of(
    overlays: tuple[str, ...], root: str | None, strict: bool, names: Iterable[str]
) -> Reading:
    """All alike, and as the project says if one is its own."""
    said, own = settings_of(Path.cwd()), ""
    with suppress(ContractsError):
        own = os.path.abspath(document_of_project())
    if own in map(_path_of, names):
        named = map(Path, said.get("contract_overlay", ()))
        overlays = overlays or tuple(str(shown_path(overlay)) for overlay in named)
        root = root or said.get("contract_root")
        strict = strict or said.get("contract_strict_document", False)
    return Reading(overlays_of(overlays, "--overlay"), root, strict)


def _path_of(name: str) -> str:
    """The path of a side that is a file, or `GITREV:path`, which begins at the repository."""
    here = Path.cwd()
    _, colon, path = name.rpartition(":")
    if colon and not path.startswith(("./", "../")):
        here = next((one for one in (here, *here.parents) if (one / ".git").exists()), here)
    return os.path.abspath(here / path)


def two_sides(sides: tuple[str, ...]) -> tuple[str, str]:
    """BASE and REVISION; without them the project's own document, and what it is in HEAD."""
    if len(sides) == 2:
        return sides[0], sides[1]
    own = own_document() if len(sides) < 2 else ""
    base = sides[0] if sides else f"HEAD:./{Path(os.path.relpath(own)).as_posix()}"
    if not own or os.path.abspath(base) == os.path.abspath(own):
        cure = "files, GITREV:path, URLs, or - for one"
        raise click.UsageError(f"two sides are needed, BASE and REVISION: {cure}")
    return base, own
