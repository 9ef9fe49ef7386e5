"""In how many conversations of each agency each rule of conduct was breached."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from processors.event_time import to_datetime, to_us, window_bounds
from processors.metrics.rates import rate
from schemas.conversation import Rule
from schemas.derived import Interval
from schemas.figures import MetricWindow

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client


@dataclass(frozen=True)
class Breaches:
    """Conversations of an agency in which a rule was breached, and their share of all with n."""

    client_id: str
    agency_id: str
    rule: str
    conversations: int
    share: Interval


_COUNTED = """
SELECT client_id, agency_id, rule, uniqExact(event_id) AS conversations, any(n) AS of
FROM (
    SELECT client_id, agency_id, event_id, arrayJoin(arrayDistinct(arrayFilter(
        rule -> rule = {hours:String} OR arrayExists(
            quote -> quote.kind = concat('conduct.', rule), quotes
        ), conduct
    ))) AS rule
    FROM calls FINAL
    WHERE ended_at >= {begin:DateTime64(6, 'UTC')} AND ended_at < {end:DateTime64(6, 'UTC')}
    UNION ALL
    SELECT client_id, agency_id, event_id, {frequency:String} AS rule
    FROM contact_excesses FINAL
    WHERE ended_at >= {begin:DateTime64(6, 'UTC')} AND ended_at < {end:DateTime64(6, 'UTC')}
) AS breaches
INNER JOIN (
    SELECT client_id, agency_id, count() AS n
    FROM calls FINAL
    WHERE ended_at >= {begin:DateTime64(6, 'UTC')} AND ended_at < {end:DateTime64(6, 'UTC')}
    GROUP BY client_id, agency_id
) AS agencies USING (client_id, agency_id)
WHERE {client:String} = '' OR client_id = {client:String}
GROUP BY client_id, agency_id, rule
ORDER BY client_id, agency_id, conversations DESC, rule
"""


def read_breaches(
    client: Client, window: MetricWindow, as_of: datetime, client_id: str | None = None
) -> list[Breaches]:
    """Breaches within the window as of T, the most frequent of each agency first.

    A breach that an older version stored without its sentence is left out. With `client_id`, that
    client's only.
    """
    begin, end = (to_datetime(bound) for bound in window_bounds(window, to_us(as_of)))
    parameters = {
        "begin": begin,
        "end": end,
        "client": client_id or "",
        "hours": Rule.HOURS.value,
        "frequency": Rule.FREQUENCY.value,
    }
    rows = client.query(_COUNTED, parameters=parameters).result_rows
    return [
        Breaches(owner, agency, rule, int(found), rate(int(found), int(n)))
        for owner, agency, rule, found, n in rows
    ]
