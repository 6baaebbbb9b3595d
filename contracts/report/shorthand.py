"""Verdicts of a large report to entries that say once what many of them share; and back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from contracts.report.run import RuleVerdict, about_rule

LARGE = 20_000
"""Rules of a report in whose file each verdict says all that there is to say of its rule.

In that of a larger one a verdict has what is its own, and by their numbers the entries of `common`
that have the rest. A key that none has is null, 0, false or empty, or the rule's id says it
(`operation`, `status`, `place`). Evidence is told in the same way.
"""
_NAMED = ("operation", "status", "place")
_USUALLY_NOTHING = frozenset(
    {
        *("violations", "since", "recurrence", "found", "found_more", "seen", "unseen"),
        *("why", "explained", "accepted", "lapsed", "evidence"),
    }
)
_SHARED = (
    ("clause", "basis", "severity", "since", "why", "explained", "accepted", "lapsed"),
    ("source",),
)
_SHARED_WITH_PROMISE = (("promise", *_SHARED[0]), _SHARED[1])
_SHARED_OF_EVIDENCE = (("exchange", "curl", "status", "headers", "body", "request", "story"),)


@dataclass(frozen=True)
class Entries(Sequence[dict[str, Any]]):
    """Verdicts as JSON values, each made when it is looked at."""

    verdicts: Sequence[RuleVerdict]

    def __len__(self) -> int:
        return len(self.verdicts)

    def __getitem__(self, index: Any) -> Any:
        entry = msgspec.json.decode(msgspec.json.encode(self.verdicts[index]))
        if entry["evidence"] is None:
            del entry["source"]["excerpt"]
        return entry


def shortened(verdict: Mapping[str, Any], common: dict[bytes, int]) -> dict[str, Any]:
    """The verdict without what goes into `common`: entries as JSON, with their numbers."""
    about = about_rule(verdict["rule"])
    is_named = all(verdict.get(name) == about[name] for name in _NAMED)
    own = {}
    for name, value in verdict.items():
        left_out = is_named if name in _NAMED else name in _USUALLY_NOTHING and not value
        if not left_out:
            own[name] = value
    if "evidence" in own:
        own["evidence"] = _shared(own["evidence"], _SHARED_OF_EVIDENCE, common)
    is_alike = verdict["rule"].endswith(verdict["kind"])  # else its promise is about a name
    return _shared(own, _SHARED_WITH_PROMISE if is_alike else _SHARED, common)


def _shared(
    entry: Mapping[str, Any], parts: Sequence[Sequence[str]], common: dict[bytes, int]
) -> dict[str, Any]:
    own, numbers = dict(entry), []
    for names in parts:
        if shared := {name: own.pop(name) for name in names if name in own}:
            numbers.append(common.setdefault(msgspec.json.encode(shared), len(common)))
    return {**own, "common": numbers}


def whole(verdict: dict[str, Any], common: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The verdict with all that a file says of its rule; LookupError if some of that is missing.

    What is as usual is left out all the same, and what the rule's id says: the model knows it.
    """
    if "common" not in verdict:
        return verdict
    verdict = _put_together(verdict, common)
    if "evidence" in verdict:
        verdict["evidence"] = _put_together(verdict["evidence"], common)
    return verdict


def _put_together(entry: dict[str, Any], common: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for number in entry.pop("common"):
        found |= common[number]
    return found | entry
