"""The emitter: events into Kafka with kafka-python, keyed by customer, delivery confirmed."""

from __future__ import annotations

import contextlib
import itertools
import logging
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from infra.errors import InfraError
from infra.kafka.admin import BOOTSTRAP_MS
from infra.kafka.cluster import Cluster
from infra.retry import retry_until_done
from schemas.codec import InvalidMessage, Routed, decode_inbound
from schemas.topics import MOST_STATE_BYTES

if TYPE_CHECKING:
    from kafka import KafkaProducer

log = logging.getLogger(__name__)

MOST_IN_FLIGHT = 2000
SAY_EVERY = 5.0
"""Seconds between two lines on what is waited for."""

_ATTEMPTS_AT_TOPIC = 12
"""Of `SAY_EVERY` each: how long a topic is waited for that nobody knows."""

_DELIVERY_MS = 24 * 3600 * 1000
"""A cluster without a quorum is waited for, as brokers that are away are."""


@dataclass(frozen=True)
class Line:
    """One line of an events file: its contents, and its number."""

    number: int
    raw: bytes
    content: Routed | InvalidMessage


def read_lines(lines: Iterable[bytes]) -> Iterator[Line]:
    """Decode an events file (JSON lines); blank lines are passed over."""
    for number, raw in enumerate(lines, start=1):
        text = raw.rstrip(b"\r\n")
        if text.strip():
            yield Line(number, text, decode_inbound(text))


class Named(Protocol):
    """A topic, as far as its name."""

    @property
    def name(self) -> str:
        """Its name, without what this Kafka puts in front of it."""


class DeliveryFailed(InfraError):
    """Kafka did not confirm an event."""


@dataclass
class Emitter:
    """Sends events and waits for the broker's confirmation; use it as a context manager."""

    cluster: Cluster
    written: dict[str, int] = field(default_factory=dict)
    """Per `topic/partition`, the offset after the last confirmed event."""
    confirmed: int = 0
    """Messages that the brokers have confirmed."""
    _producer: KafkaProducer | None = None
    _in_flight: list[Any] = field(default_factory=list)

    def __enter__(self) -> Emitter:
        """Connect; waits for brokers that are away."""
        from kafka import KafkaProducer
        from kafka.errors import KafkaError

        self._producer = retry_until_done(
            lambda: KafkaProducer(
                bootstrap_servers=self.cluster.servers,
                acks="all",
                enable_idempotence=False,
                linger_ms=20,
                batch_size=256 * 1024,
                max_request_size=MOST_STATE_BYTES + 100_000,
                bootstrap_timeout_ms=BOOTSTRAP_MS,
                delivery_timeout_ms=_DELIVERY_MS,
                max_block_ms=round(SAY_EVERY * 1000),
                **self.cluster.security.options(),
            ),
            KafkaError,
            f"Kafka at {self.cluster.bootstrap}",
            log,
        )
        return self

    def __exit__(self, *exception: object) -> None:
        """Confirm what is in flight, then disconnect; after an error disconnect at once."""
        from kafka.errors import KafkaError

        assert self._producer is not None
        if exception == (None, None, None):
            self.confirm()
            self._producer.close()
            return
        self.note_confirmed()
        with contextlib.suppress(KafkaError):
            self._producer.close(timeout=0)

    def send(self, line: Line) -> None:
        """Send an event to its topic, keyed by its customer."""
        assert isinstance(line.content, Routed)
        event = line.content.event
        self.write(line.content.topic, event.data.customer_id.encode(), line.raw)

    def write(
        self,
        topic: Named,
        key: bytes,
        value: bytes,
        partition: int | None = None,
        headers: Sequence[tuple[str, bytes]] = (),
    ) -> None:
        """Send a message; blocks while too many are in flight.

        Raises:
            DeliveryFailed: it cannot be sent, or the broker did not confirm an earlier one.
        """
        self._in_flight.append(self._sent(topic, key, value, partition, headers))
        if len(self._in_flight) >= MOST_IN_FLIGHT:
            self.confirm()

    def _sent(
        self,
        topic: Named,
        key: bytes,
        value: bytes,
        partition: int | None,
        headers: Sequence[tuple[str, bytes]],
    ) -> Any:
        """The future of a message; waits for buffer space, and for the topic's metadata."""
        from kafka.errors import KafkaError, KafkaTimeoutError

        assert self._producer is not None
        for attempt in itertools.count(1):
            try:
                return self._producer.send(
                    self.cluster.topic(topic.name),
                    key=key,
                    value=value,
                    partition=partition,
                    headers=list(headers),
                )
            except KafkaTimeoutError as error:
                if self._in_flight:
                    self.confirm()
                elif attempt < _ATTEMPTS_AT_TOPIC:
                    log.warning(
                        "Kafka at %s does not say who takes events for %s: is the topic there "
                        "(ascolto admin topics), are its brokers up? trying again",
                        self.cluster.bootstrap,
                        self.cluster.topic(topic.name),
                    )
                else:
                    raise self._not_taken(topic, error) from error
            except KafkaError as error:
                raise self._not_taken(topic, error) from error
        raise AssertionError("counting never ends")

    def _not_taken(self, topic: Named, error: Exception) -> DeliveryFailed:
        name = self.cluster.topic(topic.name)
        return DeliveryFailed(
            f"Kafka at {self.cluster.bootstrap} does not take an event for {name} "
            f"({type(error).__name__}): is the topic there (ascolto admin topics)? "
            f"{self._todo(error)}"
        )

    def _todo(self, error: Exception) -> str:
        from kafka.errors import AuthorizationError

        if isinstance(error, AuthorizationError):
            user = self.cluster.security.username or "this client"
            return f"allow {user} WRITE and DESCRIBE on our topics; docs/operations.md has the ACLs"
        return "send the file again, duplicates do no harm"

    def confirm(self) -> None:
        """Wait until every message sent is confirmed, and say what is waited for.

        Raises:
            DeliveryFailed: one is not.
        """
        from kafka.errors import KafkaError, KafkaTimeoutError

        assert self._producer is not None
        started = time.monotonic()
        while True:
            try:
                self._producer.flush(timeout=SAY_EVERY)
                break
            except KafkaTimeoutError:
                waiting = sum(not future.is_done for future in self._in_flight)
                log.warning(
                    "Kafka at %s has not confirmed %d of %d events for %.0f s: is a broker away, "
                    "or are fewer replicas in sync than min.insync.replicas? still waiting",
                    self.cluster.bootstrap,
                    waiting,
                    len(self._in_flight) + self.confirmed,
                    time.monotonic() - started,
                )
        try:
            for future in self._in_flight:
                future.get(timeout=SAY_EVERY)
        except KafkaError as error:
            raise DeliveryFailed(
                f"Kafka at {self.cluster.bootstrap} did not confirm an event "
                f"({type(error).__name__}): {self._todo(error)}"
            ) from error
        finally:
            self.note_confirmed()

    def note_confirmed(self) -> None:
        """Count the messages in flight that are confirmed, and forget them all."""
        for future in self._in_flight:
            if future.is_done and future.succeeded():
                record = future.value
                key = f"{record.topic}/{record.partition}"
                self.written[key] = max(self.written.get(key, 0), record.offset + 1)
                self.confirmed += 1
        self._in_flight.clear()
