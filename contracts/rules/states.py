"""Rules about what one operation says and others must keep: lives of resources judge them."""

from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from itertools import starmap
from operator import attrgetter
from typing import NamedTuple

from contracts.document import Operation, Spec
from contracts.document.model import Header, ResponseSpec
from contracts.messages import is_json
from contracts.rules.rule import Rule, Scope
from contracts.schemas.families import Family, families_of

LIVES = "x-lives"  # of an operation, its path or the document, in an overlay: `false`: no part
UNMADE = "no operation makes such resources; a link in an overlay may say which one does"


def no_lives_of(spec: Spec, family: Family) -> str:
    """Why no lives of a family's resources are asked; "" if they are."""
    if family.create is None:
        return UNMADE
    successes = filter(_is_success, family.create.responses)
    if {*map(attrgetter("status"), successes)} == {"202"}:
        return "what makes such resources answers 202, and makes them later"
    places = ["", family.create.pointer, family.create.pointer.rpartition("/")[0]]
    for place in places:
        if spec.document.at(place).get(LIVES) is False:
            return f"{LIVES} is false at {spec.document.source(place)}"
    return ""


def takes_part(spec: Spec, operation: Operation) -> bool:
    """Whether lives may ask an operation, as far as an overlay says."""
    return spec.document.at(operation.pointer).get(LIVES) is not False


def family_in(spec: Spec, operation: Operation) -> Family | None:
    """The family whose lives an operation takes part in."""
    family = _families(spec).get(operation.key)
    if family is None or no_lives_of(spec, family) or not takes_part(spec, operation):
        return None
    return family


def parent_of(spec: Spec, family: Family) -> Family | None:
    """The family in whose resources those of another stand, if they can be made."""
    found = _families(spec).get(family.parent)
    return None if found is None or no_lives_of(spec, found) else found


@lru_cache(maxsize=16)
def _families(spec: Spec) -> Mapping[str, Family]:
    """By the keys of their operations, and the paths of their items."""
    found = dict[str, Family]()
    for family in families_of(spec):
        found.update(dict.fromkeys(map(attrgetter("key"), family.operations), family))
        found[family.item_path] = family
    found.pop("", None)
    return found


def takes(operation: Operation | None, name: str) -> bool:
    """Whether the document has a header parameter of this name, in lower case."""
    if operation is None:
        return False
    return ("header", name) in {(p.location, p.name.lower()) for p in operation.parameters}


def _gives(operation: Operation | None, name: str) -> bool:
    if operation is not None:
        for response in filter(_is_success, operation.responses):
            if name in map(_name, response.headers):
                return True
    return False


def _name(header: Header) -> str:
    return header.name.lower()


def _is_success(response: ResponseSpec) -> bool:
    return response.status.startswith("2")


def media_of(operation: Operation) -> list[str]:
    """The media types of JSON that it takes."""
    if operation.request_body is None:
        return []
    return list(filter(is_json, map(attrgetter("name"), operation.request_body.content)))


def _is_changed(family: Family) -> bool:
    return (family.replace or family.patch) is not None


def _says_gone(family: Family) -> bool:
    statuses = map(attrgetter("status"), family.read.responses) if family.read else ()
    return not {*statuses}.isdisjoint(("404", "410", "4XX"))


def _is_merged(operation: Operation) -> bool:
    return "merge-patch" in " ".join(media_of(operation))


_Condition = Callable[[Spec, Family, Operation], bool]
_CONDITIONS: Mapping[str, _Condition] = {
    "body": lambda _, __, one: bool(media_of(one)),
    "PATCH": lambda _, __, one: bool(media_of(one)) and one.method == "PATCH",
    "Location": lambda _, __, one: _gives(one, "location"),
    "key": lambda _, __, one: takes(one, "idempotency-key"),
    "parent": lambda spec, family, _: parent_of(spec, family) is not None,
    "tag": lambda _, family, __: _gives(family.read, "etag") and _is_changed(family),
    "condition": lambda _, family, one: takes(one, "if-match") and _gives(family.read, "etag"),
}
"""What else a kind of rule takes, by a word."""
_ADVICE: Mapping[str, _Condition] = {
    "list has what exists": lambda *_: True,
    "replaced drops the rest": lambda *_: True,
    "gone with its parent": lambda *_: True,
    "changes nothing else": lambda _, __, one: not _is_merged(one),
    "deleted is gone": lambda _, family, __: not _says_gone(family),
}
"""Where neither the document nor a MUST says it."""


class StateKind(NamedTuple):
    """A kind of promise: which operations of a family make it, what else that takes."""

    kind: str
    roles: str  # in any of which an operation makes it
    needs: str  # roles of the family that are filled, and of `_CONDITIONS` what is met
    promise: str


_CHANGES = "replace patch delete"
_ROWS = (
    ("created is found", "create", "read", "makes a resource that is found"),
    ("created has what was sent", "create", "read body", "makes a resource of what was sent"),
    ("location leads to it", "create", "read Location", "says in Location where it is"),
    ("id of its own", "create", "", "gives each resource an id that no other has"),
    ("key creates once", "create", "key", "makes one resource of requests with one key"),
    ("list has what exists", "list", "", "lists what was made, once, as it is"),
    ("list has not what is gone", "list", "delete read", "no longer lists what is gone"),
    ("below its parent alone", "list read", "parent", "has nothing of another parent"),
    ("gone with its parent", "read", "parent", "finds nothing below a parent that is gone"),
    ("reading changes nothing", "list read", "read", "leaves resources as they are"),
    ("tag changes", "read", "tag", "has another entity tag for another representation"),
    ("replaced reads as replaced", "replace", "read body", "makes it what was sent"),
    ("replaced drops the rest", "replace", "read body", "keeps nothing that was not sent"),
    ("replaced twice is the same", "replace", "read", "does the same when asked again"),
    ("changes what it names", "patch", "read PATCH", "changes all that it names"),
    ("changes nothing else", "patch", "read PATCH", "changes nothing that it does not name"),
    ("stale tag is refused", _CHANGES, "read condition", "refuses a condition that is past"),
    ("current tag is taken", _CHANGES, "read condition", "takes a condition that is met"),
    ("deleted is gone", "delete", "read", "ends the resource, which is found no more"),
    ("deleted twice", "delete", "", "leaves what is gone as it is when asked again"),
    ("touches no other", f"create {_CHANGES}", "read", "changes that one resource alone"),
)
STATES = tuple(starmap(StateKind, _ROWS))
"""What lives of resources are held against, in the order of a report."""
STATE_KINDS = frozenset(map(attrgetter("kind"), STATES))


def state_rules(spec: Spec, operation: Operation) -> Iterator[Rule]:
    """The rules of an operation that lives of its family judge."""
    if (family := family_in(spec, operation)) is None:
        return
    for state in STATES:
        is_own = operation in map(family.of, state.roles.split())
        met = list[bool]()
        for need in state.needs.split():
            condition = _CONDITIONS.get(need)
            filled = condition is not None and condition(spec, family, operation)
            met.append(filled or (condition is None and family.of(need) is not None))
        if is_own and all(met):
            advises = state.kind in _ADVICE and _ADVICE[state.kind](spec, family, operation)
            yield Scope(operation, advises=advises).rule(state.kind, state.promise, place="/")
