"""What the suite adds to a document about identity: parameters that name a resource, and names that none has."""

from __future__ import annotations

IDENTIFIES = "x-identifies"
"""On a path parameter: its value names the resource, and the answer repeats it in the property of the same name."""

NOWHERE: tuple[str | int, ...] = (
    "no-such-resource-4f1d9a2b",
    "00000000-0000-4000-8000-00004f1d9a2b",
    987654321987654321,
    "1900-01-01",
)
"""Values of path parameters that no service has a resource for, of several types."""
