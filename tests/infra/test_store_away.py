"""The store while ClickHouse is away, and while it refuses: waiting is not failing."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

import pytest
from clickhouse_connect.driver.exceptions import DatabaseError, DataError, OperationalError

from infra.clickhouse import store as store_module
from infra.clickhouse.store import ANY_MONTHS, ClickHouseStore
from infra.retry import delays, retry_until_done
from schemas.rows import EVENTS

ROW = dict.fromkeys(EVENTS.columns, 0)


class Client:
    """A client whose inserts end as scripted: an error to raise, or None."""

    def __init__(self, *script: Exception | None) -> None:
        self.script = list(script)
        self.inserted: list[tuple[str, Any, Sequence[str]]] = []
        self.closed = False

    def insert(
        self,
        table: str,
        data: Any,
        column_names: Sequence[str],
        column_type_names: Sequence[str],
        column_oriented: bool,
        settings: dict[str, Any],
    ) -> None:
        assert settings == ANY_MONTHS
        assert len(column_type_names) == len(column_names)
        assert column_oriented
        error = self.script.pop(0) if self.script else None
        if error is not None:
            raise error
        self.inserted.append((table, data, column_names))

    def close(self) -> None:
        self.closed = True


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The waits asked for, none of them waited."""
    asked: list[float] = []

    def at_once(*args: Any) -> Any:
        return retry_until_done(*args, sleep=asked.append)

    monkeypatch.setattr(store_module, "retry_until_done", at_once)
    return asked


async def test_a_store_that_is_away_is_waited_for(
    waits: list[float], caplog: pytest.LogCaptureFixture
) -> None:
    client = Client(OperationalError("refused"), ConnectionResetError(), TimeoutError())
    store = ClickHouseStore(lambda: client)
    with caplog.at_level(logging.WARNING):
        await store.insert(EVENTS, [ROW])
    store.close()
    assert waits == [0.5, 1.0, 2.0]
    assert client.inserted == [("events", [(0,)] * len(EVENTS.columns), list(EVENTS.columns))]
    assert client.closed
    assert "refused" not in caplog.text
    assert "ClickHouse is away" in caplog.text


@pytest.mark.parametrize("code", [241, 252, 202, 242, 243, 999])
async def test_a_server_without_room_for_the_moment_is_waited_for(
    code: int, waits: list[float]
) -> None:
    """Memory, parts, queries, read-only, disk, keeper: each passes, none is the rows' fault."""
    client = Client(DatabaseError("not now", code=code))
    store = ClickHouseStore(lambda: client)
    await store.insert(EVENTS, [ROW])
    store.close()
    assert waits == [0.5]
    assert len(client.inserted) == 1


@pytest.mark.parametrize(
    "error", [DatabaseError("type mismatch", code=53), DataError("not a number")]
)
async def test_rows_that_are_refused_are_a_defect(error: Exception, waits: list[float]) -> None:
    store = ClickHouseStore(lambda: Client(error))
    with pytest.raises(type(error)):
        await store.insert(EVENTS, [ROW])
    store.close()
    assert waits == []


async def test_a_row_without_a_column_is_a_defect(waits: list[float]) -> None:
    store = ClickHouseStore(lambda: Client())
    with pytest.raises(KeyError):
        await store.insert(EVENTS, [{"topic": "x"}])
    store.close()
    assert waits == []


async def test_one_client_a_thread_and_none_for_no_rows() -> None:
    opened: list[Client] = []

    def open_client() -> Client:
        opened.append(Client())
        return opened[-1]

    store = ClickHouseStore(open_client)
    await store.insert(EVENTS, [])
    assert opened == []
    await store.insert(EVENTS, [ROW])
    await store.insert(EVENTS, [ROW])
    store.close()
    assert len(opened) == 1
    assert opened[0].closed


def test_waits_double_up_to_the_most() -> None:
    waits = delays(first=1.0, most=5.0)
    assert [next(waits) for _ in range(5)] == [1.0, 2.0, 4.0, 5.0, 5.0]


def test_retrying_gives_the_result_and_raises_other_errors() -> None:
    log = logging.getLogger("test")
    answers: list[Any] = [OSError("away"), OSError("away"), "here"]
    waited: list[float] = []

    def ask() -> str:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return str(answer)

    assert retry_until_done(ask, OSError, "it", log, waited.append) == "here"
    assert waited == [0.5, 1.0]
    answers[:] = [ValueError("wrong")]
    with pytest.raises(ValueError, match="wrong"):
        retry_until_done(ask, OSError, "it", log, waited.append)
    assert len(waited) == 2
