"""`ascolto demo`: 120 days of three agencies, in fast motion, real audio calls included."""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib import resources
from pathlib import Path

from infra.settings import Settings

DUPLICATES = 0.01
LATE = 0.01


def run_demo(
    settings: Settings, *, seed: int, calls: int, ends: bool, as_json: bool, language: str
) -> int:
    """Run the demo; returns the exit code."""
    from infra.cli.play import Source, run, say
    from infra.demo.simulation import SimulationSettings, encode, simulate

    world = {"seed": seed, "calls": calls}
    if not _same_world(settings.data_dir, world):
        say(
            f"{settings.data_dir} holds the demo of another seed or size: give another --data-dir, "
            "or remove it"
        )
        return 1
    simulation = SimulationSettings(seed=seed, calls=calls, duplicates=DUPLICATES, late=LATE)
    recorded = Path(str(resources.files("infra.demo") / "calls"))
    settings = settings.model_copy(
        update={
            "recordings": [recorded],
            "recording_attempts": 2,
            "recording_backoff": 1.0,
            "language": language,
            "earliest_now": simulation.end,
        }
    )

    def lines() -> Iterator[bytes]:
        for event in simulate(simulation):
            yield encode(event)

    source = Source(f"simulated events (seed {seed})", lines())
    return run(settings, source, ends=ends, as_json=as_json, shows=not ends)


def _same_world(data_dir: Path, world: dict[str, int]) -> bool:
    """Whether the directory is new or holds this very world; two in one would mix."""
    note = data_dir / "demo.json"
    if note.exists():
        return bool(json.loads(note.read_text(encoding="utf-8")) == world)
    data_dir.mkdir(parents=True, exist_ok=True)
    note.write_text(json.dumps(world), encoding="utf-8")
    return True
