"""What became of each call: `/calls`, a page of its own, and `/api/calls`, its figures.

Read when asked, not with every panel: it counts a client company's calls of all times.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

from aiohttp import web

from dashboards.preview.reading import RunQuery
from infra.clickhouse.queries.outcomes import OUTCOMES, Backlog, count_outcomes, outcomes_as_json

ReadBacklog = Callable[[], Awaitable[Backlog | None]]
"""Asks Kafka what waits; None where it cannot be asked."""

SECONDS = 5.0
"""How old what waits may be: any number of open pages asks Kafka like one."""


async def unknown_backlog() -> Backlog | None:
    """Where no Kafka can be asked."""
    return None


class CallsPage:
    """Counts calls by what became of them."""

    def __init__(
        self,
        run_query: RunQuery,
        read_backlog: ReadBacklog = unknown_backlog,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._run_query = run_query
        self._read_backlog = read_backlog
        self._clock = clock
        self._asking = asyncio.Lock()
        self._backlog: Backlog | None = None
        self._read_at = -SECONDS

    async def figures(self, request: web.Request) -> web.Response:
        """`{"clients": [...]}`, as `ascolto calls status --json`; of one, with `?client=`."""
        client = request.query.get("client", "")
        backlog = await self._waiting()
        result = await self._run_query(OUTCOMES, {"client": client})
        outcomes = count_outcomes(result.rows, backlog)
        chosen = {key: found for key, found in outcomes.items() if client in ("", key)}
        return web.json_response({"clients": outcomes_as_json(chosen, backlog, datetime.now(UTC))})

    async def _waiting(self) -> Backlog | None:
        async with self._asking:
            if self._clock() - self._read_at >= SECONDS:
                self._backlog = await self._read_backlog()
                self._read_at = self._clock()
            return self._backlog
