"""`ascolto demo`: 120 days of three agencies, in fast motion, real audio calls included."""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib import resources
from pathlib import Path

from infra.cli.failures import FAILED, described, say
from infra.clickhouse.client import has_store
from infra.data_directory.permissions import NoDirectory, make_private
from infra.settings import Settings

NOTE = "demo.json"
"""The file that says which world a data directory holds."""

DUPLICATES = 0.01
LATE = 0.01


def run_demo(
    settings: Settings, *, seed: int, calls: int, ends: bool, as_json: bool, language: str
) -> int:
    """Run the demo; returns the exit code."""
    from infra.cli.run.play import Source, run
    from infra.simulation import SimulationSettings, encode, event_count, simulate

    world = {"seed": seed, "calls": calls}
    mixed = _what_would_mix(settings.data_dir, world)
    if mixed is not None:
        say(
            f"{settings.data_dir} holds {mixed}: give the demo a directory of its own "
            "(--data-dir), or remove that one"
        )
        return FAILED
    simulation = SimulationSettings(seed=seed, calls=calls, duplicates=DUPLICATES, late=LATE)
    simulated = Path(str(resources.files("infra.simulation")))
    settings = settings.model_copy(
        update={
            "recordings": [simulated / "calls"],
            "registry": settings.registry or simulated / "registry.yaml",
            "recording_attempts": 2,
            "recording_backoff": 1.0,
            "language": language,
            "earliest_now": simulation.end,
        }
    )

    def lines() -> Iterator[bytes]:
        for event in simulate(simulation):
            yield encode(event)

    try:
        make_private(settings.data_dir)
        (settings.data_dir / NOTE).write_text(json.dumps(world), encoding="utf-8")
    except (NoDirectory, OSError) as error:
        say(described(error) if isinstance(error, OSError) else str(error))
        return FAILED
    source = Source(f"simulated events (seed {seed})", lines(), event_count(simulation))
    return run(settings, source, ends=ends, as_json=as_json, shows=not ends)


def _what_would_mix(data_dir: Path, world: dict[str, int]) -> str | None:
    """What in a directory this world must not be mixed with; None where there is nothing."""
    try:
        noted = json.loads((data_dir / NOTE).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return "events that are not the demo's" if has_store(data_dir) else None
    except (OSError, ValueError):
        return f"a {NOTE} that cannot be read"
    return None if noted == world else "the demo of another seed or size"
