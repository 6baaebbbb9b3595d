"""Runs on services in this process."""

from tests.made_probes import made_once as made_once
