"""A run as one value, which `report.json` is written from and read to, and every form made of."""

import re
import sys
from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from itertools import accumulate, filterfalse
from operator import attrgetter
from typing import Annotated, Any, TypeVar, final

import msgspec

from contracts.document.model import Notice
from contracts.messages import Headers
from contracts.rules import Severity
from contracts.rules.rule import basis_of
from contracts.text import map_texts
from contracts.verdicts import Outcome, Recurrence
from contracts.verdicts.verdict import NONE

SILENT = ("undecided", "not exercised", "not asked")  # what was not judged
STANDINGS = ("violated", "advisory", "accepted", *SILENT, "holds")
"""What a report says of a rule, the worst first."""
CHANGES = ("new", "still_there", "fixed", "not_judged")
"""What may have become of a rule since an earlier report, as `Run.against` has it."""
BOUNDS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0)
"""Seconds; a response time falls below the first of them that is greater, or above them all."""

_ID = re.compile(
    r"(?P<operation>[^\s/]+ /\S*)"
    r"(?: (?P<status>[1-5](?:\d\d|XX)|default)\b)?(?: ;(?P<media>\S+))?"
    r"(?: (?P<place>[/@]\S*)(?= ))?"
)  # of a rule's id, what its kind and name come after
_EACH = len(BOUNDS) + 1

T = TypeVar("T")
Moment = Annotated[datetime, msgspec.Meta(tz=True)]
Histogram = Annotated[tuple[int, ...], msgspec.Meta(min_length=_EACH, max_length=_EACH)]


@final
@dataclass(frozen=True, slots=True)
class Times:
    """The response times of an operation, in seconds; `histogram` counts them between `BOUNDS`."""

    count: int = 0
    median: float = 0.0
    p95: float = 0.0
    longest: float = 0.0
    slowest: str = ""
    histogram: Histogram = (0,) * _EACH


def pooled(parts: Iterable[Times]) -> Times | None:
    """The times of all answers, None without any; percentiles are never outside the parts' own."""
    answered = list(filter(attrgetter("count"), parts))
    if not answered:
        return None
    worst = max(answered, key=attrgetter("longest", "slowest"))
    histogram = tuple(map(sum, zip(*map(attrgetter("histogram"), answered), strict=True)))
    count, found = sum(histogram), []
    for percent, name in ((50, "median"), (95, "p95")):
        rank = -(-count * percent // 100)  # the nearest; answers are spread evenly between bounds
        index = bisect_left(list(accumulate(histogram)), rank)
        low, high = (0.0, *BOUNDS, worst.longest)[index : index + 2]
        nth = rank - sum(histogram[:index])
        value = low + (high - low) * (nth - 0.5) / histogram[index]
        own = list(map(attrgetter(name), answered))
        found.append(round(min(max(value, min(own)), max(own)), 6))
    return Times(count, found[0], found[1], worst.longest, worst.slowest, histogram)


@dataclass(frozen=True, slots=True)
class OperationRun:
    """What was asked of an operation, and how that ended, by status or kind of failure."""

    key: str
    exchanges: int = 0
    unavailable: int = 0
    statuses: Mapping[str, int] = field(default_factory=dict)
    times: Times = field(default_factory=Times)


@dataclass(frozen=True, slots=True)
class Passage:
    """Where a promise is written; `excerpt` holds the lines around it, each with its number."""

    file: str
    line: int
    pointer: str = ""
    excerpt: tuple[tuple[int, str], ...] = ()

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


@dataclass(frozen=True, slots=True)
class Sent:
    """A probe whole, so that it can be sent again; its body in Base64."""

    operation: str
    method: str
    target: str
    headers: Headers
    body: str | None
    credential: str
    source: str
    given: Headers
    schemes: tuple[str, ...] = ()
    part: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A request of a life, as a line of a script for a shell, and its answer."""

    curl: str
    status: int | None = None
    headers: Headers = ()
    body: str | None = None
    request: Sent


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """The evidence of a violation: what was seen, where in the body, in answer to what."""

    exchange: int | None = None
    message: str
    instance: str | None
    curl: str
    status: int | None = None
    headers: Headers = ()
    body: str | None = None
    request: Sent | None = None
    story: tuple[Step, ...] = ()  # of a life, from what made the resource on; this one is the last

    @property
    def script(self) -> tuple[str, ...]:
        """What a shell is told to see it again, a line a request."""
        return tuple(map(attrgetter("curl"), self.story)) or (self.curl,)


@dataclass(frozen=True, slots=True)
class Agreement:
    """Why a violation is accepted, and the last day on which it is."""

    reason: str
    until: str

    def __str__(self) -> str:
        return f"until {self.until}: {self.reason}"


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleVerdict:
    """The verdict on one rule."""

    rule: str
    kind: str
    operation: str = ""  # the key, `METHOD PATH`
    status: str | None = None  # as documented; None if the rule is the operation's own
    place: str | None = None  # in the body; None if the rule is about the response as a whole
    promise: str = ""
    clause: str = ""
    basis: str = ""  # `document`, or `http`: what only the semantics of HTTP say
    severity: Severity
    outcome: Outcome
    exercised: int
    violations: int = 0
    since: str | None = None  # what became of it since an earlier report: of `CHANGES`, in words
    recurrence: Recurrence | None = None
    # What was seen where it is violated, the most frequent first, each on how many exchanges; and
    # how many other texts were.
    found: Mapping[str, int] = field(default_factory=lambda: NONE)
    found_more: int = 0
    seen: Mapping[str, int] = field(default_factory=lambda: NONE)
    unseen: tuple[str, ...] = ()
    why: str = ""
    explained: bool = False  # finer rules say all that there is to say of the bodies it is about
    accepted: Agreement | None = None
    lapsed: str = ""  # which entry no longer accepts it, or not all of it, and what to do
    source: Passage
    evidence: Proof | None = None

    def __post_init__(self) -> None:
        if not self.basis:
            object.__setattr__(self, "basis", basis_of(self.clause))
        if not self.operation:  # reports of the first version say it in the rule's id alone
            about = about_rule(self.rule)
            for name in ("operation", "status", "place"):
                text = about[name]  # many rules have the same
                object.__setattr__(self, name, text and sys.intern(text))
        if self.evidence is not None and not self.found:  # nor which of the texts how often
            object.__setattr__(self, "found", {self.evidence.message: self.violations})

    @property
    def size(self) -> int:
        """Of the evidence, in characters."""
        return len((self.evidence and self.evidence.body) or "")

    @property
    def media(self) -> str:
        """The media type of the answer, where the rule's id has one."""
        return about_rule(self.rule)["media"] or ""

    @property
    def name(self) -> str:
        """What the rule's id has after its kind: the property that is required, say."""
        return self.rule.partition(f" {self.kind} ")[2]

    @property
    def standing(self) -> str:
        """The outcome in the words of a report: one of `STANDINGS`."""
        if self.outcome is Outcome.HOLDS:  # as most do
            return "holds"
        if self.outcome is not Outcome.VIOLATED:
            return self.outcome.value.replace("_", " ")
        if self.accepted is not None:
            return "accepted"
        return "violated" if self.severity is Severity.VIOLATION else "advisory"


@dataclass(frozen=True, slots=True)
class Subject:
    """The document that was tested."""

    title: str
    version: str
    path: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Drift:
    """The document that a service publishes against ours; `command` shows all that changed."""

    ours: str  # the version
    published: str | None = None  # None if nothing could be seen
    decision: str | None = "same"  # or a comparison's result; None if a `problem` prevented it
    problem: str = ""
    counts: str = ""
    changes: tuple[str, ...] = ()  # what breaks, then what is undecided
    notes: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()  # violated rules that the published document lacks, or has kept
    command: str = "contracts drift"

    @property
    def changed(self) -> bool:
        return self.decision not in (None, "same")


@final
@dataclass(frozen=True, slots=True)
class Shard:
    """Which share of a run this is, and what is only decided when all shares are together."""

    index: int  # from 1 on
    count: Annotated[int, msgspec.Meta(ge=1, le=9999)]
    shares: Mapping[str, int]  # the shard that asks it, by the key of an operation
    settings: Mapping[str, str] = field(default_factory=dict)  # of all shards: options, digests
    failing: tuple[str, ...] = ()  # rules that fail it by themselves
    stale: tuple[str, ...] = ()  # of accepted entries, what fails the whole
    healed: Mapping[str, bool] = field(default_factory=dict)  # what is said if it is true in all
    missed: str | None = ""  # why no answer was a success; None if one was
    idle: str = ""  # why nothing was sent, if so
    breaks: str = ""  # what the document breaks of its baseline

    def __str__(self) -> str:
        return f"shard {self.index} of {self.count}"


@dataclass(frozen=True, eq=False)
class Run:
    """A contract run, or several as one, which may have more of what is in the plural."""

    suite: str
    files: tuple[str, ...]  # the reports that it was read from
    subjects: tuple[Subject, ...]
    targets: tuple[str | None, ...]  # base URLs, None for the mock
    seeds: tuple[int, ...]
    started: Moment
    finished: Moment
    decision: Annotated[str, msgspec.Meta(pattern="^(pass|fail|inconclusive)$")]
    exchanges: int
    unavailable: int
    verdicts: tuple[RuleVerdict, ...]
    retried: int = 0  # exchanges that took more than one attempt,
    retried_for: Mapping[str, int] = field(default_factory=dict)  # by what came of the others
    reasons: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    notices: tuple[Notice, ...] = ()  # on the document
    interrupted: bool = False  # it ended before everything was asked
    operations: tuple[OperationRun, ...] = ()
    statuses: Mapping[str, int] = field(default_factory=dict)
    sessions: Mapping[str, Any] | None = None  # what came of looking for some, if anybody asked
    against: Mapping[str, Any] | None = None  # what became of rules; `carried` is still known
    drift: Drift | None = None
    commands: tuple[str, ...] = ()  # that were run, each for a POSIX shell; old reports have none
    shard: Shard | None = None  # None of a whole run, and of several as one

    @cached_property
    def told(self) -> "Run":
        """The run as people read it: without rules on bodies of which finer ones say all."""
        explained = {verdict.rule for verdict in self.verdicts if verdict.explained}
        if not explained:  # as in most runs, of which another one would take much room
            return self
        verdicts, against = filterfalse(attrgetter("explained"), self.verdicts), self.against
        if against is not None:
            unjudged = filterfalse(explained.__contains__, against.get("not_judged", ()))
            against = {**against, "not_judged": list(unjudged)}
        return replace(self, verdicts=tuple(verdicts), against=against)

    @property
    def subject(self) -> Subject:
        return self.subjects[0]

    @property
    def target(self) -> str:
        return ", ".join(target or "the mock" for target in self.targets)

    @property
    def seed(self) -> str:
        return ", ".join(map(str, self.seeds))

    @property
    def seconds(self) -> float:
        return (self.finished - self.started).total_seconds()

    @cached_property
    def by_standing(self) -> Mapping[str, tuple[RuleVerdict, ...]]:
        """The verdicts of each of the `STANDINGS`."""
        found: dict[str, list[RuleVerdict]] = {standing: [] for standing in STANDINGS}
        for verdict in self.verdicts:
            found[verdict.standing].append(verdict)
        return {standing: tuple(verdicts) for standing, verdicts in found.items()}

    @property
    def violated(self) -> tuple[RuleVerdict, ...]:
        """What the document or a standard demands, was seen broken, and nobody accepted."""
        return self.by_standing["violated"]

    @property
    def advisories(self) -> tuple[RuleVerdict, ...]:
        """The same of prose, and of what is good practice."""
        return self.by_standing["advisory"]

    @property
    def accepted(self) -> tuple[RuleVerdict, ...]:
        return self.by_standing["accepted"]

    @cached_property
    def missing(self) -> tuple[RuleVerdict, ...]:
        """What was not judged."""
        return tuple(verdict for verdict in self.verdicts if verdict.standing in SILENT)

    @property
    def counts(self) -> dict[str, int]:
        """Verdicts by outcome; violations that were accepted are counted apart."""
        counts = {name.replace(" ", "_"): len(own) for name, own in self.by_standing.items()}
        counts["violated"] += counts.pop("advisory")
        return {name: counts[name] for name in (*map(str, Outcome), "accepted")}

    @cached_property
    def slowest(self) -> Times | None:
        """The times of the operation with the slowest answer."""
        answered = filter(attrgetter("count"), map(attrgetter("times"), self.operations))
        return max(answered, key=attrgetter("longest"), default=None)


def about_rule(rule: str) -> dict[str, Any]:
    """What the id of a rule is about; ValueError if it is none."""
    found = _ID.match(rule)
    if found is None:
        raise ValueError(f"{rule} is no rule id")
    return found.groupdict()


def with_texts(value: T, change: Callable[[str], str]) -> T:
    """A run, or a part of one, with all its texts changed."""
    return msgspec.convert(map_texts(msgspec.to_builtins(value), change), type(value))
