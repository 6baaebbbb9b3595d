"""A comparison as text, the decision last, and as JSON, which `diff.schema.json` describes."""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from operator import attrgetter, itemgetter
from typing import Any

import msgspec

from contracts.changes.change import Effect, Witness
from contracts.decision.change_decision import Judged
from contracts.decision.entries import Acceptance
from contracts.document import Spec
from contracts.document.sides import Side
from contracts.report.diff import (
    UNFOLDED,
    WHOLE,
    Bundle,
    Diff,
    bundles_of,
    decision_text,
    head_of,
    reach_text,
)
from contracts.text import cut, few, json_shown, map_texts, printable, well_formed
from notte_contracts import __version__

MAX_REACHES = 5
MAX_PLACES = 3  # of findings that are told as one
MAX_TEXT = 600
MAX_WIDTH = 100  # characters of a body on one line; a longer one gets a line a member
MAX_LINES, MAX_ROW = 40, 400

VERBS = {
    (True, False): "answers",
    (False, True): "is asked",
    (True, True): "is answered with",
    (False, False): "sends",
}
"""What is done by a message: whether it is an answer, and of a client, who holds the base."""

Paint = Callable[[str, str], str]  # gives a text the look of an error, warning, info or title


def plain(text: str, _look: str) -> str:
    """No look at all."""
    return text


def diff_lines(
    diff: Diff, paint: Paint = plain, *, unfolded: bool = False, summary: bool = False
) -> Iterator[str]:
    """The whole report as text, a paragraph for findings that are alike; `unfolded`: for each.

    Of a `summary` the first lines and the last.
    """
    if diff.decision.judged:
        for word, text in head_of(diff).items():
            yield f"{paint(f'{word}:', 'title')} {_cut(text)}"
        yield from [""] * (not summary)
    for chapter in () if summary else diff.chapters(unfolded=unfolded):
        yield paint(f"{chapter.title} ({len(chapter.members)})", "title")
        for group in chapter.groups:
            if group[1:]:
                yield paint(f"{_cut(few(group[0].holders, MAX_PLACES, ''))}:", "title")
            for bundle in group:
                yield from _finding(diff, bundle, paint)
            yield ""
    for note in diff.decision.notes:
        yield f"note: {printable(note)}"
    yield last_line(diff, paint)


def failing_lines(diff: Diff) -> Iterator[str]:
    """What a test says that fails for these changes."""
    for bundle in bundles_of(filter(attrgetter("needs_acceptance"), diff.ordered)):
        yield from _finding(diff, bundle, plain)
    yield last_line(diff)


def last_line(diff: Diff, paint: Paint = plain) -> str:
    """The decision, the counts, and what was compared."""
    sides = printable(f"{diff.base.name} -> {diff.revision.name}")
    look = {1: "error", 3: "warning"}.get(diff.decision.exit_code, "info")
    return paint(f"diff: {decision_text(diff)}: {sides}", look)


def _finding(diff: Diff, bundle: Bundle, paint: Paint) -> Iterator[str]:
    """Findings: where, what was seen, whom it reaches, why that is so, and what to do next."""
    judged, change = bundle.first, bundle.change
    severity = paint(judged.severity.value, judged.severity.value)
    where = printable(f"{change.base} -> {change.revision}")
    yield f"{where}  {severity} {_cut(places_text(bundle))}"
    yield f"  seen: {_cut(bundle.seen)}"
    yield f"  reaches: {_cut(reach_text(bundle.reaches, MAX_REACHES))}"
    if change.witness is not None:
        yield f"  shown by: {title_line(change.witness)}"
        for line in witness_lines(change.witness):
            yield f"    {line}".rstrip()
        yield f"  where {_cut(verdict_line(change.witness))}"
    if change.proof is not None:
        yield f"  {proof_word(judged)}: {_cut(few(bundle.proofs, 1, UNFOLDED))}"
    if judged.acceptance is not None:
        yield f"  {accepted_line(judged.acceptance)}"
    elif judged.needs_acceptance:
        what = "mend the document" if judged.fails else "look at both places"
        yield f"  next: {what}; {printable(diff.cure(bundle))}"


def places_text(bundle: Bundle) -> str:
    """The kind and the place; of several places how many, and the first few."""
    count = len(bundle.members)
    times = f" at {count} places:" * (count > 1)
    return f"{bundle.change.id}{times} {few(bundle.wheres, MAX_PLACES, UNFOLDED)}".rstrip()


def has_more(bundle: Bundle) -> bool:
    """Whether there is more to say of it than fits in a row: what breaks, fails or was accepted."""
    judged = bundle.first
    is_fine = judged.change.effect is Effect.COMPATIBLE
    return not is_fine or judged.fails or judged.acceptance is not None


def accepted_line(entry: Acceptance) -> str:
    """Until when somebody accepts it, and why."""
    return printable(f"accepted until {entry.until}: {entry.reason}")


def proof_word(judged: Judged) -> str:
    """What the proof of a change is called: where it is undecided, nothing was proved."""
    return "tried" if judged.change.effect is Effect.UNDECIDED else "proof"


def title_line(witness: Witness) -> str:
    """What the message is."""
    verb = VERBS["status" in witness.message, witness.accepted_by == "base"]
    return printable(f"{witness.operation.replace('webhooks/', 'the webhook ', 1)} {verb}")


def verdict_line(witness: Witness) -> str:
    """Who takes the message and who does not."""
    refused = f"the {witness.rejected_by} refuses it: {witness.because}"
    return printable(f"the {witness.accepted_by} allows it, {refused}")


def witness_lines(witness: Witness) -> Iterator[str]:
    """Request or status line, header fields, and the body as JSON, no line over a few rows long."""
    yield from message_head(witness)
    text = message_body(witness)
    if text is None:
        return
    if len(text) > MAX_WIDTH:
        body = witness.message["body"]
        text = json.dumps(body, ensure_ascii=False, indent=1, default=str)
    lines = text.split("\n")
    yield ""
    for line in lines[:MAX_LINES]:
        yield _cut(line, MAX_ROW)
    if len(lines) > MAX_LINES:
        yield f"… and {len(lines) - MAX_LINES} lines more, {WHOLE}"


def message_head(witness: Witness) -> Iterator[str]:
    """Request or status line, and header fields."""
    message = witness.message
    if "status" in message:
        yield f"HTTP {message['status']}"
    else:
        yield _cut(f"{message['method']} {message['path']}", MAX_ROW)
    for name, value in _fields(witness):
        # A line that starts with a colon could be a workflow command of GitHub Actions.
        yield _cut(re.sub(r"^\s*:", r"\\x3a", str(name)) + f": {value}", MAX_ROW)


def message_body(witness: Witness) -> str | None:
    """The body as JSON on one line; None if there is none."""
    body, names = witness.message.get("body"), map(itemgetter(0), _fields(witness))
    if body is None and "content-type" not in map(str.lower, map(str, names)):
        return None
    return json.dumps(body, ensure_ascii=False, default=str)


def _fields(witness: Witness) -> Iterable[tuple[Any, Any]]:
    headers = witness.message.get("headers") or ()
    return headers.items() if isinstance(headers, Mapping) else headers


def _cut(text: str, limit: int = MAX_TEXT) -> str:
    return printable(cut(text, limit + 1))


def json_lines(diff: Diff) -> list[str]:
    """`diff_json` as it is written."""
    return [json_shown(diff_json(diff))]


def diff_json(diff: Diff) -> dict[str, Any]:
    """The comparison as a JSON value, in the shape that `diff.schema.json` describes."""
    decision = diff.decision
    counts = {effect.value: decision.count[effect] for effect in Effect}
    value = {
        "suite": {"name": "notte-contracts", "version": __version__},
        "base": _side(diff.base, diff.specs[0]),
        "revision": _side(diff.revision, diff.specs[1]),
        "decision": decision.result.value,
        "fail_on": diff.fail_on.value,
        "exit_code": decision.exit_code,
        "summary": {"changes": len(decision.judged), **counts, "accepted": decision.accepted},
        "notes": list(decision.notes),
        "changes": list(map(_change, diff.ordered)),
    }
    return map_texts(value, well_formed)  # type: ignore[no-any-return]


def _side(side: Side, spec: Spec) -> dict[str, str]:
    about = {"title": spec.title, "version": spec.version}
    return about | {"path": side.name, "sha256": spec.document.sha256}


def _change(judged: Judged) -> dict[str, Any]:
    change, accepted = judged.change, judged.acceptance
    found: dict[str, Any] = {"id": change.id, "effect": "", "severity": judged.severity.value}
    found |= msgspec.to_builtins(change) | {"accepted": None, "fails": judged.fails}
    if accepted is not None:
        found["accepted"] = {"reason": accepted.reason, "until": accepted.until.isoformat()}
    del found["kind"], found["base"]["pointer"], found["revision"]["pointer"]
    return found
