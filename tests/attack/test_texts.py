"""Hostile texts in every form: what somebody reads, pastes or feeds to a parser does nothing but show them."""

import json
import re
import tomllib
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts import flows
from contracts.changes import compare
from contracts.commands import commands, printouts
from contracts.decision.entries import VIOLATIONS, accept_command, with_entry
from contracts.document import Spec
from contracts.errors import DocumentError, UsageError
from contracts.messages import Probe, Request
from contracts.report.forms import FORMS, lines_of
from contracts.report.shell import curl
from contracts.rules import rules_for
from contracts.run.inputs import Inputs, Target
from contracts.run.invocation import command_of
from contracts.text import printable, well_formed
from tests.documents import OPERATION, document, spec_from, spec_of
from tests.report.comparisons import diff
from tests.run.projects import Project

from .forms import FORM, UNTIL, is_quiet, split, words_of
from .long_form import IS_LONG
from .texts import TEXTS


@pytest.mark.parametrize("form", FORM)
@pytest.mark.parametrize("name", TEXTS)
def test_a_form_shows_a_text_and_nothing_else_comes_of_it(name: str, form: str) -> None:
    FORM[form].check(FORM[form].made(TEXTS[name]), TEXTS[name])


ALL = " ".join(TEXTS.values())
ALL = (ALL * 100)[: 1_000_000 if IS_LONG else 200_000]


LONG = ["page", "comparison as a page", "failure of a test", "JUnit", "comparison"]


@pytest.mark.parametrize("form", sorted(FORM.keys() - {*LONG}))
def test_a_long_text_of_all_of_them_is_shown_as_well(form: str) -> None:
    FORM[form].check(FORM[form].made(ALL), ALL)


@pytest.mark.parametrize("form", LONG)
def test_so_are_fifty_kilobytes_where_much_is_said(form: str) -> None:
    """What is written here of each rule is not cut by a form: a report does that, when it is made."""
    FORM[form].check(FORM[form].made(ALL[:50_000]), ALL[:50_000])


def asking(text: str) -> Probe:
    """A request with the text in every part of it, as far as HTTP can carry it."""
    field = re.sub("[^ -~\xa0-\xff]", "", text).strip()
    target = "/things/" + re.sub(r"[^!\"$-~]", "", text).replace("?", "")[:500]
    headers = (("X-Text", field), ("Content-Type", "text/plain"))
    return Probe(OPERATION, Request("GET", target, headers, text.encode("utf-8", "surrogatepass")))


@pytest.mark.parametrize("name", TEXTS)
def test_what_is_pasted_into_a_shell_calls_one_program_with_these_words(name: str, tmp_path: Path) -> None:
    text = TEXTS[name]
    probe, rule = asking(text), f"GET /{text} 200 /{text} enum"
    command = curl(spec_of({}), probe, "http://h")
    accept = accept_command([rule], "--spec", "a.yaml", until=UNTIL, reason=printable(text).strip() or "x")
    assert printable(command) == command
    called = {words[0]: words for words in words_of(f"{command}\n{accept}", tmp_path)}
    assert called["contracts"][1:3] == ["accept", printable(rule)]
    assert called["contracts"][-4:] == ["--reason", printable(text).strip() or "x", "--until", str(UNTIL)]
    assert called["curl"][-1] == f"http://h{probe.request.target}" or called["curl"][-2:] == ["--data-binary", "@-"]
    fields = dict(probe.request.headers)
    assert f"X-Text: {fields['X-Text']}".encode("latin-1").decode("utf-8", "surrogateescape") in called["curl"] or (
        "X-Text;" in called["curl"]
    )


@pytest.mark.parametrize("name", TEXTS)
def test_the_command_that_runs_again_calls_pytest_with_these_words(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever a document's file, an option or a rule is called; it is printed as it is pasted."""
    monkeypatch.setattr("contracts.run.invocation.started_by", lambda _: ["pytest"])
    text = printable(TEXTS[name][:2_000]).strip() or "x"
    flags = {"--contract-spec": f"{text}.yaml", "--contract-param": [("id", text)], "--base-url": f"http://h/{text}"}
    known = {"keyword": text, "markexpr": "", "file_or_dir": []}
    config: Any = SimpleNamespace(
        option=SimpleNamespace(**known),
        getoption=lambda flag, default=None: flags.get(flag, default),
        invocation_params=SimpleNamespace(args=["-c", text, f"--rootdir={text}"]),
    )
    inputs = replace(Inputs(spec_of({})), target=Target(base_url=f"http://h/{text}"))
    command = command_of(config, inputs, 0, f"tests/{text}::test_contract[{text}]")
    assert printable(command) == command
    assert "\n" not in command
    (called,) = words_of(command, tmp_path)
    assert f"tests/{text}::test_contract[{text}]" in called
    assert called[-3:] == ["-c", text, f"--rootdir={text}"]
    assert f"http://h/{text}" in called


@pytest.mark.parametrize("name", TEXTS)
def test_what_is_accepted_is_read_from_toml_as_it_was_meant(name: str) -> None:
    text = well_formed(TEXTS[name])
    rule, reason = f"GET /{text} 200 enum", f"because {text}"
    file = "# ours\nviolation.other = { reason = 'x', until = 2027-01-31 }\n"
    for _ in range(2):  # written, and then written again
        file = with_entry(file, VIOLATIONS, rule, reason=reason, until=UNTIL)
    held = tomllib.loads(file)
    assert list(held) == ["violation"]
    assert held["violation"][rule] == {"reason": reason, "until": UNTIL}
    assert list(held["violation"]) == ["other", rule]


def document_of(text: str) -> dict[str, Any]:
    """A document that has the text wherever one may stand."""
    status = {"type": "string", "enum": [text, "b"], "description": text, "title": text}
    made = document({"type": "object", "required": [text], "properties": {text: status}, "title": text})
    made["info"]["title"] = made["info"]["description"] = text or "x"
    ((path, item),) = made["paths"].items()
    query = {"name": text, "in": "query", "description": text, "schema": {"type": "string", "pattern": "^a"}}
    item["get"] |= {"operationId": text, "summary": text, "tags": [text]}
    item["get"]["parameters"].append(query)
    made["paths"] = {f"/{text}{path}": item}
    return made


def printed(monkeypatch: pytest.MonkeyPatch, spec: Spec, *options: str) -> list[str]:
    """What `contracts rules` prints of a document; nothing is asked on the mock."""
    monkeypatch.setattr(printouts, "_book", lambda *_: rules_for(spec))
    monkeypatch.setattr(flows, "asked_by", lambda *_: {})
    done = CliRunner().invoke(commands, ["rules", *options])
    assert done.exception is None
    return str(done.output).removesuffix("\n").split("\n")


COMPARED = {"text": "comparison", "json": "comparison as JSON", "html": "comparison as a page"}


@pytest.mark.parametrize("name", TEXTS)
def test_a_document_of_it_is_listed_explained_and_compared(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    text = TEXTS[name]
    try:
        spec = spec_from(document_of(text))
    except DocumentError as refused:
        is_quiet([str(refused)], text)
        return
    book = rules_for(spec)
    is_quiet(printed(monkeypatch, spec), text)
    rule = next(iter(rule.id for rule in book.rules if rule.kind == "enum"))
    is_quiet(printed(monkeypatch, spec, "--explain", rule), text)
    changed = spec_from(json.loads(json.dumps(document_of(text)).replace('"b"', '"c"')))
    made = replace(diff(compare(spec, changed)), specs=(spec, changed))
    for form in FORMS["diff"]:
        checker = FORM[COMPARED.get(form, "comparison in a pull request")]
        if form != "github":
            known = {"paint": lambda line, *_: line, "unfolded": False, "summary": False}
            checker.check(split(lines_of(FORMS["diff"][form], made, **known)), text)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.sampled_from(sorted(TEXTS)), min_size=2, max_size=4), st.data())
def test_pieces_of_them_together_do_no_more(names: list[str], data: st.DataObject) -> None:
    pieces = [TEXTS[name][: data.draw(st.integers(1, 40))] for name in names]
    text = data.draw(st.text(max_size=3)).join(pieces)
    form = FORM[data.draw(st.sampled_from(sorted(FORM)))]
    form.check(form.made(text), text)


@pytest.mark.parametrize("name", TEXTS)
def test_a_text_in_an_error_is_one_line_that_nobody_obeys(name: str) -> None:
    for error in (UsageError(f"--contract-spec {TEXTS[name]}: no file"), DocumentError(TEXTS[name], 1, "x", "y")):
        assert str(error).isprintable()


@pytest.mark.parametrize("option", ["spec", "overlay", "baseline", "against", "report", "root", "operation", "rate"])
def test_what_an_option_holds_is_shown_as_one_line(option: str, project: Project) -> None:
    run = project.run("-q", f"--contract-{option}=a\n\x1b[31mb/c\r")
    assert run.code in (0, 4)
    lines = [line for line in f"{run.out}{run.err}".splitlines() if "31mb" in line]
    assert "\x1b" not in run.out + run.err
    assert "\r" not in run.err
    assert all("a\\n\\x1b[31mb/c" in line for line in lines)
