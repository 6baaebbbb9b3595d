"""Lives as a run has them: asked after what, told as a script for a shell, told again, judged."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import replace
from functools import partial
from operator import attrgetter
from typing import Any

from contracts.document import Operation, Spec
from contracts.lives.course import Course
from contracts.lives.life import SOURCE, Life, Steps, lane_of
from contracts.lives.outline import body_of, place_of, role_in
from contracts.messages import SAFE_METHODS, Exchange, Probe, Request
from contracts.probes import ProbePlan
from contracts.probes.permission import refused
from contracts.rules import Rule
from contracts.rules.states import STATE_KINDS, family_in, state_rules
from contracts.schemas.families import Family, text_of
from contracts.verdicts import Outcome, Verdict, tally

Curl = Callable[[Probe, Mapping[str, str]], str]
"""A probe and what marks in it stand for go in, a command comes out."""
LIVE_EVERY = 100  # random requests that a life more goes with
UNLIVED = "no life of a resource came to what it is about"
MARK = "LIFE0MARK"  # stands, with a number, for what an earlier answer gives; nothing encodes it
_ID = "| sed -n 's|^[Ll]ocation:.*/||p' | tr -d '\\r'"
_TAG = "| sed -n 's/^[Ee][Tt]ag: *//p' | tr -d '\\r'"


def script_of(spec: Spec, family: Family, story: Sequence[Exchange], curl: Curl) -> list[str]:
    """A line a request, numbered in a comment; what later ones need of its answer in a variable."""
    given, marks, lines = dict[str, str](), dict[str, str](), list[str]()
    for number, exchange in enumerate(story, 1):
        request = exchange.probe.request
        line = curl(replace(exchange.probe, request=_with(request, given)), marks)
        needed = "\n".join(f"{one.probe.request}" for one in story[number:])
        for name, text, value, way in _gifts(spec, family, exchange):
            if text in given or text not in needed:
                continue
            mark = f"{len(marks)}{MARK}"
            count = sum(one.startswith(f"${name}") for one in marks.values())
            marks[mark] = f"${name}{count + 1 if count else ''}"
            given[text] = text.removesuffix(value) + mark
            if way.startswith("| jq"):
                line = line.replace(" -i ", " ", 1)
            line = f"{marks[mark][1:]}=$({line} {way})"
            break
        status = exchange.response.status if exchange.response is not None else "no answer"
        lines.append(f"{line}  # {number}. {exchange.probe.note}: {status}")
    return lines


def _gifts(spec: Spec, family: Family, exchange: Exchange) -> Iterator[tuple[str, str, str, str]]:
    """Variables: a name, what they stand for in later requests, their value, how to get it."""
    owner, role = role_in(spec, family, spec.by_key[exchange.probe.operation])
    place = place_of(spec, owner, exchange)[0] if role == "create" else ""
    if place:
        value = place.rpartition("/")[2]
        at = _member(body_of(exchange), value)
        yield "ID", place, value, f"| jq -r {at}" if at else _ID
    if tag := _tag(exchange):
        yield "TAG", tag, tag, _TAG


def _tag(exchange: Exchange) -> str:
    return (exchange.response.header("etag") if exchange.response is not None else "") or ""


def _member(body: Any, value: str) -> str:
    """Where a value is in a body, as jq has it; "" if nowhere."""
    for name, held in body.items() if isinstance(body, dict) else ():
        at = f".{name}" if name.isidentifier() and name.isascii() else f"'.[\"{name}\"]'"
        if not isinstance(held, bool) and text_of(held) == value:
            return at
        if isinstance(held, dict) and (below := _member(held, value)).startswith("."):
            return f"{at}{below}" if at.startswith(".") else ""
    return ""


def _with(request: Request, given: Mapping[str, str]) -> Request:
    """The request with other places and tags in place of those that were known."""
    for text in sorted(given, key=len, reverse=True):
        path = request.path
        if path == text or path.startswith(f"{text}/"):
            request = request.with_path(given[text] + path.removeprefix(text))
        elif request.header("if-match") == text:
            request = request.with_field("If-Match", given[text])
    return request


def retold(plan: ProbePlan, family: Family, story: Sequence[Exchange]) -> Steps:
    """The requests of a story once more, about what they make themselves and nothing else."""
    given, own = dict[str, str](), set[str]()
    for before in story:
        operation = plan.spec.by_key[before.probe.operation]
        owner, role = role_in(plan.spec, family, operation)
        request = _with(before.probe.request, given)
        probe = replace(plan.lane(operation).about(request), source=SOURCE, note=before.probe.note)
        is_safe = request.method in SAFE_METHODS
        if not (is_safe or role == "create" or request.path in own):
            return
        if _is_refused(plan, probe, own):
            return
        exchange = yield replace(probe, life=lane_of(family))
        place, _ = place_of(plan.spec, owner, exchange) if role == "create" else ("", "")
        if place and exchange.response is not None and exchange.response.status == 201:
            own.add(place)
        was = place_of(plan.spec, owner, before)[0] if role == "create" else ""
        given |= {was: place} if was and place else {}
        tags = [_tag(before), _tag(exchange)]
        if all(tags):
            given[tags[0]] = tags[1]


def _is_refused(plan: ProbePlan, probe: Probe, own: Collection[str]) -> bool:
    lane = plan.lane(plan.spec.by_key[probe.operation])
    return bool(refused(lane, probe, made=own)) or not probe.claim.allowed


def lives_of(
    plan: ProbePlan,
    family: Family,
    parts: Set[str],
    stories: Iterable[Sequence[Exchange]] | None = None,
) -> Iterator[Steps]:
    """The lives of a family's resources that a run asks; of a replay those of its report.

    `parts` are the keys of the operations that may be asked.
    """
    if stories is not None:
        yield from map(partial(retold, plan, family), stories)
        return
    for turn in range(1 + plan.examples // LIVE_EVERY):
        yield Life(plan, family, f"{plan.seed} {turn}", parts).steps()


def lives_after(
    spec: Spec, operation: Operation, chosen: Collection[str], wants: Callable[[str], bool]
) -> Operation | None:
    """After which operation of its family lives are asked, if any of its rules on them is wanted.

    It is the list, as long as that is short.
    """
    wanted, family = map(attrgetter("id"), state_rules(spec, operation)), None
    if any(map(wants, wanted)):
        family = family_in(spec, operation)
    for anchor in (family.list, family.create) if family is not None else ():
        if anchor is not None and anchor.key in chosen:
            return anchor
    return operation if family is not None else None


def with_lives(
    course: Course,
    rules: Iterable[Rule],
    own: Sequence[Verdict],
    exchanges: Sequence[Exchange],
    why: str,
) -> list[Verdict]:
    """The verdicts of an operation with those that its lives give; or `why` there are none."""
    judged = tally(filter(lambda rule: rule.kind in STATE_KINDS, rules), course.judged(exchanges))
    found, told = dict[str, Verdict](), list[Verdict]()
    for verdict in judged:
        found[verdict.rule.id] = with_whole_story(course, verdict, exchanges)
    for verdict in own:
        said = found.get(verdict.rule.id, verdict)
        if said is not verdict and not said.exercised and (why or exchanges):
            outcome = Outcome.NOT_ASKED if why else Outcome.NOT_EXERCISED
            said = replace(said, outcome=outcome, why=why or UNLIVED)
        elif said is not verdict and not said.exercised:
            said = verdict
        told.append(said)
    return told


def with_whole_story(course: Course, verdict: Verdict, exchanges: Sequence[Exchange]) -> Verdict:
    """The verdict with a story that shows by itself what was seen.

    It is that of the finding, else all that was asked of what is in it, else all that was asked.
    """
    evidence = verdict.evidence
    if evidence is None:
        return verdict
    last, told = evidence.exchange, evidence.finding.story
    before, own, paths = list[Exchange](), list[Exchange](), set[str]()
    for one in (*told, last):
        paths.add(one.probe.request.path)
    for one in exchanges:
        if one.number < last.number:
            before.append(one)
            own += [one] * (one.probe.request.path in paths)
    for story in (told, own, before):
        again = Course(course.spec, course.family).judged((*story, last))[-1]
        if verdict.rule.id in map(attrgetter("rule"), again.findings):
            told = tuple(story)
            break
    finding = replace(evidence.finding, story=told)
    return replace(verdict, evidence=replace(evidence, finding=finding))
