"""What the workers have in common: Faust apps with agents attached, run until they are stopped."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
from collections.abc import Awaitable, Callable
from typing import Any, cast

import faust
from mode import Service

from schemas.derived import DeadLetter
from schemas.topics import Topic
from streams.agents import score as scoring
from streams.agents import transcribe as transcribing
from streams.agents.score import Scorer, Scoring
from streams.agents.transcribe import CallTranscriber
from streams.runtime.app import App, raw_topic
from streams.runtime.dead_letters import DeadLetters
from streams.runtime.intake import Intake, Pause, Take, consume
from streams.runtime.outbox import KafkaOutbox
from streams.runtime.progress import Progress
from streams.transport.consumer import Transport
from streams.transport.writers import SharedWriter

log = logging.getLogger(__name__)

TRANSCRIBER = "transcriber"
SCORER = "scorer"
ANALYTICS = "analytics"


def reject_unreadable(app: faust.App, letters: DeadLetters) -> None:
    """Have the batches that are skipped written to the dead letters.

    The consumer has a thread of its own, the dead letters belong to the app's.
    """

    async def reject(letter: DeadLetter) -> None:
        writing = asyncio.run_coroutine_threadsafe(letters.write(letter), app.loop)
        await asyncio.wrap_future(writing)

    cast(Transport, app.transport).unreadable.reject = reject


def attach_transcriber(app: faust.App, transcriber: CallTranscriber) -> None:
    """The transcriber worker's one agent."""

    async def transcribe(stream: faust.StreamT[Any]) -> None:
        await transcriber.run(cast("faust.Stream[Any]", stream))

    _add(app, transcribing.AGENT, transcribing.TOPICS, transcribe)


def attach_scorer(app: faust.App, progress: Progress, scored_by: Scoring) -> None:
    """The scorer worker's one agent."""
    outbox = KafkaOutbox(SharedWriter(cast(App, app), progress.written))
    letters = DeadLetters(outbox, progress)
    scorer = Scorer(outbox, letters, progress, scored_by)
    attach(app, "score", scoring.TOPICS, Intake(scorer.handle, letters).take, size=64)


def attach(
    app: faust.App,
    name: str,
    topics: tuple[Topic, ...],
    take: Take,
    size: int,
    pause: Pause | None = None,
) -> None:
    """An agent that gives what comes in `topics` to `take`, up to `size` events at a time.

    `pause` is between its batches; None: none.
    """

    async def agent(stream: faust.StreamT[Any]) -> None:
        await consume(cast("faust.Stream[Any]", stream), name, take, size, pause)

    _add(app, name, topics, agent)


def _add(
    app: faust.App,
    name: str,
    topics: tuple[Topic, ...],
    agent: Callable[[faust.StreamT[Any]], Awaitable[None]],
) -> None:
    for topic in topics:
        read = cast(App, app).cluster.topic(topic.name)
        cast(Transport, app.transport).readers[read].add(name)
    app.agent(raw_topic(app, *topics), name=name)(agent)


class Around(Service):
    """Something that starts before a worker's agents and stops after them."""

    def __init__(
        self,
        start: Callable[[], Awaitable[object]],
        stop: Callable[[], Awaitable[object]],
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self._start = start
        self._stop = stop

    async def on_start(self) -> None:
        """Start it."""
        await self._start()

    async def on_stop(self) -> None:
        """Stop it."""
        await self._stop()


async def end_with_parent(parent: int, seconds: float = 1.0) -> None:
    """End this process when its parent has ended, where the kernel does not do it."""
    while os.getppid() == parent:
        await asyncio.sleep(seconds)
    log.error("the parent process has ended; so does this worker")
    os._exit(1)


def run(app: faust.App, *around: Around, log_level: str = "INFO") -> None:
    """Run `app` until it is stopped (SIGINT, SIGTERM); ends the process.

    On asyncio's own loop: with uvloop, a write to a connection that has just broken raises
    RuntimeError, which aiokafka does not expect. The task that looks for the brokers ends, and
    the worker waits for ever.
    """
    _collect_rarely()
    worker = faust.Worker(app, *around, loglevel=log_level, redirect_stdouts=False)
    worker.execute_from_commandline()


def _collect_rarely() -> None:
    """Have Python look for circular garbage at every 100,000 new objects, not every 700.

    A batch makes many objects and no circles: looking took a fifth of a worker's time.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)
