"""Document to probes: requests, each with the claim that the document makes about it."""

from contracts.probes.probing import SAFE_METHODS as SAFE_METHODS
from contracts.probes.probing import ProbePlan as ProbePlan
