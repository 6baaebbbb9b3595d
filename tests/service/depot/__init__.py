"""A depot for parcels: a hand-written document, a service that keeps it, and the faults it can have."""

from .fault import Fault
from .faults import FAULTS
from .reading import FILE
from .service import GIVEN, ROWS, Depot
from .state_faults import STATE_FAULTS

__all__ = ["FAULTS", "FILE", "GIVEN", "ROWS", "STATE_FAULTS", "Depot", "Fault"]
