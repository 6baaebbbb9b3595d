"""The public face: `__all__` is what tests of others can rely on; everything else may move."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, urlsplit

from hypothesis.strategies import SearchStrategy

from contracts.document import load_spec
from contracts.document.serialisation import operations_at
from contracts.document.written import overlays_of
from contracts.errors import ContractsError
from contracts.exchanges.credential import Scrubber
from contracts.messages import REFUSALS, Exchange, Probe, Request, Response
from contracts.notte.prose import prose_rules
from contracts.rules import Finding, Rule, RuleBook, rules_for
from contracts.run.credentials import credentials_from
from contracts.run.items import test_document, test_rule
from contracts.run.options import Options
from contracts.run.settings import document_of_project, settings_of
from contracts.testing import strategies
from contracts.testing.drawn import DrawnAnswer, DrawnRequest
from contracts.text import printable
from contracts.verdicts import Judgement, judge

__tracebackhide__ = True  # a test that fails shows its own line, and the text
__all__ = [
    "Contract",
    "ContractViolation",
    "ContractsError",
    "DrawnAnswer",
    "DrawnRequest",
    "Judgement",
    "load",
    "test_document",
    "test_rule",
]


def load(path: str | Path | None = None, *, base_url: str | None = None) -> Contract:
    """The contract of a document, also where no fixture can be had, as in `@given(…)`.

    A relative `path` starts in the working directory, and `NAME.overlay.yaml` beside `NAME.yaml` is
    applied; None is the document of the project around that, with its overlays and base URL: what
    `contract_spec` says, else `openapi.yaml` and the like. The path of `base_url` precedes those of
    the document. Raises ContractsError, with file and line, for one that can't be read.
    """
    overlays = None
    if path is None:
        own, path = settings_of(Path.cwd()), document_of_project()
        overlays = overlays_of(own.get("contract_overlay", ()), "contract_overlay")
        base_url = base_url or own.get("base_url")
    spec, _, scrubber = credentials_from(load_spec(path, overlays), Options(), None, os.environ)
    return Contract(rules_for(spec, extra=prose_rules(spec)), base_url, scrubber)


class ContractViolation(AssertionError):
    """The answer breaks the contract; the text lists every broken rule, with what was seen."""


@dataclass(frozen=True, eq=False)
class Contract:
    """What the fixture `contract` gives; the path of `base_url` precedes the document's paths."""

    book: RuleBook = field(repr=False)
    base_url: str | None = None
    scrubber: Scrubber = field(default_factory=Scrubber, repr=False)

    def judge(self, response: Any, *, operation: str | None = None) -> Judgement:
        """Judge a response, read to its end, by every rule of its operation.

        It is one of httpx2, httpx, requests, Starlette's or Werkzeug's test client, or is drawn;
        or any other with `request.method`, `request.url`, `status_code`, `headers` and `content`.
        The `operation` is `METHOD PATH` or an `operationId` of the document, found from the request
        if it is left out. Returns what was exercised, with advisories in its `findings`.
        Raises ContractViolation if a rule is broken, LookupError without such an operation, and
        TypeError for what is no such response.
        """
        method, url, answer = self._read(response)
        prefix = urlsplit(self.base_url or "").path.rstrip("/")
        below = url.path.removeprefix(prefix) if url.path.startswith(f"{prefix}/") else url.path
        rules = strategies.rules_of(self.book, operation or self._operation(method, below))
        # Nobody knows with which credential it was asked for: a refusal may be right.
        source = "status" if answer.status in REFUSALS else "fuzz"
        probe = Probe(rules.operation.key, Request(method, below), source=source)
        judgement = judge(rules, Exchange(0, probe, answer))
        if broken := judgement.violations(rules):
            # Neither the query nor a user name in the URL is shown: both may hold a credential.
            shown = f"{method} {url.scheme}://{url.netloc.rpartition('@')[2]}{url.path}"
            lines = [self._line(rules.by_id[finding.rule], finding) for finding in broken]
            raise ContractViolation("\n".join([f"{shown} breaks the contract:", *lines]))
        return judgement

    def answers(
        self, operation: str, status: int | str = "*", *, media_type: str = ""
    ) -> SearchStrategy[DrawnAnswer]:
        """A Hypothesis strategy of answers that the document allows, each of which `judge` takes.

        The `operation` is `METHOD PATH` or an `operationId`; `status` a number, a range (`2XX`: all
        in it), `default`, or `*` for each that is documented; `media_type` one of those, or empty.
        Raises LookupError for what the document does not have, ValueError where nothing that it
        describes can be made.
        """
        found = strategies.answers_of(strategies.rules_of(self.book, operation), status, media_type)
        return strategies.lazily(strategies.allowed, *found)

    def requests(self, operation: str, *, media_type: str = "") -> SearchStrategy[DrawnRequest]:
        """A Hypothesis strategy of requests that the document allows, without credential.

        Values of the path are plain words, where their schema has such. Raises as `answers` does.
        """
        found = strategies.requests_of(strategies.rules_of(self.book, operation), media_type)
        return strategies.lazily(strategies.allowed, *found)

    def broken(
        self, operation: str, status: int | str | None = None, *, kind: str | None = None
    ) -> SearchStrategy[Any]:
        """A Hypothesis strategy of what the document forbids by one rule, whose id is in `breaks`.

        Of answers, if a `status` is given, else of requests. The `kind` is that of the rule
        (`required`, `type`, `enum`, `bounds` …), or the keyword (`minLength`); None for any.
        Raises as `answers` does, and LookupError for a kind of which nothing can be broken.
        """
        rules, of = strategies.rules_of(self.book, operation), strategies.answers_of
        found = strategies.requests_of(rules) if status is None else of(rules, status)
        return strategies.lazily(strategies.broken, kind, *found)

    def _line(self, rule: Rule, finding: Finding) -> str:
        about = finding.instance if rule.kind not in ("schema", "required") else None
        where = f"{about} is " if about else ""
        source = self.book.spec.document.source(rule.pointer)
        seen = printable(f"  seen: {where}{finding.seen}; wanted: {rule.promise} ({rule.clause})")
        return f"{source}  {printable(rule.id)}\n{seen}"

    def _read(self, response: Any) -> tuple[str, SplitResult, Response]:
        """The method and URL that were asked for, and the answer, without credentials."""
        if isinstance(response, DrawnAnswer):
            return response.request.method, urlsplit(response.request.target), response
        try:
            method, url = str(response.request.method).upper(), urlsplit(str(response.request.url))
            # requests joins fields of one name, httpx does not.
            headers = getattr(response.headers, "multi_items", response.headers.items)()
            content = response.content if hasattr(response, "content") else response.data
            body = self.scrubber.body(bytes(content))
            status = int(response.status_code)
        except (AttributeError, TypeError, ValueError) as error:
            cure = "give one that has what those of httpx have"
            raise TypeError(f"this is no response, {error}; {cure}") from None
        fields = tuple(self.scrubber.field(str(name), str(value)) for name, value in headers)
        return method, url, Response(status, fields, body)

    def _operation(self, method: str, path: str) -> str:
        there = operations_at(self.book.spec, path)
        fitting = [operation for operation in there if operation.method == method]
        nearest = next(iter([*fitting, *there]), None)
        return f"{method} {nearest.path if nearest else path}"
