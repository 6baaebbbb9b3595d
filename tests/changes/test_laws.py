"""What holds of the gate whatever the documents are, on documents that Hypothesis puts together from the table."""

from __future__ import annotations

import copy
from itertools import pairwise
from typing import Any

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from contracts.changes import compare
from contracts.changes.change import Change, ChangeSeverity, Effect
from contracts.document import Schema, Spec
from contracts.payloads.compiler import target_of
from contracts.schemas.validation import Uncompilable, canonical
from tests.changes import keywords, rewrites
from tests.changes.editing import Edit, Revision, Tree, Truth, original, put, spec_from
from tests.changes.revisions import REVISIONS
from tests.changes.test_revisions import judged
from tests.payloads.test_random_schemas import SCHEMAS

LAWS = settings(max_examples=40, deadline=None, database=None, suppress_health_check=list(HealthCheck))

SPELLINGS = [schema for pair in keywords.PAIRS for schema in pair[1:3]]
SPELLINGS += [schema for pair in rewrites.PAIRS for schema in pair[1:]]
WITH_DEFS = put("/components/schemas/Shared/$defs", {"Text": {"type": "string"}})
PLACES = st.sampled_from([keywords.SENT, keywords.SHOWN, rewrites.VALUE])
TABLE_SCHEMAS = st.sampled_from(SPELLINGS)
DROPPED_NAMES = (
    "removed",
    "renamed",
    "dropped",
    "cut off",
    "moved",
    "another case",
    "replaced",
    "false",
    "closed",
    "opened",
)
"""Words in the names of compatible rows that drop a declared name or close an object: they compose with nothing."""


def shop(*edits: Edit) -> Tree:
    tree = original("shop")
    for edit in (WITH_DEFS, *edits):
        edit(tree)
    return tree


def read(tree: Tree, side: str = "base") -> Spec:
    return spec_from(tree, f"{side}.json")


def broken(changes: tuple[Change, ...]) -> list[str]:
    return [f"{change.id} {change.where}" for change in changes if change.effect is Effect.BREAKING]


def compiles(spec: Spec, pointer: str) -> bool:
    try:
        canonical(Schema(spec.document, pointer))
    except Uncompilable:
        return False
    return True


@LAWS
@given(st.sampled_from(REVISIONS))
def test_a_document_against_itself_gives_nothing(row: Revision) -> None:
    tree = row.trees()[1]
    assert compare(read(tree), read(copy.deepcopy(tree), "revision")) == ()


@LAWS
@given(SCHEMAS, PLACES)
def test_a_random_schema_against_itself_gives_nothing(schema: Any, place: str) -> None:
    tree = shop(put("/components/schemas/X", True), put("/components/schemas/Y", {}), put(place, schema))
    assert compare(read(tree), read(copy.deepcopy(tree), "revision")) == ()


def twins() -> list[tuple[Any, Any]]:
    """Neighbours among the spellings of the table that have one canonical form."""
    named = {f"S{index}": schema for index, schema in enumerate(SPELLINGS)}
    tree = shop()
    tree["components"]["schemas"].update(copy.deepcopy(named))
    document = read(tree).document
    forms: dict[str, list[Any]] = {}
    for name, schema in named.items():
        form = target_of(canonical(Schema(document, f"/components/schemas/{name}"))).to_json_schema()
        forms.setdefault(str(form), []).append(schema)
    return [pair for spellings in forms.values() for pair in pairwise(spellings) if pair[0] != pair[1]]


@LAWS
@given(st.deferred(lambda: st.sampled_from(twins())), PLACES)
def test_what_has_one_canonical_form_does_not_break(spellings: tuple[Any, Any], place: str) -> None:
    base, revision = (read(shop(put(place, schema))) for schema in spellings)
    assert [change for change in compare(base, revision) if change.severity is ChangeSeverity.ERROR] == []


@LAWS
@given(TABLE_SCHEMAS, TABLE_SCHEMAS, PLACES)
def test_the_referee_agrees_with_every_witness(one: Any, other: Any, place: str) -> None:
    row = Revision("", "shop", Truth.BREAKING, (put(place, other),), (WITH_DEFS, put(place, one)))
    changes = [change for change in compare(*row.specs()) if change.witness]
    verdicts = [judged(row, change) for change in changes]
    assert [(sent, taken) for sent, taken in verdicts if sent is not None or taken is None] == []


@LAWS
@given(SCHEMAS, SCHEMAS, PLACES)
def test_the_referee_agrees_with_every_witness_on_random_schemas(one: Any, other: Any, place: str) -> None:
    named = (put("/components/schemas/X", {"type": "string"}), put("/components/schemas/Y", {"const": 1}))
    row = Revision("", "shop", Truth.BREAKING, (put(place, other),), (*named, put(place, one)))
    base, revision = row.specs()
    assume(compiles(base, place) and compiles(revision, place))
    verdicts = [judged(row, change) for change in compare(base, revision) if change.witness]
    assert [(sent, taken) for sent, taken in verdicts if sent is not None or taken is None] == []


@LAWS
@given(TABLE_SCHEMAS, TABLE_SCHEMAS)
def test_what_breaks_one_way_as_a_request_breaks_the_other_way_as_a_response(one: Any, other: Any) -> None:
    """A receiver that was a sender: the same pair of schemas, looked at from the other side."""
    asked = compare(read(shop(put(keywords.SENT, one))), read(shop(put(keywords.SENT, other)), "revision"))
    shown = compare(read(shop(put(keywords.SHOWN, other))), read(shop(put(keywords.SHOWN, one)), "revision"))
    assert bool(broken(asked)) == bool(broken(shown))


HARMLESS = [
    row
    for row in REVISIONS
    if row.document == "shop" and row.truth is not Truth.BREAKING and not row.before and row.where is None
]
STEPS = [row for row in HARMLESS if not any(word in row.id for word in DROPPED_NAMES)]


def stepped(tree: Tree, row: Revision) -> Tree | None:
    """The next document; None where the row finds no place for its edit any more."""
    tree = copy.deepcopy(tree)
    try:
        for edit in row.edits:
            edit(tree)
    except (KeyError, IndexError, TypeError, ValueError, AttributeError):
        return None
    return tree


@LAWS
@given(st.lists(st.sampled_from(STEPS), min_size=2, max_size=3, unique=True))
def test_compatible_steps_compose(rows: list[Revision]) -> None:
    trees: list[Tree] = [original("shop")]
    for row in rows:
        tree = stepped(trees[-1], row)
        assume(tree is not None)
        trees.append(tree or {})
    specs = [read(tree, str(index)) for index, tree in enumerate(trees)]
    steps = [broken(compare(base, revision)) for base, revision in pairwise(specs)]
    assume(not any(steps))
    assert broken(compare(specs[0], specs[-1])) == []
