"""A shop, and who looks on while others ask it."""

from tests.commands.conftest import contracts as contracts
from tests.consumers.shop import folder as folder
from tests.consumers.shop import watch as watch
