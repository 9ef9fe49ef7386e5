"""ClickHouse's engine behind its HTTP interface, in a process of its own."""

from __future__ import annotations

import subprocess
import sys
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path

from infra.embedded import processes as children
from tests.kafka.ports import new_port
from tests.waiting import wait_for


@dataclass
class ServedStore:
    """A store in `directory`, served on a port of its own while it runs."""

    directory: Path
    port: int = field(default_factory=new_port)
    _process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it; returns when it answers."""
        self.directory.parent.mkdir(parents=True, exist_ok=True)
        log = self.directory.parent / "store-server.log"
        command = [sys.executable, "-m", "tests.infra.store_server"]
        self._process = children.start([*command, str(self.directory), str(self.port)], log)
        wait_for(self._answers, lambda: log.stat().st_size, still=60, details=log.read_text)

    def stop(self) -> None:
        """End it, so that its directory can be opened elsewhere."""
        if self._process is not None:
            children.stop(self._process, patience=20.0)
            self._process = None

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(self.address, b"SELECT 1") as got:
                return bool(got.read())
        except OSError:
            return False
