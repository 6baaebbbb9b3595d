"""`contracts init`: the files with which a repository begins to keep the contract of a document."""

import json
import os
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from functools import reduce
from importlib import metadata
from itertools import chain
from operator import getitem
from pathlib import Path
from typing import Any

import click
import yaml

from contracts.commands import show
from contracts.commands.omissions import actions_of, omissions_of
from contracts.decision.entries import kept
from contracts.document.loader import overlay_beside
from contracts.errors import DocumentError, UsageError
from contracts.run.inputs import Inputs, inputs_from
from contracts.run.options import Options
from contracts.run.settings import SettingsFile, document_of_project, settings_file, settings_under
from contracts.text import plural, printable, write_whole

KEY = "contract_spec"
_TEMPLATES = Path(__file__).parent / "templates"
_TEST = "from contracts.testing import test_document, test_rule  # noqa: F401\n"
_PURPOSES = {
    "contract.yml": "pull requests: on the mock, and against the base branch",
    "contract-nightly.yml": "every night, against staging; its head says what to set up",
}


@click.command()
@click.argument("document", required=False)
@click.option("--base-url", help="A service that runs: what it answers and DOCUMENT does not have.")
def init(document: str | None, base_url: str | None) -> None:
    """Begin to keep the contract of DOCUMENT in this repository.

    Writes a test file, the setting of pytest that names the document, an overlay and two workflows
    of GitHub. Nothing that is there is overwritten; what was done is said, a line each.
    """
    options = Options(spec=document or str(document_of_project()))
    inputs = inputs_from(options, base_url=base_url, root=Path.cwd(), asks=False)
    spec, path = inputs.spec, Path(inputs.spec.document.path)
    overlay = path.with_name(overlay_beside(path))
    filled = _overlay(inputs, overlay)  # before anything is written: the service may be none
    count = plural(len(spec.operations), "operation")
    show([printable(f"document: {path} ({spec.title} {spec.version}, {count})")])
    _add(Path("tests", "test_contract.py"), _TEST, "a test for every rule")
    _name_document(path)
    _add(overlay, *filled)
    root = _above()[-1]
    here = Path(os.path.relpath(Path.cwd(), root)).as_posix()
    for name, purpose in _PURPOSES.items():
        text = (_TEMPLATES / name).read_text(encoding="utf-8")
        text = text.replace("@VERSION@", metadata.version("notte-contracts"))
        inert = json.dumps(here)[1:-1].replace("${{", "${{ '${{' }}")  # a workflow evaluates it
        text = text.replace("@HERE@", inert)
        _add(root / ".github" / "workflows" / name, text, purpose)
    url = inputs.target.base_url or "URL"
    show(["next:", "  contracts run", f"  contracts run --base-url {url}"])


def _overlay(inputs: Inputs, path: Path) -> tuple[str, str]:
    """An overlay and what is in it; the service is asked where there is none."""
    live = inputs.target.live and not os.path.lexists(path)
    seen, unsaid = omissions_of(inputs) if live else ({}, [])
    each = Counter(chain.from_iterable(seen.values()))
    told = [f"{status} of {plural(each[status], 'operation')}" for status in sorted(each)]
    said = "nothing in it yet; --base-url URL asks a service what belongs there"
    if live:
        said = f"as {inputs.target} answers: {', '.join(told) or 'nothing but what is documented'}"
        said = "; ".join([said, *unsaid])
    # An overlay has to have an action.
    actions = actions_of(inputs.spec, seen) or [{"target": "$", "update": {}}]
    text = (_TEMPLATES / "overlay.yaml").read_text(encoding="utf-8")
    return text + yaml.safe_dump(actions, sort_keys=False, allow_unicode=True), said


def _add(path: Path, text: str, purpose: str) -> None:
    """Write a file and say so, unless it is there."""
    if os.path.lexists(path):
        _leave(path, ", which is there already")
    else:
        _write(path, text, purpose)


def _leave(path: Path, why: str) -> None:
    show([printable(f"left: {os.path.relpath(path)}{why}")])


def _write(path: Path, text: str, purpose: str) -> None:
    shown = os.path.relpath(path)
    try:
        write_whole(path, text)
    except OSError as error:
        problem = f"{shown} can't be written ({error.strerror})"
        raise UsageError(f"{problem}; mend that and call it again: what is there stays") from None
    show([printable(f"wrote: {shown} ({purpose})")])


def _above() -> Sequence[Path]:
    """The folder here, and those around it as far as its repository goes."""
    around = (Path.cwd(), *Path.cwd().parents)
    depth = [index for index, folder in enumerate(around) if (folder / ".git").exists()]
    return around[: depth[0] + 1] if depth else around[:1]


def _name_document(document: Path) -> None:
    """Let the file that pytest reads name the document, and say so, unless it names one."""
    made = Path.cwd() / "pyproject.toml"
    found = settings_file(_above())
    if found is None and made.is_file():
        found = settings_under(made, "tool.pytest.ini_options")
    found = found or SettingsFile(made.with_name("pytest.ini"), "pytest")
    file, name = found.path, Path(os.path.relpath(document, found.path.parent)).as_posix()
    if KEY in found.table:
        there = str(found.table[KEY])
        is_other = os.path.abspath(file.parent / there) != os.path.abspath(document)
        other = f"; {name} needs a pytest.ini of its own" * is_other
        return _leave(file, f", where {KEY} is {there} already{other}")
    text, wanted = _with_key(found, name), {**found.table, KEY: name}
    with suppress(DocumentError):
        if settings_under(file, found.title, text).table == wanted:
            return _write(file, text, f"{KEY} = {name}")
    return _leave(file, f"; write {KEY} = {name} under [{found.title}] in it")


def _with_key(found: SettingsFile, value: str) -> str:
    """The text of a file with one more setting; all the rest stays as it is written."""
    text, end = f"\n{found.text}", "\r\n" if "\r\n" in found.text else "\n"
    header, line = f"[{found.title}]", f"{KEY} = {value}"
    if found.path.suffix == ".toml":
        line = f"{KEY} = {json.dumps(value, ensure_ascii=False)}"
    above, is_there, rest = text.partition(f"\n{header}")
    if is_there:
        remark, _, below = rest.partition("\n")
        return f"{above}\n{header}{remark.rstrip()}{end}{line}{end}{below}"[1:]
    if not found.table:
        return f"{text.rstrip()}{end * 2}{header}{end}{line}{end}".lstrip()
    import tomlkit

    tree: Any = tomlkit.parse(found.text)
    reduce(getitem, found.title.split("."), tree)[KEY] = value
    return kept(found.text, tree.as_string())
