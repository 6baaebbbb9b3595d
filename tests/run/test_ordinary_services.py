"""Services as frameworks make them: nothing is found on them, and a mistake of the user is named in the first words."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import pytest

from tests.service.ordinary import FASTAPI, NODE_HTTP, SPRING, Ordinary

from .projects import CANARY, Project, Run

pytestmark = pytest.mark.usefixtures("impatient")
STRICT = ("--contract-strict", "--contract-unsafe")
EVER = 10**9


def needed(service: Ordinary) -> None:
    if service.needs is None:
        pytest.skip(f"{service.name} is not installed, and the service is written for it")


@pytest.mark.parametrize("service", [NODE_HTTP, SPRING], ids=lambda service: service.name)
def test_conforming_service_has_no_finding(service: Ordinary, project: Project) -> None:
    needed(service)
    project.write(service.document())
    with service.serving(CANARY, EVER) as origin:
        run = project.run("-q", "--base-url", origin + service.prefix, *service.options, *STRICT)
    assert violations(run) == set()


def violations(run: Run) -> set[str]:
    return {rule for rule in run.violated if run.verdicts[rule]["severity"] == "violation"}


def reads(document: dict[str, Any]) -> dict[str, Any]:
    """The document with safe methods alone; nothing else is sent, and its rules take their time."""
    paths = {path: {"get": item["get"]} for path, item in document["paths"].items()}
    return document | {"paths": paths}


Mistake = Callable[[Ordinary], AbstractContextManager[str]]


@contextmanager
def wrong_key(service: Ordinary) -> Iterator[str]:
    with service.serving("another-key-0123", EVER) as origin:
        yield origin + service.prefix


@contextmanager
def expiring_key(service: Ordinary) -> Iterator[str]:
    with service.serving(CANARY, 12) as origin:
        yield origin + service.prefix


@contextmanager
def wrong_prefix(service: Ordinary) -> Iterator[str]:
    with service.serving(CANARY, EVER) as origin:
        yield f"{origin}{service.prefix}/v9"


@contextmanager
def port_of_another(service: Ordinary) -> Iterator[str]:
    other = FASTAPI if service is SPRING else SPRING
    with other.serving(CANARY, EVER) as origin:
        yield origin


@contextmanager
def port_of_nobody(service: Ordinary) -> Iterator[str]:
    with service.serving(CANARY, EVER) as origin:
        pass
    yield origin + service.prefix


REFUSED = "the credential was refused on every request; set NOTTE_API_KEY to one that this service knows"
EXPIRED = "the credential was taken at first and then refused on every request; has it expired?"
NOBODY = "no request was answered (refused: ConnectError: "
MISTAKES: list[tuple[Ordinary, Mistake, str]] = [
    (FASTAPI, wrong_key, REFUSED),
    (FASTAPI, expiring_key, EXPIRED),
    (NODE_HTTP, wrong_key, REFUSED),
    (NODE_HTTP, expiring_key, EXPIRED),
    (NODE_HTTP, port_of_nobody, NOBODY),
    (SPRING, wrong_key, REFUSED),
    (SPRING, expiring_key, EXPIRED),
    (SPRING, port_of_nobody, NOBODY),
]


@pytest.mark.parametrize(
    ("service", "mistake", "sentence"), MISTAKES, ids=lambda part: getattr(part, "name", getattr(part, "__name__", ""))
)
def test_mistake_is_named_first(service: Ordinary, mistake: Mistake, sentence: str, project: Project) -> None:
    needed(service)
    project.write(reads(service.document()))
    with mistake(service) as base_url:
        run = project.run("-q", "--base-url", base_url, *service.options)
    assert (run.code, run.report["decision"], run.violated) == (3, "inconclusive", set())
    assert run.lines[-1].startswith(f"contract: INCONCLUSIVE on {base_url}: {sentence}")
