"""Webhooks and callbacks: the service sends the requests, whoever holds the base takes them and answers."""

from __future__ import annotations

from typing import Any

import pytest

from contracts.changes import compare
from contracts.changes.change import Change, Effect, Witness
from contracts.document import Spec
from contracts.report.forms.diff_forms import title_line
from tests.exchanges.documents import answered, parameter, spec_of

BREAKING, COMPATIBLE = Effect.BREAKING, Effect.COMPATIBLE
OK: dict[str, Any] = {"204": {"description": "taken"}}
TEXT, NUMBER = {"type": "string"}, {"type": "integer"}
URL = "{$request.body#/url}"
Item = dict[str, Any]


def closed(required: str = "", **properties: Any) -> Any:
    return {"type": "object", "properties": properties, "required": required.split()}


def body(schema: Any, *, required: bool = True, media: str = "application/json") -> Item:
    return {"required": required, "content": {media: {"schema": schema}}}


def post(schema: Any = None, responses: Any = None, **fields: Any) -> Item:
    given = {} if schema is None else {"requestBody": body(schema)}
    return {"post": {"responses": responses or OK, **given, **fields}}


def takes(schema: Any, **fields: Any) -> Any:
    return {"200": answered(schema, **fields)}


def webhook(item: Item, **components: Any) -> Spec:
    return spec_of({}, webhooks={"created": item}, components=components)


def callback(item: Item, **components: Any) -> Spec:
    return spec_of({"/subs": post(callbacks={"event": {URL: item}})}, components=components)


def shared_callback(item: Item, **components: Any) -> Spec:
    reference = {"event": {"$ref": "#/components/callbacks/Event"}}
    return spec_of({"/subs": post(callbacks=reference)}, components={"callbacks": {"Event": {URL: item}}, **components})


def operation(item: Item, **components: Any) -> Spec:
    return spec_of({"/": item}, components=components)


def found(base: Spec, revision: Spec) -> list[tuple[str, str]]:
    return [(change.effect, change.id) for change in compare(base, revision)]


def only(base: Spec, revision: Spec) -> Change:
    (change,) = compare(base, revision)
    return change


def witness(base: Spec, revision: Spec) -> Witness:
    shown = only(base, revision).witness
    assert shown is not None
    return shown


HEADER = parameter("X-Kind", TEXT, "header")
WANTED = parameter("X-Kind", TEXT, "header", required=True)
LIST = parameter("X-Kind", {"type": "array", "items": TEXT, "minItems": 2}, "query", required=True)
JOINED = {**LIST, "explode": False}
KEY: list[Any] = [{"key": []}]
SCHEMES = {"securitySchemes": {"key": {"type": "apiKey", "in": "header", "name": "X-Key"}}}
PLAIN = post(closed("a", a=TEXT))
LATER = {"200": {"description": "now"}, **OK}
LINKED = {"200": {"description": "now", "headers": {"X-Next": {"schema": TEXT}}}}
LINKED_ALWAYS = {"200": {"description": "now", "headers": {"X-Next": {"schema": TEXT, "required": True}}}}

# fmt: off
# ruff: noqa: E501 - one row a line
ROWS: list[tuple[str, Item, Item, Effect, str]] = [
    ("an optional property more", PLAIN, post(closed("a", a=TEXT, b=TEXT)), COMPATIBLE, "property-added"),
    ("a property may be missing", PLAIN, post(closed("", a=TEXT)), BREAKING, "property-optional"),
    ("a property is always there", post(closed("", a=TEXT)), PLAIN, COMPATIBLE, "property-required"),
    ("a value more", post({"enum": ["a"]}), post({"enum": ["a", "b"]}), BREAKING, "enum-widened"),
    ("a value less", post({"enum": ["a", "b"]}), post({"enum": ["a"]}), COMPATIBLE, "enum-narrowed"),
    ("a schema that went", PLAIN, {"post": {"responses": OK, "requestBody": {"required": True, "content": {"application/json": {}}}}}, BREAKING, "schema-removed"),
    ("a body that went", PLAIN, post(), BREAKING, "request-body-removed"),
    ("an optional body that went", post(requestBody=body(TEXT, required=False)), post(), COMPATIBLE, "request-body-removed"),
    ("a body that may be missing", PLAIN, post(requestBody=body(closed("a", a=TEXT), required=False)), BREAKING, "request-body-optional"),
    ("a body that is always there", post(requestBody=body(TEXT, required=False)), post(TEXT), COMPATIBLE, "request-body-required"),
    ("a body that came", post(), PLAIN, COMPATIBLE, "request-body-added"),
    ("a media type that came", post(requestBody={"content": {"text/plain": {}}}), post(requestBody={"content": {"text/plain": {}, "text/csv": {}}}), BREAKING, "request-media-type-added"),
    ("a media type that went", post(requestBody={"content": {"text/plain": {}, "text/csv": {}}}), post(requestBody={"content": {"text/plain": {}}}), COMPATIBLE, "request-media-type-removed"),
    ("a header that came", PLAIN, post(closed("a", a=TEXT), parameters=[WANTED]), COMPATIBLE, "parameter-added"),
    ("a header that went", post(parameters=[WANTED]), post(), BREAKING, "parameter-removed"),
    ("an optional header that went", post(parameters=[HEADER]), post(), COMPATIBLE, "parameter-removed"),
    ("a header that may be missing", post(parameters=[WANTED]), post(parameters=[HEADER]), BREAKING, "parameter-optional"),
    ("a header that is always there", post(parameters=[HEADER]), post(parameters=[WANTED]), COMPATIBLE, "parameter-required"),
    ("a header of other texts", post(parameters=[parameter("X", NUMBER, "header")]), post(parameters=[parameter("X", TEXT, "header")]), BREAKING, "type-changed"),
    ("a header of fewer texts", post(parameters=[parameter("X", TEXT, "header")]), post(parameters=[parameter("X", NUMBER, "header")]), COMPATIBLE, "type-changed"),
    ("a list that is written otherwise", post(parameters=[LIST]), post(parameters=[JOINED]), BREAKING, "parameter-style-changed"),
    ("a status more", post(), post(responses=LATER), COMPATIBLE, "response-status-added"),
    ("a status less", post(responses=LATER), post(), BREAKING, "response-status-removed"),
    ("fewer statuses of a range", post(responses={"2XX": {"description": "x"}}), post(responses={"200": {"description": "x"}}), BREAKING, "response-status-removed"),
    ("a property of answers more, which is wanted", post(responses=takes(closed("", a=TEXT))), post(responses=takes(closed("b", a=TEXT, b=TEXT))), BREAKING, "property-added"),
    ("a property of answers that is wanted no more", post(responses=takes(closed("a", a=TEXT))), post(responses=takes(closed("", a=TEXT))), COMPATIBLE, "property-optional"),
    ("a property of answers that is wanted now", post(responses=takes(closed("", a=TEXT))), post(responses=takes(closed("a", a=TEXT))), BREAKING, "property-required"),
    ("a body of answers that is wanted now", post(responses={"200": {"description": "x"}}), post(responses=takes(TEXT)), BREAKING, "response-body-added"),
    ("a body of answers that went", post(responses=takes(TEXT)), post(responses={"200": {"description": "x"}}), COMPATIBLE, "response-body-removed"),
    ("a media type of answers that went", post(responses={"200": {"description": "x", "content": {"text/csv": {}, "text/plain": {}}}}), post(responses={"200": {"description": "x", "content": {"text/csv": {}}}}), BREAKING, "response-media-type-removed"),
    ("a header of answers that is wanted now", post(responses=LINKED), post(responses=LINKED_ALWAYS), BREAKING, "response-header-required"),
    ("a header of answers that is wanted no more", post(responses=LINKED_ALWAYS), post(responses=LINKED), COMPATIBLE, "response-header-optional"),
    ("a schema of answers that came", post(responses={"200": {"description": "x", "content": {"application/json": {}}}}), post(responses=takes(TEXT)), BREAKING, "schema-added"),
    ("a credential that is no longer sent", post(security=KEY), post(), BREAKING, "security-loosened"),
    ("a credential that is sent now", post(), post(security=KEY), COMPATIBLE, "security-tightened"),
    ("a webhook that is deprecated", post(), post(deprecated=True), COMPATIBLE, "operation-deprecated"),
]
# fmt: on
IDS = [row[0] for row in ROWS]
HOMES = [webhook, callback, shared_callback]


@pytest.mark.parametrize("home", HOMES)
@pytest.mark.parametrize(("base", "revision", "effect", "kind"), [row[1:] for row in ROWS], ids=IDS)
def test_what_the_service_sends_is_taken_by_the_base(
    home: Any, base: Item, revision: Item, effect: Effect, kind: str
) -> None:
    change = only(home(base, **SCHEMES), home(revision, **SCHEMES))
    assert (change.effect, change.id, bool(change.witness)) == (effect, kind, effect is BREAKING)


@pytest.mark.parametrize("effect", [row for row in ROWS if row[3] is BREAKING], ids=lambda row: row[0])
def test_a_message_that_breaks_is_refused_the_other_way_round_too(effect: Any) -> None:
    """A webhook's messages are those of an operation, between documents that changed their places."""
    _, base, revision, _, kind = effect
    breaks = [
        change for change in compare(operation(revision, **SCHEMES), operation(base, **SCHEMES)) if change.witness
    ]
    if kind.startswith(("response-status", "response-media-type")):  # policies: clients know statuses, and choose types
        assert not breaks
        return
    (there,) = breaks
    here = witness(webhook(base, **SCHEMES), webhook(revision, **SCHEMES))
    assert there.witness is not None
    assert (there.witness.message, there.witness.accepted_by) == (
        here.message,
        {"base": "revision"}.get(here.accepted_by, "base"),
    )


def test_a_request_comes_from_the_revision_and_is_refused_by_the_base() -> None:
    shown = witness(webhook(PLAIN), webhook(post(closed("", a=TEXT))))
    sides = (shown.operation, shown.accepted_by, shown.rejected_by)
    assert sides == ("webhooks/created POST", "revision", "base")
    assert shown.message == {"method": "POST", "path": "/", "headers": {"Content-Type": "application/json"}, "body": {}}


def test_an_answer_comes_from_the_base_and_is_refused_by_the_revision() -> None:
    shown = witness(webhook(post(responses=LATER)), webhook(post()))
    assert (shown.accepted_by, shown.rejected_by) == ("base", "revision")
    assert shown.message == {"status": 200, "headers": {}, "body": None}


def test_an_answer_of_a_range_has_a_status_that_the_revision_does_not_document() -> None:
    base, revision = ({status: {"description": "x"}} for status in ("2XX", "200"))
    assert witness(webhook(post(responses=base)), webhook(post(responses=revision))).message["status"] == 201


@pytest.mark.parametrize(
    ("home", "title"),
    [
        (webhook, "the webhook created POST"),
        (callback, f"POST /subs callbacks/event {URL} POST"),
        (shared_callback, f"POST /subs callbacks/event {URL} POST"),
        (operation, "POST /"),
    ],
)
def test_a_message_is_told_by_who_sends_it(home: Any, title: str) -> None:
    sent, answer = (PLAIN, post(closed("", a=TEXT))), (post(responses=LATER), post())
    if home is operation:
        sent, answer = sent[::-1], (post(responses=takes({"enum": [1]})), post(responses=takes({"enum": [1, 2]})))
    verbs = ["is asked", "answers"] if home is operation else ["sends", "is answered with"]
    titles = [title_line(witness(home(before), home(after))) for before, after in (sent, answer)]
    assert titles == [f"{title} {verb}" for verb in verbs]


@pytest.mark.parametrize(
    ("home", "places"),
    [
        (webhook, ["webhooks/created POST body /a", "webhooks/created header X", "webhooks/created POST 200 /b"]),
        (
            callback,
            [f"POST /subs callbacks/event {URL} {place}" for place in ("POST body /a", "header X", "POST 200 /b")],
        ),
        (shared_callback, [f"callbacks/event {URL} {p}".replace("event", "Event") for p in ("POST body /a", "header X", "POST 200 /b")]),
    ],
)  # fmt: skip
def test_places_are_named_by_the_webhook_or_callback(home: Any, places: list[str]) -> None:
    items = []
    for kind in (TEXT, NUMBER):
        item = post(closed("a", a=kind), takes(closed("b", b=kind)))
        items.append({**item, "parameters": [parameter("X", kind, "header")]})
    assert {change.where for change in compare(*map(home, items))} == set(places)


def test_a_finding_stands_at_the_line_of_the_webhook() -> None:
    change = only(webhook(PLAIN), webhook(post(closed("", a=TEXT))))
    assert change.base.pointer.startswith("/webhooks/created/post/requestBody")


def test_a_component_is_one_finding_for_answers_and_webhooks() -> None:
    specs = []
    for wanted in ("a", ""):
        thing, ref = closed(wanted, a=TEXT), {"$ref": "#/components/schemas/Thing"}
        paths = {"/things": {"get": {"responses": takes(ref)}}}
        specs.append(spec_of(paths, webhooks={"created": post(ref)}, components={"schemas": {"Thing": thing}}))
    change = only(*specs)
    assert (change.effect, change.where) == (BREAKING, "schemas/Thing /a")
    reaches = {(reach.operation, reach.direction.value) for reach in change.reaches}
    assert reaches == {("GET /things", "response"), ("webhooks/created POST", "request")}


@pytest.mark.parametrize(("mark", "is_sent"), [("readOnly", True), ("writeOnly", False)])
def test_what_the_service_sends_is_read_and_what_is_answered_is_written(mark: str, is_sent: bool) -> None:
    marked = {"type": "integer", mark: True}
    loose, strict = closed("", a=marked), closed("a", a=marked)
    requests = compare(webhook(post(strict)), webhook(post(loose)))
    answers = compare(webhook(post(responses=takes(loose))), webhook(post(responses=takes(strict))))
    assert [change.effect is BREAKING for change in requests] == [True] * is_sent
    assert [change.effect is BREAKING for change in answers] == [True] * (not is_sent)


def test_a_message_has_what_only_answers_have() -> None:
    schema = closed("a b", a={**TEXT, "readOnly": True}, b={**TEXT, "writeOnly": True})
    shown = witness(webhook(post(schema, parameters=[WANTED])), webhook(post(schema)))
    assert shown.message["body"].keys() == {"a"}


@pytest.mark.parametrize(
    ("base", "revision", "proof"),
    [
        (post(parameters=[HEADER]), post(), "whoever takes the requests that the base documents takes these"),
        (post(), post(responses=LATER), "every answer that the base documents is documented as before"),
    ],
)
def test_why_nothing_breaks_is_told_from_the_consumer(base: Item, revision: Item, proof: str) -> None:
    assert only(webhook(base), webhook(revision)).proof == proof


def test_security_of_the_document_is_no_matter_of_webhooks() -> None:
    base, revision = (spec_of({}, webhooks={"a": post()}, components=SCHEMES, security=one) for one in ([], KEY))
    assert compare(base, revision) == ()


def test_a_method_comes_or_goes_within_a_webhook() -> None:
    both = {**post(), "put": {"responses": OK}}
    assert found(webhook(post()), webhook(both)) == [(COMPATIBLE, "webhook-added")]
    change = only(webhook(both), webhook(post()))
    assert (change.id, change.where) == ("webhook-removed", "webhooks created PUT")


def named(**items: Item) -> Spec:
    return spec_of({}, webhooks=items)


@pytest.mark.parametrize(
    ("base", "revision", "expected"),
    [
        pytest.param(named(a=PLAIN), named(b=PLAIN), ["webhook-renamed"], id="the same"),
        pytest.param(
            named(a=post(closed("a", a=TEXT), operationId="x")),
            named(b=post(closed("", a=TEXT), operationId="x")),
            ["property-optional", "webhook-renamed"],
            id="by its operationId, and changed",
        ),
        pytest.param(named(a=PLAIN), named(b=post(TEXT)), ["webhook-added", "webhook-removed"], id="another"),
        pytest.param(
            named(a=PLAIN), named(b=PLAIN, c=PLAIN), ["webhook-added", "webhook-added", "webhook-removed"], id="unclear"
        ),
    ],
)
def test_a_webhook_has_another_name(base: Spec, revision: Spec, expected: list[str]) -> None:
    assert sorted(change.id for change in compare(base, revision)) == expected


def calling(**callbacks: Any) -> Spec:
    return spec_of({"/subs": post(callbacks=callbacks)})


OTHER = "{$request.query.url}"
LOOSE = post(closed("", a=TEXT))


@pytest.mark.parametrize(
    ("base", "revision", "expected"),
    [
        pytest.param(calling(e={URL: PLAIN}), calling(), ["callback-removed POST /subs e"], id="went"),
        pytest.param(calling(), calling(e={URL: PLAIN}), ["callback-added POST /subs e"], id="came"),
        pytest.param(
            calling(e={URL: PLAIN}),
            calling(e={OTHER: LOOSE}),
            [f"property-optional POST /subs callbacks/e {URL} POST body /a", "callback-url-changed POST /subs e"],
            id="to another URL, and changed",
        ),
        pytest.param(
            calling(e={URL: PLAIN}),
            calling(f={URL: LOOSE}),
            [f"property-optional POST /subs callbacks/e {URL} POST body /a", "callback-renamed POST /subs e"],
            id="another name, and changed",
        ),
        pytest.param(
            calling(e={URL: PLAIN}),
            calling(e={URL: PLAIN, OTHER: PLAIN}),
            [f"callback-added POST /subs e {OTHER}"],
            id="one URL more",
        ),
        pytest.param(
            calling(e={URL: PLAIN, OTHER: PLAIN}),
            calling(e={URL: PLAIN, OTHER: LOOSE}),
            [f"property-optional POST /subs callbacks/e {OTHER} POST body /a"],
            id="changed at one of two URLs",
        ),
    ],
)
def test_callbacks_are_paired_by_name_and_url(base: Spec, revision: Spec, expected: list[str]) -> None:
    assert [f"{change.id} {change.where}" for change in compare(base, revision)] == expected


def test_a_shared_callback_is_one_finding_and_reaches_both_operations() -> None:
    specs = []
    for item in (PLAIN, LOOSE):
        reference = {"e": {"$ref": "#/components/callbacks/E"}}
        paths = {path: post(callbacks=reference) for path in ("/a", "/b")}
        specs.append(spec_of(paths, components={"callbacks": {"E": {URL: item}}}))
    change = only(*specs)
    assert change.where == f"callbacks/E {URL} POST body /a"
    assert [reach.operation for reach in change.reaches] == [f"POST /{x} callbacks/e {URL} POST" for x in "ab"]


def test_a_callback_of_a_webhook_comes_from_the_consumer() -> None:
    base, revision = (webhook(post(callbacks={"done": {URL: item}})) for item in (PLAIN, LOOSE))
    assert found(base, revision) == [(COMPATIBLE, "property-optional")]
    assert found(revision, base) == [(BREAKING, "property-required")]


def test_callbacks_that_lead_back_to_themselves_come_to_an_end() -> None:
    specs = []
    for kind in (TEXT, NUMBER):
        again = {"again": {"$ref": "#/components/callbacks/E"}}
        components = {"callbacks": {"E": {URL: post(closed("a", a=kind), callbacks=again)}}}
        specs.append(spec_of({"/subs": post(callbacks=again)}, components=components))
    assert [(change.effect, change.where) for change in compare(*specs)] == [
        (BREAKING, f"callbacks/E {URL} POST body /a")
    ]


def test_operations_of_webhooks_and_callbacks_are_not_among_those_that_runs_ask() -> None:
    spec = spec_of({"/subs": post(callbacks={"e": {URL: PLAIN}})}, webhooks={"created": PLAIN})
    assert list(spec.by_key) == ["POST /subs"]
    assert [one.key for one in spec.webhooks[0].operations] == ["webhooks/created POST"]
    assert [one.key for one in spec.operations[0].callbacks[0].operations] == [f"POST /subs callbacks/e {URL} POST"]


def test_a_webhook_may_stand_among_the_components() -> None:
    items = {"pathItems": {"Made": PLAIN}}
    base = spec_of({}, webhooks={"created": {"$ref": "#/components/pathItems/Made"}}, components=items)
    assert found(base, webhook(PLAIN)) == []
    assert found(base, webhook(LOOSE)) == [(BREAKING, "property-optional")]
