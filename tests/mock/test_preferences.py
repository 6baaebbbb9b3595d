"""`Prefer` and `Accept`, as their standards have them."""

from __future__ import annotations

import pytest

from contracts.mock.preferences import Preferences, UnreadableError, acceptable, preference, preferences_of

JSON, XML, TEXT = "application/json", "application/xml", "text/plain"
HAL = "application/hal+json"


@pytest.mark.parametrize(
    ("fields", "wanted"),
    [
        ([], Preferences()),
        (["code=404"], Preferences(404)),
        (["code=404, example=cat"], Preferences(404, "cat")),
        (["code=404", "example=cat"], Preferences(404, "cat")),
        (['code="404", example="a, \\"b\\"; c"'], Preferences(404, 'a, "b"; c')),
        ([" Code = 404 ,EXAMPLE= cat"], Preferences(404, "cat")),
        (["code=404;example=cat"], Preferences(404)),  # a parameter of `code`
        (["code=404, code=500"], Preferences(404)),  # the first counts
        (["code=404", "code=500"], Preferences(404)),
        (["dynamic=true"], Preferences(dynamic=True)),
        (["dynamic=FALSE"], Preferences(dynamic=False)),
        (["dynamic, code="], Preferences()),  # without a value as with an empty one
        (['code=""'], Preferences()),
        (["respond-async, wait=10, return=minimal; foo=bar"], Preferences()),
        (['example="no end, code=404'], Preferences(404)),
    ],
)
def test_what_is_preferred(fields: list[str], wanted: Preferences) -> None:
    assert preferences_of(fields) == wanted


@pytest.mark.parametrize("field", ["code=abc", "code=99", "code=100", "code=600", "code=2XX", "code=٤٠٤", "code=-404"])
def test_a_code_that_is_no_final_status(field: str) -> None:
    with pytest.raises(UnreadableError, match="200 to 599"):
        preferences_of([field])


@pytest.mark.parametrize("field", ["dynamic=maybe", "dynamic=1"])
def test_neither_true_nor_false(field: str) -> None:
    with pytest.raises(UnreadableError, match="true or false"):
        preferences_of([field])


def test_a_preference_is_written_so_that_it_is_read() -> None:
    written = [preference("code", 404), preference("example", 'a, "b\\'), preference("dynamic", True)]
    assert written == ["code=404", r'example="a, \"b\\"', "dynamic=true"]
    assert preferences_of([", ".join(written)]) == Preferences(404, 'a, "b\\', True)


@pytest.mark.parametrize(
    ("field", "wanted"),
    [
        ("*/*", [JSON, XML, TEXT]),
        ("", [JSON, XML, TEXT]),
        ("json", [JSON, XML, TEXT]),  # no range that can be read
        ("application/xml", [XML]),
        ("APPLICATION/XML", [XML]),
        ("text/*", [TEXT]),
        ("application/*;q=0.2, text/plain", [TEXT, JSON, XML]),
        ("application/json;q=0.5, application/xml;q=0.6", [XML, JSON]),
        ("application/json; Q=0.5 , application/xml ; q=0.6", [XML, JSON]),
        ("*/*, application/json;q=0", [XML, TEXT]),  # the most specific range counts
        ("application/*;q=0, application/json", [JSON]),
        ("*/*;q=0.1, application/*;q=0.5, application/xml;q=0.2", [JSON, XML, TEXT]),
        ("image/png", []),
        ("image/png, */*;q=0", []),
        ("application/json;q=high, text/plain", [TEXT]),  # a range that can't be read is none
        ("application/json;q=7", [JSON]),
        ("text/html, image/gif, */*; q=.2", [JSON, XML, TEXT]),  # as Java has it
        ("application/json;version=2", []),
        ("application/json;charset=utf-8", [JSON]),  # says nothing of JSON
        ("application/json;q=1;level=1", [JSON]),  # what follows the weight is no part of the range
        (',, text/plain ,"', [TEXT]),
    ],
)
def test_what_is_accepted(field: str, wanted: list[str]) -> None:
    assert acceptable([field], [JSON, XML, TEXT]) == wanted


@pytest.mark.parametrize(
    ("field", "wanted"),
    [
        ("application/json", []),  # another type, whatever its suffix
        ("application/*+json", [HAL]),
        ("application/hal+json", [HAL]),
        ("application/*+xml", []),
        ("application/*+json;q=0, application/*", []),  # the suffix says more
        ("application/hal+json, application/*+json;q=0", [HAL]),
    ],
)
def test_suffixes(field: str, wanted: list[str]) -> None:
    assert acceptable([field], [HAL]) == wanted


def test_parameters_of_a_media_type() -> None:
    offered = ['application/json;version="1"', "application/json;version=2"]
    assert acceptable(["application/json;version=2"], offered) == offered[1:]
    assert acceptable(["application/json;version=2;q=0.5, application/json"], offered) == offered


def test_several_fields_are_one_list() -> None:
    assert acceptable(["text/plain", "application/xml;q=0.1"], [JSON, XML, TEXT]) == [TEXT, XML]
