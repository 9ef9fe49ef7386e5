"""The most and the least aggressive quarter of matured engagements, from table `engagements`."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from processors.event_time import to_datetime, to_us, window_bounds
from processors.metrics.quarters import Quarters, quarters
from schemas.figures import MetricWindow

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client


@dataclass(frozen=True)
class AgencyQuarters:
    """The quarters of one agency, or of all agencies of a client together (`agency_id` null)."""

    client_id: str
    agency_id: str | None
    quarters: Quarters


def read_quarters(
    client: Client, window: MetricWindow, as_of: datetime, client_id: str | None = None
) -> list[AgencyQuarters]:
    """Quarters of each client, all its agencies first, then each known before T's hour ended.

    An engagement that matured before the end of T's hour had all its events before it, so the
    table holds it as it was at any such T. With `client_id`, that client's only.
    """
    begin, end = (to_datetime(bound) for bound in window_bounds(window, to_us(as_of)))
    rows = client.query(
        "SELECT client_id, agency_id, aggression, cancelled, "
        "matures_at >= {begin:DateTime('UTC')} AND matures_at < {end:DateTime('UTC')} "
        "AND NOT lost_to_supplier AND aggression IS NOT NULL AS counts "
        "FROM engagements FINAL WHERE opened_at < {end:DateTime64(6, 'UTC')} "
        "AND ({client:String} = '' OR client_id = {client:String}) "
        "ORDER BY client_id, agency_id",
        parameters={"begin": begin, "end": end, "client": client_id or ""},
    ).result_rows
    found: dict[str, dict[str, list[tuple[float, bool]]]] = defaultdict(lambda: defaultdict(list))
    for client_id, agency_id, aggression, cancelled, counts in rows:
        own = found[client_id][agency_id]
        if counts:
            own.append((aggression, bool(cancelled)))
    shown = []
    for client_id, agencies in found.items():
        together = [each for own in agencies.values() for each in own]
        shown.append(AgencyQuarters(client_id, None, quarters(together)))
        shown += [
            AgencyQuarters(client_id, agency_id, quarters(own))
            for agency_id, own in agencies.items()
        ]
    return shown
