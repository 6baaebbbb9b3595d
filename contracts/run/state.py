"""A contract run as one value that evolves: what it is about, where its answers are, what is known of it so far."""

from __future__ import annotations

import hashlib
import secrets
import uuid
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

import contracts
from contracts.document import Spec
from contracts.errors import UsageError
from contracts.exchanges import Bounds, Ledger, Pace
from contracts.mock import MockService
from contracts.mock.bodies import sample_values
from contracts.notte.prose import DATE, plausible, prose_rules
from contracts.notte.sessions import Listed, Started
from contracts.probes import ProbePlan
from contracts.report.history import Trend
from contracts.report.record import Teller
from contracts.report.run import Drift, Run
from contracts.rules import Rule, RuleBook, rules_for
from contracts.run.inputs import Inputs
from contracts.run.progress import Progress
from contracts.verdicts import Verdict

MAX_ITEMS = 2000
"""Above this many rules, an item stands for all rules of one operation, status and kind."""
MOCK_VALUES = 8
"""How many values of a path parameter the mock is said to know: enough for answers asked twice to show every sort."""
EXAMPLES = {"dev": 10, "ci": 40, "nightly": 300}
"""Random requests an operation, by Hypothesis profile."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What became of asking one operation: the verdict of each rule by its id, and why they mean nothing, if so.

    `cut` says which bound of the run ended the asking, if one did.
    """

    verdicts: Mapping[str, Verdict]
    blocked: str | None
    cut: str | None = None


@dataclass(frozen=True, slots=True)
class Budget:
    """How much is asked at random of an operation, and of which seed; whether it is a night, which takes its time."""

    seed: int = 0
    examples: int = EXAMPLES["dev"]
    nightly: bool = False


@dataclass(slots=True)
class Prelude:
    """What the leading process found before anything was asked; None where nobody looked.

    Args:
        killed: the reports on runs that were killed in the same folder.
        drift: what the service publishes (`published`) against our document.
        listed, started: what came of looking for sessions; `problem`, how the suite itself failed at that.
    """

    killed: list[Mapping[str, Any]] = field(default_factory=list)
    drift: Drift | None = None
    published: Spec | None = None
    listed: Listed | None = None
    started: Started | None = None
    problem: str = ""

    @property
    def sessions(self) -> dict[str, Any]:
        """What a report says of looking for sessions."""
        listed, started = self.listed, self.started
        return {"listed": listed and asdict(listed), "started": started and started.to_json()}


@dataclass(slots=True)
class Conclusion:
    """What came of the run.

    Args:
        run: what the report says, once there is one.
        trend: what the history says, with this run, if one is kept.
        unkept: why the history does not have this run.
        problem: why there is no report, or none that was written.
    """

    run: Run | None = None
    trend: Trend | None = None
    unkept: str = ""
    problem: str = ""


@dataclass
class State:
    """One run in one of its processes, from its inputs to its end.

    Args:
        worker: the name of this process among those of xdist; None if it is alone, or leads the others.
        asked: what became of each operation that was asked.
        first_looks: the verdicts before something was asked again, which often nothing is, and on how many exchanges.
        broken: operations that could not be asked because the suite failed inside, and how.
    """

    inputs: Inputs
    ledger: Ledger
    budget: Budget = field(default_factory=Budget)
    pace: Pace = field(default_factory=Pace)
    progress: Progress = field(default_factory=Progress)
    worker: str | None = None
    prelude: Prelude = field(default_factory=Prelude)
    asked: dict[str, Asked] = field(default_factory=dict)
    first_looks: dict[str, tuple[int, tuple[Verdict, ...]]] = field(default_factory=dict)
    broken: dict[str, str] = field(default_factory=dict)
    conclusion: Conclusion = field(default_factory=Conclusion)

    @property
    def scrub(self) -> Callable[[str], str]:
        return self.inputs.scrubber.text

    @cached_property
    def teller(self) -> Teller:
        inputs = self.inputs
        base_url, header, scrubber = inputs.target.base_url, inputs.options.header, inputs.scrubber
        return Teller(inputs.spec, base_url, header, scrubber, inputs.policy)

    @cached_property
    def book(self) -> RuleBook:
        return self.book_of(self.inputs.spec)

    def book_of(self, spec: Spec) -> RuleBook:
        """The rules of this document, or of another one, as this run applies them."""
        seconds = self.inputs.options.max_response_time
        return rules_for(spec, max_seconds=seconds, extra=prose_rules(spec))

    @cached_property
    def mock(self) -> MockService:
        return MockService(self.inputs.spec, refine=plausible, clock=DATE)

    @cached_property
    def plan(self) -> ProbePlan:
        """What is asked; made once sessions were looked for."""
        spec, given = self.inputs.spec, self.inputs.given
        seed, examples = self.budget.seed, self.budget.examples
        if self.inputs.target.live:
            found, own = self.ledger.note("found") or {}, self.ledger.note("own") or {}
            unsafe = self.inputs.options.unsafe
            return ProbePlan(spec, seed, given, examples, unsafe, found=found, own=own, live=True)
        given = {**sample_values(spec, MOCK_VALUES), **given}
        statuses = self.mock.count_variants
        return ProbePlan(spec, seed, given, examples, unsafe=True, statuses=statuses)

    @cached_property
    def items(self) -> dict[str, list[Rule]]:
        """The items of pytest: their names, and the rules that each stands for."""
        rules = []
        for operation in self.inputs.operations:
            own = self.book.operations[operation.key].rules
            rules += [rule for rule in own if self.inputs.wants(rule.id)]
        found: dict[str, list[Rule]] = {}
        for rule in rules:
            name = rule.id
            if len(rules) > MAX_ITEMS:
                name = " ".join(filter(None, (rule.operation, rule.status, rule.kind)))
            found.setdefault(name, []).append(rule)
        return found

    @property
    def shared(self) -> dict[str, Any]:
        """What the workers of xdist have to know, to be of the same run."""
        run, seed = self.ledger.path.stem.removeprefix(".run-"), self.budget.seed
        return {"contract_run": run, "contract_seed": seed, "contract_began": self.pace.started}


def state_from(config: Any, inputs: Inputs) -> State:
    """The run that a pytest session is about to make, or to take part in as a worker of xdist."""
    shared = getattr(config, "workerinput", {})
    run = shared.get("contract_run", uuid.uuid4().hex)
    options = inputs.options
    # The mock needs no rest.
    rate = options.rate * inputs.target.live
    pace = Pace(Bounds(rate, options.max_requests, options.max_time))
    budget = budget_from(config)
    if shared:
        budget = replace(budget, seed=shared["contract_seed"])
        pace.started = shared["contract_began"]
    about = {
        "suite": contracts.__version__,
        "started": now(),
        "seed": budget.seed,
        "document": inputs.spec.document.path,
        "sha256": inputs.spec.document.sha256,
        "base_url": inputs.target.base_url,
        "unsafe": options.unsafe,
        "max_seconds": options.max_response_time,
    }
    ledger = Ledger(inputs.folder / f".run-{run}.jsonl", about)
    progress = Progress(lambda: pace.spent, options.max_requests)
    return State(inputs, ledger, budget, pace, progress, shared.get("workerid"))


def now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def budget_from(config: Any) -> Budget:
    """What `--hypothesis-profile` and `--hypothesis-seed` say, a number or any text.

    The seed is 0 where none is given, but a new one each time for `nightly`.
    """
    profile = config.getoption("--hypothesis-profile", None) or "dev"
    examples, nightly = _max_examples(profile), profile == "nightly"
    if examples is None:
        cure = f"give one of {', '.join(EXAMPLES)}"
        raise UsageError(f"--hypothesis-profile {profile}: there is no such profile; {cure}")
    seed = config.getoption("--hypothesis-seed", None)
    if seed is None:
        return Budget(secrets.randbelow(2**32) * nightly, examples, nightly)
    try:
        return Budget(int(seed), examples, nightly)
    except ValueError:
        digest = hashlib.sha256(str(seed).encode()).digest()
        return Budget(int.from_bytes(digest[:4], "big"), examples, nightly)


def register_profiles() -> None:
    """Make the profiles known, so that `--hypothesis-profile` takes them; those of the project stay as they are."""
    from hypothesis import settings

    # Hypothesis brings a `ci` of its own, with as many examples as its default has.
    builtin = {"ci": settings.get_profile("default").max_examples}
    for name, examples in EXAMPLES.items():
        if _max_examples(name) in (None, builtin.get(name)):
            reproducible = name == "ci"
            settings.register_profile(
                name, max_examples=examples, deadline=None, derandomize=reproducible
            )


def _max_examples(profile: str) -> int | None:
    from hypothesis import errors, settings

    try:
        return int(settings.get_profile(profile).max_examples)
    except errors.InvalidArgument:
        return None
