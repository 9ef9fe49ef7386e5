"""How many calls nobody answered, from table `attempts`."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from processors.event_time import to_datetime, to_us, window_bounds
from schemas.figures import MetricWindow

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client


class Where(NamedTuple):
    """Whose attempts are counted; sorts as the figures do."""

    client_id: str
    agency_id: str
    segment: str


def read_attempts(
    client: Client,
    window: MetricWindow,
    as_of: datetime,
    by: str | None = None,
    client_id: str | None = None,
) -> dict[Where, int]:
    """Attempts within the window of every agency that made any before the end of T's hour.

    Args:
        client: the store.
        window: which rolling window.
        as_of: the time T; it means its whole UTC hour.
        by: service, touchpoint, channel or customer_type: a count for each of its values.
        client_id: whose attempts; None: everyone's.
    """
    segment = "'all'" if by is None else f"concat('{by}=', {by})"
    begin, end = (to_datetime(bound) for bound in window_bounds(window, to_us(as_of)))
    rows = client.query(
        f"SELECT client_id, agency_id, {segment} AS segment, "  # noqa: S608 - a column's name
        "countIf(ended_at >= {begin:DateTime('UTC')}) FROM attempts FINAL "
        "WHERE ended_at < {end:DateTime('UTC')} "
        "AND ({client:String} = '' OR client_id = {client:String}) "
        "GROUP BY client_id, agency_id, segment",
        parameters={"begin": begin, "end": end, "client": client_id or ""},
    ).result_rows
    return {Where(*row[:3]): int(row[3]) for row in rows}
