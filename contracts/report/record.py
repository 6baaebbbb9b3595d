"""What a run saw and decided to a `Run`, without secrets, in bounds; its evidence to requests."""

import base64
import json
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from operator import methodcaller
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from contracts import messages
from contracts.decision.run_decision import Against, Decision, Known, Policy, Since
from contracts.document import Operation, Spec
from contracts.document.serialisation import match_path
from contracts.errors import UsageError, defect
from contracts.exchanges.credential import Scrubber
from contracts.exchanges.traffic import Share, Traffic
from contracts.lives.life import SOURCE
from contracts.lives.story import script_of
from contracts.messages import Credential, Exchange, Headers, Probe, Request, Response
from contracts.report import run as model
from contracts.report.json_report import CURE, head_in, report_at, verdicts_in
from contracts.report.shell import curl
from contracts.report.wording import bug_notes
from contracts.rules import Rule, Severity
from contracts.rules.faults import notices
from contracts.rules.states import family_in
from contracts.schemas.claims import claim_of
from contracts.schemas.families import Family
from contracts.text import cut, map_texts, well_formed
from contracts.verdicts import Evidence, Outcome, Verdict
from contracts.verdicts.handover import Verdicts
from contracts.verdicts.verdict import NONE, TIMES
from notte_contracts import __version__

# Characters of a body that a report keeps, of a field of an answer's head, and such fields.
MAX_BODY, MAX_FIELD, MAX_FIELDS = 20_000, 2_000, 100
MAX_STEP = 5_000  # characters of a body of a life, where a later one is the evidence
MAX_EVIDENCE = 10_000_000  # bytes that bodies and heads may take together
MAX_WIDTH = 201
MAX_FOUND = 20  # different texts of what was seen where a rule is violated
BEFORE, AFTER = 3, 8  # lines around a place; after it stand the members of an enum and the like
LATE = frozenset({"auth", "method", "status", "unknown", SOURCE})
"""Sources of probes that are made anew each time: they go last, or to the mock alone."""
CURE_FOR_KNOWN = (
    "give the report.json of an earlier run, or leave --contract-against out on the first night"
)
T = TypeVar("T")
Probes = dict[str, tuple[Probe, ...]]  # by operation


@dataclass(frozen=True, eq=False)
class Teller:
    """What it takes to tell of verdicts: secrets masked, bodies and heads cut."""

    spec: Spec
    base_url: str | None  # None for the mock
    header_variables: Headers = ()  # of every request, with the variable that holds the value
    scrubber: Scrubber = field(default_factory=Scrubber)
    policy: Policy = field(default_factory=Policy)
    route: Sequence[str] = ()  # words of a command that go the way of the run, already quoted
    failed: dict[str, str] = field(default_factory=dict, init=False)  # where, by rule
    _read: dict[str, Sequence[str]] = field(default_factory=dict, init=False)
    _at: dict[str, model.Passage] = field(default_factory=dict, init=False)  # by pointer
    _same: dict[object, Mapping[str, int]] = field(default_factory=dict, init=False)  # counts

    def told(self, verdict: Verdict, since: str | None = None) -> model.RuleVerdict:
        """The verdict; without its evidence, and all that a service sent, if telling that fails."""
        try:
            return self._told(verdict, since)
        except Exception as error:  # of whatever kind: the other verdicts are told whole
            self.failed[verdict.rule.id] = why = defect(error)
            bare = Verdict(verdict.rule, verdict.outcome, verdict.exercised, verdict.violations)
            return self._told(replace(bare, why=why), since)

    def _told(self, verdict: Verdict, since: str | None) -> model.RuleVerdict:
        rule, masked = verdict.rule, self.scrubber.text
        proof = self._proof(rule, verdict.evidence) if verdict.evidence is not None else None
        accepted, lapsed = self.policy.acceptance_of(verdict), self.policy.lapsed(verdict)
        return model.RuleVerdict(
            rule=rule.id,
            kind=rule.kind,
            operation=rule.operation,
            status=rule.status,
            place=rule.place,
            promise=masked(rule.promise),
            clause=rule.clause,
            severity=rule.severity,
            outcome=verdict.outcome,
            exercised=verdict.exercised,
            violations=verdict.violations,
            since=since,
            recurrence=verdict.recurrence,
            found=self._counted(list(verdict.broken_by.items())[:MAX_FOUND]),
            found_more=max(len(verdict.broken_by) - MAX_FOUND, 0) + verdict.more,
            seen=self._counted(verdict.seen.items()),
            unseen=tuple(map(cut, verdict.unseen)),
            why=verdict.why and masked(verdict.why),
            explained=verdict.explained,
            accepted=model.Agreement(accepted.reason, str(accepted.until)) if accepted else None,
            lapsed=lapsed and masked(lapsed),
            source=self._passage(verdict),
            evidence=proof and model.with_texts(proof, masked),
        )

    def _counted(self, counts: Iterable[tuple[str, int]]) -> Mapping[str, int]:
        found: dict[str, int] = {}
        for text, count in counts:
            masked = cut(self.scrubber.text(text))
            found[masked] = found.get(masked, 0) + count
        # Very many rules saw the same.
        return self._same.setdefault(tuple(found.items()), found) if found else NONE

    def _passage(self, verdict: Verdict) -> model.Passage:
        pointer = verdict.rule.pointer
        if pointer not in self._at:
            source = self.spec.document.source(pointer)
            self._at[pointer] = model.Passage(source.file, source.line, source.pointer)
        at = self._at[pointer]
        if verdict.evidence is None:
            return at
        if at.file not in self._read:  # once; a file that is not there (any more) has no lines
            self._read[at.file] = ()
            with suppress(OSError, ValueError):
                text = Path(at.file).read_text(encoding="utf-8", errors="replace")
                self._read[at.file] = text.splitlines()
        first = max(at.line - BEFORE, 1)
        lines = self._read[at.file][first - 1 : at.line + AFTER]
        shown = (self.scrubber.text(cut(line, MAX_WIDTH)) for line in lines)
        return model.Passage(at.file, at.line, at.pointer, tuple(enumerate(shown, first)))

    def _proof(self, rule: Rule, evidence: Evidence) -> model.Proof:
        finding, exchange, probe = evidence.finding, evidence.exchange, evidence.exchange.probe
        status, head, body = _answer(exchange, MAX_BODY)
        return model.Proof(
            exchange=exchange.number,
            message=finding.seen,
            instance=finding.instance,
            curl=self._curl(probe, {}),
            request=_sent(probe),
            status=status,
            headers=head,
            body=body,
            story=tuple(self._story(rule, (*finding.story, exchange))),
        )

    def _curl(self, probe: Probe, marks: Mapping[str, str]) -> str:
        return curl(self.spec, probe, self.base_url, self.header_variables, self.route, marks)

    def _story(self, rule: Rule, story: Sequence[Exchange]) -> Iterator[model.Step]:
        """The requests of a life, if that is what the evidence is of."""
        if story[-1].probe.source != SOURCE:
            return
        family = family_in(self.spec, self.spec.by_key[rule.operation])
        if family is None:
            return
        script = script_of(self.spec, family, story, self._curl)
        for line, exchange in zip(script, story, strict=True):
            status, head, body = _answer(exchange, MAX_STEP)
            sent = _sent(exchange.probe)
            yield model.Step(curl=line, status=status, headers=head, body=body, request=sent)


def _answer(exchange: Exchange, most: int) -> tuple[int | None, Headers, str | None]:
    """The status, head and body of an answer, cut to what a report keeps."""
    if (response := exchange.response) is None:
        return None, (), None
    head = []
    for name, text in response.headers[:MAX_FIELDS]:
        head.append((cut(name, MAX_FIELD), cut(text, MAX_FIELD)))
    if (more := len(response.headers) - MAX_FIELDS) > 0:
        head.append(("…", f"and {more} more, which the report does not keep"))
    return response.status, tuple(head), response.body.decode("utf-8", "backslashreplace")[:most]


@dataclass(frozen=True, eq=False)
class Report:
    """What a run saw and decided, before anything is masked or cut, as `Run` has it."""

    teller: Teller
    seed: int
    started: str
    finished: str
    verdicts: Verdicts
    traffic: Traffic
    decision: Decision
    interrupted: bool = False
    sessions: Mapping[str, Any] | None = None
    against: Against | None = None
    drift: model.Drift | None = None
    command: str = ""  # of the run, for a POSIX shell
    shard: model.Shard | None = None

    @cached_property
    def run(self) -> model.Run:
        """The run as it is told, every text fit for a file."""
        teller, masked, spec = self.teller, self.teller.scrubber.text, self.teller.spec
        document = spec.document
        since = self.against.since if self.against is not None else {}
        traffic = self.traffic
        told = self.verdicts.given_away()
        for index, one in enumerate(told):
            if isinstance(one, Verdict):
                told[index] = teller.told(one, since.get(one.rule.id))
            elif one.rule in since:
                told[index] = replace(one, since=since[one.rule])
        run = model.Run(
            suite=__version__,
            files=(),
            subjects=(model.Subject(spec.title, spec.version, document.path, document.sha256),),
            targets=(teller.base_url,),
            seeds=(self.seed,),
            started=datetime.fromisoformat(self.started),
            finished=datetime.fromisoformat(self.finished),
            decision=self.decision.result.value,
            exchanges=traffic.exchanges,
            unavailable=traffic.unavailable,
            retried=traffic.retried,
            retried_for=dict(sorted(traffic.retried_for.items())),
            verdicts=tuple(map(_fit, _within(told))),
            reasons=tuple(map(masked, self.decision.reasons)),
            notes=(*map(masked, self.decision.notes), *bug_notes(teller.failed)),
            notices=tuple(model.with_texts(one, masked) for one in notices(spec)),
            interrupted=self.interrupted,
            operations=tuple(model.with_texts(one, masked) for one in self._operations()),
            statuses=dict(sorted(traffic.endings.items())),
            sessions=map_texts(self.sessions, masked),
            against=map_texts(_changes(self.against, self.shard), masked),
            drift=model.with_texts(self.drift, masked),
            commands=tuple(filter(None, [masked(self.command)])),
            shard=model.with_texts(self.shard, masked),
        )
        return replace(_fit(replace(run, verdicts=())), verdicts=run.verdicts)

    def _operations(self) -> Iterator[model.OperationRun]:
        """Those of the document, asked or not, and whatever else was asked."""
        shares = self.traffic.shares
        for key in dict.fromkeys((*self.teller.spec.by_key, *shares)):
            if key not in shares:
                yield model.OperationRun(key)
                continue
            own = shares[key]
            endings = dict(sorted(own.endings.items()))
            yield model.OperationRun(key, own.exchanges, own.unavailable, endings, _times(own))


def _fit(value: T) -> T:
    """A part of a run that can be written: halves of surrogate pairs, which are rare, escaped."""
    try:
        msgspec.json.encode(value)
    except UnicodeEncodeError:
        return model.with_texts(value, well_formed)
    return value


def _within(verdicts: Iterable[model.RuleVerdict]) -> Iterator[model.RuleVerdict]:
    """The verdicts; once their evidence fills a report, no more of it than says what it was."""
    left = MAX_EVIDENCE
    for verdict in verdicts:
        if (proof := verdict.evidence) is not None:
            written = json.dumps([proof.body, proof.headers], ensure_ascii=False)
            left -= len(written.encode("utf-8", "surrogatepass"))
            if left < 0:
                head = (("…", f"{len(proof.headers)} fields, for which the report has no room"),)
                proof = replace(proof, body=proof.body and cut(proof.body), headers=head)
                verdict = replace(verdict, evidence=proof)
        yield verdict


def _times(share: Share) -> model.Times:
    """Percentiles are the nearest rank's."""
    seconds, histogram = sorted(share.seconds), [0] * (len(model.BOUNDS) + 1)
    if not seconds:
        return model.Times()
    for time in seconds:
        histogram[bisect_right(model.BOUNDS, time)] += 1
    median, p95 = (round(seconds[-(-len(seconds) * rank // 100) - 1], 6) for rank in (50, 95))
    longest = round(share.longest, 6)
    return model.Times(len(seconds), median, p95, longest, share.slowest, tuple(histogram))


def _changes(against: Against | None, shard: model.Shard | None) -> dict[str, Any] | None:
    if against is None:
        return None
    changes = {since.value.replace(" ", "_"): against.those(since) for since in Since}
    about = {"path": against.known.file, "about": against.known.about}
    # What was not judged now is still known tomorrow.
    carried = {rule: against.known.rules[rule] for rule in changes["not_judged"]}
    if shard is not None:  # what others judge is known as well, and none of its matter
        own = list[str]()
        for rule in changes["not_judged"]:
            if shard.shares.get(model.about_rule(rule)["operation"]) == shard.index:
                own.append(rule)
        changes["not_judged"] = own
    return {**about, **changes, "carried": msgspec.to_builtins(carried)}


def probes_of_report(path: Path, spec: Spec) -> Probes:
    """The requests behind the evidence of a report, for operations of `spec`; or UsageError."""
    found: dict[str, dict[Probe, None]] = {}
    with report_at(path, CURE) as data:
        parts = msgspec.json.decode(data, type=dict[str, msgspec.Raw])
        head_in(parts)
        for evidence in filter(None, map(methodcaller("get", "evidence"), verdicts_in(parts))):
            sent = msgspec.convert(evidence["request"], model.Sent)
            if (operation := spec.by_key.get(sent.operation)) is not None:
                if sent.source == SOURCE:  # it is about what another run made: see `stories_of`
                    found.setdefault(operation.key, {})
                    continue
                found.setdefault(operation.key, {})[_probe(sent, operation, "replayed")] = None
    return {key: tuple(probes) for key, probes in found.items()}


def stories_of(path: Path, spec: Spec, family: Family) -> Iterator[list[Exchange]]:
    """The lives of a family's resources that a report has, each from its first request on."""
    with report_at(path, CURE) as data:
        for verdict in verdicts_in(msgspec.json.decode(data, type=dict[str, msgspec.Raw])):
            operation = spec.by_key.get(model.about_rule(str(verdict["rule"]))["operation"] or "")
            steps = (verdict.get("evidence") or {}).get("story") or ()
            if not steps or operation not in family.operations:
                continue
            story = list[Exchange]()
            for step in msgspec.convert(steps, list[model.Step]):
                own = spec.by_key.get(step.request.operation)
                if own is None or step.status is None:
                    break
                note = step.curl.rpartition(". ")[2].rpartition(":")[0]
                response = Response(step.status, step.headers, (step.body or "").encode())
                story.append(Exchange(len(story), _probe(step.request, own, note), response))
            if len(story) == len(steps):
                yield story


def known_of_report(path: Path, spec: Spec, *, advisories: bool = False) -> tuple[Known, Probes]:
    """An earlier report's violations (and `advisories`), and the requests behind; or UsageError."""
    found: dict[str, Counter[Probe]] = {}
    with report_at(path, CURE_FOR_KNOWN) as data:
        parts = msgspec.json.decode(data, type=dict[str, msgspec.Raw])
        value = head_in(parts)
        rules, seldom = dict(value.get("against", {}).get("carried", {})), set()
        keys = set[str]()
        for verdict in verdicts_in(parts):
            rule = str(verdict["rule"])
            keys.add(model.about_rule(rule)["operation"])
            counts = advisories or verdict.get("severity") != Severity.ADVISORY
            if verdict["outcome"] == Outcome.VIOLATED and counts:
                rules[rule] = verdict.get("evidence")
                if (verdict.get("recurrence") or {}).get("how", "always") != "always":
                    seldom.add(rule)
        if keys and not keys & spec.by_key.keys():
            problem = "is a report on another document: no rule of it is about an operation of"
            raise UsageError(f"{path} {problem} {spec.document.path}; give a report on this one")
        for rule, evidence in rules.items():
            for probe in _first(evidence, spec):
                times = found.setdefault(probe.operation, Counter())
                times[probe] = max(times[probe], TIMES if rule in seldom else 1)
        about = [value.get("decision", ""), value.get("started", "")[:16]]
        if "target" in value:
            about.insert(1, f"on {value['target']['base_url'] or 'the mock'}")
    known = Known(str(path), " ".join(filter(None, map(str, about))), rules)
    return known, {key: tuple(times.elements()) for key, times in found.items()}


def _first(evidence: Mapping[str, Any] | None, spec: Spec) -> Iterator[Probe]:
    """The request of an evidence, if this run may send it first; it vouches for no value of it."""
    sent = msgspec.convert((evidence or {}).get("request"), model.Sent | None)
    if sent is None or (operation := spec.by_key.get(sent.operation)) is None:
        return
    probe = replace(_probe(sent, operation, "evidence of the earlier report"), given=())
    asks = probe.request.method == operation.method and operation.method in messages.SAFE_METHODS
    reaches = asks and match_path(operation.path, probe.request.path) is not None
    if reaches and probe.source not in LATE and probe.credential is Credential.RIGHT:
        yield probe


def _sent(probe: Probe) -> model.Sent:
    """The probe whole, or it could not be sent again."""
    request = probe.request
    body = base64.b64encode(request.body).decode("ascii") if request.body is not None else None
    message = request.method, request.target, request.headers, body
    made = model.Sent(probe.operation, *message, probe.credential, probe.source, probe.given)
    return replace(made, schemes=probe.schemes, part=probe.part)


def _probe(sent: model.Sent, operation: Operation, note: str) -> Probe:
    body = base64.b64decode(sent.body, validate=True) if sent.body is not None else None
    request = Request(sent.method, sent.target, sent.headers, body)
    claim, credential = claim_of(operation, request), Credential(sent.credential)
    made = Probe(operation.key, request, claim, sent.source, note, sent.given, credential)
    return replace(made, schemes=sent.schemes, part=sent.part)
