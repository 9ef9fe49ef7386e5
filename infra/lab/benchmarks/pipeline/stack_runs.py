"""Whole runs of the embedded stack: what a restart takes of the first run, and the demo's time."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from infra.data_directory.processes import address_file
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
        first = _run([*command, "--events", str(file)], folder)
        again = _run(command, folder)
        # Other settings of alerts: all figures are derived again, from the scores that were given.
        whole = _run(command, folder, ASCOLTO_ALERTS='{"nobody": {"silence_days": 3}}')
    yield Figure("events", events)
    yield Figure("first_run_cpu", first.cpu, "s")
    yield Figure("restart_cpu", again.cpu, "s")
    yield Figure("to_first_run_cpu", again.cpu / first.cpu, "", "at most 0.25")
    yield Figure("first_run_late", first.late, "events")
    yield Figure("page", again.page, "s", "at most 5 on two idle cores")
    yield Figure("whole_journal_cpu", whole.cpu, "s")
    yield Figure("whole_journal_to_first_run_cpu", whole.cpu / first.cpu)
    yield Figure("whole_journal_late", whole.late, "events")
    yield Figure("scored_again", again.scored + whole.scored, "calls", "0")


def demo() -> Iterator[Figure]:
    """Seconds of the demo until all of its events are processed, and processor seconds."""
    with tempfile.TemporaryDirectory() as directory:
        folder = Path(directory)
        command = ["demo", "--exit", "--json", "--data-dir", str(folder / "data")]
        run = _run(command, folder)
    yield Figure("seconds", json.loads(run.printed)["seconds"], "s", "below 90 on two idle cores")
    yield Figure("first_figures", run.figures, "s", "at most 15 on two idle cores")
    yield Figure("cpu", run.cpu, "s")


class _Run(NamedTuple):
    """What a run took and printed."""

    cpu: float
    """Processor seconds, its children's too."""
    page: float
    """Seconds until the page answered."""
    figures: float
    """Seconds until it had figures of a client company."""
    late: int
    """Events that came late, as far as the worker had counted shortly before the end."""
    scored: int
    """Calls that were scored, likewise."""
    printed: str
    """Its last line."""


def _run(arguments: list[str], folder: Path, **environment: str) -> _Run:
    """Run `ascolto` with the data directory `data` in `folder`, to its end.

    Raises:
        StackRunFailed: it ended with an error.
    """
    command = [sys.executable, "-m", "infra.cli.main", *arguments]
    with (folder / "out").open("w+b") as out, (folder / "log").open("w+b") as log:
        note = address_file(folder / "data", "analytics")
        note.unlink(missing_ok=True)
        page = _Page(note)
        child = subprocess.Popen(  # noqa: S603
            command, stdout=out, stderr=log, env={**os.environ, **environment}
        )
        page.start()
        _, status, used = os.wait4(child.pid, 0)
        page.ends.set()
        page.join()
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode:
            log.seek(0)
            text = log.read().decode(errors="replace")[-2000:]
            raise StackRunFailed(f"ascolto {' '.join(arguments[:2])} failed: {text}")
        out.seek(0)
        lines = out.read().decode().splitlines()
    cpu = used.ru_utime + used.ru_stime
    late, scored = page.counts.get("late_events", 0), page.counts.get("calls_scored", 0)
    return _Run(cpu, page.answered, page.had_figures, late, scored, lines[-1])


class _Page(threading.Thread):
    """Asks a stack's page, from its start until `ends` is set."""

    def __init__(self, note: Path) -> None:
        """`note` is the file with its address."""
        super().__init__(daemon=True)
        self._note = note
        self.ends = threading.Event()
        self.answered = math.nan
        self.had_figures = math.nan
        self.counts: dict[str, int] = {}

    def run(self) -> None:
        """Ask ten times a second until there are figures, then once in two seconds."""
        began = time.monotonic()
        while not self.ends.wait(0.1 if math.isnan(self.had_figures) else 2.0):
            status, clients = self._asked("status"), self._asked("api/clients")
            if status is None or clients is None:
                continue
            self.counts = status["counts"]
            now = time.monotonic() - began
            self.answered = now if math.isnan(self.answered) else self.answered
            if clients["clients"] and math.isnan(self.had_figures):
                self.had_figures = now

    def _asked(self, what: str) -> dict[str, Any] | None:
        """What the page answers; None while it does not."""
        try:
            url = json.loads(self._note.read_text(encoding="utf-8"))["url"]
            with urllib.request.urlopen(f"{url}/{what}", timeout=10) as answer:  # noqa: S310
                found: dict[str, Any] = json.load(answer)
                return found
        except (OSError, ValueError, KeyError):
            return None
