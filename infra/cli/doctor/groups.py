"""What `ascolto doctor` checks of the workers' consumer groups: members, and events that wait."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from infra.cli.doctor.findings import Finding, checked
from infra.cli.doctor.permissions import denied_group
from infra.kafka.cluster import Cluster

if TYPE_CHECKING:
    from kafka.admin import KafkaAdminClient

_MOVING_SECONDS = 6.0
"""How long committed offsets are watched where events wait: workers commit every two seconds."""
_CONSUMED: Mapping[str, tuple[str, ...]] = {
    "transcriber": ("call-ended",),
    "scorer": ("call-transcribed",),
}
"""Topics of the groups that consume some only; analytics consumes all but the first of them."""

Described = Mapping[str, Any]


def group(
    admin: KafkaAdminClient, worker: str, described: Mapping[str, Described], where: Cluster
) -> Iterator[Finding]:
    """Members and lag of a worker's consumer group."""
    from kafka.errors import GroupAuthorizationFailedError

    name = where.group(worker)
    what = f"group {name}"
    try:
        members = _members(admin, name)
    except GroupAuthorizationFailedError:
        yield denied_group(what, where)
        return
    if members:
        yield Finding(what, True, f"{members} {'member' if members == 1 else 'members'}")
    else:
        yield Finding(what, False, "no member: no such worker runs", f"ascolto run {worker}")
    yield checked(
        f"lag of {name}",
        lambda: _lag(admin, name, worker, described, watch=bool(members)),
        f"check that the {worker} worker runs, and its log; start more of them where it is slow",
    )


def _members(admin: KafkaAdminClient, group: str) -> int:
    from kafka.errors import GroupAuthorizationFailedError, KafkaError

    try:
        return len(admin.describe_groups([group])[group]["members"])
    except GroupAuthorizationFailedError:
        raise
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
    from schemas.topics import TOPICS, catalogue_name

    own = _CONSUMED.get(worker)
    if own is None:
        others = _CONSUMED["transcriber"]
        own = tuple(topic.name for topic in TOPICS if topic.name not in others)
    return [name for name in described if catalogue_name(name) in own]


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
        TopicPartition(name, int(partition["partition_index"]))
        for name in topics
        for partition in described[name]["partitions"]
    ]
    ends = admin.list_partition_offsets(dict.fromkeys(places, OffsetSpec.LATEST))
    begins = admin.list_partition_offsets(dict.fromkeys(places, OffsetSpec.EARLIEST))
    return sum(
        max(0, ends[place].offset - max(committed.get(place, 0), begins[place].offset))
        for place in places
    )
