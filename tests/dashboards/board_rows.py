"""Rows for every tile of every board, of three client companies that have nothing in common."""

from __future__ import annotations

import json
import random
from datetime import timedelta
from typing import Any

from schemas.rows import (
    AGENCY_HOURS,
    AGENCY_METRICS,
    ATTEMPTS,
    CALLS,
    DEAD_LETTERS,
    DISPLAY_NAMES,
    ENGAGEMENTS,
    EVENTS,
    LETTER_REPLAYS,
    WORKER_STATUS,
)
from tests.dashboards import dashboard_rows
from tests.dashboards.dashboard_rows import AGENCIES, CLIENT, HOUR, NOW, engagement, metric

Row = dict[str, Any]
Rows = dict[str, list[Row]]

STORY = "call-0001"
"""A conversation of the first client company, whose customer paid and then left."""
CLIENTS = (CLIENT, "gas-del-sud", "telefonia-uno")
MARK = {CLIENT: "", "gas-del-sud": "gas-", "telefonia-uno": "tel-"}
"""Begins every id of a client company but the first's."""


def one_client() -> Rows:
    """The rows of the first client company alone."""
    chance = random.Random(7)
    rows = dashboard_rows.rows()
    rows = {
        table: [dict(row) for row in given if row["client_id"] == CLIENT]
        for table, given in rows.items()
    }
    for row in rows[CALLS.name]:
        row["version"] = int((row["ended_at"] + timedelta(seconds=40)).timestamp() * 1e6)
        if row["conduct"]:
            row["quotes"] = [*row["quotes"], ("conduct.threat", 0, row["quotes"][0][2], 1.0)]
    rows[AGENCY_HOURS.name] = [
        hour(row, segment)
        for row in rows[AGENCY_HOURS.name]
        if row["segment"] == "all"
        for segment in ("all", "channel=phone")
    ]
    rows[AGENCY_METRICS.name].append(metric("alba-crediti", HOUR, **FIRST_MONTH))
    rows[ENGAGEMENTS.name] += [
        under_way(chance, agency, n) for agency in AGENCIES for n in range(5)
    ]
    story = next(row for row in rows[CALLS.name] if row["event_id"] == STORY)
    rows[ENGAGEMENTS.name].append(
        engagement(story["agency_id"], 0, 0.7, lost=True)
        | {"customer": story["customer"], "opened_at": story["ended_at"] - timedelta(days=3)}
        | {"matures_at": HOUR - timedelta(hours=2), "paid": True, "amount": 40}
    )
    rows[EVENTS.name] = [
        event("payment-received", 3, story, {"amount": "40.00", "currency": "EUR"}),
        event("contract-cancelled", 5, story, {"ended_by": "customer"}),
    ]
    rows[ATTEMPTS.name] = [attempt(number) for number in range(9)]
    rows[DEAD_LETTERS.name] = [letter(number) for number in range(4)]
    rows[LETTER_REPLAYS.name] = [
        {
            "letter_id": "letter-0",
            "replayed_at": NOW,
            "place": "x",
            "client_id": CLIENT,
            "version": 1,
        }
    ]
    rows[WORKER_STATUS.name] = worker_reports()
    return rows


def all_clients() -> Rows:
    """The same rows for each of three client companies, under other ids."""
    own = one_client()
    return {
        table: [of_client(row, client) for client in CLIENTS for row in given]
        for table, given in own.items()
        if table != WORKER_STATUS.name
    } | {DISPLAY_NAMES.name: [], WORKER_STATUS.name: own[WORKER_STATUS.name]}


def of_client(row: Row, client: str) -> Row:
    """A row of the first client company as one of `client`."""
    mark = MARK[client]
    ids = ("agency_id", "event_id", "customer", "alert_id", "group_name", "letter_id")
    renamed = {name: f"{mark}{row[name]}" for name in ids if name in row}
    if client != CLIENT and "turns" in row:
        renamed["turns"] = json.dumps([{"speaker": "operator", "text": f"{mark}segreto"}])
    return row | renamed | {"client_id": client}


FIRST_MONTH: Row = {
    "agency_id": "nuova",
    "nps": 100.0,
    "nps_low": -26.0,
    "nps_high": 76.0,
    "nps_n": 1,
    "churn_rate": None,
    "churn_rate_low": None,
    "churn_rate_high": None,
    "churn_rate_n": 0,
    "recovery_rate": None,
    "recovery_rate_low": None,
    "recovery_rate_high": None,
    "recovery_rate_n": 0,
    "amount_recovered": 0,
    "churn_correlation": None,
    "payment_correlation": None,
}
"""An agency that began a week ago: one rating, outside its own interval; nothing has matured."""


def hour(row: Row, segment: str) -> Row:
    """An hour's sums with ratings and engagements."""
    n = row["calls"]
    return row | {
        "segment": segment,
        "known": row["hour"],
        "aggression_sq": row["aggression_sum"] ** 2 // n + n * 1_000_000,
        "promoters": n // 3,
        "passives": n // 4,
        "detractors": n - n // 3 - n // 4,
        "matured": n,
        "supplier_lost": 1,
        "cancelled": n // 5,
        "paid": n // 2,
    }


def under_way(chance: random.Random, agency: str, number: int) -> Row:
    """An engagement that has not matured, every other one paid already."""
    opened = NOW - timedelta(days=chance.randint(1, 20))
    return engagement(agency, 0, 0.4, lost=False) | {
        "customer": f"under-way-{number}",
        "channel": "phone",
        "opened_at": opened,
        "matures_at": opened.replace(minute=0, second=0) + timedelta(days=30),
        "paid": number % 2 == 0,
        "amount": 50 if number % 2 == 0 else 0,
    }


def event(topic: str, minutes: int, story: Row, data: Row) -> Row:
    """What the customer of a conversation did so many minutes after it."""
    return {
        "topic": topic,
        "event_id": f"{topic}-{minutes}",
        "client_id": CLIENT,
        "customer": story["customer"],
        "event_time": story["ended_at"] + timedelta(minutes=minutes),
        "partition": 0,
        "payload": json.dumps({"data": data}),
        "version": 1,
    }


def attempt(number: int) -> Row:
    return {
        "event_id": f"attempt-{number}",
        "client_id": CLIENT,
        "agency_id": list(AGENCIES)[number % 3],
        "customer": f"c{number}",
        "started_at": NOW - timedelta(hours=number, minutes=1),
        "ended_at": NOW - timedelta(hours=number),
        "service": "debt_collection",
        "touchpoint": "reminder",
        "channel": "phone",
        "customer_type": "household",
        "reason": ("machine", "silence")[number % 2],
        "version": 1,
    }


def letter(number: int) -> Row:
    return {
        "letter_id": f"letter-{number}",
        "topic": "call-ended",
        "origin": "x",
        "reason": "x",
        "error_class": ("invalid", "conflict")[number % 2],
        "original": "c2VncmV0bw==",
        "event_id": None,
        "client_id": CLIENT,
        "written_at": NOW - timedelta(hours=number + 1),
        "version": 1,
    }


def worker_reports() -> list[Row]:
    """Half an hour of a transcriber that falls behind, a scorer that stops, and an analytics worker
    that died after ten minutes and was replaced.
    """
    rows = []
    for step in range(60):
        at = NOW - timedelta(minutes=30) + timedelta(seconds=30 * (step + 1))
        rows.append(worker_report("transcriber", "t1", at, {"call-ended": 40 * step}))
        if step <= 40:
            rows.append(worker_report("scorer", "s1", at, {"call-transcribed": 0}, step == 40))
        if step < 20:
            rows.append(worker_report("analytics", "a1", at, {"call-scored": 3}))
        if step > 22:
            rows.append(worker_report("analytics", "a2", at, {"call-scored": 1}))
    return rows


def worker_report(worker: str, instance: str, at: Any, lag: Row, stopped: bool = False) -> Row:
    minutes = (at - NOW + timedelta(minutes=30)).total_seconds() / 60
    letters = int(minutes / 5) + (2 if instance == "a2" else 0)
    return {
        "worker": worker,
        "instance": instance,
        "release": "0.1.0",
        "started_at": NOW - timedelta(minutes=20 if instance == "a2" else 40),
        "at": at,
        "stopped": stopped,
        "progressed_at": at - timedelta(minutes=1),
        "event_time": at,
        "lag": lag,
        "events_per_second": dict.fromkeys(lag, 2.5),
        "counts": {"dead_letters": letters, "left_out:survey.rating": 1, "calls_scored": 9},
        "state_keys": {"customers": 10} if worker == "analytics" else {},
        "state_bytes": {"customers": 4100} if worker == "analytics" else {},
        "version": int(at.timestamp() * 1e6),
    }
