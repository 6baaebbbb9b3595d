"""However much a run has to tell, its page can be opened."""

import json
from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from contracts.report.forms.page import page
from contracts.report.run import Passage, Proof, RuleVerdict, Run
from contracts.rules import Severity
from contracts.verdicts import Outcome
from tests.report.runs import proof, run, times

from .conftest import Show

MOST = 5_000_000
KINDS = ("required", "nullability", "type", "enum", "format", "pattern", "schema", "prose")
SEVERE, MILD = Severity.VIOLATION, Severity.ADVISORY
TEXT = '"<&>" ' * 60
BODY = json.dumps({f"property_{number}": TEXT for number in range(60)})[:20_000]
LONG = proof(TEXT, BODY, instance="/property_9", curl=f"curl {TEXT * 20}", headers=((f"x-{TEXT[:60]}", TEXT),) * 60)
SHORT = proof(body='{"property_9": "paused"}', instance="/property_9", headers=(("date", "today"),) * 4)


def verdicts(operations: int, rules: int, proof: Proof | None, severity: Severity) -> Iterator[RuleVerdict]:
    """Of each operation so many; all broken if there is a proof, else one in ten never exercised."""
    excerpt = tuple((line, "  type: string") for line in range(7)) if proof else ()
    for operation in (f"GET /resources-{number}/{{resource_id}}/children/{{child_id}}" for number in range(operations)):
        for number in range(rules):
            kind, status, place = KINDS[number % 8], ("200", "404", "422")[number % 3], f"/items/*/p{number // 8}"
            untouched = not proof and number % 10 == 0
            yield RuleVerdict(
                rule=f"{operation} {status} {place} {kind}",
                kind=kind,
                operation=operation,
                status=status,
                place=place,
                severity=severity,
                outcome=Outcome.VIOLATED if proof else Outcome.NOT_EXERCISED if untouched else Outcome.HOLDS,
                exercised=0 if untouched else 9,
                violations=9 if proof else 0,
                source=Passage("spec.yaml", number, "", excerpt),
                promise="is one of active, closed",
                clause="JSON Schema 2020-12 Validation §6.1.2",
                seen={"active": 6, "null": 3} if number % 4 == 1 else {},
                unseen=("closed",) if number % 4 == 1 else (),
                why="" if not untouched else f"no answer came to place {number}",
                evidence=proof,
            )


def big(rules: int, proof: Proof | None, severity: Severity = SEVERE, operations: int = 1_000) -> Run:
    made = list(verdicts(operations, rules, proof, severity))
    return run(*made, asked=dict.fromkeys((verdict.operation for verdict in made[::rules]), times(0.1, 0.2)))


@pytest.mark.parametrize(
    ("rules", "proof", "severity"),
    [(20, LONG, SEVERE), (20, SHORT, MILD), (20, None, SEVERE)],
    ids=["all broken", "all against good practice", "all but kept"],
)
def test_the_page_of_a_big_run_is_small(rules: int, proof: Proof | None, severity: Severity) -> None:
    html = page(big(rules, proof, severity))
    assert len(html.encode()) < MOST
    assert all(f"/resources-{number}/" in html for number in range(1_000))


def test_the_page_of_a_big_run_can_be_opened_and_filtered(show: Show) -> None:
    opened = show(page(big(20, SHORT))).page
    expect(opened.get_by_role("heading", level=1)).to_contain_text("20,000 rules violated")
    opened.locator("#matrix").get_by_label("Filter").fill("resources-777/")
    expect(opened.locator("#matrix .operation:visible")).to_have_count(1)
    assert opened.evaluate("document.documentElement.scrollWidth") <= 1280
