"""Whatever is asked in whatever order, the mock with state keeps the document, and the laws of what exists."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.strategies import DataObject

from contracts.document import Operation, Spec, load_spec
from contracts.document.serialisation import decoded, fill_path, match_path, parameter_names
from contracts.messages import Request, Response
from contracts.mock import CREDENTIAL, MockService, Store
from contracts.rules import rules_for
from contracts.schemas.families import Family, families_of, id_of, members, unwrapped
from contracts.testing import Contract, DrawnAnswer
from tests.exchanges.documents import answered, parameter, spec_of
from tests.mock.shops import body, envelopes, framework
from tests.payloads.test_random_schemas import SCHEMAS

SPECS: dict[str, Callable[[], Spec]] = {
    "the depot": lambda: load_spec("tests/service/depot/depot.yaml"),
    "a framework": framework,
    "envelopes": envelopes,
}
FIELDS = (("Authorization", f"Bearer {CREDENTIAL}"), ("X-Depot-Key", CREDENTIAL))
Key = tuple[str, tuple[str, ...]]  # the path of an item, and the values in it
CHANGES = (
    *("name", "title", "label", "city", "note", "tags", "price", "paid", "weight_grams", "weight_kg", "handling"),
    *("attributes", "insured_for", "recipient", "address", "due_on", "fragile", "reference", "carrier"),
)
"""Members of what is sent that come back as they were sent, whatever else is."""


@lru_cache
def contract_of(name: str) -> tuple[Contract, MockService]:
    spec = SPECS[name]()
    return Contract(rules_for(spec)), MockService(spec)


class World:
    """What somebody sees who asks, and judges each answer."""

    def __init__(self, name: str, data: DataObject) -> None:
        self.contract, self.mock = contract_of(name)
        self.store, self.draw = Store(), data.draw
        self.seen: dict[Key, Any] = {}
        self.gone: list[Key] = []

    def send(self, operation: Operation, target: str, drawn: Request | None = None) -> Response:
        headers, body = (drawn.headers, drawn.body) if drawn else ((), None)
        kept = tuple(field for field in headers if field[0].lower() not in ("if-match", "if-none-match"))
        if any(p.name == "If-Match" and p.required for p in operation.parameters):
            kept = (*kept, ("If-Match", "*"))
        request = Request(operation.method, target, (*kept, *FIELDS), body)
        response = self.mock.answer(request, self.store)
        answer = DrawnAnswer(response.status, response.headers, response.body, operation=operation.key, request=request)
        self.contract.judge(answer, operation=operation.key)
        return response

    def drawn(self, operation: Operation) -> Request:
        return self.draw(self.contract.requests(operation.key))

    def place(self, family: Family) -> tuple[str, ...] | None:
        """The values of a path above a collection, of what is there."""
        if not family.parent:
            return ()
        known = [names for one, names in self.seen if one == family.parent]
        return self.draw(st.sampled_from(known)) if known else None

    def listed(self, family: Family, above: tuple[str, ...]) -> list[Any]:
        """All members of a list, page by page."""
        assert family.list is not None
        found, target = list[Any](), at(family.collection_path, above)
        names, page = {parameter.name for parameter in family.list.parameters}, 1
        path, seen = target, set[str]()
        while target not in seen:
            seen.add(target)
            response = self.send(family.list, target)
            body = json.loads(response.body)
            found += members(body)
            around = body if isinstance(body, dict) else {}
            cursor = around.get("next_cursor") or around.get("meta", {}).get("next_cursor")
            is_last = 'rel="next"' not in (response.header("link") or "") and not around.get("has_next")
            page += 1
            if cursor:
                target = f"{path}?cursor={cursor}"
            elif not is_last and "page" in names:
                target = f"{path}?page={page}"
        total = around.get("total", around.get("meta", {}).get("total", response.header("x-total-count")))
        assert total is None or int(total) == len(found)
        return found

    # --- the laws ---

    def create(self, family: Family, above: tuple[str, ...]) -> None:
        assert family.create is not None
        before = self.ids(family, above) if family.list else []
        drawn = self.drawn(family.create)
        response = self.send(family.create, at(family.create.path, above), drawn)
        if response.status >= 400:
            return
        name = told_id(family, response)
        names = (*above, name)
        assert name
        assert name not in before
        assert (family.item_path, names) not in self.gone
        held = self.read(family, names)
        self.shows_what_was_sent(held, drawn)
        if family.list:
            assert sorted(self.ids(family, above)) == sorted([*before, name])

    def shows_what_was_sent(self, held: Any, drawn: Request) -> None:
        sent = unwrapped(sent_by(drawn), "") or {}
        for name in CHANGES:
            is_merged = drawn.method == "PATCH" and (sent.get(name) is None or isinstance(sent[name], dict))
            assert name not in sent or is_merged or held[name] == sent[name]
        assert {"secret", "pin"}.isdisjoint(held)

    def read(self, family: Family, names: tuple[str, ...]) -> Any:
        if family.read is None:
            return {}
        response, again = (self.send(family.read, at(family.read.path, names)) for _ in range(2))
        assert response.status == 200
        assert response == again
        held = unwrapped(json.loads(response.body), family.word) or {}
        assert id_of(held, family.id_parameter, family.word) in ("", *names[-1:])
        self.seen[family.item_path, names] = held
        return held

    def ids(self, family: Family, above: tuple[str, ...]) -> list[str]:
        found = [id_of(member, family.id_parameter, family.word) for member in self.listed(family, above)]
        assert len(set(found)) == len(found)
        for name in found:
            self.seen.setdefault((family.item_path, (*above, name)), None)
            assert (family.item_path, (*above, name)) not in self.gone
        for one, names in self.seen:
            assert one != family.item_path or names[:-1] != above or names[-1] in found
        return found

    def change(self, family: Family, names: tuple[str, ...], operation: Operation) -> None:
        before, drawn = self.read(family, names), self.drawn(operation)
        response = self.send(operation, at(operation.path, names), drawn)
        assert response.status < 500
        after = self.read(family, names)
        if response.status < 300:
            self.shows_what_was_sent(after, drawn)
            for name in ("id", "created_at"):
                assert before.get(name) == after.get(name)
        else:
            assert before == after

    def delete(self, family: Family, names: tuple[str, ...]) -> None:
        assert family.delete is not None
        target = at(family.item_path, names)
        assert self.send(family.delete, target).status < 300
        for path, other in [*self.seen]:
            is_within = path.startswith(f"{family.item_path}/") and other[: len(names)] == names
            if is_within or (path, other) == (family.item_path, names):
                del self.seen[path, other]
                self.gone.append((path, other))
        assert self.send(family.delete, target).status in (404, 410)
        for path, other in self.gone:
            self.is_gone(next(one for one in families_of(self.mock.spec) if one.item_path == path), other)

    def is_gone(self, family: Family, names: tuple[str, ...]) -> None:
        for operation in filter(None, (family.read, family.patch)):
            drawn = self.drawn(operation)
            assert self.send(operation, at(operation.path, names), drawn).status in (404, 410)


def at(path: str, names: tuple[str, ...]) -> str:
    return fill_path(path, dict(zip(parameter_names(path), names, strict=True)))


def told_id(family: Family, response: Response) -> str:
    location = (response.header("location") or "").partition("localhost")[2] or response.header("location") or ""
    raw = match_path(family.item_path, location) or {}
    told = id_of(unwrapped(json.loads(response.body or b"null"), family.word) or {}, family.id_parameter, family.word)
    assert not raw or not told or decoded([*raw.values()][-1]) == told
    return told or decoded([*raw.values()][-1])


def sent_by(request: Request) -> Any:
    try:
        return json.loads(request.body or b"null")
    except ValueError:
        return None


def step(world: World) -> None:
    """Do one thing, drawn from all that can be done."""
    families = {one.item_path: one for one in families_of(world.mock.spec) if one.id_parameter and one.read}
    usable = [path for path, one in families.items() if one.create or one.list]
    family = families[world.draw(st.sampled_from(usable))]
    above = world.place(family)
    if above is None:
        return
    known = [names for path, names in world.seen if path == family.item_path and names[:-1] == above]
    names = world.draw(st.sampled_from(known)) if known else None
    changes = {one.key: one for one in (family.replace, family.patch, *family.actions) if one and names}
    choices = [*changes, *["delete"] * bool(names and family.delete), *["create"] * bool(family.create)]
    what = world.draw(st.sampled_from([*choices, *["list"] * bool(family.list)]))
    if what == "create":
        world.create(family, above)
    elif what == "list":
        world.ids(family, above)
    elif names and what == "delete":
        world.delete(family, names)
    elif names and what in changes:
        world.change(family, names, changes[what])


@pytest.mark.parametrize("name", SPECS)
def test_any_sequence_keeps_the_document_and_the_laws(name: str) -> None:
    @settings(max_examples=25, phases=[Phase.generate], suppress_health_check=[*HealthCheck])
    @given(st.data())
    def hold(data: DataObject) -> None:
        world = World(name, data)
        for _ in range(data.draw(st.integers(1, 8))):
            step(world)

    hold()


def document_of(sent: Any, shown: Any, listed: Any) -> Spec:
    """A collection with these schemas of what is sent, of an item, and of the members of a list."""
    refusals = {"404": answered({}), "422": answered({})}
    by_id = {"parameters": [parameter("id", {"type": "string"})]}
    one = {"responses": {"200": answered(shown), **refusals}}
    changes = {"requestBody": body(sent), **one}
    made = {"requestBody": body(sent), "responses": {"201": answered(shown), **refusals}}
    page = {
        "type": "object",
        "required": ["items", "total"],
        "properties": {"items": {"type": "array", "items": listed}},
    }
    gone = {"responses": {"204": {"description": "gone"}, **refusals}}
    item = {**by_id, "get": one, "put": changes, "patch": changes, "delete": gone}
    return spec_of({"/things": {"post": made, "get": {"responses": {"200": answered(page)}}}, "/things/{id}": item})


@settings(max_examples=25, phases=[Phase.generate], suppress_health_check=[*HealthCheck])
@given(SCHEMAS, SCHEMAS, SCHEMAS, st.booleans(), st.data())
def test_whatever_the_schemas_are_answers_keep_them(a: Any, b: Any, c: Any, named: bool, data: DataObject) -> None:
    members = {"id": {"type": "string"}, "a": a, "b": b}
    spec = document_of({"properties": {"a": a, "b": c}}, {"properties": members, "required": ["id"]} if named else a, b)
    contract, mock, store = Contract(rules_for(spec)), MockService(spec), Store()
    for _ in range(6):
        operation = data.draw(st.sampled_from(spec.operations))
        names = [resource.names for resource in store.resources.values()]
        try:
            drawn = data.draw(contract.requests(operation.key))
        except ValueError:  # nothing can be sent
            continue
        target = drawn.target
        if names and operation.path.endswith("}"):
            target = at(operation.path, data.draw(st.sampled_from(names)))
        request = Request(operation.method, target, drawn.headers, drawn.body)
        response = mock.answer(request, store)
        made = DrawnAnswer(response.status, response.headers, response.body, operation=operation.key, request=request)
        if response.status != 503:  # nothing can be answered
            contract.judge(made, operation=operation.key)
