"""A contract run as one value that evolves, and what a terminal shows of it meanwhile."""

import hashlib
import os
import secrets
import shlex
import time
import uuid
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cached_property, partial
from pathlib import Path
from typing import Any, TypeVar

from contracts.document import Operation, Spec
from contracts.errors import UsageError, defect
from contracts.exchanges import Board, Bounds, Ledger, Pace
from contracts.exchanges.health import LOSSES
from contracts.messages import FailureKind
from contracts.mock import MockService
from contracts.mock.bodies import sample_values
from contracts.notte.domain import PROXY_VARIABLE
from contracts.notte.prose import DATE, plausible
from contracts.notte.sessions import Listed, Started
from contracts.probes import ProbePlan
from contracts.report.forms.terminal import Screen, marked
from contracts.report.history import Trend
from contracts.report.record import Teller
from contracts.report.run import Drift, Run
from contracts.rules import Rule, RuleBook, answers_of
from contracts.run.inputs import Inputs
from contracts.run.invocation import command_of, give_back
from contracts.text import plural
from contracts.verdicts import Verdict
from contracts.verdicts.handover import from_line, to_line
from notte_contracts import __version__

T = TypeVar("T")
# Above so many rules an item stands for those of an operation, status and kind,
MAX_ITEMS = 2000
MAX_GROUPS = 10_000  # and above so many of these, for those of an operation and status
MOCK_VALUES = 8  # of a path parameter that the mock knows: shows every sort of answer twice
EXAMPLES = {"dev": 10, "ci": 40, "nightly": 300}  # random requests an operation, by profile
CLEARING = 0.5  # CPU seconds after which memory that is free is given back to the system
INTERVAL = 0.25  # seconds between two looks of the line that says what is being asked


@dataclass(frozen=True, slots=True)
class Items:
    """The items of pytest: the operation of each by its name, and which name a rule has there."""

    by: str  # what of a rule is the name of its item
    operations: dict[str, str]

    def of(self, rule: Rule) -> str:
        return str(getattr(rule, self.by))


@dataclass(frozen=True, slots=True)
class Asked:
    """What became of asking one operation."""

    verdicts: Mapping[str, Verdict]  # by the id of their rule
    blocked: str | None  # why they mean nothing, if so
    cut: str | None = None  # which bound of the run ended the asking, if one did
    kept: bool = False  # whether the ledger has it, so that it can be let go of


@dataclass(frozen=True, slots=True)
class Budget:
    """How much is asked at random of an operation, of which seed, and whether it is a night."""

    seed: int = 0
    examples: int = EXAMPLES["dev"]
    nightly: bool = False


def nothing(*_: object) -> None:
    """What a run without a terminal writes."""


@dataclass(slots=True)
class Progress:
    """Says what it is told, a few times a second at most.

    The line stands below the one that pytest is writing, the cursor where pytest left it, so that
    nothing of pytest's is overwritten; `clear` takes the line away before pytest goes on.
    """

    write: Callable[[str], object] = nothing
    screen: Screen = field(default_factory=Screen)
    column: Callable[[], int] = int  # where the cursor is
    operations: frozenset[str] = frozenset()  # what is asked
    pace: Pace = field(default_factory=Pace)  # how many requests the run has sent, and may send
    now: Callable[[], float] = time.monotonic
    _begun: set[str] = field(default_factory=set, init=False)
    _next: float = field(default=0, init=False)

    def told(self, operation: str, count: int) -> None:
        """So many requests of an operation were answered."""
        self._begun.add(operation)
        if self.now() >= self._next:
            self._next = self.now() + INTERVAL
            self.write(self._below(self.line(operation, count)))

    def line(self, operation: str, count: int) -> str:
        """What is said, on one row: the operation is cut rather than the numbers."""
        numbers, columns = f": {plural(count, 'request')}", self.screen.width - 1
        if (most := self.pace.bounds.requests) is not None:
            numbers += f", at most {max(most - self.pace.spent, 0)} left"
        left, total = len(self.operations - self._begun), len(self.operations)
        numbers += f", {left} of {plural(total, 'operation')} left"
        key = self.screen.shortened(operation, max(columns - len("asking ") - len(numbers), 12))
        return self.screen.cut(f"asking {key}{numbers}", columns)

    def clear(self) -> None:
        if self._next:
            self.write(self._below(""))
            self._next = 0

    def _below(self, text: str) -> str:
        """What puts a text, and nothing else, on the row below the cursor."""
        column = self.column() % self.screen.width
        return f"\n\r\x1b[K{text}\r\x1b[A" + f"\x1b[{column}C" * bool(column)


@dataclass(slots=True)
class Prelude:
    """What the leading process found before anything was asked; None where nobody looked."""

    killed: list[Mapping[str, Any]] = field(default_factory=list)  # reports on runs of the folder
    drift: Drift | None = None  # what the service publishes against our document
    published: Spec | None = None
    listed: Listed | None = None  # sessions of the service
    started: Started | None = None  # the session of the run
    problem: str = ""  # how looking for sessions failed inside


@dataclass
class State:
    """One run in one of its processes, from its inputs to its end."""

    inputs: Inputs
    ledger: Ledger
    budget: Budget = field(default_factory=Budget)
    pace: Pace = field(default_factory=Pace)
    progress: Progress = field(default_factory=Progress)
    worker: str | None = None  # this process of xdist; None if it is alone, or leads the others
    kept: Path | None = None  # where what is generated is kept for other runs; None: nowhere
    prelude: Prelude = field(default_factory=Prelude)
    asked: dict[str, Asked] = field(default_factory=dict)
    # The verdicts before anything was asked again, and on how many exchanges.
    first_looks: dict[str, tuple[int, Sequence[Verdict]]] = field(default_factory=dict)
    # What was lost of the last exchanges of this process.
    recent: deque[FailureKind | None] = field(default_factory=partial(deque, maxlen=LOSSES))
    chosen: frozenset[str] = frozenset()  # the operations that tests of this session are about
    is_fresh: bool = True  # nothing was given back to the system yet
    cleared: float = field(default_factory=time.process_time)  # when something was, if so
    broken: dict[str, str] = field(default_factory=dict)  # how the suite failed inside
    ran: set[str] = field(default_factory=set)  # the items that tests of this run were about,
    others: Sequence[str] = ()  # and the tests that failed and were about none
    told: Run | None = None  # what the report says of the run
    trend: Trend | None = None  # the history with this run, if one is kept
    unkept: str = ""  # why the history does not have it
    problem: str = ""  # why there is no report
    page: Path | None = None  # where the report can be read, if it is written
    left_out: list[str] = field(default_factory=list)  # of the conclusion: what failed, and why

    @property
    def scrub(self) -> Callable[[str], str]:
        return self.inputs.scrubber.text

    def attempt(self, what: str, step: Callable[[], T]) -> T | None:
        """What a step of the conclusion gives; None if it fails: then it is left out, and named."""
        try:
            return step()
        except Exception as error:  # of whatever kind: the rest of what is known must not be lost
            why = (
                error.strerror if isinstance(error, OSError) else f"{defect(error)}, please report"
            )
            self.left_out.append(f"left out: {what} ({why})")
            return None

    @cached_property
    def teller(self) -> Teller:
        own = self.inputs
        route, options = list[str](), own.options
        if options.proxy is not None:
            route = ["--proxy", shlex.quote(options.proxy)]
        elif own.target.route.proxy is not None:
            route = ["--proxy", f'"${PROXY_VARIABLE}"']
        if options.ca_bundle is not None:
            route += ["--cacert", shlex.quote(options.ca_bundle)]
        if (certificate := own.target.route.certificate) is not None:
            route += certificate.words
        base_url, policy = own.target.base_url, own.policy
        return Teller(own.spec, base_url, options.header, own.scrubber, policy, route)

    @cached_property
    def book(self) -> RuleBook:
        return self.inputs.book

    @cached_property
    def mock(self) -> MockService:
        return MockService(self.inputs.spec, refine=plausible, clock=DATE)

    @cached_property
    def plan(self) -> ProbePlan:
        """What is asked; made once sessions were looked for."""
        spec, givens = self.inputs.spec, self.inputs.givens
        given, bodies = givens.values, givens.bodies
        seed, examples = self.budget.seed, self.budget.examples
        if not self.inputs.target.live:
            given = {**sample_values(spec, MOCK_VALUES), **given}
            variants = self.mock.count_variants
            plan = ProbePlan(spec, seed, given, examples, True, variants, bodies=bodies)
            return replace(plan, kept=self.kept)
        found, own = self.ledger.note("found") or {}, self.ledger.note("own") or {}
        plan = ProbePlan(spec, seed, given, examples, self.inputs.options.unsafe, bodies=bodies)
        return replace(plan, found=found, own=own, rows=givens.rows, live=True, kept=self.kept)

    def forget(self, operation: Operation) -> None:
        """Let go of what was made to ask an operation and to judge it, which is done."""
        self.plan.forget(operation)
        self.book.forget(operation.key)
        if not self.inputs.target.live:
            self.mock.forget(operation)
        if time.process_time() - self.cleared > CLEARING:
            give_back(for_good=self.is_fresh)
            self.is_fresh, self.cleared = False, time.process_time()

    @cached_property
    def items(self) -> Items:
        found = {by: dict[str, str]() for by in ("id", "group", "answer")}
        for operation in self.inputs.operations:
            if len(found) == 1 and self.inputs.options.rule is None:
                found["answer"] |= dict.fromkeys(answers_of(operation), operation.key)
                continue
            for rule in self.book.operations[operation.key].rules:
                for by, names in found.items() if self.inputs.wants(rule.id) else ():
                    names[getattr(rule, by)] = rule.operation
            for by, most in (("id", MAX_ITEMS), ("group", MAX_GROUPS)):
                if len(found.get(by, ())) > most:
                    del found[by]
            if "id" not in found:  # rules take more room than all else, and are made again
                self.book.forget(operation.key)
        return Items(*next(iter(found.items())))

    @property
    def shared(self) -> dict[str, Any]:
        """What the workers of xdist have to know, to be of the same run, and not to derive it."""
        name, seed = self.ledger.path.name, self.budget.seed
        found = {"contract_run": name, "contract_seed": seed, "contract_began": self.pace.started}
        return {**found, "contract_items": (self.items.by, self.items.operations)}


def state_from(config: Any, inputs: Inputs) -> State:
    """The run that a pytest session is about to make, or to take part in as a worker of xdist."""
    shared, options = getattr(config, "workerinput", {}), inputs.options
    budget = budget_from(config)
    if options.shard and budget.nightly and config.getoption("--hypothesis-seed", None) is None:
        cure = "give all shards the same --hypothesis-seed N, the number of the build say"
        raise UsageError(f"--contract-shard: each night has a seed of its own; {cure}")
    rate = options.rate * inputs.target.live  # the mock needs no rest
    pace = Pace(Bounds(rate, options.max_requests, options.max_time))
    if "contract_run" in shared:
        budget = replace(budget, seed=shared["contract_seed"])
        pace.started = shared["contract_began"]
    document = inputs.spec.document
    name = shared.get("contract_run", f".run-{uuid.uuid4().hex}.jsonl")
    about = {"suite": __version__, "started": now(), "seed": budget.seed}
    about |= {"document": document.path, "sha256": document.sha256}
    about |= {"base_url": inputs.target.base_url, "unsafe": options.unsafe}
    about["max_seconds"] = options.max_response_time
    about["command"] = command_of(config, inputs, budget.seed)
    secrets_of = (inputs.target.secret, *inputs.target.others.values())
    unlooked = [secret.unlooked for secret in secrets_of if secret is not None]
    about["unlooked"] = next(filter(None, unlooked), "")
    worker, path = shared.get("workerid"), inputs.folder / name
    together = worker is not None or config.getoption("dist", "no") != "no"
    if together and (inputs.target.live or options.max_requests is not None):
        pace.board = Board(path.with_name(f"{name}.pace"))
    ledger = Ledger(path, about, [*inputs.spec.by_key], worker or "", together)
    state = State(inputs, ledger, budget, pace, worker=worker)
    if "contract_items" in shared:
        vars(state)["items"] = Items(*shared["contract_items"])
    return state


def handed_over(state: State, operation: Operation) -> Asked | None:
    """What the process that asked an operation says of it; None if none has said anything."""
    line = state.ledger.judged(operation.key)
    taken = line and from_line(line, state.ledger.count(operation.key))
    if not taken:
        return None
    verdicts, why, cut = taken
    return Asked({verdict.rule.id: verdict for verdict in verdicts}, why, cut, kept=True)


def hand_over(state: State, key: str, known: Asked, count: int) -> Asked:
    """Let the ledger keep what is known of an operation, if it can; what is known, whether kept."""
    secrets = (state.inputs.target.secret, *state.inputs.target.others.values())
    if any(secret.is_words for secret in secrets if secret is not None):
        return known  # verdicts may be on bodies that have them in clear
    line = to_line(known.verdicts.values(), known.blocked, known.cut, count)
    return replace(known, kept=line is not None and state.ledger.keep_judged(key, line))


def now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def budget_from(config: Any) -> Budget:
    """What pytest's options say; without a seed it is 0, but a new one each time for `nightly`."""
    profile = config.getoption("--hypothesis-profile", None) or "dev"
    examples, nightly = _max_examples(profile), profile == "nightly"
    if examples is None:
        cure = f"give one of {', '.join(EXAMPLES)}"
        raise UsageError(f"--hypothesis-profile {profile}: there is no such profile; {cure}")
    seed = config.getoption("--hypothesis-seed", None)
    if seed is None:
        seed = secrets.randbelow(2**32) * nightly
    try:
        number = int(seed)
    except ValueError:
        number = int.from_bytes(hashlib.sha256(str(seed).encode()).digest()[:4], "big")
    return Budget(number, examples, nightly)


def register_profiles() -> None:
    """Let `--hypothesis-profile` take the profiles; those of the project stay as they are."""
    from hypothesis import settings

    # Hypothesis brings a `ci` of its own, with as many examples as its default has.
    builtin = {"ci": settings.get_profile("default").max_examples}
    for name, most in EXAMPLES.items():
        if _max_examples(name) in (None, builtin.get(name)):
            is_ci = name == "ci"
            settings.register_profile(name, max_examples=most, deadline=None, derandomize=is_ci)


def _max_examples(profile: str) -> int | None:
    from hypothesis import errors, settings

    try:
        return int(settings.get_profile(profile).max_examples)
    except errors.InvalidArgument:
        return None


def screen_of(reporter: Any) -> Screen:
    """The terminal of pytest's reporter; a file that names no encoding takes everything."""
    encoding = getattr(reporter._tw._file, "encoding", None) or "utf-8"
    return Screen(reporter._tw.fullwidth, encoding)


def write(reporter: Any, line: str) -> None:
    """Write a line, the word that says what it is about in colour where pytest has colours."""
    before, word, after, markup = marked(screen_of(reporter).text(line))
    reporter.write(before)
    reporter.write(word, **markup)
    reporter.write_line(after)


def wanted(config: Any, reporter: Any, environ: Mapping[str, str] = os.environ) -> bool:
    """Whether somebody looks at a terminal where lines can be rewritten: no pipe, CI or `-q`."""
    logs = config.getini("log_cli") or config.getoption("log_cli_level", None) is not None
    in_ci = environ.get("CI") or environ.get("BUILD_NUMBER")
    if reporter is None or logs or in_ci or config.get_verbosity() < 0:
        return False
    return bool(reporter._tw._file.isatty()) and environ.get("TERM", "dumb") != "dumb"


def show(state: State, config: Any, reporter: Any, asked: frozenset[str]) -> Callable[[], None]:
    """Let pytest's terminal say what is being asked, if that is wanted; returns what ends it."""
    if not wanted(config, reporter):
        return nothing
    # A copy: what captures output puts a file in the place of the number.
    terminal = os.dup(reporter._tw._file.fileno())

    def write_now(text: str) -> None:
        os.write(terminal, text.encode("utf-8", "replace"))

    column = partial(getattr, reporter._tw, "width_of_current_line")
    state.progress = Progress(write_now, screen_of(reporter), column, asked, state.pace)
    return partial(os.close, terminal)
