"""An ordinary FastAPI service with its defaults, and the document that FastAPI writes of it.

Nothing here is done for the suite's sake: paths are decoded before they are routed, a slash too many is redirected
with 307, the router answers 404 and 405 before anybody looks at a credential, `HEAD` is served on one route alone, and
errors are `{"detail": …}`. What its author did not write down (`documented=False`, as most don't), its document lacks.
"""

from datetime import UTC, datetime, timedelta
from enum import StrEnum
from itertools import count
from typing import Annotated, Any

from fastapi import APIRouter, Depends, FastAPI, Header, HTTPException, Path, Query
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import BaseModel, Field

ORDERS, SKUS = tuple(range(1, 9)), ("pen", "ink-blue", "paper 80g")
FIRST_DAY = datetime(2026, 1, 5, 9, 30, tzinfo=UTC)


class State(StrEnum):
    OPEN = "open"
    PAID = "paid"
    SHIPPED = "shipped"


class NewOrder(BaseModel):
    sku: str = Field(min_length=1, max_length=40)
    quantity: int = Field(default=1, ge=1, le=1000)
    note: str | None = Field(default=None, max_length=200)
    due_at: datetime | None = None


class Order(NewOrder):
    id: int
    state: State = State.OPEN
    created_at: datetime


class Changes(BaseModel):
    quantity: int | None = Field(default=None, ge=1, le=1000)
    state: State | None = None
    note: str | None = Field(default=None, max_length=200)


class Product(BaseModel):
    sku: str
    title: str
    cents: int
    discontinued: bool = False


class Problem(BaseModel):
    detail: str


UNAUTHORIZED: dict[int | str, dict[str, Any]] = {
    401: {
        "model": Problem,
        "description": "The token is missing or wrong",
        "headers": {"WWW-Authenticate": {"required": True, "schema": {"type": "string"}}},
    }
}
NOT_FOUND: dict[int | str, dict[str, Any]] = {404: {"model": Problem, "description": "There is no such thing"}}

OrderId = Annotated[int, Path(ge=1, description="The number of an order")]
Sku = Annotated[str, Path(max_length=100)]


def seeded(number: int) -> Order:
    created = FIRST_DAY + timedelta(days=number)
    state = tuple(State)[number % 3]
    return Order(
        id=number,
        sku=SKUS[number % len(SKUS)],
        quantity=number,
        note=None if number % 2 else "by hand",
        state=state,
        created_at=created,
        due_at=created + timedelta(days=2) if state is State.PAID else None,
    )


def plain_app(key: str, *, documented: bool = True) -> FastAPI:
    """The service with its own orders; `documented` is whether its author wrote down 401 and 404 as well."""
    orders = {number: seeded(number) for number in ORDERS}
    products = {sku: Product(sku=sku, title=sku.title(), cents=199) for sku in SKUS}
    numbers = count(len(orders) + 1)
    missing = NOT_FOUND if documented else None
    bearer = HTTPBearer()

    async def caller(given: Annotated[HTTPAuthorizationCredentials, Depends(bearer)]) -> None:
        if given.credentials != key:
            raise HTTPException(401, "Invalid token", {"WWW-Authenticate": "Bearer"})

    def found(order_id: int) -> Order:
        if order_id not in orders:
            raise HTTPException(404, "Order not found")
        return orders[order_id]

    app = FastAPI(title="Orders", version="1.2.0")
    api = APIRouter(dependencies=[Depends(caller)], responses=UNAUTHORIZED if documented else None)

    @app.get("/health")
    async def health() -> dict[str, str]:
        return {"status": "ok"}

    @api.get("/orders")
    async def list_orders(
        state: State | None = None,
        limit: Annotated[int, Query(ge=1, le=100)] = 20,
        offset: Annotated[int, Query(ge=0)] = 0,
        x_request_id: Annotated[str | None, Header(max_length=64)] = None,
    ) -> list[Order]:
        wanted = [order for order in orders.values() if state in (None, order.state)]
        return wanted[offset : offset + limit]

    @api.post("/orders", status_code=201)
    async def create_order(new: NewOrder) -> Order:
        order = Order(**new.model_dump(), id=next(numbers), created_at=datetime.now(UTC))
        orders[order.id] = order
        return order

    @api.get("/orders/{order_id}", responses=missing)
    async def read_order(order_id: OrderId) -> Order:
        return found(order_id)

    @api.put("/orders/{order_id}", responses=missing)
    async def replace_order(order_id: OrderId, new: NewOrder) -> Order:
        orders[order_id] = found(order_id).model_copy(update=new.model_dump())
        return orders[order_id]

    @api.patch("/orders/{order_id}", responses=missing)
    async def change_order(order_id: OrderId, changes: Changes) -> Order:
        orders[order_id] = found(order_id).model_copy(update=changes.model_dump(exclude_none=True))
        return orders[order_id]

    @api.delete("/orders/{order_id}", status_code=204, responses=missing)
    async def delete_order(order_id: OrderId) -> None:
        del orders[found(order_id).id]

    @api.head("/products/{sku}", include_in_schema=False)
    @api.get("/products/{sku}", responses=missing)
    async def read_product(sku: Sku) -> Product:
        if sku not in products:
            raise HTTPException(404, "Product not found")
        return products[sku]

    app.include_router(api)
    return app
