"""Alerts as the world sees them: rises with an identity, a status and the words behind them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta

from processors.rises import Rise
from schemas.derived import AgencyAlert, AlertStatus, Quote

AGGRESSION_RISE = "aggression_rise"
"""The kind of alert a rise of aggression is."""


def alert_id(client_id: str, agency_id: str, kind: str, opened_at: datetime) -> str:
    """Name an alert: the same client, agency, kind and opening hour give the same id."""
    name = [client_id, agency_id, kind, opened_at.astimezone(UTC).isoformat()]
    return hashlib.sha256(json.dumps(name).encode()).hexdigest()[:32]


def agency_alert(
    client_id: str, agency_id: str, rise: Rise, quotes: Sequence[Quote] = ()
) -> AgencyAlert:
    """Build the alert of a rise; `quotes` are the worst sentences since `rise.since`."""
    opened_at = _time(rise.opened_at)
    resolved_at = None if rise.resolved_at is None else _time(rise.resolved_at)
    return AgencyAlert(
        alert_id=alert_id(client_id, agency_id, AGGRESSION_RISE, opened_at),
        client_id=client_id,
        agency_id=agency_id,
        kind=AGGRESSION_RISE,
        status=AlertStatus.OPEN if resolved_at is None else AlertStatus.RESOLVED,
        since=_time(rise.since),
        opened_at=opened_at,
        resolved_at=resolved_at,
        baseline=rise.mean,
        level=rise.level,
        rise_points=rise.rise_points,
        rise_sd=rise.rise_sd,
        n=rise.n,
        quotes=list(quotes),
    )


def retracted(
    published: Iterable[AgencyAlert], current: Iterable[AgencyAlert]
) -> list[AgencyAlert]:
    """Return, marked retracted, the published alerts that a late event undid.

    Those are the ones (of the same client, agency and kind) no longer among `current`.
    """
    standing = {alert.alert_id for alert in current}
    return [
        alert.model_copy(update={"status": AlertStatus.RETRACTED})
        for alert in published
        if alert.alert_id not in standing and alert.status is not AlertStatus.RETRACTED
    ]


def is_news(alert: AgencyAlert, published: Iterable[AgencyAlert]) -> bool:
    """Tell whether people should be told that `alert` opened, having been told of `published`.

    A late event may move an alert's opening by an hour and so its id: the old one is retracted,
    the new one stands in its place. An alert that shares time with one already told of, of the
    same client, agency and kind, is no news.
    """
    return not any(_same_subject(alert, known) and _overlap(alert, known) for known in published)


def _same_subject(one: AgencyAlert, other: AgencyAlert) -> bool:
    return (one.client_id, one.agency_id, one.kind) == (
        other.client_id,
        other.agency_id,
        other.kind,
    )


def _overlap(one: AgencyAlert, other: AgencyAlert) -> bool:
    return one.since < _end(other) and other.since < _end(one)


def _end(alert: AgencyAlert) -> datetime:
    """When an alert stops standing in the way of news; a retracted one proved only its doubt."""
    if alert.status is AlertStatus.RETRACTED:
        return alert.opened_at
    return alert.resolved_at or datetime.max.replace(tzinfo=UTC)


def _time(microseconds: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=microseconds)
