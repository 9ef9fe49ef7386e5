"""`/api/updates`: server-sent events that say when the data have changed.

One task asks the store for all pages that are open, and only while there are any. A page that
comes again says by `Last-Event-ID` what it knows, and gets an event only if that has changed.
"""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import UTC, datetime

from aiohttp import web

from dashboards.preview.macros import Choices
from dashboards.preview.reading import Json

log = logging.getLogger(__name__)

EVERY_SECONDS = 1.0
HEARTBEAT_SECONDS = 15.0
"""How often a quiet stream is written to: proxies cut those in which nothing moves."""
STREAM_SECONDS = 300.0
"""Longest stream; the page opens the next one, and its right to it is checked again."""
MOST_STREAMS = 1000
RETRY_MS = 2000
AWAY = "away"
"""The version while the store does not answer."""


class Updates:
    """Watches the version of the data for every open page at once."""

    def __init__(
        self,
        version: Callable[[], Awaitable[str]],
        reach: Callable[[Choices | None], Awaitable[Json]],
        pause: Callable[[], Awaitable[None]] = lambda: asyncio.sleep(EVERY_SECONDS),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`version` differs when the data do; `reach` says until when a client company's reach."""
        self._read_version = version
        self._read_reach = reach
        self._pause = pause
        self._clock = clock
        self._version: str | None = None
        self._changed = asyncio.Event()
        self._round = asyncio.Event()
        self._streams = 0
        self._watching: asyncio.Task[None] | None = None
        self._closing = False

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """A stream of what `/api/version` answers, one each time the data have changed.

        While the store does not answer, the version is null.
        """
        client = request.query.get("client")
        choices = Choices(client, datetime.now(UTC)) if client else None
        if self._streams >= MOST_STREAMS:
            raise web.HTTPServiceUnavailable(text="too many pages are open")
        response = web.StreamResponse(headers={"X-Accel-Buffering": "no"})
        response.content_type = "text/event-stream"
        response.charset = "utf-8"
        response.headers["Cache-Control"] = "no-store"
        await response.prepare(request)
        self._streams += 1
        try:
            await self._stream(response, request.headers.get("Last-Event-ID"), choices)
        except ConnectionResetError:
            pass  # The page was closed.
        finally:
            self._streams -= 1
        return response

    @property
    def open_streams(self) -> int:
        """How many pages are listening, as far as is known: a page that left shows at a write."""
        return self._streams

    async def close(self, _: web.Application | None = None) -> None:
        """End every stream, and watch no more."""
        self._closing = True
        self._notify()
        self._end_round()
        if self._watching is not None:
            self._watching.cancel()

    async def _stream(
        self, response: web.StreamResponse, known: str | None, choices: Choices | None
    ) -> None:
        end = self._clock() + STREAM_SECONDS
        await response.write(f"retry: {RETRY_MS}\n\n".encode())
        while not self._closing and self._clock() < end:
            version = await self._next(known)
            if version is None:
                await response.write(b": nothing new\n\n")
                continue
            content: dict[str, Json] = {"version": None}
            failed = False
            if version != AWAY:
                try:
                    content = {"version": version, **await self._read_reach(choices)}
                except Exception as error:
                    log.warning("updates: the store does not answer: %s", type(error).__name__)
                    version, failed = AWAY, True
            if version == known:
                await response.write(b": still away\n\n")
            else:
                await response.write(f"id: {version}\ndata: {json.dumps(content)}\n\n".encode())
            known = version
            if failed:
                await self._until_next_round()

    async def _next(self, known: str | None) -> str | None:
        """The version, when it is another than that known; None after the heartbeat's time."""
        if self._watching is None or self._watching.done():
            self._watching = asyncio.create_task(self._watch())
        if self._version is not None and self._version != known:
            return self._version
        try:
            async with asyncio.timeout(HEARTBEAT_SECONDS):
                await self._changed.wait()
        except TimeoutError:
            return None
        return self._version if self._version != known else None

    async def _until_next_round(self) -> None:
        """Wait until the version has been asked for once more, or for the heartbeat's time."""
        with suppress(TimeoutError):
            async with asyncio.timeout(HEARTBEAT_SECONDS):
                await self._round.wait()

    async def _watch(self) -> None:
        """Ask for the version while pages are open."""
        while self._streams and not self._closing:
            try:
                version = await self._read_version()
            except Exception as error:
                log.warning("updates: the store does not answer: %s", type(error).__name__)
                version = AWAY
            if version != self._version:
                self._version = version
                self._notify()
            self._end_round()
            await self._pause()

    def _notify(self) -> None:
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()

    def _end_round(self) -> None:
        ended, self._round = self._round, asyncio.Event()
        ended.set()
