"""Generated requests are made once in a process for each document and seed: that takes a sixth of a small run."""

import json
from collections.abc import Callable, Iterator

import pytest

from contracts.document import Operation
from contracts.probes.store import CaseStore, Generated

LARGE = 50_000  # characters of a document: of those in the tables of attacks there is one run each
MADE: dict[tuple[str, int, str, str], tuple[Generated, str]] = {}
"""By document, seed, operation and kind; with why they are plain."""


@pytest.fixture(scope="module", autouse=True)
def made_once() -> Iterator[None]:
    """For whole runs alone: tests of the making itself don't have it."""
    keep = CaseStore.kept

    def kept(store: CaseStore, operation: Operation, kind: str, make: Callable[[], Generated]) -> Generated:
        text = store.__dict__.get("text") or json.dumps(store.spec.document.tree, default=str)
        store.__dict__["text"] = text
        if len(text) > LARGE:
            return keep(store, operation, kind, make)
        key = text, store.seed, operation.key, kind
        if key not in MADE:
            MADE[key] = keep(store, operation, kind, make), store.slow.get(operation.key, "")
        made, slow = MADE[key]
        if slow:
            store.slow[operation.key] = slow
        return made

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(CaseStore, "kept", kept)
        yield
