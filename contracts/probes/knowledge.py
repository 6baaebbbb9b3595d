"""What is known of an operation: values that are given or told by answers, and what it ends."""

import itertools
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

from contracts.document import Operation, Spec, split_pointer
from contracts.document.model import value_at
from contracts.document.serialisation import decoded, match_path, parameter_names, plain_text
from contracts.messages import SAFE_METHODS, Exchange
from contracts.schemas.families import (
    Links,
    bare,
    families_of,
    id_of,
    links_between,
    members,
    plain,
    squeezed,
    text_of,
    unwrapped,
)
from contracts.schemas.json_text import TooManyError, decode

Source = Mapping[str, Sequence[str]]  # values by the name of their parameter
Values = Mapping[str, str]
_LAST = re.compile(r"(?P<above>.*)/\{[^{}/]*\}(?=[/:]|$)")  # as far as the last parameter of a path
Teller = tuple[Operation, Links | None]
"""An operation whose answers tell of resources, by a link if there is one."""


@dataclass(frozen=True, slots=True)
class ValueRow:
    """Values by parameter that belong together."""

    values: Values
    operation: str = ""  # the key of the only one that they are for, if so
    # `given`; `found` in an answer, for safe methods alone; `own`, of what the run made; or
    # `listed`: what a list has under the names of its own parameters, which filter it.
    source: str = "given"


@dataclass(frozen=True)
class Knowledge:
    """Values for one operation; what ends resources (`spares`) gets those of the run alone."""

    operation: Operation
    given: Source
    found: Source
    own: Source
    rows: Sequence[ValueRow]
    spares: bool = False
    live: bool = False

    @cached_property
    def _rows(self) -> list[ValueRow]:
        """What belongs together, as far as it is for this operation; what is for it alone last."""
        names, path = {p.name for p in self.operation.parameters}, self.path_names
        sources, found = {"given", "own"}, list[ValueRow]()
        if self.operation.method in SAFE_METHODS:
            sources.add("found")
        for row in sorted(self.rows, key=lambda row: bool(row.operation)):
            known = names - path if self.spares and row.source != "own" else names
            values = {name: text for name, text in row.values.items() if name in known}
            if values and row.operation in ("", self.operation.key) and row.source in sources:
                found.append(replace(row, values=values))
        return found

    @cached_property
    def path_names(self) -> set[str]:
        return set(parameter_names(self.operation.path))

    @cached_property
    def _given_rows(self) -> list[Values]:
        return [row.values for row in self._rows if row.source == "given"]

    @cached_property
    def made(self) -> list[Values]:
        """Resources that were made for this operation."""
        return [row.values for row in self.rows if row.source == "own"]

    @cached_property
    def filters(self) -> list[Values]:
        return [row.values for row in self.rows if row.source == "listed"]

    @cached_property
    def values(self) -> Mapping[str, Sequence[str]]:
        """Known values by parameter, as far as they are for this operation."""
        found, for_it = dict[str, dict[str, None]](), set[str]()
        given = dict(self.given)
        if self.spares:  # a resource that the user knows is not for it
            given = {name: given[name] for name in given.keys() - self.path_names}
        listed = self.found if self.operation.method in SAFE_METHODS else {}
        for source in (given, listed, self.own):
            for name, values in source.items():
                found.setdefault(name, {}).update(dict.fromkeys(values))
        for row in self._rows:
            if len(row.values) > 1:
                continue
            ((name, value),) = row.values.items()
            if row.operation and row.source == "given" and name not in for_it:
                for_it.add(name)
                found[name] = {}
            found.setdefault(name, {})[value] = None
        return {name: list(values) for name, values in found.items() if values}

    @cached_property
    def rounds(self) -> list[Values]:
        """Known values of its parameters, each at least once; [{}] if it has none in its path."""
        tied = [row.values for row in self._rows if len(row.values) > 1]
        if self.spares and self.made:
            tied = self.made[:-1] or self.made
        known = self.values
        names = list(parameter_names(self.operation.path))
        for parameter in self.operation.parameters:
            if parameter.location != "path":
                names.append(parameter.name)
        # A value that belongs to others of its row stands for itself no more.
        apart = set(names) - set().union(*tied)
        turns = {name: itertools.cycle(known[name]) for name in names if name in known}
        length = max([len(tied), *(len(known[name]) for name in turns.keys() & apart)], default=1)
        found = []
        for index in range(length or 1):
            chosen = {name: next(values) for name, values in turns.items()}
            chosen |= tied[index % len(tied)] if tied else {}
            found.append(chosen)
        # Without a value for each of its path the service knows no such resource.
        return [chosen for chosen in found if chosen.keys() >= self.path_names]

    @cached_property
    def first(self) -> Values:
        singles = {name: values[0] for name, values in self.values.items()}
        return {**singles, **next(iter(self.rounds), {})}

    def vouched(self, chosen: Values) -> tuple[tuple[str, str], ...]:
        """What the service knows: what it lists may be gone, and what is given be apart."""
        names, given, rows = self.path_names, list[tuple[str, str]](), self._given_rows
        together = any(names <= row.keys() and row.items() <= chosen.items() for row in rows)
        apart = self.live and len(names) > 1 and not together
        for name, value in chosen.items():
            known = value in (*self.given.get(name, ()), *self.own.get(name, ()))
            known = known or any(row.get(name) == value for row in rows)
            if known and not (apart and name in names):
                given.append((name, value))
        return tuple(given)


# --- what answers of other operations tell ---


def tellers(spec: Spec, operation: Operation, method: str) -> Iterator[Teller]:
    """Operations with a method that list or make what an operation is for: links, then paths.

    `/orders` lists and makes what `/orders/{id}` and `/orders/{id}/cancel` are for.
    """
    others = [other for other in spec.operations if other.method == method]
    for other in others:
        for links in links_between(spec, other, operation):
            yield other, links
    if found := _LAST.match(operation.path):
        for other in others:
            if bare(other.path) == bare(found["above"]):
                yield other, None


def item_template(operation: Operation) -> str:
    """The path of what an operation is for, as far as the last parameter."""
    found = _LAST.match(operation.path)
    return found[0] if found else operation.path


def enders_of(spec: Spec, path: str) -> list[Operation]:
    """With DELETE, what ends the resource of a path: at the path itself, then at a word below."""
    found = list[Operation]()
    for operation in spec.operations:
        template, (*_, last) = item_template(operation), operation.path.split("/")
        is_it = operation.path == template or last in ENDINGS
        if operation.method == "DELETE" and is_it and match_path(template, path) is not None:
            found.append(operation)
    return sorted(found, key=lambda one: len(one.path))


def items_of(spec: Spec, teller: Operation) -> list[Operation]:
    """The operations on what one lists or makes, first of all those that end it.

    They stand below its path, or are of the family that has it (`POST /sessions/start`).
    """
    shape = f"{bare(teller.path)}/{{}}"
    found = [one for one in spec.operations if bare(one.path) == shape]
    for family in families_of(spec):
        if family.create is teller and not found:
            found += filter(lambda one: "{" in one.path, family.operations)
    return sorted(found, key=lambda one: one.method != "DELETE")


def told(operation: Operation, teller: Teller, exchange: Exchange) -> Iterator[dict[str, str]]:
    """Values for the path of an operation, as an answer of its teller has them."""
    other, links = teller
    response, request = exchange.response, exchange.probe.request
    if response is None:
        return
    names, body = parameter_names(operation.path), _json(exchange)
    raw = match_path(other.path, request.path) or {}
    asked = dict(zip(raw, map(decoded, raw.values()), strict=True))
    if links is not None:
        found = {name: _expressed(links.get(name), asked, exchange, body) for name in names}
        yield from [found] * all(found.values())
        return
    above = dict(zip(names, asked.values(), strict=False))
    path = other.path.rstrip("/")
    name, word = names[len(above)], path.rpartition("/")[2]
    if other.method != "GET":
        place = ""
        with suppress(ValueError):  # it is no URL
            place = urlsplit(response.header("location") or "").path.rstrip("/")
        tail = "/".join(place.split("/")[-1 - path.count("/") :])
        item = match_path(f"{path}/{{}}", f"/{tail}") or {}
        body = [decoded(item.get("", "")) or id_of(unwrapped(body, word), name, word)]
    for member in members(body):
        if value := id_of(member, name, word):
            yield {**above, name: value}


def filters_of(operation: Operation, exchange: Exchange) -> Iterator[dict[str, str]]:
    """Values of query parameters that members of the list have under the same name."""
    for member in members(_json(exchange)):
        held = squeezed(member) if isinstance(member, dict) else {}
        found = {}
        for parameter in operation.parameters:
            text = text_of(held.get(plain(parameter.name)))
            if parameter.location == "query" and text:
                found[parameter.name] = text
        if found:
            yield found


def _expressed(expression: Any, asked: Mapping[str, str], exchange: Exchange, body: Any) -> str:
    """The value of a runtime expression (OpenAPI 3.1 §4.8.20.4), "" if it has none here."""
    text, pointer = str(expression or "").partition("#")[::2]
    if text == "$response.body":
        with suppress(LookupError, TypeError):
            return text_of(value_at(body, split_pointer(pointer)))
    if text.startswith("$request.path."):
        return asked.get(text.removeprefix("$request.path."), "")
    if text.startswith("$response.header.") and exchange.response is not None:
        return exchange.response.header(text.removeprefix("$response.header.")) or ""
    return "" if text.startswith("$") else plain_text(expression)


def _json(exchange: Exchange) -> Any:
    with suppress(TooManyError):
        return decode(exchange.response.body if exchange.response else b"").value
    return None


def _shape(path: str) -> str:
    return re.sub(r"\{[^{}/]*\}", "{}", path)


ENDS = "x-ends"  # of an operation, in an overlay: whether it ends the resource that its path names
_ENDINGS = """
abandon abort archive cancel cease clear close cut deactivate deallocate decommission del delete
deprovision deregister destroy detach disable discard disconnect dismiss dispose drain drop eject
end erase evict expire exit finish flush forget halt hangup interrupt invalidate kick kill logout
nuke obliterate off poweroff prune purge quit reap release remove reset retire revoke rm rollback
shut signout stop suspend term terminate trash truncate unbind undeploy uninstall unlink unlock
unpublish unregister unsubscribe void wipe withdraw borra borrar cancela cancelar cerrar cierra
detener elimina eliminar apaga apagar encerrar excluir remover terminar annule annuler arrête
arrêter efface effacer ferme fermer supprime supprimer beende beenden entfernen kündigen lösch
löschen loesch loeschen stornier stornieren stopp stoppen cancella chiudi удалить отменить закрыть
остановить завершить 削除 删除 刪除 取消 停止 終了 终止 終止 关闭 關閉 销毁 注销 解約 解除 삭제
중지 종료 취소 해지
"""
_BEGINNINGS = """
add create edit enable generate get list make new open patch post publish put register replace
request restart run save schedule send set start submit trigger update upload
"""
ENDINGS = frozenset(_ENDINGS.split())
BEGINNINGS = frozenset(_BEGINNINGS.split())
ENDING_METHODS = ("DELETE", "MOVE")  # RFC 4918 §9.9: what was moved is no longer where it was
_JOINT = re.compile("(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|_")  # between words of a name
_LONG = "|".join(filter(re.compile(".{5}").match, ENDINGS))
_APART = "|".join(filter(re.compile("[\u3000-\uffff]").match, ENDINGS))
_NOUN = (
    r"(?:cancell?|delet|destruc|terminat|revocat|suspens|evict|deactivat|eras|clos|remov|dispos)"
)
_NOUN += r"\w*(?:ion|al|ure)s?|shutdown|teardown"  # which nobody requests but to end something
_VERB = re.compile(f"(?:{_LONG})[a-z]{{3}}|.*(?:{_APART})|{_NOUN}")  # words that are put together


def ends(spec: Spec, operation: Operation) -> bool:
    """Whether an operation is there to end a resource: as `x-ends` says, else by its words.

    `x-ends` is the operation's own or its path's; anything but `false` says yes. The words are the
    method DELETE or MOVE, or one that is not safe and a verb as its name, in the path, in the
    operationId, or among the first three of summary and description; or a noun, also in a tag.
    """
    written = spec.document.at(operation.pointer)
    around = spec.document.at(operation.pointer.rpartition("/")[0])
    if (said := written.get(ENDS, around.get(ENDS))) is not None:
        return said is not False
    if operation.method in SAFE_METHODS or operation.method in ENDING_METHODS:
        return operation.method in ENDING_METHODS
    method = operation.method.lower()
    verbs = [method, *_words(_shape(decoded(operation.path)))]
    called = [word for word in _words(operation.operation_id or "") if word != method]
    if called and called[0] not in BEGINNINGS:  # `create_release` releases nothing
        verbs += called
    for key in ("summary", "description"):
        told = _words(str(written.get(key) or "")[:200])[:3]
        called += told
        if told and BEGINNINGS.isdisjoint(_forms(told[0])):
            verbs += itertools.chain.from_iterable(map(_forms, told))
    verbs += filter(re.compile(_NOUN).fullmatch, [*called, *_words(str(written.get("tags")))])
    return any(word in ENDINGS or _VERB.match(word) for word in verbs)


def _words(text: str) -> list[str]:
    """The words of a name, in lower case, however they are put together."""
    apart = _JOINT.sub(" ", unicodedata.normalize("NFKC", text))
    return [word.lower() for word in re.findall(r"[^\W\d]+", apart)]


def _forms(word: str) -> set[str]:
    """A verb of a sentence, and what it may be a form of: `stops`, `dismisses`, `stopping`."""
    stem = word.removesuffix("ing")
    return {word, stem, f"{stem}e", stem[:-1], word.removesuffix("es")}
