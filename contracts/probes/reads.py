"""A request that was answered to others that build on what was answered."""

from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from email.utils import format_datetime

from contracts.document import Operation
from contracts.messages import Exchange, Probe, Request, Response, moment_of
from contracts.probes.probe_plan import Lane
from contracts.rules.conditions import CONDITIONS, ENTITY_TAG, has_conditions, unconditional

NOBODYS = '"contract-nobody"'  # an entity tag that no resource has
Sender = Callable[[Iterable[Probe]], Iterator[Exchange]]
Asking = Generator[Exchange, None, Response | None]


def reads(lane: Lane, sent: Sender, answered: Sequence[Request]) -> Iterator[Exchange]:
    """What is asked for the rules about reads, each a handful, on the first that was answered.

    Nothing where the document shows nothing of the kind.
    """
    reader = _Reader(lane, sent)
    for request in answered[:1]:
        yield from reader.conditions(lane.operation, unconditional(request))


class _Reader:
    """Asks one request after the other."""

    def __init__(self, lane: Lane, sent: Sender) -> None:
        self.lane, self.sent = lane, sent

    def ask(self, request: Request, note: str) -> Asking:
        """The answer, if the request may be sent and is answered with 2xx or 304."""
        probe = replace(self.lane.about(request), source="read", note=note)
        for exchange in self.sent([probe] * self.lane.is_allowed(probe)):
            yield exchange
            response = exchange.response
            if response is not None and (response.status == 304 or response.status // 100 == 2):
                return response
        return None

    def conditions(self, operation: Operation, request: Request) -> Iterator[Exchange]:
        """What it is, to who has it: by its tag, in each way to name it, and by the time."""
        has_tag, has_time, _ = has_conditions(operation)
        if not (has_tag or has_time) or operation.request_body is not None:
            return
        response = yield from self.ask(request, "to be asked for on conditions")
        if response is None:
            return
        tag = ENTITY_TAG.fullmatch(response.header("etag") or "")
        changed = moment_of(response.header("last-modified"))
        if tag is not None:
            for named in (tag[0], f"{NOBODYS}, W/{tag['opaque']}", "*", NOBODYS):
                yield from self.ask(request.with_field(CONDITIONS[0], named), "by its ETag")
        if changed is not None:
            for moment in (changed, changed - timedelta(days=1)):
                date = format_datetime(moment, usegmt=True)
                yield from self.ask(
                    request.with_field(CONDITIONS[1], date), "by the time of change"
                )
        yield from self.ask(request, "after it was asked for on conditions")
