"""Schemathesis's cases for an operation as requests. The only file that touches Schemathesis."""

import hashlib
import re
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import partial
from typing import Any

import hypothesis
import requests
import schemathesis
from hypothesis import HealthCheck, Phase
from hypothesis.internal.conjecture import providers
from hypothesis.internal.constants_ast import Constants
from schemathesis import Case, GenerationMode
from schemathesis.config import SchemathesisConfig
from schemathesis.errors import SchemathesisError
from schemathesis.schemas import APIOperation, BaseSchema

from contracts.document import Operation, Spec
from contracts.document.directions import for_requests
from contracts.messages import Request
from contracts.schemas.claims import CLIENT_FIELDS

BASE = "http://service"
_ARGUMENTS = {"method", "url", "headers", "data", "json", "params", "cookies", "files"}
_ITS_OWN_HEADERS = CLIENT_FIELDS | {"accept", "x-schemathesis-testcaseid"}
_NO_CASES: tuple[type[Exception], ...] = (SchemathesisError, OSError)  # it may not fetch anything
_NO_CASES += (LookupError, RecursionError)  # it knows no such operation, or can't find its way
_NO_CASES += (hypothesis.errors.Unsatisfiable, hypothesis.errors.InvalidArgument)
_BOUNDARY = re.compile(rb"--([0-9a-f]{32})\r\n.*--\1--\r\n", re.DOTALL)


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
def load(spec: Spec, seed: int) -> BaseSchema:
    """The document as Schemathesis reads it: said to be 3.1, as its schemas are 2020-12 already."""
    settings = {"seed": seed, "generation": {"with-security-parameters": False}}
    tree = {**for_requests(spec.document).sender.tree, "openapi": "3.1.0", "servers": []}
    return schemathesis.openapi.from_dict(tree, config=SchemathesisConfig.from_dict(settings))


@_offline()
def coverage_requests(schema: BaseSchema, operation: Operation) -> list[tuple[str, Request]]:
    """Boundary cases, each with what it is about."""
    found = []
    for case in coverage_cases(schema, operation):
        about = (case.meta and case.meta.phase.data.description) or ""
        found += [(about, request) for request in _requests(case, operation)]
    return found


@_offline()
def coverage_cases(schema: BaseSchema, operation: Operation) -> list[Case[Any]]:
    """As many as can be had: where a schema is too odd for Schemathesis, those before it."""
    modes = [GenerationMode.POSITIVE, GenerationMode.NEGATIVE]  # claims are the document's
    cases: list[Case[Any]] = []
    with _without_constants_of_this_project(), suppress(*_NO_CASES):
        target = schema[operation.path][operation.method]
        config = schema.config.generation_for(operation=target)
        make = partial(schema.iter_coverage_cases, generation_modes=modes, generation_config=config)
        cases.extend(make(target))  # which keeps what comes before an error
    return cases


@_offline()
def fuzz_requests(
    schema: BaseSchema, operation: Operation, *, seed: int, examples: int
) -> list[tuple[str, Request]]:
    """The document's examples, then `examples` random requests; a seed always gives the same."""
    cases: list[Case[Any]] = []
    with suppress(*_NO_CASES):
        target: APIOperation[Any, Any, Any, Any] = schema[operation.path][operation.method]
        for strategy in target.get_strategies_from_examples():
            cases += _draw(strategy, seed=seed, examples=1)
        cases += _draw(target.as_strategy(GenerationMode.POSITIVE), seed=seed, examples=examples)
    return [("random", request) for case in cases for request in _requests(case, operation)]


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


def _requests(case: Case[Any], operation: Operation) -> Iterator[Request]:
    """The case as sent; nothing if it can't be written as HTTP, or is of another method."""
    if case.method.upper() != operation.method:
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
