"""What the leading process does before any operation is asked: killed runs, drift, session ids."""

import shlex
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, replace
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from typing import Any

from contracts.decision.change_decision import ChangePolicy, accepted_for
from contracts.document import Operation
from contracts.document.serialisation import parameter_names
from contracts.document.sides import PAGE, Side, shared, side_from
from contracts.errors import ContractsError
from contracts.exchanges import Client, Exhausted, Ledger, Limits, Pace
from contracts.exchanges.secret_urls import Capabilities
from contracts.exchanges.tokens import Tokens
from contracts.messages import SAFE_METHODS, Exchange, Probe, Request
from contracts.notte.domain import SESSION_ID
from contracts.notte.sessions import Starter, list_sessions
from contracts.probes import ProbePlan
from contracts.probes.knowledge import ENDING_METHODS, ENDS, ends
from contracts.report.diff import diff_of, drift_of
from contracts.report.forms.page import page
from contracts.report.json_report import json_parts, to_json
from contracts.report.record import Report
from contracts.report.run import Drift
from contracts.report.wording import listed_text, started_text
from contracts.run.ask import connected
from contracts.run.end import concluded
from contracts.run.inputs import Inputs, Target
from contracts.run.options import Options
from contracts.run.state import Budget, State
from contracts.text import cut, shown_path, write_whole

MAX_REACH = 20  # operations that are named before anything is asked
KILLED = "the run was killed"
_SET_DUMPABLE = 4  # PR_SET_DUMPABLE of prctl(2)
# Of the one request that nobody judges: it must not keep a run waiting.
PAGE_LIMITS = Limits(connect=5.0, read=5.0, total=15.0, body=8 * 2**20)

Say = Callable[[str], None]


def reach(state: State) -> str:
    """Which operations that may change state are sent to resources that the user gave, if any."""
    spec, givens, found = state.inputs.spec, state.inputs.givens, []
    for operation in state.inputs.operations:
        names = set(parameter_names(operation.path))
        changes = operation.method not in SAFE_METHODS and not ends(spec, operation)
        if names and names <= givens.names(operation) and changes:
            found.append(operation.key)
    found.sort(key=lambda key: not key.startswith(ENDING_METHODS))  # the worst is never left out
    if not (found and state.inputs.options.unsafe and state.inputs.target.live):
        return ""
    shown, more = ", ".join(found[:MAX_REACH]), len(found) - MAX_REACH
    if more > 0:
        shown += f" and {more} more"
    cure = f"mark in an overlay with {ENDS}: true what ends one"
    return f"--contract-unsafe sends {shown} to the given resources; {cure}"


def make_folder(inputs: Inputs) -> None:
    """The folder of the report, which git leaves out where nobody has named it."""
    if inputs.options.report is None and not inputs.folder.exists():
        with suppress(OSError):  # what can't be written is said when the first exchange is
            write_whole(inputs.folder / ".gitignore", "*\n")


def salvage(state: State) -> Iterator[str]:
    """Give each dead run of the folder a report, `killed-TIME.json`, and a page; say what became.

    Leaves alone what is alive. Never raises: what others left must not cost this run anything.
    """
    order = [operation.key for operation in state.inputs.spec.operations]
    for ledger in Ledger.left_in(state.inputs.folder, order):
        if ledger.path == state.ledger.path:
            continue
        try:
            with ledger.dead() as dead:
                if dead:
                    yield from _salvaged(state, ledger)
        except Exception as error:
            why = f"can't be kept ({type(error).__name__})"
            yield f"{shown_path(ledger.path)} of a killed run {why}"


def _salvaged(state: State, ledger: Ledger) -> Iterator[str]:
    """What is said of a dead run; nothing if it had asked nothing, so that nothing is kept."""
    if not ledger.written():
        ledger.discard()
        return
    stem, who = _stem(state.inputs.folder, ledger), "a run"
    exchanges, report, html = (stem.with_suffix(f".{form}") for form in ("jsonl", "json", "html"))
    try:
        if not ledger.all():
            ledger.discard()
            return
        about = ledger.note("run")
        started = about["started"][:16].replace("T", " ")
        who = f"a run of {started} UTC on {about['base_url'] or 'the mock'}"
        kept = f"its {len(ledger.all())} exchanges are in {shown_path(exchanges)}"
        if about.get("clients"):
            kept += f", `contracts judge {shown_path(exchanges)}` judges them"
        elif about["sha256"] == state.inputs.spec.document.sha256:
            run = replace(_report_of_killed(state, ledger, about).run, files=(report.name,))
            value = to_json(run)
            write_whole(report, json_parts(value))
            write_whole(html, page(run))
            state.prelude.killed.append(value)
            kept += f", the report is {shown_path(html)} ({run.decision})"
        else:
            kept += f", not judged: {about['document']} has changed since"
    except Exception as error:  # what others left, perhaps half of it
        why = f"can't be judged ({type(error).__name__})"
        kept = f"its exchanges are in {shown_path(exchanges)}, and {why}"
    try:
        ledger.close(exchanges)
    except OSError as error:
        kept = f"its exchanges can't be kept ({error.strerror})"
    yield f"{who} was killed; {kept}"


def _stem(folder: Path, ledger: Ledger) -> Path:
    """Where the run is kept, its suffix apart: by the time of its start; if taken, its name too."""
    try:
        started = datetime.fromisoformat(ledger.note("run")["started"]).astimezone(UTC)
    except (ValueError, TypeError, KeyError):
        started = _written(ledger)
    stem = folder / f"killed-{started:%Y-%m-%dT%H-%M-%S}Z"
    # A report without its exchanges is that of this run, whose salvaging was cut short itself.
    if not stem.with_suffix(".jsonl").exists():
        return stem
    return stem.with_name(f"{stem.name}-{ledger.path.stem.removeprefix('.run-')[:8]}")


def _written(ledger: Ledger) -> datetime:
    latest = max(path.stat().st_mtime for path in ledger.written())
    return datetime.fromtimestamp(latest, UTC)


def _report_of_killed(state: State, ledger: Ledger, about: Mapping[str, Any]) -> Report:
    """The report of the run, as if it had been interrupted where its log ends."""
    unsafe, seconds, header = about["unsafe"], about["max_seconds"], state.inputs.options.header
    options = Options(unsafe=unsafe, max_response_time=seconds, header=header)
    target, ledger.about = Target(about["base_url"]), about
    inputs = replace(state.inputs, target=target, options=options, evidence={})
    finished = _written(ledger).isoformat(timespec="milliseconds")
    return concluded(State(inputs, ledger, Budget(about["seed"])), KILLED, finished)


def look_for_drift(state: State) -> Drift:
    """What the service publishes (one request, no credential) against ours; never raises."""
    spec, target, reading = state.inputs.spec, state.inputs.target, state.inputs.reading
    words = ["contracts", "drift", "--base-url", str(target), "--spec", spec.document.path]
    address = f"{target}{PAGE}"
    try:
        # As all the rest is asked for (proxy, certificates, headers, pace), but no credential.
        bare = replace(target, secret=None, others={}, tokens=Tokens())
        bare = replace(bare, limits=PAGE_LIMITS, capabilities=Capabilities())
        probe = Probe("", Request("GET", PAGE), source="source", note="what is published")
        with connected(state, state.pace, bare) as client:
            exchange = client.send(probe, 0)
        answer, failure = exchange.response, exchange.failure
        if answer is not None and answer.status == 200:
            base, published = side_from(spec.document.path, reading), Side(address, answer.body)
            sides = shared(base, published)
            if reading.overlays is not None:
                sides = base, replace(published, overlays=base.overlays)
            diff = diff_of(*sides, ChangePolicy(), accepted_for(*sides, today=date.today()))
            state.prelude.published = diff.specs[1]
            return drift_of(diff, shlex.join(words))
        instead = answer.status if answer is not None else failure and failure.kind
        problem = f"{address} was not to be had ({instead})"
    except Exhausted as bound:
        problem = f"not looked for, {bound}"
    except ContractsError as error:
        problem = f"what the service publishes can't be compared: {cut(str(error))}"
    except Exception as error:  # a comparison that nobody asked for must not cost the run
        problem = f"comparing what the service publishes failed inside: {type(error).__name__}"
    return Drift(spec.version, decision=None, problem=problem)


def source_sessions(state: State, say: Say) -> None:
    """Look for sessions, and start one, as the options say, before any operation is asked.

    The ledger has what is found, for every process; what is asked of the session is judged with all
    the rest. Never raises but for Ctrl-C: the run goes on to its report.
    """
    try:
        _source(state, lambda line: say(state.scrub(line)))
    except KeyboardInterrupt:
        raise KeyboardInterrupt from None  # its frames hold requests with the credential
    except Exception as error:  # of whatever kind
        why = f"looking for sessions failed inside: {type(error).__name__}: {error}"
        state.prelude.problem = state.scrub(why)
        say(f"contract: {state.prelude.problem}")


def _source(state: State, say: Say) -> None:
    target, ledger, pace, prelude = state.inputs.target, state.ledger, state.pace, state.prelude
    asked = [o for o in state.inputs.chosen if f"{{{SESSION_ID}}}" in o.path]
    # The stop of a session is sent whatever the bounds of the run say.
    with connected(state, pace) as client, connected(state, Pace()) as stopper:

        def send(request: Request, by: Client = client) -> Exchange:
            # It belongs to no operation, and has the credential of one that does.
            return by.send(Probe(asked[0].key, request, source="source"), 0)

        if state.inputs.options.discover:
            prelude.listed = list_sessions(send, seed=state.budget.seed)
            say(f"contract: sessions on {target}: {listed_text(asdict(prelude.listed))}")
            ledger.add((), found={SESSION_ID: list(prelude.listed.picked)})
        if state.inputs.starts:
            ask = partial(_asked_for, state, client, asked)
            end, place = partial(send, by=stopper), (str(target), state.inputs.spec.variable)
            starter = Starter(send, end, ask, say, pace.sleep, *place)
            started = prelude.started = starter.started
            try:
                starter.run()
                say(f"contract: {started_text(asdict(started))}")
            finally:
                own = [started.session_id] if started.session_id is not None else []
                ledger.add((), own={SESSION_ID: own})


def _asked_for(
    state: State, client: Client, operations: Sequence[Operation], session_id: str
) -> list[Exchange]:
    """Ask the operations for a session, twice; the exchanges are in the ledger as they come."""
    given = {**state.inputs.givens.values, SESSION_ID: (session_id,)}
    plan, found = ProbePlan(state.inputs.spec, state.budget.seed, given), list[Exchange]()
    for operation in operations:
        if operation.method in SAFE_METHODS:
            for probe in plan.lane(operation).given():
                probe = replace(probe, note=f"own session, {probe.note}")
                found.append(client.send(probe, state.ledger.count(operation.key)))
                state.ledger.add(found[-1:])
    return found


def forbid_core_dumps() -> None:
    """Let no crash of this process give its memory, which holds the credential, to anybody."""
    with suppress(ImportError, OSError, ValueError):  # Windows has neither the module nor the files
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":  # which asks for no limit where a program takes what is dumped
        import ctypes

        with suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(_SET_DUMPABLE, 0, 0, 0, 0)
