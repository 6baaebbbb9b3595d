"""A request, and what exists, to the answer that says so, and to what exists from then on."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from operator import attrgetter
from typing import Any

from contracts.document import Operation, Spec
from contracts.document.model import NOT_THERE, refusals_of
from contracts.document.serialisation import decoded, fill_path, match_path, parameter_names
from contracts.messages import NO_CONTENT, Request, Response, header_values, overridden
from contracts.mock.bodies import is_value
from contracts.mock.pages import Page, asked_for, page_of
from contracts.mock.views import GONE, Edits, Submission, View, edited, view_of
from contracts.mock.world import (
    MOST,
    Chosen,
    Mock,
    Names,
    Resource,
    Store,
    World,
    bodies,
    digest,
    granted,
    ids,
    list_in,
    successes,
    tag_of,
)
from contracts.schemas.families import AROUND, Family, bare, families_of, list_of, plain
from contracts.schemas.media_types import dump

ROLES = ("create", "list", "read", "replace", "patch", "delete")
_STATUS, _NAME = attrgetter("status"), attrgetter("name")
Fields = Mapping[str, Sequence[Any]]  # by the name of a header field, in lower case: its values


@lru_cache(maxsize=16)
def roles_of(spec: Spec) -> Mapping[str, tuple[str, Family]]:
    """What each operation does to the resources of which family; `below` one to what is in it."""
    families = sorted(families_of(spec), key=lambda family: -len(bare(family.item_path)))
    found = dict[str, tuple[str, Family]]()
    for family in families:
        for role in ROLES:
            if (one := getattr(family, role)) is not None:
                found[one.key] = role, family
        for one in filter(None, (family.read, family.list)):
            found[f"HEAD {one.path}"] = found[one.key]
        for one in family.actions:
            found[one.key] = "act", family
        for one in spec.operations if family.item_path else ():
            if bare(one.path).startswith(f"{bare(family.item_path)}/"):
                found.setdefault(one.key, ("below", family))
    for one in spec.operations:
        role, around = found.get(one.key, ("below", None))
        if one.method == "GET" and role == "below" and list_of(one) is not None:
            parent = around.item_path if around else ""
            found[one.key] = "list", Family("", one.path, "", list=one, parent=parent)
    return found


def role_of(mock: Mock, operation: Operation) -> tuple[str, Family | None]:
    """What an operation does to the resources of a family: one of `ROLES`, "act" or "below".

    Of what is only read nothing becomes, unless in time.
    """
    role, family = roles_of(mock.spec).get(operation.key, ("", None))
    is_read = family is not None and family.operations == (family.read,)
    return ("", None) if is_read and mock.lived is None else (role, family)


def answered(mock: Mock, store: Store, operation: Operation, request: Request) -> Response | None:
    """The answer by what exists, with its effect on that; None where the document shows no state.

    The request is one that the document allows, with the right credential.
    """
    role, family = role_of(mock, operation)
    if family is None:
        return None
    store.moment += 1
    return Deed(mock, store, operation, request, role, family).answer()


@dataclass(frozen=True)
class Deed:
    """What one request is to the resources of a family."""

    mock: Mock
    store: Store
    operation: Operation
    request: Request
    role: str
    family: Family

    @cached_property
    def world(self) -> World:
        return World(self.mock, self.store, strict=self.documented(*NOT_THERE) is not None)

    @cached_property
    def sent(self) -> Submission:
        return Submission(self.family, self.operation, self.request)

    def documented(self, *statuses: int) -> Chosen | None:
        """The first of these statuses that the operation has, and can answer with."""
        for status in statuses:
            response = self.operation.response(status)
            if response and bodies(self.mock, self.operation, response):
                return response, status
        return None

    def answer(self) -> Response | None:
        """What `answered` says."""
        family, role = self.family, self.role
        raw = (match_path(self.operation.path, self.request.path) or {}).values()
        names = tuple(map(decoded, raw))
        if role in ("create", "list"):
            if not self.world.has_parent(family, (*names, "")):
                return self.absent()
            return self.created(names) if role == "create" else self.listed(names)
        names = names[: len(parameter_names(family.item_path))]
        resource = self.world.find(family, names)
        if resource is None:
            return self.placed(names) if role == "replace" else self.absent()
        if role == "below":
            return None
        if self.role != "act":
            self.world.age(family, resource, self.family.read or self.operation)
        return self.unmet(resource) or self.done(resource)

    def done(self, resource: Resource) -> Response | None:
        """What becomes of a resource that is there."""
        face = self.world.face(self.family, resource.index)
        edits: Edits = {}
        if self.role in ("read", "delete"):
            chosen = granted(self.mock, self.operation, *(204, 200)[self.role == "read" :])
            response = self.shown(chosen, resource) if chosen else None
            if self.role == "delete" and response:
                self.store.remove(resource)
            return response
        if face is not None and self.role == "replace":
            edits = self.sent.whole(face)
        elif face is not None:
            patched = self.sent.patched(face, resource.value)
            if patched is None:
                refusals = refusals_of(self.operation)
                chosen = self.mock.first(self.operation, refusals, (409, 422, 400))
                return self.given(chosen, 0) if chosen else None
            edits = patched
        return self._changed(resource, edits, 200, 204)

    def placed(self, names: Names) -> Response | None:
        """What becomes of a PUT where nothing is: something, where the document has a 201."""
        statuses = {*map(_STATUS, self.operation.responses)}
        is_free = "201" in statuses or not self.family.id_parameter
        if not is_free or not self.world.has_parent(self.family, names):
            return self.absent()
        key = digest(self.family.path, names)
        made = replace(self.world.made(self.family, names, key), is_seed=False)
        face = self.world.face(self.family, key)
        return self._changed(made, self.sent.whole(face), 201, 200)

    def _changed(self, resource: Resource, edits: Edits, *preferred: int) -> Response | None:
        chosen = granted(self.mock, self.operation, *preferred)
        face = self.world.face(self.family, resource.index)
        if chosen is None:
            return None
        before = resource.value
        if face is not None:
            resource.value = edited(resource.value, edits, face.fits)
            self.world.age(self.family, resource, self.operation)
            self._agree(chosen, resource, face)
        resource.version += before != resource.value
        self.store.put(resource)
        return self.shown(chosen, resource)

    def _agree(self, chosen: Chosen, resource: Resource, face: View) -> None:
        """Let a resource be as the answer has to show it, whatever else it might have been."""
        if (view := self._view(chosen, resource)) is not None:
            held, edits = view.of(resource.value, resource.known), dict[str, list[Any]]()
            for name in filter(held.__contains__, resource.known):
                edits[name] = [held[name]]
            resource.value = edited(resource.value, edits, face.fits)

    def _view(self, chosen: Chosen, resource: Resource) -> View | None:
        """How an answer shows a resource; None if it does not."""
        variants = bodies(self.mock, self.operation, chosen[0])
        variant = variants[resource.index % len(variants)]
        view = view_of(variant.value, variant.schema, self.family)
        if view is None or chosen[1] in NO_CONTENT:
            return None
        is_shown = self.role not in ("act", "delete") or self.family.id_in(view.held)
        return view if is_shown else None

    # --- answers ---

    def absent(self) -> Response:
        """That something is not there, in whatever way the document has for it."""
        if chosen := self.documented(*NOT_THERE):
            return self.given(chosen, 0)
        return self.mock.plain(404, "there is no such resource")

    def given(self, chosen: Chosen, index: int, fields: Fields | None = None) -> Response:
        """A documented answer as it is, but for some fields of its head."""
        variants = bodies(self.mock, self.operation, chosen[0])
        variant = variants[index % len(variants)]
        response = self.mock.given(self.operation, chosen, variant, index, self.request)
        headers = response.headers
        for header in chosen[0].headers:
            for value in (fields or {}).get(header.name.lower(), ()):
                text = "" if value in (None, GONE) else str(value)
                if is_value(header, text) or not (text or header.required):
                    headers = overridden(headers, ((header.name, text),))
                    headers = headers if text else headers[:-1]
                    break
        return replace(response, headers=headers)

    def shown(self, chosen: Chosen, resource: Resource) -> Response:
        """An answer that shows a resource, as far as the document has it do so."""
        fields = dict[str, list[str]]()
        for header in chosen[0].headers:
            if header.name.lower() == "etag":
                fields["etag"] = [tag_of(header, resource)]
        if self.role == "create" and self.family.item_path:
            names = zip(parameter_names(self.family.item_path), resource.names, strict=True)
            path = fill_path(self.family.item_path, dict(names))
            host = self.request.header("host") or "localhost"
            fields["location"] = [path, f"http://{host}{path}", f"https://{host}{path}"]
        response, view = self.given(chosen, resource.index, fields), self._view(chosen, resource)
        if view is None or not response.body:
            return response
        return replace(response, body=dump(view.around(view.of(resource.value, resource.known))))

    def unmet(self, resource: Resource) -> Response | None:
        """The answer to a condition that does not hold (RFC 9110 §13.2.2); None if all hold."""
        tags, failed = set[str](), None
        for operation in self.family.operations:
            for response in operation.responses:
                for header in response.headers:
                    tags.update([tag_of(header, resource)] * (header.name.lower() == "etag"))
        wanted, unwanted = self._tags("if-match"), self._tags("if-none-match")
        statuses = {*map(_STATUS, self.operation.responses)}
        if tags and wanted and tags.isdisjoint(wanted) and "*" not in wanted:
            failed = self.documented(412)
        elif not wanted and "428" in statuses:
            failed = self.documented(428)
        elif tags and ("*" in unwanted or not _weak(unwanted).isdisjoint(_weak(tags))):
            failed = self.documented(304 if self.role == "read" else 412)
        return self.given(failed, resource.index, {"etag": [*tags]}) if failed else None

    def _tags(self, name: str) -> set[str]:
        found = ",".join(header_values(self.request.headers, name))
        return set(re.findall(r'\*|(?:W/)?"[^"]*"', found))

    # --- collections ---

    def created(self, above: Names) -> Response | None:
        """A new resource; the same one where an Idempotency-Key is repeated."""
        fields = {*map(str.lower, map(_NAME, self.operation.parameters))}
        repeats = header_values(self.request.headers, "idempotency-key")
        key = self.operation.key, "".join(repeats) if "idempotency-key" in fields else ""
        body, before = self.request.body or b"", self.store.repeated.get(key)
        if before is not None:
            chosen = None if before[0] == body else self.documented(422, 409)
            return self.given(chosen, 0) if chosen else before[1]
        self.world.seed(self.family, above)
        own = [self.sent.own_id] * bool(self.sent.own_id)
        resource = next(self.world.fresh(self.family, above, own), None)
        if resource is None or isinstance(self.sent.value, list):
            return None
        taken = self.documented(409) if own and resource.names[-1:] != (*own,) else None
        if taken is not None:
            return self.given(taken, 0)
        resource.is_seed = False
        face = self.world.face(self.family, resource.index)
        response = self._changed(resource, self.sent.whole(face), 201)
        if key[1] and response is not None:
            self.store.repeated[key] = body, response
            if len(self.store.repeated) > MOST:
                del self.store.repeated[next(iter(self.store.repeated))]
        return response

    def listed(self, above: Names) -> Response | None:
        """A list of what there is; None where the document has no room for it."""
        asked = self.family.list or self.operation  # which HEAD answers for
        chosen, variants = granted(self.mock, self.operation, 200), successes(self.mock, asked, 200)
        index = digest(asked.key, above)
        place, variant = None, variants[index % len(variants or "-") :][:1]
        for one in variant:
            place, _ = list_in(asked, one)
        if chosen is None or place is None or variant[0].schema is None:
            return None
        self.world.seed(self.family, above)
        lengths = (part.value.get("maxItems", MOST) for part in place.parts)
        there, wanted = list[Resource](), self._only(asked)
        for resource in self.store.resources.values():
            if (resource.path, resource.names[:-1]) == (self.family.path, above):
                self.world.age(self.family, resource, asked)
                held = (value for value in resource.value.values() if isinstance(value, str))
                there += [resource] * wanted.issubset(held)
        page = page_of(asked, self.request, there, min([*lengths, MOST]))
        body = self._paged(page, View(variant[0].value, variant[0].schema), list_of(asked) or ())
        fields: dict[str, Sequence[Any]] = {"link": [GONE]}
        if page.more:
            fields["link"] = [f'<{page.target}>; rel="next"']
        names = list(map(_NAME, chosen[0].headers))
        for name, values in page.told(names).items():
            fields[name.lower()] = values
        response = self.given(chosen, index, fields)
        return None if body is None else replace(response, body=dump(body) * bool(response.body))

    def _only(self, asked: Operation) -> set[str]:
        """The words of enums that `only_…` asks for: `only_active` those that are `active`."""
        face, wanted, known = self.world.face(self.family, 0), set[str](), set[str]()
        for name in face.known if face else ():
            known |= face.location.property(name).texts if face else set()
        for parameter in asked.parameters:
            word = parameter.name.lower().removeprefix("only").strip("_-")
            if word in known and asked_for(parameter, self.request) == "true":
                wanted.update([word] * (parameter.name.lower() != word))
        return wanted

    def _paged(self, page: Page, view: View, place: Sequence[str]) -> Any:
        """The body of a list, with all that it says of itself; None if that is forbidden."""
        views, body = self.world.items(self.family.list or self.operation), list[Any]()
        for resource in page.items:
            item = views[resource.index % len(views)] if views else None
            if item is None:
                body.append(resource.value)
            elif isinstance(item.held, dict):
                body.append(item.of(resource.value, resource.known))
            else:
                names = filter(item.fits, ids(resource.names[-1], item.location))
                body.append(next(names, item.held))
        if not place:
            return body if view.fits(body) else None
        told = edited(view.body, {place[0]: [body]}, view.fits)
        return self._told(told, view, page) if told[place[0]] is body else None

    def _told(self, body: dict[str, Any], view: View, page: Page) -> dict[str, Any]:
        """What a page says of itself, also in an object of its own."""
        body = edited(body, page.told(view.known), view.fits)
        for name in body:
            if plain(name) in AROUND and isinstance(body[name], dict):
                inner = View(body, view.schema, (name,))
                told = edited(body[name], page.told(inner.known), inner.fits)
                body = inner.around(told)
        return body


def _weak(tags: set[str]) -> set[str]:
    return {tag.removeprefix("W/") for tag in tags}
