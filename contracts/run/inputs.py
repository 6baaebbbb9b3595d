"""What the options of a run name, read and checked: document, target, what was agreed on."""

import os
import ssl
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import date
from fnmatch import fnmatchcase
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

from contracts.decision.run_decision import Known, Policy, accepted_file, read_accepted
from contracts.document import Operation, Spec, load_spec
from contracts.document.sides import MissingError, Reading, side_from
from contracts.document.written import overlays_of
from contracts.errors import ContractsError, DocumentError, UsageError
from contracts.exchanges import Limits, Route, Secret, wires
from contracts.exchanges.credential import Scrubber
from contracts.exchanges.grants import Grant, grants_from
from contracts.exchanges.secret_urls import Capabilities
from contracts.exchanges.tokens import Tokens
from contracts.exchanges.wires import CLIENT_CERT, KEY_PASSWORD, Certificate
from contracts.messages import SAFE_METHODS, Headers, Probe, is_field_value
from contracts.notte import domain
from contracts.notte.prose import prose_rules
from contracts.probes.shares import ALWAYS, UNSENT, cost_of, shares_of
from contracts.report.record import known_of_report, probes_of_report
from contracts.rules import RuleBook, rules_for
from contracts.rules.faults import refuse_faulty, undeclared
from contracts.run.credentials import certified, credentials_from, refuse_missing, supplied, unset
from contracts.run.givens import Givens, givens_from, names_of
from contracts.run.options import NO_PROXY, Options, check_base_url, host_of, usable_proxy
from contracts.run.settings import own_document
from contracts.text import plural, printable, shown_path

Probes = Mapping[str, Sequence[Probe]]  # by the key of their operation


@dataclass(frozen=True, slots=True)
class Target:
    """Who answers: the mock, or a service at a base URL with a credential."""

    base_url: str | None = None
    secret: Secret | None = None
    others: Mapping[str, Secret] = field(default_factory=dict)  # of single schemes, by variable
    limits: Limits = field(default_factory=Limits)
    headers: Headers = field(default=(), repr=False)
    capabilities: Capabilities = field(default_factory=Capabilities)
    route: Route = field(default_factory=Route)
    tokens: Tokens = field(default_factory=Tokens)

    @property
    def live(self) -> bool:
        return self.base_url is not None

    def __str__(self) -> str:
        return self.base_url or "the mock"


@dataclass(frozen=True)
class Inputs:
    """What a run is about, checked."""

    spec: Spec
    target: Target = field(default_factory=Target)
    options: Options = field(default_factory=Options)
    givens: Givens = field(default_factory=Givens)  # what the service knows
    known: Known | None = None  # the violations of an earlier report
    evidence: Probes = field(default_factory=dict)  # sent before the plan; in a replay, instead
    policy: Policy = field(default_factory=Policy)
    scrubber: Scrubber = field(default_factory=Scrubber)
    overlays: Sequence[str] | None = None  # that were named; None: the one beside the document
    folder: Path = Path("build", "contract")  # where the report goes
    watches: bool = False  # others ask, and nothing is sent

    @cached_property
    def operations(self) -> tuple[Operation, ...]:
        """Those that are asked: of a shard, its share."""
        if self.options.shard is None:
            return self.chosen
        return tuple(filter(self.owns, self.chosen))

    @cached_property
    def chosen(self) -> tuple[Operation, ...]:
        """Those that are asked in all shards together."""
        return _chosen(self.spec, self.options)

    @cached_property
    def shares(self) -> Mapping[str, int]:
        """Which shard asks an operation, by its key; where rules were chosen, if it has one."""
        costs = dict[str, int]()
        for operation in self.chosen:
            rules = self.book.operations[operation.key].rules if self.options.rule else ()
            if self.options.rule is None or any(self.wants(rule.id) for rule in rules):
                costs[operation.key] = self._cost_of(operation)
        return shares_of(costs, (self.options.shard or (1, 1))[1])

    def _cost_of(self, operation: Operation) -> int:
        """About how many requests of this run it takes, at least one."""
        if self.replays:
            return ALWAYS * len(self.evidence.get(operation.key, ())) or UNSENT
        unsent = self.target.live and not self.options.unsafe
        if unsent and operation.method not in SAFE_METHODS:
            return UNSENT
        return cost_of(operation)

    def owns(self, operation: Operation) -> bool:
        """Whether its rules are judged here, and not in another shard."""
        shard = self.options.shard
        return shard is None or self.shares.get(operation.key) == shard[0]

    @property
    def is_first(self) -> bool:
        """Whether it does what a run does once: not so the second shard, and those after it."""
        return self.options.shard is None or self.options.shard[0] == 1

    @property
    def shard_text(self) -> str:
        """`, shard 2 of 5 (24 of 118 operations)`, or nothing."""
        if self.options.shard is None:
            return ""
        index, count = self.options.shard
        own, total = len(self.operations), plural(len(self.shares), "operation")
        return f", shard {index} of {count} ({own} of {total})"

    @cached_property
    def book(self) -> RuleBook:
        return self.book_of(self.spec)

    def book_of(self, spec: Spec) -> RuleBook:
        """The rules of this document, or of another one, as this run applies them."""
        seconds = self.options.max_response_time
        return rules_for(spec, max_seconds=seconds, extra=prose_rules(spec))

    def wants(self, rule_id: str) -> bool:
        """Whether the rule is among those that `--contract-rule` asks for."""
        return _matches(rule_id, self.options.rule or "*")

    @property
    def reading(self) -> Reading:
        """How its document is read, and others that are held against it."""
        return Reading(self.overlays, self.options.root, self.options.strict_document)

    @property
    def replays(self) -> bool:
        return self.options.replay is not None

    @property
    def sources(self) -> bool:
        """Whether session ids are looked for."""
        return self.options.discover or self.starts

    @property
    def starts(self) -> bool:
        """Whether a session is started."""
        return self.options.start_session and self.is_first


def inputs_from(
    options: Options,
    *,
    base_url: str | None,
    root: Path,
    environ: Mapping[str, str] = os.environ,
    asks: bool = True,
) -> Inputs:
    """What the options of a run name, read and checked; else UsageError or DocumentError.

    What only a run that `asks` needs is not missed in another.
    """
    base_url = check_base_url(base_url)
    named = [str(shown_path(Path(overlay))) for overlay in options.overlay]
    overlays = overlays_of(named, "--contract-overlay")
    path = shown_path(Path(options.spec or own_document(root)))
    spec = _spec_from(path, overlays, options.root)
    if options.strict_document:
        refuse_faulty(spec)
    spec, target, scrubber = _addressed(spec, options, base_url, environ, asks)
    known: Known | None = None
    evidence: Probes = {}
    if options.against is not None:
        report = shown_path(Path(options.against))
        known, evidence = known_of_report(report, spec, advisories=options.strict)
    if options.replay is not None:
        evidence = probes_of_report(shown_path(Path(options.replay)), spec)
    partial, some_rules = bool(options.operation or options.replay), bool(options.rule)
    accepted = read_accepted(accepted_file(spec), today=date.today())
    policy = Policy(options.strict, options.require_all, partial, some_rules, accepted)
    policy = replace(policy, giving=domain.values_for(names_of(spec.operations)))
    policy = replace(policy, shared=options.shard is not None)
    policy = replace(policy, max_unavailable=options.max_unavailable)
    policy = replace(policy, only_new=options.fail_on == "new")
    if known is not None:
        policy = replace(policy, known=frozenset(known.rules))
    # Ids of the environment are a service's own, and nothing to the mock.
    givens = givens_from(options, environ if target.live else {}, spec)
    folder = Path(options.report or root / "build" / "contract")
    about = spec, target, options, givens, known, evidence, policy
    made = Inputs(*about, scrubber, overlays, folder)
    for problem in _problems(made, environ) if asks else ():
        raise UsageError(problem)
    return made


def _addressed(
    spec: Spec, options: Options, base_url: str | None, environ: Mapping[str, str], asks: bool
) -> tuple[Spec, Target, Scrubber]:
    """The document with its variables, who answers, with which credentials, and what masks them."""
    headers = tuple((name, _header(name, value, environ)) for name, value in options.header)
    if options.client_cert is not None and base_url is not None:
        spec = certified(spec)
    spec, others, scrubber = credentials_from(supplied(spec, headers), options, base_url, environ)
    if asks and base_url is None:  # the mock gives no token, to be held against megabytes
        scrubber = replace(scrubber, common="")
    grants: Mapping[str, Grant] = {}
    if options.token_from_flow and base_url is not None and asks:
        grants = grants_from(spec, _chosen(spec, options), base_url, headers, environ)
        own = {grant.scheme: variable for variable, grant in grants.items()}
        shared = spec.shared and (spec.variable in others or not grants)
        spec = replace(spec, variables={**spec.variables, **own}, shared=shared)
    if asks and base_url is not None and not (options.dry_run or others or grants):
        sends = options.unsafe or options.start_session
        chosen = [one for one in _chosen(spec, options) if sends or one.method in SAFE_METHODS]
        refuse_missing(spec, chosen, environ)
    capabilities = scrubber.capabilities
    capabilities.placeholders = spec.placeholders
    secret = others.pop(spec.variable, None)
    route = route_of(options, environ, base_url if asks else None)
    tokens = Tokens(grants, route, scrubber)
    target = Target(base_url, secret, others, Limits(), headers, capabilities, route, tokens)
    return spec, target, scrubber


def _chosen(spec: Spec, options: Options) -> tuple[Operation, ...]:
    """The operations that `--contract-operation` asks for."""
    glob, found = options.operation or "*", []
    for operation in spec.operations:
        names = (operation.key, operation.path, operation.operation_id)
        if any(_matches(name, glob) for name in names):
            found.append(operation)
    return tuple(found)


def _spec_from(path: Path, overlays: Sequence[str] | None, root: str | None) -> Spec:
    """The document of a run; DocumentError also if it has nothing to test, or can't be asked."""
    spec = load_spec(path, overlays, root)
    if not spec.operations:
        source, problem = spec.document.source("/paths"), "no path has an operation, so there is"
        cure = "give a document whose `paths` have one"
        raise DocumentError(source.file, source.line, f"{problem} nothing to test", cure)
    for pointer, problem, cure in undeclared(spec):
        source = spec.document.source(pointer)
        raise DocumentError(source.file, source.line, problem, cure)
    return spec


def _problems(inputs: Inputs, environ: Mapping[str, str]) -> Iterator[str]:
    """Options that exclude each other, or that this document or target has no use for."""
    options, path, base_url = inputs.options, inputs.spec.document.path, inputs.target.base_url
    if options.replay is not None and not inputs.evidence:
        why = f"holds no evidence against {path}, so there is nothing to send again"
        cure = "give the report of a run that found violations"
        yield f"--contract-replay {shown_path(Path(options.replay))} {why}; {cure}"
    if options.drift and base_url is None:
        yield "--contract-drift needs a service that publishes something; give --base-url URL"
    if not inputs.chosen:
        cure = "give a glob over METHOD PATH or operationId, see `contracts rules`"
        yield f"--contract-operation {options.operation} matches no operation of {path}; {cure}"
    if base_url is not None:
        yield from _problems_with_production(inputs, host_of(base_url))
    yield from problems_with_certificates(options, base_url)
    looks = {"discover": options.discover, "start-session": options.start_session}
    for option in filter(looks.get, looks):
        yield from _problems_with_sessions(inputs, environ, f"--contract-{option}")
    yield from _problems_with_files(inputs)


def problems_with_certificates(options: Options, base_url: str | None) -> Iterator[str]:
    """Of the client."""
    if options.client_key is not None and options.client_cert is None:
        yield f"--contract-client-key goes with {CLIENT_CERT}; give that, or leave it out"
    if options.client_cert is not None and (base_url or "").startswith("http:"):
        yield f"{CLIENT_CERT} is shown to https alone; give an https --base-url, or leave it out"


def _problems_with_production(inputs: Inputs, host: str) -> Iterator[str]:
    """What is never sent to production; a token endpoint there only beside its base URL."""
    why = f"is refused on {inputs.target}, the production host; use staging, or leave it out"
    given = {"unsafe": inputs.options.unsafe, "start-session": inputs.options.start_session}
    for option in filter(given.get, given if host in domain.PRODUCTION_HOSTS else ()):
        yield f"--contract-{option} {why}"
    for grant in inputs.target.tokens.grants.values():
        if host_of(grant.url) in domain.PRODUCTION_HOSTS - {host}:
            why = f"would send secrets to the production host ({grant.shown_url})"
            yield f"--contract-token-from-flow {why}; let an overlay give another tokenUrl"


def _problems_with_sessions(
    inputs: Inputs, environ: Mapping[str, str], option: str
) -> Iterator[str]:
    """Sessions are looked for on a live service that has their ids, unless evidence is replayed."""
    target, leave = inputs.target, "leave the option out"
    if not target.live:
        yield f"{option} needs a service that has sessions; give --base-url URL, or leave it out"
    if inputs.replays:
        why = "a replay sends evidence and nothing else"
        yield f"{option} and --contract-replay exclude each other: {why}"
    if domain.SESSION_ID not in names_of(inputs.chosen):
        yield f"{option}: none of the operations has a parameter {domain.SESSION_ID}; {leave}"
    has_one = target.secret or target.others or target.tokens.grants
    if not (has_one or inputs.options.dry_run):
        cure = f"set it to a key of {target}, or {leave}"
        yield f"{option} needs a credential and {unset(inputs.spec, environ)}; {cure}"


def _problems_with_files(inputs: Inputs) -> Iterator[str]:
    """A mistaken baseline must not become a gate that never fails; reports must have folders."""
    baseline, history = inputs.options.baseline, inputs.options.history
    try:
        if baseline is not None:
            side_from(baseline, Reading(()))
    except MissingError:
        pass  # the revision has no such document, so that nothing can break
    except ContractsError as error:
        yield f"--contract-baseline {error}"
    folders = {"--contract-report": (inputs.folder, "the report")}
    if history is not None:
        folders["--contract-history"] = Path(history), "the reports of all runs"
    for option, (folder, what) in folders.items():
        existing = next(p for p in (folder, *folder.absolute().parents) if os.path.exists(p))
        try:
            with suppress(FileNotFoundError):
                folder.stat()  # a link that leads to itself is an error
            with TemporaryDirectory(dir=existing) as probe:  # what is made there is gone again
                Path(probe, folder.absolute().relative_to(existing.absolute())).mkdir(parents=True)
        except FileExistsError:
            pass  # it is the folder itself
        except (OSError, ValueError) as error:
            why = f"{existing} is not a folder"
            if existing.is_dir():
                why = f"it can't be made or written to ({getattr(error, 'strerror', error)})"
            yield printable(f"{option} {folder}: {why}; give a folder for {what}")


def _header(name: str, variable: str, environ: Mapping[str, str]) -> str:
    """The value of an extra header."""
    option, value = f"--contract-header {name}={variable}", environ.get(variable)
    if value is None:
        cure = "set it, or leave the option out"
        raise UsageError(f"{option}: the environment has no {variable}; {cure}")
    if not value.strip() or not is_field_value(value.strip()):
        why = "is empty or holds characters that no header can carry"
        raise UsageError(f"{option}: {variable} {why}; set it to the value alone")
    return value.strip()


def proxy_from(options: Options, environ: Mapping[str, str]) -> str | None:
    """The proxy, from the option or the environment, whose URL may hold a password."""
    url = environ.get(domain.PROXY_VARIABLE, "").strip()
    if options.proxy is not None or not url:
        return options.proxy
    try:
        return usable_proxy(url)
    except ValueError:
        raise UsageError(f"{domain.PROXY_VARIABLE} {NO_PROXY}") from None


def route_of(options: Options, environ: Mapping[str, str], base_url: str | None) -> Route:
    """The way to a service. UsageError for a proxy or certificates that can't be used."""
    route = Route(proxy_from(options, environ), options.ca_bundle)
    if base_url is None:
        return route
    base = urlsplit(base_url)
    if options.client_cert is not None:
        password = environ.get(KEY_PASSWORD, "")
        certificate = Certificate(options.client_cert, options.client_key, password)
        try:
            certificate.put_into(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))
        except ValueError as error:
            raise UsageError(str(error)) from None
        route = replace(route, certificate=certificate)
    variable, url = wires.environment_proxy(base)
    try:
        if route.proxy is None and url:
            usable_proxy(url)
        route.transport(base).close()
    except ValueError:
        raise UsageError(f"{variable} {NO_PROXY}, or unset it") from None
    except OSError as error:
        problem = f"SSL_CERT_FILE or SSL_CERT_DIR can't be used ({error.strerror or error})"
        raise UsageError(f"{problem}; give certificates in PEM form, or unset it") from None
    return route


def _matches(text: str | None, wanted: str) -> bool:
    """Ids are globs of themselves, whatever brackets they hold."""
    return text is not None and (text == wanted or fnmatchcase(text, wanted))
