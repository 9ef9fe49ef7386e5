"""`docs/benchmarks/latest.json`: the last figures of each part, in a form that others can read.

Its form is fixed; a part that was not measured on this machine is null. Figures of another machine
are not kept beside those of this one.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from infra.lab.benchmarks.figures import SHARED
from infra.lab.benchmarks.pipeline.contenders import NAMES

_ANY = "*"
_SPREAD = ("min", "median", "max")


def _percentiles(name: str) -> dict[str, str]:
    return {percentile: f"{name}.{percentile}" for percentile in ("p50", "p99")}


FORM: Mapping[str, Any] = {
    "events": {
        **{
            name: {"per_second": [f"events.{name}.per_second.{each}" for each in _SPREAD]}
            for name in NAMES
        },
        "workers_2_to_1": "events.workers_2_to_1",
    },
    "scoring": {"distinct_turns_per_second": "scoring.distinct_turns_median"},
    "latency": {
        "row": _percentiles("latency.row"),
        "figures": _percentiles("latency.figures"),
    },
    "transcription": {
        "times_plain": "transcription.demo.ratio",
        "wer": "transcription.demo.wer",
        "wer_plain": "transcription.demo.plain_wer",
    },
    "panels": {size: {"p95_ms": f"panels.{size}.p95_ms.*"} for size in ("1m", "10m")},
    "restart_to_first_run_cpu": "restart.to_first_run_cpu",
    "demo_seconds": "demo.seconds",
}
"""The file's form; in the places of figures, `bench.figure`, or all that begin alike."""


def update(file: Path, machine: str, at: datetime, measured: Mapping[str, float]) -> None:
    """Put figures in their places in `file`, and leave the others of the same machine.

    Args:
        file: made where it is missing.
        machine: its name, for people.
        at: when the figures were measured.
        measured: values by `bench.figure`, written with four digits; those that have no place in
            the form are left out.
    """
    measured = {name: float(f"{value:.4g}") for name, value in measured.items()}
    before: dict[str, Any] = json.loads(file.read_text("utf-8")) if file.is_file() else {}
    if _bare(before.get("machine")) != _bare(machine):
        before = {}
    filled = {part: _filled(form, before.get(part), measured) for part, form in FORM.items()}
    head = {"machine": machine, "at": at.isoformat(timespec="seconds")}
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(head | filled, indent=2) + "\n", "utf-8")


def _filled(form: Any, before: Any, measured: Mapping[str, float]) -> Any:
    """`form` with values in the places of figures' names; null where all of it is."""
    if isinstance(form, str):
        if not form.endswith(_ANY):
            return measured.get(form, before)
        start = form.removesuffix(_ANY)
        return {
            name.removeprefix(start): value
            for name, value in measured.items()
            if name.startswith(start)
        } or before
    if isinstance(form, list):
        row = before if isinstance(before, list) else [None] * len(form)
        values = [_filled(*each, measured) for each in zip(form, row, strict=True)]
        return values if any(value is not None for value in values) else None
    old = before if isinstance(before, dict) else {}
    named = {name: _filled(each, old.get(name), measured) for name, each in form.items()}
    return named if any(value is not None for value in named.values()) else None


def _bare(machine: str | None) -> str | None:
    return None if machine is None else machine.removesuffix(SHARED)
