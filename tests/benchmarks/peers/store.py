"""The peers' store: the same engine in process, the same table of calls, one insert a batch."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import clickhouse_connect

from schemas.rows import CALLS
from tests.benchmarks.peers.job import CALL_COLUMNS, SUMS, Row, Sums

HOUR_COLUMNS = ("partition", "client_id", "agency_id", "hour", *SUMS, "version")


class PeerStore:
    """Writes the rows of batches; a row written again replaces itself."""

    def __init__(self, data_dir: Path) -> None:
        path = data_dir / "store"
        path.mkdir(parents=True, exist_ok=True)
        self._client = clickhouse_connect.get_client(interface="chdb", path=str(path))
        columns = ", ".join(f"`{name}` {kind}" for name, kind in CALLS.columns.items())
        self._client.command(
            f"CREATE TABLE IF NOT EXISTS calls ({columns}) ENGINE = ReplacingMergeTree(version) "
            f"ORDER BY ({', '.join(CALLS.key)})"
        )
        sums = ", ".join(f"`{name}` Int128" for name in SUMS)
        self._client.command(
            "CREATE TABLE IF NOT EXISTS hours (partition UInt16, client_id "
            "LowCardinality(String), agency_id LowCardinality(String), hour DateTime('UTC'), "
            f"{sums}, version UInt64) ENGINE = ReplacingMergeTree(version) "
            "ORDER BY (client_id, agency_id, hour, partition)"
        )
        # Made once: else every insert asks for the table's columns first.
        self._calls = self._client.create_insert_context("calls", list(CALL_COLUMNS))
        self._hours = self._client.create_insert_context("hours", list(HOUR_COLUMNS))

    def write(self, calls: Sequence[Row], hours: Mapping[tuple[str, str], Sums]) -> None:
        """Write the calls, and the sums as they are now; returns when they are readable."""
        if calls:
            self._calls.data = calls
            self._client.insert(context=self._calls)
        if hours:
            version = time.time_ns() // 1000
            self._hours.data = [_hour_row(*place, sums, version) for place, sums in hours.items()]
            self._client.insert(context=self._hours)

    def close(self) -> None:
        """Close the engine."""
        self._client.close()


def _hour_row(day_key: str, hour: str, sums: Sums, version: int) -> Row:
    partition, client, agency, _ = day_key.split("|")
    return (
        int(partition),
        client,
        agency,
        datetime.fromtimestamp(int(hour), UTC),
        *sums,
        version,
    )
