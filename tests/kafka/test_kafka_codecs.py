"""Batches in every codec on a real Kafka, whose broker's clock dates the events."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from schemas.topics import CALL_ENDED, PAYMENT_RECEIVED
from tests.infra.stored import sql
from tests.kafka.workers import PSEUDONYM_KEY, Installation
from tests.streams.codecs import CODECS, event, identity_in, send

pytestmark = pytest.mark.kafka


def test_events_in_every_codec_go_the_whole_way_and_the_future_is_refused(
    installed: Installation,
) -> None:
    for codec in CODECS:
        for topic in (CALL_ENDED, PAYMENT_RECEIVED):
            send(installed.bootstrap, topic, codec, [event(topic, f"{codec}-{n}") for n in (1, 2)])
    payment = json.loads(event(PAYMENT_RECEIVED, "ahead"))
    payment["data"]["received_at"] = (datetime.now(UTC) + timedelta(hours=2)).isoformat()
    send(installed.bootstrap, PAYMENT_RECEIVED, "lz4", [json.dumps(payment).encode()])
    for name in ("analytics", "scorer", "transcriber"):
        installed.start(name)
    installed.until(lambda: installed.done("ascolto-transcriber") > 0, "joining")
    installed.wait_until_caught_up()
    installed.stop()
    journaled, letters = sql(
        installed.data_dir,
        "SELECT topic, count() FROM events FINAL GROUP BY topic ORDER BY topic",
        "SELECT error_class, event_id FROM dead_letters FINAL",
    )
    assert journaled == [["call-transcribed", 10], ["payment-received", 10]]
    identity = identity_in(PSEUDONYM_KEY, PAYMENT_RECEIVED, "ahead")
    assert letters == [["from_the_future", identity]]


def test_topics_of_an_earlier_version_get_the_settings_they_need(installed: Installation) -> None:
    from kafka.admin import ConfigResource, ConfigResourceType, KafkaAdminClient

    admin = KafkaAdminClient(bootstrap_servers=installed.bootstrap)
    names = ("call-ended", "dead-letter")
    old = {"max.message.bytes": "1000", "retention.ms": "12345678"}
    topics = [ConfigResource(ConfigResourceType.TOPIC, name, configs=old) for name in names]
    admin.alter_configs(topics)
    code, _, messages = installed.ascolto("admin", "topics")
    assert code == 0, messages
    asked = [ConfigResource(ConfigResourceType.TOPIC, name) for name in names]
    found = admin.describe_configs(asked, config_filter="all")["topic"]
    admin.close()
    for name, topic in (("call-ended", CALL_ENDED), ("dead-letter", None)):
        values = {key: each["value"] for key, each in found[name].items()}
        assert int(values["max.message.bytes"]) > 1_000_000
        assert values["retention.ms"] == "12345678"
        if topic is not None:
            assert values["message.timestamp.type"] == "LogAppendTime"
        assert f"topic {name}: setting" in messages
