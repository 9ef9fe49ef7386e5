"""Whole runs of the embedded stack: what a restart takes of the first run, and the demo's time."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from infra.errors import InfraError
from infra.lab.benchmarks.figures import Figure
from infra.lab.benchmarks.pipeline.size import size
from infra.simulation import SimulationSettings, encode, simulate

RESTART_EVENTS = 30_000


class StackRunFailed(InfraError):
    """A run of the stack ended with an error; the message quotes what it printed."""


def restart() -> Iterator[Figure]:
    """Processor seconds of a stack that takes events in, and of one that starts on its journal.

    Both to the end, when all is processed; starting the workers is part of either.
    """
    events = size("BENCH_RESTART_EVENTS", RESTART_EVENTS)
    with tempfile.TemporaryDirectory() as directory:
        folder = Path(directory)
        file = folder / "events.jsonl"
        lines = map(encode, simulate(SimulationSettings(calls=events, audio=False)))
        with file.open("wb") as out:
            out.writelines(line + b"\n" for line in islice(lines, events))
        command = ["run", "all", "--exit", "--data-dir", str(folder / "data"), "--json"]
        first, _ = _run([*command, "--events", str(file)], folder)
        again, _ = _run(command, folder)
    yield Figure("events", events)
    yield Figure("first_run_cpu", first, "s")
    yield Figure("restart_cpu", again, "s")
    yield Figure("to_first_run_cpu", again / first, "", "at most 0.25")


def demo() -> Iterator[Figure]:
    """Seconds of the demo until all of its events are processed, and processor seconds."""
    with tempfile.TemporaryDirectory() as directory:
        folder = Path(directory)
        command = ["demo", "--exit", "--json", "--data-dir", str(folder / "data")]
        cpu, summary = _run(command, folder)
    yield Figure("seconds", json.loads(summary)["seconds"], "s", "below 90 on two idle cores")
    yield Figure("cpu", cpu, "s")


def _run(arguments: list[str], folder: Path) -> tuple[float, str]:
    """Run `ascolto`; returns processor seconds, its children's too, and the last line printed.

    Raises:
        StackRunFailed: it ended with an error.
    """
    command = [sys.executable, "-m", "infra.cli.main", *arguments]
    with (folder / "out").open("w+b") as out, (folder / "log").open("w+b") as log:
        child = subprocess.Popen(command, stdout=out, stderr=log)  # noqa: S603
        _, status, used = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode:
            log.seek(0)
            text = log.read().decode(errors="replace")[-2000:]
            raise StackRunFailed(f"ascolto {' '.join(arguments[:2])} failed: {text}")
        out.seek(0)
        lines = out.read().decode().splitlines()
    return used.ru_utime + used.ru_stime, lines[-1]
