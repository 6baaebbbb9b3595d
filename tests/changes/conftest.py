"""The tests of the gate wait for the gate."""

from importlib.util import find_spec

GATED = ["test_revisions.py", "test_laws.py", "test_hostile.py", "test_history.py"]
collect_ignore = [] if find_spec("contracts.changes.comparing") else GATED
