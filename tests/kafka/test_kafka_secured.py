"""Commands and workers on a Kafka that wants TLS, a certificate, password or token, and ACLs."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from aiokafka import AIOKafkaConsumer

from infra.cli.doctor.kafka import kafka
from infra.kafka.security import CannotAuthenticate, Mechanism, Security
from infra.settings import Settings
from schemas.topics import PAYMENT_RECEIVED
from streams.transport.connecting import TokenProvider
from tests.infra.stored import sql
from tests.kafka.secured import (
    EMITTER,
    EMITTER_PASSWORD,
    PASSWORD,
    USER,
    SecuredBroker,
    allow,
    environment,
    token_server,
)
from tests.kafka.workers import Installation
from tests.streams.codecs import event

pytestmark = pytest.mark.kafka
PREFIX = "prod."
EVENTS = 5


@pytest.fixture(scope="module", params=["SASL_SSL", "SSL"])
def secured(
    request: pytest.FixtureRequest, kafka_libraries: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[SecuredBroker]:
    folder = tmp_path_factory.mktemp("secured") / "kafka"
    broker = SecuredBroker(folder, kafka_libraries, request.param)
    broker.start()
    yield broker
    broker.stop()


def installation(broker: SecuredBroker, folder: Path, security: Security) -> Installation:
    more = environment(security)
    return Installation(broker.bootstrap, folder, security, PREFIX, more)


@pytest.fixture
def team(secured: SecuredBroker, tmp_path: Path) -> Iterator[Installation]:
    made = installation(secured, tmp_path, secured.security())
    yield made
    made.stop()


def findings(team: Installation, **settings: str) -> dict[str, dict[str, Any]]:
    """What doctor finds in Kafka, by what was checked."""
    with patch.dict(os.environ, {**team.environment(), **settings}):
        found = {each.what: each.as_object() for each in kafka(Settings())}
    assert PASSWORD not in str(found)
    assert all(each["todo"] for each in found.values() if not each["ok"])
    return found


def events_file(folder: Path, first: int = 0) -> Path:
    file = folder / "events.jsonl"
    lines = [event(PAYMENT_RECEIVED, f"p-{first + n}") for n in range(EVENTS)]
    file.write_bytes(b"\n".join(lines) + b"\n")
    return file


def test_a_user_without_permissions_is_told_which(
    secured: SecuredBroker, team: Installation
) -> None:
    if secured.protocol == "SSL":
        return  # This one has no ACLs.
    code, _, err = team.ascolto("admin", "topics")
    assert code == 1
    assert "TopicAuthorizationFailedError" in err
    assert "topics that begin with prod." in err
    denied = findings(team)["permissions on topics"]
    assert not denied["ok"]
    assert "READ: prod.call-ended" in denied["seen"]
    assert "kafka-acls.sh --add --allow-principal User:ascolto" in denied["todo"]
    assert "--topic prod. --resource-pattern-type prefixed" in denied["todo"]
    allow(secured.bootstrap, secured.administrator(), PREFIX)


def test_topics_events_and_a_worker(
    secured: SecuredBroker, team: Installation, tmp_path: Path
) -> None:
    assert team.ascolto("admin", "topics", "--replication", "2")[0] == 1, "there is one broker"
    code, _, err = team.ascolto("admin", "topics")
    assert code == 0, err
    assert f"{PREFIX}call-ended" in err
    file = events_file(tmp_path)
    mechanisms: list[Mechanism] = ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"]
    for mechanism in mechanisms if secured.protocol == "SASL_SSL" else mechanisms[:1]:
        code, _, err = team.ascolto("emit", file, **environment(secured.security(mechanism)))
        assert code == 0, err
    team.start("analytics")
    team.until(lambda: team.done("ascolto-analytics") >= EVENTS, "the events")
    if secured.protocol == "SASL_SSL":
        found = findings(team)
        assert found["Kafka cluster"]["seen"] == "1 broker, as ascolto (SCRAM-SHA-512)"
        assert found["group prod.ascolto-analytics"]["seen"] == "1 member"
        assert found["permissions on topics"]["ok"]
        assert found["lag of prod.ascolto-analytics"]["seen"] == "no event waits"
        assert found["brokers' clock"]["ok"]
    team.stop()
    [[[count]]] = sql(team.data_dir, "SELECT count() FROM events FINAL")
    assert count == EVENTS
    [[[topic]]] = sql(team.data_dir, "SELECT DISTINCT topic FROM events FINAL")
    assert topic == "payment-received", "the prefix is Kafka's affair"


def test_tokens_are_fetched_and_used_by_commands_and_workers(
    secured: SecuredBroker, tmp_path: Path
) -> None:
    if secured.protocol == "SSL":
        return
    with token_server(USER, PASSWORD) as (url, forms):
        security = replace(secured.security("OAUTHBEARER"), token_url=url, scope="kafka")
        team = installation(secured, tmp_path, security)
        try:
            team.emit(events_file(tmp_path, 100))
            team.start("analytics")
            team.until(
                lambda: not team.lag().keys() & {("payment-received", p) for p in range(4)}, ""
            )
            found = findings(team)
            assert found["OAUTHBEARER token"]["seen"] == "issued"
            assert found["Kafka cluster"]["seen"] == "1 broker, as ascolto (OAUTHBEARER)"
            refused = findings(team, ASCOLTO_KAFKA_PASSWORD="wrong")
            assert "ASCOLTO_KAFKA_TOKEN_URL answers 401" in refused["OAUTHBEARER token"]["seen"]
        finally:
            team.stop()
    assert set(forms) == {"grant_type=client_credentials&scope=kafka"}


def test_an_emitter_needs_no_more_than_to_write(
    secured: SecuredBroker, team: Installation, tmp_path: Path
) -> None:
    if secured.protocol == "SSL":
        return
    mine = {"ASCOLTO_KAFKA_USERNAME": EMITTER, "ASCOLTO_KAFKA_PASSWORD": EMITTER_PASSWORD}
    code, _, err = team.ascolto("emit", events_file(tmp_path, 200), **mine)
    assert code == 0, err
    found = findings(team, **mine)
    assert "enough for emitters, gateway and importer" in found["permissions on topics"]["seen"]
    kafkas = ["Kafka cluster", "topics", "partitions", "replication", "permissions on topics"]
    assert all(found[what]["ok"] for what in kafkas), found
    code, out, err = team.ascolto("doctor", **mine)
    assert "permissions on topics: WRITE, DESCRIBE on the 6 topics" in out
    assert EMITTER_PASSWORD not in out + err
    elsewhere = {**mine, "ASCOLTO_KAFKA_PREFIX": "other."}
    code, _, err = team.ascolto("emit", events_file(tmp_path, 300), **elsewhere)
    assert code == 1
    assert "allow emitter WRITE and DESCRIBE on our topics" in err


def test_doctor_says_what_is_wrong_and_what_to_do(
    secured: SecuredBroker, team: Installation, tmp_path: Path
) -> None:
    if secured.protocol == "SASL_SSL":
        cases = [
            (
                {"PASSWORD": "wrong"},
                "Kafka cluster",
                "KafkaTimeoutError",
                "takes neither this user",
            ),
            ({"SASL": "PLAIN", "USERNAME": "x"}, "Kafka cluster", "", "takes neither this user"),
            ({"SECURITY": "SSL"}, "Kafka cluster", "", ""),
            (
                {"SECURITY": "SASL_PLAINTEXT"},
                "Kafka's protocol",
                "speaks TLS",
                "to SSL or SASL_SSL",
            ),
            ({"SECURITY": "PLAINTEXT"}, "Kafka's protocol", "speaks TLS", "to SSL or SASL_SSL"),
            ({"CA": ""}, "Kafka's TLS", "certificate", "ASCOLTO_KAFKA_CA"),
        ]
    else:
        cases = [
            ({"CA": str(tmp_path / "nowhere.pem")}, "Kafka's TLS", "nowhere.pem", "PEM"),
            ({"CERTIFICATE": ""}, "Kafka's protocol", "", "ASCOLTO_KAFKA_CERTIFICATE"),
            (
                {"SECURITY": "SASL_SSL", "USERNAME": "a", "PASSWORD": "b"},
                "SASL mechanism",
                "",
                "ASCOLTO_KAFKA_SECURITY",
            ),
        ]
    for given, what, seen, todo in cases:
        changed = {f"ASCOLTO_KAFKA_{name}": value for name, value in given.items()}
        found = findings(team, **changed)
        assert what in found, (given, found)
        assert not found[what]["ok"], (given, found[what])
        assert seen in found[what]["seen"], (given, found[what])
        assert todo in found[what]["todo"], (given, found[what])


async def test_the_clients_of_workers_take_the_same_options(secured: SecuredBroker) -> None:
    options = secured.security().options(TokenProvider)
    consumer = AIOKafkaConsumer(bootstrap_servers=secured.bootstrap, **options)
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
    with pytest.raises(CannotAuthenticate, match="ASCOLTO_KAFKA_TOKEN_URL"):
        Security("SASL_SSL", "OAUTHBEARER", "me", "secret").options()
    assert "secret" not in repr(Security("SASL_SSL", "PLAIN", "me", "secret"))
    assert json.dumps(Security().options()) == "{}"
