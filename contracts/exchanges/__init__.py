"""Probe to exchange: the only folder that talks to a service."""

from contracts.exchanges.client import Client as Client
from contracts.exchanges.client import Limits as Limits
from contracts.exchanges.credential import Secret as Secret
from contracts.exchanges.ledger import Ledger as Ledger
