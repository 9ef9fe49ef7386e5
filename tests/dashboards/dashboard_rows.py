"""A small client company's rows: three agencies that differ clearly, and a new one."""

from __future__ import annotations

import json
import random
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from schemas.rows import AGENCY_HOURS, AGENCY_METRICS, ALERTS, CALLS, ENGAGEMENTS, SURVIVAL

NOW = datetime(2025, 3, 20, 15, 42, 10, tzinfo=UTC)
HOUR = NOW.replace(minute=0, second=0)
CLIENT = "lumina-energia"
OTHER_CLIENT = "acque-del-nord"
DAYS = 90


class Manner(NamedTuple):
    """The figures that make an agency of the fixture."""

    aggression: float
    empathy: float
    sentiment: float
    nps: int
    ratings: int
    churn: float
    recovery: float
    amount: float
    r_churn: float | None
    r_payment: float | None


AGENCIES = {
    "alba-crediti": Manner(0.12, 0.71, 0.31, 34, 412, 0.061, 0.468, 81250.5, 0.31, 0.42),
    "ferro-recuperi": Manner(0.58, 0.14, -0.42, -41, 388, 0.214, 0.441, 78400.0, 0.47, 0.21),
    "nexum-servizi": Manner(0.41, 0.22, -0.18, -22, 365, 0.158, 0.402, 69310.25, 0.38, 0.18),
    "sole&figli<srl>": Manner(0.2, 0.5, 0.1, 10, 12, 0.1, 0.35, 2100.0, None, None),
}
WINDOW_SHARE = {"24h": 0.03, "7d": 0.25, "30d": 1.0, "90d": 2.6}

HARSH = (
    (
        "Se non paga entro domani le stacchiamo la fornitura, poi si arrangia.",
        "le stacchiamo la fornitura",
    ),
    ("Guardi che lei le bollette le paga come tutti, non faccia la furba.", "non faccia la furba"),
    ("O salda oggi oppure la pratica va dritta dall'avvocato.", "va dritta dall'avvocato"),
)
KIND = (
    (
        "Capisco che il momento è difficile, vediamo insieme una rata che possa sostenere.",
        "vediamo insieme una rata",
    ),
    ("Mi dispiace per il disguido, le rimando subito la bolletta.", "Mi dispiace per il disguido"),
    ("Grazie di avermelo detto, annoto tutto così non la richiamano.", "Grazie di avermelo detto"),
)
CUSTOMER = (
    ("Non mi avete mai mandato la bolletta, è una vergogna.", "è una vergogna"),
    ("Va bene, così posso farcela, la ringrazio davvero.", "la ringrazio davvero"),
    ("Guardi, dopo questa telefonata cambio gestore.", "cambio gestore"),
)
DRIVERS = {
    "alba-crediti": ("operator_kindness", "payment_plan", "lost_invoice", "operator_kindness"),
    "ferro-recuperi": ("threat", "operator_rudeness", "billing_error", "threat"),
    "nexum-servizi": ("operator_rudeness", "waiting_time", "threat", "lost_invoice"),
    "sole&figli<srl>": ("payment_plan", "price"),
}


def rows() -> dict[str, list[dict[str, Any]]]:
    """All rows of the fixture by table, the same every time."""
    chance = random.Random(20250320)
    return {
        AGENCY_METRICS.name: metrics(chance),
        AGENCY_HOURS.name: hours(chance) + hours_of_segments(),
        CALLS.name: calls(chance),
        ALERTS.name: alerts(),
        ENGAGEMENTS.name: engagements(chance),
        SURVIVAL.name: curves(),
    }


def metric(agency: str, as_of: datetime, window: str = "30d", **changes: Any) -> dict[str, Any]:
    """One row of agency_metrics with the manner's figures, and `changes`."""
    of = AGENCIES[agency]
    share = WINDOW_SHARE[window]
    ratings = round(of.ratings * share)
    matured = round(of.ratings * share * 1.2)
    row: dict[str, Any] = {
        "client_id": CLIENT,
        "agency_id": agency,
        "segment": "all",
        "window": window,
        "day": as_of.date(),
        "as_of": as_of,
        "calls": round(of.ratings * share * 2.1),
        **figure("nps", of.nps, 900 / max(1, ratings) ** 0.5 / 6, ratings),
        **figure("nps_predicted", of.nps - 6, 12, ratings * 2),
        "aggression": of.aggression,
        "aggression_n": ratings * 2,
        "empathy": of.empathy,
        "empathy_n": ratings * 2,
        "sentiment": of.sentiment,
        "sentiment_n": ratings * 2,
        **figure("churn_rate", of.churn, 0.03, matured),
        **figure("recovery_rate", of.recovery, 0.05, matured),
        "amount_recovered": of.amount * share,
        **figure("churn_correlation", of.r_churn, 0.09, matured),
        "churn_correlation_p": None if of.r_churn is None else 0.0004,
        **figure("payment_correlation", of.r_payment, 0.09, matured),
        "payment_correlation_p": None if of.r_payment is None else 0.0011,
        "version": 1,
    }
    return row | changes


def figure(name: str, value: float | None, reach: float, n: int) -> dict[str, Any]:
    """A figure's four columns."""
    return {
        name: value,
        f"{name}_low": None if value is None else value - reach,
        f"{name}_high": None if value is None else value + reach,
        f"{name}_n": n,
    }


def metrics(chance: random.Random) -> list[dict[str, Any]]:
    made = []
    for agency, of in AGENCIES.items():
        drift = 0.0
        for back in range(DAYS - 1, -1, -1):
            drift = 0.85 * drift + chance.gauss(0, 2.5)
            if agency == "ferro-recuperi" and back < 12:
                drift -= 0.8
            as_of = (HOUR - timedelta(days=back)).replace(hour=23) if back else HOUR
            for window in WINDOW_SHARE:
                if back:
                    nps = round(of.nps + drift, 1)
                    made.append(metric(agency, as_of, window, nps=nps))
                else:
                    made.append(metric(agency, as_of, window))
    made.append(metric("alba-crediti", HOUR, client_id=OTHER_CLIENT, nps=-77.0, calls=999))
    return made


def hours(chance: random.Random) -> list[dict[str, Any]]:
    made = []
    for agency, of in AGENCIES.items():
        for back in range(DAYS * 24, -1, -3):
            hour = HOUR - timedelta(hours=back)
            if not 8 <= hour.hour <= 20 or hour.weekday() == 6:
                continue
            n = 1 if of.ratings < 30 else chance.randint(8, 16)
            rise = 0.2 if agency == "ferro-recuperi" and back < 9 * 24 else 0.0
            mean = min(1.0, max(0.0, of.aggression + rise + chance.gauss(0, 0.06)))
            made.append(
                {
                    "client_id": CLIENT,
                    "agency_id": agency,
                    "segment": "all",
                    "hour": hour,
                    "calls": n,
                    "aggression_n": n,
                    "aggression_sum": round(mean * 10_000) * n,
                    "version": 1,
                }
            )
    return made


def hours_of_segments() -> list[dict[str, Any]]:
    """The latest hour of two segments: of 100 ratings 60 promoters and 29 detractors in each."""
    return [
        {
            "client_id": CLIENT,
            "agency_id": agency,
            "segment": segment,
            "hour": HOUR,
            "known": HOUR,
            "calls": 100,
            "promoters": 60,
            "passives": 11,
            "detractors": 29,
            "version": 1,
        }
        for agency in AGENCIES
        for segment in ("channel=phone", "customer_type=household")
    ]


def calls(chance: random.Random) -> list[dict[str, Any]]:
    made = []
    for number in range(240):
        agency = list(AGENCIES)[number % 4 if number % 12 == 3 else number % 3]
        made.append(call(chance, number, agency, NOW - timedelta(minutes=7 * number)))
    made.append(
        made[0]
        | {"event_id": "other", "client_id": OTHER_CLIENT, "agency_id": "segreta", "turns": "[]"}
    )
    return made


def call(chance: random.Random, number: int, agency: str, ended_at: datetime) -> dict[str, Any]:
    of = AGENCIES[agency]
    harsh, kind, customer = chance.choice(HARSH), chance.choice(KIND), chance.choice(CUSTOMER)
    lost = of.sentiment < 0
    customer = CUSTOMER[chance.choice((0, 2)) if lost else 1]
    turns = [harsh[0] if lost else kind[0], customer[0]]
    quotes = [
        ("aggression.threat" if lost else "empathy.help", 0, harsh[1] if lost else kind[1], 0.6),
        ("sentiment.negative" if lost else "sentiment.positive", 1, customer[1], 0.4),
    ]
    unscored = number == 5
    rating = (
        None if number % 3 == 2 else max(0, min(10, round(5.5 + of.nps / 12 + chance.gauss(0, 2))))
    )
    return {
        "event_id": f"call-{number:04}",
        "client_id": CLIENT,
        "agency_id": agency,
        "customer": f"c{number}",
        "started_at": ended_at - timedelta(minutes=4),
        "ended_at": ended_at,
        "service": "debt_collection",
        "touchpoint": "reminder",
        "channel": "phone" if number % 5 else "whatsapp",
        "customer_type": "household",
        "language": "it",
        "from_audio": True,
        "aggression": None
        if unscored
        else round(min(1, max(0, of.aggression + chance.gauss(0, 0.1))), 4),
        "empathy": None
        if unscored
        else round(min(1, max(0, of.empathy + chance.gauss(0, 0.1))), 4),
        "sentiment": None
        if unscored
        else round(max(-1, min(1, of.sentiment + chance.gauss(0, 0.2))), 4),
        "sentiment_change": 0.1,
        "survey_rating": rating if number % 3 == 0 else None,
        "spoken_rating": rating if number % 3 == 1 else None,
        "predicted_rating": 7 if number % 3 == 2 else None,
        "churn_intent": customer[1] == "cambio gestore",
        "promise_to_pay": not lost,
        "drivers": [chance.choice(DRIVERS[agency])],
        "conduct": ["threat"] if lost and number % 4 == 0 else [],
        "quotes": [] if unscored else quotes,
        "turns": json.dumps([{"speaker": "operator", "text": text} for text in turns]),
        "scorer_version": "fixture",
        "why": "low_transcription_confidence" if unscored else None,
        "version": 1,
    }


def engagements(chance: random.Random) -> list[dict[str, Any]]:
    """Matured engagements, 60 an agency; those with n < 40 get 12."""
    made = []
    for agency, of in AGENCIES.items():
        for number in range(60 if of.ratings >= 30 else 12):
            aggression = round(min(1, max(0, of.aggression + chance.gauss(0, 0.15))), 4)
            made.append(engagement(agency, number, aggression, chance.random() < aggression / 2))
    made.append(made[0] | {"client_id": OTHER_CLIENT, "agency_id": "segreta", "customer": "other"})
    return made


def engagement(agency: str, number: int, aggression: float | None, lost: bool) -> dict[str, Any]:
    """One that matured `number` hours before now."""
    matured = HOUR - timedelta(hours=number)
    return {
        "client_id": CLIENT,
        "agency_id": agency,
        "customer": f"c{number}",
        "opened_at": matured - timedelta(days=30),
        "matures_at": matured,
        "service": "debt_collection",
        "touchpoint": "reminder",
        "channel": "phone" if number % 5 else "whatsapp",
        "customer_type": "household",
        "calls": 2,
        "scored": 1,
        "aggression": aggression,
        "empathy": 0.5,
        "cancelled": lost,
        "lost_to_supplier": False,
        "paid": False,
        "amount": 0,
        "version": 1,
        "is_deleted": 0,
    }


def curves() -> list[dict[str, Any]]:
    """A curve an agency for each window, one of a tercile, and one of another client."""
    made = [
        curve(agency, of.churn, window)
        for agency, of in AGENCIES.items()
        for window in WINDOW_SHARE
    ]
    tercile = {"group_kind": "aggression_tercile", "group_name": "high"}
    return [
        *made,
        made[0] | tercile,
        made[0] | {"client_id": OTHER_CLIENT, "group_name": "segreta"},
    ]


def curve(agency: str, churn: float, window: str) -> dict[str, Any]:
    """A curve that falls evenly to 1 - churn on day 30."""
    days = list(range(31))
    staying = [1 - churn * day / 30 for day in days]
    return {
        "client_id": CLIENT,
        "window": window,
        "as_of": HOUR,
        "group_kind": "agency",
        "group_name": agency,
        "horizon_days": 30,
        "n": 400,
        "events": round(400 * churn),
        "days": days,
        "staying": staying,
        "low": [None, *(share - 0.02 for share in staying[1:])],
        "high": [None, *(min(1.0, share + 0.02) for share in staying[1:])],
        "at_risk": [400 - day for day in days],
        "logrank_statistic": 40.0,
        "logrank_p": 0.0001,
        "logrank_n": 1200,
        "version": 1,
    }


def alerts() -> list[dict[str, Any]]:
    open_alert: dict[str, Any] = {
        "alert_id": "alert-a1",
        "client_id": CLIENT,
        "agency_id": "ferro-recuperi",
        "kind": "aggression_rise",
        "status": "open",
        "since": HOUR - timedelta(days=9),
        "opened_at": HOUR - timedelta(days=8, hours=3),
        "resolved_at": None,
        "baseline": 0.58,
        "level": 0.78,
        "rise_points": 20.0,
        "rise_sd": 1.4,
        "n": 214,
        "quotes": [("call-0001", 0, harsh[0], 0.97) for harsh in HARSH],
        "version": 2,
    }
    resolved = open_alert | {
        "alert_id": "alert-a0",
        "agency_id": "nexum-servizi",
        "status": "resolved",
        "since": HOUR - timedelta(days=40),
        "opened_at": HOUR - timedelta(days=39),
        "resolved_at": HOUR - timedelta(days=30),
    }
    fallen = open_alert | {
        "alert_id": "alert-a4",
        "agency_id": "nexum-servizi",
        "kind": "nps_fall",
        "since": HOUR - timedelta(days=3),
        "opened_at": HOUR - timedelta(days=1),
        "baseline": -21.6,
        "level": -63.1,
        "rise_points": -41.5,
        "rise_sd": -0.6,
        "n": 71,
        "quotes": [],
    }
    silent = open_alert | {
        "alert_id": "alert-a5",
        "agency_id": "sole&figli<srl>",
        "kind": "silence",
        "since": HOUR - timedelta(days=4),
        "opened_at": HOUR - timedelta(days=1, hours=4),
        "baseline": 18.0,
        "level": 0.0,
        "rise_points": -100.0,
        "rise_sd": -7.3,
        "n": 3,
        "quotes": [],
    }
    retracted = open_alert | {"alert_id": "alert-a2", "status": "retracted"}
    foreign = open_alert | {
        "alert_id": "alert-a3",
        "client_id": OTHER_CLIENT,
        "agency_id": "segreta",
    }
    first = open_alert | {"version": 1, "n": 3}
    return [first, open_alert, resolved, retracted, foreign, fallen, silent]
