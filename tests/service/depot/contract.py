"""The depot's document as a run reads it, and its rules, which are the same for all runs and take most of a second."""

from dataclasses import replace
from functools import cache
from pathlib import Path

from contracts.document import Spec, load_spec
from contracts.exchanges import Ledger
from contracts.rules import RuleBook
from contracts.run.inputs import Inputs
from contracts.run.state import State

from .reading import FILE

OWN = {"token": "DEPOT_TOKEN", "session": "DEPOT_SESSION"}
"""The variables of what is the credential for these schemes of security alone."""


@cache
def spec() -> Spec:
    return replace(load_spec(FILE, ()), variables=OWN)


@cache
def book() -> RuleBook:
    return State(Inputs(spec()), Ledger(Path("unwritten"))).book
