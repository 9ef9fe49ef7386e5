"""Several workers of each role on one Kafka and one store, and what may happen to them."""

from __future__ import annotations

import signal
import time
from dataclasses import dataclass

from tests.infra.served_store import ServedStore
from tests.kafka.workers import SESSION_SECONDS, Installation


@dataclass
class ManyWorkers(Installation):
    """An installation whose store is a server, so that several analytics workers share it."""

    _store: ServedStore | None = None

    def environment(self, name: str = "analytics") -> dict[str, str]:
        """As a team would set them: each worker has a directory of its own."""
        return {
            **super().environment(name),
            "ASCOLTO_DATA_DIR": str(self.folder / f"{name}-data"),
            "ASCOLTO_CLICKHOUSE_URL": f"{self.store.address}/default?compress=false",
            "ASCOLTO_STATUS_PORT": "0",
        }

    @property
    def store(self) -> ServedStore:
        """The store that they share."""
        if self._store is None:
            self._store = ServedStore(self.data_dir / "store")
        return self._store

    def open_store(self) -> None:
        """Start the store, and make its tables."""
        self.store.start()
        code, _, messages = self.ascolto("admin", "migrate")
        assert code == 0, messages

    def stop(self) -> None:
        """End everything."""
        super().stop()
        self.store.stop()

    def leave(self, name: str) -> None:
        """Have a worker end in order, as a rolling update does."""
        process = self.workers.pop(name)
        process.terminate()
        assert process.wait(60) == 0, self.log(name)[-3000:]

    def freeze(self, name: str) -> None:
        """Stop a worker in the midst of what it does; its group gives its partitions away."""
        self.workers[name].send_signal(signal.SIGSTOP)

    def thaw(self, name: str) -> None:
        """Let it go on: it does not know that it was away."""
        self.workers[name].send_signal(signal.SIGCONT)

    def outlast_session(self) -> None:
        """Wait until a frozen worker's partitions are another's."""
        time.sleep(2 * SESSION_SECONDS)
