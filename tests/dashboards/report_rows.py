"""Rows of a month with a clear best and worst agency, and one too small to judge."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from schemas.rows import AGENCY_HOURS, ALERTS, CALLS, ENGAGEMENTS, EVENTS, HOUR_SUMS

CLIENT = "lumina-energia"
OTHER_CLIENT = "acque-del-nord"
BEGIN = datetime(2026, 9, 30, 22, tzinfo=UTC)
"""October 2026 in Rome: the clocks go back on the 25th."""
END = datetime(2026, 10, 31, 23, tzinfo=UTC)
HOSTILE = '<script>alert("x")</script><img src=x onerror=alert(1)>'

RATINGS = {
    "alba-crediti": (60, 25, 15),
    "ferro-recuperi": (10, 20, 80),
    "nexum-servizi": (30, 30, 40),
    "piccola": (1, 1, 1),
}
"""Promoters, passives and detractors of the month, by agency."""
MATURED = {
    "alba-crediti": (200, 10, 96),
    "ferro-recuperi": (200, 44, 92),
    "nexum-servizi": (180, 12, 70),
    "piccola": (0, 0, 0),
}
"""Mature engagements, of which cancelled and paid."""


def rows() -> dict[str, list[dict[str, Any]]]:
    """All rows by table."""
    return {
        AGENCY_HOURS.name: hours(),
        CALLS.name: calls(),
        ENGAGEMENTS.name: engagements(),
        ALERTS.name: alerts(),
        EVENTS.name: events(),
    }


def hour_row(agency: str, hour: datetime, client: str = CLIENT, **sums: int) -> dict[str, Any]:
    return {
        "client_id": client,
        "agency_id": agency,
        "segment": "all",
        "hour": hour,
        "known": hour,
        **dict.fromkeys(HOUR_SUMS, 0),
        **sums,
        "version": 1,
    }


def hours() -> list[dict[str, Any]]:
    """The month's sums in its first and last hour; what is just outside would change them."""
    made = []
    for agency, (promoters, passives, detractors) in RATINGS.items():
        rated = promoters + passives + detractors
        matured, cancelled, paid = MATURED[agency]
        harsh = {"alba-crediti": 1200, "ferro-recuperi": 5800}.get(agency, 4000)
        first = hour_row(
            agency,
            BEGIN,
            calls=2 * rated,
            promoters=promoters,
            passives=passives,
            aggression_n=2 * rated,
            aggression_sum=2 * rated * harsh,
            empathy_n=2 * rated,
            empathy_sum=2 * rated * (7000 - harsh // 2),
            sentiment_n=2 * rated,
            sentiment_sum=2 * rated * (3000 - harsh),
        )
        last = hour_row(
            agency,
            END - timedelta(hours=1),
            detractors=detractors,
            matured=matured,
            cancelled=cancelled,
            paid=paid,
            amount=paid * 1_500_000,
            **relation("churn", matured, cancelled),
            **relation("payment", matured, paid),
        )
        made += [first, last]
        made.append(hour_row(agency, END, detractors=1000, calls=1000))
        before = (promoters + 20, passives, max(0, detractors - 20))
        if agency != "ferro-recuperi":
            before = (promoters, passives, detractors)
        names = ("promoters", "passives", "detractors")
        earlier = BEGIN - timedelta(hours=1)
        made.append(hour_row(agency, earlier, calls=9, **dict(zip(names, before, strict=True))))
        late = hour_row(agency, BEGIN, detractors=500) | {"known": END}
        made.append(late)
    made.append(hour_row("segreta", BEGIN, OTHER_CLIENT, calls=5, promoters=5))
    return made


def relation(name: str, n: int, happened: int) -> dict[str, int]:
    """Sums in which what happened goes with the greatest x: half of the cases with x 1."""
    unit = 10**12
    half = n // 2
    return {
        f"{name}_n": n,
        f"{name}_x": half * unit,
        f"{name}_xx": half * unit * unit,
        f"{name}_y": happened,
        f"{name}_xy": (happened * 3 // 4) * unit,
    }


def call(
    event_id: str, agency: str, aggression: float, empathy: float, **changes: Any
) -> dict[str, Any]:
    turns = [
        ("operator", "Buongiorno, la chiamo per la bolletta."),
        ("customer", "Mi dica."),
        ("operator", f"Prima di tutto: {event_id}."),
        ("customer", "Ho capito."),
    ]
    ended_at = datetime(2026, 10, 6, 9, 30, tzinfo=UTC)
    row = {
        "event_id": event_id,
        "client_id": CLIENT,
        "agency_id": agency,
        "customer": f"p:{event_id}",
        "started_at": ended_at - timedelta(minutes=4),
        "ended_at": ended_at,
        "service": "debt_collection",
        "touchpoint": "reminder",
        "channel": "phone",
        "customer_type": "household",
        "language": "it",
        "from_audio": True,
        "aggression": aggression,
        "empathy": empathy,
        "sentiment": empathy - aggression,
        "sentiment_change": 0.1,
        "survey_rating": None,
        "spoken_rating": None,
        "predicted_rating": None,
        "churn_intent": False,
        "promise_to_pay": False,
        "drivers": [],
        "conduct": [],
        "quotes": [("aggression.tone", 2, f"Prima di tutto: {event_id}.", 0.9)],
        "turns": json.dumps([{"speaker": speaker, "text": text} for speaker, text in turns]),
        "scorer_version": "fixture",
        "why": None,
        "speakers": "channels",
        "version": 1,
    }
    return row | changes


def calls() -> list[dict[str, Any]]:
    hostile = [
        {"speaker": "operator", "text": "Parlo con l'intestatario?"},
        {"speaker": "customer", "text": "Sì."},
        {"speaker": "operator", "text": f"Paghi subito {HOSTILE} oppure stacchiamo."},
        {"speaker": "customer", "text": "Non mi minacci.\u202e"},
    ]
    quotes = [("aggression.threat", 2, f"Paghi subito {HOSTILE}", 0.9)]
    made = [
        call(
            "worst",
            "ferro-recuperi",
            0.97,
            0.0,
            turns=json.dumps(hostile),
            quotes=quotes,
            drivers=["threat", "operator_rudeness", "threat"],
            spoken_rating=0,
        ),
        call("best", "alba-crediti", 0.01, 0.98, drivers=["operator_kindness"], survey_rating=10),
        call("kinder-but-unrated", "alba-crediti", 0.0, 0.99),
        call("left", "ferro-recuperi", 0.7, 0.1, churn_intent=True, drivers=["threat"]),
        call("worst-of-september", "ferro-recuperi", 1.0, 0.0, ended_at=BEGIN - timedelta(hours=1)),
        call("worst-of-another", "segreta", 1.0, 0.0, client_id=OTHER_CLIENT),
        call("short", "ferro-recuperi", 1.0, 0.0, turns='[{"speaker":"operator","text":"Paghi"}]'),
    ]
    made += [
        call(f"other-{number}", "nexum-servizi", 0.4, 0.2, drivers=["price"] * (number % 4 == 0))
        for number in range(40)
    ]
    return made


def engagement(customer: str, agency: str, **changes: Any) -> dict[str, Any]:
    opened_at = datetime(2026, 10, 6, 9, 0, tzinfo=UTC)
    return {
        "client_id": CLIENT,
        "agency_id": agency,
        "customer": customer,
        "opened_at": opened_at,
        "matures_at": opened_at + timedelta(days=30),
        "service": "debt_collection",
        "touchpoint": "reminder",
        "channel": "phone",
        "customer_type": "household",
        "calls": 1,
        "scored": 1,
        "aggression": 0.5,
        "empathy": 0.5,
        "cancelled": False,
        "lost_to_supplier": False,
        "paid": False,
        "amount": 0,
        "version": 1,
        "is_deleted": 0,
    } | changes


def engagements() -> list[dict[str, Any]]:
    return [
        engagement("p:worst", "ferro-recuperi"),
        engagement("p:best", "alba-crediti", paid=True, amount=180.5),
        engagement("p:left", "ferro-recuperi", cancelled=True, paid=True, amount=20),
        engagement("p:left", "nexum-servizi", paid=True),
    ]


def alerts() -> list[dict[str, Any]]:
    risen = {
        "alert_id": "a1",
        "client_id": CLIENT,
        "agency_id": "ferro-recuperi",
        "kind": "aggression_rise",
        "status": "resolved",
        "since": datetime(2026, 10, 5, 6, tzinfo=UTC),
        "opened_at": datetime(2026, 10, 7, 10, tzinfo=UTC),
        "resolved_at": datetime(2026, 10, 20, 8, tzinfo=UTC),
        "baseline": 0.4,
        "level": 0.61,
        "rise_points": 21.0,
        "rise_sd": 1.4,
        "n": 214,
        "quotes": [("worst", 2, f"Paghi subito {HOSTILE}", 0.97)],
        "version": 1,
    }
    return [
        risen,
        risen | {"alert_id": "a2", "kind": "silence", "agency_id": "piccola", "resolved_at": None},
        risen | {"alert_id": "a3", "status": "retracted"},
        risen | {"alert_id": "a4", "opened_at": END},
        risen | {"alert_id": "a5", "client_id": OTHER_CLIENT, "agency_id": "segreta"},
    ]


def events() -> list[dict[str, Any]]:
    def event(topic: str, customer: str, at: datetime, client: str = CLIENT) -> dict[str, Any]:
        return {
            "topic": topic,
            "event_id": f"{topic}-{customer}-{at:%d%H}",
            "client_id": client,
            "customer": customer,
            "event_time": at,
            "partition": 0,
            "payload": "{}",
            "version": 1,
        }

    return [
        event("payment-received", "p:best", datetime(2026, 10, 7, 9, 31, tzinfo=UTC)),
        event("payment-received", "p:left", datetime(2026, 10, 6, 20, tzinfo=UTC)),
        event("contract-cancelled", "p:left", datetime(2026, 10, 10, 12, tzinfo=UTC)),
        event("contract-cancelled", "p:left", datetime(2026, 10, 1, tzinfo=UTC)),
        event("payment-received", "p:else", datetime(2026, 11, 3, tzinfo=UTC)),
    ]
