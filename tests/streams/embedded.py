"""The workers on the embedded broker, as production starts them on Kafka."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar

from infra.data_directory.processes import page_address
from infra.embedded.broker import EmbeddedBroker
from schemas.topics import CALL_TRANSCRIBED
from tests.kafka.workers import GROUPS, Groups, Installation


class EmbeddedInstallation(Installation):
    """The workers with the settings of the embedded stack."""

    skips = ""
    """Batches that cannot be read and are to be skipped."""
    groups: ClassVar[Groups] = GROUPS | {CALL_TRANSCRIBED.name: ("ascolto-analytics",)}

    def environment(self, name: str = "analytics") -> dict[str, str]:
        """As the embedded stack sets them."""
        return {
            **super().environment(name),
            "ASCOLTO_EMBEDDED": "1",
            "ASCOLTO_SKIP_UNREADABLE": self.skips,
        }

    def counts(self, worker: str = "analytics") -> dict[str, int]:
        """What a worker has counted."""
        url = page_address(Path(self.environment(worker)["ASCOLTO_DATA_DIR"]), worker)
        if url is None:
            return {}
        try:
            with urllib.request.urlopen(f"{url}/status", timeout=30) as response:
                status: dict[str, Any] = json.load(response)
        except OSError:
            return {}
        return dict(status["counts"])


@contextmanager
def embedded(folder: Path) -> Iterator[EmbeddedInstallation]:
    """A broker and an installation with its topics, and no worker yet."""
    broker = EmbeddedBroker(folder / "broker.log")
    broker.start()
    installation = EmbeddedInstallation(broker.bootstrap, folder)
    try:
        installation.make_topics()
        yield installation
    finally:
        installation.stop()
        broker.stop()
