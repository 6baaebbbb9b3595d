"""What is known beforehand: a document's rules and the kinds of changes, in tables and JSON."""

import difflib
from collections.abc import Iterator
from dataclasses import asdict
from operator import attrgetter
from typing import Any

from contracts.changes.change import KINDS
from contracts.errors import UsageError
from contracts.rules import RuleBook


def rules_table(book: RuleBook) -> Iterator[str]:
    """A line a rule: file:line, id, clause; the count at the end."""
    places = [str(book.spec.document.source(rule.pointer)) for rule in book.rules]
    where = max(map(len, places), default=0)
    name = max((min(len(rule.id), 100) for rule in book.rules), default=0)
    for place, rule in zip(places, book.rules, strict=True):
        mark = f" ({rule.severity.value})" * (rule.severity != "violation")
        yield f"{place:<{where}}  {rule.id:<{name}}  {rule.clause}{mark}"
    yield f"{len(places)} rules of {book.spec.title} {book.spec.version}"


def rules_json(book: RuleBook) -> list[dict[str, Any]]:
    names = ("kind", "severity", "clause", "operation", "status", "place", "promise")
    found = []
    for rule in book.rules:
        entry = {"rule": rule.id, **dict(zip(names, attrgetter(*names)(rule), strict=True))}
        found.append(entry | {"source": asdict(book.spec.document.source(rule.pointer))})
    return found


def explained(book: RuleBook, identity: str) -> str:
    """One rule in full; UsageError with the nearest ids when there is none of that id."""
    entry = explained_json(book, identity)
    source = entry["source"]
    return (
        f"{entry['rule']}\n"
        f"  promise   {entry['place'] or 'the answer'} {entry['promise']}\n"
        f"  written   {source['file']}:{source['line']}  #{source['pointer']}\n"
        f"  rests on  {entry['clause']}\n"
        f"  severity  {entry['severity']}"
    )


def explained_json(book: RuleBook, identity: str) -> dict[str, Any]:
    """One rule as in `rules_json`; UsageError with the nearest ids if there is none of that id."""
    by_id = {entry["rule"]: entry for entry in rules_json(book)}
    if identity not in by_id:
        near = difflib.get_close_matches(identity, by_id, n=3, cutoff=0.4)
        hint = f"the nearest are {'; '.join(near)}" if near else "`contracts rules` lists them"
        raise UsageError(f"the document has no rule {identity}; {hint}")
    return by_id[identity]


def kinds_table() -> Iterator[str]:
    """A line a kind of change: id, direction, severity, message."""
    rows = kinds_json()
    for column in ("id", "direction", "severity"):
        width = max(len(row[column]) for row in rows)
        for row in rows:
            row[column] = row[column].ljust(width)
    yield from map("  ".join, map(dict.values, rows))


def kinds_json() -> list[dict[str, str]]:
    names = ("id", "direction", "severity", "message")
    facts = attrgetter("id", "direction", "severity", "shown")
    return [dict(zip(names, map(str, facts(kind)), strict=True)) for kind in KINDS.values()]
