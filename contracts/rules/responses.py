"""Rules about an answer: as a whole, as text, and on the wire."""

from collections.abc import Iterator
from functools import partial

from contracts import messages
from contracts.document import Operation, ResponseSpec, Spec, serialisation
from contracts.messages import Credential, Failure
from contracts.rules.rule import Answer, ExchangeRule, Rule, Scope, broken

REFUSALS_OF_EDGES = frozenset({400, 414, 431})
"""What servers answer to odd requests before the service sees them (RFC 9110 §15.5.1, §15.5.15)."""
REFUSALS_OF_FORMS = REFUSALS_OF_EDGES | {411, 415}
"""What they answer to a body that they can't read, or that is of no type (RFC 9110 §15.5.16)."""
FORMS = (" content type", " content type missing", " syntax")
"""How constraints are called that are not about what a body says, but about how it is sent."""
ANSWERS_OF_ROUTERS = REFUSALS_OF_EDGES | {404, 405, *range(300, 400)}
"""What they answer to odd paths, which they may redirect, or take for another."""
UTF_8 = frozenset({"utf-8", "utf8", "us-ascii"})


def operation_rules(spec: Spec, operation: Operation) -> Iterator[ExchangeRule]:
    """The rules about the status of every answer of an operation."""
    statuses, row = [response.status for response in operation.responses], Scope(operation).row
    # Without statuses nothing is said about them (legal in OpenAPI 3.1); `default` documents any.
    if statuses and "default" not in map(str.lower, statuses):
        promise = f"is one of the documented statuses: {', '.join(statuses)}"
        yield row(partial(status_documented, spec), "status documented", promise)
    if statuses:
        promise = "is documented even for odd requests"
        yield row(edge_was_asked, "edge answer documented", promise)


def status_documented(spec: Spec, answer: Answer) -> str | None:
    """Another template that matches the path may document it as well (`/users/me`)."""
    status, probe = answer.response.status, answer.exchange.probe
    # The rules about credentials ask for a refusal; any but 401 is the document's to promise.
    is_right = probe.credential is Credential.RIGHT and not probe.schemes
    if probe.source == "client" and answer.operation.security:  # who knows
        is_right = False
    expected = status == 401 and not is_right
    # Where the document refuses nothing, it leaves open how what it forbids is refused.
    if 400 <= status < 500 and not probe.claim.allowed:
        expected |= not any(one.status.startswith("4") for one in answer.operation.responses)
    if answer.documented is None and expected:
        return None
    if answer.documented is None:
        for other in serialisation.operations_at(spec, probe.request.path):
            if other.method == answer.operation.method and other.response(status):
                return None
    return broken(answer.documented is None, f"the service answered {status}")


def edge_was_asked(answer: Answer) -> str | None:
    """What breaks it is what the other rules would find: see `is_early`."""
    return "" if answer.exchange.probe.source == "edge" else None


def is_early(answer: Answer) -> bool:
    """Whether a server may have given an answer before the service, whose promises it breaks.

    To an odd path by its status alone; to any other edge case only what is not documented.
    """
    probe, status = answer.exchange.probe, answer.response.status
    is_routers = status in ANSWERS_OF_ROUTERS
    if is_routers and serialisation.is_odd(answer.operation.path, probe.request.path):
        return True
    documented = answer.documented
    known = documented is not None and not (documented.content and media_problem(answer))
    if probe.claim.breaks == messages.MALFORMED or probe.claim.breaks.endswith(FORMS):
        return status in REFUSALS_OF_FORMS and not known
    return probe.source == "edge" and status in REFUSALS_OF_EDGES and not known


def early_answer(answer: Answer) -> str:
    """What is said of an early answer that breaks a promise."""
    status, name = answer.response.status, answer.response.media_type
    return f"the service answered {status}{f' with {name}' if name else ''} to an odd request"


def response_rules(operation: Operation, response: ResponseSpec) -> Iterator[ExchangeRule]:
    """The rules that hold for every answer with this documented status."""
    scope, pointer = Scope(operation, response.status), response.pointer
    names = [media.name for media in response.content]
    if names:
        promise = f"has one of the documented media types: {', '.join(names)}"
        yield scope.row(media_problem, "media type documented", promise, pointer)
    if any(map(messages.may_be_json, names)):
        yield scope.row(strict_json, "strict json", "is one JSON document in UTF-8", pointer)
        promise = "names each member of an object once"
        yield scope.row(unique_names, "unique names", promise, pointer)


def media_problem(answer: Answer) -> str | None:
    """What is wrong with the media type where content is documented, "" if nothing."""
    if not answer.has_content:
        return None
    if answer.media is not None:
        return ""
    written = answer.response.header("content-type")
    return "the response has no Content-Type" if written is None else f"Content-Type is {written}"


def strict_json(answer: Answer) -> str | None:
    if not answer.is_json:
        return None
    return answer.decoded.problem or ""


def unique_names(answer: Answer) -> str | None:
    if not answer.is_json or answer.decoded.problem is not None:
        return None
    names = answer.decoded.duplicates
    return broken(names, f"the name {', '.join(names)} occurs twice in one object")


def framing_rules(operation: Operation) -> tuple[Rule, Rule]:
    """The rules that answers break by being none: framing, and content encoding."""
    rule = Scope(operation).rule
    framing = rule("framing", "is complete and framed as HTTP/1.1 says")
    return framing, rule("content encoding", "is encoded as Content-Encoding says")


def broken_framing(failure: Failure) -> str | None:
    """Which of the two `framing_rules` kinds a failure breaks, if any."""
    if failure.kind is messages.FailureKind.BAD_ENCODING:
        return "content encoding"
    return "framing" if failure.breaks_contract else None


def wire_rules(spec: Spec, operation: Operation, *, max_seconds: float) -> Iterator[ExchangeRule]:
    """What every answer of an operation must keep, whatever the document says."""
    row, echo = Scope(operation).row, partial(no_echo, spec.placeholders)
    names = [media.name for response in operation.responses for media in response.content]
    if names:
        yield row(one_content_type, "single content type", "has one Content-Type")
    if any(map(messages.may_be_json, names)):
        yield row(charset, "charset", "names no other charset than UTF-8 for JSON")
    yield row(content_length, "content length", "gives the length of the body once, or as chunks")
    yield row(echo, "credential kept", "does not give the credential back")
    late = partial(in_time, max_seconds)
    yield row(late, "response time", f"comes within {max_seconds:g} s")


def one_content_type(answer: Answer) -> str | None:
    sent = answer.fields("content-type")
    if len(sent) > 1:
        return f"Content-Type is sent {len(sent)} times: {', '.join(sent)}"
    return "" if sent else None


def charset(answer: Answer) -> str | None:
    if not answer.is_json:
        return None
    _, _, parameters = (answer.content_type or "").partition(";")
    for parameter in parameters.split(";"):
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "charset" and value.strip().strip('"').lower() not in UTF_8:
            return f"Content-Type says charset={value.strip()}"
    return ""


def content_length(answer: Answer) -> str | None:
    lengths = answer.fields("content-length")
    if len(lengths) > 1:
        return f"Content-Length is sent {len(lengths)} times"
    if lengths and answer.fields("transfer-encoding"):
        return "Content-Length stands beside Transfer-Encoding"
    if answer.response.status == 205 and answer.response.body:  # RFC 9110 §15.3.6
        return "205 with content"
    return broken(lengths and answer.response.status == 204, "204 with Content-Length")


def no_echo(placeholders: tuple[str, ...], answer: Answer) -> str | None:
    """A placeholder stands in an answer where the service gave a credential back."""
    for name, value in answer.response.headers if placeholders else ():
        for placeholder in placeholders:
            if placeholder in value or placeholder in name:
                return f"the header {name} holds the credential"
    body = answer.response.body.replace(b"\0", b"")  # of UTF-16
    for placeholder in placeholders:
        if placeholder.encode() in body:
            return "the body holds the credential"
    return ""


def in_time(most: float, answer: Answer) -> str:
    return broken(answer.response.seconds > most, f"{answer.response.seconds:.1f} s")
