"""How far the agents are with what was fetched, and what of it may be committed."""

from __future__ import annotations

from collections.abc import Mapping, Set
from typing import Any

from faust.types import TP

from schemas.errors import AscoltoError
from streams.transport.fetched import Fetched


class Undelivered(AscoltoError):
    """An agent was not given all that was fetched: the worker has to begin again."""


class Reached:
    """The offset up to which each agent is done with each partition, under one assignment."""

    def __init__(self) -> None:
        self.assignment: Any = None
        """The assignment of which this is known."""
        self._ends: dict[TP, dict[str, int]] = {}

    def done(self, agent: str, fetched: Fetched, end: int) -> None:
        """Every effect that the agent has of the partition's records before `end` is in place.

        What was fetched under an assignment that has ended is another's by now.

        Raises:
            Undelivered: records before these never reached the agent; no offset moves over them.
        """
        if not fetched.is_current:
            return
        if self.assignment is not fetched.assignment:
            self.assignment, self._ends = fetched.assignment, {}
        ends = self._ends.setdefault(fetched.place, {})
        if fetched.begin is not None and ends.get(agent, -1) < fetched.begin:
            topic, partition = fetched.place
            raise Undelivered(
                f"{topic}/{partition}: {agent} is done up to {ends.get(agent)}, and was given what "
                f"follows {fetched.begin}"
            )
        ends[agent] = end

    def committable(self, readers: Mapping[str, Set[str]]) -> dict[TP, int]:
        """Per partition, the offset that all agents which read its topic are done with.

        Args:
            readers: the agents that read each topic, by its name.
        """
        return {
            place: min(ends.values())
            for place, ends in self._ends.items()
            if ends.keys() == readers[place.topic]
        }
