"""What time it is for each client company, over all of its agencies that a worker has."""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping

from processors.event_time import HOUR_US
from streams.agents.alerts import Clock


class ClientClocks:
    """The clocks of the client companies; they never go back while a worker runs."""

    def __init__(
        self,
        now_us: Callable[[], int] | None = None,
        ceiling_us: Callable[[], int] | None = None,
    ) -> None:
        """
        Args:
            now_us: moves the windows on while no events come; None: only events move them.
            ceiling_us: no clock is later; None: `now_us`, if there is one.
        """
        self._now_us = now_us
        self.ceiling_us = ceiling_us or now_us or _no_ceiling
        self._events: dict[str, int] = defaultdict(int)
        self._last_call: dict[str, int] = defaultdict(int)
        self._complete_to: dict[str, int] = defaultdict(int)
        self._quiet: dict[str, int] = {}
        """Clients of which nothing came since silences were judged, and their last call then."""

    @property
    def run_alone(self) -> bool:
        """Whether time moves on without events."""
        return self._now_us is not None

    def forget(self) -> None:
        """Judge silences from the beginning: the worker has other partitions now."""
        self._complete_to.clear()
        self._quiet.clear()

    def saw(self, client: str, at: int, is_call: bool) -> None:
        """An event of the client moves its clocks on."""
        at = min(at, self.ceiling_us())
        self._events[client] = max(self._events[client], at)
        if is_call:
            self._last_call[client] = max(self._last_call[client], at)

    def came(self, client: str) -> None:
        """Something of the client came, of whatever time."""
        self._quiet.pop(client, None)

    def latest(self, client: str) -> int:
        """The time of its latest event, us; 0 before the first."""
        return self._events[client]

    def now(self, client: str) -> int:
        """As of when its figures are, us; 0 before the first event."""
        now = self._now_us() if self._now_us is not None else 0
        return max(self._events[client], now)

    def of(self, client: str) -> Clock:
        """The times as of which its alerts are published."""
        return Clock(self.now(client), self._complete_to[client])

    def judge(self, clients: Iterable[str], last_calls: Mapping[str, int]) -> None:
        """Move on the time up to which all of a client's events have arrived.

        Call it at intervals longer than an event takes to arrive. What is missing now may be on
        its way, as after an outage: the clock that silences are judged by moves on only for
        clients whose calls are of the last hour, or of which nothing came during a whole interval.

        Args:
            clients: those of this worker's agencies.
            last_calls: the time of each client's last call on any worker, as far as it is known.
        """
        for client in set(clients):
            self.saw(client, last_calls.get(client, 0), is_call=True)
            complete = self._complete_until(client)
            self._complete_to[client] = max(self._complete_to[client], complete)
            self._quiet[client] = self._last_call[client]

    def all_arrived(self, clients: Iterable[str]) -> None:
        """Nothing is on its way: all events up to the last call have arrived."""
        for client in set(clients):
            last_call = self._last_call[client]
            self._complete_to[client] = max(self._complete_to[client], last_call)

    def _complete_until(self, client: str) -> int:
        """The time (us) up to which all events of the client have arrived; 0 if unknown."""
        last_call = self._last_call[client]
        quiet = self._quiet.get(client) == last_call
        if self._now_us is None:
            return last_call if quiet else 0
        now = self._now_us()
        if quiet:
            return now
        return min(last_call, now) if abs(now - last_call) < HOUR_US else 0


def _no_ceiling() -> int:
    return sys.maxsize
