"""`ascolto doctor` and `emit` on a real Kafka of three brokers: what is away is named."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from infra.simulation import SimulationSettings, encode, simulate
from tests.kafka.cluster import KafkaCluster
from tests.kafka.workers import Installation
from tests.waiting import output, wait_for

pytestmark = pytest.mark.kafka
SETS = ("Kafka cluster", "brokers' own addresses", "topics", "changelog topics", "partitions")
COPIES = ("replication", "in-sync replicas", "min.insync.replicas", "changelogs' cleanup.policy")


@pytest.fixture(scope="module")
def team(cluster: KafkaCluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    made = Installation(cluster.bootstrap, tmp_path_factory.mktemp("team"))
    yield made
    made.stop()


def findings(team: Installation, **settings: str) -> tuple[int, dict[str, dict[str, Any]]]:
    """Exit code and findings of `ascolto doctor --json`, by what was checked."""
    code, out, err = team.ascolto("doctor", "--json", **settings)
    assert out, err
    found = {each["what"]: each for each in json.loads(out)}
    assert code == (0 if all(each["ok"] for each in found.values()) else 1)
    assert all(each["todo"] for each in found.values() if not each["ok"])
    return code, found


def wrong(found: dict[str, dict[str, Any]]) -> set[str]:
    return {what for what, each in found.items() if not each["ok"]}


def test_from_bare_brokers_to_a_whole_installation(team: Installation) -> None:
    """One after the other, as a team would go: each step takes its line away."""
    _, bare = findings(team)
    assert {"topics", "changelog topics"} <= wrong(bare)
    assert "ascolto admin topics" in bare["topics"]["todo"]

    code, _, err = team.ascolto("admin", "topics", "--replication", "3")
    assert code == 0, err
    _, made = findings(team)
    assert {*SETS, *COPIES}.isdisjoint(wrong(made)), made
    assert {"group ascolto-analytics", "group ascolto-transcriber"} <= wrong(made)

    _, counted = findings(team, ASCOLTO_PARTITIONS="7")
    assert "partitions" in wrong(counted)
    assert "call-ended has 4" in counted["partitions"]["seen"]

    for name in ("analytics", "scorer", "transcriber"):
        team.start(name)
    for group in ("ascolto-analytics", "ascolto-transcriber"):
        team.until(lambda group=group: team.members(group) == 1, f"joining {group}")
    code, whole = findings(team)
    assert wrong(whole) == set()
    assert code == 0
    assert whole["group ascolto-analytics"]["seen"] == "1 member"

    _, key = findings(team, ASCOLTO_PSEUDONYM_KEY="another key")
    assert "another key" not in json.dumps(key)
    _, misspelt = findings(team, ASCOLTO_PARTITION="4")
    assert wrong(misspelt) == {"setting ASCOLTO_PARTITION"}
    assert "ASCOLTO_PARTITIONS" in misspelt["setting ASCOLTO_PARTITION"]["todo"]

    team.stop()
    _, other_key = findings(team, ASCOLTO_PSEUDONYM_KEY="another key")
    assert "pseudonym key" in wrong(other_key)
    assert "pseudonym key" not in wrong(findings(team)[1])


def test_a_broker_that_is_away_shows_in_its_address_and_in_the_copies(
    cluster: KafkaCluster, team: Installation, tmp_path: Path
) -> None:
    away = cluster.brokers[2]
    away.kill()
    wait_for(lambda: "in-sync replicas" in wrong(findings(team)[1]), still=180)
    _, found = findings(team)
    assert f"Kafka at {away.bootstrap}" in wrong(found)
    assert "min.insync.replicas" not in wrong(found), "two of three can still be written to"

    file = tmp_path / "events.jsonl"
    events = [encode(each) for each in simulate(SimulationSettings(calls=20, days=5, audio=False))]
    file.write_bytes(b"\n".join(events))
    team.emit(file)


def test_emit_without_a_quorum_says_what_it_waits_for_and_stops_at_once(
    cluster: KafkaCluster, team: Installation, tmp_path: Path
) -> None:
    for broker in cluster.brokers[1:]:
        broker.kill()
    file = tmp_path / "events.jsonl"
    events = [encode(each) for each in simulate(SimulationSettings(calls=20, days=5, audio=False))]
    file.write_bytes(b"\n".join(events))
    sender = subprocess.Popen(
        [sys.executable, "-m", "infra.cli.main", "emit", str(file)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **team.environment()},
    )
    assert sender.stderr is not None
    line = sender.stderr.readline()
    assert re.search(r"Kafka at .* (has not confirmed|does not say|is away)", line), line
    sender.send_signal(signal.SIGINT)
    _, err = output(sender)
    assert sender.returncode == 130, err
    assert re.search(r"stopped: \d+ of \d+ events are confirmed", err)
    assert "Traceback" not in err
