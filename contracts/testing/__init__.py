"""What a test of one's own can use: the contract, held against a response that it has."""

from contracts.run.items import test_document as test_document
from contracts.run.items import test_rule as test_rule
from contracts.testing.contract import Contract as Contract
from contracts.testing.contract import ContractViolation as ContractViolation
