"""Kafka's topics, made and checked by an admin step; nothing else creates a topic."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from infra.errors import InfraError
from infra.kafka.security import NO_SECURITY, Security
from infra.retry import retry_until_done
from schemas.topics import MOST_STATE_BYTES, TOPICS

if TYPE_CHECKING:
    from kafka.admin import KafkaAdminClient

log = logging.getLogger(__name__)

BOOTSTRAP_MS = 5_000
"""How long an attempt at brokers that are away takes before it is reported."""

CHANGELOG_CONFIG = {
    "cleanup.policy": "compact",
    "retention.ms": "-1",
    "max.message.bytes": str(MOST_STATE_BYTES),
}


class WrongPartitions(InfraError):
    """A topic has another number of partitions than the catalogue asks for."""


def open_admin(bootstrap: str, security: Security = NO_SECURITY) -> KafkaAdminClient:
    """An admin client; waits for brokers that are away."""
    from kafka.admin import KafkaAdminClient
    from kafka.errors import KafkaError

    return retry_until_done(
        lambda: KafkaAdminClient(
            bootstrap_servers=bootstrap.split(","),
            bootstrap_timeout_ms=BOOTSTRAP_MS,
            **security.options(),
        ),
        KafkaError,
        f"Kafka at {bootstrap}",
        log,
    )


def ensure_topics(
    bootstrap: str,
    partitions: int,
    changelogs: Iterable[str],
    replication: int = 1,
    security: Security = NO_SECURITY,
) -> list[str]:
    """Make the topics that are missing, the workers' changelogs too.

    Returns:
        The names of the topics made.

    Raises:
        WrongPartitions: a topic is there with another number of partitions.
    """
    from kafka.admin import NewTopic

    wanted = {topic.name: topic.config for topic in TOPICS}
    wanted |= dict.fromkeys(changelogs, CHANGELOG_CONFIG)
    admin = open_admin(bootstrap, security)
    try:
        present = partition_counts(admin, wanted)
        _check(present, partitions)
        _adjust(admin, {name: wanted[name] for name in present})
        missing = [name for name in wanted if name not in present]
        if missing:
            admin.create_topics(
                [
                    NewTopic(name, partitions, replication, topic_configs=wanted[name])
                    for name in missing
                ]
            )
        return missing
    finally:
        admin.close()


def _adjust(admin: KafkaAdminClient, wanted: Mapping[str, Mapping[str, str]]) -> None:
    """Give topics of an earlier version the settings that this one cannot do without.

    What a broker does not report is left alone, and so is what the team may have chosen.
    """
    from kafka.admin import ConfigResource, ConfigResourceType

    if not wanted:
        return
    topics = [ConfigResource(ConfigResourceType.TOPIC, name) for name in wanted]
    described = admin.describe_configs(topics, config_filter="all").get("topic", {})
    changed = []
    for name, settings in wanted.items():
        there = {key: str(each["value"]) for key, each in described.get(name, {}).items()}
        needed = {
            key: settings[key]
            for key in _NEEDED
            if key in settings and key in there and not _serves(key, there[key], settings[key])
        }
        if needed:
            log.warning("topic %s: setting %s", name, needed)
            changed.append(ConfigResource(ConfigResourceType.TOPIC, name, configs=needed))
    if changed:
        admin.alter_configs(changed)


_SIZE, _TIME = "max.message.bytes", "message.timestamp.type"
_NEEDED = (_SIZE, _TIME)


def _serves(key: str, there: str, wanted: str) -> bool:
    return int(there) >= int(wanted) if key == _SIZE else there == wanted


def partition_counts(admin: KafkaAdminClient, names: Iterable[str]) -> dict[str, int]:
    """Number of partitions of each of `names` that is there."""
    there = set(admin.list_topics())
    wanted = sorted(there & set(names))
    if not wanted:
        return {}
    described = admin.describe_topics(wanted)
    return {_name(topic): len(topic["partitions"]) for topic in described}


def _name(topic: dict[str, object]) -> str:
    return str(topic.get("topic") or topic["name"])


def _check(present: dict[str, int], partitions: int) -> None:
    wrong = {name: count for name, count in present.items() if count != partitions}
    if wrong:
        shown = ", ".join(f"{name} has {count}" for name, count in sorted(wrong.items()))
        raise WrongPartitions(
            f"every topic needs {partitions} partitions, so that joins stay together; {shown}: "
            "set ASCOLTO_PARTITIONS to the number in use, or make the topics again"
        )
