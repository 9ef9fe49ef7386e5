"""Events whose identity names another event already: each a dead letter, with what was sent."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Protocol

from processors.identity.claims import Verdict
from schemas.dead_letters import dead_letter
from schemas.derived import CallTranscribed
from schemas.topics import CALL_ENDED
from streams.facts.claims import Claims
from streams.facts.clock_gate import ClockGate
from streams.facts.identified import Identified, read_fact
from streams.facts.originals import Originals
from streams.facts.scored_calls import ScoredCall
from streams.runtime.counters import CONFLICTS, KNOWN_FROM_OLDER_VERSIONS
from streams.runtime.dead_letters import DeadLetters
from streams.runtime.progress import Progress
from streams.transport.delivery import Delivery

log = logging.getLogger(__name__)

CONFLICT = "conflict"
"""Error class of the dead letters."""

_REASON = (
    "its source and id name an event that came before it and says something else; the first "
    "stands. If both happened, send this one again with an id of its own"
)


class Arbiter(Protocol):
    """Decides which events are accepted, by their claims."""

    async def accepted(
        self, events: Sequence[tuple[Delivery, Identified]]
    ) -> list[tuple[Delivery, Identified]]:
        """The accepted events, in order."""


async def claim_together(
    claims: Claims, batch: Sequence[Delivery], key: bytes, gate: ClockGate
) -> None:
    """Claim the identities of a batch at once, for the partitions that will each ask for theirs.

    What fails here fails there, too, for its one event alone: here it costs time only.
    """
    try:
        facts = [read_fact(delivery, key, gate) for delivery in batch]
        await claims.judge([fact.claim for fact in facts if isinstance(fact, Identified)])
    except Exception as error:
        # Its text may hold what a message says.
        log.warning("claims are asked for by partition, not together: %s", type(error).__name__)


class WithoutConflicts:
    """Skips the events in conflict silently: another agent rejects them."""

    def __init__(self, claims: Claims) -> None:
        self._claims = claims

    async def accepted(
        self, events: Sequence[tuple[Delivery, Identified]]
    ) -> list[tuple[Delivery, Identified]]:
        """The accepted events, in order."""
        verdicts = await self._claims.judge([event.claim for _, event in events])
        return [
            each
            for each, verdict in zip(events, verdicts, strict=True)
            if verdict is Verdict.ACCEPTED
        ]


class Conflicts:
    """Rejects the events in conflict; one agent does so for each kind of event."""

    def __init__(
        self, claims: Claims, originals: Originals, dead_letters: DeadLetters, progress: Progress
    ) -> None:
        self._claims = claims
        self._originals = originals
        self._dead_letters = dead_letters
        self._progress = progress

    async def accepted(
        self, events: Sequence[tuple[Delivery, Identified]]
    ) -> list[tuple[Delivery, Identified]]:
        """The accepted events, in order; the dead letters of those in conflict are written."""
        verdicts = await self._claims.judge([event.claim for _, event in events])
        accepted, rejected = [], []
        for each, verdict in zip(events, verdicts, strict=True):
            if verdict is Verdict.ACCEPTED:
                accepted.append(each)
            elif verdict is Verdict.CONFLICT:
                rejected.append(each)
            else:
                self._progress.count(KNOWN_FROM_OLDER_VERSIONS)
        if rejected:
            await self._reject(rejected)
        return accepted

    async def _reject(self, rejected: Sequence[tuple[Delivery, Identified]]) -> None:
        origins = [origin for _, event in rejected if (origin := _origin(event)) is not None]
        originals = await self._originals.fetch(origins)
        for delivery, event in rejected:
            topic, origin, original = delivery.topic, delivery.origin, delivery.value
            call_origin = _origin(event)
            if call_origin in originals:
                topic, origin, original = CALL_ENDED.name, call_origin, originals[call_origin]
            await self._dead_letters.write(
                dead_letter(
                    topic=topic,
                    origin=origin,
                    original=original,
                    reason=_REASON,
                    error_class=CONFLICT,
                    event_id=event.claim.event_id,
                    client_id=event.claim.client_id,
                )
            )
        self._progress.count(CONFLICTS, len(rejected))


def _origin(event: Identified) -> str | None:
    """Where a call was delivered before it was transcribed; None for what is at hand itself."""
    call = event.event
    return call.call.origin if isinstance(call, CallTranscribed | ScoredCall) else None
