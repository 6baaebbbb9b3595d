"""Verdicts to a line of a ledger, and back."""

from collections.abc import Iterator
from dataclasses import replace

from contracts.rules import Rule, Severity
from contracts.verdicts import Outcome, Verdict
from contracts.verdicts.handover import Verdicts, from_line, to_line

PROMISE, POINTER = "is of type string or null", "/components/schemas/thing"


def verdict_on(place: str | None) -> Verdict:
    own = f"GET /a 200 {place} type", "type", Severity.VIOLATION, "a clause", "GET /a", "200"
    return Verdict(Rule(*own, place, POINTER, PROMISE, ("null", "value")), Outcome.HOLDS, 3, 0, {"value": 2})


def test_a_line_says_once_what_many_rules_share() -> None:
    verdicts = [verdict_on("/x"), verdict_on("/y"), verdict_on(None)]
    line = to_line(verdicts, None, "a bound", 3) or b""
    assert [line.count(text.encode()) for text in (PROMISE, POINTER, "a clause")] == [1, 1, 1]
    found = from_line(line, 3)
    assert found == (verdicts, None, "a bound")
    assert found[0][0].rule.promise is found[0][1].rule.promise


def test_a_line_about_other_exchanges_says_nothing() -> None:
    assert from_line(to_line([verdict_on("/x")], None, None, 3) or b"", 4) is None


def test_what_is_given_away_is_made_again_if_need_be() -> None:
    held, made = [replace(verdict_on("/x"), outcome=Outcome.VIOLATED)], list[str]()

    def make() -> Iterator[Verdict]:
        made.append("once more")
        yield from held

    verdicts = Verdicts(make)
    assert (verdicts.kept, verdicts.kept, len(made)) == (held, held, 1)
    assert (verdicts.given_away(), len(made), list(vars(verdicts))) == (held, 1, ["make", "tell"])
    assert (verdicts.kept, len(made)) == (held, 2)
