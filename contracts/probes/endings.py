"""Which operations end a resource, so that nobody's is ended unasked: words are a guess."""

import re

from contracts.document import Operation, Spec
from contracts.messages import SAFE_METHODS

ENDS = "x-ends"  # of an operation, in an overlay: whether it ends the resource that its path names
_ENDINGS = """
abandon abort archive cancel cease clear close cut deactivate decommission delete deprovision
destroy detach disable discard disconnect dismiss dispose drain drop eject end erase evict expire
exit finish flush forget halt interrupt invalidate kill logout obliterate prune purge quit reap
release remove reset retire revoke rm shutdown stop suspend teardown term terminate trash unbind
uninstall unlink unlock unpublish unregister unsubscribe void wipe withdraw
"""
_BEGINNINGS = """
add create edit enable generate get list make new open patch post publish put register replace
request restart run save schedule send set start submit trigger update upload
"""
ENDINGS = frozenset(_ENDINGS.split())
BEGINNINGS = frozenset(_BEGINNINGS.split())
_ENDING_METHODS = ("DELETE", "MOVE")  # RFC 4918 §9.9: what was moved is no longer where it was
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")


def ends(spec: Spec, operation: Operation) -> bool:
    """Whether an operation is there to end a resource: as `x-ends` says, else by its words.

    These are the method DELETE or MOVE, or one that is not safe and a verb as its name, in the last
    segment of the path, at either end of the operationId, or in front of the summary.
    """
    written = spec.document.at(operation.pointer)
    if isinstance(said := written.get(ENDS), bool):
        return said
    if operation.method in SAFE_METHODS or operation.method in _ENDING_METHODS:
        return operation.method in _ENDING_METHODS
    tail = operation.path.rstrip("/").rpartition("/")[2].rpartition("}")[2]
    verbs, called = {operation.method.lower(), *_words(tail)}, _words(operation.operation_id or "")
    if called and called[0] not in BEGINNINGS:  # `create_release` releases nothing
        verbs |= {called[0], called[-1]}
    for word in _words(str(written.get("summary") or ""))[:1]:
        verbs |= {word, word.removesuffix("s"), word.removesuffix("es")}
    return not verbs.isdisjoint(ENDINGS)


def _words(text: str) -> list[str]:
    """The words of a name, in lower case, however they are put together."""
    return [word.lower() for word in _WORD.findall(text)]
