"""Taking batches in: what fails alone is rejected alone, and too many failures stop the worker."""

from __future__ import annotations

import base64
from collections.abc import Sequence

import pytest

from schemas.codec import decode
from schemas.dead_letters import dead_letter
from schemas.derived import DeadLetter
from schemas.topics import DEAD_LETTER, MOST_LETTER_BYTES, MOST_ORIGINAL_BYTES
from streams.runtime.dead_letters import DeadLetters
from streams.runtime.intake import MOST_UNEXPECTED, Intake, Pause, TooManyFailures, consume
from streams.runtime.progress import Progress
from streams.transport.delivery import Delivery
from tests.streams.doubles import BatchStream, MemoryBroker, MemoryOutbox, deliveries


class Handler:
    """Fails for the given values; notes what it was given."""

    def __init__(self, *bad: bytes, error: type[BaseException] = ValueError) -> None:
        self.bad = set(bad)
        self.error = error
        self.batches: list[list[bytes]] = []

    async def __call__(self, batch: Sequence[Delivery]) -> None:
        self.batches.append([delivery.value for delivery in batch])
        if self.bad.intersection(self.batches[-1]):
            raise self.error("about Mario Rossi")


def desk(handler: Handler) -> tuple[Intake, MemoryBroker, Progress]:
    broker, progress = MemoryBroker(), Progress()
    return Intake(handler, DeadLetters(MemoryOutbox(broker), progress)), broker, progress


def letters(broker: MemoryBroker) -> list[DeadLetter]:
    found = [decode(raw, DeadLetter) for raw in broker.values(DEAD_LETTER.name)]
    return [letter for letter in found if isinstance(letter, DeadLetter)]


async def test_a_good_batch_is_handled_once_as_a_whole() -> None:
    handler = Handler()
    intake, broker, _ = desk(handler)
    await intake.take(deliveries("t", b"a", b"b"))
    assert handler.batches == [[b"a", b"b"]]
    assert letters(broker) == []


async def test_what_fails_is_rejected_alone_with_its_bytes_and_place() -> None:
    handler = Handler(b"bad")
    intake, broker, progress = desk(handler)
    await intake.take(deliveries("t", b"a", b"bad", b"c", partition=3, first=40))
    assert handler.batches == [[b"a", b"bad", b"c"], [b"a"], [b"bad"], [b"c"]]
    (letter,) = letters(broker)
    assert (letter.topic, letter.origin, letter.original) == ("t", "t/3/41", "YmFk")
    assert letter.error_class == "unexpected"
    assert "ValueError" in letter.reason
    assert "Mario" not in letter.reason
    assert progress.report()["counts"] == {"dead_letters": 1}


async def test_too_many_failures_in_a_row_stop_it_without_rejecting_the_rest() -> None:
    values = [b"%d" % number for number in range(3 * MOST_UNEXPECTED)]
    intake, broker, _ = desk(Handler(*values))
    with pytest.raises(TooManyFailures, match=f"{MOST_UNEXPECTED + 1} events in a row"):
        await intake.take(deliveries("t", *values))
    assert len(letters(broker)) == MOST_UNEXPECTED


async def test_one_success_starts_the_count_again() -> None:
    bad = [b"%d" % number for number in range(MOST_UNEXPECTED)]
    intake, broker, _ = desk(Handler(*bad))
    for _ in range(3):
        await intake.take(deliveries("t", *bad, b"good"))
    assert len(letters(broker)) == 3 * MOST_UNEXPECTED


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit])
async def test_the_end_of_the_process_is_no_failure(error: type[BaseException]) -> None:
    intake, broker, _ = desk(Handler(b"a", error=error))
    with pytest.raises(error):
        await intake.take(deliveries("t", b"a"))
    assert letters(broker) == []


async def test_events_are_acknowledged_after_they_are_handled_or_rejected() -> None:
    stream = BatchStream("t", 0, [b"a", b"bad"], [b"c"])
    acked_when_handled: list[list[int]] = []
    handler = Handler(b"bad")

    async def noting(batch: Sequence[Delivery]) -> None:
        acked_when_handled.append(stream.acked.copy())
        await handler(batch)

    broker = MemoryBroker()
    intake = Intake(noting, DeadLetters(MemoryOutbox(broker), Progress()))
    await consume(stream, "agent", intake.take, 10)
    assert acked_when_handled == [[], [], [], [0, 1]]
    assert stream.acked == [0, 1, 2]


async def test_batches_are_apart_and_take_what_came_between_them() -> None:
    stream = BatchStream("t", 0, [b"a"], [b"b"], [b"c"], [b"d"])
    arrived = 1
    stream.channel.queue.empty = lambda: stream.taken >= arrived
    clock, slept, batches = 100.0, [], []

    async def sleep(seconds: float) -> None:
        nonlocal clock, arrived
        slept.append(seconds)
        clock += seconds
        arrived = 3

    async def take(batch: Sequence[Delivery]) -> None:
        nonlocal clock
        batches.append([each.value for each in batch])
        clock += 0.25

    await consume(stream, "agent", take, 10, Pause(1.0, now=lambda: clock, sleep=sleep))
    assert slept == [0.75, 0.75]
    assert batches == [[b"a"], [b"b", b"c"], [b"d"]]
    assert stream.acked == [0, 1, 2, 3]


@pytest.mark.parametrize(("busy_until", "slept"), [(100.0, 1.0), (102.0, 2.0), (999.0, 4.0)])
async def test_a_pause_lasts_on_while_more_is_being_made(busy_until: float, slept: float) -> None:
    clock = 100.0

    async def sleep(seconds: float) -> None:
        nonlocal clock
        clock += seconds

    pause = Pause(1.0, lambda: clock < busy_until, 4.0, now=lambda: clock, sleep=sleep)
    await pause.wait()
    assert clock == 100.0
    pause.begin()
    await pause.wait()
    assert clock == pytest.approx(100.0 + slept, abs=0.06)


async def test_too_many_failures_acknowledge_nothing_and_stop_the_worker() -> None:
    values = [b"%d" % number for number in range(MOST_UNEXPECTED + 1)]
    stream = BatchStream("t", 0, [b"good"], values)
    intake, _, _ = desk(Handler(*values))
    with pytest.raises(TooManyFailures):
        await consume(stream, "agent", intake.take, 10)
    assert stream.acked == [0]
    assert [type(error) for error in stream.crashed] == [TooManyFailures]


def letter_of(
    original: bytes = b"x", origin: str = "t/0/1", event_id: str | None = None
) -> DeadLetter:
    return dead_letter(
        topic="t",
        origin=origin,
        original=original,
        reason="why",
        error_class="c",
        event_id=event_id,
        client_id="acqua" if event_id else None,
    )


def test_a_letter_s_id_is_its_event_s_or_its_place_s() -> None:
    assert letter_of().letter_id == letter_of().letter_id
    assert letter_of(origin="t/0/2").letter_id != letter_of().letter_id
    again = letter_of(origin="t/0/2", event_id="e")
    assert again.letter_id == letter_of(event_id="e").letter_id
    assert letter_of(original=b"y", event_id="e").letter_id != again.letter_id


def test_a_letter_that_no_broker_would_take_is_cut_and_says_so() -> None:
    whole, cut = letter_of(b"x" * MOST_ORIGINAL_BYTES), letter_of(b"x" * (MOST_ORIGINAL_BYTES + 1))
    assert whole.reason == "why"
    assert (
        f"the first {MOST_ORIGINAL_BYTES} of its {MOST_ORIGINAL_BYTES + 1} bytes are kept"
        in cut.reason
    )
    assert len(cut.model_dump_json()) < MOST_LETTER_BYTES
    assert base64.b64decode(whole.original) == b"x" * MOST_ORIGINAL_BYTES
