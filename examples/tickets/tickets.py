"""A small service: tickets are listed, read, and opened by whoever has the key."""

import os
import secrets
from datetime import UTC, datetime
from typing import Annotated, Literal
from uuid import UUID, uuid4

from fastapi import Depends, FastAPI, HTTPException, Query
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import BaseModel, Field

KEY = os.environ.get("TICKETS_KEY", "")
FAULTY = (
    os.environ.get("TICKETS_FAULT") == "1"
)  # a ticket is then `waiting`, which no client has heard of


class NewTicket(BaseModel):
    title: str = Field(min_length=1, max_length=80)
    urgent: bool = Field(default=False, strict=True)


class Ticket(NewTicket):
    id: UUID
    state: Literal["open", "closed"]
    opened_at: datetime


def ticket_of(new: NewTicket) -> Ticket:
    return Ticket(id=uuid4(), state="open", opened_at=datetime.now(UTC), **new.model_dump())


app = FastAPI(title="Tickets", version="1.0.0")
first = ticket_of(NewTicket(title="The printer is on fire", urgent=True))
if FAULTY:
    first = first.model_copy(update={"state": "waiting"})
tickets = {first.id: first}


def known(given: Annotated[HTTPAuthorizationCredentials, Depends(HTTPBearer())]) -> None:
    if not KEY or not secrets.compare_digest(given.credentials.encode(), KEY.encode()):
        raise HTTPException(401, "The key is wrong", {"WWW-Authenticate": "Bearer"})


@app.get("/tickets")
def list_tickets(limit: Annotated[int, Query(ge=1, le=100)] = 20) -> list[Ticket]:
    return list(tickets.values())[-limit:]


@app.post("/tickets", status_code=201, dependencies=[Depends(known)])
def open_ticket(new: NewTicket) -> Ticket:
    ticket = ticket_of(new)
    tickets[ticket.id] = ticket
    return ticket


@app.get("/tickets/{ticket_id}")
def read_ticket(ticket_id: UUID) -> Ticket:
    if ticket_id not in tickets:
        raise HTTPException(404, "There is no such ticket")
    return tickets[ticket_id]
