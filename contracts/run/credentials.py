"""The credentials of a run: from which variable that of each scheme comes, and what masks them.

And what answers say as long as they are taken, or where they are words like any other.
"""

import json
import re
import urllib.request
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from urllib.parse import unquote

from contracts.document import Operation, SecurityScheme, Spec
from contracts.document.model import Notice
from contracts.document.security import lack_of, own_variable, scheme_name
from contracts.errors import UsageError
from contracts.exchanges import Secret
from contracts.exchanges.credential import UNLOOKED, Scrubber
from contracts.exchanges.grants import SECRETS, flows_of
from contracts.exchanges.health import blocked, expired_from
from contracts.exchanges.secret_urls import Capabilities, secret_names
from contracts.exchanges.wires import KEY_PASSWORD
from contracts.messages import VARIABLE, Exchange, Headers
from contracts.notte import domain
from contracts.rules import RuleBook
from contracts.run.options import Options
from contracts.verdicts import Judging, Verdict, judge_all, tally, unjudged, with_recurrence

_HOST_AND_PORT = re.compile(r"([^:/]*|\[[^\]]*\])(:[0-9]{0,5})?(/.*)?")
UNTRIED = "what the document says of it is not tried; leave --contract-header out to try it"
_NO_PAIR = "is no user:password, as a basic scheme has it; end a user without password with a colon"


def credentials_from(
    spec: Spec, options: Options, base_url: str | None, environ: Mapping[str, str]
) -> tuple[Spec, dict[str, Secret], Scrubber]:
    """The document with the variables of its credentials, these by variable, and what masks.

    The credential of a scheme is in the variable that an option names, else in its own, else in
    CONTRACT_CREDENTIAL, else in the domain's, for its own document. UsageError for a useless one.
    """
    given = dict.fromkeys((VARIABLE, domain.CREDENTIAL_VARIABLE), "")
    given |= {name: value.strip() for name, value in environ.items()}
    own, general, live = _own_variables(spec, options, given), VARIABLE, base_url is not None
    if domain.is_own(spec.title, spec.servers) and not given[VARIABLE]:
        general = domain.CREDENTIAL_VARIABLE
    spec, used = replace(spec, variable=general), {general, *own.values()}
    if live:  # the mock has one for all
        spec = replace(spec, variables=own, shared=bool(given[general] or not own))
        for variable in sorted(used):
            spec = _checked(spec, variable, given.get(variable, ""))
    common = f"{json.dumps(spec.document.tree, default=str)} {base_url}"
    secrets, others = dict[str, Secret](), dict[str, str]()
    headers = [domain.CREDENTIAL_VARIABLE, *(variable for _, variable in options.header)]
    for name, value in given.items():
        if name in used and value:
            separators = map(_separator, _takers(spec, name))
            parts = tuple(value.partition(separator)[2] for separator in separators)
            secrets[name] = Secret(value, f"${name}", common, parts)
        elif name in headers or name.startswith((VARIABLE, KEY_PASSWORD, *SECRETS)):
            others[name] = value
    masks = [*secrets.values(), *Scrubber.of(others, common).secrets]
    masks += Scrubber.of(proxy_secrets(environ)).secrets
    masks.sort(key=lambda secret: -len(secret.reveal()))
    capabilities = Capabilities(secret_names(spec.document, domain.SECRET_URLS), spec.placeholders)
    return spec, secrets if live else {}, Scrubber(tuple(masks), capabilities, common)


def _own_variables(spec: Spec, options: Options, given: Mapping[str, str]) -> dict[str, str]:
    """The variable of each scheme that has one of its own."""
    own = dict[str, str]()
    for scheme in spec.security_schemes:
        if given.get(own_variable(scheme)):
            own[scheme] = own_variable(scheme)
    for scheme, variable in options.credential:
        if scheme not in spec.security_schemes:
            option = f"--contract-credential {scheme}={variable}"
            known = ", ".join(sorted(spec.security_schemes)) or "none"
            problem = f"the document has no security scheme {scheme}; it has {known}"
            raise UsageError(f"{option}: {problem}")
        own[scheme] = variable
    return own


def _takers(spec: Spec, variable: str) -> list[SecurityScheme]:
    """The schemes that take the credential of a variable."""
    schemes = spec.security_schemes.values()
    return [scheme for scheme in schemes if spec.variable_of(scheme.id) == variable]


def _checked(spec: Spec, variable: str, value: str) -> Spec:
    """The document, without those schemes that can't take what is for all; or UsageError."""
    takers = _takers(spec, variable)
    if not value and variable in spec.variables.values():
        cure = "set it, or leave the option out"
        raise UsageError(f"--contract-credential: the environment has no {variable}; {cure}")
    if not value.isascii() or not value.isprintable():
        cure = "set it to the credential alone"
        raise UsageError(f"{variable} holds characters that no header can carry; {cure}")
    if value.partition(" ")[0].lower() in {scheme_name(taker).lower() for taker in takers} - {""}:
        cure = "set it to the credential alone; the suite says which scheme it is of"
        raise UsageError(f"{variable} begins with the name of a scheme; {cure}")
    if value[:1] == value[-1:] and value[:1] in ('"', "'"):
        raise UsageError(f"{variable} stands in quotes, which would be sent; set it without them")
    pairs = [taker.id for taker in takers if scheme_name(taker) == "Basic"]
    if not pairs or not value or (value.strip(":") and ":" in value):
        return spec
    if variable != spec.variable or len(pairs) == len(takers):
        raise UsageError(f"{variable} {_NO_PAIR} (scheme {pairs[0]})")
    return replace(spec, variables={**spec.variables, **dict.fromkeys(pairs, "")})


def _separator(scheme: SecurityScheme) -> str:
    """What follows it is a secret by itself: a password, or a token behind a name of one's own."""
    return {"Basic": ":"}.get(scheme_name(scheme), " ")


def certified(spec: Spec) -> Spec:
    """The document as it is where every connection shows the client's certificate."""
    shown, operations = [], []
    for scheme in spec.security_schemes.values():
        if scheme.type == "mutualTLS" and not scheme.scheme:  # else it is one that can't be read
            shown.append(scheme.id)
    for operation in spec.operations:
        security = []
        for alternative in operation.security:
            security.append(tuple(one for one in alternative if one[0] not in shown))
        operations.append(replace(operation, security=tuple(security)))
    return replace(spec, operations=tuple(operations))


def supplied(spec: Spec, headers: Headers) -> Spec:
    """The document as it is where every request has these fields, whose parameters none breaks."""
    names, operations, notices = dict(headers), [], dict[str, Notice]()
    own = dict(zip(map(str.lower, names), names, strict=True))
    for operation in spec.operations:
        parameters = []
        for one in operation.parameters:
            field = {"header": one.name.lower(), "cookie": "cookie"}.get(one.location, "")
            if name := own.get(field):
                one = replace(one, required=False, schema=None, media_type=None)
                source, problem = (
                    spec.document.source(one.pointer),
                    f"{name} comes with every request",
                )
                known = notices.get(name, Notice("supplied", source, problem, UNTRIED, more=-1))
                notices[name] = replace(known, more=known.more + 1)
            parameters.append(one)
        operations.append(replace(operation, parameters=tuple(parameters)))
    return replace(spec, operations=tuple(operations), notices=(*spec.notices, *notices.values()))


def unset(spec: Spec, environ: Mapping[str, str]) -> str:
    """That the variable for all is not set, and that the domain's, where it is, is not for this."""
    unused = f" ({domain.UNUSED})" * bool(environ.get(domain.CREDENTIAL_VARIABLE, "").strip())
    return f"{spec.variable} is not set{unused}"


def refuse_missing(spec: Spec, operations: Iterable[Operation], environ: Mapping[str, str]) -> None:
    """UsageError if one of the operations asks for a credential: the run has none at all."""
    bare = replace(spec, shared=False)
    for operation in operations:
        if lack := lack_of(operation, bare):
            problem = f"the document asks for a credential and {unset(spec, environ)}"
            cure = f"for {operation.key} set {lack}, or {spec.variable} for all"
            if way := flows_of(spec, operation):
                cure += f", or give {way}"
            raise UsageError(f"{problem}; {cure}, or leave --base-url out to use the mock")


def proxy_secrets(environ: Mapping[str, str]) -> dict[str, str]:
    """Userinfo and passwords of the proxies that the environment names, by what stands for each."""
    named = {domain.PROXY_VARIABLE: environ.get(domain.PROXY_VARIABLE, "")}
    named |= {f"{scheme.upper()}_PROXY": url for scheme, url in urllib.request.getproxies().items()}
    found: dict[str, str] = {}
    for variable, url in named.items():
        rest = url.partition("://")[2] or url
        userinfo, at, _ = rest.rpartition("@")
        if not at and not _HOST_AND_PORT.fullmatch(rest):  # whatever it is, it is no host
            userinfo = rest
        user, _, password = userinfo.partition(":")
        if userinfo:
            found[f"{variable}_USERINFO"] = unquote(userinfo)
            found[f"{variable}_PASSWORD"] = unquote(password or user)
    return found


def judged(
    book: RuleBook,
    operation: Operation,
    exchanges: Sequence[Exchange],
    begun: Judging | None = None,
) -> list[Verdict]:
    """What the answers say of each rule: nothing if blocked, or once a credential has expired."""
    rules, end = book.operations[operation.key], expired_from(book.spec, exchanges)
    judgements = judge_all(rules, exchanges[:end], begun if end is None else None)
    verdicts = with_recurrence(tally(rules.rules, judgements), judgements)
    # Requests with other methods say nothing of the operation.
    if why := blocked(book.spec, [e for e in exchanges if e.probe.source != "method"]):
        return [unjudged(verdict.rule, why) for verdict in verdicts]
    return verdicts


def judged_without(
    book: RuleBook,
    operation: Operation,
    exchanges: list[Exchange],
    said: Sequence[Secret],
    unlooked: str,
) -> list[Verdict]:
    """Verdicts on bodies with what they say anyway, none on whether they hold the credential.

    Why nothing is looked for is what answers `said`, unless it was `unlooked` from the beginning.
    """
    names = " and ".join(secret.placeholder.removeprefix("$") for secret in said)
    why = f"answers to requests without {names} hold its value as well: {UNLOOKED}"
    for index, exchange in enumerate(exchanges):
        if (response := exchange.response) is not None:
            body = response.body
            for secret in said:
                body = body.replace(secret.placeholder.encode(), secret.reveal().encode())
            exchanges[index] = replace(exchange, response=replace(response, body=body))
    verdicts = {v.rule: v for v in judged(book, operation, exchanges)}
    why = unlooked or why
    verdicts |= {rule: unjudged(rule, why) for rule in verdicts if rule.kind == "credential kept"}
    return list(verdicts.values())
