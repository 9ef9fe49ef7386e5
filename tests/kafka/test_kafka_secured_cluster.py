"""Emitter, gateway and workers on three brokers over SASL_SSL with ACLs, one of them killed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from infra.embedded.processes import free_port
from infra.gateway.keys import FILE_NAME
from tests.kafka.recomputed import assert_figures, assert_store, simulated
from tests.kafka.secured import SecuredCluster, allow, environment
from tests.kafka.workers import Installation
from tests.streams.played import happenings
from tests.waiting import wait_for

pytestmark = pytest.mark.kafka
PREFIX = "prod."
SEED, CALLS = 23, 90
JSON = "application/cloudevents-batch+json"


@pytest.fixture
def cluster(kafka_libraries: Path, tmp_path: Path) -> Iterator[SecuredCluster]:
    made = SecuredCluster(tmp_path / "kafka", kafka_libraries)
    made.start()
    yield made
    made.stop()


@pytest.fixture
def team(cluster: SecuredCluster, tmp_path: Path) -> Iterator[Installation]:
    broker = cluster.brokers[0]
    allow(cluster.bootstrap, broker.administrator(), PREFIX)
    security = broker.security()
    more = {
        "ASCOLTO_KAFKA_REPLICATION": "3",
        "ASCOLTO_GATEWAY_TIMEOUT": "60",
        "ASCOLTO_GATEWAY_RATE": "1000",
        **environment(security),
    }
    made = Installation(cluster.bootstrap, tmp_path / "team", security, PREFIX, more)
    made.make_topics()
    yield made
    made.stop()


class Gateway:
    """`ascolto run gateway` of an installation, and a key for it."""

    def __init__(self, team: Installation, client: str) -> None:
        code, key, err = team.ascolto("keys", "add", "crm", "--client", client)
        assert code == 0, err
        port = free_port()
        keys = team.data_dir / FILE_NAME
        team.start("gateway", "--port", str(port), "--keys", str(keys))
        headers = {"Authorization": f"Bearer {key.strip()}", "Content-Type": JSON}
        self.http = httpx.Client(
            base_url=f"http://127.0.0.1:{port}", headers=headers, timeout=90, trust_env=False
        )
        wait_for(self._is_ready, lambda: team.log("gateway"))

    def _is_ready(self) -> bool:
        try:
            return self.http.get("/healthz").status_code == 200
        except httpx.TransportError:
            return False

    def send(self, lines: list[bytes]) -> None:
        """Send events in batches, each again until it is accepted, as a source should."""
        for start in range(0, len(lines), 50):
            batch = b"[" + b",".join(lines[start : start + 50]) + b"]"
            answers = (self.http.post("/v1/events", content=batch) for _ in range(20))
            assert next(a for a in answers if a.status_code != 503).status_code == 202


def test_a_broker_that_dies_midway_changes_no_figure(
    cluster: SecuredCluster, team: Installation, tmp_path: Path
) -> None:
    good, sent = simulated(SEED, CALLS)
    gateway = Gateway(team, "luce-chiara")
    team.start("analytics")
    team.start("scorer")
    team.start("transcriber")
    third = len(sent) // 3
    file = tmp_path / "first.jsonl"
    file.write_bytes(b"\n".join(sent[:third]) + b"\n")
    team.emit(file)
    team.until(lambda: team.done("ascolto-analytics") > 0, "the first events")

    cluster.brokers[1].kill()
    gateway.send(sent[third : 2 * third])
    file.write_bytes(b"\n".join(sent[2 * third :]) + b"\n")
    team.emit(file)
    team.wait_until_caught_up()
    team.stop()
    events = happenings(good)
    assert_figures(events, team.data_dir)
    assert_store(events, team.data_dir, SEED)
