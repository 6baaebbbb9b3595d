"""Document to a conforming service, in process, and over HTTP (`app_for`)."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from contracts.document import Spec, load_spec
from contracts.mock.service import CREDENTIAL as CREDENTIAL
from contracts.mock.service import MockService as MockService
from contracts.mock.service import framed as framed
from contracts.mock.world import Store as Store

if TYPE_CHECKING:
    from contracts.mock.app import MockApp


def app_for(document: str | Path | Spec | MockService, **manners: Any) -> "MockApp":
    """The mock of a document as an ASGI application, for any server or in-process client.

    `document` is a path, or one that was read; `manners` are the fields of `Manners`. DocumentError
    if it can't be read.
    """
    from contracts.mock import app

    if isinstance(document, str | Path):
        document = load_spec(document)
    if isinstance(document, Spec):
        document = MockService(document)
    return app.MockApp(document, app.Manners(**manners))
