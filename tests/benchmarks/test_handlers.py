"""The benchmark of the handlers runs, and stores what its events add up to."""

from __future__ import annotations

import subprocess
import sys


def test_the_handlers_store_what_the_events_add_up_to() -> None:
    """In a process of its own: the engine serves one store a process."""
    command = [sys.executable, "-m", "tests.benchmarks.handlers", "240", "120"]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    assert "digest" in run.stdout
    assert "link" in run.stdout
