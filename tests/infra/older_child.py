"""Turns a store into one that a version before identities would have left.

Run as `python -m tests.infra.older_child DATA_DIR EVENTS_FILE`.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from infra.clickhouse.client import open_embedded
from infra.clickhouse.schema import migrate
from infra.settings import Settings
from processors.identity.event_identity import identity_of
from processors.identity.pseudonyms import pseudonym
from schemas.codec import InvalidMessage, decode_inbound
from schemas.events import CallEndedEvent, InboundEvent
from schemas.rows import EVENTS

BEFORE_IDENTITIES = 3
_NEW_FIELDS = ("content", "older_id", "origin")


def older_payload(event: InboundEvent, payload: dict[str, Any], key: bytes) -> dict[str, Any]:
    """What the journal held of an event: its id in clear, and all but the customer."""
    if isinstance(event, CallEndedEvent):
        call = {k: v for k, v in payload["call"].items() if k not in _NEW_FIELDS}
        return {**payload, "call": {**call, "event_id": event.id}}
    customer = pseudonym(key, event.data.client_id, event.data.customer_id)
    sent = event.model_dump(mode="json")
    return {**sent, "subject": customer, "data": {**sent["data"], "customer_id": customer}}


def main(data_dir: Path, file: Path) -> None:
    """Write the journal again as it was, and go back to the tables there were."""
    key = Settings(data_dir=data_dir).pseudonym_secret()
    sent: dict[str, InboundEvent] = {}
    for line in file.read_bytes().splitlines():
        routed = decode_inbound(line)
        if not isinstance(routed, InvalidMessage):
            sent[identity_of(key, routed.event)] = routed.event
    client = open_embedded(data_dir)
    names = list(EVENTS.columns)
    rows = client.query(f"SELECT {', '.join(names)} FROM events FINAL").result_rows
    older = []
    for row in (dict(zip(names, values, strict=True)) for values in rows):
        event = sent[row["event_id"]]
        payload = older_payload(event, json.loads(row["payload"]), key)
        older.append({**row, "event_id": event.id, "payload": json.dumps(payload)})
    client.command("TRUNCATE TABLE events")
    client.insert("events", [[row[name] for name in names] for row in older], column_names=names)
    client.command(
        "INSERT INTO dead_letters SELECT * REPLACE ('old' AS letter_id, 'old-id' AS event_id, "
        "'luce-chiara' AS client_id) FROM dead_letters LIMIT 1"
    )
    migrate(client, BEFORE_IDENTITIES)
    client.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
