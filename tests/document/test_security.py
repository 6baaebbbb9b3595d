"""Many alternatives of a credential, compared with as many."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.document import security

NEEDS = st.frozensets(st.tuples(st.sampled_from("abc")), max_size=3)
Side = dict[object, frozenset[object]]
SIDES = st.lists(NEEDS, max_size=5).map(lambda needs: {((str(at), ()),): one for at, one in enumerate(needs)})


@settings(max_examples=40)
@given(SIDES, SIDES)
def test_what_is_enough_for_another_satisfies_it(sent: Side, taken: Side) -> None:
    lacking = [one for one, needs in sent.items() if not any(needs >= other for other in taken.values())]
    assert security.unsatisfying(sent, taken) == lacking  # type: ignore[arg-type]


def test_alternatives_are_compared_with_those_that_may_be_the_same() -> None:
    compared: list[object] = []

    class Counted(frozenset[tuple[str, ...]]):
        def issuperset(self, *others: object) -> bool:
            compared.append(others)
            return super().issuperset(*others)  # type: ignore[arg-type]

    sent = {((f"k{n}", ()),): Counted({("all",), (f"k{n}",)}) for n in range(500)}
    taken = {((f"k{n}", ()),): frozenset({("all",), (f"k{n}",)}) for n in range(1, 500)}
    assert security.unsatisfying(sent, taken) == [(("k0", ()),)]  # type: ignore[arg-type]
    assert len(compared) < 1_000
