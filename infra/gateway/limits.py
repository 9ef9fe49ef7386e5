"""Limits on what sources may ask for: requests a second, bytes of a body and of all of them."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import contextmanager

import anyio
from starlette.requests import Request

from infra.errors import InfraError

CHUNK_SECONDS = 30.0
"""A body of which nothing comes for so long is given up."""

BURST_SECONDS = 2.0
"""A source that was silent may send the requests of so many seconds at once."""


class NoRoom(InfraError):
    """Too many bytes are in memory; the request may be repeated a little later."""


class RateLimit:
    """Requests a second of each key, as a bucket that fills steadily."""

    def __init__(self, per_second: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._per_second = per_second
        self._most = max(1.0, per_second * BURST_SECONDS)
        self._clock = clock
        self._buckets: dict[str, tuple[float, float]] = {}

    def take(self, name: str) -> float:
        """Take one request of a key; returns 0, or the seconds until there is one again."""
        now = self._clock()
        level, since = self._buckets.get(name, (self._most, now))
        level = min(self._most, level + (now - since) * self._per_second)
        if level < 1:
            self._buckets[name] = level, now
            return (1 - level) / self._per_second
        self._buckets[name] = level - 1, now
        return 0.0


class Memory:
    """Bytes of bodies that are held at the same time, by all requests together."""

    def __init__(self, most: int) -> None:
        self._most = most
        self.held = 0

    @contextmanager
    def share(self) -> Iterator[Share]:
        """What one request holds, until the block ends."""
        share = Share(self)
        try:
            yield share
        finally:
            self.held -= share.held

    def take(self, number: int) -> None:
        """Hold more bytes.

        Raises:
            NoRoom: there would be too many.
        """
        if self.held + number > self._most:
            raise NoRoom("too many requests are in progress")
        self.held += number


class Share:
    """The bytes that one request holds."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory
        self.held = 0

    def take(self, number: int) -> None:
        """Hold more bytes.

        Raises:
            NoRoom: all requests together would hold too many.
        """
        self._memory.take(number)
        self.held += number


class TooSlow(InfraError):
    """Nothing has come of a body for too long."""


class TooLarge(InfraError):
    """A body has more bytes than are taken."""


async def chunks_of(request: Request, most: int) -> AsyncGenerator[bytes]:
    """A request's body in chunks.

    Raises:
        TooLarge: it has, or says it has, more than `most` bytes; no more of it is read.
        TooSlow: nothing came for `CHUNK_SECONDS`.
        ClientDisconnect: the sender has gone.
    """
    length = request.headers.get("content-length", "")
    if length.isdecimal() and int(length[:20]) > most:
        raise TooLarge(f"at most {most} bytes are taken")
    stream = request.stream()
    size = 0
    while True:
        try:
            with anyio.fail_after(CHUNK_SECONDS):
                chunk = await anext(stream, None)
        except TimeoutError:
            raise TooSlow(f"nothing came for {CHUNK_SECONDS:g} s") from None
        if chunk is None:
            return
        size += len(chunk)
        if size > most:
            raise TooLarge(f"at most {most} bytes are taken")
        yield chunk


async def read_body(request: Request, most: int, share: Share) -> bytes:
    """A request's whole body, which counts as held in memory.

    Raises:
        TooLarge, TooSlow, ClientDisconnect: as `chunks_of`.
        NoRoom: all requests together hold too many bytes.
    """
    body = bytearray()
    async for chunk in chunks_of(request, most):
        share.take(len(chunk))
        body += chunk
    return bytes(body)
