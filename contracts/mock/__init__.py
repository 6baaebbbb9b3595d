"""Document to a conforming service, in process."""

from contracts.mock.service import CREDENTIAL as CREDENTIAL
from contracts.mock.service import MockService as MockService
from contracts.mock.service import framed as framed
