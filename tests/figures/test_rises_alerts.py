"""Alerts as published: identity, status, retraction, and what is news."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from processors.rise_alerts import AGGRESSION_RISE, agency_alert, alert_id, is_news, retracted
from processors.rises import HOUR_US, Rise
from schemas.derived import AlertStatus, Quote

RISE = Rise(
    since=100 * HOUR_US,
    opened_at=110 * HOUR_US,
    resolved_at=None,
    mean=0.2,
    sd=0.1,
    n=50,
    total=150_000,
)


def test_an_alert_tells_since_when_by_how_much_and_with_which_n() -> None:
    quote = Quote(event_id="e1", turn=3, text="Paghi subito.", aggression=0.9)
    alert = agency_alert("acme", "north", RISE, [quote])
    assert alert.status is AlertStatus.OPEN
    assert alert.since == datetime(1970, 1, 5, 4, tzinfo=UTC)
    assert alert.opened_at == datetime(1970, 1, 5, 14, tzinfo=UTC)
    assert (alert.baseline, alert.level, alert.n) == (0.2, 0.3, 50)
    assert alert.rise_points == pytest.approx(10)
    assert alert.rise_sd == pytest.approx(1)
    assert alert.quotes == [quote]


def test_the_id_is_of_client_agency_kind_and_opening_hour_alone() -> None:
    first = agency_alert("acme", "north", RISE)
    grown = agency_alert("acme", "north", RISE._replace(n=60, total=200_000))
    resolved = agency_alert("acme", "north", RISE._replace(resolved_at=200 * HOUR_US))
    assert first.alert_id == grown.alert_id == resolved.alert_id
    assert resolved.status is AlertStatus.RESOLVED
    assert first.alert_id == alert_id("acme", "north", AGGRESSION_RISE, first.opened_at)
    others = {
        agency_alert("acme", "south", RISE).alert_id,
        agency_alert("zeta", "north", RISE).alert_id,
        agency_alert("acmen", "orth", RISE).alert_id,
        agency_alert("acme", "north", RISE._replace(opened_at=111 * HOUR_US)).alert_id,
    }
    assert len(others | {first.alert_id}) == 5


def test_the_id_is_stable_between_releases() -> None:
    opened = datetime(2026, 3, 2, 10, tzinfo=UTC)
    assert (
        alert_id("acme", "north", "aggression_rise", opened) == "63001536d58d14f4a71551d4a9d59a58"
    )


def test_an_alert_that_a_late_event_undid_is_retracted_once() -> None:
    alert = agency_alert("acme", "north", RISE)
    assert retracted([alert], [alert]) == []
    (gone,) = retracted([alert], [])
    assert (gone.alert_id, gone.status) == (alert.alert_id, AlertStatus.RETRACTED)
    assert retracted([gone], []) == []


def test_an_opening_moved_by_a_late_event_is_no_news() -> None:
    told = agency_alert("acme", "north", RISE)
    moved = agency_alert("acme", "north", RISE._replace(opened_at=111 * HOUR_US))
    (gone,) = retracted([told], [moved])
    assert is_news(moved, [])
    assert not is_news(moved, [told])
    assert not is_news(moved, [gone])


def test_a_later_rise_or_one_elsewhere_is_news() -> None:
    told = agency_alert("acme", "north", RISE._replace(resolved_at=200 * HOUR_US))
    (gone,) = retracted([agency_alert("acme", "north", RISE)], [])
    later = agency_alert(
        "acme", "north", RISE._replace(since=300 * HOUR_US, opened_at=310 * HOUR_US)
    )
    assert is_news(later, [told, gone])
    assert is_news(agency_alert("acme", "south", RISE), [told])
