"""Several workers of each role on one Kafka and one store, and what may happen to them."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path

from infra.embedded import processes as children
from tests.kafka.ports import new_port
from tests.kafka.workers import SESSION_SECONDS, Installation
from tests.waiting import wait_for


@dataclass
class ManyWorkers(Installation):
    """An installation whose store is a server, so that several analytics workers share it."""

    store_port: int = field(default_factory=new_port)
    _server: subprocess.Popen[bytes] | None = None

    def environment(self, name: str = "analytics") -> dict[str, str]:
        """As a team would set them: each worker has a directory of its own."""
        return {
            **super().environment(name),
            "ASCOLTO_DATA_DIR": str(self.folder / f"{name}-data"),
            "ASCOLTO_CLICKHOUSE_URL": f"http://127.0.0.1:{self.store_port}/default?compress=false",
            "ASCOLTO_STATUS_PORT": "0",
        }

    def open_store(self) -> None:
        """Start the store, and make its tables."""
        self.data_dir.mkdir(parents=True)
        command = [sys.executable, "-m", "tests.kafka.store_server"]
        command += [str(self.data_dir / "store"), str(self.store_port)]
        self._server = children.start(command, self.folder / "store.log")
        wait_for(self._answers, lambda: (self.folder / "store.log").stat().st_size, still=60)
        code, _, messages = self.ascolto("admin", "migrate")
        assert code == 0, messages

    def close_store(self) -> None:
        """End the store, so that it can be read in process."""
        if self._server is not None:
            children.stop(self._server, patience=20.0)
            self._server = None

    def stop(self) -> None:
        """End everything."""
        super().stop()
        self.close_store()

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

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.store_port}", b"SELECT 1") as got:
                return bool(got.read())
        except OSError:
            return False


def logs_of(folder: Path) -> str:
    """What all workers have logged, for a failure."""
    return "\n".join(file.read_text()[-2000:] for file in sorted(folder.glob("*.log")))
