"""What a peer is started with: `python -m tests.benchmarks.peers.NAME BOOTSTRAP DIRECTORY`."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path

CHANGELOGS = {"peer-customers-changelog": "customers", "peer-days-changelog": "days"}
"""Topics of the states, and the states' names; the harness makes them, as for all peers."""


@dataclass(frozen=True)
class Arguments:
    """The broker, where the store is, and the key of the customers' pseudonyms."""

    bootstrap: str
    data_dir: Path
    pseudonym_key: bytes
    partitions: int
    group: str = "peer"


def arguments() -> Arguments:
    """The arguments of this process; the key and the partitions are Ascolto's own settings."""
    bootstrap, data_dir = sys.argv[1:3]
    return Arguments(
        bootstrap,
        Path(data_dir),
        os.environ["ASCOLTO_PSEUDONYM_KEY"].encode(),
        int(os.environ["ASCOLTO_PARTITIONS"]),
    )
