"""What a test says of a verdict: its failure's lines, and the properties in pytest's JUnit file."""

from collections.abc import Iterator, Mapping
from typing import Any

from contracts.report import wording
from contracts.report.run import RuleVerdict, Run
from contracts.text import cut, few, printable
from contracts.verdicts import Outcome

MAX_OPERATIONS = 20  # that a cause is named on
MAX_BODY = 2_000  # characters of a body among the properties; `report.json` has more

Property = tuple[str, str]
Earlier = Mapping[str, Any] | None  # the report that a run is held against


def failure_text(verdict: RuleVerdict, *, accept: str, rerun: str, against: Earlier = None) -> str:
    """Five lines: where a rule is violated, seen and wanted, what to do, how to see it again."""
    facts = filter(None, (wording.often_text(verdict), wording.since_text(verdict, against)))
    seen = f"{wording.seen_text(verdict)} ({'; '.join(facts)})"
    cure = f"fix the service or the document; to live with it for now: {accept}"
    return _lines(
        f"{verdict.source}  {verdict.rule}",
        f"  seen: {seen}; wanted: {wording.promise_text(verdict)}",
        f"  next: {verdict.lapsed or cure}",
        *repeated(verdict),
        f"  rerun: {rerun}",
    )


def repeated(verdict: RuleVerdict) -> Iterator[str]:
    """The command that shows it again; of a life a line a request."""
    script = verdict.evidence.script if verdict.evidence is not None else ()
    if len(script) > 1:
        yield "  repeat:"
        yield from map("    {}".format, script)
    else:
        yield f"  repeat: {''.join(script) or None}"


def missing_text(verdict: RuleVerdict, *, rerun: str) -> str:
    """Four lines on a rule that fails because it was not judged (strict runs)."""
    wanted = "that every rule of this answer is exercised and holds"
    advice = "give values whose answers come to this place (--contract-param NAME=VALUE)"
    if verdict.outcome is Outcome.NOT_ASKED:
        advice = "give --contract-unsafe, where what it changes may be changed"
    return _lines(
        f"{verdict.source}  {verdict.rule}",
        f"  seen: {verdict.standing}, {verdict.why}; wanted: {wanted}",
        f"  next: {advice}, or run without strict",
        f"  rerun: {rerun}",
    )


def _lines(*lines: str) -> str:
    return "\n".join(map(printable, lines))


def properties_of(verdict: RuleVerdict, against: Earlier = None) -> Iterator[Property]:
    """What a test says of one rule, `rule` first: printable, and no longer than a body may be."""
    yield "rule", printable(verdict.rule)
    yield "severity", verdict.severity.value
    yield "outcome", verdict.outcome.value
    yield "source", printable(str(verdict.source))
    if (proof := verdict.evidence) is not None:
        yield "violations", f"{verdict.violations} of {verdict.exercised}"
        yield "seen", printable(proof.message)
        if also := wording.also_text(verdict):
            yield "seen_often", _cut(f"on {wording.own_count(verdict)}; {also}")
        if proof.instance:
            yield "instance", printable(proof.instance)
        yield "curl", printable(proof.curl)
        yield from (("story", printable(step.curl)) for step in proof.story)
        if proof.status is not None:
            yield "status", str(proof.status)
            shown = _lines(*cut(proof.body or "", MAX_BODY).splitlines())
            yield "body", cut(shown, MAX_BODY)  # escapes are longer than what they stand for
        yield "promised", _cut(verdict.promise)
        yield "basis", verdict.basis
    rest = {
        "recurrence": str(verdict.recurrence or ""),
        "since": wording.since_text(verdict, against),
        "why": verdict.why,
        "accepted": wording.accepted_text(verdict),
    }
    yield from ((name, _cut(text)) for name, text in rest.items() if text)


def _cut(text: str) -> str:
    return cut(printable(cut(text, MAX_BODY)), MAX_BODY)


def suite_properties(run: Run) -> Iterator[Property]:
    """What a run says of itself."""
    yield "decision", run.decision
    for reason in run.reasons:
        yield "reason", printable(cut(reason))
    for cause in wording.causes(run.violated):
        if cause.is_spread:
            rule = f"{cause.shown.rule}{wording.spread_text(cause)}"
            yield "cause", _cut(f"{rule}: {cause.seen} ({few(cause.operations, MAX_OPERATIONS)})")
    yield "target", printable(run.target)
    if run.shard is not None:
        yield "shard", str(run.shard)
    yield "document", printable(run.subject.path)
    yield "sha256", run.subject.sha256
    yield "seed", run.seed
    if retried := wording.retried_text(run):
        yield "retried", retried
    if notices := wording.notices_text(run):
        yield "notices", notices
        yield from (("notice", _cut(str(notice))) for notice in run.notices)
