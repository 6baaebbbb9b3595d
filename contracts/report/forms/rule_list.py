"""The rules of a document as a table, as JSON, or one of them in full."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from typing import Any

from contracts.errors import UsageError
from contracts.rules import Rule, RuleBook


def rules_table(book: RuleBook) -> Iterator[str]:
    """A line a rule: file:line, id, clause; the count at the end."""
    rows = [(str(book.spec.document.source(rule.pointer)), rule) for rule in book.rules]
    where = max((len(text) for text, _ in rows), default=0)
    name = min(max((len(rule.id) for _, rule in rows), default=0), 100)
    for text, rule in rows:
        mark = "" if rule.severity == "violation" else f" ({rule.severity.value})"
        yield f"{text:<{where}}  {rule.id:<{name}}  {rule.clause}{mark}"
    yield f"{len(rows)} rules of {book.spec.title} {book.spec.version}"


def rules_json(book: RuleBook) -> list[dict[str, Any]]:
    return [_entry(book, rule) for rule in book.rules]


def explained(book: RuleBook, identity: str) -> str:
    """One rule in full; UsageError with the nearest ids when there is none of that id."""
    entry = explained_json(book, identity)
    source = entry["source"]
    lines = (
        entry["rule"],
        f"  promise   the answer {entry['promise']}"
        if entry["place"] is None
        else f"  promise   {entry['place']} {entry['promise']}",
        f"  written   {source['file']}:{source['line']}  #{source['pointer']}",
        f"  rests on  {entry['clause']}",
        f"  severity  {entry['severity']}",
    )
    return "\n".join(lines)


def explained_json(book: RuleBook, identity: str) -> dict[str, Any]:
    """One rule as it stands in `rules_json`; UsageError with the nearest ids when there is none of that id."""
    by_id = {rule.id: rule for rule in book.rules}
    if identity not in by_id:
        near = difflib.get_close_matches(identity, by_id, n=3, cutoff=0.4)
        hint = f"the nearest are {'; '.join(near)}" if near else "`contracts rules` lists them"
        raise UsageError(f"the document has no rule {identity}; {hint}")
    return _entry(book, by_id[identity])


def _entry(book: RuleBook, rule: Rule) -> dict[str, Any]:
    source = book.spec.document.source(rule.pointer)
    return {
        "rule": rule.id,
        "kind": rule.kind,
        "severity": rule.severity.value,
        "clause": rule.clause,
        "operation": rule.operation,
        "status": rule.status,
        "place": rule.place,
        "promise": rule.promise,
        "source": {"file": source.file, "line": source.line, "pointer": source.pointer},
    }
