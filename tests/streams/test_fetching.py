"""From Kafka to the agents and back to its offsets: nothing is passed over, nothing too early."""

from __future__ import annotations

import asyncio
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer
from faust.types import TP

from infra.settings import Settings
from streams.runtime.app import FETCHES_WAITING, build_app
from streams.transport.consumer import FETCH_WAIT_MS
from streams.transport.fetched import Fetched
from streams.transport.reached import Reached, Undelivered
from tests.waiting import until

PLACE = TP("t", 0)
READERS = {"t": {"a", "b"}}


def assignment() -> Any:
    return SimpleNamespace(active=True)


def fetched(under: Any, begin: int | None, end: int) -> Fetched:
    first = end - 2 if begin is None else begin
    records = [SimpleNamespace(offset=offset) for offset in range(first, end)]
    return Fetched(PLACE, records, under, begin, end)


def test_what_all_readers_are_done_with_is_committed() -> None:
    reached, under = Reached(), assignment()
    first, second = fetched(under, None, 12), fetched(under, 12, 20)
    reached.done("a", first, 12)
    assert reached.committable(READERS) == {}, "b has not begun"
    reached.done("b", first, 11)
    reached.done("a", second, 20)
    assert reached.committable(READERS) == {PLACE: 11}
    reached.done("b", first, 12)
    reached.done("b", second, 15)
    assert reached.committable(READERS) == {PLACE: 15}


def test_no_offset_moves_over_records_that_an_agent_never_got() -> None:
    reached, under = Reached(), assignment()
    for agent in ("a", "b"):
        reached.done(agent, fetched(under, None, 12), 12)
    with pytest.raises(Undelivered, match="t/0: a is done up to 12, and was given what follows 20"):
        reached.done("a", fetched(under, 20, 25), 25)
    with pytest.raises(Undelivered):
        Reached().done("a", fetched(under, 20, 25), 25)
    assert reached.committable(READERS) == {PLACE: 12}


def test_each_assignment_begins_again() -> None:
    reached, before = Reached(), assignment()
    for agent in ("a", "b"):
        reached.done(agent, fetched(before, None, 12), 12)
    before.active = False
    after = assignment()
    reached.done("a", fetched(before, 12, 20), 20)
    assert reached.committable(READERS) == {PLACE: 12}
    reached.done("a", fetched(after, None, 10), 10)
    assert reached.assignment is after
    assert reached.committable(READERS) == {}


@pytest.mark.parametrize("moved", [False, True])
async def test_what_a_rebalance_overtakes_waits_until_the_agents_take_events(
    tmp_path: Path, moved: bool
) -> None:
    """Its records are of the new assignment already, and would not be fetched again."""
    consumer: Any = build_app("suite", Settings(data_dir=tmp_path, embedded=True)).consumer
    under = assignment()
    waiting = [[fetched(under, None, 12)]]
    delivered: list[Fetched] = []

    async def next_records(**_: object) -> Any:
        if not waiting:
            await asyncio.Event().wait()
        return waiting.pop(), None

    async def callback(message: Any) -> None:
        delivered.append(message.value)

    consumer._wait_next_records, consumer.callback = next_records, callback
    consumer.stop_flow()
    fetcher = SimpleNamespace(should_stop=False)
    draining = asyncio.create_task(consumer._drain_messages(fetcher))
    await until(lambda: not waiting)
    for _ in range(20):
        await asyncio.sleep(0)
    assert delivered == []
    under.active = not moved
    consumer.resume_flow()
    if moved:
        for _ in range(20):
            await asyncio.sleep(0)
    else:
        await until(lambda: delivered)
    assert len(delivered) == (0 if moved else 1)
    draining.cancel()


def test_few_fetches_wait_for_an_agent(tmp_path: Path) -> None:
    """Each may hold thousands of records."""
    app = build_app("suite", Settings(data_dir=tmp_path, embedded=True))
    assert app.conf.stream_buffer_maxsize == FETCHES_WAITING <= 64


async def test_a_fetch_that_finds_nothing_is_answered_soon(tmp_path: Path) -> None:
    """What is written meanwhile waits for that on the embedded broker."""
    assert "_fetch_max_wait_ms" in vars(AIOKafkaConsumer()), "the client's own name for it"
    consumer: Any = build_app("suite", Settings(data_dir=tmp_path, embedded=True)).consumer
    thread = consumer._new_consumer_thread()
    made = thread._create_consumer(loop=asyncio.get_running_loop())
    assert made._fetch_max_wait_ms == FETCH_WAIT_MS <= 200
