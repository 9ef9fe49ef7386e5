"""The bench of the panels, small: each panel shows rows of both stores and is timed."""

from __future__ import annotations

import json
import os
import sys
from itertools import product

from dashboards.panels import OVERVIEW
from tests.waiting import completed

SMALL = {
    "BENCH_PANELS_CALLS": "1000",
    "BENCH_PANELS_DAYS": "36",
    "BENCH_PANELS_ROUNDS": "1",
    "BENCH_PANELS_APART": "7",
}


def test_every_panel_is_timed_on_both_stores() -> None:
    command = [sys.executable, "-m", "infra.lab.benchmarks", "panels", "--json"]
    done = completed(command, env={**os.environ, **SMALL})
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)["figures"]["panels"]
    sizes = ("1k", "10k")
    kinds = [f"{cpu}{least}p95_ms" for cpu, least in product(("", "cpu_"), ("", "least_"))]
    names = {f"{s}.{k}.{panel.id}" for s, k, panel in product(sizes, kinds, OVERVIEW)}
    names |= {f"{size}.queries" for size in sizes}
    names |= {f"cpu_ratio.{panel.id}" for panel in OVERVIEW}
    assert set(found) == names
    assert min(found.values()) > 0
    assert found["1k.queries"] == found["10k.queries"] == 7
