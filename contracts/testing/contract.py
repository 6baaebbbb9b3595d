"""The contract of a document: a response in, what it breaks out."""

import difflib
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from contracts.document.serialisation import operations_at
from contracts.exchanges.credential import Scrubber
from contracts.messages import Exchange, Probe, Request, Response
from contracts.rules import Finding, Rule, RuleBook, Severity
from contracts.text import printable
from contracts.verdicts import Judgement, judge


class ContractViolation(AssertionError):
    """The answer breaks the contract; the text lists every broken rule, with what was seen."""


@dataclass(frozen=True, eq=False)
class Contract:
    """What the fixture `contract` gives; the path of `base_url` precedes the document's paths."""

    book: RuleBook = field(repr=False)
    base_url: str | None = None
    scrubber: Scrubber = field(default_factory=Scrubber, repr=False)

    def judge(self, response: Any, *, operation: str | None = None) -> Judgement:
        """Judge a response of httpx2, httpx or requests, read to its end, by every rule for it.

        The `operation` is `METHOD PATH` of the document, found from the request if it is left out.
        Returns what was exercised, with advisories in its `findings`.
        Raises ContractViolation if a rule is broken, and LookupError without such an operation.
        """
        __tracebackhide__ = True  # a test that fails shows its own line, and the text
        method, url = str(response.request.method).upper(), urlsplit(str(response.request.url))
        key = operation or self._operation(method, url.path)
        if key not in self.book.operations:
            known = list(self.book.operations)
            near = difflib.get_close_matches(key, known, n=3, cutoff=0.4) or known[:3]
            cure = "name one with operation=, or judge an answer of one of them"
            nearest = f"the nearest are {', '.join(near)}; {cure}"
            raise LookupError(f"the document has no operation {key}; {nearest}")
        # requests joins fields of one name, httpx does not.
        headers = getattr(response.headers, "multi_items", response.headers.items)()
        body = self.scrubber.body(bytes(response.content))
        fields = tuple(self.scrubber.field(str(name), str(value)) for name, value in headers)
        answer = Response(int(response.status_code), fields, body)
        rules = self.book.operations[key]
        judgement = judge(rules, Exchange(0, Probe(key, Request(method, url.path)), answer))
        by_id = {rule.id: rule for rule in rules.rules}
        broken = [f for f in judgement.findings if by_id[f.rule].severity is Severity.VIOLATION]
        if broken:
            # Neither the query nor a user name in the URL is shown: both may hold a credential.
            shown = f"{method} {url.scheme}://{url.netloc.rpartition('@')[2]}{url.path}"
            lines = [self._line(by_id[finding.rule], finding) for finding in broken]
            raise ContractViolation("\n".join([f"{shown} breaks the contract:", *lines]))
        return judgement

    def _line(self, rule: Rule, finding: Finding) -> str:
        about = finding.instance if rule.kind not in ("schema", "required") else None
        where = f"{about} is " if about else ""
        source = self.book.spec.document.source(rule.pointer)
        seen = printable(f"  seen: {where}{finding.seen}; wanted: {rule.promise} ({rule.clause})")
        return f"{source}  {printable(rule.id)}\n{seen}"

    def _operation(self, method: str, path: str) -> str:
        prefix = urlsplit(self.base_url or "").path.rstrip("/")
        below = path.removeprefix(prefix) if path.startswith(f"{prefix}/") else path
        there = operations_at(self.book.spec, below)
        fitting = [operation for operation in there if operation.method == method]
        nearest = next(iter([*fitting, *there]), None)
        return f"{method} {nearest.path if nearest else below}"
