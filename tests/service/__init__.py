"""A conforming stand-in for Notte over real HTTP, the faults that it can be told to have, and an ordinary service."""

from .app import Service, create_app
from .fault import Fault
from .faults import FAULTS, fault_named
from .plain import plain_app
from .raw import FRAMINGS, Framing, raw_server, spoiled
from .running import running
from .store import seeded_ids

__all__ = [
    "FAULTS",
    "FRAMINGS",
    "Fault",
    "Framing",
    "Service",
    "create_app",
    "fault_named",
    "plain_app",
    "raw_server",
    "running",
    "seeded_ids",
    "spoiled",
]
