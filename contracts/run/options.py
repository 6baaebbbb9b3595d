"""The options of the pytest plugin as a table. Imports nothing heavy: every pytest run of the environment reads it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from contracts.notte.domain import DOCUMENT, PROXY_VARIABLE


@dataclass(frozen=True, slots=True)
class Option:
    """A command-line option and its ini twin (`--contract-spec`, `contract_spec`).

    Args:
        kind: `value`, `list` (repeatable) or `flag`.
        files: what of it names a file: `path` (all of it), `@` (what follows an @), or nothing.
    """

    name: str
    help: str
    kind: str = "value"
    metavar: str | None = None
    files: str = ""

    @property
    def flag(self) -> str:
        return f"--{self.name}"

    @property
    def ini(self) -> str:
        return self.name.replace("-", "_")

    def anchored(self, value: str, folder: Path) -> str:
        """A value of the ini file, with the file that it names seen from the folder of that ini file."""
        before, at, file = value.partition("@")
        if self.files == "@" and at and (not before or before.endswith("=")):
            return f"{before}@{folder / file}"
        return str(folder / value) if self.files == "path" and value != "none" else value

    def words(self, value: bool | str | Sequence[str] | None) -> list[str]:
        """The words of a command line that give the option this value."""
        if value is None or value is False:
            return []
        if value is True:
            return [self.flag]
        return [f"{self.flag}={one}" for one in ([value] if isinstance(value, str) else value)]


OPTIONS: tuple[Option, ...] = (
    Option(
        "contract-spec",
        f"the OpenAPI document to test against (default: {DOCUMENT})",
        "value",
        "FILE",
        "path",
    ),
    Option(
        "contract-overlay",
        "an OpenAPI overlay; repeatable; 'none' for none at all",
        "list",
        "FILE",
        "path",
    ),
    Option(
        "contract-baseline",
        "what the document must not break (default: HEAD:FILE)",
        "value",
        "REV:PATH",
    ),
    Option(
        "contract-param",
        "a value that the service knows; NAME=@FILE reads one a line; repeatable",
        "list",
        "NAME=VALUE",
        "@",
    ),
    Option(
        "contract-session-id",
        "a session that the service knows, or @FILE; repeatable",
        "list",
        "VALUE",
        "@",
    ),
    Option(
        "contract-operation",
        "only operations whose METHOD PATH or operationId matches",
        "value",
        "GLOB",
    ),
    Option("contract-rule", "only rules whose id matches", "value", "GLOB"),
    Option(
        "contract-report",
        "the folder for report.json (default: build/contract)",
        "value",
        "DIR",
        "path",
    ),
    Option(
        "contract-history",
        "a folder that keeps the report of every run, for what comes and goes",
        "value",
        "DIR",
        "path",
    ),
    Option(
        "contract-strict",
        "advisories, unavailable answers and unexercised rules of 2xx answers fail too",
        "flag",
    ),
    Option("contract-require-all", "every unexercised rule fails", "flag"),
    Option("contract-unsafe", "send methods that may change state to a live service", "flag"),
    Option(
        "contract-max-response-time",
        "how long an answer may take (default: 5; advisory)",
        "value",
        "SECONDS",
    ),
    Option(
        "contract-max-unavailable",
        "more requests without an answer than this make a run inconclusive (default: 0.05)",
        "value",
        "SHARE",
    ),
    Option(
        "contract-header",
        "a header sent with every request, its value from an environment variable",
        "list",
        "NAME=ENVVAR",
    ),
    Option(
        "contract-discover",
        "list the sessions of the service (free), and ask for some of every status",
        "flag",
    ),
    Option(
        "contract-start-session",
        "start a session (about $0.002), ask for it, stop it, ask again",
        "flag",
    ),
    Option("contract-rate", "how often to send a request at most: 5/s, 300/m", "value", "RATE"),
    Option("contract-max-requests", "end in order after so many requests", "value", "N"),
    Option("contract-max-time", "end in order after so long: 600, 10m", "value", "TIME"),
    Option(
        "contract-proxy",
        f"a proxy to the service (with a password: the variable {PROXY_VARIABLE})",
        "value",
        "URL",
    ),
    Option(
        "contract-ca-bundle",
        "the certificates to trust, in place of the usual ones",
        "value",
        "FILE",
        "path",
    ),
    Option("contract-dry-run", "list the requests, send none", "flag"),
    Option(
        "contract-against",
        "an earlier report: its evidence is sent first, and told from what is new",
        "value",
        "REPORT.json",
        "path",
    ),
    Option(
        "contract-fail-on",
        "'new': what the earlier report has fails nothing (default: any)",
        "value",
        "new|any",
    ),
    Option(
        "contract-drift",
        "compare what the service publishes (/openapi.json) with the document first",
        "flag",
    ),
    Option(
        "contract-replay",
        "send the evidence of a report again, and nothing else",
        "value",
        "REPORT.json",
        "path",
    ),
)
