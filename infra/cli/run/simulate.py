"""`ascolto simulate`: writes the simulated events, one JSON object a line."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from infra.simulation import SimulationSettings


def simulate_to(out: TextIO, settings: SimulationSettings, truth_file: Path | None) -> int:
    """Write the events of `settings` to `out`, and their truth to `truth_file` where given.

    Returns the number of lines written. Progress is shown on standard error when that is a
    terminal. A reader that goes away (as `head` does) ends the writing quietly.
    """
    from rich.console import Console
    from rich.progress import MofNCompleteColumn, Progress, SpinnerColumn, TextColumn

    from infra.simulation import encode, simulate, truth

    if truth_file is not None:
        text = json.dumps(truth(settings), indent=2, ensure_ascii=False)
        truth_file.write_text(f"{text}\n", encoding="utf-8")
    written = 0
    columns = (SpinnerColumn(), TextColumn("{task.description}"), MofNCompleteColumn())
    console = Console(stderr=True)
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        task = progress.add_task("events", total=None)
        try:
            for event in simulate(settings):
                out.write(f"{encode(event).decode()}\n")
                written += 1
                if written % 500 == 0:
                    progress.update(task, completed=written)
            out.flush()
        except BrokenPipeError:
            _silence(out)
        progress.update(task, completed=written, total=written)
    return written


def _silence(out: TextIO) -> None:
    """Keep the interpreter from reporting the closed pipe again when it flushes at exit."""
    if out is sys.stdout:
        os.dup2(os.open(os.devnull, os.O_WRONLY), out.fileno())
