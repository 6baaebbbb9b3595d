"""Faults that no single answer shows: what one operation says and another does not keep, in families; a row each."""

from collections.abc import Iterator

from .fault import Fault, key_of

STATE = {
    "created": (
        ("createShipment", "is not kept", ""),
        ("readShipment", "new ones are not found", ""),
        ("createShipment", "note is lost", ""),
        ("createShipment", "weight is rounded", ""),
        ("createShipment", "name is cut", ""),
        ("createShipment", "floor is lost", ""),
        ("createShipment", "tags in another order", ""),
        ("createShipment", "status is the default", ""),
        ("createShipment", "carrier of the first", ""),
        ("createShipment", "second takes the place of the first", ""),
        ("createParcel", "forgets", ""),
    ),
    "Location": (
        ("createShipment", "Location of the first", ""),
        ("createShipment", "Location of nobody", ""),
        ("createShipment", "Location of the last made", ""),
        ("createStop", "Location of the next", ""),
    ),
    "deleted": (
        ("deleteShipment", "keeps", ""),
        ("deleteShipment", "keeps what was changed", ""),
        ("deleteShipment", "marks alone", ""),
        ("deleteShipment", "is still listed", ""),
        ("deleteStop", "keeps", ""),
        ("deleteStop", "all of them", ""),
        ("deleteParcel", "keeps", ""),
    ),
    "lists": (
        ("listShipments", "newest is missing", ""),
        ("listShipments", "one carrier is missing", ""),
        ("listShipments", "newest stands twice", ""),
        ("listShipments", "old names", ""),
        ("createShipment", "makes two", ""),
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
        ("replaceShipment", "is not kept", ""),
        ("replaceShipment", "merges", ""),
        ("replaceShipment", "weights add up", ""),
        ("replaceShipment", "tags add up", ""),
        ("replaceShipment", "creation is now", ""),
        ("replaceShipment", "stays sent", ""),
        ("replaceShipment", "makes a new one", ""),
    ),
    "patched": (
        ("changeShipment", "is not kept", ""),
        ("changeShipment", "null is ignored", ""),
        ("changeShipment", "nested is replaced", ""),
        ("changeShipment", "resets the status", ""),
        ("changeShipment", "empties what is not named", ""),
        ("changeShipment", "changes a neighbour", ""),
    ),
    "safe methods": (
        ("readShipment", "loads what is read", ""),
        ("readShipment", "is a change", ""),
        ("readShipment", "HEAD deletes", ""),
    ),
    "conditional requests": (
        ("readShipment", "one tag for all", ""),
        ("readShipment", "tag never changes", ""),
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
        ("replaceShipment", "any version", ""),
        ("replaceShipment", "no version", ""),
        ("changeShipment", "any version", ""),
        ("deleteShipment", "any version", ""),
        ("replaceParcel", "any version", ""),
    ),
    "idempotency keys": (
        ("createShipment", "keys are not looked at", ""),
        ("createShipment", "key is answered and made again", ""),
        ("createShipment", "one key for all", ""),
    ),
    "other lives": (
        ("readShipment", "first one for all", ""),
        ("readShipment", "last one read", ""),
        ("readStop", "of any shipment", ""),
    ),
    "children": (
        ("deleteShipment", "stops stay", ""),
        ("createStop", "is not kept", ""),
        ("createStop", "always in the first", ""),
        ("listStops", "those of all shipments", ""),
        ("listStops", "newest is missing", ""),
    ),
}
"""By family: operation, what the service does, and the kind of the rule on reads of the operation that finds it.

Where a life alone shows it, the last is empty.
"""


def table() -> Iterator[Fault]:
    for family, rows in STATE.items():
        for operation, switch, kind in rows:
            finds = f"{key_of(operation)} *{kind}*" if kind else ""
            yield Fault(family, operation, switch, "", finds, forbidden=False, switch=switch, alone=True)


STATE_FAULTS = tuple(table())
"""All of them."""
