"""Whether attacks are tried in their short form, as `make test` has it, or in the long one of `bench/attack.py`."""

import os

IS_LONG = os.environ.get("ATTACK") == "long"
