"""What was asked to what is said of it, by each test, by the report, and at the end."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from functools import partial
from operator import attrgetter
from pathlib import Path
from typing import Any, Literal
from zlib import crc32

from contracts.changes.change import Effect
from contracts.decision.entries import TERM, accept_command
from contracts.decision.run_decision import SILENT, Policy, Result, Since, against, decide, pending
from contracts.document import Operation
from contracts.document.security import shortcomings
from contracts.exchanges import Bounds, Pace, StopKind
from contracts.exchanges.credential import UNLOOKED
from contracts.exchanges.traffic import Traffic, traffic_of
from contracts.probes.permission import refused
from contracts.report.diff import Diff
from contracts.report.forms import diff_forms
from contracts.report.forms.failure import Property, failure_text, missing_text, properties_of
from contracts.report.forms.terminal import Screen, decision_line, summary_lines
from contracts.report.history import keep, thin, trend_in
from contracts.report.json_report import json_parts
from contracts.report.record import Report
from contracts.report.run import Drift, RuleVerdict, Shard
from contracts.report.wording import bug_notes, target_text
from contracts.rules.requests import OF_CLIENTS
from contracts.run.ask import closing_of, connected, probes_of, spares, verdicts_of
from contracts.run.credentials import judged
from contracts.run.options import OPTIONS
from contracts.run.resources import clean_up
from contracts.run.state import Asked, State, now
from contracts.text import few, plural, printable, shown_path
from contracts.verdicts import Outcome, Verdict, unjudged
from contracts.verdicts.handover import Verdicts

NO_SHARE = "there are more shards than operations, so that none is left for this one"
MAX_NAMED = 3  # rules and tests that a line names


def report_of(state: State, ended: str, broken: str = "") -> Report:
    """The report; `broken` says how the document breaks its baseline, which fails any run."""
    inputs = state.inputs
    bounds = [stop.why for stop in state.ledger.stops() if stop.kind is StopKind.BOUND]
    report = concluded(state, ended or state.prelude.problem or "".join(bounds[-1:]), now())
    report = replace(report, drift=_drift(state, report))
    if broken:
        decision, reasons = report.decision, (*report.decision.reasons, broken)
        failed = replace(decision, result=Result.FAIL, reasons=reasons)
        shard = report.shard and replace(report.shard, breaks=broken)
        report = replace(report, decision=failed, shard=shard)
    failing = filter(inputs.policy.fails, report.verdicts.others)
    unrun = [v.rule.id for v in failing if state.items.of(v.rule) not in state.ran]
    if unrun and report.decision.result is Result.FAIL:
        said = f"not among the tests that ran: {few(unrun, MAX_NAMED)}"
        first, *others = report.decision.reasons
        decision = replace(report.decision, reasons=(first, said, *others))
        report = replace(report, decision=decision)
    if inputs.evidence:
        decision = report.decision
        notes = (*decision.notes, *left_out(state))
        report = replace(report, decision=replace(decision, notes=notes))
    if inputs.sources:
        listed, started = state.prelude.listed, state.prelude.started
        sessions = {"listed": listed and asdict(listed), "started": started and asdict(started)}
        report = replace(report, sessions=sessions)
    if inputs.known is not None:
        promised = {rule.id for rule in state.book.each() if rule.id in inputs.known.rules}
        accepted = {v.rule.id for v in report.verdicts.others if inputs.policy.acceptance_of(v)}
        counting = filter(inputs.policy.counts, report.verdicts)
        since = against(inputs.known, counting, accepted=accepted, promised=promised)
        report = replace(report, against=since)
    return report


def put_away(state: State) -> None:
    """End what the run made of its own, as far as that goes, whatever the bounds of the run say."""
    options = state.inputs.options
    if state.inputs.target.live and options.unsafe and not state.inputs.replays:
        with connected(state, Pace(Bounds(options.rate))) as client:
            state.ledger.add((), upkeep=clean_up(state, client))


def concluded(state: State, ended: str = "", finished: str = "") -> Report:
    """Verdicts on what was asked, and the decision; `ended` says why the asking was cut short."""
    inputs, ledger, policy = state.inputs, state.ledger, state.inputs.policy
    traffic, finished_keys = traffic_of(inputs.spec, ledger.all()), ledger.finished()
    numbers = ledger.first_numbers()
    begun = finished_keys | numbers.keys()
    operations = [operation for operation in inputs.spec.operations if operation.key in begun]
    of = partial(_all_verdicts, state, operations, traffic.signs.blocked, numbers)
    verdicts = Verdicts(of, state.teller.told)
    others = verdicts.others
    # That none of those which are spared succeeded is our own doing.
    spared = operations and all(spares(state, operation) for operation in operations)
    wanted = set(map(attrgetter("key"), filter(inputs.owns, inputs.spec.operations)))
    if spared or not wanted <= finished_keys:
        policy = replace(policy, partial=True)
    mistakes = list(bug_notes({v.rule.id: v.defect for v in others if v.defect}))
    why, stops, seed = ended or "".join(mistakes[:1]), ledger.stops(), state.budget.seed
    idle = ""
    if not (traffic.signs.count or ended):
        idle = f"nothing was sent: {others[0].why}" if others else NO_SHARE
        if others and (stops or not policy.shared):
            why, idle = idle, ""
    # Entries of accepted.toml alone are about what holds as well.
    weighed = verdicts if policy.accepted.entries else others
    decision = decide(inputs.spec, weighed, traffic, policy, stops=stops, ended=why or None)
    unlooked = [ledger.about.get("unlooked", ""), ledger.note("upkeep") or ""]
    unlooked += [verdict.why for verdict in others if UNLOOKED in verdict.why]
    unlooked += left_behind(traffic)
    slow = [*(ledger.note("slow") or {}).values(), *(ledger.note("watched") or ())]
    asks = inputs.target.live and not inputs.watches
    lacks = shortcomings(operations, inputs.spec) if asks else ()
    unlooked.append(idle * policy.shared)
    notes = (*decision.notes, *lacks, *slow, *filter(None, dict.fromkeys(unlooked)), *mistakes)
    decision = replace(decision, notes=notes)
    began, early = ledger.about.get("started", ""), bool(ended)
    told = verdicts, traffic, decision, early
    command = ledger.about.get("command", "")
    report = Report(state.teller, seed, began, finished, *told, command=command)
    return replace(report, shard=_shard(state, report, policy, idle))


def _all_verdicts(
    state: State, operations: Sequence[Operation], refused: str | None, numbers: Mapping[str, int]
) -> Iterator[Verdict]:
    """Those of the report; `refused` is why a service that takes no credential says nothing."""
    inputs = state.inputs
    for operation in operations:
        own = inputs.owns(operation)
        for verdict in _verdicts(state, operation):
            # What can do without may be shown one; also where odd paths alone were answered.
            is_about = verdict.rule.kind == "auth" or operation.needs_credential
            if refused and is_about and verdict.rule.kind not in OF_CLIENTS:
                verdict = unjudged(verdict.rule, refused)
            if inputs.wants(verdict.rule.id) and (own or verdict.exercised):
                yield verdict.numbered(numbers)
    yield from _elsewhere(state, numbers)


def _elsewhere(state: State, numbers: Mapping[str, int]) -> Iterator[Verdict]:
    """On what clients asked for that is no operation of the document."""
    for key, asked in state.asked.items():
        if key not in state.inputs.spec.by_key:
            for verdict in asked.verdicts.values():
                yield verdict.numbered(numbers)


def _shard(state: State, report: Report, policy: Policy, idle: str) -> Shard | None:
    """Which share the report is about, and what is left to those who put all of them together."""
    inputs = state.inputs
    if inputs.options.shard is None:
        return None
    settings = {"--hypothesis-profile": plural(state.budget.examples, "random request")}
    for option in OPTIONS:
        if said := option.said(getattr(inputs.options, option.field)):
            settings[option.flag] = said
    agreed = [(entry.name, entry.until, entry.evidence) for entry in policy.accepted.entries]
    for name, part in (("content", inputs.spec.document.tree), ("accepted entries", agreed)):
        settings[name] = f"{crc32(repr(part).encode('utf-8', 'surrogatepass')):08x}"
    about = Shard(*inputs.options.shard, inputs.shares, settings, report.decision.failing)
    if report.interrupted or policy.partial:
        return replace(about, idle=idle)
    # The rules of all operations are made for this alone, which takes seconds for a big document.
    promised = list[str]()
    if policy.accepted.entries:
        promised += map(attrgetter("id"), state.book.each())
    left = pending(inputs.spec, report.verdicts, report.traffic, policy, promised)
    return replace(about, stale=left.stale, healed=left.healed, missed=left.missed, idle=idle)


def left_out(state: State) -> Iterator[str]:
    """Why requests of an earlier report are not sent, each reason once, with their number."""
    counts: Counter[str] = Counter()
    for operation in state.inputs.operations:
        lane = state.plan.lane(operation)
        evidence = state.inputs.evidence.get(operation.key, ())
        counts.update(filter(None, (refused(lane, probe) for probe in evidence)))
    for why, count in counts.most_common():
        yield f"{plural(count, 'request')} of the earlier report left out: {why}"


def left_behind(traffic: Traffic) -> Iterator[str]:
    """What forbidden requests may have made or changed, because they were accepted."""
    if traffic.made:
        said = few(traffic.made, MAX_NAMED)
        yield f"forbidden requests were accepted, and what came of them stays: {said}"


def _verdicts(state: State, operation: Operation) -> Iterable[Verdict]:
    """Those of an operation; undecided if the suite fails at it, as the others are told then."""
    key, verdicts = operation.key, partial(verdicts_of, state, operation)
    found = state.attempt(f"the verdicts of {key}", lambda: list(verdicts()))
    if found is None:
        why, rules = state.left_out[-1], state.book.operations[key].rules
        found = [Verdict(rule, Outcome.UNDECIDED, why=why, defect=why) for rule in rules]
    if key not in state.asked and state.ledger.judged(key) is None:  # they are looked at again
        state.asked[key] = Asked({verdict.rule.id: verdict for verdict in found}, None)
    return found


def _drift(state: State, report: Report) -> Drift | None:
    """The drift, with the violated rules that the published document does not have broken."""
    drift, spec = state.prelude.drift, state.prelude.published
    if drift is None or spec is None or not drift.changed:
        return drift
    counting, still = filter(state.inputs.policy.counts, report.verdicts.others), set[str]()
    broken = [v.rule for v in counting if v.violations and v.rule.operation in spec.by_key]
    try:
        ours = state.inputs.spec
        spec = replace(spec, variable=ours.variable, variables=ours.variables, shared=ours.shared)
        published = state.inputs.book_of(spec)
        for key in {rule.operation for rule in broken}:
            found = judged(published, spec.by_key[key], state.ledger.of(key))
            still |= {verdict.rule.id for verdict in found if verdict.violations}
    except Exception:  # a document that nobody tests must not cost the run
        return drift
    return replace(drift, kept=tuple(rule.id for rule in broken if rule.id not in still))


def remember(state: State, report: Mapping[str, Any]) -> None:
    """Keep the report in the history, if there is one, and those of killed runs; look back."""
    run, history = state.told, state.inputs.options.history
    if history is None or run is None:
        return
    if run.shard is not None:
        state.unkept = f"history: {run.shard} is not kept, see contracts merge --history"
        return
    folder = Path(history)
    try:
        for value in (*state.prelude.killed, report):
            keep(json_parts(value), datetime.fromisoformat(value["started"]), folder)
        thin(folder, run.started)
        state.trend = trend_in(folder, run)
    except Exception as error:  # looking back must not cost the run its own report
        why = error.strerror if isinstance(error, OSError) else f"{type(error).__name__}: {error}"
        problem = f"history: the report can't be kept in {shown_path(folder)} ({why})"
        state.unkept = problem


@dataclass(frozen=True, slots=True)
class ItemResult:
    """The outcome, what the test says, and the line of the run's summary, if it has one."""

    outcome: Literal["passed", "failed", "skipped", "accepted"]
    text: str = ""
    said: str = ""


def item_result(state: State, verdicts: list[Verdict], rerun: Callable[[], str]) -> ItemResult:
    """What the verdicts of one item come to; `rerun` gives the command that judges it again."""
    policy, known = state.inputs.policy, state.inputs.known
    asked = state.asked[verdicts[0].rule.operation]
    if asked.blocked:
        return ItemResult("skipped", f"inconclusive: {asked.blocked}")
    if asked.cut and not any(verdict.exercised for verdict in verdicts):
        return ItemResult("skipped", f"inconclusive: {asked.cut}")
    until, earlier, own = policy.accepted.today + TERM, _earlier(state), state.inputs
    options = ["--spec", own.spec.document.path]
    options += map("--overlay={}".format, own.overlays or ["none"] * (own.overlays is not None))
    texts: list[str] = []
    for told in map(partial(_told, state), filter(policy.fails, verdicts)):
        again = rerun()
        text = partial(missing_text, told, rerun=again)
        if told.evidence is not None:
            accept = accept_command([told.rule], *options, until=until)
            text = partial(failure_text, told, accept=accept, rerun=again, against=earlier)
        texts.append(state.attempt(f"the text of {told.rule}", text) or printable(told.rule))
    if texts:
        return ItemResult("failed", "\n\n".join(texts))
    for accepted in filter(None, map(policy.acceptance_of, verdicts)):
        return ItemResult("accepted", f"accepted until {accepted.until}: {accepted.reason}")
    if known is not None and any(map(policy.tolerates, verdicts)):
        return ItemResult("accepted", f"still there: {known.file} has it as well")
    if {verdict.outcome for verdict in verdicts} <= {*SILENT}:
        first = verdicts[0]
        outcome = f"{first.outcome.value.replace('_', ' ')}: " * (not first.explained)
        return ItemResult("skipped", f"{outcome}{first.why}")
    return ItemResult("passed")


def item_properties(state: State, verdicts: list[Verdict]) -> list[Property]:
    """What JUnit has beside the test: of each rule in turn, from `rule` on."""
    told, earlier = map(partial(_told, state), verdicts), _earlier(state)
    found: list[Property] = []
    for verdict in told:
        own = state.attempt(verdict.rule, partial(list[Property], properties_of(verdict, earlier)))
        found += own or [("rule", printable(verdict.rule))]
    return found


def _told(state: State, verdict: Verdict) -> RuleVerdict:
    """The verdict as the report will have it, and whether it is new, where that can be told."""
    known, since = state.inputs.known, None
    if known is not None and verdict.evidence is not None:
        since = Since.STILL_THERE if verdict.rule.id in known.rules else Since.NEW
    return state.teller.told(verdict, since)


def _earlier(state: State) -> dict[str, str] | None:
    known = state.inputs.known
    return {"path": known.file} if known is not None else None


def compared(diff: Diff, *, strict: bool) -> ItemResult:
    """What the document has changed since its baseline."""
    text, said = "\n".join(diff_forms.failing_lines(diff)), diff_forms.last_line(diff)
    if diff.decision.exit_code == 1:
        return ItemResult("failed", text, said)
    if diff.decision.exit_code:
        return undecided(text, said, strict=strict)
    reasons = []
    for found in diff.decision.judged:
        if found.acceptance and found.change.effect is not Effect.COMPATIBLE:
            reasons.append(f"accepted until {found.acceptance.until}: {found.acceptance.reason}")
    if reasons:
        return ItemResult("accepted", printable("; ".join(dict.fromkeys(reasons))))
    return ItemResult("passed")


def undecided(text: str, said: str, *, strict: bool) -> ItemResult:
    """What is not known to break must not pass in silence, and fails where that is asked for."""
    said = printable(said)
    return ItemResult("failed", text, said) if strict else ItemResult("skipped", said, said)


def said_at_the_end(state: State, screen: Screen, gate: str) -> Iterator[str]:
    """The lines of the summary; `gate` is what became of the document."""
    run, below = state.told, []
    if state.page is not None:
        below.append(f"report: {shown_path(state.page)}")
    if not state.inputs.options.dry_run:
        below += map(state.scrub, filter(None, (state.unkept, gate, *state.left_out)))
    if run is not None:
        known = len(state.left_out)
        lines = partial(summary_lines, run, screen, state.trend, below)
        yield from state.attempt("the summary", lambda: [*lines()]) or ()
        below += state.left_out[known:]
    if state.inputs.options.dry_run:
        yield from map(state.scrub, left_out(state))
    yield from below
    yield from state.scrub(state.problem).splitlines()


def request_lines(state: State) -> Iterator[str]:
    """A line for each request that a run would send."""
    for operation in state.inputs.operations:
        for probe in (*probes_of(state, operation), *closing_of(state, operation, None)):
            line = f"{probe.request.method} {probe.request.target}"
            for name, value in probe.request.headers:
                line += f" {name}: {value!r}"
            if probe.request.body:
                line += f" ({len(probe.request.body)} bytes)"
            line += f"  [{probe.source}: {probe.note}; {probe.claim}]"
            yield state.scrub(line)


def last_line(state: State, screen: Screen) -> str:
    """The decision and the target, or why there is no decision."""
    target = state.inputs.target
    if state.problem:
        why = state.scrub(state.problem.splitlines()[0])
        return f"contract: INCONCLUSIVE {target_text([target.base_url])}: {why}"
    if state.told is not None:
        run = state.told
        line = state.attempt("the reasons", lambda: decision_line(run, screen))
        line = line or f"contract: {run.decision.upper()} {target_text(run.targets)}"
        if state.others:
            count = plural(len(state.others), "other test")
            line += screen.text(
                f"; failed beside it: {count}, {few(state.others, MAX_NAMED, 'above')}"
            )
        return line
    if state.inputs.options.dry_run:
        return f"contract: DRY RUN, nothing was sent to {target}"
    return f"contract: nothing was asked of {target}"
