"""Topics have the catalogue's names everywhere but on a Kafka, where a prefix may stand."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.kafka.cluster import Cluster
from schemas.topics import CHANGELOGS, TOPICS, catalogue_name

PREFIXES = st.from_regex(r"[A-Za-z0-9._-]{0,100}", fullmatch=True)


@given(PREFIXES, st.sampled_from([topic.name for topic in TOPICS]))
def test_a_topic_is_recognised_behind_any_prefix(prefix: str, name: str) -> None:
    assert catalogue_name(Cluster("", prefix=prefix).topic(name)) == name


@pytest.mark.parametrize("name", CHANGELOGS)
def test_a_changelog_is_none_of_the_catalogue(name: str) -> None:
    assert catalogue_name(name) == name


def test_groups_and_changelogs_begin_with_the_prefix() -> None:
    cluster = Cluster("one:9092, two:9092", prefix="prod.")
    assert cluster.servers == ["one:9092", "two:9092"]
    assert cluster.group("analytics") == "prod.ascolto-analytics"
    assert cluster.topic(CHANGELOGS[0]).startswith(f"{cluster.group('analytics')}-")
