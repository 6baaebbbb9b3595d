"""Schemathesis's cases for an operation as requests. The only file that touches Schemathesis."""

import hashlib
import json
import re
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from functools import cache, cached_property, partial
from itertools import chain, islice
from typing import Any

import hypothesis
import requests
import schemathesis
from hypothesis import HealthCheck, Phase
from hypothesis.internal import charmap
from hypothesis.internal.conjecture import providers
from hypothesis.internal.constants_ast import Constants
from hypothesis.internal.intervalsets import IntervalSet
from schemathesis import Case, GenerationMode
from schemathesis.config import SchemathesisConfig
from schemathesis.errors import SchemathesisError
from schemathesis.generation.coverage import GenerationSession
from schemathesis.schemas import APIOperation, BaseSchema

from contracts.document import Document, Operation, Spec, split_pointer
from contracts.document.dialects import OTHER_METHODS
from contracts.document.directions import for_requests
from contracts.document.excerpts import excerpt
from contracts.document.model import value_at
from contracts.messages import Request
from contracts.probes.bearable import is_long, longest_list, respelled
from contracts.schemas.allowance import Exceeded, made
from contracts.schemas.constraints import CLIENT_FIELDS

Requests = list[tuple[str, Request]]

BASE = "http://service"
_ARGUMENTS = {"method", "url", "headers", "data", "json", "params", "cookies", "files"}
_ITS_OWN_HEADERS = CLIENT_FIELDS | {"accept", "x-schemathesis-testcaseid"}
_NO_CASES = (Exception,)
"""What Schemathesis and Hypothesis raise where they make nothing of a schema: bugs, too."""
_METHODS = ("POST", "PUT", "PATCH", "QUERY", "DELETE", "GET", "OPTIONS", "HEAD", "TRACE")
_STANDS_FOR = "x-stands-for"
SCHEMES = "/components/securitySchemes"
_LARGE = {"paths", "webhooks", "components"}  # members of a document that hold nearly all of it
_BOUNDARY = re.compile(rb"--([0-9a-f]{32})\r\n.*--\1--\r\n", re.DOTALL)
_CHARACTERS = {"utf-8": ((0, 0xD7FF), (0xE000, 0x10FFFF)), "ascii": ((0, 0x7F),)}
MOST = 2_000  # boundaries of one operation, and members of a list for which they are made
_TOO_LONG = (
    "its patterns take Python too long; requests were made without them",
    "its boundaries or random requests take too long, and were not made",
)


@dataclass(frozen=True, eq=False)
class Cases:
    """A document as Schemathesis reads it: with its patterns, or with texts of ours instead.

    It reads no more than an operation refers to: of all there is at once it makes copies.
    Schemathesis and Hypothesis match with Python's `re`, which may go back and try again for ever.
    `slow` says why operations had the latter, or nothing; by their keys.
    """

    spec: Spec
    seed: int
    slow: dict[str, str] = field(default_factory=dict)
    _last: dict[tuple[str, bool], BaseSchema] = field(default_factory=dict, init=False)
    _late: dict[str, int] = field(default_factory=dict, init=False)  # what took too long, by key

    def schema(self, operation: Operation, *, plain: bool = False) -> BaseSchema:
        """What Schemathesis has of an operation; `plain` is without any pattern."""
        key = operation.key, plain
        if key not in self._last:
            hard = (lambda _: True) if plain else is_long
            tree = respelled(self._sent, self._excerpt(operation), hard)
            self._last.clear()
            self._last[key] = _read(self.spec, tree, operation, self.seed)
        return self._last[key]

    def _excerpt(self, operation: Operation) -> dict[str, Any]:
        parameters = (parameter.pointer for parameter in operation.parameters)
        tree = self._sent.tree
        found = {name: tree[name] for name in tree if name not in _LARGE and name[:2] != "x-"}
        return found | excerpt(tree, [operation.pointer, *parameters, SCHEMES])

    @cached_property
    def _sent(self) -> Document:
        """What a client sends: without what is `readOnly`."""
        return for_requests(self.spec.document).sender

    def of(self, operation: Operation, make: Callable[[BaseSchema], Requests]) -> Requests:
        """What is made of the first; if that takes too long, of the second, or else nothing.

        Nothing where a list in what the operation takes has more than `MOST` members.
        """
        if (longest := longest_list(self.spec, operation)) > MOST:
            self._say(
                operation, f"a list in its requests has {longest:,} members, {MOST:,} at most"
            )
            return []

        def requests(plain: bool) -> Requests:
            return make(self.schema(operation, plain=plain))

        for plain in (False, True)[self._late.get(operation.key, 0) :]:
            with suppress(Exceeded), _offline():
                return made(partial(requests, plain))
            is_last = plain or '"pattern' not in json.dumps(self._excerpt(operation), default=str)
            self._late[operation.key] = 1 + is_last
            self._say(operation, _TOO_LONG[is_last])
            if is_last:
                break
        return []

    def _say(self, operation: Operation, why: str) -> None:
        place = self.spec.document.source(operation.pointer)
        self.slow[operation.key] = f"{place}: {operation.key}: {why}"


@contextmanager
def _offline() -> Iterator[None]:
    """Nothing that this thread does meanwhile opens a connection or looks a name up.

    Schemathesis fetches `externalValue` of examples, and what references name.
    """
    connect, look_up, ours = socket.socket.connect, socket.getaddrinfo, threading.get_ident()

    def guarded(real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            if threading.get_ident() == ours:
                raise OSError("no connection is opened to make requests")
            return real(*args, **kwargs)

        return call

    socket.getaddrinfo, socket.socket.connect = guarded(look_up), guarded(connect)  # type: ignore
    try:
        yield
    finally:
        socket.getaddrinfo, socket.socket.connect = look_up, connect  # type: ignore


@_offline()
def _read(spec: Spec, tree: dict[str, Any], operation: Operation, seed: int) -> BaseSchema:
    """The tree is said to be 3.1 at least, as its schemas are 2020-12 already."""
    settings = {"seed": seed, "generation": {"with-security-parameters": False}}
    version = spec.document.openapi if spec.document.openapi.startswith("3.2") else "3.1.0"
    paths = {operation.path: _path_item(spec, tree, operation)}
    tree = {**tree, "openapi": version, "servers": [], "paths": paths}
    return schemathesis.openapi.from_dict(tree, config=SchemathesisConfig.from_dict(settings))


def _path_item(spec: Spec, tree: Any, operation: Operation) -> dict[str, Any]:
    """A path item of one operation, with a method that Schemathesis knows, and no `$ref`."""
    item, path = spec.document.tree["paths"][operation.path], operation.path
    if item.keys().isdisjoint(("$ref", OTHER_METHODS)):
        return tree["paths"][path]  # type: ignore[no-any-return]
    taken, method = item.keys() - {"$ref"}, ""
    for one in sorted(spec.by_path.get(path, ()), key=lambda one: one.method not in _METHODS):
        free = [name for name in _METHODS if name.lower() not in taken]
        method = one.method if one.method in _METHODS else "".join(free[:1])
        taken.add(method.lower())
        if one.key == operation.key:
            break
    pointers = [parameter.pointer for parameter in operation.parameters]
    parameters = [value_at(tree, split_pointer(pointer)) for pointer in pointers]
    node = value_at(tree, split_pointer(operation.pointer))
    return {method.lower(): {**node, "parameters": parameters, _STANDS_FOR: operation.method}}


def _method(schema: BaseSchema, operation: Operation) -> str:
    """The method that Schemathesis knows an operation by, which may be another than its own."""
    for name, node in schema.raw_schema["paths"].get(operation.path, {}).items():
        if isinstance(node, dict) and node.get(_STANDS_FOR) == operation.method:
            return str(name).upper()
    return operation.method


def coverage_requests(cases: Cases, operation: Operation) -> Requests:
    """Boundary cases, each with what it is about."""

    def made(schema: BaseSchema) -> Requests:
        found: Requests = []
        for case in _coverage_cases(schema, operation):
            about = (case.meta and case.meta.phase.data.description) or ""
            found += [(about, request) for request in _requests(schema, case, operation)]
        return found

    return cases.of(operation, made)


def _coverage_cases(schema: BaseSchema, operation: Operation) -> list[Case[Any]]:
    """As many as can be had: where a schema is too odd for Schemathesis, those before it."""
    modes = [GenerationMode.POSITIVE, GenerationMode.NEGATIVE]  # claims are the document's
    cases: list[Case[Any]] = []
    with _without_constants_of_this_project(), suppress(*_NO_CASES):
        target = schema[operation.path][_method(schema, operation)]
        config = schema.config.generation_for(operation=target)
        make = partial(schema.iter_coverage_cases, generation_modes=modes, generation_config=config)
        make = partial(make, session=GenerationSession())  # that of the process would keep it all
        cases.extend(islice(make(target), MOST))  # which keeps what comes before an error
    return cases


def fuzz_requests(cases: Cases, operation: Operation, *, seed: int, examples: int) -> Requests:
    """The document's examples, then `examples` random requests; a seed always gives the same."""

    def drawn(schema: BaseSchema) -> Requests:
        found: list[Case[Any]] = []
        with suppress(*_NO_CASES):
            named = schema[operation.path]
            target: APIOperation[Any, Any, Any, Any] = named[_method(schema, operation)]
            for strategy in target.get_strategies_from_examples():
                found += _draw(strategy, seed=seed, examples=1)
            positive = target.as_strategy(GenerationMode.POSITIVE)
            found += _draw(positive, seed=seed, examples=examples)
        made = chain.from_iterable(_requests(schema, case, operation) for case in found)
        return [("random", request) for request in made]

    return cases.of(operation, drawn)


def _draw(strategy: Any, *, seed: int, examples: int) -> list[Case[Any]]:
    drawn: list[Case[Any]] = []

    @hypothesis.seed(seed)
    @hypothesis.settings(
        max_examples=examples,
        deadline=None,
        database=None,
        derandomize=False,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @hypothesis.given(strategy)
    def collect(case: Case[Any]) -> None:
        drawn.append(case)

    with _without_constants_of_this_project(), suppress(*_NO_CASES):
        collect()
    return drawn[:examples]


@contextmanager
def _without_constants_of_this_project() -> Iterator[None]:
    """Hypothesis draws from the literals of a project's modules: each edit would change probes."""
    # It has no public switch for that; should the name go, tests/probes sees processes differ.
    collect = providers._get_local_constants
    providers._get_local_constants = Constants
    providers.CONSTANTS_CACHE.cache.clear()
    try:
        yield
    finally:
        providers._get_local_constants = collect
        providers.CONSTANTS_CACHE.cache.clear()


def _known(look: Callable[[str], Any]) -> Callable[[str], Any]:
    """Hypothesis' table of a codec; without a folder of its own it tries a million characters."""
    has_odd_ones = "tuple" in str(look.__annotations__["return"])

    @cache
    def characters(codec: str) -> Any:
        if codec not in _CHARACTERS:
            return look(codec)
        found = IntervalSet(_CHARACTERS[codec])
        return (found, IntervalSet(())) if has_odd_ones else found

    return characters


charmap.intervals_from_codec = _known(charmap.intervals_from_codec)  # type: ignore[assignment]


def _requests(schema: BaseSchema, case: Case[Any], operation: Operation) -> Iterator[Request]:
    """The case as sent; nothing if it can't be written as HTTP, or is of another method."""
    if case.method.upper() != _method(schema, operation):
        return
    try:
        arguments = case.as_transport_kwargs(base_url=BASE)
        for name in arguments.keys() - _ARGUMENTS:
            del arguments[name]
        prepared = requests.Request(**arguments).prepare()
    except (ValueError, TypeError, SchemathesisError, requests.RequestException):
        return
    body = prepared.body.encode() if isinstance(prepared.body, str) else prepared.body
    if body is not None and not isinstance(body, bytes):
        return
    headers = []
    for name, value in prepared.headers.items():
        if name.lower() not in _ITS_OWN_HEADERS:
            headers.append((_text(name), _text(value)))
    target = (prepared.url or "").removeprefix(BASE)
    yield _with_settled_boundary(Request(operation.method, target, tuple(headers), body or None))


def _with_settled_boundary(request: Request) -> Request:
    """The boundary of multipart bodies is random; here it follows from what it separates."""
    found = _BOUNDARY.fullmatch(request.body or b"")
    if found is None or request.body is None:
        return request
    old = found[1].decode()
    new = hashlib.sha256(request.body.replace(found[1], b"")).hexdigest()[: len(old)]
    headers = tuple((name, value.replace(old, new)) for name, value in request.headers)
    return replace(request, headers=headers, body=request.body.replace(found[1], new.encode()))


def _text(value: str | bytes) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else value
