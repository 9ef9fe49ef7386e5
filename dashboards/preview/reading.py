"""Reads panels through the store's query function, only when the data have changed."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from cachetools import LRUCache

from dashboards.panels import Panel
from dashboards.preview.macros import Choices, expand
from dashboards.queries import query
from dashboards.sign_in.table_filters import current_scope, settings_of

Json = Any

REVISION_SECONDS = 1.0
NEWEST_SECONDS = 5.0
"""Longest that the reach of the data is remembered: conversations come in that no table of the
panels shows while nothing is scored."""
REMEMBERED_RESULTS = 256

Key = tuple[str, str, str, int]
"""Whom a query is for (as the filters of the engine), its SQL, its parameters and the form of its
answer, and how many times this process had written before it was asked."""
_REVISION: Key = ("", "revision", "", 0)


@dataclass(frozen=True)
class QueryResult:
    """What a query gives: the columns' names, and the rows with a value for each column."""

    columns: Sequence[str]
    rows: Sequence[Sequence[Any]]


RunQuery = Callable[[str, Mapping[str, Any]], Awaitable[QueryResult]]
"""Runs SQL with `{name:Type}` placeholders bound to the given parameters."""


@dataclass(frozen=True)
class _Remembered:
    """An answer, the revision of the store that it belongs to, and when it was read."""

    revision: str
    read_at: float
    answer: Any

    def holds(self, revision: str, since: float) -> bool:
        """Whether it is of that revision, and was read after `since`."""
        return self.revision == revision and self.read_at > since


@dataclass(frozen=True)
class Newest:
    """Until when a client company's data reach, in event time; null where there are none.

    `time` is the newest of all; `scored` the last conversation with its scores, `arrived` the last
    one that came, scored or not; `followed` the last payment, return or cancellation.
    """

    time: datetime | None
    scored: datetime | None
    arrived: datetime | None
    followed: datetime | None

    def as_json(self) -> Json:
        """As the page reads it."""
        named = {"newest": self.time, "scored": self.scored}
        named |= {"arrived": self.arrived, "followed": self.followed}
        return {name: None if time is None else _json(time) for name, time in named.items()}


class Reader:
    """The store's answers as JSON values, cached until the tables change.

    What several ask for at the same time is read once, and only `at_once` queries go out together,
    so that any number of open pages loads the store like one.
    """

    def __init__(
        self,
        run_query: RunQuery,
        clock: Callable[[], float] = time.monotonic,
        at_once: int = 1,
    ) -> None:
        self._run_query = run_query
        self._clock = clock
        self._slots = asyncio.Semaphore(at_once)
        self._revision = ""
        self._revision_read_at = -math.inf
        self._writes = 0
        self._remembered: LRUCache[Key, _Remembered] = LRUCache(REMEMBERED_RESULTS)
        self._reading: dict[Key, asyncio.Task[Any]] = {}

    async def revision(self) -> str:
        """A text that differs whenever the tables behind the panels have changed."""
        if self._clock() - self._revision_read_at < REVISION_SECONDS:
            return self._revision
        revision: str = await self._together(_REVISION, self._read_revision)
        return revision

    async def clients(self) -> list[str]:
        """The client companies that have data."""
        return _first_column(await self._read(query("clients"), {}))

    async def agencies(self, choices: Choices) -> list[str]:
        """The client company's agencies, whatever the window."""
        return _first_column(await self._read(*expand(query("agencies"), choices)))

    async def segments(self, choices: Choices) -> list[str]:
        """The segments that figures exist for, 'all' first."""
        return _first_column(await self._read(*expand(query("segments"), choices)))

    async def newest(self, choices: Choices) -> Newest:
        """Until when the client company's data reach."""
        asked = expand(query("newest"), choices)
        [row] = (await self._cached(*asked, _as_json, NEWEST_SECONDS))["rows"]
        return Newest(*(datetime.fromisoformat(each) if each else None for each in row))

    async def panel(self, panel: Panel, choices: Choices) -> Json:
        """The panel's columns and rows as of `choices.to`."""
        return await self._read(*expand(panel.sql, choices))

    async def answer(self, name: str, choices: Choices, more: Mapping[str, str]) -> Json:
        """The columns and rows of the query of that name, with `more` variables."""
        return await self._read(*expand(query(name), choices, more))

    async def rows(self, sql: str, parameters: Mapping[str, Any]) -> QueryResult:
        """The rows of a query that is not one of a panel, their values as the store has them."""
        answer: QueryResult = await self._cached(sql, parameters, _unchanged)
        return answer

    def forget(self) -> None:
        """Read everything again that is asked from now on: this process has written rows.

        The revision alone would show them up to `REVISION_SECONDS` later.
        """
        self._writes += 1
        self._remembered.clear()

    async def _read(self, sql: str, parameters: Mapping[str, Any]) -> Json:
        return await self._cached(sql, parameters, _as_json)

    async def _cached(
        self,
        sql: str,
        parameters: Mapping[str, Any],
        form: Callable[[QueryResult], Any],
        seconds: float = math.inf,
    ) -> Any:
        """The query's answer in that form; one read longer than `seconds` ago is read again."""
        asked = repr((form.__name__, sorted(parameters.items())))
        key = (settings_of(current_scope()), sql, asked, self._writes)
        revision = await self.revision()
        remembered = self._remembered.get(key)
        since = self._clock() - seconds
        if remembered is not None and remembered.holds(revision, since):
            return remembered.answer

        async def read() -> Any:
            async with self._slots:
                read_at = self._clock()
                answer = form(await self._run_query(sql, parameters))
            self._remembered[key] = _Remembered(revision, read_at, answer)
            return answer

        return await self._together(key, read)

    async def _together(self, key: Key, read: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
        """What `read` gives; whoever asks meanwhile waits for the same.

        It goes on when who asked has gone: the next one to ask finds it done.
        """
        task = self._reading.get(key)
        if task is None:
            task = self._reading[key] = asyncio.create_task(read())
            task.add_done_callback(lambda done: self._read_to_end(key, done))
        return await asyncio.shield(task)

    def _read_to_end(self, key: Key, done: asyncio.Task[Any]) -> None:
        self._reading.pop(key, None)
        if not done.cancelled():
            done.exception()  # Retrieved here too: those who asked may have gone.

    async def _read_revision(self) -> str:
        async with self._slots:
            result = await self._run_query(query("revision"), {})
        self._revision = str(result.rows[0][0])
        self._revision_read_at = self._clock()
        return self._revision


def _unchanged(result: QueryResult) -> QueryResult:
    return result


def _as_json(result: QueryResult) -> Json:
    return {
        "columns": list(result.columns),
        "rows": [[_json(value) for value in row] for row in result.rows],
    }


def _first_column(answer: Json) -> list[Any]:
    return [row[0] for row in answer["rows"]]


def _json(value: Any) -> Json:
    if isinstance(value, datetime):
        aware = value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)
        return aware.isoformat()
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, (list, tuple)):
        return [_json(each) for each in value]
    return value
