"""Faults that no single answer shows: what one operation says and another does not keep, in families; a row each."""

from collections.abc import Iterator

from .fault import Fault, key_of

STATE = {
    "created": (
        ("createShipment", "is not kept", "POST /shipments / created is found"),
        ("readShipment", "new ones are not found", "POST /shipments / created is found"),
        ("createShipment", "note is lost", "POST /shipments / created has what was sent"),
        ("createShipment", "weight is rounded", "POST /shipments / created has what was sent"),
        ("createShipment", "name is cut", "POST /shipments / created has what was sent"),
        ("createShipment", "floor is lost", "POST /shipments / created has what was sent"),
        ("createShipment", "tags in another order", "POST /shipments / created has what was sent"),
        ("createShipment", "status is the default", "POST /shipments / created has what was sent"),
        ("createShipment", "carrier of the first", "POST /shipments / created has what was sent"),
        ("createShipment", "second takes the place of the first", "POST /shipments / id of its own"),
        ("createParcel", "forgets", "POST /parcels / created is found"),
    ),
    "Location": (
        ("createShipment", "Location of the first", "POST /shipments / location leads to it"),
        ("createShipment", "Location of nobody", "POST /shipments / location leads to it"),
        ("createShipment", "Location of the last made", "POST /shipments / location leads to it"),
        ("createStop", "Location of the next", "POST /shipments/{shipment}/stops / location leads to it"),
    ),
    "deleted": (
        ("deleteShipment", "keeps", "DELETE /shipments/{shipment} / deleted is gone"),
        ("deleteShipment", "keeps what was changed", "DELETE /shipments/{shipment} / deleted is gone"),
        ("deleteShipment", "marks alone", "DELETE /shipments/{shipment} / deleted is gone"),
        ("deleteShipment", "is still listed", "GET /shipments / list has not what is gone"),
        ("deleteStop", "keeps", "DELETE /shipments/{shipment}/stops/{stop} / deleted is gone"),
        ("deleteStop", "all of them", "GET /shipments/{shipment}/stops / list has what exists"),
        ("deleteParcel", "keeps", "DELETE /parcels/{id} / deleted is gone"),
    ),
    "lists": (
        ("listShipments", "newest is missing", "GET /shipments / list has what exists"),
        ("listShipments", "one carrier is missing", ""),
        ("listShipments", "newest stands twice", "GET /shipments / list has what exists"),
        ("listShipments", "old names", "GET /shipments / list has what exists"),
        ("createShipment", "makes two", "POST /shipments / touches no other"),
    ),
    "pages": (
        ("listShipments", "limit ignored", "page limit"),
        ("listShipments", "one more than the limit", "page limit"),
        ("listShipments", "cursor ignored", "pages"),
        ("listShipments", "pages overlap", "pages"),
        ("listShipments", "pages leave one out", "total"),
        ("listShipments", "next page is empty", "last page"),
        ("listShipments", "ends after the first page", "total"),
        ("listShipments", "goes on for ever", "pages"),
        ("listStops", "page ignored", "pages"),
        ("listStops", "second page is the first", "pages"),
        ("listStops", "per_page ignored", "page limit"),
        ("listStops", "next page is this one", "pages"),
        ("listStops", "always a next page", "last page"),
        ("listCarriers", "offset ignored", "pages"),
        ("listCarriers", "limit ignored", "page limit"),
        ("listCarriers", "more to come for ever", "last page"),
        ("listCarriers", "never more to come", "last page"),
        ("listParcels", "limit ignored", "page limit"),
    ),
    "filters and sort": (
        ("listShipments", "status ignored", "filter"),
        ("listShipments", "carrier ignored", "filter"),
        ("listShipments", "status is turned around", "filter"),
        ("listShipments", "filter only on the first page", "filter"),
        ("listShipments", "sort ignored", "sorted"),
        ("listShipments", "hyphen ignored", "sorted"),
        ("listShipments", "numbers as text", "sorted"),
        ("listCarriers", "country ignored", "filter"),
        ("listCarriers", "order_by ignored", "sorted"),
        ("listCarriers", "order ignored", "sorted"),
        ("listParcels", "state ignored", "filter"),
    ),
    "totals": (
        ("listShipments", "total of the page", "total"),
        ("listShipments", "total of all", "total"),
        ("listShipments", "total one too many", "total"),
        ("listStops", "total of the page", "total"),
    ),
    "replaced": (
        ("replaceShipment", "is not kept", "PUT /shipments/{shipment} / replaced reads as replaced"),
        ("replaceShipment", "merges", "PUT /shipments/{shipment} / replaced drops the rest"),
        ("replaceShipment", "weights add up", "PUT /shipments/{shipment} / replaced reads as replaced"),
        ("replaceShipment", "tags add up", "PUT /shipments/{shipment} / replaced drops the rest"),
        ("replaceShipment", "creation is now", "PUT /shipments/{shipment} / replaced reads as replaced"),
        ("replaceShipment", "stays sent", "PUT /shipments/{shipment} / replaced reads as replaced"),
        ("replaceShipment", "makes a new one", "PUT /shipments/{shipment} / replaced reads as replaced"),
    ),
    "patched": (
        ("changeShipment", "is not kept", "PATCH /shipments/{shipment} / changes what it names"),
        ("changeShipment", "null is ignored", "PATCH /shipments/{shipment} / changes what it names"),
        ("changeShipment", "nested is replaced", "PATCH /shipments/{shipment} / changes nothing else"),
        ("changeShipment", "resets the status", "PATCH /shipments/{shipment} / changes nothing else"),
        ("changeShipment", "empties what is not named", "PATCH /shipments/{shipment} / changes nothing else"),
        ("changeShipment", "changes a neighbour", "PATCH /shipments/{shipment} / touches no other"),
    ),
    "safe methods": (
        ("readShipment", "loads what is read", "PUT /shipments/{shipment} / replaced reads as replaced"),
        ("readShipment", "is a change", "GET /shipments/{shipment} / reading changes nothing"),
        ("readShipment", "HEAD deletes", "GET /shipments / list has what exists"),
    ),
    "conditional requests": (
        ("readShipment", "one tag for all", "GET /shipments/{shipment} / tag changes"),
        ("readShipment", "tag never changes", "GET /shipments/{shipment} / tag changes"),
        ("readShipment", "another tag each time", "same tag"),
        ("readShipment", "tag without quotes", "tag"),
        ("readShipment", "never 304", "not modified"),
        ("readShipment", "always 304", "not modified"),
        ("readShipment", "304 with body", "not modified"),
        ("readShipment", "304 with another tag", "not modified"),
        ("readShipment", "304 without tag", "not modified"),
        ("readShipment", "compares strongly", "not modified"),
        ("readShipment", "star is a tag", "not modified"),
        ("readShipment", "never 304 by time", "not modified since"),
        ("readShipment", "always 304 by time", "not modified since"),
        ("replaceShipment", "any version", "PUT /shipments/{shipment} / stale tag is refused"),
        ("replaceShipment", "no version", "PUT /shipments/{shipment} / current tag is taken"),
        ("changeShipment", "any version", "PATCH /shipments/{shipment} / stale tag is refused"),
        ("deleteShipment", "any version", "DELETE /shipments/{shipment} / stale tag is refused"),
        ("replaceParcel", "any version", "PUT /parcels/{id} / stale tag is refused"),
    ),
    "idempotency keys": (
        ("createShipment", "keys are not looked at", "POST /shipments / key creates once"),
        ("createShipment", "key is answered and made again", "POST /shipments / touches no other"),
        ("createShipment", "one key for all", "POST /shipments / id of its own"),
    ),
    "other lives": (
        ("readShipment", "first one for all", "POST /shipments / created has what was sent"),
        ("readShipment", "last one read", "POST /shipments / created has what was sent"),
        ("readStop", "of any shipment", "GET /shipments/{shipment}/stops/{stop} / below its parent alone"),
    ),
    "children": (
        ("deleteShipment", "stops stay", "GET /shipments/{shipment}/stops/{stop} / gone with its parent"),
        ("createStop", "is not kept", "POST /shipments/{shipment}/stops / created is found"),
        ("createStop", "always in the first", "POST /shipments/{shipment}/stops / created is found"),
        ("listStops", "those of all shipments", "GET /shipments/{shipment}/stops / below its parent alone"),
        ("listStops", "newest is missing", "GET /shipments/{shipment}/stops / list has what exists"),
    ),
}
"""By family: operation, what the service does, and the kind of the rule on reads of the operation that finds it.

Where a life alone shows it, the last is the id of the rule, which may be of another operation.
"""


def table() -> Iterator[Fault]:
    for family, rows in STATE.items():
        for operation, switch, kind in rows:
            finds = kind if " / " in kind else f"{key_of(operation)} *{kind}*" if kind else ""
            yield Fault(family, operation, switch, "", finds, forbidden=False, switch=switch, alone=True)


STATE_FAULTS = tuple(table())
"""All of them."""
