"""What one exchange says about rules, as it is found out."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import partial

from contracts.errors import defect
from contracts.messages import Exchange
from contracts.rules import Answer, ExchangeRule, Finding, OperationRules, Rule, Severity
from contracts.schemas.json_text import TooManyError
from contracts.text import cut

MAX_FINDINGS = 1_000  # of a body; of each rule that it breaks more often, the first is kept
MAX_WALKED = 2**23  # values in all answers judged together, each of which takes some 2 µs
_COUNTS = partial(defaultdict[str, int], int)


@dataclass(eq=False, slots=True)
class Seen:
    """What was seen in a header or body, beside what is wrong in it; equal ones may share it."""

    exercised: set[str] = field(default_factory=set)
    # How often which value: members of an enum; `null`, `value` and `absent` at a type rule.
    seen: dict[str, dict[str, int]] = field(default_factory=partial(defaultdict, _COUNTS))
    walked: int = 0  # values


@dataclass(slots=True)
class Judgement:
    """What one exchange says about rules, by id: exercised, broken, not decided."""

    exchange: Exchange
    is_early: bool = False  # given before the service, maybe: no violation is found in it,
    excused: bool = False  # and this one broke some promise
    exercised: set[str] = field(default_factory=set)
    findings: list[Finding] = field(default_factory=list)
    # Of rules about a whole body: finer ones say all that there is to say.
    explained: set[str] = field(default_factory=set)
    undecided: dict[str, str] = field(default_factory=dict)  # and why
    defects: dict[str, str] = field(default_factory=dict)  # of the suite: where judging failed
    most: int = MAX_FINDINGS  # that are kept, beside the first of each rule;
    more: Counter[str] = field(default_factory=Counter)  # of others there are so many
    left: int = MAX_WALKED  # values that are still judged by place
    parts: list[Seen] = field(default_factory=list)
    _broken: set[str] = field(default_factory=set)

    def apply(self, rows: Iterable[ExchangeRule], *answers: Answer) -> None:
        exercised = self.exercised
        for row in rows:
            try:
                seen = row.check(*answers)
            except Exception as error:  # of whatever kind: the other rules are judged
                self.leave([row.rule], error)
            else:
                if seen == "":
                    exercised.add(row.rule.id)
                elif seen is not None:
                    self.find(row.rule, seen)

    def leave(self, rules: Iterable[Rule], error: Exception) -> None:
        """Leave rules undecided, because of a bound of ours or of a mistake of ours."""
        why = str(error) if isinstance(error, TooManyError) else defect(error)
        for rule in rules:
            self.undecided.setdefault(rule.id, why)
            if not isinstance(error, TooManyError):
                self.defects.setdefault(rule.id, why)

    def note(self, rule: Rule, seen: str | None, instance: str | None = None) -> None:
        """Take down what a check gave: a finding, that the rule was kept, or nothing."""
        if seen:
            self.find(rule, seen, instance)
        elif seen is not None:
            self.exercised.add(rule.id)

    def find(self, rule: Rule, seen: str, instance: str | None = None) -> None:
        excusable = rule.severity is Severity.VIOLATION and rule.kind != "credential kept"
        if self.is_early and excusable:  # whoever answers must not give the credential away
            self.excused = True
            return
        self.exercised.add(rule.id)
        if self.keeps(rule):
            self._broken.add(rule.id)
            self.findings.append(Finding(rule.id, cut(seen), instance and cut(instance)))

    def take(self, part: Seen) -> None:
        """Add what was seen of a part of the answer."""
        self.parts.append(part)
        self.exercised |= part.exercised

    @property
    def outcomes(self) -> tuple[int, ...]:
        """How many rules are broken, explained or left open."""
        return len(self.findings), self.more.total(), len(self.explained), len(self.undecided)

    def violations(self, rules: OperationRules) -> list[Finding]:
        """The findings that are no advisories."""
        by_id = rules.by_id
        return [f for f in self.findings if by_id[f.rule].severity is Severity.VIOLATION]

    def keeps(self, rule: Rule) -> bool:
        """Whether one more finding of a rule is kept; if not, it is counted."""
        if len(self.findings) < self.most or rule.id not in self._broken:
            return True
        self.more[rule.id] += 1
        return False
