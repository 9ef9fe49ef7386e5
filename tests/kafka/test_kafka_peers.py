"""The peers of the benchmarks keep their states: stopped and started again, their sums are right.

On Apache Kafka: the embedded broker states an end offset before the last batch, and who reads a
changelog up to there misses the newest states. Faust as it comes is left out: restarted, it loses
events that it has fetched meanwhile (`streams/transport/consumer.py` names the defects).
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.lab.benchmarks.pipeline.contenders import Contender
from infra.lab.benchmarks.pipeline.load import make_load
from infra.lab.benchmarks.pipeline.totals import check_totals
from infra.lab.benchmarks.pipeline.writer import Writer
from tests.kafka.broker import KafkaBroker

pytestmark = pytest.mark.kafka


@pytest.fixture
def broker(kafka_libraries: Path, tmp_path: Path) -> Iterator[KafkaBroker]:
    broker = KafkaBroker(tmp_path / "kafka", kafka_libraries)
    broker.start()
    yield broker
    broker.stop()


@pytest.mark.parametrize("name", ["quixstreams", "aiokafka"])
def test_a_peers_states_survive_a_restart(name: str, broker: KafkaBroker, tmp_path: Path) -> None:
    """Also on another machine: from the changelogs, without files of its own."""
    load = make_load(800)
    half = len(load.messages) // 2
    written = 0
    for part in (load.messages[:half], load.messages[half:]):
        contender = Contender(name, tmp_path / name)
        try:
            contender.start(broker.bootstrap)
            Writer(broker.bootstrap, part, tmp_path / "events.jsonl").write()
            written += len(part)
            contender.wrote(load.messages[:written])
            contender.wait()
        finally:
            contender.stop()
        shutil.rmtree(contender.data_dir / "state", ignore_errors=True)
    check_totals(name, contender.store, load.totals)
