"""What the store must hold after all events, recomputed independently of the workers.

Run as `python -m tests.kafka.recomputed DIRECTORY`, it prints what the store holds as JSON: the
engine in process opens one store a process.
"""

from __future__ import annotations

import json
import random
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from infra.simulation import SimulationSettings, encode, simulate
from tests.figures.reference import Happening, Said
from tests.streams.played import expected, read_all_figures
from tests.waiting import completed

AS_OF = datetime(2026, 6, 30, 12, tzinfo=UTC)
WIDE = {"low": 1e-8, "high": 1e-8}
"""The reference's Wilson interval takes z to all its digits, PRODUCT to seven."""
SNAPSHOTS_LOOKED_AT = 60
_FIGURES = ("nps", "churn_rate", "recovery_rate", "churn_correlation", "payment_correlation")
_REPORTS = "SELECT worker, stopped, lag, events_per_second FROM worker_status FINAL ORDER BY at"
_MEANS = ("aggression", "empathy", "sentiment")


def simulated(seed: int, calls: int) -> tuple[list[bytes], list[bytes]]:
    """Events, once each; and as they are sent: a tenth of them twice, many out of order."""
    settings = SimulationSettings(seed=seed, calls=calls, days=70, audio=False)
    good = [encode(event) for event in simulate(settings)]
    rng = random.Random(seed)
    sent = good + rng.sample(good, len(good) // 10)
    order = [index + rng.choice((0, 0, 0, rng.randrange(-200, 200))) for index in range(len(sent))]
    return good, [line for _, line in sorted(zip(order, sent, strict=True))]


def assert_figures(events: list[Happening], data_dir: Path) -> None:
    """Every figure of `ascolto figures` equals the one recomputed apart."""
    asked = [("90d", AS_OF, None), ("24h", AS_OF, None), ("90d", AS_OF, "channel")]
    for (window, _, by), rows in zip(asked, read_all_figures(data_dir, asked), strict=True):
        if by is None:
            assert {row["agency_id"] for row in rows} == agencies(events)
        assert rows, "there are agencies"
        for row in rows:
            right = expected(events, row["agency_id"], row["segment"], window, AS_OF)
            for name, value in right.items():
                assert row[name] == _near(value), (row["agency_id"], row["segment"], name)


def assert_store(events: list[Happening], data_dir: Path, seed: int) -> None:
    """Every call is in the store once, nothing was rejected, and the snapshots are right."""
    stored = _stored(data_dir)
    said = [event for event in events if isinstance(event, Said)]
    assert stored["letters"] == []
    assert len(stored["calls"]) == len(set(stored["calls"])) == len(said), "every call once"
    assert len(stored["journal"]) == len(set(stored["journal"])) == len(events)
    assert set(stored["calls"]) < set(stored["journal"])
    days = {(row["agency_id"], row["as_of"]) for row in stored["snapshots"]}
    assert len(days) > SNAPSHOTS_LOOKED_AT
    looked_at = random.Random(seed).sample(stored["snapshots"], SNAPSHOTS_LOOKED_AT)
    for row in looked_at:
        as_of = datetime.fromisoformat(row["as_of"])
        recomputed = expected(events, row["agency_id"], row["segment"], row["window"], as_of)
        where = row["agency_id"], row["segment"], row["window"], row["as_of"]
        assert row["calls"] == recomputed["calls"], where
        for name in (*_FIGURES, *_MEANS):
            assert row[name] == _near(recomputed[name]["value"]), (*where, name)


def reports_of(data_dir: Path) -> list[list[Any]]:
    """Worker, whether it stopped, lag and events per second of each report, in order."""
    reports: list[list[Any]] = _stored(data_dir)["reports"]
    return reports


def agencies(events: list[Happening]) -> set[str]:
    """The agencies that had a conversation."""
    return {event.agency for event in events if isinstance(event, Said)}


def _near(value: Any, tolerance: float = 1e-9) -> Any:
    if isinstance(value, dict):
        return {key: _near(inner, WIDE.get(key, tolerance)) for key, inner in value.items()}
    if isinstance(value, float):
        return pytest.approx(value, rel=tolerance, abs=tolerance)
    return value


def _stored(data_dir: Path) -> dict[str, Any]:
    printed = completed([sys.executable, "-m", "tests.kafka.recomputed", data_dir], check=True)
    stored: dict[str, Any] = json.loads(printed.stdout)
    return stored


def _tell(data_dir: Path) -> None:
    from infra.clickhouse.client import open_embedded

    client = open_embedded(data_dir)

    def column(sql: str) -> list[str]:
        return [row[0] for row in client.query(sql).result_rows]

    names = ("agency_id", "segment", "window", "as_of", "calls", *_FIGURES, *_MEANS)
    rows = client.query(f"SELECT {', '.join(names)} FROM agency_metrics FINAL").result_rows
    snapshots = [dict(zip(names, row, strict=True)) for row in rows]
    for row in snapshots:
        row["as_of"] = row["as_of"].replace(tzinfo=UTC).isoformat()
    stored = {
        "calls": column("SELECT event_id FROM calls FINAL"),
        "journal": column("SELECT event_id FROM events FINAL"),
        "letters": column("SELECT reason FROM dead_letters FINAL"),
        "reports": client.query(_REPORTS).result_rows,
        "snapshots": sorted(snapshots, key=lambda row: [str(row[name]) for name in names[:4]]),
    }
    print(json.dumps(stored))


if __name__ == "__main__":
    _tell(Path(sys.argv[1]))
