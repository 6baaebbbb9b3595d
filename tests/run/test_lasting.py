"""What lasts as long as a run is not searched for garbage."""

import gc
import weakref

import pytest

from contracts.document.model import split_pointer
from contracts.run.invocation import empty_caches, give_back, lasting
from contracts.schemas.validation import looks_around


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
        (gc.enable if before else gc.disable)()


def test_the_collector_is_as_before_after_an_error() -> None:
    with pytest.raises(ZeroDivisionError), lasting():
        raise ZeroDivisionError
    assert gc.isenabled()


def test_what_is_given_back_for_good_leaves_no_garbage_and_nothing_to_search() -> None:
    circle: list[object] = []
    circle.append(circle)
    gone = weakref.ref(made := type("Made", (), {})())
    circle.append(made)
    del circle, made
    give_back(for_good=True)  # nothing here is taken back: the tests after would search all there is
    assert gone() is None
    assert len(gc.get_objects()) < gc.get_freeze_count()


@pytest.mark.parametrize("library", [OSError("none"), object()], ids=["no C library", "another C library"])
def test_what_can_not_be_given_back_is_kept(library: object, monkeypatch: pytest.MonkeyPatch) -> None:
    def found(_name: None) -> object:
        if isinstance(library, OSError):
            raise library
        return library

    monkeypatch.setattr("ctypes.CDLL", found)
    give_back()


def test_caches_of_what_was_made_to_ask_are_emptied_and_no_others() -> None:
    looks_around("a+")
    split_pointer("/a")
    empty_caches()
    assert looks_around.cache_info().currsize == 0
    assert split_pointer.cache_info().currsize > 0
