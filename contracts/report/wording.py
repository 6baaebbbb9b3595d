"""What a report says of a verdict, in the few words that every form has room for."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter, itemgetter
from typing import Any

from contracts.report.history import Trend
from contracts.report.run import CHANGES, STANDINGS, Drift, RuleVerdict, Run
from contracts.text import cut, few, plural

_ABOUT_THE_BODY = ("schema", "required")  # kinds whose findings say themselves where they are
MAX_CHANGES = 5
MANY = 20  # operations, from which on they are counted
MAX_NAMED = 3  # rules at which the suite failed
MAX_ALSO = 3  # other texts of what was seen that a line has room for, each so long
MAX_SEEN = 80
SELF_TEST = "in a self-test on the mock"
ENDED_EARLY = "ended early: this covers what was asked until then"


@dataclass(frozen=True, slots=True)
class Cause:
    """Verdicts of one standing and kind that show the same on several operations, or only one."""

    verdicts: tuple[RuleVerdict, ...]

    @property
    def seen(self) -> str:
        return seen_text(self.shown)

    @property
    def shown(self) -> RuleVerdict:
        """The verdict with the smallest evidence, the first of these."""
        return min(self.verdicts, key=attrgetter("size"))

    @property
    def operations(self) -> tuple[str, ...]:
        """The keys of the operations, each once."""
        return tuple(dict.fromkeys(map(attrgetter("operation"), self.verdicts)))

    @property
    def is_spread(self) -> bool:
        return len(self.operations) > 1


def causes(verdicts: Iterable[RuleVerdict]) -> list[Cause]:
    """The verdicts by cause, those on most operations first, else in the order of their first.

    What is new since an earlier report is apart from what was known, and before it; a body as a
    whole comes after its parts, which say more. Rules of one operation alone are not grouped, nor
    is what has no evidence.
    """
    verdicts = list(verdicts)
    operations: dict[object, set[str]] = {}
    for verdict in verdicts:
        operations.setdefault(_cause(verdict), set()).add(verdict.operation)
    found: dict[object, list[RuleVerdict]] = {}
    for verdict in verdicts:
        cause = _cause(verdict)
        if verdict.evidence is None or len(operations[cause]) == 1:
            cause = verdict.rule
        found.setdefault(cause, []).append(verdict)
    return sorted(map(Cause, map(tuple, found.values())), key=_rank)


def _rank(cause: Cause) -> tuple[bool, bool, int]:
    first = cause.verdicts[0]
    return first.since == "still there", first.kind == "schema", -len(cause.operations)


def spread_text(cause: Cause) -> str:
    """`, on 3 operations`, to be said after the rule that stands for them; empty for one."""
    return f", on {len(cause.operations)} operations" * cause.is_spread


def _cause(verdict: RuleVerdict) -> object:
    return verdict.standing, verdict.since, verdict.kind, seen_text(verdict)


def operations_of(run: Run) -> dict[str, Counter[str]]:
    """How many rules of each operation are violated, and exercised; those with most violated first.

    Advisories and what is accepted count as exercised alone.
    """
    found: dict[str, Counter[str]] = {}
    for operation, _, counts in answers_of(run):
        own = found.setdefault(operation, Counter())
        for name in ("violated", "exercised"):
            own[name] += counts[name]
    return dict(sorted(found.items(), key=lambda one: -one[1]["violated"]))


def operations_text(run: Run) -> str:
    """`1,500 operations: 310 with violated rules, 1,180 without, 10 not exercised`; "" of a few."""
    operations = operations_of(run).values()
    if len(operations) < MANY:
        return ""
    violated = sum(counts["violated"] > 0 for counts in operations)
    silent = sum(not counts["exercised"] for counts in operations)
    none = len(operations) - violated - silent
    text = f"{len(operations):,} operations: {violated:,} with violated rules, {none:,} without"
    return text + f", {silent:,} not exercised" * bool(silent)


def answers_of(run: Run) -> list[tuple[str, str, Counter[str]]]:
    """Rules by operation and status, the worst first: how many there are, and how they stand."""
    groups: dict[tuple[str, str], Counter[str]] = {}
    for verdict in run.verdicts:
        answer = verdict.operation, verdict.status or "any"
        counts = groups.get(answer)
        if counts is None:
            counts = groups[answer] = Counter()
        counts["rules"] += 1
        counts[verdict.standing] += 1
        counts["exercised"] += verdict.exercised > 0
    found = [(*key, counts) for key, counts in groups.items()]
    worst = itemgetter(*STANDINGS[:-1])
    return sorted(found, key=lambda one: worst(one[2]), reverse=True)


def target_text(targets: Sequence[str | None]) -> str:
    """`on URL`, of base URLs, None for the mock; where no service is asked, what it is instead."""
    names = ", ".join(target or "the mock" for target in targets)
    return f"on {names}" if any(targets) else SELF_TEST


def where_text(run: Run) -> str:
    """`on URL`, and which shard of a run it is, if it is one."""
    return f"{target_text(run.targets)}{_noted(run.shard, ', {}')}"


def standings_text(run: Run, *, whys: bool = True) -> str:
    """`4 rules, 2 holds, 1 violated, 1 not exercised, 0 undecided`, and of others what there is.

    Of rules that were not asked also why, if there is room for the `whys`.
    """
    words = ["holds", "violated", "not exercised", "undecided"]
    words += filter(run.by_standing.get, ("accepted", "advisory", "not asked"))
    standings = ", ".join(f"{len(run.by_standing[word])} {word}" for word in words)
    unasked = run.by_standing["not asked"] if whys else ()
    reasons = dict.fromkeys(verdict.why for verdict in unasked)
    return f"{plural(len(run.verdicts), 'rule')}, {standings}{_noted('; '.join(reasons), ': {}')}"


def retried_text(run: Run) -> str:
    """`6 asked again (503 x 5, reset x 1)`; empty where no request was."""
    reasons = ", ".join(f"{reason} x {count}" for reason, count in run.retried_for.items())
    return f"{run.retried} asked again{_noted(reasons)}" * bool(run.retried)


def worst_first(verdicts: Iterable[RuleVerdict]) -> list[RuleVerdict]:
    """What is new before what was known, then by the share of answers that broke the rule."""
    by_share = sorted(verdicts, key=lambda v: -v.violations / max(v.exercised, 1))
    return sorted(by_share, key=lambda v: v.since == "still there")


def seen_text(verdict: RuleVerdict) -> str:
    """What was seen instead of what is promised: `/status is "paused"`."""
    proof = verdict.evidence
    if proof is None:
        return "the report has no evidence"
    if proof.instance and verdict.kind not in _ABOUT_THE_BODY:
        return f"{proof.instance} is {proof.message}"
    return proof.message


def promise_text(verdict: RuleVerdict) -> str:
    """What is promised, and by which clause; empty in a report of an older version."""
    if not verdict.promise:
        return verdict.clause
    return f"{verdict.promise}{_noted(verdict.clause)}"


def own_count(verdict: RuleVerdict) -> int:
    """On how many exchanges what the evidence shows was seen."""
    message = verdict.evidence.message if verdict.evidence is not None else ""
    return verdict.found.get(message, verdict.violations)


def also_text(verdict: RuleVerdict, most: int = MAX_ALSO) -> str:
    """`also "x" on 3, "y" on 1 and 2 more, in all on 9`: what else was seen, empty if nothing."""
    message = verdict.evidence.message if verdict.evidence is not None else ""
    others = Counter(verdict.found)
    del others[message]
    texts = [f"{cut(text, MAX_SEEN)} on {count}" for text, count in others.most_common(most)]
    more = len(others) - len(texts) + verdict.found_more
    counted = f" and {more} more" * bool(more)
    return f"also {', '.join(texts)}{counted}, in all on {verdict.violations}" if texts else ""


def often_text(verdict: RuleVerdict) -> str:
    """`on 3 of 9 exchanges; always`, in the words of a failure: that which the evidence shows."""
    also, again = _noted(also_text(verdict), "; {}"), _noted(verdict.recurrence, "; {}")
    return f"on {own_count(verdict)} of {verdict.exercised} exchanges{also}{again}"


def since_text(verdict: RuleVerdict, against: Mapping[str, Any] | None) -> str:
    """Whether a violation is new since the earlier report; empty where that can't be told."""
    file = (against or {}).get("path", "an earlier report")
    texts = {"new": f"new since {file}", "still there": f"still there, {file} has it as well"}
    return texts.get(verdict.since or "", "")


def accepted_text(verdict: RuleVerdict) -> str:
    """`until 2026-12-31: agreed in May`; empty if nobody accepted it."""
    return str(verdict.accepted or "")


def why_text(verdict: RuleVerdict) -> str:
    """`not exercised: nobody came`, of a rule of which nothing is known."""
    return verdict.standing + _noted(verdict.why, ": {}")


def changes_text(against: Mapping[str, Any]) -> str:
    """`1 new, 0 still there, 2 fixed, 0 not judged`, of rules since an earlier report."""
    counts = []
    for change in CHANGES:
        counts.append(f"{len(against.get(change, ()))} {change.replace('_', ' ')}")
    return ", ".join(counts)


def against_text(against: Mapping[str, Any]) -> str:
    """Which earlier report, and how many rules are new, still there, fixed, or not judged since."""
    path, about = against.get("path", "an earlier report"), _noted(against.get("about"))
    return f"against {path}{about}: {changes_text(against)}"


def history_text(trend: Trend) -> str:
    """`12 runs since 2026-11-01`."""
    return f"{plural(len(trend.nights), 'run')} since {trend.nights[0].day}"


def session_lines(sessions: Mapping[str, Any]) -> Iterator[str]:
    """What came of looking for sessions."""
    for name, text in {"listed": listed_text, "started": started_text}.items():
        if (found := sessions.get(name)) is not None:
            yield f"sessions: {text(found)}"


def listed_text(listed: Mapping[str, Any]) -> str:
    """What the list of sessions held."""
    found = "found no session"
    if listed["found"]:
        counts = ", ".join(f"{many} {word}" for word, many in sorted(listed["found"].items()))
        more = " at least" * (not listed["complete"])
        found = f"found{more} {counts}; {len(listed['picked'])} are asked for"
    return f"{found}{_noted(listed['problem'])}"


def started_text(started: Mapping[str, Any]) -> str:
    """What became of the session that the run started."""
    session, problem = started["session_id"], started["problem"]
    if session is None:
        return f"started no session: {problem or 'interrupted'}"
    seen = _noted(", then ".join(started["statuses"]), "seen {}") or "never seen"
    ended = "stopped" if started["stopped"] else "NOT STOPPED"
    return f"started session {session}, {seen}, {ended}; cost {started['cost']}{_noted(problem)}"


def notices_text(run: Run) -> str:
    """`3 notices on the document`; empty if there are none."""
    count = sum(1 + notice.more for notice in run.notices)
    return f"{plural(count, 'notice')} on the document" * bool(count)


def _noted(text: object, form: str = " ({})") -> str:
    return form.format(text) if text else ""


def bug_notes(defects: Mapping[str, str]) -> Iterator[str]:
    """Where the suite itself failed, by rules: each place once, for a bug report."""
    rules: dict[str, list[str]] = {}
    for rule, where in defects.items():
        rules.setdefault(where, []).append(rule)
    for where, ids in rules.items():
        yield f"{where}, at {few(ids, MAX_NAMED, 'like it')}; please report it"


def drift_headline(drift: Drift) -> str:
    """Which version a service publishes, and which is tested."""
    if drift.problem:
        return f"drift: {drift.problem}"
    if not drift.changed:
        return f"drift: none, the service publishes what you test ({drift.ours})"
    if drift.ours == drift.published:
        return f"drift: the service publishes another {drift.ours} than you test"
    return f"drift: the service publishes {drift.published}, you test {drift.ours}"


def drift_head(drift: Drift) -> Iterator[str]:
    """The headline, with what changed, and how many violations come of that."""
    counts = drift.counts or f"{len(drift.changes)} changes that break or are undecided"
    yield drift_headline(drift) + f": {counts}; all of it: {drift.command}" * drift.changed
    if drift.changed and drift.kept:
        rules = plural(len(drift.kept), "violated rule is", "violated rules are")
        yield f"  {rules} no violation of what is published; `contracts pull` takes that over"


def drift_lines(drift: Drift) -> Iterator[str]:
    """The same with the changes, in a few lines."""
    headline, *kept = drift_head(drift)
    yield headline
    if drift.changed:
        yield from map("  {}".format, drift.changes[:MAX_CHANGES])
        if len(drift.changes) > MAX_CHANGES:
            yield f"  … and {len(drift.changes) - MAX_CHANGES} more, in {drift.command}"
        yield from map("  {}".format, drift.notes)
    yield from kept
