"""The demo's recorded calls, placed in the last two working days of a simulation."""

from __future__ import annotations

import json
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from infra.simulation.worktime import Worktime
from infra.simulation.world import SimulationSettings
from schemas.events import CustomerType, Service, Touchpoint

_FIRST_HOUR, _LAST_HOUR = 9.5, 13.5
"""within the permitted hours of every working day, Saturdays too"""


@dataclass(frozen=True)
class RecordedCall:
    """A call of which only the recording is known; `at` is its end."""

    name: str
    file: str
    sha256: str
    agency_id: str
    service: Service
    touchpoint: Touchpoint
    customer_type: CustomerType
    started: float
    at: int


def recorded_calls(settings: SimulationSettings) -> list[RecordedCall]:
    """One call per recording that is there, in order of time; none without a manifest."""
    if not settings.audio:
        return []
    directory = files("infra.simulation") / "calls"
    manifest, scripts = directory / "manifest.json", directory / "scripts.json"
    if not (manifest.is_file() and scripts.is_file()):
        return []
    scripted = json.loads(scripts.read_text(encoding="utf-8"))["calls"]
    listed = json.loads(manifest.read_text(encoding="utf-8"))
    described = {script["name"]: script for script in scripted}
    recordings = [r for r in listed if r["file"].rpartition(".")[0] in described]
    midnights = Worktime(settings.start_seconds, settings.end_seconds).last_days(2)
    per_day = -(-len(recordings) // len(midnights))
    placed = []
    for index, recording in enumerate(_interleaved(recordings, described)):
        day, order = divmod(index, per_day)
        hour = _FIRST_HOUR + (_LAST_HOUR - _FIRST_HOUR) * order / max(1, per_day - 1)
        at = midnights[day] + round(hour * 3600) + 37 * (index + 1)
        placed.append(_placed(recording, described, at))
    return placed


def _interleaved(
    recordings: list[dict[str, Any]], described: dict[str, dict[str, Any]]
) -> list[dict[str, Any]]:
    """The recordings in turn of their agencies, so that each has some on both days."""
    seen: dict[str, int] = {}
    order = []
    for recording in recordings:
        agency = described[recording["file"].rpartition(".")[0]]["agency_id"]
        seen[agency] = seen.get(agency, 0) + 1
        order.append((seen[agency], agency, recording["file"]))
    by_file = {recording["file"]: recording for recording in recordings}
    return [by_file[file] for _, _, file in sorted(order)]


def _placed(
    recording: dict[str, Any], described: dict[str, dict[str, Any]], at: int
) -> RecordedCall:
    name = recording["file"].rpartition(".")[0]
    script = described[name]
    return RecordedCall(
        name=name,
        file=recording["file"],
        sha256=recording["sha256"],
        agency_id=script["agency_id"],
        service=Service(script["service"]),
        touchpoint=Touchpoint(script["touchpoint"]),
        customer_type=CustomerType(script["customer_type"]),
        started=at - float(recording["duration"]),
        at=at,
    )
