"""The exchanges of a family's lives, in their order, to what they say of its rules: a pure fold."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from contracts.document import Operation, Spec
from contracts.lives.likeness import MAX_NAMED, changed, compared, spread
from contracts.lives.outline import (
    GONE,
    MOVING,
    Thing,
    comparable,
    declared,
    is_called,
    is_same,
    is_soft,
    is_whole,
    listed,
    optional,
    parents_of,
    place_of,
    role_in,
    shown_by,
    template_of,
    values_in,
    writable,
)
from contracts.messages import REFUSALS, SAFE_METHODS, Exchange, Request, is_unavailable
from contracts.rules import Finding, Rule
from contracts.rules.rule import shown
from contracts.rules.states import state_rules
from contracts.schemas import only
from contracts.schemas.families import Family
from contracts.text import cut, few
from contracts.verdicts.judgement import Judgement, Seen

_HOW = {
    "create": "created has what was sent",
    "replace": "replaced reads as replaced",
    "again": "replaced twice is the same",
    "patch": "changes what it names",
}
"""The rule that a resource is read for after each change."""
ENOUGH = 3  # reads in a row that say the same of what reading does
_BORN = ("id", "created", "created_at", "createdat", "creation_date")


@dataclass(slots=True)
class Course:
    """Follows exchanges; what each of them says is in a Judgement of its own."""

    spec: Spec
    family: Family
    things: dict[str, Thing] = field(default_factory=dict)
    keyed: dict[str, tuple[Request, str]] = field(default_factory=dict)  # by Idempotency-Key
    others: dict[str, dict[str, Any]] = field(default_factory=dict)  # that were there, by list
    changes: list[Exchange] = field(default_factory=list)  # since it was listed
    rules: dict[tuple[str, str], Rule] = field(default_factory=dict)
    told: Judgement = field(init=False)

    def judged(self, exchanges: Iterable[Exchange]) -> list[Judgement]:
        """What each exchange says of the rules of all operations of the family."""
        for operation in self.family.operations:
            for rule in state_rules(self.spec, operation):
                self.rules[operation.key, rule.kind] = rule
        found = []
        for exchange in exchanges:
            self.told = Judgement(exchange)
            self._next(exchange)
            found.append(self.told)
        return found

    def _next(self, exchange: Exchange) -> None:
        operation, response = self.spec.by_key[exchange.probe.operation], exchange.response
        path, status = exchange.probe.request.path, response.status if response is not None else 0
        family, role = role_in(self.spec, self.family, operation)
        if is_unavailable(exchange) or status in (0, 202, *REFUSALS):
            if not _is_safe(exchange):
                self.things.pop(path, None)  # nobody knows what became of it
            return
        is_done, method = 200 <= status < 300, exchange.probe.request.method
        if is_done and not _is_safe(exchange):
            self.changes.append(exchange)
        if role == "create" and is_done:
            self._created(family, exchange)
        elif role == "list" and is_done:
            self._listed(family, exchange)
        elif role == "read" and method == "GET":
            self._read(operation, exchange, status)
        elif path in self.things and not _is_safe(exchange):
            self._changed(self.things[path], role, exchange, status)
        for thing in self.things.values():
            is_other = thing.path != path and exchange not in thing.story
            thing.since += [exchange] * (is_other or method == "HEAD")

    # What is said.

    def say(self, kind: str, operation: Operation, seen: str, thing: Thing) -> None:
        """A rule is kept, or broken as was `seen`; with what came before that it takes."""
        rule = self.rules.get((operation.key, kind))
        if rule is None:
            return
        self.told.exercised.add(rule.id)
        if not seen:
            return
        needed = {one.number: one for one in thing.story}
        for one in (*thing.story, self.told.exchange):
            needed.update((other.number, other) for other in self.made_above(one))
        needed.pop(self.told.exchange.number, None)
        story = tuple(needed[number] for number in sorted(needed))
        self.told.findings.append(Finding(rule.id, cut(seen), story=story))

    def made_above(self, exchange: Exchange) -> Iterator[Exchange]:
        """What made the resource that a request is below."""
        for thing in self.things.values():
            if exchange.probe.request.path.startswith(f"{thing.path}/"):
                yield thing.story[0]

    def with_steps(self, thing: Thing, *exchanges: Exchange | None) -> Thing:
        """The resource, with more that is needed to see what is wrong."""
        return replace(thing, story=[*thing.story, *filter(None, exchanges)])

    def _lost(self, thing: Thing, seen: str) -> None:
        """It is no longer as it was read: whoever was asked last since is to blame."""
        for one in sorted(thing.since, key=lambda e: (_is_safe(e), -e.number))[:1]:
            kind = "reading changes nothing" if _is_safe(one) else "touches no other"
            origin = self.things.get(one.probe.request.path)
            before = origin.story[:1] if origin is not None else []
            whole = self.with_steps(thing, *before, one, *thing.reads)
            self.say(kind, self.spec.by_key[one.probe.operation], seen, whole)

    def unlike(self, thing: Thing, body: dict[str, Any]) -> str:
        """Where what is shown is not what was sent; how the rest is written is counted."""
        found, spelled = list[str](), Seen()
        rule = self.rules.get((thing.by.key, _HOW[thing.how]))
        names = declared(thing.family.read) if thing.family.read is not None else frozenset()
        media_type = thing.story[-1].probe.request.header("content-type") or ""
        for name, value in thing.sent.items():
            if value is None and "merge-patch" in media_type:  # it takes the member away
                if body.get(name) is not None:
                    found.append(f"/{name}: {shown(body[name])}, where null was sent")
            elif name in body or name in names:
                for at, said, how in compared({name: value}, body):
                    if how is None:
                        found.append(f"{at}: {said}")
                    elif how and rule is not None:
                        spelled.seen[rule.id][f"{at} {how}"] += 1
        self.told.parts.append(spelled)
        return few(found, MAX_NAMED, "of them")

    # What was asked.

    def _created(self, family: Family, exchange: Exchange) -> None:
        operation, request = family.create, exchange.probe.request
        place, located = place_of(self.spec, family, exchange)
        if operation is None or not place:
            return
        key, held = request.header("idempotency-key"), self.things.get(place)
        if key is not None:
            sent, first = self.keyed.get(key, (None, ""))
            self.keyed.setdefault(key, (request, place))
            if sent == request and first in self.things:
                seen = "another resource, where the same request had one" * (first != place)
                self.say("key creates once", operation, seen, self.things[first])
                if not seen:
                    return
        thing = Thing(family, place, operation, [exchange], located=located)
        thing.sent, thing.shown = comparable(operation, request.body), shown_by(family, exchange)
        thing.held |= thing.sent.keys()
        if held is not None and not held.is_gone and held.story[0].probe.request != request:
            seen = "the id of another resource that was made"
            self.say("id of its own", operation, seen, self.with_steps(held, exchange))
        elif self.things:
            self.say("id of its own", operation, "", thing)
        if located != place and located in self.things:
            seen = "the place of another one that was made"
            self.say(
                "location leads to it",
                operation,
                seen,
                self.with_steps(thing, *self.things[located].story[:1]),
            )
        self.things[place] = thing

    def _read(self, operation: Operation, exchange: Exchange, status: int) -> None:
        path, is_there = exchange.probe.request.path, 200 <= status < 300
        thing = self.things.get(path)
        if thing is None:
            self._elsewhere(operation, exchange, status)
        elif any(one.is_missed and path.startswith(f"{one.path}/") for one in self.things.values()):
            if is_there or status in GONE:
                parents = [one for one in self.things.values() if path.startswith(f"{one.path}/")]
                seen = f"{status}, where what it is below is gone" * is_there
                whole = self.with_steps(thing, *parents[0].story[1:])
                self.say("gone with its parent", operation, seen, whole)
                thing.is_gone = True
        elif thing.is_gone:
            self._after(thing, exchange, status)
        elif status in GONE and thing.is_read:
            self._lost(thing, f"{status}, where it was found before")
        elif status in GONE:
            kind = "created is found" if thing.how == "create" else _HOW[thing.how]
            self.say(kind, thing.by, f"{status}, and nobody deleted it", thing)
        elif is_there:
            self._found(thing, exchange, shown_by(thing.family, exchange))

    def _elsewhere(self, operation: Operation, exchange: Exchange, status: int) -> None:
        """Where Location leads, if not to the id; and what is below another parent."""
        path, shown = exchange.probe.request.path, shown_by(self.family, exchange)
        for thing in self.things.values():
            if thing.family.read is not operation or not (200 <= status < 300 or status in GONE):
                continue
            seen = f"{status} there" if status in GONE else self.unlike(thing, shown)
            if thing.located == path:
                self.say("location leads to it", thing.by, seen, thing)
            elif path.rpartition("/")[2] == thing.path.rpartition("/")[2]:
                is_its = status not in GONE and not seen and not self._has_below(path)
                said = f"{status} below another parent as well" * is_its
                self.say("below its parent alone", operation, said, thing)

    def _has_below(self, path: str) -> bool:
        """Whether something was made where a path is."""
        return path.rpartition("/")[0] in {one.above for one in self.things.values()}

    def _after(self, thing: Thing, exchange: Exchange, status: int) -> None:
        """What is read once it is deleted."""
        if status in GONE:
            self.say("deleted is gone", thing.by, "", thing)
            thing.is_missed, thing.story = True, [*thing.story, exchange]
        elif 200 <= status < 300 and not is_soft(thing.shown, shown_by(thing.family, exchange)):
            kind = "deleted twice" if thing.is_missed else "deleted is gone"
            self.say(kind, thing.by, f"{status}, as if nobody had deleted it", thing)

    def _found(self, thing: Thing, exchange: Exchange, body: dict[str, Any]) -> None:
        family, how, before = thing.family, thing.how, thing.shown
        made = filter(None, (family.create, family.replace, family.patch))
        names = writable(*made)
        if thing.is_read:
            self._moved(thing, exchange, body)
            if seen := changed(before, body, names):
                self._lost(thing, seen)
            for one in () if seen else thing.since:
                kind = "reading changes nothing" if _is_safe(one) else "touches no other"
                self.say(kind, self.spec.by_key[one.probe.operation], "", thing)
        elif how == "again":
            whole = self.with_steps(thing, *thing.reads)
            self.say(_HOW[how], thing.by, changed(before, body, names), whole)
        else:
            self._taken(thing, body)
        if not thing.is_read and how == "patch":
            self._rest(thing, body, names)
        self._tagged(thing, exchange, body, names)
        thing.shown, thing.is_read, thing.reads = body, True, [exchange]
        thing.since.clear()

    def _moved(self, thing: Thing, exchange: Exchange, body: dict[str, Any]) -> None:
        """Whether each time that it was read it says that it has changed since it was before."""
        names = {name for name in body if is_called(name, MOVING)}
        moved = changed(thing.shown, body, names)
        thing.pairs, thing.moved = thing.pairs + 1, thing.moved + bool(moved)
        if thing.pairs == thing.moved >= ENOUGH:
            whole = self.with_steps(thing, *thing.reads)
            operation = self.spec.by_key[exchange.probe.operation]
            self.say("reading changes nothing", operation, f"{moved}, each time", whole)

    def _taken(self, thing: Thing, body: dict[str, Any]) -> None:
        """Whether what was sent is what is there now."""
        seen, before = self.unlike(thing, body), thing.shown
        if thing.how == "create":
            self.say("created is found", thing.by, "", thing)
            if thing.located == thing.path:
                self.say("location leads to it", thing.by, "", thing)
        elif thing.how == "replace" and not seen:
            seen = changed(before, body, before.keys() & {*_BORN})
            names = sorted(thing.dropped)
            kept = [name for name in names if is_same(thing.dropped[name], body.get(name))]
            said = f"still {few(kept, MAX_NAMED, 'of them')}" * bool(kept)
            whole = self.with_steps(thing, *thing.reads)
            self.say("replaced drops the rest", thing.by, said, whole)
        self.say(_HOW[thing.how], thing.by, seen, thing)

    def _rest(self, thing: Thing, body: dict[str, Any], names: frozenset[str]) -> None:
        """What a PATCH did not name; of an object that it names in part, the other members."""
        seen = changed(thing.shown, body, names - thing.sent.keys())
        for name, value in thing.sent.items():
            was, now = thing.shown.get(name), body.get(name)
            if isinstance(value, dict) and isinstance(was, dict) and isinstance(now, dict):
                inner = changed(was, now, was.keys() - value.keys())
                seen = seen or f"/{name}{inner}" * bool(inner)
        self.say("changes nothing else", thing.by, seen, self.with_steps(thing, *thing.reads))

    def _tagged(
        self, thing: Thing, exchange: Exchange, body: dict[str, Any], names: frozenset[str]
    ) -> None:
        tag = (exchange.response.header("etag") if exchange.response else "") or ""
        is_strong = tag.startswith('"') and thing.tag.startswith('"')
        if is_strong and thing.family.read is not None and changed(thing.shown, body, names):
            seen = f"{tag} still, as another representation had" * (tag == thing.tag)
            self.say("tag changes", thing.family.read, seen, self.with_steps(thing, *thing.reads))
        thing.tag = tag

    def _changed(self, thing: Thing, role: str, exchange: Exchange, status: int) -> None:
        operation, is_done = self.spec.by_key[exchange.probe.operation], 200 <= status < 300
        self._conditional(thing, operation, exchange, status)
        if role == "delete" and thing.is_gone:
            thing.story.append(exchange)
            self.say("deleted twice", operation, f"{status}" * (status >= 500), thing)
        elif is_done and role == "delete":
            thing.is_gone, thing.by, thing.story = True, operation, [thing.story[0], exchange]
        elif is_done:
            request = exchange.probe.request
            again = role == "replace" and request.body == thing.story[-1].probe.request.body
            again = again and thing.by is operation and thing.is_read
            kept = thing.story if again else thing.story[:1]
            thing.by, thing.how, thing.story = operation, role, [*kept, exchange]
            thing.how = "again" if again else role
            thing.sent, thing.is_read = comparable(operation, request.body), False
            names = sorted(optional(operation) & thing.held - thing.sent.keys())
            thing.dropped = {**only(thing.shown, names)}
            thing.held |= thing.sent.keys()
        if is_done:
            thing.since.clear()

    def _conditional(
        self, thing: Thing, operation: Operation, exchange: Exchange, status: int
    ) -> None:
        """An If-Match with the tag of now, or another, where the answer is about that."""
        wanted = exchange.probe.request.header("if-match")
        if wanted in (None, "*") or not (thing.tag and thing.is_read) or thing.is_gone:
            return
        if 200 <= status < 300 or status == 412:
            whole = self.with_steps(thing, *thing.reads)
            if wanted == thing.tag:
                seen = "412, though nothing has changed since" * (status == 412)
                self.say("current tag is taken", operation, seen, whole)
            else:
                seen = f"{status} for a tag that is past" * (status != 412)
                self.say("stale tag is refused", operation, seen, whole)

    def _listed(self, family: Family, exchange: Exchange) -> None:
        operation, found = self.spec.by_key[exchange.probe.operation], [*listed(family, exchange)]
        members, path, own = dict(found), exchange.probe.request.path, set[str]()
        above = [*values_in(operation.path, path).values()]
        for thing in self.things.values():
            if thing.family is not family:
                continue
            *parents, name = values_in(template_of(family), thing.path).values()
            if parents == above:
                own.add(name)
                times = sum(other == name for other, _ in found)
                self._in_list(operation, exchange, thing, members.get(name), times)
            else:
                alike = name in members and not self.unlike(thing, members[name])
                seen = "one that was made below another parent" * alike
                self.say("below its parent alone", operation, seen, thing)
        if family is self.family:
            strange = Thing(family, "", operation, [*self.made_above(exchange)])
            for one in parents_of(self.spec, family, found) if above else ():
                seen = f"one of {shown(one)}" * (one != above[-1])
                self.say("below its parent alone", operation, seen, strange)
            strangers = only(members, [*members.keys() - own])
            for change in self.changes if path in self.others else ():
                self._spread(change, self.others[path], strangers)
            self.others[path], self.changes = strangers, []

    def _in_list(
        self,
        operation: Operation,
        exchange: Exchange,
        thing: Thing,
        member: dict[str, Any] | None,
        times: int,
    ) -> None:
        """What a list has of one that was made there."""
        if thing.is_gone:
            stays = member is not None and thing.is_missed and not is_soft(thing.shown, member)
            self.say("list has not what is gone", operation, "one that was deleted" * stays, thing)
        elif member is not None or is_whole(operation, exchange):
            seen = "" if member is not None else "not one that was made"
            if member is not None and thing.is_read:
                seen = changed(thing.shown, member, member.keys() & writable(thing.by))
            seen = f"{times} times one that was made" if times > 1 else seen
            self.say("list has what exists", operation, seen, thing)

    def _spread(
        self, change: Exchange, before: dict[str, dict[str, Any]], now: dict[str, dict[str, Any]]
    ) -> None:
        """Others that a list has: what was sent to one is not found in another."""
        operation = self.spec.by_key[change.probe.operation]
        sent = comparable(operation, change.probe.request.body)
        for thing in self.things.values():
            if sent and change in thing.story and thing.family is self.family:
                seen = spread(sent, before, now, is_new=thing.story[0] is change)
                self.say("touches no other", operation, seen, thing)
                return


def _is_safe(exchange: Exchange) -> bool:
    return exchange.probe.request.method in SAFE_METHODS
