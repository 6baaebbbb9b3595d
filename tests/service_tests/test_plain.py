"""The ordinary service does what frameworks do by default, and publishes what its author wrote down."""

from collections.abc import Iterator

import httpx2
import pytest

from tests.service import running
from tests.service.plain import SKUS, plain_app

KEY = "correct-horse-battery"


@pytest.fixture(scope="module")
def client() -> Iterator[httpx2.Client]:
    headers = {"Authorization": f"Bearer {KEY}"}
    with (
        running(plain_app(KEY)) as url,
        httpx2.Client(base_url=url, headers=headers, trust_env=False, follow_redirects=False) as client,
    ):
        yield client


@pytest.mark.parametrize(
    ("line", "status", "header"),
    [
        ("GET /products/a%2F", 307, ("location", "/products/a")),
        ("GET /orders/", 307, ("location", "/orders")),
        ("GET /products/a%2Fb", 404, ("content-type", "application/json")),
        ("GET /v1/orders", 404, ("content-type", "application/json")),
        ("HEAD /orders/1", 405, ("allow", "GET")),
        ("TRACE /orders/1", 405, ("allow", "GET")),
        ("HEAD /products/pen", 200, ("content-type", "application/json")),
        ("GET /orders/0", 422, ("content-type", "application/json")),
        ("GET /orders/99", 404, ("content-type", "application/json")),
        ("GET /products/paper%2080g", 200, ("content-type", "application/json")),
    ],
)
def test_defaults_of_the_framework(line: str, status: int, header: tuple[str, str], client: httpx2.Client) -> None:
    method, _, target = line.partition(" ")
    answer = client.request(method, target)
    assert (answer.status_code, answer.headers[header[0]].removeprefix(str(client.base_url).rstrip("/"))) == (
        status,
        header[1],
    )


@pytest.mark.parametrize("target", ["/products/a%2F", "/products/a%2Fb", "/v1/orders", "/orders/"])
def test_router_answers_before_the_credential_is_looked_at(target: str, client: httpx2.Client) -> None:
    statuses = {client.get(target, headers={"Authorization": word}).status_code for word in ("Bearer no", "")}
    assert statuses == {client.get(target).status_code}


@pytest.mark.parametrize("credential", ["", "Bearer", "Bearer wrong", f"Basic {KEY}", KEY])
def test_wrong_credential_is_challenged(credential: str, client: httpx2.Client) -> None:
    answer = client.get(f"/products/{SKUS[0]}", headers={"Authorization": credential})
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")


@pytest.mark.parametrize(
    ("documented", "statuses"), [(True, {"200", "401", "404", "422"}), (False, {"200", "422"})], ids=["all", "few"]
)
def test_document_has_what_its_author_wrote(documented: bool, statuses: set[str]) -> None:
    document = plain_app(KEY, documented=documented).openapi()
    assert {*document["paths"]["/orders/{order_id}"]["get"]["responses"]} == statuses


def test_order_lives_from_post_to_delete(client: httpx2.Client) -> None:
    made = client.post("/orders", json={"sku": "pen"})
    path = f"/orders/{made.json()['id']}"
    changed = client.patch(path, json={"state": "paid"}).json()
    gone = client.delete(path)
    assert (made.status_code, changed["state"], gone.status_code) == (201, "paid", 204)
    assert client.get(path).json() == {"detail": "Order not found"}
