"""The tables of `accepted.toml`: what the team agreed to live with, why, and until when."""

import itertools
import json
import re
import shlex
import tomllib
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from difflib import SequenceMatcher
from fnmatch import fnmatchcase
from operator import methodcaller
from typing import Any

from contracts.errors import DocumentError
from contracts.text import printable

ACCEPTED = "accepted.toml"
MAX_SIZE, MAX_LINE = 2**20, 10_000  # bytes: to read a key of many parts takes their square
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
_KEY = re.compile(r"""\s*\[?((?:"(?:[^"\\]|\\.)*"|'[^']*'|[\w-]+|[. ])+?) *[\]=]""")
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

    @property
    def passed(self) -> str:
        return f"{self}: accepted until {self.until}, which has passed"

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

    def lapsed(self, name: str) -> str:
        """Of something that no entry accepts, though one names it: which, why, what to do."""
        for entry in filter(methodcaller("names", name), self.entries):
            if self.today <= entry.until:
                return f"{entry}: its evidence is not all that was seen; mend it, or add to that"
            where = "--accepted", self.file
            command = accept_command([entry.name], *where, until="YYYY-MM-DD", reason="")
            return f"{entry.passed}; mend it, or agree on a new date: {command}"
        return ""

    def out_of_use(self, names: Collection[str], said: str, cure: str) -> tuple[list[str], ...]:
        """What is said of entries that name none of these, and of others whose day has passed."""
        idle, past = list[str](), list[str]()
        for entry in self.entries:
            if not any(map(entry.names, names)):
                idle.append(f"{entry}: {said} {entry.name}; {cure}")
            elif entry.until < self.today:
                past.append(f"{entry.passed}; mend it, or agree on a new date")
        return idle, past


def _matches(text: str, glob: str) -> bool:
    return text == glob or fnmatchcase(text, glob.replace("[", "[[]"))


def is_reason(text: str) -> bool:
    """Whether a text says anything: not if it is blank, no UTF-8, or the placeholder offered."""
    return bool(re.sub(r"[\s.…]", "", text)) and not re.search("[\ud800-\udfff]", text)


def accept_command(names: Iterable[str], *options: str, until: object, reason: str = "…") -> str:
    """The command that accepts rules or changes, for a shell: refused until a reason is given."""
    words = ["contracts", "accept", *map(printable, names), *options]
    words += ["--reason", reason] * bool(reason)
    return shlex.join([*words, "--until", str(until)])


def entry_for(table: Table, name: str, *, until: date, reason: str = "…") -> str:
    """The line of TOML that accepts something, to stand before the first table of the file."""
    return f"{table.name}.{_quoted(name)} = {{ reason = {_quoted(reason)}, until = {until} }}"


def with_entry(text: str, table: Table, name: str, *, reason: str, until: date) -> str:
    """The file with an entry: its reason and end are set where it stands, else it is added."""
    import tomlkit

    document, line = tomlkit.parse(text), entry_for(table, name, until=until, reason=reason)
    if not document:
        return f"{text.rstrip()}\n{line}\n".lstrip()
    held: Any = document.get(table.name)
    if name in (held or ()):
        held[name]["reason"], held[name]["until"] = reason, until
    else:
        ((key, value),) = tomlkit.parse(f"{line}\n")[table.name].value.body[:1]
        if held is None:
            held = document[table.name] = tomlkit.table(is_super_table=True)
        held[key] = value
    return kept(text, document.as_string())


def without_entry(text: str, table: Table, name: str) -> str:
    """The file without an entry; comments around it stay."""
    import tomlkit

    document: Any = tomlkit.parse(text)
    document[table.name].pop(name)
    return kept(text, document.as_string())


def kept(text: str, after: str) -> str:
    """What tomlkit made of a text, but for the blanks that it loses after dates."""
    import tomlkit  # as it is seldom needed

    made = tomlkit.parse(text).as_string(), after
    before, theirs = (re.sub("([0-9])}$", r"\1 }", t, flags=re.M).split("\n") for t in made)
    ours = text.split("\n")
    lines: list[str] = []
    for tag, first, last, start, end in SequenceMatcher(None, before, theirs, False).get_opcodes():
        same = tag == "equal" and len(before) == len(ours)
        lines += ours[first:last] if same else theirs[start:end]
    return "\n".join(lines)


def accepted_from(data: bytes, file: str, table: Table, *, today: date) -> Accepted:
    """The entries of one table of a file. DocumentError for what is wrong in any table."""
    if len(data) > MAX_SIZE or max(map(len, data.splitlines()), default=0) > MAX_LINE:
        problem = f"has more than {MAX_SIZE} bytes, or a line of more than {MAX_LINE}"
        raise DocumentError(file, 0, problem, "take out what is in no use")
    try:
        text = data.decode("utf-8")
        tables = tomllib.loads(text)
    except UnicodeDecodeError as error:
        line, cure = data.count(b"\n", 0, error.start) + 1, "give a TOML file in UTF-8"
        raise DocumentError(file, line, f"can't be read ({error})", cure) from None
    except tomllib.TOMLDecodeError as error:
        raise _unreadable(text, file, str(error)) from None
    except (ValueError, RecursionError) as error:  # a number of 5,000 digits, a list in a list in …
        problem = f"holds a value that is too long or too deep ({type(error).__name__})"
        raise DocumentError(file, 0, problem, "take it out") from None
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
        usable = isinstance(value, kind) and not isinstance(value, datetime)
        if not usable or (isinstance(value, str) and not is_reason(value)):
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


def _key(row: str) -> str:
    """The key that a line begins with; empty if it begins with none."""
    return (_KEY.match(row) or ["", ""])[1]


def _line(text: str, name: str) -> int:
    """The line whose key names something; 0 if none is found."""
    spelled = (_quoted(name), json.dumps(name, ensure_ascii=False), f"'{name}'", name)
    for number, row in enumerate(text.split("\n"), 1):
        if any(f"{_key(row)}.".endswith((f"{each}.", f".{each}.")) for each in spelled):
            return number
    return 0


def _unreadable(text: str, file: str, why: str) -> DocumentError:
    """Of what is no TOML: the place, and of a key that stands twice, both of its lines."""
    end = text.count("\n") + 1, len(text.rpartition("\n")[2]) + 1
    line, column = map(int, (re.findall(r"line (\d+), column (\d+)", why) or [end])[0])
    keys = [re.sub("[\"' ]", "", _key(row)) for row in text.split("\n")[:line]]
    if re.match("Cannot (overwrite|declare|mutate)", why):
        for last, first in itertools.combinations(range(line, 0, -1), 2):
            if keys[last - 1] and f"{keys[first - 1]}.".startswith(f"{keys[last - 1]}."):
                key = _key(text.split("\n")[last - 1])
                why = f"the key {key} stands twice, lines {first} and {last}"
                return DocumentError(file, last, why, "keep one of them")
    if twice := re.search(r"Duplicate inline table key '(.*)' \(at", why):
        why = f"the key {twice[1]} stands twice, in one entry"
        return DocumentError(f"{file}:{line}", column, why, "keep one of them")
    why = f"this is not TOML: {re.sub(r' [(]at .*', '', why)}"
    return DocumentError(f"{file}:{line}", column, why, "mend the syntax there")


def _quoted(text: str) -> str:
    """A basic string of TOML, on one line that any terminal can show."""
    # Halves of surrogate pairs, which no TOML holds, become `?`, which as a glob stands for them.
    quoted = json.dumps(text.encode("utf-8", "replace").decode(), ensure_ascii=False)
    for character in itertools.filterfalse(str.isprintable, set(quoted)):
        quoted = quoted.replace(character, f"\\U{ord(character):08X}")
    return quoted
