"""What Kafka allows this client: by the operations that it says are authorised."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from infra.cli.doctor.findings import Finding
from infra.kafka.cluster import Cluster
from schemas.topics import DEAD_LETTER, TOPICS

Described = Mapping[str, Any]

_DENIED = 29
"""Kafka's code for a topic that the client may not even see."""
_WORKERS = ("READ", "WRITE", "DESCRIBE", "DESCRIBE_CONFIGS")
_EMITTERS = ("WRITE", "DESCRIBE")
_EMITTED = (*(topic.name for topic in TOPICS if topic.inbound), DEAD_LETTER.name)
"""Topics that emitters, the gateway and the importer write to."""


def may_only_emit(described: Mapping[str, Described], cluster: Cluster) -> bool:
    """Whether the client may do what emitters need and not what workers need."""
    emitted = [described[cluster.topic(name)] for name in _EMITTED]
    return not _lacking(emitted, _EMITTERS) and bool(_lacking(described.values(), _WORKERS))


def permissions(described: Mapping[str, Described], cluster: Cluster) -> Finding:
    """Whether the client may read and write the topics.

    Args:
        described: every topic of ours by its name, also those that are not there or not seen.
        cluster: whose they are.
    """
    what = "permissions on topics"
    lacking = _lacking(described.values(), _WORKERS)
    if not lacking:
        return Finding(what, True, f"{', '.join(_WORKERS)} on all {len(described)}")
    if may_only_emit(described, cluster):
        return Finding(
            what,
            True,
            f"{', '.join(_EMITTERS)} on the {len(_EMITTED)} topics that are sent to: enough for "
            "emitters, gateway and importer, not for workers",
        )
    shown = "; ".join(f"{operation}: {_some(names)}" for operation, names in lacking.items())
    return Finding(what, False, f"not allowed: {shown}", acl_command(cluster, "topic", _WORKERS))


def denied_group(what: str, cluster: Cluster) -> Finding:
    """A consumer group that the client may not see."""
    return Finding(what, False, "not allowed", acl_command(cluster, "group", ("READ", "DESCRIBE")))


def acl_command(cluster: Cluster, kind: str, operations: Sequence[str]) -> str:
    """The command that allows operations on all our names of a kind: topic or group."""
    user = cluster.security.username or "USER"
    asked = " ".join(f"--operation {operation}" for operation in operations)
    names = f"--{kind} {cluster.topic('ascolto-') if kind == 'group' else cluster.prefix or '*'}"
    pattern = "" if names.endswith("*") else " --resource-pattern-type prefixed"
    names = names.replace("*", "'*'")
    return (
        f"kafka-acls.sh --add --allow-principal User:{user} {asked} {names}{pattern}; "
        "docs/operations.md lists all"
    )


def _lacking(described: Any, wanted: Sequence[str]) -> dict[str, list[str]]:
    """For each operation that is not allowed, the topics; none where brokers do not say."""
    lacking: dict[str, list[str]] = {}
    for topic in described:
        allowed = topic.get("authorized_operations")
        if topic.get("error_code") == _DENIED:
            allowed = []
        for operation in wanted:
            if allowed is not None and operation not in allowed:
                lacking.setdefault(operation, []).append(str(topic["name"]))
    return lacking


def _some(names: list[str], most: int = 3) -> str:
    shown = ", ".join(names[:most])
    return shown if len(names) <= most else f"{shown} and {len(names) - most} more"
