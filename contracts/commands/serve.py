"""`contracts mock`: the service that a document describes, over HTTP, for its clients."""

import gc
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import click

from contracts.commands import command_line, listens, needs_server, to_log
from contracts.commands.documents import Reads, own_document, reads
from contracts.document import Spec
from contracts.document.sides import read_side, side_from
from contracts.errors import UsageError
from contracts.mock import CREDENTIAL, MockService
from contracts.notte import domain
from contracts.notte.prose import DATE, lived, plausible
from contracts.rules.faults import notices, refuse_faulty
from contracts.run.options import Options
from contracts.text import plural, printable


@click.command()
@click.argument("document", required=False)
@listens
@click.option(
    "--cors/--no-cors", default=True, show_default=True, help="Whether web pages may ask."
)
@click.option(
    "--credential",
    metavar="TEXT",
    default=CREDENTIAL,
    show_default=True,
    help="The one that it takes, by whatever scheme; 'any' for any that is there.",
)
@click.option("--stateless", is_flag=True, help="The same answer to the same request.")
@click.option("--report", metavar="DIR", help="Judge what clients ask, and write a report there.")
@reads
def mock(
    document: str | None,
    host: str,
    port: int,
    report: str | None,
    reading: Reads,
    **manners: bool | str,
) -> None:
    """Answer requests as DOCUMENT says, for those who write its clients.

    Without a DOCUMENT it is the project's own (contract_spec), or an openapi.yaml or the like here.
    What the document forbids is refused, and the answer says why. A client asks for a status or
    body by `Prefer: code=404`, `example=NAME` and `dynamic=true`. It ends with Ctrl-C or SIGTERM,
    and with --report as a run does: exit code 1 if a client asked for what the document forbids.
    """
    needs_server("mock")
    if not manners["credential"]:
        raise UsageError("--credential is empty; give one, or 'any' for any that is there")
    from contracts.mock.app import Manners, MockApp
    from contracts.mock.server import bound, serve, url_of

    path = own_document() if document is None else document
    read = reading([path])
    spec = read_side(side_from(path, read))
    if read.is_strict:
        refuse_faulty(spec)
    for notice in notices(spec):
        click.echo(f"contracts: {printable(str(notice))}", err=True)
    gc.enable()  # it may run for days
    service = _service_of(spec)
    told = Manners(
        walks=not manners["stateless"],
        cors=bool(manners["cors"]),
        credential=str(manners["credential"]),
        secrets=domain.SECRET_URLS,
        log=to_log(quiet=bool(manners["quiet"])),
    )
    app, held = MockApp(service, told), bound(host, port)
    count = plural(len(spec.operations), "operation")
    line = f"contracts: {spec.title} {spec.version} ({count}) on {url_of(held)}"
    with held:
        ready = partial(print, printable(line), flush=True)
        serving = partial(serve, held=held, ready=ready, date=service.clock is None)
        if report is None:
            serving(app)
        else:
            overlays = ("none",) if read.overlays == [] else tuple(read.overlays or ())
            options = Options(path, overlays, str(read.root or "") or None, report=report)
            _look_on(app, serving, options)


def _service_of(spec: Spec) -> MockService:
    service = MockService(spec, plausible)
    if domain.is_own(spec.title, spec.servers):
        return replace(service, clock=DATE, lived=lived)
    return service


def _look_on(app: Any, serving: Callable[[Any], None], options: Options) -> None:
    from contracts.commands.onlookers import look_on
    from contracts.consumers.watch import watch_of

    watch = watch_of(options, None, command_line(), answers=False)
    look_on(app, watch, serving, below=app.below)
