"""Tables for those who operate Ascolto: dead letters, names, notifications, workers."""

from __future__ import annotations

from schemas.rows.table import LABEL, TIME, VERSION, Table

SETTLED_EVENTS = Table(
    "settled_events",
    {
        "client_id": LABEL,
        "customer": "String",
        "kind": LABEL,
        "event_id": "String",
        "entry": "String",
        **VERSION,
    },
    ("client_id", "customer", "kind", "event_id"),
)
"""Events of engagements that have ended, archived from the workers' state for late events."""

DEAD_LETTERS = Table(
    "dead_letters",
    {
        "letter_id": "String",
        "topic": LABEL,
        "origin": "String",
        "reason": "String",
        "error_class": LABEL,
        "original": "String",
        "event_id": "Nullable(String)",
        "client_id": "Nullable(String)",
        "written_at": TIME,
        **VERSION,
    },
    ("letter_id",),
)
"""What could not be understood or done, with its original bytes (base64)."""

LETTER_REPLAYS = Table(
    "letter_replays",
    {
        "letter_id": "String",
        "replayed_at": TIME,
        "place": "String",
        "client_id": "Nullable(String)",
        **VERSION,
    },
    ("letter_id", "replayed_at"),
)
"""When which dead letter was sent again, and to which topic; one row a time.

A letter is open if it was written after it was last replayed.
"""

DISPLAY_NAMES = Table(
    "display_names",
    {"client_id": LABEL, "agency_id": LABEL, "name": "String", **VERSION},
    ("client_id", "agency_id"),
)
"""What client companies and agencies are called, from the registry, for Grafana's queries.

`agency_id` is empty for the client company itself; an empty `name` is one that was removed.
"""

NOTIFICATIONS = Table(
    "notifications",
    {
        "client_id": LABEL,
        "target": LABEL,
        "alert_id": "String",
        "number": "UInt32",
        "agency_id": LABEL,
        "kind": LABEL,
        "status": LABEL,
        "alert": "String",
        "thread": "String",
        "sent_at": TIME,
        **VERSION,
    },
    ("client_id", "target", "alert_id", "number"),
)
"""Messages about alerts that a target has accepted, in order of `number`, from 1.

`status` is that of the alert which the message reported; `alert` is the alert then, as JSON,
without quotes; `thread` the id of the alert when it was first reported, which late events may have
moved since. Such a move is a row for the old alert and one for the new, without a message.
The row with an empty `alert_id` and number 0 says since when the target exists.
"""

ALERT_ACTIONS = Table(
    "alert_actions",
    {
        "client_id": LABEL,
        "alert_id": "String",
        "action_id": "String",
        "agency_id": LABEL,
        "action": LABEL,
        "who": "String",
        "text": "String",
        "at": TIME,
        **VERSION,
    },
    ("client_id", "alert_id", "action_id"),
)
"""What people did about alerts, one row an action; rows are only added.

`action` is acknowledged, owner or note; `text` is the note, or the owner's name.
"""

WORKER_STATUS = Table(
    "worker_status",
    {
        "worker": LABEL,
        "instance": "String",
        "release": LABEL,
        "started_at": TIME,
        "at": TIME,
        "stopped": "Bool",
        "progressed_at": f"Nullable({TIME})",
        "event_time": f"Nullable({TIME})",
        "lag": "Map(LowCardinality(String), UInt64)",
        "events_per_second": "Map(LowCardinality(String), Float64)",
        "counts": "Map(LowCardinality(String), UInt64)",
        "state_keys": "Map(LowCardinality(String), UInt64)",
        "state_bytes": "Map(LowCardinality(String), UInt64)",
        **VERSION,
    },
    ("worker", "instance", "at"),
    order=("at", "worker", "instance"),
    kept_days=14,
)
"""What each worker reports of itself, a row every 30 s and one when it stops; nobody's data.

`worker` is transcriber, scorer or analytics; `instance` a random name of the process. `lag` is by
topic, over the partitions that the worker has: offsets that it has not committed. It is empty where
Kafka did not say. `events_per_second` is by topic, since the row before. `counts` are the counters
since `started_at` (`streams/runtime/counters.py`). `progressed_at` is the last row at which events
had been handled since the row before, `event_time` the latest event's time.
"""
