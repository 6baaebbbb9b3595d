"""Services as frameworks make them: nothing is found on them, and a mistake of the user is named in the first words."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import pytest
from starlette.responses import HTMLResponse, RedirectResponse
from starlette.types import Receive, Scope, Send

from tests.service import plain_app, running
from tests.service.ordinary import FASTAPI, NODE_HTTP, ORDINARY, SPRING, Ordinary, reads
from tests.service.running import port_of_nobody as refusing
from tests.service.slips import SLIPS, Slipping

from .projects import CANARY, Project

pytestmark = pytest.mark.usefixtures("impatient", "grouped")
STRICT = ("--contract-strict", "--contract-unsafe")
EVER = 10**9


@pytest.fixture
def grouped(monkeypatch: pytest.MonkeyPatch) -> None:
    """An item stands for the rules of a kind, which takes a second less a run."""
    monkeypatch.setattr("contracts.run.state.MAX_ITEMS", 100)


def needed(service: Ordinary) -> None:
    if service.needs is None:
        pytest.skip(f"{service.name} is not installed, and the service is written for it")


ODD = " edge answer documented"
WITH_A_KEY = ("GET /orders/{order_id}", "PUT /orders/{order_id}", "PATCH /orders/{order_id}", "GET /products/{sku}")
ADVISORIES: dict[str, dict[str, str]] = {
    "FastAPI": {
        **{key + ODD: "the service answered 307 to an odd request" for key in WITH_A_KEY},
        # Starlette lists the methods of the first route of a path alone.
        "GET /orders allowed methods": "Allow lists GET, and not POST",
        "GET /orders/{order_id} allowed methods": "Allow lists GET, and not DELETE, PATCH, PUT",
    },
    "Node": {key + ODD: "the service answered 400 with text/html to an odd request" for key in WITH_A_KEY},
    "Spring": {},
}
"""All that is said of a service that keeps its document: true, in no document, and no reason to fail."""


@pytest.mark.parametrize("service", ORDINARY, ids=lambda service: service.name)
def test_conforming_service_has_no_finding(service: Ordinary, project: Project) -> None:
    needed(service)
    project.write(service.document())
    with service.serving(CANARY, EVER) as origin:
        run = project.run("-q", "--base-url", origin + service.prefix, *service.options, *STRICT)
    said = {rule: run.verdicts[rule]["evidence"]["message"] for rule in run.violated}
    assert (said, run.violations) == (ADVISORIES[service.name], set())


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
def prefix_left_out(service: Ordinary) -> Iterator[str]:
    with service.serving(CANARY, EVER) as origin:
        yield origin


@contextmanager
def port_of_a_front_end(service: Ordinary) -> Iterator[str]:
    """Its page for whatever is asked, as servers of single-page applications do."""
    with running(HTMLResponse("<!doctype html><div id=app></div>")) as origin:
        yield origin


@contextmanager
def port_that_redirects(service: Ordinary) -> Iterator[str]:
    async def to_tls(scope: Scope, receive: Receive, send: Send) -> None:
        url = f"https://shop.example{scope['raw_path'].decode('latin-1')}"
        await RedirectResponse(url, 301)(scope, receive, send)

    with running(to_tls) as origin:
        yield origin


@contextmanager
def port_of_nobody(service: Ordinary) -> Iterator[str]:
    with refusing() as origin:
        yield origin + service.prefix


REFUSED = "the credential was refused on every request; set CONTRACT_CREDENTIAL to one that this service knows"
EXPIRED = "the credential was taken at first and then refused on every request; has it expired?"
ELSEWHERE = "nothing of this API is at {}: is the prefix right? every path has the same 404 ({})"
PAGE = "nothing of this API is at {}: is the prefix right? every path has the same 200 (text/html)"
REDIRECTED = "nothing of this API is at {}: is the prefix right? every path is redirected (301) to https://shop.example"
JSON, HTML = "application/json", "text/html"
NOBODY = "no request was answered (refused: ConnectError: "
MISTAKES: list[tuple[Ordinary, Mistake, str]] = [
    (FASTAPI, wrong_key, REFUSED),
    (FASTAPI, expiring_key, EXPIRED),
    (NODE_HTTP, wrong_key, REFUSED),
    (NODE_HTTP, expiring_key, EXPIRED),
    (NODE_HTTP, port_of_nobody, NOBODY),
    (FASTAPI, wrong_prefix, ELSEWHERE.format("{}", JSON)),
    (NODE_HTTP, wrong_prefix, ELSEWHERE.format("{}", HTML)),
    (SPRING, wrong_prefix, ELSEWHERE.format("{}", JSON) + "; the document's servers say /shop"),
    (FASTAPI, port_of_another, ELSEWHERE.format("{}", HTML)),
    (NODE_HTTP, port_of_another, ELSEWHERE.format("{}", HTML)),
    (SPRING, port_of_another, ELSEWHERE.format("{}", JSON) + "; the document's servers say /shop"),
    (SPRING, prefix_left_out, ELSEWHERE.format("{}", HTML) + "; the document's servers say /shop"),
    (FASTAPI, port_of_a_front_end, PAGE),
    (SPRING, port_of_a_front_end, PAGE),
    (FASTAPI, port_that_redirects, REDIRECTED),
    (SPRING, port_that_redirects, REDIRECTED),
    (FASTAPI, port_of_nobody, NOBODY),
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
    assert run.lines[-1].startswith(f"contract: INCONCLUSIVE on {base_url}: {sentence.format(base_url)}")
    title = next(number for number, line in enumerate(run.lines) if "= contract =" in line)
    assert run.lines[title + 1].startswith(f"inconclusive: {sentence.format(base_url)[:60]}")


def test_slips_are_found_and_nothing_else(project: Project) -> None:
    project.write(FASTAPI.document())
    with running(Slipping(plain_app(CANARY))) as base_url:
        run = project.run("-q", "--base-url", base_url, *FASTAPI.options, "--contract-unsafe")
    assert run.violations == {rule for slip in SLIPS for rule in slip.breaks}
