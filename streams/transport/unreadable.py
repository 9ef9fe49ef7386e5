"""Batches of records that cannot be read: they hold back their partition, and nothing else.

A broker passes batches on as it got them: compressed in a way that is not known here, or damaged
on a disk. aiokafka raises, Faust ends the worker, and the next one ends over the same batch. Here
the records before it are delivered, and then its partition waits, with a line in the log that says
where it is and how to go on. The operator may have it skipped, by its position; then what it holds
goes to the dead letters as it is.
"""

from __future__ import annotations

import asyncio
import logging
import struct
from collections.abc import Awaitable, Callable, Collection
from typing import Any, NoReturn

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.consumer import fetcher
from aiokafka.errors import KafkaError
from aiokafka.record.memory_records import MemoryRecords

from schemas.dead_letters import dead_letter
from schemas.derived import DeadLetter
from schemas.errors import AscoltoError
from schemas.topics import catalogue_name

log = logging.getLogger(__name__)

SKIP_VARIABLE = "ASCOLTO_SKIP_UNREADABLE"
WAIT_SECONDS = 60.0
"""How long a partition waits before its batch is read again."""
ERROR_CLASS = "unreadable_batch"

_LENGTH_AT, _HEADER = 8, 12
_MAGIC_AT, _LAST_DELTA_AT, _COUNT_AT = 16, 23, 57
_MOST_RECORDS = 10_000_000

Place = tuple[str, int, int]
"""Topic, partition, offset."""


class Unreadable(AscoltoError, KafkaError):  # type: ignore[misc]
    """A batch that cannot be read."""

    def __init__(self, place: Place, end: int, raw: bytes, cause: Exception) -> None:
        super().__init__(f"{'/'.join(map(str, place))}: {type(cause).__name__}")
        self.place = place
        """Of its first record that was not delivered."""
        self.end = end
        """Offset after it."""
        self.raw = raw
        """The batch as the broker gave it."""
        self.cause = cause


class Batches:
    """The batches of a fetch, one by one, each made when it is its turn.

    Takes the place of aiokafka's `MemoryRecords`, which stops for good at a batch whose header is
    broken, and does not know which batch it failed on.
    """

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._next = 0
        self._frame = 0, 0
        """Start and end of the batch given last."""

    def size_in_bytes(self) -> int:
        """Bytes fetched."""
        return len(self._data)

    def has_next(self) -> bool:
        """Whether a batch is left; the rest that a fetch has cut off is none."""
        if self._next == 0:
            return bool(self._data)
        return self._end(self._next) <= len(self._data)

    def next_batch(self) -> Any:
        """The next batch.

        Raises:
            KafkaError: it is none.
        """
        start, end = self._next, self._end(self._next)
        self._frame = start, min(end, len(self._data))
        self._next = self._frame[1]
        records = MemoryRecords(self._data[start:end])
        if not records.has_next():
            raise KafkaError("not a whole batch")
        return records.next_batch()

    @property
    def raw(self) -> bytes:
        """The batch given last, as it is."""
        return self._data[slice(*self._frame)]

    def offset_after(self, offset: int) -> int:
        """The first offset after the batch given last, which holds `offset`.

        Taken from what follows it; else from its own header, if that agrees with itself.
        """
        if self.has_next():
            following = int(struct.unpack_from(">q", self._data, self._next)[0])
            if following > offset:
                return following
        raw = self.raw
        if len(raw) >= _COUNT_AT + 4 and raw[_MAGIC_AT] == 2:
            (base,) = struct.unpack_from(">q", raw)
            (last,) = struct.unpack_from(">i", raw, _LAST_DELTA_AT)
            (count,) = struct.unpack_from(">i", raw, _COUNT_AT)
            if last + 1 == count <= _MOST_RECORDS and base <= offset <= base + last:
                return int(base + last + 1)
        return offset + 1

    def _end(self, start: int) -> int:
        """Where the batch that starts there ends; past everything where it does not say."""
        if start + _HEADER > len(self._data):
            return len(self._data) + 1
        (length,) = struct.unpack_from(">i", self._data, start + _LENGTH_AT)
        return start + _HEADER + length if length > 0 else len(self._data) + 1


class Records(fetcher.PartitionRecords):  # type: ignore[misc]
    """A partition's records; those before a batch that cannot be read are delivered first."""

    def __init__(self, tp: TopicPartition, records: Batches, *options: Any) -> None:
        super().__init__(tp, records, *options)
        self._delivered = False

    def __next__(self) -> Any:
        """The next record.

        Raises:
            Unreadable: there is one, and nothing before it.
        """
        try:
            record = super().__next__()
        except StopIteration:
            raise
        except Exception as error:
            self._stop(error)
        self._delivered = True
        return record

    def _stop(self, error: Exception) -> NoReturn:
        self._records_iterator = iter(())
        if self._delivered:
            raise StopIteration from error
        offset = self.next_fetch_offset
        raise Unreadable(
            (self._tp.topic, self._tp.partition, offset),
            self._records.offset_after(offset),
            self._records.raw,
            error,
        ) from error


def read_batch_by_batch() -> None:
    """Have aiokafka's fetcher read this way, in this process."""
    fetcher.MemoryRecords = Batches
    fetcher.PartitionRecords = Records


class Policy:
    """What a worker does about a batch that cannot be read."""

    def __init__(self, skips: Collection[Place] = (), wait_seconds: float = WAIT_SECONDS) -> None:
        """`skips` are the positions of batches to be skipped."""
        self._skips = frozenset(skips)
        self._wait_seconds = wait_seconds
        self._reported: set[Place] = set()
        self.reject: Callable[[DeadLetter], Awaitable[None]] | None = None
        """Writes a batch's dead letter; it is not skipped before that is done."""

    async def skips(self, found: Unreadable) -> bool:
        """Whether the batch is to be skipped; then it is in the dead letters by now."""
        if found.place not in self._skips or self.reject is None:
            return False
        await self.reject(_letter(found))
        log.error("%s/%d: skipped the batch at offset %d up to %d", *found.place, found.end)
        return True

    def wait(self, consumer: AIOKafkaConsumer, found: Unreadable) -> None:
        """Let the batch's partition wait; the others go on."""
        if found.place not in self._reported:
            self._reported.add(found.place)
            log.error(
                "%s/%d: the batch at offset %d cannot be read (%s). This partition waits, the "
                "others go on; it is tried again every %.0f s. If its codec is missing here, "
                "install it; if the batch is damaged, start the worker with %s=%s/%d/%d to skip "
                "it up to offset %d: it goes to the dead letters as it is",
                *found.place,
                _why(found.cause),
                self._wait_seconds,
                SKIP_VARIABLE,
                *found.place,
                found.end,
            )
        place = TopicPartition(*found.place[:2])
        consumer.pause(place)
        asyncio.get_running_loop().call_later(self._wait_seconds, _resume, consumer, place)


def _resume(consumer: AIOKafkaConsumer, place: TopicPartition) -> None:
    if place in consumer.assignment():
        consumer.resume(place)


def _letter(found: Unreadable) -> DeadLetter:
    name, partition, offset = found.place
    topic = catalogue_name(name)
    return dead_letter(
        topic=topic,
        origin=f"{topic}/{partition}/{offset}",
        original=found.raw,
        reason=(
            f"a batch of records that cannot be read ({_why(found.cause)}), skipped up to offset "
            f"{found.end} because {SKIP_VARIABLE} says so"
        ),
        error_class=ERROR_CLASS,
    )


def _why(error: Exception) -> str:
    """The error without what a library may quote of the content."""
    return type(error).__name__
