"""Document to a conforming service, in process."""

from contracts.mock.router import serving as serving
from contracts.mock.service import CREDENTIAL as CREDENTIAL
from contracts.mock.service import MockService as MockService
