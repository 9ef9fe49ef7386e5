"""Progress of events: one bar with one total, or a line now and then where there is no terminal."""

from __future__ import annotations

import time
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING

from infra.cli.failures import say
from infra.escaping import console

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress, TaskID

LINE_EVERY = 15.0
"""Seconds between two lines where standard error is no terminal."""

_RATE_OVER = 10.0
"""Seconds over which the rate is averaged."""


class Meter:
    """Counts events up to their total; use it as a context manager."""

    def __init__(
        self, what: str, total: int | None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._what = what
        self._total = total
        self._clock = clock
        self._seen: list[tuple[float, int]] = []
        self._done = 0
        self._said_at = clock()
        self._bar: Progress | None = None
        self._task: TaskID | None = None

    def __enter__(self) -> Meter:
        """Show the bar, on a terminal."""
        screen = console(stderr=True)
        if screen.is_terminal:
            self._bar = _bar(screen)
            self._bar.start()
            self._task = self._bar.add_task(self._what, total=self._total, rate="")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Leave the bar as it is."""
        if self._bar is not None:
            self._bar.stop()

    @property
    def rate(self) -> float:
        """Events a second, lately; 0 before two updates."""
        (started, before), (ended, after) = self._seen[0], self._seen[-1]
        return (after - before) / (ended - started) if ended > started else 0.0

    def at(self, done: int, what: str | None = None) -> None:
        """`done` events are processed (never fewer than before); `what` is under way now."""
        now = self._clock()
        self._done = max(self._done, done)
        if self._total is not None:
            self._done = min(self._done, self._total)
        self._seen.append((now, self._done))
        while now - self._seen[0][0] > _RATE_OVER and len(self._seen) > 2:
            del self._seen[0]
        self._what = what or self._what
        if self._bar is not None and self._task is not None:
            self._bar.update(
                self._task, completed=self._done, description=self._what, rate=self._rate_shown()
            )
        elif now - self._said_at >= LINE_EVERY:
            self._said_at = now
            say(self.line())

    def line(self) -> str:
        """The progress as a line."""
        of = "" if self._total is None else f" of {self._total:,}"
        return f"{self._what}: {self._done:,}{of}, {self._rate_shown()}"

    def _rate_shown(self) -> str:
        return f"{self.rate:,.0f} a second"


def _bar(screen: Console) -> Progress:
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeElapsedColumn(),
        TextColumn("elapsed,"),
        TimeRemainingColumn(),
        TextColumn("left"),
        console=screen,
    )
