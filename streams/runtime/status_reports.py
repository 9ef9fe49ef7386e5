"""What a worker reports of itself: a row of the store every 30 seconds, and one when it stops."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from streams.runtime.progress import Progress
from streams.transport.positions import ConsumerMetrics

log = logging.getLogger(__name__)

REPORT_SECONDS = 30.0
_MEASURE_SECONDS = 10.0
"""How long the consumer may take to say how far it is."""
_LAST_SECONDS = 5.0
"""How long a worker that stops waits for its last row."""
_NOTHING = ConsumerMetrics({}, {})

Row = dict[str, Any]


@dataclass(frozen=True)
class Reporter:
    """Who reports."""

    worker: str
    """transcriber, scorer or analytics."""
    instance: str
    """A random name of this process; it says nothing of the machine."""
    release: str
    """Of Ascolto."""


class StatusReports:
    """Writes a worker's rows of the table `worker_status`.

    A row that cannot be written is left out, and the next one is tried: reports never hold up
    events.
    """

    def __init__(
        self,
        reporter: Reporter,
        progress: Progress,
        measure: Callable[[], Awaitable[ConsumerMetrics]],
        insert: Callable[[Row], Awaitable[object]],
        now_us: Callable[[], int],
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        """`insert` writes a row or raises; it is called for one row at a time."""
        self._reporter = reporter
        self._progress = progress
        self._measure = measure
        self._insert = insert
        self._now_us = now_us
        self._sleep = sleep
        self._started_us = now_us()
        self._before = self._started_us, _NOTHING
        """When the latest row was made, and what was measured then."""
        self._progressed_us = 0
        self._refused = False
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Report from now on."""
        self._task = asyncio.create_task(self.run())

    async def run(self) -> None:
        """Report until cancelled; first without measuring, as the consumer has not started."""
        await self._write(self._row(_NOTHING))
        while True:
            await self._sleep(REPORT_SECONDS)
            await self._write(self._row(await self._measured()))

    async def stop(self) -> None:
        """Report that the worker stops, unless the store takes too long."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        with contextlib.suppress(TimeoutError):
            last = self._row(self._before[1], stopped=True)
            await asyncio.wait_for(self._write(last), _LAST_SECONDS)

    async def _measured(self) -> ConsumerMetrics:
        """Where Kafka does not answer, no lag, and what was handled until the row before."""
        try:
            return await asyncio.wait_for(self._measure(), _MEASURE_SECONDS)
        except Exception as error:
            log.info("the lag is not known now: %s", type(error).__name__)
            return self._before[1]._replace(lag={})

    async def _write(self, row: Row) -> None:
        try:
            await self._insert(row)
        except Exception as error:
            if not self._refused:
                log.warning("the status is not reported: %s", _short(error))
            self._refused = True
        else:
            self._refused = False

    def _row(self, measured: ConsumerMetrics, *, stopped: bool = False) -> Row:
        now = self._now_us()
        before_us, before = self._before
        self._before = now, measured
        rates = _rates(before.handled, measured.handled, (now - before_us) / 1e6)
        if any(rates.values()):
            self._progressed_us = now
        report = self._progress.snapshot()
        return {
            "worker": self._reporter.worker,
            "instance": self._reporter.instance,
            "release": self._reporter.release,
            "started_at": _time(self._started_us),
            "at": _time(now),
            "stopped": stopped,
            "progressed_at": _time(self._progressed_us),
            "event_time": _time(report.event_time_us),
            "lag": dict(measured.lag),
            "events_per_second": rates,
            "counts": dict(report.counts),
            "state_keys": {table: size.keys for table, size in report.state.items()},
            "state_bytes": {table: size.bytes for table, size in report.state.items()},
            "version": now,
        }


def _rates(before: Mapping[str, int], now: Mapping[str, int], seconds: float) -> dict[str, float]:
    """Events a second of each topic that is read."""
    if seconds <= 0:
        return dict.fromkeys(now, 0.0)
    return {topic: (count - before.get(topic, 0)) / seconds for topic, count in now.items()}


def _time(us: int) -> datetime | None:
    return datetime.fromtimestamp(us / 1e6, UTC) if us else None


def _short(error: Exception) -> str:
    """The kind of an error and ClickHouse's code: what a server says may quote rows."""
    code = getattr(error, "code", None)
    return type(error).__name__ + (f" (code {code})" if code is not None else "")
