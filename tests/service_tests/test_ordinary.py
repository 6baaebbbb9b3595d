"""Node and Spring have manners of their own where the document says nothing."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import httpx2
import pytest

from tests.service.ordinary import NODE_HTTP, SPRING, Ordinary

KEY = "correct-horse-battery"
HTML, JSON = "text/html", "application/json"
Asks = Callable[[Ordinary, str, str], httpx2.Response]


@pytest.fixture(scope="module")
def ask() -> Iterator[Asks]:
    with ExitStack() as served:
        clients: dict[str, httpx2.Client] = {}

        def asked(service: Ordinary, line: str, credential: str) -> httpx2.Response:
            if service.needs is None:
                pytest.skip(f"{service.name} is not installed, and the service is written for it")
            if service.name not in clients:
                origin = served.enter_context(service.serving(KEY, 1000))
                client = httpx2.Client(base_url=origin, trust_env=False, follow_redirects=False)
                clients[service.name] = served.enter_context(client)
            method, _, target = line.partition(" ")
            return clients[service.name].request(method, target, headers={"Authorization": credential})

        yield asked


MANNERS: list[tuple[Ordinary, str, str, int, str | None]] = [
    (NODE_HTTP, "GET /v9/orders", "", 404, HTML),
    (NODE_HTTP, "TRACE /orders/1", "", 404, HTML),
    (NODE_HTTP, "GET /orders/%FF", "", 400, HTML),
    (NODE_HTTP, "GET /orders/1", "", 401, JSON),
    (NODE_HTTP, "HEAD /orders/1", f"Bearer {KEY}", 200, JSON),
    (NODE_HTTP, "GET /ORDERS/", f"Bearer {KEY}", 200, JSON),
    (NODE_HTTP, "GET /products/a%2Fb", f"Bearer {KEY}", 404, JSON),
    (SPRING, "GET /books", f"Bearer {KEY}", 404, HTML),
    (SPRING, "GET /shop/nothing", "", 401, None),
    (SPRING, "GET /shop/nothing", f"Bearer {KEY}", 404, JSON),
    (SPRING, "GET /shop/books/a%2Fb", f"Bearer {KEY}", 400, HTML),
    (SPRING, "GET /shop/books/x", f"Bearer {KEY}", 400, JSON),
    (SPRING, "TRACE /shop/books", f"Bearer {KEY}", 405, JSON),
]


@pytest.mark.parametrize(
    ("service", "line", "credential", "status", "media"),
    [pytest.param(*row, id=f"{row[0].name} {row[1]} {row[3]}") for row in MANNERS],
)
def test_manners(service: Ordinary, line: str, credential: str, status: int, media: str | None, ask: Asks) -> None:
    answer = ask(service, line, credential)
    found = answer.headers.get("content-type", "").partition(";")[0] or None
    assert (answer.status_code, found) == (status, media)


def test_page_of_spring_tells_its_path_and_time(ask: Asks) -> None:
    told = ask(SPRING, "GET /shop/nothing", f"Bearer {KEY}").json()
    assert {**told, "timestamp": ""} == {"timestamp": "", "status": 404, "error": "Not Found", "path": "/shop/nothing"}
