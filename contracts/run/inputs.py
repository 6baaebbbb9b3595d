"""Options, ini values and environment to the settings of a run; what is not usable is refused in one sentence."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from fnmatch import fnmatchcase
from math import inf
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx2

from contracts.decision.accepted import accepted_file, read_accepted
from contracts.decision.run_decision import MAX_UNAVAILABLE, Policy
from contracts.decision.since import Known
from contracts.document import Operation, Spec, load_spec
from contracts.document.git import MissingError
from contracts.document.sides import overlays_of, side_from
from contracts.errors import ContractsError, UsageError
from contracts.exchanges import Bounds, Limits, Route, Secret
from contracts.exchanges.secret_urls import Capabilities
from contracts.messages import Headers, Probe
from contracts.notte.domain import (
    CREDENTIAL_VARIABLE,
    DOCUMENT,
    PRODUCTION_HOSTS,
    SESSION_ID,
    SESSION_IDS_VARIABLE,
)
from contracts.notte.sessions import session_params
from contracts.report.earlier import known_of_report, probes_of_report
from contracts.report.scrubber import Scrubber
from contracts.rules.rulebook import MAX_SECONDS
from contracts.run.options import OPTIONS
from contracts.run.reach import bounds_from, proxy_secrets, route_from
from contracts.text import shown_path

_USERINFO = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*:)?/*[^/?#]*@")
_HOST = re.compile(r"(?=.{1,253}\Z)([a-z0-9_-]{1,63}\.)*[a-z0-9_-]{1,63}|[0-9a-f:.]*:[0-9a-f:.]*")
_FIELD_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110 §5.1
_FIELD_VALUE = re.compile(r"[!-~\x80-\xff]([\t -~\x80-\xff]*[!-~\x80-\xff])?")  # RFC 9110 §5.5


@dataclass(frozen=True)
class Settings:
    """What a run is about, checked.

    `header_variables` are the names of extra headers, each with the environment variable that has its value;
    `headers` hold the values. `replay` holds the probes of a report by operation, None when it is not a replay.
    `known` are the violations of an earlier report, None if none was given, and `first` the probes that show them.
    `overlays` are those that were named (None: the one beside the document), `baseline` is the side that was named.
    `history` is the folder in which the reports of all runs are kept, if that is wanted. `discover` and `start` say
    whether sessions are looked for, and whether one is started; `drift`, whether what is published is compared.
    """

    spec: Spec
    base_url: str | None
    secret: Secret | None
    given: Mapping[str, tuple[str, ...]]
    operation_glob: str
    rule_glob: str
    folder: Path
    history: Path | None
    policy: Policy
    max_seconds: float
    unsafe: bool
    header_variables: Headers
    headers: Headers = field(repr=False)
    scrubber: Scrubber
    dry_run: bool
    replay: Mapping[str, tuple[Probe, ...]] | None
    known: Known | None = None
    first: Mapping[str, tuple[Probe, ...]] = field(default_factory=dict)
    overlays: Sequence[str] | None = None
    baseline: str | None = None
    limits: Limits = field(default_factory=Limits)
    bounds: Bounds = field(default_factory=Bounds)
    route: Route = field(default_factory=Route)
    discover: bool = False
    start: bool = False
    drift: bool = False

    @property
    def operations(self) -> tuple[Operation, ...]:
        wanted = self.operation_glob
        return tuple(o for o in self.spec.operations if any(_matches(x, wanted) for x in _names(o)))

    def wants(self, rule_id: str) -> bool:
        """Whether the rule is among those that `--contract-rule` asks for."""
        return _matches(rule_id, self.rule_glob)


def settings_from(
    get: Callable[[str], Any],
    *,
    base_url: str | None,
    root: Path,
    environ: Mapping[str, str] = os.environ,
) -> Settings:
    """The settings that options describe; `get` gives an option by its name.

    Raises UsageError or DocumentError, whose text is meant for the user.
    """
    _refuse_empty(get)
    checked_url = check_base_url(base_url)
    spec = _spec(get, root)
    dry_run = bool(get("contract-dry-run"))
    known, first = _known(get("contract-against"), spec, strict=bool(get("contract-strict")))
    variables = _header_variables(get("contract-header") or ())
    headers = tuple((name, _header_value(name, variable, environ)) for name, variable in variables)
    settings = Settings(
        spec=spec,
        base_url=checked_url,
        secret=_secret(spec, checked_url, environ, needed=not dry_run),
        given=_given(get, environ if checked_url else {}, spec),
        operation_glob=get("contract-operation") or "*",
        rule_glob=get("contract-rule") or "*",
        folder=root / "build" / "contract"
        if get("contract-report") is None
        else Path(get("contract-report")),
        history=Path(get("contract-history")) if get("contract-history") is not None else None,
        policy=_policy(get, spec, frozenset(known.rules) if known is not None else None),
        max_seconds=_seconds(get("contract-max-response-time")),
        unsafe=bool(get("contract-unsafe")),
        header_variables=variables,
        headers=headers,
        scrubber=_scrubber(variables, environ),
        dry_run=dry_run,
        replay=_replay(get("contract-replay"), spec),
        known=known,
        drift=bool(get("contract-drift")),
        first=first,
        overlays=_overlays(get),
        baseline=_baseline(get("contract-baseline")),
        bounds=bounds_from(get),
        route=route_from(get, environ),
        discover=bool(get("contract-discover")),
        start=bool(get("contract-start-session")),
    )
    _refuse_unusable(settings)
    return settings


def _policy(get: Callable[[str], Any], spec: Spec, known: frozenset[str] | None) -> Policy:
    return Policy(
        strict=bool(get("contract-strict")),
        require_all=bool(get("contract-require-all")),
        partial=_is_partial(get),
        some_rules=bool(get("contract-rule")),
        accepted=read_accepted(accepted_file(spec), today=date.today()),
        max_unavailable=_share(get("contract-max-unavailable")),
        known=known,
        only_new=_only_new(get("contract-fail-on")),
    )


def _seconds(value: str | None) -> float:
    try:
        seconds = float(value) if value else MAX_SECONDS
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < inf:
        raise UsageError(
            f"--contract-max-response-time {value} is no number of seconds above 0; give 5, say"
        )
    return seconds


def _share(value: str | None) -> float:
    """`5%` or `0.05`."""
    if value is None:
        return MAX_UNAVAILABLE
    number, percent, rest = value.strip().partition("%")
    try:
        share = float(number) / 100 if percent else float(number)
    except ValueError:
        share = -1.0
    if rest or not 0 <= share <= 1:
        raise UsageError(
            f"--contract-max-unavailable {value} is no share of the requests; give 5%, 0.05 or 0, say"
        )
    return share


def _refuse_empty(get: Callable[[str], Any]) -> None:
    for option in OPTIONS:
        if option.kind == "value" and get(name := option.name) == "":
            raise UsageError(
                f"--{name} is empty (an unset variable?); give a value, or leave the option out"
            )


def _refuse_unusable(settings: Settings) -> None:
    if settings.drift and settings.base_url is None:
        raise UsageError(
            "--contract-drift needs a service that publishes something; give --base-url URL"
        )
    if not settings.operations:
        raise UsageError(
            f"--contract-operation {settings.operation_glob} matches none of the operations of "
            f"{settings.spec.document.path}; give a glob over METHOD PATH or operationId, see `contracts rules`"
        )
    for option in [
        *["--contract-unsafe"] * settings.unsafe,
        *["--contract-start-session"] * settings.start,
    ]:
        if settings.base_url and _host(settings.base_url) in PRODUCTION_HOSTS:
            raise UsageError(
                f"{option} is refused on {settings.base_url}, the production host; use staging, or leave it out"
            )
    for option in [
        *["--contract-discover"] * settings.discover,
        *["--contract-start-session"] * settings.start,
    ]:
        _refuse_without_sessions(settings, option)
    _refuse_unwritable("--contract-report", settings.folder, "the report")
    if settings.history is not None:
        _refuse_unwritable("--contract-history", settings.history, "the reports of all runs")


def _refuse_unwritable(option: str, folder: Path, purpose: str) -> None:
    existing = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    if not existing.is_dir() or not os.access(existing, os.W_OK | os.X_OK):
        problem = "is not a folder" if not existing.is_dir() else "can't be written to"
        raise UsageError(f"{option} {folder}: {existing} {problem}; give a folder for {purpose}")


def _refuse_without_sessions(settings: Settings, option: str) -> None:
    """Sessions are looked for on a live service, for operations that have their ids, unless evidence is replayed."""
    if settings.base_url is None:
        raise UsageError(
            f"{option} needs a service that has sessions; give --base-url URL, or leave it out"
        )
    if settings.replay is not None:
        raise UsageError(
            f"{option} and --contract-replay exclude each other: a replay sends evidence and nothing else"
        )
    if not any(
        p.name == SESSION_ID for operation in settings.operations for p in operation.parameters
    ):
        raise UsageError(
            f"{option}: none of the operations has a parameter {SESSION_ID}; leave the option out"
        )
    if settings.secret is None and not settings.dry_run:
        raise UsageError(f"{option} needs a credential and {CREDENTIAL_VARIABLE} is not set; set it to a key of "
                         f"{settings.base_url}, or leave the option out")  # fmt: skip


def check_base_url(url: str | None) -> str | None:
    """The base URL if it is usable; None means the mock. The text of errors holds no userinfo and no query."""
    if url is None:
        return None
    cure = "give http(s)://HOST[:PORT][/PREFIX], or leave --base-url out to use the mock"
    if not url.strip():
        raise UsageError(f"--base-url is empty (an unset variable?); {cure}")
    if _USERINFO.match(url):
        raise UsageError(
            f"--base-url holds a user name or password; {cure}, and put the credential into {CREDENTIAL_VARIABLE}"
        )
    option = "--base-url" if "@" in url or "?" in url else f"--base-url {url}"
    try:
        parts = urlsplit(url)
        usable = (
            parts.scheme in ("http", "https")
            and bool(parts.hostname)
            and bool(_HOST.fullmatch(_host(url)))
        )
        _ = parts.port
    except ValueError as error:
        raise UsageError(f"{option} is not usable ({error}); {cure}") from None
    except httpx2.InvalidURL:
        raise UsageError(f"{option} has no usable host; {cure}") from None
    if (
        not usable
        or "?" in url
        or "#" in url
        or "\\" in url
        or not all(c.isprintable() and c != " " for c in url)
    ):
        raise UsageError(f"{option} is not usable; {cure}")
    if not parts.path.isascii():
        raise UsageError(f"{option} has a path that is not percent-encoded; {cure}")
    return url.rstrip("/")


def _host(url: str) -> str:
    """The host as it is asked for: in lower case, as ASCII, without a final dot."""
    parts = urlsplit(url)
    host = httpx2.URL(f"{parts.scheme}://{parts.netloc}/").raw_host.decode("ascii")
    return host.lower().rstrip(".")


def _spec(get: Callable[[str], Any], root: Path) -> Spec:
    path = shown_path(Path(get("contract-spec") or root / DOCUMENT))
    return replace(load_spec(path, _overlays(get)), variable=CREDENTIAL_VARIABLE)


def _overlays(get: Callable[[str], Any]) -> list[str] | None:
    overlays = [str(shown_path(Path(overlay))) for overlay in get("contract-overlay") or ()]
    return overlays_of(overlays, "--contract-overlay")


def _baseline(value: str | None) -> str | None:
    """The baseline, if it can be looked for: a revision that is not there must not become a gate that never fails."""
    if value is None:
        return None
    if value == "-" or "://" in value:
        raise UsageError(
            f"--contract-baseline {value} is no REVISION:path and no file; give one of them"
        )
    try:
        side_from(value, [])
    except MissingError:
        pass  # the revision has no such document, so that nothing can break
    except ContractsError as error:
        raise UsageError(f"--contract-baseline {error}") from None
    return value


def _secret(
    spec: Spec, base_url: str | None, environ: Mapping[str, str], *, needed: bool
) -> Secret | None:
    if base_url is None:
        return None
    value = environ.get(CREDENTIAL_VARIABLE, "").strip()
    if value and not (value.isascii() and value.isprintable()):
        raise UsageError(
            f"{CREDENTIAL_VARIABLE} holds characters that no header can carry; set it to the credential alone"
        )
    if needed and not value and any(operation.needs_credential for operation in spec.operations):
        raise UsageError(
            f"the document asks for a credential and {CREDENTIAL_VARIABLE} is not set; "
            f"set it to a key of {base_url}, or leave --base-url out to use the mock"
        )
    return Secret(value, spec.placeholder) if value else None


def _scrubber(variables: Headers, environ: Mapping[str, str]) -> Scrubber:
    names = (CREDENTIAL_VARIABLE, *(variable for _, variable in variables))
    values = {name: environ.get(name, "").strip() for name in names} | proxy_secrets(environ)
    capabilities = Capabilities(placeholder=f"${CREDENTIAL_VARIABLE}")
    return replace(Scrubber.of(values), capabilities=capabilities)


def _given(
    get: Callable[[str], Any], environ: Mapping[str, str], spec: Spec
) -> dict[str, tuple[str, ...]]:
    """Given values by parameter; ids of the environment are a service's own, so the mock gets an empty `environ`."""
    found: dict[str, list[str]] = {}
    entries = [(str(entry), "--contract-param") for entry in get("contract-param") or ()]
    entries += session_params(get("contract-session-id") or (), environ)
    known = {parameter.name for operation in spec.operations for parameter in operation.parameters}
    for entry, option in entries:
        name, equals, value = entry.partition("=")
        if not equals or not name:
            raise UsageError(
                f"{option} {entry} is not NAME=VALUE; give a parameter's name, '=' and a value or @FILE"
            )
        if name not in known and option != SESSION_IDS_VARIABLE:
            raise UsageError(
                f"{option}: no operation has a parameter {name}; the document has {', '.join(sorted(known)) or 'none'}"
            )
        found.setdefault(name, []).extend(
            _values(value, option if option == SESSION_IDS_VARIABLE else f"{option} {entry}")
        )
    return {name: tuple(dict.fromkeys(values)) for name, values in found.items()}


def _values(value: str, option: str) -> Sequence[str]:
    if not value.startswith("@"):
        if not value:
            raise UsageError(f"{option} has an empty value; an empty value reaches another route")
        return [value]
    try:
        lines = Path(value[1:]).read_text(encoding="utf-8-sig").splitlines()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "not UTF-8 text"
        raise UsageError(
            f"{option}: {value[1:]} can't be read ({reason}); give a file with one value a line"
        ) from None
    values = [line.strip() for line in lines if line.strip()]
    if not values:
        raise UsageError(f"{option}: {value[1:]} holds no value; give a file with one value a line")
    return values


def _header_variables(entries: Sequence[str]) -> Headers:
    variables = []
    for entry in entries:
        name, equals, variable = str(entry).partition("=")
        if not equals or not _FIELD_NAME.fullmatch(name) or not variable:
            # What follows the first "=" is not shown: it may be the value, put there by mistake.
            raise UsageError(
                f"--contract-header {name}{equals} is not NAME=ENVVAR; give a header's name and the environment "
                "variable with its value"
            )
        variables.append((name, variable))
    return tuple(variables)


def _header_value(name: str, variable: str, environ: Mapping[str, str]) -> str:
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", variable):
        raise UsageError(
            f"--contract-header {name}=… does not name an environment variable; put the value into one, and give its "
            "name"
        )
    if variable not in environ:
        raise UsageError(
            f"--contract-header {name}={variable}: the environment has no {variable}; set it, or leave the option out"
        )
    value = environ[variable].strip()
    if not _FIELD_VALUE.fullmatch(value):
        raise UsageError(
            f"--contract-header {name}={variable}: {variable} is empty or holds characters that no header can carry; "
            "set it to the value alone"
        )
    return value


def _replay(value: str | None, spec: Spec) -> dict[str, tuple[Probe, ...]] | None:
    if value is None:
        return None
    path = shown_path(Path(value))
    probes = probes_of_report(path, spec)
    if not probes:
        raise UsageError(
            f"--contract-replay {path} holds no evidence against {spec.document.path}, so there is nothing to send "
            "again; give the report of a run that found violations"
        )
    return probes


def _known(
    value: str | None, spec: Spec, *, strict: bool
) -> tuple[Known | None, Mapping[str, tuple[Probe, ...]]]:
    if value is None:
        return None, {}
    return known_of_report(shown_path(Path(value)), spec, advisories=strict)


def _only_new(value: str | None) -> bool:
    if value not in (None, "any", "new"):
        raise UsageError(f"--contract-fail-on {value} is neither any nor new; give one of them")
    return value == "new"


def _is_partial(get: Callable[[str], Any]) -> bool:
    return bool(get("contract-operation") or get("contract-replay"))


def _names(operation: Operation) -> tuple[str, ...]:
    return (operation.key, operation.path, operation.operation_id or "")


def _matches(text: str, wanted: str) -> bool:
    """Ids are globs of themselves, whatever brackets they hold."""
    return text == wanted or fnmatchcase(text, wanted)
