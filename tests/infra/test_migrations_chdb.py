"""Migrations and the store on the real engine, seen from a process of its own."""

from __future__ import annotations

import json
import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from infra.clickhouse.journal import DERIVED
from infra.clickhouse.schema import migrations
from processors.event_time import to_us
from schemas.rows import TABLES, VIEWS
from tests.waiting import completed


def child(name: str, directory: Path) -> dict[str, Any]:
    """What `store_child` saw, on a machine whose clock is not in UTC."""
    done = completed(
        [sys.executable, "-m", "tests.infra.store_child", name, directory],
        env={**os.environ, "TZ": "Europe/Rome"},
    )
    assert done.returncode == 0, done.stderr
    seen: dict[str, Any] = json.loads(done.stdout)
    return seen


@pytest.fixture(scope="module")
def migrating(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return child("migrating", tmp_path_factory.mktemp("migrating"))


@pytest.fixture(scope="module")
def storing(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return child("storing", tmp_path_factory.mktemp("storing"))


def declared() -> dict[str, Any]:
    """Tables and views as `schemas.rows` declares them, in the engine's own words."""
    views = {
        view.name: {"columns": view.columns, "engine": "", "key": "", "partitions": "", "kept": ""}
        for view in VIEWS
    }
    return views | {
        table.name: {
            "columns": table.columns,
            "engine": "ReplacingMergeTree(version" + (", is_deleted)" if table.removable else ")"),
            "key": ", ".join(table.sorted_by),
            "partitions": "" if table.month is None else f"toYYYYMM({table.month})",
            "kept": f"toDateTime(at) + toIntervalDay({table.kept_days})" * bool(table.kept_days),
        }
        for table in TABLES
    }


def test_migrating_builds_the_declared_tables(migrating: dict[str, Any]) -> None:
    assert migrating["tables"] == declared()
    for table in TABLES:
        assert list(migrating["tables"][table.name]["columns"]) == list(table.columns)


def test_migrating_forward_again_does_nothing_and_back_leaves_nothing(
    migrating: dict[str, Any],
) -> None:
    steps = [f"{step.number:04d}_{step.name}" for step in migrations()]
    assert migrating["up"] == [f"{step} up" for step in steps]
    assert migrating["again"] == []
    assert migrating["applied"] == [step.number for step in migrations()]
    assert migrating["down"] == [f"{step} down" for step in reversed(steps)]
    assert (migrating["none"], migrating["applied_none"]) == ({}, [])


def test_a_migration_that_was_broken_off_is_taken_up_again(migrating: dict[str, Any]) -> None:
    assert migrating["up_after_dying"] == migrating["up"]
    assert migrating["tables_again"] == declared()
    assert migrating["down_after_dying"] == migrating["down"]
    assert migrating["none_again"] == {}


def test_tables_that_are_copied_keep_their_rows_whenever_the_copying_dies(tmp_path: Path) -> None:
    copied = child("copying", tmp_path)
    assert [count for count, _ in copied["before"]] == [110, 101, 110, 110, 110]
    assert min(copied["deaths"]) > 12
    assert all(after == copied["before"] for after in copied["after"])
    assert copied["many_after"] == copied["many_before"] != copied["before"]
    assert not [name for name in copied["tables"] if name.endswith("_copied")]


def test_migrations_are_numbered_from_one_without_gaps_and_all_reversible() -> None:
    steps = migrations()
    assert [step.number for step in steps] == list(range(1, len(steps) + 1))
    assert all(step.up and step.down for step in steps)


def test_rows_come_back_as_they_were_written_the_newest_version_once(
    storing: dict[str, Any],
) -> None:
    assert storing["names"] == ["event_id", "payload", "partition", "event_time"]
    time = "2026-03-01T12:00:00.123456"
    assert storing["rows"] == [
        ["a", "newer", 3, time],
        ["b", "x'; DROP TABLE events --\n\t☎", 3, time],
    ]
    assert storing["read_while_written"] is True
    assert storing["wide_sums"] == [True, True, True]


def test_the_archive_gives_each_event_of_those_asked_for_once(storing: dict[str, Any]) -> None:
    entry = [1, "payment", "t", 0, 5, "è|1", 10**15, 5000, "EUR"]
    assert storing["archive"] == {"acqua|p:a": [entry, [2, *entry[1:5], "2", *entry[6:]]]}


def test_the_journal_has_each_fact_once(storing: dict[str, Any]) -> None:
    assert [fact["event_id"] for fact in storing["journal"]] == ["a", "b", "c"]
    assert storing["journal"][0] == {
        "client_id": "acqua",
        "topic": "call-transcribed",
        "event_id": "a",
        "customer": "p:c",
        "partition": 3,
        "payload": "newer",
        "score": "",
    }


def test_starting_over_keeps_the_facts_and_the_dead_letters_only(storing: dict[str, Any]) -> None:
    left = {name for name, count in storing["left"].items() if count}
    names = ("events", "event_claims", "call_scores", "dead_letters", "letter_replays")
    assert left == {*names, "display_names", "notifications", "alert_actions", "worker_status"}
    assert {table.name for table in DERIVED}.isdisjoint(left)


def test_a_client_s_last_call_is_the_end_of_its_last_hour_with_a_call(
    storing: dict[str, Any],
) -> None:
    ends = {
        "acqua": datetime(2026, 3, 1, 12, tzinfo=UTC),
        "luce": datetime(2026, 3, 1, 8, tzinfo=UTC),
    }
    assert storing["last_calls"] == {client: to_us(end) - 1 for client, end in ends.items()}
