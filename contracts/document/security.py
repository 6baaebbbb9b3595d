"""What an operation asks for as a credential, and every way of showing it that is tried."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from typing import Any

from contracts.document.dialects.repairs import UNREAD, Repairs
from contracts.document.model import (
    Document,
    Operation,
    SecurityRequirement,
    SecurityScheme,
    Spec,
    join_pointer,
    split_pointer,
)
from contracts.messages import CREDENTIAL_FORMS, VARIABLE, Credential, is_nameable
from contracts.text import shown

Schemes = tuple[str, ...]  # the ids of those that one requirement wants together
Needs = frozenset[tuple[str, ...]]
"""What one alternative wants: schemes by what they look like in a request, and scopes of them."""
Wanted = Mapping[SecurityRequirement, Needs]
_ENDINGS = (
    "token|secrets?|pass(?:words?|wd|phrase|code)|credentials?|cookies?|signature|assertion|verifier"
    "|authorization|(?:access|account|admin|api|client|consumer|deploy|encryption|license|master|private"
    "|publishable|secret|service|session|shared|signing|ssh|subscription)[-_. ]?key"
    "|(?:access|auth|backup|device|mfa|recovery|security|user)[-_. ]?codes?"
)
_WORDS = "auth bearer connection_string csrf hmac jwt otp pass pin pwd samlresponse sig totp xsrf"
MEMBERS = rf"""(?!set-cookie|access-control-|[0-9a-z_-]{{0,40}}(?:page|next|continuation)[-_]?token)
    (?:[0-9a-z_-]{{0,40}}(?:{_ENDINGS})|(?:[0-9a-z_-]{{0,40}}[_-])?(?:{_WORDS.replace(" ", "|")}))
    (?:[-_]?(?:confirm(?:ation)?|again|value|json|pem|hash|hint|[0-9]{{1,2}}))?"""
"""What members that are credentials are called, in lower case, whatever a document says."""
IN_MEMBERS = f"token secret credential cookie assertion verifier key code {_WORDS}".split()
"""Of these one is in each such name."""
_SECRET = re.compile(
    r"auth(?!or(?!i))|pass(?:w|\b)|pwd|csrf|sess(?:ion|id)|jwt|bearer|saml|nonce|\b(?:sid|sig)\b"
    rf"|^(?:code|key|otp|pin|ticket)$|{_ENDINGS}",
    re.IGNORECASE,
)
MOST_TRIED = 100  # alternatives of an operation, and schemes of one, that are each tried by itself
WRONG_ALONE = (Credential.NONE, Credential.WRONG)
"""Forms of one credential of several, while the others are right."""
_OF_OTHERS = {Credential.NONE, Credential.LOWER_CASE, Credential.MISPLACED}
"""Forms that are not tried again with another alternative."""


def is_secret_name(name: str) -> bool:
    """Whether a parameter or a header field is called what credentials are called."""
    return _SECRET.search(name) is not None


@dataclass(frozen=True, slots=True)
class Way:
    """A form of the credentials of some schemes; of `part` alone where one is named."""

    form: Credential
    schemes: Schemes = ()  # none: those that are in use
    part: str = ""
    about: str = ""  # what its rule is named for, beside the form

    @property
    def said(self) -> str:
        """What is said of it behind the form; empty for what is in use, all of it."""
        return f" for {self.about}" * bool(self.about)

    @property
    def name(self) -> str:
        """The name of its rule."""
        return f"{CREDENTIAL_FORMS[self.form].rule}{self.said}"

    @property
    def shown(self) -> tuple[Credential, Schemes, str]:
        """As `Probe.way` has it."""
        return self.form, self.schemes, self.part


@lru_cache(maxsize=32)
def alternatives_of(operation: Operation, spec: Spec) -> tuple[Schemes, ...]:
    """The requirements that a request alone can satisfy; those with a credential given first."""
    given, others = list[Schemes](), list[Schemes]()
    for alternative in operation.security:
        names = tuple(name for name, _ in alternative)
        types = {scheme.type for scheme in schemes_of(names, spec)}
        if names and "mutualTLS" not in types:
            (given if all(map(spec.variable_of, names)) else others).append(names)
    return (*given, *others)


def schemes_of(names: Schemes, spec: Spec) -> list[SecurityScheme]:
    return list(map(spec.security_schemes.__getitem__, names))


def schemes_in_use(operation: Operation, spec: Spec) -> tuple[SecurityScheme, ...]:
    """The schemes whose credentials go with the requests of an operation, if it asks for any."""
    alternatives = alternatives_of(operation, spec)
    if not (alternatives and operation.needs_credential):
        return ()
    return tuple(schemes_of(alternatives[0], spec))


def place_of(scheme: SecurityScheme) -> tuple[str, str]:
    """Where a scheme wants its credential: `header`, `query` or `cookie`, and a name."""
    if scheme.type != "apiKey":
        return "header", "authorization"
    if scheme.location == "header":
        return "header", scheme.name.lower()
    return scheme.location, scheme.name


def scheme_name(scheme: SecurityScheme) -> str:
    """The name before a credential in `Authorization`; empty where it has a place of its own."""
    return {"http": scheme.scheme.capitalize(), "apiKey": ""}.get(scheme.type, "Bearer")


def misplaced(scheme: SecurityScheme, spec: Spec) -> SecurityScheme | None:
    """The scheme at another place, which no scheme of the document has; None if one has it."""
    name, location = "X-Api-Key", "header"
    if scheme.type == "apiKey":
        name = scheme.name
        location = {"header": "query"}.get(scheme.location, "header")
    other = SecurityScheme(scheme.id, "apiKey", name, location)
    return None if place_of(other) in _places(spec) else other


@lru_cache(maxsize=8)
def _places(spec: Spec) -> frozenset[tuple[str, str]]:
    return frozenset(map(place_of, spec.security_schemes.values()))


def ways_of(operation: Operation, spec: Spec) -> Iterator[Way]:
    """The ways that are tried on an operation, the right one of what is in use first.

    An operation that can do without is shown the right credentials alone: it may refuse others.
    """
    alternatives, guarded = alternatives_of(operation, spec), operation.needs_credential
    for names in alternatives[:MOST_TRIED]:
        shown: Schemes = names
        if guarded and names is alternatives[0]:
            shown = ()
        for form in _forms(names, spec):
            if form is Credential.RIGHT or (guarded and (not shown or form not in _OF_OTHERS)):
                yield Way(form, shown, about=" and ".join(shown))
        parts = set(map(place_of, schemes_of(names, spec)))
        if guarded and MOST_TRIED >= len(parts) == len(names) > 1:  # in one place is one of them
            for part in names:
                others = tuple(name for name in names if name != part)
                if not any(set(one) <= set(others) for one in alternatives):
                    about = f"{part} beside {' and '.join(others)}"
                    yield from (Way(form, shown, part, about) for form in WRONG_ALONE)


def unsatisfying(sent: Wanted, taken: Wanted) -> list[SecurityRequirement]:
    """The alternatives that are not enough for any of the others."""
    uses, by_rarest = Counter(chain.from_iterable(taken.values())), dict[Any, list[Needs]]()
    for needs in taken.values():
        rarest = min(needs, key=uses.__getitem__, default=None)
        by_rarest.setdefault(rarest, []).append(needs)
    found = []
    for one, needs in sent.items():
        near = chain.from_iterable(by_rarest.get(name, ()) for name in (None, *needs))
        if not any(map(needs.issuperset, near)):
            found.append(one)
    return found


def untried(operation: Operation) -> str:
    """Which credentials of an operation are not tried, as there are so many; else ""."""
    longest = max(map(len, operation.security), default=0)
    for count, what in ((len(operation.security), "alternatives"), (longest, "schemes together")):
        if count > MOST_TRIED:
            return f"{count:,} {what} as its credential, of which {MOST_TRIED} at most are tried"
    return ""


def _forms(names: Schemes, spec: Spec) -> Iterator[Credential]:
    schemes = schemes_of(names, spec)
    named = "apiKey" not in {scheme.type for scheme in schemes}
    hidden = None in {misplaced(scheme, spec) for scheme in schemes}
    for form, row in CREDENTIAL_FORMS.items():
        if (named or not row.named) and not (hidden and form is Credential.MISPLACED):
            yield form


def vouched_for(schemes: Schemes, spec: Spec) -> bool:
    """Whether the user said that these schemes take the credentials that the run has.

    Each is given by itself; or one is given for all, and is that of every guarded operation.
    """
    if any(spec.variables.values()):
        return all(map(spec.variables.get, schemes))
    return _in_use(spec) == {tuple(schemes_of(schemes, spec))}


@lru_cache(maxsize=8)
def _in_use(spec: Spec) -> set[tuple[SecurityScheme, ...]]:
    """What guarded operations are shown."""
    guarded = [operation for operation in spec.operations if operation.needs_credential]
    return {schemes_in_use(operation, spec) for operation in guarded}


def own_variable(scheme: str) -> str:
    """The variable of the environment that holds the credential of a scheme, if it is set."""
    return f"{VARIABLE}_{re.sub('[^A-Z0-9]', '_', scheme.upper())}"


def lack_of(operation: Operation, spec: Spec) -> str:
    """The variables to set, with their schemes, before an operation is asked as it wants to be.

    Of several alternatives each is named that would do. Empty where nothing is lacking, and where
    no variable would help.
    """
    choices, can_be_shown = list[str](), alternatives_of(operation, spec)
    for alternative in operation.security if operation.needs_credential and can_be_shown else ():
        lacking, is_read = list[str](), True
        for scheme in schemes_of(tuple(name for name, _ in alternative), spec):
            is_read = is_read and (scheme.type != "mutualTLS" or not scheme.scheme)
            if scheme.type == "mutualTLS":
                lacking.append(f"--contract-client-cert FILE (scheme {scheme.id})")
            elif not spec.variable_of(scheme.id):
                lacking.append(f"{own_variable(scheme.id)} ({_spoken(scheme)})")
        if not lacking:
            return ""
        choices += [" and ".join(lacking)] * is_read
    return ", or ".join(choices)


def _spoken(scheme: SecurityScheme) -> str:
    """A scheme and its kind, for people."""
    kind = {"apiKey": f"API key, {scheme.location} {scheme.name}", "http": scheme.scheme}
    pair = ", user:password" * (scheme.scheme == "basic")
    return f"scheme {scheme.id}: {kind.get(scheme.type, f'{scheme.type} token')}{pair}"


def shortcomings(operations: Iterable[Operation], spec: Spec) -> Iterator[str]:
    """What can't be told of credentials, for lack of them: a sentence a requirement."""
    said = dict[str, list[str]]()
    for operation in operations:
        if not operation.needs_credential:
            continue
        names = [scheme.id for scheme in schemes_in_use(operation, spec)]
        own = dict(zip(map(spec.variable_of, names), names, strict=True))
        if lack := lack_of(operation, spec):
            why = f"is not asked: it wants a credential that the run does not have; set {lack}"
        elif not names:
            cure = "give it as --contract-client-cert FILE, without which no credential is tried"
            why = f"wants a client's certificate; {cure}"
        elif len(own) < len(names):
            why = f"wants {' and '.join(names)} together, and {' and '.join(own)} is sent for both"
            why = f"{why}; give each its own, {own_variable(names[-1])} for {names[-1]}"
        else:
            continue
        said.setdefault(why, []).append(operation.key)
    for why, keys in said.items():
        more = f" (as {len(keys) - 1} more)" * bool(keys[1:])
        yield f"{keys[0]}{more} {why}"


class KnownSchemes:
    """The security schemes of a document; one that can't be read is none that a request shows."""

    def __init__(self, document: Document, repairs: Repairs) -> None:
        self.document, self.repairs, self.known = document, repairs, dict[str, SecurityScheme]()
        components = document.tree.get("components") or {}
        for name in components.get("securitySchemes") or {}:
            self._add(name, document.resolve(join_pointer("/components/securitySchemes", name)))

    def _add(self, name: str, pointer: str) -> None:
        said = {"name": "", "in": "", "scheme": "", **self.document.at(pointer)}
        kind, place, scheme = said["type"], said["in"], said["scheme"].lower()
        needed = said["name"] if kind == "apiKey" else scheme or "Bearer"
        if not is_nameable(place or "header", needed):
            problem = f"no request can have a credential under the name {shown(needed)}"
            self._leave(pointer, problem, said)
            scheme = UNREAD
        if scheme == UNREAD:
            kind = "mutualTLS"
        self.known[name] = SecurityScheme(name, kind, said["name"], place, scheme, pointer)

    def _leave(self, pointer: str, problem: str, raw: Any) -> None:
        segments = split_pointer(pointer)
        self.repairs.note(segments, problem, "read as one that no request shows")
        self.repairs.leave(segments, raw)

    def need(self, name: str, pointer: str) -> None:
        """That a requirement at a pointer names a scheme."""
        if name not in self.known:
            known = ", ".join(self.known) or "none"
            problem = f'the security scheme "{name}" is not defined (defined: {known})'
            self._leave(pointer, problem, name)
            self.known[name] = SecurityScheme(name, "mutualTLS", scheme=name)
