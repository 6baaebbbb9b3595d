"""Shipments with stops, and carriers: what the depot makes, lists, changes and takes away, and how it may fail to."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Set
from copy import deepcopy
from datetime import datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime
from functools import partial
from itertools import count
from typing import Any
from uuid import UUID

from ..fault import Answer
from .answers import FIRST_DAY, answer, named, number
from .reading import Asked, Node, Refused

Has = Callable[[str], bool]
CITIES = ("Wien", "Köln", "Graz", "Ulm", "Linz", "Lyon", "Bonn")
STATUSES = ("planned", "loaded", "sent")
CARRIERS = [
    {"code": code, "name": name, "country": country, "founded": founded}
    for code, name, country, founded in (
        ("ABR", "Abril", "FR", 1954),
        ("BOT", "Botendienst", "AT", 1871),
        ("DON", "Donau", "AT", 1998),
        ("EIL", "Eilgut", "DE", 1903),
        ("HAN", "Hanse", "DE", 1889),
        ("MER", "Mercure", "FR", 2011),
        ("RAD", "Radkurier", "DE", 2015),
    )
]
OWN = ("id", "created_at", "updated_at", "stops")


def identifier(number_: int) -> str:
    return str(UUID(int=0x5000_4000_8000_0000_0000_0000 + number_))


FIRST = identifier(1)


def seeded_shipment(number_: int) -> Node:
    made: Node = {
        "id": identifier(number_),
        "name": f"Tour {chr(64 + (number_ * 5) % 8)}",
        "carrier": str(CARRIERS[number_ % 3]["code"]),
        "weight_kg": (9.5, 120, 80, 1000, 15)[number_ % 5],
        "status": STATUSES[number_ % 3],
        "tags": ["night", "cold"][: number_ % 3],
        "note": "to the back door" if number_ % 2 else None,
        "created_at": moment(number_),
        "updated_at": moment(number_),
        "stops": 7 if number_ == 1 else 1,
    }
    return made | ({"address": {"city": CITIES[number_ % 7], "floor": number_}} if number_ % 4 else {})


def moment(tick: int) -> str:
    """A time a minute later at every change, so that no clock matters."""
    return (FIRST_DAY + timedelta(minutes=tick)).isoformat()


class Shipments:
    """What is kept, and the operations on it; `switched` has what is wrong with them, by operation."""

    def __init__(self, switched: Set[tuple[str, str]]) -> None:
        self.switched = switched
        self.shipments = {one["id"]: one for one in map(seeded_shipment, range(1, 8))}
        self.stops = {id_: first_stops(one) for id_, one in self.shipments.items()}
        self.ticks, self.stop_numbers = count(100), count(100)
        self.answered: dict[str, tuple[Any, Answer]] = {}  # by the key of a request
        self.gone: list[Node] = []
        self.ever = count(1)
        self.last_place, self.last_read = "", dict[str, Any]()
        self.first_names: dict[str, str] = {}

    def has(self, operation: str, switch: str) -> bool:
        return (operation, switch) in self.switched

    # Making.

    def createShipment(self, values: Node, body: Any, _asked: Asked) -> Answer:
        key = values.get("Idempotency-Key")
        if self.has("createShipment", "one key for all") and key is not None:
            key = "all"
        if key in self.answered and not self.has("createShipment", "keys are not looked at"):
            before, made = self.answered[key]
            if before != body and key != "all":
                raise Refused(422, "the key was used for another shipment")
            if self.has("createShipment", "key is answered and made again"):
                self._create(body)
            return made
        made = self._create(body)
        if key is not None:
            self.answered[key] = (body, made)
        return made

    def _create(self, body: Node) -> Answer:
        tick, has = next(self.ticks), partial(self.has, "createShipment")
        id_ = identifier(tick)
        if has("second takes the place of the first") and tick % 2:
            id_ = identifier(tick - 1)
        own = {"id": id_, "created_at": moment(tick), "updated_at": moment(tick), "stops": 0}
        shown = {"tags": [], "note": None} | body | own
        kept = self._kept(deepcopy(shown), has)
        if not has("is not kept"):
            self.shipments[id_], self.stops[id_] = kept, {}
        if has("makes two"):
            other = identifier(tick + 5000)
            self.shipments[other], self.stops[other] = kept | {"id": other}, {}
        at = f"/shipments/{id_}"
        if has("Location of the first"):
            at = f"/shipments/{FIRST}"
        elif has("Location of nobody"):
            at = f"/shipments/{identifier(tick + 1000)}"
        elif has("Location of the last made"):
            at, self.last_place = self.last_place or at, at
        return answer(201, shown, Location=at, ETag=self._tag("createShipment", kept))

    def _kept(self, kept: Node, has: Has) -> Node:
        """What becomes of a new one, if something is wrong with keeping it."""
        if has("note is lost"):
            kept["note"] = None
        if has("weight is rounded"):
            kept["weight_kg"] = max(int(kept["weight_kg"]), 1)
        if has("name is cut"):
            kept["name"] = kept["name"][:3]
        if has("floor is lost") and "address" in kept:
            kept["address"].pop("floor", None)
        if has("tags in another order"):
            kept["tags"] = kept["tags"][::-1]
        if has("status is the default"):
            kept["status"] = "planned"
        if has("carrier of the first"):
            kept["carrier"] = self.shipments[FIRST]["carrier"] if FIRST in self.shipments else "ABR"
        return kept

    # Reading.

    def readShipment(self, values: Node, _body: Any, asked: Asked) -> Answer:
        has = partial(self.has, "readShipment")
        if has("new ones are not found") and values["shipment"] not in map(identifier, range(8)):
            raise Refused(404, "there is no such shipment")
        shipment = self.shipment(values, "readShipment")
        if has("first one for all"):
            shipment = next(iter(self.shipments.values()))
        if has("last one read") and asked.method == "GET":
            shipment, self.last_read = self.last_read or shipment, shipment
        if has("loads what is read") and shipment["status"] == "planned":
            shipment["status"] = "loaded"
        if has("is a change"):
            self._touch(shipment)
        if has("HEAD deletes") and asked.method == "HEAD":
            self._delete(shipment["id"])
        tag, changed = self._tag("readShipment", shipment), datetime.fromisoformat(shipment["updated_at"])
        fields = {"ETag": tag, "Last_Modified": format_datetime(changed, usegmt=True)}
        if self._has_it(values, tag, changed):
            if has("304 with another tag"):
                fields["ETag"] = '"other"'
            if has("304 without tag"):
                del fields["ETag"]
            made = answer(304, **fields)
            return made.with_data(shipment) if has("304 with body") else made
        return answer(200, shipment, **fields)

    def _has_it(self, values: Node, tag: str, changed: datetime) -> bool:
        """Whether the caller has the one with this tag, or that changed then (RFC 9110 §13.1.2, §13.1.3)."""
        has = partial(self.has, "readShipment")
        tags, since = values.get("If-None-Match"), values.get("If-Modified-Since")
        if has("never 304"):
            return False
        if tags is not None:
            if tags.strip() == "*" and has("star is a tag"):
                return False
            return has("always 304") or named(tags, tag, weakly=not has("compares strongly"))
        if since is None or has("never 304 by time"):
            return False
        try:
            known = parsedate_to_datetime(since)
        except ValueError:
            return False
        if known.tzinfo is None:
            return False
        return has("always 304 by time") or known >= changed

    def listShipments(self, values: Node, _body: Any, _asked: Asked) -> Answer:
        has = partial(self.has, "listShipments")
        found = self._listed(has)
        everything = len(found)
        is_later = has("filter only on the first page") and "cursor" in values
        ignored = {"status": has("status ignored") or is_later, "carrier": has("carrier ignored") or is_later}
        for name in ("status", "carrier"):
            if name in values and not ignored[name]:
                wanted = not (name == "status" and has("status is turned around"))
                found = [one for one in found if (one[name] == values[name]) is wanted]
        if has("sort after paging"):
            found = self._page(found, values, has)[0] if "cursor" in values else found
        found = self._sorted(found, values, has)
        page, following = self._page(found, values, has)
        total = len(page) if has("total of the page") else everything if has("total of all") else len(found)
        total += has("total one too many")
        return answer(200, {"items": page, "total": total, "next_cursor": following})

    def _listed(self, has: Has) -> list[Node]:
        found = list(self.shipments.values())
        if has("newest is missing"):
            found = found[:-1]
        if has("one carrier is missing"):
            found = [one for one in found if one["carrier"] != "DON"]
        if has("newest stands twice"):
            found = [*found, found[-1]] if found else found
        if self.has("deleteShipment", "is still listed"):
            found += self.gone
        if has("old names"):
            for one in found:
                self.first_names.setdefault(one["id"], one["name"])
            found = [one | {"name": self.first_names[one["id"]]} for one in found]
        return found

    def _sorted(self, found: list[Node], values: Node, has: Has) -> list[Node]:
        by = values.get("sort", "created_at")
        name, descending = by.removeprefix("-"), by.startswith("-") and not has("hyphen ignored")
        if has("sort ignored"):
            return sorted(found, key=lambda one: one["created_at"])
        text = has("numbers as text")
        return sorted(found, key=lambda one: str(one[name]) if text else one[name], reverse=descending)

    def _page(self, found: list[Node], values: Node, has: Has) -> tuple[list[Node], str | None]:
        limit, begin = number(values.get("limit"), 10), 0
        if has("limit ignored"):
            limit = max(limit, 10)
        limit += has("one more than the limit")
        if "cursor" in values and not has("cursor ignored"):
            begin = place_after(found, values["cursor"])
        begin -= has("pages overlap") and begin > 0
        begin += has("pages leave one out") and begin > 0
        page = found[begin : begin + limit]
        more = begin + limit < len(found)
        if has("next page is empty") and page:
            more = True
        if has("ends after the first page"):
            more = False
        if has("goes on for ever"):
            more = True
            page = page or found[-limit:]
        return page, cursor_of(page[-1]) if page and more else None

    # Changing.

    def replaceShipment(self, values: Node, body: Any, _asked: Asked) -> Answer:
        has = partial(self.has, "replaceShipment")
        shipment = self.shipment(values, "replaceShipment")
        self._held_to("replaceShipment", shipment, values)
        if has("is not kept"):
            return self._now("replaceShipment", {"tags": [], "note": None} | body | {n: shipment[n] for n in OWN})
        new = {"tags": [], "note": None} | deepcopy(body) | {name: shipment[name] for name in OWN}
        if has("merges"):
            new = shipment | new | ({"note": shipment["note"]} if "note" not in body else {})
        if has("weights add up"):
            new["weight_kg"] = min(shipment["weight_kg"] + body["weight_kg"], 2000)
        if has("tags add up"):
            new["tags"] = [*shipment["tags"], *new["tags"]][-3:]
        if has("creation is now"):
            new["created_at"] = moment(next(self.ticks))
        if has("stays sent") and shipment["status"] == "sent":
            new["status"] = "sent"
        if has("makes a new one"):
            tick = next(self.ticks)
            new |= {"id": identifier(tick), "stops": 0}
            self.stops[new["id"]] = {}
        return self._changed("replaceShipment", new)

    def changeShipment(self, values: Node, body: Any, _asked: Asked) -> Answer:
        has = partial(self.has, "changeShipment")
        shipment = self.shipment(values, "changeShipment")
        self._held_to("changeShipment", shipment, values)
        new = merged(shipment, deepcopy(body))
        if has("null is ignored") and body.get("note", "") is None:
            new["note"] = shipment["note"]
        if has("nested is replaced") and "address" in body:
            new["address"] = {"city": "Wien"} | body["address"]
        if has("resets the status"):
            new["status"] = "planned"
        if has("empties what is not named"):
            new["tags"] = []
            new["note"] = body.get("note")
        if has("is not kept"):
            return self._now("changeShipment", new)
        if has("changes a neighbour"):
            other = next((one for one in self.shipments.values() if one["id"] != shipment["id"]), shipment)
            other.update({name: body[name] for name in ("name", "weight_kg") if name in body})
        return self._changed("changeShipment", new)

    def deleteShipment(self, values: Node, _body: Any, _asked: Asked) -> Answer:
        has = partial(self.has, "deleteShipment")
        shipment = self.shipment(values, "deleteShipment")
        self._held_to("deleteShipment", shipment, values)
        if has("keeps"):
            return answer(204)
        if has("keeps what was changed") and shipment["updated_at"] != shipment["created_at"]:
            return answer(204)
        if has("marks alone"):
            shipment.update({"name": "deleted", "note": None})
            return answer(204)
        self.gone.append(shipment)
        self._delete(shipment["id"])
        return answer(204)

    def _delete(self, id_: str) -> None:
        del self.shipments[id_]
        if not self.has("deleteShipment", "stops stay"):
            del self.stops[id_]

    def _held_to(self, operation: str, shipment: Node, values: Node) -> None:
        """Refused if the caller has another one in mind (RFC 9110 §13.1.1)."""
        if "If-Match" not in values or self.has(operation, "any version"):
            return
        wrong = self.has(operation, "no version") and values["If-Match"] != "*"
        if wrong or not named(values["If-Match"], self._tag("readShipment", shipment)):
            raise Refused(412, "the shipment has changed")

    def _changed(self, operation: str, new: Node) -> Answer:
        self.shipments[new["id"]] = new
        self._touch(new)
        return self._now(operation, new)

    def _now(self, operation: str, shipment: Node) -> Answer:
        return answer(200, shipment, ETag=self._tag(operation, shipment))

    def _touch(self, shipment: Node) -> None:
        shipment["updated_at"] = moment(next(self.ticks))

    def _tag(self, operation: str, shipment: Node) -> str:
        """Strong: another one for each change."""
        has = partial(self.has, "readShipment")
        if has("one tag for all"):
            return '"v1"'
        if has("tag never changes"):
            return f'"{shipment["created_at"]}"'
        if has("another tag each time") and operation == "readShipment":
            return f'"{next(self.ever)}"'
        tag = f'"{shipment["updated_at"]}"'
        if operation == "readShipment" and has("tag without quotes"):
            return tag.strip('"')
        return tag

    def shipment(self, values: Node, _operation: str) -> Node:
        if values["shipment"] not in self.shipments:
            raise Refused(404, "there is no such shipment")
        return self.shipments[values["shipment"]]

    # Stops.

    def listStops(self, values: Node, _body: Any, _asked: Asked) -> Answer:
        has = partial(self.has, "listStops")
        found = list(self.stops_of(values, "listStops").values())
        if has("those of all shipments"):
            found = [one for stops in self.stops.values() for one in stops.values()]
        if has("newest is missing"):
            found = found[:-1]
        page, each = number(values.get("page"), 1), number(values.get("per_page"), 5)
        page = 1 if has("page ignored") else page - has("second page is the first") if page > 1 else page
        each = 5 if has("per_page ignored") else each
        begin = (page - 1) * each
        shown = found[begin : begin + each]
        total = len(shown) if has("total of the page") else len(found)
        made = answer(200, shown, X_Total_Count=str(total))
        if begin + each < len(found) or has("always a next page"):
            following = page if has("next page is this one") else page + 1
            at = f"/shipments/{values['shipment']}/stops?page={following}&per_page={each}"
            made = made.adding(b"Link", f'<{at}>; rel="next"'.encode())
        return made

    def createStop(self, values: Node, body: Any, _asked: Asked) -> Answer:
        shipment = self.shipment(values, "createStop")
        id_ = next(self.stop_numbers)
        stop = {"note": None} | body | {"id": id_, "shipment": shipment["id"]}
        if not self.has("createStop", "is not kept"):
            holder = FIRST if self.has("createStop", "always in the first") and FIRST in self.stops else shipment["id"]
            self.stops[holder][id_] = stop
        if not self.has("createStop", "is not counted"):
            self._counted(shipment)
        at = f"/shipments/{shipment['id']}/stops/{id_ + self.has('createStop', 'Location of the next')}"
        return answer(201, stop, Location=at)

    def readStop(self, values: Node, _body: Any, _asked: Asked) -> Answer:
        return answer(200, self._stop(values, "readStop"))

    def deleteStop(self, values: Node, _body: Any, _asked: Asked) -> Answer:
        stop, stops = self._stop(values, "deleteStop"), self.stops_of(values, "deleteStop")
        if self.has("deleteStop", "all of them"):
            stops.clear()
        elif not self.has("deleteStop", "keeps"):
            del stops[stop["id"]]
        if values["shipment"] in self.shipments and not self.has("deleteStop", "is not counted"):
            self._counted(self.shipments[values["shipment"]])
        return answer(204)

    def _counted(self, shipment: Node) -> None:
        shipment["stops"] = len(self.stops[shipment["id"]])
        self._touch(shipment)

    def _stop(self, values: Node, operation: str) -> Node:
        found = self.stops_of(values, operation)
        if self.has(operation, "of any shipment"):
            found = {id_: one for stops in self.stops.values() for id_, one in stops.items()}
        if values["stop"] not in found:
            raise Refused(404, "there is no such stop")
        return found[values["stop"]]

    def stops_of(self, values: Node, operation: str) -> dict[int, Node]:
        if values["shipment"] not in self.shipments and not self.has("deleteShipment", "stops stay"):
            self.shipment(values, operation)
        if values["shipment"] not in self.stops:
            raise Refused(404, "there is no such shipment")
        return self.stops[values["shipment"]]

    # Carriers.

    def listCarriers(self, values: Node, _body: Any, _asked: Asked) -> Answer:
        has = partial(self.has, "listCarriers")
        wanted = None if has("country ignored") else values.get("country")
        found = [one for one in CARRIERS if wanted in (None, one["country"])]
        by = "name" if has("order_by ignored") else values.get("order_by", "name")
        descending = values.get("order") == "desc" and not has("order ignored")
        found = sorted(found, key=lambda one: str(one[by]), reverse=descending)
        begin, limit = number(values.get("offset"), 0), number(values.get("limit"), 50)
        begin = 0 if has("offset ignored") else begin * limit if has("offset in pages") else begin
        page = found[begin:] if has("limit ignored") else found[begin : begin + limit]
        more = begin + limit < len(found)
        if has("more to come for ever"):
            more = True
        if has("never more to come"):
            more = False
        return answer(200, {"data": page, "has_more": more})


def first_stops(shipment: Node) -> dict[int, Node]:
    made = {}
    for id_ in range(1, shipment["stops"] + 1):
        city = CITIES[id_ % len(CITIES)]
        made[id_] = {"id": id_, "shipment": shipment["id"], "city": city, "note": "ring twice" if id_ == 1 else None}
    return made


def merged(value: Any, patch: Any) -> Any:
    """RFC 7396 §2, but that what must be there becomes null in place of going."""
    if not isinstance(patch, dict):
        return patch
    made = dict(value) if isinstance(value, dict) else {}
    for name, below in patch.items():
        if below is None and name != "note":
            made.pop(name, None)
        else:
            made[name] = merged(made.get(name), below)
    return made


def cursor_of(shipment: Node) -> str:
    return urlsafe_b64encode(json.dumps([shipment["id"]]).encode()).decode().rstrip("=")


def place_after(found: list[Node], cursor: str) -> int:
    try:
        (id_,) = json.loads(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        return [one["id"] for one in found].index(id_) + 1
    except (ValueError, TypeError):
        raise Refused(400, "this is no cursor of ours") from None
