"""The service behind `depot.yaml`: a request goes in, an answer comes out; and what a fault changes in between."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from starlette.types import Receive, Scope, Send

from contracts.probes.knowledge import ValueRow

from ..fault import Answer
from .answers import FIRST_DAY, answer, listed, named, number, problem
from .fault import Fault
from .reading import METHODS, Asked, Node, Operation, Refused, body_of, document, operations
from .shipments import FIRST, Shipments

DOCKS = {f"{letter}{number}": 40 for letter in "ABC" for number in (1, 2)}
KINDS = ("arrived", "moved", "left")
GIVEN = {
    "id": ["1", "2", "3"],
    "dock": ["A1", "B2"],
    "slots": ["1,2"],
    "day": ["2026-11-21"],
    "job": [str(UUID(int=7))],
    "If-Match": ["*"],
    "shipment": [FIRST],
    "stop": ["1"],
}
"""Values that it knows, by the parameter they are for."""
ROWS = (ValueRow({"dock": "A1", "slots": "1,2"}), ValueRow({"shipment": FIRST, "stop": "1"}))
"""Those that belong together."""
SORTED = {"id": "id", "weight": "weight_grams", "age": "created_at"}
HIDDEN = {"pin"}
OWN = {"id", "state", "created_at"}
WAYS: Mapping[str, Callable[[str, str], bool]] = {
    "right": lambda sent, key: sent == key,
    "anything": lambda sent, _key: bool(sent),
    "nothing": lambda _sent, _key: True,
    "empty": lambda sent, key: sent in ("", key),
    "cut short": lambda sent, key: len(sent) > 4 and key.startswith(sent),
    "appended": lambda sent, key: sent.startswith(key),
    "never": lambda _sent, _key: False,
}
"""What passes for the credential."""


def seeded(number: int) -> Node:
    """A parcel of which everything is told."""
    handling: tuple[Node, ...] = ({"kind": "cooled", "celsius": -4}, {"kind": "upright", "layers": 2})
    return {
        "id": number,
        "reference": f"DE-{1000 + number}",
        "weight_grams": 100 * number,
        "fragile": number % 2 == 0,
        "state": ("stored", "held", "gone")[number % 3] if number > 3 else "stored",
        "tags": ["books", "gift"][: number % 3],
        "note": None if number % 2 else "by hand",
        "insured_for": 12.5 if number % 2 else None,
        "recipient": {"name": f"Customer {number}", "country": "DE", "floor": number},
        "handling": handling[number % 2],
        "attributes": {"shelf": f"S{number}"},
        "pin": f"{4000 + number}",
        "created_at": (FIRST_DAY + timedelta(hours=number)).isoformat(),
        "due_on": None if number % 2 else "2026-12-24",
    }


class Depot(Shipments):
    """An ASGI application with parcels of its own; `key` is what its three security schemes take."""

    def __init__(self, key: str, faults: Sequence[Fault] = ()) -> None:
        super().__init__({(fault.operation, fault.switch) for fault in faults if fault.switch})
        self.key, self.faults = key, tuple(faults)
        self.parcels = {number: seeded(number) for number in range(1, 13)}
        self.versions = dict.fromkeys(self.parcels, 1)
        self.imports: dict[str, Node] = {}
        self.numbers, self.calls = count(13), count(1)
        self.operations = dict(operations())
        for key_, places in self._lax().items():
            self.operations[key_] = self.operations[key_].without(*places)

    def _lax(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for fault in self.faults:
            if fault.lax:
                found.setdefault(fault.operation, []).append(fault.at)
        return found

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        body, more = b"", True
        while more:
            message = await receive()
            body, more = body + message.get("body", b""), message.get("more_body", False)
        target = scope["raw_path"].decode("ascii") + "?" + scope["query_string"].decode("latin-1")
        found = self.answer(
            scope["method"], target, [(n.decode(), v.decode("latin-1")) for n, v in scope["headers"]], body
        )
        await send({"type": "http.response.start", "status": found.status, "headers": found.sent_headers})
        await send({"type": "http.response.body", "body": found.body})

    # A request to an answer.

    def answer(self, method: str, target: str, fields: Iterable[tuple[str, str]], body: bytes) -> Answer:
        headers: dict[str, str] = {}
        for name, value in fields:
            joint = "; " if name.lower() == "cookie" else ", "
            before = headers.get(name.lower())
            headers[name.lower()] = value if before is None else before + joint + value
        path, _, query = target.partition("?")
        asked = Asked(method, path, query, headers, body)
        found, segments = self._routed(asked)
        if found is None:
            made = self._unrouted(asked)
        else:
            made = self._edited(found.id, asked, self._answered(found, asked, segments))
        return made if method != "HEAD" else self._bare(made, found)

    def _bare(self, made: Answer, operation: Operation | None) -> Answer:
        """The head of an answer alone."""
        length = str(len(made.body)).encode()
        return Answer(made.status, made.without(b"content-length").headers, b"", int(length) if made.body else None)

    @property
    def stock(self) -> Mapping[str, int]:
        """How many of everything that can be made are there."""
        stops = sum(map(len, self.stops.values()))
        return {"parcels": len(self.parcels), "shipments": len(self.shipments), "stops": stops}

    def _routed(self, asked: Asked) -> tuple[Operation | None, dict[str, str]]:
        """The operation for a request, HEAD for that of GET where the path has none of its own."""
        by_method: dict[str, tuple[Operation, dict[str, str]]] = {}
        for operation in self.operations.values():
            segments = matched(operation.template, asked.path)
            if segments is not None:
                by_method.setdefault(operation.method, (operation, segments))
        served = by_method.get(asked.method)
        if served is None and asked.method == "HEAD":
            served = by_method.get("GET")
        return served or (None, {})

    def _unrouted(self, asked: Asked) -> Answer:
        """The answer to a method that no operation has, or to a path that none has."""
        paths = [template for template in document()["paths"] if matched(template, asked.path) is not None]
        if not paths:
            return problem(404, "there is no such path")
        item = document()["paths"][paths[0]]
        listed = [method.upper() for method in METHODS if method in item]
        first = next(item[method]["operationId"] for method in METHODS if method in item)
        allow = ", ".join([*listed, *["HEAD"] * ("GET" in listed and "HEAD" not in listed), "OPTIONS"])
        made = answer(204, Allow=allow) if asked.method == "OPTIONS" else problem(405, Allow=allow)
        return self._edited(first, asked, made)

    def _answered(self, operation: Operation, asked: Asked, segments: dict[str, str]) -> Answer:
        def switched(switch: str) -> bool:
            return self.has(operation.id, switch)

        try:
            if not self._admitted(operation, asked):
                raise Refused(401, "the credential is missing or wrong")
            values = operation.values(asked, segments)
            body = body_of(operation, asked, any_type=switched("any type"), any_text=switched("any text"))
            if body is None and operation.content:
                body = {}  # that it is missing goes unnoticed
            made: Answer = getattr(self, operation.id)(values, body, asked)
            return made
        except Refused as refused:
            fields = {"WWW_Authenticate": 'Bearer realm="depot"'} if refused.status == 401 else {}
            return problem(refused.status, refused.detail, **fields)

    def _edited(self, operation: str, asked: Asked, made: Answer) -> Answer:
        for fault in self.faults:
            if fault.operation == operation and fault.method in ("", asked.method) and made.status in fault.on:
                made = fault.edit(made, asked.headers)
        return made

    # Access.

    def _admitted(self, operation: Operation, asked: Asked) -> bool:
        """Whether one of the alternatives is there in all its parts; nothing is one where it may be."""
        alternatives = operation.security
        if {} in alternatives and not any(
            self._sent(scheme, asked) for scheme in document()["components"]["securitySchemes"]
        ):
            return not self.has(operation.id, "never without")
        if not alternatives:
            return not self.has(operation.id, "asks for a credential") or bool(self._sent("token", asked))
        enough = any if self.has(operation.id, "one of two") else all
        return any(one and enough(self._takes(operation.id, scheme, asked) for scheme in one) for one in alternatives)

    def _takes(self, operation: str, scheme: str, asked: Asked) -> bool:
        sent = self._sent(scheme, asked)
        if sent is None and self.has(operation, f"{scheme} in the query"):
            sent = dict(asked.pairs).get(document()["components"]["securitySchemes"][scheme]["name"])
        if scheme == "token" and self.has(operation, "other scheme"):
            sent = asked.headers.get("authorization", "").rpartition(" ")[2] or None
        ways = [fault.way for fault in self.faults if (fault.operation, fault.scheme) == (operation, scheme)] or [
            "right"
        ]
        if sent is None:
            return "nothing" in ways
        return any(WAYS[way](sent, self.key) for way in ways)

    def _sent(self, scheme: str, asked: Asked) -> str | None:
        """The credential of a scheme, None if none is sent."""
        said = document()["components"]["securitySchemes"][scheme]
        if said["type"] == "apiKey":
            return (asked.cookies if said["in"] == "cookie" else asked.headers).get(said["name"].lower())
        name, _, value = asked.headers.get("authorization", "").partition(" ")
        return value.strip() if name.lower() == "bearer" else None

    # The operations.

    def health(self, _values: Node, _body: Any, _asked: Asked) -> Answer:
        return answer(200, "up", "text/plain; charset=utf-8", Cache_Control="no-store")

    def listParcels(self, values: Node, _body: Any, _asked: Asked) -> Answer:
        found = list(self.parcels.values())
        if "state" in values and not self.has("listParcels", "state ignored"):
            found = [one for one in found if one["state"] == values["state"]]
        if "references" in values and not self.has("listParcels", "references ignored"):
            found = [one for one in found if one["reference"] in values["references"]]
        if "fragile" in values:
            found = [one for one in found if one["fragile"] == values["fragile"]]
        found = [one for one in found if set(listed(values.get("tag"))) <= set(one["tags"])]
        found = [one for one in found if number(one["weight_grams"], 0) >= number(values.get("lightest"), 0)]
        by = [SORTED[name] for name in listed(values.get("sort")) if name in SORTED]
        found = sorted(found, key=lambda one: [one[name] for name in by])
        total, limit = len(found), number(values.get("limit"), 20)
        if not self.has("listParcels", "limit ignored"):
            found = found[:limit]
        return answer(
            200,
            {"items": [self.shown(one, "listParcels") for one in found], "total": total},
            X_Total_Count=str(total),
            X_Partial=str(len(found) < total).lower(),
            X_Pages="1,2",
            X_Quota="used=1,left=99",
            X_Load="0.5",
        )

    def createParcel(self, _values: Node, body: Any, _asked: Asked) -> Answer:
        taken = [one["reference"] for one in self.parcels.values()]
        if body.get("reference") in taken and not self.has("createParcel", "reference twice"):
            raise Refused(409, "there is a parcel with this reference")
        own: Node = {"id": next(self.numbers), "state": "stored", "created_at": datetime.now(UTC).isoformat()}
        parcel = seeded(own["id"]) | {"reference": "DE-0001", "tags": [], "note": None} | body | own
        if not self.has("createParcel", "forgets"):
            self.parcels[own["id"]], self.versions[own["id"]] = parcel, 1
        at, tag = f"/parcels/{own['id']}", f'"{own["id"]}-1"'
        made = answer(201, self.shown(parcel, "createParcel"), Location=at, ETag=tag)
        return self.taken_over("createParcel", made, body)

    def readParcel(self, values: Node, _body: Any, _asked: Asked) -> Answer:
        parcel = self.found(values, "readParcel")
        tag = self.tag(parcel)
        if named(values.get("If-None-Match", ""), tag, weakly=True):
            return answer(304, ETag=tag)
        weighed = {"X_Weighed": str(parcel["weight_grams"] / 1000), "X_Tags": ",".join([*parcel["tags"], "all"])}
        return answer(200, self.shown(parcel, "readParcel"), ETag=tag, **weighed)

    def headParcel(self, values: Node, _body: Any, _asked: Asked) -> Answer:
        return answer(200, ETag=self.tag(self.found(values, "headParcel")))

    def replaceParcel(self, values: Node, body: Any, _asked: Asked) -> Answer:
        parcel = self.found(values, "replaceParcel")
        matches = named(values.get("If-Match", "*"), self.tag(parcel))
        if not matches and not self.has("replaceParcel", "any version"):
            raise Refused(412, "the parcel has changed")
        kept = {name: parcel[name] for name in OWN}
        recipient = parcel["recipient"] | body.get("recipient", {})
        kept |= {"recipient": recipient, "handling": parcel["handling"]}  # nobody packs it anew
        made = self.changed(parcel, seeded(parcel["id"]) | body | kept)
        return self.taken_over("replaceParcel", made, body)

    def changeParcel(self, values: Node, body: Any, _asked: Asked) -> Answer:
        parcel = self.found(values, "changeParcel")
        return self.changed(parcel, parcel | body)

    def deleteParcel(self, values: Node, _body: Any, _asked: Asked) -> Answer:
        parcel = self.found(values, "deleteParcel")
        if parcel["state"] == "held":
            raise Refused(409, "the parcel is held")
        if not self.has("deleteParcel", "keeps"):
            del self.parcels[parcel["id"]]
        return answer(204)

    def holdParcel(self, values: Node, _body: Any, _asked: Asked) -> Answer:
        parcel = self.found(values, "holdParcel")
        if parcel["state"] == "held" and not self.has("holdParcel", "held twice"):
            raise Refused(409, "the parcel is held already")
        return self.changed(parcel, parcel | {"state": "held"})

    def readLabel(self, values: Node, _body: Any, _asked: Asked) -> Answer:
        parcel = self.found(values, "readLabel")
        text = f"DEPOT {parcel['reference']}\n{parcel['recipient']['name'][:60]}\n{parcel['recipient']['country']}\n"
        copies = str(values.get("copies")) if values.get("copies") in (1, 2, 3, 4) else "1"
        return answer(200, text, "text/plain; charset=utf-8", Content_Language="en", X_Copies=copies)

    def readPhoto(self, values: Node, _body: Any, _asked: Asked) -> Answer:
        self.found(values, "readPhoto")
        return answer(200, "iVBORw0KGgo=", "text/plain")

    def addPhoto(self, values: Node, body: Any, _asked: Asked) -> Answer:
        self.found(values, "addPhoto")
        position = body.get("position") if body.get("position") in range(1, 10) else 1
        kept = {"bytes": len(body.get("file", "")), "position": position, "caption": body.get("caption")}
        return answer(201, kept)

    def searchParcels(self, _values: Node, body: Any, _asked: Asked) -> Answer:
        states = body.get("states")  # the words say what comes first
        found = [one for one in self.parcels.values() if states is None or one["state"] in states]
        shown = [self.shown(one, "searchParcels") for one in found[: number(body.get("limit"), 50)]]
        return answer(200, {"items": shown[:50], "total": len(found)})

    def startImport(self, _values: Node, body: Any, _asked: Asked) -> Answer:
        if len(self.imports) % 50 == 49:
            self.imports.popitem()
            return problem(429, "three imports are under way", Retry_After="0")
        job = str(UUID(int=0x4000_8000_0000_0000_0000 + len(self.imports)))
        lines = max(str(body).count("\n"), 1)
        self.imports[job] = {"job": job, "state": "waiting", "lines": lines}
        return answer(202, self.imports[job], Location=f"/imports/{job}", Retry_After="2")

    def readImport(self, values: Node, _body: Any, _asked: Asked) -> Answer:
        known = self.imports | {str(UUID(int=7)): {"job": str(UUID(int=7)), "state": "done", "lines": 3}}
        if values["job"] not in known and not self.has("readImport", "made up"):
            raise Refused(404, "there is no such import")
        return answer(200, known.get(values["job"], {"job": values["job"], "state": "waiting", "lines": 1}))

    def exportParcels(self, values: Node, _body: Any, _asked: Asked) -> Answer:
        columns = [name for name in listed(values.get("columns")) if name in ("id", "reference", "state")]
        columns = columns or ["id", "reference", "state"]
        rows = [[str(one[name]) for name in columns] for one in self.parcels.values()]
        text = "".join(",".join(row) + "\r\n" for row in [columns, *rows])
        return answer(200, text, "text/csv; charset=utf-8", Content_Disposition="attachment; filename=parcels.csv")

    def listEvents(self, values: Node, _body: Any, _asked: Asked) -> Answer:
        found = [one for one in self.events() if values.get("kind") not in KINDS or one["kind"] == values["kind"]]
        return answer(200, "".join(json.dumps(one) + "\n" for one in found), "application/x-ndjson")

    def followEvents(self, _values: Node, _body: Any, _asked: Asked) -> Answer:
        told = "".join(f"event: parcel\nid: {n}\ndata: {json.dumps(one)}\n\n" for n, one in enumerate(self.events()))
        return answer(200, ": hello\n\n" + told, "text/event-stream")

    def readRates(self, _values: Node, _body: Any, _asked: Asked) -> Answer:
        rates = {"currency": "EUR", "parcel": 25, "letter": 10}
        return answer(200, urlencode(rates), "application/x-www-form-urlencoded")

    def listDocks(self, _values: Node, _body: Any, _asked: Asked) -> Answer:
        return answer(200, [{"dock": dock, "slots": slots, "open": True} for dock, slots in DOCKS.items()])

    def readDock(self, values: Node, _body: Any, _asked: Asked) -> Answer:
        slots = DOCKS.get(values["dock"])
        if slots is None and not self.has("readDock", "made up"):
            raise Refused(404, "there is no such dock")
        return answer(200, {"dock": values["dock"], "slots": slots or 1, "open": True})

    def readSlots(self, values: Node, _body: Any, _asked: Asked) -> Answer:
        slots = DOCKS.get(values["dock"], 0)
        wanted = listed(values.get("slots"))
        if not slots or any(number(slot, 1) > slots for slot in wanted):
            raise Refused(404, "there is no such dock, or slot")
        return answer(200, {str(slot): number(slot, 1) % 2 == 0 for slot in wanted[:4]})

    def readStatus(self, _values: Node, _body: Any, asked: Asked) -> Answer:
        return answer(200, {"load": 0.25, "caller": "clerk" if self._sent("token", asked) else None})

    def readMe(self, values: Node, _body: Any, _asked: Asked) -> Answer:
        told = {"name": "Kim", "role": "clerk"} | {name: values[name] for name in ("theme",) if name in values}
        return answer(200, told, X_Zone=str(values.get("X-Zone", 1)))

    def readReport(self, values: Node, _body: Any, _asked: Asked) -> Answer:
        day = str(values["day"])
        if not FIRST_DAY.date().isoformat() <= day <= date(2026, 11, 30).isoformat():
            raise Refused(404, "there is no report of this day")
        report = {"day": day, "received": 12, "left": 4, "share": 0.25, "by_dock": {"A1": 7, "B2": 5}}
        return answer(200, report, X_Complete="true")

    # What they share.

    def found(self, values: Node, operation: str) -> Node:
        if values["id"] in self.parcels:
            return self.parcels[values["id"]]
        if self.has(operation, "made up"):
            return seeded(1) | {"id": values["id"]}
        raise Refused(404, "there is no such parcel")

    def changed(self, parcel: Node, new: Node) -> Answer:
        """The answer that shows what became of a parcel."""
        if parcel["id"] in self.parcels:
            self.parcels[parcel["id"]] = new
            self.versions[parcel["id"]] += 1
        return answer(200, self.shown(new, ""), ETag=self.tag(parcel))

    def taken_over(self, operation: str, made: Answer, body: Node) -> Answer:
        """The answer; with what only the depot gives as the request has it, if it takes that over."""
        taken = {name: body[name] for name in sorted(OWN & body.keys())}
        return made.with_data(made.data | taken) if self.has(operation, "own taken over") else made

    def tag(self, parcel: Node) -> str:
        return f'"{parcel["id"]}-{self.versions.get(parcel["id"], 1)}"'

    def shown(self, parcel: Node, operation: str) -> Node:
        """What of a parcel is for everybody's eyes."""
        hidden = set() if self.has(operation, "pins shown") else HIDDEN
        return {name: value for name, value in parcel.items() if name not in hidden}

    def events(self) -> list[Node]:
        parcels = list(self.parcels.values())[:6]
        return [{"at": one["created_at"], "kind": KINDS[n % 3], "parcel": one["id"]} for n, one in enumerate(parcels)]


def matched(template: str, path: str) -> dict[str, str] | None:
    """The raw segments by the names that the template has for them, None for another path."""
    own, there = template.split("/"), path.split("/")
    if len(own) != len(there):
        return None
    found = {}
    for name, segment in zip(own, there, strict=True):
        if name.startswith("{") and segment:
            found[name.strip("{}")] = segment
        elif name != segment:
            return None
    return found
