"""`contracts judge` and `contracts proxy`: what others ask and are answered, judged as a run is."""

import gc
import signal
import sys
from collections.abc import Callable
from functools import partial, wraps
from pathlib import Path
from shutil import get_terminal_size
from typing import TYPE_CHECKING, Any

import click

from contracts.commands import command_line, listens, needs_server, show, to_log
from contracts.commands.documents import own_document
from contracts.commands.whole import EXIT_CODES
from contracts.notte import domain
from contracts.run.options import OPTIONS, Options, check_base_url, host_of, options_from, period_of
from contracts.run.settings import settings_of
from contracts.text import printable

if TYPE_CHECKING:
    from contracts.consumers.watch import Watch

_JUDGING = (
    *("overlay", "root", "strict_document", "report", "history", "strict", "require_all"),
    *("max_response_time", "max_unavailable", "credential"),
)
_WAY = ("proxy", "ca_bundle", "client_cert", "client_key")


def _takes(*fields: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """A command with these options of a run; it takes their values, `options`, in one."""

    def decorate(command: Callable[..., None]) -> Callable[..., None]:
        @wraps(command)
        def called(**given: Any) -> None:
            document, said = given.pop("document"), settings_of(Path.cwd())
            values = {field: given.pop(f"contract_{field}") or None for field in fields}
            values["spec"] = document or own_document()
            values["report"] = given.pop("report", None) or values["report"]
            settled = {row.field: said.get(row.ini) for row in OPTIONS if row.field in values}
            options = options_from(lambda row: values.get(row.field) or settled.get(row.field))
            command(options=options, **given)

        for row in reversed([row for row in OPTIONS if row.field in fields]):
            how: dict[str, Any] = {"is_flag": True}
            if row.takes is not None:
                how = {"metavar": row.takes.metavar, "multiple": row.kind == "list"}
            called = click.option(row.flag, help=row.help, **how)(called)
        return called

    return decorate


def _end(watch: "Watch") -> None:
    """Judge what came, say it as a run does, and exit as one."""
    from contracts.report.forms.terminal import Screen
    from contracts.run.end import last_line, said_at_the_end

    result, state = watch.conclude(), watch.state
    screen = Screen(get_terminal_size().columns, sys.stdout.encoding)
    lines = map(screen.text, said_at_the_end(state, screen, ""))
    show([*lines, last_line(state, screen)])
    sys.exit(EXIT_CODES[result])


@click.command()
@click.argument("file", type=click.Path())
@click.argument("document", required=False, type=click.Path())
@click.option("--base-url", metavar="URL", help="What the document's paths follow.  [its servers]")
@click.option("--report", metavar="DIR", help="The same as --contract-report.")
@_takes(*_JUDGING)
def judge(file: str, base_url: str | None, options: Options) -> None:
    """Judge what was recorded elsewhere: each answer, and whether each request is allowed.

    FILE is a HAR 1.2 of a browser, mitmproxy or Playwright, or the exchanges.jsonl of a run or a
    proxy. Requests to elsewhere are counted and left out. Without a DOCUMENT it is the project's.

    Exit code 0: pass. 1: a rule is violated. 2: a file or an option can't be used. 3: inconclusive.
    """
    from contracts.consumers.recordings import data_of, take_recorded
    from contracts.consumers.watch import watch_of

    gc.enable()
    data, said = data_of(Path(file))
    base_url = base_url if base_url is not None else settings_of(Path.cwd()).get("base_url")
    watch = watch_of(options, check_base_url(base_url) or said, command_line(), at_servers=True)
    take_recorded(watch, Path(file), data)
    _end(watch)


@click.command()
@click.argument("document", required=False, type=click.Path())
@click.option("--base-url", metavar="URL", required=True, help="The service that is asked.")
@listens
@click.option("--for", "period", metavar="TIME", help="End after so long: 600 (seconds), 10m.")
@click.option("--report", metavar="DIR", help="The same as --contract-report.")
@_takes(*_JUDGING, *_WAY)
def proxy(
    base_url: str, host: str, port: int, period: str | None, quiet: bool, options: Options
) -> None:
    """Let clients ask a service through it, and judge what they ask and are answered.

    Give clients its URL in place of the service's. It ends with Ctrl-C, SIGTERM or --for, and then
    writes the report of a run. Nothing is altered on the way. To a production host that is known no
    method is sent that may change anything.

    Exit code 0: pass. 1: a rule is violated. 2: an option can't be used. 3: inconclusive.
    """
    needs_server("proxy")
    from contracts.consumers.proxy import Forwarder
    from contracts.consumers.watch import watch_of
    from contracts.mock.server import bound, serve, url_of

    gc.enable()
    url, seconds = check_base_url(base_url) or "", period_of("--for", period)
    watch = watch_of(options, url, command_line())
    route, guarded = watch.state.inputs.target.route, host_of(url) in domain.PRODUCTION_HOSTS
    with bound(host, port) as held:
        line = printable(f"contracts: {url_of(held)} forwards to {url}")
        ready = partial(print, line, flush=True)
        serving = partial(serve, held=held, ready=ready, date=False, whole=True, seconds=seconds)
        look_on(Forwarder(url, route, guarded), watch, serving, to_log(quiet=quiet))


def look_on(
    app: Any, watch: "Watch", serving: Callable[[Any], None], *log: Any, **more: Any
) -> None:
    """Let an application serve, judge what passes, say what came of it, and exit as a run does.

    Further arguments are those of an `Onlooker`.
    """
    from contracts.consumers.proxy import Onlooker

    for line in watch.salvaged:
        click.echo(printable(f"contracts: {line}"), err=True)
    onlooker = Onlooker(app, watch, *log, **more)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a second one, after serving, costs no report
    serving(onlooker)
    onlooker.close()
    _end(watch)
