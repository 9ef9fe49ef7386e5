"""Crashes on a real Kafka: nothing is lost and nothing counted twice, whoever is killed when."""

from __future__ import annotations

import random
import time
from pathlib import Path

import pytest

from infra.kafka.cluster import Cluster
from infra.kafka.emitter import Emitter, read_lines
from tests.figures.reference import Happening
from tests.kafka.broker import KafkaBroker
from tests.kafka.recomputed import assert_figures, assert_store, simulated
from tests.kafka.workers import Installation
from tests.streams.played import happenings

pytestmark = pytest.mark.kafka
SEED = 23
CALLS = 420
KILLS = ("analytics", "transcriber", "scorer", "broker", "analytics", "analytics")
"""Who is killed after each part of the events but the last; it is started again at once."""


class Survived:
    """An installation that was killed again and again while it processed its events."""

    def __init__(self, kafka: KafkaBroker, installed: Installation) -> None:
        good, sent = simulated(SEED, CALLS)
        self.events: list[Happening] = happenings(good)
        self.data_dir: Path = installed.data_dir
        rng = random.Random(SEED)
        for name in ("analytics", "scorer", "transcriber"):
            installed.start(name)
        part = -(-len(sent) // (len(KILLS) + 1))
        for index, victim in enumerate(KILLS):
            before = installed.done("ascolto-analytics") if index else 0
            middle = index * part + part // 2
            emit(kafka.bootstrap, sent[index * part : middle])
            installed.until(
                lambda before=before: installed.done("ascolto-analytics") > before, "going on"
            )
            emit(kafka.bootstrap, sent[middle : (index + 1) * part])
            time.sleep(rng.uniform(0, 2.5))
            if victim == "broker":
                kafka.kill()
                kafka.start()
            else:
                installed.kill(victim)
                installed.start(victim)
        emit(kafka.bootstrap, sent[len(KILLS) * part :])
        self.seconds = installed.wait_until_caught_up()
        installed.stop()


def emit(bootstrap: str, lines: list[bytes]) -> None:
    """Send events, each confirmed."""
    with Emitter(Cluster(bootstrap)) as emitter:
        for line in read_lines(lines):
            emitter.send(line)


@pytest.fixture(scope="module")
def survived(kafka: KafkaBroker, installed: Installation) -> Survived:
    return Survived(kafka, installed)


def test_every_figure_equals_an_independent_recomputation(survived: Survived) -> None:
    assert_figures(survived.events, survived.data_dir)


def test_no_event_is_lost_and_none_counted_twice(survived: Survived) -> None:
    assert_store(survived.events, survived.data_dir, SEED)
