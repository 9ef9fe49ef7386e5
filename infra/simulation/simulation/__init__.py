"""A simulated committente with three agencies, whose truth is known."""

from infra.simulation.simulation.events import encode, event_count, simulate
from infra.simulation.simulation.truth import truth
from infra.simulation.simulation.world import SimulationSettings, World

__all__ = ["SimulationSettings", "World", "encode", "event_count", "simulate", "truth"]
