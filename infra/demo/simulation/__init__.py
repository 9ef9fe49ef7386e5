"""A simulated committente with three agencies, whose truth is known."""

from infra.demo.simulation.events import encode, event_count, simulate
from infra.demo.simulation.truth import truth
from infra.demo.simulation.world import SimulationSettings, World

__all__ = ["SimulationSettings", "World", "encode", "event_count", "simulate", "truth"]
