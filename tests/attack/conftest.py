"""Attacks on whole runs: of the small project that the tests of runs have."""

from tests.made_probes import made_once as made_once
from tests.run.conftest import interruptible as interruptible
from tests.run.conftest import project as project
from tests.run.conftest import read_once as read_once
from tests.run.conftest import small as small
from tests.run.conftest import unrecorded as unrecorded
from tests.run.conftest import warm as warm
