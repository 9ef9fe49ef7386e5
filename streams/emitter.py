"""The emitter: events into Kafka with kafka-python, keyed by customer, delivery confirmed."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from infra.backoff import insist
from infra.kafka import BOOTSTRAP_MS
from schemas.codec import InvalidMessage, Routed, decode_inbound
from schemas.topics import MOST_LETTER_BYTES, Topic

if TYPE_CHECKING:
    from kafka import KafkaProducer

log = logging.getLogger(__name__)

MOST_IN_FLIGHT = 2000
_CONFIRM_SECONDS = 120.0


@dataclass(frozen=True)
class Line:
    """One line of an events file: what it holds, and where it stands."""

    number: int
    raw: bytes
    content: Routed | InvalidMessage


def read_lines(lines: Iterable[bytes]) -> Iterator[Line]:
    """Decode an events file (JSON lines); blank lines are passed over."""
    for number, raw in enumerate(lines, start=1):
        text = raw.rstrip(b"\r\n")
        if text.strip():
            yield Line(number, text, decode_inbound(text))


class DeliveryFailed(Exception):
    """Kafka did not confirm an event."""


@dataclass
class Emitter:
    """Sends events and waits for the broker's confirmation; use it as a context manager."""

    bootstrap: str
    written: dict[str, int] = field(default_factory=dict)
    """Per `topic/partition`, the offset after the last confirmed event."""
    _producer: KafkaProducer | None = None
    _in_flight: list[Any] = field(default_factory=list)

    def __enter__(self) -> Emitter:
        """Connect; waits for brokers that are away."""
        from kafka import KafkaProducer
        from kafka.errors import KafkaError

        self._producer = insist(
            lambda: KafkaProducer(
                bootstrap_servers=self.bootstrap.split(","),
                acks="all",
                enable_idempotence=False,
                linger_ms=20,
                batch_size=256 * 1024,
                max_request_size=MOST_LETTER_BYTES + 100_000,
                bootstrap_timeout_ms=BOOTSTRAP_MS,
            ),
            KafkaError,
            f"Kafka at {self.bootstrap}",
            log,
        )
        return self

    def __exit__(self, *exception: object) -> None:
        """Confirm what is in flight, then disconnect."""
        assert self._producer is not None
        if exception == (None, None, None):
            self.confirm()
        self._producer.close()

    def send(self, line: Line) -> None:
        """Send an event to its topic, keyed by its customer."""
        assert isinstance(line.content, Routed)
        event = line.content.event
        self.write(line.content.topic, event.data.customer_id.encode(), line.raw)

    def write(self, topic: Topic, key: bytes, value: bytes, partition: int | None = None) -> None:
        """Send a message; blocks while too many are in flight.

        Raises:
            DeliveryFailed: it cannot be sent, or the broker did not confirm an earlier one.
        """
        from kafka.errors import KafkaError

        assert self._producer is not None
        try:
            sent = self._producer.send(topic.name, key=key, value=value, partition=partition)
        except KafkaError as error:
            raise DeliveryFailed(
                f"Kafka at {self.bootstrap} does not take an event for {topic.name} "
                f"({type(error).__name__}): is the topic there? make them: ascolto admin topics"
            ) from error
        self._in_flight.append(sent)
        if len(self._in_flight) >= MOST_IN_FLIGHT:
            self.confirm()

    def confirm(self) -> None:
        """Wait until every message sent is confirmed.

        Raises:
            DeliveryFailed: one is not.
        """
        from kafka.errors import KafkaError

        assert self._producer is not None
        self._producer.flush()
        for future in self._in_flight:
            try:
                record = future.get(timeout=_CONFIRM_SECONDS)
            except KafkaError as error:
                raise DeliveryFailed(
                    f"Kafka at {self.bootstrap} did not confirm an event "
                    f"({type(error).__name__}): send the file again, duplicates do no harm"
                ) from error
            key = f"{record.topic}/{record.partition}"
            self.written[key] = max(self.written.get(key, 0), record.offset + 1)
        self._in_flight.clear()
