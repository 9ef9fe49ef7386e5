"""The `transcribe` agent: given text is passed on at once, recordings wait for the model."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any, cast

import faust

from infra.places.failures import PlaceAway
from infra.recordings.fetching import Fetched as FetchedRecording
from infra.recordings.fetching import RecordingFetcher
from infra.recordings.store import RecordingError, RecordingMissing, RecordingStore
from infra.retry import delays
from infra.transcription.transcriber import Transcriber, Transcription
from processors.attempts.answering import with_machine_turns
from processors.attempts.outcome import attempt_of
from processors.identity.calls import call_of
from processors.identity.event_identity import identity_of
from processors.transcript.turns import redacted
from schemas.codec import InvalidMessage, decode_inbound
from schemas.derived import CallTranscribed
from schemas.events import CallEnded, CallEndedEvent, Recording
from schemas.topics import CALL_ENDED
from streams.agents.calls import from_text, message_of, redacted_survey
from streams.agents.left_out import report_left_out
from streams.agents.place_waits import PlaceWaits
from streams.facts.clock_gate import ClockGate
from streams.facts.partitioning import Partitioning
from streams.runtime.counters import (
    RECORDINGS_IN_DOUBT,
    RECORDINGS_PARTLY_UNHEARD,
    REPARTITIONED,
    TEXTS_TAKEN_FOR_INVENTED,
    TRANSCRIBED_FROM_AUDIO,
)
from streams.runtime.daemon_threads import DaemonThreads
from streams.runtime.dead_letters import DeadLetters
from streams.runtime.ordered_acks import OrderedAcks, Ticket
from streams.runtime.outbox import Message, Outbox, too_large
from streams.runtime.progress import Progress
from streams.transport.delivery import Delivery
from streams.transport.fetched import Fetched

if TYPE_CHECKING:
    from streams.transport.consumer import Consumer

log = logging.getLogger(__name__)

AGENT = "transcribe"
TOPICS = (CALL_ENDED,)
Reached = tuple[Fetched, int]
"""What a partition was fetched with, and the offset up to which it is done."""
Acks = OrderedAcks[Reached]
LONG_BYTES = 50_000
"""Size of an event from which its text is redacted beside the event loop, not in it."""


@dataclass(frozen=True)
class TranscribePorts:
    """What the agent needs of the world."""

    recordings: RecordingStore
    transcriber: Transcriber
    executor: Executor
    outbox: Outbox
    dead_letters: DeadLetters
    progress: Progress
    pseudonym_key: bytes
    gate: ClockGate | None = None
    """Refuses calls from the future, before they are transcribed; None: all may pass."""
    partitioning: Partitioning | None = None
    """Where calls belong; None: where they come."""
    fetcher: RecordingFetcher | None = None
    """Fetches recordings that are elsewhere; None: all are on this machine."""


@dataclass(frozen=True)
class TranscribeSettings:
    """How recordings are tried again, and how many at once."""

    attempts: int = 6
    first_delay: float = 2.0
    timeout: float = 3600.0
    at_once: int = 1
    """Recordings transcribed at the same time; the executor has as many threads."""
    waiting: int = 64
    """Recordings taken in at once, in transcription or waited for; further events wait. Those
    whose place is away are not among them."""
    fetched_at_once: int = 4
    """Recordings fetched from one place at the same time."""
    words_of: Callable[[str], Sequence[str]] = lambda _: ()
    """Words to expect in the calls of a client, by its id."""
    sleep: Callable[[float], Awaitable[None]] = field(default=asyncio.sleep)


class CallTranscriber:
    """Turns ended calls into transcribed ones."""

    def __init__(self, ports: TranscribePorts, settings: TranscribeSettings) -> None:
        self._ports = ports
        self._settings = settings
        self._room = asyncio.Semaphore(settings.waiting)
        self._slots = asyncio.Semaphore(settings.at_once)
        self._running: set[asyncio.Task[None]] = set()
        self._waits = PlaceWaits(settings.first_delay, settings.sleep)
        self._fetching: dict[str, DaemonThreads] = {}

    async def run(self, stream: faust.Stream[Any], size: int = 500) -> None:
        """Handle all events of `stream`, up to `size` at a time.

        A slow recording holds back the partition's committed offset, but no other event. Order of
        effects: 1. the transcribed call, or the dead letter, is acknowledged by the broker; 2. its
        event is acknowledged, in the order of offsets.
        """
        consumer = cast("Consumer", stream.app.consumer)

        async def done(reached: Reached) -> None:
            consumer.done(AGENT, *reached)

        acks: Acks = OrderedAcks(done)
        async for event in stream.noack().events():
            fetched = cast("Fetched", event.value)
            deliveries = fetched.deliveries if fetched.is_current else []
            for start in range(0, len(deliveries), size):
                await acks.room()
                await self._take(acks, fetched, deliveries[start : start + size])
            await acks.done(acks.expect(*fetched.place, (fetched, fetched.end)))

    async def _take(self, acks: Acks, fetched: Fetched, batch: Sequence[Delivery]) -> None:
        for delivery, call, ticket in await self._pass_text(acks, fetched, batch):
            await self._room.acquire()
            task = asyncio.create_task(self._transcribe_and_ack(acks, ticket, delivery, call))
            self._running.add(task)
            task.add_done_callback(self._ended)

    async def _pass_text(
        self, acks: Acks, fetched: Fetched, batch: Sequence[Delivery]
    ) -> list[tuple[Delivery, CallEndedEvent, Ticket[Reached]]]:
        """Write the calls whose text was given; returns those that need transcription."""
        passed: list[tuple[Delivery, CallEndedEvent, Message]] = []
        tickets, slow = [], []
        for delivery in batch:
            ticket = acks.expect(*fetched.place, (fetched, delivery.offset + 1))
            call = self._read(delivery)
            if isinstance(call, CallEndedEvent) and _needs_transcription(call.data):
                slow.append((delivery, call, ticket))
                continue
            message = await self.pass_or_reject(delivery, call)
            if message is not None and isinstance(call, CallEndedEvent):
                passed.append((delivery, call, message))
            tickets.append(ticket)
        await self._write(passed)
        for ticket in tickets:
            await acks.done(ticket)
        return slow

    def _read(self, delivery: Delivery) -> CallEndedEvent | InvalidMessage:
        """The call of a message; parts of it that cannot be used are counted and logged."""
        routed = decode_inbound(delivery.value, CallEndedEvent)
        if isinstance(routed, InvalidMessage):
            return routed
        call = cast("CallEndedEvent", routed.event)
        refused = None if self._ports.gate is None else self._ports.gate.refusal(delivery, call)
        if refused is not None:
            return replace(refused, event_id=identity_of(self._ports.pseudonym_key, call))
        report_left_out(routed.left_out, delivery.origin, self._ports.progress)
        return call

    async def pass_or_reject(
        self, delivery: Delivery, call: CallEndedEvent | InvalidMessage
    ) -> Message | None:
        """The message of a call whose text was given; None where it became a dead letter."""
        if isinstance(call, InvalidMessage):
            await self._ports.dead_letters.reject(delivery, call)
            return None
        try:
            given = partial(from_text, call, self._ports.pseudonym_key, delivery.origin)
            long = len(delivery.value) > LONG_BYTES
            transcribed = await asyncio.to_thread(given) if long else given()
            message = message_of(transcribed, self._partition(delivery, call))
        except Exception as error:
            await self._reject_unexpected(delivery, call, error)
            return None
        refused = too_large(message.value)
        if refused is not None:
            await self._reject(delivery, call, refused)
            return None
        return message

    async def _write(self, passed: Sequence[tuple[Delivery, CallEndedEvent, Message]]) -> None:
        """Write the messages; if that fails, each alone, so that one cannot hold up the rest."""
        try:
            await self._ports.outbox.deliver([message for _, _, message in passed])
        except Exception:
            log.exception("a batch of %d calls failed; writing each alone", len(passed))
            for delivery, call, message in passed:
                try:
                    await self._ports.outbox.deliver([message])
                except Exception as error:
                    await self._reject_unexpected(delivery, call, error)

    async def _reject_unexpected(
        self, delivery: Delivery, call: CallEndedEvent, error: Exception
    ) -> None:
        log.error("call at %s failed", delivery.origin, exc_info=error)
        reason = f"unexpected {type(error).__name__}; see the log"
        await self._reject(delivery, call, InvalidMessage(reason, "unexpected"))

    async def _reject(self, delivery: Delivery, call: CallEndedEvent, why: InvalidMessage) -> None:
        identity = identity_of(self._ports.pseudonym_key, call)
        named = replace(why, event_id=identity, client_id=call.data.client_id)
        await self._ports.dead_letters.reject(delivery, named)

    async def _transcribe_and_ack(
        self,
        acks: Acks,
        ticket: Ticket[Reached],
        delivery: Delivery,
        call: CallEndedEvent,
    ) -> None:
        try:
            await self.transcribe(delivery, call)
            await acks.done(ticket)
        finally:
            self._room.release()

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        if not task.cancelled() and task.exception() is not None:
            log.error(
                "transcribing failed; the call stays unacknowledged", exc_info=task.exception()
            )

    def _partition(self, delivery: Delivery, call: CallEndedEvent) -> int:
        """The customer's partition, by whichever the call came."""
        partitioning = self._ports.partitioning
        if partitioning is None:
            return delivery.partition
        right = partitioning.of(call.data.customer_id)
        self._ports.progress.count(REPARTITIONED, right != delivery.partition)
        return right

    async def transcribe(self, delivery: Delivery, call: CallEndedEvent) -> None:
        """Transcribe a recording and write it, or its dead letter; safe to repeat."""
        ports = self._ports
        assert call.data.recording is not None
        try:
            transcription = await self._transcription(call.data, call.data.recording)
            transcribed = await asyncio.to_thread(self._transcribed, delivery, call, transcription)
            message = message_of(transcribed, self._partition(delivery, call))
            refused = too_large(message.value)
            if refused is not None:
                await self._reject(delivery, call, refused)
                return
            await ports.outbox.deliver([message])
        except (RecordingError, TimeoutError) as error:
            reason = str(error) or f"the recording took over {self._settings.timeout:.0f} s"
            await self._reject(delivery, call, InvalidMessage(reason, type(error).__name__))
        except Exception as error:
            await self._reject_unexpected(delivery, call, error)
        else:
            ports.progress.count(TRANSCRIBED_FROM_AUDIO)
            ports.progress.count(TEXTS_TAKEN_FOR_INVENTED, sum(transcription.dropped.values()))
            ports.progress.count(RECORDINGS_PARTLY_UNHEARD, bool(transcription.unheard))
            ports.progress.count(RECORDINGS_IN_DOUBT, bool(transcription.doubts))

    async def _transcription(self, call: CallEnded, recording: Recording) -> Transcription:
        """Transcribe `recording`; one that is missing may still be on its way."""
        settings = self._settings
        waits = delays(settings.first_delay)
        for attempt in range(1, settings.attempts + 1):
            try:
                return await self._attempt(call, recording)
            except RecordingMissing as error:
                if attempt == settings.attempts:
                    raise
                log.warning("attempt %d of %d: %s", attempt, settings.attempts, error)
            await settings.sleep(next(waits))
        raise AssertionError("at least one attempt is made")

    async def _attempt(self, call: CallEnded, recording: Recording) -> Transcription:
        """Transcribe once. A thread that takes too long keeps its slot until it ends: the
        recordings after it wait, rather than run out of time without having been read."""
        loop = asyncio.get_running_loop()
        fetched = await self._fetched(recording, call.client_id)
        await self._slots.acquire()
        work = loop.run_in_executor(
            self._ports.executor, self._transcribe_file, call, recording, fetched
        )
        work.add_done_callback(self._release_slot)
        return await asyncio.wait_for(asyncio.shield(work), self._settings.timeout)

    async def _fetched(self, recording: Recording, client_id: str) -> FetchedRecording | None:
        """The recording from elsewhere, however long its place is away; None where it is here."""
        fetcher = self._ports.fetcher
        if fetcher is None:
            return None
        place = await asyncio.to_thread(fetcher.place_of, recording, client_id)
        if place is None:
            return None
        while True:
            if self._waits.is_away(place):
                await self._wait_outside(place)
            try:
                fetch = partial(fetcher.fetch, recording, client_id)
                fetched = await self._fetcher_threads(place).run(fetch)
            except PlaceAway as error:
                self._waits.went_away(error)
                place = error.place
            except RecordingError:
                self._waits.came_back(place)
                raise
            else:
                self._waits.came_back(place)
                return fetched

    async def _wait_outside(self, place: str) -> None:
        """Wait for a place, while the calls behind have the room of this one."""
        self._room.release()
        await self._waits.turn(place)
        await self._room.acquire()

    def _fetcher_threads(self, place: str) -> DaemonThreads:
        """Threads of its own for each place: one that is slow holds up no other."""
        if place not in self._fetching:
            self._fetching[place] = DaemonThreads(self._settings.fetched_at_once, "fetch")
        return self._fetching[place]

    def _release_slot(self, work: asyncio.Future[Transcription]) -> None:
        self._slots.release()
        if not work.cancelled():
            work.exception()

    def _transcribe_file(
        self, call: CallEnded, recording: Recording, fetched: FetchedRecording | None
    ) -> Transcription:
        transcribed = False
        try:
            transcription = self._ports.transcriber.transcribe(
                self._ports.recordings.resolve(recording) if fetched is None else fetched.source,
                call.language,
                self._settings.words_of(call.client_id),
            )
            transcribed = True
        finally:
            if fetched is not None:
                fetched.release(transcribed=transcribed)
        return transcription

    def _transcribed(
        self, delivery: Delivery, call: CallEndedEvent, transcription: Transcription
    ) -> CallTranscribed:
        taken, data = transcription.turn_taking, call.data
        turns = redacted(transcription.turns, data.language, data.people)
        attempt = attempt_of(data, turns)
        return CallTranscribed(
            call=call_of(call, self._ports.pseudonym_key, delivery.origin),
            turns=turns if attempt is None else with_machine_turns(turns),
            survey=redacted_survey(data.survey, data.language, data.people),
            from_audio=True,
            attempt=attempt,
            transcriber=transcription.model,
            audio_seconds=transcription.duration,
            overlaps=taken.overlaps if taken else None,
            interruptions=taken.interruptions if taken else None,
            unheard=list(transcription.unheard),
            doubts=list(transcription.doubts),
            speakers=transcription.speakers,
        )


def _needs_transcription(call: CallEnded) -> bool:
    """Whether there is a recording that may hold a conversation."""
    return call.recording is not None and call.answered is not False
