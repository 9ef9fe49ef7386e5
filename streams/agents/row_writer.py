"""Rows into one table: of those with one key the newest; what it cannot hold costs no other row."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from infra.clickhouse.store import Row, Store, Values, reads
from schemas.codec import InvalidMessage
from schemas.rows import Table
from streams.runtime.dead_letters import DeadLetters
from streams.transport.delivery import Delivery

Made = tuple[Row | Values, Delivery]
"""A row, and the message it was made of."""


@dataclass(frozen=True)
class RowSettings:
    """What rows depend on besides their event."""

    pseudonym_key: bytes
    generation: int
    now_us: Callable[[], int]


class RowWriter:
    """Writes the rows of one table's agent."""

    def __init__(self, table: Table, store: Store, dead_letters: DeadLetters) -> None:
        self._table = table
        self._store = store
        self._dead_letters = dead_letters

    async def write(self, made: Iterable[Made]) -> None:
        """Write rows in one insert; of rows with one key that with the greatest version.

        A row that the store cannot hold costs no other: its message is a dead letter.

        Raises:
            Exception: none can be written: then something is wrong with the store, not with a row.
        """
        newest = self._newest(made)
        try:
            await self._store.insert(self._table, [row for row, _ in newest])
        except Exception as error:
            await self._write_apart(newest, error)

    def _newest(self, made: Iterable[Made]) -> list[Made]:
        """Of rows with one key that with the greatest version, of equals the last."""
        found = list(made)
        if not found:
            return []
        like = found[0][0]
        of_key, of_version = (reads(self._table, of, like) for of in (self._table.key, ["version"]))
        newest: dict[Any, Made] = {}
        for each in found:
            row: Any = each[0]
            other: Any = newest.setdefault(of_key(row), each)[0]
            if other is not row and of_version(other) <= of_version(row):
                newest[of_key(row)] = each
        return list(newest.values())

    async def _write_apart(self, made: Sequence[Made], error: Exception) -> None:
        """Write what can be written of rows that were refused together."""
        refused = await self._refused_of(made, error)
        if len(refused) == len(made):
            raise error
        rows: dict[Delivery, list[Exception]] = defaultdict(list)
        for delivery, why in refused:
            rows[delivery].append(why)
        for delivery, causes in rows.items():
            kinds = ", ".join(sorted({type(cause).__name__ for cause in causes}))
            reason = f"table {self._table.name} does not take {len(causes)} of its rows ({kinds})"
            await self._dead_letters.reject(delivery, InvalidMessage(reason, "row_refused"))

    async def _refused_of(
        self, made: Sequence[Made], error: Exception
    ) -> list[tuple[Delivery, Exception]]:
        """Write halves, and halves of halves, of rows that were refused with `error`.

        Returns:
            The messages of the rows that are refused alone, and why.
        """
        if len(made) == 1:
            return [(made[0][1], error)]
        refused = []
        for half in (made[: len(made) // 2], made[len(made) // 2 :]):
            try:
                await self._store.insert(self._table, [row for row, _ in half])
            except Exception as why:
                refused += await self._refused_of(half, why)
        return refused
