"""The longest test files begin first, so that no core waits for one at the end."""

from __future__ import annotations

import pytest

LONGEST = (
    "kafka/test_kafka_many_workers.py",
    "streams/test_run_all.py",
    "kafka/test_kafka_secured_cluster.py",
    "streams/test_demo.py",
    "test_checks.py",
    "kafka/test_kafka_secured.py",
    "streams/test_letters_replay.py",
    "benchmarks/test_contenders.py",
    "streams/test_compressed_batches.py",
    "kafka/test_kafka_whole_way.py",
    "infra/test_older_store.py",
    "benchmarks/test_panels.py",
    "kafka/test_kafka_doctor.py",
    "infra/test_reconcile.py",
    "infra/test_wrong_input.py",
)
"""Files that take a minute or more alone, longest first."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Have the longest files run first; the others in their usual order."""
    places = {f"tests/{name}": place for place, name in enumerate(LONGEST)}
    items.sort(key=lambda item: places.get(item.nodeid.split("::")[0], len(places)))
