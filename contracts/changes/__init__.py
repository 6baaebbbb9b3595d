"""Two documents in, the changes between them out, each proved harmless, shown by a message, or undecided."""

from contracts.changes.delta import compare

__all__ = ["compare"]
