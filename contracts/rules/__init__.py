"""Document to rules: one checkable promise each."""

from contracts.rules.rule import RULE_KINDS as RULE_KINDS
from contracts.rules.rule import Answer as Answer
from contracts.rules.rule import ExchangeRule as ExchangeRule
from contracts.rules.rule import Finding as Finding
from contracts.rules.rule import Rule as Rule
from contracts.rules.rule import Scope as Scope
from contracts.rules.rule import Severity as Severity
from contracts.rules.rule import Undecided as Undecided
from contracts.rules.rule import broken as broken
from contracts.rules.rulebook import Extra as Extra
from contracts.rules.rulebook import OperationRules as OperationRules
from contracts.rules.rulebook import RuleBook as RuleBook
from contracts.rules.rulebook import rules_for as rules_for
