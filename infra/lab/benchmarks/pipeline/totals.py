"""What a contender has stored: `python -m infra.lab.benchmarks.pipeline.totals STORE`.

The engine in process opens one store a process, so each store is read by a process of its own,
when its worker has ended.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from infra.errors import InfraError
from infra.lab.benchmarks.pipeline.load import Totals

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

_PEERS_HOURS = (
    "SELECT agency_id, toUnixTimestamp(hour), sum(calls), sum(aggression_sum), sum(amount), "
    "sum(cancelled), sum(payments) FROM hours FINAL GROUP BY agency_id, hour"
)
_OUR_HOURS = (
    "SELECT agency_id, toUnixTimestamp(hour), sum(calls), sum(aggression_sum), sum(amount), "
    "sum(cancelled), 0 FROM agency_hours FINAL WHERE segment = 'all' GROUP BY agency_id, hour"
)
_OUR_PAYMENTS = "SELECT count() FROM events FINAL WHERE topic = 'payment-received'"


class WrongTotals(InfraError):
    """A contender has not stored what the events add up to: its speed means nothing."""


def check_totals(contender: str, store: str, expected: Totals) -> None:
    """Compare what is stored with what is expected; `store` is a directory or an address.

    Raises:
        WrongTotals: they differ; the message says where first.
    """
    command = [sys.executable, "-m", "infra.lab.benchmarks.pipeline.totals", store]
    printed = subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout  # noqa: S603
    stored = json.loads(printed)
    for name, right in asdict(expected).items():
        if stored[name] != right:
            raise WrongTotals(f"{contender}: {name} are wrong: {_first(stored[name], right)}")


def _first(stored: Any, right: Any) -> str:
    if isinstance(right, Mapping):
        for key in sorted(stored.keys() | right.keys()):
            if stored.get(key) != right.get(key):
                return f"{key}: {stored.get(key)} instead of {right.get(key)}"
    return f"{stored} instead of {right}"


def read_totals(client: Client) -> Totals:
    """The totals of a store, ours or a peer's."""
    totals = Totals()
    peers = bool(client.command("EXISTS TABLE hours"))
    totals.calls = int(client.query("SELECT count() FROM calls FINAL").result_rows[0][0])
    for row in client.query(_PEERS_HOURS if peers else _OUR_HOURS).result_rows:
        agency, (hour, calls, aggression, amount, cancelled, payments) = row[0], map(int, row[1:])
        if calls:
            totals.add_calls(agency, hour, calls, aggression)
        totals.add_outcomes(agency, amount, cancelled)
        totals.payments += payments
    if not peers:
        totals.payments = int(client.query(_OUR_PAYMENTS).result_rows[0][0])
    return totals


def main() -> None:
    """Print a store's totals as JSON."""
    import clickhouse_connect

    store = sys.argv[1]
    if "://" in store:
        client = clickhouse_connect.get_client(dsn=store)
    else:
        client = clickhouse_connect.get_client(interface="chdb", path=str(Path(store) / "store"))
    print(json.dumps(asdict(read_totals(client))))
    client.close()


if __name__ == "__main__":
    main()
