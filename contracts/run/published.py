"""The document that a service publishes, compared with ours: as a command, and at the head of a live run."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from contracts.changes.change import Effect
from contracts.comparison import agreed_on, compare
from contracts.decision.change_decision import ChangePolicy
from contracts.document import Spec
from contracts.document.sides import Side, shared, side_from, sides_from
from contracts.errors import ContractsError
from contracts.exchanges import Exhausted, Limits
from contracts.exchanges.secret_urls import Capabilities
from contracts.flows import Check
from contracts.messages import Exchange, Failure, Probe, Request
from contracts.report.diff import Diff, decision_text
from contracts.report.run import Drift
from contracts.text import cut

PAGE = "/openapi.json"
MAX_VERSION = 100
"""Characters that are kept of what is published as a version."""
LIMITS = Limits(connect=5.0, read=5.0, total=15.0, body=8 * 2**20)
"""Of the one request that nobody judges: it must not keep a run waiting."""


def drift(
    source: str,
    path: str,
    overlays: Sequence[str] | None,
    policy: ChangePolicy,
    *,
    accepted: str | None,
    today: date,
) -> Diff:
    """Our document against the one at `source`; no credential is sent. Raises a ContractsError, one sentence."""
    ours, published = sides_from(path, source, overlays)
    return compare(ours, published, policy, agreed_on(ours, published, today=today, named=accepted))


def drift_of_service(
    check: Check, overlays: Sequence[str] | None, *, today: date
) -> tuple[Drift, Spec | None]:
    """What the service of a run publishes, against the document of the run; and that, read. Never raises.

    One request, without credential, counted as one of the run; whatever goes wrong is a line in the summary.
    """
    ours, address = check.spec.version, f"{check.target}{PAGE}"
    try:
        exchange = _fetched(check)
        if exchange.response is None or exchange.response.status != 200:
            return _unseen(ours, f"{address} was not to be had ({_instead(exchange)})"), None
        base = side_from(check.spec.document.path, overlays)
        published = Side(
            address, exchange.response.body, base.overlays if overlays is not None else ()
        )
        sides = (base, published) if overlays is not None else shared(base, published)
        diff = compare(*sides, ChangePolicy(), agreed_on(*sides, today=today))
    except Exhausted as bound:
        return _unseen(ours, f"not looked for, {bound}"), None
    except ContractsError as error:
        why = f"what the service publishes can't be compared: {cut(str(error))}"
        return _unseen(ours, why), None
    except Exception as error:  # a comparison that nobody asked for must not cost the run
        why = f"comparing what the service publishes failed inside: {type(error).__name__}"
        return _unseen(ours, why), None
    words = [
        "contracts",
        "drift",
        "--base-url",
        str(check.target),
        "--spec",
        check.spec.document.path,
    ]
    return drift_of(diff, shlex.join(words)), diff.specs[1]


def _unseen(ours: str, problem: str) -> Drift:
    return Drift(ours, decision=None, problem=problem)


def drift_of(diff: Diff, command: str) -> Drift:
    """What a comparison of ours with what is published comes to."""
    ours, published = (spec.version for spec in diff.specs)
    if not diff.decision.judged and diff.base.text == diff.revision.text:
        return Drift(ours, cut(published, MAX_VERSION))
    shown = [
        j.change for j in diff.ordered if j.counts and j.change.effect is not Effect.COMPATIBLE
    ]
    changes = tuple(
        f"{change.effect.value} {change.id} {change.where}: {change.message}" for change in shown
    )
    unchanged = not diff.decision.judged and ours == published
    decision = "same" if unchanged else diff.decision.result.value
    published, notes = cut(published, MAX_VERSION), tuple(map(cut, diff.decision.notes))
    return Drift(
        ours,
        published,
        decision,
        counts=decision_text(diff),
        changes=tuple(map(cut, changes)),
        notes=notes,
        command=command,
    )


def _fetched(check: Check) -> Exchange:
    """The page, asked for as all the rest is (proxy, certificates, headers, pace), but without the credential."""
    target = replace(check.target, secret=None, limits=LIMITS, capabilities=Capabilities(names=()))
    bare = replace(check, target=target)
    with bare.client(check.pace) as client:
        exchange = client.send(
            Probe("", Request("GET", PAGE), source="source", note="what is published"), 0
        )
    check.ledger.add((), aside=check.pace.spent)
    return exchange


def _instead(exchange: Exchange) -> str:
    failure: Failure | None = exchange.failure
    return (
        str(exchange.response.status)
        if exchange.response is not None
        else f"{failure and failure.kind}"
    )
