"""Figures of a segment, which SQL makes of hourly sums, equal those of the domain's own code."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from dashboards.panels import panel
from dashboards.preview.macros import Choices, expand
from processors.event_time import to_us
from processors.metrics.from_sums import figures, window_sums
from schemas.figures import MetricWindow
from schemas.rows import HOUR_SUMS
from tests.dashboards.dashboard_engine import Engine

CLIENT, OTHER = "lumina", "altra"
AGENCIES = ("alfa", "beta", "senza-chiamate")
SEGMENT = "customer_type=public_body"
NOW = datetime(2026, 6, 30, 14, tzinfo=UTC)
HOUR = timedelta(hours=1)
SCORES = ("aggression", "empathy", "sentiment")


def sums(rng: random.Random) -> dict[str, int]:
    """Of one hour, as some conversations and matured engagements could have made them."""
    made = dict.fromkeys(HOUR_SUMS, 0)
    made["calls"] = rng.randrange(1, 9)
    for name in HOUR_SUMS[1:7]:
        made[name] = rng.randrange(4)
    for name in SCORES:
        made[f"{name}_n"] = rng.randrange(made["calls"] + 1)
        made[f"{name}_sum"] = sum(rng.randrange(10_001) for _ in range(made[f"{name}_n"]))
        made[f"{name}_inferred"] = rng.randrange(made[f"{name}_n"] + 1)
    made["matured"] = rng.randrange(6)
    made["supplier_lost"] = rng.randrange(made["matured"] // 2 + 1)
    made["cancelled"] = rng.randrange(made["matured"] - made["supplier_lost"] + 1)
    made["paid"] = rng.randrange(made["matured"] + 1)
    made["amount"] = rng.randrange(10**18) * (made["paid"] > 0)
    for name in ("churn", "payment"):
        for _ in range(made["matured"]):
            x, y = rng.randrange(10**12 + 1), rng.randrange(2)
            for part, value in (("n", 1), ("x", x), ("xx", x * x), ("y", y), ("xy", x * y)):
                made[f"{name}_{part}"] += value
    return made


Cells = dict[tuple[str, str, str, datetime, datetime], dict[str, int]]


def history(seed: int) -> Cells:
    """Hours of two agencies in two segments, some known later; another client company's beside."""
    rng = random.Random(seed)
    cells: Cells = {}
    for client, agency, segment in (
        (CLIENT, "alfa", SEGMENT),
        (CLIENT, "alfa", "all"),
        (CLIENT, "beta", SEGMENT),
        (CLIENT, "beta", "channel=email"),
        (OTHER, "alfa", SEGMENT),
    ):
        for _ in range(120):
            hour = NOW - rng.randrange(0, 200 * 24) * HOUR
            known = hour + rng.choice((0, 0, 0, 1, 30, 24 * 40)) * HOUR
            cells[client, agency, segment, hour, known] = sums(rng)
        for edge in (1, 24, 168, 720, 2160):
            for hour in (NOW - edge * HOUR, NOW - (edge - 1) * HOUR):
                cells[client, agency, segment, hour, hour] = sums(rng)
    return cells


def snapshot_times() -> list[datetime]:
    """As of each day's last hour, and of now."""
    last = NOW.replace(hour=23) - timedelta(days=1)
    return [NOW, *(last - timedelta(days=day) for day in range(100))]


@pytest.fixture(scope="module", params=[1, 2])
def filled(request: pytest.FixtureRequest, _engine: Engine) -> tuple[Engine, Cells]:
    cells = history(request.param)
    names = ("client_id", "agency_id", "segment", "hour", "known")
    metrics = [
        {
            "client_id": client,
            "agency_id": agency,
            "segment": "all",
            "window": window.value,
            "day": as_of.date(),
            "as_of": as_of,
            "version": 1,
        }
        for client in (CLIENT, OTHER)
        for agency in AGENCIES
        for window in MetricWindow
        for as_of in snapshot_times()
    ]
    hours = [
        {**dict(zip(names, key, strict=True)), **values, "version": 1}
        for key, values in cells.items()
    ]
    _engine.fill({"agency_hours": hours, "agency_metrics": metrics})
    return _engine, cells


def expected(cells: Cells, agency: str, window: MetricWindow, as_of: datetime) -> dict[str, Any]:
    """By the domain's code, by the columns of a snapshot."""
    own = {
        (to_us(hour), to_us(known)): values
        for (client, of, segment, hour, known), values in cells.items()
        if (client, of, segment) == (CLIENT, agency, SEGMENT)
    }
    us = to_us(as_of)
    made = figures(CLIENT, agency, SEGMENT, window, us, window_sums(own, window, us))
    right: dict[str, Any] = {"calls": made.calls, "amount_recovered": made.amount_recovered}
    for name in ("nps", "nps_predicted", "churn_rate", "recovery_rate"):
        right |= _interval(name, getattr(made, name))
    for name in ("churn_correlation", "payment_correlation"):
        right |= _interval(name, getattr(made, name))
    for name in SCORES:
        mean = getattr(made, name)
        right |= {name: mean.value, f"{name}_n": mean.n, f"{name}_n_inferred": mean.n_inferred}
    if not right["recovery_rate_n"]:
        right["amount_recovered"] = None
    return right


def _interval(name: str, of: Any) -> dict[str, Any]:
    return {name: of.value, f"{name}_low": of.low, f"{name}_high": of.high, f"{name}_n": of.n}


def near(value: Any) -> Any:
    return pytest.approx(value, rel=1e-9, abs=1e-9) if isinstance(value, float) else value


@pytest.mark.parametrize("window", MetricWindow)
@pytest.mark.parametrize("to", [NOW, NOW - timedelta(days=31, hours=2)])
def test_a_segment_s_figures_are_those_of_its_sums(
    filled: tuple[Engine, Cells], window: MetricWindow, to: datetime
) -> None:
    engine, cells = filled
    choices = Choices(client=CLIENT, to=to, window=window.value, segment=SEGMENT)
    rows = [
        compared | {f"nps_predicted_{end}": predicted[end] for end in ("low", "high")}
        for compared, predicted in zip(
            engine.read(*expand(panel("comparison").sql, choices)),
            engine.read(*expand(panel("nps_predicted").sql, choices)),
            strict=True,
        )
    ]
    assert [row["agency"] for row in rows] == list(AGENCIES)
    last = max(time for time in snapshot_times() if time <= to)
    for row in rows:
        assert row["as_of"].replace(tzinfo=UTC) == last
        for name, value in expected(cells, row["agency"], window, last).items():
            got = float(row[name]) if isinstance(value, float) else row[name]
            assert got == near(value), (row["agency"], name)


@pytest.mark.parametrize("name", ["comparison", "nps_over_time"])
@pytest.mark.parametrize("segment", ["all", SEGMENT])
def test_both_sources_together_give_what_the_chosen_one_gives(
    filled: tuple[Engine, Cells], name: str, segment: str
) -> None:
    """Grafana sends both; the page the one that is not empty."""
    engine, _ = filled
    choices = Choices(client=CLIENT, to=NOW, window="30d", segment=segment)
    sql = panel(name).sql
    assert "-- either" in sql
    one, parameters = expand(sql, choices)
    both, _ = expand(sql.replace("-- either", ""), choices)
    assert ("UNION ALL" in one, "UNION ALL" in both) == (False, True)
    rows = engine.read(one, parameters)
    assert rows or (name, segment) == ("nps_over_time", "all"), "no NPS is in the snapshots here"
    assert engine.read(both, parameters) == rows


def test_its_nps_over_time_is_that_of_each_day(filled: tuple[Engine, Cells]) -> None:
    engine, cells = filled
    window = MetricWindow("30d")
    choices = Choices(client=CLIENT, to=NOW, window=window.value, segment=SEGMENT)
    rows = engine.read(*expand(panel("nps_over_time").sql, choices))
    shown = {(row["agency"], row["time"].replace(tzinfo=UTC)): row["value"] for row in rows}
    right = {
        (agency, as_of): expected(cells, agency, window, as_of)["nps"]
        for agency in AGENCIES
        for as_of in snapshot_times()
        if as_of >= choices.since
    }
    assert len(shown) > 50
    assert shown == {key: near(value) for key, value in right.items() if value is not None}
