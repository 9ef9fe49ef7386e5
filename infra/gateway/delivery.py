"""Messages into Kafka: many requests share one producer, each waits for its own messages alone."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from infra.errors import InfraError
from infra.kafka.admin import BOOTSTRAP_MS
from infra.kafka.cluster import Cluster
from infra.retry import delays
from schemas.topics import MOST_LETTER_BYTES

if TYPE_CHECKING:
    from kafka import KafkaProducer

log = logging.getLogger(__name__)

LINGER_MS = 10
"""How long a message waits for others to share a batch with."""


class NotDelivered(InfraError):
    """Kafka did not confirm every message in time; sending them again does no harm."""


@dataclass(frozen=True)
class Message:
    """A message: topic, key and value."""

    topic: str
    key: bytes
    value: bytes


class Delivery(Protocol):
    """What the gateway needs of Kafka."""

    @property
    def ready(self) -> bool:
        """Whether Kafka has been reached and took what was sent last."""

    async def deliver(self, messages: Sequence[Message]) -> None:
        """Send messages; returns when Kafka has confirmed all.

        Raises:
            NotDelivered: it has not in time, or refuses one.
        """


class KafkaDelivery:
    """Delivery by kafka-python, whose own thread sends what all requests have put in.

    Putting in may block (a topic's partitions must be known), so it has a thread of its own.
    """

    def __init__(self, cluster: Cluster, timeout: float = 10.0) -> None:
        self._cluster = cluster
        self._timeout = timeout
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="deliver")
        self._producer: KafkaProducer | None = None
        self._taken = True
        self._stopped = threading.Event()

    @property
    def ready(self) -> bool:
        """Whether Kafka has been reached and took what was sent last."""
        return self._producer is not None and self._taken

    def start(self) -> None:
        """Connect in the background, until Kafka is reached; returns at once.

        Raises:
            CannotAuthenticate: a certificate or key cannot be read.
        """
        options = self._cluster.security.options()
        threading.Thread(target=self._connect, args=(options,), name="connect", daemon=True).start()

    def stop(self) -> None:
        """Disconnect; what is not confirmed yet is given up."""
        self._stopped.set()
        self._thread.shutdown(wait=False, cancel_futures=True)
        if self._producer is not None:
            self._producer.close(timeout=self._timeout)

    async def deliver(self, messages: Sequence[Message]) -> None:
        """Send messages; returns when Kafka has confirmed all.

        Raises:
            NotDelivered: it has not in time, or refuses one.
        """
        if not messages:
            return
        if self._producer is None:
            raise NotDelivered("Kafka has not been reached yet")
        loop = asyncio.get_running_loop()
        all_confirmed: asyncio.Future[None] = loop.create_future()
        waiting = _Waiting(loop, all_confirmed, len(messages))
        try:
            async with asyncio.timeout(self._timeout):
                await loop.run_in_executor(self._thread, self._put, messages, waiting)
                await all_confirmed
        except TimeoutError:
            self._note(taken=False)
            raise NotDelivered(f"Kafka has not confirmed within {self._timeout:g} s") from None
        except NotDelivered:
            self._note(taken=False)
            raise
        finally:
            waiting.give_up()
            all_confirmed.cancel()
        self._note(taken=True)

    def _note(self, *, taken: bool) -> None:
        if taken != self._taken:
            self._taken = taken
            log.log(
                logging.INFO if taken else logging.WARNING,
                "Kafka at %s %s",
                self._cluster.bootstrap,
                "confirms messages again" if taken else "does not confirm messages",
            )

    def _put(self, messages: Sequence[Message], waiting: _Waiting) -> None:
        """Put messages into the producer's buffer, as long as somebody waits for them."""
        from kafka.errors import KafkaError

        assert self._producer is not None
        try:
            for message in messages:
                if waiting.given_up:
                    return
                future = self._producer.send(
                    self._cluster.topic(message.topic), key=message.key, value=message.value
                )
                future.add_callback(waiting.confirmed)
                future.add_errback(waiting.failed)
        except KafkaError as error:
            waiting.failed(error)

    def _connect(self, security: dict[str, Any]) -> None:
        from kafka import KafkaProducer
        from kafka.errors import KafkaError

        milliseconds = round(self._timeout * 1000)
        for delay in delays():
            try:
                self._producer = KafkaProducer(
                    bootstrap_servers=self._cluster.servers,
                    acks="all",
                    enable_idempotence=False,
                    linger_ms=LINGER_MS,
                    batch_size=256 * 1024,
                    max_request_size=MOST_LETTER_BYTES + 100_000,
                    bootstrap_timeout_ms=BOOTSTRAP_MS,
                    max_block_ms=max(1000, milliseconds // 2),
                    request_timeout_ms=max(1000, milliseconds - 2 * LINGER_MS),
                    delivery_timeout_ms=max(2000, milliseconds),
                    **security,
                )
            except KafkaError as error:
                log.warning(
                    "Kafka at %s cannot be reached (%s); trying again in %.0f s",
                    self._cluster.bootstrap,
                    type(error).__name__,
                    delay,
                )
                if self._stopped.wait(delay):
                    return
            else:
                log.info("connected to Kafka at %s", self._cluster.bootstrap)
                return


class _Waiting:
    """Counts down the messages that one request waits for; called by the producer's threads."""

    def __init__(
        self, loop: asyncio.AbstractEventLoop, done: asyncio.Future[None], messages: int
    ) -> None:
        self._loop = loop
        self._done = done
        self._left = messages
        self._lock = threading.Lock()
        self.given_up = False

    def give_up(self) -> None:
        """Nobody waits any more."""
        self.given_up = True

    def confirmed(self, _: Any) -> None:
        """One more is confirmed."""
        with self._lock:
            self._left -= 1
            if self._left:
                return
        self._report(None)

    def failed(self, error: BaseException) -> None:
        """One will not be."""
        self._report(NotDelivered(f"Kafka does not take a message ({type(error).__name__})"))

    def _report(self, error: NotDelivered | None) -> None:
        if self.given_up:
            return

        def settle() -> None:
            if self._done.done():
                return
            if error is None:
                self._done.set_result(None)
            else:
                self._done.set_exception(error)

        try:
            self._loop.call_soon_threadsafe(settle)
        except RuntimeError:
            self.given_up = True  # The loop has ended with the gateway.
