"""The table of kinds has no gaps: what can be added can be removed, what can widen can narrow."""

import pytest

from contracts.changes.change import KINDS

OPPOSITES = [
    ("-added", "-removed"),
    ("-widened", "-narrowed"),
    ("-required", "-optional"),
    ("-tightened", "-loosened"),
    ("-empty-allowed", "-empty-refused"),
]
ALONE = {
    "operation-deprecated": "its opposite is called operation-reinstated",
    "parameter-deprecated": "being recommended again is no news to a client",
    "property-deprecated": "being recommended again is no news to a client",
}


@pytest.mark.parametrize("identity", KINDS)
def test_a_kind_has_its_opposite(identity: str) -> None:
    pair = next((pair for pair in OPPOSITES if identity.endswith(pair)), None)
    if pair is None:
        assert identity in ALONE or identity.endswith(("-changed", "-renamed", "-reinstated"))
    else:
        ending = next(ending for ending in pair if identity.endswith(ending))
        (other,) = set(pair) - {ending}
        assert identity.removesuffix(ending) + other in KINDS


@pytest.mark.parametrize("identity", KINDS)
def test_a_message_can_be_shown_without_a_change(identity: str) -> None:
    assert "{" not in KINDS[identity].shown
