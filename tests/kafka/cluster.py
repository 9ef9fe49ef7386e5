"""A real Apache Kafka of three brokers for tests: copies of each partition, quorums, elections."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tests.kafka.broker import KafkaBroker
from tests.kafka.ports import new_port

BROKERS = 3


class KafkaCluster:
    """Brokers that are controllers too; each can be killed and started again on its data."""

    def __init__(self, folder: Path, libs: Path) -> None:
        controllers = [f"127.0.0.1:{new_port()}" for _ in range(BROKERS)]
        self.brokers: Sequence[Member] = [
            Member(folder / str(number), libs, number, controllers)
            for number in range(1, BROKERS + 1)
        ]

    @property
    def bootstrap(self) -> str:
        """The brokers' addresses."""
        return ",".join(broker.bootstrap for broker in self.brokers)

    def start(self) -> None:
        """Start all; returns when each answers."""
        for broker in self.brokers:
            broker.launch()
        for broker in self.brokers:
            broker.wait()

    def stop(self) -> None:
        """Stop all, as a machine that fails would: no quorum is left to shut down with."""
        for broker in self.brokers:
            broker.kill()


class Member(KafkaBroker):
    """One of the brokers."""

    def __init__(self, folder: Path, libs: Path, number: int, controllers: list[str]) -> None:
        self._number = number
        self._controllers = controllers
        super().__init__(folder, libs)

    def settings(self) -> dict[str, str]:
        """As a broker alone, but one of several, and with copies of what is the brokers' own."""
        voters = ",".join(
            f"{number}@{address}" for number, address in enumerate(self._controllers, start=1)
        )
        own = self._controllers[self._number - 1]
        return {
            **super().settings(),
            "node.id": str(self._number),
            "listeners": f"PLAINTEXT://{self.bootstrap},CONTROLLER://{own}",
            "controller.quorum.voters": voters,
            "min.insync.replicas": "2",
            "offsets.topic.replication.factor": str(BROKERS),
            "transaction.state.log.replication.factor": str(BROKERS),
        }
