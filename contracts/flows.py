"""The picture as code: what happens to a document, and to a request. Read this first.

spec ──> rules ─────────────────────────┐
  ├────> probes ──> target ──> exchanges ┴──> verdicts ──> decision ──> report
  └────> mock ───────┘
two specs ──> changes ──> decision ──> report

A run is `begin`, `lead`, `ask` for each operation, `conclude`; pytest's hooks call them in this
order, in each process. `compare`, `pull` and `drift` need none of what only a run imports.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from contracts.decision.change_decision import ChangePolicy, accepted_for
from contracts.document import FolderFiles, Spec, sides
from contracts.document.composite import couples_of, is_unborn, origin_of
from contracts.errors import ContractsError, UsageError, defect, mended
from contracts.report.diff import Diff, diff_of, diff_of_many, drift_of
from contracts.report.run import Drift
from contracts.schemas.allowance import SECONDS
from contracts.text import printable, write_whole

if TYPE_CHECKING:
    from contracts.decision.run_decision import Result
    from contracts.document import Operation
    from contracts.report.record import Report
    from contracts.report.run import Run
    from contracts.run.end import ItemResult
    from contracts.run.inputs import Inputs
    from contracts.run.state import Asked, State


@mended()
def begin(config: Any, base_url: str | None, *, asks: bool = True) -> State:
    """Options -> document -> rules -> items; ContractsError with a text for the user.

    One that `asks` nothing, because tests judge answers that they have, needs no credential.
    """
    import contracts.run.end
    import contracts.run.prelude  # what can't be imported is said before anything is sent
    from contracts.run.inputs import inputs_from
    from contracts.run.invocation import lasting
    from contracts.run.options import options_from
    from contracts.run.state import register_profiles, state_from

    register_profiles()
    options = options_from(lambda option: option.given(config))
    if base_url is None:
        base_url = config.getini("base_url") or None
    with lasting():
        inputs = inputs_from(options, base_url=base_url, root=config.rootpath, asks=asks)
        state = state_from(config, inputs)
        if asks and not (state.items.operations or (options.shard and inputs.shares)):
            problem = f"--contract-rule {options.rule} matches none of the rules"
            raise UsageError(f"{problem}; see `contracts rules`")
    if state.inputs.scrubber.secrets:
        contracts.run.prelude.forbid_core_dumps()
    return state


def lead(state: State, say: Callable[[str], None]) -> None:
    """Before anything is asked: what killed runs left, what the service publishes, and sessions."""
    from contracts.report.wording import drift_headline
    from contracts.run.prelude import look_for_drift, make_folder, reach, salvage, source_sessions

    inputs, options = state.inputs, state.inputs.options
    if state.worker is None and (sent := reach(state)):
        say(printable(f"contract: {sent}"))
    if not options.dry_run:
        make_folder(inputs)
        state.ledger.hold(state.worker or "main")
    elif state.worker is None and inputs.sources:
        say("contract: --contract-dry-run: sessions are neither listed nor started")
    if options.dry_run or state.worker is not None:
        return
    if not inputs.operations:  # of a shard without a share, which has a report as all others
        state.ledger.add((), share=[])
    for line in salvage(state):
        say(printable(state.scrub(f"contract: {line}")))
    wants_drift = options.drift or inputs.known is not None or state.budget.nightly
    if wants_drift and inputs.target.live and inputs.is_first and not inputs.replays:
        state.prelude.drift = look_for_drift(state)
        say(printable(state.scrub(f"contract: {drift_headline(state.prelude.drift)}")))
    if inputs.sources:
        source_sessions(state, say)


def ask(state: State, operation: Operation) -> Asked:
    """Probes -> target -> exchanges -> verdicts of one operation, once in all processes."""
    from contracts.run.ask import asked

    try:
        with mended():
            return asked(state, operation)
    except KeyboardInterrupt:
        # Its frames hold requests with the credential, and --full-trace shows them.
        raise KeyboardInterrupt from None
    except Exception as error:
        # Noted for the other items of the operation, and raised for this one.
        state.broken[operation.key] = state.scrub(f"{type(error).__name__}: {error}")
        raise
    finally:
        state.progress.clear()


def asked_by(spec: Spec, operation: str) -> Mapping[str, Collection[str]]:
    """Probes -> mock -> exchanges -> judgements: by rule, which sources exercise it."""
    from contracts.exchanges import Ledger
    from contracts.run.ask import asked
    from contracts.run.inputs import Inputs
    from contracts.run.state import State
    from contracts.verdicts import judge_all

    with TemporaryDirectory() as folder:
        state = State(Inputs(spec), Ledger(Path(folder, "exchanges.jsonl")))
        asked(state, spec.by_key[operation])
        exchanges = state.ledger.of(operation)
    rules, found = state.book.operations[operation], dict[str, dict[str, None]]()
    for row in (*rules.reads, *rules.walks, *rules.conditions):
        found[row.rule.id] = {"read": None}  # which the mock is not sent
    for judgement in judge_all(rules, exchanges):
        for rule in judgement.exercised:
            found.setdefault(rule, {})[judgement.exchange.probe.source] = None
    return found


def gate(inputs: Inputs) -> ItemResult:
    """Document, baseline (HEAD's if none is named) -> changes -> decision -> what a test says."""
    from contracts.run.end import ItemResult, compared, undecided

    strict, reading, path = inputs.policy.strict, inputs.reading, inputs.spec.document.path
    if inputs.options.dry_run:
        return ItemResult("skipped", "--contract-dry-run: nothing is judged")
    if inputs.policy.partial or inputs.policy.some_rules:
        return ItemResult("skipped", "only some operations or rules are judged")
    if not inputs.is_first:
        return ItemResult("skipped", "the first shard compares the document with its baseline")
    try:
        if inputs.options.baseline is not None:
            base = sides.side_from(inputs.options.baseline, reading)
        else:
            head = f"HEAD:{sides.path_in_repository(Path(path))}"
            base = sides.side_from(head, reading, folder=Path(path).parent)
    except ContractsError as error:
        said = printable(f"not compared with a baseline: {error}")
        return ItemResult("skipped", said, said)
    try:
        revision = sides.side_from(path, reading)
        if sides.is_same(base, revision, inputs.spec):
            return ItemResult("passed")
        accepted = accepted_for(revision, revision, today=date.today())
        # A client's certificate has met requirements that the document has.
        read = None if inputs.options.client_cert else inputs.spec
        diff = diff_of(base, revision, ChangePolicy(), accepted, read=read)
    except ContractsError as error:
        return undecided(str(error), f"undecided: {error}", strict=strict)
    return compared(diff, strict=strict)


def conclude(state: State, ended: str, broken: str, tell: Callable[[Run], None]) -> Result:
    """Exchanges -> verdicts -> decision -> report, in all its forms; `tell` may make others.

    `ended` and `broken` say why it ended early, and how the document breaks its baseline, if so.
    What can't be written is said, costs nothing else, and leaves what was there before as it was.
    """
    from contracts.decision.run_decision import Result
    from contracts.report.forms.page import page
    from contracts.report.json_report import to_json, write_json
    from contracts.run.end import concluded, put_away, remember, report_of
    from contracts.run.invocation import empty_caches
    from contracts.run.state import now

    def make_room() -> None:
        if state.items.by != "id":  # the report of so many rules takes much by itself
            empty_caches()

    def made_of(report: Report) -> tuple[Report, dict[str, Any]]:
        make_room()
        return report, to_json(report.run)

    folder, attempt = state.inputs.folder, state.attempt
    attempt("ending what the run made", lambda: put_away(state))
    state.ledger.shared = False  # the others have ended, and nobody looks for more of them
    make_room()
    try:
        # What stands beside the verdicts, such as what is new, must not cost the verdicts.
        made = attempt("all but the verdicts", lambda: made_of(report_of(state, ended, broken)))
        report, value = made or made_of(concluded(state, state.left_out[-1], now()))
        state.told = run = report.run.told
    except Exception as error:
        # pytest has no place for an error here, and its traceback would end the process with 1.
        state.problem = f"{defect(error)}, while it concluded; please report it"
        return Result.INCONCLUSIVE
    written = attempt("report.json", lambda: write_json(value, folder))
    attempt("exchanges.jsonl", lambda: state.ledger.close(folder / "exchanges.jsonl"))
    remember(state, value)
    html = folder / "report.html"
    make_room()
    state.page = attempt("the page", lambda: write_whole(html, page(run, state.trend))) or written
    attempt("what the JUnit file says of the run", lambda: tell(run))
    return report.decision.result


@dataclass(frozen=True, slots=True)
class Terms:
    """How two documents are compared."""

    policy: ChangePolicy
    reading: sides.Reading  # of both
    accepted: str | None  # a file of accepted changes, `none` for none; None: the one beside a side
    today: date
    max_time: float = SECONDS  # CPU seconds, after which what is left is undecided


def compare(base: str, revision: str, terms: Terms) -> Diff:
    """Two documents -> changes -> decision -> report; each a file, `REV:path`, a URL, or `-`.

    A folder, or a pattern, is many documents, each compared with its counterpart.
    """
    if couples := couples_of(base, revision, terms.reading):
        placed = [one for one in couples if one.base.around and one.revision.around]
        beside = (placed or couples)[0]
        accepted = accepted_for(
            beside.base, beside.revision, today=terms.today, named=terms.accepted
        )
        policy = replace(terms.policy, accepted=accepted)
        return diff_of_many((base, revision), couples, policy, max_time=terms.max_time)
    both = sides.sides_from(base, revision, terms.reading)
    accepted = accepted_for(*both, today=terms.today, named=terms.accepted)
    return diff_of(*both, terms.policy, accepted, max_time=terms.max_time)


def compare_since(revision: str, path: str, terms: Terms) -> Diff | None:
    """A document and what it was in a git revision, compared; None if it was not there yet.

    One that came under another name is that which is gone.
    """
    base = f"{revision}:./{Path(os.path.relpath(path)).as_posix()}"
    try:
        return compare(base, path, terms)
    except sides.MissingError:
        moved = origin_of(revision, path)
        return compare(moved, path, terms) if moved else None
    except UsageError:
        if revision == "HEAD" and is_unborn():
            return None
        raise


@dataclass(frozen=True)
class Pulled:
    """A published document that was got, and what it changes."""

    path: Path  # where our document is, or is to be
    text: bytes
    spec: Spec  # as it will be read there
    diff: Diff | None = None  # None if there is nothing to compare it with
    is_new: bool = True  # the bytes are others than those that are there
    reason: str | None = None  # why it may break

    @property
    def exit_code(self) -> int:
        """0 if it is written or the same, else that of the comparison."""
        if self.diff is None or not self.is_new or self.reason is not None:
            return 0
        return self.diff.decision.exit_code

    @property
    def is_written(self) -> bool:
        return self.is_new and not self.exit_code

    def lines(self) -> Iterator[str]:
        """What became of the document, for people, and what to do next."""
        path = printable(str(self.path))
        if not self.is_new:
            yield f"{path}: the same, nothing written"
        elif not self.is_written:
            yield f"{path}: nothing written; --accept REASON writes it all the same"
        else:
            yield f"{path}: written, {printable(self.spec.title)} {printable(self.spec.version)}"
            if self.diff is not None and self.diff.decision.exit_code and self.reason is not None:
                yield f"accepted: {printable(self.reason)}; until this is committed, a run wants:"
                yield printable(self.diff.command(*self.diff.needed))


def pull(
    source: str, path: Path, reading: sides.Reading, *, reason: str | None, today: date
) -> Pulled:
    """Published document, ours -> changes -> decision -> what becomes of ours; writes nothing."""
    got = sides.side_from(source, replace(reading, overlays=[]))
    around = FolderFiles(path.parent, str(path), reading.root)
    got = replace(got, around=around, prefix="")
    if not os.path.lexists(path):
        named = sides.named_overlays(reading.overlays or ())
        spec = sides.read_side(replace(got, overlays=named))
        if reading.is_strict:
            from contracts.rules.faults import refuse_faulty

            refuse_faulty(spec)
        return Pulled(path, got.text, spec, reason=reason)
    present = sides.side_from(str(path), reading)
    placed = replace(got, overlays=present.overlays)
    diff = diff_of(present, placed, ChangePolicy(), accepted_for(present, placed, today=today))
    offered = replace(diff, reason=reason or diff.reason)
    return Pulled(path, got.text, diff.specs[1], offered, got.text != present.text, reason)


def drift(path: str, source: str, terms: Terms) -> tuple[Diff, Drift]:
    """Our document, a published one -> changes -> decision -> report, and its headline."""
    found = compare(path, source, terms)
    return found, drift_of(found, "")
