"""Observations of a run to one verdict a rule, and to how a violation recurs."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from operator import attrgetter

from contracts.messages import Credential, Exchange, Probe, Request, is_unavailable
from contracts.rules import Finding, Rule, Severity
from contracts.rules.lists import TOGETHER
from contracts.verdicts.judge import OTHERS
from contracts.verdicts.judgement import Judgement, Seen

MAX_SEEN = 100  # different values that are told apart in what was seen, beside a rule's members
MAX_BROKEN_BY = 1000
TIMES = 5  # how often a request is asked again
MAX_REQUESTS = 10  # how many requests of an operation are asked again
NONE: Mapping[str, int] = {}
"""The counts of what has none: one value, as most rules of a large run have none."""


class Outcome(StrEnum):
    """What a run says about a rule; only `holds` is green, and only what was exercised can hold."""

    HOLDS = "holds"
    VIOLATED = "violated"
    NOT_EXERCISED = "not_exercised"
    NOT_ASKED = "not_asked"  # the operation is not sent, as the run chose
    UNDECIDED = "undecided"


@dataclass(frozen=True, slots=True)
class Evidence:
    """Of what was seen most often, the finding with the smallest body and plainest request."""

    finding: Finding
    exchange: Exchange

    @property
    def size(self) -> tuple[int, bool, int]:
        exchange = self.exchange
        body = exchange.response.body if exchange.response else b""
        return len(body), exchange.probe.source != "given", len(exchange.probe.request.headers)


@dataclass(frozen=True, slots=True)
class Recurrence:
    """How often the request of the evidence broke the rule: on `broken` of `asked` answers."""

    how: str  # `always`, `sometimes`, or `gone on asking again`: it broke the rule no more
    broken: int
    asked: int

    def __str__(self) -> str:
        seldom = self.how == "sometimes"
        return f"{self.how} ({self.broken} of {self.asked})" if seldom else self.how


@dataclass(frozen=True, slots=True)
class Verdict:
    """For one rule over a run: how many exchanges exercised and broke it, and what was seen."""

    rule: Rule
    outcome: Outcome
    exercised: int = 0
    violations: int = 0
    seen: Mapping[str, int] = field(default_factory=lambda: NONE)
    evidence: Evidence | None = None
    why: str = ""  # it is undecided, not exercised or not asked
    # What was seen, and on how many exchanges, the most frequent first: `MAX_BROKEN_BY` texts.
    broken_by: Mapping[str, int] = field(default_factory=lambda: NONE)
    recurrence: Recurrence | None = None
    more: int = 0  # findings beside those
    defect: str = ""  # where the suite failed to judge an exchange, if it did
    explained: bool = False  # not exercised, as finer rules said all that was to say of each body

    @property
    def unseen(self) -> tuple[str, ...]:
        """What may be seen at an exercised rule, and never was."""
        members = self.rule.members if self.exercised else ()
        return tuple(member for member in members if member not in self.seen)

    def numbered(self, numbers: Mapping[str, int]) -> "Verdict":
        """With the number that its evidence has in the run, of whose lane that is the first's."""
        if self.evidence is None:
            return self
        exchange = self.evidence.exchange
        first = numbers.get(exchange.probe.life or self.rule.operation, 0)
        exchange = replace(exchange, number=first + exchange.number)
        return replace(self, evidence=replace(self.evidence, exchange=exchange))


def unjudged(rule: Rule, why: str) -> Verdict:
    """The verdict on a rule where the answers say nothing about the contract."""
    return Verdict(rule, Outcome.NOT_EXERCISED, why=why)


@dataclass(slots=True)
class _Tally:
    """Counts by rule id over the judgements added so far."""

    members: Mapping[str, frozenset[str]]
    exercised: Counter[str] = field(default_factory=Counter)
    violations: Counter[str] = field(default_factory=Counter)
    parts: Counter[Seen] = field(default_factory=Counter)
    seen: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    undecided: dict[str, str] = field(default_factory=dict)
    defects: dict[str, str] = field(default_factory=dict)
    more: Counter[str] = field(default_factory=Counter)
    # By what was seen.
    evidence: dict[str, dict[str, Evidence]] = field(default_factory=lambda: defaultdict(dict))
    broken_by: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    explained: set[str] = field(default_factory=set)
    statuses: set[int] = field(default_factory=set)  # of answers
    breaks: set[str] = field(default_factory=set)  # what requests were forbidden for alone

    def add(self, judgement: Judgement) -> None:
        if judgement.exchange.response is not None:
            self.statuses.add(judgement.exchange.response.status)
            self.breaks.add(judgement.exchange.probe.claim.breaks)
        self.exercised.update(judgement.exercised)
        self.parts.update(judgement.parts)
        if any(judgement.outcomes):  # as few answers have
            self._add_wrong(judgement)

    def _add_wrong(self, judgement: Judgement) -> None:
        self.violations.update({finding.rule for finding in judgement.findings})
        self.explained |= judgement.explained
        for finding in {(each.rule, each.seen): each for each in judgement.findings}.values():
            found, texts = Evidence(finding, judgement.exchange), self.broken_by[finding.rule]
            if finding.seen not in texts and len(texts) == MAX_BROKEN_BY:
                self.more[finding.rule] += 1
                continue
            texts[finding.seen] += 1
            best = self.evidence[finding.rule].setdefault(finding.seen, found)
            if found.size < best.size:
                self.evidence[finding.rule][finding.seen] = found
        self.undecided = judgement.undecided | self.undecided
        self.defects = judgement.defects | self.defects
        self.more += judgement.more

    def settle(self) -> None:
        """Count what was seen in the parts of all answers, of which many are the same."""
        for part, times in self.parts.items():
            for rule, counts in part.seen.items():
                seen = self.seen[rule]
                for value, count in counts.items():
                    told_apart = value in seen or value in self.members.get(rule, ())
                    is_kept = told_apart or len(seen) < MAX_SEEN
                    seen[value if is_kept else OTHERS] += count * times

    def verdict(self, rule: Rule) -> Verdict:
        return replace(self._outcome(rule), defect=self.defects.get(rule.id, ""))

    def _outcome(self, rule: Rule) -> Verdict:
        exercised, violations = self.exercised[rule.id], self.violations[rule.id]
        seen: Mapping[str, int] = NONE
        if rule.id in self.seen:
            seen = dict(self.seen[rule.id])
        counts = exercised, violations, seen
        if violations:
            texts, by_text = self.broken_by[rule.id].most_common(), self.evidence[rule.id]
            most = [by_text[text] for text, count in texts if count == texts[0][1]]
            evidence = min(most, key=attrgetter("size"))
            more = self.more[rule.id]
            return Verdict(
                rule, Outcome.VIOLATED, *counts, evidence, broken_by=dict(texts), more=more
            )
        if rule.id in self.undecided:
            return Verdict(rule, Outcome.UNDECIDED, *counts, why=self.undecided[rule.id])
        if exercised:
            return Verdict(rule, Outcome.HOLDS, *counts)
        if rule.kind == "refused" and self.statuses and rule.name not in self.breaks:
            return Verdict(rule, Outcome.NOT_ASKED, *counts, why=UNBROKEN)
        why = _wanted(rule, self.statuses)
        if explained := rule.id in self.explained:
            why = "each body that came violates finer rules"
        return Verdict(rule, Outcome.NOT_EXERCISED, *counts, why=why, explained=explained)


UNBROKEN = "no request that breaks it alone could be made, or others took the room"
_WANTED = {
    "refused": "no answer to a request that breaks it alone was about that",
    "edge answer documented": "no odd request had an answer",
    "given value": "no answer was about a value that the user vouched for",
    "unknown value": "nothing that can't exist was asked for",
    "unlisted method": "no method that is not listed was sent",
    "allow header": "no answer with 405 came",
    "allowed methods": "no answer with 405 and a list of methods came",
    "challenge": "no answer with 401 came",
    "identity": "no answer was about a value that was asked for by its name",
}
_ABOUT_READS = "page limit, pages, last page, total, filter, sorted, entity tag, not modified"
_WANTED |= dict.fromkeys(
    (*_ABOUT_READS.split(", "), "not modified since"),
    "a service alone is asked for it, and none of its answers was about it",
)
"""What would exercise a rule of an operation, and did not come, by its kind."""


def _wanted(rule: Rule, came: Iterable[int]) -> str:
    """What would have exercised a rule, and did not come."""
    status, statuses = (rule.status or "").upper(), set(map(str, came))
    ranges = {f"{text[0]}XX" for text in statuses}
    if not status or not statuses:
        return _WANTED.get(rule.kind, "no answer of this run was of the kind that it is about")
    if status != "DEFAULT" and status not in statuses | ranges:
        return f"no answer with {rule.status} came"
    if rule.place is None:
        return f"no answer with {rule.status} was of the kind that it is about"
    return f"no answer with {rule.status} came to {rule.place}"


def tally(rules: Iterable[Rule], judgements: Iterable[Judgement]) -> tuple[Verdict, ...]:
    """One verdict a rule, in the order of `rules`."""
    rules = tuple(rules)
    counts = _Tally({rule.id: frozenset(rule.members) for rule in rules if rule.members})
    for judgement in judgements:
        counts.add(judgement)
    counts.settle()
    return tuple(map(counts.verdict, rules))


def asked_again(verdicts: Iterable[Verdict], methods: frozenset[str]) -> Iterator[Probe]:
    """The evidence of rules that were broken on some exchanges only, or on one, in rounds.

    Only with the right credential: for wrong ones a service may lock somebody out.
    """
    chosen: dict[Request, Probe] = {}
    for verdict in verdicts:
        seldom = verdict.violations < verdict.exercised or verdict.violations == 1
        is_alone = verdict.rule.kind not in TOGETHER
        if verdict.evidence and seldom and is_alone and verdict.rule.severity is Severity.VIOLATION:
            probe = verdict.evidence.exchange.probe
            if probe.credential is Credential.RIGHT and probe.request.method in methods:
                chosen[probe.request] = replace(probe, again=True)
    yield from list(chosen.values())[:MAX_REQUESTS] * TIMES


def with_recurrence(verdicts: Iterable[Verdict], judgements: Iterable[Judgement]) -> list[Verdict]:
    """The verdicts, those on violated rules with how the violation recurs."""
    verdicts, askings = list(verdicts), defaultdict[tuple[object, ...], list[Judgement]](list)
    if all(verdict.evidence is None for verdict in verdicts):
        return verdicts
    for judgement in judgements:
        probe = judgement.exchange.probe
        if not is_unavailable(judgement.exchange):
            askings[probe.request, probe.way].append(judgement)
    found = []
    for verdict in verdicts:
        if verdict.evidence is not None and verdict.rule.kind not in TOGETHER:
            probe = verdict.evidence.exchange.probe
            recurrence = _recurrence(verdict, askings[probe.request, probe.way])
            verdict = replace(verdict, recurrence=recurrence)
        found.append(verdict)
    return found


def _recurrence(verdict: Verdict, askings: Sequence[Judgement]) -> Recurrence | None:
    """What the answers to one request say; None if it was asked once, and others kept the rule."""
    rule, asked, broken, again = verdict.rule.id, 0, 0, list[bool]()
    for judgement in askings:
        breaks = any(finding.rule == rule for finding in judgement.findings)
        asked += judgement.exchange.probe.again or rule in judgement.exercised
        broken += breaks
        if judgement.exchange.probe.again:
            again.append(breaks)
    if not again:
        every = verdict.violations == verdict.exercised > 1
        return Recurrence("always", verdict.violations, verdict.exercised) if every else None
    if not any(again):
        return Recurrence("gone on asking again", broken, asked)
    return Recurrence("always" if broken == asked else "sometimes", broken, asked)
