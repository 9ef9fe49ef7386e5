"""Takes valid events in: allowed for their key, not contradicting earlier ones, into Kafka."""

from __future__ import annotations

from collections.abc import Sequence

from anyio import to_thread

from infra.gateway.delivery import Delivery, Message, NotDelivered
from infra.gateway.keys import Key
from infra.gateway.refusals import Reason, RequestRefused, refused
from infra.gateway.seen_events import SeenEvents
from schemas.codec import Routed

RETRY_SECONDS = 5
"""What a source is asked to wait when Kafka does not confirm."""

Taken = tuple[Routed, bytes]
"""A valid event, and its bytes."""


class Intake:
    """What events and webhooks have in common."""

    def __init__(self, delivery: Delivery, seen: SeenEvents) -> None:
        self._delivery = delivery
        self._seen = seen

    async def take(self, key: Key, events: Sequence[Taken]) -> None:
        """Send events that their source can correct; returns when all are confirmed.

        Raises:
            RequestRefused: 403, the key may not send one; 409, one has the id of an earlier one
                and other content; 503, Kafka did not confirm all in time.
        """
        require_allowed(key, events)
        fingerprints = await to_thread.run_sync(
            self._seen.fingerprints, [routed.event for routed, _ in events]
        )
        new = self._seen.note(fingerprints)
        try:
            await self.send(key, events)
        except BaseException:
            self._seen.forget(new)
            raise

    async def send(
        self, key: Key, events: Sequence[Taken], letters: Sequence[Message] = ()
    ) -> None:
        """Send events and dead letters; returns when all are confirmed.

        Events with the id of an earlier one and other content are sent as well: the workers
        make dead letters of them.

        Raises:
            RequestRefused: 403, the key may not send one; 503, Kafka did not confirm all in time.
        """
        require_allowed(key, events)
        messages = [
            Message(routed.topic.name, routed.event.data.customer_id.encode(), raw)
            for routed, raw in events
        ]
        try:
            await self._delivery.deliver([*messages, *letters])
        except NotDelivered as error:
            raise RequestRefused(
                503,
                f"{error}: send it again, events that arrive twice do no harm",
                {"Retry-After": str(RETRY_SECONDS)},
            ) from None


def require_allowed(key: Key, events: Sequence[Taken]) -> None:
    """Refuse events of another client company, or of a type that the key is not for.

    Raises:
        RequestRefused: 403.
    """
    reasons = []
    for index, (routed, _) in enumerate(events):
        if routed.event.data.client_id != key.client:
            text = "data.client_id: the key is for another client company"
            reasons.append(Reason(text, index, 403))
        elif not key.admits(routed.topic.name):
            reasons.append(Reason(f"type: the key is not for {routed.topic.name}", index, 403))
    if reasons:
        raise refused(reasons)
