"""Kafka's topics, made and checked by an admin step; nothing else creates a topic."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from infra.errors import InfraError
from infra.kafka.cluster import Cluster
from infra.retry import retry_until_done
from schemas.topics import MOST_STATE_BYTES, TOPICS

if TYPE_CHECKING:
    from kafka.admin import KafkaAdminClient
    from kafka.errors import KafkaError

log = logging.getLogger(__name__)

BOOTSTRAP_MS = 5_000
"""How long an attempt at brokers that are away takes before it is reported."""

CHANGELOG_CONFIG = {
    "cleanup.policy": "compact",
    "retention.ms": "-1",
    "max.message.bytes": str(MOST_STATE_BYTES),
}


class TopicsRefused(InfraError):
    """The brokers do not make or change topics for us; the message says what to do."""


class WrongPartitions(InfraError):
    """A topic has another number of partitions than the catalogue asks for."""


def open_admin(cluster: Cluster) -> KafkaAdminClient:
    """An admin client; waits for brokers that are away."""
    from kafka.admin import KafkaAdminClient
    from kafka.errors import KafkaError

    return retry_until_done(
        lambda: KafkaAdminClient(
            bootstrap_servers=cluster.servers,
            bootstrap_timeout_ms=BOOTSTRAP_MS,
            **cluster.security.options(),
        ),
        KafkaError,
        f"Kafka at {cluster.bootstrap}",
        log,
    )


def ensure_topics(
    cluster: Cluster, partitions: int, changelogs: Iterable[str], replication: int = 1
) -> list[str]:
    """Make the topics that are missing, the workers' changelogs too.

    Returns:
        The names of the topics made.

    Raises:
        WrongPartitions: a topic is there with another number of partitions.
        TopicsRefused: the brokers do not let us, or have too few of themselves for the copies.
    """
    from kafka.admin import NewTopic
    from kafka.errors import KafkaError

    wanted = {cluster.topic(topic.name): topic.config for topic in TOPICS}
    wanted |= {cluster.topic(name): CHANGELOG_CONFIG for name in changelogs}
    admin = open_admin(cluster)
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
    except KafkaError as error:
        raise TopicsRefused(_why_refused(error, cluster, replication)) from error
    finally:
        admin.close()


def _why_refused(error: KafkaError, cluster: Cluster, replication: int) -> str:
    from kafka.errors import AuthorizationError, InvalidReplicationFactorError

    where = f"Kafka at {cluster.bootstrap} refuses"
    if isinstance(error, AuthorizationError):
        user = cluster.security.username or "this client"
        return (
            f"{where} ({type(error).__name__}): {user} needs the operations CREATE, DESCRIBE, "
            f"DESCRIBE_CONFIGS and ALTER_CONFIGS on topics that begin with "
            f"{cluster.prefix or 'our names'}; docs/operations.md lists the ACLs"
        )
    if isinstance(error, InvalidReplicationFactorError):
        return f"{where} {replication} copies of each partition: it has fewer brokers"
    return f"{where} ({type(error).__name__}): see the brokers' logs"


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
