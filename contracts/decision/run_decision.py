"""Verdicts of a run to one decision: pass, fail, or inconclusive, with the reasons."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from contracts.decision.accepted import Accepted
from contracts.document import Spec
from contracts.exchanges.health import (
    EXPIRED,
    Stop,
    StopKind,
    blocked,
    expired_from,
)
from contracts.messages import Exchange, is_unavailable
from contracts.rules import Severity
from contracts.verdicts import Outcome, Verdict

MAX_UNAVAILABLE = 0.05
"""Which share of the requests may have no answer of the service in a run that passes."""


class Result(StrEnum):
    PASS = "pass"
    FAIL = "fail"
    INCONCLUSIVE = "inconclusive"


@dataclass(frozen=True, slots=True)
class Policy:
    """What fails a run beside violations.

    Args:
        strict: advisories, unavailable answers, and unexercised or undecided rules of documented 2xx answers.
        require_all: every unexercised or undecided rule.
        partial: only some operations were selected, so that what is missing proves nothing.
        some_rules: only some rules were selected, so that an acceptance of another rule is not stale.
        known: rules that an earlier report has as violated, None if there is no such report.
        only_new: whether these fail nothing.
        max_unavailable: the share of requests without an answer of the service above which a run says nothing.
        accepted: what the team agreed to live with.
    """

    strict: bool = False
    require_all: bool = False
    partial: bool = False
    some_rules: bool = False
    accepted: Accepted = field(default_factory=Accepted)
    max_unavailable: float = MAX_UNAVAILABLE
    known: frozenset[str] | None = None
    only_new: bool = False

    def fails(self, verdict: Verdict) -> bool:
        """Whether this verdict alone fails the run."""
        if verdict.outcome is Outcome.HOLDS or verdict.explained:
            return False
        if self.accepted.of(verdict) is not None:
            return False
        if verdict.outcome is Outcome.VIOLATED:
            return self.counts(verdict) and not self.tolerates(verdict)
        promised = (verdict.rule.status or "").startswith("2")
        return self.require_all or (self.strict and promised)

    def counts(self, verdict: Verdict) -> bool:
        """Whether breaking the rule matters, rather than being worth a line."""
        return self.strict or verdict.rule.severity is Severity.VIOLATION

    def tolerates(self, verdict: Verdict) -> bool:
        """Whether the rule is violated, as it was in the earlier report, and only what is new fails."""
        was = self.known is not None and verdict.rule.id in self.known
        return (
            self.only_new and was and verdict.outcome is Outcome.VIOLATED and self.counts(verdict)
        )


@dataclass(frozen=True, slots=True)
class Decision:
    """What was decided and why; `notes` say what is worth knowing and fails nothing (acceptances that can go)."""

    result: Result
    reasons: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def decide(
    spec: Spec,
    verdicts: Sequence[Verdict],
    exchanges: Sequence[Exchange],
    policy: Policy,
    *,
    stops: Iterable[Stop] = (),
    ended: str | None = None,
) -> Decision:
    """The decision, and why.

    A violation that was seen fails a run, however it ended; answers that say nothing about the contract (see
    `blocked`), too many that are no answers, a run that ended early (`ended` says how), and operations that
    were not asked to their end (`stops` say why) leave it without a verdict;
    then come the failures that rest on what is missing.
    """
    everything = exchanges
    exchanges = [
        exchange for exchange in exchanges if exchange.probe.source != "method"
    ]  # says nothing of operations
    by_operation = _by_operation(exchanges)
    shut = {key for key, asked in by_operation.items() if blocked(spec, asked)}
    judged = [verdict for verdict in verdicts if verdict.rule.operation not in shut]
    failures = [*_failures(judged, policy)]
    silent = blocked(spec, exchanges)
    if not exchanges:
        ended = ended or "nothing was sent"
    partial = policy.partial or silent is not None or ended is not None
    whole = not partial and not policy.some_rules
    notes = policy.accepted.healed(verdicts) if whole else ()
    failures += [
        *(policy.accepted.stale(verdicts) if whole else ()),
        *(notes if policy.strict else ()),
    ]
    if not partial and (reason := _never_a_success(spec, exchanges)):
        failures.append(reason)
    unavailable = None if silent else _unavailable(everything, policy)
    if policy.strict and unavailable:
        failures.append(unavailable)
    gone = [
        f"{EXPIRED}, while {key} was asked"
        for key, e in by_operation.items()
        if expired_from(spec, e) is not None
    ]
    gone += [f"{key}: {blocked(spec, by_operation[key])}" for key in sorted(shut) if silent is None]
    gone += [stop.why for stop in stops if stop.kind in (StopKind.SILENT, StopKind.TOO_LARGE)]
    unfinished = [
        reason
        for reason in (silent, ended, *gone, unavailable)
        if reason and reason not in failures
    ]
    if any(v.outcome is Outcome.VIOLATED and policy.fails(v) for v in judged):
        return Decision(Result.FAIL, (*failures, *unfinished), notes)
    if unfinished:
        return Decision(Result.INCONCLUSIVE, tuple(unfinished))
    return (
        Decision(Result.FAIL, tuple(failures), notes)
        if failures
        else Decision(Result.PASS, (), notes)
    )


def _unavailable(exchanges: Sequence[Exchange], policy: Policy) -> str | None:
    """How many requests had no answer of the service, if these are too many; in a strict run, any are."""
    count = sum(map(is_unavailable, exchanges))
    said = f"{count} of {len(exchanges)} requests had no answer of the service"
    if policy.strict:
        return f"{said} (strict)" if count else None
    most = policy.max_unavailable
    return (
        f"{said}, more than {most * 100:g}% (--contract-max-unavailable)"
        if count > most * len(exchanges)
        else None
    )


def _by_operation(exchanges: Sequence[Exchange]) -> dict[str, list[Exchange]]:
    found: dict[str, list[Exchange]] = {}
    for exchange in exchanges:
        found.setdefault(exchange.probe.operation, []).append(exchange)
    return found


def _failures(verdicts: Sequence[Verdict], policy: Policy) -> list[str]:
    failing = [verdict for verdict in verdicts if policy.fails(verdict)]
    counts = {outcome: sum(v.outcome is outcome for v in failing) for outcome in Outcome}
    words = {
        Outcome.VIOLATED: "violated",
        Outcome.NOT_EXERCISED: "not exercised",
        Outcome.UNDECIDED: "undecided",
    }
    found = [f"{counts[o]} rule{'s' * (counts[o] != 1)} {words[o]}" for o in words if counts[o]]
    if policy.known is not None and counts[Outcome.VIOLATED]:
        new = sum(v.outcome is Outcome.VIOLATED and v.rule.id not in policy.known for v in failing)
        found[0] += f", {new} of them new"
    return found


def _never_a_success(spec: Spec, exchanges: Sequence[Exchange]) -> str | None:
    asked = [spec.by_key[key] for key in _by_operation(exchanges)]
    if not any(operation.response(status) for operation in asked for status in range(200, 300)):
        return None
    for exchange in exchanges:
        status = exchange.response.status if exchange.response is not None else 0
        if (
            200 <= status < 300
            and spec.by_key[exchange.probe.operation].response(status) is not None
        ):
            return None
    return (
        "no request was answered with a documented 2xx; give values that the service knows (--contract-param; "
        "for sessions, --contract-session-id or --contract-discover)"
    )
