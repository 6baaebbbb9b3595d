"""Reports of three real runs to a month of them: as one service could have been, night by night, always the same."""

import json
import math
import random
from bisect import bisect_right
from collections.abc import Callable, Mapping
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from typing import Any

from contracts.report.run import BOUNDS

Report = dict[str, Any]

TONIGHT = datetime(2026, 11, 24, 3, 17, tzinfo=UTC)
TARGET = "https://staging.example"
REFUSED = (13, 19)
"""Nights in which the key was not known."""
SLOW = range(15, 18)
"""Nights in which the service was."""

GET = "GET /sessions/{session_id} 200"
FIXED = f"{GET} /duration pattern"
BROKEN: Mapping[str, Callable[[int], bool]] = {
    f"{GET} /status enum": lambda ago: ago < 12,
    f"{GET} /created_at format": lambda ago: ago % 5 in (0, 1),  # comes and goes
    f"{GET} / required last_accessed_at": lambda ago: ago < 1,
    f"{GET} /timeout_minutes nullability": lambda ago: ago < 4,
    f"{GET} /proxies type": lambda ago: ago < 2,
    FIXED: lambda ago: 8 <= ago < 21,
}
"""Whether a rule is broken so many nights ago. What refuses whole bodies is, whenever one of them is."""


def nights(healthy: Report, broken: Report, refused: Report, *, count: int = 30, seed: int = 7) -> list[Report]:
    """A report a night, oldest first; tonight's is of the broken service."""
    kept = {verdict["rule"]: verdict for verdict in healthy["verdicts"]}
    made = []
    for ago in reversed(range(count)):
        chance = random.Random(seed * 1000 + ago)
        night = deepcopy(refused) if ago in REFUSED else _fallen(broken, kept, ago)
        made.append(moved(night, TONIGHT - timedelta(days=ago, seconds=chance.randrange(300)), chance, ago))
    return made


def moved(report: Report, started: datetime, chance: random.Random, ago: int = 0) -> Report:
    """The report as if the run had been that night, somewhere in the network: with other times and addresses."""
    here = report["target"]["base_url"]
    value: Report = json.loads(json.dumps(report).replace(here, TARGET)) if here else deepcopy(report)
    value["started"] = started.isoformat(timespec="milliseconds")
    value["finished"] = (started + timedelta(seconds=chance.uniform(55, 75))).isoformat(timespec="milliseconds")
    value["seed"] = 0
    pace = 0.09 * (2.5 if ago in SLOW else 1.0)
    for entry in value["operations"].values():
        slow = sorted(chance.lognormvariate(math.log(pace), 0.45) for _ in range(entry["times"]["count"]))
        entry["times"] |= {
            "median": round(slow[len(slow) // 2], 6),
            "p95": round(slow[len(slow) * 95 // 100], 6),
            "longest": round(slow[-1], 6),
            "histogram": _histogram(slow),
        }
    return value


def _histogram(seconds: list[float]) -> list[int]:
    counts = [0] * (len(BOUNDS) + 1)
    for second in seconds:
        counts[bisect_right(BOUNDS, second)] += 1
    return counts


def _fallen(broken: Report, kept: Mapping[str, Any], ago: int) -> Report:
    """The broken report with what is broken in that night alone."""
    night = deepcopy(broken)
    example = next(v for v in night["verdicts"] if v["rule"] == f"{GET} /created_at format")
    fallen = {rule for rule, is_broken in BROKEN.items() if is_broken(ago)}
    for index, verdict in enumerate(night["verdicts"]):
        if verdict["rule"] not in fallen and verdict["rule"] in BROKEN:
            night["verdicts"][index] = deepcopy(kept[verdict["rule"]])
        elif verdict["rule"] == FIXED:  # no run of ours broke this: it is told as what another rule's evidence shows
            told = {"message": '"5 minutes"', "instance": "/duration"}
            verdict |= {"outcome": "violated", "violations": example["violations"]}
            verdict["evidence"] = deepcopy(example["evidence"]) | told
    outcomes = [verdict["outcome"] for verdict in night["verdicts"]]
    night["summary"] |= {name: outcomes.count(name) for name in ("holds", "violated", "not_exercised", "undecided")}
    severe = sum(v["outcome"] == "violated" and v["severity"] == "violation" for v in night["verdicts"])
    night["decision"] = "fail" if severe else "pass"
    night["reasons"] = [f"{severe} rule{'s' * (severe != 1)} violated"] if severe else []
    return night
