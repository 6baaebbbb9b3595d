"""Probe to exchange: the only folder that talks to a service."""

from contracts.exchanges.client import Client as Client
from contracts.exchanges.credential import Secret as Secret
from contracts.exchanges.health import Stop as Stop
from contracts.exchanges.health import StopKind as StopKind
from contracts.exchanges.ledger import Ledger as Ledger
from contracts.exchanges.pace import Board as Board
from contracts.exchanges.pace import Bounds as Bounds
from contracts.exchanges.pace import Exhausted as Exhausted
from contracts.exchanges.pace import Pace as Pace
from contracts.exchanges.transport import Limits as Limits
from contracts.exchanges.wires import Route as Route
