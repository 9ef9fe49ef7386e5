"""The analytics worker, with a thread in it that says when events can be read from its store.

The engine in process serves one process, so nobody else can ask it. Run as
`python -m tests.benchmarks.probed_worker FILE`; the settings are the worker's. `FILE` gets a JSON
line for each row of `calls` and each number of calls in the figures, with the time
(`time.monotonic`) at which a query first returned it.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from pathlib import Path

from infra.cli.run.workers import run_worker
from infra.clickhouse.client import open_client
from infra.settings import Settings

_EVERY_SECONDS = 0.05
_ROWS = "SELECT event_id, version FROM calls WHERE version >= {since:UInt64}"
_CALLS_IN_FIGURES = """
SELECT sum(calls) FROM (
    SELECT argMax(calls, (day, version)) AS calls
    FROM agency_metrics WHERE segment = 'all' AND window = '24h' GROUP BY client_id, agency_id
)
"""


def probe(settings: Settings, file: Path) -> None:
    """Ask for ever, from when the store has its tables."""
    while not (settings.data_dir / "run" / "analytics.json").is_file():
        time.sleep(_EVERY_SECONDS)
    client = open_client(settings)
    seen: set[str] = set()
    since = counted = 0
    with file.open("w", encoding="utf-8") as lines:
        while True:
            rows = client.query(_ROWS, parameters={"since": since}).result_rows
            at = time.monotonic()
            new = [{"row": event_id, "at": at} for event_id, _ in rows if event_id not in seen]
            seen |= {line["row"] for line in new}
            since = max((int(version) for _, version in rows), default=since)
            calls = int(client.query(_CALLS_IN_FIGURES).result_rows[0][0])
            if calls != counted:
                counted = calls
                new.append({"calls": calls, "at": time.monotonic()})
            lines.writelines(json.dumps(line) + "\n" for line in new)
            lines.flush()
            time.sleep(_EVERY_SECONDS)


if __name__ == "__main__":
    worker = Settings()
    threading.Thread(target=probe, args=(worker, Path(sys.argv[1])), daemon=True).start()
    run_worker("analytics", worker)
