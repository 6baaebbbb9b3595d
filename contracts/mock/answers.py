"""A request to what a client may be answered with: refusals that say why, and bodies in turn."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from operator import attrgetter, itemgetter
from typing import Any

from contracts.document import MediaType, Operation, ResponseSpec
from contracts.document.model import best
from contracts.messages import Headers, Request, Response, covers, header_values, is_json
from contracts.mock import preferences
from contracts.mock.bodies import NO_VALUE, Variant, examples_of, header_texts, variant_of
from contracts.mock.deeds import answered, role_of
from contracts.mock.refusals import Ground, grounds_of, problem, sentence_of, told
from contracts.mock.service import (
    CREDENTIAL,
    MOST_FIELDS,
    Chosen,
    MockService,
    challenges,
    fixed_index,
    presented,
)
from contracts.mock.world import Store, bodies
from contracts.payloads import RandomChoices
from contracts.text import few, shown

MOST_NAMED = 8
OTHERWISE = {402, 405, 406, *range(409, 418), 421, *range(423, 429), 431, 451}
"""Statuses that say something else of a request than that the document forbids it."""


@dataclass(frozen=True, slots=True)
class Turns:
    """What a request is answered with, in turn: `make` takes a number, of `count` that differ."""

    make: Callable[[int], Response]
    count: int = 1  # 0: no two are the same
    turn: tuple[str, ...] = ()  # those that share it take turns
    refused: str = ""  # why it is refused


def answers_to(
    service: MockService, request: Request, *, walks: bool, store: Store | None = None
) -> Turns:
    """The answers to a request, by what exists in a store where the document shows that.

    Others are the same again and again unless it `walks` through all bodies.
    """
    operation = service.operation_for(request)
    if isinstance(operation, Response):
        return _one(operation, "not in the document" * (operation.status >= 400))
    asked = replace(request, method=operation.method)
    if not request.body:  # clients that send a media type with nothing are no less welcome
        asked = asked.with_field("Content-Type")
    try:
        wishes = preferences.preferences_of(header_values(request.headers, "prefer"))
    except preferences.UnreadableError as error:
        return _refusal(422, str(error))
    return _Counter(service, operation, asked, wishes, walks, store).answers()


def _one(response: Response, refused: str = "") -> Turns:
    return Turns(lambda _: response, refused=refused)


def _refusal(status: int, said: str, *headers: tuple[str, str], **more: Any) -> Turns:
    return _one(problem(status, said, *headers, **more), said)


@dataclass(frozen=True, slots=True)
class _Counter:
    """Where a request to an operation is served."""

    service: MockService
    operation: Operation
    request: Request
    wishes: preferences.Preferences
    walks: bool
    store: Store | None

    def answers(self) -> Turns:
        """To a credential that is refused, to what can't be read, what is preferred, the rest."""
        service, operation = self.service, self.operation
        if (denied := service.unauthorised(operation, self.request)) is not None:
            return self._denied(denied)
        if not operation.responses:
            return _one(Response(200))
        coding = self.request.header("content-encoding") or "identity"
        if self.request.body and coding.lower() != "identity":
            said = f"the body is coded as {coding}, which the mock does not undo"
            return _refusal(415, said, ("Accept-Encoding", "identity"))
        if self.wishes.code:
            return self._preferred()
        if chosen := service.nowhere(operation, self.request):
            return self._given(chosen)
        if grounds := grounds_of(operation, self.request):
            return self._refused(grounds)
        if chosen := service.granted(operation):
            return self._existing(chosen) or self._given(chosen)
        why = next(iter(service.lacking(operation).values()), "no response can be given")
        return _refusal(503, why)

    def _existing(self, chosen: Chosen) -> Turns | None:
        """By what exists, where the document shows that, and the client has no other wish."""
        role, _ = role_of(self.service, self.operation)
        store, wishes = self.store, self.wishes
        liked = self._accepted(chosen)
        is_other = wishes.code or wishes.example or wishes.dynamic is not None
        shown = bodies(self.service, self.operation, chosen[0])
        if not role or store is None or is_other or not liked or liked[0] not in shown:
            return None
        others = self._given(chosen)

        def make(number: int) -> Response:
            found = answered(self.service, store, self.operation, self.request)
            return found or others.make(number)

        is_same = role in ("read", "list") and self.service.lived is None
        return Turns(make, int(is_same), others.turn)

    def _denied(self, denied: Chosen | Response) -> Turns:
        challenge = challenges(self.operation, self.service.spec)
        schemes, how = ", ".join(map(itemgetter(1), challenge)), "missing"
        if any(map(any, presented(self.request, self.service.spec).values())):
            how = "wrong"
        said = f"the credential is {how}, wanted is {schemes}"
        if self.service.credential == CREDENTIAL:  # another is somebody's
            said += f" with {CREDENTIAL}"
        if isinstance(denied, Response):
            return _refusal(401, said, *challenge)
        return self._told(denied, [Ground(said, keyword="security")])

    def _preferred(self) -> Turns:
        code, operation = self.wishes.code, self.operation
        documented = operation.response(code)
        if documented is None:
            known = few([*map(attrgetter("status"), operation.responses)], MOST_NAMED, "")
            return _refusal(404, f"{operation.key} has no response {code}, it has {known}")
        if not self.service.variants(operation, documented):
            return _refusal(503, self.service.lacking(operation)[documented.status])
        return self._given((documented, code))

    def _refused(self, grounds: Sequence[Ground]) -> Turns:
        """A documented refusal that says why; else a problem that does."""
        wanted = 422
        if grounds[0].keyword.startswith("content type"):
            wanted, documented = 415, self.operation.response(415)
            if documented and self.service.variants(self.operation, documented):
                return self._told((documented, 415), grounds)
        chosen = self.service.refused(self.operation)
        is_of_path = any(one.part == "path" for one in grounds)
        if chosen and chosen[1] not in OTHERWISE and (chosen[1] != 404 or is_of_path):
            return self._told(chosen, grounds)
        errors = list(map(Ground.as_member, grounds))
        return _refusal(wanted, sentence_of(grounds), errors=errors)

    def _told(self, chosen: Chosen, grounds: Sequence[Ground]) -> Turns:
        variants = self._accepted(chosen) or self.service.variants(self.operation, chosen[0])
        said = sentence_of(grounds)
        made = self._made([told(variants, chosen[1], grounds)], chosen, [])
        return Turns(lambda _: made(fixed_index(self.request)), refused=said)

    def _accepted(self, chosen: Chosen) -> list[Variant]:
        """Of the bodies of a response those of the type that the client likes best."""
        variants = self.service.variants(self.operation, chosen[0])
        names = [*filter(None, dict.fromkeys(map(attrgetter("content_type"), variants)))]
        if not names:
            return [*variants]
        accept = header_values(self.request.headers, "accept")
        liked = preferences.acceptable(accept, names)[:1]
        found = [one for one in variants if one.content_type in liked]
        return found or list(self._within(chosen[0], variants, preferences.named(accept)))

    def _within(
        self, documented: ResponseSpec, variants: Sequence[Variant], names: Sequence[str]
    ) -> Iterator[Variant]:
        """The bodies of a documented range, as the first type that is within it and accepted."""
        for variant in variants:
            own = variant.content_type or ""
            media = best(documented.content, own)
            for name in names:
                if media and covers(media.name, name) and is_json(name) == is_json(own):
                    yield replace(variant, content_type=name)
                    break

    def _given(self, chosen: Chosen) -> Turns:
        """The bodies of a response, as the client would have them."""
        documented, code = chosen
        variants, wishes = self._accepted(chosen), self.wishes
        if not variants and code < 400:
            names = few([*map(attrgetter("name"), documented.content)], MOST_NAMED, "")
            return self._unacceptable(f"Accept takes nothing of what there is: {names}")
        # A refusal in another form is better than none.
        variants = variants or [*self.service.variants(self.operation, documented)]
        media = best(documented.content, variants[0].content_type or "")
        examples = examples_of(media, self.service.spec.document)
        applied = [preferences.preference("code", code)] * bool(wishes.code)
        if wishes.example:
            return self._shown(examples, variants, chosen, applied)
        if wishes.dynamic is not None:
            applied.append(preferences.preference("dynamic", wishes.dynamic))
        usable = [one for one in examples.values() if isinstance(one, Variant)]
        turn = (self.operation.key, documented.status, variants[0].content_type or "")
        if wishes.dynamic:
            return Turns(self._fresh(media, chosen, variants, applied), 0, turn)
        if wishes.dynamic is None and self.walks:
            every = [*usable, *variants]
            count = max(map(len, (every, *map(header_texts, documented.headers[:MOST_FIELDS]))))
            return Turns(self._made(every, chosen, applied), count, turn)
        fixed = variants[fixed_index(self.request) % len(variants)]
        return self._fixed([*usable[: wishes.dynamic is False], fixed][0], chosen, applied)

    def _shown(
        self,
        examples: Mapping[str, Variant | str],
        variants: Sequence[Variant],
        chosen: Chosen,
        applied: list[str],
    ) -> Turns:
        """An example by its name, or a body by its number."""
        name = self.wishes.example
        found = examples.get(name, "")
        if not found and name.isdecimal():
            found = variants[int(name[:9]) % len(variants)]
        if isinstance(found, Variant):
            return self._fixed(found, chosen, [*applied, preferences.preference("example", name)])
        said = f"the document's example {shown(name)} is no answer: {found}"
        if not found:
            known = few([*examples], MOST_NAMED, "") or "none"
            said = f"the document has no example {shown(name)} here, it has {known}"
        return _refusal(404, said)

    def _fixed(self, variant: Variant, chosen: Chosen, applied: Sequence[str]) -> Turns:
        make = self._made([variant], chosen, applied)
        return Turns(lambda _: make(fixed_index(self.request)))

    def _fresh(
        self,
        media: MediaType | None,
        chosen: Chosen,
        others: Sequence[Variant],
        applied: Sequence[str],
    ) -> Callable[[int], Response]:
        """Bodies that are made for one answer alone, where the schema can be drawn from."""

        def make(number: int) -> Response:
            variant = None
            with suppress(*NO_VALUE):
                variant = variant_of(media, RandomChoices(f"{self.operation.key} {number}"))
            made = self.service.refined(self.operation, chosen[1], variant or others[0])
            made = replace(made, content_type=others[0].content_type)
            return self._made([made], chosen, applied)(number)

        return make

    def _made(
        self, variants: Sequence[Variant], chosen: Chosen, applied: Sequence[str]
    ) -> Callable[[int], Response]:
        fields: Headers = ()
        if applied:
            fields = (("Preference-Applied", ", ".join(applied)), ("Vary", "Prefer"))
        if chosen[0].content[1:]:
            fields = (*fields, ("Vary", "Accept"))

        def make(number: int) -> Response:
            variant = variants[number % len(variants)]
            given = self.service.given(self.operation, chosen, variant, number, self.request)
            return replace(given, headers=(*given.headers, *fields))

        return make

    def _unacceptable(self, said: str) -> Turns:
        """The documented 406, if there is one (RFC 9110 §15.5.7)."""
        documented = self.operation.response(406)
        if documented is None or not self.service.variants(self.operation, documented):
            return _refusal(406, said)
        return self._told((documented, 406), [Ground(said, "header", ("Accept",), "Accept")])
