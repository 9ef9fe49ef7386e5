"""Acknowledging in the order of offsets, though work ends in any order.

What is committed is one offset, and says that everything before it is done. So no event is
acknowledged here before all those in front of it.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict, deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

EventT = TypeVar("EventT")


@dataclass
class Ticket(Generic[EventT]):
    """An event's place in its partition's queue."""

    source: tuple[str, int]
    event: EventT
    done: bool = False


class OrderedAcks(Generic[EventT]):
    """Queues of events under way, one a topic and partition."""

    def __init__(self, ack: Callable[[EventT], Awaitable[object]], most: int = 20_000) -> None:
        """Once `most` events are held, `room` waits."""
        self._ack = ack
        self._most = most
        self._queues: dict[tuple[str, int], deque[Ticket[EventT]]] = defaultdict(deque)
        self._held = 0
        self._room = asyncio.Event()
        self._room.set()

    async def room(self) -> None:
        """Wait while too many events are held; call it before a batch, not in the midst of it."""
        await self._room.wait()

    def expect(self, topic: str, partition: int, event: EventT) -> Ticket[EventT]:
        """Queue an event, in the order of offsets."""
        ticket = Ticket((topic, partition), event)
        self._queues[ticket.source].append(ticket)
        self._held += 1
        if self._held >= self._most:
            self._room.clear()
        return ticket

    async def done(self, ticket: Ticket[EventT]) -> None:
        """All effects of the event are in place: acknowledge what now can be."""
        ticket.done = True
        queue = self._queues[ticket.source]
        while queue and queue[0].done:
            first = queue.popleft()
            self._held -= 1
            if self._held < self._most:
                self._room.set()
            await self._ack(first.event)
