"""Server-sent events, and a store that is slow: what open pages cost, and what they wait for."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from typing import Any, cast

import pytest
from aiohttp import ClientResponse, web
from aiohttp.test_utils import TestClient, TestServer

from dashboards.preview import QueryResult, create_preview
from dashboards.preview import updates as updates_module
from dashboards.preview.macros import Choices
from dashboards.preview.reading import Reader
from dashboards.preview.updates import Updates
from infra.clickhouse.store import ClickHouseStore

UPDATES = web.AppKey("updates", Updates)
CHOICES = Choices("lumina", datetime(2026, 1, 1, tzinfo=UTC))
Asker = TestClient[web.Request, web.Application]


class SlowStore:
    """Answers when it is let; counts what it is asked."""

    def __init__(self, *, open_: bool = True) -> None:
        self.revision = 1
        self.asked: list[str] = []
        self.away = False
        self.reach_away = False
        """Only the revision is answered, as while one query is over the engine's limits."""
        self.open = asyncio.Event()
        if open_:
            self.open.set()

    async def run_query(self, sql: str, _: Mapping[str, Any]) -> QueryResult:
        self.asked.append(sql)
        await self.open.wait()
        if self.away:
            raise ConnectionError
        if "system.parts" in sql:
            return QueryResult(["revision"], [(str(self.revision),)])
        if self.reach_away:
            raise ConnectionError
        return QueryResult(["newest"], [(None,) * 4])


class Ticking:
    """The watcher's pauses and the clock, both by hand."""

    def __init__(self) -> None:
        self.ticks: asyncio.Queue[None] = asyncio.Queue()
        self.pausing = asyncio.Event()
        self.now = 0.0

    async def pause(self) -> None:
        self.pausing.set()
        await self.ticks.get()

    async def tick(self) -> None:
        """Let the watcher ask once more, and wait until it has."""
        await self.pausing.wait()
        self.pausing.clear()
        self.now += 2
        self.ticks.put_nowait(None)
        await self.pausing.wait()


@asynccontextmanager
async def serving(store: SlowStore, ticking: Ticking) -> AsyncIterator[Asker]:
    reader = Reader(store.run_query, clock=lambda: ticking.now)

    async def reach(_: object) -> dict[str, Any]:
        return {"newest": await reader.answer("clients", CHOICES, {})}

    updates = Updates(reader.revision, reach, ticking.pause, lambda: ticking.now)
    app = web.Application()
    app[UPDATES] = updates
    app.router.add_get("/api/updates", updates.serve, allow_head=False)
    app.on_shutdown.append(updates.close)
    async with TestClient(TestServer(app)) as client:
        yield client


async def event(stream: ClientResponse) -> dict[str, Any]:
    """The next event of a stream, with its id."""
    while True:
        block = (await stream.content.readuntil(b"\n\n")).decode()
        fields = dict(line.split(": ", 1) for line in block.strip().split("\n"))
        if "data" in fields:
            return {**json.loads(fields["data"]), "id": fields["id"]}


async def cost_of(pages: int) -> list[str]:
    """What the store is asked while so many pages are open and the data change three times."""
    store, ticking = SlowStore(), Ticking()
    async with serving(store, ticking) as client, AsyncExitStack() as stack:
        streams = [
            await stack.enter_async_context(client.get("/api/updates?client=lumina"))
            for _ in range(pages)
        ]
        seen = [[await event(stream)] for stream in streams]
        for _ in range(3):
            store.revision += 1
            await ticking.tick()
            for stream, own in zip(streams, seen, strict=True):
                own.append(await event(stream))
        assert all(own == seen[0] for own in seen)
        assert len({each["version"] for each in seen[0]}) == 4
        return store.asked


async def test_ten_open_pages_ask_the_store_like_one() -> None:
    assert await cost_of(10) == await cost_of(1)


async def test_while_nothing_changes_nothing_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(updates_module, "HEARTBEAT_SECONDS", 0.05)
    store, ticking = SlowStore(), Ticking()
    async with serving(store, ticking) as client:
        async with client.get("/api/updates") as stream:
            assert stream.content_type == "text/event-stream"
            assert await stream.content.readuntil(b"\n\n") == b"retry: 2000\n\n"
            known = (await event(stream))["id"]
            assert await stream.content.readuntil(b"\n\n") == b": nothing new\n\n"
        again = {"Last-Event-ID": known}
        async with client.get("/api/updates", headers=again) as stream:
            await stream.content.readuntil(b"\n\n")
            assert await stream.content.readuntil(b"\n\n") == b": nothing new\n\n"
            store.revision += 1
            await ticking.tick()
            assert (await event(stream))["id"] != known


async def test_a_store_that_is_away_is_said_and_its_return_too() -> None:
    store, ticking = SlowStore(), Ticking()
    async with serving(store, ticking) as client, client.get("/api/updates?client=a") as stream:
        first = await event(stream)
        store.away = True
        await ticking.tick()
        assert (await event(stream))["version"] is None
        store.away = False
        await ticking.tick()
        assert await event(stream) == first


async def test_a_reach_that_fails_is_asked_once_a_round_and_said_once() -> None:
    store, ticking = SlowStore(), Ticking()
    store.reach_away = True
    async with serving(store, ticking) as client, client.get("/api/updates?client=a") as stream:
        assert await stream.content.readuntil(b"\n\n") == b"retry: 2000\n\n"
        assert (await event(stream))["version"] is None
        for _ in range(5):
            await ticking.tick()
            assert await stream.content.readuntil(b"\n\n") == b": still away\n\n"
        reaches = [sql for sql in store.asked if "system.parts" not in sql]
        assert len(reaches) == 6
        assert len(store.asked) == 12
        store.reach_away = False
        await ticking.tick()
        assert (await event(stream))["version"] == "1"


async def test_nobody_looking_costs_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(updates_module, "HEARTBEAT_SECONDS", 0.02)
    store, ticking = SlowStore(), Ticking()
    async with serving(store, ticking) as client:
        async with client.get("/api/updates") as stream:
            await event(stream)
        updates = client.app[UPDATES]
        async with asyncio.timeout(10):
            while updates.open_streams:
                await asyncio.sleep(0.01)
        asked = len(store.asked)
        ticking.now += 10
        ticking.ticks.put_nowait(None)
        await asyncio.sleep(0)
        assert len(store.asked) == asked


async def test_a_stream_ends_so_that_the_right_to_it_is_checked_again() -> None:
    store, ticking = SlowStore(), Ticking()
    async with serving(store, ticking) as client, client.get("/api/updates") as stream:
        await event(stream)
        ticking.now += updates_module.STREAM_SECONDS
        store.revision += 1
        await ticking.tick()
        await event(stream)
        assert await stream.content.read() == b""


async def test_stopping_the_page_does_not_wait_for_open_streams() -> None:
    store, ticking = SlowStore(), Ticking()
    async with asyncio.timeout(5), serving(store, ticking) as client:
        stream = await client.get("/api/updates")
        await event(stream)


@pytest.mark.parametrize("client", ["a b", "x|y"])
async def test_an_impossible_client_company_is_refused(client: str) -> None:
    async with TestClient(TestServer(create_preview(SlowStore().run_query))) as page:
        answer = await page.get("/api/updates", params={"client": client})
        assert answer.status == 400


async def test_while_the_store_is_slow_what_does_not_need_it_is_there() -> None:
    store = SlowStore(open_=False)
    async with TestClient(TestServer(create_preview(store.run_query))) as page:
        panels = [
            asyncio.create_task(_read(page, f"/api/panel/{name}?client=lumina"))
            for name in ("nps", "drivers", "nps")
        ]
        async with asyncio.timeout(1):
            for path in ("/", "/api/panels", "/static/shell.js", "/api/status", "/calls"):
                assert (await page.get(path)).status == 200
        assert not any(panel.done() for panel in panels)
        store.open.set()
        assert [await panel for panel in panels] == [200] * 3
        assert len(store.asked) == len(set(store.asked)), "what two wait for is asked once"


async def _read(page: Asker, path: str) -> int:
    return (await page.get(path)).status


async def test_one_slow_query_does_not_hold_up_the_others() -> None:
    stuck = asyncio.Event()

    async def run_query(sql: str, _: Mapping[str, Any]) -> QueryResult:
        if sql == "slow":
            await stuck.wait()
        return QueryResult(["n"], [("1",)])

    reader = Reader(run_query, at_once=2)
    slow = asyncio.create_task(reader._read("slow", {}))
    async with asyncio.timeout(1):
        for number in range(5):
            await reader._read("quick", {"n": number})
    assert not slow.done()
    stuck.set()
    assert (await slow)["rows"] == [["1"]]


async def test_who_stops_waiting_does_not_stop_the_others() -> None:
    store = SlowStore(open_=False)
    reader = Reader(store.run_query)
    first, second = (asyncio.create_task(reader.revision()) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    store.open.set()
    assert await second == "1"
    assert len(store.asked) == 1


async def test_a_failure_is_everyones_who_waits_and_is_not_remembered() -> None:
    store = SlowStore()
    store.away = True
    reader = Reader(store.run_query)
    with pytest.raises(ConnectionError):
        await reader.revision()
    store.away = False
    assert await reader.revision() == "1"


async def test_a_servers_store_answers_several_queries_at_the_same_time() -> None:
    together = threading.Barrier(2, timeout=10)
    closed: list[int] = []

    class Client:
        def query(self, *_: object, **__: object) -> Any:
            together.wait()
            return type("Result", (), {"column_names": ["n"], "result_rows": [(1,)]})

        def close(self) -> None:
            closed.append(1)

    store = ClickHouseStore(lambda: cast("Any", Client()), readers=2)
    await asyncio.gather(store.query("SELECT 1"), store.query("SELECT 2"))
    await asyncio.to_thread(store.close)
    assert closed == [1, 1]
