"""Document to probes: requests, each with the claim that the document makes about it."""

from contracts.probes.probe_plan import ProbePlan as ProbePlan
