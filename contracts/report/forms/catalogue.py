"""What is known beforehand: a document's rules and the kinds of changes, in tables and JSON."""

import difflib
import re
import tomllib
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import date
from operator import attrgetter, itemgetter
from pathlib import Path
from typing import Any

from contracts.changes.change import KINDS
from contracts.decision.entries import TERM, accept_command
from contracts.document import Spec
from contracts.errors import UsageError
from contracts.rules import Rule, RuleBook
from contracts.rules.requests import OF_CLIENTS, client_rules
from contracts.rules.states import LIVES, STATE_KINDS, no_lives_of, takes_part
from contracts.schemas.families import families_of
from contracts.text import plural, printable

MAX_RULES = 20  # that are listed of those which an id means
EXPLANATIONS = Path(__file__).with_name("explanations.toml")
_PARTS = {"rests on": "clause", "severity": "severity", "why": "why"}
_PARTS |= {"causes": "causes", "next": "next", "accept": "accept", "asked by": "asked_by"}


def rules_table(book: RuleBook) -> Iterator[str]:
    """A line a rule: file:line, id, clause; the count at the end."""
    pointers = dict.fromkeys(map(attrgetter("pointer"), book.rules))
    places = {pointer: str(book.spec.document.source(pointer)) for pointer in pointers}
    where = max(map(len, places.values()), default=0)
    name = max((min(len(rule.id), 100) for rule in book.rules), default=0)
    for rule in book.rules:
        mark = f" ({rule.severity.value})" * (rule.severity != "violation")
        yield f"{places[rule.pointer]:<{where}}  {rule.id:<{name}}  {rule.clause}{mark}"
    yield f"{len(book.rules)} rules of {book.spec.title} {book.spec.version}"


def rules_json(book: RuleBook, rules: Sequence[Rule] = ()) -> list[dict[str, Any]]:
    """All rules, or these."""
    names = ("kind", "severity", "basis", "clause", "operation", "status", "place", "promise")
    found = []
    for rule in rules or book.rules:
        entry = {"rule": rule.id, **dict(zip(names, attrgetter(*names)(rule), strict=True))}
        found.append(entry | {"source": asdict(book.spec.document.source(rule.pointer))})
    return found


ROLES = ("create", "read", "list", "replace", "patch", "delete", "actions")


def lives_json(spec: Spec) -> list[dict[str, Any]]:
    """The families of a document: which operations, and by what each is one of them."""
    found, children = list[dict[str, Any]](), defaultdict[str, list[str]](list)
    for family in families_of(spec):
        if family.parent and family.item_path:
            children[family.parent].append(family.item_path)
    for family in families_of(spec):
        operations = defaultdict[str, list[dict[str, Any]]](list)
        for role in ROLES:
            held = getattr(family, role) or ()
            for one in held if isinstance(held, tuple) else (held,):
                is_linked = role == "create" and not one.path.startswith(family.collection_path)
                part = {"operation": one.key, "by": ("path", "link")[is_linked]}
                operations[role].append({**part, "takes_part": takes_part(spec, one)})
        why, name = no_lives_of(spec, family), family.item_path or family.collection_path
        about = {"resource": name, "within": family.parent or None, "asked": not why, "why": why}
        found.append({**about, "children": children[name], "operations": operations})
    return found


def lives_table(told: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """What `lives_json` gives, for people: a line an operation."""
    for family in told:
        line = family["resource"]
        line += f", within {family['within']}" * bool(family["within"])
        yield line + f": not asked, {family['why']}" * (not family["asked"])
        for role, operations in family["operations"].items():
            for one in operations:
                left = f"  ({LIVES} is false)" * (not one["takes_part"])
                yield f"  {role:8} {one['operation']}  by {one['by']}{left}"
    asked, kinds = sum(map(itemgetter("asked"), told)), plural(len(told), "kind")
    yield f"{kinds} of resources, lives of {asked} are asked with --contract-unsafe"


def names_of(name: str) -> tuple[str, str]:
    """A name on a terminal that has no more than ASCII, and in the id of a test."""
    shown = printable(name).encode("ascii", "backslashreplace").decode()
    return shown, name.encode("unicode_escape").decode()


def named(book: RuleBook, given: str) -> list[Rule]:
    """The rules that are meant by an id as anything prints it; UsageError with the nearest ids.

    It may be that of an item for many rules, stand in a node id, be cut at an `…`, or a glob.
    """
    node = re.fullmatch(r"(?:.*::)?\w+\[(.*)\]", given, re.DOTALL)
    name = re.sub(r", on \d+ operations$", "", names_of(node[1] if node else given)[0])
    rules = (*book.rules, *client_rules(book.spec))
    for of in map(attrgetter, ("id", "group", "answer")):
        if found := [rule for rule in rules if name in names_of(of(rule))]:
            return found
    parts = re.split(r"\\u2026|\.\.\.|\*", name)
    if len(parts) > 1 and any(parts):
        cut = re.compile(".*".join(map(re.escape, parts)))
        if found := [rule for rule in rules if any(map(cut.fullmatch, names_of(rule.id)))]:
            return found
    ids = {rule.id for rule in rules} | KINDS.keys()
    near = difflib.get_close_matches(name, sorted(ids), n=3, cutoff=0.4)
    hint = f"the nearest are {'; '.join(near)}" if near else "`contracts rules` lists them"
    raise UsageError(f"the document has no rule {printable(given)}; {printable(hint)}")


def explained(told: Mapping[str, Any]) -> Iterator[str]:
    """What `explained_json` gives, for people."""
    source, rules = told.get("source"), told["rules"]
    yield printable(told["rule"])
    if len(rules) > 1:
        shown = "; ".join(map(printable, rules[:MAX_RULES]))
        more = f"; … and {len(rules) - MAX_RULES} more" * (len(rules) > MAX_RULES)
        yield f"  one of    {len(rules)} rules that are meant: {shown}{more}"
    place = "" if source is None else f"{told['place'] or 'the answer'} "
    yield f"  promise   {place}{printable(told['promise'])}"
    if source is not None:
        yield f"  written   {source['file']}:{source['line']}  #{printable(source['pointer'])}"
    for title, key in _PARTS.items():
        if told.get(key):
            yield f"  {title:10}{printable(told[key])}"


def explained_json(
    book: RuleBook, given: str, *, today: date, asked: Callable[[str], Mapping[str, Iterable[str]]]
) -> dict[str, Any]:
    """All about an id that a run prints; `asked` gives the rules of an operation that is asked for.

    Each comes with the sources of the probes that exercise it. The id is a rule's or an item's, or
    that of a change or of the test of the document.
    """
    texts = tomllib.loads(EXPLANATIONS.read_text(encoding="utf-8"))
    until = today + TERM
    about: dict[str, Any] = {"rule": given, "rules": [given]}
    if (kind := KINDS.get(given.partition(" ")[0])) is not None:
        about |= {"promise": kind.shown, "severity": kind.severity.value, **texts["change"]}
        return about | {"accept": accept_command([given], until=until)}
    if given.rpartition("::")[2].startswith("test_document"):
        return {**about, **texts["document"]}
    rules = named(book, given)
    rule, probes, ids = rules[0], texts["probes"], [rule.id for rule in rules]
    about = rules_json(book, [rule])[0] | texts[rule.kind]
    asking: Iterable[str] = ["life" if rule.kind in STATE_KINDS else "client"]
    if rule.kind not in OF_CLIENTS | STATE_KINDS:
        asking = asked(rule.operation).get(rule.id, ())
    about["asked_by"] = "; ".join(map(probes.get, asking)) or "nothing, on the mock"
    command = accept_command(ids[:MAX_RULES], "--spec", book.spec.document.path, until=until)
    return about | {"accept": command, "rules": ids}


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
