"""Every form in which somebody reads a text of a service or a document: how it is made, and what must not be in it."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import date
from functools import cache, partial
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from _pytest.junitxml import bin_xml_escape
from markdown_it import MarkdownIt

from contracts.changes.change import Witness
from contracts.decision.entries import accept_command
from contracts.document import Source
from contracts.report.diff import Diff
from contracts.report.forms import FORMS, lines_of
from contracts.report.forms.failure import failure_text, missing_text, properties_of, suite_properties
from contracts.report.run import Agreement, Passage, Run, Subject
from tests.made_changes import READ, change
from tests.report.comparisons import diff
from tests.report.runs import GET, lacks, proof, run, times, verdict

UNTIL = date(2027, 1, 31)


def run_of(text: str) -> Run:
    """A run in which everything that a service or a document names is the text."""
    operation = f"GET /{text}"
    about = {
        "operation": operation,
        "place": f"/{text}",
        "promise": f"is one of {text}",
        "source": Passage(f"{text}.yaml", 3, f"/paths/{text}", ((2, text), (3, text))),
        "found": {text: 3, f"{text}2": 1},
        "seen": {text: 3},
        "unseen": (text, "b"),
    }
    shown = proof(text, json.dumps({text: text}), instance=f"/{text}", headers=((f"X-{text}", text),))
    states = {
        "violated": {"since": "new", "lapsed": f"the entry {text} has passed", **about},
        "advisory": about,
        "accepted": {"accepted": Agreement(text, "2027-01-31"), **about},
        "not_exercised": {"why": text, **about},
        "undecided": {"why": text, **about},
        "holds": about,
    }
    verdicts = [
        verdict(state, text, rule=f"{operation} 200 /{text} {state}", **more, **({"proof": shown} if index < 3 else {}))
        for index, (state, more) in enumerate(states.items())
    ]
    verdicts += [lacks(f"GET /{text}{number}", text) for number in range(3)]
    return run(
        *verdicts,
        subjects=(Subject(text, text, f"{text}.yaml", "ab" * 32),),
        targets=(f"http://{text}",),
        reasons=(f"1 rule violated; {text}",),
        notes=(text,),
        asked={operation: times(0.1), GET: times(0.2)},
    )


def diff_of(text: str) -> Diff:
    """A comparison in which everything that a document names is the text."""
    where, source = f"schemas/{text} /{text}", Source(f"{text}.yaml", 7, f"/{text}")
    answer = {"status": 200, "headers": {text: text}, "body": {text: text}}
    asked = {"method": "GET", "path": f"/{text}", "headers": {text: text}, "body": {text: text}}
    shared: dict[str, Any] = {"message": text, "base": source, "revision": source}
    shared["reaches"] = (replace(READ, operation=f"GET /{text}"),)
    changes = [
        change(where=where, witness=Witness(f"GET /{text}", message, "revision", "base", text), **shared)
        for message in (answer, asked)
    ]
    return diff(changes)


# Checkers: each raises AssertionError where a form would do more than show the text.

UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u200b-\u200f\u2028-\u202f\u2060-\u206f\ufeff\ud800-\udfff]")
_COMMAND = re.compile(r"::(error|warning|notice) (file=[^:,\n]*,line=\d+,)?title=[^:,\n]*::[^\n]*")


def is_quiet(lines: Iterable[str], text: str) -> None:
    """For a terminal and the log of a CI server: nothing that they obey, no line more than was written."""
    for line in lines:
        assert line.isprintable(), (line, UNSEEN.findall(line))
        assert not line.lstrip().startswith("::"), line
        assert "##[" not in line, line
        assert "##vso[" not in line, line


def is_annotated(lines: Iterable[str], text: str) -> None:
    for line in lines:
        if line.startswith("::"):
            assert _COMMAND.fullmatch(line), line
            assert not re.search("%(?!25|0A|3A|2C)", line), line
            line = line[2:]
        is_quiet([line], text)


def is_markdown(lines: Iterable[str], text: str) -> None:
    """Rendered: no element or attribute that is not of the template, no link, no image, nobody mentioned."""
    source = "\n".join(lines)
    assert len(source) <= 65_536
    assert not UNSEEN.search(source.replace("\u200b", ""))
    page = MarkdownIt("commonmark").enable(["table", "strikethrough"]).render(source)
    found = elements(page)
    assert found.tags <= MARKDOWN, found.tags - MARKDOWN
    prose = re.sub("^(```+).*?^\\1$", "", source, flags=re.DOTALL | re.MULTILINE)
    assert not re.search(r"@\w|www\.|https?://|ftp://|<!--", prose), prose
    for line in source.split("\n"):
        is_quiet([line.replace("\u200b", "")], text)


class Elements(HTMLParser):
    """What a browser would make: elements with their attributes, and scripts."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[tuple[str, ...]] = set()
        self.scripts: list[str] = []
        self.others: list[str] = []
        self._within = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._within = tag
        for name, value in attrs:
            if name in ("href", "src", "action"):
                assert value is not None
                assert value.startswith(("#", "data:")), value
        self.tags.add((tag, *sorted(name for name, _ in attrs)))

    def handle_endtag(self, tag: str) -> None:
        self._within = ""

    def handle_data(self, data: str) -> None:
        if self._within in ("script", "style"):
            self.scripts.append(data)

    def handle_comment(self, data: str) -> None:
        self.others.append(data)

    def unknown_decl(self, data: str) -> None:
        self.others.append(data)

    handle_pi = handle_comment


def elements(page: str) -> Elements:
    found = Elements()
    found.feed(page)
    found.close()
    return found


ORDINARY = (
    "ordinary",
    "a_b-c/d.e",
    "ordinary text, more of it",
    '{"a": [1, "b"], "c": null}',
    "word " * 2000,
    "long, " * 9_000,
)


@cache
def ordinary(name: str) -> tuple[set[tuple[str, ...]], set[str]]:
    """The elements and the scripts of a form of texts that want nothing."""
    pages = [elements("\n".join(FORM[name].made(text))) for text in ORDINARY]
    return set().union(*(page.tags for page in pages)), set().union(*(page.scripts for page in pages))


def is_page(lines: Iterable[str], text: str, name: str = "page") -> None:
    source = "\n".join(lines)
    found = elements(source)
    tags, scripts = ordinary(name)
    tags = {*tags, ("mark",)}  # of the place that is refused, where a message has it
    assert found.tags <= tags, found.tags - tags
    assert set(found.scripts) <= scripts
    assert found.others == []
    assert not UNSEEN.search(source)
    assert len(source) < 5_000_000


MARKDOWN: set[tuple[str, ...]] = {
    (tag,) for tag in ("p", "h3", "h4", "ul", "li", "table", "thead", "tbody", "tr", "th", "td", "code", "pre")
}
MARKDOWN |= {(tag,) for tag in ("details", "summary", "b", "br", "strong", "em", "hr", "sub")}
MARKDOWN |= {("th", "style"), ("td", "style"), ("code", "class")}


def is_xml(lines: Iterable[str], text: str) -> None:
    """What pytest writes into its JUnit file: it can be read, and is what was said."""
    for line in lines:
        assert all(map(str.isprintable, line.split("\n"))), line
        element = ElementTree.Element("property", value=bin_xml_escape(line))
        assert ElementTree.fromstring(ElementTree.tostring(element)).get("value") == line


def is_json(lines: Iterable[str], text: str) -> None:
    source = "\n".join(lines)
    assert json.loads(source.encode("utf-8"))
    is_quiet(source.split("\n"), text)


# Shells

_STUB = '#!/bin/sh\nfor word in "$(basename "$0")" "$@"; do printf "%s\\0" "$word"; done > "$OUT/$(basename "$0").$$"\n'
BASH, PROGRAMS = shutil.which("bash"), ("curl", "contracts", "pytest", "python")


def words_of(command: str, folder: Path) -> list[list[str]]:
    """The words with which bash calls programs in a line that somebody pastes; nothing else may come of it."""
    programs, out, work = (folder / name for name in ("bin", "out", "work"))
    for path in (programs, out, work):
        path.mkdir(parents=True, exist_ok=True)
    for name in PROGRAMS:
        (programs / name).write_text(_STUB)
        (programs / name).chmod(0o755)
    environment = {
        "PATH": f"{programs}:/usr/bin:/bin",
        "OUT": str(out),
        "CONTRACT_CREDENTIAL": "key",
        "HOME": str(work),
    }
    done = subprocess.run([str(BASH), "-c", command], cwd=work, env=environment, capture_output=True, timeout=30)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    assert list(work.iterdir()) == []
    calls = [path.read_bytes().decode("utf-8", "surrogateescape").split("\0")[:-1] for path in out.iterdir()]
    shutil.rmtree(out)
    return calls


@dataclass(frozen=True)
class Form:
    """A form of a run or a comparison: the lines of a text in it, and what must hold of them."""

    made: Callable[[str], Iterable[str]]
    check: Callable[[Iterable[str], str], None]


def _run_form(name: str) -> Callable[[str], Iterable[str]]:
    return lambda text: split(lines_of(FORMS["run"][name], run_of(text), trend=None, width=100, encoding="utf-8"))


def _diff_form(name: str) -> Callable[[str], Iterable[str]]:
    known = {"paint": lambda line, *_: line, "unfolded": False, "summary": False}
    return lambda text: split(lines_of(FORMS["diff"][name], diff_of(text), **known))


def split(pieces: Iterable[str]) -> list[str]:
    """The lines of a form as they are written: only `\\n` ends one."""
    return "\n".join(pieces).split("\n")


def failures(text: str) -> Iterable[str]:
    for one in run_of(text).verdicts:
        command = accept_command([one.rule], "--spec", "a.yaml", until=UNTIL)
        yield from failure_text(one, accept=command, rerun="pytest x").split("\n")
        yield from missing_text(one, rerun="pytest x").split("\n")


def properties(text: str) -> Iterable[str]:
    made = run_of(text)
    for one in made.verdicts:
        yield from (value for _, value in properties_of(one))
    yield from (str(value) for _, value in suite_properties(made))


FORM: dict[str, Form] = {
    "terminal": Form(_run_form("text"), is_quiet),
    "annotations": Form(_run_form("annotations"), is_annotated),
    "summary of a job": Form(_run_form("markdown"), is_markdown),
    "page": Form(_run_form("html"), is_page),
    "failure of a test": Form(failures, is_quiet),
    "JUnit": Form(properties, is_xml),
    "comparison": Form(_diff_form("text"), is_quiet),
    "comparison as JSON": Form(_diff_form("json"), is_json),
    "comparison in a pull request": Form(_diff_form("markdown"), is_markdown),
    "comparison as a page": Form(_diff_form("html"), partial(is_page, name="comparison as a page")),
    "comparison as annotations": Form(_diff_form("github"), is_annotated),
}
