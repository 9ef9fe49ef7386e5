"""Kafka's topics, made and checked by an admin step; nothing creates a topic by the way."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import TYPE_CHECKING

from infra.retry import insist
from schemas.topics import TOPICS

if TYPE_CHECKING:
    from kafka.admin import KafkaAdminClient

log = logging.getLogger(__name__)

BOOTSTRAP_MS = 5_000
"""How long an attempt at brokers that are away takes before it is told."""

CHANGELOG_CONFIG = {"cleanup.policy": "compact", "retention.ms": "-1"}


class WrongPartitions(Exception):
    """A topic has another number of partitions than the catalogue asks for."""


def open_admin(bootstrap: str) -> KafkaAdminClient:
    """An admin client; waits for brokers that are away."""
    from kafka.admin import KafkaAdminClient
    from kafka.errors import KafkaError

    return insist(
        lambda: KafkaAdminClient(
            bootstrap_servers=bootstrap.split(","), bootstrap_timeout_ms=BOOTSTRAP_MS
        ),
        KafkaError,
        f"Kafka at {bootstrap}",
        log,
    )


def ensure_topics(
    bootstrap: str, partitions: int, changelogs: Iterable[str], replication: int = 1
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
    admin = open_admin(bootstrap)
    try:
        present = partition_counts(admin, wanted)
        _check(present, partitions)
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
            "set ASCOLTO_PARTITIONS to the number in use, or make the topics anew"
        )
