"""The tables of `accepted.toml`: what the team agreed to live with, why, and until when."""

import json
import re
import tomllib
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from fnmatch import fnmatchcase
from itertools import filterfalse
from typing import Any

from contracts.errors import DocumentError

ACCEPTED = "accepted.toml"
TERM = timedelta(days=30)  # for how long an entry is offered


@dataclass(frozen=True, slots=True)
class Table:
    """A table of the file, what its keys are, and what an entry may say beside reason and end."""

    name: str
    key: str
    plural: str
    optional: frozenset[str] = frozenset()

    @property
    def cure(self) -> str:
        return f'write {self.name}."{self.key}" = {{ reason = "…", until = YYYY-MM-DD }}'


VIOLATIONS = Table("violation", "RULE", "rules", frozenset({"evidence"}))
CHANGES = Table("change", "ID WHERE", "changes")
KEYS = {
    "reason": (str, "why the team lives with it"),
    "until": (date, "a date without quotes, as 2026-12-31"),
}


@dataclass(frozen=True, slots=True)
class Acceptance:
    """One entry: `violation."RULE" = { reason = "…", until = YYYY-MM-DD }`."""

    name: str  # of what is accepted, or a glob (`*` and `?` only: names hold brackets)
    reason: str
    until: date  # the last day on which it counts
    evidence: tuple[str, ...] = ()  # globs: each text that was seen has to match one; none: any may
    file: str = ""
    line: int = 0

    def names(self, name: str) -> bool:
        return _matches(name, self.name)

    def covers(self, name: str, seen: Iterable[str]) -> bool:
        """Whether it names something, and its evidence is all that was seen of that."""
        for text in seen:
            if self.evidence and not any(_matches(text, glob) for glob in self.evidence):
                return False
        return self.names(name)

    def __str__(self) -> str:
        return f"{self.file}:{self.line}" if self.file else self.name


@dataclass(frozen=True, slots=True)
class Accepted:
    """The entries of one table, held against a day; new entries are offered for `file`."""

    entries: tuple[Acceptance, ...] = ()
    today: date = date.max
    file: str = ACCEPTED

    def of(self, name: str, seen: Iterable[str] = ()) -> Acceptance | None:
        """The entry that accepts what has this name, with all that was seen, if any does today."""
        for entry in self.entries:
            if self.today <= entry.until and entry.covers(name, seen):
                return entry
        return None

    def out_of_use(self, names: Collection[str], said: str, cure: str) -> tuple[list[str], ...]:
        """What is said of entries that name none of these, and of others whose day has passed."""
        idle, past = list[str](), list[str]()
        for entry in self.entries:
            if not any(map(entry.names, names)):
                idle.append(f"{entry}: {said} {entry.name}; {cure}")
            elif entry.until < self.today:
                passed = f"{entry}: accepted until {entry.until}, which has passed"
                past.append(f"{passed}; mend it, or agree on a new date")
        return idle, past


def _matches(text: str, glob: str) -> bool:
    return text == glob or fnmatchcase(text, glob.replace("[", "[[]"))


def entry_for(table: Table, name: str, *, until: date, reason: str = "…") -> str:
    """The line of TOML that accepts something, to stand before the first table of the file."""
    return f"{table.name}.{_quoted(name)} = {{ reason = {_quoted(reason)}, until = {until} }}"


def accepted_from(data: bytes, file: str, table: Table, *, today: date) -> Accepted:
    """The entries of one table of a file. DocumentError for what is wrong in any table."""
    try:
        text = data.decode("utf-8")
        tables = tomllib.loads(text)
    except UnicodeDecodeError as error:
        cure = "give a TOML file in UTF-8"
        raise DocumentError(file, 0, f"can't be read ({error})", cure) from None
    except tomllib.TOMLDecodeError as error:
        lines, why = re.findall(r"line (\d+)", str(error)), f"this is not TOML: {error}"
        raise DocumentError(file, int((*lines, 0)[0]), why, "mend the syntax there") from None
    entries: dict[str, list[Acceptance]] = {VIOLATIONS.name: [], CHANGES.name: []}
    if unknown := sorted(tables.keys() - entries.keys()):
        cure = f"use {' or '.join(entries)}"
        raise DocumentError(file, 0, f"there is no table {unknown[0]}", cure)
    for each in (VIOLATIONS, CHANGES):
        held = tables.get(each.name, {})
        if not isinstance(held, dict):
            raise DocumentError(file, 0, f"{each.name} is no table of {each.plural}", each.cure)
        for name, entry in held.items():
            entries[each.name].append(_entry(name, entry, each, file, _line(text, name)))
    return Accepted(tuple(entries[table.name]), today, file)


def _entry(name: str, entry: Any, table: Table, file: str, line: int) -> Acceptance:
    what = f"the acceptance of {name}"
    if not isinstance(entry, dict):
        raise DocumentError(file, line, f"{what} is no table", table.cure)
    for key, (kind, meaning) in KEYS.items():
        value = entry.get(key)
        if not isinstance(value, kind) or isinstance(value, datetime) or not value:
            why = f"{what} has no usable {key} ({meaning})"
            raise DocumentError(file, line, why, table.cure)
    if unknown := sorted(entry.keys() - KEYS.keys() - table.optional):
        raise DocumentError(file, line, f"{what} has an unknown key {unknown[0]}", table.cure)
    globs = entry.get("evidence", [])
    if isinstance(globs, str):
        globs = [globs]
    if not isinstance(globs, list) or {*map(type, globs)} - {str}:
        why, cure = "evidence is not a text or a list of texts", "give globs over what is seen"
        raise DocumentError(file, line, why, cure)
    return Acceptance(name, entry["reason"], entry["until"], tuple(globs), file, line)


def _line(text: str, name: str) -> int:
    """The line that names something, as TOML's basic or literal string; 0 if it is not found so."""
    spelled = (_quoted(name), json.dumps(name, ensure_ascii=False), f"'{name}'")
    for number, line in enumerate(text.splitlines(), 1):
        if not line.lstrip().startswith("#") and any(each in line for each in spelled):
            return number
    return 0


def _quoted(text: str) -> str:
    """A basic string of TOML, on one line that any terminal can show."""
    # Halves of surrogate pairs, which no TOML holds, become `?`, which as a glob stands for them.
    quoted = json.dumps(text.encode("utf-8", "replace").decode(), ensure_ascii=False)
    for character in filterfalse(str.isprintable, set(quoted)):
        quoted = quoted.replace(character, f"\\U{ord(character):08X}")
    return quoted
