"""Rules about methods that the document does not list for a path. They stand with the first operation of the path."""

from __future__ import annotations

from collections.abc import Iterator

from contracts.document import Operation
from contracts.messages import header_values
from contracts.rules import kinds
from contracts.rules.answer import Answer
from contracts.rules.rule import ExchangeRule, rule_of


def method_rules(operation: Operation) -> Iterator[ExchangeRule]:
    yield ExchangeRule(
        rule_of(operation, kinds.METHOD, "does nothing for a method that is not listed"), refused
    )
    yield ExchangeRule(rule_of(operation, kinds.ALLOW, "names the allowed methods with 405"), allow)


def refused(answer: Answer) -> str | None:
    """404, 405, 501 and other refusals are all right, a 2xx or a crash is not (RFC 9110 §15.5.6, §15.6.1)."""
    probe, status = answer.exchange.probe, answer.response.status
    if probe.source != "method":
        return None
    wrong = 200 <= status < 300 or (status >= 500 and status not in (501, 502, 503, 504, 529))
    return f"{status} for {probe.request.method}" if wrong else ""


def allow(answer: Answer) -> str | None:
    if answer.response.status != 405:
        return None
    return "" if header_values(answer.response.headers, "allow") else "405 without Allow"
