"""`contracts consumer`: a model, or what else reads answers, held to the document."""

import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import redirect_stdout
from itertools import filterfalse
from typing import Any

import click

from contracts.commands import show
from contracts.commands.documents import own_document, reads
from contracts.consumers.causes import SECONDS, Study, choices_of, taken_though
from contracts.consumers.cures import GONE, is_far
from contracts.consumers.models import FORMS, Reader, reader_of
from contracts.document import join_pointer, load_spec
from contracts.errors import UsageError
from contracts.messages import is_json
from contracts.mock.bodies import problem_of
from contracts.rules import rules_for
from contracts.rules.faults import refuse_faulty
from contracts.run.credentials import credentials_from
from contracts.run.options import Options
from contracts.schemas.validation import Uncompilable
from contracts.testing.strategies import AnswerSource, Source, answers_of, rules_of
from contracts.text import cut, few, json_line, json_shown, map_texts, plural, printable, shown

MOST = 4  # of a row that is named: choices that no payload showed, values that are rejected alike
LONGEST = 1000  # characters shown of a payload
_CODES = {"pass": 0, "fail": 1, "inconclusive": 3}
_MEMBERS = {
    "additionalProperties": "a member that the document does not list, and allows",
    "properties": "a member that the document lists",
    "required": "and the document does not require it",
}
"""What the document says of a member that is rejected, by the keyword."""


@click.command()
@click.argument("name", metavar="MODULE:NAME")
@click.argument("operation")
@click.argument("status")
@click.argument("path", metavar="[DOCUMENT]", required=False)
@reads
@click.option("--as", "given", type=click.Choice(FORMS), default=FORMS[0], show_default=True)
@click.option(
    "--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True
)
def consumer(
    name: str, operation: str, status: str, given: str, form: str, **document: Any
) -> None:
    """What of an answer the document allows, and a model or a function rejects.

    MODULE:NAME takes the answers of OPERATION (its key or operationId) with STATUS (200, 2XX,
    default): a model of pydantic, a struct of msgspec, a dataclass or attrs class by cattrs or
    msgspec, a TypedDict, or a function that raises. It is given decoded JSON, or --as text, bytes.

    What it takes though the document forbids it is told as well, and fails nothing.

    Exit code 0: all is taken. 1: something is rejected. 3: nothing could be tried, or not all.
    """
    path = document["path"] or own_document()
    read = document["reading"]([path])
    spec = load_spec(path, read.overlays, read.root)
    if read.is_strict:
        refuse_faulty(spec)
    spec, _, scrubber = credentials_from(spec, Options(), None, os.environ)
    try:
        rules = rules_of(rules_for(spec), operation)
        sources = answers_of(rules, status)
    except LookupError as error:
        raise UsageError(str(error)) from None
    with redirect_stdout(sys.stderr):  # what is read here says nothing there
        told = _told(sources, reader_of(name, given))
    told = {"consumer": name, "operation": rules.operation.key, "status": status, **told}
    told = map_texts(told, scrubber.text)
    show([json_shown(told)] if form == "json" else map(printable, _lines(told)))
    sys.exit(_CODES[told["decision"]])


def _told(sources: Iterable[Source], reader: Reader) -> dict[str, Any]:
    """What came of it, as JSON."""
    told: dict[str, Any] = {"read_by": reader.by, "tried": 0, "rejected": [], "taken": []}
    told |= {"broken": 0, "choices": 0, "not_shown": [], "not_tried": [], "late": False}
    seen = set[str]()
    for source in sources:
        assert isinstance(source, AnswerSource)
        media, status = source.media, source.documented.status
        if media is None or not is_json(media.name):
            what = f"{media.name}: only JSON is" if media else "without a body"
            told["not_tried"].append(f"{status} {what}")
        elif media.schema is None:
            told["not_tried"].append(f"{status} {media.name}: nothing is said of it")
        elif (pointer := media.schema.document.resolve(media.schema.pointer)) not in seen:
            seen.add(pointer)
            try:
                _tell(told, Study(source, reader))
            except Uncompilable as error:
                why = " ".join(str(error).split())
                told["not_tried"].append(f"{status} {media.name}: {cut(why)}")
    told["decision"] = "pass" if told["tried"] and not told["late"] else "inconclusive"
    if not all(one["is_far"] for one in told["rejected"]):
        told["decision"] = "fail"
    return told


def _tell(told: dict[str, Any], study: Study) -> None:
    """Try one schema, and add what came of it."""
    study.run()
    taken = [*taken_though(study)]
    source, alike = study.source, dict[tuple[object, ...], dict[str, Any]]()
    where = source.rules.spec.document.source
    for one in study.found:
        values = [value for value in (one.value, *one.others) if value is not GONE]
        row: dict[str, Any] = {"status": source.documented.status, "place": one.place}
        row |= {"keyword": one.keyword, "pointer": join_pointer("", *one.way)}
        row |= {"source": str(where(one.pointer)), "values": values, "says": one.says}
        row |= {"payload": one.payload, "also_at": []}
        row["is_far"] = bool(values) and all(map(is_far, values))
        # One schema at several places, or several members that are refused in one sentence.
        about = one.says if one.keyword in ("properties", "additionalProperties") else one.pointer
        known = alike.setdefault((about, one.keyword, row["is_far"], one.kind[0]), row)
        if known is row:
            told["rejected"].append(row)
        elif row["pointer"] == known["pointer"]:
            known["values"] += filterfalse(known["values"].__contains__, values)
        elif row["pointer"] not in known["also_at"]:
            known["also_at"].append(row["pointer"])
    if not study.tried:
        told["not_tried"].append(problem_of(source.documented) or "nothing that is described")
    told["broken"] += len(taken)
    for constraint, value in taken:
        if value is not GONE:
            row = {"place": constraint.location.place, "keyword": constraint.word}
            row |= {"name": constraint.name, "source": str(where(constraint.pointer))}
            told["taken"].append({**row, "value": value})
    choices = choices_of(study.location)
    missing = [choice for choice in choices if choice not in study.seen]
    told["not_shown"] += (f"{place or '/'} {what}" for place, what in missing)
    told["late"] |= study.late
    told["tried"] += len(study.tried)
    told["choices"] += len(choices)


def _lines(told: dict[str, Any]) -> Iterator[str]:
    """The same in words: where, what was seen, what was wanted, what to do next."""
    name, taken, far = told["consumer"], told["taken"], dict[tuple[str, str], list[str]]()
    failing = [one for one in told["rejected"] if not one["is_far"]]
    for one in told["rejected"]:
        if one["is_far"]:
            said = shown(one["values"][0], 40), one["says"]
            far.setdefault(said, []).append(one["pointer"])
    for one in failing:
        says = _MEMBERS.get(one["keyword"], "which the document allows")
        missing = ["missing"] * (one["keyword"] == "required")
        value, *others = (*missing, *(shown(value, 40) for value in one["values"]))
        alike = few([*others, *map("what is at {}".format, one["also_at"])], MOST, "")
        what = f"{told['operation']} {one['status']} {one['place'] or '/'} {one['keyword']}"
        yield f"{one['source']}  {what}"
        more = f"; so are {alike}" * bool(alike)
        yield f"  seen: {one['pointer'] or '/'} is {value}, {says}{more}"
        yield f"  rejected: {cut(one['says'])}"
        yield f"  payload: {cut(json_line(one['payload']), LONGEST)}"
        yield f"  next: let {name} take it, or say in the document that nobody sends it"
    for (value, says), places in far.items():
        where = few(places, MOST, "(--format json)")
        yield f"far-fetched, fails nothing: {value} at {where} is rejected: {cut(says)}"
    for one in taken:
        place = " ".join(filter(None, (one["place"] or "/", one["keyword"], one["name"])))
        value = f" by {shown(one['value'], 40)}" * (not one["name"])
        yield f"{one['source']}  information: {name} takes what breaks {place}{value}"
    for one in told["not_tried"]:
        yield f"not tried: {one}"
    if told["late"]:
        yield f"not all was tried: {SECONDS:g} seconds have passed"
    if told["not_shown"]:
        yield f"no payload showed {few(told['not_shown'], MOST, '(--format json)')}"
    count = told["choices"] - len(told["not_shown"])
    tried = f"{plural(told['tried'], 'payload')} tried, {count} of {told['choices']} choices shown"
    broken = f"{len(taken)} of {plural(told['broken'], 'broken constraint')} taken"
    by = f"{name} ({told['read_by']}) rejects"
    cause = f"{plural(len(failing), 'cause')} of what {told['operation']} {told['status']} allows"
    yield f"consumer: {told['decision'].upper()}: {by} {cause} ({tried}; {broken})"
