"""The ClickHouse engine in process, for tests of what reads the store."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from importlib.resources import files
from typing import Any

from clickhouse_connect.driver.client import Client

from dashboards.preview import QueryResult
from schemas.rows import TABLES, Table

_VIEW = files("infra.clickhouse").joinpath("migrations", "0017_topic_of_payments.up.sql")
"""Of the journal, for what followed a conversation."""


class Engine:
    """The ClickHouse engine in process, with the tables of the store."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._thread = ThreadPoolExecutor(1)
        self.queries: list[str] = []
        self._holds: Mapping[str, list[dict[str, Any]]] | None = None

    def fill(self, rows: Mapping[str, list[dict[str, Any]]]) -> None:
        """Leave exactly these rows in the tables; cheap when they hold them already."""
        if self._holds is rows:
            return
        for table in TABLES:
            self._client.command(create_statement(table))
            self._client.command(f"TRUNCATE TABLE {table.name}")
        self._client.command(_VIEW.read_text(encoding="utf-8").rstrip("; \n"))
        for table_name, given in rows.items():
            self.add(table_name, given)
        self._holds = rows

    def add(self, table: str, given: list[dict[str, Any]]) -> None:
        self._holds = None
        by_columns: dict[tuple[str, ...], list[list[Any]]] = {}
        for row in given:
            by_columns.setdefault(tuple(row), []).append(list(row.values()))
        for columns, values in by_columns.items():
            self._client.insert(table, values, column_names=columns)

    @contextmanager
    def unmerged(self) -> Iterator[None]:
        """What is added meanwhile stays in parts of its own."""
        self._client.command("SYSTEM STOP MERGES")
        try:
            yield
        finally:
            self._client.command("SYSTEM START MERGES")

    @property
    def client(self) -> Client:
        """For what reads the store by a client of its own."""
        return self._client

    def read(self, sql: str, parameters: Mapping[str, Any]) -> list[dict[str, Any]]:
        result = self._client.query(sql, parameters=dict(parameters))
        return [dict(zip(result.column_names, row, strict=True)) for row in result.result_rows]

    async def run_query(self, sql: str, parameters: Mapping[str, Any]) -> QueryResult:
        self.queries.append(sql)
        loop = asyncio.get_running_loop()
        result = await loop.run_in_executor(
            self._thread, lambda: self._client.query(sql, parameters=dict(parameters))
        )
        return QueryResult(list(result.column_names), [tuple(row) for row in result.result_rows])

    def close(self) -> None:
        self._thread.shutdown()
        self._client.close()


def create_statement(table: Table) -> str:
    """SQL that creates `table`."""
    columns = ",\n    ".join(
        f"`{name}` {kind}" + (f" DEFAULT {table.computed[name]}" if name in table.computed else "")
        for name, kind in table.columns.items()
    )
    engine = "version, is_deleted" if table.removable else "version"
    partitions = "" if table.month is None else f"PARTITION BY toYYYYMM({table.month})\n"
    return (
        f"CREATE TABLE IF NOT EXISTS {table.name} (\n    {columns}\n)\n"
        f"ENGINE = ReplacingMergeTree({engine})\n{partitions}"
        f"ORDER BY ({', '.join(table.sorted_by)})"
    )
