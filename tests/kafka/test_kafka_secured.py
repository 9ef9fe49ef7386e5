"""Commands and workers on a Kafka that wants TLS, a certificate, or a user name and password."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer

from infra.kafka.security import CannotAuthenticate, Mechanism, Security
from schemas.topics import PAYMENT_RECEIVED
from tests.infra.stored import sql
from tests.kafka.secured import SecuredBroker
from tests.kafka.workers import PARTITIONS, PSEUDONYM_KEY
from tests.streams.codecs import event
from tests.waiting import completed, wait_for

pytestmark = pytest.mark.kafka


@pytest.fixture(scope="module", params=["SASL_SSL", "SSL"])
def secured(
    request: pytest.FixtureRequest, kafka_libraries: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[SecuredBroker]:
    folder = tmp_path_factory.mktemp("secured") / "kafka"
    broker = SecuredBroker(folder, kafka_libraries, request.param)
    broker.start()
    yield broker
    broker.stop()


def ascolto(
    broker: SecuredBroker, folder: Path, *arguments: str | Path, **settings: str
) -> tuple[int, str, str]:
    environment = {
        "ASCOLTO_KAFKA": broker.bootstrap,
        "ASCOLTO_PARTITIONS": str(PARTITIONS),
        "ASCOLTO_HOME": str(folder),
        "ASCOLTO_DATA_DIR": str(folder / "data"),
        "ASCOLTO_PSEUDONYM_KEY": PSEUDONYM_KEY,
        "ASCOLTO_SCORER": "lexicon",
        **broker.environment(),
        **settings,
    }
    command = [sys.executable, "-m", "infra.cli.main", *arguments]
    done = completed(command, env=environment)
    return done.returncode, done.stdout, done.stderr


def test_topics_events_and_a_worker(secured: SecuredBroker, tmp_path: Path) -> None:
    assert ascolto(secured, tmp_path, "admin", "topics")[0] == 0
    file = tmp_path / "events.jsonl"
    file.write_bytes(b"\n".join(event(PAYMENT_RECEIVED, f"p-{n}") for n in range(5)) + b"\n")
    mechanisms: list[Mechanism] = ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"]
    for mechanism in mechanisms if secured.protocol == "SASL_SSL" else mechanisms[:1]:
        code, _, err = ascolto(secured, tmp_path, "emit", file, **secured.environment(mechanism))
        assert code == 0, err

    from infra.embedded import processes as children

    worker = children.start(
        [sys.executable, "-m", "infra.cli.main", "run", "analytics"],
        tmp_path / "analytics.log",
        {
            "ASCOLTO_KAFKA": secured.bootstrap,
            "ASCOLTO_PARTITIONS": str(PARTITIONS),
            "ASCOLTO_DATA_DIR": str(tmp_path / "data"),
            "ASCOLTO_HOME": str(tmp_path),
            "ASCOLTO_PSEUDONYM_KEY": PSEUDONYM_KEY,
            "ASCOLTO_SCORER": "lexicon",
            "ASCOLTO_SESSION_TIMEOUT": "6",
            **secured.environment(),
        },
    )
    log = tmp_path / "analytics.log"
    try:
        wait_for(
            lambda: worker.poll() is not None or _committed(secured) >= 5,
            lambda: (_committed(secured), log.stat().st_size),
        )
        assert worker.poll() is None, log.read_text()[-3000:]
    finally:
        children.stop(worker, patience=20.0)
    [[[count]]] = sql(tmp_path / "data", "SELECT count() FROM events FINAL")
    assert count == 5


def _committed(broker: SecuredBroker) -> int:
    from kafka.admin import KafkaAdminClient
    from kafka.errors import KafkaError

    admin = KafkaAdminClient(bootstrap_servers=broker.bootstrap, **broker.security().options())
    try:
        offsets = [
            offset.offset
            for group in admin.list_group_offsets("ascolto-analytics").values()
            for place, offset in group.items()
            if place.topic == PAYMENT_RECEIVED.name
        ]
    except KafkaError:
        return 0  # No member of the group has come yet.
    finally:
        admin.close()
    return sum(offset for offset in offsets if offset > 0)


def test_doctor_says_who_is_not_let_in(secured: SecuredBroker, tmp_path: Path) -> None:
    _, out, _ = ascolto(secured, tmp_path, "doctor")
    assert "Kafka cluster" in out
    if secured.protocol == "SASL_SSL":
        wrong = {"ASCOLTO_KAFKA_PASSWORD": "wrong"}
    else:
        wrong = {"ASCOLTO_KAFKA_CA": str(tmp_path / "nowhere.pem")}
    code, out, err = ascolto(secured, tmp_path, "doctor", **wrong)
    assert code != 0
    assert "Traceback" not in out + err
    assert "wrong" not in out + err, "no password is shown"


async def test_the_clients_of_workers_take_the_same_options(secured: SecuredBroker) -> None:
    consumer = AIOKafkaConsumer(bootstrap_servers=secured.bootstrap, **secured.security().options())
    await consumer.start()
    try:
        assert isinstance(await consumer.topics(), set)
    finally:
        await consumer.stop()


def test_what_cannot_be_used_is_named(tmp_path: Path) -> None:
    with pytest.raises(CannotAuthenticate, match=r"ASCOLTO_KAFKA_CA: .*nowhere\.pem"):
        Security("SSL", ca=tmp_path / "nowhere.pem").options()
    with pytest.raises(CannotAuthenticate, match="ASCOLTO_KAFKA_CERTIFICATE"):
        Security("SSL", certificate=tmp_path / "nowhere.pem").options()
    assert "secret" not in repr(Security("SASL_SSL", "PLAIN", "me", "secret"))
    assert json.dumps(Security().options()) == "{}"
