"""Retrying while a service is away: with growing delays, a line in the log, and no limit."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from typing import TypeVar

ResultT = TypeVar("ResultT")


def delays(first: float = 0.5, most: float = 30.0) -> Iterator[float]:
    """Seconds to wait before each further attempt: doubled each time, up to `most`."""
    delay = first
    while True:
        yield delay
        delay = min(delay * 2, most)


def retry_until_done(
    action: Callable[[], ResultT],
    away: type[Exception] | tuple[type[Exception], ...],
    what: str,
    log: logging.Logger,
    sleep: Callable[[float], None] = time.sleep,
) -> ResultT:
    """Call `action` until it does not raise `away`; other errors are raised at once.

    Args:
        action: what to do; it must be safe to repeat.
        away: errors that mean the service cannot be reached now.
        what: the service's name, for the log.
        log: where each wait is reported.
        sleep: how to wait, given in tests.
    """
    for delay in delays():
        try:
            return action()
        except away as error:
            log.warning(
                "%s is away (%s); trying again in %.1f s", what, type(error).__name__, delay
            )
            sleep(delay)
    raise AssertionError("delays never end")
