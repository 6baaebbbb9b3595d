"""An exchange as rules look at it: with its operation, the response the document has for it, and the decoded body."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from contracts.document import MediaType, Operation, ResponseSpec
from contracts.messages import Exchange, Response, is_json
from contracts.schemas.json_text import Decoded, decode


@dataclass(frozen=True, eq=False)
class Answer:
    """An answered exchange; made once for each, so that a body is decoded once."""

    exchange: Exchange
    operation: Operation
    response: Response

    @cached_property
    def documented(self) -> ResponseSpec | None:
        return self.operation.response(self.response.status)

    @cached_property
    def media(self) -> MediaType | None:
        """The documented media type of the body, if there is one for it."""
        essence = self.response.media_type
        return self.documented.media_type(essence) if self.documented and essence else None

    @cached_property
    def decoded(self) -> Decoded:
        return decode(self.response.body)

    @property
    def is_json(self) -> bool:
        return is_json(self.response.media_type or "")
