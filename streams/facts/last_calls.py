"""Each client company's last call, whichever worker has counted it."""

from __future__ import annotations

from infra.clickhouse.store import Store
from processors.event_time import HOUR_US


async def last_calls(store: Store) -> dict[str, int]:
    """By `client_id`, the end of the last hour whose sums have a conversation, us since the epoch.

    Of the sums, not of the calls: these may be stored before the agencies' sums have them, and an
    agency would seem silent that is only counted later.
    """
    rows = await store.read(
        "SELECT client_id, toUnixTimestamp(max(hour)) FROM agency_hours "
        "WHERE segment = 'all' AND calls > 0 GROUP BY client_id",
        {},
    )
    return {str(client_id): int(hour) * 1_000_000 + HOUR_US - 1 for client_id, hour in rows}
