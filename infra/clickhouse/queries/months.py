"""The agencies' figures of a calendar month: the same exact sums, over the month's own hours."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from processors.metrics.from_sums import measures
from processors.metrics.rates import rate
from schemas.derived import Correlation, Interval, Mean
from schemas.rows import HOUR_SUMS

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client


@dataclass(frozen=True)
class Period:
    """Whose figures of which hours: `[begin, end)`, both the start of a UTC hour.

    `agency_id` is None for all agencies of the client company.
    """

    client_id: str
    begin: datetime
    end: datetime
    agency_id: str | None = None

    @property
    def parameters(self) -> dict[str, Any]:
        """What the period's queries bind."""
        return {
            "client": self.client_id,
            "agency": self.agency_id or "",
            "begin": self.begin,
            "end": self.end,
        }


@dataclass(frozen=True)
class PeriodFigures:
    """The figures of one agency in a period; defined as those of a rolling window are."""

    agency_id: str
    """Empty for all agencies together."""
    calls: int
    nps: Interval
    nps_predicted: Interval
    aggression: Mean
    empathy: Mean
    sentiment: Mean
    churn_rate: Interval
    recovery_rate: Interval
    amount_recovered: float
    amount_recovered_units: int
    churn_correlation: Correlation
    payment_correlation: Correlation


@dataclass(frozen=True)
class DriverShare:
    """In which share of an agency's conversations a driver was found."""

    agency_id: str
    """Empty for all agencies together."""
    driver: str
    share: Interval


@dataclass(frozen=True)
class AlertFollowed:
    """An alert that opened in the period, and what the customers contacted since then did.

    Its figures are those of the store's table `alerts`. The counts are of the engagements that
    began from `since` until the alert resolved, or the period ended: they may still change while
    their horizon has not passed.
    """

    agency_id: str
    kind: str
    since: datetime
    opened_at: datetime
    resolved_at: datetime | None
    baseline: float
    level: float
    rise_points: float
    n: int
    quotes: tuple[str, ...]
    contacted: int
    cancelled: int
    paid: int


_IN_PERIOD = "client_id = {client:String} AND ({agency:String} = '' OR agency_id = {agency:String})"


def read_period(client: Client, period: Period) -> list[PeriodFigures]:
    """Figures of every agency with data in the period, sorted; then of all together, as ''.

    They hold what was known before the period's end, as a rolling window of that length would.
    """
    totals = ", ".join(f"sum({name})" for name in HOUR_SUMS)
    rows = client.query(
        f"SELECT agency_id, {totals} FROM agency_hours FINAL "  # noqa: S608
        f"WHERE {_IN_PERIOD} AND segment = 'all' "
        "AND hour >= {begin:DateTime('UTC')} AND hour < {end:DateTime('UTC')} "
        "AND known < {end:DateTime('UTC')} GROUP BY agency_id ORDER BY agency_id",
        parameters=period.parameters,
    ).result_rows
    sums = {row[0]: dict(zip(HOUR_SUMS, row[1:], strict=True)) for row in rows}
    together = {name: sum(each[name] for each in sums.values()) for name in HOUR_SUMS}
    known = [each for each in sums.items() if any(each[1].values())]
    return [PeriodFigures(agency, **measures(own)) for agency, own in [*known, ("", together)]]


def read_drivers(client: Client, period: Period) -> list[DriverShare]:
    """The shares of scored conversations with each driver: of each agency, and of all as ''."""
    rows = client.query(
        "SELECT agency_id, arrayDistinct(drivers) AS found, count() FROM calls FINAL "  # noqa: S608
        f"WHERE {_IN_PERIOD} AND sentiment IS NOT NULL "
        "AND ended_at >= {begin:DateTime64(6, 'UTC')} AND ended_at < {end:DateTime64(6, 'UTC')} "
        "GROUP BY agency_id, found",
        parameters=period.parameters,
    ).result_rows
    scored: dict[str, int] = {}
    found: dict[tuple[str, str], int] = {}
    for agency, drivers, alike in rows:
        for who in (agency, ""):
            scored[who] = scored.get(who, 0) + alike
            for driver in drivers:
                found[who, driver] = found.get((who, driver), 0) + alike
    names = sorted({driver for _, driver in found})
    return [
        DriverShare(who, driver, rate(found.get((who, driver), 0), n))
        for who, n in sorted(scored.items())
        for driver in names
    ]


def read_alerts(client: Client, period: Period) -> list[AlertFollowed]:
    """The alerts that opened in the period and were not retracted, oldest first."""
    rows = client.query(
        "SELECT agency_id, kind, since, opened_at, resolved_at, baseline, level, rise_points, n, "  # noqa: S608
        "arrayMap(quote -> quote.text, quotes) FROM alerts FINAL "
        f"WHERE {_IN_PERIOD} AND status != 'retracted' "
        "AND opened_at >= {begin:DateTime('UTC')} AND opened_at < {end:DateTime('UTC')} "
        "ORDER BY opened_at, agency_id, kind",
        parameters=period.parameters,
    ).result_rows
    found = []
    for agency, kind, since, opened_at, resolved_at, baseline, level, points, n, quotes in rows:
        resolved = None if resolved_at is None else _utc(resolved_at)
        until = period.end if resolved is None else min(resolved, period.end)
        contacted, cancelled, paid = _contacted(client, period.client_id, agency, since, until)
        found.append(
            AlertFollowed(
                agency_id=agency,
                kind=kind,
                since=_utc(since),
                opened_at=_utc(opened_at),
                resolved_at=resolved,
                baseline=baseline,
                level=level,
                rise_points=points,
                n=n,
                quotes=tuple(quotes),
                contacted=contacted,
                cancelled=cancelled,
                paid=paid,
            )
        )
    return found


def _contacted(
    client: Client, client_id: str, agency_id: str, since: datetime, until: datetime
) -> tuple[int, int, int]:
    """Of the engagements that began in that time: how many, and whose customers left or paid."""
    [[contacted, cancelled, paid]] = client.query(
        "SELECT count(), countIf(cancelled AND NOT lost_to_supplier), countIf(paid) "
        "FROM engagements FINAL WHERE client_id = {client:String} "
        "AND agency_id = {agency:String} AND opened_at >= {since:DateTime64(6, 'UTC')} "
        "AND opened_at < {until:DateTime64(6, 'UTC')}",
        parameters={
            "client": client_id,
            "agency": agency_id,
            "since": _utc(since),
            "until": until,
        },
    ).result_rows
    return contacted, cancelled, paid


def _utc(time: datetime) -> datetime:
    return time.astimezone(UTC) if time.tzinfo else time.replace(tzinfo=UTC)
