"""`contracts mock`: the service that a document describes, over HTTP, for its clients."""

import gc
import importlib.util
import sys
from functools import partial

import click

from contracts.commands.documents import Reads, own_document, reads
from contracts.document.sides import read_side, side_from
from contracts.errors import UsageError
from contracts.mock import CREDENTIAL, MockService
from contracts.notte import domain
from contracts.notte.prose import DATE, plausible
from contracts.rules.faults import notices, refuse_faulty
from contracts.text import plural, printable

NEEDED = "needs a server, which is not installed; pip install 'notte-contracts[serve]'"


def needs_server(command: str) -> None:
    """UsageError where the server is not installed, which is an extra."""
    if importlib.util.find_spec("uvicorn") is None:
        raise UsageError(f"contracts {command} {NEEDED}")


@click.command()
@click.argument("document", required=False)
@click.option("--host", default="127.0.0.1", show_default=True, help="Where it listens.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=4010,
    show_default=True,
    help="0 for any that is free.",
)
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
@click.option("--quiet", is_flag=True, help="No line for each request.")
@reads
def mock(
    document: str | None,
    host: str,
    port: int,
    reading: Reads,
    **manners: bool | str,
) -> None:
    """Answer requests as DOCUMENT says, for those who write its clients.

    Without a DOCUMENT it is the project's own (contract_spec), or an openapi.yaml or the like here.
    What the document forbids is refused, and the answer says why. A client asks for a status or
    body by `Prefer: code=404`, `example=NAME` and `dynamic=true`. It ends with Ctrl-C or SIGTERM.
    """
    needs_server("mock")
    if not manners["credential"]:
        raise UsageError("--credential is empty; give one, or 'any' for any that is there")
    from contracts.mock.app import Manners, app_for
    from contracts.mock.server import bound, serve, url_of

    path = own_document() if document is None else document
    read = reading([path])
    spec = read_side(side_from(path, read))
    if read.is_strict:
        refuse_faulty(spec)
    for notice in notices(spec):
        click.echo(f"contracts: {printable(str(notice))}", err=True)
    gc.enable()  # it may run for days
    own = domain.is_own(spec.title, spec.servers)
    service = MockService(spec, refine=plausible, clock=DATE if own else None)
    told = Manners(
        walks=not manners["stateless"],
        cors=bool(manners["cors"]),
        credential=str(manners["credential"]),
        secrets=domain.SECRET_URLS,
        log=None if manners["quiet"] else partial(print, file=sys.stderr, flush=True),
    )
    held = bound(host, port)
    count = plural(len(spec.operations), "operation")
    line = f"contracts: {spec.title} {spec.version} ({count}) on {url_of(held)}"
    with held:
        ready = partial(print, printable(line), flush=True)
        serve(app_for(service, told), held, ready, date=not own)
