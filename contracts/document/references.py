"""A tree in, the same with every `$ref` a pointer into it, and the schemas found on the way."""

import copy
import posixpath
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from heapq import heappop, heappush
from itertools import takewhile
from typing import Any, NamedTuple
from urllib.parse import quote, unquote, urlsplit

from contracts.document.dialects import ANY, Dialect, Found, Segments, faults_of, walk
from contracts.document.dialects.repairs import ABSENT, ANYTHING, INSTEAD, Repairs, is_described
from contracts.document.identifiers import Identifiers
from contracts.document.model import Notice, escape_segment, join_pointer, split_pointer, value_at
from contracts.document.written import Neighbours, Position, written_from_bytes
from contracts.errors import DocumentError
from contracts.text import shown

FILES = "x-files"  # the key under which other files that the document refers to are embedded
_FRAGMENT_SAFE = "/~!$&'()*+,;=:@?"
_2020_12 = "https://json-schema.org/draft/2020-12/schema"
_OURS = "https://spec.openapis.org/oas/3."
_STATUS = re.compile(r"[1-5](\d\d|XX|xx)|default|x-.*|\$ref", re.ASCII | re.DOTALL)
MOST_ANSWERS = 600  # of an operation, more than which are not looked into one by one
MAX_LEVELS = 300  # of references below one another that one value is led through
MAX_BELOW = 10_000  # schemas below one another, of which native code takes some stack each
MAX_WAYS = 50_000
"""In which a value may come to the schemas below: validators go all of them, one by one."""
_SAME_VALUE = {"allOf", "anyOf", "oneOf", "not", "if", "then", "else", "dependentSchemas"}
_SCHEMA_DIALECTS = (_2020_12, f"{_2020_12}#", f"{_OURS}1/dialect/", f"{_OURS}2/dialect/")


class _Reference(NamedTuple):
    """A `$ref` to follow, what holds it, and where that stands in the tree that is handed on."""

    holder: dict[str, Any]
    text: str
    kind: str
    segments: Segments


class _Dangling(DocumentError):
    """A `$ref` that can't be followed; `elsewhere` is the file that is not read, if it is one."""

    elsewhere = ""

    def to(self, file: str) -> "_Dangling":
        self.elsewhere = file
        return self


@dataclass(eq=False)
class Linker:
    """Follows every reference once, and embeds the files that they name under `x-files`."""

    tree: dict[str, Any]
    root: Position
    dialect: Dialect
    around: Neighbours | None
    repairs: Repairs
    is_linked: bool = False  # every reference is a pointer already
    renamed: dict[str, str] = field(default_factory=dict)  # paths, which references may still name
    parts: list[Found] = field(default_factory=list)  # every object, once
    _schemas: list[tuple[dict[str, Any], Segments]] = field(default_factory=list)
    _embedded: dict[str, Any] = field(default_factory=dict)
    _visited: dict[int, str] = field(default_factory=dict)
    _pending: list[_Reference] = field(default_factory=list)
    _faulty: list[tuple[int, int, _Reference]] = field(default_factory=list)
    _late: set[int] = field(default_factory=set)
    _dynamic: list[_Reference] = field(default_factory=list)
    _targets: dict[int, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._names = Identifiers(self.tree)
        self._names.note_file((), "", self.tree)

    def link(self) -> list[tuple[dict[str, Any], Segments]]:
        """Rewrite every `$ref`, and take out what can't be followed; schemas and their places."""
        self._visit(self.tree, "document", ())
        followed = self._followed()
        self._end_circles(followed)
        self._thin_out({id(one.holder): one for one in followed if one.kind == "schema"})
        for reference in self._dynamic:
            if not self._names.is_settled(reference.text):
                problem = "is dynamic, and may lead to several `$dynamicAnchor`s"
                found = self._error(reference, f"{problem}: the first is read", "write a `$ref`")
                self._note_unread(reference, found)
        return self._schemas

    def _followed(self) -> list[_Reference]:
        """The references that lead somewhere; those that do not are taken out."""
        followed: list[_Reference] = []
        delayed: set[int] = set()
        while self._pending or self._faulty:
            if not self._pending:  # what is above others says best what these are
                self._pending.append(heappop(self._faulty)[-1])
            reference = self._pending.pop()
            if "://" in reference.text and id(reference.holder) not in delayed:
                delayed.add(id(reference.holder))  # a file that others name may be called so
                self._pending.insert(0, reference)
                continue
            try:
                if self._follow(reference):
                    followed.append(reference)
            except _Dangling as error:
                self._take_out(reference, error)
        return followed

    def _end_circles(self, followed: Sequence[_Reference]) -> None:
        """Take out what leads only back to itself."""
        straight = set[int]()  # what leads into a circle at most, and is in none
        for reference in followed:
            passed: dict[int, Any] = {}
            node: Any = reference.holder
            while id(node) in self._targets and not (id(node) in passed or id(node) in straight):
                passed[id(node)] = node
                node = self._targets[id(node)]
            straight.update(takewhile(id(node).__ne__, passed))
            if node is reference.holder and passed:
                problem, cure = "leads only back to itself", "define what it names"
                is_bare = all(node.keys() == {"$ref"} for node in passed.values())
                if is_bare or reference.kind != "path item":  # which may have more on the way
                    del self._targets[id(node)]
                    self._take_out(reference, self._error(reference, problem, cure))
                else:
                    self._note(reference.segments, f"the `$ref` {problem}", cure)

    def _thin_out(self, references: dict[int, _Reference]) -> None:
        """Take out what leads one value to schemas in too many ways, or through too many."""
        ways: dict[int, int] = {}  # of a schema, with all below; 0 as long as it is looked at
        levels, depths = dict[int, int](), dict[int, int]()
        waiting: list[tuple[Any, bool]] = [(one.holder, False) for one in references.values()]
        while waiting:
            schema, is_next = waiting.pop()
            target = self._targets.get(id(schema))
            below = [*self._schemas_in(schema)] + [(True, target)] * isinstance(target, dict)
            if is_next:
                alike = deep = depth = 1
                others = 0
                for is_same, held in below:
                    depth = max(depth, 1 + depths.get(id(held), 0))
                    if is_same:
                        alike += ways[id(held)]
                        deep = max(deep, 1 + levels.get(id(held), 0))
                    else:
                        others = max(others, ways[id(held)])
                ways[id(schema)], levels[id(schema)] = alike + others, deep
                depths[id(schema)], reference = depth, references.get(id(schema))
                is_deep, is_low = levels.get(id(target), 0) >= MAX_LEVELS, depth > MAX_BELOW
                if reference and (is_deep or is_low or ways.get(id(target), 0) > MAX_WAYS):
                    ways[id(schema)] = levels[id(schema)] = depths[id(schema)] = 1
                    bounds = f"{MAX_WAYS:,} ways, through {MAX_LEVELS}, or below {MAX_BELOW:,}"
                    problem = f"leads one value to schemas in more than {bounds} others"
                    cure = "refer to each schema once where one value is described"
                    self._take_out(reference, self._error(reference, problem, cure))
            elif id(schema) not in ways:
                ways[id(schema)] = 0
                waiting += [(schema, True), *((held, False) for _, held in below)]

    def _schemas_in(self, schema: dict[str, Any]) -> Iterator[tuple[bool, dict[str, Any]]]:
        """The schemas directly below one, each with whether it is about the same value."""
        fields = self.dialect.fields["schema"]
        for keyword in schema.keys() & fields.keys():
            held = schema[keyword]
            if fields[keyword] == "schema":
                held = [held]
            elif isinstance(held, dict):
                held = held.values()
            elif not isinstance(held, list):
                continue
            for one in held if fields[keyword].strip("[{}]") == "schema" else ():
                if isinstance(one, dict):
                    yield keyword in _SAME_VALUE, one

    def open_maps(self, value: Any, kind: str, place: Segments) -> None:
        """Read each map that is a `$ref`, which OpenAPI does not know, as one of references."""
        for node, found, at in walk(self.dialect, (value, kind, place)):
            fields = self.dialect.fields.get(found, {})
            is_map = ANY in fields and found not in self.dialect.definitions
            if is_map or found == "components":
                self._open_map(node, at)
            if found == "responses" and len(node) > MOST_ANSWERS:
                odd = {name: node.pop(name) for name in [*node] if not _STATUS.fullmatch(name)}
                self.repairs.leave(at, odd)
                self.repairs.note(at, f"{len(odd):,} answers have no status", "left out")
            for name, held in fields.items():
                if held[0] == "{" and isinstance(node.get(name), dict):
                    self._open_map(node[name], (*at, name))

    def _open_map(self, holder: dict[str, Any], place: Segments) -> None:
        text = holder.get("$ref")
        if not isinstance(text, str):
            return
        try:
            target = value_at(self.tree, self._destination(_Reference(holder, text, "map", place)))
        except _Dangling as error:
            holder["$ref"] = error.elsewhere or text  # which nobody can read
            return
        except (KeyError, IndexError, TypeError):
            return
        if isinstance(target, dict):
            self._note(place, "a map is a `$ref`: its members are read", "refer to each of them")
            del holder["$ref"]
            base = text if "#" in text else f"{text}#"
            for name in target:
                member = quote(escape_segment(name), safe=_FRAGMENT_SAFE)
                holder.setdefault(name, {"$ref": f"{base}/{member}"})

    def _take_out(self, reference: _Reference, error: "_Dangling") -> None:
        """Read what holds a `$ref` without it: only what hangs on that is lost."""
        if reference.kind in ("schema", "path item", "operation"):
            del reference.holder["$ref"]
        else:
            reference.holder.clear()
            reference.holder.update(copy.deepcopy(INSTEAD.get(reference.kind, {})))
        error.problem = f"{error.problem}: {ANYTHING if reference.kind == 'schema' else ABSENT}"
        self._note_unread(reference, error)

    def _note_unread(self, reference: _Reference, error: "_Dangling") -> None:
        self._note(reference.segments, error.problem, error.cure)
        if reference.kind not in ("example", "link"):
            # Two sides that name a file alike may still have two.
            self.repairs.leave((*reference.segments, "$ref"), error.elsewhere or reference.text)

    def _home_of(self, segments: Segments) -> Segments:
        """Where the file stands that something is written in: () for the document itself."""
        is_elsewhere = segments[:1] == (FILES,) and not self.is_linked
        return segments[:2] if is_elsewhere else ()

    def _note(self, place: Segments, problem: str, cure: str) -> None:
        source = self.root.at((*place, "$ref")).source
        self.repairs.notices.append(Notice("reference", source, problem, cure))

    def _visit(self, node: Any, kind: str, segments: Segments) -> None:
        for value, found, place in walk(self.dialect, (node, kind, segments)):
            if id(value) in self._visited:
                continue
            self._visited[id(value)] = found
            self.parts.append((value, found, place))
            if found == "schema":
                self._schemas.append((value, place))
                if self.dialect.has_identifiers:
                    self._check_dialect(value, place)
                    self._names.note_schema(value, place, self._home_of(place))
                    self._settle_dynamic(value, place)
            if found in self.dialect.definitions and isinstance(value.get("$ref"), str):
                self._pending.append(_Reference(value, value["$ref"], found, place))

    def _check_dialect(self, schema: dict[str, Any], place: Segments) -> None:
        if not str(schema.get("$schema", _2020_12)).startswith(_SCHEMA_DIALECTS):
            problem = f"the dialect {schema['$schema']} is not read: taken for 2020-12"
            source = self.root.at((*place, "$schema")).source
            notice = Notice("reference", source, problem, f"write it in {_2020_12}")
            self.repairs.notices.append(notice)
            self.repairs.leave((*place, "$schema"), schema.pop("$schema"))

    def _settle_dynamic(self, schema: dict[str, Any], place: Segments) -> None:
        """Read `$dynamicRef` as `$ref`, which it is where only one anchor has that name."""
        if isinstance(text := schema.pop("$dynamicRef", None), str):
            self._dynamic.append(_Reference(schema, text, "schema", place))
            if "$ref" in schema:
                schema.setdefault("allOf", []).append({"$ref": text})
            else:
                schema["$ref"] = text

    def _follow(self, reference: _Reference) -> bool:
        """Whether it was followed by now."""
        segments = self._destination(reference)
        try:
            target = value_at(self.tree, segments)
        except (KeyError, IndexError, TypeError):
            cure = "mend the pointer, or define what it names"
            raise self._error(reference, "leads nowhere", cure) from None
        if not isinstance(target, dict) and (reference.kind, type(target)) != ("schema", bool):
            problem = f"leads to {shown(target)}, wanted a {reference.kind} object"
            raise self._error(reference, problem, "mend the pointer")
        is_other = isinstance(target, dict) and self._visited.get(id(target)) != reference.kind
        if is_other and not self._look_into(target, reference, segments):
            return False
        self._targets[id(reference.holder)] = target
        reference.holder["$ref"] = "#" + quote(join_pointer("", *segments), safe=_FRAGMENT_SAFE)
        return True

    def _look_into(self, target: dict[str, Any], reference: _Reference, at: Segments) -> bool:
        """Mend a target that nobody has read; one that is of another kind is left alone.

        One with faults waits until all others are read, for it may be of another kind there: False.
        """
        if is_described(self.dialect, self.tree, self._visited, at) or id(target) in self._visited:
            if faults := faults_of(self.dialect, reference.kind, target):
                problem = faults[0].problem(join_pointer("", *at, *map(str, faults[0].path)))
                cure = f"name a {reference.kind} object"
                raise self._error(reference, f"leads to what is none ({problem})", cure)
        elif id(reference.holder) not in self._late:
            if faults_of(self.dialect, reference.kind, target):
                self._late.add(id(reference.holder))
                heappush(self._faulty, (len(at), len(self._late), reference))
                return False
        else:
            self.open_maps(target, reference.kind, at)
            self.repairs.mend(reference.kind, target, at)
        if id(target) not in self._visited:
            self._visit(target, reference.kind, at)
        return True

    def _destination(self, reference: _Reference) -> Segments:
        text, place, names = reference.text, reference.segments, self._names
        home = self._home_of(place)
        found = names.found(text, place, home)
        if found is None:
            file, _, fragment = text.partition("#")
            fragment, root = unquote(fragment), self._file(file, reference) if file else home
            anchored = names.within(root, fragment)
            if anchored is None and fragment and not fragment.startswith("/"):
                cure = "write a pointer (`#/components/…`)"
                raise self._error(reference, "names an anchor that is not there", cure)
            pointed = split_pointer(fragment)
            if root == () and pointed[:1] == ("paths",):
                pointed = ("paths", *(self.renamed.get(name, name) for name in pointed[1:]))
            there = anchored or (*root, *pointed)
            found = there, names.resource(place, home) != home
        there, is_stray = found
        if is_stray:
            problem = "the `$ref` stands below an `$id`, which gives it another meaning"
            cure = "it is read without; write it from that `$id`, or remove the `$id`"
            self._note(place, problem, cure)
        return there

    def _file(self, name: str, reference: _Reference) -> Segments:
        """Where a file stands below `x-files`; reads it when it is first named."""
        home, path = self._home_of(reference.segments), self._path(name, reference)
        if self.around is None:
            problem = "names another file, and this document has no folder"
            here = f"{self.root.written.file}: {reference.text}"
            raise self._error(reference, problem, "give it as a file").to(here)
        home_file = "".join(home[1:])
        found = self.around.named(path, home_file)
        if found is None:
            problem = "leads out of the repository, or of the document's folder if it is in none"
            cure, there = "put a copy into it, or name another --root", posixpath.dirname(home_file)
            label = self.around.label(posixpath.join(there, path))
            raise self._error(reference, problem, cure).to(label)
        if found and found not in self._embedded:
            content = self.around.content(found)
            if content is None:
                cure = "mend the name, or add the file"
                raise self._error(reference, "names a file that does not exist", cure)
            written = written_from_bytes(content, self.around.label(found))
            self.repairs.note_text(written.faults)
            if not self._embedded and self.tree.get(FILES):
                problem = f"`{FILES}` is taken for the files referred to"
                raise self.root.child(FILES).error(problem, "rename that key")
            self.tree[FILES] = self._embedded
            self._embedded[found] = written.tree
            self.root.entered(FILES).moved[found] = Position(written)
            self._names.note_file((FILES, found), found, written.tree)
        return (FILES, found) if found else ()

    def _path(self, name: str, reference: _Reference) -> str:
        """The path of a file from the one that refers to it, which is where its `$self` says."""
        home = self._home_of(reference.segments)
        try:
            address = urlsplit(name)
            own, wanted = (urlsplit(self._names.uri(text, home, home)) for text in ("", name))
        except ValueError:
            raise self._error(reference, "is neither a path nor a URL", "mend it") from None
        if own.netloc and own[:2] == wanted[:2] and wanted != own:
            return posixpath.relpath(unquote(wanted.path), posixpath.dirname(unquote(own.path)))
        if address.scheme or address.netloc:
            cure = "put a copy into the document's folder"
            raise self._error(reference, "is a URL, and nothing is fetched", cure)
        return unquote(address.path)

    def _error(self, reference: _Reference, problem: str, cure: str) -> _Dangling:
        source = self.root.at((*reference.segments, "$ref")).source
        said = f"the $ref {shown(reference.text)} {problem}"
        return _Dangling(source.file, source.line, said, cure)
