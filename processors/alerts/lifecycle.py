"""Alerts as the world sees them: what a test found, with an identity, a status and its measure."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from processors.alerts.cusum import Rise
from processors.alerts.nps_falls import nps
from processors.alerts.silences import Silence
from processors.event_time import to_datetime
from schemas.derived import AgencyAlert, AlertKind, AlertStatus, Quote


def alert_id(client_id: str, agency_id: str, kind: str, opened_at: datetime) -> str:
    """Name an alert: the same client, agency, kind and opening hour give the same id."""
    name = [client_id, agency_id, kind, opened_at.astimezone(UTC).isoformat()]
    return hashlib.sha256(json.dumps(name).encode()).hexdigest()[:32]


def rise_alert(
    client_id: str, agency_id: str, rise: Rise, quotes: Sequence[Quote] = ()
) -> AgencyAlert:
    """Build the alert of a rise of aggression; `quotes` are the worst sentences since then."""
    return _alert(
        (client_id, agency_id),
        AlertKind.AGGRESSION_RISE,
        rise,
        baseline=rise.mean,
        level=rise.level,
        rise_points=100 * (rise.level - rise.mean),
        rise_sd=rise.rise_sd,
        n=rise.n,
        quotes=quotes,
    )


def nps_fall_alert(client_id: str, agency_id: str, rise: Rise) -> AgencyAlert:
    """Build the alert of a fall of the NPS, from the rise of the ratings' displeasure."""
    return _alert(
        (client_id, agency_id),
        AlertKind.NPS_FALL,
        rise,
        baseline=nps(rise.mean),
        level=nps(rise.level),
        rise_points=nps(rise.level) - nps(rise.mean),
        rise_sd=-rise.rise_sd,
        n=rise.n,
    )


def silence_alert(client_id: str, agency_id: str, silence: Silence) -> AgencyAlert:
    """Build the alert of a silence.

    Its standard deviation is that of a count: of as many calls as those days usually bring.
    """
    return _alert(
        (client_id, agency_id),
        AlertKind.SILENCE,
        silence,
        baseline=silence.usual,
        level=0.0,
        rise_points=-100.0,
        rise_sd=-math.sqrt(silence.usual * silence.missed),
        n=silence.missed,
    )


def _alert(
    agency: tuple[str, str],
    kind: AlertKind,
    found: Rise | Silence,
    *,
    baseline: float,
    level: float,
    rise_points: float,
    rise_sd: float,
    n: int,
    quotes: Sequence[Quote] = (),
) -> AgencyAlert:
    opened_at = to_datetime(found.opened_at)
    resolved_at = None if found.resolved_at is None else to_datetime(found.resolved_at)
    return AgencyAlert(
        alert_id=alert_id(*agency, kind, opened_at),
        client_id=agency[0],
        agency_id=agency[1],
        kind=kind,
        status=AlertStatus.OPEN if resolved_at is None else AlertStatus.RESOLVED,
        since=to_datetime(found.since),
        opened_at=opened_at,
        resolved_at=resolved_at,
        baseline=baseline,
        level=level,
        rise_points=rise_points,
        rise_sd=rise_sd,
        n=n,
        quotes=list(quotes),
    )


def retracted(
    published: Iterable[AgencyAlert], current: Iterable[AgencyAlert]
) -> list[AgencyAlert]:
    """Return, marked retracted, the published alerts that a late event undid.

    Those are the ones of the same agency no longer among `current`.
    """
    standing = {alert.alert_id for alert in current}
    return [
        alert.model_copy(update={"status": AlertStatus.RETRACTED})
        for alert in published
        if alert.alert_id not in standing and alert.status is not AlertStatus.RETRACTED
    ]
