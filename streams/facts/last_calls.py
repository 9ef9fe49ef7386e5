"""Each client company's last call, whichever worker took it in."""

from __future__ import annotations

from infra.clickhouse.store import Store


async def last_calls(store: Store) -> dict[str, int]:
    """By `client_id`, when its last conversation that is stored ended, us since the epoch."""
    rows = await store.read(
        "SELECT client_id, toUnixTimestamp64Micro(max(ended_at)) FROM calls GROUP BY client_id", {}
    )
    return {str(client_id): int(ended_us) for client_id, ended_us in rows}
