"""What lasts as long as a run is not searched for garbage."""

import gc

import pytest

from contracts.run.state import lasting


@pytest.mark.parametrize("is_on", [True, False])
def test_the_collector_is_as_before_and_leaves_alone_what_was_made(is_on: bool) -> None:
    before, frozen = gc.isenabled(), gc.get_freeze_count()
    (gc.enable if is_on else gc.disable)()
    try:
        with lasting():
            made = [[number] for number in range(1000)]
            assert not gc.isenabled()
        assert gc.isenabled() is is_on
        assert gc.get_freeze_count() >= frozen + len(made)
    finally:
        gc.unfreeze()
        (gc.enable if before else gc.disable)()


def test_the_collector_is_as_before_after_an_error() -> None:
    try:
        with pytest.raises(ZeroDivisionError), lasting():
            raise ZeroDivisionError
        assert gc.isenabled()
    finally:
        gc.unfreeze()
