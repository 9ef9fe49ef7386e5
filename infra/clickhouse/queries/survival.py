"""Survival curves: computed from the store's facts, and written to `survival` for a panel."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from infra.clickhouse.queries.facts import customers_facts
from processors.engagements.horizons import Horizons
from processors.engagements.survival import GroupKind, LogRankTest, Survival, stays_of, survival
from processors.event_time import DAY_HOURS, hour_of, to_datetime, to_us, window_bounds
from schemas.figures import MetricWindow
from schemas.rows import SURVIVAL

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client


def read_survival(
    client: Client,
    window: MetricWindow,
    as_of: datetime,
    horizons: Horizons,
    client_id: str | None = None,
) -> Survival:
    """Curves as of T: engagements that matured in the window, and those still running at its end.

    They depend only on events before the end of T's hour. With `client_id`, that client's only.
    """
    begin, end = window_bounds(window, to_us(as_of))
    return survival(
        stay
        for facts in customers_facts(client, to_datetime(end), client_id)
        for stay in stays_of(facts, begin, end, horizons.hours(facts[0].client_id))
    )


def write_survival(
    client: Client,
    found: Survival,
    window: MetricWindow,
    as_of: datetime,
    horizons: Horizons,
    version: int,
) -> None:
    """Store the curves; of the same window and hour, those of the greatest version count.

    Args:
        client: the store.
        found: the curves and tests.
        window: their window.
        as_of: their time T.
        horizons: every client's horizon H.
        version: greater with every writing, as the clock is; the same for all rows of one.
    """
    tests: Mapping[tuple[str, GroupKind], LogRankTest] = {
        (test.client_id, test.group_kind): test for test in found.logrank
    }
    rows = []
    for group in found.groups:
        test = tests[group.client_id, group.group_kind]
        row = {
            "client_id": group.client_id,
            "window": window.value,
            "as_of": to_datetime(hour_of(to_us(as_of))),
            "group_kind": group.group_kind.value,
            "group_name": group.group,
            "horizon_days": horizons.hours(group.client_id) // DAY_HOURS,
            "n": group.n,
            "events": group.events,
            "days": [point.day for point in group.curve],
            "staying": [point.staying for point in group.curve],
            "low": [point.low for point in group.curve],
            "high": [point.high for point in group.curve],
            "at_risk": [point.at_risk for point in group.curve],
            "logrank_statistic": test.statistic,
            "logrank_p": test.p,
            "logrank_n": test.n,
            "version": version,
        }
        rows.append([row[name] for name in SURVIVAL.columns])
    if rows:
        client.insert(SURVIVAL.name, rows, column_names=list(SURVIVAL.columns))
