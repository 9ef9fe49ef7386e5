"""The store as the workers see it: rows in, rows out, waiting while it is away."""

from __future__ import annotations

import asyncio
import logging
import threading
from array import array
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from infra.errors import InfraError
from infra.retry import retry_until_done
from schemas.rows import LABEL, Table

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

log = logging.getLogger(__name__)

Row = Mapping[str, Any]
"""A row by the names of its columns."""
Values = tuple[Any, ...]
"""A row's values in the order of `Table.written`: quicker, where rows are many and wide."""
ResultT = TypeVar("ResultT")

NOT_NOW = frozenset({159, 164, 202, 203, 209, 210, 225, 241, 242, 243, 252, 319, 999})
"""ClickHouse's codes of what passes without anybody's rows being wrong: time-outs, read-only
tables, too many queries or parts, no memory or disk, its keeper away, an insert left in doubt."""

ANY_MONTHS = {"max_partitions_per_insert_block": 0}
"""Rows of any number of months may come together: a client company's history, for instance.

ClickHouse refuses more than 100 otherwise, with a code of what passes.
"""

_PAGE_SECONDS = 60
"""Longest time that a query of the page may take."""


class StoreAway(InfraError):
    """The store cannot take rows now."""


class Store(Protocol):
    """Where rows are stored. Writing a row twice leaves one."""

    async def insert(self, table: Table, rows: Sequence[Row | Values]) -> None:
        """Write `rows`, all of one kind, each with all that `table.written` names."""

    async def query(
        self, sql: str, parameters: Mapping[str, Any] | None = None
    ) -> tuple[list[str], list[tuple[Any, ...]]]:
        """Column names and rows of `sql`, with `{name:Type}` parameters bound by the engine."""

    async def read(self, sql: str, parameters: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        """Rows of `sql`, waiting while the store is away, where `query` would raise."""


class ClickHouseStore:
    """A `Store` on ClickHouse: one thread writes, others read, so that neither stalls the loop.

    The server being away is waited for; rows that the engine refuses are a defect and raise.
    """

    def __init__(self, open_client: Callable[[], Client], readers: int = 1) -> None:
        """`readers` is how many queries run at the same time; 1 for the engine in process."""
        self._open = open_client
        self._local = threading.local()
        self._opened: list[Client] = []
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="store-write")
        self._reader = ThreadPoolExecutor(readers, thread_name_prefix="store-read")

    async def insert(self, table: Table, rows: Sequence[Row | Values]) -> None:
        """Write `rows` to `table`."""
        if rows:
            loop = asyncio.get_running_loop()
            await loop.run_in_executor(self._writer, self._insert, table, rows)

    async def query(
        self, sql: str, parameters: Mapping[str, Any] | None = None
    ) -> tuple[list[str], list[tuple[Any, ...]]]:
        """Column names and rows of `sql`."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._reader, self._query, sql, parameters)

    async def read(self, sql: str, parameters: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        """Rows of `sql`, waiting while the store is away."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._writer, self._read, sql, parameters)

    def close(self) -> None:
        """Wait for the writes under way, then end all threads."""
        for executor in (self._writer, self._reader):
            executor.shutdown(wait=True)
        while self._opened:
            self._opened.pop().close()

    def _client(self) -> Client:
        client: Client | None = getattr(self._local, "client", None)
        if client is None:
            client = self._local.client = self._open()
            self._opened.append(client)
        return client

    def _insert(self, table: Table, rows: Sequence[Row | Values]) -> None:
        names = table.written
        columns = zip(*map(reads(table, names, rows[0]), rows), strict=True)
        sent = [
            _sent_as(table.columns[name], values)
            for name, values in zip(names, columns, strict=True)
        ]
        self._retried(
            lambda client: client.insert(
                table.name,
                [values for _, values in sent],
                column_names=names,
                column_type_names=[declared for declared, _ in sent],
                column_oriented=True,
                settings=ANY_MONTHS,
            )
        )

    def _read(self, sql: str, parameters: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        result = self._retried(lambda client: client.query(sql, parameters=dict(parameters)))
        return [tuple(row) for row in result.result_rows]

    def _retried(self, action: Callable[[Client], ResultT]) -> ResultT:
        return retry_until_done(lambda: self._try(action), StoreAway, "ClickHouse", log)

    def _try(self, action: Callable[[Client], ResultT]) -> ResultT:
        from clickhouse_connect.driver.exceptions import DatabaseError, OperationalError

        try:
            return action(self._client())
        except (OperationalError, OSError) as error:
            raise StoreAway(type(error).__name__) from error
        except DatabaseError as error:
            if error.code not in NOT_NOW:
                raise
            log.warning("ClickHouse cannot serve now: code %s", error.code)
            raise StoreAway(f"code {error.code}") from error

    def _query(
        self, sql: str, parameters: Mapping[str, Any] | None
    ) -> tuple[list[str], list[tuple[Any, ...]]]:
        result = self._client().query(
            sql, parameters=dict(parameters or {}), settings={"max_execution_time": _PAGE_SECONDS}
        )
        return list(result.column_names), [tuple(row) for row in result.result_rows]


def reads(table: Table, names: Sequence[str], like: Row | Values) -> Callable[[Any], Any]:
    """Reads these columns of a row of the same kind as `like`: several as a tuple, one as it is."""
    if isinstance(like, tuple):
        written = table.written
        return itemgetter(*map(written.index, names))
    return itemgetter(*names)


def _sent_as(declared: str, values: Sequence[Any]) -> tuple[str, Sequence[Any]]:
    """The type as which a column's values are sent, and them; ClickHouse casts to the column's own.

    Types are named, as the client would otherwise ask the store for them before each insert. It
    writes wide integers one by one, those of 64 bits as an array: a tenth of the time, and most
    sums fit. Labels go as strings: it would number them one by one.
    """
    if declared == LABEL:
        return "String", values
    if declared == "Int128":
        try:
            return "Int64", array("q", values)
        except OverflowError:
            return "String", [*map(str, values)]
    return declared, values
