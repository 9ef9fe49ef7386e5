"""Alerts as published: identity, status, measure, retraction."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from processors.alerts.cusum import Rise
from processors.alerts.lifecycle import (
    alert_id,
    nps_fall_alert,
    retracted,
    rise_alert,
    silence_alert,
)
from processors.alerts.silences import Silence
from processors.event_time import DAY_US, HOUR_US
from schemas.derived import AlertKind, AlertStatus, Quote

RISE = Rise(
    since=100 * HOUR_US,
    opened_at=110 * HOUR_US,
    resolved_at=None,
    mean=0.2,
    sd=0.1,
    n=50,
    total=150_000,
)


def test_an_alert_says_since_when_by_how_much_and_with_which_n() -> None:
    quote = Quote(event_id="e1", turn=3, text="Paghi subito.", aggression=0.9)
    alert = rise_alert("acme", "north", RISE, [quote])
    assert alert.status is AlertStatus.OPEN
    assert alert.since == datetime(1970, 1, 5, 4, tzinfo=UTC)
    assert alert.opened_at == datetime(1970, 1, 5, 14, tzinfo=UTC)
    assert (alert.baseline, alert.level, alert.n) == (0.2, 0.3, 50)
    assert alert.rise_points == pytest.approx(10)
    assert alert.rise_sd == pytest.approx(1)
    assert alert.quotes == [quote]


def test_the_id_is_of_client_agency_kind_and_opening_hour_alone() -> None:
    first = rise_alert("acme", "north", RISE)
    grown = rise_alert("acme", "north", RISE._replace(n=60, total=200_000))
    resolved = rise_alert("acme", "north", RISE._replace(resolved_at=200 * HOUR_US))
    assert first.alert_id == grown.alert_id == resolved.alert_id
    assert resolved.status is AlertStatus.RESOLVED
    assert first.alert_id == alert_id("acme", "north", AlertKind.AGGRESSION_RISE, first.opened_at)
    others = {
        rise_alert("acme", "south", RISE).alert_id,
        rise_alert("zeta", "north", RISE).alert_id,
        rise_alert("acmen", "orth", RISE).alert_id,
        rise_alert("acme", "north", RISE._replace(opened_at=111 * HOUR_US)).alert_id,
    }
    assert len(others | {first.alert_id}) == 5


def test_the_id_is_stable_between_releases() -> None:
    opened = datetime(2026, 3, 2, 10, tzinfo=UTC)
    assert (
        alert_id("acme", "north", "aggression_rise", opened) == "63001536d58d14f4a71551d4a9d59a58"
    )


def test_an_alert_that_a_late_event_undid_is_retracted_once() -> None:
    alert = rise_alert("acme", "north", RISE)
    assert retracted([alert], [alert]) == []
    (gone,) = retracted([alert], [])
    assert (gone.alert_id, gone.status) == (alert.alert_id, AlertStatus.RETRACTED)
    assert retracted([gone], []) == []


def test_a_fall_of_the_nps_is_given_in_points_of_nps() -> None:
    fall = RISE._replace(mean=-0.25, sd=0.8, n=40, total=60_000)
    alert = nps_fall_alert("acme", "north", fall)
    assert alert.kind is AlertKind.NPS_FALL
    assert (alert.baseline, alert.level, alert.n) == (25, -15, 40)
    assert alert.rise_points == -40
    assert alert.rise_sd == pytest.approx(-0.5)
    assert alert.quotes == []
    assert alert.alert_id != rise_alert("acme", "north", fall).alert_id


def test_a_silence_is_given_in_days_and_usual_calls() -> None:
    silence = Silence(
        since=18 * HOUR_US, opened_at=3 * DAY_US, resolved_at=None, usual=50.0, missed=2
    )
    alert = silence_alert("acme", "north", silence)
    assert (alert.kind, alert.status) == (AlertKind.SILENCE, AlertStatus.OPEN)
    assert (alert.baseline, alert.level, alert.n) == (50, 0, 2)
    assert (alert.rise_points, alert.rise_sd) == (-100, -10)
    assert alert.quotes == []
    longer = silence_alert("acme", "north", silence._replace(missed=3))
    assert longer.alert_id == alert.alert_id
