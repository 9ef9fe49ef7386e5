"""Apache Kafka for the tests of this folder: without it they are skipped, and say why."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.kafka.broker import KafkaBroker, KafkaMissing, libraries
from tests.kafka.cluster import KafkaCluster
from tests.kafka.workers import Installation


@pytest.fixture(scope="session")
def kafka_libraries() -> Path:
    """Kafka's jars."""
    try:
        return libraries()
    except KafkaMissing as missing:
        pytest.skip(f"NOT TESTED on Apache Kafka: {missing}")


@pytest.fixture(scope="module")
def kafka(kafka_libraries: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaBroker]:
    """A broker of the module's own, empty at first."""
    broker = KafkaBroker(tmp_path_factory.mktemp("kafka"), kafka_libraries)
    broker.start()
    yield broker
    broker.stop()


@pytest.fixture(scope="module")
def cluster(
    kafka_libraries: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[KafkaCluster]:
    """Three brokers of the module's own."""
    made = KafkaCluster(tmp_path_factory.mktemp("cluster"), kafka_libraries)
    made.start()
    yield made
    made.stop()


@pytest.fixture(scope="module")
def installed(
    kafka: KafkaBroker, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Installation]:
    """An installation with its topics, and no worker yet."""
    installation = Installation(kafka.bootstrap, tmp_path_factory.mktemp("installation"))
    installation.make_topics()
    yield installation
    installation.stop()
