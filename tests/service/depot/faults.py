"""The faults that the depot can have, a row each, in ten families; the last of a row is the rule that finds it."""

import re
from collections.abc import Iterator
from itertools import starmap
from typing import Any

from .edits import HTML, Change, drop, echoed, event, field, line, media, put, status, text, then, whole
from .fault import Edit, Fault, key_of, lax

BODIES = (
    ("listParcels", 200, "state in capitals", put("/items/*/state", "STORED"), "200 /items/*/state enum"),
    ("listParcels", 200, "weight as text", put("/items/*/weight_grams", "100"), "200 /items/*/weight_grams type"),
    ("listParcels", 200, "no reference", drop("/items/*/reference"), "200 /items/* required reference"),
    ("listParcels", 200, "id is null", put("/items/*/id", None), "200 /items/*/id nullability"),
    ("listParcels", 200, "day for a time", put("/items/*/created_at", "2026-11-20"), "200 /items/*/created_at format"),
    ("listParcels", 200, "country in full", put("/items/*/recipient/country", "Germany"), "200 *country pattern"),
    ("listParcels", 200, "total below zero", put("/total", -1), "200 /total bounds"),
    ("listParcels", 200, "items in a map!", put("/items", {}), "200 /items type"),
    ("readParcel", 200, "a property too many", put("/colour", "red"), "200 / additional properties"),
    ("readParcel", 200, "a tag twice", put("/tags", ["gift", "gift"]), "200 /tags items"),
    ("readParcel", 200, "handling of no kind", put("/handling", {"celsius": 4}), "200 /handling required kind"),
    ("readParcel", 200, "number for an attribute", put("/attributes", {"shelf": 4}), "200 /attributes/* type"),
    ("readParcel", 200, "day in another order", put("/due_on", "24.12.2026"), "200 /due_on format"),
    ("readParcel", 200, "insured for nothing", put("/insured_for", 0), "200 /insured_for bounds"),
    ("readParcel", 404, "problem without title", drop("/title"), "404 / required title"),
    ("readReport", 200, "map without a member", put("/by_dock", {}), "200 /by_dock bounds"),
    ("readReport", 200, "share above one", put("/share", 1.5), "200 /share bounds"),
    ("listDocks", 200, "empty list!", whole(lambda _: []), "200 / items"),
    ("readSlots", 200, "text for a boolean!", whole(lambda data: dict.fromkeys(data, "yes")), "200 /* type"),
    ("createParcel", 422, "status of a problem as text", put("/status", "422"), "422 /status type"),
    ("readStatus", 200, "not a number!", text(lambda body: body.replace("0.25", "NaN")), "200 strict json"),
)
"""Operation, status, name (with `!` where nothing else shows beside it), what becomes of the answer, rule."""

HEADERS: tuple[tuple[str, int, str, str | None], ...] = (
    ("listParcels", 200, "X-Total-Count", "many"),
    ("listParcels", 200, "X-Partial", "partly"),
    ("listParcels", 200, "X-Pages", "0,1"),
    ("listParcels", 200, "X-Quota", "used=1"),
    ("listParcels", 200, "X-Load", "1.5"),
    ("createParcel", 201, "Location", None),
    ("createParcel", 201, "ETag", "13-1"),
    ("readParcel", 200, "ETag", 'W/"1-1"'),
    ("readParcel", 200, "X-Weighed", "100g"),
    ("readParcel", 200, "X-Tags", "all,x"),
    ("replaceParcel", 200, "ETag", None),
    ("headParcel", 200, "ETag", None),
    ("readLabel", 200, "Content-Language", "english"),
    ("readLabel", 200, "X-Copies", "5"),
    ("startImport", 202, "Retry-After", "noon"),
    ("startImport", 202, "Location", "/jobs/1"),
    ("readMe", 200, "X-Zone", "9a"),
    ("readReport", 200, "X-Complete", "partly"),
    ("exportParcels", 200, "Content-Disposition", "inline"),
    ("health", 200, "Cache-Control", "max-age=86400"),
)
"""Operation, status, field, value."""

LOST = '{"at": "2026-11-20T09:30:00Z", "kind": "lost", "parcel": 1}'
WORDY = '{"at": "2026-11-20T09:30:00Z", "kind": "left", "parcel": "one"}'
STREAMS = (
    ("health", 200, "another word!", text(lambda _: "fine"), "200 * enum"),
    ("readLabel", 200, "label of a store!", text(lambda body: "STORE" + body[5:]), "200 * pattern"),
    ("readLabel", 200, "label that is too long!", text(lambda body: body + "x" * 500), "200 * bounds"),
    ("readPhoto", 200, "no base64!", text(lambda _: "not*base64!!"), "200 *"),
    ("exportParcels", 200, "no line of names!", text(lambda body: "1,DE-1001\r\n" + body), "200 * pattern"),
    ("exportParcels", 200, "two letters!", text(lambda _: "id"), "200 *"),
    ("listEvents", 200, "line of another kind!", line(lambda one: one.update(kind="lost")), "200 */kind enum"),
    ("listEvents", 200, "line without a time!", line(lambda one: one.pop("at")), "200 * required at"),
    ("listEvents", 200, "line with words!", line(lambda one: one.update(parcel="two")), "200 */parcel type"),
    ("listEvents", 200, "line that is cut!", text(lambda body: body[:-9] + "\n"), "200 *"),
    ("followEvents", 200, "event of another kind!", event(LOST), "200 */kind enum"),
    ("followEvents", 200, "event with words!", event(WORDY), "200 */parcel type"),
    ("followEvents", 200, "event that is no JSON!", event("parcel 1 left"), "200 *"),
    (
        "followEvents",
        200,
        "a list!",
        then(media("application/json"), text(lambda _: "[]")),
        "200 media type documented",
    ),
    ("readRates", 200, "rate in words!", text(lambda body: body.replace("25", "cheap")), "200 */parcel type"),
    ("readRates", 200, "no currency!", text(lambda body: body.partition("&")[2]), "200 * required currency"),
)

PARAMETERS = (
    ("listParcels", "query state", "enum"),
    ("listParcels", "query lightest", "type minimum maximum"),
    ("listParcels", "query tag", "maxItems uniqueItems"),
    ("listParcels", "query tag/*", "pattern"),
    ("listParcels", "query references", "maxItems"),
    ("listParcels", "query references/*", "pattern"),
    ("listParcels", "query zones/*", "type maximum"),
    ("listParcels", "query sort/*", "enum"),
    ("listParcels", "query size", "required:length additionalProperties"),
    ("listParcels", "query size/width", "maximum"),
    ("listParcels", "query window", "required:from"),
    ("listParcels", "query window/days", "maximum"),
    ("listParcels", "query fragile", "type"),
    ("listParcels", "query limit", "minimum maximum"),
    ("listParcels", "header X-Request-Id", "minLength maxLength"),
    ("listParcels", "header X-Depth", "type maximum"),
    ("listParcels", "header X-Shelves", "maxItems"),
    ("listParcels", "header X-Shelves/*", "type"),
    ("listParcels", "cookie view", "enum"),
    ("replaceParcel", "header If-Match", "missing"),
    ("readLabel", "query copies", "missing maximum"),
    ("readSlots", "path slots", "maxItems"),
    ("readMe", "header X-Zone", "missing type minimum"),
    ("readMe", "cookie theme", "enum"),
    ("readReport", "query share", "exclusiveMinimum maximum"),
    ("readReport", "query step", "multipleOf"),
)
"""Operation, place, keywords that nobody looks at there."""

JSON_BODIES = (
    ("createParcel", "body", "missing required:reference required:weight_grams required:pin additionalProperties"),
    ("createParcel", "body /reference", "pattern"),
    ("createParcel", "body /weight_grams", "type minimum maximum"),
    ("createParcel", "body /fragile", "type"),
    ("createParcel", "body /tags", "uniqueItems maxItems"),
    ("createParcel", "body /note", "maxLength"),
    ("createParcel", "body /recipient", "required:country"),
    ("createParcel", "body /recipient/name", "minLength"),
    ("createParcel", "body /handling", "oneOf"),
    ("createParcel", "body /attributes", "maxProperties"),
    ("changeParcel", "body", "minProperties"),
    ("holdParcel", "body", "required:reason"),
    ("holdParcel", "body /reason", "enum"),
    ("holdParcel", "body /level", "exclusiveMinimum"),
)

FORMS = (
    ("searchParcels", "body", "missing required:words additionalProperties"),
    ("searchParcels", "body /words", "minLength maxLength"),
    ("searchParcels", "body /limit", "type maximum"),
    ("searchParcels", "body /exact", "type"),
    ("searchParcels", "body /states/*", "enum"),
    ("addPhoto", "body", "required:file required:position"),
    ("addPhoto", "body /position", "type maximum"),
    ("addPhoto", "body /caption", "maxLength"),
    ("addPhoto", "body /side", "enum"),
    ("addPhoto", "body /taken", "required:day"),
    ("startImport", "body", "minLength"),
)

WAYS = (
    ("listParcels", "token", "anything", "auth wrong*"),
    ("listParcels", "key", "anything", "auth wrong*"),
    ("readParcel", "key", "nothing", "auth required*"),
    ("readParcel", "token", "cut short", "auth cut short*"),
    ("createParcel", "key", "appended", "auth appended*"),
    ("replaceParcel", "token", "empty", "auth empty*"),
    ("deleteParcel", "key", "nothing", "auth required*"),
    ("exportParcels", "token", "never", "auth accepted*"),
    ("readMe", "session", "never!", "auth accepted*"),
    ("readMe", "session", "anything", "auth wrong*"),
    ("readDock", "token", "anything", "auth wrong*"),
    ("readDock", "key", "nothing", "auth required*"),
    ("readSlots", "token", "appended", "auth appended*"),
    ("readStatus", "token", "anything?", "auth wrong*"),
)
"""Operation, scheme, what passes for the credential (marked as in `made`), rule."""

SWITCHES = {
    "bodies that are not enforced": (
        ("createParcel", "any text", "refused body syntax", "requestBody/content/application~1json"),
    ),
    "forms and content types": (
        ("createParcel", "any type", "refused body content type", "requestBody/content"),
        ("searchParcels", "any type", "refused body content type", "requestBody/content"),
        ("addPhoto", "any type", "refused body content type", "requestBody/content"),
        ("startImport", "any type", "refused body content type", "requestBody/content"),
        ("changeParcel", "any type", "refused body content type", "requestBody/content"),
    ),
    "authentication and its alternatives": (
        ("listDocks", "one of two", "auth required*", "security/0"),
        ("readSlots", "other scheme", "auth other scheme*", "security/0"),
        ("listEvents", "key in the query", "auth *place*", ""),
        ("readStatus", "never without", "auth *", "security/0"),
        ("readRates", "asks for a credential!", "status documented", "security"),
    ),
    "readOnly and writeOnly": (
        ("readParcel", "pins shown", "200 *write-only*", "responses/200"),
        ("listParcels", "pins shown", "200 *write-only*", "responses/200"),
        ("createParcel", "pins shown", "201 *write-only*", "responses/201"),
        ("createParcel", "own taken over?", "*read*only*", "requestBody"),
        ("replaceParcel", "own taken over?", "*read*only*", "requestBody"),
    ),
    "identity, filters and resources": (
        ("readParcel", "made up!", "unknown value", "responses/404"),
        ("readDock", "made up!?", "unknown value", "responses/404"),
        ("readImport", "made up!", "unknown value", "responses/404"),
        ("listParcels", "state ignored?", "*filter*", "parameters/0"),
        ("listParcels", "references ignored?", "*filter*", "parameters/3"),
        ("listParcels", "limit ignored?", "*limit*", "parameters/9"),
        ("createParcel", "forgets!?", "*own*", "responses/201"),
        ("deleteParcel", "keeps!?", "*own*", "responses/204"),
        ("replaceParcel", "any version!?", "*412*", "responses/412"),
        ("holdParcel", "held twice!?", "*409*", "responses/409"),
    ),
}
"""By family: operation, what the service does (with `?` if the document does not forbid it), rule, place."""

EDITED = {
    "authentication and its alternatives": (
        ("readLabel", 401, "403 that is not documented!", status(403), "status documented"),
        ("readImport", 401, "no challenge", field("WWW-Authenticate"), "challenge"),
        ("changeParcel", 401, "crashes without credential!", status(500), "status documented"),
    ),
    "readOnly and writeOnly": (
        ("createParcel", 201, "no number in the answer", drop("/id"), "201 / required id"),
        ("createParcel", 201, "no time in the answer", drop("/created_at"), "201 / required created_at"),
        ("replaceParcel", 200, "no state in the answer", drop("/state"), "200 / required state"),
    ),
    "statuses, methods and HTTP": (
        ("createParcel", 201, "200 in place of 201!", status(200), "status documented"),
        ("startImport", 202, "201 in place of 202!", status(201), "status documented"),
        ("readReport", 404, "410 in place of 404!", status(410), "status documented"),
        ("readDock", 404, "500 in place of 404!", status(500), "status documented"),
        ("headParcel", 404, "500 in place of 404!", status(500), "status documented"),
        ("readMe", 400, "redirect in place of 400!", then(status(302), field("Location", "/")), "status documented"),
        ("readParcel", 404, "page in place of a problem!", HTML, "404 media type documented"),
        ("changeParcel", 200, "JSON by another name!", media("text/json"), "200 media type documented"),
        ("listDocks", 200, "no media type!", media(), "200 media type documented"),
        ("readSlots", 200, "two media types!", media("application/json", "text/plain"), "single content type"),
        ("readStatus", 200, "latin-1!", media("application/json; charset=latin-1"), "charset"),
        ("readParcel", 405, "TRACE crashes", status(500), "unlisted method"),
        ("listEvents", 405, "405 without Allow", field("Allow"), "allow header"),
        ("readRates", 405, "Allow has what is refused", field("Allow", "TRACE, GET"), "allow header"),
        ("exportParcels", 204, "OPTIONS crashes", status(500), "unlisted method"),
        ("readReport", 200, "HEAD finds nothing", status(404), "*head*"),
        ("listDocks", 200, "HEAD has another type", media("text/html"), "*head*"),
    ),
    "identity, filters and resources": (
        ("readLabel", 200, "not to be found!", status(404), "given value"),
        ("readPhoto", 200, "not to be found!", status(404), "given value"),
        ("readSlots", 200, "not to be found!", status(404), "given value"),
        ("readParcel", 200, "another parcel!?", put("/id", 7), "200 /id identity"),
        ("readDock", 200, "another dock!?", put("/dock", "F9"), "200 /dock identity"),
        ("readReport", 200, "another day!?", put("/day", "2026-11-22"), "200 /day identity"),
    ),
}
"""By family, as `BODIES`."""


def said(family: str, operation: str, on: int, name: str, edit: Change, rule: str, **more: Any) -> Fault:
    """An answer with this status is not what the document says; of one method, if the name begins with it."""
    word = name.partition(" ")[0]
    more["method"] = word if word in ("TRACE", "OPTIONS", "HEAD") else ""
    more.setdefault("at", f"responses/{on}" if on not in (204, 405) else "")
    given: Edit = lambda answer, _sent: edit(answer)  # noqa: E731
    return made(family, operation, name, more.pop("at"), rule, on=[on], edit=given, **more)


def made(family: str, operation: str, name: str, at: str, rule: str, **more: Any) -> Fault:
    """The marks behind a name are `alone` (!) and not `forbidden` (?)."""
    marks: dict[str, Any] = {"alone": "!" in name, "forbidden": "?" not in name}
    return Fault(family, operation, re.sub("[!?]", "", name), at, f"{key_of(operation)} {rule}", **marks, **more)


def set_field(operation: str, on: int, name: str, value: str | None) -> Fault:
    if value is None:
        named, rule, change = f"no {name}", f"{on} header required {name}", field(name)
    else:
        named, rule, change = f"{name} is {value}", f"{on} @{name}*", field(name, value)
    at = f"responses/{on}/headers/{name}"
    return said("header fields of answers", operation, on, named, change, rule, at=at)


def way_in(operation: str, scheme: str, way: str, rule: str) -> Fault:
    name = f"takes {way} for the {scheme}"
    if way.startswith("never"):
        name = f"{way.replace('never', 'does not take')} the {scheme}"
    family = "authentication and its alternatives"
    return made(family, operation, name, "", rule, scheme=scheme, way=way.strip("!?"))


def switched(family: str, operation: str, name: str, rule: str, at: str) -> Fault:
    return made(family, operation, name, at, rule, switch=name.strip("!?"))


def table() -> Iterator[Fault]:
    yield from (said("bodies of answers", *row) for row in BODIES)
    yield from starmap(set_field, HEADERS)
    yield from (said("text and streams", *row) for row in STREAMS)
    for row in PARAMETERS:
        yield from lax("parameters that are not enforced", *row)
    for row in JSON_BODIES:
        yield from lax("bodies that are not enforced", *row)
    for row in FORMS:
        yield from lax("forms and content types", *row)
    yield from starmap(way_in, WAYS)
    yield from (switched(family, *row) for family, rows in SWITCHES.items() for row in rows)
    yield from (said(family, *row) for family, rows in EDITED.items() for row in rows)
    rule = f"{key_of('listEvents')} credential kept"
    family = "identity, filters and resources"
    yield Fault(family, "listEvents", "gives the credential back", "", rule, on=[200], edit=echoed)


FAULTS = tuple(table())
"""All of them."""
