"""What `ascolto doctor` checks in Kafka: brokers, topics, copies of them, groups and lag."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from infra.cli.doctor.connection import ANSWER_SECONDS, connection, reached
from infra.cli.doctor.findings import Finding, checked
from infra.cli.doctor.groups import group
from infra.cli.doctor.permissions import may_only_emit, permissions
from infra.cli.failures import counted
from infra.kafka.cluster import Cluster
from infra.settings import Settings

if TYPE_CHECKING:
    from kafka.admin import KafkaAdminClient


_MOST_SECONDS_AHEAD = 5.0
_NTP = "set the clocks of this machine and of the brokers by NTP"
_REPLICAS, _IN_SYNC = "replica_nodes", "isr_nodes"
_NOT_LET_IN = "see the lines above; check that these addresses are a Kafka's"
_NOT_KNOWN = (
    "Kafka takes neither this user nor this password: check ASCOLTO_KAFKA_USERNAME and "
    "ASCOLTO_KAFKA_PASSWORD, or the token's client, and that the brokers know it"
)
_MAKE_TOPICS = "ascolto admin topics"

Described = Mapping[str, Any]


def kafka(settings: Settings) -> Iterator[Finding]:
    """Everything about the brokers of the settings."""
    from kafka.admin import KafkaAdminClient

    where = settings.cluster
    outcomes = {server: reached(server) for server in where.servers}
    yield from (_server(server, error) for server, error in outcomes.items())
    answering = [server for server, error in outcomes.items() if error is None]
    if not answering:
        return
    steps = list(connection(answering[0], where))
    yield from steps
    if not all(step.well for step in steps):
        return
    opened: list[KafkaAdminClient] = []

    def cluster() -> str:
        admin = KafkaAdminClient(
            bootstrap_servers=answering,
            bootstrap_timeout_ms=round(ANSWER_SECONDS * 1000),
            **where.security.options(),
        )
        opened.append(admin)
        return f"{counted(len(_brokers(admin)), 'broker')}, {_as_whom(where)}"

    todo = _NOT_KNOWN if where.security.has_sasl else _NOT_LET_IN
    found = checked("Kafka cluster", cluster, todo)
    yield found
    try:
        if found.well:
            yield from _cluster(opened[0], settings)
    except Exception as error:
        # Brokers that speak Kafka's protocol otherwise make the client raise more than KafkaError.
        todo = "see the brokers' logs, then run doctor again"
        yield Finding("Kafka's answers", False, f"not understood: {type(error).__name__}", todo)
    finally:
        for admin in opened:
            admin.close()


def _as_whom(cluster: Cluster) -> str:
    security = cluster.security
    if security.has_sasl:
        return f"as {security.username} ({security.mechanism})"
    return "with our certificate" if security.certificate is not None else "as anybody"


def _server(server: str, error: str | None) -> Finding:
    todo = "start that broker, or correct ASCOLTO_KAFKA; its copies of the partitions are missing"
    return Finding(f"Kafka at {server}", error is None, error or "reached", todo)


def _brokers(admin: KafkaAdminClient) -> list[Described]:
    return list(admin.describe_cluster()["brokers"])


def _cluster(admin: KafkaAdminClient, settings: Settings) -> Iterator[Finding]:
    from schemas.topics import CHANGELOGS, TOPICS

    where = settings.cluster
    brokers = _brokers(admin)
    yield _advertised(brokers)
    names = [where.topic(topic.name) for topic in TOPICS]
    changelogs = [where.topic(name) for name in CHANGELOGS]
    ours = [*names, *changelogs]
    answers = {str(each["name"]): each for each in admin.describe_topics(ours)}
    asked = {name: answers[name] for name in ours}
    yield permissions(asked, where)
    only_emits = may_only_emit(asked, where)
    described = {name: each for name, each in asked.items() if each["error_code"] == 0}
    if only_emits:
        described = {name: each for name, each in described.items() if name in names}
        names = list(described)
    yield _all_there("topics", names, set(described))
    if not only_emits:
        yield _all_there("changelog topics", changelogs, set(described))
    if not described:
        return
    yield _partitions(described, settings.partitions)
    yield _replication(described, len(brokers), settings.kafka_replication)
    yield _in_sync(described)
    yield checked("brokers' clock", lambda: _same_clock(admin, described), _NTP)
    if only_emits:
        return
    configs = _configs(admin, list(described))
    yield _writable(described, configs)
    yield _compacted(configs, changelogs)
    for worker in ("transcriber", "scorer", "analytics"):
        yield from group(admin, worker, described, where)


def _advertised(brokers: list[Described]) -> Finding:
    """Clients are sent on to the addresses that brokers give of themselves."""
    addresses = [f"{broker['host']}:{broker['port']}" for broker in brokers]
    away = [address for address in addresses if reached(address) is not None]
    if away:
        return Finding(
            "brokers' own addresses",
            False,
            f"cannot be reached from here: {', '.join(away)}",
            "start those brokers, or correct their advertised.listeners",
        )
    return Finding("brokers' own addresses", True, ", ".join(addresses))


def _all_there(what: str, wanted: Iterable[str], present: set[str]) -> Finding:
    names = list(wanted)
    missing = [name for name in names if name not in present]
    if missing:
        return Finding(what, False, f"missing: {', '.join(missing)}", _MAKE_TOPICS)
    return Finding(what, True, f"all {len(names)}")


def _partitions(described: Mapping[str, Described], wanted: int) -> Finding:
    wrong = {
        name: len(each["partitions"])
        for name, each in described.items()
        if len(each["partitions"]) != wanted
    }
    if wrong:
        shown = ", ".join(f"{name} has {count}" for name, count in sorted(wrong.items()))
        return Finding(
            "partitions",
            False,
            f"{wanted} are set (ASCOLTO_PARTITIONS); {shown}",
            "set ASCOLTO_PARTITIONS to the number in use, the same everywhere",
        )
    return Finding("partitions", True, f"{wanted} of every topic")


def _replication(described: Mapping[str, Described], brokers: int, wanted: int) -> Finding:
    """One broker that is lost must not take a partition with it, where there are several."""
    what = "replication"
    fewest = {name: min(_copies(each)) for name, each in described.items()}
    single = sorted(name for name, copies in fewest.items() if copies < 2)
    if brokers > 1 and single:
        return Finding(
            what,
            False,
            f"one copy only of {_some(single)}, though there are {brokers} brokers",
            "raise it with kafka-reassign-partitions.sh; new topics: ascolto admin topics "
            "--replication 3",
        )
    least = min(fewest.values(), default=0)
    if brokers >= wanted > least:
        few = sorted(name for name, copies in fewest.items() if copies < wanted)
        return Finding(
            what,
            False,
            f"{wanted} copies are set (ASCOLTO_KAFKA_REPLICATION); fewer of {_some(few)}",
            "raise it with kafka-reassign-partitions.sh, or correct the setting",
        )
    return Finding(what, True, f"at least {least} {'copy' if least == 1 else 'copies'} of each")


def _in_sync(described: Mapping[str, Described]) -> Finding:
    behind = [
        f"{name}/{_number(partition)}"
        for name, each in sorted(described.items())
        for partition in each["partitions"]
        if len(_ids(partition, _IN_SYNC)) < len(_ids(partition, _REPLICAS))
    ]
    if behind:
        return Finding(
            "in-sync replicas",
            False,
            f"copies are missing or behind in {len(behind)} partitions: {_some(behind)}",
            "start the broker that is away, and wait until it has caught up",
        )
    return Finding("in-sync replicas", True, "every copy is in sync")


def _writable(described: Mapping[str, Described], configs: Mapping[str, Described]) -> Finding:
    """Workers and emitters write with acks=all: fewer in sync than asked for, and they wait."""
    what = "min.insync.replicas"
    least = {name: int(_value(configs.get(name, {}), what) or 1) for name in described}
    stuck = [
        f"{name}/{_number(partition)}"
        for name, each in sorted(described.items())
        for partition in each["partitions"]
        if len(_ids(partition, _IN_SYNC)) < least[name]
    ]
    if stuck:
        return Finding(
            what,
            False,
            f"nothing can be written to {len(stuck)} partitions: {_some(stuck)}",
            "start the brokers that are away",
        )
    risky = sorted(
        name for name, each in described.items() if min(_copies(each)) >= 3 and least[name] < 2
    )
    if risky:
        return Finding(
            what,
            False,
            f"1 for {_some(risky)}: an event may be confirmed that one broker alone has",
            "set it to 2 for these topics, or for the brokers",
        )
    shown = ", ".join(map(str, sorted(set(least.values()))))
    return Finding(what, True, f"{shown}, and as many are in sync")


def _compacted(configs: Mapping[str, Described], changelogs: Iterable[str]) -> Finding:
    what = "changelogs' cleanup.policy"
    wrong = [
        f"{name} has {_value(configs[name], 'cleanup.policy')}"
        for name in changelogs
        if name in configs and _value(configs[name], "cleanup.policy") != "compact"
    ]
    if wrong:
        return Finding(
            what,
            False,
            ", ".join(wrong),
            "set cleanup.policy=compact now: the workers' state would expire",
        )
    return Finding(what, True, "compact")


def _same_clock(admin: KafkaAdminClient, described: Mapping[str, Described]) -> str:
    """How the brokers' clock, by which the newest event arrived, compares with this machine's.

    Raises:
        RuntimeError: events arrived later than this machine's clock shows.
    """
    from kafka import TopicPartition
    from kafka.admin import OffsetSpec
    from kafka.errors import KafkaError

    from schemas.topics import TOPICS, catalogue_name

    inbound = {topic.name for topic in TOPICS if topic.inbound}
    places = [
        TopicPartition(name, _number(partition))
        for name, each in described.items()
        if catalogue_name(name) in inbound
        for partition in each["partitions"]
    ]
    try:
        newest = admin.list_partition_offsets(dict.fromkeys(places, OffsetSpec.MAX_TIMESTAMP))
    except KafkaError:
        return "these brokers do not say (Kafka 3.0 or newer does)"
    latest = max((each.timestamp for each in newest.values()), default=-1) / 1000
    if latest < 0:
        return "no event yet to tell it by"
    ahead = latest - time.time()
    if ahead > _MOST_SECONDS_AHEAD:
        raise RuntimeError(f"the newest event arrived {ahead:.0f} s after now, as it is here")
    return "no event arrived after now, as it is here"


def _configs(admin: KafkaAdminClient, names: list[str]) -> dict[str, Described]:
    """The settings of each topic, those of the brokers included."""
    from kafka.admin import ConfigResource, ConfigResourceType

    if not names:
        return {}
    resources = [ConfigResource(ConfigResourceType.TOPIC, name) for name in names]
    answer = admin.describe_configs(resources, config_filter="all")
    return {str(name): each for by_name in answer.values() for name, each in by_name.items()}


def _value(config: Described, name: str) -> str | None:
    found = config.get(name)
    if found is None:
        return None
    return str(found["value"] if isinstance(found, Mapping) else found)


def _copies(topic: Described) -> list[int]:
    return [len(_ids(partition, _REPLICAS)) for partition in topic["partitions"]]


def _ids(partition: Described, which: str) -> list[int]:
    return list(partition[which])


def _number(partition: Described) -> int:
    return int(partition["partition_index"])


def _some(names: list[str], most: int = 4) -> str:
    shown = ", ".join(names[:most])
    return shown if len(names) <= most else f"{shown} and {len(names) - most} more"
