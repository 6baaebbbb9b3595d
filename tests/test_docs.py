"""The pages that users read: links that lead somewhere, tables that are what the code has, commands that exist."""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from pathlib import Path

import click
import pytest

from contracts.commands import _EXAMPLES, commands
from contracts.document import load_spec
from contracts.document.dialects.repairs import MALFORMED, NULLABLE
from contracts.report.forms.catalogue import EXPLANATIONS
from contracts.rules import RULE_KINDS, rules_for
from contracts.rules.faults import CHECKS
from contracts.rules.states import STATE_KINDS
from contracts.run.options import OPTIONS

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *sorted(DOCS.glob("*.md"))]
LONG = {"README", "design", "gate", "power", "reliability", "testing"}
"""Pages that are no answers to read at once: references of how it is made, and whole examples."""
HOW = {"design.md", "power.md", "reliability.md"}
LINK = re.compile(r"\]\((?!https?:|#\))([^)\s]*)\)")
FENCED = re.compile(r"^```.*?^```", re.DOTALL | re.MULTILINE)
OPTION = re.compile(r"(?<![\w-])(--?[a-z][a-z-]*)")
ROW = re.compile(r"^\| (.+) \|$", re.MULTILINE)
OF_PYTEST = {"-k", "-x", "-q", "-n", "--lf", "--junitxml", "--hypothesis-profile", "--hypothesis-seed"}
NAMES = commands.list_commands(click.Context(commands))


def text_of(page: str | Path) -> str:
    return (DOCS / page).read_text(encoding="utf-8")


def anchors_of(page: Path) -> set[str]:
    """The places that a link can name, as GitHub makes them of headings."""
    titles = re.findall(r"^#+ (.*)$", FENCED.sub("", text_of(page)), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}


def leads_nowhere(page: Path, link: str) -> bool:
    name, _, anchor = link.partition("#")
    target = page.parent / name if name else page
    return not target.exists() or (bool(anchor) and anchor not in anchors_of(target))


def rows_of(page: str) -> list[list[str]]:
    """The cells of the rows of all tables, without titles and rulers."""
    rows = [re.split(r" (?<!\\)\| ", row) for row in ROW.findall(text_of(page))]
    rulers = [index for index, row in enumerate(rows) if set(row[0]) <= set("-: ")]
    return [row for index, row in enumerate(rows) if index not in rulers and index + 1 not in rulers]


def options_in(cell: str) -> list[str]:
    return re.findall(r"`(--?[a-z][a-z-]*)", cell)


def options_of(name: str) -> set[str]:
    command = commands.get_command(click.Context(commands), name)
    assert command is not None
    return {opt for param in command.params if isinstance(param, click.Option) for opt in param.opts}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    links = LINK.findall(FENCED.sub("", text_of(page)))
    assert [link for link in links if leads_nowhere(page, link)] == []


def test_the_index_has_a_line_for_each_page() -> None:
    lines = re.findall(r"^- \[(.*)\]\((.*)\): (.+\?)$", text_of("README.md"), re.MULTILINE)
    assert [name for name, link, _ in lines if name != link] == []
    assert sorted(name for name, _, _ in lines) == sorted(
        page.name for page in DOCS.glob("*.md") if page.stem != "README"
    )
    asked = {link: question for _, link, question in lines}
    assert [name for name in asked if name not in HOW and f"# {asked[name]}\n" not in text_of(name)[:200]] == []


@pytest.mark.parametrize("page", sorted(DOCS.glob("*.md")), ids=lambda page: page.stem)
def test_a_page_is_short(page: Path) -> None:
    assert page.stem in LONG or text_of(page).count("\n") <= 130


def test_each_option_of_a_run_is_in_one_table() -> None:
    told = [option for row in rows_of("options.md") for option in options_in(row[0])]
    wanted = [option.flag for option in OPTIONS] + ["--base-url", "--hypothesis-profile"]
    assert sorted(told) == sorted(wanted)


def test_each_option_of_a_command_is_in_one_table() -> None:
    rows = [row for row in rows_of("commands.md") if options_in(row[0])]
    told = Counter(
        (name, opt) for opts, of, _ in rows for name in re.findall(r"`(\w+)`", of) for opt in options_in(opts)
    )
    wanted = {(name, option) for name in NAMES for option in options_of(name)}
    assert told == Counter(wanted)


def test_no_other_page_has_a_table_of_options() -> None:
    others = [page.name for page in DOCS.glob("*.md") if page.stem not in ("options", "commands")]
    assert [(name, row[0]) for name in others for row in rows_of(name) if row[0].startswith("`--")] == []


def test_each_kind_of_rule_is_explained_as_the_command_explains_it() -> None:
    texts = tomllib.loads(EXPLANATIONS.read_text(encoding="utf-8"))
    told = [(row[0], *row[2:]) for row in rows_of("rules.md")]
    assert told == [
        (f"`{kind}`" + " (advisory)" * (severity == "advisory"), clause, texts[kind]["causes"], texts[kind]["next"])
        for kind, (severity, clause) in RULE_KINDS.items()
    ]
    assert all(len(row) == 5 and row[1] for row in rows_of("rules.md"))


def test_each_kind_of_notice_is_told() -> None:
    assert [row[0].strip("`") for row in rows_of("document.md")] == [
        MALFORMED,
        NULLABLE,
        "reference",
        "left out",
        *CHECKS,
    ]


def commands_in(page: Path) -> list[str]:
    """The lines of examples that call a command, without what a shell does beside it."""
    lines = re.findall(r"^ *(?:- (?:run: )?)?(?:\.venv/bin/)?contracts (.*)$", text_of(page), re.MULTILINE)
    return [re.split(r" +#| [|>;] ", line)[0] for line in lines]


def unknown_in(line: str) -> list[str]:
    name = line.partition(" ")[0]
    known = {"--help"} if name.startswith("-") else {"--help", *options_of(name)}
    if name == "run":
        known |= {option.flag for option in OPTIONS} | {"--base-url"} | OF_PYTEST
    return [option for option in OPTION.findall(re.sub(r"'[^']*'", "", line)) if option not in known]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_commands_of_examples_exist(page: Path) -> None:
    assert [(line, unknown_in(line)) for line in commands_in(page) if unknown_in(line)] == []


@pytest.mark.parametrize("name", NAMES)
def test_the_help_of_a_command_has_an_example(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    commands.main([name, "--help"], prog_name="contracts", standalone_mode=False)
    assert f"\n  Example:\n    contracts {name} {_EXAMPLES[name]}\n" in capsys.readouterr().out
    assert unknown_in(f"{name} {_EXAMPLES[name]}") == []


def test_the_first_run_has_the_rules_that_it_shows(tmp_path: Path) -> None:
    found = re.search(r"^```yaml openapi\.yaml\n(.*?)^```", text_of("first-run.md"), re.DOTALL | re.MULTILINE)
    assert found is not None
    file = tmp_path / "openapi.yaml"
    file.write_text(found[1], encoding="utf-8")
    book = rules_for(load_spec(file))
    count = len(book.rules)  # of which a service alone is asked for one, and for what lives judge
    held = sum(rule.kind not in STATE_KINDS for rule in book.rules) - 1
    assert f"({count} rules, {held} holds, 0 violated, 1 not exercised," in text_of("first-run.md")
    (line,) = (index for index, text in enumerate(found[1].splitlines(), 1) if "there, lent" in text)
    assert f"openapi.yaml:{line}  GET /books/{{id}} 200 /state enum" in text_of("first-run.md")


def test_project_urls_lead_to_pages() -> None:
    urls = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["urls"]
    paths = [url.partition("/blob/main/")[2] for url in urls.values()]
    assert [path for path in paths if path and not (ROOT / path).is_file()] == []
    assert "docs/README.md" in paths
