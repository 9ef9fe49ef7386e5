"""The truth of a simulation equals an independent count of its events, and shows its design."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta
from decimal import Decimal

import numpy as np
import pytest

from infra.simulation import SimulationSettings, simulate, truth
from infra.simulation.plan import plan

SETTINGS = SimulationSettings(seed=7, calls=6_000)
TRUTH = truth(SETTINGS)
EVENTS = [event["data"] | {"type": event["type"]} for event in simulate(SETTINGS)]
AGENCIES = list(TRUTH["agencies"])
WINDOWS = {"24h": 1, "7d": 7, "30d": 30, "90d": 90, "all": SETTINGS.days}
HORIZON = timedelta(days=30)


def _time(data: dict, name: str) -> datetime:
    return datetime.fromisoformat(data[name])


def _engagements(agency: str) -> list[dict]:
    """Engagements of an agency formed from the events' JSON by their definition."""
    calls, payments, ends = defaultdict(list), defaultdict(list), defaultdict(list)
    for data in EVENTS:
        if "ended_at" in data and data["agency_id"] == agency and "transcript" in data:
            calls[data["customer_id"]].append(_time(data, "ended_at"))
        elif "amount" in data:
            payments[data["customer_id"]].append((_time(data, "received_at"), data["amount"]))
        elif "contract_id" in data:
            ends[data["customer_id"]].append((_time(data, "cancelled_at"), data["ended_by"]))
    found = []
    for customer, times in calls.items():
        rest = sorted(times)
        while rest:
            begin = rest[0]
            rest = [time for time in rest if time >= begin + HORIZON]
            window = sorted(e for e in ends[customer] if begin <= e[0] < begin + HORIZON)
            paid = [Decimal(a) for at, a in payments[customer] if begin <= at < begin + HORIZON]
            found.append(
                {
                    "matures": begin.replace(minute=0, second=0) + HORIZON,
                    "lost": bool(window) and window[0][1] == "supplier",
                    "left": any(by == "customer" for _, by in window),
                    "amount": sum(paid, Decimal()),
                    "paid": bool(paid),
                }
            )
    return found


@pytest.mark.parametrize("agency", AGENCIES)
@pytest.mark.parametrize("window", WINDOWS)
def test_realised_counts_equal_an_independent_count(agency: str, window: str):
    begin = SETTINGS.end - timedelta(days=WINDOWS[window])
    calls = [
        data
        for data in EVENTS
        if data.get("agency_id") == agency and _time(data, "ended_at") >= begin
    ]
    matured = [e for e in _engagements(agency) if begin <= e["matures"] < SETTINGS.end]
    kept = [e for e in matured if not e["lost"]]
    realised = TRUTH["agencies"][agency]["windows"][window]["realised"]
    assert realised["calls"] == len(calls)
    assert realised["surveys"] == sum("survey" in data for data in calls)
    assert realised["matured"] == len(matured)
    assert realised["lost_to_supplier"] == len(matured) - len(kept)
    assert realised["cancelled"] == sum(e["left"] for e in kept)
    assert realised["paid"] == sum(e["paid"] for e in matured)
    assert realised["amount_recovered"] == pytest.approx(float(sum(e["amount"] for e in matured)))
    if kept:
        assert realised["churn_rate"] == pytest.approx(realised["cancelled"] / len(kept), abs=1e-6)
    else:
        assert realised["churn_rate"] is None
    ratings = [data["survey"]["rating"] for data in calls if "survey" in data]
    if ratings:
        nps = 100 * np.mean([(rating >= 9) - (rating <= 6) for rating in ratings])
        assert realised["nps_surveys"] == pytest.approx(nps, abs=1e-5)


def test_event_counts_are_those_of_the_stream():
    for kind, count in TRUTH["events"].items():
        assert count == sum(kind in data["type"] for data in EVENTS)


@pytest.mark.parametrize("agency", AGENCIES)
def test_rates_are_near_the_probabilities_they_were_drawn_from(agency: str):
    figures = TRUTH["agencies"][agency]["windows"]["all"]
    realised, expected = figures["realised"], figures["expected"]
    for name in ("churn_rate", "recovery_rate"):
        p = expected[name]
        noise = 4 * np.sqrt(p * (1 - p) / realised["matured"])
        other_engagements = 0.05
        assert p - noise <= realised[name] <= p + noise + other_engagements
    ratings = realised["surveys"] + realised["spoken_ratings"]
    assert realised["nps"] == pytest.approx(expected["nps"], abs=4 * 80 / np.sqrt(ratings))


@pytest.mark.parametrize("agency", AGENCIES)
def test_customers_answer_to_how_they_are_treated(agency: str):
    latent = TRUTH["agencies"][agency]["windows"]["all"]["latent"]
    assert 0.2 < latent["churn_correlation"] < 0.6
    assert 0.2 < latent["payment_correlation"] < 0.6


def test_one_agency_is_empathic_and_two_are_pressing():
    latent = {name: TRUTH["agencies"][name]["windows"]["all"]["latent"] for name in AGENCIES}
    realised = {name: TRUTH["agencies"][name]["windows"]["all"]["realised"] for name in AGENCIES}
    aurora, *pressing = AGENCIES
    for other in pressing:
        assert latent[aurora]["pressure"] < latent[other]["pressure"] - 0.15
        assert latent[aurora]["warmth"] > latent[other]["warmth"] + 0.15
        assert realised[aurora]["churn_rate"] < 0.6 * realised[other]["churn_rate"]
        assert realised[aurora]["nps"] > 15 > -15 > realised[other]["nps"]


def test_only_cobalto_rises_by_about_a_standard_deviation():
    for agency in SETTINGS.world.agencies:
        at = SETTINGS.start_seconds + 92 * 86_400
        calls = [call for call in plan(SETTINGS).calls if call.engagement.agency == agency]
        before = np.array([call.pressure for call in calls if call.at < at])
        after = np.array([call.pressure for call in calls if call.at >= at])
        rise = (after.mean() - before.mean()) / before.std()
        stated = TRUTH["agencies"][agency.agency_id]["rise_at"]
        if agency.agency_id == "agenzia-cobalto":
            assert rise > 0.7
            assert stated == at
        else:
            assert abs(rise) < 0.2
            assert stated is None
