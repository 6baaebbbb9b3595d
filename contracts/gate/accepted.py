"""`spec/accepted.toml`: what the team agreed to live with, why, and until when; and what of it no longer counts."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from contracts.errors import DocumentError
from contracts.spec import Spec
from contracts.verdicts import Outcome, Verdict


@dataclass(frozen=True, slots=True)
class Acceptance:
    """One entry of the file: `violation."RULE" = { reason = "…", until = YYYY-MM-DD }`.

    Args:
        rule: an id, or a glob over ids (`*` and `?` only: ids hold brackets and braces).
        until: the last day on which it counts.
        evidence: globs over what was seen; a finding that none of them matches is still new. Empty: any finding.
        file, line: where the entry stands.
    """

    rule: str
    reason: str
    until: date
    evidence: tuple[str, ...] = ()
    file: str = ""
    line: int = 0

    def names(self, rule: str) -> bool:
        return _matches(rule, self.rule)

    def covers(self, verdict: Verdict) -> bool:
        """Whether all that was seen of a violated rule is what was accepted."""
        seen = [any(_matches(text, glob) for glob in self.evidence) for text in verdict.broken_by]
        return self.names(verdict.rule.id) and (not self.evidence or all(seen))

    def __str__(self) -> str:
        return f"{self.file}:{self.line}" if self.file else self.rule


@dataclass(frozen=True, slots=True)
class Accepted:
    """The acceptances of a file, held against a day."""

    entries: tuple[Acceptance, ...] = ()
    today: date = date.max

    def of(self, verdict: Verdict) -> Acceptance | None:
        """The acceptance of a violated rule, if one counts today."""
        if verdict.outcome is not Outcome.VIOLATED:
            return None
        return next((e for e in self.entries if self.today <= e.until and e.covers(verdict)), None)

    def stale(self, verdicts: Sequence[Verdict]) -> tuple[str, ...]:
        """Why entries fail a whole run: the document has no such rule any more, or their day has passed."""
        gone = [e for e in self.entries if not any(e.names(verdict.rule.id) for verdict in verdicts)]
        past = [entry for entry in self.entries if entry not in gone and entry.until < self.today]
        return (
            *(f"{e}: the document has no rule {e.rule}; remove the entry" for e in gone),
            *(f"{e}: accepted until {e.until}, which has passed; mend it, or agree on a new date" for e in past),
        )

    def healed(self, verdicts: Sequence[Verdict]) -> tuple[str, ...]:
        """Entries whose rules were all exercised and held: the entry can go."""
        found = []
        for entry in self.entries:
            named = [verdict for verdict in verdicts if entry.names(verdict.rule.id)]
            if named and all(verdict.outcome is Outcome.HOLDS for verdict in named):
                found.append(f"{entry}: {entry.rule} was exercised and held; the entry can go")
        return tuple(found)


def _matches(text: str, glob: str) -> bool:
    return text == glob or fnmatchcase(text, glob.replace("[", "[[]"))


def accepted_file(spec: Spec) -> Path:
    """Where the acceptances for a document are: `accepted.toml` in its folder."""
    return Path(spec.document.path).with_name("accepted.toml")


def entry_for(rule: str, *, until: date) -> str:
    """The line of TOML that accepts a rule; it stands by itself anywhere before the first table of the file."""
    return f'violation.{json.dumps(rule, ensure_ascii=False)} = {{ reason = "…", until = {until} }}'


CURE = 'write violation."RULE" = { reason = "…", until = YYYY-MM-DD }'


def read_accepted(path: Path, *, today: date) -> Accepted:
    """The acceptances of a file; none if there is no such file. DocumentError for what is not as it should be."""
    if not path.exists():
        return Accepted((), today)
    try:
        text = path.read_text(encoding="utf-8")
        entries = tomllib.loads(text).get("violation", {})
    except (OSError, UnicodeDecodeError) as error:
        raise DocumentError(str(path), 0, f"can't be read ({error})", "give a TOML file in UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        found = re.search(r"line (\d+)", str(error))
        line = int(found[1]) if found else 0
        raise DocumentError(str(path), line, f"this is not TOML: {error}", "mend the syntax there") from None
    if not isinstance(entries, dict):
        raise DocumentError(str(path), 0, "violation is no table of rules", CURE)
    return Accepted(tuple(_entry(rule, e, str(path), _line(text, rule)) for rule, e in entries.items()), today)


def _line(text: str, rule: str) -> int:
    """The line that names a rule, written as TOML's basic or literal string; 0 if it is written otherwise."""
    spelled = (json.dumps(rule, ensure_ascii=False), f"'{rule}'")
    lines = enumerate(text.splitlines(), 1)
    return next((n for n, line in lines if not line.lstrip().startswith("#") and any(s in line for s in spelled)), 0)


KEYS: Mapping[str, tuple[type, str]] = {
    "reason": (str, "why the team lives with it"),
    "until": (date, "a date without quotes, as 2026-12-31"),
}


def _entry(rule: str, entry: Any, file: str, line: int) -> Acceptance:
    if not isinstance(entry, dict):
        raise DocumentError(file, line, f"the acceptance of {rule} is no table", CURE)
    for key, (kind, meaning) in KEYS.items():
        if not isinstance(entry.get(key), kind) or not entry[key]:
            raise DocumentError(file, line, f"the acceptance of {rule} has no usable {key} ({meaning})", CURE)
    unknown = sorted(entry.keys() - {*KEYS, "evidence"})
    if unknown:
        raise DocumentError(file, line, f"the acceptance of {rule} has an unknown key {unknown[0]}", CURE)
    evidence = entry.get("evidence", [])
    globs = [evidence] if isinstance(evidence, str) else evidence
    if not isinstance(globs, list) or not all(isinstance(glob, str) for glob in globs):
        raise DocumentError(file, line, "evidence is not a text or a list of texts", "give globs over what is seen")
    return Acceptance(rule, entry["reason"], entry["until"], tuple(globs), file, line)
