"""The document that the service of a run publishes, compared with the one that is tested, at the head of a live run."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from contracts.decision.change_decision import ChangePolicy, accepted_for
from contracts.document import Spec
from contracts.document.sides import PAGE, Side, shared, side_from
from contracts.errors import ContractsError
from contracts.exchanges import Exhausted, Limits
from contracts.exchanges.secret_urls import Capabilities
from contracts.flows import Check
from contracts.messages import Exchange, Failure, Probe, Request
from contracts.report.diff import diff_of, drift_of
from contracts.report.run import Drift
from contracts.text import cut

LIMITS = Limits(connect=5.0, read=5.0, total=15.0, body=8 * 2**20)
"""Of the one request that nobody judges: it must not keep a run waiting."""


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
        diff = diff_of(*sides, ChangePolicy(), accepted_for(*sides, today=today))
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
