"""What a document calls its parts (`$self`, `$id`, `$anchor`, `$dynamicAnchor`) to their places."""

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote, urljoin

from contracts.document.dialects import Segments
from contracts.document.model import is_there, split_pointer


@dataclass(eq=False)
class Identifiers:
    """Resources (files, and schemas with an `$id`) by their URIs, and the anchors in each.

    URIs are resolved as RFC 3986 §5 says; that of a file without `$self` is its name.
    """

    tree: dict[str, Any]
    _uris: dict[Segments, str] = field(default_factory=dict)  # by the place of the resource
    _places: dict[str, Segments] = field(default_factory=dict)  # by the URI
    _anchors: dict[tuple[Segments, str], Segments] = field(default_factory=dict)
    _dynamic: dict[str, set[Segments]] = field(default_factory=dict)

    def note_file(self, place: Segments, name: str, tree: Any) -> None:
        own = tree.get("$self") if isinstance(tree, dict) else None
        self._note(place, _joined(name, own if isinstance(own, str) else ""))

    def note_schema(self, schema: dict[str, Any], place: Segments, home: Segments) -> None:
        said = str(schema.get("$id", ""))
        if said:
            self._note(place, _joined(self._uris[self.resource(place, home)], said.rstrip("#")))
        for name in filter(None, map(schema.get, ("$anchor", "$dynamicAnchor"))):
            self._anchors[self.resource(place, home), name] = place
            self._anchors.setdefault((home, name), place)
        if "$dynamicAnchor" in schema:
            self._dynamic.setdefault(schema["$dynamicAnchor"], set()).add(place)

    def _note(self, place: Segments, uri: str) -> None:
        self._uris[place] = uri
        self._places.setdefault(uri, place)

    def resource(self, place: Segments, home: Segments) -> Segments:
        """The place of the innermost resource around one, in the file that stands at `home`."""
        if len(self._uris) > 1:
            for length in range(len(place), len(home), -1):
                if place[:length] in self._uris:
                    return place[:length]
        return home

    def uri(self, text: str, place: Segments, home: Segments) -> str:
        """The URI that a `$ref` at a place stands for, its fragment apart."""
        return _joined(self._uris[self.resource(place, home)], text.partition("#")[0])

    def found(self, text: str, place: Segments, home: Segments) -> tuple[Segments, bool] | None:
        """Where that which a `$ref` at a place names stands; None if it is in no known resource.

        And whether it is there only past the `$id` around the reference, which changes its base.
        """
        file, _, fragment = text.partition("#")
        around = self.resource(place, home)
        for resource in dict.fromkeys((around, home)):
            uri = _joined(self._uris[resource], file)
            root = self._places.get(uri) if file else resource
            there = None if root is None else self.within(root, unquote(fragment))
            if there is not None:
                return there, resource != around
        return None

    def within(self, root: Segments, fragment: str) -> Segments | None:
        """Where a pointer or an anchor of a resource leads, if anywhere."""
        if fragment and not fragment.startswith("/"):
            return self._anchors.get((root, fragment))
        there = (*root, *split_pointer(fragment))
        return there if is_there(self.tree, there) else None

    def is_settled(self, text: str) -> bool:
        """Whether a `$dynamicRef` means the same as a `$ref`, wherever it comes from."""
        return len(self._dynamic.get(text.rpartition("#")[2], ())) < 2


def _joined(base: str, reference: str) -> str:
    try:
        return urljoin(base, reference)
    except ValueError:  # a host that is none, and no resource is called so
        return reference
