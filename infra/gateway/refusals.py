"""Why a request is refused: an HTTP status and reasons, none of which holds a value."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from infra.errors import InfraError

MOST_REASONS = 100
"""Reasons that an answer gives; a batch may have more events that are wrong."""


@dataclass(frozen=True)
class Reason:
    """What is wrong, and with which event of a request (0 is the first; None: with all of it)."""

    text: str
    index: int | None = None
    status: int = 400

    def as_json(self) -> dict[str, object]:
        """As an answer gives it."""
        index = {} if self.index is None else {"index": self.index}
        return {**index, "reason": self.text}


class RequestRefused(InfraError):
    """A request that is answered with an error status and reasons."""

    def __init__(
        self,
        status: int,
        reasons: Sequence[Reason] | str,
        headers: dict[str, str] | None = None,
    ) -> None:
        if isinstance(reasons, str):
            reasons = [Reason(reasons, None, status)]
        super().__init__(f"{status}: {reasons[0].text if reasons else ''}")
        self.status = status
        self.reasons = reasons
        self.headers = headers or {}

    def as_json(self) -> dict[str, object]:
        """The answer's body."""
        shown = [reason.as_json() for reason in self.reasons[:MOST_REASONS]]
        more = len(self.reasons) - len(shown)
        if more:
            shown.append({"reason": f"and {more} more"})
        return {"errors": shown}


_ORDER = (413, 400, 403, 409)


def refused(reasons: Sequence[Reason]) -> RequestRefused:
    """The refusal of a request of which some events are wrong: the first status that applies."""
    statuses = {reason.status for reason in reasons}
    return RequestRefused(next(each for each in _ORDER if each in statuses), reasons)
