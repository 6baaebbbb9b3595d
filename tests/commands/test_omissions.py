"""What a service answers and its document does not have: few safe requests, and actions of an overlay."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

from contracts.commands.omissions import actions_of, omissions_of
from contracts.document import read_spec
from contracts.errors import UsageError
from contracts.run.inputs import Inputs, inputs_from
from contracts.run.options import Options

from ..run.projects import CANARY, answer, serving

JSON = "Content-Type: application/json"
BOOK = {"name": "id", "in": "path", "required": True, "schema": {"type": "integer"}}
LIMIT = {"name": "limit", "in": "query", "schema": {"type": "integer"}}
OK = answer(200)
KEY = {"components": {"securitySchemes": {"key": {"type": "http", "scheme": "bearer"}}}, "security": [{"key": []}]}


def get(*statuses: str, **more: Any) -> dict[str, Any]:
    return {"get": {"responses": {status: {"description": "ok"} for status in ("200", *statuses)}, **more}}


def document(_version: str = "3.1.0", /, **paths: Any) -> dict[str, Any]:
    named = {f"/{name.replace('_', '/{') + '}' * ('_' in name)}": item for name, item in paths.items()}
    said = {"swagger": "2.0"} if _version == "2.0" else {"openapi": _version}
    return {**said, "info": {"title": "Books", "version": "1"}, "paths": named}


BOOKS = {"books": get(parameters=[LIMIT]), "books_id": get(parameters=[BOOK])}


@dataclass
class Books:
    """A service with a list and its items, which notes what it was asked."""

    key: str = ""
    detail: Callable[[str], Any] = lambda target: f"nothing at {target}"
    asked: list[str] = field(default_factory=list)

    def __call__(self, request: bytes) -> bytes:
        head = request.decode("latin-1")
        method, target, _ = head.split("\r\n")[0].split(" ")
        self.asked.append(f"{method} {target}")
        if self.key and f"authorization: bearer {self.key}" not in head.lower():
            return self.no(401, "who are you?")
        if target.startswith("/books") and "limit=" in target:
            return self.no(422, [{"loc": ["query", 1], "msg": "no integer"}])
        if target == "/books":
            return answer(200, b"[]", JSON)
        return self.no(404, self.detail(target))

    def no(self, status: int, detail: Any) -> bytes:
        return answer(status, json.dumps({"detail": detail}).encode(), JSON)


@pytest.fixture
def inputs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Inputs]:
    monkeypatch.chdir(tmp_path)

    def made(spec: dict[str, Any], base_url: str, key: str = "") -> Inputs:
        Path("openapi.yaml").write_text(yaml.safe_dump(spec), encoding="utf-8")
        monkeypatch.setenv("CONTRACT_CREDENTIAL", key)
        return inputs_from(Options(spec="openapi.yaml"), base_url=base_url, root=tmp_path, asks=False)

    return made


def found(inputs: Inputs) -> dict[str, list[int]]:
    return {key: sorted(by_status) for key, by_status in omissions_of(inputs)[0].items()}


def overlaid(inputs: Inputs) -> Any:
    """The document with what was found, read as a run reads it."""
    actions = actions_of(inputs.spec, omissions_of(inputs)[0])
    head = {"overlay": "1.0.0", "info": {"title": "x", "version": "1"}}
    text = yaml.safe_dump({**head, "actions": actions}).encode()
    data = Path("openapi.yaml").read_bytes()
    return read_spec(data, path="openapi.yaml", overlays=[("o.yaml", text)], folder=None).document.tree


def test_what_the_document_lacks_is_found_with_a_request_each(inputs: Callable[..., Inputs]) -> None:
    with serving(service := Books()) as url:
        assert found(inputs(document(**BOOKS), url)) == {"GET /books": [422], "GET /books/{id}": [404]}
    assert [one.split(" ")[0] for one in service.asked] == ["GET"] * len(service.asked)
    assert len(service.asked) <= 6


@pytest.mark.parametrize("status", ["4XX", "default"])
def test_what_the_document_has_is_not_asked_for(status: str, inputs: Callable[..., Inputs]) -> None:
    paths = {"books": get(status, parameters=[LIMIT]), "books_id": get(status, parameters=[BOOK])}
    with serving(service := Books()) as url:
        assert found(inputs(document(**paths), url)) == {}
    assert service.asked == []


def test_what_changes_the_state_is_never_sent(inputs: Callable[..., Inputs]) -> None:
    unsafe = {method: {"responses": {"200": {"description": "ok"}}} for method in ("post", "put", "patch", "delete")}
    with serving(service := Books()) as url:
        given = inputs({**document(books=unsafe, books_id={**unsafe, "parameters": [BOOK]}), **KEY}, url, CANARY)
        assert found(given) == {}
    assert service.asked == []


def test_what_ends_something_is_not_sent_to_it(inputs: Callable[..., Inputs]) -> None:
    ending = get(parameters=[LIMIT], **{"x-ends": True})
    with serving(service := Books(key=CANARY)) as url:
        seen = found(inputs({**document(stop=ending, books_id=get(parameters=[BOOK])), **KEY}, url, CANARY))
    assert seen == {"GET /books/{id}": [401, 404]}
    assert not [one for one in service.asked if "stop" in one]


def test_a_refusal_needs_no_credential(inputs: Callable[..., Inputs]) -> None:
    with serving(service := Books(key=CANARY)) as url:
        seen, unsaid = omissions_of(inputs({**document(**BOOKS), **KEY}, url))
    assert {key: list(by_status) for key, by_status in seen.items()} == {"GET /books": [401], "GET /books/{id}": [401]}
    assert len(service.asked) == 2
    assert unsaid == ["for more set CONTRACT_CREDENTIAL_KEY (scheme key: bearer)"]


def test_the_credential_of_the_environment_finds_the_rest_and_is_in_nothing(inputs: Callable[..., Inputs]) -> None:
    with serving(Books(key=CANARY, detail=lambda _: {CANARY: f"no {CANARY}"})) as url:
        given = inputs({**document(**BOOKS), **KEY}, url, CANARY)
        assert found(given) == {"GET /books": [401, 422], "GET /books/{id}": [401, 404]}
        assert CANARY not in json.dumps(actions_of(given.spec, omissions_of(given)[0]))


@pytest.mark.parametrize("version", ["3.0.3", "3.1.0", "3.2.0"])
def test_the_actions_say_what_was_answered_and_what_it_looks_like(version: str, inputs: Callable[..., Inputs]) -> None:
    with serving(Books()) as url:
        tree = overlaid(inputs(document(version, **BOOKS), url))
    answers = tree["paths"]["/books/{id}"]["get"]["responses"]
    held = {"application/json": {"schema": {"$ref": "#/components/schemas/SeenWith404"}}}
    assert answers["404"] == {"description": "Not Found", "content": held}
    assert set(answers) == {"200", "404"}
    detail = {"type": "object", "required": ["detail"], "properties": {"detail": {"type": "string"}}}
    assert tree["components"]["schemas"]["SeenWith404"] == detail
    assert tree["components"]["schemas"]["SeenWith422"]["properties"] == {"detail": {"type": "array", "items": {}}}


def test_swagger_has_the_statuses_alone(inputs: Callable[..., Inputs]) -> None:
    item = get(parameters=[{"name": "id", "in": "path", "required": True, "type": "integer"}])
    paths = {"books": get(), "books_id": item}
    with serving(Books()) as url:
        given = inputs(document("2.0", **paths), url)
        overlaid(given)
        (action,) = actions_of(given.spec, omissions_of(given)[0])
    assert action == {
        "target": '$["paths"]["/books/{id}"]["get"]',
        "update": {"responses": {"404": {"description": "Not Found"}}},
    }


def test_an_action_names_the_place_where_an_operation_is_written(inputs: Callable[..., Inputs]) -> None:
    spec = document(books=get(), books_id={"$ref": '#/components/pathItems/it\'s "ü"'})
    spec["components"] = {"pathItems": {'it\'s "ü"': get(parameters=[BOOK])}}
    with serving(Books()) as url:
        assert "404" in overlaid(inputs(spec, url))["components"]["pathItems"]['it\'s "ü"']["get"]["responses"]


def test_what_stands_in_another_file_is_left_to_that(inputs: Callable[..., Inputs]) -> None:
    Path("item.yaml").write_text(yaml.safe_dump(get(parameters=[BOOK])), encoding="utf-8")
    with serving(Books()) as url:
        given = inputs(document(books=get(), books_id={"$ref": "item.yaml"}), url)
        seen, _ = omissions_of(given)
    assert list(seen) == ["GET /books/{id}"]
    assert actions_of(given.spec, seen) == []


@pytest.mark.parametrize(
    ("reply", "content"),
    [
        (answer(404), None),
        (answer(404, b"no", "Content-Type: text/plain; charset=utf-8"), {"text/plain": {"schema": {"type": "string"}}}),
        (
            answer(404, b"{no", "Content-Type: application/problem+json"),
            {"application/problem+json": {"schema": {"$ref": "#/components/schemas/SeenWith404"}}},
        ),
    ],
    ids=["nothing", "a text", "no JSON"],
)
def test_bodies_of_any_kind(reply: bytes, content: Any, inputs: Callable[..., Inputs]) -> None:
    spec = document(books_id=get(parameters=[{**BOOK, "schema": {"type": "string"}}]), other=get())
    with serving(lambda request: answer(200) if b"/other" in request else reply) as url:
        tree = overlaid(inputs(spec, url))
    assert tree["paths"]["/books/{id}"]["get"]["responses"]["404"].get("content") == content


def test_members_that_differ_may_be_missing_or_anything(inputs: Callable[..., Inputs]) -> None:
    told = iter([{"a": 1, "b": 1.5, "c": True, "d": None, "e": {}}, {"a": 1, "b": "x", "f": []}])
    spec = document(books=get(), books_id=get(parameters=[BOOK]), pages_id=get(parameters=[BOOK]))
    with serving(
        lambda request: answer(404, json.dumps(next(told)).encode(), JSON) if b"s/9" in request else OK
    ) as url:
        schema = overlaid(inputs(spec, url))["components"]["schemas"]["SeenWith404"]
    assert schema["required"] == ["a", "b"]
    shapes = {"a": "integer", "c": "boolean", "e": "object", "f": "array"}
    assert {name: one["type"] for name, one in schema["properties"].items() if one} == shapes


def test_a_limit_that_is_seen_is_told_and_not_asked_again(inputs: Callable[..., Inputs]) -> None:
    replies = iter([answer(429, b"slow", "Content-Type: text/plain", "Retry-After: 999"), *[answer(200)] * 9])
    with serving(lambda request: next(replies)) as url:
        assert found(inputs(document(books_id=get(parameters=[BOOK])), url)) == {"GET /books/{id}": [429]}


def test_a_wrong_base_url_is_refused(inputs: Callable[..., Inputs]) -> None:
    page = answer(404, b"<title>no</title>", "Content-Type: text/html")
    with serving(lambda request: page) as url, pytest.raises(UsageError) as refused:
        found(inputs(document(**BOOKS), url))
    assert str(refused.value).startswith(f"--base-url {url}: nothing of this API is at {url}")


def test_a_wrong_base_url_of_many_operations_is_refused_as_well(inputs: Callable[..., Inputs]) -> None:
    many = {f"books{n}_id": get(parameters=[BOOK]) for n in range(90)}
    with serving(lambda request: answer(404)) as url, pytest.raises(UsageError) as refused:
        found(inputs(document(**many), url))
    assert str(refused.value).startswith(f"--base-url {url}: 60 requests did not show that the API is there")


def test_no_answer_is_refused(inputs: Callable[..., Inputs], impatient: None) -> None:
    with serving(Books()) as url:
        pass
    with pytest.raises(UsageError) as refused:
        found(inputs(document(**BOOKS), url))
    assert str(refused.value).startswith(f"--base-url {url} gave no answer (refused")


def test_a_redirect_is_followed_nowhere(inputs: Callable[..., Inputs]) -> None:
    with serving(service := Books()) as elsewhere:
        away = answer(307, b"", f"Location: {elsewhere}/books/1")
        replies = {b"/books ": answer(200, b"[]", JSON)}
        with serving(lambda request: replies.get(request[4:11], away)) as url:
            assert found(inputs(document(books_id=get(parameters=[BOOK]), books=get()), url)) == {}
    assert service.asked == []


def test_many_operations_are_asked_a_little(inputs: Callable[..., Inputs]) -> None:
    many = {f"books{n}_id": get(parameters=[BOOK]) for n in range(90)}
    with serving(service := Books()) as url:
        seen, unsaid = omissions_of(inputs(document(books=get(), **many), url))
    assert len(service.asked) == 60
    assert unsaid == [f"{91 - len(seen) - 1} operations not asked, after 60 requests"]
