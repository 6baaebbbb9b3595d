"""`contracts run`: the contract run of a document, without a test file of one's own."""

import gc
import sys

import click
from click.shell_completion import CompletionItem

from contracts.commands import show
from contracts.run import invocation
from contracts.run.options import OPTIONS, Option


def _row(option: Option) -> tuple[str, str]:
    metavar = f" {option.takes.metavar}" if option.takes else ""
    return f"{option.flag}{metavar}", option.help


_BASE_URL = ("--base-url URL", "the service to ask, in place of the mock")
_ROWS = [_BASE_URL, *map(_row, OPTIONS)]


class _Words(click.Command):
    """A command whose words are pytest's to read; of them it knows what a shell completes."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        ctx.params["words"] = tuple(args)
        return []

    def shell_complete(self, _ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        flags = [flag for flag, _ in _ROWS if flag.startswith(incomplete)]
        return [CompletionItem(flag.partition(" ")[0]) for flag in flags]


@click.command(cls=_Words, options_metavar="", add_help_option=False)
@click.argument("words", metavar="[DOCUMENT[::TEST]] [OPTION]...", nargs=-1, type=click.Path())
@click.pass_context
def run(ctx: click.Context, words: tuple[str, ...]) -> None:
    """Ask a service for every promise of DOCUMENT, or a mock made from it, and judge the answers.

    Without a DOCUMENT it is the project's own (contract_spec), or an openapi.yaml or the like here.
    openapi.yaml::test_rule[ID] is one rule alone, as FAILED and rerun: name it.

    Exit code 0: pass. 1: a rule is violated. 3: inconclusive. 4: a wrong option or document.
    """
    gc.enable()  # a run takes long, and of other services it keeps little
    if {"-h", "--help"}.isdisjoint(words):
        sys.exit(invocation.run(words))
    show([ctx.get_help(), ""])
    formatter = click.HelpFormatter()
    with formatter.section("Options, beside those of pytest and of pytest-xdist (-n 4)"):
        formatter.write_dl(_ROWS)
    show([formatter.getvalue()])
