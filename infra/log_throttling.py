"""Throttles the log of a library that repeats a line at every attempt at a service."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass

FIRST_SECONDS = 1.0
MOST_SECONDS = 60.0
"""Silence after a line: doubled each time, up to this."""


@dataclass
class _Kind:
    """Lines of one template: since when, until when they are held back, how many were."""

    since: float
    last: float
    silence: float
    until: float
    held_back: int = 0


class ThrottlingHandler(logging.Handler):
    """Passes a line on at once, then those of its kind more and more rarely, with their number.

    A kind is a logger's template and level. After `MOST_SECONDS` without one, it is new again.
    """

    def __init__(
        self, passed_to: logging.Handler | logging.Logger, clock: Callable[[], float] | None = None
    ) -> None:
        super().__init__()
        self._passed_to = passed_to
        self._clock = clock or time.monotonic
        self._kinds: dict[tuple[str, int, str], _Kind] = {}

    def emit(self, record: logging.LogRecord) -> None:
        """Pass `record` on, with the number of those held back before it; or hold it back."""
        now = self._clock()
        name = record.name, record.levelno, str(record.msg)
        kind = self._kinds.get(name)
        if kind is None or now - kind.last > MOST_SECONDS:
            self._kinds[name] = _Kind(now, now, FIRST_SECONDS, now + FIRST_SECONDS)
            self._passed_to.handle(record)
            return
        kind.last = now
        if now < kind.until:
            kind.held_back += 1
            return
        if kind.held_back:
            summary = logging.makeLogRecord(record.__dict__)
            summary.msg = (
                f"{record.getMessage()} (for {now - kind.since:.0f} s now; {kind.held_back} more "
                "such lines not shown)"
            )
            summary.args = ()
            record = summary
        kind.silence = min(kind.silence * 2, MOST_SECONDS)
        kind.until = now + kind.silence
        kind.held_back = 0
        self._passed_to.handle(record)


def throttle(name: str, level: int = logging.WARNING) -> None:
    """Throttle the logger `name` and those below it, from `level` on."""
    logger = logging.getLogger(name)
    logger.setLevel(level)
    logger.handlers = [ThrottlingHandler(logging.getLogger())]
    logger.propagate = False
