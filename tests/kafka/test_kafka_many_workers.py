"""Workers join, leave, die, freeze and wake on three brokers: no event is lost, none counts twice.

Two to three of each role share the partitions. After everything that happens to them, each figure
equals an independent recomputation, the store agrees with its own journal, and nothing is left to
be done.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from infra.kafka.emitter import Emitter, read_lines
from tests.figures.reference import Happening
from tests.kafka.cluster import KafkaCluster
from tests.kafka.many_workers import ManyWorkers
from tests.kafka.recomputed import assert_figures, assert_store, reports_of, simulated
from tests.streams.played import happenings

pytestmark = pytest.mark.kafka
SEED = 31
CALLS = 320
STEPS = (
    "kill analytics-1",
    "freeze analytics-2",
    "roll",
    "kill scorer-1",
    "kill transcriber-1",
    "leader lost",
    "freeze scorer-2",
    "kill analytics-3",
)
"""What happens after each part of the events but the last."""


class Survived:
    """Workers to which all of `STEPS` happened while they processed the events."""

    def __init__(self, cluster: KafkaCluster, team: ManyWorkers) -> None:
        good, sent = simulated(SEED, CALLS)
        self.events: list[Happening] = happenings(good)
        self.team = team
        self._cluster = cluster
        for name in ("analytics-1", "analytics-2", "scorer-1", "scorer-2", "transcriber-1"):
            team.start(name)
        part = -(-len(sent) // (len(STEPS) + 1))
        for index, step in enumerate(STEPS):
            before = team.done("ascolto-analytics")
            self._emit(sent[index * part : (index + 1) * part])
            team.until(
                lambda before=before: team.done("ascolto-analytics") > before, f"before {step}"
            )
            self._happen(step)
        self._emit(sent[len(STEPS) * part :])
        team.wait_until_caught_up()
        self.lag = team.lag()
        code, out, err = team.ascolto("reconcile", "--json")
        self.reconciled = code, out[-2000:], err[-2000:]
        team.stop()

    def _emit(self, lines: list[bytes]) -> None:
        with Emitter(self.team.cluster) as emitter:
            for line in read_lines(lines):
                emitter.send(line)

    def _happen(self, step: str) -> None:
        team, (what, _, name) = self.team, step.partition(" ")
        if what == "kill":
            team.kill(name)
            team.start(name)
        elif what == "freeze":
            team.freeze(name)
            team.outlast_session()
            team.thaw(name)
        elif what == "roll":
            team.start("analytics-3")
            for name in ("analytics-1", "scorer-1", "transcriber-1", "analytics-2"):
                team.leave(name)
                team.start(name)
        else:
            leader = self._cluster.brokers[0]
            leader.kill()
            leader.start()


@pytest.fixture(scope="module")
def survived(cluster: KafkaCluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Survived]:
    team = ManyWorkers(cluster.bootstrap, tmp_path_factory.mktemp("team"))
    try:
        code, _, messages = team.ascolto("admin", "topics", "--replication", "3")
        assert code == 0, messages
        team.open_store()
        yield Survived(cluster, team)
    finally:
        team.stop()


def test_every_figure_equals_an_independent_recomputation(survived: Survived) -> None:
    assert_figures(survived.events, survived.team.data_dir)


def test_no_event_is_lost_and_none_counted_twice(survived: Survived) -> None:
    assert_store(survived.events, survived.team.data_dir, SEED)


def test_workers_of_every_role_report_themselves_and_those_that_leave_say_so(
    survived: Survived,
) -> None:
    reports = reports_of(survived.team.data_dir)
    roles = {"transcriber", "scorer", "analytics"}
    assert {worker for worker, *_ in reports} == roles
    assert {worker for worker, stopped, *_ in reports if stopped} == roles
    assert any(sum(rates.values()) > 0 for *_, rates in reports)


def test_nothing_is_left_to_be_done(survived: Survived) -> None:
    assert survived.lag == {}


def test_the_store_agrees_with_its_journal(survived: Survived) -> None:
    code, out, err = survived.reconciled
    assert code == 0, (out, err)
    assert json.loads(out.splitlines()[-1])["differences"] == []
