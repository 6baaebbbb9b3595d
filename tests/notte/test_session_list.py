"""The list of sessions: what is found, what is picked, and what becomes of a list that is none."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.exchanges import Exhausted
from contracts.messages import Exchange, Failure, FailureKind, Probe, Request, Response
from contracts.notte.sessions import MAX_PAGES, PER_STATUS, Listed, list_sessions

JSON = (("Content-Type", "application/json"),)


def exchange(request: Request, value: Any, status: int = 200) -> Exchange:
    return Exchange(0, Probe("GET /x", request), Response(status, JSON, json.dumps(value).encode()))


def listed(*pages: list[Any], status: int = 200, seed: int = 0) -> tuple[Listed, list[str]]:
    targets: list[str] = []

    def send(request: Request) -> Exchange:
        targets.append(request.target)
        number = len(targets)
        page = {"items": pages[number - 1] if pages else [], "has_next": number < len(pages)}
        return exchange(request, page, status)

    return list_sessions(send, seed=seed), targets


def sessions(status: str, count: int) -> list[Any]:
    return [{"session_id": f"{status}-{number}", "status": status} for number in range(count)]


def test_sessions_are_counted_and_some_of_every_status_picked() -> None:
    found, targets = listed([*sessions("active", 2), *sessions("closed", 9)], [*sessions("authenticating", 1)])
    assert found.found == {"active": 2, "closed": 9, "authenticating": 1}
    assert [sum(one.startswith(status) for one in found.picked) for status in found.found] == [2, PER_STATUS, 1]
    assert targets == [
        "/sessions?only_active=false&page_size=100",
        "/sessions?only_active=false&page_size=100&page=2",
    ]
    assert str(found) == "found 2 active, 1 authenticating, 9 closed; 6 are asked for"


def test_another_seed_picks_others() -> None:
    first, again, other = (listed(sessions("closed", 50), seed=seed)[0].picked for seed in (1, 1, 2))
    assert first == again != other


def test_no_session_is_said() -> None:
    assert str(listed([])[0]) == "found no session"


def test_name_of_a_status_is_bounded() -> None:
    assert list(listed([{"session_id": "a", "status": "x" * 1000}])[0].found) == ["x" * 99 + "…"]


def test_refused_list_is_said() -> None:
    assert str(listed([], status=401)[0]) == "found no session (GET /sessions: 401)"


def test_endless_list_is_read_to_a_bound() -> None:
    found, targets = listed(*[sessions(f"s{number}", 1) for number in range(MAX_PAGES + 5)])
    assert (len(targets), found.complete, found.problem) == (MAX_PAGES, False, f"read to page {MAX_PAGES}")
    assert str(found).startswith("found at least 1 s0, 1 s1, ")


def test_page_that_lists_a_session_again_counts_it_once() -> None:
    assert listed(sessions("active", 2), sessions("active", 3))[0].found == {"active": 3}


ODD: list[Any] = [
    None,
    [],
    {},
    {"session_id": 1},
    {"session_id": ""},
    {"session_id": ".."},
    {"session_id": "a\n"},
    "id",
]


def test_what_is_no_session_is_left_out() -> None:
    found, _ = listed([*ODD, {"session_id": "a b/c"}, {"session_id": "d", "status": 3}])
    assert (found.found, set(found.picked)) == ({"without a status": 2}, {"a b/c", "d"})


def failing(request: Request) -> Exchange:
    return Exchange(0, Probe("GET /x", request), failure=Failure(FailureKind.REFUSED, "nobody"))


def exhausted(request: Request) -> Exchange:
    raise Exhausted("enough")


@pytest.mark.parametrize(("send", "problem"), [(failing, "GET /sessions: refused, nobody"), (exhausted, "enough")])
def test_list_that_can_not_be_had(send: Callable[[Request], Exchange], problem: str) -> None:
    assert list_sessions(send, seed=0) == Listed(problem=problem)


@given(st.recursive(st.none() | st.integers() | st.text(), lambda x: st.dictionaries(st.text(), x) | st.lists(x)))
def test_any_page_can_be_read(value: Any) -> None:
    assert list_sessions(lambda request: exchange(request, value), seed=0).picked == ()
