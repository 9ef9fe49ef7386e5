"""A simulated client company with three agencies, whose truth is known, and its recorded calls."""

from infra.simulation.events import encode, event_count, simulate
from infra.simulation.truth import truth
from infra.simulation.world import SimulationSettings, World

__all__ = ["SimulationSettings", "World", "encode", "event_count", "simulate", "truth"]
