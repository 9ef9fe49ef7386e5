"""`python -m infra.lab.benchmarks [PART ...] [--json] [--latest FILE]`: measure on this machine."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from infra.errors import InfraError
from infra.lab.benchmarks.crosstalk import crosstalk
from infra.lab.benchmarks.figures import Bench, Figure, machine, machine_name
from infra.lab.benchmarks.latest import update
from infra.lab.benchmarks.long_call import long_call
from infra.lab.benchmarks.panels.percentiles import panels
from infra.lab.benchmarks.pipeline.events import events
from infra.lab.benchmarks.pipeline.latency import latency
from infra.lab.benchmarks.pipeline.stack_runs import demo, restart
from infra.lab.benchmarks.scoring import scoring
from infra.lab.benchmarks.transcription import transcription

BENCHES: Mapping[str, Bench] = {
    "transcription": transcription,
    "scoring": scoring,
    "long_call": long_call,
    "crosstalk": crosstalk,
    "events": events,
    "latency": latency,
    "panels": panels,
    "restart": restart,
    "demo": demo,
}
"""Every bench by its name; a new one is a line here."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benches named, or all of them; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m infra.lab.benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="PART", help=", ".join(BENCHES))
    parser.add_argument("--json", action="store_true", help="one JSON object at the end")
    parser.add_argument("--latest", type=Path, help="file of the last figures, to be updated")
    given = parser.parse_args(arguments)
    unknown = set(given.names) - set(BENCHES)
    if unknown:
        parser.error(f"there is no bench {', '.join(sorted(unknown))}; of {', '.join(BENCHES)}")
    where = machine()
    called = machine_name(where)
    if not given.json:
        print(*(f"{name}: {value}" for name, value in where.items()), sep="\n")
    measured: dict[str, dict[str, float]] = {}
    for name in given.names or BENCHES:
        print(f"measuring {name} ...", file=sys.stderr)
        try:
            measured[name] = _measure(name, shown=not given.json)
        except InfraError as error:
            print(f"{name}: {error}", file=sys.stderr)
            return 1
        if given.latest is not None:
            placed = {f"{name}.{figure}": value for figure, value in measured[name].items()}
            update(given.latest, called, datetime.now(UTC), placed)
    if given.json:
        print(json.dumps({"machine": where, "figures": measured}))
    return 0


def _measure(name: str, *, shown: bool) -> dict[str, float]:
    """The figures of one bench, each printed as it comes."""
    values = {}
    for figure in BENCHES[name]():
        values[figure.name] = figure.value
        if shown:
            print(_line(name, figure), flush=True)
    return values


def _line(bench: str, figure: Figure) -> str:
    value = f"{figure.value:.3f}".rstrip("0").rstrip(".")
    bar = f"  ({figure.bar})" if figure.bar else ""
    return f"{f'{bench}.{figure.name}':32} {value:>9} {figure.unit}{bar}"


if __name__ == "__main__":
    sys.exit(main())
