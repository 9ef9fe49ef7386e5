"""The peers' job with quixstreams: one dataframe of all topics, state in RocksDB, a sink.

At least once: a checkpoint writes the sink's rows, then the changelogs, then the offsets. All
states of a partition are under one key, as otherwise payments, keyed by customer, and calls, keyed
by the customer's pseudonym, would meet only after a detour through another topic.
"""

from __future__ import annotations

from typing import Any

import orjson
from quixstreams import Application, State, message_context
from quixstreams.models import Deserializer
from quixstreams.sinks import BaseSink
from quixstreams.state.rocksdb import RocksDBOptions

from tests.benchmarks.peers.arguments import arguments
from tests.benchmarks.peers.job import TOPICS, Batch, Row, Sums
from tests.benchmarks.peers.store import PeerStore

_COMMIT_SECONDS = 0.5
_COMMIT_EVENTS = 4_000


class OneKey(Deserializer):
    """Reads every key as the same one."""

    def __call__(self, *_: Any, **__: Any) -> bytes:
        """The key."""
        return b"*"


class Rows(BaseSink):
    """Writes a checkpoint's rows in one insert a table; of a sum only the last state."""

    def __init__(self, store: PeerStore) -> None:
        super().__init__()
        self._store = store
        self._calls: list[Row] = []
        self._hours: dict[tuple[str, str], Sums] = {}

    def add(self, value: Batch, *_: Any, **__: Any) -> None:
        """Take what an event changed."""
        self._calls += value.calls
        self._hours |= value.hours

    def flush(self) -> None:
        """Insert; the checkpoint commits afterwards."""
        calls, self._calls = self._calls, []
        hours, self._hours = self._hours, {}
        self._store.write(calls, hours)


def main() -> None:
    """Work until SIGTERM."""
    given = arguments()
    app = Application(
        given.bootstrap,
        consumer_group=given.group,
        auto_offset_reset="earliest",
        commit_interval=_COMMIT_SECONDS,
        commit_every=_COMMIT_EVENTS,
        state_dir=given.data_dir / "state",
        rocksdb_options=RocksDBOptions(dumps=orjson.dumps, loads=orjson.loads),
        consumer_extra_config={"session.timeout.ms": 10_000},
        consumer_poll_timeout=0.1,
        loglevel="WARNING",
    )
    frames = [
        app.dataframe(app.topic(name, key_deserializer=OneKey(), value_deserializer="bytes"))
        for name in TOPICS
    ]
    frame = frames[0]
    for other in frames[1:]:
        frame = frame.concat(other)

    def take(value: bytes, state: State) -> Batch:
        context = message_context()
        batch = Batch(state.get, state.get, given.pseudonym_key)
        batch.take(context.topic, context.partition, value)
        for key, changed in (*batch.customers.items(), *batch.days.items()):
            state.set(key, changed)
        return batch

    frame.apply(take, stateful=True).sink(Rows(PeerStore(given.data_dir)))
    app.run()


if __name__ == "__main__":
    main()
