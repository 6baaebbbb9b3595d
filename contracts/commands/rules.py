"""`contracts rules`."""

from __future__ import annotations

import json
from pathlib import Path

import click

from contracts import rules as rulebooks
from contracts.commands import show
from contracts.document import load_spec
from contracts.document.sides import overlays_of
from contracts.notte.domain import DOCUMENT
from contracts.report.forms.catalogue import explained, explained_json, rules_json, rules_table


@click.command()
@click.option("--spec", "path", default=DOCUMENT, show_default=True, help="The OpenAPI document.")
@click.option(
    "--overlay", "overlays", multiple=True, help="An overlay; repeatable; 'none' for none at all."
)
@click.option(
    "--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True
)
@click.option("--explain", metavar="ID", help="One rule in full.")
def rules(path: str, overlays: tuple[str, ...], form: str, explain: str | None) -> None:
    """The rules that the document implies, each with its file:line and its clause."""
    spec = load_spec(Path(path), overlays_of(overlays, "--overlay"))
    book = rulebooks.rules_for(spec)
    if form == "json":
        value = rules_json(book) if explain is None else explained_json(book, explain)
        show([json.dumps(value, indent=1, ensure_ascii=False)])
    elif explain is None:
        show(rules_table(book))
    else:
        show([explained(book, explain)])
