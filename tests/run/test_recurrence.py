"""A violation that was seen on some exchanges only is asked again before the end."""

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from .projects import CANARY, ENUM, Project, Things, answer

PAUSED = answer(200, b'{"status": "paused"}', "Content-Type: application/json")


@dataclass
class Moody:
    """A service that breaks its contract on some of the requests for a1: those that `breaks` says, by their number."""

    breaks: Callable[[int], bool]
    things: Things = field(init=False)

    def __post_init__(self) -> None:
        self.things = Things(instead=self.instead)

    @property
    def asked(self) -> list[str]:
        whole = [head for head in self.things.heads if f"Authorization: Bearer {CANARY}\r\n" in f"{head}\r\n"]
        return [head for head in whole if head.startswith("GET /things/a1 ")]

    def instead(self, _number: int) -> bytes | None:
        asked = self.asked
        return PAUSED if asked and asked[-1] == self.things.heads[-1] and self.breaks(len(asked)) else None


@pytest.mark.parametrize(
    ("breaks", "how", "times"),
    [
        pytest.param(lambda number: True, "always", 1.0, id="always"),
        pytest.param(lambda number: number == 1, "gone on asking again", 0.5, id="once"),
        pytest.param(lambda number: number == 2, "gone on asking again", 0.5, id="once, later"),
        pytest.param(lambda number: number % 2 == 1, "sometimes", 0.7, id="every other time"),
    ],
)
def test_request_that_broke_a_rule_is_asked_again(
    breaks: Callable[[int], bool], how: str, times: float, project: Project
) -> None:
    run = project.ask(Moody(breaks).things)
    assert (run.code, run.violated) == (1, {ENUM})
    found = run.verdicts[ENUM]["recurrence"]
    assert (found["how"], found["asked"] >= 7, found["broken"] <= times * found["asked"]) == (how, True, True)
    shown = f"sometimes ({found['broken']} of {found['asked']})" if how == "sometimes" else how
    assert f'violated: {ENUM}: "paused", {shown}' in run.lines
    assert (
        f'"paused" (on {run.verdicts[ENUM]["violations"]} of {run.verdicts[ENUM]["exercised"]} exchanges; {shown})'
        in run.out
    )


def test_nothing_is_asked_again_that_was_never_broken(project: Project) -> None:
    quiet, moody = (Moody(breaks) for breaks in (lambda number: False, lambda number: True))
    runs = [project.ask(each.things) for each in (quiet, moody)]
    assert [run.code for run in runs] == [0, 1]
    assert len(moody.things.heads) - len(quiet.things.heads) == 5


def test_credential_that_must_be_refused_is_tried_once(project: Project) -> None:
    def lax(number: int) -> bytes | None:
        return PAUSED.replace(b"paused", b"active") if "Authorization: Bearer 0" in things.heads[-1] else None

    things = Things(instead=lax)
    run = project.ask(things)
    assert run.violated == {"GET /things/{thing_id} auth wrong"}
    assert sum("Authorization: Bearer 0" in head for head in things.heads) == 1


def test_whoever_reads_what_was_asked_sees_the_same(project: Project) -> None:
    run = project.ask(Moody(lambda number: number == 1).things, "-n", "2")
    assert run.verdicts[ENUM]["recurrence"]["how"] == "gone on asking again"
