"""The worker processes of the embedded stack: started together, asked how far they are, ended."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from infra.data_directory.processes import address_file, page_address, page_headers
from infra.embedded import processes as children
from infra.errors import InfraError
from infra.settings import Settings

WORKERS = ("transcriber", "analytics")
PARTITIONS = 4
"""Partitions of the embedded broker's topics; fixed, as the journal remembers partitions."""
PARENT_VARIABLE = "ASCOLTO_PARENT_PID"
CAUGHT_UP_PATH = "/caught-up"
"""Where the embedded stack says that every event is processed."""

_PREVIEW_PORT = 8765
_READY_SECONDS = 90.0
"""Longest silence of workers that start: a busy machine may take longer in all."""
_STOP_SECONDS = 20.0


class StackFailed(InfraError):
    """A part of the stack did not start, or ended; the message says which and where to look."""


class WorkerProcesses:
    """The workers of one stack."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self.url = ""
        """Of the page, once it is served."""

    @property
    def logs(self) -> Path:
        """Where the parts write their logs."""
        return self._settings.data_dir / "logs"

    def start(self, bootstrap: str, generation: int) -> None:
        """Start them on the broker there; returns when the page is served.

        Raises:
            StackFailed: one does not start.
        """
        for name in WORKERS:
            self._running[name] = self._start(name, bootstrap, generation)
        self.url = self._wait_for_pages()["analytics"]

    def end(self) -> None:
        """End them, cleanly where they are not stuck."""
        running, self._running = self._running, {}
        for process in running.values():
            process.terminate()
        for process in running.values():
            children.stop(process, patience=_STOP_SECONDS)

    def written(self) -> Iterator[tuple[str, int]]:
        """Places that they have written to, and the offsets after the last record.

        Raises:
            StackFailed: one has ended, or does not answer.
        """
        for name in WORKERS:
            url = page_address(self._settings.data_dir, name)
            status = self._status(name, url) if url is not None else None
            if status is None:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    self._running[name].wait(_STOP_SECONDS)
                self.check_alive()
                raise StackFailed(f"the {name} worker does not answer; see {self.logs}")
            yield from status["written"].items()

    def notify_caught_up(self) -> None:
        """Say that all events are processed.

        Raises:
            StackFailed: the analytics worker does not answer.
        """
        headers = page_headers(self._settings.data_dir, WORKERS[1])
        request = urllib.request.Request(  # noqa: S310 - a page of this machine
            f"{self.url}{CAUGHT_UP_PATH}", method="POST", headers=headers
        )
        try:
            urllib.request.urlopen(request, timeout=60).close()  # noqa: S310
        except (urllib.error.URLError, OSError) as error:
            raise StackFailed(f"the analytics worker does not answer; see {self.logs}") from error

    def check_alive(self) -> None:
        """Raise StackFailed where one has ended."""
        for name, process in self._running.items():
            if process.poll() is not None:
                raise StackFailed(
                    f"the {name} worker ended (exit code {process.returncode}); see "
                    f"{self.logs / (name + '.log')}; nothing is lost: start again"
                )

    def _start(self, name: str, bootstrap: str, generation: int) -> subprocess.Popen[bytes]:
        settings = self._settings.model_copy(
            update={
                "kafka": bootstrap,
                "kafka_security": "PLAINTEXT",
                "kafka_prefix": "",
                "embedded": True,
                "clickhouse_url": None,
                "partitions": PARTITIONS,
                "generation": generation,
                "status_port": self._settings.status_port or _PREVIEW_PORT,
            }
        )
        environment = {**settings.environment(), PARENT_VARIABLE: str(os.getpid())}
        address_file(settings.data_dir, name).unlink(missing_ok=True)
        command = [sys.executable, "-m", "infra.cli.main", "run", name]
        return children.start(command, self.logs / f"{name}.log", environment)

    def _wait_for_pages(self) -> dict[str, str]:
        grown, moved = self._log_sizes(), time.monotonic()
        found: dict[str, str] = {}
        while len(found) < len(WORKERS):
            self.check_alive()
            if self._log_sizes() != grown:
                grown, moved = self._log_sizes(), time.monotonic()
            if time.monotonic() > moved + _READY_SECONDS:
                raise StackFailed(f"the workers do not start; see {self.logs}")
            for name in WORKERS:
                url = page_address(self._settings.data_dir, name)
                if url is not None and self._status(name, url) is not None:
                    found[name] = url
            time.sleep(0.05)
        return found

    def _log_sizes(self) -> list[int]:
        return [file.stat().st_size for file in sorted(self.logs.glob("*.log"))]

    def _status(self, name: str, url: str) -> dict[str, Any] | None:
        headers = page_headers(self._settings.data_dir, name)
        try:
            request = urllib.request.Request(f"{url}/status", headers=headers)  # noqa: S310
            with urllib.request.urlopen(request, timeout=30) as response:  # noqa: S310
                status: dict[str, Any] = json.load(response)
                return status
        except (urllib.error.URLError, OSError, ValueError):
            return None
