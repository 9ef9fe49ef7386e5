"""`python -m infra.lab.benchmarks [NAME ...] [--json]`: measure, and say on which machine."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence

from infra.lab.benchmarks.crosstalk import crosstalk
from infra.lab.benchmarks.figures import Bench, Figure, machine
from infra.lab.benchmarks.long_call import long_call
from infra.lab.benchmarks.scoring import scoring
from infra.lab.benchmarks.transcription import transcription

BENCHES: Mapping[str, Bench] = {
    "transcription": transcription,
    "scoring": scoring,
    "long_call": long_call,
    "crosstalk": crosstalk,
}
"""Every bench by its name; a new one is a line here."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benches named, or all of them; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m infra.lab.benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(BENCHES))
    parser.add_argument("--json", action="store_true", help="one JSON object at the end")
    given = parser.parse_args(arguments)
    unknown = set(given.names) - set(BENCHES)
    if unknown:
        parser.error(f"there is no bench {', '.join(sorted(unknown))}; of {', '.join(BENCHES)}")
    where = machine()
    if not given.json:
        print(*(f"{name}: {value}" for name, value in where.items()), sep="\n")
    measured: dict[str, dict[str, float]] = {}
    for name in given.names or BENCHES:
        print(f"measuring {name} ...", file=sys.stderr)
        measured[name] = {}
        for figure in BENCHES[name]():
            measured[name][figure.name] = figure.value
            if not given.json:
                print(_line(name, figure), flush=True)
    if given.json:
        print(json.dumps({"machine": where, "figures": measured}))
    return 0


def _line(bench: str, figure: Figure) -> str:
    value = f"{figure.value:.3f}".rstrip("0").rstrip(".")
    bar = f"  ({figure.bar})" if figure.bar else ""
    return f"{f'{bench}.{figure.name}':32} {value:>9} {figure.unit}{bar}"


if __name__ == "__main__":
    sys.exit(main())
