"""Writes a load to the broker, all at once: by the peers' writer, the same for everybody."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

from infra.errors import InfraError
from infra.lab.benchmarks.pipeline.load import Message
from infra.lab.benchmarks.pipeline.peers import IMPORTS, peer_command


class NotWritten(InfraError):
    """The events could not be written to the broker."""


class Writer:
    """Has read its messages, and waits for the word to write them."""

    def __init__(self, bootstrap: str, messages: Sequence[Message], file: Path) -> None:
        with file.open("w", encoding="utf-8") as lines:
            lines.writelines(json.dumps(message) + "\n" for message in messages)
        self._process = subprocess.Popen(  # noqa: S603 - our own command
            peer_command("writer", bootstrap, str(file)),
            env={**os.environ, **IMPORTS},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._expect("ready")

    def write(self) -> float:
        """Write everything; returns the seconds until the broker had acknowledged all.

        Raises:
            NotWritten: it has not.
        """
        began = time.monotonic()
        assert self._process.stdin is not None
        self._process.stdin.write("go\n")
        self._process.stdin.flush()
        self._expect("written")
        self._process.wait()
        return time.monotonic() - began

    def _expect(self, word: str) -> None:
        assert self._process.stdout is not None
        if self._process.stdout.readline().strip() != word:
            self._process.kill()
            raise NotWritten(f"the writer ended with {self._process.wait()} before '{word}'")
