"""What `ascolto doctor` checks in Kafka: brokers, topics, copies of them, groups and lag."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from infra.cli.doctor.findings import Finding, checked
from infra.settings import Settings

if TYPE_CHECKING:
    from kafka.admin import KafkaAdminClient

_ANSWER_SECONDS = 5.0
_MOVING_SECONDS = 6.0
"""How long committed offsets are watched where events wait: workers commit every two seconds."""

_REPLICAS, _IN_SYNC = "replica_nodes", "isr_nodes"
_NOT_LET_IN = (
    "check that these addresses are a Kafka's, and ASCOLTO_KAFKA_SECURITY with its user, password "
    "and certificates"
)
_MAKE_TOPICS = "ascolto admin topics"
_CONSUMED: Mapping[str, tuple[str, ...]] = {
    "transcriber": ("call-ended",),
    "scorer": ("call-transcribed",),
}
"""Topics of the groups that consume some only; analytics consumes all but the first of them."""

Described = Mapping[str, Any]


def kafka(settings: Settings) -> Iterator[Finding]:
    """Everything about the brokers of the settings."""
    from kafka.admin import KafkaAdminClient
    from kafka.errors import KafkaError

    servers = [server.strip() for server in settings.kafka.split(",")]
    reached = {server: _reached(server) for server in servers}
    yield from (_server(server, error) for server, error in reached.items())
    if all(reached.values()):
        return
    opened: list[KafkaAdminClient] = []

    def cluster() -> str:
        admin = KafkaAdminClient(
            bootstrap_servers=[server for server, error in reached.items() if error is None],
            bootstrap_timeout_ms=round(_ANSWER_SECONDS * 1000),
            **settings.broker_security.options(),
        )
        opened.append(admin)
        return f"{len(_brokers(admin))} brokers"

    found = checked("Kafka cluster", cluster, _NOT_LET_IN)
    yield found
    try:
        if found.well:
            yield from _cluster(opened[0], settings)
    except KafkaError as error:
        todo = "see the brokers' logs, then run doctor again"
        yield Finding("Kafka cluster", False, f"does not answer: {type(error).__name__}", todo)
    finally:
        for admin in opened:
            admin.close()


def _reached(server: str) -> str | None:
    """Why a server of the setting cannot be reached; None where it can."""
    host, _, port = server.rpartition(":")
    try:
        with socket.create_connection((host.strip("[]"), int(port)), timeout=_ANSWER_SECONDS):
            return None
    except ValueError:
        return "not host:port"
    except OSError as error:
        return error.strerror or str(error) or type(error).__name__


def _server(server: str, error: str | None) -> Finding:
    todo = "start that broker, or correct ASCOLTO_KAFKA; its copies of the partitions are missing"
    return Finding(f"Kafka at {server}", error is None, error or "reached", todo)


def _brokers(admin: KafkaAdminClient) -> list[Described]:
    return list(admin.describe_cluster()["brokers"])


def _cluster(admin: KafkaAdminClient, settings: Settings) -> Iterator[Finding]:
    from schemas.topics import TOPICS
    from streams.analytics import CHANGELOGS

    brokers = _brokers(admin)
    yield _advertised(brokers)
    names = [topic.name for topic in TOPICS]
    present = set(admin.list_topics())
    yield _all_there("topics", names, present)
    yield _all_there("changelog topics", CHANGELOGS, present)
    there = [name for name in (*names, *CHANGELOGS) if name in present]
    described = {str(each["name"]): each for each in admin.describe_topics(there)} if there else {}
    yield _partitions(described, settings.partitions)
    yield _replication(described, len(brokers))
    yield _in_sync(described)
    configs = _configs(admin, there)
    yield _writable(described, configs)
    yield _compacted(configs, CHANGELOGS)
    for worker in ("transcriber", "scorer", "analytics"):
        yield from _group(admin, worker, described)


def _advertised(brokers: list[Described]) -> Finding:
    """Clients are sent on to the addresses that brokers give of themselves."""
    addresses = [f"{broker['host']}:{broker['port']}" for broker in brokers]
    away = [address for address in addresses if _reached(address) is not None]
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


def _replication(described: Mapping[str, Described], brokers: int) -> Finding:
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


def _group(
    admin: KafkaAdminClient, worker: str, described: Mapping[str, Described]
) -> Iterator[Finding]:
    group = f"ascolto-{worker}"
    what = f"group {group}"
    members = _members(admin, group)
    if members:
        yield Finding(what, True, f"{members} {'member' if members == 1 else 'members'}")
    else:
        yield Finding(what, False, "no member: no such worker runs", f"ascolto run {worker}")
    yield checked(
        f"lag of {group}",
        lambda: _lag(admin, group, worker, described, watch=bool(members)),
        f"check that the {worker} worker runs, and its log; start more of them where it is slow",
    )


def _members(admin: KafkaAdminClient, group: str) -> int:
    from kafka.errors import KafkaError

    try:
        return len(admin.describe_groups([group])[group]["members"])
    except (KafkaError, KeyError):
        return 0


def _lag(
    admin: KafkaAdminClient,
    group: str,
    worker: str,
    described: Mapping[str, Described],
    *,
    watch: bool,
) -> str:
    """How many events wait for a group.

    Raises:
        RuntimeError: some do, and nothing moves.
    """
    topics = _topics_of(worker, described)
    before = _committed(admin, group, topics)
    waiting = _waiting(admin, before, topics, described)
    if not waiting:
        return "no event waits"
    many = f"{waiting} {'event waits' if waiting == 1 else 'events wait'}"
    if watch:
        time.sleep(_MOVING_SECONDS)
        moved = sum(_committed(admin, group, topics).values()) - sum(before.values())
        if moved > 0:
            return f"{many}; {moved} were worked in {_MOVING_SECONDS:.0f} s"
    raise RuntimeError(f"{many}, and none was worked while looking")


def _topics_of(worker: str, described: Mapping[str, Described]) -> list[str]:
    from schemas.topics import TOPICS

    own = _CONSUMED.get(worker)
    if own is None:
        others = _CONSUMED["transcriber"]
        own = tuple(topic.name for topic in TOPICS if topic.name not in others)
    return [name for name in own if name in described]


def _committed(admin: KafkaAdminClient, group: str, topics: list[str]) -> dict[Any, int]:
    from kafka.errors import KafkaError

    try:
        answer = admin.list_group_offsets(group)
    except KafkaError:
        return {}
    return {
        place: offset.offset
        for offsets in answer.values()
        for place, offset in offsets.items()
        if place.topic in topics
    }


def _waiting(
    admin: KafkaAdminClient,
    committed: Mapping[Any, int],
    topics: list[str],
    described: Mapping[str, Described],
) -> int:
    """Events of `topics` after the committed offsets; where none is committed, all there are."""
    from kafka import TopicPartition
    from kafka.admin import OffsetSpec

    places = [
        TopicPartition(name, _number(partition))
        for name in topics
        for partition in described[name]["partitions"]
    ]
    ends = admin.list_partition_offsets(dict.fromkeys(places, OffsetSpec.LATEST))
    begins = admin.list_partition_offsets(dict.fromkeys(places, OffsetSpec.EARLIEST))
    return sum(
        max(0, ends[place].offset - max(committed.get(place, 0), begins[place].offset))
        for place in places
    )


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
