"""One vocabulary: how a rule stands and how a run is decided is said in the words of the design, in every form."""

import ast
import re
from pathlib import Path
from typing import Any

import pytest

from contracts.report.forms import page as html
from contracts.report.forms.annotations import run_annotations
from contracts.report.forms.failure import failure_text, missing_text, properties_of, suite_properties
from contracts.report.forms.markdown import run_markdown
from contracts.report.forms.page import page
from contracts.report.forms.terminal import text
from contracts.report.history import Trend, trend_of
from contracts.report.run import STANDINGS, Run

from ..runs import lacks, nights, run, times, verdict

ROOT = Path(__file__).parents[3]
OTHERS = re.compile(
    r"\b(broken|broke|breaks|kept|known|unproven|unexercised|skipped|warned|tolerated|ignored|waived|"
    r"promises?|no verdict|never judged|against prose|never green|ok)\b",
    re.IGNORECASE,
)
"""Words that were used for the same, or might be."""
INNER = frozenset({"known", "kept", "promise", "carried", "skipped"})
"""Constants that nobody reads: names of JSON keys, of fields, of what an item of pytest comes to."""
AGAINST: dict[str, Any] = {
    "path": "last.json",
    "about": "fail",
    "new": ["GET /things/{id} 200 /violated enum"],
    "fixed": ["x"],
}
AGAINST |= {"still_there": ["GET /things/{id} 200 /again enum"], "not_judged": ["y"]}


def whole(decision: str, *, live: bool = True) -> tuple[Run, Trend]:
    """A run with a rule in every state, and what became of it over nights."""
    states = ("violated", "advisory", "accepted", "holds", "not_exercised", "not_asked", "undecided")
    verdicts = [verdict(state, state, why="nobody came", unseen=("null",)) for state in states]
    spread = [lacks("GET /a"), lacks("GET /b"), verdict("violated", "again", since="still there")]
    made = run(
        *verdicts,
        *spread,
        night=9,
        decision=decision,
        targets=("http://h",) if live else (None,),
        against={**AGAINST, "carried": {}},
        interrupted=True,
        unavailable=1,
        asked={"GET /a": times(0.1, 0.2)},
    )
    row = [*nights("holds", "violated", "holds", "not_exercised"), *nights("violated", name="again"), made]
    return made, trend_of(row)


def printed(made: Run, trend: Trend) -> dict[str, str]:
    """Each form, without markup."""
    worst, missing = made.violated[0], made.missing[0]
    markup = re.sub(
        r"<style>.*?</style>|<script>.*?</script>|<[^>]*?(?:aria-label|title)=\"|<[^>]+>",
        " ",
        page(made, trend),
        flags=re.S,
    )
    told: Any = {
        "accept": "contracts accept",
        "rerun": "pytest",
        "against": made.against,
    }
    properties = [*suite_properties(made), *properties_of(worst, made.against), *properties_of(missing)]
    return {
        "page": markup,
        "terminal": "\n".join(text(made, width=100, encoding="utf-8", trend=trend)),
        "markdown": "\n".join(run_markdown(made, trend)),
        "annotations": "\n".join(run_annotations(made)),
        "failure": failure_text(worst, **told) + missing_text(missing, rerun="pytest"),
        "junit": "\n".join(value for _, value in properties),
    }


@pytest.mark.parametrize("live", [True, False], ids=["live", "mock"])
@pytest.mark.parametrize("decision", ["pass", "fail", "inconclusive"])
def test_no_form_has_other_words_for_the_same(decision: str, live: bool) -> None:
    made, trend = whole(decision, live=live)
    assert {name: OTHERS.findall(shown) for name, shown in printed(made, trend).items() if OTHERS.search(shown)} == {}


@pytest.mark.parametrize("form", ["page", "terminal", "markdown"])
def test_every_standing_has_its_word(form: str) -> None:
    shown = printed(*whole("fail"))[form]
    assert [word for word in STANDINGS if word not in shown] == []


@pytest.mark.parametrize("form", ["page", "terminal", "markdown", "annotations"])
def test_a_run_on_the_mock_is_headed_as_a_self_test(form: str) -> None:
    assert "in a self-test on the mock" in printed(*whole("pass", live=False))[form]
    assert "self-test" not in printed(*whole("pass"))[form]


def constants(path: Path) -> list[str]:
    """The texts of a module without its docstrings, or of a template without what is no text."""
    source = path.read_text(encoding="utf-8")
    if path.suffix != ".py":
        return [re.sub(r"\{[{%#].*?[}%#]\}|<[^>]*>|class=\"[^\"]*\"", " ", source, flags=re.S)]
    tree = ast.parse(source)
    docs = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    found = [node for node in ast.walk(tree) if isinstance(node, ast.Constant) and id(node) not in docs]
    return [node.value for node in found if isinstance(node.value, str) and node.value not in INNER]


FORMS = ROOT / "contracts" / "report" / "forms"
SOURCES = [
    *(FORMS / name for name in ("terminal.py", "markdown.py", "annotations.py", "failure.py", "templates/run.md.j2")),
    *sorted(Path(str(html.__file__)).parent.rglob("*.j2")),
    ROOT / "contracts" / "report" / "wording.py",
    ROOT / "contracts" / "report" / "history.py",
]


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.name)
def test_no_text_of_a_form_has_other_words(path: Path) -> None:
    """Those of forms that this report does not need, too."""
    assert [text for text in constants(path) if OTHERS.search(text)] == []


DOCS = re.compile(
    r"broken (promise|rule)|promises? (is |are )?(broken|kept)|seen kept|never green|no verdict|unexercised"
)


@pytest.mark.parametrize(
    "page", [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))], ids=lambda page: page.stem
)
def test_the_docs_use_the_same_words(page: Path) -> None:
    assert DOCS.search(page.read_text(encoding="utf-8")) is None
