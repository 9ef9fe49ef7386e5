"""The analytics worker's client of the scoring process, which it starts, and restarts."""

from __future__ import annotations

import asyncio
import logging
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Awaitable, Callable, Sequence
from itertools import islice

from infra.errors import InfraError
from infra.retry import delays
from infra.scoring.catalogue import ScorerName
from infra.scoring.protocol import LENGTH, Failure, Outcome, packed, parts_of, results_of
from processors.inferred_speakers import COUNTED, Counting

log = logging.getLogger(__name__)

SECONDS_A_BATCH, SECONDS_A_MEGABYTE = 120.0, 900.0
"""How long a batch may take: some ten times what the slowest words take on a busy machine."""
MOST_ENDS = 4
"""Processes that may end with the same calls in hand, before the calls count as the cause."""
_READ_AHEAD = 1 << 20


class ScoringProcessEnded(InfraError):
    """The scoring process ended before it answered."""


class ScoringTookTooLong(InfraError):
    """Scoring a batch took longer than any should; the process was ended."""


class ScoringFailed(InfraError):
    """Scoring a call raised in the process; the class is named after what it raised there."""


def scoring_command(scorer: ScorerName, counting: Counting = COUNTED) -> tuple[str, ...]:
    """The command that starts a scoring process."""
    command = (sys.executable, "-m", "infra.scoring.server", "--scorer", scorer)
    return command if counting == COUNTED else (*command, "--inferred-speakers", counting.written())


class ScoringChild:
    """Has batches scored by a child process, one after another.

    A child that ends with a batch in hand is followed by another, which scores that batch from
    its beginning; one that does not even start is retried forever, with growing delays.
    """

    def __init__(
        self,
        command: Sequence[str],
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
        seconds_a_batch: float = SECONDS_A_BATCH,
    ) -> None:
        """`sleep` takes seconds; it and `seconds_a_batch` are given in tests."""
        self._seconds_a_batch = seconds_a_batch
        self._command = command
        self._sleep = sleep
        self._process: Process | None = None
        self._turn = asyncio.Lock()

    async def start(self) -> None:
        """Have a process ready and warm, so that the first batch need not wait for it."""
        async with self._turn:
            if self._process is None:
                await self._start()

    async def score(self, values: Sequence[bytes]) -> list[Outcome]:
        """The outcome of each message, in order.

        Raises:
            ScoringFailed: scoring one of them raised; the process goes on.
            ScoringProcessEnded: `MOST_ENDS` processes ended over them.
            ScoringTookTooLong: they took longer than as many words should.
        """
        async with self._turn:
            parts = await self._retried(packed(values))
        outcomes: list[Outcome] = []
        for result in results_of(parts):
            if isinstance(result, Failure):
                raise type(result.error, (ScoringFailed,), {})(result.traceback)
            outcomes.append(result)
        return outcomes

    async def stop(self) -> None:
        """End the process at once: it holds no state."""
        process, self._process = self._process, None
        if process is None:
            return
        if process.returncode is None:
            process.kill()
        await process.wait()

    async def _retried(self, batch: bytes) -> list[bytes]:
        for delay in islice(delays(), MOST_ENDS - 1):
            try:
                return await self._ask(batch)
            except ScoringProcessEnded as error:
                log.warning("%s; starting another in %.1f s", error, delay)
                await self._sleep(delay)
        return await self._ask(batch)

    async def _ask(self, batch: bytes) -> list[bytes]:
        if self._process is None:
            await self._start()
        assert self._process is not None
        assert self._process.stdin is not None
        self._process.stdin.write(batch)
        limit = self._seconds_a_batch + SECONDS_A_MEGABYTE * len(batch) / 1e6
        try:
            return await asyncio.wait_for(self._answer(self._process), limit)
        except TimeoutError as error:
            raise ScoringTookTooLong(f"a batch of {len(batch)} bytes took {limit:.0f} s") from error

    async def _start(self) -> None:
        for delay in delays():
            try:
                self._process = await asyncio.create_subprocess_exec(
                    *self._command, stdin=PIPE, stdout=PIPE, limit=_READ_AHEAD
                )
                await self._answer(self._process)
                return
            except (OSError, ScoringProcessEnded) as error:
                log.error("cannot start scoring: %s; trying again in %.1f s", error, delay)
                await self._sleep(delay)

    async def _answer(self, process: Process) -> list[bytes]:
        """The next answer; a process that is interrupted over it is ended.

        What it would still write would pass for the answer to the next batch.
        """
        assert process.stdout is not None
        try:
            (size,) = LENGTH.unpack(await process.stdout.readexactly(LENGTH.size))
            return parts_of(await process.stdout.readexactly(size))
        except asyncio.IncompleteReadError as error:
            # Waited for only: killing what has ended would take its exit code from asyncio.
            code = await process.wait()
            self._process = None
            raise ScoringProcessEnded(f"the scoring process ended (exit code {code})") from error
        except BaseException:
            await self.stop()
            raise
