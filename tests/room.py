"""Room on Python's own stack, so that deep calls cost what others do.

Python 3.11 to 3.13 take memory for frames in chunks of 16 kB from the system, and give the last chunk back as soon as
it is empty: what is called again and again across the end of a chunk takes 2 µs more each time. A run in a test of a
run is some 150 frames deep, wherever that end is, and took a tenth of its time for this.
"""

from typing import Any

WORDS = 66_000  # of 8 bytes; for a frame of 528 kB the chunk has a megabyte, and the rest is for those that follow


def with_room(call: Any, /, *args: Any, **named: Any) -> Any:
    """Call it in a frame so large that those within share its chunk."""
    return call(*args, **named)


with_room.__code__ = with_room.__code__.replace(co_stacksize=WORDS)
