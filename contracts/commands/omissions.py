"""What a document leaves out: asked of a service with few safe requests, told as an overlay."""

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from http import HTTPStatus
from itertools import chain, islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from contracts.document import Operation, Spec, split_pointer
from contracts.document.security import lack_of
from contracts.document.written import bytes_of_file, written_from_bytes
from contracts.errors import UsageError
from contracts.exchanges import Bounds, Client, Exhausted, Ledger, Pace
from contracts.exchanges.health import Stop
from contracts.messages import Credential, Probe, Response, is_json
from contracts.run.ask import bearings, connected
from contracts.run.inputs import Inputs
from contracts.run.state import State
from contracts.schemas.part import json_type
from contracts.text import plural

BOUNDS = Bounds(requests=60, seconds=60.0)
TOLD = (400, 401, 403, 404, 405, 406, 410, 415, 422, 429)
"""Statuses that services, and what stands before them, have without a word in the document."""

Seen = Mapping[str, Mapping[int, Sequence[Response]]]
"""Answers by the key of their operation, and their status."""


def omissions_of(inputs: Inputs) -> tuple[Seen, list[str]]:
    """What a live service answers with 4xx where its document has no such status.

    It is asked with `GET` alone, within `BOUNDS`: without credential, for what can't exist, and
    with one thing that the document forbids; of these only what the document has no answer to.
    What was not asked is said beside.

    Raises:
        UsageError: there is no answer, or nothing of the API is at the base URL.
    """
    operations = [one for one in inputs.operations if one.method == "GET"]
    found: dict[str, dict[int, list[Response]]] = defaultdict(lambda: defaultdict(list))
    left, lacks = len(operations), dict[str, None]()
    with TemporaryDirectory() as folder:
        state = State(inputs, Ledger(Path(folder, "exchanges.jsonl")), pace=Pace(BOUNDS))
        with connected(state, state.pace) as client, suppress(Exhausted):
            for operation in operations:
                lacks[_ask(state, operation, client)] = None
                left -= 1
        for exchange in state.ledger.all():
            answer, key = exchange.response or Response(0), exchange.probe.operation
            if answer.status in TOLD and not inputs.spec.by_key[key].response(answer.status):
                found[key][answer.status].append(answer)
    if left == len(operations) and state.pace.spent == BOUNDS.requests:
        why = f"{state.pace.spent} requests did not show that the API is there"
        raise UsageError(f"--base-url {inputs.target}: {why}; mend it, or leave the option out")
    unsaid = [f"for more set {lack}" for lack in lacks if lack]
    many = plural(state.pace.spent, "request")
    unsaid += [f"{plural(left, 'operation')} not asked, after {many}"] * bool(left)
    return found, unsaid


def _ask(state: State, operation: Operation, client: Client) -> str:
    """Ask one operation; returns which credential it lacks, if so."""
    spec, target = state.inputs.spec, state.inputs.target
    lack = lack_of(operation, spec)
    if not (target.secret or target.others):
        lack = lack_of(operation, replace(spec, shared=False))
    for probe in _probes(state, operation, is_known=not lack):
        state.ledger.add([client.send(probe, state.ledger.count(operation.key))])
    exchanges, option = [*state.ledger.all()], f"--base-url {target}"
    if exchanges and (failure := exchanges[-1].failure) and not any(e.response for e in exchanges):
        said = f"gave no answer ({failure.kind}: {failure.detail})"
        raise UsageError(f"{option} {said}; start the service, or leave the option out")
    for event in bearings(state, operation, client):
        if isinstance(event, Stop):
            raise UsageError(f"{option}: {event.why}; mend it, or leave the option out")
    return lack


def _probes(state: State, operation: Operation, *, is_known: bool) -> Iterator[Probe]:
    """What is asked of an operation, by one who is known to it: what its document leaves open."""
    lane, has = state.plan.lane(operation), operation.response
    plain, made = lane.request_for({}), list[Probe]()
    nowhere = replace(plain, request=plain.request.with_path(lane.nowhere))
    if operation.needs_credential and not has(401):
        made.append(replace(nowhere, credential=Credential.NONE))
    if is_known:
        made += [nowhere] * ("{" in operation.path and not has(404))
        if not (has(400) or has(422)):
            made += islice(lane.refusals([plain.request]), 1)
    # One without a parameter names the very thing that it ends.
    may_end = lane.spares and "{" not in operation.path
    return filter(lane.can_send, [] if may_end else made)


def actions_of(spec: Spec, seen: Seen) -> list[dict[str, Any]]:
    """Actions of an overlay: the answers that were seen, and what their bodies look like."""
    path, actions = spec.document.path, list[dict[str, Any]]()
    tree = written_from_bytes(bytes_of_file(path), path).tree
    bodies: dict[str, list[Any]] = defaultdict(list)
    for key, by_status in seen.items():
        source, responses = spec.document.source(spec.by_key[key].pointer), dict[str, Any]()
        if source.file != path:
            continue  # an overlay reaches no other
        for status, answers in by_status.items():
            name, content = f"SeenWith{status}", dict[str, Any]()
            for answer in answers:
                schema = {"type": "string"}
                if is_json(answer.media_type or ""):
                    schema = {"$ref": f"#/components/schemas/{name}"}
                    with suppress(ValueError, RecursionError):
                        bodies[name].append(json.loads(answer.body))
                content |= {answer.media_type: {"schema": schema}} if answer.media_type else {}
            responses[str(status)] = {"description": HTTPStatus(status).phrase}
            if content and "swagger" not in tree:  # where schemas stand elsewhere
                responses[str(status)]["content"] = content
        segments = map(json.dumps, split_pointer(source.pointer))  # as RFC 9535 has them, too
        target = f"$[{']['.join(segments)}]"
        actions.append({"target": target, "update": {"responses": responses}})
    if bodies and "swagger" not in tree:
        schemas = {name: _shape(values) for name, values in sorted(bodies.items())}
        actions.append({"target": "$", "update": {"components": {"schemas": schemas}}})
    return actions


def _shape(values: Sequence[Any]) -> dict[str, Any]:
    """A small schema that takes all of the values: the members that they have, and of what type."""
    held: dict[str, list[Any]] = defaultdict(list)
    if not values or {*map(type, values)} != {dict}:
        return {}
    for name, value in chain.from_iterable(map(dict.items, values)):
        held[name].append(value)
    shape: dict[str, Any] = {"type": "object", "properties": {}}
    for name, found in held.items():
        kind, *others = {*map(json_type, found)}
        known = {"type": kind} if kind != "null" and not others else {}
        shape["properties"][name] = known | ({"items": {}} if kind == "array" else {})
    if required := [name for name in held if len(held[name]) == len(values)]:
        shape["required"] = required  # one at least, as OpenAPI 3.0 wants it
    return shape
