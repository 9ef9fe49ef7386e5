"""What a bench measures, and the machine it was measured on."""

from __future__ import annotations

import os
import platform
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured figure; `bar` says in words what it should be, where that is decided."""

    name: str
    value: float
    unit: str = ""
    bar: str = ""


Bench = Callable[[], Iterator[Figure]]
"""Measures, and yields each figure as soon as it is known."""


Machine = Mapping[str, str | int | float]


BUSY_LOAD = 0.5
"""Load of a machine, before anything is measured, from which others are at work on it."""
SHARED = ", shared with other jobs"


def machine() -> dict[str, str | int | float]:
    """The machine: figures of speed mean nothing without."""
    return {
        "processor": _processor(),
        "cores": os.cpu_count() or 0,
        "memory_gib": _memory(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "load": round(os.getloadavg()[0], 2),
    }


def machine_name(where: Machine) -> str:
    """The machine in words, and whether others were at work on it."""
    processor = re.sub(r"\((R|TM)\)|\s+(Processor|CPU)\b.*", "", str(where["processor"]))
    name = f"{where['cores']} cores of an {processor}, {where['memory_gib']} GB"
    return name + (SHARED if float(where["load"]) > BUSY_LOAD else "")


def _memory() -> int:
    return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30)


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        return platform.processor() or "unknown"
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, platform.processor() or "unknown")
