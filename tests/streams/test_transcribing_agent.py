"""`transcribe`: text at once, recordings with patience, what cannot be done as a dead letter."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from faust.types import TP

from infra.recordings.source import Source
from infra.recordings.store import (
    RecordingBroken,
    RecordingMissing,
    RecordingRefused,
    RecordingStore,
)
from infra.transcription.transcriber import Transcription
from processors.identity.event_identity import event_identity
from processors.transcript.interruptions import TurnTaking
from schemas.codec import decode, encode
from schemas.conversation import Speaker, Turn, Unanswered
from schemas.derived import CallTranscribed, DeadLetter
from schemas.events import CallEnded, CallEndedEvent, Recording, Service, Survey, Touchpoint
from schemas.topics import CALL_ENDED, CALL_TRANSCRIBED, DEAD_LETTER
from streams.agents.calls import from_text
from streams.agents.transcribe import CallTranscriber, TranscribePorts, TranscribeSettings
from streams.runtime.dead_letters import DeadLetters
from streams.runtime.outbox import Message
from streams.runtime.progress import Progress
from streams.transport.delivery import Delivery
from streams.transport.fetched import delivery_of
from tests.streams.doubles import BatchStream, MemoryBroker, MemoryOutbox
from tests.waiting import finished, until

TIME = datetime(2026, 3, 2, 10, tzinfo=UTC)
TRANSCRIBED = Transcription(
    turns=[Turn(speaker=Speaker.OPERATOR, text="Sono al 333 1234567", start=0.0, end=2.0)],
    language="it",
    duration=2.0,
    model="a-model",
    turn_taking=TurnTaking(4, 2),
)


def named(event_id: str) -> str:
    """The identity of `call(event_id)`."""
    return event_identity(b"key", "acqua", "it.ascolto.call-ended.v1", "/pbx", event_id)


NAMES: dict[str, str] = {}
"""Identity to id of the calls made here."""


def call(
    event_id: str, recording: str | None = None, customer: str = "cust-1", text: str = "Pronto"
) -> CallEndedEvent:
    NAMES[named(event_id)] = event_id
    data = CallEnded(
        client_id="acqua",
        agency_id="aurora",
        operator_id="op",
        customer_id=customer,
        started_at=TIME,
        ended_at=TIME,
        service=Service.DEBT_COLLECTION,
        touchpoint=Touchpoint.REMINDER,
        recording=None if recording is None else Recording(uri=recording, layout="stereo"),
        transcript=None if recording is not None else [Turn(speaker="operator", text=text)],
        survey=Survey(rating=7, comment="chiamate il 333 1234567"),
    )
    return CallEndedEvent(id=event_id, source="/pbx", time=TIME, subject=customer, data=data)


def test_of_a_call_given_as_text_overlaps_are_counted_where_its_times_are_known() -> None:
    untimed = call("1")
    customer = Turn(speaker=Speaker.CUSTOMER, text="Ma io ho già", start=0.0, end=4.0)
    operator = Turn(speaker=Speaker.OPERATOR, text="No!", start=3.0, end=3.5)
    timed = untimed.model_copy(
        update={"data": untimed.data.model_copy(update={"transcript": [customer, operator]})}
    )
    survey_only = untimed.model_copy(
        update={"data": untimed.data.model_copy(update={"transcript": None})}
    )
    found = [from_text(event, b"key") for event in (timed, untimed, survey_only)]
    assert [(one.overlaps, one.interruptions) for one in found] == [
        *((1, 1), (None, None), (None, None)),
    ]


def test_names_given_with_a_call_are_taken_out_of_its_words_and_sent_on_nowhere() -> None:
    said = call("1", text="Quando paga zwerger?")
    named = said.data.model_copy(
        update={"people": ["Franz Zwerger"], "survey": Survey(rating=2, comment="zwerger, uffa")}
    )
    plain = from_text(said, b"key")
    found = from_text(said.model_copy(update={"data": named}), b"key")
    assert "zwerger" in plain.turns[0].text
    assert found.turns[0].text == "Quando paga [NOME]?"
    assert b"zwerger" not in encode(found).lower()


class Recordings(RecordingStore):
    """Recordings whose finding ends as scripted, an error or a path at a time."""

    def __init__(self) -> None:
        super().__init__([])
        self.script: dict[str, list[Exception | None]] = {}

    def resolve(self, recording: Recording) -> Source:
        (uri,) = recording.uris
        steps = self.script.get(uri, [])
        error = steps.pop(0) if steps else None
        if error is not None:
            raise error
        return Source(Path(uri), "mono")


class ScriptedTranscriber:
    """A transcriber that returns at once, or when it is let, or fails."""

    def __init__(self) -> None:
        self.transcribed: list[str] = []
        self.gates: dict[str, threading.Event] = {}
        self.fails: dict[str, Exception] = {}
        self.turns = TRANSCRIBED.turns

    def transcribe(self, source: Source, *_: object) -> Transcription:
        path = source.path
        self.transcribed.append(path.name)
        if path.name in self.gates:
            assert self.gates[path.name].wait(600)
        if path.name in self.fails:
            raise self.fails[path.name]
        return replace(TRANSCRIBED, turns=self.turns)


@dataclass
class Desk:
    """A agent with everything around it in reach."""

    settings: TranscribeSettings = field(default_factory=TranscribeSettings)
    broker: MemoryBroker = field(default_factory=MemoryBroker)
    recordings: Recordings = field(default_factory=Recordings)
    transcriber: ScriptedTranscriber = field(default_factory=ScriptedTranscriber)
    slept: list[float] = field(default_factory=list)
    executor: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1))

    def agent(self, **settings: Any) -> CallTranscriber:
        outbox, progress = MemoryOutbox(self.broker), Progress()

        async def sleep(seconds: float) -> None:
            self.slept.append(seconds)
            await asyncio.sleep(0)

        ports = TranscribePorts(
            recordings=self.recordings,
            transcriber=self.transcriber,
            executor=self.executor,
            outbox=outbox,
            dead_letters=DeadLetters(outbox, progress),
            progress=progress,
            pseudonym_key=b"key",
        )
        return CallTranscriber(
            ports, TranscribeSettings(**{"sleep": sleep, "attempts": 4, **settings})
        )

    def transcribed(self) -> dict[str, CallTranscribed]:
        found = [decode(raw, CallTranscribed) for raw in self.broker.values(CALL_TRANSCRIBED.name)]
        return {
            NAMES.get(f.call.event_id, f.call.event_id): f
            for f in found
            if isinstance(f, CallTranscribed)
        }

    def letters(self) -> list[DeadLetter]:
        found = [decode(raw, DeadLetter) for raw in self.broker.values(DEAD_LETTER.name)]
        return [letter for letter in found if isinstance(letter, DeadLetter)]


@pytest.fixture
def desk() -> Iterator[Desk]:
    made = Desk()
    yield made
    for gate in made.transcriber.gates.values():
        gate.set()
    made.executor.shutdown()


def stream(*batches: Sequence[bytes]) -> BatchStream:
    return BatchStream(CALL_ENDED.name, 2, *batches)


def delivery(event: CallEndedEvent, offset: int = 0) -> Delivery:
    return Delivery(CALL_ENDED.name, 2, offset, encode(event))


async def test_a_recording_that_is_there_is_transcribed_redacted_and_written_to_its_partition(
    desk: Desk,
) -> None:
    event = call("e", "a.ogg")
    await desk.agent().transcribe(delivery(event), event)
    found = desk.transcribed()["e"]
    assert found.from_audio
    assert (found.transcriber, found.audio_seconds) == ("a-model", 2.0)
    assert (found.overlaps, found.interruptions) == (4, 2)
    assert found.call.customer.startswith("p:")
    assert "cust-1" not in encode(found).decode()
    assert "1234567" not in encode(found).decode()
    assert [place for place in desk.broker.logs if place[0] == CALL_TRANSCRIBED.name] == [
        (CALL_TRANSCRIBED.name, 2)
    ]


async def test_a_recording_of_a_call_nobody_answered_is_not_transcribed(desk: Desk) -> None:
    event = call("e", "a.ogg")
    unanswered = event.model_copy(
        update={"data": event.data.model_copy(update={"answered": False})}
    )
    await desk.agent().run(stream([encode(unanswered)]))
    assert desk.transcriber.transcribed == []
    assert desk.transcribed()["e"].attempt is Unanswered.STATED
    assert desk.transcribed()["e"].turns == []


async def test_a_recording_of_a_machine_is_an_attempt(desk: Desk) -> None:
    event = call("e", "a.ogg")
    silent = event.model_copy(update={"data": event.data.model_copy(update={"survey": None})})
    message = "Questa è la segreteria di Anna Neri, lasciate un messaggio dopo il bip."
    desk.transcriber.turns = [Turn(speaker=Speaker.CUSTOMER, text=message, start=0.0, end=2.0)]
    await desk.agent().transcribe(delivery(silent), silent)
    found = desk.transcribed()["e"]
    assert found.attempt is Unanswered.MACHINE
    assert [turn.speaker for turn in found.turns] == [Speaker.MACHINE]
    assert "Neri" not in found.turns[0].text


async def test_a_recording_that_comes_at_the_third_attempt_is_transcribed(desk: Desk) -> None:
    desk.recordings.script["a.ogg"] = [RecordingMissing("not yet"), RecordingMissing("not yet")]
    event = call("e", "a.ogg")
    await desk.agent().transcribe(delivery(event), event)
    assert set(desk.transcribed()) == {"e"}
    assert desk.letters() == []
    assert desk.slept == [2.0, 4.0]


@pytest.mark.parametrize(
    ("error", "waits"),
    [
        (RecordingMissing("it is not (yet) there"), [2.0, 4.0, 8.0]),
        (RecordingBroken("it cannot be decoded"), []),
        (RecordingRefused("it leads outside"), []),
    ],
)
async def test_what_never_comes_ends_as_one_dead_letter_with_the_reason(
    error: Exception, waits: list[float], desk: Desk
) -> None:
    desk.recordings.script["a.ogg"] = [error] * 9
    event = call("e", "a.ogg")
    await desk.agent().transcribe(delivery(event, 7), event)
    (letter,) = desk.letters()
    assert letter.reason == str(error)
    assert letter.error_class == type(error).__name__
    assert (letter.origin, letter.client_id) == ("call-ended/2/7", "acqua")
    assert letter.event_id == named("e")
    assert desk.slept == waits
    assert desk.transcribed() == {}


async def test_a_recording_that_takes_too_long_is_given_up_and_the_next_one_waits_its_turn(
    desk: Desk,
) -> None:
    desk.transcriber.gates["slow.ogg"] = threading.Event()
    agent = desk.agent(timeout=1.0)
    slow, next_one = call("slow", "slow.ogg"), call("next", "next.ogg")
    await agent.transcribe(delivery(slow), slow)
    (letter,) = desk.letters()
    assert letter.error_class == "TimeoutError"
    assert "took over" in letter.reason
    waiting = asyncio.create_task(agent.transcribe(delivery(next_one, 1), next_one))
    await asyncio.sleep(1.2)
    assert not waiting.done(), "its own time does not run while the slot is taken"
    desk.transcriber.gates["slow.ogg"].set()
    await finished(waiting)
    assert set(desk.transcribed()) == {"next"}
    assert len(desk.letters()) == 1


async def test_an_unexpected_error_ends_as_a_dead_letter_and_not_in_silence(desk: Desk) -> None:
    desk.transcriber.fails["bad.ogg"] = RuntimeError("of the model, about Mario Rossi")
    events = stream([encode(call("bad", "bad.ogg")), encode(call("good", "good.ogg"))])
    await desk.agent().run(events)
    await until(lambda: len(events.acked) == 2)
    (letter,) = desk.letters()
    assert letter.error_class == "unexpected"
    assert "RuntimeError" in letter.reason
    assert "Mario" not in letter.reason
    assert set(desk.transcribed()) == {"good"}


async def test_text_passes_while_a_recording_is_waited_for(desk: Desk) -> None:
    desk.transcriber.gates["slow.ogg"] = threading.Event()
    events = stream(
        [encode(call("text0")), encode(call("slow", "slow.ogg")), encode(call("text2"))],
        [b"{", encode(call("text4"))],
    )
    await desk.agent().run(events)
    assert set(desk.transcribed()) == {"text0", "text2", "text4"}
    assert events.acked == [0], "nothing behind the recording is acknowledged before it"
    assert [letter.origin for letter in desk.letters()] == ["call-ended/2/3"]
    desk.transcriber.gates["slow.ogg"].set()
    await until(lambda: len(events.acked) == 5)
    assert events.acked == [0, 1, 2, 3, 4]
    assert set(desk.transcribed()) == {"text0", "slow", "text2", "text4"}


async def test_no_more_recordings_are_taken_in_than_there_are_places(desk: Desk) -> None:
    desk.transcriber.gates = {f"{n}.ogg": threading.Event() for n in range(6)}
    events = stream(*([encode(call(f"e{n}", f"{n}.ogg"))] for n in range(6)))
    running = asyncio.create_task(desk.agent(waiting=2).run(events))
    await until(lambda: events.taken == 3)
    await asyncio.sleep(0.05)
    assert events.taken == 3, "two have places, the third waits for one"
    for gate in desk.transcriber.gates.values():
        gate.set()
    await finished(running)
    await until(lambda: len(events.acked) == 6)
    assert events.acked == list(range(6))


class Narrow(MemoryOutbox):
    """An outbox that never takes messages above a size."""

    async def deliver(self, messages: Any) -> None:
        every: list[Message] = list(messages)
        if any(len(message.value) > 5_000 for message in every):
            raise ValueError("too large")
        await super().deliver(every)


async def test_one_call_that_cannot_be_written_does_not_hold_up_the_others(desk: Desk) -> None:
    narrow, progress = Narrow(desk.broker), Progress()
    ports = TranscribePorts(
        desk.recordings,
        desk.transcriber,
        desk.executor,
        narrow,
        DeadLetters(MemoryOutbox(desk.broker), progress),
        progress,
        b"key",
    )
    events = stream(
        [encode(call("a")), encode(call("b", text="parola " * 1_000)), encode(call("c"))]
    )
    await CallTranscriber(ports, TranscribeSettings()).run(events)
    assert set(desk.transcribed()) == {"a", "c"}
    assert [letter.event_id for letter in desk.letters()] == [named("b")]
    assert events.acked == [0, 1, 2]


async def test_a_survey_s_comment_is_redacted_and_names_stay_out_of_the_event(desk: Desk) -> None:
    event = call("e", text="Parlo con Mario Rossi? Il suo IBAN è IT60X0542811101000000123456.")
    message = await desk.agent().pass_or_reject(delivery(event), event)
    assert message is not None
    assert message.partition == 2
    assert b"1234567" not in message.value
    assert b"IT60X" not in message.value
    assert b"cust-1" not in message.value
    assert message.key.startswith(b"p:")


def test_a_delivery_is_what_the_message_says() -> None:
    record = SimpleNamespace(offset=9, value=None, headers=(), timestamp=0, timestamp_type=0)
    found = delivery_of(TP("t", 1), record)
    assert (found.position, found.origin, found.value) == (("t", 1, 9), "t/1/9", b"")
