"""The panels of quarters and of survival, compared with the domain's own computation."""

from __future__ import annotations

import random
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from dashboards.grafana.charts import QUARTER_COLUMNS
from dashboards.panels import OVERVIEW, panel
from dashboards.preview.macros import Choices, expand
from dashboards.queries import query
from processors.metrics.quarters import quarters
from schemas.rows import ENGAGEMENTS, SURVIVAL
from tests.dashboards.dashboard_engine import Engine
from tests.dashboards.dashboard_rows import CLIENT, HOUR, NOW, curve, engagement


def read(engine: Engine, panel_id: str, **choices: Any) -> list[dict[str, Any]]:
    asked = Choices(**{"client": CLIENT, "to": NOW, "window": "90d", **choices})
    return engine.read(*expand(panel(panel_id).sql, asked))


@pytest.mark.parametrize("n", [39, 40, 41, 42, 43, 44, 97])
@pytest.mark.parametrize("steps", [2, 5, 1000])
def test_the_panels_quarters_are_the_domains(empty: Engine, n: int, steps: int) -> None:
    rng = random.Random(n * 1000 + steps)
    drawn = [(rng.randrange(steps) / steps, rng.random() < 0.3) for _ in range(n)]
    rows = [engagement("a", number, x, left) for number, (x, left) in enumerate(drawn)]
    rows.append(engagement("a", 500, 0.0, True) | {"lost_to_supplier": True})
    rows.append(engagement("a", 501, None, True))
    rows.append(engagement("a", -1, 0.0, True))
    rows.append(engagement("a", 2160, 0.0, True))
    rows.append(engagement("a", 503, 0.0, True) | {"is_deleted": 1})
    empty.add(ENGAGEMENTS.name, rows)
    (row,) = read(empty, "quarters")
    expected = quarters(drawn)
    assert set(QUARTER_COLUMNS) <= set(row)
    assert row["n"] == expected.n == n
    for name, interval in (("least", expected.least), ("most", expected.most)):
        shown = [row[f"{name}{part}"] for part in ("", "_low", "_high", "_n")]
        if interval is None:
            assert shown == [None] * 4
        else:
            parts = [interval.value, interval.low, interval.high, interval.n]
            assert shown == pytest.approx(parts, rel=1e-12, abs=1e-15)


def test_quarters_are_of_the_segment_and_time_asked(empty: Engine) -> None:
    rows = [engagement("a", number, number / 100, False) for number in range(80)]
    empty.add(ENGAGEMENTS.name, rows)
    assert [row["n"] for row in read(empty, "quarters", segment="channel=whatsapp")] == [16]
    assert [row["n"] for row in read(empty, "quarters", window="24h")] == [24]
    assert [row["n"] for row in read(empty, "quarters", to=NOW - timedelta(hours=10))] == [70]


def test_the_curves_are_those_of_the_last_writing_before_the_time_asked(empty: Engine) -> None:
    early = curve("a", 0.1, "90d") | {"as_of": HOUR - timedelta(days=2)}
    stale = curve("b", 0.1, "90d") | {"version": 1}
    newest = curve("a", 0.3, "90d") | {"version": 2}
    later = curve("a", 0.9, "90d") | {"as_of": HOUR + timedelta(days=1)}
    empty.add(SURVIVAL.name, [early, stale, newest, later, curve("a", 0.5, "30d")])
    rows = read(empty, "staying")
    assert [row["day"] for row in rows] == list(range(31))
    assert {row["agency"] for row in rows} == {"a"}
    assert rows[-1]["value"] == pytest.approx(0.7)
    assert (rows[0]["low"], rows[0]["high"]) == (None, None)
    yesterday = read(empty, "staying", to=NOW - timedelta(days=1))
    assert yesterday[-1]["value"] == pytest.approx(0.9)
    assert read(empty, "staying", segment="channel=phone") == []


def test_grafana_s_reader_may_read_just_what_the_panels_read() -> None:
    users = Path(__file__).parents[2] / "infra/docker/clickhouse/grafana-user.xml"
    granted = re.findall(r"GRANT SELECT ON ascolto\.(\w+)<", users.read_text(encoding="utf-8"))
    of_boards = ("clients", "agencies", "segments", "alert_history", "alert_marks")
    variables = [query(name, named=True) for name in of_boards]
    shown = [each.named_sql for each in OVERVIEW] + variables
    read_there = {name for sql in shown for name in re.findall(r"FROM (\w+)", sql)}
    read_there -= {name for sql in shown for name in re.findall(r"(\w+) AS \(", sql)}
    assert sorted(granted) == sorted(read_there)
