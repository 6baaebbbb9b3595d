"""What a test of one's own can use: the contract, held against a response that it has."""

from contracts.testing.contract import Contract as Contract
from contracts.testing.contract import ContractViolation as ContractViolation
