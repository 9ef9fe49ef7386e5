"""The agencies' figures as of any time, from the store's hourly sums."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from processors.event_time import to_datetime, to_us, window_bounds
from processors.metrics.from_sums import figures
from schemas.derived import Figures
from schemas.figures import ALL, MetricWindow
from schemas.rows import HOUR_SUMS

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client


def latest_event_times(client: Client, now: datetime) -> dict[str, datetime]:
    """Each client's time of its latest event that is not after `now`, by client."""
    rows = client.query(
        "SELECT client_id, max(event_time) FROM events "
        "WHERE event_time <= {now:DateTime64(6, 'UTC')} GROUP BY client_id ORDER BY client_id",
        parameters={"now": now},
    ).result_rows
    return {client_id: latest.replace(tzinfo=UTC) for client_id, latest in rows}


def read_figures(
    client: Client,
    window: MetricWindow,
    as_of: datetime,
    by: str | None = None,
    client_id: str | None = None,
) -> list[Figures]:
    """Figures of every agency known before the end of `as_of`'s hour, sorted.

    Args:
        client: the store.
        window: which rolling window.
        as_of: the time T; it means its whole UTC hour.
        by: service, touchpoint, channel or customer_type: a row for each of its values.
        client_id: whose agencies; None: everyone's.
    """
    prefix = ALL if by is None else f"{by}="
    as_of_us = to_us(as_of)
    begin, end = (to_datetime(bound) for bound in window_bounds(window, as_of_us))
    totals = ", ".join(f"sumIf({name}, hour >= {{begin:DateTime('UTC')}})" for name in HOUR_SUMS)
    rows = client.query(
        f"SELECT client_id, agency_id, segment, {totals} FROM agency_hours FINAL "  # noqa: S608
        "WHERE hour < {end:DateTime('UTC')} AND known < {end:DateTime('UTC')} "
        "AND startsWith(segment, {prefix:String}) "
        "AND ({client:String} = '' OR client_id = {client:String}) "
        "GROUP BY client_id, agency_id, segment ORDER BY client_id, agency_id, segment",
        parameters={"begin": begin, "end": end, "prefix": prefix, "client": client_id or ""},
    ).result_rows
    return [
        figures(
            client_id=row[0],
            agency_id=row[1],
            segment=row[2],
            window=window,
            as_of=as_of_us,
            sums=dict(zip(HOUR_SUMS, row[3:], strict=True)),
        )
        for row in rows
    ]


def open_alerts(client: Client, as_of: datetime) -> dict[tuple[str, str], int]:
    """Number of alerts open at the end of `as_of`'s hour, by client and agency."""
    end = to_datetime(window_bounds(MetricWindow.DAY, to_us(as_of))[1])
    rows = client.query(
        "SELECT client_id, agency_id, count() FROM alerts FINAL WHERE status != 'retracted' "
        "AND opened_at <= {end:DateTime('UTC')} "
        "AND (resolved_at IS NULL OR resolved_at > {end:DateTime('UTC')}) "
        "GROUP BY client_id, agency_id",
        parameters={"end": end},
    ).result_rows
    return {(row[0], row[1]): int(row[2]) for row in rows}


def all_alerts(client: Client) -> Iterator[dict[str, Any]]:
    """Every alert that was not retracted, oldest first, as JSON-able values."""
    names = (
        "alert_id", "client_id", "agency_id", "kind", "status", "since", "opened_at",
        "resolved_at", "baseline", "level", "rise_points", "rise_sd", "n",
    )  # fmt: skip
    rows = client.query(
        f"SELECT {', '.join(names)}, quotes FROM alerts FINAL "  # noqa: S608
        "WHERE status != 'retracted' ORDER BY opened_at, client_id, agency_id"
    ).result_rows
    for row in rows:
        alert = dict(zip(names, row[:-1], strict=True))
        for name in ("since", "opened_at", "resolved_at"):
            if alert[name] is not None:
                alert[name] = alert[name].replace(tzinfo=UTC).isoformat()
        alert["quotes"] = [
            quote["text"] if isinstance(quote, dict) else quote[2] for quote in row[-1]
        ]
        yield alert
