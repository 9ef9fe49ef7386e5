"""A process with its children: what they use, and that they do nothing while held still."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

from infra.lab.benchmarks.pipeline.process_tree import cpu_seconds, held_still, processes
from tests.waiting import wait_for

pytestmark = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="processor time is read from /proc"
)

_PARENT = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'while True: pass'])"


@pytest.fixture
def parent() -> Iterator[subprocess.Popen[bytes]]:
    """A process that waits for a child, which uses what it gets."""
    process = subprocess.Popen([sys.executable, "-c", _PARENT])
    wait_for(lambda: len(processes(process.pid)) == 2, lambda: processes(process.pid), still=30)
    pids = processes(process.pid)
    yield process
    for pid in reversed(pids):
        subprocess.run(["kill", "-9", str(pid)], check=False)
    process.wait()


def used(process: subprocess.Popen[bytes]) -> float:
    seconds = cpu_seconds(process.pid)
    assert seconds is not None
    return seconds


def test_a_childs_time_counts(parent: subprocess.Popen[bytes]) -> None:
    before = used(parent)
    wait_for(lambda: used(parent) > before + 0.2, lambda: used(parent), still=60)


def test_processes_held_still_use_nothing_and_go_on_afterwards(
    parent: subprocess.Popen[bytes],
) -> None:
    with held_still(processes(parent.pid)):
        before = used(parent)
        time.sleep(0.3)
        assert used(parent) <= before + 0.02
    wait_for(lambda: used(parent) > before + 0.2, lambda: used(parent), still=60)
