"""The last probes of an operation: the credential in forms that must be refused, and methods that are not listed."""

from __future__ import annotations

from collections.abc import Iterator

from contracts.document import Operation, Parameter, Spec
from contracts.document.model import IDENTIFIES, NOWHERE
from contracts.document.security import variants_of
from contracts.document.serialisation import fill_path
from contracts.messages import Credential, Probe, Request
from contracts.schemas.validation import Uncompilable, validator

SAFE = ("GET", "HEAD", "TRACE")
UNSAFE = ("POST", "PUT", "PATCH", "DELETE")


def credential_probes(spec: Spec, operation: Operation, answered: Request) -> Iterator[Probe]:
    """At most one probe of each kind, on a request that was answered with the right credential.

    Without credential a resource that can't exist is asked for as well: a door that opens for unknown names is open.
    """
    for variant in variants_of(operation, spec)[1:]:
        yield Probe(
            operation.key,
            answered,
            source="auth",
            note=f"credential: {variant}",
            credential=variant,
        )
    if operation.needs_credential and "{" in operation.path:
        nowhere = Request(
            operation.method, nowhere_path(operation), answered.headers, answered.body
        )
        yield Probe(
            operation.key,
            nowhere,
            source="auth",
            note="no credential, no resource",
            credential=Credential.NONE,
        )


def unknown_probes(spec: Spec, operation: Operation) -> Iterator[Probe]:
    """A resource that can't exist, where the document says that a parameter identifies one."""
    marked = any(spec.document.at(p.pointer).get(IDENTIFIES) is True for p in operation.parameters)
    if marked and operation.method == "GET":
        yield Probe(
            operation.key,
            Request("GET", nowhere_path(operation)),
            source="unknown",
            note="no such resource",
        )


def method_probes(spec: Spec, operation: Operation, *, unsafe: bool) -> Iterator[Probe]:
    """Methods that the document lists for no operation of this path, on a resource that can't exist.

    They are sent once a path, with its first operation. Methods that may change state are sent only if `unsafe`, and
    only where the path has a parameter: what has none exists. TRACE goes without credential (RFC 9110 §9.3.8).
    """
    of_path = [other for other in spec.operations if other.path == operation.path]
    if of_path[0] is not operation:
        return
    listed = {other.method for other in of_path}
    listed |= {"HEAD"} if "GET" in listed else set()
    wanted = (*SAFE, *UNSAFE) if unsafe and "{" in operation.path else SAFE
    target = nowhere_path(operation)
    for method in (method for method in wanted if method not in listed):
        credential = Credential.NONE if method == "TRACE" else Credential.RIGHT
        note = "a method that is not listed"
        yield Probe(
            operation.key,
            Request(method, target),
            source="method",
            note=note,
            credential=credential,
        )


def nowhere_path(operation: Operation) -> str:
    """The path of a resource that can't exist."""
    return fill_path(
        operation.path, {p.name: _nowhere(p) for p in operation.parameters if p.location == "path"}
    )


def _nowhere(parameter: Parameter) -> str:
    """The first value that the parameter's schema admits, or the first of all."""
    if parameter.schema is None:
        return str(NOWHERE[0])
    try:
        admits = validator(parameter.schema).is_valid
    except Uncompilable:
        return str(NOWHERE[0])
    return str(next((value for value in NOWHERE if admits(value)), NOWHERE[0]))
